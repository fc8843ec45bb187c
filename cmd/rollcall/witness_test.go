package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rollcall/remediate/ledger"
)

// Every witness gets the same line, and what it kept agrees with the ledger until that is changed or cut off.
func TestWitness(t *testing.T) {
	dir := t.TempDir()
	var posted bytes.Buffer
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(&posted, r.Body) }))
	defer server.Close()
	var said bytes.Buffer
	p := &program{stderr: &said, now: func() time.Time { return scriptNow }}
	c := &config{Dir: dir, Witness: witnessConfig{File: "heads.jsonl", Webhook: server.URL, Command: "tee " + filepath.Join(dir, "piped")}}
	led, err := ledger.Open(filepath.Join(dir, "state"), ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer led.Close()
	for _, run := range []string{"r1", "r2"} {
		if err := led.RecordWorkbook(ledger.Workbook{Run: run, SHA256: run, At: scriptNow, Actor: "it"}); err != nil {
			t.Fatal(err)
		}
		p.witness(context.Background(), c, led, run, "aa")
	}
	kept, err := os.ReadFile(filepath.Join(dir, "heads.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	piped, _ := os.ReadFile(filepath.Join(dir, "piped"))
	if said.Len() > 0 || posted.String() != string(kept) || !strings.HasSuffix(string(kept), string(piped)) || strings.Count(string(kept), "\n") != 2 {
		t.Fatalf("said %q, kept %q, posted %q, piped %q", said.String(), kept, posted.String(), piped)
	}
	check := func(kept, want string) {
		t.Helper()
		agree, problems, err := heard(led, strings.NewReader(kept))
		if got := strings.Join(problems, "\n"); err != nil || !strings.Contains(got, want) || want == "" && (got != "" || agree != 2) {
			t.Errorf("%d agree, %q, %v; want %q", agree, got, err, want)
		}
	}
	check(string(kept), "")
	check(strings.Replace(string(kept), `"hash":"`, `"hash":"0`, 1), "event 1 is not the one the witness was told of")
	check(strings.Replace(string(kept), `"seq":2`, `"seq":3`, 1), "the ledger had 3 events then, and has 2 now")
	check(strings.Replace(string(kept), `"ledger":"`, `"ledger":"0`, 1), "is of another ledger")
	check("nonsense\n", "line 1 is no head")
	check("\n", "it has no heads")
}

// A witness that cannot be reached is named, and the run goes on.
func TestWitnessIsNotThere(t *testing.T) {
	dir := t.TempDir()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	var said bytes.Buffer
	p := &program{stderr: &said, now: func() time.Time { return scriptNow }}
	led, err := ledger.Open(dir, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer led.Close()
	p.witness(context.Background(), &config{Dir: dir, Witness: witnessConfig{File: "none/heads", Webhook: server.URL, Command: "false"}}, led, "r1", "")
	p.witness(context.Background(), &config{Dir: dir, Witness: witnessConfig{Webhook: gone.URL + "/services/SECRET"}}, led, "r2", "")
	if strings.Contains(said.String(), "SECRET") || !strings.Contains(said.String(), "run r2: dial tcp") {
		t.Errorf("%s", said.String())
	}
	for _, want := range []string{"none/heads was not told the head of run r1", "it answered 404", "false was not told"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("%q is missing from %q", want, said.String())
		}
	}
}
