package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/connectors/all"
)

func (p *program) connectorsCommand() *cobra.Command {
	markdown := false
	c := &cobra.Command{
		Use:   "connectors",
		Short: "the kinds of source: what each reads, can tell, can do and how far that is undone, and the permissions it needs",
		Args:  args(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			rows := kindRows()
			if markdown {
				fmt.Fprint(p.stdout, kindTable(rows))
				return nil
			}
			for i, r := range rows {
				if i > 0 {
					fmt.Fprintln(p.stdout)
				}
				fmt.Fprint(p.stdout, r.text())
			}
			return nil
		},
	}
	c.Flags().BoolVar(&markdown, "markdown", false, "as the table that the README shows")
	return c
}

// kindRow is one kind of source, in the words that are printed.
type kindRow struct {
	kind, section, title                       string
	reads, signals, can, toRead, toWrite, plan string
}

// kindRows are all kinds, rosters first, each by name.
func kindRows() []kindRow {
	var out []kindRow
	for _, kind := range sortedKeys(all.Rosters) {
		out = append(out, newKindRow(kind, "[roster]", all.Rosters[kind]()))
	}
	for _, kind := range sortedKeys(all.Apps) {
		out = append(out, newKindRow(kind, "[[app]]", all.Apps[kind]()))
	}
	return out
}

func newKindRow(kind, section string, config any) kindRow {
	r := kindRow{kind: kind, section: section}
	d, ok := config.(connectors.Described)
	if !ok {
		r.title = "(it does not describe itself)"
		return r
	}
	s := d.Spec()
	var can, write []string
	for _, a := range s.Abilities {
		can = append(can, fmt.Sprintf("%s: %s (undo %s)", a.Ability, a.How, a.Undo))
		for _, w := range a.Write {
			if !slices.Contains(write, w) {
				write = append(write, w)
			}
		}
	}
	r.title, r.plan = s.Title, orDash(s.Plan)
	r.reads, r.signals = joined(texts(s.Collections), ", "), joined(lateness(s.Signals), ", ")
	r.can, r.toRead, r.toWrite = joined(can, "; "), joined(s.Read, ", "), joined(write, ", ")
	if section == "[roster]" {
		r.signals = "–"
	}
	return r
}

// lateness names the signals, and how late each may be.
func lateness(s connectors.Signals) []string {
	var out []string
	for _, x := range signalsOf(s) {
		switch {
		case x.Given && x.LagDays == 1:
			out = append(out, x.name+" (up to 1 day late)")
		case x.Given && x.LagDays > 0:
			out = append(out, fmt.Sprintf("%s (up to %d days late)", x.name, x.LagDays))
		case x.Given:
			out = append(out, x.name)
		}
	}
	return out
}

func joined(s []string, sep string) string { return orDash(strings.Join(s, sep)) }

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func (r kindRow) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s\n", r.section, r.kind, r.title)
	for _, f := range []struct{ name, value string }{
		{"reads", r.reads}, {"signals", r.signals}, {"can", r.can}, {"permissions to read", r.toRead}, {"permissions to write", r.toWrite}, {"plan", r.plan},
	} {
		if f.value != "–" {
			fmt.Fprintf(&b, "  %-21s %s\n", f.name, f.value)
		}
	}
	return b.String()
}

// kindTable is the README's table.
func kindTable(rows []kindRow) string {
	var b strings.Builder
	b.WriteString("| kind | of | reads | signals | can (undo) | permissions to read | to write | plan |\n|---|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| `%s` %s | %s | %s | %s | %s | %s | %s | %s |\n", r.section, r.kind, r.title, r.reads, r.signals, r.can, r.toRead, r.toWrite, r.plan)
	}
	return b.String()
}
