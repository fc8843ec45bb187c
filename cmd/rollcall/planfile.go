package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

// planName is the file of what a run proposes, with what its guards look at.
const planName = "plan.json"

// errNoPlan is the error for a run that proposes nothing.
var errNoPlan = errors.New("nothing may follow from its findings, since no rule in the policy has mode = \"ask\" or \"auto\"")

// runPlan is a plan and the ground it stands on, as one run saw both.
type runPlan struct {
	Run      string                                      `json:"run"`
	AsOf     connectors.Date                             `json:"as_of"`
	ReadAt   time.Time                                   `json:"read_at"` // when the reading began
	Left     int                                         `json:"left"`    // of those who worked at the last reading of the roster, those who do not now
	Worked   int                                         `json:"worked"`  // and how many they were
	Roster   string                                      `json:"roster_problem,omitempty"`
	Apps     map[connectors.AppID]remediate.AppState     `json:"apps"`
	Unjudged map[connectors.AppID]bool                   `json:"not_judged,omitempty"` // apps of which no finding's absence means anything
	Same     map[connectors.PersonID]connectors.PersonID `json:"same,omitempty"`       // further ids of people who have several: the one they go by
	Managers map[connectors.PersonID]connectors.PersonID `json:"managers,omitempty"`   // of the people the plan is about, those who work here
	Deciders map[connectors.PersonID]bool                `json:"deciders,omitempty"`   // people with a proven name here: whether they work here
	Returned []string                                    `json:"returned,omitempty"`   // cases that suspended somebody who is back from leave
	Exits    map[connectors.PersonID]remediate.Exit      `json:"exits,omitempty"`      // of people who will leave, and of those whose exit was approved ahead
	Ahead    map[connectors.PersonID]*remediate.Item     `json:"ahead,omitempty"`      // what would be done now of what was approved ahead; null: nothing
	// Whose row was left out: that the run does not find what is about them says nothing.
	Hidden       []scanner.Related     `json:"hidden,omitempty"`
	HiddenPeople []connectors.PersonID `json:"hidden_people,omitempty"`
	HiddenRoles  bool                  `json:"hidden_roles,omitempty"` // rows of role history that may be anybody's
	Plan         *remediate.Plan       `json:"plan"`
}

// runPlan makes the plan of a run that has just been judged.
func (p *planner) runPlan(r *report.Review, uids map[string]connectors.PersonID) *runPlan {
	res := r.Result
	out := &runPlan{Run: r.Run, AsOf: res.AsOf, ReadAt: r.Started.UTC(), Apps: map[connectors.AppID]remediate.AppState{}, Unjudged: map[connectors.AppID]bool{}, Plan: p.plan()}
	if len(res.Untrusted) > 0 {
		out.Roster = res.Untrusted[0]
	}
	out.people(res, uids)
	out.exits(res, p)
	u := unseenBy(res)
	for _, hidden := range []map[scanner.Related]bool{u.accounts, u.rights} {
		for at := range hidden {
			out.Hidden = append(out.Hidden, at)
		}
	}
	slices.SortFunc(out.Hidden, func(a, b scanner.Related) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Account, b.Account))
	})
	out.Hidden = slices.Compact(out.Hidden)
	out.HiddenPeople = slices.Compact(slices.Sorted(slices.Values(slices.Concat(res.Blind, res.Sources[0].UnseenRoles))))
	out.HiddenRoles = res.Sources[0].SideUnreadable > 0
	for i := range res.Sources[1:] {
		s := &res.Sources[1:][i]
		app := connectors.AppID(s.Name)
		st := remediate.AppState{Enabled: s.Enabled, Admins: p.admins[app]}
		if s.State != scanner.SourceOK {
			st.Problem = s.Problem
		}
		if s.Self != nil {
			st.Own = s.Self.Account
		}
		out.Unjudged[app] = s.State != scanner.SourceOK || s.Unreadable > 0 || s.SideUnreadable > 0 // such a row may be anybody's
		out.Apps[app] = st
	}
	return out
}

// leaving counts who worked at the last reading of the roster and does not any more, those who are missing included.
func (r *runPlan) leaving(before, now *scanner.RosterFacts) {
	if before == nil || now == nil {
		return
	}
	for id, line := range before.People {
		if line.Ended {
			continue
		}
		r.Worked++
		if is, there := now.People[id]; !there || is.Ended {
			r.Left++
		}
	}
}

// returning notes the cases that suspended an account while its owner was on leave, and whose owner is back.
func (r *runPlan) returning(led *ledger.Ledger, res *scanner.Result) error {
	suspended, err := led.Suspensions()
	if err != nil || r.Roster != "" { // of a roster that is not relied upon nobody is back
		return err
	}
	for _, k := range suspended {
		if p := res.Who(k.Item.Person); p != nil && !p.Ended(res.AsOf) && p.Now.Status == connectors.Active {
			r.Returned = append(r.Returned, k.ID)
		}
	}
	return nil
}

