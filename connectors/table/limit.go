package table

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Limit is how many rows of a file may be rejected before the pull counts as partial: a share of the rows, rounded up,
// or a count. The zero Limit is 1 %, so that one row of a file with thirty may be rejected: one of up to a hundred, two of
// up to two hundred. "0" allows none.
type Limit struct {
	set     bool
	count   int
	percent float64 // when count is -1
}

// UnmarshalText reads "1%", "0.5%" or "5".
func (l *Limit) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if share, ok := strings.CutSuffix(s, "%"); ok {
		p, err := strconv.ParseFloat(strings.TrimSpace(share), 64)
		if err != nil || !(p >= 0 && p <= 100) {
			return fmt.Errorf("max_rejected %q: write a percentage from 0%% to 100%%, or a count", s)
		}
		*l = Limit{set: true, count: -1, percent: p}
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return fmt.Errorf("max_rejected %q: write a percentage as \"1%%\", or a count as \"5\"", s)
	}
	*l = Limit{set: true, count: n}
	return nil
}

// String is what UnmarshalText reads.
func (l Limit) String() string {
	switch {
	case !l.set:
		return "1%"
	case l.count < 0:
		return strconv.FormatFloat(l.percent, 'f', -1, 64) + "%"
	}
	return strconv.Itoa(l.count)
}

// allows tells whether so many of the rows may be rejected.
func (l Limit) allows(rejected, rows int) bool {
	if !l.set {
		l = Limit{set: true, count: -1, percent: 1}
	}
	if l.count >= 0 {
		return rejected <= l.count
	}
	return rejected <= int(math.Ceil(float64(rows)*l.percent/100))
}
