package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
)

var (
	admin  = remediate.Identity{Person: "E1", Proof: "uid 1001"}
	binder = remediate.Identity{Person: "E9", Proof: "uid 1009"}
	second = remediate.Identity{Person: "E8", Proof: "uid 1008"}
	days   = connectors.DateOf(noon, time.UTC)
)

func TestBindings(t *testing.T) {
	l := openTemp(t)
	ada := remediate.Binding{User: "U1", Team: "T1", Person: "E1", Address: "ada@made-up.example", At: noon}
	ok(t, l.Bind(ada, binder))
	ada.By = binder
	for name, b := range map[string]remediate.Binding{"the account is taken": {User: "U1", Team: "T1", Person: "E2", At: noon}, "the person has one": {User: "U2", Team: "T1", Person: "E1", At: noon},
		"no account": {Team: "T1", Person: "E2", At: noon}, "no team": {User: "U2", Person: "E2", At: noon}, "nobody": {User: "U2", Team: "T1", At: noon}} {
		if err := l.Bind(b, binder); err == nil {
			t.Errorf("%s: bound all the same", name)
		}
	}
	if err := l.Bind(remediate.Binding{User: "U9", Team: "T1", Person: binder.Person, At: noon, Second: admin}, binder); !errors.Is(err, remediate.ErrMayNot) {
		t.Errorf("somebody bound their own account: %v", err)
	}
	if err := l.Bind(remediate.Binding{User: "U2", Team: "T1", Person: "E2", At: noon}, remediate.Policy); !errors.Is(err, remediate.ErrMayNot) {
		t.Errorf("bound by nobody: %v", err)
	}
	for name, by := range map[string]remediate.Identity{"nobody": remediate.Policy, "who bound it": binder, "whose it is": admin, "a voice in a chat": {Person: "E8", Proof: "slack U8"}} {
		if err := l.Confirm("U1", by, noon); err == nil {
			t.Errorf("confirmed by %s", name)
		}
	}
	ok(t, l.Confirm("U1", second, noon))
	ada.Second = second
	if err := l.Confirm("U1", remediate.Identity{Person: "E7", Proof: "uid 1007"}, noon); !errors.Is(err, remediate.ErrMove) {
		t.Errorf("confirmed twice: %v", err)
	}
	if err := l.Confirm("U7", second, noon); !errors.Is(err, connectors.ErrNotFound) {
		t.Errorf("nobody's account is confirmed: %v", err)
	}
	got, err := l.Bindings()
	ok(t, err)
	if want := []remediate.Binding{ada}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	ok(t, l.Unbind("U1", admin, noon))
	if err := l.Unbind("U1", admin, noon); !errors.Is(err, connectors.ErrNotFound) {
		t.Errorf("unbound twice: %v", err)
	}
}

func TestPassesAndDelegations(t *testing.T) {
	l := openTemp(t)
	p := remediate.PassedOn{Case: "c-1", Item: "h", Person: "E1", At: noon}
	ok(t, l.PassOn(p, admin))
	ok(t, l.PassOn(remediate.PassedOn{Case: "c-10", Item: "h", Person: "E1", At: noon}, admin))
	head, err := l.Head()
	ok(t, err)
	ok(t, l.PassOn(p, admin)) // said again
	if now, _ := l.Head(); now.Seq != head.Seq {
		t.Error("the same was recorded twice")
	}
	if err := l.PassOn(remediate.PassedOn{Case: "c-1", Item: "h", Person: "E2", At: noon}, admin); !errors.Is(err, remediate.ErrMayNot) {
		t.Errorf("passed on in another's name: %v", err)
	}
	one, err := l.Passes("c-1")
	ok(t, err)
	all, err := l.Passes("")
	ok(t, err)
	if len(one) != 1 || len(all) != 2 {
		t.Errorf("%d of one case, %d of all", len(one), len(all))
	}
	for _, d := range []remediate.Delegation{{Of: "E1", To: "E1", First: days, Last: days}, {Of: "E1", To: "E2", First: days, Last: days - 1}, {Of: "E1", To: "E2", Last: days}} {
		if err := l.Delegate(d, admin); err == nil {
			t.Errorf("delegated: %+v", d)
		}
	}
}

