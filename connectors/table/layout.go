package table

import (
	"fmt"
	"strings"
)

// layout is one declared way to write a date, in plain letters.
type layout struct {
	text  string
	steps []step
}

// step reads one part of a date; part 0 is a fixed byte.
type step struct {
	part byte // Y M D year, month, day; h m s time; z zone; 0 fixed
	wide bool // of M and D: always two digits
	lit  byte
}

// The default layouts: those of RFC 3339.
const (
	isoLayout   = "YYYY-MM-DD"
	stampLayout = "YYYY-MM-DDThh:mm:ssZ"
)

// layoutParts in the order to try them: a longer word before its beginning.
var layoutParts = []struct {
	word string
	step step
}{
	{"YYYY", step{part: 'Y'}}, {"MM", step{part: 'M', wide: true}}, {"DD", step{part: 'D', wide: true}},
	{"M", step{part: 'M'}}, {"D", step{part: 'D'}},
	{"hh", step{part: 'h'}}, {"mm", step{part: 'm'}}, {"ss", step{part: 's'}}, {"Z", step{part: 'z'}},
}

// parseLayout reads a declared layout.
func parseLayout(text string) (layout, error) {
	if strings.EqualFold(strings.ReplaceAll(text, " ", ""), "rfc3339") {
		text = stampLayout
	}
	l := layout{text: text}
	seen := ""
	for rest := text; rest != ""; {
		s, n, err := nextStep(rest)
		if err != nil {
			return l, fmt.Errorf("dates: %q: %w", l.text, err)
		}
		if s.part != 0 && strings.IndexByte(seen, s.part) >= 0 {
			return l, fmt.Errorf("dates: %q has %s twice", l.text, rest[:n])
		}
		if s.part != 0 {
			seen += string(s.part)
		}
		l.steps, rest = append(l.steps, s), rest[n:]
	}
	for _, part := range []struct{ part, word string }{{"Y", "YYYY"}, {"M", "MM"}, {"D", "DD"}} {
		if !strings.Contains(seen, part.part) {
			return l, fmt.Errorf("dates: %q has no %s", l.text, part.word)
		}
	}
	if strings.Contains(seen, "z") && !strings.Contains(seen, "h") {
		return l, fmt.Errorf("dates: %q has a zone (Z) and no hour (hh)", l.text)
	}
	return l, nil
}

func nextStep(rest string) (step, int, error) {
	for _, p := range layoutParts {
		if strings.HasPrefix(rest, p.word) {
			return p.step, len(p.word), nil
		}
	}
	c := rest[0]
	switch {
	case strings.HasPrefix(rest, "YY"):
		return step{}, 0, fmt.Errorf("a year of two digits can be read in two ways: have the file written with YYYY")
	case c == 'T':
	case c >= 0x80 || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
		return step{}, 0, fmt.Errorf("%q is no part of a date: write YYYY MM DD M D hh mm ss T Z and punctuation", rest[:1])
	}
	return step{lit: c}, 1, nil
}

// reading is what a layout found in a cell.
type reading struct {
	year, month, day, hour, minute, second int
	offset                                 int // seconds east of UTC, where zoned
	zoned                                  bool
}

// read tells whether the whole of b is written in this layout, and is a day that exists.
func (l layout) read(b []byte) (r reading, ok bool) {
	for _, s := range l.steps {
		var n int
		switch s.part {
		case 'Y':
			r.year, n = number(b, 4, 4)
		case 'M':
			r.month, n = number(b, s.least(), 2)
		case 'D':
			r.day, n = number(b, s.least(), 2)
		case 'h':
			r.hour, n = number(b, 2, 2)
		case 'm':
			r.minute, n = number(b, 2, 2)
		case 's':
			if r.second, n = number(b, 2, 2); n > 0 {
				n += fraction(b[n:])
			}
		case 'z':
			r.offset, n = zone(b)
			r.zoned = true
		default:
			if len(b) > 0 && b[0] == s.lit {
				n = 1
			}
		}
		if n == 0 {
			return r, false
		}
		b = b[n:]
	}
	return r, len(b) == 0 && validDay(r.year, r.month, r.day) && r.hour < 24 && r.minute < 60 && r.second <= 60
}

func (s step) least() int {
	if s.wide {
		return 2
	}
	return 1
}

// number reads least to most digits and says how many there were; 0 = fewer than least.
func number(b []byte, least, most int) (v, n int) {
	for n < most && n < len(b) && '0' <= b[n] && b[n] <= '9' {
		v = v*10 + int(b[n]-'0')
		n++
	}
	if n < least {
		return 0, 0
	}
	return v, n
}

// fraction is the length of a fraction of a second, which no day depends on.
func fraction(b []byte) int {
	if len(b) < 2 || b[0] != '.' || !digits(b[1:2]) {
		return 0
	}
	n := 2
	for n < len(b) && digits(b[n:n+1]) {
		n++
	}
	return n
}

// zone reads Z, +hh:mm or +hhmm.
func zone(b []byte) (offset, n int) {
	if len(b) > 0 && b[0] == 'Z' {
		return 0, 1
	}
	if len(b) < 5 || b[0] != '+' && b[0] != '-' {
		return 0, 0
	}
	h, hn := number(b[1:], 2, 2)
	n = 1 + hn
	if n < len(b) && b[n] == ':' {
		n++
	}
	m, mn := number(b[n:], 2, 2)
	if hn == 0 || mn == 0 || h > 23 || m > 59 {
		return 0, 0
	}
	offset = h*3600 + m*60
	if b[0] == '-' {
		offset = -offset
	}
	return offset, n + mn
}
