package okta

import (
	"net/http"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// wanted is what company holds, account by account.
func wanted() []connectors.Account {
	day := func(s string) connectors.Date {
		d, err := connectors.ParseDate(s)
		if err != nil {
			panic(err)
		}
		return d
	}
	on := day("2024-03-01")
	want := connectortest.IDs("00u1", "00u2", "00u3", "00u4", "00u5", "00u6", "00u7", "00u8", "00u9", "00ux")
	for i, s := range []connectors.Tri{2, 2, 1, 1, 2, 1, 2, 2, 2, 2} {
		want[i].Enabled, want[i].Created = s, on
	}
	want[0].Username, want[0].Email, want[0].DisplayName, want[0].EmployeeID = "ada@corp.example", "ada@corp.example", "Ada Ash", "E1"
	want[0].LastSignIn, want[0].MFA = day("2026-10-30"), connectors.Yes
	want[0].Credentials = []connectors.Credential{{ID: "00T1", Kind: "api_token", Created: on}}
	want[0].Entitlements = []connectors.Entitlement{
		{ID: `CORP\Domain Users [00g3]`, Inherited: "app:corp.example AD"},
		{ID: "Engineers", Inherited: "rule:engineering"},
		{ID: "Payroll"},
		{ID: "app:Salesforce", Inherited: "Payroll", Granted: on},
		{ID: "app:Wiki [0oa2]", Inherited: "Everyone", Granted: on},
		{ID: "app:corp.example AD", Granted: on},
		{ID: "role:APP_ADMIN", Privileged: true, Granted: on},
		{ID: "role:Help desk EMEA [iam1]", Privileged: true, Granted: on},
		{ID: "role:USER_ADMIN", Privileged: true, Granted: on},
	}
	want[1].MFA = connectors.No // a question is no second factor
	want[1].Entitlements = []connectors.Entitlement{
		{ID: `CORP\Domain Users [00g3]`, Inherited: "app:corp.example AD"},
		{ID: "IT admins"},
		{ID: "Payroll"},
		{ID: "app:Salesforce", Inherited: "Payroll", Granted: on}, // of the two groups it is assigned to, the first by priority
		{ID: "app:Wiki [0oa3]", Granted: on},
		{ID: "role:HELP_DESK_ADMIN", Privileged: true, Inherited: "IT admins"},
		{ID: "role:REPORT_ADMIN", Privileged: true, Granted: on},
	}
	want[2].MFA = connectors.Yes
	want[4].MFA = connectors.No // not yet activated
	want[8].Entitlements = []connectors.Entitlement{{ID: "app:odd [00g5]"}}
	return want
}

// The contract, over a wire that is broken in every way as well.
func TestContract(t *testing.T) {
	connectortest.App(t, harness(connectortest.Try{Remove: "00u1", Entitlement: "Payroll"}))
}

func harness(try connectortest.Try) connectortest.AppHarness {
	paged := func() *fake {
		f := company()
		f.most = 4
		return f
	}
	return connectortest.AppHarness{
		Open: func(tb testing.TB) connectors.App { return paged().open(tb, AppConfig{}) },
		Broken: func(tb testing.TB) connectors.App {
			f := paged()
			f.fault = func(_ int, r *http.Request) int {
				if r.URL.Path == "/api/v1/users" && r.URL.Query().Has("after") {
					return http.StatusForbidden
				}
				return 0
			}
			return f.open(tb, AppConfig{})
		},
		Want:   wanted(),
		Secret: token,
		Spec:   new(AppConfig).Spec(),
		Wire: connectortest.Wire{
			Open: func(tb testing.TB, wrap func(http.RoundTripper) http.RoundTripper) connectors.App {
				f := paged()
				app := f.openBy(tb, f.start(tb), AppConfig{}, &http.Client{Transport: wrap(http.DefaultTransport)})
				app.together = 1 // so that what is asked for again is the next request
				return app
			},
			Spare: spare,
		},
		Try: try,
	}
}

// Okta answers 404 to the DELETE of what was deleted, others 500: who asks again since the answer was lost has done it.
func TestGotchaRepeatedDELETEMayBe404Or500(t *testing.T) {
	for _, e := range []connectors.EntitlementID{"Payroll", "role:USER_ADMIN", "role:Help desk EMEA [iam1]"} {
		t.Run(string(e), func(t *testing.T) {
			connectortest.AppOnly(t, connectortest.RepeatedDelete, harness(connectortest.Try{Remove: "00u1", Entitlement: e}))
		})
	}
}

// spare are the requests that a pull does without, and says so: whose factors may not be read is not known to have one.
func spare(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/factors") }

// The same with an administrator's role, limited to groups, as what is taken away and given back.
func TestContractOfRoles(t *testing.T) {
	for _, e := range []connectors.EntitlementID{"role:USER_ADMIN", "role:APP_ADMIN", "role:Help desk EMEA [iam1]"} {
		t.Run(string(e), func(t *testing.T) {
			connectortest.App(t, connectortest.AppHarness{
				Open: func(tb testing.TB) connectors.App { return company().open(tb, AppConfig{}) },
				Broken: func(tb testing.TB) connectors.App {
					f := company()
					f.noRole = true
					return f.open(tb, AppConfig{})
				},
				Want:   wanted(),
				Secret: token,
				Try:    connectortest.Try{Remove: "00u1", Entitlement: e},
			})
		})
	}
}
