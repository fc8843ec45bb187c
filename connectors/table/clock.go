package table

import (
	"time"

	"rollcall/connectors"
)

// clock turns instants into days of a zone. It remembers the spans of constant offset it has met, since asking the zone
// for each of a million stamps costs more than reading them.
type clock struct {
	zone  *time.Location
	spans []span
}

const mostSpans = 64 // thirty years of summer times; beyond it the search would cost more than it saves

type span struct{ from, to, offset int64 }

func (c *clock) day(unix int64) connectors.Date {
	local := unix + c.offset(unix)
	day := local / secondsADay
	if local%secondsADay < 0 {
		day--
	}
	return connectors.Date(day)
}

func (c *clock) offset(unix int64) int64 {
	for i := range c.spans {
		if s := &c.spans[i]; s.from <= unix && unix < s.to {
			return s.offset
		}
	}
	t := time.Unix(unix, 0).In(c.zone)
	_, offset := t.Zone()
	start, end := t.ZoneBounds()
	s := span{from: -1 << 62, to: 1 << 62, offset: int64(offset)}
	if !start.IsZero() {
		s.from = start.Unix()
	}
	if !end.IsZero() {
		s.to = end.Unix()
	}
	if len(c.spans) == mostSpans {
		c.spans = c.spans[:0]
	}
	c.spans = append(c.spans, s)
	return s.offset
}
