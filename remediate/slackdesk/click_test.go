package slackdesk_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/slackdesk"
	"rollcall/remediate/slackdesk/slacktest"
	"rollcall/scanner"
)

const (
	ada, ben, cleo, dora, olda, sam = "U0ADA", "U0BEN", "U0CLEO", "U0DORA", "U0OLDA", "U0SAM"

	remove, keepIt, notMine, isWrong, removeAll, undo = "rollcall_remove", "rollcall_keep", "rollcall_not_mine", "rollcall_wrong", "rollcall_remove_all", "rollcall_undo"
)

// The way through: asked, removed, carried out, told, taken back.
func TestRemoveAndUndo(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		c := r.stale()
		r.refresh()
		asked := r.is(c.ID, remediate.Asked)
		if !asked.Due.Equal(noon.Add(answer)) {
			t.Errorf("an answer is wanted by %s", asked.Due)
		}
		r.refresh() // which notes when it is due
		m := r.card(ada)
		contains(t, m.Reads(), "Access to review: 1 case", "line manager", "MEDIUM, stale account: Sam (E10), sam in crm", "sam was not used for 120 days.", "Last sign-in: 2025-11-03", "Peers who hold it: 2 of 9",
			"Remove access does: disable sam in crm (can be taken back)", "Keep access does:", "Answer by 2026-03-07 12:00 UTC", "stays open", "ten seconds")
		for _, b := range m.Buttons() {
			if len(b.Value) != 24 {
				t.Errorf("button %q has the value %q", b.Label, b.Value)
			}
		}
		r.press(m, ada, remove)
		d := r.is(c.ID, remediate.Remove).Decision
		if d.By != (remediate.Identity{Person: "E01", Proof: "slack U0ADA"}) || d.Item != c.ItemHash {
			t.Errorf("recorded: %+v", d)
		}
		m = r.card(ada)
		if len(m.Buttons()) != 0 {
			t.Errorf("the card still has buttons: %v", m.Buttons())
		}
		contains(t, m.Reads(), "REMOVE ACCESS, decided by Ada (E01) on 2026-03-02 12:00 UTC", "waits to be carried out")
		r.carry(c.ID)
		r.refresh()
		list := r.slack.Messages(ada)
		reply := list[len(list)-1]
		if reply.Thread != list[0].TS {
			t.Fatalf("the outcome is no answer in the card's thread: %+v", reply)
		}
		contains(t, reply.Reads(), "Done, and seen by a fresh read", "seen: disable sam in crm", "It can be taken back until")
		contains(t, list[0].Reads(), "Done, and seen by a fresh read")
		r.refresh()
		if n := len(r.slack.Messages(ada)); n != len(list) {
			t.Errorf("the outcome was told again: %d messages", n)
		}
		r.press(reply, ada, undo)
		r.is(c.ID, remediate.Undone)
		reply = r.card(ada)
		if has(reply, undo) {
			t.Error("Undo is still offered")
		}
		contains(t, reply.Reads(), "TAKEN BACK by Ada (E01)")
	})
}

func TestKeep(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		c := r.stale()
		r.refresh()
		m := r.card(ada)
		contains(t, r.keep(m, ada, "  ", "2026-06-01").Said(), "Say why")
		contains(t, r.keep(m, ada, "needed for the audit", "").Said(), "until which day")
		contains(t, r.keep(m, ada, "needed for the audit", "2026-03-02").Said(), "has passed")
		contains(t, r.keep(m, ada, "needed for the audit", "2028-01-01").Said(), "At most 365 days")
		r.is(c.ID, remediate.Asked)
		if a := r.keep(m, ada, "needed for the audit", "2026-06-01"); a.Said() != "" {
			t.Fatal(a.Said())
		}
		d := r.is(c.ID, remediate.Keep).Decision
		if d.Why != "needed for the audit" || d.Until.String() != "2026-06-01" {
			t.Errorf("recorded: %+v", d)
		}
		contains(t, textOf(r.card(ada)), "KEEP ACCESS until 2026-06-01, decided by Ada (E01)", "needed for the audit")
	})
}

