package entra

import (
	"fmt"
	"net/http"
	"time"

	"rollcall/connectors"
)

// day reads a time stamp. Years before the service stand for "not known", as does an empty one; a date that cannot be read
// is an error.
func (a *App) day(s string) (connectors.Date, error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return 0, fmt.Errorf("%.40q is not a time stamp", s)
	}
	if t.Year() < 1980 {
		return 0, nil // 0001-01-01: how Graph writes "none"
	}
	return connectors.DateOf(t, a.zone), nil
}

// clock is the service's own, as an answer tells it; zero where it does not.
func clock(h http.Header) time.Time {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return t
}
