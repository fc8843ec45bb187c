package report

import (
	"strconv"
	"strings"
	"time"
)

// thousands writes 1234567 as 1,234,567.
func thousands(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// plural is "1 row", "1,200 rows".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + noun + "s"
}

// share is a percentage that never rounds up to 100 % nor down to 0 %; of nothing it is "none".
func share(n, of int) string {
	if of == 0 {
		return "none"
	}
	tenths := n * 1000 / of
	switch {
	case n > 0 && tenths == 0:
		return "< 0.1 %"
	case tenths%10 == 0:
		return strconv.Itoa(tenths/10) + " %"
	}
	return strconv.Itoa(tenths/10) + "." + strconv.Itoa(tenths%10) + " %"
}

// yesNo is what a check says, in words.
func yesNo(ok bool) string {
	if ok {
		return "yes"
	}
	return "NO"
}

// stamp is a moment in UTC.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// kindWords is the kind with its reason, as people read it.
func kindWords(kind, reason string) string {
	if reason == "" {
		return kind
	}
	return kind + " / " + reason
}

// joinNonEmpty joins what there is.
func joinNonEmpty(sep string, parts ...string) string {
	kept := parts[:0:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}
