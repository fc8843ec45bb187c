package okta

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// What other tools learned the hard way about Okta, a test each. They take access away, or seem to, that should stay.

func fails(path string, status int) func(int, *http.Request) int {
	return func(_ int, r *http.Request) int {
		if r.URL.Path == path {
			return status
		}
		return 0
	}
}

func class(err error) error {
	for _, c := range []error{connectors.ErrNotFound, connectors.ErrForbidden, connectors.ErrTransient} {
		if errors.Is(err, c) {
			return c
		}
	}
	return nil
}

// An error is never turned into an empty list, whichever list it is: also 404, for a group that was deleted while its
// members were read.
func TestGotchaErrorTurnedIntoAnEmptyList(t *testing.T) {
	for _, path := range []string{"/api/v1/groups", "/api/v1/groups/rules", "/api/v1/groups/00g1/users", "/api/v1/groups/00g4/roles", "/api/v1/apps",
		"/api/v1/apps/0oa1/users", "/api/v1/apps/0oa1/groups", "/api/v1/iam/assignees/users", "/api/v1/users/00u1/roles", "/api/v1/api-tokens", "/api/v1/users"} {
		for _, status := range []int{403, 404, 500} {
			f := company()
			f.fault = fails(path, status)
			app := f.open(t, AppConfig{})
			_, tr, err := connectortest.Accounts(t.Context(), app)
			if err == nil || tr.Ended(app.Info().Collections...) {
				t.Errorf("%d for %s: got %v, ended %v", status, path, err, tr.Ends)
			}
		}
	}
}

// Scopes without an administrator's role: Okta answers 200 and nobody.
func TestGotchaScopesWithoutARoleListNobody(t *testing.T) {
	f := company()
	f.fault = func(_ int, r *http.Request) int {
		f.noRole = r.URL.Path == "/api/v1/users" // only there it shows no error
		return 0
	}
	app := f.open(t, AppConfig{})
	rows, tr, err := connectortest.Accounts(t.Context(), app)
	if err == nil || !strings.Contains(err.Error(), "administrator's role") || len(rows) > 0 || slices.Contains(tr.Ends, connectors.Accounts) {
		t.Errorf("got %d accounts, %v, ended %v", len(rows), err, tr.Ends)
	}
	p, err := app.Preflight(t.Context())
	if err != nil || len(p.Problems) != 1 || !strings.Contains(p.Problems[0].So, "empty list") {
		t.Errorf("preflight: got %+v, %v", p, err)
	}
}

// Deactivating is destructive, and Okta answers 204 to deactivating and to deleting alike: neither is ever asked for.
func TestGotchaDeactivateAndDeleteAreNeverAskedFor(t *testing.T) {
	f := company()
	app := f.open(t, AppConfig{})
	if can := connectors.AbilitiesOf(app); can.Has(connectors.CanDelete) || can.Has(connectors.CanArchive) {
		t.Error("deleting is offered")
	}
	for _, u := range company().users {
		before, err := app.Account(t.Context(), connectors.AccountID(u.id))
		if err != nil {
			t.Fatal(err)
		}
		app.Disable(t.Context(), before)
		app.RevokeSessions(t.Context(), before)
		for _, e := range before.Entitlements {
			app.RemoveEntitlement(t.Context(), before, e.ID)
			app.AddEntitlement(t.Context(), before, e.ID)
		}
		app.Enable(t.Context(), before)
	}
	changes := f.did()
	if len(changes) < 20 {
		t.Errorf("only %d changes were asked for", len(changes))
	}
	for _, c := range changes {
		path, _, _ := strings.Cut(c, "?")
		if strings.Contains(path, "deactivate") || strings.HasPrefix(path, "DELETE /api/v1/users/") && strings.Count(path, "/") == 4 {
			t.Errorf("%s was asked for", c)
		}
	}
}

// Without a search or a filter the list leaves out those who were deactivated: they would look gone, and be found again as new.
func TestGotchaDeprovisionedAreListedOnlyWhenAskedFor(t *testing.T) {
	f := company()
	app := f.open(t, AppConfig{})
	plain := map[string]bool{}
	for u, err := range all[user](t.Context(), app, unheard{}, connectors.Accounts, "/api/v1/users?limit=200") {
		if err != nil {
			t.Fatal(err)
		}
		plain[u.Status] = true
	}
	rows, _, err := connectortest.Accounts(t.Context(), app)
	if err != nil || plain[deactivated] || len(plain) != len(enabled)-1 || len(rows) != len(f.users) {
		t.Errorf("the plain list has %v; ours has %d of %d, %v", plain, len(rows), len(f.users), err)
	}
	for _, a := range rows {
		if a.ID == "00u4" && a.Enabled == connectors.No {
			return
		}
	}
	t.Error("who was deactivated is not in the list")
}

