package remediate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
)

// What takes a second person. A second person is a second proven identity: where nobody proves who asks, all of this is
// refused (DESIGN, Law 5).

// Stop is a batch that guards stopped which count, and that can therefore be let pass by a second person.
type Stop struct {
	Plan string   `json:"plan"` // hash of the batch
	Run  string   `json:"run"`
	By   []string `json:"by"` // who ran it, every time it was stopped: actors of the events, the last one last
	// Ran are those of them who are people with a proven name.
	Ran   []Identity `json:"ran,omitempty"`
	At    time.Time  `json:"at"`
	Trips []Trip     `json:"trips"`
	// Asked are those who wanted it: whose word removes, of the cases in the batch. People are those it is about.
	Asked  []connectors.PersonID `json:"asked,omitempty"`
	People []connectors.PersonID `json:"people,omitempty"`
}

// StopOf notes what a batch was stopped by; false where no second person could help. It was run by an actor of the events, who
// is the person ran where that is proven. bound says who could speak through whose chat account.
func StopOf(run string, batch []*Case, trips []Trip, by string, ran Identity, bound []Binding, at time.Time) (Stop, bool) {
	s := Stop{Run: run, By: []string{by}, At: at.UTC()}
	if ran.Somebody() {
		s.Ran = []Identity{ran}
	}
	var items []Item
	for _, c := range batch {
		items = append(items, c.Item)
		if c.Item.Person != "" {
			s.People = append(s.People, c.Item.Person)
		}
		for _, d := range c.Deciders() {
			voices, _ := Voices(d.By, bound)
			s.Asked = append(s.Asked, slices.DeleteFunc(voices, func(id connectors.PersonID) bool { return id == "" })...)
		}
	}
	s.Plan = HashItems(items)
	for _, t := range trips {
		if t.Liftable() {
			s.Trips = append(s.Trips, t)
		}
	}
	for _, list := range []*[]connectors.PersonID{&s.Asked, &s.People} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return s, len(s.Trips) > 0
}

func deref(d *Decision) []Decision {
	if d == nil {
		return nil
	}
	return []Decision{*d}
}

// Approve makes the lift of a stopped batch, by a second person: not who ran it, not who asked for any of it, not whom any
// of it is about, under whichever of their ids.
func (s *Stop) Approve(by Identity, reason string, same Same, at time.Time) (Lift, error) {
	ran := slices.ContainsFunc(s.Ran, func(i Identity) bool { return same.is(i.Person, by.Person) })
	switch {
	case !by.Somebody():
		return Lift{}, fmt.Errorf("plan %s: %w: it is not known who you are", s.Plan, ErrMayNot)
	case strings.TrimSpace(reason) == "":
		return Lift{}, fmt.Errorf("plan %s: lifting a guard needs a reason", s.Plan)
	case ran || slices.Contains(s.By, by.String()):
		return Lift{}, fmt.Errorf("plan %s: %w: you ran it, and it takes a second person", s.Plan, ErrMayNot)
	case same.among(s.Asked, by.Person):
		return Lift{}, fmt.Errorf("plan %s: %w: you decided on a case of it, and it takes a second person", s.Plan, ErrMayNot)
	case same.among(s.People, by.Person):
		return Lift{}, fmt.Errorf("plan %s: %w: it is about your own access", s.Plan, ErrMayNot)
	}
	return Lift{Plan: s.Plan, By: by.String(), Reason: strings.TrimSpace(reason), At: at.UTC()}, nil
}

// Event is something that was announced: so many people will leave at once, and it is no mistake of HR's. It holds from and
// until days, once a second person said that it is true.
type Event struct {
	ID       string          `json:"id"`
	Count    int             `json:"count"` // people
	From     connectors.Date `json:"from"`
	Until    connectors.Date `json:"until"` // the last day
	Reason   string          `json:"reason"`
	By       Identity        `json:"by"`
	At       time.Time       `json:"at"`
	Approved *Decision       `json:"approved,omitempty"`
}

// Check says what is wrong with an event that somebody announces.
func (e *Event) Check(today connectors.Date) error {
	const longest = 92 // days
	switch {
	case !e.By.Somebody():
		return fmt.Errorf("announce: %w: it is not known who you are", ErrMayNot)
	case strings.TrimSpace(e.Reason) == "":
		return errors.New("announce: say why so many leave")
	case e.Count < 1:
		return errors.New("announce: how many people will leave? want 1 or more")
	case !e.From.Known() || !e.Until.Known() || e.Until < e.From:
		return errors.New("announce: from which day until which? the last must not be before the first")
	case e.Until < today:
		return fmt.Errorf("announce: %s has passed", e.Until)
	case int(e.Until-e.From) > longest:
		return fmt.Errorf("announce: %d days are too many for one event; at most %d", int(e.Until-e.From)+1, longest+1)
	}
	return nil
}

// Approve has a second person say that an announced event is true.
func (e *Event) Approve(by Identity, reason string, same Same, at time.Time) error {
	switch {
	case e.Approved != nil:
		return fmt.Errorf("event %s: %w: %s approved it already", e.ID, ErrMove, e.Approved.By)
	case !by.Somebody():
		return fmt.Errorf("event %s: %w: it is not known who you are", e.ID, ErrMayNot)
	case same.is(by.Person, e.By.Person):
		return fmt.Errorf("event %s: %w: you announced it, and it takes a second person", e.ID, ErrMayNot)
	case strings.TrimSpace(reason) == "":
		return fmt.Errorf("event %s: approving it needs a reason", e.ID)
	}
	e.Approved = &Decision{By: by, Why: strings.TrimSpace(reason), At: at.UTC()}
	return nil
}

// Holds tells whether the event is to be counted with on a day.
func (e *Event) Holds(day connectors.Date) bool {
	return e.Approved != nil && e.From <= day && day <= e.Until
}
