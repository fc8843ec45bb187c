package slackdesk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
)

// asked is when somebody was asked about a case.
type asked struct {
	First     time.Time
	Reminders int
}

// route is whom a case is put to now.
type route struct {
	Key     string // the person, or "channel"
	To      stop
	Member  *member // nil: the channel
	Notes   []string
	Asked   asked  // of that one; zero: not yet
	Nowhere string // why there is nobody to ask
}

const toChannel = "channel"

// router knows all that routing goes by, as one Refresh found it.
type router struct {
	d         *Desk
	now       time.Time
	people    People
	delegated []remediate.Delegation
	passes    map[string][]remediate.PassedOn
	asked     map[string]map[string]asked // case → key
	accounts  map[connectors.PersonID]account
}

type account struct {
	member *member
	why    string
	err    error
}

func (d *Desk) router(now time.Time) (*router, error) {
	r := &router{d: d, now: now, passes: map[string][]remediate.PassedOn{}, asked: map[string]map[string]asked{},
		accounts: map[connectors.PersonID]account{}}
	var err, errPasses error
	var passes []remediate.PassedOn
	if r.people, err = d.deps.People(); err != nil {
		return nil, err
	}
	r.delegated, err = d.deps.Memory.Delegations()
	passes, errPasses = d.deps.Memory.Passes("")
	if err := errors.Join(err, errPasses); err != nil {
		return nil, err
	}
	for _, p := range passes {
		r.passes[p.Case] = append(r.passes[p.Case], p)
	}
	for _, c := range d.shown(func(c *remediate.Card) bool {
		return c.TS != "" && c.Kind != kindOutcome && c.Kind != kindNote && c.Kind != kindPending
	}) {
		r.count(c)
	}
	return r, nil
}

// count notes who was asked by a card. A question that is over is another one than the next.
func (r *router) count(c *remediate.Card) {
	key := keyOf(c)
	for _, it := range c.Items {
		if it.Done {
			continue
		}
		id := it.Case + " " + it.Item
		if r.asked[id] == nil {
			r.asked[id] = map[string]asked{}
		}
		a := r.asked[id][key]
		if a.First.IsZero() || c.At.Before(a.First) {
			a.First = c.At
		}
		if c.Kind == kindReminder {
			a.Reminders++
		}
		r.asked[id][key] = a
	}
}

func keyOf(c *remediate.Card) string {
	if c.Person == "" {
		return toChannel
	}
	return string(c.Person)
}

func (r *router) account(ctx context.Context, id connectors.PersonID) account {
	a, ok := r.accounts[id]
	if !ok {
		a.member, a.why, a.err = r.d.account(ctx, id, r.people)
		r.accounts[id] = a
	}
	return a
}

// route finds whom to put a case to: the first on its way who can decide, was not passed over and has time left. The notes
// say why the others are not asked.
func (r *router) route(ctx context.Context, k *remediate.Case) (route, error) {
	own, notes, was := r.d.owning(&k.Item, r.people), []string(nil), r.asked[k.ID+" "+k.ItemHash]
	onward := k.State == remediate.Expired && r.d.set.Channel != ""
	if onward {
		notes = append(notes, "Nobody answered in time.")
	}
	for _, s := range stops(&k.Item, r.people) {
		name := r.name(s.Person)
		if to := deputy(s.Person, r.d.day(r.now), r.delegated, r.people); to != "" && !slices.Contains(own, s.Person) {
			notes = append(notes, fmt.Sprintf("%s decides in place of %s.", r.name(to), name))
			s, name = stop{fmt.Sprintf("deputy of %s, %s", name, s.Role), to}, r.name(to)
		}
		why, wrong, err := r.passedOver(ctx, k, s.Person, own)
		if err != nil {
			return route{}, err
		}
		if why != "" {
			notes = append(notes, name+" "+why+".")
			onward = onward || wrong
			continue
		}
		a, m := was[string(s.Person)], r.account(ctx, s.Person).member
		if !a.First.IsZero() && !r.now.Before(r.d.set.Calendar.next(a.First.Add(r.d.set.Escalate), r.d.zone(m))) {
			notes = append(notes, fmt.Sprintf("%s was asked on %s and did not answer.", name, a.First.In(r.d.set.Zone).Format("2006-01-02 15:04 MST")))
			continue
		}
		if onward {
			continue
		}
		return route{Key: string(s.Person), To: s, Member: m, Notes: notes, Asked: a}, nil
	}
	if r.d.set.Channel == "" {
		return route{Nowhere: strings.Join(append(notes, "There is nobody else to ask, and [slack] names no channel."), " ")}, nil
	}
	return route{Key: toChannel, To: stop{Role: asApprover}, Notes: notes, Asked: was[toChannel]}, nil
}

// passedOver says why somebody on the way is not asked; empty: they can be. wrong says that they named a mistake, at which
// whoever runs rollcall has to look.
func (r *router) passedOver(ctx context.Context, k *remediate.Case, id connectors.PersonID, own []connectors.PersonID) (why string, wrong bool, err error) {
	who, known := r.people.Who(id)
	switch {
	case slices.Contains(own, id):
		return "cannot decide about their own access", false, nil
	case !known || !who.Works:
		return "has left", false, nil
	case who.Away:
		return "is on leave", false, nil
	case len(roles(&k.Item, id, r.people, r.d.day(r.now), r.delegated, own)) == 0:
		return "reports to whom it is about", false, nil
	}
	for _, p := range r.passes[k.ID] {
		switch {
		case r.people.Same(p.Person) != id || p.Item != k.ItemHash:
		case p.Wrong:
			return "says that something is wrong: " + p.Why, true, nil
		default:
			return "passed it on", false, nil
		}
	}
	if slices.ContainsFunc(k.Votes, func(w remediate.Decision) bool { return w.Item == k.ItemHash && r.people.Same(w.By.Person) == id }) {
		return "has spoken, and it takes two", false, nil
	}
	a := r.account(ctx, id)
	return a.why, false, a.err
}

func (r *router) name(id connectors.PersonID) string {
	if who, ok := r.people.Who(id); ok {
		return who.String()
	}
	return plain(string(id), 120)
}

// zone is in which an account's owner lives, as far as Slack says.
func (d *Desk) zone(m *member) *time.Location {
	if m == nil || m.Zone == nil {
		return d.set.Zone
	}
	return m.Zone
}
