package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
)

// stopFile is the kill switch: while it is in the state directory, nothing is changed anywhere.
const stopFile = "STOP"

// killed says why the kill switch is on; empty: it is off.
func (c *config) killed() string {
	path := filepath.Join(c.State, stopFile)
	b, err := os.ReadFile(path)
	switch {
	case err == nil:
		return strings.TrimSpace("the file " + path + " is there. " + string(b[:min(len(b), 200)]))
	case errors.Is(err, os.ErrNotExist):
		return ""
	}
	return "whether it is on cannot be told: " + err.Error()
}

// ground is what the guards look at, now.
func (p *program) ground(c *config, led *ledger.Ledger, plan *runPlan) (*remediate.Ground, error) {
	now := p.now()
	g := &remediate.Ground{Now: now, Run: plan.Run, Kill: c.killed(), Roster: plan.Roster, Left: plan.Left, Worked: plan.Worked, ReadAt: plan.ReadAt, Same: plan.Same, Exits: plan.Exits, Apps: map[connectors.AppID]remediate.AppState{}}
	var err error
	if g.Loosened, err = p.loosened(c, led); err != nil {
		return nil, err
	}
	runs, err := led.Runs(0)
	if err != nil {
		return nil, err
	}
	base := baseRun(plan.Run)
	for _, r := range runs {
		if r.Complete && !r.Rebuilt {
			g.Runs++
		}
		if r.ID == base { // what was changed since then counts as this run's
			n, err := led.Changed(r.At)
			if err != nil {
				return nil, err
			}
			g.ThisRun = n.All
		}
	}
	for app, s := range plan.Apps {
		if s.Gone, err = led.AdminsGone(app, plan.ReadAt); err != nil {
			return nil, err
		}
		g.Apps[app] = s
	}
	if g.Changed, err = led.Changed(now.Add(-24 * time.Hour)); err != nil {
		return nil, err
	}
	events, err := led.AnnouncedEvents()
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if e.Holds(connectors.DateOf(now, c.Zone)) {
			g.Events = append(g.Events, e)
		}
	}
	g.Lifts, err = led.Lifts(now.Add(-remediate.LiftTime))
	return g, err
}
