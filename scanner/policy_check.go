package scanner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rollcall/connectors"
)

// Problem is something in the policy that must be mended. Path is the key it stands at: "sod[2].a", "rules.stale_account.after".
type Problem struct{ Path, Message string }

// Validate returns every problem of the policy. apps are those of the configuration; none given are not checked.
func (p *Policy) Validate(apps []connectors.AppID) []Problem {
	c := &policyCheck{apps: apps}
	for i, name := range p.Presets {
		if presetRules[name] == nil {
			c.add(fmt.Sprintf("presets[%d]", i), "there is no preset %q; want one of %s", name, strings.Join(PresetNames(), ", "))
		}
	}
	c.rules("rules", p.Rules)
	for app, ap := range p.App {
		path := "app." + string(app)
		c.app(path, app)
		c.rules(path+".rules", ap.Rules)
	}
	c.role("birthright", p.Birthright)
	for name, r := range p.Roles {
		c.role("roles."+name, r)
	}
	c.sod(p.SoD)
	c.register(p.ServiceAccounts)
	c.exceptions(p.Exceptions)
	slices.SortFunc(c.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
	return c.problems
}

type policyCheck struct {
	apps     []connectors.AppID
	problems []Problem
}

func (c *policyCheck) add(path, format string, args ...any) {
	c.problems = append(c.problems, Problem{path, fmt.Sprintf(format, args...)})
}

func (c *policyCheck) app(path string, app connectors.AppID) {
	switch {
	case app == "":
		c.add(path, "app is missing: name one of the configuration's apps")
	case len(c.apps) > 0 && !slices.Contains(c.apps, app):
		c.add(path, "the configuration has no app %q; it has %s", app, joinIDs(c.apps))
	}
}

func joinIDs(ids []connectors.AppID) string {
	var s []string
	for _, id := range ids {
		s = append(s, string(id))
	}
	return strings.Join(s, ", ")
}

func (c *policyCheck) rules(path string, rules map[Kind]Rule) {
	for kind, r := range rules {
		at := path + "." + string(kind)
		if !slices.Contains(Kinds, kind) {
			c.add(at, "there is no rule %q; want one of %s", kind, kindList())
			continue
		}
		switch key := thresholds[kind].key; {
		case r.After != nil && key != "after":
			c.add(at+".after", "%s takes no after%s", kind, insteadKey(key))
		case r.Grace != nil && key != "grace":
			c.add(at+".grace", "%s takes no grace%s", kind, insteadKey(key))
		}
		if r.RequireMFA != nil && kind != WeakSignIn {
			c.add(at+".require_mfa", "only weak_sign_in takes require_mfa")
		}
	}
}

func insteadKey(key string) string {
	if key == "" {
		return ": it has no threshold"
	}
	return "; its threshold is called " + key
}

func kindList() string {
	var s []string
	for _, k := range Kinds {
		s = append(s, string(k))
	}
	return strings.Join(s, ", ")
}

func (c *policyCheck) role(path string, r RolePolicy) {
	for _, t := range []struct {
		key  string
		apps map[connectors.AppID][]string
	}{{"allow", r.Allow}, {"must", r.Must}} {
		for app, list := range t.apps {
			at := path + "." + t.key + "." + string(app)
			c.app(at, app)
			if slices.ContainsFunc(list, func(s string) bool { return strings.TrimSpace(s) == "" }) {
				c.add(at, "an entitlement is empty: name it, or take it out")
			}
		}
	}
}

func (c *policyCheck) sod(rules []SoDRule) {
	seen := map[string]bool{}
	for i, r := range rules {
		at := fmt.Sprintf("sod[%d]", i)
		c.id(at, r.ID, seen)
		for _, side := range []struct {
			key string
			SoDSide
		}{{"a", r.A}, {"b", r.B}} {
			c.app(at+"."+side.key, side.App)
			if strings.TrimSpace(side.Entitlement) == "" {
				c.add(at+"."+side.key, "entitlement is missing: name what must not be held together with the other side")
			}
		}
		if r.A.App == r.B.App && fold(r.A.Entitlement) == fold(r.B.Entitlement) {
			c.add(at, "both sides are the same: everybody who holds it would be in conflict with themselves")
		}
	}
}

func (c *policyCheck) id(path, id string, seen map[string]bool) {
	switch {
	case strings.TrimSpace(id) == "":
		c.add(path, "id is missing: findings refer to it")
	case seen[id]:
		c.add(path+".id", "the id %q is used twice", id)
	}
	seen[id] = true
}

func (c *policyCheck) register(entries []ServiceAccount) {
	for i, e := range entries {
		at := fmt.Sprintf("service_account[%d]", i)
		c.app(at+".app", e.App)
		if strings.TrimSpace(e.Account) == "" {
			c.add(at, "account is missing: name the account's id or user name, or a pattern of it")
		}
		switch class, ok := connectors.ParseClass(e.Class); {
		case !ok, class == connectors.ClassUnknown, class == connectors.Human:
			c.add(at+".class", "class = %q: want service, shared, break_glass or guest", e.Class)
		}
	}
}

func (c *policyCheck) exceptions(list []Exception) {
	seen := map[string]bool{}
	for i, e := range list {
		at := fmt.Sprintf("exception[%d]", i)
		c.id(at, e.ID, seen)
		if !slices.Contains(Kinds, e.Kind) {
			c.add(at+".kind", "there is no finding kind %q; want one of %s", e.Kind, kindList())
		}
		if strings.Trim(e.App+e.Account+e.Entitlement+e.Person, " *") == "" {
			c.add(at, "it would cover every %s: name at least one of app, account, entitlement, person", e.Kind)
		}
		if len(c.apps) > 0 && e.App != "" && !slices.ContainsFunc(c.apps, func(a connectors.AppID) bool { return fits(fold(e.App), fold(string(a))) }) {
			c.add(at+".app", "no app of the configuration fits %q; it has %s", e.App, joinIDs(c.apps))
		}
		if strings.TrimSpace(e.Reason) == "" {
			c.add(at, "reason is missing: say why the risk is accepted")
		}
		if e.Owner == "" {
			c.add(at, "owner is missing: name the employee id of who answers for the risk")
		}
		if !e.Expires.Known() {
			c.add(at, "expires is missing: an accepted risk has a last day, such as 2027-03-31")
		}
	}
}
