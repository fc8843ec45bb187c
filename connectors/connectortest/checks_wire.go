package connectortest

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rollcall/connectors"
)

// wireChecks are for connectors that speak HTTP: whatever the service answers, a pull gives all there is or fails. A list
// that is short without a word would make everybody who is missing look gone.
var wireChecks = []check[connectors.Account]{
	{"takes no refusal for an empty list", wired(checkRefused)},
	{"takes no empty answer for the end", wired(checkEmptied)},
	{"notices a page that comes again", wired(checkRepeated)},
	{"notices a total that is not true", wired(checkMistold)},
	{"reads a page again that broke off, and no other", wired(checkBrokenOff)},
	{"waits out a storm of refusals", wired(checkStorm)},
	{"ends a lost answer as done", wired(checkLost)},
	{RepeatedDelete, wired(checkDeletedAgain)},
	{"changes nothing where it is refused", wired(checkWriteRefused)},
	{"names the account in every change", wired(checkNamed)},
	{"keeps what it is for, and nothing else", wired(checkFields)},
}

func wired(run func(testing.TB, suite[connectors.Account])) func(testing.TB, suite[connectors.Account]) {
	return func(tb testing.TB, s suite[connectors.Account]) {
		if s.wire.Open != nil {
			run(tb, s)
		}
	}
}

// pulled is a pull through a tap.
func (s suite[R]) pulled(tb testing.TB, m meddle) (recording[connectors.Account], *tap, suite[connectors.Account]) {
	tb.Helper()
	app, t := s.over(tb, m)
	as := appSuite(AppHarness{})
	src := source[connectors.Account]{app, app.Accounts}
	as.src, as.info, as.secret = src, app.Info(), s.secret
	as.recording = record(tb.Context(), as, src, nil)
	return as.recording, t, as
}

// clean is a pull that nothing happens to.
func (s suite[R]) clean(tb testing.TB) (recording[connectors.Account], []exchange) {
	tb.Helper()
	rec, t, _ := s.pulled(tb, nil)
	log := t.all()
	switch {
	case rec.err != nil:
		tb.Fatalf("the pull failed: %v", rec.err)
	case len(log) == 0:
		tb.Fatal("no request passed the transport that AppHarness.Wire.Open was given")
	case len(rec.rows) != len(s.want):
		tb.Fatalf("through AppHarness.Wire.Open there are %d accounts, through Open %d", len(rec.rows), len(s.want))
	}
	return rec, log
}

// some of the requests, the first and the last ones among them: a fault at each would take long where there are many.
func some(log []exchange) []exchange {
	const most = 12
	if len(log) <= most {
		return log
	}
	return slices.Concat(log[:most/3], log[len(log)/2:len(log)/2+most/3], log[len(log)-most/3:])
}

// whole holds a pull that was meddled with against a clean one: it failed, or says what it left out, or it is the same.
func whole(tb testing.TB, what string, rec, clean recording[connectors.Account], s suite[connectors.Account]) {
	tb.Helper()
	if rec.err != nil {
		if rec.trace.Ended(s.info.Collections...) {
			tb.Errorf("%s: the pull failed (%v), yet every collection ended", what, rec.err)
		}
		if form := shows(rec.err.Error(), s.secret); form != "" && s.secret != "" {
			tb.Errorf("%s: the secret shows (%s) in the error", what, form)
		}
		return
	}
	if !rec.trace.Ended(s.info.Collections...) || len(rec.trace.Rejects) > len(clean.trace.Rejects) {
		return
	}
	if diff := different(clean.rows, rec.rows); diff != "" {
		tb.Errorf("%s: the pull succeeded, and is not what it should be: %s", what, diff)
	}
}

func different(want, got []connectors.Account) string {
	sorted := func(rows []connectors.Account) []string {
		var out []string
		for _, a := range rows {
			out = append(out, string(a.ID)+" "+text(without(a, "From")))
		}
		slices.Sort(out)
		return out
	}
	w, g := sorted(want), sorted(got)
	if len(w) != len(g) {
		return fmt.Sprintf("%d accounts of %d", len(g), len(w))
	}
	for i := range w {
		if w[i] != g[i] {
			return fmt.Sprintf("\nwant %s\ngot  %s", w[i], g[i])
		}
	}
	return ""
}

func checkRefused(tb testing.TB, s suite[connectors.Account]) {
	clean, log := s.clean(tb)
	for _, x := range some(log) {
		for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusInternalServerError} {
			if x.spare {
				continue
			}
			rec, _, as := s.pulled(tb, at(x.n, says(status, `{"error":{"code":"no"}}`)))
			whole(tb, fmt.Sprintf("status %d for %s (request %d)", status, x, x.n+1), rec, clean, as)
		}
	}
}

