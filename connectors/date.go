package connectors

import (
	"fmt"
	"time"
)

// Date is a day in the company's calendar, counted from 1970-01-01. 0 means unknown, so that day itself cannot be
// said: exports use it to mean "never".
type Date int32

const dateLayout = "2006-01-02"

// DateOf is the day on which t falls in the company's zone.
func DateOf(t time.Time, zone *time.Location) Date {
	y, m, d := t.In(zone).Date()
	return Date(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDate reads YYYY-MM-DD.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(dateLayout, s)
	if err != nil {
		return 0, fmt.Errorf("date %q: want YYYY-MM-DD", s)
	}
	return Date(t.Unix() / 86400), nil
}

// Known tells whether the day is known.
func (d Date) Known() bool { return d != 0 }

// Time is the first instant of the day, in UTC.
func (d Date) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String is YYYY-MM-DD, or "unknown".
func (d Date) String() string {
	if d == 0 {
		return "unknown"
	}
	return d.Time().Format(dateLayout)
}

// MarshalText is YYYY-MM-DD, or empty when unknown.
func (d Date) MarshalText() ([]byte, error) {
	if d == 0 {
		return nil, nil
	}
	return d.Time().AppendFormat(nil, dateLayout), nil
}

// UnmarshalText is the inverse of MarshalText.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = 0
		return nil
	}
	v, err := ParseDate(string(b))
	*d = v
	return err
}
