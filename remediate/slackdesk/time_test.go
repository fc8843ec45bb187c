package slackdesk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/slackdesk"
	"rollcall/remediate/slackdesk/slacktest"
	"rollcall/scanner"
)

func leaver(r *rig, login, person string) *remediate.Case {
	it := item(login, person, scanner.OrphanedAccount)
	it.Severity = scanner.High
	return r.open(it)
}

// nights is 18:00 to 08:00, in each person's zone.
func nights(r *rig) {
	r.set.Calendar.QuietFrom, r.set.Calendar.QuietTo = 18*hour, 8*hour
}

// One digest a day, of at most twelve cases, the riskiest first and each app's together; people who left apart and at once.
func TestDigest(t *testing.T) {
	r := newRig(t, "http")
	for i := range 20 {
		it := item("sam", "E10", scanner.StaleAccount)
		it.Group = fmt.Sprintf("g%02d", i)
		it.Targets[0].App = connectors.AppID([]string{"crm", "erp"}[i%2])
		it.Actions[0].App = it.Targets[0].App
		if i == 19 {
			it.Severity = scanner.Critical
		}
		r.open(it)
	}
	leaver(r, "sue", "E11")
	r.refresh()
	list := r.slack.Messages(ada)
	if len(list) != 2 {
		t.Fatalf("%d messages", len(list))
	}
	for _, m := range list {
		if len(m.Buttons()) < 5 {
			contains(t, m.Reads(), "Access of people who left: 1 case to decide", "Sue (E11)")
			continue
		}
		contains(t, m.Reads(), "Access to review: 12 cases", "And 8 more", "rollcall cases list", "workbook")
		s := m.Sections()
		if s[0] != "In erp" || !strings.HasPrefix(s[1], "1. CRITICAL") || strings.Count(strings.Join(s, "\n"), "In erp") != 1 {
			t.Errorf("sections: %q", s)
		}
	}
	r.refresh()
	r.pass(6 * hour)
	r.refresh()
	if n := len(r.slack.Messages(ada)); n != 2 {
		t.Fatalf("%d messages on the same day", n)
	}
	leaver(r, "sam", "E10")
	r.refresh()
	if n := len(r.slack.Messages(ada)); n != 3 {
		t.Fatalf("somebody left, and Ada has %d messages", n)
	}
	r.pass(14 * hour)
	r.refresh()
	contains(t, textOf(r.card(ada)), "Access to review: 8 cases")
}

// Reminders after 24 and 72 hours, with fresh buttons; then the owner of the app; then the channel.
func TestRemindersAndEscalation(t *testing.T) {
	r := newRig(t, "http")
	k := r.stale()
	r.refresh()
	first := r.card(ada)
	for _, c := range []struct {
		at    time.Duration
		to    string
		title string
	}{{24 * hour, ada, "Reminder: 1 case"}, {72 * hour, ada, "Reminder: 1 case"}, {96 * hour, ben, "Passed on to you"}} {
		r.pass(c.at - r.clock().Sub(noon) - time.Minute)
		before := len(r.slack.Messages(""))
		r.refresh()
		if n := len(r.slack.Messages("")); n != before {
			t.Fatalf("before %v: %d messages, then %d", c.at, before, n)
		}
		r.pass(time.Minute)
		r.refresh()
		if n := len(r.slack.Messages("")); n != before+1 {
			t.Fatalf("after %v: %d messages, then %d", c.at, before, n)
		}
		m := r.card(c.to)
		contains(t, m.Reads(), c.title)
		if button(t, m, remove).Value == button(t, first, remove).Value {
			t.Error("the button is not fresh")
		}
	}
	contains(t, textOf(r.card(ben)), "Ada (E01) was asked on 2026-03-02 12:00 UTC and did not answer.")
	// The deadline: undecided, overdue, and on to the channel. It is never a keep.
	r.pass(25 * hour)
	_, err := r.core.Deadlines(r.clock())
	ok(t, err)
	r.is(k.ID, remediate.Expired)
	r.pass(48 * hour) // over the weekend
	r.refresh()
	m := r.card(channel)
	contains(t, m.Reads(), "Nobody answered in time.", "NOT DECIDED: nobody answered in time. It stays open and overdue")
	contains(t, textOf(r.slack.Messages(ada)[0]), "NOT DECIDED")
	r.press(m, dora, remove)
	r.is(k.ID, remediate.Remove)
}