func textOf(m slacktest.Message) string { return m.Reads() }

// What is not a click of this app, of this workspace, on this message, is refused and leaves no trace.
func TestForgedPayloads(t *testing.T) {
	set := func(p slacktest.Payload, key, sub string, v any) {
		inner := p[key].(slacktest.Payload)
		if v == nil {
			delete(inner, sub)
		} else {
			inner[sub] = v
		}
	}
	first := func(p slacktest.Payload) slacktest.Payload { return p["actions"].([]any)[0].(slacktest.Payload) }
	for _, c := range []struct {
		name, why string
		spoil     func(p slacktest.Payload)
	}{
		{"other app", "other app", func(p slacktest.Payload) { p["api_app_id"] = "A0OTHER" }},
		{"no app", "other app", func(p slacktest.Payload) { delete(p, "api_app_id") }},
		{"other team", "other workspace", func(p slacktest.Payload) { set(p, "team", "id", "T0OTHER") }},
		{"missing team", "other workspace", func(p slacktest.Payload) { delete(p, "team") }},
		{"null team", "other workspace", func(p slacktest.Payload) { p["team"] = nil }},
		{"user of another team", "other workspace", func(p slacktest.Payload) { set(p, "user", "team_id", "T0OTHER") }},
		{"user of no team", "other workspace", func(p slacktest.Payload) { set(p, "user", "team_id", nil) }},
		{"no user", "malformed", func(p slacktest.Payload) { set(p, "user", "id", "") }},
		{"no action", "malformed", func(p slacktest.Payload) { p["actions"] = []any{} }},
		{"two actions", "malformed", func(p slacktest.Payload) { p["actions"] = append(p["actions"].([]any), p["actions"].([]any)[0]) }},
		{"other type", "malformed", func(p slacktest.Payload) { p["type"] = "shortcut" }},
		{"unknown action", "unknown button", func(p slacktest.Payload) { first(p)["action_id"] = "approve" }},
		{"no block", "malformed", func(p slacktest.Payload) { delete(first(p), "block_id") }},
		{"other block", "another message's button", func(p slacktest.Payload) { first(p)["block_id"] = "case:c-1" }},
		{"other action of the same button", "another message's button", func(p slacktest.Payload) { first(p)["action_id"] = keepIt }},
		{"guessed token", "unknown button", func(p slacktest.Payload) { first(p)["value"] = "AAAAAAAAAAAAAAAAAAAAAAAA" }},
		{"no token", "unknown button", func(p slacktest.Payload) { delete(first(p), "value") }},
		{"other channel", "another message's button", func(p slacktest.Payload) {
			set(p, "channel", "id", "C0ELSEWHERE")
			set(p, "container", "channel_id", "C0ELSEWHERE")
		}},
		{"other message", "another message's button", func(p slacktest.Payload) {
			set(p, "message", "ts", "1.000001")
			set(p, "container", "message_ts", "1.000001")
		}},
		{"contradiction", "malformed", func(p slacktest.Payload) { set(p, "container", "message_ts", "1.000001") }},
		{"no channel", "malformed", func(p slacktest.Payload) { delete(p, "channel"); delete(p, "container") }},
		{"no message", "malformed", func(p slacktest.Payload) { delete(p, "message"); delete(p, "container") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, func(t *testing.T, r *rig) {
				k := r.stale()
				r.refresh()
				m := r.card(ada)
				p := r.slack.Press(m, ada, button(t, m, remove))
				c.spoil(p)
				r.slack.Send(p)
				r.desk.Settle()
				r.is(k.ID, remediate.Asked)
				r.refusedFor(c.why)
				r.press(m, ada, remove) // what was refused has used nothing up
				r.is(k.ID, remediate.Remove)
			})
		})
	}
}

