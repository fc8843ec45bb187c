package connectors

import (
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// TestEscapeJSON: escaping a text where it stands gives what escaping it rune by rune gives, and leaves what is before it.
func TestEscapeJSON(t *testing.T) {
	piece := rapid.SampledFrom([]string{"a", "bcdefgh", "sixteen letters.", `"`, `\`, "é", "日本", "\u2028", "\u0085", "\u00a0", "\x7f", "\x00", "\n", "\t",
		"\xff", "\xc3", "\xe2\x80", "😀"})
	rapid.Check(t, func(t *rapid.T) {
		var s string
		for _, p := range rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces") {
			s += p
		}
		want := []byte("before\n")
		for i := 0; i < len(s); {
			r, size := utf8.DecodeRuneInString(s[i:])
			switch {
			case r == utf8.RuneError && size == 1:
				want = append(want, "\uFFFD"...)
			case r < 0x20, r == '"', r == '\\', r >= 0x7f && r < 0xa0, r == '\u2028', r == '\u2029':
				want = appendEscape(want, r)
			default:
				want = append(want, s[i:i+size]...)
			}
			i += size
		}
		if got := EscapeJSON([]byte("before\n"+s), len("before\n")); string(got) != string(want) {
			t.Fatalf("got  %q\nwant %q", got, want)
		}
		if got := AppendJSON(nil, s); string(got) != `"`+string(want[len("before\n"):])+`"` {
			t.Fatalf("AppendJSON: got %q", got)
		}
	})
}
