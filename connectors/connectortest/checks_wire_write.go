package connectortest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
)

// wiredDeed is a deed in a world of its own, behind a tap: what must be done before it is done.
type wiredDeed struct {
	world
	deed
	tap    *tap
	before connectors.Account // as it was at first
}

// wiredDeeds makes one such world for each thing the app can do, and gives it to run. Until arm is called, nothing is meddled
// with.
func (s suite[R]) wiredDeeds(tb testing.TB, m meddle, run func(d wiredDeed, arm func())) {
	tb.Helper()
	for i := 0; ; i++ {
		armed := false
		app, t := s.over(tb, func(x *exchange, ask func() (*http.Response, error)) (*http.Response, error) {
			if !armed || m == nil {
				return ask()
			}
			return m(x, ask)
		})
		if connectors.AbilitiesOf(app) == 0 {
			return
		}
		w := world{TB: tb, app: app}
		w.was = w.list()
		deeds := s.deeds(w)
		if i == len(deeds) {
			return
		}
		d := wiredDeed{world: w, deed: deeds[i], tap: t, before: w.read(deeds[i].to)}
		if d.name == "Enable" || d.name == "AddEntitlement" { // there must be something to undo
			if _, err := deeds[i-1].do(tb.Context(), d.before); err != nil {
				tb.Fatalf("%s: %v", deeds[i-1].name, err)
			}
		}
		run(d, func() { armed = true })
	}
}

// look is the account as it is now; empty where it is gone.
func (d wiredDeed) look() string {
	d.Helper()
	a, err := d.app.(connectors.Getter).Account(d.Context(), d.to)
	if errors.Is(err, connectors.ErrNotFound) {
		return "gone"
	}
	if err != nil {
		d.Fatalf("reading %q: %v", d.to, err)
	}
	return text(without(a, "From")) + string(a.State)
}

// doneBy is how each deed leaves the account.
func (s suite[R]) doneBy(tb testing.TB) map[string]string {
	tb.Helper()
	done := map[string]string{}
	s.wiredDeeds(tb, nil, func(d wiredDeed, _ func()) {
		if _, err := d.do(tb.Context(), d.before); err != nil {
			tb.Fatalf("%s: %v", d.name, err)
		}
		done[d.name] = d.look()
	})
	return done
}

// checkLost loses the answer to the first change that each deed asks for: after the service made it, and before.
func checkLost(tb testing.TB, s suite[connectors.Account]) {
	done := s.doneBy(tb)
	for _, made := range []bool{true, false} {
		lost := false
		lose := func(x *exchange, ask func() (*http.Response, error)) (*http.Response, error) {
			if !x.changes || lost {
				return ask()
			}
			lost = true
			if made {
				if _, err := ask(); err != nil {
					return nil, err
				}
			}
			return nil, errReset
		}
		s.wiredDeeds(tb, lose, func(d wiredDeed, arm func()) {
			lost = false
			arm()
			what := fmt.Sprintf("%s, its answer lost after the change", d.name)
			if !made {
				what = fmt.Sprintf("%s, lost on its way", d.name)
			}
			_, err := d.do(tb.Context(), d.before)
			if !lost {
				tb.Errorf("%s: no request changed anything", d.name)
			}
			for _, class := range []error{connectors.ErrForbidden, connectors.ErrTransient} {
				if errors.Is(err, class) {
					tb.Errorf("%s: whether it was made cannot be known, but the error says that it was not: %v", what, err)
				}
			}
			if err != nil { // as those do who look, and find it not done
				if _, err = d.do(tb.Context(), d.before); err != nil && done[d.name] != "gone" {
					tb.Errorf("%s: done again: %v", what, err)
				}
			}
			if now := d.look(); now != done[d.name] {
				tb.Errorf("%s: the account is not as it should be:\nwant %s\ngot  %s", what, done[d.name], now)
			}
			d.others(what, d.to)
		})
	}
}