// checkEmptied gives what says nothing, where there was something.
func checkEmptied(tb testing.TB, s suite[connectors.Account]) {
	clean, log := s.clean(tb)
	for _, x := range some(log) {
		had := strings.TrimSpace(string(x.answer))
		if had == "" || x.spare {
			continue
		}
		bodies := map[string]string{"an empty answer": "", "a page for people": "<html><body>Sign in</body></html>"}
		if had[0] == '{' {
			bodies["an empty object"] = "{}"
		}
		for what, body := range bodies {
			rec, _, as := s.pulled(tb, at(x.n, says(http.StatusOK, body)))
			whole(tb, fmt.Sprintf("%s for %s (request %d)", what, x, x.n+1), rec, clean, as)
		}
	}
}

// checkRepeated gives the page before once more, as a service does whose page token means nothing to it.
func checkRepeated(tb testing.TB, s suite[connectors.Account]) {
	clean, log := s.clean(tb)
	most := 20*len(log) + 100
	tried := map[string]bool{}
	for i := 1; i < len(log); i++ {
		x, before := log[i], log[i-1]
		if tried[x.path] || x.path != before.path || x.target == before.target || x.changes {
			continue
		}
		tried[x.path] = true
		rec, t, as := s.pulled(tb, func(y *exchange, ask func() (*http.Response, error)) (*http.Response, error) {
			switch {
			case y.n > most:
				return nil, errReset // it would go on for ever
			case y.n < x.n || y.path != x.path:
				return ask()
			}
			return answer(http.StatusOK, string(before.answer)), nil
		})
		what := fmt.Sprintf("the page before, for ever, instead of %s (request %d)", x, x.n+1)
		if n := len(t.all()); n > most {
			tb.Errorf("%s: it was asked for %d times", what, n)
			continue
		}
		whole(tb, what, rec, clean, as)
	}
}

// checkMistold makes the service tell one more than there is: the pull must not hide that.
func checkMistold(tb testing.TB, s suite[connectors.Account]) {
	if len(s.wire.Totals) == 0 {
		return
	}
	fields := regexp.MustCompile(`("(?:` + strings.Join(s.wire.Totals, "|") + `)"\s*:\s*)(\d+)`)
	told := 0
	rec, _, as := s.pulled(tb, func(_ *exchange, ask func() (*http.Response, error)) (*http.Response, error) {
		res, err := ask()
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return nil, err
		}
		lie := fields.ReplaceAllStringFunc(string(body), func(m string) string {
			told++
			part := fields.FindStringSubmatch(m)
			n, _ := strconv.Atoi(part[2])
			return part[1] + strconv.Itoa(n+1)
		})
		res.Body, res.ContentLength = io.NopCloser(strings.NewReader(lie)), int64(len(lie))
		res.Header.Del("Content-Length")
		return res, nil
	})
	if told == 0 {
		tb.Errorf("no answer has one of the fields %q", s.wire.Totals)
	}
	if rec.err != nil || !rec.trace.Ended(as.info.Collections...) {
		return
	}
	for _, t := range rec.trace.Totals {
		if t.Collection == connectors.Accounts && t.N != len(rec.rows)+rec.trace.Rejected(connectors.Accounts) {
			return // those who listen see that it does not add up
		}
	}
	tb.Errorf("the service tells one account more than it gives, and the pull of %d succeeded without a word of it", len(rec.rows))
}

func checkBrokenOff(tb testing.TB, s suite[connectors.Account]) {
	clean, log := s.clean(tb)
	for _, x := range some(log) {
		rec, t, _ := s.pulled(tb, at(x.n, breaksOff))
		what := fmt.Sprintf("%s (request %d) broke off", x, x.n+1)
		if rec.err != nil {
			tb.Errorf("%s: the pull failed: %v", what, rec.err)
			continue
		}
		if diff := different(clean.rows, rec.rows); diff != "" {
			tb.Errorf("%s: %s", what, diff)
		}
		got := t.all()
		switch {
		case len(got) <= x.n+1 || got[x.n+1].String() != x.String():
			tb.Errorf("%s: it was not asked for again", what)
		case len(got) != len(log)+1:
			tb.Errorf("%s: there were %d requests instead of %d: more than that one was asked for again", what, len(got), len(log)+1)
		}
	}
}

// checkStorm refuses every request once.
func checkStorm(tb testing.TB, s suite[connectors.Account]) {
	clean, log := s.clean(tb)
	rec, t, _ := s.pulled(tb, stormy())
	if rec.err != nil {
		tb.Errorf("with every request refused once (429, Retry-After), the pull failed: %v", rec.err)
		return
	}
	if diff := different(clean.rows, rec.rows); diff != "" {
		tb.Errorf("with every request refused once: %s", diff)
	}
	if got := len(t.all()); got != 2*len(log) {
		tb.Errorf("with every request refused once, there were %d requests; want twice the %d without", got, len(log))
	}
}

// stormy refuses every other request.
func stormy() meddle {
	return func(x *exchange, ask func() (*http.Response, error)) (*http.Response, error) {
		if x.n%2 == 0 {
			return answer(http.StatusTooManyRequests, "{}", "Retry-After", "1"), nil
		}
		return ask()
	}
}
