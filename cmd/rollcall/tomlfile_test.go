package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

func TestTOMLLines(t *testing.T) {
	doc := `a = 1
[t]
b = "x" # c = 3
"quoted.key" = 2
list = [
  "[not.a.table]",
  "y", ]
after = 1

[[app]]
id = "one"
[app.columns]
id = "i"
[[app]]
id = "two"
[app.columns]
text = """
[no]
k = 1
"""
last.dotted = 'a=b'
`
	want := map[string]int{"a": 1, "t": 2, "t.b": 3, "t.quoted.key": 4, "t.list": 5, "t.after": 8, "app[0]": 10, "app[0].id": 11,
		"app[0].columns": 12, "app[0].columns.id": 13, "app[1]": 14, "app[1].columns": 16, "app[1].columns.text": 17, "app[1].columns.last.dotted": 21}
	got := tomlLines(doc)
	for path, line := range want {
		if got[path] != line {
			t.Errorf("%s stands on line %d, want %d", path, got[path], line)
		}
	}
	for path, line := range got {
		if strings.Contains(path, "no") || strings.Contains(path, "k") && line == 19 {
			t.Errorf("%s (line %d) is not a key", path, line)
		}
	}
}

// TestConfigErrors: every mistake names its line and, where there is one, the nearest known key.
func TestConfigErrors(t *testing.T) {
	base := "state = \"s\"\n[roster]\nkind = \"csv\"\nfile = \"r.csv\"\n[roster.columns]\nid = \"id\"\nstatus = \"st\"\n[[app]]\nid = \"crm\"\nkind = \"csv\"\nfile = \"a.csv\"\n[app.columns]\nid = \"id\"\n"
	for _, c := range []struct{ name, from, to, want string }{
		{"unknown top key", "state = \"s\"", "state = \"s\"\ntimezone = \"UTC\"", `:2: unknown key "timezone"; did you mean "time_zone"?`},
		{"unknown app key", "file = \"a.csv\"", "file = \"a.csv\"\nmax_rejectd = \"1%\"", `:12: unknown key "max_rejectd"; did you mean "max_rejected"?`},
		{"key of another kind", "file = \"a.csv\"", "file = \"a.csv\"\nurl = \"https://x.example\"", `:12: unknown key "url"`},
		{"case twins", "state = \"s\"", "state = \"s\"\nState = \"t\"", "differ only in case"},
		{"unknown kind", "[[app]]\nid = \"crm\"\nkind = \"csv\"", "[[app]]\nid = \"crm\"\nkind = \"cvs\"", `did you mean "csv"?`},
		{"zone", "state = \"s\"", "state = \"s\"\ntime_zone = \"Mars/Base\"", `unknown time zone "Mars/Base"`},
		{"no state", "state = \"s\"\n", "", "state is missing"},
		{"app twice", "[[app]]", "[[app]]\nid = \"CRM\"\nkind = \"csv\"\nfile = \"b.csv\"\n[app.columns]\nid = \"id\"\n[[app]]", "is used twice"},
		{"type", "state = \"s\"", "state = \"s\"\nworkers = \"two\"", "workers"},
		{"percent", "file = \"r.csv\"", "file = \"r.csv\"\nguard = { max_shrink = 20 }", "max_shrink"},
		{"syntax", "state = \"s\"", "state = s", ":"},
		{"as_of", "state = \"s\"", "state = \"s\"\nas_of = \"01.11.2026\"", "want YYYY-MM-DD"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(base, c.from) {
				t.Fatalf("the base has no %q", c.from)
			}
			path := filepath.Join(t.TempDir(), "c.toml")
			if err := os.WriteFile(path, []byte(strings.Replace(base, c.from, c.to, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := loadConfig(path, scriptNow, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Fatalf("got %v, want the file and %q", err, c.want)
			}
		})
	}
}

func TestSecretsAreNeverWrittenOut(t *testing.T) {
	get := textSecret(resolveSecret(t.TempDir(), func(string) string { return "" }))
	const literal = "xoxb-very-secret"
	if _, err := get(literal); err == nil || strings.Contains(err.Error(), "secret-") || strings.Contains(err.Error(), literal) {
		t.Fatalf("a literal secret: %v; it must be refused and not repeated", err)
	}
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("t\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := get("file:" + path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Fatalf("a secret that others can read: %v; it must be refused", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if v, err := get("file:" + path); err != nil || v != "t" {
		t.Fatalf("file secret = %q, %v", v, err)
	}
}

// FuzzConfig: whatever is written in the file, the answer is an error or a configuration, never a panic, and every key
// of a document that parses has been looked at.
func FuzzConfig(f *testing.F) {
	example, err := os.ReadFile(filepath.Join("..", "..", "config.example.toml"))
	if err == nil {
		f.Add(string(example))
	}
	f.Add("state = \"s\"\n[[app]]\nid = \"a\"\nkind = \"csv\"\n[app.columns]\nx = 1\n")
	f.Add("a = [1,\n2]\n\"b c\".d = '''\nx'''\n")
	f.Fuzz(func(t *testing.T, doc string) {
		path := filepath.Join(t.TempDir(), "c.toml")
		if err := os.WriteFile(path, []byte(doc), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := loadConfig(path, scriptNow, func(string) ([]byte, error) { return nil, nil })
		var tree map[string]any
		if _, perr := toml.Decode(doc, &tree); perr != nil && err == nil {
			t.Fatalf("a document that does not parse was accepted: %v", perr)
		}
		tomlLines(doc)
	})
}
