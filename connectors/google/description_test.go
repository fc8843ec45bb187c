package google

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// description is Google's own description of the Directory API (a discovery document). It judges every request of the
// connector and every answer of the fake: a path, parameter, field or type that is not in it fails the test, and a token
// without one of the scopes that it wants for a method is refused.
type description struct {
	Parameters map[string]schema
	Resources  map[string]struct{ Methods map[string]method }
	Schemas    map[string]schema
}

type method struct {
	ID, HTTPMethod, Path string
	Parameters           map[string]schema
	Request, Response    *schema
	Scopes               []string
}

type schema struct {
	Ref        string `json:"$ref"`
	Type       string
	Format     string
	Location   string
	ReadOnly   bool
	Enum       []string
	Minimum    string
	Maximum    string
	Items      *schema
	Properties map[string]schema
	Additional *schema `json:"additionalProperties"`
}

// readDescription reads it once; nobody changes it.
var readDescription = sync.OnceValue(func() *description {
	b, err := os.ReadFile("testdata/directory.json")
	if err != nil {
		panic(err)
	}
	d := new(description)
	if err := json.Unmarshal(b, d); err != nil {
		panic(err)
	}
	return d
})

// find is the method that a request is for, and the values in its path.
func (d *description) find(r *http.Request) (method, map[string]string, bool) {
	parts := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	for _, res := range d.Resources {
	next:
		for _, m := range res.Methods {
			want := strings.Split(m.Path, "/")
			if m.HTTPMethod != r.Method || len(want) != len(parts) {
				continue
			}
			vars := map[string]string{}
			for i, w := range want {
				switch name, isVar := strings.CutPrefix(w, "{"); {
				case isVar:
					vars[strings.TrimSuffix(name, "}")], _ = url.PathUnescape(parts[i])
				case w != parts[i]:
					continue next
				}
			}
			return m, vars, true
		}
	}
	return method{}, nil, false
}

// query says what is wrong with the parameters of a request.
func (d *description) query(m method, q url.Values) []string {
	var wrong []string
	for name, values := range q {
		p, ok := m.Parameters[name]
		if !ok || p.Location != "query" {
			if p, ok = d.Parameters[name]; !ok {
				wrong = append(wrong, fmt.Sprintf("%s has no parameter %q", m.ID, name))
				continue
			}
		}
		v := values[0]
		if len(p.Enum) > 0 && !slices.Contains(p.Enum, v) {
			wrong = append(wrong, fmt.Sprintf("%s: %s=%s is none of %v", m.ID, name, v, p.Enum))
		}
		if p.Type == "integer" {
			n, err := strconv.Atoi(v)
			least, most := limit(p.Minimum, -1<<31), limit(p.Maximum, 1<<31-1)
			if err != nil || n < least || n > most {
				wrong = append(wrong, fmt.Sprintf("%s: %s=%s is not between %d and %d", m.ID, name, v, least, most))
			}
		}
	}
	if fields := q.Get("fields"); fields != "" && m.Response != nil {
		wrong = append(wrong, d.mask(m.ID, *m.Response, parseMask(fields))...)
	}
	return wrong
}

func limit(s string, otherwise int) int {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	return otherwise
}

func (d *description) resolve(s schema) schema {
	for s.Ref != "" {
		s = d.Schemas[s.Ref]
	}
	return s
}

// mask says which fields are asked for that are none.
func (d *description) mask(at string, s schema, m fieldMask) []string {
	s = d.resolve(s)
	if s.Items != nil {
		s = d.resolve(*s.Items)
	}
	var wrong []string
	for name, below := range m {
		p, ok := s.Properties[name]
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s: there is no field %q to ask for", at, name))
		} else if len(below) > 0 {
			wrong = append(wrong, d.mask(at+"."+name, p, below)...)
		}
	}
	return wrong
}

