package ledger

import (
	"cmp"
	"slices"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

// Removals gives every access that a case removed and a fresh read confirmed, and that was not given back since: what a
// run finds of it again has come back.
func (l *Ledger) Removals() ([]scanner.Removal, error) {
	cases, err := l.Cases(func(c *remediate.Case) bool { return c.State == remediate.Confirmed })
	if err != nil {
		return nil, err
	}
	var out []scanner.Removal
	for _, c := range cases {
		for _, s := range c.Steps {
			if s.Progress != remediate.Seen {
				continue
			}
			r := scanner.Removal{App: s.Action.App, Account: s.Action.Account, On: connectors.DateOf(s.SeenAt, time.UTC), Case: c.ID}
			switch s.Action.Verb {
			case remediate.RemoveEntitlement:
				r.Entitlement = s.Action.Entitlement
			case remediate.Disable:
			default:
				continue
			}
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b scanner.Removal) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Entitlement, b.Entitlement), cmp.Compare(a.On, b.On), cmp.Compare(a.Case, b.Case))
	})
	return out, nil
}
