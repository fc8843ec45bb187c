package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"iter"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/connectors/inmem"
	"rollcall/scanner"
)

type ctxt = context.Context

type seqOf[T any] = iter.Seq2[T, error]

func anyText(t *rapid.T) string { return rapid.String().Draw(t, "text") }

func anyDate(t *rapid.T) connectors.Date {
	return connectors.Date(rapid.OneOf(rapid.Just(int32(0)), rapid.Int32Range(-700000, 2900000)).Draw(t, "day"))
}

func several[T any](t *rapid.T, one func(*rapid.T) T) []T {
	var out []T
	for range rapid.IntRange(0, 3).Draw(t, "n") {
		out = append(out, one(t))
	}
	return out
}

func anyAccount(t *rapid.T) connectors.Account {
	tri := func() connectors.Tri {
		return connectors.Tri(rapid.Uint8Range(0, uint8(connectors.Yes)).Draw(t, "tri"))
	}
	a := connectors.Account{ID: connectors.AccountID(anyText(t)), Username: anyText(t), DisplayName: anyText(t), Email: anyText(t),
		Aliases: several(t, anyText), EmployeeID: anyText(t), OwnerRef: anyText(t), Enabled: tri(),
		Class:   connectors.Class(rapid.Uint8Range(0, uint8(connectors.BreakGlass)).Draw(t, "class")),
		Created: anyDate(t), LastSignIn: anyDate(t), SignInUnknown: rapid.Bool().Draw(t, "sign-in unknown"), MFA: tri(), LocalSignIn: tri(),
		Entitlements: several(t, func(t *rapid.T) connectors.Entitlement {
			return connectors.Entitlement{ID: connectors.EntitlementID(anyText(t)), Privileged: rapid.Bool().Draw(t, "privileged"),
				Inherited: connectors.EntitlementID(anyText(t)), Granted: anyDate(t), LastUsed: anyDate(t), Until: anyDate(t)}
		}),
		Credentials: several(t, func(t *rapid.T) connectors.Credential {
			return connectors.Credential{ID: connectors.CredentialID(anyText(t)), Kind: anyText(t), Created: anyDate(t), LastUsed: anyDate(t)}
		}),
		From: connectors.Where{Source: anyText(t), Line: rapid.IntRange(0, 1<<30).Draw(t, "line")}}
	if rapid.Bool().Draw(t, "state") {
		a.State = json.RawMessage(`{"a":[1,"` + "\u2028" + `"]}`)
	}
	return a
}

func anyPerson(t *rapid.T) connectors.Person {
	return connectors.Person{ID: connectors.PersonID(anyText(t)), FirstName: anyText(t), LastName: anyText(t), FormerLastName: anyText(t),
		PreferredName: anyText(t), DisplayName: anyText(t), WorkEmail: anyText(t), PersonalEmail: anyText(t), Aliases: several(t, anyText),
		Status:     connectors.WorkStatus(rapid.Uint8Range(0, uint8(connectors.Terminated)).Draw(t, "status")),
		Employment: connectors.Employment(rapid.Uint8Range(0, uint8(connectors.Intern)).Draw(t, "employment")),
		Start:      anyDate(t), End: anyDate(t), LeaveStart: anyDate(t), LeaveEnd: anyDate(t), Department: anyText(t), Title: anyText(t),
		Role: anyText(t), Manager: connectors.PersonID(anyText(t)), Previous: connectors.PersonID(anyText(t)),
		Roles: several(t, func(t *rapid.T) connectors.RolePeriod {
			return connectors.RolePeriod{From: anyDate(t), Role: anyText(t), Department: anyText(t), Title: anyText(t)}
		}),
		Rehired: connectors.Tri(rapid.Uint8Range(0, 2).Draw(t, "rehired")), HistorySince: anyDate(t),
		From: connectors.Where{Source: anyText(t), Line: rapid.IntRange(0, 9).Draw(t, "line")}}
}