// At the deadline an automatic leaver that was asked about lapses; the cards say that the policy did it.
func TestLeaverLapses(t *testing.T) {
	r := newRig(t, "http")
	it := item("sue", "E11", scanner.OrphanedAccount)
	it.Mode = scanner.ModeAuto
	k := r.open(it)
	_, err := r.core.Ask(k.ID, 0, "by mail", r.clock())
	ok(t, err)
	r.refresh()
	contains(t, textOf(r.card(ada)), "otherwise the policy removes it, since HR says that its owner has left.")
	r.pass(answer)
	_, err = r.core.Deadlines(r.clock())
	ok(t, err)
	r.is(k.ID, remediate.Lapsed)
	m := r.card(ada)
	r.press(m, ada, keepIt)
	r.told(ada, "The policy decided")
	r.refresh()
	contains(t, textOf(r.slack.Messages(ada)[0]), "REMOVED BY POLICY: nobody answered in time.")
	r.carry(k.ID)
	r.refresh()
	contains(t, textOf(r.card(ada)), "Done, and seen by a fresh read")
}

// Nobody is written to at night or on days on which nobody works, as their own zone has them. Who left does not wait.
func TestQuietHours(t *testing.T) {
	r := newRig(t, "http", nights, func(r *rig) {
		r.slack.Add(slacktest.User{ID: ada, Zone: "America/New_York"})
		r.set.Calendar.Holidays = map[connectors.Date]bool{connectors.DateOf(noon, time.UTC): true}
	})
	r.stale()
	r.refresh() // 07:00 in New York, on a holiday
	r.pass(3 * hour)
	r.refresh()
	if n := len(r.slack.Messages("")); n != 0 {
		t.Fatalf("%d messages on a holiday", n)
	}
	leaver(r, "sue", "E11")
	r.refresh()
	contains(t, textOf(r.card(ada)), "Access of people who left")
	for r.clock().Before(noon.Add(25 * hour)) { // 8:00 in New York is 13:00
		if n := len(r.slack.Messages("")); n != 1 {
			t.Fatalf("%d messages at %s", n, r.clock())
		}
		r.pass(30 * time.Minute)
		r.refresh()
	}
	contains(t, textOf(r.card(ada)), "Access to review")
	r.pass(71*hour + 30*time.Minute) // 7:30 in New York
	before := len(r.slack.Messages(""))
	r.refresh()
	if n := len(r.slack.Messages("")); n != before {
		t.Fatalf("%d messages before the day begins, %d had been", n, before)
	}
	r.pass(hour)
	r.refresh()
	contains(t, textOf(r.card(ada)), "Reminder: 2 cases")
}

// The night on which clocks jump has an end, too.
func TestQuietHoursAndClockChange(t *testing.T) {
	for _, day := range []time.Time{time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC), time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)} {
		r := newRig(t, "http", func(r *rig) {
			r.now = day
			r.set.Calendar = slackdesk.Calendar{QuietFrom: 22 * hour, QuietTo: 2*hour + 30*time.Minute, Weekend: []time.Weekday{}}
		})
		r.stale()
		for range 8 {
			r.refresh()
			if len(r.slack.Messages("")) > 0 {
				break
			}
			r.pass(15 * time.Minute)
		}
		at, _ := time.LoadLocation("Europe/Berlin")
		if local := r.clock().In(at); len(r.slack.Messages("")) != 1 || local.Hour()*60+local.Minute() < 150 {
			t.Errorf("%s: %d messages at %s", day, len(r.slack.Messages("")), local)
		}
	}
}

// Who has left, is on leave, is deactivated or has no account is passed over at once, with the reason.
func TestPassedOver(t *testing.T) {
	for name, c := range map[string]struct {
		how  func(r *rig)
		want string
	}{
		"left":        {func(r *rig) { r.folk.change("E01", func(w *slackdesk.Who) { w.Works = false }) }, "Ada (E01) has left."},
		"on leave":    {func(r *rig) { r.folk.change("E01", func(w *slackdesk.Who) { w.Away = true }) }, "Ada (E01) is on leave."},
		"deactivated": {func(r *rig) { r.slack.Add(slacktest.User{ID: ada, Deleted: true}) }, "Ada (E01) has a deactivated Slack account."},
		"guest":       {func(r *rig) { r.slack.Add(slacktest.User{ID: ada, Restricted: true}) }, "Ada (E01) has no full Slack account"},
		"unbound":     {func(r *rig) { ok(r.t, r.led.Unbind(ada, remediate.Policy, noon)) }, "Ada (E01) has no Slack account that is bound."},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "http", c.how)
			r.stale()
			r.refresh()
			contains(t, textOf(r.card(ben)), c.want)
			if n := len(r.slack.Messages(ada)); n != 0 {
				t.Errorf("Ada was asked all the same: %d messages", n)
			}
		})
		t.Run(name+" after being asked", func(t *testing.T) {
			r := newRig(t, "http")
			r.stale()
			r.refresh()
			r.pass(11 * time.Minute)
			c.how(r)
			r.refresh()
			contains(t, textOf(r.card(ben)), c.want)
		})
	}
}

