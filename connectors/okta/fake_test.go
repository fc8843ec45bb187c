package okta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

const token = "00s3cr3t-tok_en+/"

// fake is an Okta org that keeps what is done to it, and answers as Okta's documents say.
type fake struct {
	mu     sync.Mutex
	users  []*fakeUser
	groups []*fakeGroup
	rules  []*fakeRule
	apps   []*fakeApp
	tokens []fakeToken

	base      string               // what links begin with; the address it is asked at when empty
	byID      map[string]*fakeUser // of a large org
	noRole    bool                 // the caller has scopes, and no administrator's role
	forbidden map[string]bool      // path prefixes that the caller may not read
	index     []*fakeUser          // what searches read, where it lags behind; users when nil
	most      int                  // items a page, whatever is asked for
	bearer    string               // the access token that is taken instead of the API token
	onToken   func(form url.Values) string

	fault func(n int, r *http.Request) int // asked before each request: a status to answer, lost, cut; 0: none
	limit int                              // requests a minute to each part of the API; 0: no limit
	now   time.Time
	spent map[string]int
	reset time.Time

	asked, changes []string
	serial         int
	refused        int
}

const (
	lost    = -1 // it is done, and the answer does not come
	cut     = -2 // the answer breaks off
	crowded = -3 // too many requests at a time
)

type fakeUser struct {
	id, status, login, transit string
	first, last, number        string
	lastLogin                  string
	factors                    []string // "type status"
	roles                      []*fakeRole
	sessions, oauth            int
	extra                      string // more of the profile, as JSON members
}

type fakeGroup struct {
	id, kind, name, qualified, source string
	members                           []string
	roles                             []*fakeRole
}

type fakeRule struct {
	id, name, status string
	groups           []string
}

type fakeApp struct {
	id, label, status string
	users             []fakeAssignment
	groups            []string
}

type fakeAssignment struct {
	user, group string
	link        bool // it names the group
}

type fakeRole struct {
	id, kind, label, role, set string
	groups, apps               []string
}

type fakeToken struct{ id, user string }

type object = map[string]any

const day1 = "2024-03-01T08:00:00.000Z"

