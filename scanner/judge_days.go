package scanner

import "rollcall/connectors"

// days are the texts of the days that findings name, made once: a large company's findings name millions of days, of a few
// thousand different ones.
type days struct {
	asOf, first connectors.Date
	plain, ago  []string // by the day since first
}

// Days outside of these are named seldom.
const (
	daysBack  = 16 * 366
	daysAhead = 366
)

func newDays(asOf connectors.Date) days {
	d := days{asOf: asOf, first: asOf - daysBack, plain: make([]string, daysBack+daysAhead), ago: make([]string, daysBack+daysAhead)}
	for i := range d.plain {
		day := d.first + connectors.Date(i)
		d.ago[i] = onDay(day, asOf)
		d.plain[i] = d.ago[i][:len(day.String())]
	}
	return d
}

// on is a day with how long ago it is: "2026-08-31 (62 days ago)".
func (d *days) on(day connectors.Date) string {
	if i := int(day) - int(d.first); i >= 0 && i < len(d.ago) {
		return d.ago[i]
	}
	return onDay(day, d.asOf)
}

func onDay(day, asOf connectors.Date) string {
	return day.String() + " (" + daysAgo(int(asOf-day)) + ")"
}

// day is what day.String says.
func (d *days) day(day connectors.Date) string {
	if i := int(day) - int(d.first); i >= 0 && i < len(d.plain) {
		return d.plain[i]
	}
	return day.String()
}

func (d *days) dayOr(day connectors.Date, unknown string) string {
	if day.Known() {
		return d.day(day)
	}
	return unknown
}
