package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rooms from left to right: a room may import any room to its left, and nothing to its right. The rooms of one rank do
// not import each other.
var rooms = []struct {
	prefix string
	rank   int
}{
	{"rollcall/connectors/all", 30},
	{"rollcall/connectors/connectortest/peer", 20},
	{"rollcall/connectors/connectortest", 20},
	{"rollcall/connectors/httpx", 10},
	{"rollcall/connectors/table", 10},
	{"rollcall/connectors/nested", 10},
	{"rollcall/connectors/inmem", 10},
	{"rollcall/connectors/", 20}, // one vendor a room
	{"rollcall/connectors", 0},
	{"rollcall/scanner/scannertest/accuracy", 46}, // prints scannertest's figures
	{"rollcall/scanner/scannertest", 44},          // evidence's tests replay its companies
	{"rollcall/scanner/", 45},
	{"rollcall/scanner", 40},
	{"rollcall/remediate/slackdesk/slacktest", 55}, // a Slack to test against
	{"rollcall/remediate/", 60},
	{"rollcall/remediate", 50},
	{"rollcall/report/opcsign", 55},
	{"rollcall/report/signkey", 55},
	{"rollcall/report/tsa", 55},
	{"rollcall/report", 60},
	{"rollcall/cmd/", 100},
}

// homes: each third-party library is imported by one room only, so that replacing it is one room's work.
var homes = map[string][]string{
	"github.com/BurntSushi/toml":          {"rollcall/cmd/rollcall"},
	"github.com/spf13/cobra":              {"rollcall/cmd/rollcall"},
	"filippo.io/age":                      {"rollcall/scanner/evidence"},
	"github.com/klauspost/compress":       {"rollcall/scanner/evidence", "rollcall/report", "rollcall/report/opcsign"}, // sealed inputs, workbooks, and reading them back
	"github.com/xuri/excelize/v2":         {"rollcall/report", "rollcall/connectors/xlsx"},                             // written by the one, read by the other
	"go.etcd.io/bbolt":                    {"rollcall/remediate/ledger"},
	"github.com/go-ldap/ldap/v3":          {"rollcall/connectors/ldap"},
	"github.com/go-asn1-ber/asn1-ber":     {"rollcall/connectors/ldap"}, // what go-ldap speaks in, for the test's directory
	"github.com/jackc/pgx/v5":             {"rollcall/connectors/sqldb"},
	"github.com/go-sql-driver/mysql":      {"rollcall/connectors/sqldb"},
	"github.com/slack-go/slack":           {"rollcall/remediate/slackdesk"},
	"github.com/gorilla/websocket":        {"rollcall/remediate/slackdesk", "rollcall/remediate/slackdesk/slacktest"}, // which slack-go speaks Socket Mode through
	"golang.org/x/net/publicsuffix":       {"rollcall/remediate/notify"},                                              // which names a mail program makes links of
	"golang.org/x/oauth2":                 {"rollcall/connectors/httpx"},
	"golang.org/x/text/unicode/norm":      {"rollcall/scanner"},
	"golang.org/x/text/encoding":          {"rollcall/connectors/table", "rollcall/connectors/csvfile"},
	"github.com/prometheus/client_golang": {"rollcall/cmd/rollcall"},
	"go.opentelemetry.io/otel":            {"rollcall/cmd/rollcall"},
	"go.opentelemetry.io/proto/otlp":      {"rollcall/cmd/rollcall"}, // what a test's collector reads
	"google.golang.org/protobuf":          {"rollcall/cmd/rollcall"}, // likewise
	"github.com/robfig/cron/v3":           {"rollcall/cmd/rollcall"},
	"github.com/rogpeppe/go-internal":     {"rollcall/cmd/rollcall"},
	"pgregory.net/rapid":                  nil, // tests of any room
	"golang.org/x/term":                   {"rollcall/cmd/rollcall"},
	"github.com/mattn/go-runewidth":       {"rollcall/report"},
	"software.sslmate.com/src/go-pkcs12":  {"rollcall/report/signkey"},
	"golang.org/x/text/transform":         {"rollcall/connectors/table", "rollcall/connectors/csvfile", "rollcall/scanner"},
}

func roomOf(pkg string) (string, int, bool) {
	for _, r := range rooms {
		if pkg == r.prefix || strings.HasSuffix(r.prefix, "/") && strings.HasPrefix(pkg, r.prefix) {
			return r.prefix, r.rank, true
		}
	}
	return "", 0, false
}

