package remediate_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/scanner"
)

// watch is a journal that holds every change of a case against the Laws before it lets it through.
type watch struct {
	*ledger.Ledger
	w       *world
	mandate map[string]bool // cases that may be carried out: decided by somebody else than the subject, or by policy where it may
	touched map[string]int  // case and account: how many effects the world had when the case first meant to change it
	broken  []string        // Laws, and how
}

func (j *watch) breaks(law, format string, args ...any) {
	j.broken = append(j.broken, law+": "+fmt.Sprintf(format, args...))
}

// Put implements remediate.Journal.
func (j *watch) Put(c *remediate.Case, before int, by remediate.Identity, what string, at time.Time) error {
	old, err := j.Ledger.Case(c.ID)
	if errors.Is(err, connectors.ErrNotFound) {
		old, err = nil, nil
	}
	if err != nil {
		return err
	}
	if err := j.Ledger.Put(c, before, by, what, at); err != nil {
		return err
	}
	if old == nil {
		j.opened(c)
		return nil
	}
	j.steps(old, c)
	if c.Item.Hash() != c.ItemHash || c.ItemHash != old.ItemHash {
		j.breaks("Law 3", "case %s is about something else than when it was opened", c.ID)
	}
	if c.State != old.State {
		j.moved(old, c, by, at)
	}
	return nil
}

func (j *watch) opened(c *remediate.Case) {
	if c.State != remediate.Open && (c.State != remediate.Asked || c.Held == "") {
		j.breaks("the table", "case %s begins as %s", c.ID, c.State)
	}
	if c.Item.Mode == scanner.ModeReport {
		j.breaks("Law 3", "case %s is of an item that is only reported", c.ID)
	}
}

// moved holds one move against the table and the Laws.
func (j *watch) moved(old, c *remediate.Case, by remediate.Identity, at time.Time) {
	if !slices.Contains(remediate.Moves[old.State], c.State) {
		j.breaks("the table", "case %s went from %s to %s", c.ID, old.State, c.State)
	}
	policy := by == remediate.Policy && c.Decision == nil && c.Held == "" && c.Item.Mode == scanner.ModeAuto
	switch c.State {
	case remediate.Keep, remediate.Asked, remediate.Superseded:
		j.mandate[c.ID] = false
	}
	switch c.State {
	case remediate.Keep, remediate.Remove:
		d := c.Decision
		switch {
		case d == nil && c.State == remediate.Remove && policy && old.State == remediate.Open:
		case d == nil || !by.Somebody() || d.By != by || d.Why == "" || d.Item != c.ItemHash:
			j.breaks("Law 3", "case %s is decided (%s) by %v: %+v", c.ID, c.State, by, d)
		case by.Person == c.Item.Person:
			j.breaks("Law 5", "%s decided on case %s, which is about their own access", by, c.ID)
		case c.State == remediate.Keep && !d.Until.Known():
			j.breaks("issue 5", "case %s is kept without an end", c.ID)
		}
		j.mandate[c.ID] = c.State == remediate.Remove
	case remediate.Lapsed:
		if !policy || !slices.Contains(c.Item.Kinds, scanner.OrphanedAccount) || at.Before(old.Due) {
			j.breaks("Law 3", "case %s lapsed by %v: %+v", c.ID, by, c)
		}
		j.mandate[c.ID] = true
	case remediate.Expired:
		if at.Before(old.Due) {
			j.breaks("Law 3", "case %s expired before it was due", c.ID)
		}
	case remediate.Intent:
		if !j.mandate[c.ID] {
			j.breaks("Law 3", "case %s is carried out, and nobody who may decided that: %+v", c.ID, c.Decision)
		}
	case remediate.Confirmed:
		if slices.ContainsFunc(c.Steps, func(s remediate.Step) bool { return s.Progress != remediate.Seen }) {
			j.breaks("Law 7", "case %s is confirmed, and not all of it was seen: %+v", c.ID, c.Steps)
		}
	case remediate.Undone:
		if c.Undo == nil || by.Person == c.Item.Person {
			j.breaks("Law 5", "case %s was taken back by %v, on %+v", c.ID, by, c.Undo)
		}
	}
}

// steps holds the steps against Law 6: what was before a change is kept as long as it can be taken back.
func (j *watch) steps(old, c *remediate.Case) {
	for i := range c.Steps {
		s := &c.Steps[i]
		if k := c.ID + " " + string(s.Action.App) + "/" + string(s.Action.Account); s.Progress == remediate.Meant {
			if _, known := j.touched[k]; !known {
				j.touched[k] = len(j.w.Effects)
			}
		}
		if i >= len(old.Steps) {
			continue
		}
		switch was := &old.Steps[i]; was.Progress {
		case remediate.Meant, remediate.Done, remediate.Seen:
			if !bytes.Equal(was.Before, s.Before) {
				j.breaks("Law 6", "case %s forgot what %s was before", c.ID, s.Action.Account)
			}
		}
	}
	if len(c.Steps) < len(old.Steps) {
		j.breaks("Law 7", "case %s lost steps", c.ID)
	}
}

// called holds every call against the journal: an intent, or the word that it is taken back, must stand in it.
func (j *watch) called(key, what_ string) {
	cases, err := j.Ledger.Cases(func(c *remediate.Case) bool {
		return slices.ContainsFunc(c.Steps, func(s remediate.Step) bool {
			if string(s.Action.App)+"/"+string(s.Action.Account) != key {
				return false
			}
			return c.Undo != nil || s.Progress == remediate.Meant && what(s.Action) == what_ && c.State == remediate.Intent
		})
	})
	if err != nil || len(cases) == 0 {
		j.breaks("Law 7", "%s on %s is called, and no intent stands in the journal (%v)", what_, key, err)
	}
}