// company is a small org that shows every sort of access.
func company() *fake {
	f := &fake{now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	f.users = []*fakeUser{
		{id: "00u1", status: active, login: "ada@corp.example", first: "Ada", last: "Ash", number: "E1", lastLogin: "2026-10-30T23:30:00.000Z",
			factors: []string{"push ACTIVE", "question ACTIVE"}, sessions: 2, oauth: 1},
		{id: "00u2", status: active, login: "bo@corp.example", first: "Bo", last: "Birch", number: "E2", factors: []string{"question ACTIVE"}},
		{id: "00u3", status: suspended, login: "cy@corp.example", first: "Cy", last: "Cedar", number: "E3", factors: []string{"webauthn ACTIVE"}},
		{id: "00u4", status: deactivated, login: "di@corp.example", first: "Di", last: "Dogwood", number: "E4"},
		{id: "00u5", status: lockedOut, login: "ed@corp.example", first: "Ed", last: "Elm", number: "E5", factors: []string{"token:software:totp PENDING_ACTIVATION"}},
		{id: "00u6", status: staged, login: "fi@corp.example", first: "Fi", last: "Fir", number: "E6"},
		{id: "00u7", status: invited, login: "gil@corp.example", first: "Gil", last: "Gorse", number: "E7"},
		{id: "00u8", status: mustPassword, login: "hu@corp.example", first: "Hu", last: "Holly", number: "E8"},
		{id: "00u9", status: mustRecover, login: "io@corp.example", first: "Io", last: "Ivy", number: "E9"},
		{id: "00ux", status: active, login: "rollcall@corp.example", first: "Roll", last: "Call", number: ""},
	}
	f.users[0].roles = []*fakeRole{
		{id: "ra1", kind: "USER_ADMIN", label: "Group Administrator", groups: []string{"00g1"}},
		{id: "ra2", kind: "APP_ADMIN", label: "Application Administrator", apps: []string{"google", "salesforce/0oa1"}},
		{id: "irb1", kind: customRole, label: "Help desk EMEA", role: "cr01", set: "iam1"},
	}
	f.users[1].roles = []*fakeRole{{id: "ra3", kind: "REPORT_ADMIN", label: "Report Administrator"}}
	f.users[9].roles = []*fakeRole{{id: "ra4", kind: "SUPER_ADMIN", label: "Super Administrator"}}
	f.groups = []*fakeGroup{
		{id: "00g0", kind: builtIn, name: "Everyone"},
		{id: "00g1", kind: "OKTA_GROUP", name: "Payroll", members: []string{"00u1", "00u2", "00u3"}},
		{id: "00g2", kind: "OKTA_GROUP", name: "Engineers", members: []string{"00u1", "00u5"}},
		{id: "00g3", kind: appGroup, name: "Domain Users", qualified: `CORP\Domain Users`, source: "0oa9", members: []string{"00u1", "00u2"}},
		{id: "00g4", kind: "OKTA_GROUP", name: "IT admins", members: []string{"00u2", "00ux"}, roles: []*fakeRole{{id: "gra1", kind: "HELP_DESK_ADMIN", label: "Help Desk Administrator"}}},
		{id: "00g5", kind: "OKTA_GROUP", name: "app:odd", members: []string{"00u9"}},
	}
	for _, u := range f.users {
		if u.status != deactivated {
			f.groups[0].members = append(f.groups[0].members, u.id)
		}
	}
	f.rules = []*fakeRule{{id: "0pr1", name: "engineering", status: active, groups: []string{"00g2"}}, {id: "0pr2", name: "old", status: "INACTIVE", groups: []string{"00g1"}}}
	f.apps = []*fakeApp{
		{id: "0oa1", label: "Salesforce", status: active, groups: []string{"00g1", "00g4"}, users: []fakeAssignment{
			{user: "00u1", group: "00g1", link: true}, {user: "00u2", group: "00g4"}, {user: "00u5"}}},
		{id: "0oa2", label: "Wiki", status: active, groups: []string{"00g0"}, users: []fakeAssignment{{user: "00u1", group: "00g0"}, {user: "00u8", group: "00g0", link: true}}},
		{id: "0oa3", label: "Wiki", status: active, users: []fakeAssignment{{user: "00u2"}}},
		{id: "0oa4", label: "Gone", status: "INACTIVE", users: []fakeAssignment{{user: "00u1"}}},
		{id: "0oa9", label: "corp.example AD", status: active, users: []fakeAssignment{{user: "00u1"}}},
	}
	f.tokens = []fakeToken{{"00T1", "00u1"}, {"00T2", "00ux"}}
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r.Method+" "+r.URL.RequestURI())
	f.serial++
	w.Header().Set("Date", f.now.Format(http.TimeFormat))
	w.Header().Set("X-Okta-Request-Id", fmt.Sprintf("req-%d", f.serial))
	w.Header().Set("Content-Type", "application/json")
	status := 0
	if f.fault != nil {
		status = f.fault(len(f.asked), r)
	}
	switch {
	case status == crowded:
		w.Header().Set("X-Rate-Limit-Limit", "0")
		w.Header().Set("X-Rate-Limit-Remaining", "0")
		f.refuse(w, 429, "E0000047", "API call exceeded rate limit due to too many requests.")
		return
	case status > 0:
		f.refuse(w, status, "E0000009", "Internal Server Error")
		return
	case !f.allow(w, r):
		return
	}
	out := httptest.NewRecorder()
	out.Header().Set("Content-Type", "application/json")
	f.serve(out, r)
	if r.Method != http.MethodGet && out.Code < 300 {
		f.changes = append(f.changes, r.Method+" "+r.URL.RequestURI())
	}
	if status == lost {
		conn, _, _ := w.(http.Hijacker).Hijack()
		conn.Close()
		return
	}
	for name, v := range out.Header() {
		w.Header()[name] = v
	}
	body := out.Body.Bytes()
	if status == cut {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		body = body[:len(body)/2]
	}
	w.WriteHeader(out.Code)
	w.Write(body)
}

