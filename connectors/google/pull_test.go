package google

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// pulled is one pull of a fake, by account id.
func pulled(t *testing.T, app connectors.App) (map[connectors.AccountID]connectors.Account, *connectortest.Trace, error) {
	t.Helper()
	rows, tr, err := connectortest.Accounts(t.Context(), app)
	out := map[connectors.AccountID]connectors.Account{}
	for _, a := range rows {
		out[a.ID] = a
	}
	return out, tr, err
}

func noted(tr *connectortest.Trace, text string) bool {
	return slices.ContainsFunc(tr.Notes, func(n connectortest.Note) bool { return strings.Contains(n.Text, text) })
}

// What cannot be read ends the pull: no refusal and no failure passes for a list without rows.
func TestAnErrorIsNeverAnEmptyList(t *testing.T) {
	for _, id := range []string{"users.list", "users.get", "groups.list", "members.list", "roles.list", "roleAssignments.list", "tokens.list", "asps.list"} {
		for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusBadRequest, http.StatusServiceUnavailable, http.StatusInternalServerError} {
			f := company(t)
			f.fault = func(_ int, m method, w http.ResponseWriter, _ *http.Request) bool {
				hit := m.ID == "directory."+id
				if hit {
					refuse(w, status, "reason", "no")
				}
				return hit
			}
			if id == "users.get" && status == http.StatusNotFound {
				continue // the user is gone: TestAUserDeletedMeanwhileIsRejected
			}
			app := f.open(AppConfig{Credentials: true})
			_, tr, err := pulled(t, app)
			if err == nil || tr.Ended(app.Info().Collections...) {
				t.Errorf("%s answers %d: error %v, ended %v", id, status, err, tr.Ends)
			}
		}
	}
}

func TestAnswersThatAreNoListFail(t *testing.T) {
	for _, says := range []string{``, `{}`, `{"etag":"x"}`, `<html>`, `[]`, `null`, `{"kind":"k","users":{}}`, `{"kind":"k","users":[],"nextPageToken":7}`, `{"kind":"k","groups":"x"}`, `{"kind":"k","items":true}`, `{"kind":1}`} {
		f := company(t)
		f.fault = func(_ int, m method, w http.ResponseWriter, _ *http.Request) bool {
			hit := strings.HasSuffix(m.ID, ".list")
			if hit {
				fmt.Fprint(w, says)
			}
			return hit
		}
		if _, tr, err := pulled(t, f.open(AppConfig{})); err == nil || tr.Ended(connectors.Accounts) {
			t.Errorf("%q: error %v, ended %v", says, err, tr.Ends)
		}
	}
}

// Google was seen to answer 200 with users missing. The administrator who asks must be listed.
func TestA200WithHolesIsNotBelieved(t *testing.T) {
	for name, c := range map[string]struct {
		keep func(u object) bool
		says string
	}{
		"nobody":         {func(object) bool { return false }, "no user is listed, not even " + admin},
		"not who asks":   {func(u object) bool { return u["id"] != "1000" }, "5 users are listed, and " + admin},
		"only who asks":  {func(u object) bool { return u["id"] == "1000" }, ""},
		"all but others": {func(u object) bool { return u["id"] == "1000" || u["id"] == "1003" }, ""},
	} {
		f := company(t)
		f.answer = func(m method, body object) {
			if m.ID == "directory.users.list" {
				list, _ := body["users"].([]any)
				body["users"] = slices.DeleteFunc(list, func(u any) bool { return !c.keep(u.(object)) })
			}
		}
		_, tr, err := pulled(t, f.open(AppConfig{}))
		if c.says == "" && err == nil { // what else is missing, canary accounts and the last count tell
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.says) || tr.Ended(connectors.Accounts) {
			t.Errorf("%s: error %v, ended %v", name, err, tr.Ends)
		}
	}
}

func TestAPageWithoutItsKeyIsNoError(t *testing.T) {
	f := company(t)
	pages := 0
	f.fault = func(_ int, m method, w http.ResponseWriter, r *http.Request) bool {
		if m.ID != "directory.users.list" {
			return false
		}
		if pages++; pages == 1 {
			fmt.Fprint(w, `{"kind":"admin#directory#users","nextPageToken":"ZnJvbSAw"}`) // from 0
		}
		return pages == 1
	}
	if rows, tr, err := pulled(t, f.open(AppConfig{})); err != nil || len(rows) != 6 || !tr.Ended(connectors.Accounts) {
		t.Errorf("%d accounts, error %v", len(rows), err)
	}
}

