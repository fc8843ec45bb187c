package scanner

import (
	"fmt"
	"testing"

	"rollcall/connectors"
)

// benchCompany is a company with a role matrix, whose accounts are in order: what the loop costs without findings.
func benchCompany(people, roles, ents int) (*company, []seat) {
	c := &company{apps: []App{app("erp")}}
	for r := range roles {
		for e := range ents / 4 {
			c.policy.Allow(fmt.Sprintf("ROLE-%d", r), "erp", fmt.Sprintf("ERP.ENT_%d", (r*7+e)%ents))
		}
	}
	c.policy.Birthright.Must = map[connectors.AppID][]string{"erp": {"ERP.USER"}}
	c.policy.AddSoD(SoDRule{ID: "S1", A: SoDSide{"erp", "ERP.PAY"}, B: SoDSide{"erp", "ERP.VENDOR"}})
	var seats []seat
	for i := range people {
		role := i % roles
		p := worker(fmt.Sprintf("E%07d", i), fmt.Sprintf("ROLE-%d", role))
		if i%4 == 0 { // a quarter has moved
			p.Roles = append([]connectors.RolePeriod{{From: date("2019-01-01"), Role: fmt.Sprintf("ROLE-%d", (role+1)%roles)}}, p.Roles...)
			p.HistorySince = date("2019-01-01")
			p.Start = date("2019-01-01")
		}
		c.people = append(c.people, p)
		s := human("erp", fmt.Sprintf("a%07d", i), string(p.ID)).holding("ERP.USER")
		for e := range 3 {
			s = s.holding(fmt.Sprintf("ERP.ENT_%d", (role*7+e)%ents))
		}
		seats = append(seats, s)
	}
	return c, seats
}

func benchJudge(b *testing.B, change func(*seat)) {
	c, seats := benchCompany(20000, 100, 400)
	j := c.judge()
	subjects := make([]subject, len(seats))
	for i := range seats {
		change(&seats[i])
		subjects[i] = subject{acc: &seats[i].acc, class: seats[i].class, match: Match{Owner: j.People.ByID(seats[i].owner), Grade: Exact, By: ByEmployeeID}}
	}
	none := func(w written) written { return w }
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		aj := j.app(&c.apps[0], noGrants{})
		for i := range subjects {
			aj.account(subjects[i], none)
		}
		n += len(aj.drafts.list)
		aj.end(true)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(subjects)), "ns/account")
	b.ReportMetric(float64(n)/float64(b.N)/float64(len(subjects)), "findings/account")
}

func BenchmarkAccountsInOrder(b *testing.B) { benchJudge(b, func(*seat) {}) }

func BenchmarkAccountsStale(b *testing.B) {
	benchJudge(b, func(s *seat) { s.acc.LastSignIn = testDay - 200 })
}

func BenchmarkAccountsExcess(b *testing.B) {
	benchJudge(b, func(s *seat) { s.acc.Entitlements[1].ID = "ERP.STRAY" })
}

// BenchmarkDrafts is what the end of an app costs: its findings are put in order and written out.
func BenchmarkDrafts(b *testing.B) {
	d := manyDrafts(40000)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for range d.sorted("app") {
			n++
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/finding")
}

func manyDrafts(n int) *drafts {
	d := &drafts{}
	for i := range 40000 {
		d.people = append(d.people, &Person{ID: connectors.PersonID(fmt.Sprintf("E%07d", i))})
	}
	for i := range n {
		f := Finding{Kind: Kinds[i%3], Severity: Severity(i % 2), App: "app", Account: connectors.AccountID(fmt.Sprint("a", i*7919%2500))}
		why := []byte("The last sign-in was on 2026-07-13 (111 days ago), more than 90 days.")
		d.list = append(d.list, d.draft(&f, findingNumber(&f, fmt.Sprint(i)), why, int32(i*104729%40000), span{}, []Fact{{"last sign-in", "2026-07-13"}, {"created", "2024-09-02"}}))
	}
	return d
}
