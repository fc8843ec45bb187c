package entra

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// What Microsoft Graph is known to do to those who read it, each by its name.

// pull reads a directory; its accounts are by id.
func pull(t *testing.T, f *fake, c AppConfig) (map[string]connectors.Account, *connectortest.Trace, error) {
	t.Helper()
	rows, tr, err := connectortest.Accounts(t.Context(), f.open(t, c))
	out := map[string]connectors.Account{}
	for _, a := range rows {
		out[string(a.ID)] = a
	}
	return out, tr, err
}

func TestGotchaMissingPermissionIsNoEmptyList(t *testing.T) {
	for kind, needed := range map[string][]string{
		"users":              {userRead, groupRead, roleRead, appRead, licenceRead, auditRead, eligibleRead},
		"service_principals": {groupRead, roleRead, appRead, eligibleRead},
	} {
		for _, p := range needed {
			rows, tr, err := pull(t, company().without(p), AppConfig{Accounts: kind, PIM: true})
			if !errors.Is(err, connectors.ErrForbidden) || len(rows) > 0 || slices.Contains(tr.Ends, connectors.Accounts) {
				t.Errorf("%s without %s: %d accounts, %v, ended %v", kind, p, len(rows), err, tr.Ends)
			}
		}
	}
}

// A refusal, at any request whatever, never looks like a whole pull of less.
func TestGotchaRefusalAtAnyRequestEndsThePull(t *testing.T) {
	f := company()
	want, _, err := pull(t, f, AppConfig{PIM: true})
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(f.asked) {
		for _, status := range []int{403, 404, 400} {
			f := company()
			at := ""
			f.fault = func(w http.ResponseWriter, r *http.Request) bool {
				if len(f.asked) == n+1 {
					at = r.URL.String()
					refuse(w, status, "Planted", "planted")
					return true
				}
				return false
			}
			got, tr, err := pull(t, f, AppConfig{PIM: true})
			// B2C does not tell the number of accounts, and where sponsors cannot be expanded they are asked for one by one.
			mended := status == 400 && (strings.HasSuffix(at, "/$count") || strings.Contains(at, "expand=sponsors"))
			if (err == nil) != mended || len(tr.Ends) == 8 && !mended {
				t.Errorf("status %d for %s: %d accounts, %v", status, at, len(got), err)
			}
			if err == nil {
				same(t, fmt.Sprintf("status %d for %s", status, at), want, got)
			}
		}
	}
}

func same(t *testing.T, what string, want, got map[string]connectors.Account) {
	t.Helper()
	for id, w := range want {
		if a, b := fmt.Sprint(w.Entitlements, w.MFA, w.LastSignIn, w.Enabled, w.OwnerRef), fmt.Sprint(got[id].Entitlements, got[id].MFA, got[id].LastSignIn, got[id].Enabled, got[id].OwnerRef); a != b {
			t.Errorf("%s: %s is\n%s, want\n%s", what, id, b, a)
		}
	}
}

func TestGotchaEmptyListDoesNotTieOut(t *testing.T) {
	f := company()
	f.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/users" && r.URL.Query().Get("$top") == "999" {
			reply(w, 200, object{"value": []object{}})
			return true
		}
		return false
	}
	rows, tr, err := pull(t, f, AppConfig{})
	if err != nil || len(rows) != 0 || len(tr.Totals) != 1 || tr.Totals[0].N != 7 {
		t.Errorf("%d accounts, %v, totals %v: want the provider's 7 told", len(rows), err, tr.Totals)
	}
}

func TestGotchaAccountEnabledIsAskedForAndUnknownWhenAbsent(t *testing.T) {
	f := company()
	delete(f.users[0], "accountEnabled")
	rows, _, err := pull(t, f, AppConfig{})
	if err != nil || rows[userID(1)].Enabled != connectors.Unknown || rows[userID(2)].Enabled != connectors.Yes || rows[userID(3)].Enabled != connectors.No {
		t.Errorf("got %v %v %v, %v", rows[userID(1)].Enabled, rows[userID(2)].Enabled, rows[userID(3)].Enabled, err)
	}
}

