package opcsign

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestSignAndVerify(t *testing.T) {
	packages := map[string][]byte{"by hand": pack(t, handmade()), "excelize": excelBook(t)}
	for name, data := range packages {
		for _, id := range []identity{rsaID(), p256ID(), p384ID()} {
			t.Run(name+"/"+id.cert.Subject.CommonName, func(t *testing.T) {
				out := signed(t, data, id.options())
				r := verified(t, out, id.trusted())
				if !r.OK() || len(r.Signatures) != 1 {
					t.Fatalf("not OK:\n%s", reportText(r))
				}
				s := r.Signatures[0]
				if !s.Time.Equal(signedAt) || s.Comments != id.options().Comments || !s.Signer.Equal(id.cert) {
					t.Errorf("the report says %v, %q, %v", s.Time, s.Comments, s.Signer.Subject)
				}
				if strings.Contains(reportText(r), string(Weak)+":") {
					t.Errorf("something is weak:\n%s", reportText(r))
				}
				// Signing touches two entries and adds three.
				changed := map[string]bool{contentTypesName: true, rootRelsName[1:]: true, originName[1:]: true, originRelsName[1:]: true, signatureName[1:]: true}
				after := unpack(t, out)
				for _, e := range unpack(t, data) {
					if i := find(after, e.Name); i < 0 || !changed[e.Name] && !bytes.Equal(after[i].Data, e.Data) {
						t.Errorf("%s is not as it was", e.Name)
					}
				}
				if again := signed(t, data, id.options()); !bytes.Equal(again, out) {
					t.Error("signing twice gives two files; without a random source it must give one")
				}
			})
		}
	}
}

// TestContentSign signs while writing, without ever reading the package again; it must give what Sign gives.
func TestContentSign(t *testing.T) {
	c := Content{Rels: map[string][]byte{}, Digests: map[string]Digest{}}
	entries := handmade()
	var streamed []Entry
	for _, e := range entries {
		switch {
		case e.Name == contentTypesName:
			c.Types = e.Data
		case strings.HasSuffix(e.Name, ".rels"):
			if c.Rels[e.Name] = e.Data; e.Name != "_rels/.rels" {
				streamed = append(streamed, e)
			}
		default:
			c.Digests[e.Name] = sha256.Sum256(e.Data)
			streamed = append(streamed, e)
		}
	}
	last, result, err := c.Sign(t.Context(), rsaID().options())
	if err != nil {
		t.Fatal(err)
	}
	if result.Parts != 3 || result.Relationships != 4 || result.Method != "RSA with SHA-256" {
		t.Errorf("result is %+v", result)
	}
	got := pack(t, append(streamed, last...))
	if r := verified(t, got, rsaID().trusted()); !r.OK() {
		t.Error(reportText(r))
	}
	whole := unpack(t, signed(t, pack(t, entries), rsaID().options()))
	for _, e := range unpack(t, got) {
		if i := find(whole, e.Name); !bytes.Equal(whole[i].Data, e.Data) {
			t.Errorf("%s differs from what Sign writes", e.Name)
		}
	}
	c.Digests["xl/_rels/workbook.xml.rels"] = Digest{}
	if _, _, err := c.Sign(t.Context(), rsaID().options()); err == nil {
		t.Error("a digest in place of relationships is accepted")
	}
}

func TestDigestsHandedIn(t *testing.T) {
	entries := handmade()
	data := pack(t, entries)
	o := rsaID().options()
	o.Digests = map[string]Digest{}
	for _, e := range entries {
		if e.Name != contentTypesName && !strings.HasSuffix(e.Name, ".rels") {
			o.Digests[e.Name] = sha256.Sum256(e.Data)
		}
	}
	if r := verified(t, signed(t, data, o), rsaID().trusted()); !r.OK() {
		t.Error(reportText(r))
	}
	delete(o.Digests, "xl/worksheets/sheet1.xml") // is read
	if r := verified(t, signed(t, data, o), rsaID().trusted()); !r.OK() {
		t.Error(reportText(r))
	}
	o.Digests["xl/worksheets/sheet1.xml"] = Digest{1} // a wrong one cannot be seen in signing, and is in verifying
	if r := verified(t, signed(t, data, o), rsaID().trusted()); r.Intact() {
		t.Error("a wrong digest verifies")
	}
	o.Digests["xl/worksheets/sheet9.xml"] = Digest{}
	if _, err := Sign(t.Context(), io.Discard, bytes.NewReader(data), int64(len(data)), o); err == nil || !strings.Contains(err.Error(), "sheet9") {
		t.Errorf("a digest of no part gives %v", err)
	}
}

