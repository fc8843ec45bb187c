package scim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
)

// writer is all that can be done to an app.
type writer interface {
	connectors.App
	connectors.Disabler
	connectors.EntitlementRemover
}

// fresh reads an account of the app.
func fresh(t *testing.T, app connectors.App, id connectors.AccountID) connectors.Account {
	t.Helper()
	a, err := app.(connectors.Getter).Account(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const (
	withETags    = `{"patch":{"supported":true},"etag":{"supported":true}}`
	withoutPatch = `{"patch":{"supported":false},"etag":{"supported":"False"}}`
)

// Disabled, enabled: what is sent, and that nothing is sent where there is nothing to change.
func TestDisableAndEnable(t *testing.T) {
	const patch = `PATCH /Users/u1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":%s}]}`
	const put = `PUT /Users/u1 {"id":"u1","userName":"ada","active":%s,"roles":[{"value":"admin"}],"x":{"deep":[1.50,"é\u00e9"]}}`
	for _, c := range []struct {
		name    string
		w       writing
		config  string
		vendor  string
		active  string // as it is at first
		sent    string
		off, on string // what it is sent with
		ifMatch string
	}{
		{name: "204", sent: patch, off: `false`, on: `true`},
		{name: "200 and the user", w: writing{body: true}, sent: patch, off: `false`, on: `true`},
		{name: "200 and nothing", w: writing{says: " \n"}, sent: patch, off: `false`, on: `true`},
		{name: "versions", w: writing{etags: true}, config: withETags, sent: patch, off: `false`, on: `true`, ifMatch: `W/"0" W/"1"`},
		{name: "versions that it does not promise", config: `{"etag":true}`, sent: patch, off: `false`, on: `true`, ifMatch: " "},
		{name: "like Entra's", w: writing{text: true, capitals: true}, vendor: "entra", active: `"True"`,
			sent: strings.Replace(patch, "replace", "Replace", 1), off: `"False"`, on: `"True"`},
		{name: "written in small letters", active: `"true"`, w: writing{noPatch: 501}, sent: put, off: `false`, on: `"true"`},
		{name: "written as a number", active: `1`, w: writing{noPatch: 501}, sent: put, off: `false`, on: `1`},
		{name: "without PATCH, as it says", w: writing{noPatch: 400}, config: withoutPatch, sent: put, off: `false`, on: `true`},
		{name: "without PATCH, which shows", w: writing{noPatch: 405}, sent: put, off: `false`, on: `true`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := smallCompany()
			f.w, f.config = c.w, c.config
			if c.active != "" {
				f.users[0] = strings.Replace(f.users[0], `true`, c.active, 1)
			}
			app := f.open(t, AppConfig{Vendor: c.vendor}).able().(writer)
			before := fresh(t, app, "u1")
			for _, step := range []struct {
				do      func() (connectors.Receipt, error)
				as      string
				changed bool
			}{
				{func() (connectors.Receipt, error) { return app.Disable(t.Context(), before) }, c.off, true},
				{func() (connectors.Receipt, error) { return app.Disable(t.Context(), before) }, "", false},
				{func() (connectors.Receipt, error) { return app.Enable(t.Context(), before) }, c.on, true},
				{func() (connectors.Receipt, error) { return app.Enable(t.Context(), before) }, "", false},
			} {
				f.w.log = nil
				r, err := step.do()
				if err != nil || r.Changed != step.changed || step.changed && (r.RequestID == "" || r.At.IsZero()) {
					t.Fatalf("got %+v, %v", r, err)
				}
				want := []string{fmt.Sprintf(c.sent, step.as)}
				if len(f.w.log) > 1 {
					f.w.log = f.w.log[1:] // a PATCH that it has not
				}
				if step.as == "" {
					want = nil
				}
				if !slices.Equal(f.w.log, want) {
					t.Errorf("sent %q; want %q", f.w.log, want)
				}
			}
			after := fresh(t, app, "u1")
			if fmt.Sprintf("%+v", after) != fmt.Sprintf("%+v", before) {
				t.Errorf("it is now %+v; was %+v", after, before)
			}
			if got := strings.Join(f.w.ifMatch, " "); c.ifMatch != "" && got != c.ifMatch {
				t.Errorf("If-Match was %q; want %q", got, c.ifMatch)
			}
		})
	}
}

// What goes wrong: what the error is, whether it was done, and how often it was asked for.
func TestDisableFails(t *testing.T) {
	once := func(status int) func(int, *fake) int {
		return func(n int, _ *fake) int { return map[int]int{1: status}[n] }
	}
	always := func(status int) func(int, *fake) int { return func(int, *fake) int { return status } }
	for _, c := range []struct {
		name   string
		id     connectors.AccountID
		w      writing
		config string
		class  error // errNone: none of the three; nil: success
		says   string
		sent   int
		active string
	}{
		{name: "throttled once", w: writing{fault: once(429)}, sent: 2, active: "false"},
		{name: "throttled for ever", w: writing{fault: always(429)}, class: connectors.ErrTransient, says: "tried 6 times", sent: 6, active: "true"},
		{name: "a lost answer", w: writing{fault: once(lost)}, sent: 2, active: "false"},
		{name: "always lost, and found done", w: writing{fault: always(lost)}, sent: 6, active: "false"},
		{name: "a gateway gave up", w: writing{fault: once(504)}, sent: 2, active: "false"},
		{name: "out of order", w: writing{fault: always(500)}, class: errNone, says: "status 500", sent: 1, active: "true"},
		{name: "no permission", w: writing{fault: always(403)}, class: connectors.ErrForbidden, says: "permission to change", sent: 1, active: "true"},
		{name: "wrong token", w: writing{fault: always(401)}, class: connectors.ErrForbidden, says: "token is wrong", sent: 1, active: "true"},
		{name: "refused", w: writing{fault: always(400)}, class: connectors.ErrForbidden, says: "the service refuses", sent: 1, active: "true"},
		{name: "gone in between", w: writing{fault: always(404)}, class: connectors.ErrNotFound, says: "status 404", sent: 1, active: "true"},
		{name: "not there", id: "u9", class: connectors.ErrNotFound, says: `disable account "u9"`, active: "no user"},
		{name: "without an id", id: "-", class: connectors.ErrNotFound, says: "the id is empty", active: "no user"},
		{name: "no such thing as PATCH or PUT", w: writing{fault: always(501)}, class: connectors.ErrForbidden, says: "PUT", sent: 2, active: "true"},
		{name: "PATCH promised, and refused", w: writing{noPatch: 501}, config: withETags, class: connectors.ErrForbidden, says: "PATCH", sent: 1, active: "true"},
		{name: "changed in between", w: writing{etags: true, fault: newer(1)}, config: withETags, class: connectors.ErrTransient, says: "changed in between", sent: 1, active: "true"},
		{name: "a conflict", w: writing{fault: always(409)}, class: connectors.ErrTransient, says: "changed in between", sent: 1, active: "true"},
		{name: "lost, and then it is another version", w: writing{etags: true, fault: once(lost)}, config: withETags, sent: 2, active: "false"},
		{name: "lost, and changed by others", w: writing{etags: true, fault: func(n int, f *fake) int {
			if n == 2 {
				f.users[0] = strings.Replace(f.users[0], "false", "true", 1)
			}
			return map[int]int{1: lost}[n]
		}}, config: withETags, class: errNone, says: "412", sent: 2, active: "true"},
		{name: "PUT is not sent again on its own, and found done", w: writing{fault: once(lost)}, config: withoutPatch, sent: 1, active: "false"},
		{name: "PUT, throttled, is not sent again on its own", w: writing{fault: once(429)}, config: withoutPatch, class: connectors.ErrTransient, sent: 1, active: "true"},
		{name: "PUT with a version is", w: writing{etags: true, fault: once(lost)}, config: strings.Replace(withETags, "true", "false", 1), sent: 2, active: "false"},
		{name: "a page of HTML", w: writing{says: "<html>Sign in</html>"}, class: errNone, says: "not known", sent: 1, active: "false"},
		{name: "cut short", w: writing{says: `{"id":"u1",`}, class: errNone, says: "not known", sent: 1, active: "false"},
		{name: "another user", w: writing{says: `{"id":"u2","active":false}`}, class: errNone, says: `answered with "u2"`, sent: 1, active: "false"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := smallCompany()
			f.w, f.config = c.w, c.config
			app := f.open(t, AppConfig{}).able().(writer)
			id := map[connectors.AccountID]connectors.AccountID{"": "u1", "-": ""}
			who, ok := id[c.id]
			if !ok {
				who = c.id
			}
			_, err := app.Disable(t.Context(), connectors.Account{ID: who})
			checkClass(t, err, c.class)
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v; want it to say %q", err, c.says)
			}
			if f.sent() != c.sent || f.active(string(who)) != c.active {
				t.Errorf("sent %d times, want %d; active is %s, want %s", f.sent(), c.sent, f.active(string(who)), c.active)
			}
		})
	}
}

