package ledger

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
)

type grant struct {
	account     connectors.AccountID
	entitlement connectors.EntitlementID
}

func TestGrantHistoryAgainstAMap(t *testing.T) {
	var every []grant
	for a := range 30 {
		for _, e := range []string{"", "admin", "read", "a very long entitlement id of an app that uses whole paths/for/them"} {
			every = append(every, grant{connectors.AccountID(fmt.Sprint("u", a)), connectors.EntitlementID(e)})
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "ledger")
		ok(t, err)
		defer os.RemoveAll(dir)
		l := begin(t, dir)
		model, since := map[grant]connectors.Date{}, connectors.Date(0)
		for range rapid.IntRange(1, 5).Draw(t, "pulls") {
			asOf := monday + connectors.Date(rapid.IntRange(0, 9).Draw(t, "as-of"))
			held := rapid.SliceOf(rapid.SampledFrom(every)).Draw(t, "held")
			now := map[grant]connectors.Date{}
			var log GrantLog
			for _, g := range held {
				log.Add(g.account, g.entitlement)
				now[g] = asOf
				if day, known := model[g]; known {
					now[g] = min(day, asOf)
				}
			}
			model = now
			if since == 0 || asOf < since {
				since = asOf
			}
			for range 2 {
				ok(t, l.RecordGrants("crm", asOf, &log))
			}
			if rapid.Bool().Draw(t, "reopen") {
				l = reopen(t, l)
			}
			h, err := l.Grants("crm")
			ok(t, err)
			if h.Since() != since {
				t.Fatalf("since %v, want %v", h.Since(), since)
			}
			for _, g := range every {
				if got := h.FirstSeen(g.account, g.entitlement); got != model[g] {
					t.Fatalf("%v: first seen %v, want %v", g, got, model[g])
				}
			}
		}
		end(t, l)
	})
}

func TestAnAppNeverPulledHasNoGrants(t *testing.T) {
	l := begin(t, t.TempDir())
	defer end(t, l)
	h, err := l.Grants("crm")
	if err != nil || h.Since() != 0 || h.FirstSeen("a", "b") != 0 {
		t.Errorf("got %v, %v", h, err)
	}
	ok(t, l.RecordGrants("crm", monday, &GrantLog{}))
	if h, err = l.Grants("crm"); err != nil || h.Since() != monday || h.FirstSeen("a", "b") != 0 {
		t.Errorf("pulled and empty: got %v, %v", h, err)
	}
}

// The file's format: a change here would make every grant of every company new.
func TestGrantHashesNeverChange(t *testing.T) {
	for want, g := range map[uint64]grant{
		0xb21244db1c7eb82b: {"", ""},
		0x9934df31204444a1: {"u1", ""},
		0x45861d69e7bb7b4c: {"u1", "admin"},
		0xc9e2412181cf4152: {"00u1a2b3c4d5e6f7g8h9", "arn:aws:iam::aws:policy/AdministratorAccess"},
		0x9443ea8046d9e643: {"12345678", "role-Łódź"},
	} {
		if got := grantHash(g.account, g.entitlement); got != want {
			t.Errorf("%v: got %#x, want %#x", g, got, want)
		}
	}
}

// Ids are counted up, share beginnings and swap parts; their hashes must not.
func TestGrantHashesOfLikeIDs(t *testing.T) {
	const accounts, entitlements = 4000, 120
	hashes := make([]uint64, 0, accounts*entitlements*2)
	for a := range accounts {
		for e := range entitlements {
			as, es := fmt.Sprintf("user-%06d", a), fmt.Sprint("role", e)
			hashes = append(hashes, grantHash(connectors.AccountID(as), connectors.EntitlementID(es)),
				grantHash(connectors.AccountID(es), connectors.EntitlementID(as)))
		}
	}
	fill := make([]int, 1024)
	for _, h := range hashes {
		fill[h>>54]++
	}
	mean := len(hashes) / len(fill)
	if least, most := slices.Min(fill), slices.Max(fill); least < mean*8/10 || most > mean*12/10 {
		t.Errorf("buckets of %d to %d, mean %d: not even", least, most, mean)
	}
	slices.Sort(hashes)
	if n := len(hashes) - len(slices.Compact(hashes)); n > 0 {
		t.Errorf("%d of %d hashes are shared", n, cap(hashes))
	}
	if grantHash("ab", "c") == grantHash("a", "bc") || grantHash("a", "") == grantHash("", "a") || grantHash("a\x00", "") == grantHash("a", "") {
		t.Error("where the account ends makes no difference")
	}
}

func TestSortedIsSlicesSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := GrantLog{rapid.SliceOf(rapid.Uint64()).Draw(t, "hashes")}
		want := slices.Clone(log.hashes)
		slices.Sort(want)
		if got := log.sorted(); !slices.Equal(got, slices.Compact(want)) {
			t.Fatalf("got %x, want %x", got, want)
		}
	})
}

func BenchmarkSorted(b *testing.B) {
	var log GrantLog
	for i := range perApp {
		log.Add(connectors.AccountID(fmt.Sprint("u", i)), "")
	}
	b.Run("neighbourhoods", func(b *testing.B) {
		for b.Loop() {
			log.sorted()
		}
	})
	b.Run("slices.Sort", func(b *testing.B) {
		for b.Loop() {
			slices.Sort(slices.Clone(log.hashes))
		}
	})
}

func TestLookingUpAGrantAllocatesNothing(t *testing.T) {
	l := begin(t, t.TempDir())
	defer end(t, l)
	var log GrantLog
	log.Add("u1", "admin")
	ok(t, l.RecordGrants("crm", monday, &log))
	h, err := l.Grants("crm")
	ok(t, err)
	if n := testing.AllocsPerRun(100, func() { h.FirstSeen("u1", "admin"); h.FirstSeen("u2", "admin") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzPackedValues(f *testing.F) {
	f.Add(packRegister([]entry{{id: "f-1", scope: "stale_account\x00crm"}}))
	f.Add(packRoles(roles{"E1": {{On: monday, Role: "Clerk"}}}))
	f.Add(packPeople(people{"E1": {Role: "Clerk"}}))
	var log GrantLog
	log.Add("u1", "admin")
	f.Add(mergeGrants(&grants{}, log.sorted(), monday))
	f.Fuzz(func(t *testing.T, b []byte) {
		unpackRegister(b)
		unpackPeople(b)
		unpackRoles(b)
		unpackMissing(b)
		unpackDiff(b)
		if g, err := openGrants(b); err == nil {
			g.buildIndex()
			g.FirstSeen("u1", "admin")
		}
	})
}
