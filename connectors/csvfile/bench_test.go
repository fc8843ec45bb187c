package csvfile

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/table"
)

// company makes an account list of n accounts and an entitlement file of some four rows each, in another order.
func company(n int) (accounts, grants string) {
	var a, g strings.Builder
	a.WriteString("account_id,username,email,employee_id,display_name,status,account_type,created_at,last_login_at,owner_ref\n")
	g.WriteString("account_id,entitlement,granted_at,last_used_at\n")
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		state := []string{"active", "active", "active", "disabled"}[i%4]
		fmt.Fprintf(&a, "U%08d,given.family%d,given.family%d@corp.example,E%07d,\"Family%d, Given\",%s,human,20%02d-%02d-%02d,2026-10-%02dT%02d:11:12Z,\n",
			i, i, i, i, i, state, 10+i%16, 1+i%12, 1+i%28, 1+i%31, i%24)
	}
	for _, i := range random.Perm(n) {
		for k := range 1 + i%7 {
			fmt.Fprintf(&g, "U%08d,APP.RIGHT_%d,20%02d-%02d-%02d,2026-%02d-%02d\n", i, (i+7*k)%60, 10+i%16, 1+k, 1+i%28, 1+i%10, 1+k)
		}
	}
	return a.String(), g.String()
}

func BenchmarkRecords(b *testing.B) {
	_, text := company(20_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r := newRecords(strings.NewReader(text), ',', int64(len(text)))
		var rec table.Record
		for err := r.next(&rec); err != io.EOF; err = r.next(&rec) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkSkim reads one cell of each row of an account list.
func BenchmarkSkim(b *testing.B) {
	text, _ := company(20_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r := newRecords(strings.NewReader(text), ',', int64(len(text)))
		for _, err := r.nextCell(0); err != io.EOF; _, err = r.nextCell(0) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkJoin reads one app from disk: its accounts, each with its entitlements.
func BenchmarkJoin(b *testing.B) {
	for _, n := range []int{2_000, 20_000, 100_000} {
		b.Run(fmt.Sprintf("accounts=%d", n), func(b *testing.B) {
			accounts, grants := company(n)
			dir := write(b, map[string]string{"a.csv": accounts, "g.csv": grants})
			c := AppConfig{Format: Format{File: "a.csv"}, AppOptions: table.AppOptions{Columns: table.AppColumns{ID: "account_id", Username: "username",
				Email: "email", EmployeeID: "employee_id", DisplayName: "display_name", Status: "status", Class: "account_type", Created: "created_at",
				LastSignIn: "last_login_at", Owner: "owner_ref"}},
				Entitlements: EntitlementsConfig{Format: Format{File: "g.csv"}, GrantOptions: table.GrantOptions{Columns: table.GrantColumns{
					Account: "account_id", Entitlement: "entitlement", Granted: "granted_at", LastUsed: "last_used_at"}}}}
			app, err := c.OpenApp("app", connectors.Env{Dir: dir})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(accounts) + len(grants)))
			b.ReportAllocs()
			for b.Loop() {
				rows := 0
				for _, err := range app.Accounts(context.Background(), new(connectortest.Trace)) {
					if err != nil {
						b.Fatal(err)
					}
					rows++
				}
				if rows != n {
					b.Fatalf("%d accounts", rows)
				}
			}
		})
	}
}

func BenchmarkRoster(b *testing.B) {
	const n = 20_000
	var people, history strings.Builder
	people.WriteString("id,first,last,mail,status,start,end,department,title,role,manager\n")
	history.WriteString("id,from,event,role,department,title\n")
	for i := range n {
		fmt.Fprintf(&people, "E%07d,Given%d,Family%d,given.family%d@corp.example,active,2015-03-%02d,,Department %d,Title %d,ROLE-%d,E%07d\n", i, i, i, i, 1+i%28, i%20, i%90, i%90, i/10)
		fmt.Fprintf(&history, "E%07d,2015-03-%02d,hire,ROLE-%d,Department %d,Title %d\n", i, 1+i%28, i%90, i%20, i%90)
	}
	dir := write(b, map[string]string{"r.csv": people.String(), "h.csv": history.String()})
	c := RosterConfig{Format: Format{File: "r.csv"}, RosterOptions: table.RosterOptions{Columns: table.RosterColumns{ID: "id", FirstName: "first", LastName: "last",
		WorkEmail: "mail", Status: "status", Start: "start", End: "end", Department: "department", Title: "title", Role: "role", Manager: "manager"}},
		History: HistoryConfig{Format: Format{File: "h.csv"}, HistoryOptions: table.HistoryOptions{Columns: table.HistoryColumns{ID: "id", From: "from", Event: "event",
			Role: "role", Department: "department", Title: "title"}}}}
	roster, err := c.OpenRoster(connectors.Env{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(people.Len() + history.Len()))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range roster.People(context.Background(), new(connectortest.Trace)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
