package entra

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// documented is what Microsoft's own pages show as requests and answers.
type documented struct {
	Source string
	Pairs  []struct {
		Method, Path string
		Status       int
		Body         json.RawMessage
	}
	served map[string]int
}

// ServeHTTP answers with the pair whose path fits; what a query asks for is left out of account.
func (d *documented) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/token") {
		new(fake).token(w, r)
		return
	}
	for _, p := range d.Pairs {
		at, _, _ := strings.Cut(p.Path, "?")
		if fits, _ := path.Match(at, strings.TrimPrefix(r.URL.Path, "/v1.0")); fits && p.Method == r.Method {
			d.served[p.Method+" "+p.Path]++
			w.WriteHeader(p.Status)
			if p.Status != 204 {
				w.Write(p.Body)
			}
			return
		}
	}
	http.NotFound(w, r)
}

func openDocumented(t *testing.T) (*App, *documented) {
	t.Helper()
	b, err := os.ReadFile("testdata/documented.json")
	if err != nil {
		t.Fatal(err)
	}
	d := &documented{served: map[string]int{}}
	if err := json.Unmarshal(b, d); err != nil || d.Source == "" || len(d.Pairs) < 20 {
		t.Fatalf("testdata/documented.json: %d pairs, %v", len(d.Pairs), err)
	}
	srv := httptest.NewServer(d)
	t.Cleanup(srv.Close)
	return openAt(t, srv.URL+"/v1.0", srv.URL, AppConfig{}, testEnv()), d
}

// equal compares what was read with what the page shows.
func equal(t *testing.T, what string, got any, err error, want string) {
	t.Helper()
	if s := fmt.Sprint(got); err != nil || s != want {
		t.Errorf("%s: got %s, %v; want %s", what, s, err, want)
	}
}

func mustOID(t *testing.T, s string) oid {
	t.Helper()
	o, ok := parseOID(s)
	if !ok || o.String() != s {
		t.Fatalf("%q is no object id: %v", s, o)
	}
	return o
}

