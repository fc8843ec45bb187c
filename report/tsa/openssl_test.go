//go:build integration

package tsa

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// These tests ask an authority that nobody here wrote: openssl ts, behind a few lines of HTTP. They need openssl.

const opensslConfig = `
[ tsa ]
default_tsa = here
[ here ]
serial = serial
default_policy = 1.2.3.4.1
digests = sha256, sha384
signer_digest = sha256
accuracy = secs:1, millisecs:500
ordering = yes
ess_cert_id_alg = sha256
[ req ]
distinguished_name = name
[ name ]
[ root ]
basicConstraints = critical,CA:TRUE
[ stamp ]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
`

type opensslTSA struct {
	t   *testing.T
	dir string
}

func newOpenssl(t *testing.T) *opensslTSA {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("openssl is needed: ", err)
	}
	o := &opensslTSA{t, t.TempDir()}
	o.write("ts.cnf", []byte(opensslConfig))
	o.write("serial", []byte("01\n"))
	o.run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.crt", "-subj", "/CN=Test root", "-config", "ts.cnf", "-extensions", "root")
	o.run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Test TSA", "-config", "ts.cnf")
	o.run("x509", "-req", "-in", "tsa.csr", "-CA", "root.crt", "-CAkey", "root.key", "-CAcreateserial", "-out", "tsa.crt", "-extfile", "ts.cnf", "-extensions", "stamp")
	return o
}

func (o *opensslTSA) write(name string, data []byte) {
	if err := os.WriteFile(filepath.Join(o.dir, name), data, 0o600); err != nil {
		o.t.Fatal(err)
	}
}

func (o *opensslTSA) run(args ...string) {
	o.t.Helper()
	cmd := exec.Command("openssl", args...)
	cmd.Dir = o.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		o.t.Fatalf("openssl %s: %v\n%s", args[0], err, out)
	}
}

func (o *opensslTSA) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	o.write("query.tsq", body)
	cmd := exec.Command("openssl", "ts", "-reply", "-config", "ts.cnf", "-queryfile", "query.tsq", "-inkey", "tsa.key", "-signer", "tsa.crt", "-out", "reply.tsr")
	cmd.Dir = o.dir
	_ = cmd.Run() // a rejection is an answer too
	answer, err := os.ReadFile(filepath.Join(o.dir, "reply.tsr"))
	if err != nil {
		http.Error(w, "no answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(answer)
}

func TestIntegrationOpenssl(t *testing.T) {
	o := newOpenssl(t)
	srv := httptest.NewServer(o)
	defer srv.Close()
	c := &Client{URL: srv.URL, HTTP: srv.Client(), Rand: rand.Reader}
	data := []byte("what was signed")
	o.write("data", data)
	sum256, sum384, sum512 := sha256.Sum256(data), sha512.Sum384(data), sha512.Sum512(data)
	for _, q := range []struct {
		imprint []byte
		hash    crypto.Hash
	}{{sum256[:], crypto.SHA256}, {sum384[:], crypto.SHA384}} {
		token, err := c.Token(t.Context(), q.imprint, q.hash)
		if err != nil {
			t.Fatal(err)
		}
		o.write("token", token)
		o.run("ts", "-verify", "-data", "data", "-in", "token", "-token_in", "-CAfile", "root.crt")
	}
	_, err := c.Token(t.Context(), sum512[:], crypto.SHA512)
	if err == nil || !strings.Contains(err.Error(), "badAlg") {
		t.Errorf("a hash that the authority does not take: %v", err)
	}
}

// An old reply, sent again, is for the same imprint and still not taken.
func TestIntegrationReplay(t *testing.T) {
	var old bytes.Buffer
	o := newOpenssl(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if old.Len() == 0 {
			rec := httptest.NewRecorder()
			o.ServeHTTP(rec, r)
			old.Write(rec.Body.Bytes())
		}
		_, _ = w.Write(old.Bytes())
	}))
	defer srv.Close()
	c := &Client{URL: srv.URL, HTTP: srv.Client(), Rand: rand.Reader}
	sum := sha256.Sum256(nil)
	if _, err := c.Token(t.Context(), sum[:], crypto.SHA256); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Token(t.Context(), sum[:], crypto.SHA256); err == nil || !strings.Contains(err.Error(), "nonce differs") {
		t.Errorf("replayed: %v", err)
	}
}
