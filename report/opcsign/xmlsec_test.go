//go:build integration

package opcsign

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestIntegrationXMLSec: xmlsec1 accepts the core of what is signed here (SignedInfo, its references, the value), and
// refuses it when that was tampered with. Parts are outside what it sees.
func TestIntegrationXMLSec(t *testing.T) {
	need(t, program("xmlsec1"), "xmlsec1", "libxmlsec1-openssl")
	dir := t.TempDir()
	verify := func(name string, signature []byte, id identity) (bool, string) {
		file := write(t, dir, name+".xml", signature)
		cert := write(t, dir, name+".pem", pemOf("CERTIFICATE", id.cert.Raw))
		cmd := exec.Command("xmlsec1", "--verify", "--ignore-manifests", "--id-attr:Id", nsDsig+":Object", "--id-attr:Id", nsXades+":SignedProperties",
			"--trusted-pem", cert, "--verification-gmt-time", signedAt.Format("2006-01-02+15:04:05"), file)
		out, err := cmd.CombinedOutput()
		return err == nil, string(out)
	}
	part := func(data []byte) []byte { e := unpack(t, data); return e[find(e, "_xmlsignatures/sig1.xml")].Data }
	for name, id := range map[string]identity{"rsa": rsaID(), "p256": p256ID(), "p384": p384ID()} {
		o := id.options()
		o.Timestamp = testAuthority
		sig := part(signed(t, excelBook(t), o))
		if ok, said := verify(name, sig, id); !ok {
			t.Errorf("%s is refused: %s", name, said)
		}
		for _, change := range [][2]string{{"<mdssi:Value>2026", "<mdssi:Value>2025"}, {"<xd:SigningTime>2026", "<xd:SigningTime>2025"}, {"Quarterly", "Monthly"}, {`URI="/xl/workbook.xml`, `URI="/xl/other.xml`}} {
			if bad := bytes.Replace(sig, []byte(change[0]), []byte(change[1]), 1); bytes.Equal(bad, sig) {
				t.Errorf("%s has no %s", name, change[0])
			} else if ok, _ := verify(name+"-bad", bad, id); ok {
				t.Errorf("%s with %s is accepted", name, change[1])
			}
		}
	}
}

// TestIntegrationCanonical compares Canonical XML with libxml2's.
func TestIntegrationCanonical(t *testing.T) {
	need(t, program("xmllint"), "libxml2-utils")
	dir := t.TempDir()
	documents := map[string][]byte{}
	for i, c := range c14nCases {
		documents[fmt.Sprint("case", i)] = []byte(c.in)
	}
	for _, g := range genuine {
		for _, e := range unpack(t, must(os.ReadFile("testdata/"+g.file))) {
			if strings.HasSuffix(e.Name, ".xml") || strings.HasSuffix(e.Name, ".rels") {
				documents[strings.ReplaceAll(g.file+e.Name, "/", "_")] = e.Data
			}
		}
	}
	for name, data := range documents {
		root, err := readTree(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		out, err := exec.Command("xmllint", "--nonet", "--c14n", write(t, dir, name, data)).Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := canonical(root, true); !bytes.Equal(bytes.TrimSpace(got), bytes.TrimSpace(out)) {
			t.Errorf("%s:\ngot  %.400s\nwant %.400s", name, got, out)
		}
	}
	t.Logf("%d documents agree", len(documents))
}

const tsaConfig = `[tsa]
default_tsa = one
[one]
serial = %[1]s/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[ext]
basicConstraints = critical, CA:false
extendedKeyUsage = critical, timeStamping
keyUsage = critical, digitalSignature
`

// TestIntegrationTimestamp signs with openssl as timestamp authority, and has openssl confirm the token.
func TestIntegrationTimestamp(t *testing.T) {
	need(t, program("openssl"), "openssl")
	dir := t.TempDir()
	path := func(name string) string { return dir + "/" + name }
	conf := write(t, dir, "tsa.conf", fmt.Appendf(nil, tsaConfig, dir))
	write(t, dir, "serial", []byte("01\n"))
	for _, kind := range [][]string{{"rsa:2048"}, {"ec", "-pkeyopt", "ec_paramgen_curve:P-256"}} {
		run(t, "openssl", append([]string{"req", "-x509", "-nodes", "-config", "/dev/null", "-extensions", "ext", "-subj", "/CN=Local TSA", "-days", "2",
			"-config", conf, "-keyout", path("tsa.key"), "-out", path("tsa.pem"), "-newkey"}, kind...)...)
		nonce := big.NewInt(4711)
		o := newIdentity("Signer today", rsaID().key, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now().AddDate(0, 0, -1), now().AddDate(0, 0, 1) }).options()
		o.Time = now()
		var imprintAsked []byte
		o.Timestamp = func(_ context.Context, imprint []byte, h crypto.Hash) ([]byte, error) {
			imprintAsked = imprint
			req, err := timestampRequest(imprint, h, nonce)
			if err != nil {
				return nil, err
			}
			query := write(t, dir, "query", req)
			run(t, "openssl", "ts", "-reply", "-config", conf, "-queryfile", query, "-signer", path("tsa.pem"), "-inkey", path("tsa.key"), "-out", path("reply"))
			return timestampToken(must(os.ReadFile(path("reply"))), nonce)
		}
		data := signed(t, pack(t, handmade()), o)
		trust := VerifyOptions{Certificates: []*x509.Certificate{o.Certificate}, TimestampRoots: x509.NewCertPool()}
		trust.TimestampRoots.AppendCertsFromPEM(must(os.ReadFile(path("tsa.pem"))))
		r := verified(t, data, trust)
		if !r.OK() || r.Signatures[0].TimestampAt.IsZero() {
			t.Errorf("%v: not OK:\n%s", kind, reportText(r))
		}
		// openssl on the token that is in the package.
		e := unpack(t, data)
		s := must(parseSignature(e[find(e, "_xmlsignatures/sig1.xml")].Data))
		token := must(base64Of(s.signatureTimestamps()[0].only(nsXades, "EncapsulatedTimeStamp")))
		run(t, "openssl", "ts", "-verify", "-digest", fmt.Sprintf("%x", imprintAsked), "-token_in", "-in", write(t, dir, "token", token), "-CAfile", path("tsa.pem"))
		// A token of another signature.
		other := signed(t, pack(t, replace(t, handmade(), "xl/worksheets/sheet1.xml", "first", "other")), o)
		f := unpack(t, other)
		f = replace(t, f, "_xmlsignatures/sig1.xml", b64(must(base64Of(must(parseSignature(f[find(f, "_xmlsignatures/sig1.xml")].Data)).signatureTimestamps()[0].only(nsXades, "EncapsulatedTimeStamp")))), b64(token))
		if r := verified(t, pack(t, f), trust); r.OK() || !strings.Contains(reportText(r), "timestamp: fails") {
			t.Errorf("a token of another signature is accepted:\n%s", reportText(r))
		}
	}
}
