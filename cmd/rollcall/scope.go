package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"slices"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/report"
	"rollcall/scanner"
)

// scope is what a schedule looks at, where that is not everything: some apps, what some rules find, some people.
//
// Such a schedule reads the roster and the apps it names; of all other apps it knows what the newest run read. It opens cases
// and settles within its scope, under the same guards and fresh reads, and leaves no run and no report: what was not read is
// unknown, so that nothing may be counted as gone for its sake, and nothing outside the scope is opened, ended or carried out.
// A case that touches one of the apps is within the scope whole: what becomes of a leaver is one decision.
type scope struct {
	Apps   []connectors.AppID // one of them is touched; none: all
	Rules  []scanner.Kind     // one of them found it; none: all
	People []string           // patterns (* and ?) of departments, titles, roles and people's ids; none: all
}

// newScope reads the scope of a schedule; nil where it names nothing.
func newScope(c scheduleConfig) (*scope, error) {
	if len(c.Apps)+len(c.Rules)+len(c.People) == 0 {
		return nil, nil
	}
	s := &scope{Apps: c.Apps, People: c.People}
	for _, r := range c.Rules {
		if !slices.Contains(scanner.Kinds, scanner.Kind(r)) {
			return nil, fmt.Errorf("rules: no such kind of finding %q%s", r, nearest(r, texts(scanner.Kinds)))
		}
		s.Rules = append(s.Rules, scanner.Kind(r))
	}
	for _, p := range c.People {
		if _, err := path.Match(p, ""); err != nil {
			return nil, fmt.Errorf("people: %q is no pattern", p)
		}
	}
	if runMode(c.Mode) != modeSettle {
		return nil, errors.New("apps, rules and people say what is settled, and a part leaves no report: want mode = \"settle\", or none of them")
	}
	return s, nil
}

// fresh are the apps that are read for it.
func (s *scope) fresh(c *config) []connectors.AppID {
	if len(s.Apps) > 0 {
		return s.Apps
	}
	return appIDs(c.Apps)
}

// covers tells whether something is within the scope, by the people of a scan.
func (s *scope) covers(res *scanner.Result) func(*remediate.Item) bool {
	people := &report.Target{AtOnce: s.People}
	return func(it *remediate.Item) bool {
		if len(s.Apps) > 0 && !s.inApps(it) {
			return false
		}
		if len(s.Rules) > 0 && !slices.ContainsFunc(it.Kinds, func(k scanner.Kind) bool { return slices.Contains(s.Rules, k) }) {
			return false
		}
		if len(s.People) == 0 {
			return true
		}
		p := res.Who(it.Person)
		return p != nil && people.SameDay(p)
	}
}

// inApps tells whether an item touches one of the scope's apps.
func (s *scope) inApps(it *remediate.Item) bool {
	return slices.ContainsFunc(it.Targets, func(t remediate.Target) bool { return slices.Contains(s.Apps, t.App) }) ||
		slices.ContainsFunc(it.Actions, func(a remediate.Action) bool { return slices.Contains(s.Apps, a.App) })
}

// settleScope does what a schedule with a scope asks for; run names what it stands on.
func (d *daemon) settleScope(ctx context.Context, p *program, c *config, s *scope, log *slog.Logger) (run string, err error) {
	last, err := recordedRun(d.led, "")
	if err != nil {
		return "", err
	}
	again, err := p.judgeAgain(ctx, c, d.led, last, s.fresh(c))
	if err != nil || again == nil { // nothing may follow from any finding
		return last.ID, err
	}
	plan, covers := again.plan, s.covers(again.result)
	if err := again.only(c, d.led, covers); err != nil {
		return "", err
	}
	var failed error
	plan.Returned = slices.DeleteFunc(plan.Returned, func(id string) bool {
		k, err := d.led.Case(id)
		failed = errors.Join(failed, err)
		return err != nil || !covers(&k.Item)
	})
	if failed != nil {
		return "", failed
	}
	out, err := p.settleBy(ctx, c, d.led, plan, func(it *remediate.Item) bool { return covers(it) && plan.judged(it) }, covers)
	if err != nil {
		return "", err
	}
	for i := range again.result.Sources {
		if src := &again.result.Sources[i]; src.State != scanner.SourceOK {
			log.Warn("not read whole; nothing follows from it", "source", src.Name, "state", src.State)
		}
	}
	logSettled(log.With("run", plan.Run), out)
	return plan.Run, nil
}