// Who pressed is looked at as Slack and the roster have them now.
func TestWhoMayNotPress(t *testing.T) {
	for _, c := range []struct {
		name, why, user string
		before          func(r *rig)
	}{
		{"deactivated approver", "deactivated account", ada, func(r *rig) { r.slack.Add(slacktest.User{ID: ada, Deleted: true}) }},
		{"bot", "bot", ada, func(r *rig) { r.slack.Add(slacktest.User{ID: ada, Bot: true}) }},
		{"guest", "guest", ada, func(r *rig) { r.slack.Add(slacktest.User{ID: ada, Restricted: true}) }},
		{"single-channel guest", "guest", ada, func(r *rig) { r.slack.Add(slacktest.User{ID: ada, UltraRestricted: true}) }},
		{"stranger", "stranger", ada, func(r *rig) { r.slack.Add(slacktest.User{ID: ada, Stranger: true}) }},
		{"left", "does not work here", ada, func(r *rig) { r.folk.change("E01", func(w *slackdesk.Who) { w.Works = false }) }},
		{"on leave", "on leave", ada, func(r *rig) { r.folk.change("E01", func(w *slackdesk.Who) { w.Away = true }) }},
		{"manager no longer", "not theirs to decide", ada, func(r *rig) { r.folk.manager["E10"] = "E05" }},
		{"unbound", "nobody's account", ada, func(r *rig) { ok(r.t, r.led.Unbind(ada, remediate.Policy, noon)) }},
		{"another's direct message", "another message's button", ben, func(*rig) {}},
		{"Slack does not say who that is", "the account cannot be checked", ada, func(r *rig) { r.slack.Fail("users.info", slacktest.Failure{Error: "internal_error"}) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, func(t *testing.T, r *rig) {
				k := r.stale()
				r.refresh()
				r.pass(11 * time.Minute) // what Slack said before is not believed any more
				m := r.card(ada)
				c.before(r)
				r.press(m, c.user, remove)
				r.is(k.ID, remediate.Asked)
				r.refusedFor(c.why)
				if len(r.slack.Ephemerals(c.user)) == 0 {
					t.Error("nobody was told anything")
				}
			})
		})
	}
}

// In the channel anybody could press: being in it is no permission.
func TestChannelIsNoPermission(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.folk.manager, r.folk.owner = map[connectors.PersonID]connectors.PersonID{}, map[connectors.AppID]connectors.PersonID{}
		k := r.stale()
		r.refresh()
		m := r.card(channel)
		for _, c := range []struct{ user, why string }{{ben, "not theirs to decide"}, {ada, "not theirs to decide"}, {sam, "own access"}} {
			r.press(m, c.user, remove)
			r.is(k.ID, remediate.Asked)
			r.refusedFor(c.why)
		}
		r.told(sam, "your own access")
		approvers := r.folk.approvers
		r.folk.approvers = nil // an empty list is nobody
		r.press(m, cleo, remove)
		r.is(k.ID, remediate.Asked)
		r.folk.approvers = approvers
		r.press(m, cleo, remove)
		r.is(k.ID, remediate.Remove)
	})
}

// Nobody judges their own access: not as approver, not as owner, not under another id, not through a deputy.
func TestOwnAccess(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		it := item("sam", "E10b", scanner.StaleAccount) // a second record of Sam's
		r.folk.manager = map[connectors.PersonID]connectors.PersonID{}
		r.folk.owner["crm"], r.folk.approvers = "E10", []connectors.PersonID{"E10"}
		k := r.open(it)
		ok(t, r.led.Delegate(remediate.Delegation{Of: "E10", To: "E01", First: connectors.DateOf(noon, time.UTC), Last: connectors.DateOf(noon, time.UTC) + 5, At: noon}, remediate.Identity{Person: "E10", Proof: "slack"}))
		r.refresh()
		m := r.card(channel)
		r.press(m, sam, remove)
		r.is(k.ID, remediate.Asked)
		r.refusedFor("own access")
		r.press(m, ada, remove) // Sam's deputy
		r.is(k.ID, remediate.Asked)
		r.refusedFor("not theirs to decide")
	})
}

