package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/report"
	"rollcall/scanner"
)

// riskiestSaid is how many findings whoever asked for a scan in Slack is told of, in words.
const riskiestSaid = 10

// Scan gets a run ready, one at a time. It is always the whole run: who is a leaver, and who holds what elsewhere, shows only
// the whole. Of one app that was named, whoever asked is told what was found there alone.
func (r *slackRoom) Scan(app connectors.AppID, by remediate.Identity) (run func(context.Context) string, err error) {
	d := r.p.daemon
	switch {
	case d == nil:
		return nil, errors.New("a scan is started by rollcall serve, which is not running")
	case app != "" && r.c.app(app) == nil:
		return nil, fmt.Errorf("there is no app %q%s", app, nearest(string(app), texts(appIDs(r.c.Apps))))
	case !d.slack.scanning.CompareAndSwap(false, true):
		return nil, errors.New("one that was asked for in Slack is under way, or waits for its turn; ask again when it is done")
	}
	return func(context.Context) string {
		defer d.slack.scanning.Store(false)
		said, err := r.scan(d.work, app, by)
		if err != nil {
			r.log.Error("a scan asked for in Slack failed", "by", by.String(), "error", err.Error())
			return "The scan failed; the log of rollcall serve says why."
		}
		return said
	}, nil
}

func (r *slackRoom) scan(ctx context.Context, app connectors.AppID, by remediate.Identity) (string, error) {
	release, err := r.turn(ctx, "a scan asked for in Slack")
	if err != nil {
		return "", err
	}
	defer release()
	p := r.p.daemon.program(nil)
	p.by = by.String()
	c, err := p.config()
	if err != nil {
		return "", err
	}
	o := runOptions{Workbook: true}
	if app != "" {
		o.Shown = func(f *scanner.Found) bool { return f.App == app }
	}
	done, asked, err := p.runOnce(ctx, c, o)
	if err != nil {
		return "", err
	}
	said := fmt.Sprintf("The scan is done: run %s.\n", done.Run)
	if !done.Result.Complete() {
		said += "It is INCOMPLETE: it could not read or trust every source, and more may be wrong.\n"
	}
	if app == "" {
		return said + fmt.Sprintf("Findings: %d. What takes a decision is asked about as usual.\n", asked.Total()), nil
	}
	first, err := riskiestOf(filepath.Join(c.State, "runs", done.Run, findingsName), app)
	if err != nil {
		return "", err
	}
	said += fmt.Sprintf("Findings in %s: %d.\n", app, asked.Total())
	for i := range first {
		said += fmt.Sprintf("%s, %s: %s\n", strings.ToUpper(first[i].Severity.String()), first[i].Kind, first[i].Why)
	}
	if n := asked.Total() - len(first); n > 0 {
		said += fmt.Sprintf("And %d more: rollcall findings list --app %s\n", n, app)
	}
	return said, nil
}

// riskiestOf are the first of an app's findings, in the order of every report; it holds no more than these.
func riskiestOf(path string, app connectors.AppID) (first []scanner.Finding, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for x, err := range report.ReadFindings(f) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if x.App != app {
			continue
		}
		at, _ := slices.BinarySearchFunc(first, &x, func(a scanner.Finding, b *scanner.Finding) int { return scanner.CompareFindings(&a, b) })
		if at < riskiestSaid {
			first = slices.Insert(first, at, x)
			first = first[:min(len(first), riskiestSaid)]
		}
	}
	return first, nil
}
