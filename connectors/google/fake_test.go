package google

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

const (
	customer = "C0tidewell"
	admin    = "sync-admin@corp.example"
)

// fake is a customer's directory behind the Directory API, with a token endpoint before it. It keeps what is written to it,
// and Google's own description of the API judges all that goes in and out.
type fake struct {
	t           testing.TB
	description *description
	delegated   []string // the scopes that the service account may use
	most        int      // rows that a page has at most; 0: what is asked for

	mu          sync.Mutex
	users       []object
	groups      []object
	members     map[string][]object // by group id
	roles       []object
	assignments []object
	tokens      map[string][]object // by user id
	asps        map[string][]object
	signedOut   []string          // ids of users
	alias       map[string]string // further addresses of groups, by which they are found, too
	made        int               // assignments made so far

	log    []string // requests for the API, in order
	fault  func(n int, m method, w http.ResponseWriter, r *http.Request) bool
	harm   func(m method, r *http.Request) // after a change
	answer func(m method, body object)     // changes an answer, which is then not judged
	gone   int                             // the status for what was deleted
	base   string                          // where it listens
	client http.RoundTripper               // through which it is asked; nil: directly
}

// company is a directory of six people: an administrator who reads it, an engineer, a suspended one, a guest, an archived
// one, and one whom Google itself suspended.
func company(t testing.TB) *fake {
	person := func(n int, name string, more object) object {
		u := object{"kind": "admin#directory#user", "id": fmt.Sprint(1000 + n), "primaryEmail": name + "@corp.example", "customerId": customer,
			"name":      object{"fullName": strings.ToUpper(name[:1]) + name[1:] + " Example", "givenName": name, "familyName": "Example"},
			"suspended": false, "archived": false, "isAdmin": false, "isDelegatedAdmin": false, "isEnrolledIn2Sv": true, "isEnforcedIn2Sv": false,
			"creationTime": "2024-03-01T09:00:00.000Z", "lastLoginTime": fmt.Sprintf("2026-10-%02dT08:00:00.000Z", 10+n),
			"emails":        []object{{"address": name + "@corp.example", "primary": true}, {"address": name + "@old.example"}},
			"recoveryEmail": name + "@private.example", "orgUnitPath": "/"}
		for k, v := range more {
			u[k] = v
		}
		return u
	}
	f := &fake{t: t, description: readDescription(), gone: http.StatusNoContent,
		users: []object{
			person(0, "sync-admin", object{"isAdmin": true}),
			person(1, "ana", object{"aliases": []string{"a.ana@corp.example"}, "nonEditableAliases": []string{"ana@corp.example.test-google-a.com"},
				"externalIds": []object{{"type": "login_id", "value": "aa"}, {"type": "organization", "value": "E1"}}}),
			person(2, "ben", object{"suspended": true, "suspensionReason": "ADMIN", "isEnrolledIn2Sv": false}),
			person(3, "cleo", object{"isGuestUser": true, "guestAccountInfo": object{"primaryGuestEmail": "cleo@partner.example"}, "lastLoginTime": "1970-01-01T00:00:00.000Z"}),
			person(4, "dov", object{"archived": true}),
			person(5, "eve", object{"suspended": true, "suspensionReason": "ABUSE"}),
		},
		groups: []object{
			{"id": "g1", "email": "eng@corp.example", "name": "Engineering", "directMembersCount": "3"},
			{"id": "g2", "email": "all-tech@corp.example", "name": "Technology", "directMembersCount": "1"},
			{"id": "g3", "email": "ops@corp.example", "name": "Operations", "directMembersCount": "1"},
			{"id": "g4", "email": "everybody@corp.example", "name": "Everybody", "directMembersCount": "1"},
			{"id": "g5", "email": "empty@corp.example", "name": "Empty", "directMembersCount": "0"},
		},
		members: map[string][]object{
			"g1": {seatOf("1001", "ana@corp.example", "OWNER", "DIGEST"), seatOf("1002", "ben@corp.example", "MEMBER", "ALL_MAIL"),
				{"email": "someone@partner.example", "role": "MEMBER", "type": "EXTERNAL"}},
			"g2": {{"id": "g1", "email": "eng@corp.example", "role": "MEMBER", "type": "GROUP"}},
			"g3": {{"id": "g2", "email": "all-tech@corp.example", "role": "MEMBER", "type": "GROUP"}, seatOf("1003", "cleo@corp.example", "MEMBER", "NONE")},
			"g4": {{"id": customer, "role": "MEMBER", "type": "CUSTOMER"}},
		},
		roles: []object{
			{"roleId": "1", "roleName": "_SEED_ADMIN_ROLE", "isSystemRole": true, "isSuperAdminRole": true},
			{"roleId": "2", "roleName": "_GROUPS_ADMIN_ROLE", "isSystemRole": true, "isSuperAdminRole": false},
			{"roleId": "3", "roleName": "Help desk", "isSystemRole": false, "isSuperAdminRole": false},
		},
		assignments: []object{
			{"roleAssignmentId": "71", "roleId": "1", "assignedTo": "1000", "assigneeType": "user", "scopeType": "CUSTOMER"},
			{"roleAssignmentId": "72", "roleId": "3", "assignedTo": "1001", "assigneeType": "user", "scopeType": "ORG_UNIT", "orgUnitId": "03ph8a2z"},
			{"roleAssignmentId": "73", "roleId": "2", "assignedTo": "g2", "assigneeType": "group", "scopeType": "CUSTOMER"},
			{"roleAssignmentId": "74", "roleId": "3", "assignedTo": "1005", "assigneeType": "user", "scopeType": "CUSTOMER",
				"expirationDetails": object{"expireTime": "2027-01-31T12:00:00Z"}},
		},
		tokens: map[string][]object{
			"1001": {tokenOf("1001", "77.apps.googleusercontent.com"), tokenOf("1001", "anonymous/odd client")},
			"1002": {tokenOf("1002", "77.apps.googleusercontent.com")},
		},
		asps: map[string][]object{
			"1001": {{"kind": "admin#directory#asp", "userKey": "1001", "codeId": 5, "name": "Mail", "creationTime": "1722470400", "lastTimeUsed": "1793000000"}},
			"1003": {{"kind": "admin#directory#asp", "userKey": "1003", "codeId": 6, "name": "Mail", "creationTime": "1722470400", "lastTimeUsed": "0"}},
		},
	}
	f.delegated = slices.Concat((&AppConfig{Credentials: true}).readScopes(), []string{scopeUser, scopeMember, scopeRoles})
	return f
}

