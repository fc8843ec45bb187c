package signkey

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"
)

func block(t testing.TB, kind string, der []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func keyPEM(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return block(t, "PRIVATE KEY", der, err)
}

// certify makes a certificate whose usage the caller chooses.
func certify(t testing.TB, key *ecdsa.PrivateKey, use x509.KeyUsage) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Kiln"}, NotBefore: dawn, NotAfter: dusk, KeyUsage: use}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestReadsOlderForms(t *testing.T) {
	key, c := newIdentity(t, RSA2048)
	ec, ecCert := newIdentity(t, ECDSAP256)
	ecDER, err := x509.MarshalECPrivateKey(ec.(*ecdsa.PrivateKey))
	sec1 := append(block(t, "EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}, nil), block(t, "EC PRIVATE KEY", ecDER, err)...)
	pkcs1 := block(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key.(*rsa.PrivateKey)), nil)
	for name, s := range map[string][2][]byte{
		"PKCS#1": {pkcs1, EncodeCertificate(c)},
		"SEC 1":  {sec1, EncodeCertificate(ecCert)},
		"words":  {append([]byte("Bag Attributes\r\n  friendlyName: kiln\r\n"), pkcs1...), append([]byte("subject=Kiln\n"), EncodeCertificate(c)...)},
	} {
		if _, err := Read(Source{"k", s[0]}, Source{"c", s[1]}, ""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFindsTheLeafByItsKey(t *testing.T) {
	key, leaf := newIdentity(t, ECDSAP256)
	_, above := newIdentity(t, ECDSAP256)
	_, top := newIdentity(t, ECDSAP256)
	var chain []byte
	for _, c := range []*x509.Certificate{above, leaf, top, leaf} {
		chain = append(chain, EncodeCertificate(c)...)
	}
	id, err := Read(Source{"k", keyPEM(t, key)}, Source{"c", chain}, "")
	if err != nil {
		t.Fatal(err)
	}
	if !id.Certificate.Equal(leaf) || len(id.Chain) != 2 || !id.Chain[0].Equal(above) || !id.Chain[1].Equal(top) {
		t.Errorf("leaf %v, %d others", id.Certificate.Subject, len(id.Chain))
	}
}

func TestPKCS12(t *testing.T) {
	key, leaf := newIdentity(t, RSA2048)
	_, above := newIdentity(t, ECDSAP256)
	for name, enc := range map[string]*pkcs12.Encoder{"modern": pkcs12.Modern2023, "newest": pkcs12.Modern2026, "old": pkcs12.LegacyDES} {
		data, err := enc.Encode(key, leaf, []*x509.Certificate{above}, "opensesame")
		if err != nil {
			t.Fatal(err)
		}
		id, err := Read(Source{"k", data}, Source{}, "opensesame")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !same(id.Key.Public(), key.Public()) || !id.Certificate.Equal(leaf) || len(id.Chain) != 1 {
			t.Errorf("%s: not what was written", name)
		}
		for password, want := range map[string]string{"": "needs a password", "wrongword": "does not open it"} {
			_, err := Read(Source{"store", data}, Source{}, password)
			if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "store: ") || strings.Contains(err.Error(), "wrongword") {
				t.Errorf("%s, password %q: %v", name, password, err)
			}
		}
		if _, err := Read(Source{"store", data[:len(data)-9]}, Source{}, "opensesame"); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s, cut off: %v", name, err)
		}
	}
}

// A file that asks for a thousand million rounds is refused before the first.
func TestPKCS12RoundsAreBounded(t *testing.T) {
	key, leaf := newIdentity(t, ECDSAP256)
	for name, enc := range map[string]*pkcs12.Encoder{"modern": pkcs12.Modern2023, "old": pkcs12.LegacyDES} {
		data, err := enc.WithIterations(0x010203).Encode(key, leaf, nil, "p")
		if err != nil {
			t.Fatal(err)
		}
		was, huge := []byte{2, 3, 1, 2, 3}, []byte{2, 3, 0x7f, 2, 3}
		if n := bytes.Count(data, was); n < 2 {
			t.Fatalf("%s: %d counts of rounds found in the file", name, n)
		}
		for at := range data {
			if !bytes.HasPrefix(data[at:], was) {
				continue
			}
			evil := bytes.Clone(data)
			copy(evil[at:], huge)
			if _, err := Read(Source{"k", evil}, Source{}, "p"); err == nil || !strings.Contains(err.Error(), "rounds") {
				t.Errorf("%s, count at %d: %v", name, at, err)
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	key, c := newIdentity(t, ECDSAP256)
	other, _ := newIdentity(t, ECDSAP256)
	good, cert := keyPEM(t, key), EncodeCertificate(c)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	request, err := Request(rand.Reader, key, kiln)
	if err != nil {
		t.Fatal(err)
	}
	encrypted := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: []byte("x")})
	for _, r := range []struct {
		name      string
		key, cert []byte
		want      string
	}{
		{"another key", keyPEM(t, other), cert, "c: the certificate (\"CN=Kiln & Söhne Ltd,OU=Internal audit,O=Kiln & Söhne Ltd,C=GB\", SHA-256 " + Fingerprint(c) + ") does not belong to the key in k"},
		{"weak RSA", keyPEM(t, weak), cert, "k: the key is RSA with 1024 bits"},
		{"P-521", keyPEM(t, p521), cert, "ECDSA P-521"},
		{"Ed25519", keyPEM(t, ed), cert, "ed25519"},
		{"PKCS#8 encrypted", block(t, "ENCRYPTED PRIVATE KEY", []byte("x"), nil), cert, "make PKCS#12 of it"},
		{"PEM encrypted", encrypted, cert, "make PKCS#12 of it"},
		{"encrypting only", good, EncodeCertificate(certify(t, key.(*ecdsa.PrivateKey), x509.KeyUsageKeyEncipherment)), "c: the certificate (\"CN=Kiln\") is not for signing"},
		{"authority only", good, EncodeCertificate(certify(t, key.(*ecdsa.PrivateKey), x509.KeyUsageCertSign)), "not for signing"},
		{"empty certificate", good, nil, "c: it is no certificate"},
		{"empty", nil, cert, "k: it is empty"},
		{"key garbage", []byte("hello"), cert, "neither a PEM file nor a PKCS#12"},
		{"key cut off", good[:60], cert, "no PEM block"},
		{"key damaged", block(t, "PRIVATE KEY", []byte("hello"), nil), cert, "k: the private key in it cannot be read"},
		{"key of no kind", block(t, "OPENSSH PRIVATE KEY", []byte("hello"), nil), cert, "unknown kind"},
		{"only a certificate", cert, cert, "holds no private key"},
		{"two keys", append(bytes.Clone(good), keyPEM(t, other)...), cert, "more than one private key"},
		{"certificate garbage", good, []byte("hello"), "c: it is no certificate"},
		{"certificate damaged", good, block(t, "CERTIFICATE", []byte("hello"), nil), "c: a certificate in it cannot be read"},
		{"request", good, EncodeRequest(request), "send it to your authority"},
		{"PKCS#7", good, block(t, "PKCS7", []byte("hello"), nil), "openssl pkcs7"},
		{"key with the certificate", good, append(bytes.Clone(good), cert...), "a private key lies beside the certificate"},
		{"large", bytes.Repeat([]byte("x"), maxSource+1), cert, "no key and no certificate"},
	} {
		_, err := Read(Source{"k", r.key}, Source{"c", r.cert}, "")
		if err == nil || !strings.Contains(err.Error(), r.want) {
			t.Errorf("%s: %v; want %q", r.name, err, r.want)
		}
	}
	if _, err := Read(Source{"k", good}, Source{}, ""); err == nil || !strings.Contains(err.Error(), "k: there is a key and no certificate") {
		t.Errorf("no certificate: %v", err)
	}
	same := append(bytes.Clone(good), cert...)
	if _, err := Read(Source{"k", same}, Source{"c", same}, ""); err != nil {
		t.Errorf("one file named twice: %v", err)
	}
	if _, err := Read(Source{"k", good}, Source{"c", EncodeCertificate(certify(t, key.(*ecdsa.PrivateKey), 0))}, ""); err != nil {
		t.Errorf("a certificate that says nothing of usage: %v", err)
	}
}

// FuzzRead: whatever the bytes, the answer is an identity that can be signed with, or an error that holds no password.
func FuzzRead(f *testing.F) {
	key, c := newIdentity(f, ECDSAP256)
	text, cert := keyPEM(f, key), EncodeCertificate(c)
	f.Add(text, cert, "")
	f.Add(append(bytes.Clone(text), cert...), []byte(nil), "")
	f.Add(text, c.Raw, "")
	for _, enc := range []*pkcs12.Encoder{pkcs12.Modern2023, pkcs12.Modern2026, pkcs12.LegacyDES, pkcs12.LegacyRC2} {
		data, err := enc.WithIterations(2).Encode(key, c, []*x509.Certificate{c}, "opensesame")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, []byte(nil), "opensesame")
	}
	f.Add(block(f, "ENCRYPTED PRIVATE KEY", []byte("x"), nil), cert, "x")
	f.Fuzz(func(t *testing.T, k, c []byte, password string) {
		certificate := Source{"c", c}
		if len(c) == 0 {
			certificate = Source{}
		}
		id, err := Read(Source{"k", k}, certificate, password)
		switch {
		case err != nil && len(password) > 8 && !strings.Contains(string(c), password) && strings.Contains(err.Error(), password):
			t.Errorf("the password is in the error: %v", err)
		case err == nil && (!same(id.Key.Public(), id.Certificate.PublicKey) || strong(id.Key.Public()) != nil || signs(id.Certificate) != nil):
			t.Error("accepted what cannot be signed with")
		}
	})
}
