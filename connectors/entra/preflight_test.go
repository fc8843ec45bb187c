package entra

import (
	"strings"
	"testing"

	"rollcall/connectors"
)

func TestPreflightProvesWhatIsThere(t *testing.T) {
	for _, c := range []AppConfig{{}, {PIM: true}, {Accounts: "service_principals"}} {
		app := company().open(t, c)
		p, err := app.Preflight(t.Context())
		if err != nil || len(p.Problems) > 0 || p.Identity != "Access review (application "+clientID+")" || len(p.Proved) < 6 {
			t.Errorf("%+v: got %+v, %v", c, p, err)
		}
		if pre, ok := connectors.PreflightOf(connectors.ReadOnly(app.able())); !ok || pre == nil {
			t.Error("it is not found behind ReadOnly")
		}
	}
}

// Each permission that is missing is found before a pull, and only a pull's are no matter of writing.
func TestPreflightFindsWhatIsMissing(t *testing.T) {
	for _, p := range grantable[:len(grantable)-1] {
		t.Run(p, func(t *testing.T) {
			if p == groupRead || p == roleRead || p == eligibleRead {
				return // what is granted to write includes them
			}
			got, err := company().without(p).open(t, AppConfig{PIM: true}).Preflight(t.Context())
			if err != nil || len(got.Problems) == 0 {
				t.Fatalf("got %+v, %v", got, err)
			}
			x := got.Problems[0]
			writing := p == roleWrite || p == groupWrite || p == appRoleWrite || p == enableWrite || p == sessionsWrite
			if !strings.Contains(x.Lacks, p) || x.So == "" || x.Fix == "" || x.Writing != writing {
				t.Errorf("got %+v", x)
			}
		})
	}
	got, err := company().without(groupRead, groupWrite, roleRead, roleWrite, eligibleRead).open(t, AppConfig{PIM: true}).Preflight(t.Context())
	if err != nil || len(got.Problems) < 5 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestPreflightFindsAMissingLicence(t *testing.T) {
	f := company()
	f.noPremium = true
	got, err := f.open(t, AppConfig{}).Preflight(t.Context())
	if err != nil || len(got.Problems) != 2 || !strings.Contains(got.Problems[0].Fix, "sign_ins = false") || !strings.Contains(got.Problems[1].Fix, "mfa = false") {
		t.Errorf("got %+v, %v", got, err)
	}
	no := false
	got, err = f.open(t, AppConfig{SignIns: &no, MFA: &no}).Preflight(t.Context())
	if err != nil || len(got.Problems) != 0 {
		t.Errorf("not asked for, it is missed: %+v, %v", got, err)
	}
}

// A directory that does not list the one who asks does not list everything.
func TestPreflightWantsToSeeItself(t *testing.T) {
	f := company()
	f.apps = drop(f.apps, object{"id": appID(self)})
	if got, err := f.open(t, AppConfig{}).Preflight(t.Context()); err == nil || !strings.Contains(err.Error(), "does not list the app registration") {
		t.Errorf("got %+v, %v", got, err)
	}
}