func TestCards(t *testing.T) {
	l := openTemp(t)
	card := remediate.Card{ID: "k1", Kind: "digest", Channel: "D1", Items: []remediate.CardItem{{Case: "c-1", Item: "h"}}, At: noon}
	button := remediate.Button{Card: "k1", Block: "case:c-1", Verb: "remove", Cases: map[string]string{"c-1": "h"}, Expires: noon.Add(time.Hour)}
	head, err := l.Head()
	ok(t, err)
	ok(t, l.PutCard(card, map[string]remediate.Button{"hash": button}))
	card.TS = "1.2"
	ok(t, l.PutCard(card, nil))
	if now, _ := l.Head(); now.Seq != head.Seq {
		t.Error("a card is an event")
	}
	got, err := l.Button("hash")
	ok(t, err)
	cards, err := l.Cards()
	ok(t, err)
	if !reflect.DeepEqual(*got, button) || !reflect.DeepEqual(cards, []remediate.Card{card}) {
		t.Errorf("got %+v and %+v", got, cards)
	}
	for _, unknown := range []string{"", "other"} {
		if b, err := l.Button(unknown); b != nil || err != nil {
			t.Errorf("the button %q: %v, %v", unknown, b, err)
		}
	}
	ok(t, l.Sweep(noon))
	if b, _ := l.Button("hash"); b == nil {
		t.Error("a button that works is forgotten")
	}
	ok(t, l.Sweep(noon.Add(2*time.Hour)))
	cards, err = l.Cards()
	ok(t, err)
	if b, _ := l.Button("hash"); b != nil || len(cards) != 0 {
		t.Error("nothing is forgotten")
	}
}

// What people said of themselves in a chat comes back from the events; cards do not, so that what is open is asked anew.
func TestRebuiltChat(t *testing.T) {
	dir := t.TempDir()
	l := begin(t, dir)
	ok(t, l.Bind(remediate.Binding{User: "U1", Team: "T1", Person: "E1", At: noon}, binder))
	ok(t, l.Bind(remediate.Binding{User: "U2", Team: "T1", Person: "E2", At: noon}, binder))
	ok(t, l.Confirm("U1", second, noon))
	ok(t, l.Unbind("U2", admin, noon))
	ok(t, l.Delegate(remediate.Delegation{Of: "E1", To: "E2", First: days, Last: days + 1, At: noon}, admin))
	ok(t, l.PassOn(remediate.PassedOn{Case: "c-1", Item: "h", Person: "E1", Wrong: true, Why: "no", At: noon}, admin))
	ok(t, l.PutCard(remediate.Card{ID: "k1", Items: []remediate.CardItem{{Case: "c-1"}}, At: noon}, nil))
	read := func() (out []any) {
		b, err := l.Bindings()
		ok(t, err)
		d, err := l.Delegations()
		ok(t, err)
		p, err := l.Passes("")
		ok(t, err)
		return []any{b, d, p}
	}
	before := read()
	ok(t, l.Close())
	ok(t, os.Remove(filepath.Join(dir, dbName)))
	_, err := Rebuild(dir, noon, "test")
	ok(t, err)
	l = begin(t, dir)
	if after := read(); !reflect.DeepEqual(after, before) {
		t.Errorf("before %+v\nafter  %+v", before, after)
	}
	if cards, err := l.Cards(); err != nil || len(cards) != 0 {
		t.Errorf("cards: %v, %v", cards, err)
	}
	ok(t, l.Close())
}

func openTemp(t *testing.T) *Ledger {
	l := begin(t, t.TempDir())
	t.Cleanup(func() { l.Close() })
	return l
}