// A deputy decides in somebody's place while the delegation holds, and not a day longer.
func TestDeputy(t *testing.T) {
	r := newRig(t, "http")
	today := connectors.DateOf(noon, time.UTC)
	r.folk.change("E01", func(w *slackdesk.Who) { w.Away = true })
	ok(t, r.led.Delegate(remediate.Delegation{Of: "E01", To: "E05", First: today, Last: today + 1, At: noon}, remediate.Identity{Person: "E01", Proof: "slack"}))
	k := r.stale()
	r.refresh()
	m := r.card(olda)
	contains(t, m.Reads(), "deputy of Ada (E01), line manager", "Olda (E05) decides in place of Ada (E01).")
	r.pass(48 * hour)
	r.press(m, olda, remove)
	r.is(k.ID, remediate.Asked)
	r.refusedFor("not theirs to decide")
	r.pass(-48 * hour)
	r.press(m, olda, remove)
	r.is(k.ID, remediate.Remove)
}

// What an earlier role left behind is known best by who managed it.
func TestMoversResidueGoesToTheOldManager(t *testing.T) {
	r := newRig(t, "http")
	k := r.open(item("sam", "E10", scanner.MoverStacking))
	r.refresh()
	m := r.card(olda)
	contains(t, m.Reads(), "line manager before the move")
	r.press(m, olda, remove)
	r.is(k.ID, remediate.Remove)
}

// Nobody at all can be asked: that is not lost, and nobody is said to have been.
func TestNobodyToAsk(t *testing.T) {
	r := newRig(t, "http", func(r *rig) { r.set.Channel = "" })
	r.folk.manager, r.folk.owner = nil, nil
	k := r.stale()
	r.refresh()
	r.is(k.ID, remediate.Open)
	f := r.desk.Figures()
	if f.Waiting != 1 || f.Unrouted != 1 || !strings.Contains(f.Unrouting[k.ID], "nobody else to ask") {
		t.Errorf("figures: %+v", f)
	}
}

// What was kept until a day is asked about anew, by a new card; the old one decides nothing more.
func TestKeptUntil(t *testing.T) {
	r := newRig(t, "http")
	k := r.stale()
	r.refresh()
	old := r.card(ada)
	r.keep(old, ada, "needed for the audit", "2026-03-04")
	r.pass(4 * 24 * hour)
	_, err := r.core.Deadlines(r.clock())
	ok(t, err)
	r.is(k.ID, remediate.Asked)
	r.refresh()
	list := r.slack.Messages(ada)
	if len(list) != 2 {
		t.Fatalf("%d messages", len(list))
	}
	contains(t, list[0].Reads(), "ASKED AGAIN on another card.")
	r.press(old, ada, remove)
	r.is(k.ID, remediate.Asked)
	r.press(list[1], ada, remove)
	r.is(k.ID, remediate.Remove)
}

// More than 20 decisions within a minute are faster than anybody reads.
func TestStamps(t *testing.T) {
	decided := func(n int, apart time.Duration) (list []*remediate.Case) {
		for i := range n {
			list = append(list, &remediate.Case{Decision: &remediate.Decision{By: remediate.Identity{Person: "E01", Proof: "slack U0ADA"}, At: noon.Add(time.Duration(i) * apart)}})
		}
		return append(list, &remediate.Case{}, &remediate.Case{Decision: &remediate.Decision{By: remediate.Policy, At: noon}})
	}
	for _, c := range []struct {
		n     int
		apart time.Duration
		want  int
	}{{20, time.Second, 0}, {21, time.Second, 21}, {21, 3 * time.Second, 0}, {50, 2 * time.Second, 50}, {21, 2999 * time.Millisecond, 21}} {
		got := 0
		for _, s := range slackdesk.Stamps(decided(c.n, c.apart)) {
			got += s.Cases
			if s.Person != "E01" || !s.From.Equal(noon) {
				t.Errorf("%+v", s)
			}
		}
		if got != c.want {
			t.Errorf("%d decisions %v apart: %d rubber stamps, want %d", c.n, c.apart, got, c.want)
		}
	}
}
