package notify

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

var noon = time.Date(2027, 1, 15, 12, 0, 0, 0, time.UTC)

// leaver is a case about somebody who left.
func leaver(id string, s scanner.Severity) *remediate.Case {
	return &remediate.Case{ID: id, Rev: 2, State: remediate.Asked, Due: noon.Add(5 * 24 * time.Hour), Item: remediate.Item{
		Group: "g-" + id, Mode: scanner.ModeAuto, Person: "E02", Kinds: []scanner.Kind{scanner.OrphanedAccount}, Severity: s,
		Why:      "Ben Birch (E02) left on 2026-12-31 (15 days ago); the account still works.",
		Targets:  []remediate.Target{{App: "chat", Account: "u2", Login: "ben@kiln.example"}},
		Actions:  []remediate.Action{{Verb: remediate.Disable, App: "chat", Account: "u2", Undo: remediate.Exact}, {Verb: remediate.Ticket, App: "vault", Task: "disable the account ben", Undo: remediate.None}},
		Stops:    []string{"the token t1 of ben in chat"},
		Residual: []string{"sessions of ben in chat that are open now"}, TakesOver: []string{"Ada Alder (E1), their manager"},
	}}
}

// mover is a case about access kept from an earlier role.
func mover(id string, s scanner.Severity) *remediate.Case {
	return &remediate.Case{ID: id, Rev: 1, State: remediate.Open, Item: remediate.Item{Group: "g-" + id, Mode: scanner.ModeAsk, Held: "it is a service account",
		Person: "E03", Kinds: []scanner.Kind{scanner.MoverStacking}, Severity: s, Why: "Cleo Cedar (E03) holds books of an earlier role.",
		Targets: []remediate.Target{{App: "erp", Account: "c", Login: "cleo"}},
		Actions: []remediate.Action{{Verb: remediate.RemoveEntitlement, App: "erp", Account: "c", Entitlement: "books", Undo: remediate.Exact}}}}
}

func ids(list []Entry) string {
	var out []string
	for _, e := range list {
		out = append(out, e.Case)
	}
	return strings.Join(out, " ")
}

// The riskiest are listed, people who left apart, and the rest is counted; the order in which cases come does not matter.
func TestDigest(t *testing.T) {
	decided := leaver("c-9", scanner.Critical)
	decided.State = remediate.Remove
	cases := []*remediate.Case{mover("c-1", scanner.High), leaver("c-2", scanner.Low), mover("c-3", scanner.Critical), leaver("c-4", scanner.Critical), decided, mover("c-5", scanner.Info)}
	d := New(cases, Options{Most: 4})
	if ids(d.Leavers) != "c-4 c-2" || ids(d.Others) != "c-3 c-1" || d.More != 1 || d.Waiting != 5 || d.Gone != 2 || !d.Due.Equal(noon.Add(5*24*time.Hour)) {
		t.Errorf("%+v", d)
	}
	slices.Reverse(cases)
	again := New(cases, Options{Most: 4})
	if again.Text(time.UTC) != d.Text(time.UTC) || again.Key != d.Key {
		t.Error("the order of the cases shows")
	}
	cases[0].Rev++
	if New(cases, Options{Most: 4}).Key == d.Key {
		t.Error("another revision has the same key")
	}
	if New([]*remediate.Case{decided}, Options{}) != nil || New(nil, Options{}) != nil {
		t.Error("there is a digest of nothing")
	}
}

const wantText = `2 cases wait for an answer: does the access go, or may it stay for now?

PEOPLE WHO LEFT, OR WHOSE CONTRACT HAS ENDED

1. CRITICAL, case c-4
   who:             Ben Birch (E02)
   accounts:        ben@kiln.example in chat
   why:             Ben Birch (E02) left on 2026-12-31 (15 days ago); the
                    account still works.
   would be done:   disable ben@kiln.example in chat (can be taken back)
                    by hand, in vault: disable the account ben
   stops working:   the token t1 of ben in chat
   takes over:      Ada Alder (E1), their manager
   goes on working: sessions of ben in chat that are open now
   answer by:       2027-01-20 12:00 UTC
   if nobody does:  the policy has it carried out after that day, since HR
                    says that the owner has left
   it goes:         rollcall cases remove c-4 --reason "…"
   it stays:        rollcall cases keep c-4 --until YYYY-MM-DD --reason "…"

OTHER CASES

2. HIGH, case c-1
   who:             E03
   accounts:        cleo in erp
   why:             Cleo Cedar (E03) holds books of an earlier role.
   would be done:   remove books from cleo in erp (can be taken back)
   asked, because:  it is a service account
   if nobody does:  nothing is done; the case expires undecided, which keeps
                    nothing
   it goes:         rollcall cases remove c-1 --reason "…"
   it stays:        rollcall cases keep c-1 --until YYYY-MM-DD --reason "…"

and 3 more: rollcall cases list

Only the commands above decide something: they know who gives the answer.
Answering this message does not. Nobody decides about their own access.
`