func TestSignAgain(t *testing.T) {
	data := signed(t, pack(t, handmade()), p256ID().options())
	o := rsaID().options()
	if _, err := Sign(t.Context(), io.Discard, bytes.NewReader(data), int64(len(data)), o); err == nil || !strings.Contains(err.Error(), "signature already") {
		t.Fatalf("a signed package gives %v", err)
	}
	o.Replace = true
	out := signed(t, data, o)
	r := verified(t, out, rsaID().trusted())
	if !r.OK() || len(r.Signatures) != 1 {
		t.Error(reportText(r))
	}
	fresh := signed(t, pack(t, handmade()), rsaID().options())
	for _, e := range unpack(t, fresh) {
		after := unpack(t, out)
		if i := find(after, e.Name); i < 0 || e.Name != contentTypesName && !bytes.Equal(after[i].Data, e.Data) {
			t.Errorf("%s is not as in a package that was signed once", e.Name)
		}
	}
	// A signature that no relationship leads to is one as well: some viewers go by the folder.
	entries := handmade()
	entries = append(entries, Entry{"_xmlsignatures/sig1.xml", []byte("<a/>")})
	data = pack(t, entries)
	if _, err := Sign(t.Context(), io.Discard, bytes.NewReader(data), int64(len(data)), rsaID().options()); err == nil {
		t.Error("a package with a signature's folder is signed")
	}
}

func TestSignTimestamp(t *testing.T) {
	o := rsaID().options()
	o.Timestamp = testAuthority
	var out bytes.Buffer
	data := pack(t, handmade())
	result, err := Sign(t.Context(), &out, bytes.NewReader(data), int64(len(data)), o)
	if err != nil || result.NoTimestamp != nil || !result.Timestamp.Equal(signedAt.Add(2*time.Second)) {
		t.Fatalf("result %+v, %v", result, err)
	}
	trust := rsaID().trusted()
	r := verified(t, out.Bytes(), trust)
	if !r.OK() || !strings.Contains(reportText(r), "timestamp authority: not checked") || !r.Signatures[0].TimestampAt.IsZero() {
		t.Error(reportText(r))
	}
	trust.TimestampRoots = x509.NewCertPool()
	trust.TimestampRoots.AddCert(tsaID().cert)
	r = verified(t, out.Bytes(), trust)
	if !r.OK() || !r.Signatures[0].TimestampAt.Equal(result.Timestamp) || !strings.Contains(reportText(r), "as its timestamp proves") {
		t.Error(reportText(r))
	}
	trust.TimestampRoots = x509.NewCertPool()
	trust.TimestampRoots.AddCert(otherID().cert)
	if r = verified(t, out.Bytes(), trust); r.OK() || !strings.Contains(reportText(r), "timestamp authority: fails") {
		t.Error(reportText(r))
	}
	for name, authority := range map[string]func(context.Context, []byte, crypto.Hash) ([]byte, error){
		"unreachable": func(context.Context, []byte, crypto.Hash) ([]byte, error) {
			return nil, errors.New("connection refused")
		},
		"garbage": func(context.Context, []byte, crypto.Hash) ([]byte, error) { return []byte("no token"), nil },
		"of something else": func(context.Context, []byte, crypto.Hash) ([]byte, error) {
			return newToken(make([]byte, 32), tokenFaults{}), nil
		},
	} {
		o.Timestamp = authority
		out.Reset()
		result, err := Sign(t.Context(), &out, bytes.NewReader(data), int64(len(data)), o)
		if err != nil || result.NoTimestamp == nil || !result.Timestamp.IsZero() {
			t.Errorf("%s: %+v, %v", name, result, err)
		}
		if r := verified(t, out.Bytes(), rsaID().trusted()); !r.OK() || !strings.Contains(reportText(r), "timestamp: absent") {
			t.Errorf("%s: %s", name, reportText(r))
		}
	}
}

// lying claims one key and signs with another, as a badly configured token does.
type lying struct{ crypto.Signer }

func (l lying) Sign(r io.Reader, d []byte, o crypto.SignerOpts) ([]byte, error) {
	return otherID().key.Sign(r, d, o)
}

