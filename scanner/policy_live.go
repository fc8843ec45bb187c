package scanner

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rollcall/connectors"
)

// PolicyCheck is how a policy fits the company as it is. What Validate refuses is not here: that stops every scan, while
// this is for a person to look at.
type PolicyCheck struct {
	AsOf     connectors.Date
	Warnings []Problem
	LeftOut  []LeftOut // apps that could not be read whole, of which nothing is said
	Roles    int       // present roles of people who work here
	Unknown  int       // of them, those the policy does not name
	People   int       // who have them
}

// CheckPolicy reads the roster and every app and tells which lines of the policy mean nothing there: roles nobody has,
// entitlements nobody holds, owners who left, exceptions past their day; and which roles it forgets.
func CheckPolicy(ctx context.Context, in Input) (*PolicyCheck, error) {
	seen := newSeenApps(in.Policy, in.Apps)
	in.Sink = seen.sink
	s, err := begin(ctx, &in)
	if err != nil {
		return nil, err
	}
	if why := s.result.Untrusted; len(why) > 0 {
		return nil, fmt.Errorf("the roster is not trusted, so nothing can be held against it: %s", joinNotes(why))
	}
	if _, err := s.apps(ctx); err != nil {
		return nil, err
	}
	c := &policyLive{judge: s.judge, seen: seen, out: &PolicyCheck{AsOf: in.AsOf}}
	for i := range in.Apps {
		if rep := &s.result.Sources[i+1]; rep.State != SourceOK {
			c.out.LeftOut = append(c.out.LeftOut, LeftOut{in.Apps[i].ID, rep.Problem})
			delete(seen.apps, in.Apps[i].ID)
		}
	}
	c.roles()
	c.sod()
	c.register()
	c.exceptions()
	slices.SortStableFunc(c.out.Warnings, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
	return c.out, nil
}

// seenApps is what the apps really have of what a policy can name.
type seenApps struct {
	policy *Policy
	apps   map[connectors.AppID]*seenApp
}

type seenApp struct {
	raw     map[connectors.EntitlementID]bool
	entries map[*ServiceAccount]bool // of the register, that some account fits
}

func newSeenApps(p *Policy, apps []App) *seenApps {
	s := &seenApps{p, map[connectors.AppID]*seenApp{}}
	for i := range apps {
		s.apps[apps[i].ID] = &seenApp{map[connectors.EntitlementID]bool{}, map[*ServiceAccount]bool{}}
	}
	return s
}

func (s *seenApps) sink(app connectors.AppID) func(*AccountLine) error {
	a := s.apps[app]
	return func(l *AccountLine) error {
		for i := range l.Account.Entitlements {
			a.raw[l.Account.Entitlements[i].ID] = true
		}
		if e := s.policy.entry(app, l.Account); e != nil {
			a.entries[e] = true
		}
		return nil
	}
}

// holds tells whether some account of the app holds what a pattern fits; an app that was not read may.
func (s *seenApps) holds(app connectors.AppID, pattern string) bool {
	a := s.apps[app]
	if a == nil || a.raw[connectors.EntitlementID(pattern)] {
		return true
	}
	pattern = fold(pattern)
	for id := range a.raw {
		if fits(pattern, fold(string(id))) {
			return true
		}
	}
	return false
}

// policyLive holds the lines of a policy against the company.
type policyLive struct {
	*judge
	seen *seenApps
	out  *PolicyCheck
}

func (c *policyLive) warn(path, format string, args ...any) {
	c.out.Warnings = append(c.out.Warnings, Problem{path, fmt.Sprintf(format, args...)})
}

func (c *policyLive) roles() {
	named := map[roleID]bool{}
	c.table("birthright", c.Policy.Birthright)
	for _, name := range sortedRoles(c.Policy) {
		path := "roles." + name
		c.table(path, c.Policy.Roles[name])
		if strings.TrimSpace(name) == everybody {
			continue
		}
		id := c.judge.roles.id(name)
		if id == noRole {
			continue
		}
		if named[id] {
			c.warn(pathOfTable(path, c.Policy.Roles[name]), "the role %q is named twice, in different spellings: both tables count", name)
		}
		named[id] = true
		if c.staff[id] == 0 {
			c.warn(pathOfTable(path, c.Policy.Roles[name]), "nobody who works here has the role %q", name)
		}
	}
	for id, n := range c.staff {
		if n == 0 {
			continue
		}
		c.out.Roles++
		c.out.People += n
		if named[roleID(id)] {
			continue
		}
		c.out.Unknown++
		if len(c.Policy.Roles) > 0 {
			c.warn("roles", "%s %s, a role the policy does not name: judged by peers where there are enough", peopleAre(n), c.judge.roles.name(roleID(id)))
		}
	}
}

// pathOfTable is where a role's table stands in the file, which seldom has a header for the role alone.
func pathOfTable(path string, r RolePolicy) string {
	switch {
	case len(r.Allow) > 0:
		return path + ".allow"
	case len(r.Must) > 0:
		return path + ".must"
	}
	return path
}

func peopleAre(n int) string {
	if n == 1 {
		return "1 person is"
	}
	return fmt.Sprintf("%d people are", n)
}

// table warns of entitlements that no account holds.
func (c *policyLive) table(path string, r RolePolicy) {
	for key, apps := range map[string]map[connectors.AppID][]string{"allow": r.Allow, "must": r.Must} {
		for _, app := range slices.Sorted(maps.Keys(apps)) {
			for _, pattern := range apps[app] {
				c.held(path+"."+key+"."+string(app), app, pattern)
			}
		}
	}
}

func (c *policyLive) held(path string, app connectors.AppID, pattern string) {
	if !c.seen.holds(app, pattern) {
		c.warn(path, "no account of %s holds %q", app, pattern)
	}
}

func (c *policyLive) sod() {
	for i := range c.Policy.SoD {
		r := &c.Policy.SoD[i]
		c.held(fmt.Sprintf("sod[%d].a", i), r.A.App, r.A.Entitlement)
		c.held(fmt.Sprintf("sod[%d].b", i), r.B.App, r.B.Entitlement)
	}
}

// owner warns of somebody who answers for something and cannot.
func (c *policyLive) owner(path string, id connectors.PersonID) {
	switch p := c.judge.People.ByID(id); {
	case id == "":
	case p == nil:
		c.warn(path, "its owner %s is not on the roster", id)
	case p.Ended(c.AsOf):
		c.warn(path, "its owner %s no longer works here", who(p))
	}
}

func (c *policyLive) register() {
	for i := range c.Policy.ServiceAccounts {
		e := &c.Policy.ServiceAccounts[i]
		path := fmt.Sprintf("service_account[%d]", i)
		if e.Owner == "" {
			c.warn(path, "%s %s has no owner: name the employee id of who answers for it", e.App, e.Account)
		}
		c.owner(path+".owner", e.Owner)
		if a := c.seen.apps[e.App]; a != nil && !a.entries[e] {
			c.warn(path+".account", "no account of %s fits %q, or an earlier entry has it", e.App, e.Account)
		}
		if e.Review.Known() && e.Review.Date <= c.AsOf {
			c.warn(path+".review", "%s %s was to be reviewed on %s", e.App, e.Account, e.Review)
		}
	}
}

func (c *policyLive) exceptions() {
	for i := range c.Policy.Exceptions {
		e := &c.Policy.Exceptions[i]
		path := fmt.Sprintf("exception[%d]", i)
		c.owner(path+".owner", e.Owner)
		if e.Expires.Date < c.AsOf {
			c.warn(path+".expires", "%s expired on %s: renew it or take it out", e.ID, e.Expires)
		}
		if id := connectors.PersonID(strings.TrimSpace(e.Person)); id != "" && !strings.ContainsAny(e.Person, "*?") && c.judge.People.ByID(id) == nil {
			c.warn(path+".person", "%s is about %s, who is not on the roster", e.ID, id)
		}
		if e.App != "" && e.Entitlement != "" && !strings.ContainsAny(e.App, "*?") {
			c.held(path+".entitlement", connectors.AppID(e.App), e.Entitlement)
		}
	}
}
