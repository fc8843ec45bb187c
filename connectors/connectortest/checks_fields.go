package connectortest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"rollcall/connectors"
)

// gossip is what a service may tell of people beside what is asked for, and nobody here needs to know.
var gossip = []string{"1887-07-07", "48151623 EUR", "+47 481 516 23"}

var anID = regexp.MustCompile(`(?i)"id"\s*:`)

// gossiping adds it to each object of an answer that has an id, and counts them.
func gossiping(objects *int) meddle {
	more := fmt.Sprintf(`"birthDate":%q,"salary":%q,"mobilePhone":%q,$0`, gossip[0], gossip[1], gossip[2])
	return func(x *exchange, ask func() (*http.Response, error)) (*http.Response, error) {
		res, err := ask()
		if err != nil || x.changes {
			return res, err
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return nil, err
		}
		*objects += len(anID.FindAll(body, -1))
		said := anID.ReplaceAllString(string(body), more)
		res.Body, res.ContentLength = io.NopCloser(strings.NewReader(said)), int64(len(said))
		if res.Header.Get("Content-Length") != "" {
			res.Header.Set("Content-Length", strconv.Itoa(len(said)))
		}
		return res, nil
	}
}

// checkFields wants a source to keep what it is for, and nothing else of what a service says, be it in its rows, in what an
// undo would need, or in what it says of the pull.
func checkFields(tb testing.TB, s suite[connectors.Account]) {
	clean, _ := s.clean(tb)
	objects := 0
	rec, _, as := s.pulled(tb, gossiping(&objects))
	if objects == 0 {
		tb.Fatal("no answer has an object with an id: nothing more could be said beside it")
	}
	if rec.err != nil {
		tb.Fatalf("fields that nobody asked for are an error: %v", rec.err)
	}
	if diff := different(clean.rows, rec.rows); diff != "" {
		tb.Errorf("fields that nobody asked for make a difference: %s", diff)
	}
	kept := rec.texts
	for _, r := range rec.trace.Rejects {
		kept = append(kept, r.Err.Error())
	}
	for _, n := range rec.trace.Notes {
		kept = append(kept, n.Text)
	}
	if get, ok := as.src.Source.(connectors.Getter); ok {
		for _, a := range rec.rows[:min(len(rec.rows), 5)] {
			one, err := get.Account(tb.Context(), a.ID)
			if err != nil {
				tb.Fatalf("%s: fields that nobody asked for are an error: %v", a.ID, err)
			}
			b, err := json.Marshal(one)
			if err != nil {
				tb.Fatal(err)
			}
			kept = append(kept, string(b))
		}
	}
	for _, text := range kept {
		for _, g := range gossip {
			if strings.Contains(text, g) {
				tb.Errorf("it keeps what it is not for, %q: %.300s", g, text)
				return
			}
		}
	}
}
