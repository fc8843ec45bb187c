package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

func (p *program) sourcesCommand() *cobra.Command {
	check := &cobra.Command{
		Use:   "check",
		Short: "read every source and show what was understood: rows, columns, and three accounts with their owner",
		Args:  args(0, "no arguments"),
		RunE:  func(c *cobra.Command, _ []string) error { return p.checkSources(c.Context()) },
	}
	return group("sources", "the roster and the apps as sources", check, p.sourcesAcceptCommand())
}

const samplesShown = 3

// samples keeps the first accounts of each app.
type samples struct {
	mu   sync.Mutex
	apps map[connectors.AppID][]string
}

func (s *samples) app(id connectors.AppID) func(*scanner.AccountLine) error {
	return func(l *scanner.AccountLine) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.apps[id]) < samplesShown {
			s.apps[id] = append(s.apps[id], sampleLine(l))
		}
		return nil
	}
}

func sampleLine(l *scanner.AccountLine) string {
	a := l.Account
	who := "no owner on the roster"
	switch {
	case l.Class != connectors.Human:
		who = fmt.Sprintf("%s account (%s)", l.Class, l.ClassBy)
	case l.Match.Owner != nil:
		who = fmt.Sprintf("%s (%s), %s by %s", l.Match.Owner.Name(), l.Match.Owner.ID, l.Match.Grade, l.Match.By)
	case l.Match.Grade == scanner.Ambiguous:
		who = "several people fit"
	}
	return fmt.Sprintf("%s  %s  %s  enabled %s, last sign-in %s, %d entitlements → %s",
		report.Plain(string(a.ID)), report.Plain(a.Username), report.Plain(a.DisplayName), a.Enabled, a.LastSignIn, len(a.Entitlements), report.Plain(who))
}

func (p *program) checkSources(ctx context.Context) error {
	c, err := p.configHere()
	if err != nil {
		return err
	}
	kept := samples{apps: map[connectors.AppID][]string{}}
	sound, err := p.preflights(ctx, c)
	if err != nil {
		return err
	}
	r, err := scanner.Scan(ctx, scanner.Input{Roster: c.Roster, Apps: c.Apps, Policy: c.Policy, History: scanner.NoHistory{},
		Domains: c.Domains, AsOf: c.AsOf, Guard: c.Guard, Workers: c.Workers, Clock: p.now, Sink: kept.app})
	if err != nil {
		return p.checkApps(ctx, c, err)
	}
	for i := range r.Sources {
		p.sourceReport(&r.Sources[i], kept.apps[connectors.AppID(r.Sources[i].Name)])
	}
	if !r.Complete() || !sound {
		fmt.Fprintln(p.stdout, "nothing was judged or recorded; mend the problems above, then run this again")
		return exitCode(exitIncomplete)
	}
	fmt.Fprintln(p.stdout, "nothing was judged or recorded; next: rollcall scan")
	return nil
}

// checkApps reads the apps by themselves where the roster cannot be used: its mistake should not hide theirs.
func (p *program) checkApps(ctx context.Context, c *config, rosterErr error) error {
	for i := range c.Apps {
		rep := scanner.ReadApp(ctx, &c.Apps[i], p.now)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.sourceReport(rep, nil)
	}
	return fmt.Errorf("%w\nno account could be tied to anybody; mend the roster first", rosterErr)
}

func (p *program) sourceReport(s *scanner.SourceReport, samples []string) {
	fmt.Fprintf(p.stdout, "%s: %s (%s %s)\n", s.Name, s.State, s.Info.Kind, s.Info.Location)
	if s.Problem != "" {
		fmt.Fprintf(p.stdout, "  problem: %s\n", report.Plain(s.Problem))
	}
	fmt.Fprintf(p.stdout, "  %d rows, %d rejected, %d entitlements; parameters: %s; gives %s\n", s.Read, s.Rejected+s.SideRejected, s.Entitlements, s.Info.Parameters, signals(s.Info.Signals))
	for _, n := range s.Notes {
		fmt.Fprintf(p.stdout, "  note: %s\n", report.Plain(n))
	}
	for i, r := range s.Rejects {
		if i == samplesShown {
			fmt.Fprintf(p.stdout, "  … and %d more rejected\n", s.Rejected+s.SideRejected-i)
			break
		}
		fmt.Fprintf(p.stdout, "  rejected %s:%d: %s\n", r.Where.Source, r.Where.Line, report.Plain(r.Why))
	}
	for _, line := range samples {
		fmt.Fprintf(p.stdout, "  sample: %s\n", line)
	}
}

type namedSignal struct {
	name string
	connectors.Signal
}