// checkDeletedAgain loses the answer to a DELETE that was made, and answers to it with a refusal when it comes again: what is
// gone is not found, and some services fail over it. Neither says that the change was not made, nor that the account is gone.
func checkDeletedAgain(tb testing.TB, s suite[connectors.Account]) {
	done := s.doneBy(tb)
	for _, status := range []int{http.StatusNotFound, http.StatusInternalServerError} {
		lost, again := "", 0
		s.wiredDeeds(tb, func(x *exchange, ask func() (*http.Response, error)) (*http.Response, error) {
			switch {
			case x.method != http.MethodDelete || lost != "" && x.target != lost:
			case lost != "":
				again++
				return answer(status, `{"error":{"code":"no"}}`), nil
			default:
				lost = x.target
				if _, err := ask(); err != nil {
					return nil, err
				}
				return nil, errReset
			}
			return ask()
		}, func(d wiredDeed, arm func()) {
			lost, again = "", 0
			was := d.look()
			arm()
			_, err := d.do(tb.Context(), d.before)
			if lost == "" {
				return // it deletes nothing
			}
			what := fmt.Sprintf("%s, its DELETE made and answered with %d when it came again (%d times)", d.name, status, again)
			for _, class := range []error{connectors.ErrForbidden, connectors.ErrTransient, connectors.ErrNotFound} {
				if errors.Is(err, class) {
					tb.Errorf("%s: that says that it was not made: %v", what, err)
				}
			}
			if err != nil && was != done[d.name] { // of sessions, no reading shows that they are gone
				tb.Errorf("%s: a fresh read shows that it was made, and this says that it failed: %v", what, err)
			}
			if now := d.look(); now != done[d.name] {
				tb.Errorf("%s: the account is not as it should be:\nwant %s\ngot  %s", what, done[d.name], now)
			}
			d.others(what, d.to)
		})
	}
}

// checkWriteRefused answers 403 to every change.
func checkWriteRefused(tb testing.TB, s suite[connectors.Account]) {
	refuse := func(x *exchange, ask func() (*http.Response, error)) (*http.Response, error) {
		if x.changes {
			return answer(http.StatusForbidden, `{"error":{"code":"no"}}`), nil
		}
		return ask()
	}
	s.wiredDeeds(tb, refuse, func(d wiredDeed, arm func()) {
		was := d.look()
		arm()
		_, err := d.do(tb.Context(), d.before)
		if !errors.Is(err, connectors.ErrForbidden) {
			tb.Errorf("%s, refused, must be connectors.ErrForbidden; got: %v", d.name, err)
		}
		if err != nil && s.secret != "" && shows(err.Error(), s.secret) != "" {
			tb.Errorf("%s, refused: the secret shows in the error", d.name)
		}
		if now := d.look(); now != was {
			tb.Errorf("%s, refused, changed the account:\nwas %s\nis  %s", d.name, was, now)
		}
	})
}

// checkNamed looks into the requests that change something: each must name the account, or something that the account's own
// State names, such as a membership that has an id. What is done to everybody's sessions, no reading would show.
func checkNamed(tb testing.TB, s suite[connectors.Account]) {
	s.wiredDeeds(tb, nil, func(d wiredDeed, _ func()) {
		from := len(d.tap.all())
		if _, err := d.do(tb.Context(), d.before); err != nil {
			tb.Fatalf("%s: %v", d.name, err)
		}
		names := append(stateStrings(d.before.State), string(d.to))
		for _, x := range d.tap.all()[from:] {
			if !x.changes {
				continue
			}
			if !slices.ContainsFunc(names, func(n string) bool { return mentions(x, n) }) {
				tb.Errorf("%s of account %q: a request names neither it nor what it holds: %s with body %s", d.name, d.to, x, short(x.sent))
			}
		}
	})
}

// mentions tells whether a request names something, as a word by itself.
func mentions(x exchange, name string) bool {
	target, err := url.PathUnescape(x.target)
	if err != nil {
		target = x.target
	}
	for _, in := range []string{x.target, target, x.sent} {
		for from := 0; ; {
			i := strings.Index(in[from:], name)
			if i < 0 {
				break
			}
			i += from
			if !inWord(in, i-1) && !inWord(in, i+len(name)) {
				return true
			}
			from = i + 1
		}
	}
	return false
}

func inWord(s string, i int) bool {
	if i < 0 || i >= len(s) {
		return false
	}
	c := s[i]
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// stateStrings are all strings in an account's State that can be ids.
func stateStrings(state json.RawMessage) []string {
	var v any
	if json.Unmarshal(state, &v) != nil {
		return nil
	}
	var out []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			if len(v) >= 3 {
				out = append(out, v)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(v)
	return out
}

func short(s string) string {
	const most = 200
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
