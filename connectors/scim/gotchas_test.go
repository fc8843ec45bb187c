package scim

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// The mistakes that made other tools revoke access that should have stayed, as far as they can be made over SCIM.

// An error, or a permission that is missing, is no empty list.
func TestGotchaErrorIsNoEmptyList(t *testing.T) {
	for _, code := range []int{401, 403, 404, 429, 500, 502, 503} {
		for _, kind := range []string{"Users", "Groups"} {
			for _, page := range []string{"1", "4"} {
				f := &fake{users: made(7), groups: []string{
					`{"id":"g1","displayName":"A","members":[]}`, `{"id":"g2","displayName":"B","members":[]}`, `{"id":"g3","displayName":"C","members":[]}`,
					`{"id":"g4","displayName":"D","members":[{"value":"u1"}]}`}}
				app := f.openVia(t, AppConfig{}, func(base http.RoundTripper) http.RoundTripper {
					return transport(func(r *http.Request) (*http.Response, error) {
						res, err := base.RoundTrip(r)
						if err == nil && strings.HasSuffix(r.URL.Path, "/"+kind) && r.URL.Query().Get("startIndex") == page {
							res.StatusCode = code
						}
						return res, err
					})
				})
				rows, tr, err := connectortest.Accounts(t.Context(), app)
				if err == nil || tr.Ended(app.Info().Collections...) {
					t.Errorf("status %d at %s from %s on: %d accounts, ended %v, no error", code, kind, page, len(rows), tr.Ends)
				}
			}
		}
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// totalResults that tells the length of the page ends no list.
func TestGotchaTotalResultsLies(t *testing.T) {
	for name, list := range map[string]pager{"of the page": ofPage(3), "right": indexed(3), "and past the end, page 1 again": wrapping(3)} {
		for n := range 10 {
			rows, tr, err := connectortest.Accounts(t.Context(), (&fake{users: made(n), list: list}).open(t, AppConfig{}))
			if err != nil || len(rows) != n || !tr.Ended(connectors.Accounts, connectors.Groups) {
				t.Errorf("%s: %d of %d accounts, %v", name, len(rows), n, err)
			}
		}
	}
}

// Nobody but the one who is named leaves a group, however its members are named: the form in which Entra sends a removal empties
// a group at a service that keeps to RFC 7644 §3.5.2.2.
func TestGotchaRemovingOneMemberEmptiesNoGroup(t *testing.T) {
	for vendor, v := range vendors {
		if v.noMembers != "" {
			continue
		}
		f := smallCompany()
		f.w.capitals, f.w.text = v.capitalOps, v.textActive
		app := f.open(t, AppConfig{Vendor: vendor})
		_, err := remover{app}.RemoveEntitlement(t.Context(), fresh(t, both{app, disabler{app}, remover{app}}, "u2"), "Staff")
		if got := f.members(t, "g2"); err != nil || got != `u1 u3 u"4\` {
			t.Errorf("%s: the group holds %s, %v", vendor, got, err)
		}
		for _, sent := range f.w.log {
			if strings.Contains(sent, `"path":"members","value"`) {
				t.Errorf("%s: the removal is sent by value: %s", vendor, sent)
			}
		}
	}
}

// active that is missing is unknown; as text it is what the text says.
func TestGotchaActiveIsNotGuessed(t *testing.T) {
	users := []string{}
	want := map[string]connectors.Tri{}
	for i, c := range []struct {
		json string
		want connectors.Tri
	}{{``, connectors.Unknown}, {`,"active":null`, connectors.Unknown}, {`,"active":""`, connectors.Unknown}, {`,"active":"False"`, connectors.No},
		{`,"active":"True"`, connectors.Yes}, {`,"active":"true"`, connectors.Yes}, {`,"active":0`, connectors.No}, {`,"active":1`, connectors.Yes},
		{`,"active":false`, connectors.No}, {`,"active":true`, connectors.Yes}, {`,"ACTIVE":false`, connectors.No}} {
		users = append(users, fmt.Sprintf(`{"id":"u%d"%s}`, i, c.json))
		want[fmt.Sprintf("u%d", i)] = c.want
	}
	rows, _, err := connectortest.Accounts(t.Context(), (&fake{users: users}).open(t, AppConfig{}))
	if err != nil || len(rows) != len(users) {
		t.Fatalf("%d accounts, %v", len(rows), err)
	}
	for _, a := range rows {
		if a.Enabled != want[string(a.ID)] {
			t.Errorf("%s: enabled %v; want %v", users[a.From.Line-1], a.Enabled, want[string(a.ID)])
		}
	}
}

// A name that was given to another account since the plan was made leads to nobody else.
func TestGotchaNameIsGivenAgain(t *testing.T) {
	f := smallCompany()
	app := f.open(t, AppConfig{}).able().(writer)
	before := fresh(t, app, "u1")
	f.users[0] = strings.Replace(f.users[0], `"id":"u1"`, `"id":"u1-of-another"`, 1)
	_, err1 := app.Disable(t.Context(), before)
	_, err2 := app.RemoveEntitlement(t.Context(), before, "Staff")
	checkClass(t, err1, connectors.ErrNotFound)
	checkClass(t, err2, connectors.ErrNotFound)
	if f.sent() != 0 || f.active("u1-of-another") != "true" {
		t.Errorf("%d changes were sent", f.sent())
	}
}

// SCIM tells of no sign-in and no MFA: that is unknown, whatever a vendor calls its attributes.
func TestGotchaNoSignInIsUnknown(t *testing.T) {
	f := &fake{users: []string{`{"id":"u1","active":true,"lastLogin":null,"mfaEnabled":false}`, `{"id":"u2","active":true}`}}
	app := f.open(t, AppConfig{})
	rows, _, err := connectortest.Accounts(t.Context(), app)
	if err != nil || app.Info().Signals != (connectors.Signals{}) {
		t.Fatalf("signals %+v, %v", app.Info().Signals, err)
	}
	for _, a := range rows {
		if a.LastSignIn.Known() || a.MFA != connectors.Unknown || a.LocalSignIn != connectors.Unknown {
			t.Errorf("%+v", a)
		}
	}
}

// What is held through another group cannot be taken from one account: it says where it comes from.
func TestGotchaInheritedIsNotRemoved(t *testing.T) {
	f := &fake{users: made(2), groups: []string{
		`{"id":"g1","displayName":"All","members":[{"value":"g2"}]}`, `{"id":"g2","displayName":"Staff","members":[{"value":"u1"}]}`}}
	app := f.open(t, AppConfig{}).able().(writer)
	_, err := app.RemoveEntitlement(t.Context(), fresh(t, app, "u1"), "All")
	checkClass(t, err, connectors.ErrForbidden)
	if !strings.Contains(fmt.Sprint(err), `through the group "Staff"`) || f.sent() != 0 {
		t.Errorf("got %v after %d changes", err, f.sent())
	}
}

// Links and paths never leave the origin, whatever ids and cursors a service gives.
func TestGotchaNothingLeavesTheOrigin(t *testing.T) {
	hosts := map[string]bool{}
	f := &fake{config: offersCursors, users: []string{`{"id":"//evil.example/x"}`, `{"id":"..%2f..%2fadmin"}`, `{"id":"https://evil.example"}`},
		groups: []string{`{"id":"https://evil.example/g","displayName":"G"}`},
		list: func(all []string, q url.Values) string {
			if q.Get("cursor") == "" && q.Has("cursor") {
				return strings.Replace(response(len(all), all[:1], ""), "{", `{"nextCursor":"https://evil.example/?a=b#c",`, 1)
			}
			return response(len(all), all[1:], "")
		}}
	app := f.openVia(t, AppConfig{}, func(base http.RoundTripper) http.RoundTripper {
		return transport(func(r *http.Request) (*http.Response, error) {
			hosts[r.URL.Host] = true
			return base.RoundTrip(r)
		})
	})
	connectortest.Accounts(t.Context(), app)
	for _, id := range []connectors.AccountID{"//evil.example/x", "..%2f..%2fadmin", "https://evil.example", "../../admin"} {
		app.Account(t.Context(), id)
	}
	if len(hosts) != 1 || len(f.asked) < 5 {
		t.Errorf("asked %v by %d requests", hosts, len(f.asked))
	}
	for _, ref := range f.asked {
		if !strings.HasPrefix(ref, "/v2/") {
			t.Errorf("asked for %s, which is not below the base", ref)
		}
	}
}
