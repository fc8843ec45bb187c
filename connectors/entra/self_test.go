package entra

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
)

// It says which directory answers by an id that no other can be given, as whom it asks, and how old its own keys are.
func TestSelf(t *testing.T) {
	f := company()
	f.registered = append(f.registered, object{"id": guid(0xaa, 9), "appId": clientID, "createdDateTime": "2024-05-01T00:00:00Z",
		"passwordCredentials": []object{{"keyId": guid(ofKey, 9), "startDateTime": "2025-01-01T00:00:00Z", "endDateTime": "2027-02-01T00:00:00Z", "secretText": nil}}})
	for _, c := range []AppConfig{{}, {Accounts: "service_principals"}} {
		app := f.open(t, c)
		teller, ok := connectors.SelfOf(connectors.ReadOnly(app.able()))
		if !ok {
			t.Fatal("it is not found behind ReadOnly")
		}
		got, err := teller.Self(t.Context())
		if err != nil || got.Tenant != tenantID || got.Name != "Access review (application "+clientID+")" || !slices.Contains(got.Permissions, userRead) || slices.Contains(got.Permissions, userWrite) {
			t.Errorf("got %+v, %v", got, err)
		}
		if own := connectors.AccountID(appID(self)); c.Accounts != "" && got.Account != own || c.Accounts == "" && got.Account != "" {
			t.Errorf("%+v: its own account is %q", c, got.Account)
		}
		if len(got.Credentials) != 1 || got.Credentials[0].Kind != "client secret" || got.Credentials[0].Created.String() != "2025-01-01" || got.Credentials[0].Expires.String() != "2027-02-01" {
			t.Errorf("got %+v", got.Credentials)
		}
	}
	if slices.ContainsFunc(f.asked, func(s string) bool { return strings.Contains(s, "TOKEN WENT") }) {
		t.Error("the public document was asked for with a token")
	}
}

// What was granted and is not needed is named; what only writing needs is told apart; what stands in for a lesser one says so.
func TestPreflightNamesPermissionsBeyondNeed(t *testing.T) {
	f := company()
	f.appRoles = append(f.appRoles, appGrant("x", appID(self), "ServicePrincipal", appID(graph), guid(0xc2, len(grantable)-1), "2025-07-01T10:00:00Z"))
	got, err := f.without(userRead).open(t, AppConfig{}).Preflight(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]connectors.Excess{}
	for _, x := range got.Excess {
		byName[strings.TrimPrefix(x.Has, "the application permission ")] = x
	}
	if x := byName[userWrite]; x.Writing || !strings.Contains(x.So, "delete users") || !strings.HasPrefix(x.Fix, "grant "+userRead+" instead") {
		t.Errorf("%s: %+v", userWrite, x)
	}
	if x, ok := byName[eligibleRead]; !ok || x.Writing {
		t.Errorf("%s is needed with pim only: %+v", eligibleRead, x)
	}
	if x, ok := byName[groupWrite]; !ok || !x.Writing {
		t.Errorf("%s is needed to write: %+v", groupWrite, x)
	}
	for _, need := range []string{groupRead, auditRead, appRead} {
		if x, ok := byName[need]; ok {
			t.Errorf("%s is needed: %+v", need, x)
		}
	}
	without, err := company().open(t, AppConfig{SignIns: new(bool), MFA: new(bool)}).Preflight(t.Context())
	if err != nil || !slices.ContainsFunc(without.Excess, func(x connectors.Excess) bool { return strings.HasSuffix(x.Has, auditRead) && !x.Writing }) {
		t.Errorf("where neither sign-ins nor MFA are read, %s is beyond need: %+v, %v", auditRead, without.Excess, err)
	}
}

// Where sign-in times are switched off, Graph is not even asked.
func TestSignInTimesAreNotAskedFor(t *testing.T) {
	f := company()
	srv := f.open(t, AppConfig{}) // starts the directory
	f.asked = nil
	env := testEnv()
	env.NoSignInTimes = true
	app := openAt(t, srv.base, strings.TrimSuffix(srv.base, "/v1.0"), AppConfig{}, env)
	if app.Info().Signals.SignIn.Given {
		t.Error("it says that it gives sign-ins")
	}
	asked := false
	f.fault = func(_ http.ResponseWriter, r *http.Request) bool {
		asked = asked || asksActivity(r)
		return false
	}
	n := 0
	for a, err := range app.Accounts(t.Context(), unheard{}) {
		if n++; err != nil || a.LastSignIn.Known() {
			t.Errorf("%+v, %v", a, err)
		}
	}
	if n == 0 || asked {
		t.Errorf("%d accounts; sign-ins were asked for: %v", n, asked)
	}
}
