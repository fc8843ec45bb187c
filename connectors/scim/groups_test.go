package scim

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// held writes each user's entitlements as "u1: A, B<A"; the second is held through the first.
func held(rows []connectors.Account) string {
	var out []string
	for _, a := range rows {
		var ents []string
		for _, e := range a.Entitlements {
			s := string(e.ID)
			if e.Inherited != "" {
				s += "<" + string(e.Inherited)
			}
			ents = append(ents, s)
		}
		out = append(out, string(a.ID)+": "+strings.Join(ents, ", "))
	}
	return strings.Join(out, "; ")
}

func TestGroupsBecomeEntitlements(t *testing.T) {
	for _, c := range []struct {
		name   string
		groups []string
		want   string // of the users u1 and u2
		note   string
	}{
		{"members", []string{
			`{"id":"g1","displayName":"Payroll","members":[{"value":"u1","type":"User"},{"value":"u2"}]}`,
			`{"id":"g2","displayName":"Admins","members":["u1"]}`}, "u1: Admins, Payroll; u2: Payroll", ""},
		{"a member by reference", []string{
			`{"id":"g1","displayName":"Payroll","members":[{"$ref":"https://x.example/v2/Users/u2"}]}`}, "u1: ; u2: Payroll", ""},
		{"twice in one group", []string{
			`{"id":"g1","displayName":"Payroll","members":[{"value":"u1"},{"value":"u1"}]}`}, "u1: Payroll; u2: ", ""},
		{"nested", []string{
			`{"id":"g1","displayName":"All","members":[{"value":"g2","type":"Group"}]}`,
			`{"id":"g2","displayName":"Staff","members":[{"value":"g3"},{"value":"u2"}]}`,
			`{"id":"g3","displayName":"Payroll","members":[{"value":"u1"}]}`},
			"u1: Payroll, All<Payroll, Staff<Payroll; u2: Staff, All<Staff", ""},
		{"held both ways is held directly", []string{
			`{"id":"g1","displayName":"All","members":[{"value":"g2"},{"value":"u1"}]}`,
			`{"id":"g2","displayName":"Staff","members":[{"value":"u1"}]}`}, "u1: All, Staff; u2: ", ""},
		{"in a circle", []string{
			`{"id":"g1","displayName":"A","members":[{"value":"g2"},{"value":"u1"}]}`,
			`{"id":"g2","displayName":"B","members":[{"value":"g3"},{"value":"g2"}]}`,
			`{"id":"g3","displayName":"C","members":[{"value":"g1"}]}`}, "u1: A, B<A, C<A; u2: ", ""},
		{"two of one name", []string{
			`{"id":"g1","displayName":"Team","members":[{"value":"u1"}]}`,
			`{"id":"g2","displayName":"Team","members":[{"value":"u2"}]}`}, "u1: Team [g1]; u2: Team [g2]", ""},
		{"named like a role, or not at all", []string{
			`{"id":"g1","displayName":"role:admin","members":[{"value":"u1"}]}`,
			`{"id":"g2","members":[{"value":"u1"}]}`}, "u1: g2, role:admin [g1]; u2: ", ""},
		{"a nested group that is not listed", []string{
			`{"id":"g1","displayName":"All","members":[{"value":"gone","type":"Group"},{"value":"u1"}]}`},
			"u1: All; u2: ", "1 groups that are members of others are not in the list"},
		{"a member that is not listed", []string{
			`{"id":"g1","displayName":"All","members":[{"value":"local"},{"value":"u1"}]}`},
			"u1: All; u2: ", "1 members of groups are not among the users listed"},
		{"no members anywhere", []string{
			`{"id":"g1","displayName":"All"}`, `{"id":"g2","displayName":"Staff","members":[]}`},
			"u1: ; u2: ", "not one of the groups names a member"},
		{"none", nil, "u1: ; u2: ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, groups := range [][]string{c.groups, reversed(c.groups)} {
				f := &fake{users: made(2), groups: groups, list: indexed(2)}
				rows, tr, err := connectortest.Accounts(t.Context(), f.open(t, AppConfig{}))
				if err != nil || held(rows) != c.want {
					t.Errorf("got %s and error %v; want %s", held(rows), err, c.want)
				}
				if !tr.Ended(connectors.Groups, connectors.Accounts) || !strings.Contains(notes(tr), c.note) {
					t.Errorf("ended %v; notes: %s", tr.Ends, notes(tr))
				}
			}
		})
	}
}

func reversed(in []string) []string {
	out := slices.Clone(in)
	slices.Reverse(out)
	return out
}

