package main

import (
	"path"
	"strconv"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/report"
	"rollcall/scanner"
)

// remediateConfig is the section [remediate]: how much may follow from what the policy lets follow. Absent keys keep the
// defaults of remediate.DefaultLimits.
type remediateConfig struct {
	PerRun     *int                  `toml:"per_run"`
	PerDay     *int                  `toml:"per_day"`
	AppPercent *percent              `toml:"app_percent"`
	AppAtLeast *int                  `toml:"app_at_least"`
	MinAdmins  *int                  `toml:"min_admins"`
	WarmUp     *int                  `toml:"warm_up"`
	Shadow     *int                  `toml:"shadow"` // agreements in a row before a rule is automatic in an app
	MaxAge     *hours                `toml:"max_age"`
	Answer     *scanner.Days         `toml:"answer"`         // how long an answer may take
	Within     *scanner.Days         `toml:"revoke_within"`  // the target that the report measures by; absent: none
	AtOnce     []string              `toml:"revoke_at_once"` // departments, titles, roles and people whose access is to go on the last day itself
	Keep       *scanner.Days         `toml:"longest_keep"`   // how long a keep may hold
	Protected  []string              `toml:"protected"`      // "app/login or id", with * and ?
	LegalHold  []string              `toml:"legal_hold"`     // people's ids, and patterns as in protected: never archived or deleted
	Approvers  []connectors.PersonID `toml:"approvers"`      // who may decide on anything, beside managers and app owners
	Retention  *scanner.Days         `toml:"retention"`      // how long a disabled account is kept, before two people are asked; absent: nobody is
	Afterwards string                `toml:"after_retention"`
}

// identitiesConfig is the section [identities]: which person each proven name is.
type identitiesConfig struct {
	UID map[string]connectors.PersonID `toml:"uid"` // of the operating system; root is nobody
}

// hours are written with their unit: "26h".
type hours time.Duration

func (h *hours) UnmarshalText(b []byte) error {
	d, err := time.ParseDuration(string(b))
	*h = hours(d)
	return err
}

// remediation is the section as it holds.
type remediation struct {
	Limits    remediate.Limits
	Answer    time.Duration
	Keep      int // days
	Shadow    int
	Approvers []connectors.PersonID
	Target    *report.Target // nil: none
	UID       map[string]connectors.PersonID
	Retention time.Duration  // 0 = nobody is asked what becomes of disabled accounts
	Retire    remediate.Verb // what the company prefers
}

const (
	defaultAnswer = 5 * 24 * time.Hour
	defaultKeep   = 365
	defaultShadow = 10
)

func (c *config) remediation(f *tomlFile, r remediateConfig, who identitiesConfig) {
	c.Remediate = remediation{Limits: remediate.DefaultLimits, Answer: defaultAnswer, Keep: defaultKeep, Shadow: defaultShadow, UID: who.UID, Approvers: r.Approvers}
	lim := &c.Remediate.Limits
	for _, n := range []struct {
		key string
		set *int
		to  *int
	}{{"per_run", r.PerRun, &lim.PerRun}, {"per_day", r.PerDay, &lim.PerDay}, {"app_percent", (*int)(r.AppPercent), &lim.AppPercent},
		{"app_at_least", r.AppAtLeast, &lim.AppAtLeast}, {"min_admins", r.MinAdmins, &lim.MinAdmins}, {"warm_up", r.WarmUp, &lim.WarmUp}, {"shadow", r.Shadow, &c.Remediate.Shadow}} {
		if override(n.to, n.set); *n.to < 0 {
			f.problem("remediate."+n.key, "[remediate] %s = %d: want 0 or more", n.key, *n.to)
		}
	}
	if r.MaxAge != nil {
		if lim.MaxAge = time.Duration(*r.MaxAge); lim.MaxAge <= 0 {
			f.problem("remediate.max_age", "[remediate] max_age: want a time above 0, such as \"26h\"")
		}
	}
	if r.Within != nil || len(r.AtOnce) > 0 {
		c.Remediate.Target = &report.Target{AtOnce: r.AtOnce}
		if r.Within != nil {
			c.Remediate.Target.Days = int(*r.Within)
		} else {
			f.problem("remediate.revoke_at_once", "[remediate] revoke_at_once needs revoke_within, for everybody else")
		}
	}
	for _, p := range r.AtOnce {
		if _, err := path.Match(p, ""); err != nil {
			f.problem("remediate.revoke_at_once", "[remediate] revoke_at_once: %q is no pattern", p)
		}
	}
	if r.Answer != nil {
		c.Remediate.Answer = time.Duration(*r.Answer) * 24 * time.Hour
	}
	if r.Keep != nil {
		c.Remediate.Keep = int(*r.Keep)
	}
	c.Remediate.Retire = remediate.Archive
	switch v := remediate.Verb(r.Afterwards); v {
	case remediate.Archive, remediate.Delete:
		c.Remediate.Retire = v
	case "":
	default:
		f.problem("remediate.after_retention", "[remediate] after_retention = %q: want \"archive\" or \"delete\"", r.Afterwards)
	}
	if r.Retention != nil {
		c.Remediate.Retention = time.Duration(*r.Retention) * 24 * time.Hour
	} else if r.Afterwards != "" {
		f.problem("remediate.after_retention", "[remediate] after_retention needs retention: how long is a disabled account kept?")
	}
	for _, p := range r.Protected {
		if _, err := path.Match(p, ""); err != nil || !strings.Contains(p, "/") {
			f.problem("remediate.protected", "[remediate] protected: %q: want \"app/login\" or \"app/account id\", where * and ? stand for anything", p)
		}
	}
	lim.Protected = r.Protected
	for _, p := range r.LegalHold {
		if _, err := path.Match(p, ""); err != nil || strings.TrimSpace(p) == "" || !strings.Contains(p, "/") && strings.ContainsAny(p, "*?") {
			f.problem("remediate.legal_hold", "[remediate] legal_hold: %q: want a person's id, \"app/login\" or \"app/account id\"; * and ? stand for anything in the latter two alone", p)
		}
	}
	lim.LegalHold = r.LegalHold
	for uid := range who.UID {
		if n, err := strconv.ParseUint(uid, 10, 32); err != nil || n == 0 {
			f.problem("identities.uid."+uid, "[identities] uid %q: want the number of a user other than root, who is nobody", uid)
		}
	}
}
