package report

import (
	"strconv"
	"strings"
	"time"

	"rollcall/scanner"
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

// share is a part of a whole, to a tenth of a percent: never rounded up to all of it, nor down to none. Of nothing it is
// the word "none".
func share(n, of int) any {
	if of == 0 {
		return "none"
	}
	thousandths := n * 1000 / of
	if n > 0 && thousandths == 0 {
		return "< 0.1 %"
	}
	return float64(thousandths) / 1000
}

// firstOf says how many of a list are shown: "9", or "the first 10 of 3,516".
func firstOf(shown, of int) string {
	if of <= shown {
		return thousands(of)
	}
	return "the first " + thousands(shown) + " of " + thousands(of)
}

// unread tells of a source whose control totals would tie out for want of any row.
func unread(s *scanner.SourceReport) bool {
	return s.State != scanner.SourceOK && s.Read == 0 && !s.Whole
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
