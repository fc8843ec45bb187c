package scanner

import (
	"testing"

	"pgregory.net/rapid"
)

// TestReadPlain holds the short way of reading a name against the long one.
func TestReadPlain(t *testing.T) {
	word := rapid.OneOf(rapid.SampledFrom([]string{"Dr", "Admin", "ext", "MBA", "O'Brien", "Aae", "ae", "oe", "Mueller", "J.", "", "van", "Ødegård", "(Guest)", "[x]", "-"}),
		rapid.StringMatching(`[A-Za-z0-9'_. -]{0,12}`))
	rapid.Check(t, func(t *rapid.T) {
		name := ""
		for _, w := range rapid.SliceOfN(word, 0, 15).Draw(t, "words") {
			name += w + rapid.SampledFrom([]string{" ", ", ", "  ", "-", ""}).Draw(t, "gap")
		}
		var plain, long accountName
		plain.read("Some Body else") // what is left of the name before must not show
		if !plain.readPlain(name) {
			return
		}
		long.readOdd(name)
		if plain.n != long.n || plain.starts != long.starts || plain.hash != long.hash || string(plain.letters) != string(long.letters) {
			t.Fatalf("%q: %d tokens %q %b %x, want %d %q %b %x", name, plain.n, plain.letters, plain.starts, plain.hash,
				long.n, long.letters, long.starts, long.hash)
		}
		for i := range plain.n {
			if string(plain.tokens[i]) != string(long.tokens[i]) {
				t.Fatalf("%q: token %d is %q, want %q", name, i, plain.tokens[i], long.tokens[i])
			}
		}
	})
}

func BenchmarkAccountName(b *testing.B) {
	var an accountName
	for name, read := range map[string]func(string){"plain": an.read, "odd": an.readOdd} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				read("Annika Falkenberg-Lind")
			}
		})
	}
}
