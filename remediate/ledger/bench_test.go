package ledger

import (
	"fmt"
	"testing"

	"rollcall/connectors"
	"rollcall/scanner"
)

// A company of a million accounts: 50 apps, 80,000 grants each.
const apps, perApp = 50, 80_000

func appName(n int) connectors.AppID { return connectors.AppID(fmt.Sprintf("app%02d", n)) }

func grantNames() (accounts []connectors.AccountID, entitlements []connectors.EntitlementID) {
	for i := range perApp / 4 {
		accounts = append(accounts, connectors.AccountID(fmt.Sprintf("00u%017x", i*7919)))
	}
	for i := range 40 {
		entitlements = append(entitlements, connectors.EntitlementID(fmt.Sprintf("Finance Reporting %02d", i)))
	}
	return accounts, entitlements
}

// One night: four million grants logged, sorted and merged with the night before.
func BenchmarkRecordGrants(b *testing.B) {
	l := begin(b, b.TempDir())
	defer end(b, l)
	accounts, entitlements := grantNames()
	asOf := monday
	night := func() {
		asOf++
		for app := range apps {
			var log GrantLog
			for i, a := range accounts {
				for e := range 4 {
					log.Add(a, entitlements[(i+9*e)%len(entitlements)])
				}
			}
			ok(b, l.RecordGrants(appName(app), asOf, &log))
		}
	}
	night()
	for b.Loop() {
		night()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/apps/perApp, "ns/grant")
}

func BenchmarkFirstSeen(b *testing.B) {
	l := begin(b, b.TempDir())
	defer end(b, l)
	accounts, entitlements := grantNames()
	var log GrantLog
	for i, a := range accounts {
		for e := range 4 {
			log.Add(a, entitlements[(i+9*e)%len(entitlements)])
		}
	}
	ok(b, l.RecordGrants("crm", monday, &log))
	h, err := l.Grants("crm")
	ok(b, err)
	i, unseen := 0, 0
	for b.Loop() {
		i++
		n := i % len(accounts)
		if h.FirstSeen(accounts[n], entitlements[(n+9*(i&3))%len(entitlements)]) == 0 {
			unseen++
		}
	}
	if unseen > 0 {
		b.Error("a grant is missing")
	}
}

// A night of 150,000 findings, nearly all of them known, and a roster of 100,000.
func BenchmarkRecordRun(b *testing.B) {
	l := begin(b, b.TempDir())
	defer end(b, l)
	var fs []scanner.Finding
	for i := range 150_000 {
		f := finding(i*0x9E3779B9, appName(i%apps))
		f.Kind = scanner.Kinds[i%len(scanner.Kinds)]
		fs = append(fs, f)
	}
	lines := people{}
	for i := range 100_000 {
		lines[connectors.PersonID(fmt.Sprintf("E%06d", i))] = scanner.RosterLine{Status: connectors.Active, Role: fmt.Sprint("Role ", i%300), Department: fmt.Sprint("Department ", i%40)}
	}
	for _, with := range []string{"findings", "findings and roster"} {
		b.Run(with, func(b *testing.B) {
			for b.Loop() {
				n := l.runs(b) + 1
				r := aRun(n, fs[n%10:]...)
				if with != "findings" {
					r.Roster = &scanner.RosterFacts{AsOf: r.AsOf, SHA256: fmt.Sprint(n), People: lines}
				}
				_, err := l.RecordRun(r)
				ok(b, err)
			}
		})
	}
	b.Run("reading the register", func(b *testing.B) {
		for b.Loop() {
			_, err := l.Register()
			ok(b, err)
		}
	})
}

func (l *Ledger) runs(b *testing.B) int {
	last, err := l.LastRun()
	ok(b, err)
	if last == nil {
		return 0
	}
	return last.Seq
}
