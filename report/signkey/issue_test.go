package signkey

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"
)

var (
	dawn = time.Date(2027, 1, 15, 9, 30, 0, 0, time.UTC)
	dusk = dawn.AddDate(3, 0, 0)
	kiln = Subject{Company: "Kiln & Söhne Ltd", Unit: "Internal audit", Country: "GB"}
)

func newKey(t testing.TB, kind Type) crypto.Signer {
	t.Helper()
	key, err := Generate(rand.Reader, kind)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newIdentity(t testing.TB, kind Type) (crypto.Signer, *x509.Certificate) {
	t.Helper()
	key := newKey(t, kind)
	c, err := SelfSigned(rand.Reader, key, kiln, dawn, dusk)
	if err != nil {
		t.Fatal(err)
	}
	return key, c
}

func TestEachTypeComesBack(t *testing.T) {
	for _, kind := range Types() {
		t.Run(string(kind), func(t *testing.T) {
			key, c := newIdentity(t, kind)
			text, err := EncodeKey(key)
			if err != nil {
				t.Fatal(err)
			}
			for name, s := range map[string][2]Source{
				"two files": {{"k", text}, {"c", EncodeCertificate(c)}},
				"one file":  {{"k", append(bytes.Clone(text), EncodeCertificate(c)...)}, {}},
				"DER":       {{"k", text}, {"c", c.Raw}},
			} {
				id, err := Read(s[0], s[1], "")
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if !same(id.Key.Public(), key.Public()) || !id.Certificate.Equal(c) || len(id.Chain) != 0 {
					t.Errorf("%s: not what was written", name)
				}
			}
		})
	}
}

func TestCertificate(t *testing.T) {
	key, c := newIdentity(t, ECDSAP256)
	if c.KeyUsage != x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment || c.IsCA || !c.BasicConstraintsValid || len(c.ExtKeyUsage) != 0 {
		t.Errorf("usage %b, authority %v", c.KeyUsage, c.IsCA)
	}
	if got := c.Subject.String(); got != "CN=Kiln & Söhne Ltd,OU=Internal audit,O=Kiln & Söhne Ltd,C=GB" {
		t.Errorf("subject %s", got)
	}
	if len(c.SubjectKeyId) != 20 || c.SerialNumber.Sign() <= 0 || c.SerialNumber.BitLen() > 127 {
		t.Errorf("key id %x, serial %x", c.SubjectKeyId, c.SerialNumber)
	}
	if !c.NotBefore.Equal(dawn) || !c.NotAfter.Equal(dusk) {
		t.Errorf("valid from %s to %s", c.NotBefore, c.NotAfter)
	}
	roots := x509.NewCertPool()
	roots.AddCert(c)
	if _, err := c.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: dawn, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		t.Errorf("not valid by itself: %v", err)
	}
	other, err := SelfSigned(rand.Reader, key, kiln, dawn, dusk)
	if err != nil || other.SerialNumber.Cmp(c.SerialNumber) == 0 {
		t.Errorf("serial numbers repeat (%v)", err)
	}
}

func TestRequest(t *testing.T) {
	key := newKey(t, ECDSAP384)
	der, err := Request(rand.Reader, key, kiln)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(EncodeRequest(der))
	r, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.CheckSignature(); err != nil {
		t.Error(err)
	}
	if r.Subject.CommonName != kiln.Company || !same(r.PublicKey, key.Public()) {
		t.Errorf("asks for %s", r.Subject)
	}
	if len(r.Extensions) != 1 || !bytes.Equal(r.Extensions[0].Value, []byte{3, 2, 6, 0xc0}) {
		t.Errorf("extensions %v", r.Extensions)
	}
}

func TestRefusesToIssue(t *testing.T) {
	key := newKey(t, ECDSAP256)
	long := strings.Repeat("ü", 65)
	for _, c := range []struct {
		name        string
		subject     Subject
		from, until time.Time
		want        string
	}{
		{"no name", Subject{}, dawn, dusk, "name is empty"},
		{"blanks", Subject{Company: " "}, dawn, dusk, "name is empty"},
		{"padded", Subject{Company: "Kiln "}, dawn, dusk, "blanks around it"},
		{"control", Subject{Company: "Ki\nln"}, dawn, dusk, "cannot be printed"},
		{"long", Subject{Company: long}, dawn, dusk, "65 characters"},
		{"long unit", Subject{Company: "Kiln", Unit: long}, dawn, dusk, "unit"},
		{"country", Subject{Company: "Kiln", Country: "Germany"}, dawn, dusk, "two capital letters"},
		{"small country", Subject{Company: "Kiln", Country: "de"}, dawn, dusk, "two capital letters"},
		{"backwards", kiln, dusk, dawn, "end before it begins"},
	} {
		if _, err := SelfSigned(rand.Reader, key, c.subject, c.from, c.until); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
	if _, err := SelfSigned(bytes.NewReader(nil), key, kiln, dawn, dusk); err == nil {
		t.Error("a serial number without randomness")
	}
	if _, err := Generate(rand.Reader, "dsa"); err == nil || !strings.Contains(err.Error(), "ecdsa-p384") {
		t.Errorf("an unknown kind: %v", err)
	}
}

func TestValidity(t *testing.T) {
	_, c := newIdentity(t, ECDSAP256)
	for _, v := range []struct {
		at   time.Time
		want string
		left int
	}{
		{dawn, "", 1096},
		{dawn.Add(-time.Second), "valid only from 2027-01-15 09:30 UTC", 1096},
		{dusk, "", 0},
		{dusk.Add(-48*time.Hour - time.Second), "", 2},
		{dusk.Add(time.Second), "expired on 2030-01-15 09:30 UTC", -1},
		{dusk.Add(25 * time.Hour), "expired", -2},
	} {
		err := ValidAt(c, v.at)
		if v.want == "" && err != nil || v.want != "" && (err == nil || !strings.Contains(err.Error(), v.want)) {
			t.Errorf("at %s: %v; want %q", v.at, err, v.want)
		}
		if got := DaysLeft(c, v.at); got != v.left {
			t.Errorf("at %s: %d days left, want %d", v.at, got, v.left)
		}
	}
	if f := Fingerprint(c); len(f) != 95 || strings.Trim(f, "0123456789ABCDEF:") != "" {
		t.Errorf("fingerprint %q", f)
	}
}
