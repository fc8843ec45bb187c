package remediate

import (
	"cmp"
	"fmt"
	"slices"

	"rollcall/connectors"
	"rollcall/scanner"
)

// offboarding begins the group of a case that closes all of one person's access because somebody said so, whatever a run
// finds: no run's silence ends it.
const offboarding = "offboard:"

// Offboard is the plan that closes every enabled account of one person. It is a person's decision in all of it, so it is
// asked, and what is not theirs by an exact tie is in it too: whoever decides sees every account.
func Offboard(id connectors.PersonID, name string, accounts map[scanner.Related]*Subject, src Sources) *Plan {
	return closing(Item{Group: offboarding + string(id), Person: id, Why: fmt.Sprintf("All access of %s (%s) is closed.", name, id)}, accounts, src)
}

// closing is the plan of one item that closes every enabled account it is given.
func closing(it Item, accounts map[scanner.Related]*Subject, src Sources) *Plan {
	it.Mode, it.Severity = scanner.ModeAsk, scanner.High
	m := &maker{Item: it, src: src, targets: map[Target]bool{}, done: map[Action]bool{}}
	keys := make([]scanner.Related, 0, len(accounts))
	for k := range accounts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b scanner.Related) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Account, b.Account))
	})
	for _, k := range keys {
		s := accounts[k]
		if s.Account.Enabled == connectors.No {
			continue
		}
		grade := scanner.Strong
		if s.Exact {
			grade = scanner.Exact
		}
		m.act(&scanner.Finding{Kind: scanner.OrphanedAccount, App: k.App, Account: k.Account, Person: it.Person, Grade: grade,
			Evidence: []scanner.Fact{{Name: scanner.FactLogin, Value: cmp.Or(s.Account.Username, string(k.Account))}}})
	}
	p := &Plan{}
	if len(m.Actions) > 0 {
		m.order()
		p.Items = []Item{m.Item}
	}
	p.Hash = HashItems(p.Items)
	return p
}
