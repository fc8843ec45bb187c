package table

import (
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests name zones, and must run where none are installed

	"pgregory.net/rapid"

	"rollcall/connectors"
)

func berlin(t testing.TB) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestDates(t *testing.T) {
	def := []string(nil)
	for _, c := range []struct {
		layouts []string
		cell    string
		want    string // "" = refused, "unknown" = none
	}{
		{def, "2026-11-01", "2026-11-01"},
		{def, "", "unknown"},
		{def, "2024-02-29", "2024-02-29"},
		{def, "2026-02-29", ""},
		{def, "1900-02-29", ""},
		{def, "2000-02-29", "2000-02-29"},
		{def, "2026-04-31", ""},
		{def, "2026-13-01", ""},
		{def, "2026-00-10", ""},
		{def, "2026-1-1", ""},
		{def, "0001-01-01", ""}, // a program's zero, no day
		{def, "1601-01-01", ""},
		{def, "9999-12-31", "9999-12-31"},
		{def, "1970-01-01", "unknown"},
		{def, "01.11.2026", ""},
		{def, "45567", ""}, // a number is no date outside of a spreadsheet
		{def, "never", "unknown"},
		{def, "NEVER", "unknown"},
		{def, "soon", ""},
		{def, "2026-10-31T22:59:59Z", "2026-10-31"}, // 23:59:59 in Berlin
		{def, "2026-10-31T23:00:00Z", "2026-11-01"}, // and a second later
		{def, "2026-06-30T22:00:00Z", "2026-07-01"}, // summer time
		{def, "2026-06-30T22:00:00.123456Z", "2026-07-01"},
		{def, "2026-07-01T00:30:00+02:00", "2026-07-01"},
		{def, "2026-06-30T18:30:00-0400", "2026-07-01"},
		{def, "2026-06-30T24:00:00Z", ""},
		{def, "2026-06-30T22:60:00Z", ""},
		{def, "2026-06-30T22:00:00", ""}, // no zone declared, none guessed
		{def, "2026-06-30T22:00:00Zx", ""},
		{def, "2026-06-30T22:00:00.Z", ""},
		{[]string{"RFC 3339"}, "2026-06-30", ""},
		{[]string{"rfc3339"}, "2026-06-30T23:30:00Z", "2026-07-01"},
		{[]string{"YYYY-MM-DDThh:mm:ss"}, "2026-06-30T23:59:59", "2026-06-30"}, // without a zone it is the company's
		{[]string{"DD.MM.YYYY"}, "01.11.2026", "2026-11-01"},
		{[]string{"DD.MM.YYYY"}, "1.11.2026", ""},
		{[]string{"D.M.YYYY"}, "1.11.2026", "2026-11-01"},
		{[]string{"D.M.YYYY"}, "01.11.2026", "2026-11-01"},
		{[]string{"DD.MM.YYYY"}, "2026-11-01", ""},
		{[]string{"MM/DD/YYYY"}, "11/01/2026", "2026-11-01"},
		{[]string{"MM/DD/YYYY"}, "13/01/2026", ""},
		{[]string{"YYYYMMDD"}, "20261101", "2026-11-01"},
		{[]string{"DD.MM.YYYY hh:mm"}, "01.11.2026 23:59", "2026-11-01"},
		{[]string{"DD.MM.YYYY", "YYYY-MM-DD"}, "2026-11-01", "2026-11-01"},
	} {
		d, err := newDates(c.layouts, []string{"Never"}, berlin(t))
		if err != nil {
			t.Errorf("%q: %v", c.layouts, err)
			continue
		}
		got, err := d.of([]byte(c.cell))
		switch {
		case c.want == "" && err == nil:
			t.Errorf("%q read %q as %v; want it refused", c.layouts, c.cell, got)
		case c.want != "" && (err != nil || got.String() != c.want):
			t.Errorf("%q read %q as %v, %v; want %s", c.layouts, c.cell, got, err, c.want)
		}
	}
}

func TestDateLayoutsRefused(t *testing.T) {
	for _, c := range []struct {
		layouts []string
		says    string
	}{
		{[]string{"DD/MM/YYYY", "MM/DD/YYYY"}, "as different days"},
		{[]string{"D/M/YYYY", "MM/DD/YYYY"}, "as different days"},
		{[]string{"YYYY-MM-DD", "YYYY-DD-MM"}, "as different days"},
		{[]string{"DD.MM.YY"}, "two digits"},
		{[]string{"dd.mm.yyyy"}, `"d" is no part`},
		{[]string{"YYYY-MM"}, "no DD"},
		{[]string{"YYYY-MM-DD hh:MM"}, "twice"},
		{[]string{"YYYY-MM-DDZ"}, "no hour"},
		{[]string{""}, "no YYYY"},
		{[]string{"DD. März YYYY"}, "is no part"},
	} {
		_, err := newDates(c.layouts, nil, nil)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: got error %v; want one that says %q", c.layouts, err, c.says)
		}
	}
	for _, ok := range [][]string{{"DD/MM/YYYY", "YYYY-MM-DD"}, {"YYYYMMDD", "DDMMYYYY"}, {"D.M.YYYY", "DD.MM.YYYY"}} {
		if _, err := newDates(ok, nil, nil); err != nil {
			t.Errorf("%q: %v; the two never differ", ok, err)
		}
	}
}