func TestGotchaSignInActivityIsReadInSmallPagesWithoutAdvancedQuery(t *testing.T) {
	f := company()
	asked := 0
	f.fault = func(_ http.ResponseWriter, r *http.Request) bool {
		if asksActivity(r) && !strings.Contains(r.URL.Path, "-") {
			asked++
			if top, _ := strconv.Atoi(r.URL.Query().Get("$top")); top > 120 || top == 0 || r.Header.Get("ConsistencyLevel") != "" || r.URL.Query().Has("$count") {
				t.Errorf("asked %s", r.URL)
			}
		}
		return false
	}
	rows, _, err := pull(t, f, AppConfig{})
	if err != nil || asked == 0 || rows[userID(1)].LastSignIn != date("2026-06-20") {
		t.Errorf("asked %d times, got %v, %v", asked, rows[userID(1)].LastSignIn, err)
	}
}

func TestGotchaSignInActivityMostlyBlankIsNotNever(t *testing.T) {
	f := company()
	for n := 100; n < 140; n++ {
		f.users = append(f.users, object{"id": userID(n), "accountEnabled": true, "userType": "Member", "createdDateTime": "2024-01-01T00:00:00Z", "userPrincipalName": "x"})
	}
	rows, _, err := pull(t, f, AppConfig{})
	if err == nil || len(rows) > 0 || !strings.Contains(err.Error(), "sign_ins = false") {
		t.Errorf("got %d accounts, %v", len(rows), err)
	}
}

func TestGotchaNoPremiumMeansUnknown(t *testing.T) {
	f := company()
	f.noPremium = true
	no := false
	if _, _, err := pull(t, f, AppConfig{MFA: &no}); !errors.Is(err, connectors.ErrForbidden) || !strings.Contains(err.Error(), "sign_ins = false") {
		t.Errorf("sign-ins: got %v", err)
	}
	if _, _, err := pull(t, f, AppConfig{SignIns: &no}); !errors.Is(err, connectors.ErrForbidden) || !strings.Contains(err.Error(), "mfa = false") {
		t.Errorf("MFA: got %v", err)
	}
	c := AppConfig{SignIns: &no, MFA: &no}
	rows, _, err := pull(t, f, c)
	i := f.open(t, c).Info()
	if err != nil || i.Signals.SignIn.Given || i.Signals.MFA.Given || rows[userID(1)].LastSignIn.Known() || rows[userID(1)].MFA != connectors.Unknown {
		t.Errorf("got %+v, %v, signals %+v", rows[userID(1)], err, i.Signals)
	}
	if given := f.open(t, AppConfig{}).Info().Signals; given.SignIn != (connectors.Signal{Given: true, LagDays: 1}) {
		t.Errorf("declared: %+v", given)
	}
}

func TestGotchaYearOneAndEmptyAreNoDates(t *testing.T) {
	f := company()
	f.users[0]["signInActivity"] = object{"lastSignInDateTime": "0001-01-01T00:00:00Z", "lastNonInteractiveSignInDateTime": "", "lastSuccessfulSignInDateTime": nil}
	rows, _, err := pull(t, f, AppConfig{})
	if err != nil || rows[userID(1)].LastSignIn.Known() {
		t.Errorf("got %v, %v", rows[userID(1)].LastSignIn, err)
	}
}