// Managers in a loop do not decide for each other.
func TestManagerLoop(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.folk.manager["E01"] = "E10"
		k := r.stale()
		r.refresh()
		r.is(k.ID, remediate.Asked)
		contains(t, textOf(r.card(ben)), "Ada (E01) reports to whom it is about.")
		if len(r.slack.Messages(ada)) != 0 {
			t.Error("Ada was asked")
		}
	})
}

// An account that is bound to nobody is known by its address only where that is allowed, and never where two have it.
func TestByEmail(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		ok(t, r.led.Unbind(ada, remediate.Policy, noon))
		r.stop()
		r.set.ByEmail = true
		r.start()
		k := r.stale()
		r.refresh()
		m := r.card(ada)
		r.folk.change("E05", func(w *slackdesk.Who) { w.Address = "ada@made-up.example" })
		ok(t, r.led.Unbind(olda, remediate.Policy, noon))
		r.press(m, ada, remove)
		r.is(k.ID, remediate.Asked)
		r.refusedFor("several people's account")
		r.folk.change("E05", func(w *slackdesk.Who) { w.Address = "olda@made-up.example" })
		r.press(m, ada, remove)
		if d := r.is(k.ID, remediate.Remove).Decision; d.By.Proof != "slack U0ADA by address" {
			t.Errorf("recorded: %+v", d.By)
		}
	})
}

// Each of a double click, and of what comes twice, decides once; whoever comes later is told, kindly.
func TestDoubleClick(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		k := r.stale()
		r.refresh()
		m := r.card(ada)
		p := r.slack.Press(m, ada, button(t, m, remove))
		r.send(p)
		rev := r.is(k.ID, remediate.Remove).Rev
		if r.set.AppToken != "" {
			r.send(p) // the envelope once more
		}
		r.press(m, ada, remove)
		if now := r.is(k.ID, remediate.Remove).Rev; now != rev {
			t.Errorf("decided twice: revision %d, then %d", rev, now)
		}
		if said := r.slack.Ephemerals(ada); len(said) != 0 {
			t.Errorf("who pressed twice was told %q", said)
		}
		r.press(m, ada, keepIt)
		r.told(ada, "Already decided by E01 on 2026-03-02 12:00 UTC: remove the access.")
	})
}

func TestTwoApproversAtOnce(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.folk.manager, r.folk.owner = map[connectors.PersonID]connectors.PersonID{}, map[connectors.AppID]connectors.PersonID{}
		var ids []string
		for range 8 {
			it := item("sam", "E10", scanner.StaleAccount)
			it.Group += string(rune('a' + len(ids)))
			ids = append(ids, r.open(it).ID)
		}
		r.refresh()
		m := r.card(channel)
		done := make(chan struct{})
		for _, user := range []string{cleo, dora} {
			go func() {
				defer func() { done <- struct{}{} }()
				for _, b := range m.Buttons() {
					if b.Action == remove {
						r.slack.Send(r.slack.Press(m, user, b))
					}
				}
			}()
		}
		<-done
		<-done
		r.desk.Settle()
		lost := len(r.slack.Ephemerals(cleo)) + len(r.slack.Ephemerals(dora))
		for _, id := range ids {
			if c := r.is(id, remediate.Remove); c.Rev != 3 { // opened, asked, decided
				t.Errorf("case %s has revision %d: decided more than once?", id, c.Rev)
			}
		}
		if lost != len(ids) {
			t.Errorf("%d were told that they came second, of %d", lost, len(ids))
		}
		r.refresh()
		if m = r.card(channel); len(m.Buttons()) != 0 {
			t.Errorf("the card still has buttons:\n%s", m.Reads())
		}
	})
}

