package ledger

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

func TestLinksAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "ledger")
		ok(t, err)
		defer os.RemoveAll(dir)
		l := begin(t, dir)
		var model []scanner.Link
		for range rapid.IntRange(1, 12).Draw(t, "changes") {
			k := scanner.Link{
				App:     rapid.SampledFrom([]connectors.AppID{"a", "ab"}).Draw(t, "app"),
				Account: rapid.SampledFrom([]connectors.AccountID{"b", "bc", "c"}).Draw(t, "account"),
				Person:  rapid.SampledFrom([]connectors.PersonID{"E1", "E2"}).Draw(t, "person"),
				Not:     rapid.Bool().Draw(t, "not"), Actor: "dana", On: monday, Evidence: "badge"}
			sameAccount := func(e scanner.Link) bool { return e.App == k.App && e.Account == k.Account }
			if rapid.IntRange(0, 3).Draw(t, "revoke") == 0 {
				had := slices.ContainsFunc(model, sameAccount)
				revoked, err := l.RevokeLink(k.App, k.Account, "dana", noon)
				if had != (err == nil) || had != (len(revoked) > 0) || !had && !errors.Is(err, connectors.ErrNotFound) {
					t.Fatalf("revoking, where there is one: %v: got %v, %v", had, revoked, err)
				}
				model = slices.DeleteFunc(model, sameAccount)
			} else {
				ok(t, l.AcceptLinks(noon, k))
				model = slices.DeleteFunc(model, func(e scanner.Link) bool {
					return sameAccount(e) && (e.Person == k.Person || !e.Not && !k.Not)
				})
				model = append(model, k)
			}
			slices.SortFunc(model, func(a, b scanner.Link) int {
				return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Person, b.Person))
			})
			if got, err := l.Links(); err != nil || !slices.Equal(got, model) {
				t.Fatalf("got %v, %v, want %v", got, err, model)
			}
		}
		end(t, l)
	})
}

func TestLinksAreAcceptedAllOrNone(t *testing.T) {
	l := begin(t, t.TempDir())
	defer end(t, l)
	good := scanner.Link{App: "crm", Account: "a1", Person: "E1", Actor: "dana", On: monday, Evidence: "badge"}
	noActor, noEvidence := good, good
	noActor.Actor, noEvidence.Evidence = "", ""
	for _, bad := range []scanner.Link{noActor, noEvidence} {
		if err := l.AcceptLinks(noon, good, bad); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
	if got, err := l.Links(); err != nil || len(got) != 0 {
		t.Errorf("it left %v, %v", got, err)
	}
}

func TestRulings(t *testing.T) {
	l := begin(t, t.TempDir())
	defer func() { end(t, l) }()
	a := scanner.Ruling{Finding: "f-a", Because: "class", App: "crm", Account: "a1", Class: "service", Evidence: "d1", Actor: "dana", On: monday}
	b := scanner.Ruling{Finding: "f-b", Because: "owner", App: "crm", Account: "a2", Person: "E1", Evidence: "d2", Note: "asked", Actor: "dana", On: monday}
	again := a
	again.Class, again.On = "shared", monday+1
	for _, r := range []scanner.Ruling{b, a, again} {
		ok(t, l.AddRuling(noon, r))
	}
	l = reopen(t, l)
	if got, err := l.Rulings(); err != nil || !slices.Equal(got, []scanner.Ruling{again, b}) {
		t.Errorf("got %v, %v", got, err)
	}
	ok(t, l.RevokeRuling("f-a", "dana", noon))
	if got, err := l.Rulings(); err != nil || !slices.Equal(got, []scanner.Ruling{b}) {
		t.Errorf("after one is revoked: got %v, %v", got, err)
	}
	if err := l.RevokeRuling("f-a", "dana", noon); !errors.Is(err, connectors.ErrNotFound) {
		t.Errorf("revoked twice: got %v", err)
	}
	if err := l.AddRuling(noon, scanner.Ruling{Finding: "f-c", Actor: "dana"}); err == nil {
		t.Error("a ruling without a reason was recorded")
	}
}

// A case that ends with its findings being wrong, and the rulings that say so: both, or neither.
func TestPutWrong(t *testing.T) {
	l := begin(t, t.TempDir())
	defer func() { end(t, l) }()
	c := &remediate.Case{ID: "c-1", Rev: 1, State: remediate.Asked, Item: remediate.Item{Group: "g"}}
	by := remediate.Identity{Person: "E01", Proof: "slack U1"}
	ok(t, l.Put(c, 0, by, "opened", noon))
	ended := *c
	ended.Rev, ended.State, ended.Wrong = 8, remediate.Superseded, &remediate.Wrong{Because: scanner.BecausePolicy, By: by}
	r := scanner.Ruling{Finding: "f-a", Because: scanner.BecausePolicy, Note: "x", Actor: by.String(), On: monday}
	if err := l.PutWrong(&ended, 7, by, "said to be wrong", noon, []scanner.Ruling{r}); !errors.Is(err, remediate.ErrStale) {
		t.Errorf("of another revision: %v", err)
	}
	if got, err := l.Rulings(); err != nil || len(got) != 0 {
		t.Errorf("what was refused left %v, %v", got, err)
	}
	ok(t, l.PutWrong(&ended, 1, by, "said to be wrong", noon, []scanner.Ruling{r}))
	l = reopen(t, l)
	if got, err := l.Rulings(); err != nil || !slices.Equal(got, []scanner.Ruling{r}) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := l.Case("c-1"); err != nil || got.State != remediate.Superseded || got.Wrong == nil || got.Wrong.By != by {
		t.Errorf("got %+v, %v", got, err)
	}
}