func signalsOf(s connectors.Signals) []namedSignal {
	return []namedSignal{{"sign-ins", s.SignIn}, {"use of entitlements", s.Use}, {"grant dates", s.GrantDate}, {"MFA or local sign-in", s.MFA}}
}

// signals names what an app can tell, and thereby what cannot be judged in it.
func signals(s connectors.Signals) string {
	gives, lacks := "", ""
	for _, x := range signalsOf(s) {
		to := &lacks
		if x.Given {
			to = &gives
		}
		if *to != "" {
			*to += ", "
		}
		*to += x.name
	}
	switch {
	case gives == "":
		return "no signals"
	case lacks == "":
		return gives
	}
	return gives + " (not " + lacks + ")"
}

// errOtherTenant says that the last run met another tenant: what is to be accepted is that, and not a shorter list.
var errOtherTenant = errors.New("another tenant answered")

// acceptTenant has an app be read from another tenant from now on. That takes a second person: all that is known of the app,
// and whatever is decided of it, would be carried over to other people's accounts.
func (p *program) acceptTenant(c *config, led *ledger.Ledger, app connectors.AppID, tenant, reason string) error {
	if err := p.onlyAllowed(c, led); err != nil {
		return err
	}
	by, _, err := p.second(c, led)
	if err != nil {
		return fmt.Errorf("%w; without one, give the app another id in %s: it is then another app, of which nothing is known yet", err, c.Path)
	}
	if err := led.AcceptTenant(app, tenant, by.String(), reason, p.now()); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "accepted: %s is read from the tenant %s from now on, by %s\n", app, report.Plain(tenant), report.Plain(by.String()))
	return nil
}

// refusedPull gives the figures of an app's list as the last run read it whole and did not believe it.
func refusedPull(c *config, led *ledger.Ledger, app connectors.AppID) (scanner.PullFacts, error) {
	last, err := led.Pull(app)
	if err != nil {
		return scanner.PullFacts{}, err
	}
	past, err := readRun(c, led, "")
	if err != nil {
		return scanner.PullFacts{}, err
	}
	b, err := os.ReadFile(filepath.Join(past.Dir, "run.json"))
	if err != nil {
		return scanner.PullFacts{}, err
	}
	run, err := report.ReadRun(b)
	if err != nil {
		return scanner.PullFacts{}, err
	}
	for _, s := range run.Sources {
		switch {
		case s.Name != string(app):
		case last != nil && last.Tenant != "" && s.Tenant != "" && s.Tenant != last.Tenant:
			return scanner.PullFacts{Tenant: s.Tenant}, errOtherTenant
		case s.State == string(scanner.SourceOK):
			return scanner.PullFacts{}, fmt.Errorf("the last run believed %s's list, so there is nothing to accept", app)
		case !s.Whole:
			return scanner.PullFacts{}, fmt.Errorf("the last run did not read %s to its end (%s), so there is no list to accept: mend the source", app, s.Problem)
		default:
			facts := scanner.PullFacts{AsOf: past.AsOf, Accounts: s.Read - s.Rejected, Rights: s.Rights, Tenant: s.Tenant}
			if last != nil {
				facts.Tenant = cmp.Or(last.Tenant, s.Tenant)
			}
			return facts, nil
		}
	}
	return scanner.PullFacts{}, fmt.Errorf("the last run did not read %s; scan first", app)
}

func (p *program) sourcesAcceptCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "accept APP",
		Short: "say that an app's much shorter account list is true or, as a second person, that it is read from another tenant",
		Args:  args(1, "the id of one app"),
		RunE: func(_ *cobra.Command, a []string) error {
			if reason == "" {
				return usageError{errors.New("--reason is required: say why the list is shorter, for the record")}
			}
			c, led, err := p.openLedger()
			if err != nil {
				return err
			}
			defer led.Close()
			if c.app(connectors.AppID(a[0])) == nil {
				return fmt.Errorf("no app %q in %s%s", a[0], c.Path, nearest(a[0], texts(appIDs(c.Apps))))
			}
			facts, err := refusedPull(c, led, connectors.AppID(a[0]))
			if errors.Is(err, errOtherTenant) {
				return p.acceptTenant(c, led, connectors.AppID(a[0]), facts.Tenant, reason)
			}
			if err != nil {
				return err
			}
			if err := led.AcceptPull(connectors.AppID(a[0]), facts, p.actor(), reason, p.now()); err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "accepted: %s has %d accounts with %d entitlements; the next scan holds its list against that\n", a[0], facts.Accounts, facts.Rights)
			return nil
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why the list is shorter, for the record (required)")
	return c
}
