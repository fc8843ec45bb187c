package all

import (
	"cmp"
	"slices"
	"testing"

	"rollcall/connectors"
)

// Every kind says as data what it reads and can do.
func TestEveryKindIsDescribed(t *testing.T) {
	for kind, config := range Apps {
		check(t, "app of kind "+kind, config(), connectors.Accounts)
	}
	for kind, config := range Rosters {
		check(t, "roster of kind "+kind, config(), connectors.People)
	}
}

func check(t *testing.T, what string, config any, main connectors.Collection) {
	d, ok := config.(connectors.Described)
	if !ok {
		t.Errorf("%s: its configuration has no Spec", what)
		return
	}
	s := d.Spec()
	if s.Title == "" || len(s.Read) == 0 || !slices.Contains(s.Collections, main) {
		t.Errorf("%s: a Spec has a title, the permissions to read, and %q among its collections: %+v", what, main, s)
	}
	if !slices.IsSortedFunc(s.Abilities, func(a, b connectors.AbilitySpec) int { return cmp.Compare(a.Ability, b.Ability) }) {
		t.Errorf("%s: the abilities are not in their order", what)
	}
	for _, a := range s.Abilities {
		undo := a.Undo == connectors.UndoExact || a.Undo == connectors.UndoPartial || a.Undo == connectors.UndoNone
		if a.How == "" || len(a.Write) == 0 || !undo || a.Ability.String() == "unknown ability" {
			t.Errorf("%s: an ability says how it is done, how far undone, and by what permissions: %+v", what, a)
		}
	}
}
