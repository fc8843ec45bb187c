package scanner

import (
	"strings"

	"rollcall/connectors"
)

// Policy is what the company says should be: who may hold what, which rules run with which thresholds, who answers for
// accounts that are no person's, and which risks are accepted for how long. Its keys are those of policy.toml.
//
// Entitlement, account and person patterns know * and ?, and do not distinguish upper from lower case; neither do roles.
type Policy struct {
	File            string                              `toml:"-"` // where it was read from, for people to find the line
	Presets         []string                            `toml:"presets"`
	Rules           map[Kind]Rule                       `toml:"rules"`
	App             map[connectors.AppID]AppPolicy      `toml:"app"`
	Birthright      RolePolicy                          `toml:"birthright"` // the same as roles."*"
	Roles           map[string]RolePolicy               `toml:"roles"`
	SoD             []SoDRule                           `toml:"sod"`
	ServiceAccounts []ServiceAccount                    `toml:"service_account"`
	Exceptions      []Exception                         `toml:"exception"`
	register        map[connectors.AppID]*registerTable // by Prepare
}

// Rule sets one rule. What is absent keeps what holds without it, which "0d" and false do not.
type Rule struct {
	Enabled    *bool     `toml:"enabled"`
	After      *Days     `toml:"after"` // stale_account, stale_privilege, dormant_credential: unused for more than so many days
	Grace      *Days     `toml:"grace"` // leave_not_suspended, early_access, mover_stacking: so many days are no finding
	Severity   *Severity `toml:"severity"`
	RequireMFA *bool     `toml:"require_mfa"` // weak_sign_in
	Mode       *Mode     `toml:"mode"`        // report, ask or auto: what may follow from a finding
}

// AppPolicy is what holds for one app instead.
type AppPolicy struct {
	Rules map[Kind]Rule `toml:"rules"`
}

// RolePolicy is what a role explains in each app: what its holders may have, and what they must have (and so may).
type RolePolicy struct {
	Allow map[connectors.AppID][]string `toml:"allow"`
	Must  map[connectors.AppID][]string `toml:"must"`
}

// SoDRule names two entitlements that one person must not hold together, in any apps.
type SoDRule struct {
	ID       string    `toml:"id"`
	Name     string    `toml:"name"`
	Severity *Severity `toml:"severity"` // high when absent
	A        SoDSide   `toml:"a"`
	B        SoDSide   `toml:"b"`
}

// SoDSide is one of them.
type SoDSide struct {
	App         connectors.AppID `toml:"app"`
	Entitlement string           `toml:"entitlement"` // pattern
}

// ServiceAccount is an entry of the register of accounts that are no person's own: what they are and who answers for them.
type ServiceAccount struct {
	App     connectors.AppID    `toml:"app"`
	Account string              `toml:"account"` // pattern of its id or user name
	Owner   connectors.PersonID `toml:"owner"`
	Class   string              `toml:"class"` // service, shared, break_glass, guest
	Purpose string              `toml:"purpose"`
	Review  Day                 `toml:"review"` // when the entry is to be looked at again
}

// Exception is an accepted risk. It covers the findings of its kind that fit all the patterns it gives.
type Exception struct {
	ID          string              `toml:"id"`
	Kind        Kind                `toml:"kind"`
	App         string              `toml:"app"`
	Account     string              `toml:"account"`
	Entitlement string              `toml:"entitlement"`
	Person      string              `toml:"person"`
	Reason      string              `toml:"reason"`
	Owner       connectors.PersonID `toml:"owner"`   // who answers for the risk: employed, and not the one it is about
	Expires     Day                 `toml:"expires"` // its last day
}

// everybody is the role whose entitlements everybody may have.
const everybody = "*"

// Allow adds one line of a role table: holders of role may have what pattern fits in app.
func (p *Policy) Allow(role string, app connectors.AppID, pattern string) {
	if p.Roles == nil {
		p.Roles = map[string]RolePolicy{}
	}
	r := p.Roles[role]
	if r.Allow == nil {
		r.Allow = map[connectors.AppID][]string{}
	}
	r.Allow[app] = append(r.Allow[app], pattern)
	p.Roles[role] = r
}

// AddSoD adds one rule.
func (p *Policy) AddSoD(r SoDRule) { p.SoD = append(p.SoD, r) }

// roleKey is the name under which the policy knows a role: the role HR gives, else "Department / Title".
func roleKey(r connectors.RolePeriod) string {
	if role := strings.TrimSpace(r.Role); role != "" {
		return role
	}
	dept, title := strings.TrimSpace(r.Department), strings.TrimSpace(r.Title)
	if dept == "" || title == "" {
		return dept + title
	}
	return dept + " / " + title
}

// foldRole makes two spellings of one role equal.
func foldRole(role string) string { return strings.ToLower(strings.Join(strings.Fields(role), " ")) }

// where names a place in the policy for evidence: "policy.toml roles.ENG-SWE".
func (p *Policy) where(path string) string {
	if p.File == "" {
		return "policy " + path
	}
	return p.File + " " + path
}
