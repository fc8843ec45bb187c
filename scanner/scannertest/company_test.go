package scannertest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// small is a company small enough for every test, and large enough for every scenario.
func small(t testing.TB, seed uint64, noise int) *Company {
	t.Helper()
	c, err := New(Options{People: 300, Apps: 12, Seed: seed, Noise: noise})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func asJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSameOptionsSameCompany(t *testing.T) {
	for noise := range 3 {
		a, b, other := small(t, 7, noise), small(t, 7, noise), small(t, 8, noise)
		for part, of := range map[string]func(*Company) any{
			"roster": func(c *Company) any { return c.Roster }, "events": func(c *Company) any { return c.Events },
			"apps": func(c *Company) any { return c.Apps }, "truth": func(c *Company) any { return c.Truth },
		} {
			if !bytes.Equal(asJSON(t, of(a)), asJSON(t, of(b))) {
				t.Errorf("noise %d: two companies of one seed differ in their %s", noise, part)
			}
			if bytes.Equal(asJSON(t, of(a)), asJSON(t, of(other))) {
				t.Errorf("noise %d: two seeds give the same %s", noise, part)
			}
		}
	}
}

// A simulator that leaves a case out measures nothing of it.
func TestEveryCaseOccurs(t *testing.T) {
	lives, kinds, hard := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for noise := range 3 {
		for seed := range uint64(3) {
			for _, tr := range small(t, seed+1, noise).Truth {
				lives[tr.Scenario], hard[tr.Difficulty] = true, true
				for _, f := range tr.Findings {
					kinds[f.Name()] = true
				}
			}
		}
	}
	for _, s := range scenarios {
		if !lives[s.name] {
			t.Errorf("nobody lives %q", s.name)
		}
	}
	for _, k := range ScoredKinds {
		if !kinds[k] {
			t.Errorf("no account has %s", k)
		}
	}
	for _, d := range Difficulties {
		if !hard[d] {
			t.Errorf("no account is found by %s", d)
		}
	}
}

func TestCleanCompanyIsResolvable(t *testing.T) {
	for _, tr := range small(t, 1, 0).Truth {
		if !tr.Resolvable {
			t.Errorf("%s %s: found by %s, where every account has its employee id", tr.App, tr.Account, tr.Difficulty)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []Options{{}, {People: 10, Apps: 3}, {People: 100}, {People: 100, Apps: 3, Noise: 3}, {People: 100, Apps: 3, Noise: -1}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v makes a company", o)
		}
	}
}

// eachName goes through everything the pools can put together.
func eachName(f func(string)) {
	for _, tg := range tongues {
		for _, part := range [][]string{tg.given, tg.givenEnds, tg.family, tg.familyEnds} {
			for _, s := range part {
				f(s)
			}
		}
	}
}

func TestLetters(t *testing.T) {
	eachName(func(s string) {
		for _, ascii := range []string{plain(s), german(s)} {
			if i := strings.IndexFunc(ascii, func(r rune) bool { return r > unicode.MaxASCII }); i >= 0 {
				t.Errorf("%q in plain letters is %q", s, ascii)
			}
		}
		if got, want := decomposed(s), norm.NFD.String(s); got != want {
			t.Errorf("%q decomposed is %+q, want %+q", s, got, want)
		}
		if got := composed(decomposed(s)); got != s {
			t.Errorf("%q decomposed and composed again is %q", s, got)
		}
	})
}

func TestWordsIgnoreOrderAndSpelling(t *testing.T) {
	for _, pair := range [][2]string{{"Órla Nguyễnh", "NGUYENH, orla"}, {"Aoibhín O'Rathmoy", "ORathmoy Aoibhin"}, {"Işıl Şahsoy", " sahsoy  ISIL"}} {
		if a, b := words(pair[0]), words(pair[1]); a != b {
			t.Errorf("%q is %q, %q is %q", pair[0], a, pair[1], b)
		}
	}
}

func TestMoreAppsThanKnown(t *testing.T) {
	c, err := New(Options{People: 60, Apps: 30, Seed: 1, Noise: 1})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, a := range c.Apps {
		ids = append(ids, string(a.ID))
	}
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n != 30 {
		t.Errorf("30 apps have %d ids", n)
	}
}
