package main

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"sync"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/scanner"
)

// tenants are, during a run, those that the apps are read from: what rollcall knows of an app is about one tenant's accounts,
// and another's must never be taken for theirs.
type tenants struct {
	pins map[connectors.AppID]string // as earlier runs knew them

	mu   sync.Mutex
	told map[connectors.AppID]*connectors.Self
}

// watch has the pull of each app that can tell begin with the question who answers. Another tenant than before ends it.
func (t *tenants) watch(apps []scanner.App, history scanner.History) ([]scanner.App, error) {
	if t.pins == nil {
		t.pins, t.told = map[connectors.AppID]string{}, map[connectors.AppID]*connectors.Self{}
	}
	out := make([]scanner.App, len(apps))
	for i, a := range apps {
		out[i] = a
		facts, err := history.Pull(a.ID)
		if err != nil {
			return nil, err
		}
		if facts != nil && facts.Tenant != "" {
			t.pins[a.ID] = facts.Tenant
		}
		if teller, ok := connectors.SelfOf(a.Source); ok {
			out[i].Source = watchedApp{App: a.Source, id: a.ID, of: t, teller: teller}
		}
	}
	return out, nil
}

// watchedApp is an app whose tenant is looked at before its accounts are.
type watchedApp struct {
	connectors.App
	id     connectors.AppID
	of     *tenants
	teller connectors.SelfTeller
}

// Accounts implements connectors.App.
func (w watchedApp) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	return func(yield func(connectors.Account, error) bool) {
		self, err := w.teller.Self(ctx)
		if err != nil {
			yield(connectors.Account{}, err)
			return
		}
		w.of.mu.Lock()
		w.of.told[w.id] = &self
		w.of.mu.Unlock()
		if err := sameTenant(w.id, self.Tenant, w.of.pins[w.id]); err != nil {
			yield(connectors.Account{}, err)
			return
		}
		w.App.Accounts(ctx, t)(yield)
	}
}

// sameTenant says why an app is not to be believed that answers as another tenant than the one it is known by.
func sameTenant(app connectors.AppID, is, pin string) error {
	switch {
	case pin == "" || is == pin:
		return nil
	case is == "":
		return fmt.Errorf("it does not say any more which tenant answers; until now it was %s: nothing of it is believed; check its address and credentials", pin)
	}
	return fmt.Errorf("another tenant answers, %s; all that is known of %s is of %s: nothing of it is believed; mend its address or credentials or, if the app has moved, have a second person say so: "+
		"rollcall sources accept %s --reason …", is, app, pin, app)
}

// mark writes into a run's result as whom each app was read, of those that were.
func (t *tenants) mark(r *scanner.Result) {
	for i := range r.Sources {
		if self := t.told[connectors.AppID(r.Sources[i].Name)]; self != nil {
			r.Sources[i].Self = self
		}
	}
}

// pin has the ledger remember the tenants of complete pulls: the first one said, until somebody accepts another.
func (t *tenants) pin(pulls map[connectors.AppID]scanner.PullFacts) {
	for app, facts := range pulls {
		facts.Tenant = t.pins[app]
		if self := t.told[app]; self != nil {
			facts.Tenant = cmp.Or(facts.Tenant, self.Tenant)
		}
		pulls[app] = facts
	}
}

// fitness says of accounts whether anything may be changed of them: not in another tenant than the one that was read, and
// never of rollcall's own account. Each app is asked once.
type fitness struct {
	c   *config
	led *ledger.Ledger

	mu  sync.Mutex
	own map[connectors.AppID]connectors.AccountID // of apps that were asked and are the right ones
}

func newFitness(c *config, led *ledger.Ledger) *fitness {
	return &fitness{c: c, led: led, own: map[connectors.AppID]connectors.AccountID{}}
}

// check is remediate.Applier's Fit.
func (f *fitness) check(ctx context.Context, app connectors.AppID, account connectors.AccountID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	own, asked := f.own[app]
	if !asked {
		var err error
		if own, err = f.ask(ctx, app); err != nil {
			return err
		}
		f.own[app] = own
	}
	if own != "" && own == account {
		return fmt.Errorf("it is the account that rollcall itself uses in %s: it changes nothing there; if that account is to go, give rollcall another first", app)
	}
	return nil
}

func (f *fitness) ask(ctx context.Context, app connectors.AppID) (own connectors.AccountID, err error) {
	teller, ok := connectors.SelfOf(f.c.sources[app])
	if !ok {
		return "", nil
	}
	facts, err := f.led.Pull(app)
	if err != nil {
		return "", err
	}
	self, err := teller.Self(ctx)
	if err != nil {
		return "", err
	}
	if facts != nil {
		err = sameTenant(app, self.Tenant, facts.Tenant)
	}
	return self.Account, err
}
