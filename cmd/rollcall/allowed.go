package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

// allows is all in the configuration and the policy that makes more follow from findings when it is loosened.
func (c *config) allows() *remediate.Allowed {
	lim := &c.Remediate.Limits
	a := &remediate.Allowed{Modes: map[string]string{}, UID: c.Remediate.UID, Approvers: c.Remediate.Approvers, Shields: slices.Clone(lim.Protected),
		Most: map[string]int{"per_run": lim.PerRun, "per_day": lim.PerDay, "app_percent": lim.AppPercent, "app_at_least": lim.AppAtLeast,
			"max_age (minutes)": int(lim.MaxAge.Minutes()), "longest_keep (days)": c.Remediate.Keep, "roster.guard.max_shrink": c.Guard.MaxShrink,
			"roster.guard.min_shrink": c.Guard.MinShrink, "roster.guard.max_blank": c.Guard.MaxBlank},
		Least: map[string]int{"min_admins": lim.MinAdmins, "warm_up": lim.WarmUp, "shadow": c.Remediate.Shadow, "answer (hours)": int(c.Remediate.Answer.Hours())}}
	for _, hold := range lim.LegalHold {
		a.Shields = append(a.Shields, "on legal hold: "+hold)
	}
	for _, app := range c.Apps {
		if app.Owner != "" {
			a.Rights = append(a.Rights, fmt.Sprintf("%s owns %s, and may decide on it", app.Owner, app.ID))
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
	if s := c.Slack; s != nil {
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
	for i := range c.Policy.Exceptions {
		e := &c.Policy.Exceptions[i]
		a.Exceptions = append(a.Exceptions, fmt.Sprintf("%s (%s %s %s %s %s until %s)", e.ID, e.Kind, e.App, e.Account, e.Entitlement, e.Person, e.Expires.Date))
	}
	return a
}

// allowed says why the configuration is not to be acted by: it is looser than what was allowed, and no second person has
// decided on that. What is tighter holds at once. The first that a daemon takes up is what the others are held against;
// where there never was a daemon, there is nobody to decide, and nothing is held against anything.
func (p *program) allowed(c *config, led *ledger.Ledger) (string, error) {
	before, err := led.Allowed()
	if err != nil || before == nil && p.daemon == nil {
		return "", err
	}
	now := c.allows()
	if before != nil && before.Hash() == now.Hash() {
		return "", nil
	}
	if before != nil {
		if looser := now.Looser(before); looser != nil {
			return fmt.Sprintf("the configuration is looser than what was allowed on %s: %s; a second person decides on that: rollcall config approve %s --reason …",
				before.At.UTC().Format("2006-01-02"), strings.Join(looser, "; "), now.Hash()[:12]), nil
		}
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
	why, err := p.allowed(c, led)
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

func (p *program) approveConfigCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "approve HASH", Short: "let a configuration hold that is looser than before; takes a second person", Args: args(1, "the hash that settle printed"),
		Long: `approve lets what the daemon took up hold although more follows from findings by it than before: a rule that asks or
acts by itself, a higher cap, another approver, an exception. Until somebody does, nothing is carried out. It takes one of
those who were approvers before, proven by the daemon, who does not own the files.`,
		RunE: func(_ *cobra.Command, a []string) error { return p.approveConfig(a[0], reason) },
	}
	c.Flags().StringVar(&reason, "reason", "", "`WHY`; it is recorded, and shown to the auditor")
	return c
}

func (p *program) approveConfig(hash, reason string) error {
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	before, err := led.Allowed()
	if err != nil {
		return err
	}
	if p.caller == nil {
		return errNoSecond
	}
	now := c.allows()
	if before == nil || before.Hash() == now.Hash() {
		return errors.New("there is nothing to approve: nothing is looser than what was allowed")
	}
	if len(hash) < 8 || !strings.HasPrefix(now.Hash(), strings.ToLower(hash)) {
		return fmt.Errorf("what the daemon took up has the hash %s, not %s: look at it again", now.Hash()[:12], hash)
	}
	// Who may approve is what was allowed, not what the new configuration says.
	as := *c
	as.Remediate.Approvers, as.Remediate.UID = before.Approvers, before.UID
	by, err := p.second(&as, led)
	if err != nil {
		return err
	}
	if strings.TrimSpace(reason) == "" {
		return usageError{errors.New("config approve wants --reason: why may it be looser?")}
	}
	for _, s := range now.Looser(before) {
		fmt.Fprintf(p.stdout, "approved: %s\n", report.Plain(s))
	}
	now.By, now.At, now.Reason = by.String(), p.now().UTC(), strings.TrimSpace(reason)
	return led.PutAllowed(*now)
}