func TestARepeatedPageTokenIsAnError(t *testing.T) {
	for _, id := range []string{"users.list", "groups.list", "members.list", "roles.list", "roleAssignments.list"} {
		f := company(t)
		f.answer = func(m method, body object) {
			if m.ID == "directory."+id {
				body["nextPageToken"] = "ZnJvbSAw"
			}
		}
		if _, tr, err := pulled(t, f.open(AppConfig{})); err == nil || !strings.Contains(err.Error(), "leads in a circle") || tr.Ended(connectors.Accounts) {
			t.Errorf("%s: error %v", id, err)
		}
	}
}

func TestAUserListedTwiceIsYieldedOnce(t *testing.T) {
	f := company(t)
	f.users = append(f.users, f.users[1])
	rows, tr, err := connectortest.Accounts(t.Context(), f.open(AppConfig{}))
	var r *connectors.RejectedRow
	if err != nil || len(rows) != 6 || len(tr.Rejects) != 1 || !errors.As(tr.Rejects[0].Err, &r) || !r.Repeats || r.Account != "1001" {
		t.Errorf("%d accounts, error %v, rejects %+v", len(rows), err, tr.Rejects)
	}
}

// The list says "Never" at random of people who did sign in.
func TestNeverInTheListIsAskedAgain(t *testing.T) {
	for says, want := range map[string]string{
		"2026-10-30T23:59:59.123Z": "2026-10-30",
		"2026-10-30T23:59:59Z":     "2026-10-30",
		"1970-01-01T00:00:00.000Z": "unknown", // nobody ever did
	} {
		f := company(t)
		f.answer = func(m method, body object) {
			switch list, _ := body["users"].([]any); {
			case list != nil:
				list[0].(object)["lastLoginTime"] = "1970-01-01T00:00:00.000Z"
			case m.ID == "directory.users.get" && body["id"] == "1001":
				body["lastLoginTime"] = says
			}
		}
		rows, tr, err := pulled(t, f.open(AppConfig{}))
		if err != nil || rows["1001"].LastSignIn.String() != want {
			t.Errorf("%s: got %v, error %v; want %s", says, rows["1001"].LastSignIn, err, want)
		}
		if was := noted(tr, "1 accounts had never signed in by Google's list"); was != (want != "unknown") {
			t.Errorf("%s: notes %v", says, tr.Notes)
		}
		if n := f.asked("GET /admin/directory/v1/users/"); n != 2 { // hers, and that of the guest who never did
			t.Errorf("%d users were read by themselves", n)
		}
	}
}

// What is not said is not "never": such a user is left out, as not seen, instead of being called unused.
func TestALastLoginThatIsNotToldIsNotNever(t *testing.T) {
	for _, says := range []any{nil, "", "yesterday"} {
		f := company(t)
		if f.users[1]["lastLoginTime"] = says; says == nil {
			delete(f.users[1], "lastLoginTime")
		}
		rows, tr, err := pulled(t, f.open(AppConfig{}))
		var r *connectors.RejectedRow
		if err != nil || len(rows) != 5 || len(tr.Rejects) != 1 || !errors.As(tr.Rejects[0].Err, &r) || r.Account != "1001" {
			t.Errorf("%v: %d accounts, error %v, rejects %+v", says, len(rows), err, tr.Rejects)
		}
		if rows, tr, err := pulled(t, f.open(AppConfig{Reports: []string{"mfa"}})); err != nil || len(rows) != 6 || len(tr.Rejects) != 0 {
			t.Errorf("%v: without sign_in: %d accounts, error %v", says, len(rows), err)
		}
	}
}

// A missing "suspended" is not "not suspended", and missing 2-step verification is not "none".
func TestWhatIsNotToldIsUnknown(t *testing.T) {
	f := company(t)
	for _, name := range []string{"suspended", "archived", "isEnrolledIn2Sv", "creationTime"} {
		delete(f.users[1], name)
	}
	delete(f.users[0], "archived") // by itself it says nothing: not everybody has licences for it
	rows, _, err := pulled(t, f.open(AppConfig{}))
	if a := rows["1001"]; err != nil || a.Enabled != connectors.Unknown || a.MFA != connectors.Unknown || a.Created.Known() {
		t.Errorf("%+v, %v", a, err)
	}
	if rows["1000"].Enabled != connectors.Yes {
		t.Errorf("%+v", rows["1000"])
	}
}

func TestSignalsCanBeNarrowed(t *testing.T) {
	f := company(t)
	app := f.open(AppConfig{Reports: []string{"sign_in"}})
	rows, _, err := pulled(t, app)
	if s := app.Info().Signals; err != nil || s.MFA.Given || !s.SignIn.Given || rows["1001"].MFA != connectors.Unknown || !rows["1001"].LastSignIn.Known() {
		t.Errorf("%+v, %+v, %v", s, rows["1001"], err)
	}
}

