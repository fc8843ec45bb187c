package google

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
)

func preflight(t *testing.T, app *App) connectors.Preflight {
	t.Helper()
	pre, ok := connectors.PreflightOf(connectors.ReadOnly(app.able()))
	if !ok {
		t.Fatal("there is no preflight behind ReadOnly")
	}
	p, err := pre.Preflight(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPreflightProvesAll(t *testing.T) {
	for _, credentials := range []bool{true, false} {
		f := company(t)
		p := preflight(t, f.open(AppConfig{Credentials: credentials}))
		if p.Identity != admin+" (super administrator), customer "+customer || len(p.Problems) != 0 {
			t.Errorf("%+v", p)
		}
		if got := f.writes(); len(got) > 0 {
			t.Errorf("it wrote: %v", got)
		}
		for _, scope := range slices.Concat((&AppConfig{Credentials: credentials}).readScopes(), writeScopes) {
			if !slices.ContainsFunc(p.Proved, func(s string) bool { return strings.HasSuffix(s, "("+scope+")") }) {
				t.Errorf("%s is not proved: %q", scope, p.Proved)
			}
		}
	}
}

// Each scope that is missing is named, by itself, before a pull could look empty.
func TestPreflightNamesEachMissingScope(t *testing.T) {
	conf := AppConfig{Credentials: true}
	for _, scope := range slices.Concat(conf.readScopes(), writeScopes) {
		f := company(t)
		f.delegated = slices.DeleteFunc(f.delegated, func(s string) bool { return s == scope })
		app := f.open(conf)
		p := preflight(t, app)
		if len(p.Problems) == 0 {
			t.Errorf("%s: no problem", scope)
		}
		reading := slices.Contains(conf.readScopes(), scope)
		for _, problem := range p.Problems {
			if !strings.Contains(problem.Lacks, scopeBase+scope+" (") || !strings.Contains(problem.Fix, "Domain-wide delegation") || problem.So == "" || problem.Writing == reading {
				t.Errorf("%s: %+v", scope, problem)
			}
		}
		if _, tr, err := pulled(t, app); reading == (err == nil) {
			t.Errorf("%s: the pull ends with %v, ended %v", scope, err, tr.Ends)
		}
	}
}

// An administrator without a privilege gets 403 for it.
func TestPreflightNamesMissingPrivileges(t *testing.T) {
	for _, id := range []string{"users.list", "groups.list", "members.list", "roles.list", "roleAssignments.list", "tokens.list", "asps.list"} {
		f := company(t)
		f.fault = failing("directory." + id)
		p := preflight(t, f.open(AppConfig{Credentials: true}))
		if !slices.ContainsFunc(p.Problems, func(q connectors.Problem) bool {
			return !q.Writing && strings.Contains(q.Lacks, admin+" may not (forbidden)") && strings.Contains(q.Fix, "Admin roles")
		}) {
			t.Errorf("%s: %+v", id, p.Problems)
		}
	}
}

func TestPreflightFindsWrongSettings(t *testing.T) {
	for name, c := range map[string]struct {
		conf  AppConfig
		set   func(*fake)
		lacks string
	}{
		"another customer":   {AppConfig{Customer: "C0other"}, func(*fake) {}, "the customer C0other is not that of " + admin},
		"nobody":             {AppConfig{Subject: "nobody@corp.example"}, func(*fake) {}, "Invalid email or User ID"},
		"not an admin":       {AppConfig{Subject: "ana@corp.example"}, func(*fake) {}, "ana@corp.example is no super administrator"},
		"API is not enabled": {AppConfig{}, func(f *fake) { f.fault = everywhere(403, "accessNotConfigured") }, "the Admin SDK API in the service account's project"},
	} {
		f := company(t)
		c.set(f)
		p := preflight(t, f.open(c.conf))
		if !slices.ContainsFunc(p.Problems, func(q connectors.Problem) bool { return strings.Contains(q.Lacks, c.lacks) }) {
			t.Errorf("%s: %+v", name, p.Problems)
		}
	}
}

// What may work later is no missing permission.
func TestPreflightThatCannotAskFails(t *testing.T) {
	f := company(t)
	f.fault = everywhere(http.StatusServiceUnavailable, "backendError")
	if p, err := f.open(AppConfig{}).Preflight(t.Context()); err == nil || len(p.Problems) > 0 {
		t.Errorf("%+v, %v", p, err)
	}
}

func everywhere(status int, reason string) func(int, method, http.ResponseWriter, *http.Request) bool {
	return func(_ int, _ method, w http.ResponseWriter, _ *http.Request) bool {
		refuse(w, status, reason, "no")
		return true
	}
}

// Neither key nor assertion nor token shows in what preflight says, whatever Google answers.
func TestPreflightKeepsSecrets(t *testing.T) {
	f := company(t)
	f.delegated = nil
	app := f.open(AppConfig{Credentials: true})
	p := preflight(t, app)
	_, tr, err := pulled(t, app)
	said := fmt.Sprintf("%+v %v %+v", p, err, tr)
	for _, secret := range []string{"BEGIN PRIVATE KEY", "eyJ", accessToken, keyLine(t)} {
		if strings.Contains(said, secret) {
			t.Errorf("%.10s… shows in %s", secret, said)
		}
	}
}

// keyLine is a line of the private key, as it stands in the key file.
func keyLine(t *testing.T) string { return strings.Split(keyFile(t), `\n`)[3] }
