package slackdesk_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/inmem"
	"rollcall/remediate"
	"rollcall/remediate/slackdesk"
	"rollcall/remediate/slackdesk/slacktest"
	"rollcall/scanner"
)

// chaos is a minute in which Slack drops connections, sends envelopes twice or never, and loses answers, while everybody
// presses buttons.
type chaos struct {
	*rig
	cases int
	dice  *rand.Rand
	users []string
	sent  map[string]bool // forms

	dropped, before int // connections, and how many there had been when the last was dropped
	aside           int // cases that were said to be wrong, and set aside
	thrown, never   int // payloads, and those of them that were never sent
}

func newChaos(t *testing.T, cases, managers int) *chaos {
	x := &chaos{cases: cases, dice: rand.New(rand.NewPCG(1, 2)), sent: map[string]bool{}}
	x.rig = newRig(t, "socket", func(r *rig) {
		rows := make([]connectors.Account, cases)
		for i := range rows {
			login, person := fmt.Sprintf("u%04d", i), connectors.PersonID(fmt.Sprintf("P%04d", i))
			rows[i] = row(login, string(person))
			r.folk.who[person] = slackdesk.Who{ID: person, Name: "Somebody", Works: false}
			r.folk.manager[person] = connectors.PersonID(fmt.Sprintf("M%02d", i%managers))
			it := item(login, string(person), scanner.OrphanedAccount)
			it.Privileged = i%50 == 0
			r.open(it)
		}
		r.app = &inmem.WritableApp{App: inmem.App{Rows: rows}}
		r.apply.Apps["crm"] = r.app
		for i := range managers {
			id := fmt.Sprintf("M%02d", i)
			x.users = append(x.users, "U0"+id)
			r.folk.who[connectors.PersonID(id)] = slackdesk.Who{ID: connectors.PersonID(id), Name: "Manager " + id, Works: true}
			r.slack.Add(slacktest.User{ID: "U0" + id, Name: id})
			r.bind("U0"+id, connectors.PersonID(id))
		}
	})
	x.users = append(x.users, ben, cleo, dora)
	return x
}

var loginOn = regexp.MustCompile(`\bu\d{4}\b`)

// drops are how connections end, one after the other: cut off without a word, or for a reason that Slack gives.
var drops = []string{"", "warning", "", "refresh_requested", "", "too_many_websockets"}

// connected waits for a connection later than the one that was dropped.
func (x *chaos) connected() {
	x.t.Helper()
	eventually(x.t, func() bool {
		f := x.desk.Figures()
		live, _ := x.slack.Live()
		return live == 1 && f.Connected && f.Connects > x.before
	})
}

// drop ends the connection there is, with whatever is on its way over it.
func (x *chaos) drop() {
	x.before = x.desk.Figures().Connects
	if why := drops[x.dropped%len(drops)]; why == "" {
		x.slack.Cut()
	} else {
		x.slack.Disconnect(why)
	}
	x.dropped++
}

// quiet waits until all that came through is answered and worked on.
func (x *chaos) quiet() {
	x.t.Helper()
	eventually(x.t, func() bool { _, n := x.slack.Live(); return n == 0 })
	x.desk.Settle()
}

// storm is what the calls of one step fail with.
func (x *chaos) storm() {
	for _, method := range []string{"chat.postMessage", "chat.update", "chat.postEphemeral", "views.open", "users.info", "apps.connections.open"} {
		switch x.dice.IntN(8) {
		case 0:
			x.slack.Fail(method, slacktest.Failure{RetryAfter: 1 + x.dice.IntN(3)})
		case 1:
			x.slack.Fail(method, slacktest.Failure{Lost: true}, slacktest.Failure{Status: 500})
		case 2:
			x.slack.Fail(method, slacktest.Failure{Error: "internal_error"})
		}
	}
}

// throw sends of ten payloads two never, one twice, one three times, and the others once.
func (x *chaos) throw(p slacktest.Payload) {
	x.thrown++
	if times := []int{0, 1, 2, 1, 1, 0, 1, 3, 1, 1}[x.thrown%10]; times > 0 {
		x.slack.Throw(p, times)
	} else {
		x.never++
	}
}

// step is a second: a crowd presses, half of it after the connection was dropped, where it is to be, and what fails is tried
// again meanwhile.
func (x *chaos) step(drop bool) {
	x.t.Helper()
	x.connected()
	x.storm()
	x.crowd(x.users[:len(x.users)/2])
	if drop {
		x.drop()
	}
	x.crowd(x.users[len(x.users)/2:])
	x.desk.Refresh(x.t.Context(), x.clock())
	x.quiet()
	x.pass(time.Second)
}

