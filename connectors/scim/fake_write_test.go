package scim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// writing is how a fake is written to. The zero value has PATCH, as the standard wants it to the letter, and answers 204.
type writing struct {
	noPatch  int    // the status for PATCH; 0: it has one
	etags    bool   // it gives versions, and heeds If-Match
	body     bool   // it answers 200 and the resource
	text     bool   // active is "True" or "False", and nothing else is taken
	capitals bool   // op is "Remove", and nothing else is taken
	byValue  bool   // members are removed by value, and not otherwise
	says     string // the body it answers with instead

	// fault is asked before a change: a status above 0 is answered instead of it, lost closes the connection after it.
	fault func(n int, f *fake) int
	// harm is done together with a change.
	harm func(f *fake)

	log     []string // the changes asked for, faults and all
	ifMatch []string
	version int
}

const lost = -1

type resourceMap = map[string]any

// find finds a resource where it stands.
func (f *fake) find(kind, id string) (*string, bool) {
	all := map[string][]string{"Users": f.users, "Groups": f.groups}[kind]
	for i := range all {
		if strings.Contains(all[i], fmt.Sprintf(`"id":%q`, id)) {
			return &all[i], true
		}
	}
	return nil, false
}

// etag is the version of everything: any change makes a new one.
func (f *fake) etag() string { return fmt.Sprintf(`W/"%d"`, f.w.version) }

func (f *fake) write(w http.ResponseWriter, r *http.Request, kind, id string) {
	body, _ := io.ReadAll(r.Body)
	f.w.log = append(f.w.log, fmt.Sprintf("%s %s %s", r.Method, strings.TrimPrefix(r.URL.EscapedPath(), "/v2"), body))
	f.w.ifMatch = append(f.w.ifMatch, r.Header.Get("If-Match"))
	w.Header().Set("X-Request-Id", fmt.Sprintf("req-%d", len(f.w.log)))
	status := 0
	if f.w.fault != nil {
		status = f.w.fault(len(f.w.log), f)
	}
	res, there := f.find(kind, id)
	switch {
	case status > 0:
	case r.Method == http.MethodPatch && f.w.noPatch != 0:
		status = f.w.noPatch
	case r.Header.Get("Content-Type") != contentType:
		status = http.StatusUnsupportedMediaType
	case !there:
		status = http.StatusNotFound
	case f.w.etags && r.Header.Get("If-Match") != f.etag():
		status = http.StatusPreconditionFailed
	}
	if status > 0 {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"status":"%d","detail":"no"}`, status)
		return
	}
	if why := f.apply(r.Method, res, body); why != "" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"status":"400","scimType":"invalidValue","detail":%q}`, why)
		return
	}
	f.answer(w, status, *res)
}

