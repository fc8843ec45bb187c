package entra

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

func TestConfigRefuses(t *testing.T) {
	good := AppConfig{Tenant: tenant, ClientID: clientID, ClientSecret: "env:ENTRA"}
	yes := true
	for name, c := range map[string]struct {
		change func(*AppConfig)
		says   string
	}{
		"no tenant":           {func(c *AppConfig) { c.Tenant = "" }, "want the directory's id"},
		"a tenant with a /":   {func(c *AppConfig) { c.Tenant = "a/b" }, "want the directory's id"},
		"an unknown cloud":    {func(c *AppConfig) { c.Cloud = "moon" }, "want one of china, global, us_gov, us_gov_dod"},
		"unknown accounts":    {func(c *AppConfig) { c.Accounts = "devices" }, `want "users" or "service_principals"`},
		"sign-ins of apps":    {func(c *AppConfig) { c.Accounts, c.SignIns = "service_principals", &yes }, "leave sign_ins and mfa out"},
		"a literal secret":    {func(c *AppConfig) { c.ClientSecret = "abc" }, "literal secret"},
		"no secret":           {func(c *AppConfig) { c.ClientSecret = "" }, "client_secret or certificate"},
		"secret and key":      {func(c *AppConfig) { c.Certificate = "file:x.pem" }, "client_secret or certificate"},
		"no client":           {func(c *AppConfig) { c.ClientID = "" }, "client id"},
		"plain http":          {func(c *AppConfig) { c.URL = "http://graph.example" }, "https://"},
		"plain http to login": {func(c *AppConfig) { c.LoginURL = "http://login.example" }, "https://"},
	} {
		t.Run(name, func(t *testing.T) {
			conf := good
			c.change(&conf)
			_, err := conf.OpenApp("directory", testEnv())
			if err == nil || !strings.HasPrefix(err.Error(), `entra: app "directory": `) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v; want it to say %q", err, c.says)
			}
		})
	}
}

func TestNationalClouds(t *testing.T) {
	for name, want := range map[string]string{
		"": "https://graph.microsoft.com/v1.0", "global": "https://graph.microsoft.com/v1.0", "us_gov": "https://graph.microsoft.us/v1.0",
		"us_gov_dod": "https://dod-graph.microsoft.us/v1.0", "china": "https://microsoftgraph.chinacloudapi.cn/v1.0",
	} {
		app, err := (&AppConfig{Tenant: tenant, ClientID: clientID, ClientSecret: "env:ENTRA", Cloud: name}).OpenApp("directory", testEnv())
		if err != nil || app.Info().Location != want+" ("+tenant+")" {
			t.Errorf("cloud %q: got %v, %v", name, app, err)
		}
	}
}

// The contract, for both kinds of accounts.
func TestContract(t *testing.T) {
	for _, c := range []struct {
		conf AppConfig
		want []connectors.Account
		try  connectortest.Try
	}{
		{AppConfig{PIM: true}, wantedUsers(), connectortest.Try{Disable: connectors.AccountID(userID(7)), Remove: connectors.AccountID(userID(1)), Entitlement: "Sales"}},
		{AppConfig{Accounts: "service_principals"}, wantedServices(), connectortest.Try{Remove: connectors.AccountID(appID(robot)), Entitlement: "Staff"}},
	} {
		t.Run(cmpOr(c.conf.Accounts, "users"), func(t *testing.T) {
			connectortest.App(t, harness(c.conf, c.want, c.try))
		})
	}
}

func harness(conf AppConfig, want []connectors.Account, try connectortest.Try) connectortest.AppHarness {
	return connectortest.AppHarness{
		Open: func(tb testing.TB) connectors.App { return company().open(tb, conf).able() },
		Broken: func(tb testing.TB) connectors.App {
			f := company()
			f.fault = cutShort
			return f.open(tb, conf).able()
		},
		Want: want, Secret: secret, Spec: new(AppConfig).Spec(), Try: try,
		Wire: connectortest.Wire{Open: func(tb testing.TB, wrap func(http.RoundTripper) http.RoundTripper) connectors.App {
			return company().openVia(tb, conf, wrap).able()
		}},
	}
}

// Graph answers 404 to the DELETE of a membership (/$ref) or an assignment that was deleted, others 500: who asks again since
// the answer was lost has done it.
func TestGotchaRepeatedDELETEMayBe404Or500(t *testing.T) {
	for e, to := range map[connectors.EntitlementID]string{"Sales": userID(1), "app:CRM/User": userID(1), "role:Global Administrator": userID(2)} {
		t.Run(string(e), func(t *testing.T) {
			try := connectortest.Try{Disable: connectors.AccountID(userID(7)), Remove: connectors.AccountID(to), Entitlement: e}
			connectortest.AppOnly(t, connectortest.RepeatedDelete, harness(AppConfig{PIM: true}, wantedUsers(), try))
		})
	}
}

