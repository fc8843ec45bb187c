//go:build integration

package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority answers as a timestamp authority whose certificate vouches for itself; it needs openssl.
func authority(t *testing.T, dir string) http.Handler {
	file := func(name string) string { return filepath.Join(dir, name) }
	openssl := func(args ...string) {
		if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
			t.Errorf("openssl %s: %v\n%s", args[0], err, out)
		}
	}
	const conf = "[tsa]\ndefault_tsa=here\n[here]\nserial=SERIAL\ndefault_policy=1.2.3.4.1\ndigests=sha256\nsigner_digest=sha256\ness_cert_id_alg=sha256\n" +
		"[req]\ndistinguished_name=name\n[name]\n[stamp]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n"
	for name, text := range map[string]string{"ts.cnf": strings.ReplaceAll(conf, "SERIAL", file("serial")), "serial": "01\n"} {
		if err := os.WriteFile(file(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", file("tsa.key"), "-out", file("tsa.crt"), "-subj", "/CN=Test TSA", "-config", file("ts.cnf"), "-extensions", "stamp")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, _ := io.ReadAll(r.Body)
		if err := os.WriteFile(file("query"), query, 0o600); err != nil {
			t.Error(err)
		}
		openssl("ts", "-reply", "-config", file("ts.cnf"), "-queryfile", file("query"), "-inkey", file("tsa.key"), "-signer", file("tsa.crt"), "-out", file("reply"))
		reply, _ := os.ReadFile(file("reply"))
		w.Header().Set("Content-Type", "application/timestamp-reply")
		w.Write(reply)
	})
}

// TestIntegrationTimestamp takes a run's workbook the whole way: signed, stamped by an authority that nobody here wrote, and
// verified with its certificate.
func TestIntegrationTimestamp(t *testing.T) {
	config := company(t)
	dir := filepath.Dir(config)
	server := httptest.NewServer(authority(t, dir))
	defer server.Close()
	now := time.Now() // the authority's clock is the machine's
	rollcall := func(want int, args ...string) (string, string) {
		t.Helper()
		var out, errs bytes.Buffer
		p := &program{stdout: &out, stderr: &errs, now: func() time.Time { return now }, env: func(string) string { return "" }}
		if code := p.run(context.Background(), args); code != want {
			t.Fatalf("rollcall %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), code, want, out.String(), errs.String())
		}
		return out.String(), errs.String()
	}
	rollcall(0, "keys", "new", "--out", filepath.Join(dir, "keys"), "--name", "Kiln Ltd")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	sign := "[sign]\nkey = \"file:keys/rollcall.key\"\ncertificate = \"keys/rollcall.crt\"\ntimestamp = \"" + server.URL + "\"\n\n[roster]\n"
	if err := os.WriteFile(config, []byte(strings.Replace(string(text), "[roster]\n", sign, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, said := rollcall(0, "scan", "-q", "-c", config); said != "" {
		t.Fatal(said)
	}
	books, err := filepath.Glob(filepath.Join(dir, ".rollcall", "runs", "*", "*.xlsx"))
	if err != nil || len(books) != 1 {
		t.Fatal(books, err)
	}
	out, _ := rollcall(0, "verify", books[0], "-c", config, "--tsa", filepath.Join(dir, "tsa.crt"))
	for _, want := range []string{"timestamp              holds", "timestamp authority    holds", "VERIFIED"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
}