func TestText(t *testing.T) {
	d := New([]*remediate.Case{mover("c-1", scanner.High), leaver("c-4", scanner.Critical)}, Options{Name: func(id connectors.PersonID) string {
		return map[connectors.PersonID]string{"E02": "Ben Birch"}[id]
	}})
	d.More = 3
	if got := d.Text(time.UTC); got != wantText {
		t.Errorf("got\n%s\nwant\n%s", got, wantText)
	}
	if got, want := d.Subject(time.UTC), "rollcall: 2 cases wait for an answer, 1 about people who left, the first by 2027-01-20 12:00 UTC"; got != want {
		t.Errorf("subject %q, want %q", got, want)
	}
}

// A day that has passed is not asked for again.
func TestExpired(t *testing.T) {
	late, soon := leaver("c-1", scanner.High), leaver("c-2", scanner.Low)
	late.State, late.Due = remediate.Expired, noon.Add(-time.Hour)
	d := New([]*remediate.Case{late, soon}, Options{})
	if text := d.Text(time.UTC); !d.Due.Equal(soon.Due) || strings.Count(text, "answer by:") != 1 || !strings.Contains(text, "the time to answer is over") {
		t.Errorf("first by %v\n%s", d.Due, text)
	}
}

// The keys are what receivers rely on.
func TestJSON(t *testing.T) {
	b, err := New([]*remediate.Case{leaver("c-4", scanner.Critical)}, Options{}).JSON()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if k := fmt.Sprint(sorted(got)); k != "[due format gone key leavers list more others waiting]" {
		t.Errorf("keys %s", k)
	}
	entry := got["leavers"].([]any)[0].(map[string]any)
	if k := fmt.Sprint(sorted(entry)); k != "[accounts answer case due kinds person removal residual revision severity silence state stops takes_over who why]" {
		t.Errorf("keys of a case %s", k)
	}
	if entry["severity"] != "critical" || entry["due"] != "2027-01-20T12:00:00Z" || got["format"] != "rollcall.cases.v1" || len(got["others"].([]any)) != 0 {
		t.Errorf("%s", b)
	}
}

func sorted(m map[string]any) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// What a digest says of silence is what the desk does.
func TestSilence(t *testing.T) {
	for _, c := range []struct {
		mode scanner.Mode
		held string
		kind scanner.Kind
	}{{scanner.ModeAuto, "", scanner.OrphanedAccount}, {scanner.ModeAuto, "it was taken back", scanner.OrphanedAccount}, {scanner.ModeAsk, "", scanner.OrphanedAccount}, {scanner.ModeAuto, "", scanner.StaleAccount}} {
		k := leaver("c-1", scanner.High)
		k.Item.Mode, k.Held, k.Item.Kinds = c.mode, c.held, []scanner.Kind{c.kind}
		said := New([]*remediate.Case{k}, Options{}).Leavers
		if len(said) == 0 {
			said = New([]*remediate.Case{k}, Options{}).Others
		}
		desk := &remediate.Desk{Journal: &oneCase{c: k}}
		passed, err := desk.Deadlines(k.Due)
		if err != nil || len(passed) != 1 {
			t.Fatal(passed, err)
		}
		if lapses := strings.Contains(said[0].Silence, "carried out"); lapses != (passed[0].State == remediate.Lapsed) {
			t.Errorf("%+v: said %q, became %s", c, said[0].Silence, passed[0].State)
		}
	}
}

// oneCase is a journal with one case.
type oneCase struct {
	remediate.Journal
	c *remediate.Case
}

func (j *oneCase) Case(string) (*remediate.Case, error) { return j.c, nil }
func (j *oneCase) LiveCases(keep func(*remediate.Case) bool) ([]*remediate.Case, error) {
	if keep(j.c) {
		return []*remediate.Case{j.c}, nil
	}
	return nil, nil
}
func (j *oneCase) Put(c *remediate.Case, _ int, _ remediate.Identity, _ string, _ time.Time) error {
	j.c = c
	return nil
}