var errNone = errors.New("none of the three")

// newer makes everything another version just before the n-th change.
func newer(at int) func(int, *fake) int {
	return func(n int, f *fake) int {
		if n == at {
			f.w.version += 100
		}
		return 0
	}
}

func checkClass(t *testing.T, err, class error) {
	t.Helper()
	if (err == nil) != (class == nil) {
		t.Fatalf("got error %v; want %v", err, class)
	}
	for _, c := range []error{connectors.ErrNotFound, connectors.ErrForbidden, connectors.ErrTransient} {
		if errors.Is(err, c) != (c == class) {
			t.Errorf("the error is %v; want class %v", err, class)
		}
	}
}

// Whoever was not known to be active is, after an undo.
func TestEnableOfWhoWasNotKnown(t *testing.T) {
	f := smallCompany()
	f.users[1] = `{"id":"u2","userName":"bo"}`
	app := f.open(t, AppConfig{}).able().(writer)
	before := fresh(t, app, "u2")
	_, err1 := app.Disable(t.Context(), before)
	_, err2 := app.Enable(t.Context(), before)
	if err := errors.Join(err1, err2); err != nil || f.active("u2") != "true" {
		t.Errorf("active is %s, %v", f.active("u2"), err)
	}
	before.State = json.RawMessage(`"x"`)
	if _, err := app.Enable(t.Context(), before); err == nil {
		t.Error("the state of another kind of app was read")
	}
}