func TestAUserDeletedMeanwhileIsRejected(t *testing.T) {
	f := company(t)
	f.fault = func(_ int, m method, w http.ResponseWriter, r *http.Request) bool {
		hit := strings.HasPrefix(r.URL.Path, "/admin/directory/v1/users/1001")
		if hit {
			refuse(w, http.StatusNotFound, "notFound", "Resource Not Found: userKey")
		}
		return hit
	}
	rows, tr, err := pulled(t, f.open(AppConfig{Credentials: true}))
	var r *connectors.RejectedRow
	if err != nil || len(rows) != 5 || len(tr.Rejects) != 1 || !errors.As(tr.Rejects[0].Err, &r) || r.Account != "1001" {
		t.Errorf("%d accounts, error %v, rejects %+v", len(rows), err, tr.Rejects)
	}
}

// A group that is not found while it is walked is unobserved, unless it is gone.
func TestAGroupDeletedMeanwhile(t *testing.T) {
	for _, gone := range []bool{true, false} {
		f := company(t)
		f.fault = func(_ int, m method, w http.ResponseWriter, r *http.Request) bool {
			hit := m.ID == "directory.members.list" && strings.Contains(r.URL.Path, "/g1/") || gone && m.ID == "directory.groups.get"
			if hit {
				refuse(w, http.StatusNotFound, "notFound", "Resource Not Found: groupKey")
			}
			return hit
		}
		rows, tr, err := pulled(t, f.open(AppConfig{}))
		if gone && (err != nil || len(rows) != 6 || !noted(tr, "were deleted while")) {
			t.Errorf("gone: %d accounts, error %v, %v", len(rows), err, tr.Notes)
		}
		if !gone && (err == nil || tr.Ended(connectors.Groups)) {
			t.Errorf("there: error %v, ended %v", err, tr.Ends)
		}
	}
}

// Google throttles with 403 as well: parsed by its reason, it is waited for, and any other 403 is not.
func TestA403MayMeanSlower(t *testing.T) {
	for reason, ok := range map[string]bool{"userRateLimitExceeded": true, "quotaExceeded": true, "rateLimitExceeded": true, "forbidden": false, "insufficientPermissions": false} {
		f := company(t)
		f.most = 2
		times := 0
		f.fault = func(_ int, m method, w http.ResponseWriter, r *http.Request) bool {
			hit := m.ID == "directory.users.list" && r.URL.Query().Get("pageToken") != "" && times < 3
			if hit {
				times++
				refuse(w, http.StatusForbidden, reason, "no")
			}
			return hit
		}
		rows, _, err := pulled(t, f.open(AppConfig{}))
		if ok && (err != nil || len(rows) != 6) || !ok && (!errors.Is(err, connectors.ErrForbidden) || times != 1) {
			t.Errorf("%s: %d accounts, asked %d times, error %v", reason, len(rows), times, err)
		}
	}
}

