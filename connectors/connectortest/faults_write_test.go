package connectortest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"rollcall/connectors"
)

type (
	account     = connectors.Account
	receipt     = connectors.Receipt
	entitlement = connectors.EntitlementID
)

var writeFaults = []struct {
	name, caughtBy string
	plant          func(*clumsy)
}{
	{"disables by deleting", "disables one account and nothing else", func(c *clumsy) {
		c.disable = func(_ context.Context, a account) (receipt, error) { c.drop(a.ID); return receipt{Changed: true}, nil }
	}},
	{"says it disabled, and did not", "disables one account and nothing else", func(c *clumsy) {
		c.disable = func(context.Context, account) (receipt, error) { return receipt{Changed: true}, nil }
	}},
	{"takes the entitlements of whom it disables", "disables one account and nothing else", after(func(c *clumsy) *act { return &c.disable },
		func(c *clumsy, id connectors.AccountID) { c.row(id, func(a *account) { a.Entitlements = nil }) })},
	{"disables everybody", "disables one account and nothing else", after(func(c *clumsy) *act { return &c.disable },
		func(c *clumsy, _ connectors.AccountID) { c.every(func(a *account) { a.Enabled = connectors.No }) })},
	{"loses another account", "disables one account and nothing else", after(func(c *clumsy) *act { return &c.disable },
		func(c *clumsy, _ connectors.AccountID) { c.drop("u7") })},
	{"says it had nothing to do", "disables one account and nothing else", func(c *clumsy) {
		good := c.disable
		c.disable = func(ctx context.Context, a account) (receipt, error) { _, err := good(ctx, a); return receipt{}, err }
	}},
	{"fails on the second disable", "disables again without harm", func(c *clumsy) {
		c.disable = second(c.disable, func(context.Context, account) (receipt, error) { return receipt{}, errors.New("already inactive") })
	}},
	{"always says that it changed something", "disables again without harm", func(c *clumsy) {
		good := c.disable
		c.disable = func(ctx context.Context, a account) (receipt, error) {
			_, err := good(ctx, a)
			return receipt{Changed: true}, err
		}
	}},
	{"disables, then enables", "disables again without harm", func(c *clumsy) { c.disable = second(c.disable, c.enable) }},
	{"enables without the state", "enables as it was", func(c *clumsy) {
		good := c.enable
		c.enable = func(ctx context.Context, a account) (receipt, error) { a.State = nil; return good(ctx, a) }
	}},
	{"keeps what undo needs in memory", "enables as it was", func(c *clumsy) {
		good, known := c.enable, map[*byte]bool{}
		get := c.get
		c.get = func(ctx context.Context, id connectors.AccountID) (account, error) {
			a, err := get(ctx, id)
			if len(a.State) > 0 {
				known[&a.State[0]] = true
			}
			return a, err
		}
		c.enable = func(ctx context.Context, a account) (receipt, error) {
			if len(a.State) == 0 || !known[&a.State[0]] {
				a.State = []byte(`{"ou":"/"}`)
			}
			return good(ctx, a)
		}
	}},
	{"has a state that is no JSON", "enables as it was", func(c *clumsy) {
		get := c.get
		c.get = func(ctx context.Context, id connectors.AccountID) (account, error) {
			a, err := get(ctx, id)
			a.State = []byte(`ou=/sales`)
			return a, err
		}
	}},
	{"fails on the second enable", "enables as it was", func(c *clumsy) {
		c.enable = second(c.enable, func(context.Context, account) (receipt, error) { return receipt{}, errors.New("is active") })
	}},
	{"resurrects entitlements in another order", "enables as it was", after(func(c *clumsy) *act { return &c.enable },
		func(c *clumsy, id connectors.AccountID) {
			c.row(id, func(a *account) { slices.Reverse(a.Entitlements) })
		})},
	{"removes everybody from a group", "removes one entitlement and no other", removing(func(c *clumsy, _ account, e entitlement) {
		c.every(func(a *account) { *a = withoutEntitlement(*a, e) })
	})},
	{"removes all that the account has", "removes one entitlement and no other", removing(func(c *clumsy, to account, _ entitlement) {
		c.row(to.ID, func(a *account) { a.Entitlements = nil })
	})},
	{"says it removed, and did not", "removes one entitlement and no other", func(c *clumsy) {
		c.remove = func(context.Context, account, entitlement) (receipt, error) { return receipt{Changed: true}, nil }
	}},
	{"disables whose entitlement it removes", "removes one entitlement and no other", removing(func(c *clumsy, to account, _ entitlement) {
		c.row(to.ID, func(a *account) { a.Enabled = connectors.No })
	})},
	{"fails on the second removal", "removes again without harm", func(c *clumsy) {
		good, n := c.remove, 0
		c.remove = func(ctx context.Context, a account, e entitlement) (receipt, error) {
			if n++; n > 1 {
				return receipt{}, errors.New("no target")
			}
			return good(ctx, a, e)
		}
	}},
	{"removes one more each time", "removes again without harm", func(c *clumsy) {
		good, n := c.remove, 0
		c.remove = func(ctx context.Context, a account, e entitlement) (receipt, error) {
			if n++; n > 1 {
				c.row(a.ID, func(a *account) { a.Entitlements = a.Entitlements[1:] })
				return receipt{}, nil
			}
			return good(ctx, a, e)
		}
	}},
	{"says it added, and did not", "adds back what was removed", func(c *clumsy) {
		c.add = func(context.Context, account, entitlement) (receipt, error) { return receipt{Changed: true}, nil }
	}},
	{"adds it twice", "adds back what was removed", adding(func(a *account, e entitlement) {
		a.Entitlements = append(a.Entitlements, connectors.Entitlement{ID: e})
	})},
	{"adds in another place", "adds back what was removed", adding(func(a *account, e entitlement) { slices.Reverse(a.Entitlements) })},
	{"revokes all credentials", "revokes one credential and no other", func(c *clumsy) {
		good := c.revoke
		c.revoke = func(ctx context.Context, a account, k connectors.CredentialID) (receipt, error) {
			r, err := good(ctx, a, k)
			c.row(a.ID, func(a *account) { a.Credentials = nil })
			return r, err
		}
	}},
	{"fails on a credential that is revoked", "revokes one credential and no other", func(c *clumsy) {
		good := c.revoke
		c.revoke = func(ctx context.Context, a account, k connectors.CredentialID) (receipt, error) {
			if r, err := good(ctx, a, k); err != nil || r.Changed {
				return r, err
			}
			return receipt{}, fmt.Errorf("no key %s", k)
		}
	}},
	{"ends sessions by disabling", "ends sessions and changes nothing else", func(c *clumsy) { c.sessions = c.disable }},
	{"fails where there are no sessions", "ends sessions and changes nothing else", func(c *clumsy) {
		c.sessions = second(c.sessions, func(context.Context, account) (receipt, error) { return receipt{}, errors.New("no sessions") })
	}},
	{"archives an account that stays enabled", "archives and deletes one account alone", func(c *clumsy) { c.archive = c.sessions }},
	{"deletes an account that stays", "archives and deletes one account alone", func(c *clumsy) { c.erase = c.disable }},
	{"deletes another account too", "archives and deletes one account alone", after(func(c *clumsy) *act { return &c.erase },
		func(c *clumsy, _ connectors.AccountID) { c.drop("u6") })},
	{"disables by username", "knows accounts by their ids", func(c *clumsy) {
		good := c.disable
		c.disable = func(ctx context.Context, a account) (receipt, error) { return good(ctx, c.named(a)) }
	}},
	{"removes by username", "knows accounts by their ids", func(c *clumsy) {
		good := c.remove
		c.remove = func(ctx context.Context, a account, e entitlement) (receipt, error) { return good(ctx, c.named(a), e) }
	}},
	{"ignores the id", "does not find an unknown account", func(c *clumsy) {
		good := c.disable
		c.disable = func(ctx context.Context, a account) (receipt, error) { a.ID = "u2"; return good(ctx, a) }
	}},
	{"takes an unknown account for one that is done", "does not find an unknown account", func(c *clumsy) {
		good := c.sessions
		c.sessions = func(ctx context.Context, a account) (receipt, error) {
			r, err := good(ctx, a)
			if errors.Is(err, connectors.ErrNotFound) {
				err = nil
			}
			return r, err
		}
	}},
	{"goes on when cancelled", "changes nothing when cancelled", func(c *clumsy) {
		good := c.disable
		c.disable = func(ctx context.Context, a account) (receipt, error) {
			r, err := good(context.WithoutCancel(ctx), a)
			return r, errors.Join(err, ctx.Err())
		}
	}},
	{"takes cancelled for done", "changes nothing when cancelled", func(c *clumsy) {
		good := c.sessions
		c.sessions = func(ctx context.Context, a account) (receipt, error) {
			if ctx.Err() != nil {
				return receipt{}, nil
			}
			return good(ctx, a)
		}
	}},
	{"shows the secret in a receipt", "keeps its secret when it writes", func(c *clumsy) {
		c.sessions = func(context.Context, account) (receipt, error) { return receipt{RequestID: "Bearer " + secret}, nil }
	}},
	{"shows the secret in an error of a change", "keeps its secret when it writes", func(c *clumsy) {
		good := c.disable
		c.disable = func(ctx context.Context, a account) (receipt, error) {
			r, err := good(ctx, a)
			if err != nil {
				err = fmt.Errorf("%w (token %s)", err, secret)
			}
			return r, err
		}
	}},
	{"keeps the secret for the undo", "keeps its secret when it writes", func(c *clumsy) {
		get := c.get
		c.get = func(ctx context.Context, id connectors.AccountID) (account, error) {
			a, err := get(ctx, id)
			a.State = []byte(`{"token":"` + secret + `"}`)
			return a, err
		}
	}},
}

