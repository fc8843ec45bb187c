package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/remediate/notify"
	"rollcall/remediate/slackdesk"
	"rollcall/scanner"
)

// slackPeople is what the newest run knows of people, as the desk in Slack asks for it.
type slackPeople struct {
	c   *config
	led *ledger.Ledger
	run string

	who      map[connectors.PersonID]slackdesk.Who
	same     map[connectors.PersonID]connectors.PersonID
	managers map[connectors.PersonID]connectors.PersonID

	addressesOnce, beforeOnce sync.Once
	addresses                 map[string][]connectors.PersonID
	byPerson                  map[connectors.PersonID]string
	before                    map[connectors.PersonID]connectors.PersonID
}

// slackKnown keeps the people of the newest run until there is a newer one.
type slackKnown struct {
	mu   sync.Mutex
	last *slackPeople
}

func (k *slackKnown) people(c *config, led *ledger.Ledger) (*slackPeople, error) {
	run, err := recordedRun(led, "")
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last != nil && k.last.run == run.ID && k.last.c == c {
		return k.last, nil
	}
	p := &slackPeople{c: c, led: led, run: run.ID, who: map[connectors.PersonID]slackdesk.Who{}, same: map[connectors.PersonID]connectors.PersonID{}, managers: map[connectors.PersonID]connectors.PersonID{}}
	err = eachPerson(p.file(run.ID), func(r *personRow) {
		p.same[r.Record] = r.Person
		if !r.Now {
			return
		}
		ended := r.End.Known() && r.End < c.AsOf
		p.who[r.Person] = slackdesk.Who{ID: r.Person, Name: r.Name, Away: r.Status == connectors.OnLeave.String(),
			Works: !ended && r.Status != connectors.Terminated.String() && r.Status != connectors.Preboarding.String()}
		p.managers[r.Person] = r.Manager
	})
	if err != nil {
		return nil, fmt.Errorf("who works here, and who manages whom, is not known: the run %s left no list of people, as one with --no-workbook does: %w", run.ID, err)
	}
	k.last = p
	return p, nil
}

func (p *slackPeople) file(run string) string {
	return filepath.Join(p.c.State, "runs", run, peopleName)
}

func (p *slackPeople) Who(id connectors.PersonID) (slackdesk.Who, bool) {
	w, ok := p.who[id]
	if ok && p.c.Slack != nil && p.c.Slack.ByEmail {
		p.readAddresses()
		w.Address = p.byPerson[id]
	}
	return w, ok
}

func (p *slackPeople) Same(id connectors.PersonID) connectors.PersonID {
	if main := p.same[id]; main != "" {
		return main
	}
	return id
}

func (p *slackPeople) Manager(id connectors.PersonID) connectors.PersonID {
	return p.Same(p.managers[p.Same(id)])
}

func (p *slackPeople) Owner(app connectors.AppID) connectors.PersonID {
	if a := p.c.app(app); a != nil {
		return a.Owner
	}
	return ""
}

func (p *slackPeople) Approvers() []connectors.PersonID { return p.c.Remediate.Approvers }

func (p *slackPeople) ByAddress(address string) []connectors.PersonID {
	p.readAddresses()
	return p.addresses[strings.ToLower(address)]
}

// readAddresses reads from the roster at which work address each is who works here. A roster that cannot be read whole gives
// none, so that nobody is known by one.
func (p *slackPeople) readAddresses() {
	p.addressesOnce.Do(func() {
		addresses, byPerson := map[string][]connectors.PersonID{}, map[connectors.PersonID]string{}
		for r, err := range p.c.Roster.People(context.Background(), silent{}) {
			if err != nil {
				return
			}
			a, err := notify.ParseAddress(r.WorkEmail)
			id := p.Same(r.ID)
			if err != nil || !p.who[id].Works {
				continue
			}
			address := strings.ToLower(a.Address)
			if byPerson[id] = address; !slices.Contains(addresses[address], id) {
				addresses[address] = append(addresses[address], id)
			}
		}
		p.addresses, p.byPerson = addresses, byPerson
	})
}

// lookedBack is how many runs are looked through for who managed somebody before.
const lookedBack = 120

// OldManager is who managed somebody, by the latest of the earlier runs that names another manager than the present one.
func (p *slackPeople) OldManager(id connectors.PersonID) connectors.PersonID {
	p.beforeOnce.Do(func() {
		p.before = map[connectors.PersonID]connectors.PersonID{}
		wanted := map[connectors.PersonID]bool{}
		p.led.LiveCases(func(k *remediate.Case) bool {
			if !k.State.Ended() && slices.Contains(k.Item.Kinds, scanner.MoverStacking) {
				wanted[p.Same(k.Item.Person)] = true
			}
			return false
		})
		runs, err := p.led.Runs(lookedBack)
		if err != nil {
			return // nobody is known to have managed anybody before: the present manager is asked
		}
		for _, run := range runs {
			if len(wanted) == 0 {
				return
			}
			eachPerson(p.file(run.ID), func(r *personRow) { // a folder that is gone tells nothing
				if id := p.Same(r.Record); r.Now && wanted[id] && r.Manager != "" && p.Same(r.Manager) != p.Manager(id) {
					p.before[id] = p.Same(r.Manager)
					delete(wanted, id)
				}
			})
		}
	})
	return p.before[p.Same(id)]
}

// couldDecide are those who may ever be asked: managers, owners of apps, approvers, and whom [slack] names.
func (p *slackPeople) couldDecide() (list []slackdesk.Who) {
	p.readAddresses()
	ids := map[connectors.PersonID]bool{}
	add := func(more ...connectors.PersonID) {
		for _, id := range more {
			ids[p.Same(id)] = true
		}
	}
	for id, m := range p.managers {
		if p.who[id].Works {
			add(m)
		}
	}
	for i := range p.c.Apps {
		add(p.c.Apps[i].Owner)
	}
	add(p.c.Remediate.Approvers...)
	if s := p.c.Slack; s != nil {
		add(slices.Concat(s.Admins, s.Scan, s.Offboard)...)
	}
	for id := range ids {
		if w, ok := p.who[id]; ok && w.Works {
			w.Address = p.byPerson[id]
			list = append(list, w)
		}
	}
	slices.SortFunc(list, func(a, b slackdesk.Who) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return list
}