// people notes what the desk has to know of people: who is one and the same, who manages those it is about, and which of
// those who could decide still work here.
func (r *runPlan) people(res *scanner.Result, uids map[string]connectors.PersonID) {
	r.Same, r.Managers, r.Deciders = map[connectors.PersonID]connectors.PersonID{}, map[connectors.PersonID]connectors.PersonID{}, map[connectors.PersonID]bool{}
	for _, person := range res.Persons {
		for _, rec := range person.Records {
			if rec.ID != person.ID {
				r.Same[rec.ID] = person.ID
			}
		}
	}
	works := func(id connectors.PersonID) (*scanner.Person, bool) {
		p := res.Who(id)
		return p, p != nil && !p.Ended(res.AsOf)
	}
	for i := range r.Plan.Items {
		id := r.Plan.Items[i].Person
		if p := res.Who(id); p != nil && p.Now != nil {
			if m, ok := works(p.Now.Manager); ok {
				r.Managers[id] = m.ID
			}
		}
	}
	for _, id := range uids {
		if p, ok := works(id); p != nil {
			r.Deciders[p.ID] = ok
		}
	}
}

// mayDecide tells whether somebody may decide on a case: who works here, and is its subject's manager, the owner of every
// app it touches, or one of the approvers that the configuration names. Nobody else: an empty list refuses.
func (r *runPlan) mayDecide(c *config) func(remediate.Identity, *remediate.Case) error {
	return func(by remediate.Identity, k *remediate.Case) error {
		by.Person = r.same(by.Person)
		if !r.Deciders[by.Person] {
			return fmt.Errorf("%s does not work here, by the roster of run %s", by.Person, r.Run)
		}
		owns := len(k.Item.Targets) > 0
		for _, t := range k.Item.Targets {
			app := c.app(t.App)
			owns = owns && app != nil && app.Owner != "" && r.same(app.Owner) == by.Person
		}
		if owns || r.Managers[r.same(k.Item.Person)] == by.Person || slices.ContainsFunc(c.Remediate.Approvers, func(id connectors.PersonID) bool { return r.same(id) == by.Person }) {
			return nil
		}
		return fmt.Errorf("%s is neither the manager of %s, nor the owner of every app it touches, nor one of [remediate] approvers", by.Person, orNone(string(k.Item.Person)))
	}
}

// write leaves the plan in a run's folder.
func (r *runPlan) write(dir string) error {
	return writeFile(filepath.Join(dir, planName), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(r)
	})
}

// readPlan reads the plan of a recorded run, checked against the run's manifest: what is carried out is what was planned.
func readPlan(c *config, rec *ledger.RunRecord) (*runPlan, error) {
	run := rec.ID
	dir := filepath.Join(c.State, "runs", run)
	text, err := os.ReadFile(filepath.Join(dir, planName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the run %s has no plan: %w; what it would be shows: rollcall plan --all", run, errNoPlan)
	}
	if err != nil {
		return nil, err
	}
	m, sum, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(m.Files, func(f manifestFile) bool { return f.Path == planName })
	if rec.ManifestSHA256 != sum || i < 0 || m.Files[i].SHA256 != hexSum(text) {
		return nil, fmt.Errorf("%s is not what the run wrote, by its manifest and the ledger: nothing is carried out from it; scan again", filepath.Join(dir, planName))
	}
	var p runPlan
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, planName), err)
	}
	if p.Plan == nil || p.Run != run {
		return nil, fmt.Errorf("%s is not the plan of run %s", filepath.Join(dir, planName), run)
	}
	return &p, nil
}

// same gives the id that a person goes by: nobody judges their own access under another of theirs.
func (r *runPlan) same(id connectors.PersonID) connectors.PersonID {
	if main := r.Same[id]; main != "" {
		return main
	}
	return id
}

// judged tells whether the run could have found a group: else that it did not find it says nothing (Law 1).
func (r *runPlan) judged(it *remediate.Item) bool {
	if r.Roster != "" || slices.Contains(r.HiddenPeople, it.Person) {
		return false
	}
	if r.HiddenRoles && slices.ContainsFunc(it.Kinds, func(k scanner.Kind) bool { return slices.Contains(scanner.RoleKinds, k) }) {
		return false
	}
	for _, t := range it.Targets {
		if _, read := r.Apps[t.App]; !read || r.Unjudged[t.App] || slices.Contains(r.Hidden, scanner.Related{App: t.App, Account: t.Account}) {
			return false
		}
	}
	return true
}
