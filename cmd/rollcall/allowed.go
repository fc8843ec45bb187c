package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/scanner"
)

// allows is all in the configuration and the policy that makes more follow from findings, or hides some, when it is loosened.
func (c *config) allows() *remediate.Allowed {
	r, lim := &c.Remediate, &c.Remediate.Limits
	a := &remediate.Allowed{Modes: map[string]string{}, UID: r.UID, Approvers: r.Approvers, Shields: slices.Clone(lim.Protected),
		Most: map[string]int{"per_run": lim.PerRun, "per_day": lim.PerDay, "app_percent": lim.AppPercent, "app_at_least": lim.AppAtLeast,
			"max_age (minutes)": minutes(lim.MaxAge), "longest_keep (days)": orUnlimited(r.Keep), "serve.watch (minutes)": orUnlimited(minutes(c.Serve.Watch)),
			"roster.guard.max_shrink": c.Guard.MaxShrink, "roster.guard.min_shrink": c.Guard.MinShrink, "roster.guard.max_blank": c.Guard.MaxBlank},
		Least: map[string]int{"min_admins": lim.MinAdmins, "warm_up": lim.WarmUp, "shadow": r.Shadow, "answer (hours)": int(r.Answer.Hours()),
			"retention (days)": orUnlimited(days(r.Retention)), "evidence.keep_at_least (days)": c.KeepAtLeast, "evidence.keep_at_most (days)": orUnlimited(days(c.KeepAtMost))}}
	for _, hold := range lim.LegalHold {
		a.Shields = append(a.Shields, "on legal hold: "+hold)
	}
	a.Most["revoke_within (days)"] = remediate.Unlimited
	if t := r.Target; t != nil {
		a.Most["revoke_within (days)"] = t.Days
		for _, who := range t.AtOnce {
			a.Checks = append(a.Checks, "access of "+who+" is to go at once")
		}
	}
	if r.Retire == remediate.Delete {
		a.Rights = append(a.Rights, "accounts are rather deleted than archived after retention")
	}
	c.allowsInApps(a)
	if c.Slack != nil {
		c.Slack.allows(a)
	}
	allowsByPolicy(a, c.Policy)
	a.Settings, a.Sources = c.settings()
	return a
}

func minutes(d time.Duration) int { return int(d.Minutes()) }
func days(d time.Duration) int    { return int(d.Hours() / 24) }

// orUnlimited reads a 0 that stands for no bound.
func orUnlimited(n int) int {
	if n == 0 {
		return remediate.Unlimited
	}
	return n
}

func (c *config) allowsInApps(a *remediate.Allowed) {
	for _, app := range c.Apps {
		if app.Owner != "" {
			a.Rights = append(a.Rights, fmt.Sprintf("%s owns %s, and may decide on it", app.Owner, app.ID))
		}
		for _, p := range app.Privileged {
			a.Checks = append(a.Checks, fmt.Sprintf("%s is privileged in %s", p, app.ID))
		}
		for _, id := range c.Canaries[app.ID] {
			a.Checks = append(a.Checks, fmt.Sprintf("%s must be in every list of %s", id, app.ID))
		}
		for _, kind := range scanner.Kinds {
			if m := c.Policy.Mode(app.ID, kind); m != scanner.ModeReport {
				a.Modes[fmt.Sprintf("%s in %s", kind, app.ID)] = m.String()
			}
		}
		if c.Writable[app.ID] != nil {
			a.Writable = append(a.Writable, app.ID)
		}
	}
}

func (s *slackConfig) allows(a *remediate.Allowed) {
	for _, x := range []struct {
		who  []connectors.PersonID
		what string
	}{{s.Admins, "bind Slack accounts to people"}, {s.Scan, "start a scan in Slack"}, {s.Offboard, "close all of a person's access in Slack"}} {
		for _, id := range x.who {
			a.Rights = append(a.Rights, fmt.Sprintf("%s may %s", id, x.what))
		}
	}
	if s.ByEmail {
		a.Rights = append(a.Rights, "Slack accounts are people by their address alone")
	}
}

