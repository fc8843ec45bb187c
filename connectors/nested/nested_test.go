package nested

import (
	"cmp"
	"slices"
	"testing"
)

// letters are groups by their names: each with those it is a member of.
func letters(in map[byte]string) *Groups {
	return &Groups{Compare: func(a, b int32) int { return cmp.Compare(a, b) }, In: func(g int32) (up []int32) {
		for _, c := range in[byte(g)] {
			up = append(up, int32(c))
		}
		return up
	}}
}

func spell(groups []int32) (s string) {
	for _, g := range groups {
		s += string(rune(g))
	}
	return s
}

func TestAbove(t *testing.T) {
	for name, c := range map[string]struct {
		in   map[byte]string
		want string // above a
	}{
		"none":                 {nil, ""},
		"a chain":              {map[byte]string{'a': "b", 'b': "c", 'c': "d"}, "bcd"},
		"the nearest first":    {map[byte]string{'a': "zc", 'z': "b", 'c': "d"}, "czdb"},
		"a diamond":            {map[byte]string{'a': "bc", 'b': "d", 'c': "d"}, "bcd"},
		"a circle":             {map[byte]string{'a': "b", 'b': "c", 'c': "a"}, "bc"},
		"a circle further up":  {map[byte]string{'a': "b", 'b': "c", 'c': "b"}, "bc"},
		"itself":               {map[byte]string{'a': "a"}, ""},
		"the same named twice": {map[byte]string{'a': "bb", 'b': "cc"}, "bc"},
	} {
		g := letters(c.in)
		for range 2 { // the second is from memory
			if got := spell(g.Above('a')); got != c.want {
				t.Errorf("%s: got %q, want %q", name, got, c.want)
			}
		}
	}
}

func TestPlaces(t *testing.T) {
	g := letters(map[byte]string{'a': "z", 'b': "ay", 'z': "m"})
	want := []Place{{'a', 'a'}, {'b', 'b'}, {'m', 'a'}, {'y', 'b'}, {'z', 'a'}}
	if got := g.Places([]int32{'b', 'a', 'b'}); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want) // a is held directly, and not through b
	}
	if got := g.Places(nil); len(got) > 0 {
		t.Errorf("nobody is in %v", got)
	}
}
