package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

func (p *program) linksCommand() *cobra.Command {
	return group("links", "recorded ties of accounts to their owners: what a person knows and no data shows",
		p.linksListCommand(), p.linksSuggestCommand(), p.linksAcceptCommand(), p.linksRevokeCommand())
}

func (p *program) linksListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "list the recorded links", Args: args(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			_, led, err := p.openLedger()
			if err != nil {
				return err
			}
			defer led.Close()
			links, err := led.Links()
			if err != nil {
				return err
			}
			for _, l := range links {
				is := "is"
				if l.Not {
					is = "is NOT"
				}
				fmt.Fprintf(p.stdout, "%s %s %s %s  by %s on %s: %s\n", report.Plain(string(l.App)), report.Plain(string(l.Account)), is, report.Plain(string(l.Person)), l.Actor, l.On, report.Plain(l.Evidence))
			}
			if len(links) == 0 {
				fmt.Fprintln(p.stdout, "no links yet; see what could be linked with: rollcall links suggest")
			}
			return nil
		},
	}
}

func (p *program) linksSuggestCommand() *cobra.Command {
	var app string
	c := &cobra.Command{
		Use:   "suggest",
		Short: "list accounts of the last run whose owner is only likely, as CSV to edit and accept",
		Long: `suggest writes CSV with the columns app,account_id,person_id,evidence: one line per account whose owner is only
likely. Take out what is not true, then: rollcall links accept --file FILE`,
		Args: args(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			c, led, err := p.openLedger()
			if err != nil {
				return err
			}
			defer led.Close()
			past, err := readRun(c, led, "")
			if err != nil {
				return err
			}
			in, err := os.Open(filepath.Join(past.Dir, "accounts.jsonl"))
			if err != nil {
				return fmt.Errorf("links: the last run kept no accounts (was it run with --no-workbook?): %w", err)
			}
			defer in.Close()
			return suggestLinks(p.stdout, in, app)
		},
	}
	c.Flags().StringVar(&app, "app", "", "of this `APP` only")
	return c
}

var linkColumns = []string{"app", "account_id", "person_id", "evidence"}

func suggestLinks(w io.Writer, accounts io.Reader, app string) error {
	out := csv.NewWriter(w)
	if err := out.Write(linkColumns); err != nil {
		return err
	}
	for a, err := range report.ReadAccounts(accounts) {
		if err != nil {
			return err
		}
		if a.Grade != scanner.Proposed || app != "" && string(a.App) != app {
			continue
		}
		evidence := fmt.Sprintf("%s matches %s by %s", a.DisplayName, a.Person, a.By)
		if a.RunnerUp != "" {
			evidence += ", next best " + string(a.RunnerUp)
		}
		if err := out.Write(report.NeutralCells([]string{string(a.App), string(a.Account), string(a.Person), evidence})); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (p *program) linksAcceptCommand() *cobra.Command {
	var file, evidence string
	c := &cobra.Command{
		Use:   "accept [APP ACCOUNT PERSON]",
		Short: "record that an account is a person's, or many at once from a file",
		Args:  cobra.MaximumNArgs(3),
		RunE: func(_ *cobra.Command, a []string) error {
			links, err := p.linksToAccept(a, file, evidence)
			if err != nil {
				return err
			}
			return p.acceptLinks(links)
		},
	}
	c.Flags().StringVar(&file, "file", "", "CSV `FILE` as written by links suggest")
	c.Flags().StringVar(&evidence, "evidence", "", "how it is known, for the record (required without --file)")
	return c
}

func (p *program) linksToAccept(a []string, file, evidence string) ([]scanner.Link, error) {
	if file != "" && len(a) == 0 {
		return p.readLinks(file)
	}
	if len(a) != 3 || file != "" || evidence == "" {
		return nil, usageError{errors.New("links accept wants APP ACCOUNT PERSON --evidence TEXT, or --file FILE")}
	}
	return []scanner.Link{{App: connectors.AppID(a[0]), Account: connectors.AccountID(a[1]), Person: connectors.PersonID(a[2]), Evidence: evidence}}, nil
}

func (p *program) readLinks(path string) ([]scanner.Link, error) {
	f, err := p.openFile(path)
	if err != nil {
		return nil, fmt.Errorf("links: %w; nothing was recorded", err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = len(linkColumns)
	var links []scanner.Link
	for {
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("links: %s: %w; want the columns app,account_id,person_id,evidence", path, err)
		}
		line, _ := r.FieldPos(0)
		if line == 1 && row[0] == linkColumns[0] {
			continue
		}
		for i := range row {
			row[i] = report.OriginalCell(row[i])
		}
		for i, col := range linkColumns {
			if row[i] == "" {
				return nil, fmt.Errorf("links: %s:%d: %s is empty; nothing was recorded", path, line, col)
			}
		}
		links = append(links, scanner.Link{App: connectors.AppID(row[0]), Account: connectors.AccountID(row[1]), Person: connectors.PersonID(row[2]), Evidence: row[3]})
	}
	if len(links) == 0 {
		return nil, fmt.Errorf("links: %s has no lines to accept", path)
	}
	return links, nil
}

// acceptLinks records links after checking that what they name exists.
func (p *program) acceptLinks(links []scanner.Link) error {
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	for i := range links {
		l := &links[i]
		l.Actor, l.On = p.actor(), connectors.DateOf(p.now(), c.Zone)
		if c.app(l.App) == nil {
			return fmt.Errorf("links: no app %q in %s%s; nothing was recorded", l.App, c.Path, nearest(string(l.App), texts(appIDs(c.Apps))))
		}
		if err := onRoster(led, l.Person); err != nil {
			return fmt.Errorf("links: %w; nothing was recorded", err)
		}
	}
	if err := led.AcceptLinks(p.now(), links...); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "recorded %d links; the next scan judges these accounts by them\n", len(links))
	return nil
}

// onRoster refuses a person whom the accepted roster does not have.
func onRoster(led *ledger.Ledger, id connectors.PersonID) error {
	roster, err := led.Roster()
	if err != nil || roster == nil {
		return err
	}
	if _, ok := roster.People[id]; !ok {
		return fmt.Errorf("the roster has no person %q", id)
	}
	return nil
}

func (p *program) linksRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "revoke APP ACCOUNT", Short: "take a recorded link back", Args: args(2, "APP and ACCOUNT"),
		RunE: func(_ *cobra.Command, a []string) error {
			_, led, err := p.openLedger()
			if err != nil {
				return err
			}
			defer led.Close()
			if _, err := led.RevokeLink(connectors.AppID(a[0]), connectors.AccountID(a[1]), p.actor(), p.now()); err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "the link of %s %s is taken back; the next scan matches the account afresh\n", a[0], a[1])
			return nil
		},
	}
}
