package table

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// drawRows draws the rows of a table: cells from a few words each, so that ids repeat, contradict one another and differ
// in letter case or in how an accent is encoded.
func drawRows(t *rapid.T, label string, cells ...[]string) []string {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		var row []string
		for _, words := range cells {
			row = append(row, rapid.SampledFrom(words).Draw(t, "cell"))
		}
		return strings.Join(row, "|")
	}), 0, 14).Draw(t, label)
}

func shuffled(t *rapid.T, label string, f *memFile) *memFile {
	lines := strings.Split(f.text, "\n")
	return mem(f.name, append(lines[:1:1], rapid.Permutation(lines[1:]).Draw(t, label)...)...)
}

var (
	someIDs   = []string{"", "a", "a", "A", "b", "\u00e9", "e\u0301", "\u00c9"}
	someDates = []string{"", "2024-01-01", "2025-05-05", "1969-07-20", "soon"}
)

// outcome is what a pull says, apart from lines of files and the order in which it says it.
type outcome struct {
	rows    map[string]any
	rejects map[connectors.Collection]int
	ends    int
	notes   []string
	failed  bool
}

func outcomeOf(trace *connectortest.Trace, err error) outcome {
	o := outcome{rows: map[string]any{}, rejects: map[connectors.Collection]int{}, ends: len(trace.Ends), failed: err != nil}
	for _, r := range trace.Rejects {
		o.rejects[r.Collection]++
	}
	for _, n := range trace.Notes {
		o.notes = append(o.notes, fmt.Sprint(n))
	}
	slices.Sort(o.notes)
	return o
}

func sameOutcome(t *rapid.T, a, b outcome) {
	for _, id := range slices.Sorted(maps.Keys(a.rows)) {
		if !reflect.DeepEqual(a.rows[id], b.rows[id]) {
			t.Fatalf("%q:\n%+v\nand in another order\n%+v", id, a.rows[id], b.rows[id])
		}
	}
	if !reflect.DeepEqual(a, b) {
		t.Fatalf("%+v\nand in another order\n%+v", a, b)
	}
}

func TestTheOrderOfAnAppsFilesDoesNotMatter(tb *testing.T) {
	rapid.Check(tb, func(t *rapid.T) {
		users := []string{"", "bob", "BOB", "eve"}
		accounts := mem("a", append([]string{"id|user|mail|state|seen|rights"},
			drawRows(t, "accounts", someIDs, users, users, []string{"", "active", "disabled", "what"}, someDates, []string{"", "X", "Y;X", "Z;#N/A"})...)...)
		o := AppOptions{Common: Common{MaxRejected: limit(tb, rapid.SampledFrom([]string{"100%", "30%", "1"}).Draw(t, "limit"))},
			Columns: AppColumns{ID: "id", Username: "user", Email: "mail", Status: "state", LastSignIn: "seen", Entitlements: "rights"}}
		f := AppFiles{Accounts: accounts, Credentials: mem("c", append([]string{"account|key|kind|made|used"},
			drawRows(t, "credentials", someIDs, []string{"", "k1", "k2"}, []string{"", "ssh"}, someDates, someDates)...)...)}
		g := GrantOptions{}
		if rapid.Bool().Draw(t, "second file") {
			o.Columns.Entitlements = ""
			g = GrantOptions{MaxRejected: limit(tb, "100%"), Columns: GrantColumns{Account: "account", Entitlement: "ent", Granted: "granted", LastUsed: "used",
				Until: "until", Privileged: "priv", Inherited: "via"}}
			f.Entitlements = mem("g", append([]string{"account|ent|granted|used|until|priv|via"},
				drawRows(t, "grants", someIDs, []string{"", "R", "W"}, someDates, someDates, someDates, []string{"", "yes", "no"}, []string{"", "all"})...)...)
		}
		pull := func(f AppFiles) outcome {
			a, err := NewApp("app", "mem", "none", f, o, g, CredentialOptions{Columns: credentialColumns, MaxRejected: limit(tb, "100%")}, connectors.Env{})
			if err != nil {
				t.Fatal(err)
			}
			got, trace, err := connectortest.Accounts(context.Background(), a)
			out := outcomeOf(trace, err)
			for _, v := range got {
				v.From = connectors.Where{}
				if out.rows[string(v.ID)] != nil {
					t.Fatalf("%q comes twice", v.ID)
				}
				out.rows[string(v.ID)] = fmt.Sprintf("%+v", v)
			}
			return out
		}
		first := pull(f)
		for range 4 {
			other := AppFiles{Accounts: shuffled(t, "accounts", accounts), Credentials: shuffled(t, "credentials", f.Credentials.(*memFile))}
			if f.Entitlements != nil {
				other.Entitlements = shuffled(t, "grants", f.Entitlements.(*memFile))
			}
			sameOutcome(t, first, pull(other))
		}
	})
}

func TestTheOrderOfTheRostersFilesDoesNotMatter(tb *testing.T) {
	rapid.Check(tb, func(t *rapid.T) {
		states, roles := []string{"", "active", "terminated", "gone fishing"}, []string{"", "R1", "R2"}
		people := mem("r", append([]string{"id|name|state|role|start|end"},
			drawRows(t, "people", someIDs, []string{"Ayre", "Bond"}, states, roles, someDates, someDates)...)...)
		history := mem("h", append([]string{"id|from|role|title|event"},
			drawRows(t, "history", someIDs, someDates, roles, []string{"", "Clerk"}, []string{"hire", "rehire", "termination", ""})...)...)
		columns := personColumns
		columns.Start, columns.End = "start", "end"
		o := RosterOptions{Common: Common{MaxRejected: limit(tb, "100%")}, Columns: columns}
		pull := func(people, history *memFile) outcome {
			got, trace, err := pullRoster(tb, people, o, history, HistoryOptions{Columns: historyColumns, MaxRejected: limit(tb, "100%")})
			out := outcomeOf(trace, err)
			for _, v := range got {
				v.From = connectors.Where{}
				if out.rows[string(v.ID)] != nil {
					t.Fatalf("%q comes twice", v.ID)
				}
				out.rows[string(v.ID)] = fmt.Sprintf("%+v", v)
			}
			return out
		}
		first := pull(people, history)
		for range 4 {
			sameOutcome(t, first, pull(shuffled(t, "people", people), shuffled(t, "history", history)))
		}
	})
}
