//go:build integration

package ldap

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// A hundred thousand people in two groups each, from OpenLDAP in pages, over a line that breaks among them: nobody is lost and
// nobody comes twice, and what is kept of each is its id and the names of its groups, and no page but the one at hand.
func TestIntegrationAHundredThousandAccounts(t *testing.T) {
	const people, groups, page = 100_000, 200, 1000
	const most = 700 // bytes kept of each
	var seed bytes.Buffer
	slapdTop(&seed)
	name := func(n int) string { return fmt.Sprintf("uid=p%06d,ou=people,%s", n, suffix) }
	for n := range people {
		ldif(&seed, name(n), "objectClass: inetOrgPerson", fmt.Sprintf("uid: p%06d", n), fmt.Sprintf("cn: Person %d", n), fmt.Sprintf("sn: %d", n),
			fmt.Sprintf("mail: p%06d@example.test", n), fmt.Sprintf("employeeNumber: E%06d", n))
	}
	for g := range groups {
		lines := []string{"objectClass: groupOfNames"}
		for n := g; n < people; n += groups {
			lines = append(lines, "member: "+name(n), "member: "+name((n/groups*groups)+(n+7)%groups))
		}
		ldif(&seed, fmt.Sprintf("cn=team %d,ou=groups,%s", g, suffix), lines...)
	}
	begun := time.Now()
	s := serveSlapd(t, seed.String())
	seed = bytes.Buffer{}
	loaded := time.Since(begun)

	conf := s.as("reader")
	conf.PageSize = page
	a := s.open(t, conf)
	dials := 0
	a.dial = losing(a.dial, 60, &dials) // groups are one page; so that it is among the people
	before, peak, n, held := live(), uint64(0), 0, 0
	seen := make([]bool, people)
	tr := new(connectortest.Trace)
	begun = time.Now()
	for acc, err := range a.Accounts(t.Context(), tr) {
		check(t, err)
		var who int
		if _, err := fmt.Sscanf(acc.Username, "p%d", &who); err != nil || seen[who] {
			t.Fatalf("%q comes twice, or is nobody: %v", acc.Username, err)
		}
		seen[who] = true
		if held += len(acc.Entitlements); len(acc.Entitlements) != 2 || acc.EmployeeID != fmt.Sprintf("E%06d", who) {
			t.Fatalf("got %+v", acc)
		}
		if n++; n%20_000 == 0 {
			peak = max(peak, live()-before)
		}
	}
	t.Logf("%d accounts in %d groups each: loaded by slapadd in %v, read in %v, in %d pages, over %d connections; %.1f MB kept at most (%d bytes an account)",
		n, held/max(n, 1), loaded.Round(time.Second), time.Since(begun).Round(time.Second/10), len(tr.Pages), dials, float64(peak)/1e6, peak/people)
	if n != people || !tr.Ended(connectors.Groups, connectors.Accounts) || len(tr.Rejects) > 0 {
		t.Errorf("%d accounts, ended %v, %d rejected", n, tr.Ends, len(tr.Rejects))
	}
	if dials != 2 || len(tr.Pages) < people/page+50 {
		t.Errorf("%d connections and %d pages: the line did not break among the people", dials, len(tr.Pages))
	}
	if peak > people*most {
		t.Errorf("%d bytes are kept of each account; want at most %d", peak/people, most)
	}
}

// live is what is in use after all that is not was given back.
func live() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
