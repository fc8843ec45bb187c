package table

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"rollcall/connectors"
)

// dates reads the date cells of one file. Nothing is guessed: a cell is read by a declared layout, by a word that is
// declared to mean no date, or not at all.
type dates struct {
	layouts []layout
	iso     bool // YYYY-MM-DD is declared: it and the stamp are read without the general way, at a fifth of its cost
	stamp   bool // RFC 3339 is declared
	none    map[string]bool
	serials DateSystem
	clock   clock
}

// firstYear is the earliest that is read: the "zero" days of programs (0001, 1601) are no days, and one taken for an
// end date would make a leaver.
const firstYear = 1900

func newDates(declared, noDate []string, zone *time.Location) (dates, error) {
	d := dates{none: map[string]bool{}, clock: clock{zone: zoneOf(zone)}}
	texts := declared
	if len(declared) == 0 {
		texts = []string{isoLayout, stampLayout}
	}
	for _, text := range texts {
		l, err := parseLayout(text)
		if err != nil {
			return d, err
		}
		d.layouts = append(d.layouts, l)
		d.iso = d.iso || l.text == isoLayout
		d.stamp = d.stamp || l.text == stampLayout
	}
	for _, w := range noDate {
		d.none[foldWord(w)] = true
	}
	if len(declared) > 1 {
		return d, d.unambiguous()
	}
	return d, nil
}

// unambiguous refuses two layouts that read one cell as different days.
func (d dates) unambiguous() error {
	for i, l := range d.layouts {
		for _, other := range d.layouts[:i] {
			if cell, clash := clash(l, other); clash {
				return fmt.Errorf("dates: %q and %q read %q as different days: declare the one this file uses", other.text, l.text, cell)
			}
		}
	}
	return nil
}

// reader is the set for one pull of one file.
func (d dates) reader(s DateSystem) dates {
	d.serials, d.clock.spans = s, nil
	return d
}

// clash finds a cell that both layouts read, as different days. It tries every day of the year, written by each of them.
func clash(a, b layout) (string, bool) {
	for _, pair := range [][2]layout{{a, b}, {b, a}} {
		for month := 1; month <= 12; month++ {
			for day := 1; day <= 28; day++ {
				cell := pair[0].write(2011, month, day)
				r, ok := pair[1].read([]byte(cell))
				if ok && (r.year != 2011 || r.month != month || r.day != day) {
					return cell, true
				}
			}
		}
	}
	return "", false
}

// write is a day in this layout, at noon.
func (l layout) write(year, month, day int) string {
	var b strings.Builder
	for _, s := range l.steps {
		switch s.part {
		case 'Y':
			fmt.Fprintf(&b, "%04d", year)
		case 'M':
			fmt.Fprintf(&b, "%0*d", s.least(), month)
		case 'D':
			fmt.Fprintf(&b, "%0*d", s.least(), day)
		case 'h':
			b.WriteString("12")
		case 'm', 's':
			b.WriteString("00")
		case 'z':
			b.WriteByte('Z')
		default:
			b.WriteByte(s.lit)
		}
	}
	return b.String()
}

// of is the day a trimmed cell names; a blank names none.
func (d *dates) of(b []byte) (connectors.Date, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if d.iso && len(b) == 10 {
		if day, ok := isoDay(b); ok {
			return day, nil
		}
	}
	if d.stamp && len(b) == 20 && b[10] == 'T' && b[13] == ':' && b[16] == ':' && b[19] == 'Z' {
		day, ok := isoDay(b[:10])
		h, m, s := pair(b[11], b[12]), pair(b[14], b[15]), pair(b[17], b[18])
		if ok && h|m|s >= 0 && h < 24 && m < 60 && s <= 60 {
			return d.clock.day(int64(day)*secondsADay + int64(h*3600+m*60+s)), nil
		}
	}
	return d.general(b)
}

const secondsADay = 24 * 60 * 60

func (d *dates) general(b []byte) (connectors.Date, error) {
	for _, l := range d.layouts {
		r, ok := l.read(b)
		if !ok {
			continue
		}
		day := dayNumber(r.year, r.month, r.day)
		if !r.zoned {
			return day, nil
		}
		return d.clock.day(int64(day)*secondsADay + int64(r.hour*3600+r.minute*60+r.second-r.offset)), nil
	}
	if day, ok := d.serial(b); ok {
		return day, nil
	}
	if d.none[string(appendFold(nil, b))] {
		return 0, nil
	}
	return 0, fmt.Errorf("%q is no date as declared (%s): correct dates, or list it in no_date if it means none", b, d.declared())
}

func (d *dates) declared() string {
	var texts []string
	for _, l := range d.layouts {
		texts = append(texts, l.text)
	}
	return strings.Join(texts, ", ")
}

// serial reads a spreadsheet's day number. Those before March 1900 are refused: spreadsheets count a 29 February 1900
// that never was.
func (d *dates) serial(b []byte) (connectors.Date, bool) {
	if d.serials == NoSerials {
		return 0, false
	}
	for _, c := range b {
		if c != '.' && (c < '0' || c > '9') {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil || v >= 2958466 { // 9999-12-31 is the last day
		return 0, false
	}
	if d.serials == Serials1904 {
		return connectors.Date(int(v) - 24107), true
	}
	return connectors.Date(int(v) - 25569), v >= 61
}

// isoDay reads YYYY-MM-DD.
func isoDay(b []byte) (connectors.Date, bool) {
	_ = b[9]
	if b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	y1, y2, m, d := pair(b[0], b[1]), pair(b[2], b[3]), pair(b[5], b[6]), pair(b[8], b[9])
	if y1|y2|m|d < 0 || m < 1 || m > 12 || d < 1 {
		return 0, false
	}
	if at := (y1*100+y2-firstYear)*12 + m - 1; uint(at) < uint(len(months)-1) {
		day := months[at] + connectors.Date(d-1)
		return day, day < months[at+1]
	}
	if y := y1*100 + y2; validDay(y, m, d) {
		return dayNumber(y, m, d), true
	}
	return 0, false
}

// months are the first days of the months from the first year on. To look days up takes a sixth less time than to count them.
var months = func() (m [200*12 + 1]connectors.Date) {
	for i := range m {
		m[i] = dayNumber(firstYear+i/12, i%12+1, 1)
	}
	return m
}()

// pair is a number of two digits, or negative.
func pair(a, b byte) int {
	a, b = a-'0', b-'0'
	if a > 9 || b > 9 {
		return -1
	}
	return int(a)*10 + int(b)
}

func validDay(y, m, d int) bool {
	if y < firstYear || m < 1 || m > 12 || d < 1 {
		return false
	}
	if d <= 28 {
		return true
	}
	switch m {
	case 2:
		return d == 29 && y%4 == 0 && (y%100 != 0 || y%400 == 0)
	case 4, 6, 9, 11:
		return d <= 30
	}
	return d <= 31
}

// dayNumber counts the days from 1970-01-01 in the Gregorian calendar. A year is taken to begin in March, so that the
// leap day is its last and every month's offset is a fixed sum.
func dayNumber(y, m, d int) connectors.Date {
	if m <= 2 {
		y--
		m += 12
	}
	const daysTo1970 = 719468 // from 0000-03-01 to 1970-01-01
	return connectors.Date(365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 1 - daysTo1970)
}