// Something privileged takes two people, for removing and for keeping; one person's word twice is one word.
func TestTwoPeople(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		it := item("root", "E10", scanner.StaleAccount)
		it.Privileged = true
		k := r.open(it)
		r.refresh()
		m := r.card(ada)
		contains(t, m.Reads(), "Privileged: it takes the words of two people.")
		r.press(m, ada, remove)
		r.is(k.ID, remediate.Asked)
		r.told(ada, "takes two people")
		r.press(m, ada, remove)
		r.is(k.ID, remediate.Asked)
		contains(t, textOf(r.card(ada)), "Ada (E01) said on 2026-03-02 12:00 UTC: remove access. A second person has to say the same.")
		r.refresh()
		second := r.card(ben)
		contains(t, second.Reads(), "Ada (E01) has spoken, and it takes two.", "A second person has to say the same.")
		// Who says otherwise has not said the same.
		r.keep(second, ben, "it is needed", "2026-04-01")
		r.is(k.ID, remediate.Asked)
		r.press(r.card(ada), ada, remove)
		r.is(k.ID, remediate.Asked)
		r.press(r.card(ben), ben, remove)
		c := r.is(k.ID, remediate.Remove)
		if len(c.Votes) != 2 || c.Votes[0].By.Person != "E01" || c.Votes[1].By.Person != "E02" {
			t.Errorf("recorded: %+v", c.Votes)
		}
		contains(t, textOf(r.card(ada)), "decided by Ada (E01) and Ben (E02)")
	})
}

// Whose word came first must still be allowed to decide when the second comes.
func TestFirstOfTwoHasLeft(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.core.MayDecide = func(by remediate.Identity, _ *remediate.Case) error {
			if w, _ := r.folk.Who(by.Person); !w.Works {
				return context.Canceled
			}
			return nil
		}
		it := item("root", "E10", scanner.StaleAccount)
		it.Privileged = true
		k := r.open(it)
		r.refresh()
		r.press(r.card(ada), ada, remove)
		r.refresh()
		r.folk.change("E01", func(w *slackdesk.Who) { w.Works = false })
		r.press(r.card(ben), ben, remove)
		r.is(k.ID, remediate.Asked)
	})
}

// An account that has changed since is not decided about.
func TestAccountChanged(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		k := r.stale()
		r.refresh()
		before, err := r.app.Account(context.Background(), "sam")
		ok(t, err)
		_, err = r.app.Disable(context.Background(), before)
		ok(t, err)
		r.press(r.card(ada), ada, remove)
		r.is(k.ID, remediate.Superseded)
		r.told(ada, "has changed since. Nothing was decided")
		if m := r.card(ada); len(m.Buttons()) != 0 {
			t.Errorf("the card still has buttons:\n%s", m.Reads())
		}
	})
}

// A case that a later run replaced is not decided about by the old card.
func TestCaseReplaced(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		k := r.stale()
		r.refresh()
		_, err := r.core.Follow(&remediate.Plan{}, "run-2", r.clock(), func(*remediate.Item) bool { return true })
		ok(t, err)
		r.press(r.card(ada), ada, remove)
		r.is(k.ID, remediate.Superseded)
		r.told(ada, "no longer open")
	})
}

func TestTooOld(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		k := r.stale()
		r.refresh()
		m := r.card(ada)
		r.pass(15 * 24 * hour)
		r.press(m, ada, remove)
		r.is(k.ID, remediate.Asked)
		r.refusedFor("button too old")
		r.told(ada, "/rollcall pending")
	})
}