// crowd has users press buttons and send forms.
func (x *chaos) crowd(users []string) {
	actions := []string{remove, remove, remove, remove, keepIt, keepIt, notMine, isWrong, removeAll}
	for _, user := range users {
		for _, v := range x.slack.Views(user) {
			if !x.sent[v.ID] && x.dice.IntN(3) > 0 {
				x.sent[v.ID] = true
				x.throw(x.slack.Submit(v, user, map[string]string{"because": []string{"owner", "hr-data"}[x.dice.IntN(2)], "why": "needed for the audit", "until": "2026-06-01"}))
			}
		}
		to := user
		if user == cleo || user == dora {
			to = channel
		}
		list := x.slack.Messages(to)
		for range 1 + x.dice.IntN(3) {
			if len(list) == 0 {
				break
			}
			m := list[x.dice.IntN(len(list))]
			action, buttons := actions[x.dice.IntN(len(actions))], m.Buttons()
			if len(buttons) == 0 {
				continue
			}
			b := buttons[x.dice.IntN(len(buttons))]
			for range 20 {
				if b.Action == action {
					break
				}
				b = buttons[x.dice.IntN(len(buttons))]
			}
			if b.Action == removeAll && x.dice.IntN(10) > 0 {
				continue
			}
			x.throw(x.slack.Press(m, user, b))
			if x.dice.IntN(5) == 0 { // a double click
				x.throw(x.slack.Press(m, user, b))
			}
		}
	}
}

// TestChaos is a small one of TestIntegrationChaos.
func TestChaos(t *testing.T) { runChaos(t, 60, 4, 12) }

func runChaos(t *testing.T, cases, managers, seconds int) {
	x := newChaos(t, cases, managers)
	for range 8 { // three cards to one place at a time
		x.refresh()
	}
	if n := len(x.slack.Messages("")); n < cases/12 {
		t.Fatalf("%d messages", n)
	}
	// A second is a step, and every third one drops the connection. Who was not heard presses again: it goes on until enough
	// is decided, however slow the machine is.
	for n := 1; n <= seconds || x.decided() < cases/3; n++ {
		if n > 10*seconds {
			t.Fatalf("%d of %d cases are decided after %d steps", x.decided(), cases, n-1)
		}
		x.step(n%3 == 2)
	}
	x.calm()
	x.ledgerIsRight()
	x.cardsAreTrue()
	x.nothingLeaks()
	f := x.desk.Figures()
	sent, answered := x.slack.Envelopes()
	t.Logf("%d of %d cases decided, %d set aside; %d connections, %d of them dropped; %d payloads, %d of them never sent; %d envelopes, %d taken, %d answered; refused %v, %d cards",
		x.decided(), cases, x.aside, f.Connects, x.dropped, x.thrown, x.never, sent, f.Taken, answered, f.Refused, f.Cards)
	if f.Connects < 1+x.dropped || x.dropped < seconds/3 {
		t.Errorf("%d connections, of which %d were dropped in %d seconds", f.Connects, x.dropped, seconds)
	}
	if x.aside == 0 {
		t.Error("nothing was said to be wrong")
	}
	if answered > f.Taken || f.Taken > sent || x.never < x.thrown/5 {
		t.Errorf("of %d payloads %d were never sent; of %d envelopes %d were taken and %d answered", x.thrown, x.never, sent, f.Taken, answered)
	}
}

// decided is how many cases are.
func (x *chaos) decided() int {
	x.t.Helper()
	list, err := x.led.Cases(func(c *remediate.Case) bool { return c.State == remediate.Keep || c.State == remediate.Remove })
	ok(x.t, err)
	return len(list)
}

// calm lets Slack work again, until everything that was sent is worked on and nothing changes any more.
func (x *chaos) calm() {
	x.t.Helper()
	x.connected()
	before := ""
	for range 100 {
		x.pass(5 * time.Second)
		x.quiet()
		err := x.desk.Refresh(x.t.Context(), x.clock())
		now := x.slack.Everything()
		if err == nil && now == before {
			return
		}
		before = now
	}
	x.t.Fatal("it does not come to rest")
}

