package connectortest

import (
	"errors"
	"testing"

	"rollcall/connectors"
)

var accountChecks = []check[connectors.Account]{
	{"fills no signal it does not declare", checkSignals},
	{"reads one account as the list has it", checkGetter},
}

func checkSignals(tb testing.TB, s suite[connectors.Account]) {
	sig := s.info.Signals
	for _, a := range s.rows {
		if !sig.SignIn.Given && a.LastSignIn.Known() {
			tb.Fatalf("%q has a last sign-in, but Info.Signals.SignIn is not given", a.ID)
		}
		if !sig.MFA.Given && (a.MFA != connectors.Unknown || a.LocalSignIn != connectors.Unknown) {
			tb.Fatalf("%q says MFA %v and local sign-in %v, but Info.Signals.MFA is not given", a.ID, a.MFA, a.LocalSignIn)
		}
		for _, e := range a.Entitlements {
			if !sig.Use.Given && e.LastUsed.Known() {
				tb.Fatalf("%q: %q has a last use, but Info.Signals.Use is not given", a.ID, e.ID)
			}
			if !sig.GrantDate.Given && e.Granted.Known() {
				tb.Fatalf("%q: %q has a grant date, but Info.Signals.GrantDate is not given", a.ID, e.ID)
			}
		}
	}
}

// checkGetter is for apps that can read one account afresh; an action rests on that being the account the list showed. Its
// State may be left out of the list: only those who are about to change something need it.
func checkGetter(tb testing.TB, s suite[connectors.Account]) {
	getter, ok := s.src.Source.(connectors.Getter)
	if !ok {
		return
	}
	if len(s.rows) == 0 {
		tb.Fatal("no account to read afresh")
	}
	for _, a := range []connectors.Account{s.rows[0], s.rows[len(s.rows)-1]} {
		fresh, err := getter.Account(tb.Context(), a.ID)
		if a.State == nil {
			fresh.State = nil
		}
		if err != nil {
			tb.Errorf("reading %q: %v", a.ID, err)
		} else if was, is := text(without(a, "From")), text(without(fresh, "From")); was != is {
			tb.Errorf("%q read afresh differs:\nlist  %s\nfresh %s", a.ID, was, is)
		}
	}
	if _, err := getter.Account(tb.Context(), "no-such-account"); !errors.Is(err, connectors.ErrNotFound) {
		tb.Errorf("reading an account that is not there must be connectors.ErrNotFound; got: %v", err)
	}
}
