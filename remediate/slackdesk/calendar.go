package slackdesk

import (
	"time"

	"rollcall/connectors"
)

// Calendar says when people may be reminded.
type Calendar struct {
	QuietFrom, QuietTo time.Duration            // since midnight, in the person's zone; equal: never quiet
	Weekend            []time.Weekday           // nil: Saturday and Sunday
	Holidays           map[connectors.Date]bool // days on which nobody works
}

func (c *Calendar) works(t time.Time) bool {
	weekend := c.Weekend
	if weekend == nil {
		weekend = []time.Weekday{time.Saturday, time.Sunday}
	}
	for _, w := range weekend {
		if t.Weekday() == w {
			return false
		}
	}
	return !c.Holidays[connectors.DateOf(t, t.Location())]
}

// quiet tells whether a moment of a day lies in the quiet hours.
func (c *Calendar) quiet(t time.Time) bool {
	at := since(t)
	switch {
	case c.QuietFrom == c.QuietTo:
		return false
	case c.QuietFrom < c.QuietTo:
		return c.QuietFrom <= at && at < c.QuietTo
	}
	return c.QuietFrom <= at || at < c.QuietTo
}

// next is the first moment, not before t, at which somebody in a zone may be reminded: on a working day, outside the quiet
// hours. Where there is none within a year, t itself.
func (c *Calendar) next(t time.Time, zone *time.Location) time.Time {
	at := t.In(zone)
	for range 2 * 366 {
		y, m, day := at.Date()
		switch {
		case !c.works(at):
			at = time.Date(y, m, day+1, 0, 0, 0, 0, zone)
		case !c.quiet(at):
			return at
		case c.QuietFrom > c.QuietTo && c.QuietFrom <= since(at): // into the next day
			at = c.ends(y, m, day+1, zone)
		default:
			at = c.ends(y, m, day, zone)
		}
	}
	return t
}

// ends is when the quiet hours of a day end. Where clocks jump over that moment it is the first one after.
func (c *Calendar) ends(y int, m time.Month, day int, zone *time.Location) time.Time {
	to := int(c.QuietTo / time.Minute)
	at := time.Date(y, m, day, to/60, to%60, 0, 0, zone)
	for c.quiet(at) {
		at = at.Add(15 * time.Minute)
	}
	return at
}

func since(t time.Time) time.Duration {
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
}

// open tells whether somebody in a zone may be reminded at a moment.
func (c *Calendar) open(t time.Time, zone *time.Location) bool { return !c.next(t, zone).After(t) }