func TestDocumentedReadings(t *testing.T) {
	a, d := openDocumented(t)
	ctx := t.Context()

	last, err := a.readSignIns(ctx, unheard{})
	equal(t, "sign-ins", len(last), err, "2")
	equal(t, "of Adele, who has no others", last[mustOID(t, "1aecaf40-dc3a-461f-88a8-d06994e12898")], err, "2021-06-17")
	equal(t, "of Alex", last[mustOID(t, "f0662ee5-84b1-43d6-8338-769cce1bc141")], err, "2021-07-29")

	n, err := a.total(ctx, unheard{}, connectors.Accounts, "/users")
	equal(t, "number of users", n, err, "893")

	reg, err := a.readMFA(ctx, unheard{})
	equal(t, "registrations", len(reg), err, "3")
	equal(t, "of Alex", reg[mustOID(t, "86462606-fde0-4fc4-9e0c-a20eb73e54c6")], err, "yes")
	equal(t, "of Allan", reg[mustOID(t, "c6ad1942-4afa-47f8-8d48-afb5d8d69d2f")], err, "no")

	var sponsors []owner
	err = each(ctx, a, unheard{}, connectors.Accounts, "/users/x/sponsors", func(o *owner) error { sponsors = append(sponsors, *o); return nil })
	equal(t, "sponsors", firstOwner(sponsors), err, "SaraD@contoso.com")

	c := &catalogue{index: map[oid]int32{}, roles: map[string]string{}, apps: map[oid]*resource{}, skus: map[string]string{}}
	err = c.readGroups(ctx, a, unheard{})
	equal(t, "groups", len(c.groups), err, "2")
	equal(t, "a group of Microsoft 365", fmt.Sprint([]any{c.groups[0].name, c.groups[0].fixed(), c.groups[0].IsAssignableToRole}), err, "[Golf Assist  false]")
	equal(t, "a distribution list", fmt.Sprint([]any{c.groups[1].name, c.groups[1].fixed() != ""}), err, "[Golf Discussion true]")
	for _, s := range []struct{ id, name string }{{"62e90394-69f5-4237-9190-012177145e10", "Global Administrator"}, {"8424c6f0-a189-499e-bbd0-26c1753c96d4", "Attribute Definition Reader"}} {
		c.roles[s.id] = s.name // of which the pages' assignments are
	}

	r := newRights(c)
	a.pim = true
	err = r.readRoles(ctx, a, unheard{})
	equal(t, "roles given", r.names(t, "f1847572-48aa-47aa-96a3-2ec61904f41f"), err,
		"[role:Global Administrator role:f2ef992c-3afb-46b9-b7cf-a126ee74c451]")
	equal(t, "roles that may be activated", r.names(t, "071cc716-8147-4397-a5ba-b2105951cc0b"), err, "[role:Attribute Definition Reader (eligible) until 2024-04-10]")

	app, _, err := one[resource](ctx, a, "/servicePrincipals/x")
	app.nameRoles()
	equal(t, "app roles", app.AppRoles[0].name, err, "EduAssignments.ReadBasic.All")
	app.ID, app.name = mustOID(t, "8e881353-1735-45af-af21-ee1344582a4d"), app.DisplayName
	c.apps[app.ID] = &app
	err = r.readAssignedTo(ctx, a, unheard{})
	equal(t, "app roles given", r.names(t, "cdb555e3-b33e-4fd5-a427-17fadacbdfa7"), err, "[app:Microsoft Graph since 2021-02-02]")

	err = r.readMembers(ctx, a, unheard{})
	equal(t, "members", len(r.member[mustOID(t, "11111111-2222-3333-4444-555555555555")]), err, "2") // of each of the two groups
	// Memberships as the page shows them, without types: what is no group of the list is passed over.
	equal(t, "memberships", len(r.member[oid{1}]), r.readMemberOf(ctx, a, unheard{}, "/groups/x", oid{1}, map[int32]bool{}), "0")

	one, err := a.registrationOf(ctx, mustOID(t, "86462606-fde0-4fc4-9e0c-a20eb73e54c6"))
	equal(t, "one registration", one.mfa(), err, "yes")
	for _, want := range []string{"GET /users/$count", "GET /groups/*/memberOf", "GET /groups/*/members", roleAssignments, registrations + "/*"} {
		served := 0
		for p, n := range d.served {
			if strings.Contains(p, want) {
				served += n
			}
		}
		if served == 0 {
			t.Errorf("%s was not asked for: %v", want, d.served)
		}
	}
}

// names are what somebody is given, for people to compare.
func (r *rights) names(t *testing.T, id string) (out []string) {
	t.Helper()
	for _, e := range r.appendTo(nil, mustOID(t, id)) {
		s := string(e.ID)
		if e.Until.Known() {
			s += " until " + e.Until.String()
		}
		if e.Granted.Known() {
			s += " since " + e.Granted.String()
		}
		out = append(out, s)
	}
	return out
}

// The answers to changes, as the pages show them, are taken for done.
func TestDocumentedChanges(t *testing.T) {
	a, d := openDocumented(t)
	for i, p := range d.Pairs {
		if p.Path == "/me/revokeSignInSessions" { // a user's is answered alike
			d.Pairs[i].Path = "/users/*/revokeSignInSessions"
		}
	}
	id, group, app := oid{1}, oid{2}, oid{3}
	role := &directoryRole{app: a, account: id, role: roleID(1), scope: "/", assignment: "given"}
	own := &ownAppRole{app: a, account: id, resource: app, role: defaultRole, assignment: "given"}
	var writes []httpx.Write
	for _, c := range []changer{role, own} {
		for _, want := range []bool{true, false} {
			w, err := c.write(t.Context(), want)
			if err != nil {
				t.Fatal(err)
			}
			writes = append(writes, w)
		}
	}
	writes = append(writes, removal(memberRef(group, id)), addition("/groups/"+group.String()+"/members/$ref", []byte(`{}`)),
		httpx.Write{Method: http.MethodPost, Ref: "/users/" + id.String() + "/revokeSignInSessions"})
	for _, w := range writes {
		if res, err := a.client.Send(t.Context(), w); err != nil || res.Status/100 != 2 {
			t.Errorf("%s %s: %v", w.Method, w.Ref, err)
		}
	}
	if len(d.served) != len(writes) {
		t.Errorf("served %v; want each of %d changes by a pair of its own", d.served, len(writes))
	}
}
