package scanner

import (
	"maps"
	"slices"
	"strconv"

	"rollcall/connectors"
)

// thresholds are the numbers the rules use where neither policy nor preset gives one, and the key a policy sets them by.
//
// early_access has no grace: an account made ahead of the first day is normal only where the company says so.
var thresholds = map[Kind]struct {
	key  string
	days int
}{
	StaleAccount:      {"after", 90},
	StalePrivilege:    {"after", 90},
	DormantCredential: {"after", 90},
	LeaveNotSuspended: {"grace", 14},
	MoverStacking:     {"grace", 30},
	EarlyAccess:       {"grace", 0},
}

// presetRules are the numbers that frameworks themselves give: PCI DSS 4.0.1 8.2.6 (90 days), CIS Controls 5.3 (45), the
// FedRAMP values of AC-2(3) (90, and 35 at high). SOC 2 and ISO 27001 give none: they hold a company to its own.
var presetRules = map[string]map[Kind]int{
	"pci":              {StaleAccount: 90},
	"cis":              {StaleAccount: 45},
	"fedramp-moderate": {StaleAccount: 90},
	"fedramp-high":     {StaleAccount: 35},
	"soc2":             {},
	"iso27001":         {},
}

// PresetNames lists the presets a policy can name.
func PresetNames() []string { return slices.Sorted(maps.Keys(presetRules)) }

// ruleSet is one rule as it runs in one app.
type ruleSet struct {
	on       bool
	days     connectors.Date
	from     string    // where the number comes from
	base     Severity  // of a finding, see severities
	severity *Severity // what the policy says instead
	mfa      bool      // weak_sign_in: MFA is required
	fact     Fact      // the threshold as evidence
	beyond   string    // ", more than 90 days": what a sentence says of who is past it
}

// rule settles how a rule runs in an app. The app's own setting takes the place of the general one; of what remains and
// the presets, the strictest number holds.
func (p *Policy) rule(app connectors.AppID, kind Kind) ruleSet {
	r := ruleSet{base: severities[kind], on: true, days: -1, from: "default"}
	apply := func(set Rule, path string) {
		if set.Enabled != nil {
			r.on = *set.Enabled
		}
		if set.Severity != nil {
			r.severity = set.Severity
		}
		if set.RequireMFA != nil {
			r.mfa = *set.RequireMFA
		}
		for _, d := range []*Days{set.After, set.Grace} {
			if d != nil {
				r.days, r.from = connectors.Date(*d), p.where(path+"."+string(kind))
			}
		}
	}
	apply(p.Rules[kind], "rules")
	apply(p.App[app].Rules[kind], "app."+string(app)+".rules")
	for _, name := range slices.Sorted(slices.Values(p.Presets)) {
		if n, ok := presetRules[name][kind]; ok && (r.days < 0 || connectors.Date(n) < r.days) {
			r.days, r.from = connectors.Date(n), "preset "+name
		}
	}
	t, ok := thresholds[kind]
	if r.days < 0 {
		r.days = connectors.Date(t.days)
	}
	r.beyond = ", more than " + strconv.Itoa(int(r.days)) + " days"
	if ok {
		r.fact = Fact{"threshold", t.key + " " + strconv.Itoa(int(r.days)) + " days (" + r.from + ")"}
	} else {
		r.fact = Fact{"rule", string(kind) + ": " + Meaning(kind)}
	}
	return r
}
