package okta

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
)

// Each status, and what is done to it.
func TestStatuses(t *testing.T) {
	for _, c := range []struct {
		id            connectors.AccountID
		status        string
		off, on       bool // is changed
		offErr, onErr error
		after, says   string
	}{
		{id: "00u1", status: active, off: true, on: true, after: active},
		{id: "00u3", status: suspended, on: true, after: active},
		{id: "00u4", status: deactivated, onErr: connectors.ErrForbidden, after: deactivated},
		{id: "00u6", status: staged, onErr: connectors.ErrForbidden, after: staged},
		{id: "00u5", status: lockedOut, offErr: connectors.ErrForbidden, after: lockedOut, says: "unlock and suspend it"},
		{id: "00u7", status: invited, offErr: connectors.ErrForbidden, after: invited, says: "PROVISIONED"},
		{id: "00u8", status: mustPassword, offErr: connectors.ErrForbidden, after: mustPassword, says: "PASSWORD_EXPIRED"},
		{id: "00u9", status: mustRecover, offErr: connectors.ErrForbidden, after: mustRecover, says: "RECOVERY"},
	} {
		t.Run(c.status, func(t *testing.T) {
			f := company()
			app := f.open(t, AppConfig{})
			r, err := app.Disable(t.Context(), connectors.Account{ID: c.id})
			if class(err) != c.offErr || r.Changed != c.off || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("Disable: got %+v, %v", r, err)
			}
			f.look(func() {
				if asked := strings.Join(f.asked, " "); !c.off && strings.Contains(asked, "POST") {
					t.Errorf("what Okta refuses was asked for: %s", asked)
				}
			})
			r, err = app.Enable(t.Context(), connectors.Account{ID: c.id})
			if class(err) != c.onErr || r.Changed != c.on {
				t.Errorf("Enable: got %+v, %v", r, err)
			}
			if now := f.find(string(c.id)).status; now != c.after {
				t.Errorf("it is %s", now)
			}
		})
	}
	f := company()
	f.users[0].transit = deactivated
	if _, err := f.open(t, AppConfig{}).Disable(t.Context(), connectors.Account{ID: "00u1"}); class(err) != connectors.ErrTransient {
		t.Errorf("while Okta changes it: got %v", err)
	}
	if _, err := f.open(t, AppConfig{}).Disable(t.Context(), connectors.Account{ID: "00ux"}); class(err) != connectors.ErrForbidden || !strings.Contains(err.Error(), "owns the API token") {
		t.Errorf("the token's owner: got %v", err)
	}
}

// What goes wrong on the way: whether it was done, what the error is, how often it was asked for.
func TestFaults(t *testing.T) {
	on := func(suffix string, faults ...int) func(int, *http.Request) int {
		n := 0
		return func(_ int, r *http.Request) int {
			if r.Method == http.MethodGet || !strings.Contains(r.URL.Path, suffix) {
				return 0
			}
			n++
			return faults[min(n, len(faults))-1]
		}
	}
	none := fmt.Errorf("none")
	for _, c := range []struct {
		name  string
		fault func(int, *http.Request) int
		class error // nil: success; none: no class
		tries int
		done  bool
	}{
		{"throttled once", on("suspend", 429, 0), nil, 2, true},
		{"a lost answer", on("suspend", lost, 0), nil, 1, true},
		{"a gateway gave up", on("suspend", 504, 0), none, 1, false},
		{"refused", on("suspend", 400), connectors.ErrForbidden, 1, false},
		{"no permission", on("suspend", 403), connectors.ErrForbidden, 1, false},
		{"gone", on("suspend", 404), connectors.ErrNotFound, 1, false},
		{"out of order", on("suspend", 500), none, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := company()
			f.fault = c.fault
			app := f.open(t, AppConfig{})
			r, err := app.Disable(t.Context(), connectors.Account{ID: "00u1"})
			if want := c.class; (err == nil) != (want == nil) || want != none && class(err) != want || want == none && class(err) != nil {
				t.Errorf("got %+v, %v", r, err)
			}
			tries := 0
			f.look(func() {
				for _, a := range f.asked {
					if strings.HasSuffix(a, "/suspend") {
						tries++
					}
				}
			})
			if done := f.users[0].status == suspended; done != c.done || tries != c.tries || r.Changed != (c.class == nil) {
				t.Errorf("done %v, asked %d times, %+v", done, tries, r)
			}
		})
	}
}