func TestKeysRefused(t *testing.T) {
	small := newIdentity("small", must(rsa.GenerateKey(rand.Reader, 1024)), nil)
	p521 := newIdentity("P-521", must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)), nil)
	noSign := newIdentity("CA", p256ID().key, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign })
	data := pack(t, handmade())
	for _, c := range []struct {
		name, want string
		change     func(*Options)
	}{
		{"expired", "expired on 2028-01-02T03:04:05Z: renew", func(o *Options) { o.Time = signedAt.AddDate(3, 0, 0) }},
		{"not yet valid", "valid only from 2025-01-02T03:04:05Z on", func(o *Options) { o.Time = signedAt.AddDate(-3, 0, 0) }},
		{"another key", "is not that of the signing key", func(o *Options) { o.Signer = p256ID().key }},
		{"RSA 1024", "1024 bits: make one of at least 2048", func(o *Options) { o.Signer, o.Certificate = small.key, small.cert }},
		{"P-521", "use P-256 or P-384", func(o *Options) { o.Signer, o.Certificate = p521.key, p521.cert }},
		{"key usage", "key usage digitalSignature", func(o *Options) { o.Signer, o.Certificate = noSign.key, noSign.cert }},
		{"no signer", "a signer and its certificate", func(o *Options) { o.Signer = nil }},
		{"no certificate", "a signer and its certificate", func(o *Options) { o.Certificate = nil }},
		{"no time", "the time of signing", func(o *Options) { o.Time = time.Time{} }},
		{"long comments", "Office keeps 255", func(o *Options) { o.Comments = strings.Repeat("x", 256) }},
		{"control character", "U+0007", func(o *Options) { o.Comments = "bell\a" }},
		{"wrong token", "check which key it uses", func(o *Options) { o.Signer, o.Certificate = lying{p256ID().key}, p256ID().cert }},
	} {
		o := rsaID().options()
		c.change(&o)
		var out bytes.Buffer
		_, err := Sign(t.Context(), &out, bytes.NewReader(data), int64(len(data)), o)
		if err == nil || !strings.HasPrefix(err.Error(), "opcsign: ") || !strings.Contains(err.Error(), c.want) || out.Len() > 0 {
			t.Errorf("%s: %v; want %q, and nothing written (%d bytes)", c.name, err, c.want, out.Len())
		}
	}
}

func TestTrust(t *testing.T) {
	ca := newIdentity("Company CA", must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	tmpl := newIdentity("Employee", key, nil).cert
	leaf := identity{key, must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, tmpl, ca.cert, key.Public(), ca.key))))}
	data := signed(t, pack(t, handmade()), leaf.options())
	pool := func(ids ...identity) *x509.CertPool {
		p := x509.NewCertPool()
		for _, id := range ids {
			p.AddCert(id.cert)
		}
		return p
	}
	for name, c := range map[string]struct {
		o      VerifyOptions
		ok     bool
		intact bool
	}{
		"nobody":            {VerifyOptions{}, false, true},
		"the certificate":   {leaf.trusted(), true, true},
		"the CA":            {VerifyOptions{Roots: pool(ca)}, true, true},
		"another":           {otherID().trusted(), false, false},
		"another CA":        {VerifyOptions{Roots: pool(otherID())}, false, false},
		"one of two":        {VerifyOptions{Roots: pool(otherID()), Certificates: []*x509.Certificate{leaf.cert}}, true, true},
		"one or the other ": {VerifyOptions{Roots: pool(ca), Certificates: []*x509.Certificate{otherID().cert}}, true, true},
	} {
		if r := verified(t, data, c.o); r.OK() != c.ok || r.Intact() != c.intact {
			t.Errorf("%s: OK %v, intact %v\n%s", name, r.OK(), r.Intact(), reportText(r))
		}
	}
}

// failing is a source that breaks: its error must come back, not a verdict on the package.
type failing struct{ io.ReaderAt }

var errDisk = errors.New("disk gone")

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off < 600 && off > 0 {
		return 0, errDisk
	}
	return f.ReaderAt.ReadAt(p, off)
}

func TestSourceErrors(t *testing.T) {
	data := signed(t, excelBook(t), rsaID().options())
	if _, err := Verify(t.Context(), failing{bytes.NewReader(data)}, int64(len(data)), VerifyOptions{}); !errors.Is(err, errDisk) {
		t.Errorf("a broken source gives %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Verify(ctx, bytes.NewReader(data), int64(len(data)), VerifyOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context gives %v", err)
	}
}
