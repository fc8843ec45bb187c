package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/report"
	"rollcall/scanner"
)

func (p *program) leaversCommand() *cobra.Command {
	ahead, plan, identity := scanner.Days(30), "", ""
	c := &cobra.Command{
		Use:   "leavers",
		Short: "list the people whose last day comes soon, and what they can still sign in to",
		Long: `leavers lists the people whose last day HR gives as the day of the last run or later, up to so many days ahead, with the
apps in which they have an account that works. When the day has passed, the next scan finds those that still do; to close
everything at once, use: rollcall offboard PERSON

With --plan it shows what would be done to all accounts of one of them, and when. "rollcall leavers approve PERSON" has that
done then by "rollcall settle", if the newest run still shows that they leave.`,
		Args: args(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if plan != "" {
				return p.showAhead(cmd.Context(), connectors.PersonID(plan), identity)
			}
			return p.leavers(int(ahead))
		},
	}
	c.Flags().Var((*daysFlag)(&ahead), "ahead", "how far to look, such as 30d or 8w")
	c.Flags().StringVar(&plan, "plan", "", "show the plan of one `PERSON`")
	c.Flags().StringVar(&identity, "identity", "", "age identity `FILE` that opens encrypted inputs, for --plan")
	c.AddCommand(p.approveAheadCommand())
	return c
}

// daysFlag is a number of days with its unit on the command line.
type daysFlag scanner.Days

func (d *daysFlag) String() string     { return fmt.Sprintf("%dd", int(*d)) }
func (d *daysFlag) Set(s string) error { return (*scanner.Days)(d).UnmarshalText([]byte(s)) }
func (d *daysFlag) Type() string       { return "DAYS" }

func (p *program) leavers(ahead int) error {
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	last, err := recordedRun(led, "")
	if err != nil {
		return err
	}
	dir := filepath.Join(c.State, "runs", last.ID)
	var list []personRow
	err = eachPerson(filepath.Join(dir, peopleName), func(r *personRow) {
		if r.Now && r.End >= last.AsOf && int(r.End-last.AsOf) <= ahead {
			list = append(list, *r)
		}
	})
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the run %s kept no list of people and accounts (it was made with --no-workbook): scan again", last.ID)
	}
	if err != nil {
		return err
	}
	apps, err := openIn(dir, list)
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b personRow) int { return cmp.Or(cmp.Compare(a.End, b.End), cmp.Compare(a.Person, b.Person)) })
	for _, r := range list {
		k, err := led.Live(remediate.AheadGroup(r.Person))
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%s  %-10s %s: %s%s%s\n", r.End, report.Plain(string(r.Person)), report.Plain(r.Name), openWords(apps[r.Person]), c.sameDayWords(&r), c.approvedWords(k))
	}
	if len(list) == 0 {
		fmt.Fprintf(p.stdout, "nobody's last day lies within %d days from %s, the day of the last run\n", ahead, last.AsOf)
	}
	return nil
}

// openIn are the apps in which each of the people has an account that works, in the order of the run.
func openIn(dir string, list []personRow) (map[connectors.PersonID][]string, error) {
	wanted := map[connectors.PersonID]bool{}
	for _, r := range list {
		wanted[r.Person] = true
	}
	f, err := os.Open(filepath.Join(dir, "accounts.jsonl"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[connectors.PersonID][]string{}
	for a, err := range report.ReadAccounts(f) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		if wanted[a.Person] && a.Enabled != connectors.No && !slices.Contains(out[a.Person], string(a.App)) {
			out[a.Person] = append(out[a.Person], string(a.App))
		}
	}
	return out, nil
}

func openWords(apps []string) string {
	if len(apps) == 0 {
		return "no account that works"
	}
	return "can sign in to " + report.Plain(strings.Join(apps, ", "))
}

// sameDayWords says of a leaver that their access is to go on the last day itself.
func (c *config) sameDayWords(r *personRow) string {
	p := &scanner.Person{ID: r.Person, Now: &connectors.Person{ID: r.Record, Department: r.Department, Title: r.Title, Role: r.Role}}
	if !c.Remediate.Target.SameDay(p) {
		return ""
	}
	return "; to go on the last day itself: approve with --at, or offboard on that day"
}
