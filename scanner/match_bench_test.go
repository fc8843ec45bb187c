package scanner

import (
	"fmt"
	"strings"
	"testing"

	"rollcall/connectors"
)

// matchBenchRoster is a made-up company of n people with names that repeat as names do.
func matchBenchRoster(n int) []connectors.Person {
	given := []string{"Anna", "Jörg", "Łukasz", "Maria", "Olivia", "Thị Mai", "Işıl", "Piet", "Zoë", "Tom"}
	family := []string{"Mühl", "Ash", "Falken", "Lind", "Holm", "Vester", "Brück", "Thorn", "Harrow", "Kest"}
	end := []string{"berg", "grove", "dal", "wick", "feld", "by", "ström", "lund", "ford", "mann"}
	recs := make([]connectors.Person, n)
	for i := range recs {
		f, l := given[i%10]+fmt.Sprintf("%c", 'a'+i/10%26), family[i/260%10]+end[i/2600%10]+fmt.Sprintf("%c", 'a'+i/26000%26)
		recs[i] = connectors.Person{ID: connectors.PersonID(fmt.Sprintf("E%07d", 10000+i)), FirstName: f, LastName: l, WorkEmail: fmt.Sprintf("p%d@heron.test", i),
			PersonalEmail: fmt.Sprintf("x%d@post.test", i), Start: 18000 + connectors.Date(i%2000), Status: connectors.Active, Role: "clerk"}
	}
	return recs
}

func BenchmarkJoinPeople(b *testing.B) {
	recs := matchBenchRoster(100_000)
	b.ReportAllocs()
	for b.Loop() {
		joinPeople(recs, nil, matchDay)
	}
}

func BenchmarkMatchIndex(b *testing.B) {
	ps := joinPeople(matchBenchRoster(100_000), nil, matchDay)
	b.ReportAllocs()
	for b.Loop() {
		newMatcher(ps, matchSettings{AsOf: matchDay})
	}
}

// matchBenchAccounts gives each person an account; f decides what it shows.
func matchBenchAccounts(b *testing.B, f func(a *connectors.Account, r *connectors.Person)) (*matcher, []connectors.Account) {
	recs := matchBenchRoster(100_000)
	accs := make([]connectors.Account, len(recs))
	for i := range accs {
		r := &recs[i*7919%len(recs)]
		accs[i] = connectors.Account{DisplayName: r.FirstName + " " + r.LastName, Username: r.FirstName[:1] + r.LastName, Created: r.Start}
		f(&accs[i], r)
		// An account's strings come fresh from a source: they share no memory with the roster's.
		accs[i].EmployeeID, accs[i].Email = strings.Clone(accs[i].EmployeeID), strings.Clone(accs[i].Email)
	}
	return newMatcher(joinPeople(recs, nil, matchDay), matchSettings{AsOf: matchDay}), accs
}

func BenchmarkMatchSure(b *testing.B) {
	for name, f := range map[string]func(a *connectors.Account, r *connectors.Person){
		"id":      func(a *connectors.Account, r *connectors.Person) { a.EmployeeID = string(r.ID) },
		"address": func(a *connectors.Account, r *connectors.Person) { a.Email = r.WorkEmail },
	} {
		b.Run(name, func(b *testing.B) {
			m, accs := matchBenchAccounts(b, f)
			am, i := m.app("app"), 0
			b.ReportAllocs()
			for b.Loop() {
				if _, done := am.sure(&accs[i%len(accs)]); !done {
					b.Fatal("left open")
				}
				i++
			}
		})
	}
}

// BenchmarkMatchAhead is the first pass as a scan goes through it, with the copies and the looks ahead.
func BenchmarkMatchAhead(b *testing.B) {
	m, accs := matchBenchAccounts(b, func(a *connectors.Account, r *connectors.Person) { a.Email = r.WorkEmail })
	aj := newJudge(judgeInput{AsOf: matchDay, People: m.people}).app(&App{ID: "app"}, nil)
	am, i := m.app("app"), 0
	var l aheadList
	b.ReportAllocs()
	for b.Loop() {
		if l.add(&accs[i%len(accs)]); l.n == batch {
			l.warm(m, aj)
			for k := range l.of[:l.n] {
				am.sure(&l.of[k])
			}
			l.n = 0
		}
		i++
	}
}

func BenchmarkMatchRest(b *testing.B) {
	m, accs := matchBenchAccounts(b, func(*connectors.Account, *connectors.Person) {})
	am, i := m.app("app"), 0
	am.learned()
	b.ReportAllocs()
	for b.Loop() {
		am.rest(&accs[i%len(accs)])
		i++
	}
}

// BenchmarkMatchInitials is the worst of the second pass: names cut to an initial, which many share.
func BenchmarkMatchInitials(b *testing.B) {
	m, accs := matchBenchAccounts(b, func(a *connectors.Account, r *connectors.Person) {
		a.DisplayName, a.Username = strings.ToUpper(r.LastName+" "+r.FirstName[:1]), r.LastName[:4]+r.FirstName[:2]
	})
	am, i := m.app("app"), 0
	am.learned()
	b.ReportAllocs()
	for b.Loop() {
		am.rest(&accs[i%len(accs)])
		i++
	}
}

func BenchmarkClassify(b *testing.B) {
	m, accs := matchBenchAccounts(b, func(a *connectors.Account, r *connectors.Person) { a.Class, a.Email = connectors.Human, r.WorkEmail })
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		m.classify("app", &accs[i%len(accs)], 0)
		i++
	}
}