func TestGotchaLastSignInIsTheLatestOfAll(t *testing.T) {
	for _, field := range []string{"lastSignInDateTime", "lastNonInteractiveSignInDateTime", "lastSuccessfulSignInDateTime"} {
		f := company()
		act := object{"lastSignInDateTime": "2026-01-01T00:00:00Z", "lastNonInteractiveSignInDateTime": "2026-01-01T00:00:00Z", "lastSuccessfulSignInDateTime": "2026-01-01T00:00:00Z"}
		act[field] = "2026-06-30T23:00:00Z"
		f.users[0]["signInActivity"] = act
		rows, _, err := pull(t, f, AppConfig{})
		if err != nil || rows[userID(1)].LastSignIn != date("2026-06-30") {
			t.Errorf("%s: got %v, %v", field, rows[userID(1)].LastSignIn, err)
		}
	}
}

func TestGotchaDisabledUsersAreNotInTheMFAReport(t *testing.T) {
	f := company()
	rows, _, err := pull(t, f, AppConfig{})
	if err != nil || rows[userID(3)].MFA != connectors.Unknown || rows[userID(7)].MFA != connectors.Unknown || rows[userID(2)].MFA != connectors.No {
		t.Errorf("got %v %v %v, %v", rows[userID(3)].MFA, rows[userID(7)].MFA, rows[userID(2)].MFA, err)
	}
	fresh, err := f.open(t, AppConfig{}).Account(t.Context(), connectors.AccountID(userID(3)))
	if err != nil || fresh.MFA != connectors.Unknown {
		t.Errorf("read afresh: %v, %v", fresh.MFA, err)
	}
}

func TestGotchaGuestsSecondFactorMayBeAtHome(t *testing.T) {
	f := company()
	rows, _, err := pull(t, f, AppConfig{})
	if a := rows[userID(4)]; err != nil || a.MFA != connectors.Unknown || a.Class != connectors.Guest || a.OwnerRef != "adele@contoso.example" {
		t.Errorf("got %+v, %v", a, err)
	}
}

func TestGotchaServicePrincipalsHaveNoSignIns(t *testing.T) {
	i := company().open(t, AppConfig{Accounts: "service_principals"}).Info()
	if i.Signals.SignIn.Given || i.Signals.MFA.Given {
		t.Errorf("declared: %+v", i.Signals)
	}
}

// A user's name is taken for an id by Graph, and is given to somebody else one day.
func TestGotchaNamesAreNoIDs(t *testing.T) {
	f := company()
	app := f.open(t, AppConfig{}).able().(users)
	upn := connectors.AccountID("adele@contoso.example")
	_, err1 := app.Account(t.Context(), upn)
	_, err2 := app.Disable(t.Context(), connectors.Account{ID: upn})
	_, err3 := app.RevokeSessions(t.Context(), connectors.Account{ID: upn})
	for _, err := range []error{err1, err2, err3} {
		if !errors.Is(err, connectors.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	}
	if len(f.asked) > 0 {
		t.Errorf("asked %q", f.asked)
	}
}

func TestGotchaNextLinkNeverLeavesTheOrigin(t *testing.T) {
	f := company()
	f.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/groups" {
			reply(w, 200, object{"value": []object{}, "@odata.nextLink": "https://graph.microsoft.example/v1.0/groups?$skiptoken=x"})
			return true
		}
		return false
	}
	if _, _, err := pull(t, f, AppConfig{}); err == nil || !strings.Contains(err.Error(), "another origin") {
		t.Errorf("got %v", err)
	}
}

func TestGotchaPageTokenThatComesAgain(t *testing.T) {
	f := company()
	f.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/users" && r.URL.Query().Get("$top") == "999" {
			reply(w, 200, object{"value": []object{f.users[0]}, "@odata.nextLink": f.public + "/users?$top=999&$skiptoken=again"})
			return true
		}
		return false
	}
	if _, tr, err := pull(t, f, AppConfig{}); err == nil || !strings.Contains(err.Error(), "in a circle") || slices.Contains(tr.Ends, connectors.Accounts) {
		t.Errorf("got %v", err)
	}
}