// A role that is given back is limited as it was, or not given back.
func TestRoleIsLimitedOrTakenAway(t *testing.T) {
	for name, c := range map[string]struct {
		faults map[string]int // by method
		says   string
		has    bool
	}{
		"as it was":             {nil, "", true},
		"it cannot be limited":  {map[string]int{"PUT": 403}, "taken away again", false},
		"nor taken away either": {map[string]int{"PUT": 403, "DELETE": 403}, "DAMAGE", true},
	} {
		f := company()
		app := f.open(t, AppConfig{})
		before, err := app.Account(t.Context(), "00u1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := app.RemoveEntitlement(t.Context(), before, "role:USER_ADMIN"); err != nil {
			t.Fatal(err)
		}
		f.look(func() { f.fault = func(_ int, r *http.Request) int { return c.faults[r.Method] } })
		_, err = app.AddEntitlement(t.Context(), before, "role:USER_ADMIN")
		has := slices.ContainsFunc(f.users[0].roles, func(r *fakeRole) bool { return r.kind == "USER_ADMIN" })
		if (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) || has != c.has {
			t.Errorf("%s: got %v; has it %v", name, err, has)
		}
	}
	// A crash between the two: what is missing is set.
	f := company()
	app := f.open(t, AppConfig{})
	before, err := app.Account(t.Context(), "00u1")
	if err != nil {
		t.Fatal(err)
	}
	f.look(func() { f.users[0].roles[0].groups = nil })
	r, err := app.AddEntitlement(t.Context(), before, "role:USER_ADMIN")
	if err != nil || !r.Changed || !slices.Equal(f.users[0].roles[0].groups, []string{"00g1"}) {
		t.Errorf("got %+v, %v; it is for %q", r, err, f.users[0].roles[0].groups)
	}
}

// What an undo cannot know it does not do.
func TestAddNeedsTheState(t *testing.T) {
	f := company()
	app := f.open(t, AppConfig{})
	for _, e := range []connectors.EntitlementID{"Payroll", "role:SUPER_ADMIN"} {
		if _, err := app.AddEntitlement(t.Context(), connectors.Account{ID: "00u5"}, e); class(err) != connectors.ErrForbidden {
			t.Errorf("%s: got %v", e, err)
		}
	}
	if _, err := app.AddEntitlement(t.Context(), connectors.Account{ID: "00u5", State: json.RawMessage(`"x"`)}, "Payroll"); err == nil {
		t.Error("the state of another kind of app was read")
	}
	gone := connectors.Account{ID: "00u5", State: json.RawMessage(`{"groups":{"Old":"00g99"}}`)}
	if _, err := app.AddEntitlement(t.Context(), gone, "Old"); class(err) != connectors.ErrForbidden || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("a group that is gone: got %v", err)
	}
	if r, err := app.RemoveEntitlement(t.Context(), gone, "Old"); err != nil || r.Changed {
		t.Errorf("a group that is gone: got %+v, %v", r, err)
	}
	// By id, however the group is called by now.
	before, err := app.Account(t.Context(), "00u1")
	if err != nil {
		t.Fatal(err)
	}
	f.look(func() { f.groups[1].name = "Wages" })
	if r, err := app.RemoveEntitlement(t.Context(), before, "Payroll"); err != nil || !r.Changed || slices.Contains(f.groups[1].members, "00u1") {
		t.Errorf("got %+v, %v", r, err)
	}
	if c := f.did(); !slices.Equal(c, []string{"DELETE /api/v1/groups/00g1/users/00u1"}) {
		t.Errorf("%q was done", c)
	}
}

// What is held directly and through groups as well is held directly; through two groups, it is told of both.
func TestTidy(t *testing.T) {
	held := tidy([]connectors.Entitlement{{ID: "b", Inherited: "y"}, {ID: "a", Inherited: "x"}, {ID: "b", Inherited: "x"}, {ID: "a"}, {ID: "b", Inherited: "y"}})
	want := []connectors.Entitlement{{ID: "a"}, {ID: "b", Inherited: "x"}, {ID: "b", Inherited: "y"}}
	if !slices.Equal(held, want) {
		t.Errorf("got %+v", held)
	}
}
