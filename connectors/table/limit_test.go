package table

import "testing"

func TestLimitText(t *testing.T) {
	for _, s := range []string{"1%", "0.5%", "0%", "100%", "0", "5"} {
		if l := limit(t, s); l.String() != s {
			t.Errorf("%q became %q", s, l)
		}
	}
	if l := limit(t, " 2 % "); l.String() != "2%" {
		t.Errorf("became %q", l)
	}
	if s := (Limit{}).String(); s != "1%" {
		t.Errorf("the zero limit is %q", s)
	}
	for _, s := range []string{"", "%", "-1", "-1%", "101%", "NaN%", "few", "1.5"} {
		if err := new(Limit).UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q was accepted", s)
		}
	}
}