// A form is judged anew when it is sent, however long it lay open, and for whom it was opened alone.
func TestFormIsJudgedAgain(t *testing.T) {
	fields := map[string]string{"why": "needed for the audit", "until": "2026-06-01"}
	for _, c := range []struct {
		name, user, says string
		before           func(r *rig, k *remediate.Case)
	}{
		{"after expiry", ada, "too old", func(r *rig, _ *remediate.Case) { r.pass(61 * time.Minute) }},
		{"by another", cleo, "did not work", func(*rig, *remediate.Case) {}},
		{"decided meanwhile", ada, "Already decided by E02", func(r *rig, k *remediate.Case) {
			_, err := r.core.Decide(k.ID, remediate.Verdict{Remove: true, Why: "at the machine", By: remediate.Identity{Person: "E02", Proof: "uid 2"}}, r.clock())
			ok(r.t, err)
		}},
		{"manager no longer", ada, "did not work", func(r *rig, _ *remediate.Case) { r.folk.manager["E10"] = "E05" }},
		{"the account has changed", ada, "", func(r *rig, _ *remediate.Case) {
			before, err := r.app.Account(context.Background(), "sam")
			ok(r.t, err)
			_, err = r.app.Disable(context.Background(), before)
			ok(r.t, err)
		}},
		{"it is their own by now", ada, "your own access", func(r *rig, _ *remediate.Case) { r.folk.same["E10"] = "E01" }},
		{"gone from the company", ada, "did not work", func(r *rig, _ *remediate.Case) { r.folk.change("E01", func(w *slackdesk.Who) { w.Works = false }) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, func(t *testing.T, r *rig) {
				k := r.stale()
				r.refresh()
				r.press(r.card(ada), ada, keepIt)
				v := r.form(ada)
				c.before(r, k)
				contains(t, r.send(r.slack.Submit(v, c.user, fields)).Said(), c.says)
				if c.says == "" {
					r.told(ada, "has changed since. Nothing was decided")
				}
				if k, err := r.led.Case(k.ID); err != nil || k.State == remediate.Keep {
					t.Errorf("kept all the same (%v)", err)
				}
			})
		})
	}
}

// A form that Slack will not open any more is not waited for.
func TestFormTooLate(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.stale()
		r.refresh()
		m := r.card(ada)
		r.slack.Fail("views.open", slacktest.Failure{Error: "expired_trigger_id"})
		r.press(m, ada, keepIt)
		r.told(ada, "Press again")
		if a := r.keep(m, ada, "needed for the audit", "2026-06-01"); a.Said() != "" {
			t.Error(a.Said())
		}
	})
}

func TestNotMine(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		k := r.stale()
		r.refresh()
		m := r.card(ada)
		r.press(m, ada, notMine)
		r.is(k.ID, remediate.Asked)
		contains(t, textOf(r.card(ada)), "You passed it on")
		r.refresh()
		contains(t, textOf(r.card(ben)), "Passed on to you", "Ada (E01) passed it on.")
		r.press(r.card(ben), ben, notMine)
		r.refresh()
		contains(t, textOf(r.card(channel)), "Ben (E02) passed it on.")
		r.press(r.card(channel), cleo, remove)
		r.is(k.ID, remediate.Remove)
	})
}

func TestBulkRemove(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		var ids []string
		for i := range 4 {
			it := item("sam", "E10", scanner.StaleAccount)
			it.Group += string(rune('a' + i))
			ids = append(ids, r.open(it).ID)
		}
		it := item("root", "E10", scanner.StaleAccount)
		it.Privileged = true
		privileged := r.open(it)
		other := r.open(item("sue", "E11", scanner.ExcessAccess))
		r.refresh()
		m := r.card(ada)
		contains(t, button(t, m, removeAll).Label, "Remove all 4: stale account")
		contains(t, string(m.Blocks), "Remove 4 accesses?")
		_, err := r.core.Decide(ids[0], remediate.Verdict{Remove: true, Why: "at the machine", By: remediate.Identity{Person: "E02", Proof: "uid 2"}}, r.clock())
		ok(t, err)
		r.press(m, ada, removeAll)
		for _, id := range ids {
			r.is(id, remediate.Remove)
		}
		r.is(privileged.ID, remediate.Asked)
		r.is(other.ID, remediate.Asked)
		r.told(ada, "3 decided. 1 were left")
		m = r.card(ada)
		if has(m, removeAll) || !has(m, remove) {
			t.Errorf("the card has the buttons %v", m.Buttons())
		}
	})
}

