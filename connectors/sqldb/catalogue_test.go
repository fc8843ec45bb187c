package sqldb

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
)

// Which account lets a session in, as MySQL's manual has it.
func TestSessionsBelongToTheMostSpecificAccount(t *testing.T) {
	c := &catalogue{roles: map[string]*role{}}
	for _, key := range []string{"ada@%", "ada@192.0.2.7", "ada@192.0.2.%", "ada@198.51.100.0/255.255.255.0", "ada@localhost", "ada@%.example.com", "ada@", "@localhost", "bea@10.%", "cem@%",
		"dan@203.0.113.0/24", "eva@2001:db8::1"} {
		at := strings.LastIndexByte(key, '@')
		c.doors = append(c.doors, &login{role: &role{key: key}, id: connectors.AccountID(key), user: key[:at], host: key[at+1:]})
	}
	for _, x := range []struct{ user, from, want string }{
		{"ada", "192.0.2.7:50412", "ada@192.0.2.7"},
		{"ada", "192.0.2.8:50412", "ada@192.0.2.%"},
		{"ada", "198.51.100.9:1", "ada@198.51.100.0/255.255.255.0"},
		{"ada", "203.0.113.1:1", "ada@%"},
		{"ada", "localhost", "ada@localhost"},
		{"cem", "localhost", "@localhost"}, // the nameless account of this very host comes before 'cem'@'%'
		{"cem", "192.0.2.1:1", "cem@%"},
		{"bea", "10.1.2.3:1", "bea@10.%"},
		{"dan", "203.0.113.200:1", "dan@203.0.113.0/24"},
		{"eva", "2001:db8::1:50000", "eva@2001:db8::1"},
		{"bea", "192.0.2.1:1", ""},            // nobody
		{"bea", "host.example.com:50412", ""}, // its address is not told
	} {
		got, err := c.letIn(x.user, x.from)
		if got != x.want || (err != nil) != (x.want == "") {
			t.Errorf("%s from %s: %q, %v; want %q", x.user, x.from, got, err, x.want)
		}
	}
}

func TestHostPatterns(t *testing.T) {
	for _, x := range []struct {
		pattern, host string
		want          bool
	}{
		{"%", "", true}, {"%", "a", true}, {"", "", true}, {"", "a", false}, {"a", "a", true}, {"a", "ab", false}, {"a%", "abc", true}, {"%c", "abc", true}, {"%b%", "abc", true},
		{"a_c", "abc", true}, {"a_c", "ac", false}, {"_", "", false}, {"%a%b", "xaab", true}, {"%ab", "aabb", false}, {`a\_c`, "abc", false}, {`a\_c`, "a_c", true}, {`\%`, "%", true}, {`\%`, "x", false},
		{strings.Repeat("%a", 100) + "b", strings.Repeat("a", 250), false},
	} {
		if got := like(x.pattern, x.host); got != x.want {
			t.Errorf("%q like %q: %v", x.host, x.pattern, got)
		}
	}
}

// Roles that contain each other, or one that is not there, end nothing.
func TestNestedRolesInACircle(t *testing.T) {
	c := &catalogue{roles: map[string]*role{
		"u": {key: "u", name: "u", in: []edge{{to: "a", inherit: true}, {to: "missing", set: true}}},
		"a": {key: "a", name: "a", in: []edge{{to: "b", set: true}}},
		"b": {key: "b", name: "b", in: []edge{{to: "a", inherit: true}, {to: "c", inherit: true}}},
		"c": {key: "c", name: "c", has: []holding{{id: "attribute:SUPERUSER", risk: true}}, in: []edge{{to: "u", inherit: true}}},
	}}
	acc, err := c.account(&login{role: c.roles["u"], id: "u", user: "u"}, "db")
	check(t, err)
	var got []string
	for _, e := range acc.Entitlements {
		got = append(got, string(e.ID)+"<"+string(e.Inherited))
		if !e.Privileged {
			t.Errorf("%s leads to SUPERUSER, and is not privileged", e.ID)
		}
	}
	slices.Sort(got)
	if want := []string{"a<", "attribute:SUPERUSER<a", "b<a", "c<a", "u<a"}; !slices.Equal(got, want) {
		t.Errorf("holds %q; want %q", got, want)
	}
}

func TestAccountsThatCannotBeToldApart(t *testing.T) {
	c := &catalogue{logins: []*login{{id: "a"}, {id: "b"}, {id: "a"}}}
	if err := c.arrange(); err == nil {
		t.Error("two accounts have one id, and nobody says so")
	}
}

func TestOwnerInAComment(t *testing.T) {
	for comment, want := range map[string]string{"": "", "payroll": "", "owner=E17": "E17", "nightly, owner=a@example.com; since 2020": "a@example.com", "powner=x": ""} {
		if got := ownerIn(comment); got != want {
			t.Errorf("%q: %q; want %q", comment, got, want)
		}
	}
}

// Nothing that looks like a role is taken for a role attribute, nor the other way.
func TestNamesOfEntitlements(t *testing.T) {
	for name, want := range map[string]connectors.EntitlementID{"readonly": "readonly", "attribute:SUPERUSER": "role:attribute:SUPERUSER", "role:x": "role:role:x", "Owner:x": "Owner:x"} {
		if got := roleName(name); got != want {
			t.Errorf("%q: %q; want %q", name, got, want)
		}
	}
	c := &catalogue{roles: map[string]*role{"1": {name: roleName("attribute:SUPERUSER")}, "2": {name: roleName("role:x")}}}
	for key, want := range map[string]string{"1": `"attribute:SUPERUSER"`, "2": `"role:x"`} {
		if got := (postgres{}).nameOf(c, key); got != want {
			t.Errorf("%s: %s; want %s", key, got, want)
		}
	}
}

// An account that is left out still lets its own sessions in: they are not those of another account with that user name.
func TestSessionsOfWhoIsLeftOut(t *testing.T) {
	c := &catalogue{roles: map[string]*role{}}
	word := func(s string) sql.NullString { return sql.NullString{String: s, Valid: true} }
	for _, host := range []string{"%", "10.0.0.7"} {
		row := []sql.NullString{word("app"), word(host), word("N"), word("N"), word("N"), word(""), word("")}
		if err := (mysqlServer{}).user(c, row, []string{"app@10.0.0.7"}, map[string]*role{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.logins) != 1 || c.leftOut != 1 {
		t.Fatalf("%d accounts, %d left out", len(c.logins), c.leftOut)
	}
	if key, err := c.letIn("app", "10.0.0.7:50412"); err != nil || key != "app@10.0.0.7" {
		t.Errorf("it is said to be of %q: %v", key, err)
	}
}

// In PostgreSQL 16 and later one may hold a role, and beside that make others members of it: each is taken by itself.
func TestOnlyWhatWasDecidedIsTaken(t *testing.T) {
	c := &catalogue{by: true, roles: map[string]*role{"1": {key: "1", name: "X"}}}
	l := &login{role: &role{key: "2", in: []edge{{to: "1", admin: true, grantor: "postgres"}, {to: "1", inherit: true, set: true, grantor: "owner"}}}, user: "dba"}
	for sort, grantor := range map[sort]string{isRole: `"owner"`, isAdmin: `"postgres"`} {
		steps := postgres{}.take(c, l, holding{what: "1", sort: sort})
		if len(steps) != 1 || !strings.HasSuffix(steps[0].do, " GRANTED BY "+grantor) {
			t.Errorf("%v: %+v", sort, steps)
		}
	}
}