func TestAbilitiesByVendor(t *testing.T) {
	yes, no := true, false
	disable, remove := connectors.Abilities(connectors.CanDisable), connectors.Abilities(connectors.CanRemoveEntitlement)
	for _, c := range []struct {
		conf AppConfig
		want connectors.Abilities
	}{
		{AppConfig{}, disable | remove},
		{AppConfig{Groups: &no}, disable},
		{AppConfig{Vendor: "aws"}, disable},
		{AppConfig{Vendor: "aws", Groups: &yes}, disable | remove},
		{AppConfig{Vendor: "sentry"}, remove},
		{AppConfig{Vendor: "sentry", Groups: &no}, 0},
		{AppConfig{Vendor: "github"}, disable | remove},
		{AppConfig{Vendor: "github-org"}, 0},
	} {
		c.conf.URL, c.conf.Token = "https://app.example", "env:SCIM"
		app, err := c.conf.OpenApp("crm", testEnv(http.DefaultClient))
		if err != nil {
			t.Fatal(err)
		}
		if got := connectors.AbilitiesOf(app); got != c.want {
			t.Errorf("%+v: can do %b; want %b", c.conf, got, c.want)
		}
		if _, ok := app.(connectors.Getter); !ok {
			t.Errorf("%+v: cannot be read account by account", c.conf)
		}
	}
}

func TestWithActive(t *testing.T) {
	for in, want := range map[string]string{
		`{"active":true}`: `{"active":X}`,
		`{ "a" : 1.0 , "ACTIVE" : "True" , "b":[ ]}`: `{ "a" : 1.0 , "ACTIVE" : X , "b":[ ]}`,
		`{"active":1,"Active":0}`:                    `{"active":X,"Active":X}`,
		`{"x":{"active":true}}`:                      `{"active":X,"x":{"active":true}}`,
		`{}`:                                         `{"active":X}`,
		` {"id":"a"} `:                               ` {"active":X,"id":"a"} `,
		"{\"\\u0061ctive\":\n null}":                 "{\"\\u0061ctive\":\n X}",
		`{"emails":[{"active":1}],"active":-1e9}`:    `{"emails":[{"active":1}],"active":X}`,
	} {
		got, err := withActive([]byte(in), json.RawMessage("X"))
		if err != nil || string(got) != want {
			t.Errorf("%s became %s, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{``, `[]`, `{"a":`, `"active"`, `{"active":}`} {
		if got, err := withActive([]byte(in), json.RawMessage("X")); err == nil {
			t.Errorf("%s became %s", in, got)
		}
	}
}

// FuzzActive gives the decoding of active anything: what it takes for known must be one of the ways to write it, and the user
// written back must be the user that was read, but for that.
func FuzzActive(f *testing.F) {
	for _, s := range []string{`true`, `"False"`, `1`, `"0"`, `null`, `""`, `" tRUE "`, `2`, `"yes"`, `[true]`, `{"value":true}`, `"ſ"`, `1e0`, `"\u0074rue"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		raw := slices.Concat([]byte(`{"id":"1","before":[1.0],"active":`), value, []byte(`,"after":{"active":"é"}}`))
		var u struct {
			ID     text
			Active flag
		}
		if json.Unmarshal(raw, &u) != nil || u.ID != "1" {
			return
		}
		if plain := strings.ToLower(strings.Trim(string(bytes.TrimSpace(value)), `" `)); u.Active.known && bytes.IndexByte(value, ',') < 0 &&
			!slices.Contains([]string{"true", "false", "1", "0"}, plain) {
			t.Errorf("%s was taken for %v", value, u.Active.value)
		}
		out, err := withActive(raw, json.RawMessage(`false`))
		if err != nil {
			t.Fatalf("%s can be read, and not written: %v", raw, err)
		}
		if !bytes.HasPrefix(out, []byte(`{"id":"1","before":[1.0],"active":`)) || !bytes.HasSuffix(out, []byte(`,"after":{"active":"é"}}`)) {
			t.Errorf("%s became %s", raw, out)
		}
		if json.Unmarshal(out, &u) != nil || !u.Active.known || u.Active.value {
			t.Errorf("%s became %s", raw, out)
		}
	})
}