func TestSerialDates(t *testing.T) {
	for _, c := range []struct {
		system DateSystem
		cell   string
		want   string
	}{
		{Serials1900, "46327", "2026-11-01"},
		{Serials1900, "46327.999", "2026-11-01"},
		{Serials1900, "61", "1900-03-01"},
		{Serials1900, "60", ""}, // the day that never was
		{Serials1900, "0", ""},
		{Serials1900, "2958465", "9999-12-31"},
		{Serials1900, "2958466", ""},
		{Serials1900, "20261101", ""},
		{Serials1900, "-1", ""},
		{Serials1900, "1e3", ""},
		{Serials1900, "1.2.3", ""},
		{Serials1904, "44865", "2026-11-01"},
		{NoSerials, "46327", ""},
		{Serials1900, "2026-11-01", "2026-11-01"},
	} {
		d, err := newDates(nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		d = d.reader(c.system)
		got, err := d.of([]byte(c.cell))
		if (err != nil) != (c.want == "") || err == nil && got.String() != c.want {
			t.Errorf("system %d: %q is %v, %v; want %q", c.system, c.cell, got, err, c.want)
		}
	}
}

// Every stamp falls on the day that package time says, in zones with odd offsets and on days when clocks change.
func TestClockAgreesWithTime(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := newDates(nil, nil, zone)
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			at := time.Unix(rapid.Int64Range(-2_000_000_000, 8_000_000_000).Draw(t, "unix"), 0).UTC()
			cell := at.Format("2006-01-02T15:04:05Z")
			got, err := d.of([]byte(cell))
			if want := connectors.DateOf(at, zone); err != nil || got != want {
				t.Fatalf("%s in %s: got %v, %v; want %v", cell, zone, got, err, want)
			}
		})
	}
}

func TestDayNumberAgreesWithTime(t *testing.T) {
	day := time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC)
	for ; day.Year() < 2400; day = day.AddDate(0, 0, 1) {
		y, m, d := day.Date()
		if got, want := dayNumber(y, int(m), d), connectors.Date(day.Unix()/86400); got != want {
			t.Fatalf("%v: got %d; want %d", day, got, want)
		}
	}
}

// What a declared layout writes, it reads as the same day, and every way to read a cell agrees with package time.
func FuzzDates(f *testing.F) {
	for _, s := range []string{"2026-11-01", "2026-10-31T23:00:00Z", "2024-02-29", "1900-01-01", "2026-06-30T18:30:00-04:00", "9999-12-31", "x", "2026-11-01T00:00:60Z"} {
		f.Add(s)
	}
	d, err := newDates(nil, nil, berlin(f))
	if err != nil {
		f.Fatal(err)
	}
	german, err := newDates([]string{"D.M.YYYY"}, nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		got, err := d.of([]byte(cell))
		want, ok := reference(cell, d.clock.zone)
		if ok && err != nil && len(cell) > 20 {
			return // package time also takes offsets of a day and more
		}
		if (err == nil) != ok || got != want {
			t.Fatalf("%q: got %v, %v; want %v, %v", cell, got, err, want, ok)
		}
		if err != nil || !got.Known() || got.Time().Year() > 9999 {
			return
		}
		y, m, day := got.Time().Date()
		if y < firstYear {
			return // a stamp of the first hours of 1900 can be a day earlier elsewhere
		}
		if again, err := german.of(fmt.Appendf(nil, "%d.%d.%04d", day, m, y)); err != nil || again != got {
			t.Fatalf("%v written D.M.YYYY is read as %v, %v", got, again, err)
		}
	})
}

// reference reads the default layouts by package time.
func reference(cell string, zone *time.Location) (connectors.Date, bool) {
	if cell == "" {
		return 0, true
	}
	if t, err := time.Parse("2006-01-02", cell); err == nil && t.Year() >= firstYear {
		return connectors.Date(t.Unix() / 86400), true
	}
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700"} {
		if strings.Contains(cell, ",") || len(cell) < 20 {
			break // package time takes a comma for a point
		}
		// Package time knows no leap second; it belongs to its minute.
		if t, err := time.Parse(layout, cell[:17]+strings.Replace(cell[17:], "60", "59", 1)); err == nil && t.Year() >= firstYear {
			return connectors.DateOf(t, zone), true
		}
	}
	return 0, false
}

// Every day that is read the short way is the day of the calendar, and no other text is one.
func TestISODaysAreThoseOfTheCalendar(t *testing.T) {
	for year := 1890; year <= 2120; year++ {
		for month := 0; month <= 13; month++ {
			for day := 0; day <= 32; day++ {
				text := fmt.Sprintf("%04d-%02d-%02d", year, month, day)
				got, ok := isoDay([]byte(text))
				want, err := time.Parse(time.DateOnly, text)
				if ok != (err == nil && year >= firstYear) || ok && int64(got)*secondsADay != want.Unix() {
					t.Fatalf("%s: %d, %v; want %v, %v", text, got, ok, want, err)
				}
			}
		}
	}
}

func BenchmarkDates(b *testing.B) {
	d, err := newDates(nil, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	cells := [][]byte{[]byte("2026-10-31"), []byte("2019-02-28"), []byte("2024-12-01T09:10:11Z"), []byte("2026-06-01T23:59:59Z")}
	for b.Loop() {
		for _, c := range cells {
			if _, err := d.of(c); err != nil {
				b.Fatal(err)
			}
		}
	}
}
