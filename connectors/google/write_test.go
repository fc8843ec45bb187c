package google

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
)

// read is an account as Getter reads it now.
func read(t *testing.T, app connectors.App, id connectors.AccountID) connectors.Account {
	t.Helper()
	a, err := app.(connectors.Getter).Account(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// writes are the requests of a log that are not readings.
func (f *fake) writes() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.log), func(l string) bool { return strings.HasPrefix(l, "GET ") })
}

// holds is how an account holds something directly: as JSON of the directory, numbers of assignments left out.
func (f *fake) holds(user string) string {
	var out []string
	for id, list := range f.members {
		for _, v := range list {
			if v["id"] == user {
				out = append(out, fmt.Sprint(id, v))
			}
		}
	}
	for _, a := range f.assignments {
		if a["assignedTo"] == user {
			a := shallow(a)
			delete(a, "roleAssignmentId")
			out = append(out, fmt.Sprint(a))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func shallow(o object) object {
	out := object{}
	for k, v := range o {
		out[k] = v
	}
	return out
}

// Each entitlement is taken, and given back as it was: its role in the group, its mail, its scope, its end.
func TestUndoIsExact(t *testing.T) {
	for _, c := range []struct {
		id   connectors.AccountID
		e    connectors.EntitlementID
		sent [2]string
	}{
		{"1001", "eng@corp.example", [2]string{"DELETE /admin/directory/v1/groups/g1/members/1001", "POST /admin/directory/v1/groups/g1/members"}},
		{"1003", "ops@corp.example", [2]string{"DELETE /admin/directory/v1/groups/g3/members/1003", "POST /admin/directory/v1/groups/g3/members"}},
		{"1001", "role:Help desk (organisational unit 03ph8a2z)", [2]string{"DELETE /admin/directory/v1/customer/my_customer/roleassignments/72", "POST /admin/directory/v1/customer/my_customer/roleassignments"}},
		{"1005", "role:Help desk", [2]string{"DELETE /admin/directory/v1/customer/my_customer/roleassignments/74", "POST /admin/directory/v1/customer/my_customer/roleassignments"}},
		{"1000", "role:_SEED_ADMIN_ROLE", [2]string{"POST /admin/directory/v1/users/1000/makeAdmin", "POST /admin/directory/v1/users/1000/makeAdmin"}},
	} {
		f := company(t)
		app := f.open(AppConfig{})
		before, was := read(t, app, c.id), f.holds(string(c.id))
		for n, changed := range []bool{true, false} {
			if r, err := app.RemoveEntitlement(t.Context(), before, c.e); err != nil || r.Changed != changed {
				t.Errorf("%s: remove %d: %+v, %v", c.e, n, r, err)
			}
		}
		if f.holds(string(c.id)) == was {
			t.Errorf("%s: nothing was removed", c.e)
		}
		for n, changed := range []bool{true, false} {
			if r, err := app.AddEntitlement(t.Context(), before, c.e); err != nil || r.Changed != changed {
				t.Errorf("%s: add %d: %+v, %v", c.e, n, r, err)
			}
		}
		if is := f.holds(string(c.id)); is != was {
			t.Errorf("%s: was\n%s\nis\n%s", c.e, was, is)
		}
		if got := f.writes(); !slices.Equal(got, c.sent[:]) {
			t.Errorf("%s: sent %q", c.e, got)
		}
		if now := read(t, app, c.id); string(now.State) != string(before.State) {
			t.Errorf("%s: state was %s, is %s", c.e, before.State, now.State)
		}
	}
}

// A role held in two scopes, or twice, is taken and given back whole; other scopes of it stay.
func TestARoleHeldTwice(t *testing.T) {
	f := company(t)
	for i, unit := range []string{"", "", "03ph8a2z"} {
		a := object{"roleAssignmentId": fmt.Sprint(80 + i), "roleId": "2", "assignedTo": "1003", "assigneeType": "user", "scopeType": "CUSTOMER"}
		if i == 1 {
			a["condition"] = "resource.type == 'x'"
		}
		if unit != "" {
			a["scopeType"], a["orgUnitId"] = "ORG_UNIT", unit
		}
		f.assignments = append(f.assignments, a)
	}
	app := f.open(AppConfig{})
	before, was := read(t, app, "1003"), f.holds("1003")
	if _, err := app.RemoveEntitlement(t.Context(), before, "role:_GROUPS_ADMIN_ROLE"); err != nil {
		t.Fatal(err)
	}
	after := fmt.Sprint(read(t, app, "1003").Entitlements)
	if strings.Contains(after, "{role:_GROUPS_ADMIN_ROLE true") || !strings.Contains(after, "(with a condition)") || !strings.Contains(after, "(organisational unit 03ph8a2z)") {
		t.Error(after)
	}
	if _, err := app.AddEntitlement(t.Context(), before, "role:_GROUPS_ADMIN_ROLE"); err != nil || f.holds("1003") != was {
		t.Errorf("%v\nwas\n%s\nis\n%s", err, was, f.holds("1003"))
	}
}

// Un-suspending sends "false", which Google's own Go library leaves out.
func TestSuspendAndRestore(t *testing.T) {
	f := company(t)
	var sent []string
	f.fault = func(_ int, m method, _ http.ResponseWriter, r *http.Request) bool {
		if m.ID == "directory.users.patch" {
			b := make([]byte, 200)
			n, _ := r.Body.Read(b)
			sent = append(sent, string(b[:n]))
			r.Body = io.NopCloser(bytes.NewReader(b[:n]))
		}
		return false
	}
	app := f.open(AppConfig{Credentials: true})
	before := read(t, app, "1001")
	was := f.holds("1001")
	if r, err := app.Disable(t.Context(), before); err != nil || !r.Changed || f.user("1001")["suspended"] != true {
		t.Fatal(r, err)
	}
	if f.holds("1001") != was || len(f.tokens["1001"]) != 2 || len(f.asps["1001"]) != 1 {
		t.Error("suspending changed what the account holds")
	}
	if now := read(t, app, "1001"); now.Enabled != connectors.No || len(now.Credentials) != 3 || !strings.Contains(string(now.State), `"suspension_reason":"ADMIN"`) {
		t.Errorf("%+v %s", now, now.State)
	}
	if r, err := app.Enable(t.Context(), before); err != nil || !r.Changed || f.user("1001")["suspended"] != false {
		t.Fatal(r, err)
	}
	if got := fmt.Sprint(sent); got != `[{"suspended":true} {"suspended":false}]` {
		t.Error(got)
	}
}

// Google suspends accounts itself, for abuse: that is told apart, and never taken back.
func TestSuspensionByGoogleIsNotTakenBack(t *testing.T) {
	f := company(t)
	app := f.open(AppConfig{})
	before := read(t, app, "1001")
	if _, err := app.Disable(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	f.user("1001")["suspensionReason"] = "ABUSE" // since
	r, err := app.Enable(t.Context(), before)
	if !errors.Is(err, connectors.ErrForbidden) || r.Changed || f.user("1001")["suspended"] != true || !strings.Contains(err.Error(), "Google itself suspended it (ABUSE)") {
		t.Errorf("%+v, %v", r, err)
	}
	if eve := read(t, app, "1005"); !strings.Contains(string(eve.State), `"suspension_reason":"ABUSE"`) {
		t.Errorf("%s", eve.State)
	}
	if r, err := app.Disable(t.Context(), read(t, app, "1005")); err != nil || r.Changed {
		t.Errorf("it is suspended already: %+v, %v", r, err)
	}
}

func TestArchivedIsNotRestored(t *testing.T) {
	f := company(t)
	app := f.open(AppConfig{})
	dov := read(t, app, "1004")
	if r, err := app.Disable(t.Context(), dov); err != nil || r.Changed {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := app.Enable(t.Context(), dov); !errors.Is(err, connectors.ErrForbidden) || r.Changed || len(f.writes()) != 0 {
		t.Errorf("%+v, %v, %v", r, err, f.writes())
	}
}

func TestSignOut(t *testing.T) {
	f := company(t)
	app := f.open(AppConfig{Credentials: true})
	ana := read(t, app, "1001")
	if r, err := app.RevokeSessions(t.Context(), ana); err != nil || !r.Changed || fmt.Sprint(f.signedOut) != "[1001]" {
		t.Errorf("%+v, %v, %v", r, err, f.signedOut)
	}
	if now := read(t, app, "1001"); len(now.Credentials) != 3 {
		t.Error("signing out took credentials, which it does not at Google's")
	}
}

func TestRevokeEachKindOfCredential(t *testing.T) {
	f := company(t)
	app := f.open(AppConfig{Credentials: true}).able().(connectors.CredentialRevoker)
	ana := read(t, app.(connectors.App), "1001")
	for i, c := range ana.Credentials {
		if r, err := app.RevokeCredential(t.Context(), ana, c.ID); err != nil || !r.Changed {
			t.Errorf("%s: %+v, %v", c.ID, r, err)
		}
		if left := read(t, app.(connectors.App), "1001").Credentials; len(left) != 2-i {
			t.Errorf("%s: left %+v", c.ID, left)
		}
	}
	if _, err := app.RevokeCredential(t.Context(), ana, "key:1"); !errors.Is(err, connectors.ErrForbidden) {
		t.Errorf("a credential of no known kind: %v", err)
	}
	if len(f.tokens["1002"]) != 1 || len(f.asps["1003"]) != 1 {
		t.Error("another user's were revoked")
	}
	if _, ok := company(t).open(AppConfig{}).able().(connectors.CredentialRevoker); ok {
		t.Error("credentials that are not read cannot be read back")
	}
}

// An address is given to another group, and names of roles change: what is meant is known by its id.
func TestNamesAreReusedIdsAreNot(t *testing.T) {
	f := company(t)
	app := f.open(AppConfig{})
	before := read(t, app, "1001")
	f.group("g1")["email"] = "eng-old@corp.example"
	f.group("g5")["email"] = "eng@corp.example"
	f.members["g5"] = []object{seatOf("1001", "ana@corp.example", "MEMBER", "ALL_MAIL")}
	f.roles[2]["roleName"] = "Service desk"
	for _, e := range []connectors.EntitlementID{"eng@corp.example", "role:Help desk (organisational unit 03ph8a2z)"} {
		if r, err := app.RemoveEntitlement(t.Context(), before, e); err != nil || !r.Changed {
			t.Errorf("%s: %+v, %v", e, r, err)
		}
	}
	if got := f.holds("1001"); strings.Contains(got, "g1") || !strings.Contains(got, "g5") || strings.Contains(got, "roleId") {
		t.Error(got)
	}
	for _, e := range []connectors.EntitlementID{"eng@corp.example", "role:Help desk (organisational unit 03ph8a2z)"} {
		if r, err := app.AddEntitlement(t.Context(), before, e); err != nil || !r.Changed {
			t.Errorf("%s: %+v, %v", e, r, err)
		}
	}
	if got := f.holds("1001"); !strings.Contains(got, "g1") || !strings.Contains(got, "OWNER") || !strings.Contains(got, "roleId:3") {
		t.Error(got)
	}
	// The group itself is gone, and its address is another's.
	f.groups = slices.DeleteFunc(f.groups, func(g object) bool { return g["id"] == "g1" })
	if r, err := app.AddEntitlement(t.Context(), before, "eng@corp.example"); err == nil || errors.Is(err, connectors.ErrNotFound) || r.Changed {
		t.Errorf("a group that is gone: %+v, %v", r, err)
	}
	if r, err := app.RemoveEntitlement(t.Context(), before, "eng@corp.example"); err != nil || r.Changed {
		t.Errorf("a group that is gone: %+v, %v", r, err)
	}
	if got := fmt.Sprint(f.members["g5"]); !strings.Contains(got, "1001") {
		t.Error("the other group was changed:", got)
	}
}

// An account is read by its id, never by an address, which is somebody else's after a rename.
func TestAccountsAreNotReadByAddress(t *testing.T) {
	f := company(t)
	app := f.open(AppConfig{})
	for _, id := range []connectors.AccountID{"ana@corp.example", ""} {
		if a, err := app.Account(t.Context(), id); err == nil {
			t.Errorf("%q: %+v", id, a)
		}
		if _, err := app.Disable(t.Context(), connectors.Account{ID: id}); err == nil || len(f.writes()) > 0 {
			t.Errorf("%q: %v, %v", id, err, f.writes())
		}
	}
}

func TestInheritedIsRefused(t *testing.T) {
	f := company(t)
	app := f.open(AppConfig{})
	ana := read(t, app, "1001")
	for _, e := range []connectors.EntitlementID{"ops@corp.example", "role:_GROUPS_ADMIN_ROLE"} {
		_, err := app.RemoveEntitlement(t.Context(), ana, e)
		if !errors.Is(err, connectors.ErrForbidden) || !strings.Contains(err.Error(), `through the group "eng@corp.example"`) || len(f.writes()) > 0 {
			t.Errorf("%s: %v, %v", e, err, f.writes())
		}
	}
}

// Dynamic groups and locked ones refuse; so do the accounts of administrators where a delegated one asks. Whatever the
// status, nothing was done and it is not "not found".
func TestRefusalsAreForbidden(t *testing.T) {
	for _, c := range []struct {
		status int
		reason string
		class  error
	}{
		{400, "invalid", connectors.ErrForbidden}, {403, "forbidden", connectors.ErrForbidden}, {404, "notFound", connectors.ErrForbidden},
		{412, "conditionNotMet", connectors.ErrTransient}, {403, "userRateLimitExceeded", connectors.ErrTransient},
	} {
		f := company(t)
		f.fault = func(_ int, m method, w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet {
				refuse(w, c.status, c.reason, "no")
			}
			return r.Method != http.MethodGet
		}
		app := f.open(AppConfig{Credentials: true}).able()
		ana := read(t, app, "1001")
		for name, r := range deeds(t, app, ana) {
			if !errors.Is(r.err, c.class) || errors.Is(r.err, connectors.ErrNotFound) || r.receipt.Changed {
				t.Errorf("%s, %d %s: %+v, %v", name, c.status, c.reason, r.receipt, r.err)
			}
		}
	}
}

type deed struct {
	receipt connectors.Receipt
	err     error
}

// deeds does each thing that can be done to ana.
func deeds(t *testing.T, app connectors.App, ana connectors.Account) map[string]deed {
	t.Helper()
	a := app.(revoker)
	out := map[string]deed{}
	do := func(name string, r connectors.Receipt, err error) { out[name] = deed{r, err} }
	r, err := a.Disable(t.Context(), ana)
	do("suspend", r, err)
	r, err = a.RemoveEntitlement(t.Context(), ana, "eng@corp.example")
	do("leave", r, err)
	r, err = a.RemoveEntitlement(t.Context(), ana, "role:Help desk (organisational unit 03ph8a2z)")
	do("unassign", r, err)
	r, err = a.RevokeSessions(t.Context(), ana)
	do("sign out", r, err)
	r, err = a.RevokeCredential(t.Context(), ana, "asp:5")
	do("revoke", r, err)
	return out
}

// The change is made and the answer never comes: it ends as done, and is done once.
func TestALostAnswerEndsAsDone(t *testing.T) {
	f := company(t)
	lost := map[string]bool{}
	cut := func(m method, r *http.Request) {
		if !lost[m.ID] {
			lost[m.ID] = true
			panic(http.ErrAbortHandler) // the connection closes without an answer
		}
	}
	f.harm = cut
	app := f.open(AppConfig{Credentials: true}).able()
	ana := read(t, app, "1001")
	was := f.holds("1001")
	for name, r := range deeds(t, app, ana) {
		if r.err != nil || !r.receipt.Changed {
			t.Errorf("%s: %+v, %v", name, r.receipt, r.err)
		}
	}
	for _, e := range []connectors.EntitlementID{"eng@corp.example", "role:Help desk (organisational unit 03ph8a2z)"} {
		if r, err := app.(revoker).AddEntitlement(t.Context(), ana, e); err != nil || !r.Changed {
			t.Errorf("add %s: %+v, %v", e, r, err)
		}
	}
	if is := f.holds("1001"); is != was {
		t.Errorf("was\n%s\nis\n%s", was, is)
	}
	if len(lost) != 7 {
		t.Errorf("lost %v", lost)
	}
}

// Each write touches the one account, with a token that can do nothing else.
func TestWritesTouchOneAccountWithOneScope(t *testing.T) {
	f := company(t)
	scopes := map[string]string{}
	f.fault = func(_ int, m method, _ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet {
			scopes[strings.TrimPrefix(m.ID, "directory.")] = scopesOf(r)
		}
		return false
	}
	app := f.open(AppConfig{Credentials: true}).able()
	deeds(t, app, read(t, app, "1001"))
	want := map[string]string{"users.patch": scopeUser, "members.delete": scopeMember, "roleAssignments.delete": scopeRoles,
		"users.signOut": scopeSecurity, "asps.delete": scopeSecurity}
	for m, s := range want {
		if scopes[m] != scopeBase+s {
			t.Errorf("%s used %q", m, scopes[m])
		}
	}
	for _, l := range f.writes() {
		if !strings.Contains(l, "1001") && !strings.HasSuffix(l, "/roleassignments/72") { // which is ana's
			t.Errorf("wrote %s", l)
		}
	}
	if len(scopes) != len(want) || len(f.writes()) != len(want) {
		t.Errorf("%v, %v", scopes, f.writes())
	}
}

// A member who was put back by somebody else meanwhile, as less: the undo makes it what it was.
func TestJoiningAgainRestoresTheRole(t *testing.T) {
	f := company(t)
	app := f.open(AppConfig{})
	before := read(t, app, "1001")
	was := f.holds("1001")
	f.members["g1"][0] = seatOf("1001", "ana@corp.example", "MEMBER", "ALL_MAIL")
	if r, err := app.AddEntitlement(t.Context(), before, "eng@corp.example"); err != nil || !r.Changed || f.holds("1001") != was {
		t.Errorf("%+v, %v\n%s", r, err, f.holds("1001"))
	}
	if got := f.writes(); len(got) != 1 || got[0] != "PATCH /admin/directory/v1/groups/g1/members/1001" {
		t.Error(got)
	}
	ben := read(t, app, "1002")
	if _, err := app.AddEntitlement(t.Context(), ben, "ops@corp.example"); !errors.Is(err, connectors.ErrForbidden) {
		t.Errorf("what was never held: %v", err)
	}
	if _, err := app.AddEntitlement(t.Context(), ben, "role:Help desk"); !errors.Is(err, connectors.ErrForbidden) {
		t.Errorf("what was never held: %v", err)
	}
}

// An answer about somebody else is never taken for one about the account that was asked for.
func TestAnswersOfAnotherAreRefused(t *testing.T) {
	for _, id := range []string{"users.get", "members.get", "members.insert"} {
		f := company(t)
		app := f.open(AppConfig{})
		before := read(t, app, "1001")
		if id == "members.insert" {
			f.members["g1"] = f.members["g1"][1:]
		}
		f.answer = func(m method, body object) {
			if m.ID == "directory."+id {
				body["id"] = "1002"
			}
		}
		r, err := app.AddEntitlement(t.Context(), before, "eng@corp.example")
		if err == nil || !strings.Contains(err.Error(), `"1002"`) {
			t.Errorf("%s: %+v, %v", id, r, err)
		}
	}
}

// A group that has the address as an alias is another group.
func TestAnAliasIsAnotherGroup(t *testing.T) {
	f := company(t)
	f.alias = map[string]string{"old-ops@corp.example": "g3"}
	app := f.open(AppConfig{})
	cleo := read(t, app, "1003")
	if r, err := app.RemoveEntitlement(t.Context(), cleo, "old-ops@corp.example"); err != nil || r.Changed || len(f.writes()) > 0 {
		t.Errorf("%+v, %v, %v", r, err, f.writes())
	}
}

// Google says of a user that she is a super administrator, whatever the list of assignments says.
func TestASuperAdministratorShows(t *testing.T) {
	f := company(t)
	f.assignments = f.assignments[1:]
	app := f.open(AppConfig{})
	rows, _, err := pulled(t, app)
	want := []connectors.Entitlement{{ID: "role:_SEED_ADMIN_ROLE", Privileged: true}}
	if err != nil || !slices.Equal(rows["1000"].Entitlements, want) {
		t.Errorf("%+v, %v", rows["1000"].Entitlements, err)
	}
	if r, err := app.RemoveEntitlement(t.Context(), read(t, app, "1000"), "role:_SEED_ADMIN_ROLE"); err != nil || !r.Changed || f.user("1000")["isAdmin"] != false {
		t.Errorf("%+v, %v", r, err)
	}
}

// When the second of two steps is refused, the error does not say that nothing was changed.
func TestAPartThatWasDoneIsSaid(t *testing.T) {
	f := company(t)
	f.assignments = append(f.assignments, object{"roleAssignmentId": "75", "roleId": "3", "assignedTo": "1005", "assigneeType": "user", "scopeType": "CUSTOMER"})
	app := f.open(AppConfig{})
	eve := read(t, app, "1005")
	step := 0
	f.fault = func(_ int, m method, w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet {
			return false
		}
		if step++; step%2 == 0 {
			refuse(w, http.StatusForbidden, "forbidden", "no")
		}
		return step%2 == 0
	}
	if _, err := app.RemoveEntitlement(t.Context(), eve, "role:Help desk"); err == nil || errors.Is(err, connectors.ErrForbidden) || !strings.Contains(err.Error(), "a part of it was done") {
		t.Error(err)
	}
	f.fault = nil
	if r, err := app.RemoveEntitlement(t.Context(), eve, "role:Help desk"); err != nil || !r.Changed || strings.Contains(f.holds("1005"), "roleId") {
		t.Errorf("the rest: %+v, %v", r, err)
	}
	// Google leaves out the delivery of a member that is added, and refuses to change it.
	ana := read(t, app, "1001")
	f.members["g1"] = f.members["g1"][1:]
	f.harm = func(m method, _ *http.Request) {
		if m.ID == "directory.members.insert" {
			f.members["g1"][len(f.members["g1"])-1]["delivery_settings"] = "ALL_MAIL"
		}
	}
	f.fault = func(_ int, m method, w http.ResponseWriter, r *http.Request) bool {
		if m.ID == "directory.members.patch" {
			refuse(w, http.StatusForbidden, "forbidden", "no")
		}
		return m.ID == "directory.members.patch"
	}
	if _, err := app.AddEntitlement(t.Context(), ana, "eng@corp.example"); err == nil || errors.Is(err, connectors.ErrForbidden) {
		t.Errorf("added, and not as it was: %v", err)
	}
	f.fault = nil
	if r, err := app.AddEntitlement(t.Context(), ana, "eng@corp.example"); err != nil || !r.Changed || !strings.Contains(f.holds("1001"), "DIGEST") {
		t.Errorf("the rest: %+v, %v", r, err)
	}
}
