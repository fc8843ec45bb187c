package slackdesk_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/slackdesk/slacktest"
	"rollcall/scanner"
)

// wrong presses Something is wrong and sends the form.
func (r *rig) wrong(m slacktest.Message, user, because, why string) slacktest.Answer {
	r.t.Helper()
	r.press(m, user, isWrong)
	return r.send(r.slack.Submit(r.form(user), user, map[string]string{"because": because, "why": why}))
}

// rulings are what was said to be wrong.
func (r *rig) rulings() []scanner.Ruling {
	r.t.Helper()
	list, err := r.led.Rulings()
	ok(r.t, err)
	return list
}

// HR's data or the policy set a case's finding aside, in the name of who said so: once, however often it is sent. The card and
// the channel tell, and nobody is asked again until a newer run finds it still.
func TestWrongIsSetAside(t *testing.T) {
	for because, says := range map[string]string{"hr-data": "HR's data are wrong", "policy": "the policy is wrong"} {
		both(t, func(t *testing.T, r *rig) {
			k := r.stale()
			r.refresh()
			m := r.card(ada)
			contains(t, r.wrong(m, ada, because, " ").Said(), "Say why")
			contains(t, r.wrong(m, ada, "", "they stay until spring").Said(), "Choose what is wrong")
			contains(t, r.wrong(m, ada, "lunch", "they stay until spring").Said(), "Choose what is wrong")
			r.is(k.ID, remediate.Asked)
			if list := r.rulings(); len(list) != 0 {
				t.Fatalf("recorded: %+v", list)
			}
			r.press(m, ada, isWrong)
			v := r.form(ada)
			contains(t, string(v.Body), `"hr-data"`, `"owner"`, `"class"`, `"policy"`, `"else"`, "set aside for 30 days")
			p := r.slack.Submit(v, ada, map[string]string{"because": because, "why": "they stay until spring"})
			if a := r.send(p); a.Said() != "" {
				t.Fatal(a.Said())
			}
			c := r.is(k.ID, remediate.Superseded)
			by := remediate.Identity{Person: "E01", Proof: "slack U0ADA"}
			if c.Decision != nil || c.Wrong == nil || c.Wrong.By != by || c.Wrong.Until.String() != "2026-04-01" {
				t.Errorf("recorded: %+v", c)
			}
			said := scanner.Finding{ID: k.Item.Findings[0], Kind: scanner.StaleAccount, App: "crm", Account: "sam", Person: "E10"}
			want := scanner.Ruling{Finding: said.ID, Because: because, App: "crm", Account: "sam", Person: "E10", Evidence: scanner.EvidenceDigest(&said),
				Note: "they stay until spring", Actor: by.String(), On: connectors.DateOf(noon, time.UTC)}
			if list := r.rulings(); len(list) != 1 || list[0] != want {
				t.Errorf("recorded: %+v", list)
			}
			contains(t, r.send(r.slack.Submit(v, ada, map[string]string{"because": because, "why": "they stay until summer"})).Said(), "E01 said already that it is wrong")
			if list := r.rulings(); len(list) != 1 || list[0] != want {
				t.Errorf("recorded twice: %+v", list)
			}
			m = r.card(ada)
			contains(t, m.Reads(), "SAID TO BE WRONG by Ada (E01) on 2026-03-02 12:00 UTC, since "+says+": they stay until spring", "set aside until 2026-04-01")
			if len(m.Buttons()) != 0 {
				t.Errorf("the card still has buttons: %v", m.Buttons())
			}
			r.slack.Fail("chat.postMessage", slacktest.Failure{Error: "internal_error"})
			if err := r.desk.Refresh(t.Context(), r.clock()); err == nil {
				t.Error("nothing is said of the note that was not taken")
			}
			r.refresh()
			r.refresh()
			if n := len(r.slack.Messages("")); n != 2 {
				t.Errorf("%d messages", n)
			}
			contains(t, textOf(r.card(channel)), "Said to be wrong, and set aside", "Sam (E10), sam in crm", says+": they stay until spring", "rollcall findings right")
			r.askedAgain(k)
		})
	}
}

// askedAgain checks that no plan of a run that is not newer opens a case again, and that one that is asks a person.
func (r *rig) askedAgain(k *remediate.Case) {
	r.t.Helper()
	auto := k.Item
	all := func(*remediate.Item) bool { return true }
	opened, err := r.core.Follow(&remediate.Plan{Items: []remediate.Item{auto}}, "run-0", r.clock(), all)
	ok(r.t, err)
	if len(opened) != 0 {
		r.t.Errorf("asked again by a plan that is no newer: %+v", opened)
	}
	opened, err = r.core.Follow(&remediate.Plan{Items: []remediate.Item{auto}}, "run-2", r.clock(), all)
	ok(r.t, err)
	if len(opened) != 1 || !strings.Contains(opened[0].Held, "E01 (slack U0ADA) said on 2026-03-02 that it is wrong") {
		r.t.Errorf("not asked again: %+v", opened)
	}
}