// ledgerIsRight checks that each case was decided once or not at all, by one who could, and that all the desk said it
// decided is there.
func (x *chaos) ledgerIsRight() {
	x.t.Helper()
	ok(x.t, x.led.Verify())
	f, err := os.Open(filepath.Join(x.dir, "events.jsonl"))
	ok(x.t, err)
	defer f.Close()
	times, ruled := map[string]int{}, map[string]int{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e struct {
			What string
			Body struct {
				Kept    remediate.Case
				Finding string
			}
		}
		ok(x.t, json.Unmarshal(lines.Bytes(), &e))
		if strings.HasPrefix(e.What, "case: decided") && (e.Body.Kept.State == remediate.Keep || e.Body.Kept.State == remediate.Remove) {
			times[e.Body.Kept.ID]++
		}
		if e.What == "finding ruled wrong" {
			ruled[e.Body.Finding]++
		}
	}
	ok(x.t, lines.Err())
	logged := map[string]int{}
	for _, m := range regexp.MustCompile(`msg="slack: decided" case=(\S+) state=(remove|keep) `).FindAllStringSubmatch(x.log.String(), -1) {
		logged[m[1]]++
	}
	all, err := x.led.Cases(nil)
	ok(x.t, err)
	for _, c := range all {
		d := c.State == remediate.Keep || c.State == remediate.Remove
		if n := map[bool]int{true: 1}[d]; times[c.ID] != n || logged[c.ID] != n {
			x.t.Errorf("case %s is %s, was decided %d times and said to be %d times", c.ID, c.State, times[c.ID], logged[c.ID])
		}
		aside := c.State == remediate.Superseded
		if n := map[bool]int{true: 1}[aside]; ruled[string(c.Item.Findings[0])] != n || aside != (c.Wrong != nil) || aside && c.Item.Privileged {
			x.t.Errorf("case %s is %s (%s), and was ruled wrong %d times", c.ID, c.State, c.Why, ruled[string(c.Item.Findings[0])])
		}
		if aside {
			x.aside++
		}
		if !d {
			continue
		}
		own, boss := c.Item.Person, x.folk.manager[c.Item.Person]
		for _, v := range append(c.Votes, *c.Decision) {
			if by := v.By.Person; by == own || by != boss && by != "E02" && by != "E03" && by != "E04" || v.Item != c.ItemHash {
				x.t.Errorf("case %s of %s was decided by %s", c.ID, own, by)
			}
		}
		if c.Item.Privileged && (len(c.Votes) != 2 || c.Votes[0].By.Person == c.Votes[1].By.Person) {
			x.t.Errorf("case %s takes two people, and was decided by %+v", c.ID, c.Votes)
		}
	}
}

// cardsAreTrue checks every card that is known to be there against the ledger: a case that is decided says so and has no
// buttons; one that is not has buttons, unless who it was sent to passed it on.
func (x *chaos) cardsAreTrue() {
	x.t.Helper()
	all, err := x.led.Cases(nil)
	ok(x.t, err)
	by := map[string]*remediate.Case{}
	for _, c := range all {
		by[c.Item.Targets[0].Login] = c
	}
	cards, err := x.led.Cards()
	ok(x.t, err)
	known := map[string]bool{}
	for _, c := range cards {
		known[c.TS] = !c.Gone
	}
	looked, lost := 0, 0
	for _, m := range x.slack.Messages("") {
		if !known[m.TS] {
			lost++ // its posting was never answered, and nobody has pressed anything on it
			continue
		}
		buttons := map[string]bool{}
		for _, b := range m.Buttons() {
			buttons[b.Block] = true
		}
		for _, s := range m.Sections() {
			login := loginOn.FindString(s)
			if login == "" {
				continue
			}
			looked++
			c := by[login]
			live := buttons["case:"+c.ID]
			switch c.State {
			case remediate.Remove:
				if !strings.Contains(s, "REMOVE ACCESS, decided by") || live {
					x.t.Errorf("%s is to be removed; its card (live: %v): %s", login, live, s)
				}
			case remediate.Keep:
				if !strings.Contains(s, "KEEP ACCESS until 2026-06-01, decided by") || live {
					x.t.Errorf("%s is kept; its card (live: %v): %s", login, live, s)
				}
			case remediate.Superseded:
				if !strings.Contains(s, "SAID TO BE WRONG by") || live {
					x.t.Errorf("%s is set aside; its card (live: %v): %s", login, live, s)
				}
			default:
				if strings.Contains(s, "decided by") || live == strings.Contains(s, "You passed it on") {
					x.t.Errorf("%s is %s; its card (live: %v): %s", login, c.State, live, s)
				}
			}
		}
	}
	if looked < x.cases || lost > 200 {
		x.t.Errorf("looked at %d cases on cards; %d messages are not known", looked, lost)
	}
}

// nothingLeaks searches all that the desk wrote for secrets, and the ledger and the log for the values of buttons.
func (x *chaos) nothingLeaks() {
	x.t.Helper()
	written := map[string]string{"what Slack was sent": x.slack.Everything(), "the log": x.log.String()}
	ok(x.t, filepath.WalkDir(x.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		written[filepath.Base(path)] = string(b)
		return err
	}))
	if len(written["rollcall.db"]) == 0 || len(written["events.jsonl"]) == 0 || len(written["the log"]) == 0 {
		x.t.Fatal("there is nothing to search")
	}
	for what, text := range written {
		for _, secret := range []string{x.slack.BotToken, x.slack.AppToken, x.slack.SigningSecret, "secret-ticket"} {
			if strings.Contains(text, secret) {
				x.t.Errorf("%s holds the secret %q", what, secret)
			}
		}
	}
	tokens := 0
	for _, m := range x.slack.Messages("") {
		for _, b := range m.Buttons() {
			tokens++
			for what, text := range written {
				if what != "what Slack was sent" && strings.Contains(text, b.Value) {
					x.t.Fatalf("%s holds the value of a button", what)
				}
			}
			if tokens > 100 {
				return // the files are large
			}
		}
	}
	if tokens == 0 {
		x.t.Error("there was no button to look for")
	}
}