// TestImports keeps the picture of the README: imports run one way, only connectors/all knows the vendors, and each
// third-party library has one home.
func TestImports(t *testing.T) {
	root := filepath.Join("..", "..")
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		files++
		rel, _ := filepath.Rel(root, filepath.Dir(path))
		checkFile(t, path, "rollcall/"+filepath.ToSlash(rel))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("read only %d Go files: the walk does not see the tree", files)
	}
}

func checkFile(t *testing.T, path, pkg string) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	test := strings.HasSuffix(path, "_test.go")
	for _, spec := range f.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		if reason := forbidden(pkg, imported, test); reason != "" {
			t.Errorf("%s imports %s: %s", path, imported, reason)
		}
	}
}

// forbidden says why pkg may not import another package; empty: it may.
func forbidden(pkg, imported string, test bool) string {
	if !strings.HasPrefix(imported, "rollcall") {
		return foreign(pkg, imported, test)
	}
	from, fromRank, ok := roomOf(pkg)
	if !ok {
		return "the package is in no room; see the README's architecture section"
	}
	_, toRank, ok := roomOf(imported)
	switch {
	case !ok:
		return "the imported package is in no room"
	case imported == pkg:
		return ""
	case test && (imported == "rollcall/connectors/connectortest" || imported == "rollcall/connectors/connectortest/peer"):
		return "" // every connector's test runs the suite, and some against servers that others wrote
	case test && (pkg == "rollcall/remediate" || pkg == "rollcall/remediate/slackdesk") && imported == "rollcall/remediate/ledger":
		return "" // desks and apply are tried against the journal they are used with
	case toRank < fromRank:
		return ""
	}
	return "rooms import only rooms to their left (connectors ← scanner ← remediate ← {ledger, slackdesk, report} ← cmd), and " + from + " stands left of it or beside it"
}

func foreign(pkg, imported string, test bool) string {
	if !strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") {
		return "" // standard library
	}
	for lib, home := range homes {
		if imported != lib && !strings.HasPrefix(imported, lib+"/") {
			continue
		}
		if home == nil {
			if test || strings.HasSuffix(pkg, "test") {
				return ""
			}
			return "it is for tests"
		}
		if slices.Contains(home, pkg) || test {
			return ""
		}
		return "the home of this library is " + strings.Join(home, " and ")
	}
	return "no room is named as the home of this library: add it to homes, once"
}

// TestImportsBite plants the arrows the test is there to refuse.
func TestImportsBite(t *testing.T) {
	for _, c := range []struct{ from, to string }{
		{"rollcall/connectors", "rollcall/scanner"},
		{"rollcall/connectors/scim", "rollcall/connectors/csvfile"},
		{"rollcall/connectors/csvfile", "rollcall/connectors/all"},
		{"rollcall/scanner", "rollcall/report"},
		{"rollcall/scanner", "rollcall/remediate/ledger"},
		{"rollcall/report", "rollcall/remediate/ledger"},
		{"rollcall/scanner", "go.etcd.io/bbolt"},
		{"rollcall/scanner", "example.com/new"},
		{"rollcall/elsewhere", "rollcall/scanner"},
	} {
		if forbidden(c.from, c.to, false) == "" {
			t.Errorf("%s may import %s; it must not", c.from, c.to)
		}
	}
	for _, c := range []struct{ from, to string }{
		{"rollcall/connectors/all", "rollcall/connectors/scim"},
		{"rollcall/connectors/scim", "rollcall/connectors/httpx"},
		{"rollcall/scanner", "rollcall/connectors"},
		{"rollcall/remediate/ledger", "rollcall/scanner"},
		{"rollcall/cmd/rollcall", "rollcall/report"},
	} {
		if why := forbidden(c.from, c.to, false); why != "" {
			t.Errorf("%s may not import %s (%s); it may", c.from, c.to, why)
		}
	}
}

// TestTopLevel keeps the top of the repository readable.
func TestTopLevel(t *testing.T) {
	want := []string{"README.md", "cmd", "config.example.toml", "connectors", "go.mod", "go.sum", "remediate", "report", "scanner", "testdata"}
	entries, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(want, e.Name()) {
			t.Errorf("%s stands at the top level, where only %s belong", e.Name(), strings.Join(want, ", "))
		}
	}
}
