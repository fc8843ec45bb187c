package notify

import (
	"fmt"
	"slices"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

// mostLines bounds each list of an entry: who wants all of it looks at the case.
const mostLines = 12

func entry(c *remediate.Case, name func(connectors.PersonID) string) Entry {
	it := &c.Item
	id := word(c.ID)
	e := Entry{Case: id, Revision: c.Rev, State: c.State, Severity: it.Severity, Kinds: it.Kinds, Person: clean(string(it.Person)), Who: who(it, name),
		Accounts: []Account{}, Why: prose(it.Why), Asked: prose(asked(c)), Stops: sentences(it.Stops), TakesOver: sentences(it.TakesOver), Residual: sentences(it.Residual), Due: c.Due.UTC(), Silence: silence(c),
		Answer: map[Verdict]string{
			Remove: fmt.Sprintf(`rollcall cases remove %s --reason "…"`, id),
			Keep:   fmt.Sprintf(`rollcall cases keep %s --until YYYY-MM-DD --reason "…"`, id),
		}}
	for _, t := range it.Targets {
		e.Accounts = append(e.Accounts, Account{clean(string(t.App)), clean(string(t.Account)), clean(t.Login)})
	}
	removal := make([]string, len(it.Actions))
	for i := range it.Actions {
		removal[i] = it.Say(&it.Actions[i])
	}
	e.Removal = sentences(removal)
	return e
}

func who(it *remediate.Item, name func(connectors.PersonID) string) string {
	if it.Person == "" {
		return "nobody whom HR knows"
	}
	if name != nil {
		if n := name(it.Person); n != "" {
			return prose(fmt.Sprintf("%s (%s)", n, it.Person))
		}
	}
	return prose(string(it.Person))
}

func asked(c *remediate.Case) string {
	if c.Held != "" {
		return c.Held
	}
	return c.Item.Held
}

// sentences makes a list safe, and bounds it.
func sentences(list []string) []string {
	var out []string
	for i, s := range list {
		if i == mostLines {
			return append(out, fmt.Sprintf("and %d more", len(list)-i))
		}
		out = append(out, prose(s))
	}
	return out
}

// silence says what follows when nobody answers: what the desk's deadlines do, in words.
func silence(c *remediate.Case) string {
	unasked := c.Item.Mode == scanner.ModeAuto && c.Held == ""
	switch {
	case c.State == remediate.Expired:
		return "the time to answer is over and nothing was done; it can still be answered"
	case c.State == remediate.Open && unasked:
		return "the policy has it carried out at the next settle"
	case unasked && slices.Contains(c.Item.Kinds, scanner.OrphanedAccount):
		return "the policy has it carried out after that day, since HR says that the owner has left"
	}
	return "nothing is done; the case expires undecided, which keeps nothing"
}