// The index that lists are read from runs behind: what is to be changed is read at the user, and whoever the index does not
// have yet is read alone.
func TestGotchaIndexRunsBehind(t *testing.T) {
	f := company()
	f.index = company().users[1:] // as it was, and without Ada
	app := f.open(t, AppConfig{})
	f.users[1].status = suspended
	rows, tr, err := connectortest.Accounts(t.Context(), app)
	if err != nil || len(rows) != len(f.users) || !tr.Ended(app.Info().Collections...) {
		t.Fatalf("got %d accounts, %v", len(rows), err)
	}
	if last := rows[len(rows)-1]; last.ID != "00u1" || len(last.Entitlements) != 9 || last.MFA != connectors.Yes {
		t.Errorf("who is not in the index: %+v", last)
	}
	if rows[0].ID != "00u2" || rows[0].Enabled != connectors.Yes {
		t.Errorf("the index does not run behind: %+v", rows[0])
	}
	now, err := app.Account(t.Context(), "00u2")
	if err != nil || now.Enabled != connectors.No {
		t.Errorf("read afresh it is %+v, %v", now, err)
	}
	if r, err := app.Disable(t.Context(), rows[0]); err != nil || r.Changed || len(f.did()) > 0 {
		t.Errorf("it was suspended by what the list said: %+v, %v", r, err)
	}
}

// A custom administrator's role shows a part of the users, and nothing says so but that groups have more members.
func TestGotchaCustomRoleShowsAPart(t *testing.T) {
	f := company()
	f.index = f.users[:5]
	for i := range 600 {
		f.users = append(f.users, &fakeUser{id: fmt.Sprintf("00h%d", i), status: active, login: "h"})
		f.groups[1].members = append(f.groups[1].members, fmt.Sprintf("00h%d", i))
	}
	_, tr, err := connectortest.Accounts(t.Context(), f.open(t, AppConfig{LeaveOut: []string{"factors"}}))
	if err == nil || !strings.Contains(err.Error(), "shows only a part") || slices.Contains(tr.Ends, connectors.Accounts) {
		t.Errorf("got %v, ended %v", err, tr.Ends)
	}
}

// q= gives a capped list without a link to the next page, and a hint such as lastMembershipUpdated loses grants: neither is used.
func TestGotchaNoShortcuts(t *testing.T) {
	f := company()
	app := f.open(t, AppConfig{})
	read := func() []string {
		f.did()
		if _, _, err := connectortest.Accounts(t.Context(), app); err != nil {
			t.Fatal(err)
		}
		slices.Sort(f.asked)
		return slices.Clone(f.asked)
	}
	first, second := read(), read()
	if !slices.Equal(first, second) {
		t.Errorf("the second pull asked for something else: %q, %q", first, second)
	}
	for _, ask := range first {
		if strings.Contains(ask, "?q=") || strings.Contains(ask, "&q=") || strings.Contains(ask, "lastMembershipUpdated") {
			t.Errorf("%s was asked for", ask)
		}
	}
}

// Logins are used again for other people, and Okta takes a login for an id: who is asked for by another's login is not found.
func TestGotchaLoginOfAnotherPerson(t *testing.T) {
	f := company()
	app := f.open(t, AppConfig{})
	for name, do := range map[string]func(connectors.Account) error{
		"read":    func(a connectors.Account) error { _, err := app.Account(t.Context(), a.ID); return err },
		"suspend": func(a connectors.Account) error { _, err := app.Disable(t.Context(), a); return err },
		"enable":  func(a connectors.Account) error { _, err := app.Enable(t.Context(), a); return err },
		"end":     func(a connectors.Account) error { _, err := app.RevokeSessions(t.Context(), a); return err },
		"remove": func(a connectors.Account) error {
			_, err := app.RemoveEntitlement(t.Context(), a, "Payroll")
			return err
		},
	} {
		for _, id := range []connectors.AccountID{"ada@corp.example", "me", ""} {
			if err := do(connectors.Account{ID: id, Username: "ada@corp.example"}); !errors.Is(err, connectors.ErrNotFound) {
				t.Errorf("%s %q: got %v", name, id, err)
			}
		}
	}
	if c := f.did(); len(c) > 0 {
		t.Errorf("%q was done", c)
	}
}

// Who was never seen to sign in is not known to be idle, and a last sign-in is Okta's own.
func TestGotchaNoLastLoginIsUnknown(t *testing.T) {
	app := company().open(t, AppConfig{})
	a, err := app.Account(t.Context(), "00u2")
	if err != nil || a.LastSignIn.Known() || !app.Info().Signals.SignIn.Given || app.Info().Signals.SignIn.LagDays < 1 {
		t.Errorf("got %+v, %v", a, err)
	}
}