// allow checks who is asking, and how often.
func (f *fake) allow(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path == "/oauth2/v1/token" || r.URL.Path == "/.well-known/okta-organization" {
		return true
	}
	want := "SSWS " + token
	if f.bearer != "" {
		want = "Bearer " + f.bearer
	}
	if r.Header.Get("Authorization") != want {
		f.refuse(w, http.StatusUnauthorized, "E0000011", "Invalid token provided")
		return false
	}
	if f.limit > 0 {
		if !f.now.Before(f.reset) {
			f.spent, f.reset = map[string]int{}, f.now.Truncate(time.Minute).Add(time.Minute)
		}
		bucket := strings.Join(strings.SplitN(r.URL.Path, "/", 5)[:4], "/")
		left := f.limit - f.spent[bucket]
		w.Header().Set("X-Rate-Limit-Limit", strconv.Itoa(f.limit))
		w.Header().Set("X-Rate-Limit-Remaining", strconv.Itoa(max(0, left-1)))
		w.Header().Set("X-Rate-Limit-Reset", strconv.FormatInt(f.reset.Unix(), 10))
		if left <= 0 {
			f.refused++
			f.refuse(w, 429, "E0000047", "API call exceeded rate limit due to too many requests.")
			return false
		}
		f.spent[bucket]++
	}
	for prefix := range f.forbidden {
		if strings.HasPrefix(r.URL.Path, prefix) {
			f.refuse(w, http.StatusForbidden, "E0000006", "You do not have permission to perform the requested action")
			return false
		}
	}
	return true
}

func (f *fake) refuse(w http.ResponseWriter, status int, code, why string, causes ...string) {
	var list []object
	for _, c := range causes {
		list = append(list, object{"errorSummary": c})
	}
	if list == nil {
		list = []object{}
	}
	b, _ := json.Marshal(object{"errorCode": code, "errorSummary": why, "errorLink": code, "errorId": "oae1", "errorCauses": list})
	w.WriteHeader(status)
	w.Write(b)
}

func (f *fake) missing(w http.ResponseWriter, what string) {
	f.refuse(w, http.StatusNotFound, "E0000007", "Not found: Resource not found: "+what)
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	p := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	for i := range p {
		p[i], _ = url.PathUnescape(p[i])
	}
	switch {
	case r.URL.Path == "/oauth2/v1/token":
		r.ParseForm()
		io.WriteString(w, f.onToken(r.PostForm))
	case r.URL.Path == "/.well-known/okta-organization":
		f.say(w, 200, object{"id": "00o1", "pipeline": "idx", "_links": object{"organization": object{"href": "https://corp.example"}}})
	case f.noRole && r.URL.Path != "/api/v1/users":
		f.refuse(w, http.StatusForbidden, "E0000006", "You do not have permission to perform the requested action")
	case len(p) == 3 && p[2] == "users":
		f.listUsers(w, r)
	case len(p) > 3 && p[2] == "users":
		f.user(w, r, p[3], p[4:])
	case len(p) > 2 && p[2] == "groups":
		f.group(w, r, p[3:])
	case len(p) > 2 && p[2] == "apps":
		f.app(w, r, p[3:])
	case r.URL.Path == "/api/v1/iam/assignees/users":
		f.assignees(w, r)
	case r.URL.Path == "/api/v1/api-tokens":
		var out []any
		for _, k := range f.tokens {
			out = append(out, object{"id": k.id, "name": "token " + k.id, "userId": k.user, "created": day1, "lastUpdated": day1,
				"expiresAt": "2026-12-01T08:00:00.000Z", "clientName": "Okta API", "network": object{"connection": "ANYWHERE"}})
		}
		f.say(w, 200, out)
	default:
		f.missing(w, r.URL.Path)
	}
}

