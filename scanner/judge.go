package scanner

import (
	"cmp"
	"slices"
	"sync/atomic"

	"rollcall/connectors"
)

// judgeInput is all the rules know beside the accounts themselves.
type judgeInput struct {
	AsOf     connectors.Date
	People   *People
	Policy   *Policy
	Apps     []App
	Trusted  bool      // the roster is trusted: else nothing that rests on it is judged
	Removals []Removal // confirmed clean by cases
	Rulings  []Ruling
	Blind    []connectors.PersonID       // people whose roster rows were left out
	Missing  map[connectors.PersonID]int // absent from so many complete rosters in a row
}

// judge holds what all apps share. It is read-only once made.
type judge struct {
	judgeInput
	roles   *roleBook
	persons []personFacts          // by Person.Index
	alive   map[*Person]*Person    // of an ended person: an employed one who could be the same human, an unlinked re-hire
	texts   []atomic.Pointer[told] // by Person.Index
	days
	removals map[connectors.AppID]map[connectors.AccountID][]Removal
	aside    aside
	drafts   spareDrafts
	slots    spareSlots
	missing  map[string]int // Missing, by folded id
	staff    []int          // by roleID: how many people who work here have it as their present role
	newRoles bool           // the policy does not know everybody's present role
	mining   bool           // holdings are only counted: see Mine
}

// personFacts are the rules' questions about a person, answered once, and their roles: all that an account in order asks of
// its owner, mostly in one line of the processor's cache, and nothing for the collector of garbage to follow.
type personFacts struct {
	heldRoles
	ended      bool
	maybeAlive bool            // the judge knows who is: see alive
	leaveOpen  bool            // HR says on leave, and not since when
	lastDay    connectors.Date // of an ended person; 0 = some record ended without a date
	leaveSince connectors.Date // on extended leave since; 0 = not on leave
	firstDay   connectors.Date // in the future: not started yet; else 0
}

func newJudge(in judgeInput) *judge {
	if in.Policy == nil {
		in.Policy = &Policy{}
	}
	j := &judge{judgeInput: in, removals: map[connectors.AppID]map[connectors.AccountID][]Removal{}, missing: map[string]int{},
		persons: make([]personFacts, len(in.People.All)), alive: map[*Person]*Person{}}
	j.texts = make([]atomic.Pointer[told], len(in.People.All))
	j.days = newDays(in.AsOf)
	for i, p := range in.People.All {
		j.persons[i] = j.factsOf(p)
	}
	j.roles = newRoleBook(in.People, in.Policy, in.AsOf, j.persons)
	j.staff = make([]int, len(j.roles.names))
	for _, p := range in.People.All {
		if role := j.presentRole(p); role != noRole {
			j.staff[role]++
			j.newRoles = j.newRoles || !j.roles.inPolicy[role]
		}
	}
	for _, r := range in.Removals {
		if j.removals[r.App] == nil {
			j.removals[r.App] = map[connectors.AccountID][]Removal{}
		}
		j.removals[r.App][r.Account] = append(j.removals[r.App][r.Account], r)
	}
	for id, n := range in.Missing {
		j.missing[fold(string(id))] = n
	}
	j.aside = newAside(j)
	return j
}

func (j *judge) factsOf(p *Person) personFacts {
	asOf := j.AsOf
	f := personFacts{ended: p.Ended(asOf)}
	if f.ended {
		f.lastDay = lastDay(p)
		for _, other := range p.MaybeSame {
			if !other.Ended(asOf) {
				f.maybeAlive, j.alive[p] = true, other
				break
			}
		}
		return f
	}
	first := connectors.Date(0)
	for _, r := range p.Records {
		if !r.Start.Known() || r.Start <= asOf {
			first = 0
			break
		}
		if first == 0 || r.Start < first {
			first = r.Start
		}
	}
	f.firstDay = first
	switch r := p.Now; {
	case r.LeaveStart.Known():
		if r.LeaveStart <= asOf && (!r.LeaveEnd.Known() || r.LeaveEnd >= asOf) {
			f.leaveSince = r.LeaveStart
		}
	case r.Status == connectors.OnLeave && (!r.LeaveEnd.Known() || r.LeaveEnd >= asOf):
		f.leaveOpen = true
	}
	return f
}

// lastDay is the last day of the last employment; 0 when a record ended and HR does not say when.
func lastDay(p *Person) connectors.Date {
	var last connectors.Date
	for _, r := range p.Records {
		if !r.End.Known() {
			return 0
		}
		last = max(last, r.End)
	}
	return last
}

// presentRole is the role of somebody who works here; noRole when HR gives none, or the person has left or not yet begun.
func (j *judge) presentRole(p *Person) roleID { return j.facts(p).present() }

func (f *personFacts) present() roleID {
	if f.ended || f.firstDay.Known() {
		return noRole
	}
	return f.role
}

func (j *judge) facts(p *Person) *personFacts { return &j.persons[p.Index] }

// rolesOf are the distinct roles of a person, the present one first; none where HR gives none.
func (j *judge) rolesOf(p *Person) []roleID { return j.roles.roles(&j.facts(p).heldRoles) }

// verdict is what a scan found, sorted.
type verdict struct {
	Findings  []Finding // those that were not handed on
	Accepted  []Finding // covered by a valid exception, or ruled wrong
	NotJudged []NotJudged
	Notes     []string
}

// finish judges what no app can be judged by alone. nil judges are apps that were not read.
func (j *judge) finish(apps []*appJudge) verdict {
	var v verdict
	apps = slices.DeleteFunc(slices.Clone(apps), func(aj *appJudge) bool { return aj == nil })
	for _, f := range j.sodConflicts(apps) {
		if j.aside.covers(&f) {
			v.Accepted = append(v.Accepted, f)
		} else {
			v.Findings = append(v.Findings, f)
		}
	}
	for _, aj := range apps {
		for f := range aj.open() {
			v.Findings = append(v.Findings, *f.Finding())
		}
		v.Accepted = append(v.Accepted, aj.accepted...)
		v.NotJudged = append(v.NotJudged, aj.notJudged()...)
	}
	SortFindings(v.Findings)
	SortFindings(v.Accepted)
	v.Notes = j.policyNotes()
	slices.SortFunc(v.NotJudged, func(a, b NotJudged) int {
		return cmp.Or(cmp.Compare(slices.Index(Kinds, a.Kind), slices.Index(Kinds, b.Kind)), cmp.Compare(a.App, b.App), cmp.Compare(a.Why, b.Why))
	})
	return v
}