// Of two people who keep something privileged, the more careful one says until when.
func TestTwoPeopleKeep(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		it := item("root", "E10", scanner.StaleAccount)
		it.Privileged = true
		k := r.open(it)
		r.refresh()
		r.keep(r.card(ada), ada, "needed for the audit", "2026-06-01")
		r.is(k.ID, remediate.Asked)
		contains(t, textOf(r.card(ada)), "keep access until 2026-06-01. A second person has to say the same.")
		r.refresh()
		r.keep(r.card(ben), ben, "ok", "2026-05-01")
		r.is(k.ID, remediate.Asked) // no reason in so few words
		r.keep(r.card(ben), ben, "it is needed", "2026-05-01")
		if d := r.is(k.ID, remediate.Keep).Decision; d.Until.String() != "2026-05-01" {
			t.Errorf("kept until %s", d.Until)
		}
		contains(t, textOf(r.card(ada)), "KEEP ACCESS until 2026-05-01, decided by Ada (E01) and Ben (E02)")
	})
}

// Who alone tied a chat account to somebody could be speaking through it: that is no second word beside theirs, none beside
// that of another account they tied, and none on their own access. Once another admin has confirmed it, it is.
func TestOneVoice(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		tie := func(user string, id connectors.PersonID, by remediate.Identity) {
			t.Helper()
			ok(t, r.led.Unbind(user, admin, noon))
			ok(t, r.led.Bind(remediate.Binding{User: user, Team: r.slack.TeamID, Person: id, At: noon}, by))
		}
		it := item("root", "E10", scanner.StaleAccount)
		it.Privileged = true
		k, own := r.open(it), r.stale()
		owner := remediate.Identity{Person: "E02", Proof: "uid 2"} // Ben, who is an admin too
		tie(ada, "E01", owner)
		r.refresh()
		m := r.card(ada)
		press := func(user, id string) {
			t.Helper()
			for _, b := range m.Buttons() {
				if b.Action == remove && b.Block == "case:"+id {
					r.send(r.slack.Press(m, user, b))
				}
			}
		}
		press(ada, k.ID)
		_, err := r.core.Decide(k.ID, remediate.Verdict{Remove: true, Why: "it goes", By: owner}, r.clock())
		if !errors.Is(err, remediate.ErrMayNot) || !strings.Contains(err.Error(), "E02, who tied a chat account alone, could have said both") {
			t.Errorf("Ben, who tied Ada's account, is the second: %v", err)
		}
		r.is(k.ID, remediate.Asked)

		tie(ada, "E01", admin)
		tie(cleo, "E03", admin)
		press(ada, k.ID)
		contains(t, r.command(cleo, "pending"), "2 cases you may decide")
		m = r.card(cleo)
		press(cleo, k.ID)
		r.is(k.ID, remediate.Asked)
		r.refusedFor("not another's word")
		r.told(cleo, "E99, who tied a chat account alone, could have said both")
		ok(t, r.led.Confirm(cleo, another, noon))
		press(cleo, k.ID)
		r.is(k.ID, remediate.Remove)

		tie(cleo, "E03", remediate.Identity{Person: "E10", Proof: "uid 10"}) // by Sam, whose access it is
		press(cleo, own.ID)
		r.is(own.ID, remediate.Asked)
		r.told(cleo, "it is about the access of E10, who alone tied your chat account to you")
		ok(t, r.led.Confirm(cleo, another, noon))
		press(cleo, own.ID)
		r.is(own.ID, remediate.Remove)
	})
}

// A chat account that is known by its address alone is no second person's; nor is one that was untied after it spoke.
func TestUnboundIsNoSecondPerson(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.stop()
		r.set.ByEmail = true
		r.start()
		it := item("root", "E10", scanner.StaleAccount)
		it.Privileged = true
		k := r.open(it)
		r.refresh()
		r.press(r.card(ada), ada, remove)
		ok(t, r.led.Unbind(ada, admin, noon))
		owner := remediate.Identity{Person: "E02", Proof: "uid 2"}
		_, err := r.core.Decide(k.ID, remediate.Verdict{Remove: true, Why: "it goes", By: owner}, r.clock())
		ok(t, err)
		r.is(k.ID, remediate.Asked)
		r.press(r.card(ada), ada, remove)
		r.told(ada, "your chat account is tied to nobody")
		r.is(k.ID, remediate.Asked)
		r.bind(ada, "E01")
		r.press(r.card(ada), ada, remove)
		r.is(k.ID, remediate.Remove)
	})
}
