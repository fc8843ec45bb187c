package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/remediate/slackdesk/slacktest"
)

// What befalls a night of the soak.
const (
	allIsWell      = iota
	downOverMoment // nobody serves when the moment comes
	downForTwoDays
	noRoster  // its file is empty, until after the next moment
	appFails  // it answers with errors
	appIsSlow // a pull takes hours
	slackDown // for a day
	brokenConfig
	killed // in the middle of a run
	incidents
)

// Thirty nights around each change of the clocks, in which the daemon is down, is killed in the middle of a run, has no
// roster, has an app that fails or is slow, cannot reach Slack for a day, or is told to take up a configuration with a
// mistake: each moment of the schedule has exactly one run that went well, or exactly one alert; no case is lost, and each
// is asked in Slack; and memory stays flat.
func TestThirtyNights(t *testing.T) {
	for name, start := range map[string]string{"clocks put back": "2026-10-10T10:00:00Z", "clocks put forward": "2027-03-12T10:00:00Z"} {
		t.Run(name, func(t *testing.T) { newSoak(t, moment(t, start)).run() })
	}
}

// soak is a daemon over thirty nights.
type soak struct {
	*servedShop
	start     time.Time
	slack     *slacktest.Fake
	slackGone atomic.Bool
	incidents []int
	broken    time.Time // until when what befell it is not mended
	people    string    // what the roster's file is to hold
	config    string
}

func newSoak(t *testing.T, start time.Time) *soak {
	k := &soak{servedShop: serveShop(t, "ask", nightly("30 2 * * *")+"time_zone = \"Europe/Berlin\"\n"), start: start}
	k.slack = k.withSlack()
	k.slackBehind()
	k.people = strings.ReplaceAll(k.read("people.csv"), "2026-12-31", "2026-08-31")
	k.write("people.csv", k.people)
	k.config = k.read("rollcall.toml")
	k.clock.set(start)
	rng := rand.New(rand.NewPCG(11, 30))
	for len(k.incidents) < 27 {
		k.incidents = append(k.incidents, rng.Perm(int(incidents))...) // each three times
	}
	k.incidents = slices.Concat([]int{allIsWell, allIsWell, allIsWell}, k.incidents)
	return k
}

// slackBehind has Slack reached through something that can be cut.
func (k *soak) slackBehind() {
	to, err := url.Parse(k.slack.URL())
	if err != nil {
		k.t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: to.Scheme, Host: to.Host})
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if k.slackGone.Load() {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	k.t.Cleanup(front.Close)
	k.slackURL = front.URL + "/api/"
}

// begin makes a daemon with its desk in Slack, as the program's start does.
func (k *soak) begin() {
	k.servedShop.begin()
	desk, err := k.d.makeSlack(k.d.taken.Load().config)
	if err != nil {
		k.t.Fatal(err)
	}
	k.d.slack.desk = desk
}

func (k *soak) run() {
	k.begin()
	binding := remediate.Binding{User: "U0ADA", Team: k.slack.TeamID, Person: "E01", Address: "ada@kiln.example", At: k.clock.now()}
	if err := k.d.led.Bind(binding, remediate.Identity{Person: "E03", Proof: "uid 1003"}); err != nil {
		k.t.Fatal(err)
	}
	k.look()
	var early uint64
	for night, incident := range k.incidents[:30] {
		from := k.start.Add(time.Duration(night) * 24 * time.Hour)
		if from.Before(k.broken) { // one thing at a time
			incident = allIsWell
		}
		k.night(from, incident)
		if night == 9 {
			early = heap()
		}
	}
	k.look()
	if late := heap(); late > early+8<<20 {
		k.t.Errorf("%d bytes are held after 30 nights, %d after 10", late, early)
	}
	k.periods()
	k.cases()
	if err := k.d.led.Verify(); err != nil {
		k.t.Error(err)
	}
	k.stop()
}

// night lives through a day and a night; what befalls it is mended the next day, or the one after.
func (k *soak) night(from time.Time, incident int) {
	if !from.Before(k.broken) {
		k.mend()
	}
	if incident != allIsWell {
		k.broken = from.Add(24 * time.Hour)
	}
	switch incident {
	case downOverMoment:
		k.stop()
		k.clock.set(from.Add(20 * time.Hour))
		k.begin()
	case downForTwoDays:
		k.stop()
		k.broken = from.Add(48 * time.Hour)
		k.clock.set(k.broken)
		k.begin()
	case noRoster:
		k.write("people.csv", "")
		k.broken = from.Add(40 * time.Hour)
	case appFails:
		k.svc.down.Store(true)
	case appIsSlow:
		k.svc.asked = func() { k.clock.add(45 * time.Minute) }
	case slackDown:
		k.slackGone.Store(true)
		k.people = strings.Replace(k.people, "eve@kiln.example,active,", "eve@kiln.example,terminated,2026-09-30", 1) // and there is news
		k.write("people.csv", k.people)
	case brokenConfig:
		before := k.d.taken.Load()
		k.write("rollcall.toml", k.config+"\nmistake = 1\n")
		k.d.reload(before.config)
		if k.d.taken.Load() != before {
			k.t.Error("a configuration with a mistake was taken up")
		}
	case killed:
		k.killInARun(from)
	}
	for k.clock.now().Before(from.Add(24 * time.Hour)) {
		if !k.clock.now().Before(k.broken) {
			k.mend()
		}
		k.look()
		if k.clock.now().Minute() < 10 {
			k.d.slack.desk.Refresh(k.t.Context(), k.clock.now()) // which fails while Slack is down
		}
		k.clock.add(10 * time.Minute)
	}
}

