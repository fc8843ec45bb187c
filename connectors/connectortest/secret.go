package connectortest

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"rollcall/connectors"
)

// checkSecret looks for the secret in all that may be printed or kept: what the source says of itself, of its pages,
// its rows and its failures.
func checkSecret[R any](tb testing.TB, s suite[R]) {
	if s.secret == "" {
		return // a file has none
	}
	broken := s.broken(tb)
	said := append(s.recording.said(), record(tb.Context(), s, broken, nil).said()...)
	said = append(said, text(s.info), text(broken.Info()))
	for _, what := range said {
		if form := shows(what, s.secret); form != "" {
			tb.Errorf("the secret shows (%s) in: %s", form, strings.ReplaceAll(what, s.secret, "<SECRET>"))
		}
	}
}

// said is all that came out of a pull, as text.
func (r recording[R]) said() []string {
	var out []string
	for _, p := range r.trace.Pages {
		out = append(out, p.Request)
	}
	for _, rej := range r.trace.Rejects {
		out = append(out, rej.Where.Source, text(rej.Err))
	}
	for _, n := range r.trace.Notes {
		out = append(out, n.Text)
	}
	if r.err != nil {
		out = append(out, r.err.Error())
	}
	for _, row := range r.rows {
		out = append(out, text(row), state(row))
	}
	return out
}

// shows tells in which form the secret stands in what.
func shows(what, secret string) string {
	forms := []struct{ name, text string }{
		{"plain", secret},
		{"URL-escaped", url.QueryEscape(secret)},
		{"base64", base64.StdEncoding.EncodeToString([]byte(secret))},
	}
	for _, f := range forms {
		if strings.Contains(what, f.text) {
			return f.name
		}
	}
	return ""
}

// state is the vendor detail of an account as text: %v would print its bytes as numbers.
func state(row any) string {
	a, _ := row.(connectors.Account)
	return string(a.State)
}