// What comes by a rule, from a directory, through a group or from Okta itself is not taken away one by one: it would come back,
// or never again. Where it comes from is said.
func TestGotchaInheritedIsRefused(t *testing.T) {
	for _, c := range []struct {
		id   connectors.AccountID
		e    connectors.EntitlementID
		says string
	}{
		{"00u1", "Engineers", `group rule "engineering"`},
		{"00u1", `CORP\Domain Users [00g3]`, "Active Directory"},
		{"00u2", "role:HELP_DESK_ADMIN", `through the group "00g4"`},
		{"00u1", "Everyone", "built into Okta"},
		{"00u1", "app:Salesforce", "no undo gives back"},
		{"00u1", "app:corp.example AD", "unassign it in Okta"},
	} {
		f := company()
		app := f.open(t, AppConfig{})
		before, err := app.Account(t.Context(), c.id)
		if err != nil {
			t.Fatal(err)
		}
		_, err = app.RemoveEntitlement(t.Context(), before, c.e)
		if class(err) != connectors.ErrForbidden || !strings.Contains(err.Error(), c.says) || len(f.did()) > 0 {
			t.Errorf("%s: got %v; want it to say %s", c.e, err, c.says)
		}
		var s state
		s.group(c.e, map[connectors.EntitlementID]string{"Engineers": "00g2", `CORP\Domain Users [00g3]`: "00g3"}[c.e])
		f.look(func() { f.groups[2].members, f.groups[3].members = nil, nil })
		if err := app.writable(t.Context(), s.Groups[c.e]); s.Groups[c.e] != "" && class(err) != connectors.ErrForbidden {
			t.Errorf("%s could be added: %v", c.e, err)
		}
	}
}

// A suspended user's sessions go on: ending them is another request, and OAuth tokens have to be named.
func TestGotchaSuspendLeavesSessions(t *testing.T) {
	f := company()
	app := f.open(t, AppConfig{})
	before := connectors.Account{ID: "00u1"}
	if _, err := app.Disable(t.Context(), before); err != nil || f.users[0].sessions == 0 || f.users[0].oauth == 0 {
		t.Fatalf("got %v; %d sessions, %d tokens", err, f.users[0].sessions, f.users[0].oauth)
	}
	r, err := app.RevokeSessions(t.Context(), before)
	if err != nil || !r.Changed || r.RequestID == "" || f.users[0].sessions+f.users[0].oauth > 0 {
		t.Errorf("got %+v, %v; %d sessions, %d tokens", r, err, f.users[0].sessions, f.users[0].oauth)
	}
	if c := f.did(); !slices.Equal(c, []string{"POST /api/v1/users/00u1/lifecycle/suspend", "DELETE /api/v1/users/00u1/sessions?oauthTokens=true"}) {
		t.Errorf("%q was done", c)
	}
}

// Links lead to the next page, and never to another origin, which would be sent the token.
func TestGotchaLinksStayOnTheOrigin(t *testing.T) {
	seen := ""
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen += r.Header.Get("Authorization") + r.URL.Path }))
	t.Cleanup(other.Close)
	f := company()
	f.most, f.base = 4, other.URL
	_, tr, err := connectortest.Accounts(t.Context(), f.open(t, AppConfig{}))
	if err == nil || !strings.Contains(err.Error(), "another origin") || len(tr.Ends) > 0 || seen != "" {
		t.Errorf("got %v, ended %v; the other saw %q", err, tr.Ends, seen)
	}
}

// 429 has two meanings: the minute's share is spent, which X-Rate-Limit-Reset times by Okta's clock; or too many requests are
// under way.
func TestGotchaRateLimits(t *testing.T) {
	f := company()
	f.limit = 7
	app := f.open(t, AppConfig{})
	began := f.now
	rows, tr, err := connectortest.Accounts(t.Context(), app)
	if err != nil || len(rows) != len(f.users) || !tr.Ended(app.Info().Collections...) {
		t.Fatalf("got %d accounts, %v", len(rows), err)
	}
	if took := f.now.Sub(began).Seconds(); took < 60 || took > 400 || f.refused > 20 {
		t.Errorf("it took %v s by Okta's clock, and was refused %d times", took, f.refused)
	}
	f = company()
	busy := 3
	f.fault = func(n int, r *http.Request) int {
		if strings.HasSuffix(r.URL.Path, "/factors") && busy > 0 {
			busy--
			return crowded
		}
		return 0
	}
	if rows, _, err := connectortest.Accounts(t.Context(), f.open(t, AppConfig{})); err != nil || len(rows) != len(f.users) || busy > 0 {
		t.Errorf("got %d accounts, %v", len(rows), err)
	}
}