// What one word must not silence, and what no ruling mends, only goes to whoever runs rollcall.
func TestWrongIsPassedOn(t *testing.T) {
	for _, c := range []struct {
		name, because, says string
		how                 func(*remediate.Item)
	}{
		{"owner", "owner", "it is somebody else's account", func(*remediate.Item) {}},
		{"class", "class", "it is not that kind of account", func(*remediate.Item) {}},
		{"something else", "else", "something else is wrong", func(*remediate.Item) {}},
		{"privileged", "hr-data", "HR's data are wrong", func(it *remediate.Item) { it.Privileged = true }},
		{"two people", "policy", "the policy is wrong", func(it *remediate.Item) { it.TwoPeople = true }},
		{"by no finding", "policy", "the policy is wrong", func(it *remediate.Item) { it.Findings = nil }},
		{"nobody can tell what it rests on", "hr-data", "HR's data are wrong", func(it *remediate.Item) { it.Findings = append(it.Findings, "f-untold") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, func(t *testing.T, r *rig) {
				it := item("sam", "E10", scanner.StaleAccount)
				c.how(&it)
				k := r.open(it)
				r.refresh()
				if a := r.wrong(r.card(ada), ada, c.because, "this is Sue's account"); a.Said() != "" {
					t.Fatal(a.Said())
				}
				r.is(k.ID, remediate.Asked)
				contains(t, textOf(r.card(ada)), "You passed it on, since something is wrong with it.", "that alone decides nothing")
				r.refresh()
				contains(t, textOf(r.card(channel)), "Ada (E01) says that something is wrong: "+c.says+": this is Sue's account.")
				if len(r.slack.Messages(ben)) != 0 {
					t.Error("Ben was asked about what is wrong")
				}
				if list := r.rulings(); len(list) != 0 {
					t.Errorf("recorded: %+v", list)
				}
			})
		})
	}
}

// Whoever may not decide by the time the form is sent, and what is not as it was by then, sets nothing aside.
func TestWrongIsJudgedAgain(t *testing.T) {
	for _, c := range []struct {
		name, user, says string
		before           func(r *rig, k *remediate.Case)
	}{
		{"after expiry", ada, "too old", func(r *rig, _ *remediate.Case) { r.pass(61 * time.Minute) }},
		{"by another", cleo, "did not work", func(*rig, *remediate.Case) {}},
		{"manager no longer", ada, "did not work", func(r *rig, _ *remediate.Case) { r.folk.manager["E10"] = "E05" }},
		{"it is their own", ada, "your own access", func(r *rig, _ *remediate.Case) { r.folk.same["E10"] = "E01" }},
		{"decided meanwhile", ada, "Already decided by E02", func(r *rig, k *remediate.Case) {
			_, err := r.core.Decide(k.ID, remediate.Verdict{Remove: true, Why: "at the machine", By: remediate.Identity{Person: "E02", Proof: "uid 2"}}, r.clock())
			ok(r.t, err)
		}},
		{"replaced meanwhile", ada, "no longer open", func(r *rig, k *remediate.Case) {
			_, err := r.core.Outdated(k.ID, k.Rev, "it is gone", r.clock())
			ok(r.t, err)
		}},
		{"the desk says no", ada, "", func(r *rig, _ *remediate.Case) {
			r.core.MayDecide = func(remediate.Identity, *remediate.Case) error { return errors.New("not today") }
		}},
		{"the account has changed", ada, "", func(r *rig, _ *remediate.Case) {
			before, err := r.app.Account(r.t.Context(), "sam")
			ok(r.t, err)
			_, err = r.app.Disable(r.t.Context(), before)
			ok(r.t, err)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, func(t *testing.T, r *rig) {
				k := r.stale()
				r.refresh()
				r.press(r.card(ada), ada, isWrong)
				v := r.form(ada)
				k, err := r.led.Case(k.ID)
				ok(t, err)
				c.before(r, k)
				contains(t, r.send(r.slack.Submit(v, c.user, map[string]string{"because": "hr-data", "why": "they stay until spring"})).Said(), c.says)
				if c.says == "" {
					r.told(ada, "Nothing was ")
				}
				if list := r.rulings(); len(list) != 0 {
					t.Errorf("recorded: %+v", list)
				}
				if k, err := r.led.Case(k.ID); err != nil || k.Wrong != nil {
					t.Errorf("recorded (%v): %+v", err, k.Wrong)
				}
			})
		})
	}
}

