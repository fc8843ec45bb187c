package ldap

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// Each test here is named for what made other programs take away access that should have stayed, or leave what should have
// gone.

func pull(t *testing.T, a *App) (map[string]connectors.Account, *connectortest.Trace) {
	t.Helper()
	rows, tr, err := connectortest.Accounts(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return named(rows), tr
}

func named(rows []connectors.Account) map[string]connectors.Account {
	out := map[string]connectors.Account{}
	for _, a := range rows {
		out[a.Username] = a
	}
	return out
}

// held are an account's entitlements: * is privileged, < inherited from.
func held(a connectors.Account) string {
	var out []string
	for _, e := range a.Entitlements {
		s := string(e.ID)
		if e.Privileged {
			s += "*"
		}
		if e.Inherited != "" {
			s += "<" + string(e.Inherited)
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func fails(op string, nth int, x fault) func(*fake, string, int) fault {
	return func(_ *fake, o string, n int) fault {
		if o == op && n == nth {
			return x
		}
		return fault{}
	}
}

// In company, the searches of a pull are: 1 what the server is, 2 the domain, 3 to 5 groups, 6 to 8 accounts.
func TestAnErrorOnALaterPageIsNotAShortList(t *testing.T) {
	for name, x := range map[string]fault{
		"no permission":      {code: ldap.LDAPResultInsufficientAccessRights},
		"size limit":         {code: ldap.LDAPResultSizeLimitExceeded},
		"time limit":         {code: ldap.LDAPResultTimeLimitExceeded},
		"no such object":     {code: ldap.LDAPResultNoSuchObject},
		"a referral instead": {code: ldap.LDAPResultReferral},
	} {
		for nth := 3; nth <= 8; nth++ {
			f := company()
			f.before = fails("search", nth, x)
			_, tr, err := connectortest.Accounts(t.Context(), f.open(t))
			if err == nil || len(tr.Ends) > 0 || f.asked["search"] != nth {
				t.Errorf("%s at search %d: error %v, ended %v, asked %d times", name, nth, err, tr.Ends, f.asked["search"])
			}
		}
	}
}

func TestAPageWithoutItsControlIsNotTheLast(t *testing.T) {
	for nth := 3; nth <= 8; nth++ {
		f := company()
		f.before = fails("search", nth, fault{noControl: true})
		if _, tr, err := connectortest.Accounts(t.Context(), f.open(t)); err == nil || !strings.Contains(err.Error(), "RFC 2696") || len(tr.Ends) > 0 {
			t.Errorf("search %d: %v, ended %v", nth, err, tr.Ends)
		}
	}
	f := company()
	f.at("").attrs["supportedcontrol"] = nil
	if _, _, err := connectortest.Accounts(t.Context(), f.open(t)); err == nil || !strings.Contains(err.Error(), "no paged results") {
		t.Errorf("a server without paging: %v", err)
	}
}

// The cookie dies with the connection: the list is read again, and each account comes once.
func TestALostConnectionLosesNobodyAndRepeatsNobody(t *testing.T) {
	want, _ := pull(t, company().open(t))
	for nth := 3; nth <= 8; nth++ {
		for name, x := range map[string]fault{"cut": {drop: true}, "busy": {code: ldap.LDAPResultBusy}, "cut behind the page": {deaf: true}} {
			f := company()
			f.before = fails("search", nth, x)
			rows, tr, err := connectortest.Accounts(t.Context(), f.open(t))
			if got := named(rows); err != nil || len(rows) != 6 || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) || !strings.Contains(fmt.Sprint(tr.Notes), "read again") {
				t.Errorf("%s at search %d: %d rows, %v\n%+v", name, nth, len(rows), err, tr.Notes)
			}
		}
	}
	f := company()
	f.before = func(_ *fake, op string, n int) fault { return fault{drop: op == "search" && n > 6} }
	if _, tr, err := connectortest.Accounts(t.Context(), f.open(t)); !errors.Is(err, connectors.ErrTransient) || len(tr.Ends) > 0 {
		t.Errorf("a server that is gone: %v, ended %v", err, tr.Ends)
	}
}

func TestAStaleCookieRestartsTheSearch(t *testing.T) {
	f := company()
	f.before = fails("search", 7, fault{code: ldap.LDAPResultUnwillingToPerform, says: "paged results cookie is invalid"})
	if rows, _, err := connectortest.Accounts(t.Context(), f.open(t)); err != nil || len(rows) != 6 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

func TestAnAccountThatComesTwiceIsNoList(t *testing.T) {
	f := company()
	f.at(personOf(4)).attrs["objectguid"] = []string{guid(1)}
	if _, tr, err := connectortest.Accounts(t.Context(), f.open(t)); err == nil || !strings.Contains(err.Error(), "came twice") || len(tr.Ends) > 0 {
		t.Errorf("%v", err)
	}
}

// A controller gives 1500 members at once: "member" is empty then, beside "member;range=0-1499".
func TestAnEmptyMemberAttributeIsNotAnEmptyGroup(t *testing.T) {
	want, _ := pull(t, company().open(t))
	for most := 1; most <= 6; most++ {
		f := company()
		f.maxRange = most
		if got, _ := pull(t, f.open(t)); fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("%d at once:\n%+v\nwant\n%+v", most, got, want)
		}
	}
	f := company()
	f.maxRange = 2
	f.before = func(f *fake, op string, n int) fault {
		if op == "search" && n == 4 { // the group loses its members between two pieces
			f.at(groupOf("Five")).attrs["member"] = f.at(groupOf("Five")).attrs["member"][:1]
		}
		return fault{}
	}
	got, tr := pull(t, f.open(t))
	if h := held(got["u2"]); strings.Contains(h, "Five") || !strings.Contains(fmt.Sprint(tr.Notes), "read again") {
		t.Errorf("a group that shrank while it was read: u2 holds %s; %v", h, tr.Notes)
	}
}

func TestThePrimaryGroupIsSeen(t *testing.T) {
	f := company()
	f.at(personOf(1)).attrs["primarygroupid"] = []string{"512"} // a hiding place
	a := f.open(t)
	got, _ := pull(t, a)
	if h := held(got["u1"]); h != "Domain Admins* Five Everything<Domain Admins" {
		t.Errorf("u1 holds %s", h)
	}
	fresh, err := a.Account(t.Context(), id(1))
	check(t, err)
	if held(fresh) != held(got["u1"]) {
		t.Errorf("read afresh, u1 holds %s", held(fresh))
	}
	if _, err := a.RemoveEntitlement(t.Context(), fresh, "Domain Admins"); !isForbidden(err) || !strings.Contains(err.Error(), "primary group") || len(f.changes) > 0 {
		t.Errorf("%v; changed %v", err, f.changes)
	}
}

func TestNestedGroupsAreInheritedAndRule(t *testing.T) {
	got, _ := pull(t, company().open(t))
	for who, want := range map[string]string{"u1": "Domain Users Five Everything<Five", "u2": "Domain Users Five Two* Domain Admins*<Two Everything<Five", "u6": "Domain Users"} {
		if h := held(got[who]); h != want {
			t.Errorf("%s holds %s; want %s", who, h, want)
		}
	}
}

func TestGroupsInACircleEnd(t *testing.T) {
	f := company()
	f.at(groupOf("Two")).attrs["member"] = append(f.at(groupOf("Two")).attrs["member"], groupOf("Everything"))
	a := f.open(t)
	got, _ := pull(t, a)
	if h := held(got["u1"]); h != "Domain Users Five* Domain Admins*<Five Everything*<Five Two*<Five" {
		t.Errorf("u1 holds %s", h)
	}
	if fresh, err := a.Account(t.Context(), id(1)); err != nil || held(fresh) != held(got["u1"]) {
		t.Errorf("read afresh, u1 holds %s, %v", held(fresh), err)
	}
}

func TestAnAbsentLastLogonTimestampIsUnknown(t *testing.T) {
	got, tr := pull(t, company().open(t))
	if got["u5"].LastSignIn != 0 || !got["u5"].SignInUnknown || got["u4"].SignInUnknown || !strings.Contains(fmt.Sprint(tr.Notes), "1 accounts have no sign-in on record here: whether they were ever used is unknown") {
		t.Errorf("u5: %v; %v", got["u5"].LastSignIn, tr.Notes)
	}
	for _, zero := range []string{"0", "9223372036854775807"} {
		f := company()
		f.at(personOf(5)).attrs["lastlogontimestamp"] = []string{zero}
		if got, _ := pull(t, f.open(t)); got["u5"].LastSignIn != 0 {
			t.Errorf("%s: %v", zero, got["u5"].LastSignIn)
		}
	}
}

func TestLastLogonTimestampIsUpToFourteenDaysLate(t *testing.T) {
	if s := company().open(t).Info().Signals.SignIn; !s.Given || s.LagDays < 14 {
		t.Errorf("%+v", s)
	}
	f := company()
	f.at(personOf(1)).attrs["lastlogon"] = []string{"134243136000000000"} // of this controller, and later
	if got, _ := pull(t, f.open(t)); got["u1"].LastSignIn.String() != "2026-05-27" || got["u2"].LastSignIn.String() != "2026-03-28" {
		t.Errorf("%v, %v", got["u1"].LastSignIn, got["u2"].LastSignIn)
	}
	f = company()
	f.at(testDomain).attrs["msds-logontimesyncinterval"] = []string{"90"}
	if _, _, err := connectortest.Accounts(t.Context(), f.open(t)); err == nil || !strings.Contains(err.Error(), "logon_sync_days = 90") {
		t.Errorf("a domain that is later: %v", err)
	}
	a := f.open(t, func(c *AppConfig) { c.LogonSyncDays = 90 })
	if _, tr := pull(t, a); !tr.Ended(connectors.Accounts) || a.Info().Signals.SignIn.LagDays < 90 {
		t.Errorf("told so: %+v", a.Info().Signals)
	}
	f.at(testDomain).attrs["msds-logontimesyncinterval"] = []string{"0"}
	if _, _, err := connectortest.Accounts(t.Context(), f.open(t)); err == nil || !strings.Contains(err.Error(), "sign_in = false") {
		t.Errorf("a domain that keeps none: %v", err)
	}
	off := false
	if got, _ := pull(t, f.open(t, func(c *AppConfig) { c.SignIn = &off })); got["u1"].LastSignIn != 0 {
		t.Errorf("turned off: %v", got["u1"].LastSignIn)
	}
}

func TestAccountExpiresZeroAndMaxMeanNever(t *testing.T) {
	for expires, want := range map[string]connectors.Tri{
		"0": connectors.Yes, "9223372036854775807": connectors.Yes, "": connectors.Yes,
		"132223104000000000":  connectors.No,  // 2020
		"134247887999999999":  connectors.No,  // a tick before it is asked: 2026-06-01T12:00:00Z, by the server's clock
		"134247888000000000":  connectors.No,  // that moment
		"134247888000000001":  connectors.Yes, // and after
		"157469184000000000":  connectors.Yes, // 2100
		"9223372036854775806": connectors.Yes,
	} {
		f := company()
		if f.at(personOf(1)).attrs["accountexpires"] = []string{expires}; expires == "" {
			delete(f.at(personOf(1)).attrs, "accountexpires")
		}
		if got, _ := pull(t, f.open(t)); got["u1"].Enabled != want {
			t.Errorf("%q: enabled %v; want %v", expires, got["u1"].Enabled, want)
		}
	}
}

// The stored attribute has no such bits; the computed one tells them, and they disable nobody.
func TestLockedOutIsNotDisabled(t *testing.T) {
	f := company()
	f.at(personOf(1)).attrs["msds-user-account-control-computed"] = []string{"16"}
	f.at(personOf(2)).attrs["msds-user-account-control-computed"] = []string{"8388608"}
	got, tr := pull(t, f.open(t))
	said := fmt.Sprint(tr.Notes)
	if got["u1"].Enabled != connectors.Yes || got["u2"].Enabled != connectors.Yes || !strings.Contains(said, "1 accounts are locked out") || !strings.Contains(said, "1 accounts have an expired password") {
		t.Errorf("%v, %v, %s", got["u1"].Enabled, got["u2"].Enabled, said)
	}
}

func TestDisabledIsNotAbsent(t *testing.T) {
	got, _ := pull(t, company().open(t))
	if a, ok := got["u6"]; !ok || a.Enabled != connectors.No {
		t.Errorf("%v: %+v", ok, a)
	}
}

func TestAnUnreadableUserAccountControlIsNotEnabled(t *testing.T) {
	f := company()
	delete(f.at(personOf(6)).attrs, "useraccountcontrol")
	if got, tr := pull(t, f.open(t)); got["u6"].Enabled != connectors.Unknown || !strings.Contains(fmt.Sprint(tr.Notes), "of 1 accounts cannot be read") {
		t.Errorf("one: %v, %v", got["u6"].Enabled, tr.Notes)
	}
	f = company()
	f.hide = "userAccountControl"
	a := f.open(t)
	if _, tr, err := connectortest.Accounts(t.Context(), a); !isForbidden(err) || len(tr.Ends) > 0 {
		t.Errorf("all: %v, ended %v", err, tr.Ends)
	}
	if _, err := a.Disable(t.Context(), connectors.Account{ID: id(1)}); !isForbidden(err) || len(f.changes) > 0 {
		t.Errorf("written all the same: %v, %v", err, f.changes)
	}
	p, err := a.Preflight(t.Context())
	if err != nil || !strings.Contains(fmt.Sprint(p.Problems), "userAccountControl of 6 of the first 6") {
		t.Errorf("preflight: %+v, %v", p, err)
	}
}

func TestUnreadableMembersAreFoundBeforeAPull(t *testing.T) {
	f := company()
	f.at(personOf(1)).attrs["memberof"] = []string{groupOf("Five")}
	if p, err := f.open(t).Preflight(t.Context()); err != nil || strings.Contains(fmt.Sprint(p.Problems), "members of") {
		t.Errorf("readable: %+v, %v", p, err)
	}
	f.hide = "member"
	p, err := f.open(t).Preflight(t.Context())
	if err != nil || !strings.Contains(fmt.Sprint(p.Problems), "the members of "+groupOf("Five")) {
		t.Errorf("hidden: %+v, %v", p, err)
	}
	if _, tr := pull(t, f.open(t)); !strings.Contains(fmt.Sprint(tr.Notes), "not one of the groups names a member") {
		t.Errorf("a pull: %v", tr.Notes)
	}
}

func TestReferralsAreNotFollowed(t *testing.T) {
	f := company()
	f.refer = []string{"ldap://evil.example/DC=emea,DC=corp,DC=example", "ldap://corp.example/CN=Configuration," + testDomain}
	a := f.open(t)
	var dialled []string
	dial := a.dial
	a.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		dialled = append(dialled, addr)
		return dial(ctx, network, addr)
	}
	_, tr := pull(t, a)
	said := fmt.Sprint(tr.Notes)
	if fmt.Sprint(dialled) != "[127.0.0.1:389]" || !strings.Contains(said, "referred to ldap://evil.example/DC=emea,DC=corp,DC=example, which was not followed") || strings.Contains(said, "Configuration") {
		t.Errorf("dialled %v; %s", dialled, said)
	}
	f.before = fails("modify", 1, fault{code: ldap.LDAPResultReferral, says: "ldap://evil.example"})
	if _, err := a.Disable(t.Context(), connectors.Account{ID: id(1)}); !isForbidden(err) || !strings.Contains(err.Error(), "may be written to") {
		t.Errorf("a change that is referred: %v", err)
	}
	for _, d := range dialled {
		if d != "127.0.0.1:389" {
			t.Errorf("dialled %s", d)
		}
	}
}

// The account keeps its id when it is renamed and moved, and another one takes its name.
func TestAnAccountIsKnownByItsGUIDAndNotByItsName(t *testing.T) {
	f := company()
	a := f.open(t, func(c *AppConfig) { c.Base = "OU=Staff," + testDomain })
	before, err := a.Account(t.Context(), id(1))
	check(t, err)
	f.at(personOf(1)).dn = "CN=Left,OU=Leavers," + testDomain // out of the base
	f.at(personOf(6)).dn = personOf(1)
	f.at(groupOf("Five")).attrs["member"][0] = "CN=Left,OU=Leavers," + testDomain
	f.at(groupOf("Five")).attrs["samaccountname"] = []string{"High Five"} // renamed
	if r, err := a.Disable(t.Context(), before); err != nil || !r.Changed {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err := a.RemoveEntitlement(t.Context(), before, "Five"); err != nil || !r.Changed {
		t.Fatalf("%+v, %v", r, err)
	}
	want := []string{"CN=Left,OU=Leavers," + testDomain + " - userAccountControl 512 + userAccountControl 514", groupOf("Five") + " - member CN=Left,OU=Leavers," + testDomain}
	if fmt.Sprint(f.changes) != fmt.Sprint(want) {
		t.Errorf("changed %v; want %v", f.changes, want)
	}
}

// Between the reading and the change, another account takes the name.
func TestANameThatPassesOnInBetweenChangesNobodyElse(t *testing.T) {
	f := company()
	f.before = func(f *fake, op string, n int) fault {
		if op == "modify" {
			f.at(personOf(1)).dn, f.at(personOf(2)).dn = "CN=Left,OU=Leavers,"+testDomain, personOf(1)
		}
		return fault{}
	}
	if r, err := f.open(t).Disable(t.Context(), connectors.Account{ID: id(1)}); err != nil || !r.Changed ||
		len(f.changes) != 1 || !strings.HasPrefix(f.changes[0], "CN=Left,") {
		t.Errorf("%+v, %v, %v", r, err, f.changes)
	}
}

func TestServiceAndBreakGlassAccountsAreNotPeople(t *testing.T) {
	f := company()
	f.at(personOf(1)).attrs["objectsid"] = []string{domainSID(500)}
	f.at(personOf(2)).attrs["objectsid"] = []string{domainSID(502)}
	f.at(personOf(3)).attrs["serviceprincipalname"] = []string{"http/a"}
	f.at(personOf(4)).attrs["serviceprincipalname"] = []string{"http/b"}
	delete(f.at(personOf(4)).attrs, "employeeid")
	f.at(personOf(5)).attrs["objectclass"] = []string{"user", "computer", "msDS-GroupManagedServiceAccount"}
	f.at(personOf(6)).attrs["useraccountcontrol"] = []string{"2080"} // a trust
	got, _ := pull(t, f.open(t))
	for who, want := range map[string]connectors.Class{"u1": connectors.BreakGlass, "u2": connectors.Service, "u3": connectors.ClassUnknown, "u4": connectors.Service,
		"u5": connectors.Service, "u6": connectors.Service} {
		if got[who].Class != want {
			t.Errorf("%s is %v; want %v", who, got[who].Class, want)
		}
	}
}

// A bit is set against the value read just now; every other bit stays, whatever it was when the plan was made.
func TestDisableKeepsEveryOtherBit(t *testing.T) {
	f := company()
	a := f.open(t)
	before, err := a.Account(t.Context(), id(1))
	check(t, err)
	f.before = func(f *fake, op string, n int) fault {
		if op == "modify" && n == 1 {
			f.at(personOf(1)).attrs["useraccountcontrol"] = []string{"66048"} // somebody else, in between
		}
		return fault{}
	}
	if r, err := a.Disable(t.Context(), before); err != nil || !r.Changed {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := f.at(personOf(1)).attrs["useraccountcontrol"]; fmt.Sprint(got) != "[66050]" {
		t.Errorf("userAccountControl is %v; want 66050", got)
	}
	if r, err := a.Enable(t.Context(), before); err != nil || !r.Changed || fmt.Sprint(f.at(personOf(1)).attrs["useraccountcontrol"]) != "[66048]" {
		t.Errorf("%+v, %v: %v", r, err, f.at(personOf(1)).attrs["useraccountcontrol"])
	}
}

// The answer is lost, and the change was made, or was not.
func TestALostAnswerIsDoneAndVerified(t *testing.T) {
	for name, x := range map[string]fault{"made": {deaf: true}, "not made": {drop: true}} {
		f := company()
		f.before = fails("modify", 1, x)
		a := f.open(t)
		before, err := a.Account(t.Context(), id(2))
		check(t, err)
		if r, err := a.RemoveEntitlement(t.Context(), before, "Two"); err != nil || !r.Changed || len(f.changes) != 1 {
			t.Errorf("%s: %+v, %v, %v", name, r, err, f.changes)
		}
		f.before = func(_ *fake, op string, _ int) fault { return fault{drop: op == "modify"} }
		_, err = a.Disable(t.Context(), before)
		for _, class := range []error{connectors.ErrForbidden, connectors.ErrNotFound, connectors.ErrTransient} {
			if err == nil || errors.Is(err, class) || !strings.Contains(err.Error(), "is not known") {
				t.Errorf("%s: never answered: %v", name, err)
			}
		}
	}
}

func TestWhatOthersDoMeanwhileIsNoFailure(t *testing.T) {
	f := company()
	a := f.open(t)
	before, err := a.Account(t.Context(), id(2))
	check(t, err)
	f.before = func(f *fake, op string, n int) fault {
		if op == "modify" && n == 1 { // somebody else removes the same
			f.at(groupOf("Two")).attrs["member"] = []string{personOf(3)}
		}
		return fault{}
	}
	if r, err := a.RemoveEntitlement(t.Context(), before, "Two"); err != nil || r.Changed || len(f.changes) > 0 {
		t.Errorf("%+v, %v, %v", r, err, f.changes)
	}
	f.entries = f.entries[:len(f.entries)-1] // Domain Admins is deleted
	if r, err := a.RemoveEntitlement(t.Context(), connectors.Account{ID: id(2)}, "Domain Admins"); err != nil || r.Changed {
		t.Errorf("a group that is gone: %+v, %v", r, err)
	}
	if _, err := a.AddEntitlement(t.Context(), connectors.Account{ID: id(2)}, "Domain Admins"); !isForbidden(err) {
		t.Errorf("back into it: %v", err)
	}
}

func TestInheritedIsRemovedAtItsSource(t *testing.T) {
	f := company()
	a := f.open(t)
	before, err := a.Account(t.Context(), id(2))
	check(t, err)
	if _, err := a.RemoveEntitlement(t.Context(), before, "Domain Admins"); !isForbidden(err) || !strings.Contains(err.Error(), `through the group "Two"`) || len(f.changes) > 0 {
		t.Errorf("%v, %v", err, f.changes)
	}
}

// What is changed on one controller is not seen on another for a while.
func TestAnotherControllerIsNotBelieved(t *testing.T) {
	f := company()
	a := f.open(t)
	before, err := a.Account(t.Context(), id(1))
	check(t, err)
	f.at("").attrs["dnshostname"] = []string{"dc2.corp.example"}
	if _, err := a.Disable(t.Context(), before); err == nil || !strings.Contains(err.Error(), "leads to several servers") || len(f.changes) > 0 {
		t.Errorf("%v, %v", err, f.changes)
	}
}

func TestARowThatCannotBeReadIsCounted(t *testing.T) {
	for name, set := range map[string]func(*node){
		"no id":       func(n *node) { n.attrs["objectguid"] = []string{"short"} },
		"no number":   func(n *node) { n.attrs["useraccountcontrol"] = []string{"many"} },
		"no time":     func(n *node) { n.attrs["accountexpires"] = []string{"-5"} },
		"no creation": func(n *node) { n.attrs["whencreated"] = []string{"yesterday"} },
	} {
		f := company()
		set(f.at(personOf(3)))
		rows, tr, err := connectortest.Accounts(t.Context(), f.open(t))
		if err != nil || len(rows) != 5 || tr.Rejected(connectors.Accounts) != 1 || !tr.Ended(connectors.Accounts) {
			t.Errorf("%s: %d rows, %v, %v", name, len(rows), err, tr.Rejects)
		}
		var row *connectors.RejectedRow
		if known := errors.As(tr.Rejects[0].Err, &row); known == (name == "no id") || known && row.Account != id(3) {
			t.Errorf("%s: %v", name, tr.Rejects[0].Err)
		}
	}
}
