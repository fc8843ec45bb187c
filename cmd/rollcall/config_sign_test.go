package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"rollcall/report/signkey"
)

// signedCompany is a company whose configuration ends with the given section.
func signedCompany(t *testing.T, section string) *program {
	t.Helper()
	path := company(t)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("\n" + section); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return &program{stdout: new(bytes.Buffer), now: func() time.Time { return scriptNow }, configPath: path, env: func(name string) string {
		if name == "P12" {
			return "opensesame"
		}
		return ""
	}}
}

// p12 is a new identity, valid for a year from scriptNow on, as PKCS#12.
func p12(t *testing.T) []byte {
	t.Helper()
	key, err := signkey.Generate(rand.Reader, signkey.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	c, err := signkey.SelfSigned(rand.Reader, key, signkey.Subject{Company: "Kiln"}, scriptNow, scriptNow.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	data, err := pkcs12.Modern2023.WithIterations(2).Encode(key, c, nil, "opensesame")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (p *program) signingAt(t *testing.T, now time.Time) (*signing, error) {
	t.Helper()
	c, err := p.config()
	if err != nil {
		t.Fatal(err)
	}
	return c.signing(now)
}

const p12Section = "[sign]\nkey = \"file:rollcall.p12\"\npassword = \"env:P12\"\npurpose = \"Access review\"\n"

func TestSigning(t *testing.T) {
	if s, err := signedCompany(t, "").signingAt(t, scriptNow); s != nil || err != nil {
		t.Errorf("without [sign]: %v, %v", s, err)
	}
	p := signedCompany(t, p12Section)
	if err := os.WriteFile(filepath.Join(filepath.Dir(p.configPath), "rollcall.p12"), p12(t), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := p.signingAt(t, scriptNow.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("report"))
	sig, err := s.Signer.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil || len(sig) == 0 || s.Purpose != "Access review" || s.Certificate.Subject.CommonName != "Kiln" || s.Timestamp != nil {
		t.Errorf("signing with %+v: %v", s, err)
	}
	for when, want := range map[time.Time]string{
		scriptNow.Add(-time.Hour):   "is valid only from",
		scriptNow.AddDate(1, 0, 1):  "expired on 2028-01-15",
		scriptNow.AddDate(20, 0, 0): "nothing can be signed with it",
	} {
		if _, err := p.signingAt(t, when); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), p.configPath+":") {
			t.Errorf("at %s: %v; want %q", when, err, want)
		}
	}
}

func TestSigningAsksForATimestamp(t *testing.T) {
	asked := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header.Get("Content-Type")
		w.WriteHeader(http.StatusTeapot)
	}))
	defer srv.Close()
	p := signedCompany(t, p12Section+"timestamp = \""+srv.URL+"/tsr\"\n")
	if err := os.WriteFile(filepath.Join(filepath.Dir(p.configPath), "rollcall.p12"), p12(t), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := p.signingAt(t, scriptNow)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(nil)
	if _, err := s.Timestamp(t.Context(), sum[:], crypto.SHA256); err == nil || !strings.Contains(err.Error(), "418") || asked != "application/timestamp-query" {
		t.Errorf("asked with %q: %v", asked, err)
	}
}

func TestKeysShowWarns(t *testing.T) {
	p := signedCompany(t, p12Section)
	if err := os.WriteFile(filepath.Join(filepath.Dir(p.configPath), "rollcall.p12"), p12(t), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := p.config()
	if err != nil {
		t.Fatal(err)
	}
	for before, want := range map[time.Duration]string{
		31 * 24 * time.Hour: "days left    31\n",
		29 * 24 * time.Hour: "WARNING: the certificate ends in 29 days",
		-time.Second:        "",
	} {
		var out bytes.Buffer
		p.stdout, p.now = &out, func() time.Time { return scriptNow.AddDate(1, 0, 0).Add(-before) }
		err := p.showKeys(c)
		if (err != nil) != (want == "") || !strings.Contains(out.String(), want) || strings.Contains(out.String(), "WARNING") != strings.Contains(want, "WARNING") {
			t.Errorf("%s before the end: %v\n%s", before, err, out.String())
		}
	}
}

// What a reference names is read byte for byte: a key may be binary, and end with what looks like a line end.
func TestSecretsKeepTheirBytes(t *testing.T) {
	dir := t.TempDir()
	want := []byte{0, '\r', '\n', '\n'}
	if err := os.WriteFile(filepath.Join(dir, "k"), want, 0o600); err != nil {
		t.Fatal(err)
	}
	raw := resolveSecret(dir, func(string) string { return "" })
	if b, err := raw("file:k"); err != nil || !bytes.Equal(b, want) {
		t.Errorf("bytes %q, %v", b, err)
	}
	if s, err := textSecret(raw)("file:k"); err != nil || s != "\x00" {
		t.Errorf("text %q, %v", s, err)
	}
}
