package main

import (
	"fmt"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/scanner"
)

// gatherAhead has one gatherer for each person whose exit was approved ahead, or who was offboarded and of whom something is
// left to do by hand: a run plans it anew, so that what has changed since is found out.
func (c *config) gatherAhead(led *ledger.Ledger) (list []*gatherer, err error) {
	cases, err := led.LiveCases(func(k *remediate.Case) bool {
		return !k.State.Ended() && (k.IsAhead() || k.IsClosing() && k.State == remediate.Applied)
	})
	for _, k := range cases {
		g := newGatherer(c, k.Item.Person)
		g.policy = c.Policy
		list = append(list, g)
	}
	return list, err
}

func liveAhead(led *ledger.Ledger) ([]*remediate.Case, error) {
	return led.LiveCases(func(k *remediate.Case) bool { return k.IsAhead() && !k.State.Ended() })
}

// needsRun is the error that what was approved ahead cannot be looked at without a newer run; nil where nothing was.
func needsRun(led *ledger.Ledger) error {
	cases, err := liveAhead(led)
	if err != nil || len(cases) == 0 {
		return err
	}
	return fmt.Errorf("%s for a run that was made since: scan again, before the cut-off comes",
		number(len(cases), "plan that was approved ahead waits", "plans that were approved ahead wait"))
}

// exits notes who will leave, and when; and of those whose exit was approved ahead what would be done now.
func (r *runPlan) exits(res *scanner.Result, pl *planner) {
	r.Exits, r.Ahead = map[connectors.PersonID]remediate.Exit{}, map[connectors.PersonID]*remediate.Item{}
	for _, p := range res.Persons {
		if e := exitOf(p, res.AsOf); e.Last.Known() && !e.Gone {
			r.Exits[p.ID] = e
		}
	}
	for _, g := range pl.ahead {
		p := res.Who(g.id)
		if p == nil {
			continue
		}
		pl.serves[p.ID] = append(pl.serves[p.ID], g.serves(p)...)
		r.Exits[g.id] = exitOf(p, res.AsOf)
		r.Ahead[g.id] = nil // it was looked at
		if plan := remediate.Ahead(p.ID, p.Name(), r.Exits[g.id].Last, g.subjects, g); len(plan.Items) > 0 {
			r.Ahead[g.id] = &plan.Items[0]
		}
	}
}

// exitOf is when somebody goes: the last day of the last of their employments. Who has one without an end does not.
func exitOf(p *scanner.Person, asOf connectors.Date) (e remediate.Exit) {
	e.Gone = p.Ended(asOf)
	for _, rec := range p.Records {
		one := &scanner.Person{Records: []*connectors.Person{rec}}
		switch {
		case !e.Gone && one.Ended(asOf):
		case !e.Gone && !rec.End.Known():
			return remediate.Exit{}
		default:
			e.Last = max(e.Last, rec.End)
		}
	}
	return e
}

// followAhead holds what was approved ahead against the run, where that can be relied upon.
func (r *runPlan) followAhead(c *config, desk *remediate.Desk, now time.Time, out *settled) error {
	if age := now.Sub(r.ReadAt); r.Roster != "" || age < 0 || age > c.Remediate.Limits.MaxAge {
		return nil // the guards say so
	}
	asked, ended, err := desk.FollowAhead(&remediate.Newest{Run: r.Run, Read: r.ReadAt, Exits: r.Exits, Items: r.Ahead, Judged: r.judged}, now)
	out.Opened, out.Ended = append(out.Opened, asked...), ended
	return err
}

// cutOff is the moment at which a day has ended in the company's time zone.
func cutOff(day connectors.Date, zone *time.Location) time.Time {
	d := (day + 1).Time()
	t := time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, zone)
	for connectors.DateOf(t, zone) <= day { // a midnight that clocks skip
		t = t.Add(time.Hour)
	}
	return t
}
