package scim

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

const patchStaff = `PATCH /Groups/g2 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[%s]}`

// What is sent to take a user out of a group and back in, and that the others stay.
func TestRemoveAndAdd(t *testing.T) {
	for _, c := range []struct {
		name        string
		conf        AppConfig
		w           writing
		config      string
		user        connectors.AccountID
		remove, add string
		others      string // who is left in the group
	}{
		{name: "by the standard", user: "u2", others: `u1 u3 u"4\`,
			remove: `{"op":"remove","path":"members[value eq \"u2\"]"}`, add: `{"op":"add","path":"members","value":[{"value":"u2"}]}`},
		{name: "200 and the group", w: writing{body: true}, user: "u2", others: `u1 u3 u"4\`,
			remove: `{"op":"remove","path":"members[value eq \"u2\"]"}`, add: `{"op":"add","path":"members","value":[{"value":"u2"}]}`},
		{name: "an id to be escaped", user: `u"4\`, others: `u1 u2 u3`,
			remove: `{"op":"remove","path":"members[value eq \"u\\\"4\\\\\"]"}`, add: `{"op":"add","path":"members","value":[{"value":"u\"4\\"}]}`},
		{name: "versions", w: writing{etags: true, body: true}, config: withETags, user: "u3", others: `u1 u2 u"4\`,
			remove: `{"op":"remove","path":"members[value eq \"u3\"]"}`, add: `{"op":"add","path":"members","value":[{"value":"u3"}]}`},
		{name: "like Entra's", conf: AppConfig{Vendor: "entra"}, w: writing{capitals: true}, user: "u1", others: `u2 u3 u"4\`,
			remove: `{"op":"Remove","path":"members[value eq \"u1\"]"}`, add: `{"op":"Add","path":"members","value":[{"value":"u1"}]}`},
		{name: "like AWS's", conf: AppConfig{Vendor: "aws", Groups: new(true)}, w: writing{byValue: true}, user: "u1", others: `u2 u3 u"4\`,
			remove: `{"op":"remove","path":"members","value":[{"value":"u1"}]}`, add: `{"op":"add","path":"members","value":[{"value":"u1"}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := smallCompany()
			f.w, f.config = c.w, c.config
			app := f.open(t, c.conf).able().(writer)
			before := fresh(t, app, c.user)
			remove := func() (connectors.Receipt, error) { return app.RemoveEntitlement(t.Context(), before, "Staff") }
			add := func() (connectors.Receipt, error) { return app.AddEntitlement(t.Context(), before, "Staff") }
			for _, step := range []struct {
				do      func() (connectors.Receipt, error)
				sent    string
				members string
			}{
				{remove, c.remove, c.others}, {remove, "", c.others},
				{add, c.add, c.others + " " + string(c.user)}, {add, "", c.others + " " + string(c.user)},
			} {
				f.w.log = nil
				r, err := step.do()
				if err != nil || r.Changed != (step.sent != "") {
					t.Fatalf("got %+v, %v", r, err)
				}
				var want []string
				if step.sent != "" {
					want = []string{fmt.Sprintf(patchStaff, step.sent)}
				}
				if !slices.Equal(f.w.log, want) {
					t.Errorf("sent %q\nwant %q", f.w.log, want)
				}
				if got := f.members(t, "g2"); got != step.members {
					t.Errorf("the group holds %s; want %s", got, step.members)
				}
			}
			if after := fresh(t, app, c.user); fmt.Sprintf("%+v", after) != fmt.Sprintf("%+v", before) {
				t.Errorf("the account is now %+v; was %+v", after, before)
			}
		})
	}
}

func TestRemoveFails(t *testing.T) {
	all := `u1 u2 u3 u"4\`
	once := func(status int) func(int, *fake) int {
		return func(n int, _ *fake) int { return map[int]int{1: status}[n] }
	}
	always := func(status int) func(int, *fake) int { return func(int, *fake) int { return status } }
	// told is the group as a service could answer with it.
	told := func(members string) writing {
		return writing{says: `{"id":"g2","members":` + members + `}`}
	}
	for _, c := range []struct {
		name   string
		e      connectors.EntitlementID // Staff
		w      writing
		config string
		class  error
		says   string
		sent   int
		left   string // in Staff
	}{
		{name: "throttled once", w: writing{fault: once(429)}, sent: 2, left: `u1 u3 u"4\`},
		{name: "a lost answer, then no such member", w: writing{fault: once(lost)}, sent: 2, left: `u1 u3 u"4\`},
		{name: "changed in between", w: writing{etags: true, fault: newer(1)}, config: withETags, sent: 2, left: `u1 u3 u"4\`},
		{name: "always changed in between", w: writing{fault: always(409)}, class: connectors.ErrTransient, says: "changed in between", sent: 3, left: all},
		{name: "no permission", w: writing{fault: always(403)}, class: connectors.ErrForbidden, sent: 1, left: all},
		{name: "refused", w: writing{fault: always(400)}, class: connectors.ErrForbidden, says: "the service refuses", sent: 1, left: all},
		{name: "out of order", w: writing{fault: always(500)}, class: errNone, says: "status 500", sent: 1, left: all},
		{name: "the member is not found", w: writing{fault: always(404)}, class: connectors.ErrForbidden, says: "the service refuses", sent: 1, left: all},
		{name: "the group is gone in between", w: writing{fault: func(_ int, f *fake) int { f.groups = f.groups[:1]; return 404 }}, sent: 1, left: "no group"},
		{name: "without PATCH", config: withoutPatch, class: connectors.ErrForbidden, says: "no PATCH", left: all},
		{name: "without PATCH, which shows", w: writing{noPatch: 501}, class: connectors.ErrForbidden, says: "the service refuses", sent: 1, left: all},
		{name: "all are gone, as the answer shows", w: told(`[]`), class: errNone, says: `DAMAGE: the service's answer lacks 3 other members of the group "g2"`, sent: 1, left: `u1 u3 u"4\`},
		{name: "one is gone, as the answer shows", w: told(`[{"value":"u1"},{"value":"u3"}]`), class: errNone, says: `["u\"4\\"]`, sent: 1, left: `u1 u3 u"4\`},
		{name: "an answer that is old", w: told(`[{"value":"u1"},{"value":"u2"},{"value":"u3"},{"value":"u\"4\\"}]`), sent: 1, left: `u1 u3 u"4\`},
		{name: "an answer without members", w: writing{says: `{"id":"g2"}`}, sent: 1, left: `u1 u3 u"4\`},
		{name: "an answer that is no group", w: writing{says: `[1]`}, class: errNone, says: "not known", sent: 1, left: `u1 u3 u"4\`},
		{name: "an answer of another group", w: writing{says: `{"id":"g1"}`}, class: errNone, says: `answered with "g1"`, sent: 1, left: `u1 u3 u"4\`},
		{name: "held through another group", e: "All", class: connectors.ErrForbidden, says: `through the group "Staff"`, left: all},
		{name: "a role", e: "role:admin", class: connectors.ErrForbidden, says: "no group but a value that the user itself has", left: all},
		{name: "a group that is not there", e: "Moon", left: all},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := smallCompany()
			f.w, f.config = c.w, c.config
			app := f.open(t, AppConfig{}).able().(writer)
			e := c.e
			if e == "" {
				e = "Staff"
			}
			_, err := app.RemoveEntitlement(t.Context(), fresh(t, app, "u2"), e)
			checkClass(t, err, c.class)
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v; want it to say %q", err, c.says)
			}
			if got := f.members(t, "g2"); f.sent() != c.sent || got != c.left {
				t.Errorf("sent %d times, want %d; the group holds %s, want %s", f.sent(), c.sent, got, c.left)
			}
		})
	}
}

// An addition whose answer was lost is not sent a second time: the group is read again, and shows it.
func TestAddAfterALostAnswer(t *testing.T) {
	f := smallCompany()
	app := f.open(t, AppConfig{}).able().(writer)
	before := fresh(t, app, "u2")
	f.groups[1] = strings.Replace(f.groups[1], `{"value":"u2"},`, "", 1)
	f.w.fault = func(n int, _ *fake) int { return map[int]int{1: lost}[n] }
	for _, changed := range []bool{true, false} {
		r, err := app.AddEntitlement(t.Context(), before, "Staff")
		if err != nil || r.Changed != changed || f.sent() != 1 {
			t.Errorf("got %+v, %v after %d changes", r, err, f.sent())
		}
	}
}

// A group that goes by another name since is found by its id; one that is made anew under the old name is not taken for it.
func TestGroupsAreKnownByTheirIDs(t *testing.T) {
	f := smallCompany()
	app := f.open(t, AppConfig{}).able().(writer)
	before := fresh(t, app, "u2")
	f.groups[1] = strings.Replace(f.groups[1], "Staff", "Colleagues", 1)
	f.groups = append(f.groups, `{"id":"g9","displayName":"Staff","members":[{"value":"u2"}]}`)
	if r, err := app.RemoveEntitlement(t.Context(), before, "Staff"); err != nil || !r.Changed {
		t.Fatalf("got %+v, %v", r, err)
	}
	if f.members(t, "g9") != "u2" || f.members(t, "g2") != `u1 u3 u"4\` {
		t.Errorf("g2 holds %s, g9 %s", f.members(t, "g2"), f.members(t, "g9"))
	}
	before.State = nil // then the name must do
	if _, err := app.RemoveEntitlement(t.Context(), before, "Staff"); err != nil || f.members(t, "g9") != "" {
		t.Errorf("g9 holds %s, %v", f.members(t, "g9"), err)
	}
	f.groups = f.groups[:1]
	_, err := app.AddEntitlement(t.Context(), before, "Staff")
	if checkClass(t, err, connectors.ErrForbidden); !strings.Contains(err.Error(), "no such group") {
		t.Error(err)
	}
	before.State = []byte(`{"groups":{"Staff":"g2"}}`)
	_, err = app.AddEntitlement(t.Context(), before, "Staff")
	if checkClass(t, err, connectors.ErrForbidden); !strings.Contains(err.Error(), `the group "g2" is gone`) {
		t.Error(err)
	}
}

// Whatever an account and a member are called, the path names that one member and no other.
func FuzzMemberPath(f *testing.F) {
	for _, s := range []string{"u1", `u"4\`, `" or value pr or value eq "`, "u]", "ü\u2028\x00", "'", "<&>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		id = strings.ToValidUTF8(id, "")
		groups := map[string]any{"members": []any{map[string]any{"value": id}, map[string]any{"value": id + "x"}, map[string]any{"value": "x" + id}}}
		if why := new(fake).operate(groups, "remove", memberPath(id), nil); why != "" {
			t.Fatalf("%s: %s", memberPath(id), why)
		}
		left := groups["members"].([]any)
		if len(left) != 2 || memberID(left[0]) != id+"x" || memberID(left[1]) != "x"+id {
			t.Errorf("%s left %v", memberPath(id), left)
		}
	})
}

// The contract of what can be done, over each way to be written to.
func TestWritingContract(t *testing.T) {
	for name, c := range map[string]struct {
		w      writing
		config string
		vendor string
	}{
		"204":           {},
		"200":           {w: writing{body: true}},
		"versions":      {w: writing{etags: true}, config: withETags},
		"like Entra's":  {w: writing{text: true, capitals: true}, vendor: "entra"},
		"a slow server": {w: writing{fault: func(n int, _ *fake) int { return map[bool]int{true: 429}[n%2 == 1] }}},
	} {
		t.Run(name, func(t *testing.T) {
			via := func(tb testing.TB, broken bool, wrap func(http.RoundTripper) http.RoundTripper) connectors.App {
				f := smallCompany()
				f.w, f.config = c.w, c.config
				if c.w.text {
					for i := range f.users {
						f.users[i] = strings.NewReplacer(`"active":true`, `"active":"True"`, `"active":false`, `"active":"False"`).Replace(f.users[i])
					}
				}
				if broken {
					f.list = func(all []string, q url.Values) string { return indexed(1)(all, q)[:20*number(q, "startIndex", 1)] }
				}
				return f.openVia(tb, AppConfig{Vendor: c.vendor}, wrap).able()
			}
			open := func(tb testing.TB, broken bool) connectors.App {
				return via(tb, broken, func(rt http.RoundTripper) http.RoundTripper { return rt })
			}
			connectortest.App(t, connectortest.AppHarness{
				Open:   func(tb testing.TB) connectors.App { return open(tb, false) },
				Broken: func(tb testing.TB) connectors.App { return open(tb, true) },
				Want:   connectortest.IDs("u1", "u2", "u3", `u"4\`),
				Secret: token,
				Spec:   new(AppConfig).Spec(),
				Wire: connectortest.Wire{Totals: []string{"totalResults"}, Open: func(tb testing.TB, wrap func(http.RoundTripper) http.RoundTripper) connectors.App {
					return via(tb, false, wrap)
				}},
			})
		})
	}
}

// What a service says of itself that cannot be read is not known; the pull does without.
func TestConfigThatCannotBeRead(t *testing.T) {
	for _, config := range []string{`{"patch":7,"etag":"W/"}`, `{"patch":{"supported":"maybe"},"etag":[]}`, `{"patch":null}`} {
		f := smallCompany()
		f.config = config
		app := f.open(t, AppConfig{}).able().(writer)
		_, err1 := app.Disable(t.Context(), fresh(t, app, "u2"))
		_, _, err2 := connectortest.Accounts(t.Context(), app)
		if err := errors.Join(err1, err2); err != nil || f.active("u2") != "false" {
			t.Errorf("%s: active is %s, %v", config, f.active("u2"), err)
		}
	}
}
