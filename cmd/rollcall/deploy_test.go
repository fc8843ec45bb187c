package main

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every figure that an alert or the dashboard asks for is one that the daemon shows.
func TestDeployedFilesAskForFiguresThatAre(t *testing.T) {
	s := serveShop(t, "ask", nightly("15 2 * * *"))
	s.withSlackBySocket()
	s.listen()
	desk, err := s.d.makeSlack(s.d.taken.Load().config)
	if err != nil {
		t.Fatal(err)
	}
	s.d.slack.desk = desk
	s.d.figures.panics.WithLabelValues("watch").Inc()
	s.look()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.d.figures.trips.WithLabelValues("cap_run").Inc()
	s.d.figures.done.WithLabelValues("failed").Inc()
	s.as(1001, 0, "", "settle")
	families, err := s.d.figures.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, f := range families {
		known = append(known, f.GetName())
	}
	for _, name := range []string{"alerts.yml", "dashboard.json"} {
		text, err := os.ReadFile("deploy/" + name)
		if err != nil {
			t.Fatal(err)
		}
		asked := regexp.MustCompile(`rollcall_[a-z_]+`).FindAllString(string(text), -1)
		if len(asked) < 5 {
			t.Errorf("%s asks for %d figures", name, len(asked))
		}
		for _, figure := range asked {
			if !slices.Contains(known, strings.TrimSuffix(figure, "_bucket")) {
				t.Errorf("%s asks for %s; there are %v", name, figure, known)
			}
		}
		if strings.HasSuffix(name, ".json") && !json.Valid(text) {
			t.Errorf("%s is no JSON", name)
		}
	}
}

// Figures hold no names and no ids of people or accounts.
func TestFiguresHoldNoPersonalData(t *testing.T) {
	s := serveShop(t, "ask", nightly("15 2 * * *"))
	s.listen()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.as(1001, 0, "", "settle")
	s.clock.add(time.Minute)
	families, err := s.d.figures.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, secret := range []string{"E01", "E02", "ben@", "Birch", "u2"} {
			if text := f.String(); strings.Contains(text, `"`+secret) {
				t.Errorf("%s is in %s", secret, text)
			}
		}
	}
}