// cutShort gives second pages of accounts that end too soon.
func cutShort(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path != "/users" && r.URL.Path != "/servicePrincipals" || !r.URL.Query().Has("$skiptoken") {
		return false
	}
	w.Write([]byte(`{"value":[{"id":`))
	return true
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func wantedUsers() []connectors.Account {
	want := make([]connectors.Account, 7)
	for i := range want {
		want[i] = connectors.Account{ID: connectors.AccountID(userID(i + 1)), Enabled: connectors.Yes, Created: date("2024-02-01"), LastSignIn: date("2026-06-20")}
	}
	want[0].Username, want[0].Email, want[0].EmployeeID, want[0].MFA = "adele@contoso.example", "adele@contoso.example", "E1", connectors.Yes
	want[0].Aliases = []string{"adele@old.example"}
	want[0].Entitlements = []connectors.Entitlement{
		{ID: "Admins", Privileged: true},
		{ID: connectors.EntitlementID("Everybody [" + groupID(dynamic) + "]")},
		{ID: connectors.EntitlementID("Everybody [" + groupID(onPremises) + "]")},
		{ID: "Sales"},
		{ID: connectors.EntitlementID("role:Newsletter [" + groupID(exchange) + "]")},
		{ID: "Staff", Inherited: "Sales"},
		{ID: "app:CRM/User", Granted: date("2025-03-01")},
		{ID: "role:Global Administrator (eligible)", Privileged: true, Until: date("2027-01-01")},
		{ID: "role:Helpdesk Administrator", Privileged: true, Inherited: "Admins"},
	}
	want[1].MFA = connectors.No
	want[1].Entitlements = []connectors.Entitlement{
		{ID: connectors.EntitlementID("Everybody [" + groupID(dynamic) + "]")},
		{ID: "Sales"},
		{ID: "Staff", Inherited: "Sales"},
		{ID: "app:CRM/User", Granted: date("2025-04-01"), Inherited: "Sales"},
		{ID: "role:Global Administrator", Privileged: true},
		{ID: "licence:SPE_E5"},
		{ID: "licence:VISIO", Inherited: "Sales"},
	}
	want[2].Enabled = connectors.No
	want[3].Class, want[3].OwnerRef, want[3].LastSignIn = connectors.Guest, "adele@contoso.example", 0
	want[3].Aliases = []string{"dan@partner.example"}
	want[4].Entitlements = []connectors.Entitlement{
		{ID: "Admins", Privileged: true},
		{ID: connectors.EntitlementID("Everybody [" + groupID(dynamic) + "]")},
		{ID: "Staff"},
		{ID: "app:Legacy", Granted: date("2025-05-01"), Inherited: "Staff"},
		{ID: "role:Helpdesk Administrator", Privileged: true, Inherited: "Admins"},
	}
	want[5].LastSignIn = 0
	return want
}

func wantedServices() []connectors.Account {
	want := make([]connectors.Account, 4)
	for i, n := range []int{crm, robot, legacy, self} { // Microsoft's own is left out
		want[i] = connectors.Account{ID: connectors.AccountID(appID(n)), Username: guid(0xab, n), Class: connectors.Service, Enabled: connectors.Yes}
	}
	want[1].OwnerRef, want[1].Created = "adele@contoso.example", date("2024-05-01")
	want[1].Entitlements = []connectors.Entitlement{
		{ID: "Staff"},
		{ID: connectors.EntitlementID("role:Newsletter [" + groupID(exchange) + "]")},
		{ID: "app:Microsoft Graph/RoleManagement.ReadWrite.Directory", Privileged: true, Granted: date("2025-06-01")},
		{ID: "role:Helpdesk Administrator", Privileged: true},
	}
	want[1].Credentials = []connectors.Credential{ // the third one has expired
		{ID: connectors.CredentialID(guid(ofKey, 1)), Kind: "client secret valid until 2027-02-01", Created: date("2025-01-01")},
		{ID: connectors.CredentialID(guid(ofKey, 3)), Kind: "certificate valid until 2027-01-01", Created: date("2026-01-01")},
	}
	want[2].Enabled = connectors.No
	want[3].Username = clientID
	return want
}

// A certificate proves the app registration by a signature: its key is not sent.
func TestCertificateInsteadOfASecret(t *testing.T) {
	f := company()
	srv := httptest.NewServer(f)
	defer srv.Close()
	f.public = srv.URL + "/v1.0"
	pemFile := certificate(t)
	env := testEnv()
	env.Secret = func(string) (string, error) { return pemFile, nil }
	app := openAt(t, f.public, srv.URL, AppConfig{Certificate: "file:entra.pem"}, env)
	rows, _, err := connectortest.Accounts(t.Context(), app)
	if err != nil || len(rows) != 7 {
		t.Fatalf("got %d accounts, %v", len(rows), err)
	}
	part := strings.Split(f.assertion, ".")
	claims, err := base64.RawURLEncoding.DecodeString(part[min(1, len(part)-1)])
	if err != nil || !strings.Contains(string(claims), `"aud":"`+srv.URL+"/"+tenant+`/oauth2/v2.0/token"`) || !strings.Contains(string(claims), clientID) {
		t.Errorf("the assertion claims %s, %v", claims, err)
	}
}

// certificate is a key and a certificate of it, as one PEM file.
func certificate(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "access review"}}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})) + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// Without the right secret there is no token, and nothing is read.
func TestWrongSecretIsForbidden(t *testing.T) {
	app := company().open(t, AppConfig{})
	env := testEnv()
	env.Secret = func(string) (string, error) { return "another", nil }
	c := AppConfig{Tenant: tenant, ClientID: clientID, ClientSecret: "env:ENTRA", URL: app.base, LoginURL: strings.TrimSuffix(app.base, "/v1.0")}
	wrong, err := c.OpenApp("directory", env)
	if err != nil {
		t.Fatal(err)
	}
	_, tr, err := connectortest.Accounts(t.Context(), wrong)
	if !errors.Is(err, connectors.ErrForbidden) || len(tr.Ends) > 0 {
		t.Errorf("got %v, ended %v", err, tr.Ends)
	}
}