// value says what is wrong with a value of JSON. A request may not set what is read only.
func (d *description) value(at string, s schema, v any, request bool) []string {
	s = d.resolve(s)
	bad := func() []string { return []string{fmt.Sprintf("%s: %v is no %s %s", at, v, s.Format, s.Type)} }
	var wrong []string
	switch s.Type {
	case "object":
		o, ok := v.(map[string]any)
		if !ok {
			return bad()
		}
		for name, v := range o {
			p, known := s.Properties[name]
			switch {
			case known && p.ReadOnly && request:
				wrong = append(wrong, fmt.Sprintf("%s.%s is read only", at, name))
			case known:
				wrong = append(wrong, d.value(at+"."+name, p, v, request)...)
			case s.Additional == nil:
				wrong = append(wrong, fmt.Sprintf("%s has no field %q", at, name))
			}
		}
	case "array":
		list, ok := v.([]any)
		if !ok {
			return bad()
		}
		for _, v := range list {
			wrong = append(wrong, d.value(at+"[]", *s.Items, v, request)...)
		}
	case "string":
		text, ok := v.(string)
		if _, err := strconv.ParseInt(text, 10, 64); !ok || s.Format == "int64" && err != nil {
			return bad()
		}
	case "integer":
		if n, ok := v.(float64); !ok || n != float64(int64(n)) {
			return bad()
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			return bad()
		}
	}
	return wrong
}

// fieldMask is what the parameter fields asks for: "users(id,name(fullName)),nextPageToken".
type fieldMask map[string]fieldMask

func parseMask(s string) fieldMask {
	m, _ := parseFields(s)
	return m
}

func parseFields(s string) (fieldMask, string) {
	m := fieldMask{}
	for {
		i := strings.IndexAny(s, ",()")
		if i < 0 {
			i = len(s)
		}
		name, rest := s[:i], s[i:]
		var below fieldMask
		if strings.HasPrefix(rest, "(") {
			below, rest = parseFields(rest[1:])
			rest = strings.TrimPrefix(rest, ")")
		}
		if name != "" {
			m[name] = below
		}
		if !strings.HasPrefix(rest, ",") {
			return m, rest
		}
		s = rest[1:]
	}
}

// apply leaves of a value what is asked for.
func (m fieldMask) apply(v any) any {
	if len(m) == 0 {
		return v
	}
	switch v := v.(type) {
	case object:
		out := object{}
		for name, below := range m {
			if sub, ok := v[name]; ok {
				out[name] = below.apply(sub)
			}
		}
		return out
	case []object:
		out := make([]any, len(v))
		for i := range v {
			out[i] = m.apply(v[i])
		}
		return out
	}
	return v
}

type object = map[string]any

func TestTheDescriptionBites(t *testing.T) {
	d := readDescription()
	get := func(path string) *http.Request { r, _ := http.NewRequest("GET", "http://x"+path, nil); return r }
	m, vars, ok := d.find(get("/admin/directory/v1/users/a%2Fb"))
	if !ok || m.ID != "directory.users.get" || vars["userKey"] != "a/b" {
		t.Fatal(m.ID, vars, ok)
	}
	if _, _, ok := d.find(get("/admin/directory/v2/users")); ok {
		t.Error("a path that is none was found")
	}
	list, _, _ := d.find(get("/admin/directory/v1/users"))
	for _, q := range []url.Values{{"max": {"1"}}, {"maxResults": {"501"}}, {"orderBy": {"age"}}, {"fields": {"users(id,mail)"}}} {
		if len(d.query(list, q)) != 1 {
			t.Errorf("%v passes", q)
		}
	}
	if wrong := d.query(list, url.Values{"maxResults": {"500"}, "fields": {"nextPageToken,users(id,name(fullName))"}}); len(wrong) > 0 {
		t.Error(wrong)
	}
	for _, v := range []any{object{"isAdmin": true}, object{"mail": "x"}, object{"suspended": "true"}, object{"aliases": []any{1.0}}, "x"} {
		if len(d.value("user", schema{Ref: "User"}, v, true)) != 1 {
			t.Errorf("%v passes", v)
		}
	}
	if wrong := d.value("asp", schema{Ref: "Asp"}, object{"codeId": 1.0, "creationTime": "12"}, false); len(wrong) > 0 {
		t.Error(wrong)
	}
	if wrong := d.value("asp", schema{Ref: "Asp"}, object{"codeId": 1.5, "creationTime": "soon"}, false); len(wrong) != 2 {
		t.Error(wrong)
	}
}