func TestNotes(t *testing.T) {
	f := company(t)
	f.assignments = append(f.assignments,
		object{"roleAssignmentId": "75", "roleId": "2", "assignedTo": "g4", "assigneeType": "group", "scopeType": "CUSTOMER"},
		object{"roleAssignmentId": "76", "roleId": "2", "assignedTo": "115500", "scopeType": "CUSTOMER"}) // a service account
	f.members["g3"] = append(f.members["g3"], object{"id": "9999", "email": "x@partner.example", "type": "USER", "role": "MEMBER"})
	_, tr, err := pulled(t, f.open(AppConfig{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"1 groups have everybody of the customer as their member (everybody@corp.example)",
		"everybody of the customer holds role:_GROUPS_ADMIN_ROLE through the group everybody@corp.example",
		"1 members of groups are outside of the directory",
		"1 members of groups are not among the users and groups listed",
		"1 accounts were suspended by Google itself, not by an administrator (ABUSE: 1)",
		"1 holders of administrator roles are not among the users and groups listed",
	} {
		if !noted(tr, want) {
			t.Errorf("no note says %q: %v", want, tr.Notes)
		}
	}
}

// A role whose name is used twice, held twice, or held through two groups.
func TestRolesAreToldApart(t *testing.T) {
	f := company(t)
	f.roles = append(f.roles, object{"roleId": "4", "roleName": "Help desk", "isSuperAdminRole": false})
	give := func(id, role string, more object) object {
		more["roleAssignmentId"], more["roleId"], more["assignedTo"] = id, role, "1003"
		return more
	}
	f.assignments = append(f.assignments,
		give("80", "3", object{"scopeType": "CUSTOMER", "expirationDetails": object{"expireTime": "2026-12-31T00:00:00Z"}}),
		give("81", "3", object{"scopeType": "CUSTOMER", "expirationDetails": object{"expireTime": "2027-12-31T00:00:00Z"}}),
		give("82", "4", object{"scopeType": "CUSTOMER"}),
		give("83", "2", object{"scopeType": "CUSTOMER", "condition": "resource.type == 'x'"}))
	rows, _, err := pulled(t, f.open(AppConfig{}))
	got := fmt.Sprint(rows["1003"].Entitlements)
	want := "[{ops@corp.example false  unknown unknown unknown} {role:Help desk [3] true  unknown unknown 2027-12-31} {role:Help desk [4] true  unknown unknown unknown}" +
		" {role:_GROUPS_ADMIN_ROLE (with a condition) true  unknown unknown unknown}]"
	if err != nil || got != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

// A role that cannot be named fails the pull: another name for it, for once, would look like another entitlement.
func TestEntitlementsKeepTheirNames(t *testing.T) {
	f := company(t)
	f.roles = f.roles[:2]
	if _, tr, err := pulled(t, f.open(AppConfig{})); err == nil || tr.Ended(connectors.Entitlements) {
		t.Errorf("error %v, ended %v", err, tr.Ends)
	}
}

// What is private is not even asked for, and a token of a pull cannot write.
func TestAPullAsksForNoMore(t *testing.T) {
	f := company(t)
	f.delegated = (&AppConfig{}).readScopes()
	app := f.open(AppConfig{})
	if _, _, err := pulled(t, app); err != nil {
		t.Fatal(err)
	}
	for _, l := range f.log {
		u, _ := url.QueryUnescape(l)
		if strings.Contains(u, "/users?") && (!strings.Contains(u, "fields=") || strings.Contains(u, "recovery")) || strings.Contains(l, "/tokens") || !strings.HasPrefix(l, "GET ") {
			t.Errorf("asked for %s", u)
		}
	}
	if n := len(f.log); n != 10 { // roles, assignments, groups, five groups' members, users, one of them by herself
		t.Errorf("%d requests: %v", n, f.log)
	}
	_, err := app.Disable(t.Context(), connectors.Account{ID: "1001"})
	if !errors.Is(err, connectors.ErrForbidden) || !strings.Contains(err.Error(), "unauthorized_client") {
		t.Errorf("a write without its scope: %v", err)
	}
}

// Days are the company's: what Google writes for never is none, wherever that is.
func TestDaysAreTheCompanys(t *testing.T) {
	f := company(t)
	f.users[1]["lastLoginTime"] = "2026-10-30T02:00:00.000Z"
	f.asps["1001"][0]["lastTimeUsed"] = "0"
	app := f.open(AppConfig{Credentials: true})
	app.zone = time.FixedZone("west", -5*60*60)
	rows, _, err := pulled(t, app)
	if a := rows["1001"]; err != nil || a.LastSignIn.String() != "2026-10-29" || a.Credentials[0].LastUsed.Known() || rows["1003"].LastSignIn.Known() {
		t.Errorf("%+v, %+v, %v", a, rows["1003"], err)
	}
}

// Google's index of who is in which group runs behind: a fresh reading asks the groups themselves. Groups in a circle, which
// Google refuses, hang nothing.
func TestAFreshReadingAsksTheGroups(t *testing.T) {
	f := company(t)
	f.members["g1"] = append(f.members["g1"], object{"id": "g3", "email": "ops@corp.example", "role": "MEMBER", "type": "GROUP"})
	app := f.open(AppConfig{})
	f.answer = func(m method, body object) {
		if m.ID == "directory.groups.list" && strings.Contains(f.log[len(f.log)-1], "userKey=1001") {
			list, _ := body["groups"].([]any)
			body["groups"] = append(list, object{"id": "g5", "email": "empty@corp.example"})
		}
	}
	rows, _, err := pulled(t, app)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[connectors.AccountID]string{"1001": "eng@corp.example all-tech@corp.example< ops@corp.example<", "1003": "ops@corp.example all-tech@corp.example< eng@corp.example<"} {
		for _, a := range []connectors.Account{rows[id], read(t, app, id)} {
			var got []string
			for _, e := range a.Entitlements {
				if e.Inherited != "" {
					e.ID += "<"
				}
				if !e.Privileged {
					got = append(got, string(e.ID))
				}
			}
			if s := strings.Join(got, " "); s != want {
				t.Errorf("%s: %s; want %s", id, s, want)
			}
		}
	}
}