func TestGotchaEmptyPageMayLeadOn(t *testing.T) {
	f := company()
	f.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/users" && r.URL.Query().Get("$top") == "999" && !r.URL.Query().Has("$skiptoken") {
			reply(w, 200, object{"value": []object{}, "@odata.nextLink": f.public + r.URL.RequestURI() + "&$skiptoken=RFNwdAIAAQ0"})
			return true
		}
		return false
	}
	rows, tr, err := pull(t, f, AppConfig{})
	if err != nil || len(rows) != 7 || len(tr.Ends) != 7 {
		t.Errorf("got %d accounts, %v, ended %v", len(rows), err, tr.Ends)
	}
}

func TestGotchaAUserListedTwiceIsOne(t *testing.T) {
	f := company()
	f.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/users" && r.URL.Query().Get("$top") == "999" {
			reply(w, 200, object{"value": append(slices.Clone(f.users), f.users[0])})
			return true
		}
		return false
	}
	rows, tr, err := connectortest.Accounts(t.Context(), f.open(t, AppConfig{}))
	if err != nil || len(rows) != 7 || tr.Rejected(connectors.Accounts) != 1 || tr.Totals[0].N != 8 {
		t.Errorf("got %d accounts, %d rejected, totals %v, %v", len(rows), tr.Rejected(connectors.Accounts), tr.Totals, err)
	}
}

// A user that cannot be understood is left out by its id; all others are read.
func TestGotchaOneBadRowIsRejected(t *testing.T) {
	f := company()
	f.users[1]["createdDateTime"] = "yesterday"
	rows, tr, err := pull(t, f, AppConfig{})
	var row *connectors.RejectedRow
	if err != nil || len(rows) != 6 || len(tr.Rejects) != 1 || !errors.As(tr.Rejects[0].Err, &row) || row.Account != connectors.AccountID(userID(2)) {
		t.Errorf("got %d accounts, rejects %+v, %v", len(rows), tr.Rejects, err)
	}
}

func TestGotchaHiddenMembershipIsSaid(t *testing.T) {
	_, tr, err := pull(t, company(), AppConfig{})
	if err != nil || !strings.Contains(fmt.Sprint(tr.Notes), hiddenRead) {
		t.Errorf("got %v, notes %v", err, tr.Notes)
	}
}

func TestGotchaMicrosoftsOwnApplicationsAreLeftOut(t *testing.T) {
	f := company()
	rows, tr, err := pull(t, f, AppConfig{Accounts: "service_principals"})
	if _, there := rows[appID(graph)]; there || err != nil || tr.Totals[0].N != len(rows) {
		t.Errorf("got %d, totals %v, %v", len(rows), tr.Totals, err)
	}
	rows, _, err = pull(t, f, AppConfig{Accounts: "service_principals", MicrosoftApps: true})
	if _, there := rows[appID(graph)]; !there || err != nil {
		t.Errorf("asked for, it is not there: %v", err)
	}
}

// Lists of members leave service principals out, at times (microsoftgraph/msgraph-sdk-powershell#923, #2853): which groups one is
// in is asked of the service principal itself.
func TestGotchaGroupMembersMayLackServicePrincipals(t *testing.T) {
	f := company()
	lists := 0
	f.fault = func(w http.ResponseWriter, r *http.Request) bool {
		id, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/groups/"), "/members")
		if !ok {
			return false
		}
		lists++
		f.list(w, r, slices.DeleteFunc(slices.Clone(f.members[id]), func(o object) bool { return o["@odata.type"] == "#microsoft.graph.servicePrincipal" }))
		return true
	}
	services, _, err := pull(t, f, AppConfig{Accounts: "service_principals"})
	if err != nil || !slices.ContainsFunc(services[appID(robot)].Entitlements, func(e connectors.Entitlement) bool { return e.ID == "Staff" }) {
		t.Errorf("got %+v, %v", services[appID(robot)].Entitlements, err)
	}
	if _, _, err := pull(t, f, AppConfig{}); err != nil || lists == 0 {
		t.Errorf("%d lists of members were read, %v", lists, err)
	}
}
