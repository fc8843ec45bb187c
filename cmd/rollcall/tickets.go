package main

import (
	"cmp"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"slices"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/report"
)

// tasksDir has one list for each app of what people have to do there by hand, since the app cannot or rollcall may not.
const tasksDir = "tasks"

// tickets writes the lists anew: what is still to be done of cases that were decided. A task goes when a run no longer finds
// what it is about.
func tickets(c *config, led *ledger.Ledger) error {
	cases, err := led.LiveCases(func(k *remediate.Case) bool {
		return k.State.Decided() || k.State == remediate.Intent || k.State == remediate.Applied || k.State == remediate.Failed
	})
	if err != nil {
		return err
	}
	lists := map[connectors.AppID][][]string{}
	for _, k := range cases {
		for _, s := range k.Steps {
			if s.Action.Verb == remediate.Ticket && s.Progress != remediate.Seen {
				lists[s.Action.App] = append(lists[s.Action.App], []string{k.ID, string(s.Action.Account), s.Action.Task, k.Item.Why, decidedBy(k)})
			}
		}
	}
	dir := filepath.Join(c.State, tasksDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	for app, rows := range lists {
		slices.SortFunc(rows, func(a, b []string) int {
			return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]), cmp.Compare(a[2], b[2]))
		})
		err := writeFile(filepath.Join(dir, string(app)+".csv"), func(w io.Writer) error {
			out := csv.NewWriter(w)
			out.Write([]string{"case", "account_id", "task", "why", "decided_by"})
			for _, r := range rows {
				for i := range r {
					r[i] = report.CSVCell(r[i])
				}
				out.Write(r)
			}
			out.Flush()
			return out.Error()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func decidedBy(k *remediate.Case) string {
	if k.Decision == nil {
		return "policy"
	}
	return k.Decision.By.String()
}