// Of one who says that it is wrong and one who removes, at once, one is heard, and the other told.
func TestWrongOrRemoved(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.folk.manager, r.folk.owner = map[connectors.PersonID]connectors.PersonID{}, map[connectors.AppID]connectors.PersonID{}
		var ids []string
		for i := range 6 {
			it := item("sam", "E10", scanner.StaleAccount)
			it.Group += string(rune('a' + i))
			it.Findings = []scanner.FindingID{scanner.FindingID("f-" + string(rune('a'+i)))}
			ids = append(ids, r.open(it).ID)
		}
		r.refresh()
		m := r.card(channel)
		var forms []slacktest.Payload
		for _, b := range m.Buttons() {
			if b.Action == isWrong {
				r.send(r.slack.Press(m, cleo, b))
				forms = append(forms, r.slack.Submit(r.form(cleo), cleo, map[string]string{"because": "policy", "why": "they may have it"}))
			}
		}
		done := make(chan struct{})
		go func() {
			for _, p := range forms {
				r.slack.Send(p)
			}
			done <- struct{}{}
		}()
		go func() {
			buttons := m.Buttons()
			slices.Reverse(buttons)
			for _, b := range buttons {
				if b.Action == remove {
					r.slack.Send(r.slack.Press(m, dora, b))
				}
			}
			done <- struct{}{}
		}()
		<-done
		<-done
		r.desk.Settle()
		ruled := map[scanner.FindingID]bool{}
		for _, x := range r.rulings() {
			ruled[x.Finding] = true
		}
		for _, id := range ids {
			c, err := r.led.Case(id)
			ok(t, err)
			if removed := c.State == remediate.Remove; removed == (c.Wrong != nil) || removed == ruled[c.Item.Findings[0]] || c.Rev != 3 {
				t.Errorf("case %s is %s, of revision %d, wrong %+v, ruled %v", id, c.State, c.Rev, c.Wrong, ruled[c.Item.Findings[0]])
			}
		}
	})
}

// The desk itself takes no word that it must not take, whoever asks it, and from wherever.
func TestDeskRulesOnNothingItMustNot(t *testing.T) {
	r := newRig(t, "http")
	it := item("root", "E10", scanner.StaleAccount)
	it.Privileged = true
	two, k := r.open(it), r.stale()
	kept := r.open(item("sue", "E11", scanner.StaleAccount))
	boss := remediate.Identity{Person: "E01", Proof: "uid 1"}
	_, err := r.core.Decide(kept.ID, remediate.Verdict{By: boss, Why: "needed", Until: connectors.DateOf(noon, time.UTC) + 9}, noon)
	ok(t, err)
	v := remediate.Verdict{By: boss, Why: "they stay until spring"}
	for name, c := range map[string]struct {
		of      string
		because string
		how     func(*remediate.Verdict)
		want    error
	}{
		"two people":    {two.ID, "policy", func(*remediate.Verdict) {}, remediate.ErrMayNot},
		"nobody":        {k.ID, "policy", func(v *remediate.Verdict) { v.By = remediate.Policy }, remediate.ErrMayNot},
		"own access":    {k.ID, "policy", func(v *remediate.Verdict) { v.By.Person = "E10" }, remediate.ErrMayNot},
		"decided":       {kept.ID, "policy", func(*remediate.Verdict) {}, remediate.ErrMove},
		"another item":  {k.ID, "policy", func(v *remediate.Verdict) { v.Item = "other" }, remediate.ErrStale},
		"earlier":       {k.ID, "policy", func(v *remediate.Verdict) { v.Rev = 7 }, remediate.ErrStale},
		"no such case":  {"c-0", "policy", func(*remediate.Verdict) {}, connectors.ErrNotFound},
		"owner":         {k.ID, "owner", func(*remediate.Verdict) {}, nil},
		"class":         {k.ID, "class", func(*remediate.Verdict) {}, nil},
		"without a why": {k.ID, "policy", func(v *remediate.Verdict) { v.Why = " " }, nil},
	} {
		v := v
		c.how(&v)
		if _, err := r.deps.Cases.Wrong(c.of, v, c.because, noon); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if list := r.rulings(); len(list) != 0 {
		t.Errorf("recorded: %+v", list)
	}
	if _, err := r.deps.Cases.Wrong(k.ID, v, "policy", noon); err != nil || len(r.rulings()) != 1 {
		t.Errorf("what it must take it does not: %v", err)
	}
}