func seatOf(id, email, role, delivery string) object {
	return object{"kind": "admin#directory#member", "id": id, "email": email, "role": role, "type": "USER", "status": "ACTIVE", "delivery_settings": delivery}
}

func tokenOf(user, client string) object {
	return object{"kind": "admin#directory#token", "userKey": user, "clientId": client, "displayText": "An app", "nativeApp": false, "anonymous": false,
		"scopes": []string{"https://www.googleapis.com/auth/calendar"}}
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Path == "/token" {
		f.giveToken(w, r)
		return
	}
	f.log = append(f.log, r.Method+" "+r.URL.RequestURI())
	m, vars, ok := f.description.find(r)
	if !ok {
		f.t.Errorf("%s %s is no method of the API", r.Method, r.URL)
		http.NotFound(w, r)
		return
	}
	for _, wrong := range f.description.query(m, r.URL.Query()) {
		f.t.Error(wrong)
	}
	w.Header().Set("Date", "Mon, 02 Nov 2026 10:00:00 GMT")
	if !permits(m, scopesOf(r)) {
		refuse(w, http.StatusForbidden, "insufficientPermissions", "Request had insufficient authentication scopes.")
		return
	}
	if f.fault != nil && f.fault(len(f.log), m, w, r) {
		return
	}
	body, isBody := f.body(m, r)
	status, out := f.do(m, vars, r.URL.Query(), body)
	if isBody && status/100 == 2 && f.harm != nil {
		f.harm(m, r)
	}
	f.write(w, m, r.URL.Query(), status, out)
}

// body is what is sent with a request, which the description judges.
func (f *fake) body(m method, r *http.Request) (object, bool) {
	if m.Request == nil {
		return nil, r.Method != http.MethodGet
	}
	body := object{}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Header.Get("Content-Type") != "application/json" {
		f.t.Errorf("%s: %q, %v", m.ID, r.Header.Get("Content-Type"), err)
	}
	for _, wrong := range f.description.value(m.ID, *m.Request, body, true) {
		f.t.Error(wrong)
	}
	return body, true
}

