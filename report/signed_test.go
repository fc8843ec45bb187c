package report

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"rollcall/report/opcsign"
	"rollcall/report/signkey"
)

// signer makes a key and its certificate, for a day around now.
func signer(t testing.TB, kind signkey.Type, now time.Time) (crypto.Signer, *x509.Certificate) {
	t.Helper()
	key, err := signkey.Generate(rand.Reader, kind)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := signkey.SelfSigned(rand.Reader, key, signkey.Subject{Company: "Kiln Ltd"}, now.Add(-time.Hour), now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return key, cert
}

// A workbook signed while it is written holds against the verifier, in all its parts; before signing it is the same file.
func TestSignedWorkbook(t *testing.T) {
	now := time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
	for _, kind := range []signkey.Type{signkey.RSA2048, signkey.ECDSAP256} {
		key, cert := signer(t, kind, now)
		r := sample()
		r.Manifest = strings.Repeat("ab", 32)
		var one, two, plain bytes.Buffer
		for _, to := range []*bytes.Buffer{&one, &two} {
			o := opcsign.Options{Signer: key, Certificate: cert, Time: now, Comments: "Access review"}
			if _, err := WriteSigned(t.Context(), to, r, rows(sampleAccounts()...), o); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(one.Bytes(), two.Bytes()) {
			t.Errorf("%s: signed twice, two files", kind)
		}
		got, err := opcsign.Verify(t.Context(), bytes.NewReader(one.Bytes()), int64(one.Len()), opcsign.VerifyOptions{Certificates: []*x509.Certificate{cert}})
		if err != nil || !got.OK() {
			t.Fatalf("%s: %v %+v", kind, err, got)
		}
		if err := WriteWorkbook(&plain, r, rows(sampleAccounts()...)); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"xl/workbook.xml", sheetPart(1), sheetPart(3), sheetPart(4), "xl/sharedStrings.xml", "xl/styles.xml"} {
			if part(t, one.Bytes(), name) != part(t, plain.Bytes(), name) {
				t.Errorf("%s: %s differs from that of the unsigned file", kind, name)
			}
		}
		for _, file := range [][]byte{one.Bytes(), plain.Bytes()} {
			s, err := ReadStated(bytes.NewReader(file), int64(len(file)))
			if err != nil || s.Run != r.Run || s.Manifest != r.Manifest {
				t.Errorf("states %+v, %v", s, err)
			}
		}
	}
}

func TestStatedOfOtherFiles(t *testing.T) {
	for name, file := range map[string]string{"no ZIP": "nonsense", "empty": ""} {
		if _, err := ReadStated(strings.NewReader(file), int64(len(file))); err == nil {
			t.Errorf("%s: it states something", name)
		}
	}
}

// An expired certificate signs nothing, and leaves no file that looks signed.
func TestExpiredSignsNothing(t *testing.T) {
	now := time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
	key, cert := signer(t, signkey.RSA2048, now)
	for _, at := range []time.Time{now.Add(2 * time.Hour), now.Add(-2 * time.Hour)} {
		var file bytes.Buffer
		_, err := WriteSigned(t.Context(), &file, sample(), rows(sampleAccounts()...), opcsign.Options{Signer: key, Certificate: cert, Time: at})
		if err == nil {
			t.Errorf("signed at %v", at)
		}
	}
}