func (f *fake) answer(w http.ResponseWriter, status int, res string) {
	f.w.version++
	if f.w.harm != nil {
		f.w.harm(f)
	}
	switch {
	case status == lost:
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			conn.Close()
		}
	case f.w.says != "":
		io.WriteString(w, f.w.says)
	case f.w.body:
		io.WriteString(w, res)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// apply makes one change, or says why not.
func (f *fake) apply(method string, res *string, body []byte) (why string) {
	if method == http.MethodPut {
		*res = string(body)
		return ""
	}
	var p struct {
		Schemas    []string
		Operations []struct {
			Op, Path string
			Value    json.RawMessage
		}
	}
	if err := json.Unmarshal(body, &p); err != nil || len(p.Operations) != 1 || fmt.Sprint(p.Schemas) != "[urn:ietf:params:scim:api:messages:2.0:PatchOp]" {
		return "not a PatchOp with one operation"
	}
	var m resourceMap
	if err := json.Unmarshal([]byte(*res), &m); err != nil {
		return err.Error()
	}
	op := p.Operations[0]
	if f.w.capitals {
		op.Op = strings.TrimPrefix(strings.ToLower(op.Op[:1]), op.Op[:1]) + op.Op[1:] // a small letter is lost
	}
	if why := f.operate(m, op.Op, op.Path, op.Value); why != "" {
		return why
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err.Error()
	}
	*res = string(b)
	return ""
}

var oneMember = regexp.MustCompile(`^members\[value eq (".*")\]$`)

func (f *fake) operate(m resourceMap, op, path string, value json.RawMessage) (why string) {
	members, _ := m["members"].([]any)
	is := func(id string) func(any) bool { return func(v any) bool { return memberID(v) == id } }
	filter := oneMember.FindStringSubmatch(path)
	switch {
	case op == "replace" && path == "active":
		return f.activate(m, value)
	case op == "add" && path == "members":
		var add []any
		if json.Unmarshal(value, &add) != nil || len(add) != 1 {
			return "one member is wanted"
		}
		if !slices.ContainsFunc(members, is(memberID(add[0]))) {
			m["members"] = append(members, add[0])
		}
	case op == "remove" && path == "members" && f.w.byValue:
		var gone []any
		if json.Unmarshal(value, &gone) != nil || len(gone) != 1 {
			return "one member is wanted"
		}
		m["members"] = slices.DeleteFunc(members, is(memberID(gone[0])))
	case op == "remove" && path == "members":
		delete(m, "members") // RFC 7644 §3.5.2.2: all of them
	case op == "remove" && filter != nil && !f.w.byValue:
		var id string
		if json.Unmarshal([]byte(filter[1]), &id) != nil {
			return "the filter's value is no string"
		}
		if !slices.ContainsFunc(members, is(id)) {
			return "noTarget"
		}
		m["members"] = slices.DeleteFunc(members, is(id))
	default:
		return fmt.Sprintf("%q of %q is not known", op, path)
	}
	return ""
}

func memberID(v any) string {
	o, _ := v.(map[string]any)
	id, _ := o["value"].(string)
	return id
}

func (f *fake) activate(m resourceMap, value json.RawMessage) (why string) {
	want := []string{`true`, `false`}
	if f.w.text {
		want = []string{`"True"`, `"False"`}
	}
	if !slices.Contains(want, string(value)) {
		return "active must be one of " + strings.Join(want, ", ")
	}
	m["active"] = value
	return ""
}

// smallCompany is a fake with four users, in groups of which one is within another.
func smallCompany() *fake {
	return &fake{
		users: []string{
			`{"id":"u1","userName":"ada","active":true,"roles":[{"value":"admin"}],"x":{"deep":[1.50,"é\u00e9"]}}`,
			`{"id":"u2","userName":"bo","active":true}`,
			`{"id":"u3","userName":"cy","active":false}`,
			`{"id":"u\"4\\","userName":"di","active":true}`,
		},
		groups: []string{
			`{"id":"g1","displayName":"All","members":[{"value":"g2","type":"Group"}]}`,
			`{"id":"g2","displayName":"Staff","members":[{"value":"u1"},{"value":"u2"},{"value":"u3"},{"value":"u\"4\\"}]}`,
			`{"id":"g/3","displayName":"Payroll","members":[{"value":"u1"}]}`,
		},
	}
}

// members are those of a group, in order.
func (f *fake) members(t *testing.T, group string) string {
	t.Helper()
	serving.Lock()
	defer serving.Unlock()
	res, ok := f.find("Groups", group)
	if !ok {
		return "no group"
	}
	var g struct{ Members []any }
	if err := json.Unmarshal([]byte(*res), &g); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range g.Members {
		ids = append(ids, memberID(m))
	}
	return strings.Join(ids, " ")
}

// sent is how many changes were asked for.
func (f *fake) sent() int {
	serving.Lock()
	defer serving.Unlock()
	return len(f.w.log)
}

// active is the user's active as the service has it.
func (f *fake) active(id string) string {
	serving.Lock()
	defer serving.Unlock()
	res, ok := f.find("Users", id)
	if !ok {
		return "no user"
	}
	var u struct{ Active json.RawMessage }
	if json.Unmarshal([]byte(*res), &u) != nil {
		return "not JSON"
	}
	return string(u.Active)
}
