//go:build integration

package main

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/remediate"
	"rollcall/remediate/slackdesk/slacktest"
)

// Health, figures and what Slack sends, over 200 connections for a minute, while the roll is called: each is answered, and
// none with an error.
func TestIntegrationLoadWithSlack(t *testing.T) {
	s := serveShop(t, "ask", nightly("15 2 * * *"))
	fake := s.withSlack()
	address := freeAddress(t)
	s.write("rollcall.toml", strings.Replace(s.read("rollcall.toml"), "[remediate]", "[serve]\nlisten = \""+address+"\"\n[remediate]", 1))
	s.clock.set(time.Now().UTC()) // by which Slack signs
	s.listen()
	if err := s.d.led.Bind(remediate.Binding{User: "U0ADA", Team: fake.TeamID, Person: "E01", Address: "ada@kiln.example", At: s.clock.now()}, remediate.Identity{Person: "E03", Proof: "uid 1003"}); err != nil {
		t.Fatal(err)
	}
	c := s.d.taken.Load().config
	desk, err := s.d.makeSlack(c)
	if err != nil {
		t.Fatal(err)
	}
	s.d.slack.desk = desk
	seen, err := s.d.open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer seen.Close()
	over := time.Now().Add(time.Minute)
	scans := make(chan int)
	go func() {
		n := 0
		for ; time.Now().Before(over); n++ {
			s.clock.set(time.Now().UTC().Add(time.Duration(n) * time.Second)) // runs are named by the second
			if _, _, err := s.d.program(nil).runOnce(s.d.work, c, runOptions{Workbook: true}); err != nil {
				t.Errorf("a scan under load: %v", err)
			}
		}
		scans <- n
	}()
	took, failed := hammer(200, over, func(n int) *http.Request {
		if n%4 != 3 {
			return get(address, n%4)
		}
		body := slacktest.Body(fake.Command("U0ADA", "/rollcall", "help"))
		r, err := http.NewRequest(http.MethodPost, "http://"+address+"/slack", bytes.NewReader(body))
		if err != nil {
			panic(err)
		}
		r.Header = slacktest.Sign(fake.SigningSecret, body, time.Now())
		return r
	})
	slices.Sort(took)
	if len(took) == 0 || failed > 0 {
		t.Fatalf("%d answers, %d failed", len(took), failed)
	}
	t.Logf("%d answers in 60 s over 200 connections beside %d scans: %d a second, p99 %s", len(took), <-scans, len(took)/60, took[len(took)*99/100])
}