// after does something more once an act has succeeded.
func after(of func(*clumsy) *act, more func(*clumsy, connectors.AccountID)) func(*clumsy) {
	return func(c *clumsy) {
		good := *of(c)
		*of(c) = func(ctx context.Context, a account) (receipt, error) {
			r, err := good(ctx, a)
			if err == nil && r.Changed {
				more(c, a.ID)
			}
			return r, err
		}
	}
}

func removing(more func(c *clumsy, to account, e entitlement)) func(*clumsy) {
	return func(c *clumsy) {
		good := c.remove
		c.remove = func(ctx context.Context, a account, e entitlement) (receipt, error) {
			r, err := good(ctx, a, e)
			more(c, a, e)
			return r, err
		}
	}
}

func adding(more func(a *account, e entitlement)) func(*clumsy) {
	return func(c *clumsy) {
		good := c.add
		c.add = func(ctx context.Context, to account, e entitlement) (receipt, error) {
			r, err := good(ctx, to, e)
			c.row(to.ID, func(a *account) { more(a, e) })
			return r, err
		}
	}
}

// The reference passes: what the faults trip is the fault.
func TestReferenceWritableApp(t *testing.T) { App(t, clumsyHarness(func(*clumsy) {})) }

func TestWriteFaultsAreCaught(t *testing.T) {
	unproved := map[string]bool{}
	for _, c := range writeChecks {
		unproved[c.name] = true
	}
	for _, f := range writeFaults {
		t.Run(f.name, func(t *testing.T) {
			delete(unproved, f.caughtBy)
			if !fails(t, appSuite(clumsyHarness(f.plant)), f.caughtBy) {
				t.Errorf("the check %q did not notice", f.caughtBy)
			}
		})
	}
	for name := range unproved {
		t.Errorf("no fault proves that the check %q bites", name)
	}
}

// A test that names what to try is heeded, and one that leaves nothing to try is told so.
func TestWhatIsTried(t *testing.T) {
	var did []connectors.AccountID
	h := clumsyHarness(func(c *clumsy) {
		good := c.disable
		c.disable = func(ctx context.Context, a account) (receipt, error) { did = append(did, a.ID); return good(ctx, a) }
	})
	h.Try.Disable = "u5"
	if fails(t, appSuite(h), "disables one account and nothing else") || len(did) != 1 || did[0] != "u5" {
		t.Errorf("disabled %v; want u5", did)
	}
	h = clumsyHarness(func(c *clumsy) {
		for i := range c.Rows {
			c.Rows[i].Credentials = nil
		}
	})
	if !fails(t, appSuite(h), "revokes one credential and no other") {
		t.Error("there was no credential to try, and nobody was told")
	}
}
