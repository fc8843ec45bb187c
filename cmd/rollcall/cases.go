package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/remediate/slackdesk"
	"rollcall/report"
)

func (p *program) casesCommand() *cobra.Command {
	var all bool
	list := &cobra.Command{
		Use: "list", Short: "list the cases that have not ended", Args: args(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error { return p.listCases(all) },
	}
	list.Flags().BoolVar(&all, "all", false, "those that have ended too")
	show := &cobra.Command{
		Use: "show CASE", Short: "show one case: what it is about, what would be done, and its way so far", Args: args(1, "the id of one case; see: rollcall cases list"),
		RunE: func(_ *cobra.Command, a []string) error { return p.showCase(a[0]) },
	}
	return group("cases", "what is to be decided, and what became of it", list, show, p.decideCommand(true), p.decideCommand(false))
}

func (p *program) decideCommand(remove bool) *cobra.Command {
	var reason, until string
	use, short := "keep CASE", "decide that the access stays, until a day, as an accepted risk"
	if remove {
		use, short = "remove CASE", "decide that the access goes"
	}
	c := &cobra.Command{
		Use: use, Short: short, Args: args(1, "the id of one case; see: rollcall cases list"),
		RunE: func(_ *cobra.Command, a []string) error { return p.decide(a[0], remove, reason, until) },
	}
	c.Flags().StringVar(&reason, "reason", "", "`WHY`; it is recorded, and shown to the auditor")
	if !remove {
		c.Flags().StringVar(&until, "until", "", "the last `DAY` it is kept (YYYY-MM-DD)")
	}
	return c
}

func (p *program) listCases(all bool) error {
	_, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	read := led.LiveCases
	if all {
		read = led.Cases
	}
	cases, err := read(func(c *remediate.Case) bool { return all || !c.State.Ended() })
	if err != nil {
		return err
	}
	for _, c := range cases {
		fmt.Fprintf(p.stdout, "%s  %-10s %-8s %s\n", c.ID, c.State, c.Item.Severity, report.Plain(c.Item.Why))
	}
	if len(cases) == 0 {
		fmt.Fprintln(p.stdout, "no case is open; cases come from runs whose policy has mode = \"ask\" or \"auto\"")
	}
	return nil
}

func (p *program) showCase(id string) error {
	cfg, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	c, err := findCase(led, id)
	if err != nil {
		return err
	}
	c.Item.LegalHold = cfg.onHold(led, &c.Item)
	fmt.Fprintf(p.stdout, "%s is %s since %s", c.ID, c.State, c.At.Format(time.RFC3339))
	if c.Why != "" {
		fmt.Fprintf(p.stdout, ": %s", report.Plain(c.Why))
	}
	fmt.Fprintf(p.stdout, "\nopened by run %s; item %s\n", c.Run, c.ItemHash)
	if !c.NotBefore.IsZero() {
		fmt.Fprintf(p.stdout, "not before %s, and only while HR says that the last day is %s or earlier\n", cfg.moment(c.NotBefore), c.Item.LastDay)
	}
	showItem(p.stdout, &c.Item)
	for _, d := range c.Deciders() {
		fmt.Fprintf(p.stdout, "\n%s by %s on %s: %s\n", verdictWord(c), report.Plain(d.By.String()), d.At.Format(time.RFC3339), report.Plain(d.Why))
	}
	for _, s := range c.Steps {
		line := fmt.Sprintf("%-8s %s", s.Progress, c.Item.Say(&s.Action))
		if s.Problem != "" {
			line += ": " + s.Problem
		}
		fmt.Fprintf(p.stdout, "%s\n", report.Plain(line))
	}
	return nil
}

// verdictWord is how somebody's word on a case counts.
func verdictWord(c *remediate.Case) string {
	if c.Decision == nil {
		return "remove, said"
	}
	return "decided"
}

// onHold says what of an item is on legal hold now: a hold is put on, and lifted, while cases wait.
func (c *config) onHold(led *ledger.Ledger, it *remediate.Item) string {
	return c.Remediate.Limits.OnHold(it, peopleOfNewest(c, led).Same)
}

// findCase finds a case by its id or the start of it, or of a finding's.
func findCase(led *ledger.Ledger, id string) (*remediate.Case, error) {
	c, err := led.Case(id)
	if err == nil || !errors.Is(err, connectors.ErrNotFound) {
		return c, err
	}
	hits, err := led.Cases(func(c *remediate.Case) bool {
		return len(id) >= 4 && strings.HasPrefix(c.ID, id) || slices.ContainsFunc(texts(c.Item.Findings), func(f string) bool { return f == id && !c.State.Ended() })
	})
	switch {
	case err != nil:
		return nil, err
	case len(hits) == 1:
		return hits[0], nil
	case len(hits) > 1:
		return nil, fmt.Errorf("%q fits %d cases; give more of the id", id, len(hits))
	}
	return nil, fmt.Errorf("no case %q; see: rollcall cases list", id)
}

func (p *program) decide(id string, remove bool, reason, until string) error {
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	k, err := findCase(led, id)
	if err != nil {
		return err
	}
	if err := p.onlyAllowed(c, led); err != nil {
		return err
	}
	if p.caller == nil && (k.Item.TwoPeople || c.Slack != nil && slackdesk.Two(k)) {
		return errNoSecond
	}
	plan, err := newestPlan(c, led)
	if err != nil {
		return err
	}
	by := p.whoAmI(c)
	by.Person = plan.same(by.Person)
	v := remediate.Verdict{Remove: remove, Why: reason, By: by, Rev: k.Rev, Item: k.ItemHash}
	if !v.By.Somebody() {
		return fmt.Errorf("the decision is not yours to make: user %d of this machine is no person that [identities] uid names%s", p.uid, p.isNobody())
	}
	if until != "" {
		if v.Until, err = connectors.ParseDate(until); err != nil {
			return usageError{fmt.Errorf("--until: %w", err)}
		}
	}
	if k, err = p.desk(c, led, plan).Decide(k.ID, v, p.now()); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s: %s, by %s\n", k.ID, k.State, report.Plain(v.By.String()))
	switch {
	case remove && k.State != remediate.Remove:
		fmt.Fprintln(p.stdout, "that cannot be taken back, so it takes another person who says the same")
	case remove:
		fmt.Fprintln(p.stdout, "it is carried out by: rollcall settle")
	}
	return nil
}

// isNobody says why some users are nobody, whatever the configuration says.
func (p *program) isNobody() string {
	switch {
	case p.uid == 0:
		return "; root can be anybody, and so is nobody"
	case p.isService():
		return "; it is the user that the daemon runs as, who could write its state by hand, and so is nobody"
	}
	return ""
}

// isService tells whether who called is the user that the daemon itself runs as.
func (p *program) isService() bool { return p.daemon != nil && p.uid == p.daemon.uid }

// newestPlan is the plan of the last run.
func newestPlan(c *config, led *ledger.Ledger) (*runPlan, error) {
	last, err := recordedRun(led, "")
	if err != nil {
		return nil, err
	}
	return readPlan(c, last)
}

// whoAmI is the person that the operating system says the user is. Root is nobody; so is the user that the daemon runs as.
func (p *program) whoAmI(c *config) remediate.Identity {
	if p.isService() {
		return remediate.Identity{}
	}
	return c.personOf(p.uid)
}

// personOf is the person that the configuration says a user of this machine is.
func (c *config) personOf(uid int) remediate.Identity {
	if person := c.Remediate.UID[strconv.Itoa(uid)]; uid > 0 && person != "" {
		return remediate.Identity{Person: person, Proof: fmt.Sprintf("uid %d", uid)}
	}
	return remediate.Identity{}
}
