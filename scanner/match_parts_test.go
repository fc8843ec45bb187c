package scanner

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
)

// mayTell may say yes too often, but never no where a word tells.
func TestMayTellMissesNothing(t *testing.T) {
	names := []string{"", "svc-backup", "SVC_Etl", "Jan Bot2", "bot'", "s\u00e9rvice desk", "\uff53\uff56\uff43 sync", "do\u2019notreply", "\u674e svc", "x\u00a0svc", "in2fo", "info7", "\xffbot", "bot\u00b2"}
	for w := range telling {
		names = append(names, w, strings.ToUpper(w), "Ann "+w+"9", w+"\u2019s", "\u00e4 "+w)
	}
	for _, s := range names {
		if tells(foldName(nil, s, false)) && !mayTell(s) {
			t.Errorf("%q tells, and mayTell says it cannot", s)
		}
	}
	if mayTell("Anna M\u00fcller") || mayTell("jan.kessler42") {
		t.Error("plain names need no closer look")
	}
}

// The sample is the accounts with the smallest hashes, in whatever order they come.
func TestUsernameSampleKeepsTheSmallest(t *testing.T) {
	var accs []connectors.Account
	for i := range 3 * sampleSize {
		accs = append(accs, connectors.Account{Username: "u" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))})
	}
	accs = append(accs, accs[:sampleSize]...)
	var all []uint64
	for i := range accs {
		all = append(all, hashString(14695981039346656037, accs[i].Username))
	}
	slices.Sort(all)
	for range 3 {
		rand.Shuffle(len(accs), func(i, k int) { accs[i], accs[k] = accs[k], accs[i] })
		var s usernameSample
		for i := range accs {
			s.add(&accs[i], nil)
		}
		var got []uint64
		for _, o := range s.of {
			got = append(got, o.h)
		}
		slices.Sort(got)
		if !slices.Equal(got, all[:sampleSize]) {
			t.Fatal("the sample is not the smallest hashes")
		}
	}
}

func TestSortKeys(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 1000} {
		var keys []recordKey
		for i := range n {
			keys = append(keys, recordKey{mix(uint64(i % 300)), int32(n - i), i%2 == 0})
		}
		got := sortKeys(keys)
		slices.SortFunc(keys, compareKeys)
		if len(got) != n || n > 0 && !reflect.DeepEqual(got, keys) {
			t.Errorf("%d keys are not sorted", n)
		}
	}
}

// What waits is a copy, whole and in order, also in a list used before.
func TestWaitingList(t *testing.T) {
	var l waitingList
	for round := range 2 {
		var want []connectors.Account
		a := connectors.Account{Aliases: []string{""}, Entitlements: make([]connectors.Entitlement, 0, heldChunk+1)}
		for i := range 3 * waitingChunk {
			a.ID, a.Aliases[0] = connectors.AccountID(rune('a'+i%26)), string(rune('b'+i%20))
			a.Entitlements = a.Entitlements[:[]int{0, 1, 3, 40, heldChunk, heldChunk + 1}[i%6]]
			for k := range a.Entitlements {
				a.Entitlements[k].Granted = connectors.Date(i + k + round)
			}
			want = append(want, a.Clone())
			l.add(&a, connectors.Human, "x")
		}
		clear(a.Entitlements)
		for i := range want {
			if w := l.at(i); !reflect.DeepEqual(w.acc, want[i]) || w.class != connectors.Human || w.classBy != "x" {
				t.Fatalf("round %d: account %d differs", round, i)
			}
		}
		l.reset()
	}
}
