package table

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The join agrees with a plain one that holds everything in maps, whatever the ids and the order of rows; and each row
// is either on an account, merged, or rejected.
func TestJoinAgreesWithAPlainOne(tb *testing.T) {
	rapid.Check(tb, func(t *rapid.T) {
		id := rapid.SampledFrom([]string{"a", "A", "b", "B", "ab", "aB", "Ab", "AB", "1", "2", "é", "É"})
		ids := rapid.SliceOfDistinct(id, func(s string) string { return s }).Draw(t, "accounts")
		grants := rapid.SliceOf(rapid.Custom(func(t *rapid.T) [2]string {
			return [2]string{id.Draw(t, "account"), rapid.SampledFrom([]string{"R", "W", "X"}).Draw(t, "ent")}
		})).Draw(t, "grants")

		lines := []string{"id|user|mail|state"}
		for i, id := range ids {
			lines = append(lines, fmt.Sprintf("%s|user%d||", id, i))
		}
		rows := []string{"account|ent|granted|used"}
		for _, g := range grants {
			rows = append(rows, g[0]+"|"+g[1]+"||")
		}
		accounts, trace, err := pullApp(tb, mem("a", lines...), AppOptions{Columns: accountColumns}, mem("g", rows...),
			GrantOptions{Columns: grantColumns, MaxRejected: limit(tb, "100%")})
		if err != nil {
			t.Fatal(err)
		}
		want, strangers := plainJoin(ids, grants)
		for _, a := range accounts {
			var got []string
			for _, e := range a.Entitlements {
				got = append(got, string(e.ID))
			}
			slices.Sort(got)
			if w := slices.Sorted(maps.Keys(want[string(a.ID)])); !slices.Equal(got, w) {
				t.Fatalf("%s holds %v; want %v", a.ID, got, w)
			}
		}
		if len(accounts) != len(ids) || len(trace.Rejects) != strangers {
			t.Fatalf("%d accounts of %d, %d rejects; want %d", len(accounts), len(ids), len(trace.Rejects), strangers)
		}
	})
}

func plainJoin(ids []string, grants [][2]string) (held map[string]map[string]bool, strangers int) {
	held = map[string]map[string]bool{}
	for _, g := range grants {
		var folded []string
		for _, id := range ids {
			if strings.EqualFold(id, g[0]) {
				folded = append(folded, id)
			}
		}
		owner := g[0]
		if !slices.Contains(ids, owner) {
			if len(folded) != 1 {
				strangers++
				continue
			}
			owner = folded[0]
		}
		if held[owner] == nil {
			held[owner] = map[string]bool{}
		}
		held[owner][g[1]] = true
	}
	return held, strangers
}

// The index is a map, over several tables one after another in the same memory.
func TestIndexIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x index
		for range rapid.IntRange(1, 3).Draw(t, "tables") {
			// Few distinct low bits, so that keys crowd together.
			keys := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) uint64 {
				return rapid.Uint64Range(0, 3000).Draw(t, "high")<<32 | rapid.Uint64Range(0, 7).Draw(t, "low")
			}), 0, 3000).Draw(t, "keys")
			plain := map[uint64]uint32{}
			for i, k := range keys {
				s := x.at(k)
				if s.last != plain[k] {
					t.Fatalf("key %d: %d; want %d", k, s.last, plain[k])
				}
				s.last = uint32(i + 1)
				plain[k] = s.last
			}
			for k, v := range plain {
				if got := x.find(k); got != v {
					t.Fatalf("key %d: %d; want %d", k, got, v)
				}
			}
			x.reset()
			for _, k := range keys {
				if !x.at(k).free() {
					t.Fatalf("key %d is there after a reset", k)
				}
			}
		}
	})
}

// Two ids have one key exactly when they are the same in lower case.
func TestKeysAreThoseOfLowerCase(t *testing.T) {
	h := newHasher()
	for c := range 256 {
		if got, want := byte(lower(uint64(c)*eachByte)>>24), byte(c); 'A' <= want && want <= 'Z' && got != want+'a'-'A' || (want < 'A' || want > 'Z') && got != want {
			t.Errorf("lower case of %#x is %#x", c, got)
		}
	}
	letters := []rune("aAbBzZ@[`{09_ \u00e9\u00c9\u0130\u212a\x00")
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Custom(func(t *rapid.T) string {
			return string(rapid.SliceOfN(rapid.SampledFrom(letters), 0, 20).Draw(t, "letters"))
		})
		a, b := id.Draw(t, "a"), id.Draw(t, "b")
		if rapid.Bool().Draw(t, "alike") {
			b = strings.ToUpper(a)
		}
		same := foldWord("x"+a+"x") == foldWord("x"+b+"x")
		if got := h.folded([]byte(a)) == h.folded([]byte(b)); got != same {
			t.Fatalf("%q and %q: same key %v", a, b, got)
		}
	})
}