// Every field comes back as it was: a new field that is not sealed fails here, since reflection fills it.
func TestRowsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, p := anyAccount(t), anyPerson(t)
		var l line
		if err := json.Unmarshal(appendAccount(nil, &a), &l); err != nil {
			t.Fatal(err)
		}
		if got, _ := l.account(); !reflect.DeepEqual(got, a) {
			t.Fatalf("%+v\ncame back as\n%+v", a, got)
		}
		if err := json.Unmarshal(appendPerson(nil, &p), &l); err != nil {
			t.Fatal(err)
		}
		if got, _ := l.person(); !reflect.DeepEqual(got, p) {
			t.Fatalf("%+v\ncame back as\n%+v", p, got)
		}
	})
}

// TestEveryFieldIsDrawn fails when the vocabulary gains a field that the property above does not draw.
func TestEveryFieldIsDrawn(t *testing.T) {
	for typ, n := range map[reflect.Type]int{reflect.TypeFor[connectors.Account](): 18, reflect.TypeFor[connectors.Person](): 24,
		reflect.TypeFor[connectors.Entitlement](): 6, reflect.TypeFor[connectors.Credential](): 4, reflect.TypeFor[connectors.RolePeriod](): 4} {
		if typ.NumField() != n {
			t.Errorf("%v has %d fields, %d are sealed and drawn: seal the new one (rows.go, rowsread.go), draw it (rows_test.go), and count it here", typ, typ.NumField(), n)
		}
	}
}

// FuzzReplay feeds a source's file to the reader: an error or a pull, never a crash.
func FuzzReplay(f *testing.F) {
	app := &inmem.App{Rows: []connectors.Account{{ID: "1", Username: "u", Entitlements: []connectors.Entitlement{{ID: "e", Granted: 20000}}}}}
	var sealedFile bytes.Buffer
	s := &file{open: func() (io.WriteCloser, error) { return closer{&sealedFile}, nil }}
	for range sealed(s, app.Info(), nothing{}, func(t connectors.Trace) seqOf[connectors.Account] { return app.Accounts(f.Context(), t) }, appendAccount) {
	}
	s.close()
	f.Add(sealedFile.Bytes())
	f.Add([]byte(`{"sealed":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p := &player{open: func(name string) (io.ReadCloser, error) {
			if name != "inputs/x.jsonl.zst" {
				return nil, fs.ErrNotExist
			}
			return io.NopCloser(bytes.NewReader(b)), nil
		}}
		src, err := openSource(p, "x", (*line).account)
		if err != nil {
			return
		}
		for range src.Accounts(t.Context(), nothing{}) {
		}
	})
}

// nothing is a Trace that does not care.
type nothing struct{}

func (nothing) Page(connectors.Collection, connectors.Page)           {}
func (nothing) Reject(connectors.Collection, connectors.Where, error) {}
func (nothing) Total(connectors.Collection, int)                      {}
func (nothing) End(connectors.Collection)                             {}
func (nothing) Note(connectors.Collection, string)                    {}

// BenchmarkSeal seals accounts of four entitlements each.
func BenchmarkSeal(b *testing.B) {
	rows := make([]connectors.Account, 10000)
	for i := range rows {
		id := connectors.AccountID(string(rune('a'+i%26)) + "-10" + string(rune('0'+i%10)))
		rows[i] = connectors.Account{ID: id, Username: "someone." + string(id), Email: "someone." + string(id) + "@example.com", DisplayName: "Some One", Enabled: connectors.Yes,
			Created: 19000, LastSignIn: 20400, From: connectors.Where{Source: "app.csv", Line: i}}
		for e := range 4 {
			rows[i].Entitlements = append(rows[i].Entitlements, connectors.Entitlement{ID: connectors.EntitlementID("APP.RIGHT" + string(rune('0'+e))), Granted: 19100})
		}
	}
	pull := func(connectors.Trace) seqOf[connectors.Account] {
		return func(yield func(connectors.Account, error) bool) {
			for i := range rows {
				if !yield(rows[i], nil) {
					return
				}
			}
		}
	}
	for b.Loop() {
		s := &file{open: func() (io.WriteCloser, error) { return closer{io.Discard}, nil }}
		for range sealed(s, connectors.Info{}, nothing{}, pull, appendAccount) {
		}
		if err := s.close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(rows)), "ns/account")
}

var _ scanner.History = (*memory)(nil)
