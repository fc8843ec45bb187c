package scanner

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestFoldName(t *testing.T) {
	for _, c := range []struct{ in, plain, germanic string }{
		{"Anna Müller", "anna muller", "anna mueller"},
		{"Anna Mu\u0308ller", "anna muller", "anna mueller"},
		{"GROẞ, Jörg", "gross jorg", "gross joerg"},
		{"Łukasz Żółć", "lukasz zolc", "lukasz zolc"},
		{"Nguyễn Thị Đào", "nguyen thi dao", "nguyen thi dao"},
		{"Seán O'Brien", "sean obrien", "sean obrien"},
		{"Seán O’Brien", "sean obrien", "sean obrien"},
		{"Işıl ŞAHİN", "isil sahin", "isil sahin"},
		{"Øyvind Ødegård", "oyvind odegard", "oeyvind oedegaard"},
		{"Mæla Næss", "maela naess", "maela naess"},
		{"Jean-Luc  d'Arcy", "jean luc darcy", "jean luc darcy"},
		{"  Smith-Jones ,Zoë ", "smith jones zoe", "smith jones zoe"},
		{"Иван Щукин", "ivan shchukin", "ivan shchukin"},
		{"Ｗｉｄｅ", "wide", "wide"},
		{"李 伟", "李 伟", "李 伟"},
		{"", "", ""},
		{"--", "", ""},
	} {
		if got := string(foldName(nil, c.in, false)); got != c.plain {
			t.Errorf("foldName(%q) = %q, want %q", c.in, got, c.plain)
		}
		if got := string(foldName(nil, c.in, true)); got != c.germanic {
			t.Errorf("foldName(%q, germanic) = %q, want %q", c.in, got, c.germanic)
		}
	}
}

func TestHashTokenJoinsSpellings(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"muller", "mueller", true}, {"odegard", "oedegaard", true}, {"aase", "ase", true}, {"jo", "joe", true}, {"sjoeldal", "sjoeeldal", true},
		{"maria", "marie", false}, {"weiss", "weis", false}, {"ae", "a", false}, {"", "", true},
	} {
		h := hashToken([]byte(c.a)) == hashToken([]byte(c.b))
		if s := sameLoosely([]byte(c.a), []byte(c.b)); h != c.same || s != c.same {
			t.Errorf("%q and %q: hash equal %v, compared %v, want %v", c.a, c.b, h, s, c.same)
		}
	}
}

// Folding never fails, is idempotent, and takes no notice of composition.
func FuzzFoldName(f *testing.F) {
	for _, s := range []string{"Anna Müller", "O'Brien", "\xff\xfe", "İ", "ŉ", "ﬁ", "ǅ", "a\u0308"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		one := foldName(nil, s, false)
		if two := foldName(nil, string(one), false); !bytes.Equal(one, two) {
			t.Errorf("fold %q = %q, again %q", s, one, two)
		}
		if bytes.HasPrefix(one, []byte(" ")) || bytes.HasSuffix(one, []byte(" ")) || bytes.Contains(one, []byte("  ")) {
			t.Errorf("fold %q = %q: stray blanks", s, one)
		}
		if utf8.ValidString(s) && utf8.RuneCountInString(s) < 40 {
			if d := foldName(nil, norm.NFD.String(s), false); !bytes.Equal(one, d) {
				t.Errorf("fold %q = %q, decomposed %q", s, one, d)
			}
		}
		foldName(nil, s, true)
	})
}