// say answers with the last of what it is given.
func (f *fake) say(w http.ResponseWriter, status int, what ...any) {
	v := what[len(what)-1]
	if list, ok := v.([]any); ok && list == nil {
		v = []any{}
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	w.WriteHeader(status)
	w.Write(b)
}

// page answers with a page of a list, and the link to the next. Its cursors mean nothing to anybody else.
func (f *fake) page(w http.ResponseWriter, r *http.Request, n, otherwise int, item func(int) any) {
	q := r.URL.Query()
	size, err := strconv.Atoi(q.Get("limit"))
	if err != nil {
		size = otherwise
	}
	if f.most > 0 {
		size = min(size, f.most)
	}
	at, _ := strconv.Atoi(strings.TrimPrefix(q.Get("after"), "cursor+"))
	var out []any
	for i := at; i < min(at+size, n); i++ {
		out = append(out, item(i))
	}
	w.Header().Add("Link", fmt.Sprintf(`<%s>; rel="self"`, f.home(r)+r.URL.RequestURI()))
	if at+size < n {
		q.Set("after", fmt.Sprintf("cursor+%d", at+size))
		w.Header().Add("Link", fmt.Sprintf(`<%s%s?%s>; rel="next"`, f.home(r), r.URL.EscapedPath(), q.Encode()))
	}
	f.say(w, 200, out)
}

func (f *fake) home(r *http.Request) string {
	if f.base != "" {
		return f.base
	}
	return "http://" + r.Host
}

func (f *fake) find(id string) *fakeUser {
	if u := f.byID[id]; u != nil {
		return u
	}
	for _, u := range f.users {
		if u.id == id || u.login == id || id == "me" && u.login == "rollcall@corp.example" {
			return u
		}
	}
	return nil
}

func (f *fake) listUsers(w http.ResponseWriter, r *http.Request) {
	q, all := r.URL.Query(), f.users
	if q.Has("search") && f.index != nil {
		all = f.index
	}
	switch {
	case f.noRole:
		all = nil
	case q.Get("search") == "status pr":
	case q.Has("search") || q.Has("q"):
		f.refuse(w, 400, "E0000031", "Invalid search criteria.")
		return
	case q.Has("filter"):
		all = slices.DeleteFunc(slices.Clone(all), func(u *fakeUser) bool {
			return !strings.Contains(q.Get("filter"), fmt.Sprintf("status eq %q", u.status))
		})
	default:
		all = slices.DeleteFunc(slices.Clone(all), func(u *fakeUser) bool { return u.status == deactivated })
	}
	f.page(w, r, len(all), 200, func(i int) any { return all[i].json() })
}

func (u *fakeUser) json() any {
	profile := fmt.Sprintf(`"login":%q,"email":%q,"firstName":%q,"lastName":%q,"secondEmail":null,"mobilePhone":null`, u.login, u.login, u.first, u.last)
	if u.number != "" {
		profile += fmt.Sprintf(`,"employeeNumber":%q`, u.number)
	}
	if u.extra != "" {
		profile += "," + u.extra // the last of two is what counts
	}
	null := func(s string) string {
		if s == "" {
			return "null"
		}
		return strconv.Quote(s)
	}
	return json.RawMessage(fmt.Sprintf(`{"id":%q,"status":%q,"created":%q,"activated":%q,"statusChanged":%q,"lastLogin":%s,"lastUpdated":%q,"passwordChanged":null,`+
		`"transitioningToStatus":%s,"type":{"id":"oty1"},"profile":{%s},"credentials":{"provider":{"type":"OKTA","name":"OKTA"}},`+
		`"_links":{"self":{"href":"https://corp.example/api/v1/users/%s"}}}`, u.id, u.status, day1, day1, day1, null(u.lastLogin), day1, null(u.transit), profile, u.id))
}

func (f *fake) user(w http.ResponseWriter, r *http.Request, id string, rest []string) {
	u := f.find(id)
	if u == nil {
		f.missing(w, id+" (User)")
		return
	}
	switch what := r.Method + " " + strings.Join(rest, "/"); {
	case what == "GET ":
		f.say(w, 200, u.json())
	case what == "GET groups":
		var in []*fakeGroup
		for _, g := range f.groups {
			if slices.Contains(g.members, u.id) {
				in = append(in, g)
			}
		}
		f.page(w, r, len(in), 200, func(i int) any { return in[i].json() })
	case what == "GET factors":
		var out []any
		for i, is := range u.factors {
			kind, status, _ := strings.Cut(is, " ")
			provider := "OKTA"
			if kind == "webauthn" {
				provider = "FIDO"
			}
			out = append(out, object{"id": fmt.Sprintf("fac%d", i), "factorType": kind, "provider": provider, "vendorName": provider, "status": status, "created": day1, "lastUpdated": day1})
		}
		f.say(w, 200, out)
	case what == "POST lifecycle/suspend":
		f.turn(w, u, active, suspended)
	case what == "POST lifecycle/unsuspend":
		f.turn(w, u, suspended, active)
	case what == "POST lifecycle/deactivate":
		u.status = deactivated
		f.say(w, 200, object{})
	case what == "DELETE ":
		if u.status == deactivated {
			f.users = slices.DeleteFunc(f.users, func(o *fakeUser) bool { return o == u })
		}
		u.status = deactivated
		w.WriteHeader(http.StatusNoContent)
	case what == "DELETE sessions":
		u.sessions = 0
		if r.URL.Query().Get("oauthTokens") == "true" {
			u.oauth = 0
		}
		w.WriteHeader(http.StatusNoContent)
	case strings.HasPrefix(what+"/", r.Method+" roles/"):
		f.role(w, r, u, rest[1:])
	default:
		f.missing(w, r.URL.Path)
	}
}

// turn is a lifecycle operation, which only one status allows.
func (f *fake) turn(w http.ResponseWriter, u *fakeUser, from, into string) {
	if u.status != from {
		f.refuse(w, 400, "E0000001", "Api validation failed: "+u.id, "Cannot do this to a user that is "+u.status)
		return
	}
	u.status = into
	f.say(w, 200, object{})
}

func (r *fakeRole) json(assignee, kind string) any {
	o := object{"id": r.id, "type": r.kind, "label": r.label, "status": active, "created": day1, "lastUpdated": day1, "assignmentType": kind,
		"_links": object{"assignee": object{"href": "https://corp.example/api/v1/" + assignee}}}
	if r.kind == customRole {
		o["role"], o["resource-set"] = r.role, r.set
	}
	return o
}

func (f *fake) role(w http.ResponseWriter, r *http.Request, u *fakeUser, rest []string) {
	i := -1
	if len(rest) > 0 {
		i = slices.IndexFunc(u.roles, func(o *fakeRole) bool { return o.id == rest[0] })
	}
	what := r.Method + " " + strings.Join(rest[min(1, len(rest)):], "/")
	switch {
	case len(rest) == 0 && r.Method == http.MethodGet:
		var out []any
		for _, o := range u.roles {
			out = append(out, o.json("users/"+u.id, "USER"))
		}
		for _, g := range f.groups {
			for _, o := range g.roles {
				if slices.Contains(g.members, u.id) {
					out = append(out, o.json("groups/"+g.id, "GROUP"))
				}
			}
		}
		f.say(w, 200, out)
	case len(rest) == 0:
		f.assign(w, r, u)
	case i < 0:
		f.missing(w, rest[0]+" (RoleAssignment)")
	case what == "DELETE ":
		u.roles = slices.Delete(u.roles, i, i+1)
		w.WriteHeader(http.StatusNoContent)
	case what == "GET targets/groups":
		gs := u.roles[i].groups
		f.page(w, r, len(gs), 20, func(n int) any { return f.groupByID(gs[n]).json() })
	case what == "GET targets/catalog/apps":
		as := u.roles[i].apps
		f.page(w, r, len(as), 20, func(n int) any {
			name, id, one := strings.Cut(as[n], "/")
			o := object{"name": name, "displayName": name, "status": active}
			if one {
				o["id"] = id
			}
			return o
		})
	case strings.HasPrefix(what, "PUT targets/groups/"):
		u.roles[i].groups = append(u.roles[i].groups, rest[len(rest)-1])
		w.WriteHeader(http.StatusNoContent)
	case strings.HasPrefix(what, "PUT targets/catalog/apps/"):
		u.roles[i].apps = append(u.roles[i].apps, strings.TrimPrefix(what, "PUT targets/catalog/apps/"))
		w.WriteHeader(http.StatusNoContent)
	default:
		f.missing(w, what)
	}
}

func (f *fake) assign(w http.ResponseWriter, r *http.Request, u *fakeUser) {
	var q struct {
		Type, Role string
		Set        string `json:"resource-set"`
	}
	if json.NewDecoder(r.Body).Decode(&q) != nil || q.Type == "" || (q.Type == customRole) != (q.Role != "" && q.Set != "") {
		f.refuse(w, 400, "E0000001", "Api validation failed: type")
		return
	}
	for _, o := range u.roles {
		if o.kind == q.Type && o.role == q.Role && o.set == q.Set {
			f.refuse(w, 409, "E0000090", "The role specified is already assigned to the user.")
			return
		}
	}
	o := &fakeRole{id: fmt.Sprintf("ra-new-%d", f.serial), kind: q.Type, label: q.Type, role: q.Role, set: q.Set}
	if q.Type == customRole {
		o.label = "Help desk EMEA"
	}
	u.roles = append(u.roles, o)
	f.say(w, 201, o.json("users/"+u.id, "USER"))
}

func (f *fake) groupByID(id string) *fakeGroup {
	i := slices.IndexFunc(f.groups, func(g *fakeGroup) bool { return g.id == id })
	if i < 0 {
		return nil
	}
	return f.groups[i]
}

func (g *fakeGroup) json() any {
	profile := object{"name": g.name, "description": nil}
	delete(profile, "description")
	links := object{"self": object{"href": "https://corp.example/api/v1/groups/" + g.id}}
	if g.qualified != "" {
		profile["windowsDomainQualifiedName"] = g.qualified
	}
	if g.source != "" {
		links["source"] = object{"href": "https://corp.example/api/v1/apps/" + g.source}
	}
	return object{"id": g.id, "type": g.kind, "created": day1, "lastUpdated": day1, "lastMembershipUpdated": day1, "objectClass": []string{"okta:user_group"}, "profile": profile, "_links": links}
}

func (f *fake) group(w http.ResponseWriter, r *http.Request, rest []string) {
	switch {
	case len(rest) == 0:
		f.page(w, r, len(f.groups), 10000, func(i int) any { return f.groups[i].json() })
		return
	case rest[0] == "rules":
		f.page(w, r, len(f.rules), 50, func(i int) any {
			o := f.rules[i]
			return object{"id": o.id, "type": "group_rule", "name": o.name, "status": o.status, "created": day1, "lastUpdated": day1,
				"actions": object{"assignUserToGroups": object{"groupIds": o.groups}}}
		})
		return
	}
	g := f.groupByID(rest[0])
	what := r.Method + " " + strings.Join(rest[1:], "/")
	switch {
	case g == nil:
		f.missing(w, rest[0]+" (UserGroup)")
	case what == "GET ":
		f.say(w, 200, g.json())
	case what == "GET roles":
		var out []any
		for _, o := range g.roles {
			out = append(out, o.json("groups/"+g.id, "GROUP"))
		}
		f.say(w, 200, out)
	case what == "GET users" && g.kind == builtIn && g.name != "Everyone":
		f.refuse(w, 400, "E0000001", "Api validation failed: this group does not support it")
	case what == "GET users":
		f.page(w, r, len(g.members), 1000, func(i int) any { return f.find(g.members[i]).json() })
	case len(rest) == 3 && rest[1] == "users":
		f.join(w, r, g, rest[2])
	default:
		f.missing(w, what)
	}
}

func (f *fake) join(w http.ResponseWriter, r *http.Request, g *fakeGroup, user string) {
	switch u := f.find(user); {
	case u == nil:
		f.missing(w, user+" (User)")
	case g.kind != "OKTA_GROUP":
		f.refuse(w, 403, "E0000038", "This operation is not allowed in the user's current status.", "Cannot modify the "+g.kind+" group")
	default:
		g.members = slices.DeleteFunc(g.members, func(id string) bool { return id == u.id })
		if r.Method == http.MethodPut {
			g.members = append(g.members, u.id)
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

func (a *fakeApp) json() object {
	return object{"id": a.id, "name": "bookmark", "label": a.label, "status": a.status, "created": day1, "lastUpdated": day1, "signOnMode": "BOOKMARK"}
}

func (u fakeAssignment) json(app string) object {
	links := object{"app": object{"href": "https://corp.example/api/v1/apps/" + app}, "user": object{"href": "https://corp.example/api/v1/users/" + u.user}}
	o := object{"id": u.user, "scope": "USER", "status": active, "created": day1, "lastUpdated": day1, "statusChanged": day1, "syncState": "DISABLED", "_links": links}
	if u.group != "" {
		o["scope"] = "GROUP"
	}
	if u.link {
		links["group"] = object{"href": "https://corp.example/api/v1/groups/" + u.group, "name": "a group"}
	}
	return o
}

func (f *fake) app(w http.ResponseWriter, r *http.Request, rest []string) {
	if len(rest) == 0 {
		f.listApps(w, r)
		return
	}
	i := slices.IndexFunc(f.apps, func(a *fakeApp) bool { return a.id == rest[0] })
	what := strings.Join(rest[1:], "/")
	switch {
	case i < 0:
		f.missing(w, rest[0]+" (AppInstance)")
	case what == "users":
		a, has := f.apps[i], f.assigned(f.apps[i])
		f.page(w, r, len(has), 50, func(n int) any { return has[n].json(a.id) })
	case what == "groups":
		a := f.apps[i]
		f.page(w, r, len(a.groups), 20, func(n int) any { // not in the order of their priority
			n = len(a.groups) - 1 - n
			return object{"id": a.groups[n], "priority": n, "lastUpdated": day1, "profile": object{}}
		})
	default:
		f.missing(w, what)
	}
}

// assigned are the users of an app: those of a group while they are in it.
func (f *fake) assigned(a *fakeApp) []fakeAssignment {
	if len(a.groups) == 0 {
		return a.users
	}
	return slices.DeleteFunc(slices.Clone(a.users), func(u fakeAssignment) bool {
		return u.group != "" && !slices.Contains(f.groupByID(u.group).members, u.user)
	})
}

func (f *fake) listApps(w http.ResponseWriter, r *http.Request) {
	id, by := strings.CutPrefix(r.URL.Query().Get("filter"), `user.id eq "`)
	id = strings.TrimSuffix(id, `"`)
	var out []object
	for _, a := range f.apps {
		has := f.assigned(a)
		i := slices.IndexFunc(has, func(u fakeAssignment) bool { return u.user == id })
		switch o := a.json(); {
		case !by:
			out = append(out, o)
		case i >= 0 && r.URL.Query().Get("expand") == "user/"+id:
			o["_embedded"] = object{"user": has[i].json(a.id)}
			out = append(out, o)
		case i >= 0:
			out = append(out, o)
		}
	}
	f.page(w, r, len(out), 20, func(n int) any { return out[n] })
}

func (f *fake) assignees(w http.ResponseWriter, r *http.Request) {
	var who []string
	for _, u := range f.users {
		if len(u.roles) > 0 {
			who = append(who, u.id)
		}
	}
	size, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	if f.most > 0 {
		size = min(size, f.most)
	}
	at := max(0, slices.Index(who, r.URL.Query().Get("after"))+1)
	end := min(at+size, len(who))
	links, out := object{}, []any{}
	for _, id := range who[at:end] {
		out = append(out, object{"id": id, "orn": "orn:okta:directory:00o1:users:" + id,
			"_links": object{"self": object{"href": "https://corp.example/api/v1/users/" + id}, "roles": object{"href": "https://corp.example/api/v1/users/" + id + "/roles"}}})
	}
	if end < len(who) {
		links["next"] = object{"href": fmt.Sprintf("%s/api/v1/iam/assignees/users?after=%s&limit=%d", f.home(r), who[end-1], size)}
	}
	f.say(w, 200, object{"value": out, "_links": links})
}

// start serves the org until the test ends.
func (f *fake) start(t testing.TB) string {
	t.Helper()
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	return srv.URL
}

// open starts the org and opens the app that reads it. Nothing waits: the org's clock moves on instead.
func (f *fake) open(t testing.TB, c AppConfig) *App {
	t.Helper()
	return f.openAt(t, f.start(t), c)
}

func (f *fake) openAt(t testing.TB, base string, c AppConfig) *App {
	t.Helper()
	return f.openBy(t, base, c, http.DefaultClient)
}

func (f *fake) openBy(t testing.TB, base string, c AppConfig, h *http.Client) *App {
	t.Helper()
	c.URL = base
	if c.ClientID == "" {
		c.Token = "env:OKTA"
	}
	app, err := c.open(testEnv(h), f.settings())
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func (f *fake) settings() httpx.Settings {
	return httpx.Settings{
		Sleep: func(ctx context.Context, d time.Duration) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.now = f.now.Add(d)
			return ctx.Err()
		},
		Now: func() time.Time {
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.now
		},
		Jitter: func() float64 { return 0 },
	}
}

func testEnv(h *http.Client) connectors.Env {
	return connectors.Env{HTTP: h, Zone: time.UTC, Secret: func(ref string) (string, error) {
		switch ref {
		case "env:OKTA":
			return token, nil
		case "env:KEY":
			return testKeyPEM(), nil
		}
		return "", errors.New("a literal secret is refused; refer to it as env:NAME")
	}}
}

// did is all that was changed, since the last look.
func (f *fake) did() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.changes
	f.changes, f.asked = nil, nil
	return out
}

// look looks at the org.
func (f *fake) look(at func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at()
}