func (k *soak) mend() {
	k.svc.asked = nil
	k.svc.down.Store(false)
	k.slackGone.Store(false)
	for name, text := range map[string]string{"people.csv": k.people, "rollcall.toml": k.config} {
		if k.read(name) != text {
			k.write(name, text)
		}
	}
}

// killInARun has the daemon die while the run of the night is under way, and starts it again. A kill leaves the ledger's
// file as the last transaction left it, and so does an end without any farewell.
func (k *soak) killInARun(from time.Time) {
	k.t.Helper()
	k.clock.set(from.Add(15*time.Hour + 30*time.Minute)) // after the moment
	ctx, kill := context.WithCancel(context.Background())
	k.d.work = ctx
	k.svc.asked = kill
	var all sync.WaitGroup
	k.d.look(&all)
	all.Wait()
	k.svc.asked = nil
	if ctx.Err() == nil {
		k.t.Error("no run was under way")
	}
	if err := k.d.led.Close(); err != nil {
		k.t.Fatal(err)
	}
	k.begin()
}

// periods wants one run that went well for each moment, or one alert about it.
func (k *soak) periods() {
	wells, schedule := k.goneWell(), k.d.taken.Load().config.Serve.Schedules[0]
	var due []time.Time
	for m := schedule.next(k.start); !m.After(k.clock.now()); m = schedule.next(m) {
		due = append(due, m.UTC())
	}
	alerted := k.alertedOf(due)
	well, given := 0, 0
	for _, m := range due {
		well, given = well+wells[m], given+alerted[m]
		if wells[m]+alerted[m] != 1 {
			k.t.Errorf("%s: %d runs that went well, %d alerts", m, wells[m], alerted[m])
		}
	}
	if slot := k.slot("nightly"); len(due) != 30 || len(wells) != well || slot.Missed != given || well < 20 || given == 0 {
		k.t.Errorf("%d moments, %d runs (%d for them), %d alerts, %+v", len(due), len(wells), well, given, slot)
	}
	k.t.Logf("%d moments: %d runs that went well, %d alerts; %d cards in Slack", len(due), well, given, len(k.slack.Messages("")))
}

var (
	givenUp = regexp.MustCompile(`the run of (\S+) failed`)
	missed  = regexp.MustCompile(`(\d+) moments before (\S+) were missed`)
)

// alertedOf counts the alerts about each moment.
func (k *soak) alertedOf(due []time.Time) map[time.Time]int {
	out := map[time.Time]int{}
	for line := range strings.Lines(k.log.String()) {
		if !strings.Contains(line, `"msg":"ALERT"`) {
			continue
		}
		if m := givenUp.FindStringSubmatch(line); m != nil {
			out[moment(k.t, m[1]).UTC()]++
			continue
		}
		m := missed.FindStringSubmatch(line)
		if m == nil {
			k.t.Errorf("an alert about no moment: %s", line)
			continue
		}
		n, before := 0, slices.Index(due, moment(k.t, m[2]).UTC())
		fmt.Sscan(m[1], &n)
		for ; n > 0; n-- {
			out[due[before-n]]++
		}
	}
	return out
}

// cases wants both cases there, neither ended, and each asked in Slack.
func (k *soak) cases() {
	cases, err := k.d.led.Cases(func(*remediate.Case) bool { return true })
	if err != nil || len(cases) != 2 {
		k.t.Errorf("%d cases, %v", len(cases), err)
	}
	cards, err := k.d.led.Cards()
	if err != nil {
		k.t.Fatal(err)
	}
	for _, c := range cases {
		asked := 0
		for _, card := range cards {
			for _, it := range card.Items {
				if it.Case == c.ID && card.TS != "" {
					asked++
				}
			}
		}
		if c.State.Ended() || asked == 0 {
			k.t.Errorf("%s (%s) is %s, and on %d cards", c.ID, c.Item.Person, c.State, asked)
		}
	}
}

// goneWell counts the runs that went well by their moments, from the chain of events.
func (s *servedShop) goneWell() map[time.Time]int {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, "state", ledger.MirrorName))
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[time.Time]int{}
	for line := range strings.Lines(string(b)) {
		var e struct {
			What string
			Body ledger.Slot
		}
		if json.Unmarshal([]byte(line), &e); e.What == "schedule: a run went well" {
			out[e.Body.Succeeded.UTC()]++
		}
	}
	return out
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