func (f *fake) write(w http.ResponseWriter, m method, q url.Values, status int, out object) {
	switch {
	case status/100 != 2:
		refuse(w, status, fmt.Sprint(out["reason"]), fmt.Sprint(out["message"]))
		return
	case m.Response == nil:
		w.WriteHeader(f.gone)
		return
	}
	b, err := json.Marshal(parseMask(q.Get("fields")).apply(out))
	if err != nil {
		f.t.Error(err)
	}
	var v object
	json.Unmarshal(b, &v)
	for _, wrong := range f.description.value(m.ID+" answers", *m.Response, v, false) {
		f.t.Error(wrong)
	}
	if f.answer != nil {
		f.answer(m, v)
		b, _ = json.Marshal(v)
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Write(b)
}

// refuse is an error as Google writes it.
func refuse(w http.ResponseWriter, status int, reason, message string) {
	b, _ := json.Marshal(object{"error": object{"code": status, "message": message,
		"errors": []object{{"message": message, "domain": "global", "reason": reason}}}})
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	w.Write(b)
}

func no(status int, reason, message string) (int, object) {
	return status, object{"reason": reason, "message": message}
}

// paged is a page of a list.
func (f *fake) paged(key string, all []object, q url.Values) (int, object) {
	most, from := 200, 0
	if n, err := strconv.Atoi(q.Get("maxResults")); err == nil {
		most = n
	}
	if f.most > 0 {
		most = min(most, f.most)
	}
	if token := q.Get("pageToken"); token != "" {
		b, err := base64.StdEncoding.DecodeString(token)
		n, err2 := strconv.Atoi(strings.TrimPrefix(string(b), "from "))
		if err != nil || err2 != nil {
			return no(400, "invalid", "Invalid Input: pageToken")
		}
		from = n
	}
	out := object{"kind": "admin#directory#" + key}
	to := min(from+most, len(all))
	if from < to {
		out[key] = all[from:to]
	}
	if to < len(all) {
		out["nextPageToken"] = base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "from %d", to))
	}
	return http.StatusOK, out
}

func (f *fake) user(key string) object {
	i := slices.IndexFunc(f.users, func(u object) bool {
		return u["id"] == key || strings.EqualFold(fmt.Sprint(u["primaryEmail"]), key)
	})
	if i < 0 {
		return nil
	}
	return f.users[i]
}

func (f *fake) group(key string) object {
	i := slices.IndexFunc(f.groups, func(g object) bool { return g["id"] == key || g["email"] == key || g["id"] == f.alias[key] })
	if i < 0 {
		return nil
	}
	return f.groups[i]
}

// sorted is a list by address, as orderBy=email asks for.
func sorted(list []object, field string) []object {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b object) int { return cmp.Compare(fmt.Sprint(a[field]), fmt.Sprint(b[field])) })
	return out
}

// asked counts the requests for the API that contain a text.
func (f *fake) asked(text string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, l := range f.log {
		if strings.Contains(l, text) {
			n++
		}
	}
	return n
}

// open starts the directory and opens the app that reads it. Nothing waits.
func (f *fake) open(conf AppConfig) *App {
	f.t.Helper()
	srv := httptest.NewServer(f)
	f.t.Cleanup(srv.Close)
	f.base = srv.URL
	app, err := f.connect(conf, srv.URL)
	if err != nil {
		f.t.Fatal(err)
	}
	return app
}

func (f *fake) connect(conf AppConfig, base string) (*App, error) {
	env := testEnv(f.t)
	env.HTTP.Transport = f.client
	conf.Key, conf.Subject = "env:KEY", cmp.Or(conf.Subject, admin)
	return conf.open(env, httpx.Settings{Base: base, Sleep: noWait, Now: func() time.Time { return now }}, f.base+"/token")
}

var now = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func testEnv(t testing.TB) connectors.Env {
	return connectors.Env{HTTP: &http.Client{Timeout: time.Minute}, Zone: time.UTC, Secret: func(ref string) (string, error) {
		if ref != "env:KEY" {
			return "", fmt.Errorf("%s is not set", ref)
		}
		return keyFile(t), nil
	}}
}
