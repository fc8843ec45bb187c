package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/remediate/slackdesk"
	"rollcall/report"
	"rollcall/scanner"
)

// logbook is what a report says of decisions made, and changes carried out, from one moment on and before another.
func logbook(led *ledger.Ledger, from, to time.Time) (decisions []report.Decision, actions []report.Action, err error) {
	cases, err := led.Cases(nil)
	if err != nil {
		return nil, nil, err
	}
	within := func(t time.Time) bool { return !t.IsZero() && !t.Before(from) && t.Before(to) }
	for _, c := range cases {
		if d := c.Decision; d != nil && within(d.At) || c.State == remediate.Lapsed && within(c.At) {
			decisions = append(decisions, decisionsOf(c)...)
		}
		for i := range c.Steps {
			if s := &c.Steps[i]; within(s.MeantAt) || within(s.DoneAt) || within(s.SeenAt) {
				actions = append(actions, actionOf(c, i))
			}
		}
	}
	return decisions, actions, nil
}

// sinceLastRun is what was decided and done since the last run.
func sinceLastRun(led *ledger.Ledger, now time.Time) ([]report.Decision, []report.Action, error) {
	last, err := led.LastRun()
	if err != nil || last == nil {
		return nil, nil, err
	}
	return logbook(led, last.At, now)
}

// stamps says who decided since the last run faster than anybody reads.
func stamps(led *ledger.Ledger, now time.Time) (notes []string, err error) {
	last, err := led.LastRun()
	if err != nil || last == nil {
		return nil, err
	}
	cases, err := led.Cases(func(c *remediate.Case) bool {
		return c.Decision != nil && !c.Decision.At.Before(last.At) && c.Decision.At.Before(now)
	})
	for _, s := range slackdesk.Stamps(cases) {
		notes = append(notes, fmt.Sprintf("%s decided %d cases within %d seconds on %s: faster than anybody reads", s.Person, s.Cases, int(s.To.Sub(s.From).Seconds()), s.From.UTC().Format("2006-01-02 15:04 (UTC)")))
	}
	return notes, err
}

// kept adds to a review what people decided to keep: each is a risk accepted by somebody, until a day.
func kept(led *ledger.Ledger, r *report.Review) error {
	cases, err := led.LiveCases(func(k *remediate.Case) bool {
		return k.State == remediate.Keep && k.Decision != nil
	})
	if err != nil || len(cases) == 0 {
		return err
	}
	r.Exceptions, r.Kept = slices.Clone(r.Exceptions), map[string][]scanner.FindingID{}
	for _, k := range cases {
		e := scanner.Exception{ID: k.ID, Person: string(k.Item.Person), Reason: k.Decision.Why, Owner: k.Decision.By.Person, Expires: scanner.Day{Date: k.Decision.Until}}
		if len(k.Item.Kinds) > 0 {
			e.Kind = k.Item.Kinds[0]
		}
		if len(k.Item.Targets) == 1 {
			e.App, e.Account = string(k.Item.Targets[0].App), string(k.Item.Targets[0].Account)
		}
		r.Exceptions = append(r.Exceptions, e)
		r.Kept[k.ID] = k.Item.Findings
	}
	return nil
}

// decisionsOf are the rows of one case: one for each person who decided, and each finding it is about.
func decisionsOf(c *remediate.Case) (out []report.Decision) {
	rows := []report.Decision{{Case: c.ID, Verdict: report.Lapsed, Actor: "policy", Reason: c.Why, Asked: c.Opened, Decided: c.At, Channel: "none: the deadline passed", Shown: c.ItemHash}}
	if c.Decision != nil {
		rows = nil
		for _, d := range c.Deciders() {
			rows = append(rows, decisionRow(c, &d))
		}
	}
	for _, row := range rows {
		if len(c.Item.Findings) == 0 { // somebody's whole access, or what becomes of a disabled account
			out = append(out, row)
		}
		for _, id := range c.Item.Findings {
			row.Finding = id
			out = append(out, row)
		}
	}
	return out
}

func decisionRow(c *remediate.Case, d *remediate.Decision) report.Decision {
	row := report.Decision{Case: c.ID, Verdict: report.Remove, Actor: d.By.String(), Reason: d.Why, Asked: c.Opened, Decided: d.At, Until: d.Until, Shown: d.Item}
	if d.Until.Known() {
		row.Verdict = report.Keep
	}
	row.Independent = connectors.Is(d.By.Person != c.Item.Person) // the desk takes no other; shown all the same
	if row.Channel, _, _ = strings.Cut(d.By.Proof, " "); row.Channel == "uid" {
		row.Channel = "cli"
	}
	return row
}

// actionOf is the row of one step.
func actionOf(c *remediate.Case, i int) report.Action {
	s := &c.Steps[i]
	a := report.Action{ID: fmt.Sprintf("%s/%d", c.ID, i+1), Case: c.ID, App: s.Action.App, Account: s.Action.Account, What: c.Item.Say(&s.Action), Off: s.Action.Verb == remediate.Disable,
		Mode: "approved", Requested: c.Opened, Executed: s.DoneAt, Actor: "rollcall", Request: s.Receipt.RequestID, Confirmed: s.SeenAt, Before: stateBefore(s)}
	if len(c.Item.Findings) > 0 {
		a.Finding = c.Item.Findings[0]
	}
	switch {
	case s.Action.Verb == remediate.Ticket:
		a.Mode, a.Actor = "by hand", "a person"
	case c.Decision == nil:
		a.Mode = "automatic"
	}
	switch s.Progress {
	case remediate.Done, remediate.Seen, remediate.Back:
		a.Result = report.ActionDone
	case remediate.Refused:
		a.Result = report.ActionFailed
	default:
		a.Result = report.ActionIntent
	}
	if !s.SeenAt.IsZero() {
		a.Clean = connectors.Yes
	}
	if s.Action.Undo == remediate.Exact {
		a.UndoUntil = c.At.Add(remediate.UndoWindow)
		a.Undone = connectors.Is(s.Progress == remediate.Back)
	}
	return a
}

// stateBefore says in words how the account was before a step.
func stateBefore(s *remediate.Step) string {
	var before connectors.Account
	if len(s.Before) == 0 || json.Unmarshal(s.Before, &before) != nil {
		return ""
	}
	words := []string{"enabled: " + before.Enabled.String()}
	for _, e := range before.Entitlements {
		words = append(words, string(e.ID))
	}
	slices.Sort(words[1:])
	return strings.Join(words, "; ")
}
