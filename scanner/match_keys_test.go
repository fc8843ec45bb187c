package scanner

import (
	"bytes"
	"testing"
)

func TestIDsFit(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"E0010247", "E0010247 ", true}, {"E0010247", "10247", true}, {"E0010247", "e0010247", true}, {"E0010247", " 0010247", true},
		{"10247", "10247.0", true}, {"E-0010 247", "e0010247", true}, {"E0010247", "C0010247", false}, {"E0010247", "102470", false},
		{"E0010247", "", false}, {"", "", false}, {"000", "0", false}, {"JDOE", "jdoe ", true}, {"12A3", "12a3", true},
	} {
		if got := foldID(nil, c.a).fits(foldID(nil, c.b)); got != c.want {
			t.Errorf("%q fits %q = %v", c.a, c.b, got)
		}
		if got := foldID(nil, c.b).fits(foldID(nil, c.a)); got != c.want {
			t.Errorf("%q fits %q = %v", c.b, c.a, got)
		}
	}
}

func TestFoldAddress(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{" Anna.Muster@Example.TEST ", "anna.muster@example.test"}, {"anna+crm@example.test", "anna@example.test"},
		{"Anna <anna@example.test>", "anna@example.test"}, {"mailto:a@b", "a@b"}, {"anna @ example.test", "anna@example.test"},
		{"anna", ""}, {"@example.test", ""}, {"anna@", ""}, {"a@b@c", ""}, {"+x@example.test", "+x@example.test"},
	} {
		if got, _ := foldAddress(nil, c.in); string(got) != c.want {
			t.Errorf("foldAddress(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func FuzzFoldID(f *testing.F) {
	for _, s := range []string{"E0010247", " 10247.0", "e-1", "ÄÖ 12", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		one := foldID(nil, s)
		two := foldID(nil, string(one.full))
		if !bytes.Equal(one.full, two.full) || !bytes.Equal(one.body, two.body) {
			t.Errorf("foldID %q = %q, again %q", s, one.full, two.full)
		}
		digits := len(bytes.Trim(one.body, "0123456789")) == 0
		if digits && len(one.body) > 0 && !one.fits(foldID(nil, string(one.body))) {
			t.Errorf("%q does not fit its own body %q", s, one.body)
		}
	})
}

func FuzzFoldAddress(f *testing.F) {
	for _, s := range []string{"a@b", "A+x@B", "<a@b>", "mailto:a@b", "\xff@x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		one, at := foldAddress(nil, s)
		if at < 0 {
			return
		}
		if one[at] != '@' {
			t.Errorf("%q: at %d of %q", s, at, one)
		}
		if two, _ := foldAddress(nil, string(one)); !bytes.Equal(one, two) {
			t.Errorf("foldAddress %q = %q, again %q", s, one, two)
		}
	})
}
