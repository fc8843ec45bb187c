package scanner

import (
	"fmt"
	"strconv"
	"strings"

	"rollcall/connectors"
)

// Days is a number of days that is written with its unit: "90d", "12w".
type Days int

const maxDays = 36525 // a century: more is a slip of the finger

// UnmarshalText refuses a bare number: 90 of what?
func (d *Days) UnmarshalText(b []byte) error {
	s := string(b)
	unit := map[byte]int{'d': 1, 'w': 7}
	if len(s) > 1 && unit[s[len(s)-1]] > 0 {
		n, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
		if err == nil && int(n)*unit[s[len(s)-1]] <= maxDays {
			*d = Days(int(n) * unit[s[len(s)-1]])
			return nil
		}
	}
	return fmt.Errorf("%q is not a number of days: want a number and its unit, such as \"90d\" or \"12w\"", s)
}

func (d Days) MarshalText() ([]byte, error) { return []byte(strconv.Itoa(int(d)) + "d"), nil }

// Day is a calendar day as policy files write it: 2027-03-31, as a TOML date or as text.
type Day struct{ connectors.Date }

func (d *Day) UnmarshalText(b []byte) error {
	s, _, _ := strings.Cut(string(b), "T")
	return d.Date.UnmarshalText([]byte(s))
}

// fits tells whether the pattern (* any run, ? any one character) fits all of s. Both are folded by the caller.
func fits(pattern, s string) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(s) {
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, mark = i, j
			i++
		case i < len(pattern) && (pattern[i] == '?' || pattern[i] == s[j]):
			size := 1
			if pattern[i] == '?' {
				size = runeLen(s[j:])
			}
			i++
			j += size
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[i:], "*") == ""
}

func runeLen(s string) int {
	for n := range s {
		if n > 0 {
			return n
		}
	}
	return len(s)
}

// fold is how patterns and what they are held against lose their case.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// patterns is a set of folded patterns: the plain ones are looked up, the others tried.
type patterns struct {
	plain map[string]struct{}
	globs []string
}

func newPatterns(lists ...[]string) *patterns {
	p := &patterns{plain: map[string]struct{}{}}
	for _, list := range lists {
		for _, s := range list {
			if s = fold(s); strings.ContainsAny(s, "*?") {
				p.globs = append(p.globs, s)
			} else if s != "" {
				p.plain[s] = struct{}{}
			}
		}
	}
	return p
}

// has takes a folded string.
func (p *patterns) has(s string) bool {
	if p == nil {
		return false
	}
	if _, ok := p.plain[s]; ok {
		return true
	}
	for _, g := range p.globs {
		if fits(g, s) {
			return true
		}
	}
	return false
}