// allowsByPolicy notes what the policy explains, so that no finding says it, and what it looks for.
func allowsByPolicy(a *remediate.Allowed, p *scanner.Policy) {
	roles := map[string]scanner.RolePolicy{"*": p.Birthright}
	for name, r := range p.Roles {
		if name == "*" { // the same as birthright, and may stand beside it
			name = "* "
		}
		roles[name] = r
	}
	for _, name := range sortedKeys(roles) {
		for _, x := range []struct {
			word string
			apps map[connectors.AppID][]string
		}{{"may", roles[name].Allow}, {"must", roles[name].Must}} {
			for _, app := range sortedKeys(x.apps) {
				for _, pattern := range x.apps[app] {
					line := fmt.Sprintf("the role %s %s have %s in %s", strings.TrimSpace(name), x.word, pattern, app)
					if a.Rights = append(a.Rights, line); x.word == "must" { // and so may
						a.Checks = append(a.Checks, line)
					}
				}
			}
		}
	}
	for i := range p.SoD {
		r, severity := &p.SoD[i], "high"
		if r.Severity != nil {
			severity = r.Severity.String()
		}
		a.Checks = append(a.Checks, fmt.Sprintf("nobody holds %s in %s and %s in %s (%s, %s)", r.A.Entitlement, r.A.App, r.B.Entitlement, r.B.App, r.ID, severity))
	}
	for i := range p.ServiceAccounts {
		s := &p.ServiceAccounts[i]
		line := fmt.Sprintf("%s in %s is a %s account of %s, to be looked at by %s", s.Account, s.App, s.Class, s.Owner, s.Review.Date)
		if a.Rights = append(a.Rights, line); s.Class == connectors.BreakGlass.String() {
			a.Checks = append(a.Checks, line)
		}
	}
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		a.Exceptions = append(a.Exceptions, fmt.Sprintf("%s (%s %s %s %s %s until %s, of %s)", e.ID, e.Kind, e.App, e.Account, e.Entitlement, e.Person, e.Expires.Date, e.Owner))
	}
}

// mostSaid is how many things that are looser one line names; config approve without a hash prints all.
const mostSaid = 8

// loosened says why the configuration is not to be acted by: it is looser than what was allowed, and no second person has
// decided on that. What is tighter holds at once. The first that a daemon takes up is what the others are held against;
// where there never was a daemon, there is nobody to decide, and nothing is held against anything. It changes nothing.
func (p *program) loosened(c *config, led *ledger.Ledger) (string, error) {
	before, err := led.Allowed()
	if err != nil || before == nil {
		return "", err
	}
	now := c.allows()
	looser := now.Looser(before)
	if looser == nil {
		return "", nil
	}
	if n := len(looser) - mostSaid; n > 0 {
		looser = append(looser[:mostSaid], fmt.Sprintf("and %d more, which rollcall config approve prints", n))
	}
	return fmt.Sprintf("the configuration is looser than what was allowed on %s: %s; a second person decides on that: rollcall config approve %s --reason …",
		before.At.UTC().Format("2006-01-02"), strings.Join(looser, "; "), now.Hash()[:12]), nil
}

// allowed is loosened, and records what holds from now on where nothing is looser.
func (p *program) allowed(c *config, led *ledger.Ledger) (string, error) {
	why, err := p.loosened(c, led)
	if err != nil || why != "" {
		return why, err
	}
	before, err := led.Allowed()
	if err != nil || before == nil && p.daemon == nil {
		return "", err
	}
	now := c.allows()
	if before != nil && before.Hash() == now.Hash() {
		return "", nil
	}
	now.By, now.At, now.Reason = p.actor(), p.now().UTC(), "it is tighter than before"
	if before == nil {
		now.Reason = "it is the first that a daemon took up"
	}
	return "", led.PutAllowed(*now)
}

// onlyAllowed refuses decisions while the configuration is looser than what was allowed: whom it lets decide may be what was
// loosened.
func (p *program) onlyAllowed(c *config, led *ledger.Ledger) error {
	why, err := p.loosened(c, led)
	if err == nil && why != "" {
		err = fmt.Errorf("nothing is decided for now: %s", why)
	}
	return err
}

// heed holds what the daemon took up against what was allowed, and says where it is looser: nothing is carried out by it then.
func (d *daemon) heed(c *config) error {
	p := d.program(nil)
	p.by = "rollcall serve"
	why, err := p.allowed(c, d.led)
	if why != "" {
		d.log.Warn("nothing is carried out", "because", why)
	}
	return err
}
