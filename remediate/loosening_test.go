package remediate

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
)

// Whoever wrote the files, and however they split themselves into users and ids: what is looser never holds by the words of
// that one person, nor, where it is not known who wrote them, of one person.
func TestNobodyLoosensAlone(t *testing.T) {
	people := []connectors.PersonID{"E1", "E2", "E3"}
	same := Same(func(id connectors.PersonID) connectors.PersonID { return id[:2] })
	rapid.Check(t, func(t *rapid.T) {
		author := rapid.SampledFrom(people).Draw(t, "author")
		by := Authors{People: []connectors.PersonID{author + "b"}}
		if rapid.Bool().Draw(t, "unknown") {
			by = Authors{Unknown: "it belongs to root"}
		}
		left := rapid.SampledFrom(people).Draw(t, "who leaves meanwhile")
		l := Loosening{Hash: "h"}
		said := map[connectors.PersonID]bool{}
		for range rapid.IntRange(1, 5).Draw(t, "words") {
			who := rapid.SampledFrom(people).Draw(t, "who") + connectors.PersonID(rapid.SampledFrom([]string{"", "b", "c"}).Draw(t, "under"))
			enough, err := l.Say(Decision{By: Identity{Person: who, Proof: "uid 1"}, Why: "w"}, by, same, func(i Identity) bool { return same(i.Person) != left })
			if by.Unknown == "" && same(who) == author {
				if !errors.Is(err, ErrMayNot) {
					t.Fatalf("%s wrote it, and %s may: %v", author, who, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			delete(said, left)
			said[same(who)] = true
			if enough != (by.Unknown == "" || len(said) > 1) {
				t.Fatalf("enough: %v, by %v", enough, said)
			}
		}
	})
}

func TestALooseningNeedsAReasonAndAPerson(t *testing.T) {
	l := Loosening{Hash: "h"}
	for _, d := range []Decision{{By: Identity{Person: "E1", Proof: "uid 1"}, Why: " "}, {By: Identity{Person: "E1"}, Why: "w"}, {By: Policy, Why: "w"}} {
		if enough, err := l.Say(d, Authors{}, nil, func(Identity) bool { return true }); err == nil || enough || len(l.Words) > 0 {
			t.Errorf("%+v is taken", d)
		}
	}
}
