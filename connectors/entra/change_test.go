package entra

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
)

// fresh reads one account.
func fresh(t *testing.T, app connectors.Getter, id string) connectors.Account {
	t.Helper()
	a, err := app.Account(t.Context(), connectors.AccountID(id))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func holds(a connectors.Account, e connectors.EntitlementID) bool {
	return slices.ContainsFunc(a.Entitlements, func(h connectors.Entitlement) bool { return h.ID == e && h.Inherited == "" })
}

// changes are the requests that change something.
func (f *fake) changes() (out []string) {
	for _, r := range f.asked {
		if !strings.HasPrefix(r, "GET ") {
			out = append(out, r)
		}
	}
	return out
}

func (f *fake) wantChanges(t *testing.T, want ...string) {
	t.Helper()
	if got := f.changes(); !slices.Equal(got, want) {
		t.Errorf("changes asked for:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Without /$ref at its end, the path deletes the user.
func TestGotchaMemberIsRemovedByRef(t *testing.T) {
	f := company()
	app := f.open(t, AppConfig{}).able().(users)
	r, err := app.RemoveEntitlement(t.Context(), fresh(t, app, userID(1)), "Sales")
	if err != nil || !r.Changed || r.RequestID == "" || r.At.IsZero() {
		t.Fatalf("got %+v, %v", r, err)
	}
	f.wantChanges(t, "DELETE /groups/"+groupID(sales)+"/members/"+userID(1)+"/$ref")
	if byID(f.users, userID(1)) == nil || byID(f.members[groupID(sales)], userID(1)) != nil || byID(f.members[groupID(sales)], userID(2)) == nil {
		t.Error("the user is gone, or still a member, or another one was removed")
	}
	if ref := memberRef(oid{1}, oid{2}); !strings.HasSuffix(ref, "/$ref") || strings.Count(ref, "$ref") != 1 {
		t.Errorf("memberRef makes %q", ref)
	}
}

// The list of a user's app roles has those of its groups, too: to delete one of these would take it from everybody.
func TestGotchaAppRoleOfAGroupIsNotTheUsers(t *testing.T) {
	f := company()
	app := f.open(t, AppConfig{}).able().(users)
	ben := fresh(t, app, userID(2)) // has it through the group Sales
	if _, err := app.RemoveEntitlement(t.Context(), ben, "app:CRM/User"); !errors.Is(err, connectors.ErrForbidden) || !strings.Contains(err.Error(), `through the group "Sales"`) {
		t.Errorf("got %v", err)
	}
	f.wantChanges(t)
	adele := fresh(t, app, userID(1)) // has it herself, and through the group
	if _, err := app.RemoveEntitlement(t.Context(), adele, "app:CRM/User"); err != nil {
		t.Fatal(err)
	}
	f.wantChanges(t, "DELETE /servicePrincipals/"+appID(crm)+"/appRoleAssignedTo/aa-1")
	if byID(f.appRoles, "aa-2") == nil {
		t.Error("the group's assignment is gone")
	}
	if r, err := app.RemoveEntitlement(t.Context(), adele, "app:CRM/User"); err != nil || r.Changed {
		t.Errorf("again: %+v, %v", r, err)
	}
	// Even where the state says that it is hers: what the list has under a group's name stays.
	adele.State = []byte(`{"held":{"app:CRM/User":{"kind":"app role","id":"` + appID(crm) + `","sub":"` + crmUser + `"}}}`)
	if r, err := app.RemoveEntitlement(t.Context(), adele, "app:CRM/User"); err != nil || r.Changed || byID(f.appRoles, "aa-2") == nil {
		t.Errorf("by state: %+v, %v", r, err)
	}
}

func TestAppRoleIsTakenAndGivenBack(t *testing.T) {
	f := company()
	tryAppRole(t, f.open(t, AppConfig{}).able())
	robot1 := f.open(t, AppConfig{Accounts: "service_principals"}).able().(services)
	const power = "app:Microsoft Graph/RoleManagement.ReadWrite.Directory"
	before := fresh(t, robot1, appID(robot))
	if r, err := robot1.RemoveEntitlement(t.Context(), before, power); err != nil || !r.Changed || holds(fresh(t, robot1, appID(robot)), power) {
		t.Errorf("removal from an application: %+v, %v", r, err)
	}
	if r, err := robot1.AddEntitlement(t.Context(), before, power); err != nil || !r.Changed || !holds(fresh(t, robot1, appID(robot)), power) {
		t.Errorf("undo: %+v, %v", r, err)
	}
}

// tryAppRole takes an app role from adele and gives it back.
func tryAppRole(t *testing.T, app connectors.App) {
	t.Helper()
	const role = "app:CRM/User"
	remover := app.(connectors.EntitlementRemover)
	before := fresh(t, remover, userID(1))
	r, err := remover.RemoveEntitlement(t.Context(), before, role)
	if err != nil || !r.Changed || holds(fresh(t, remover, userID(1)), role) {
		t.Fatalf("removal: %+v, %v", r, err)
	}
	for _, first := range []bool{true, false} {
		r, err = remover.AddEntitlement(t.Context(), before, role)
		if after := fresh(t, remover, userID(1)); err != nil || r.Changed != first || !holds(after, role) {
			t.Fatalf("undo: %+v, %v: %+v", r, err, after.Entitlements)
		}
	}
}

func TestDirectoryRoleIsTakenInItsScopeAlone(t *testing.T) {
	f := company()
	app := f.open(t, AppConfig{}).able().(users)
	scoped := connectors.EntitlementID("role:Helpdesk Administrator in /administrativeUnits/" + guid(0xad, 1))
	before := fresh(t, app, userID(7))
	if !holds(before, scoped) || !holds(before, "role:Global Administrator") {
		t.Fatalf("gus holds %+v", before.Entitlements)
	}
	if _, err := app.RemoveEntitlement(t.Context(), before, scoped); err != nil {
		t.Fatal(err)
	}
	if _, err := app.AddEntitlement(t.Context(), before, scoped); err != nil {
		t.Fatal(err)
	}
	f.wantChanges(t, "DELETE "+roleAssignments+"/ra-3", "POST "+roleAssignments)
	if after := fresh(t, app, userID(7)); !holds(after, scoped) || !holds(after, "role:Global Administrator") {
		t.Errorf("gus holds %+v", after.Entitlements)
	}
}

// What cannot be changed here is refused with what to do, before anything is asked of the service.
func TestRefusalsSayWhatToDo(t *testing.T) {
	everybody := func(n int) connectors.EntitlementID {
		return connectors.EntitlementID("Everybody [" + groupID(n) + "]")
	}
	for name, c := range map[string]struct {
		user int
		do   func(context.Context, users, connectors.Account) (connectors.Receipt, error)
		says string
	}{
		"a synced user": {6, func(ctx context.Context, app users, a connectors.Account) (connectors.Receipt, error) {
			return app.Disable(ctx, a)
		}, "change it in that Active Directory"},
		"a synced user, to enable": {3, func(ctx context.Context, app users, a connectors.Account) (connectors.Receipt, error) {
			return app.Enable(ctx, a)
		}, "change it in that Active Directory"},
		"a guest's sessions": {4, func(ctx context.Context, app users, a connectors.Account) (connectors.Receipt, error) {
			return app.RevokeSessions(ctx, a)
		}, "home directory"},
		"a dynamic group":     {1, removing(everybody(dynamic)), "change the rule"},
		"a synced group":      {1, removing(everybody(onPremises)), "change it in that Active Directory"},
		"a mail group":        {1, removing(connectors.EntitlementID("role:Newsletter [" + groupID(exchange) + "]")), "change it in Exchange"},
		"a nested group":      {1, removing("Staff"), `through the group "Sales"`},
		"a role by a group":   {5, removing("role:Helpdesk Administrator"), `through the group "Admins"`},
		"a licence":           {2, removing("licence:SPE_E5"), "by hand"},
		"a group's licence":   {2, removing("licence:VISIO"), `through the group "Sales"`},
		"a role to activate":  {1, removing("role:Global Administrator (eligible)"), "Privileged Identity Management"},
		"what was never held": {1, adding("Nothing"), "only what the account held"},
	} {
		t.Run(name, func(t *testing.T) {
			f := company()
			app := f.open(t, AppConfig{PIM: true}).able().(users)
			r, err := c.do(t.Context(), app, fresh(t, app, userID(c.user)))
			if !errors.Is(err, connectors.ErrForbidden) || r.Changed || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %+v, %v; want it to say %q", r, err, c.says)
			}
			f.wantChanges(t)
		})
	}
}

func removing(e connectors.EntitlementID) func(context.Context, users, connectors.Account) (connectors.Receipt, error) {
	return func(ctx context.Context, app users, a connectors.Account) (connectors.Receipt, error) {
		return app.RemoveEntitlement(ctx, a, e)
	}
}

func adding(e connectors.EntitlementID) func(context.Context, users, connectors.Account) (connectors.Receipt, error) {
	return func(ctx context.Context, app users, a connectors.Account) (connectors.Receipt, error) {
		return app.AddEntitlement(ctx, a, e)
	}
}

// A permission that is missing is named; the change is known not to have been made.
func TestChangesNameTheMissingPermission(t *testing.T) {
	for permission, do := range map[string]func(context.Context, users, connectors.Account) (connectors.Receipt, error){
		enableWrite: func(ctx context.Context, app users, a connectors.Account) (connectors.Receipt, error) {
			return app.Disable(ctx, a)
		},
		sessionsWrite: func(ctx context.Context, app users, a connectors.Account) (connectors.Receipt, error) {
			return app.RevokeSessions(ctx, a)
		},
		groupWrite:   removing("Sales"),
		roleWrite:    removing("Admins"), // which can hold directory roles
		appRoleWrite: removing("app:CRM/User"),
	} {
		f := company().without(permission)
		app := f.open(t, AppConfig{}).able().(users)
		r, err := do(t.Context(), app, fresh(t, app, userID(1)))
		if !errors.Is(err, connectors.ErrForbidden) || r.Changed || !strings.Contains(err.Error(), permission) {
			t.Errorf("without %s: %+v, %v", permission, r, err)
		}
	}
}

// A change whose answer is lost is sent again or looked for, and ends as done.
func TestLostAnswerEndsAsDone(t *testing.T) {
	for name, do := range map[string]func(context.Context, users, connectors.Account) (connectors.Receipt, error){
		"disable": func(ctx context.Context, app users, a connectors.Account) (connectors.Receipt, error) {
			return app.Disable(ctx, a)
		},
		"end sessions": func(ctx context.Context, app users, a connectors.Account) (connectors.Receipt, error) {
			return app.RevokeSessions(ctx, a)
		},
		"a group":         removing("Sales"),
		"a role":          removing("role:Global Administrator"),
		"an app role":     removing("app:Legacy"),
		"a group, again":  readding("Sales"),
		"a role, again":   readding("role:Global Administrator"),
		"an app role too": readding("app:Legacy"),
	} {
		t.Run(name, func(t *testing.T) {
			f := company()
			f.roleGrants = append(f.roleGrants, roleGrant("ra-9", userID(1), roleID(globalAdmin), "/"))
			f.appRoles = append(f.appRoles, appGrant("aa-9", userID(1), "User", appID(legacy), defaultRole, "2026-01-01T00:00:00Z"))
			app := f.open(t, AppConfig{}).able().(users)
			before := fresh(t, app, userID(1))
			method, lost := http.MethodGet, 0
			f.fault = func(w http.ResponseWriter, r *http.Request) bool {
				last := r.Method != http.MethodGet && (r.Method == http.MethodPost || !strings.HasSuffix(name, "again") && !strings.HasSuffix(name, "too"))
				if !last || lost > 0 {
					return false
				}
				lost++
				method = r.Method
				f.mux().ServeHTTP(discard{http.Header{}}, r)
				panic(http.ErrAbortHandler) // the connection breaks
			}
			r, err := do(t.Context(), app, before)
			if err != nil || !r.Changed || lost != 1 {
				t.Errorf("got %+v, %v; lost %d answers, to a %s", r, err, lost, method)
			}
		})
	}
}

func readding(e connectors.EntitlementID) func(context.Context, users, connectors.Account) (connectors.Receipt, error) {
	return func(ctx context.Context, app users, a connectors.Account) (connectors.Receipt, error) {
		if r, err := app.RemoveEntitlement(ctx, a, e); err != nil {
			return r, err
		}
		return app.AddEntitlement(ctx, a, e)
	}
}

// discard is an answer that nobody gets.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// A group that was renamed since the account was read is found by its id.
func TestRenamedGroupIsFound(t *testing.T) {
	f := company()
	app := f.open(t, AppConfig{}).able().(users)
	before := fresh(t, app, userID(1))
	byID(f.groups, groupID(sales))["displayName"] = "Sales EMEA"
	f.groups = append(f.groups, object{"id": groupID(99), "displayName": "Sales"})
	f.members[groupID(99)] = []object{listedAs("user", userID(1))}
	if r, err := app.RemoveEntitlement(t.Context(), before, "Sales"); err != nil || !r.Changed || byID(f.members[groupID(sales)], userID(1)) != nil || byID(f.members[groupID(99)], userID(1)) == nil {
		t.Errorf("got %+v, %v", r, err)
	}
	if after := fresh(t, app, userID(1)); !holds(after, "Sales") { // of the new group, which the list of names did not have
		t.Errorf("holds %+v", after.Entitlements)
	}
}

// What a service echoes of the client's secrets does not show.
func TestSecretsAreNotEchoed(t *testing.T) {
	f := company()
	app := f.open(t, AppConfig{}).able().(users)
	before := fresh(t, app, userID(1))
	f.fault = func(w http.ResponseWriter, r *http.Request) bool {
		refuse(w, 400, "Bad", "you sent "+r.Header.Get("Authorization")+" and "+secret)
		return true
	}
	_, err1 := app.Disable(t.Context(), before)
	_, err2 := app.RemoveEntitlement(t.Context(), before, "Sales")
	_, err3 := app.Account(t.Context(), before.ID)
	f.fault = func(w http.ResponseWriter, r *http.Request) bool {
		w.Write([]byte(r.Header.Get("Authorization") + secret)) // status 200, and not what Graph says
		return true
	}
	_, err4 := app.Account(t.Context(), before.ID)
	for _, err := range []error{err1, err2, err3, err4} {
		if err == nil || strings.Contains(err.Error(), bearer) || strings.Contains(err.Error(), secret) {
			t.Errorf("got %v", err)
		}
	}
	if s := string(before.State); strings.Contains(s, bearer) || strings.Contains(s, secret) {
		t.Errorf("state: %s", s)
	}
}
