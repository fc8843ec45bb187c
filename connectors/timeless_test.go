package connectors

import (
	"context"
	"iter"
	"testing"
)

// used is an app whose accounts were used.
type used struct{ rows []Account }

func (used) Info() Info {
	return Info{Signals: Signals{SignIn: Signal{Given: true, LagDays: 1}, Use: Signal{Given: true}, GrantDate: Signal{Given: true}, MFA: Signal{Given: true}}}
}
func (u used) Accounts(context.Context, Trace) iter.Seq2[Account, error] {
	return func(yield func(Account, error) bool) {
		for _, a := range u.rows {
			if !yield(a, nil) {
				return
			}
		}
	}
}
func (u used) Account(context.Context, AccountID) (Account, error) { return u.rows[0], nil }

func TestWithoutSignInTimes(t *testing.T) {
	app := used{[]Account{{ID: "1", Created: 5, LastSignIn: 9, Entitlements: []Entitlement{{ID: "e", Granted: 4, LastUsed: 8}}, Credentials: []Credential{{ID: "c", Created: 3, LastUsed: 7}}},
		{ID: "2", SignInUnknown: true}}}
	for name, made := range map[string]App{"read only": WithoutSignInTimes(ReadOnly(app)), "with a canary": WithoutSignInTimes(ReadOnly(app, "1")), "made so": WithoutSignInTimes(app)} {
		i := made.Info().Signals
		if i.SignIn != (Signal{}) || i.Use != (Signal{}) || !i.Off || !i.GrantDate.Given || !i.MFA.Given {
			t.Errorf("%s: %+v", name, i)
		}
		check := func(how string, a Account) {
			if a.LastSignIn != 0 || a.SignInUnknown {
				t.Errorf("%s, %s: %+v", name, how, a)
			}
			for _, e := range a.Entitlements {
				if e.LastUsed != 0 || e.Granted != 4 {
					t.Errorf("%s, %s: %+v", name, how, e)
				}
			}
			for _, c := range a.Credentials {
				if c.LastUsed != 0 || c.Created != 3 {
					t.Errorf("%s, %s: %+v", name, how, c)
				}
			}
		}
		n := 0
		for a, err := range made.Accounts(t.Context(), nil) {
			if n++; err != nil {
				t.Fatal(err)
			}
			check("list", a)
		}
		if n != 2 {
			t.Errorf("%s: %d accounts", name, n)
		}
		a, err := made.(Getter).Account(t.Context(), "1")
		if err != nil || a.ID != "1" {
			t.Fatal(a, err)
		}
		check("one", a)
	}
	if a := app.rows[0]; a.Entitlements[0].LastUsed != 8 || a.Credentials[0].LastUsed != 7 {
		t.Error("what is the connector's own was changed")
	}
}