// A list that leaves the members out is completed group by group.
func TestMembersLeftOutOfTheList(t *testing.T) {
	full := []string{`{"id":"g/1","displayName":"Payroll","members":[{"value":"u1"}]}`, `{"id":"g2","displayName":"Staff","members":[{"value":"u2"}]}`}
	f := &fake{users: made(2), groups: full, list: func(all []string, q url.Values) string {
		short := slices.Clone(all)
		for i, s := range short {
			if head, _, ok := strings.Cut(s, `,"members"`); ok {
				short[i] = head + "}"
			}
		}
		return indexed(1)(short, q)
	}}
	rows, _, err := connectortest.Accounts(t.Context(), f.open(t, AppConfig{}))
	if err != nil || held(rows) != "u1: Payroll; u2: Staff" {
		t.Errorf("got %s and error %v", held(rows), err)
	}
	if !slices.Contains(f.asked, "/v2/Groups/g%2F1") {
		t.Errorf("asked %q", f.asked)
	}
}

// Groups that cannot be read whole end the pull before any account is yielded with too few entitlements.
func TestGroupsFailClosed(t *testing.T) {
	for name, f := range map[string]*fake{
		"no id":            {groups: []string{`{"displayName":"A","members":[]}`}},
		"no object":        {groups: []string{`"A"`}},
		"nameless member":  {groups: []string{`{"id":"g1","members":[{"display":"Bo"}]}`}},
		"unclear members":  {groups: []string{`{"id":"g1","members":[7]}`}},
		"fewer than told":  {list: func([]string, url.Values) string { return `{"totalResults":3,"Resources":[]}` }},
		"group not found":  {groups: []string{`{"id":"g1"}`}, change: func(n int, path string, f *fake) { f.groups = unless(path == "/v2/Groups/g1", f.groups) }},
		"another answered": {groups: []string{`{"id":"g1"}`}, change: func(n int, path string, f *fake) { f.groups = answerOther(path, f.groups) }},
	} {
		t.Run(name, func(t *testing.T) {
			f.users = made(3)
			rows, tr, err := connectortest.Accounts(t.Context(), f.open(t, AppConfig{}))
			if err == nil || len(rows) > 0 || len(tr.Ends) > 1 || tr.Ended(connectors.Accounts) {
				t.Errorf("got %d accounts, ended %v, error %v", len(rows), tr.Ends, err)
			}
		})
	}
}

func unless(gone bool, groups []string) []string {
	if gone {
		return nil
	}
	return groups
}

// answerOther makes /Groups/g1 lead to a body with another id, as a server behind a broken cache would.
func answerOther(path string, groups []string) []string {
	if path == "/v2/Groups/g1" {
		return []string{`{"id":"g1","ID":"g2","members":[]}`}
	}
	return groups
}

func TestServerWithoutGroupsIsAnError(t *testing.T) {
	f := &fake{users: made(2), list: func([]string, url.Values) string { return `{"scimType":"invalidPath","detail":"no groups"}` }}
	_, _, err := connectortest.Accounts(t.Context(), f.open(t, AppConfig{}))
	if err == nil || !strings.Contains(err.Error(), "set groups = false") {
		t.Errorf("got %v", err)
	}
}

func TestVendorWithoutMembers(t *testing.T) {
	f := &fake{users: made(2), groups: []string{`{"id":"g1","displayName":"A"}`}}
	app := f.open(t, AppConfig{Vendor: "aws"})
	rows, tr, err := connectortest.Accounts(t.Context(), app)
	if err != nil || len(rows) != 2 || !strings.Contains(notes(tr), "who is in a group") {
		t.Errorf("got %d accounts, error %v, notes %s", len(rows), err, notes(tr))
	}
	if got := fmt.Sprint(app.Info().Collections, app.Info().Parameters); got != "[accounts]groups are not read" {
		t.Errorf("Info says %s", got)
	}
	yes := true
	f = &fake{users: made(2), groups: []string{`{"id":"g1","displayName":"A","members":[{"value":"u2"}]}`}}
	rows, _, err = connectortest.Accounts(t.Context(), f.open(t, AppConfig{Vendor: "aws", Groups: &yes}))
	if err != nil || held(rows) != "u1: ; u2: A" {
		t.Errorf("asked to read groups all the same: %s, %v", held(rows), err)
	}
}

func TestFreshRead(t *testing.T) {
	f := &fake{users: append(made(2), `{"id":"a/b c","userName":"odd"}`), groups: []string{
		`{"id":"g1","displayName":"All","members":[{"value":"g2"}]}`, `{"id":"g2","displayName":"Staff","members":[{"value":"a/b c"}]}`}}
	app := f.open(t, AppConfig{})
	acc, err := app.Account(t.Context(), "a/b c")
	if err != nil || held([]connectors.Account{acc}) != "a/b c: Staff, All<Staff" || !strings.HasSuffix(acc.From.Source, "/v2/Users/a%2Fb%20c") {
		t.Errorf("got %+v, %v", acc, err)
	}
	if _, err := app.Account(t.Context(), "u9"); !errors.Is(err, connectors.ErrNotFound) {
		t.Errorf("an account that is not there: %v", err)
	}
	if _, err := app.Account(t.Context(), ""); err == nil {
		t.Error("an empty id was read")
	}
	f.users[0] = `{"id":"u1","ID":"u2"}`
	if _, err := app.Account(t.Context(), "u1"); err == nil {
		t.Error("another account was taken for the one asked for")
	}
}
