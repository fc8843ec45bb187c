package tsa

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// authority answers as a timestamp authority does, but signs nothing.
type authority struct {
	change func(*info)                 // what it states
	reply  func(*reply)                // how it answers
	raw    []byte                      // instead of an answer
	wrong  func(w http.ResponseWriter) // instead of HTTP as it should be
	asked  query
}

func must(der []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return der
}

func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.Method != "POST" || r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "not a query", http.StatusBadRequest)
		return
	}
	if rest, err := asn1.Unmarshal(body, &a.asked); err != nil || len(rest) > 0 {
		http.Error(w, "not a query", http.StatusBadRequest)
		return
	}
	if a.wrong != nil {
		a.wrong(w)
		return
	}
	if a.raw != nil {
		_, _ = w.Write(a.raw)
		return
	}
	_, _ = w.Write(a.answer())
}

func (a *authority) answer() []byte {
	i := info{Version: 1, Policy: asn1.ObjectIdentifier{1, 2, 3}, Imprint: a.asked.Imprint, Serial: big.NewInt(9),
		Time: asn1.RawValue{FullBytes: []byte("\x18\x1220270115093000.25Z")}, Nonce: a.asked.Nonce}
	if a.change != nil {
		a.change(&i)
	}
	var ci contentInfo
	ci.Type, ci.Content.Version, ci.Content.Content.Type = oidSignedData, 3, oidInfo
	ci.Content.Algorithms = asn1.RawValue{Tag: asn1.TagSet, IsCompound: true}
	ci.Content.Certificates = asn1.RawValue{FullBytes: []byte{0xa0, 2, 0x30, 0}}
	ci.Content.Content.Bytes = must(asn1.Marshal(i))
	r := reply{Token: asn1.RawValue{FullBytes: must(asn1.Marshal(ci))}}
	if a.reply != nil {
		a.reply(&r)
	}
	return must(asn1.Marshal(r))
}

// question is what an authority may have been asked.
func question() query {
	sum := sha256.Sum256([]byte("signed"))
	q := query{Nonce: big.NewInt(1 << 40)}
	q.Imprint.Algorithm.Algorithm, q.Imprint.Hash = oidHashes[crypto.SHA256], sum[:]
	return q
}

func ask(t *testing.T, h http.Handler) ([]byte, error) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c := &Client{URL: srv.URL + "/tsr?key=hush", HTTP: srv.Client(), Rand: rand.Reader}
	sum := sha256.Sum256([]byte("signed"))
	token, err := c.Token(t.Context(), sum[:], crypto.SHA256)
	if err != nil && strings.Contains(err.Error(), "hush") {
		t.Errorf("the error repeats what may be a secret: %v", err)
	}
	return token, err
}

func TestToken(t *testing.T) {
	for name, mods := range map[string]func(*reply){"granted": nil, "with mods": func(r *reply) { r.Status.Code = grantedWithMods }} {
		a := &authority{reply: mods}
		token, err := ask(t, a)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		sum := sha256.Sum256([]byte("signed"))
		if !a.asked.Certificate || a.asked.Version != 1 || !bytes.Equal(a.asked.Imprint.Hash, sum[:]) || a.asked.Nonce.BitLen() != 64 {
			t.Errorf("%s: asked %+v", name, a.asked)
		}
		if i, err := infoOf(token); err != nil || i.Nonce.Cmp(a.asked.Nonce) != 0 {
			t.Errorf("%s: the token states %+v (%v)", name, i, err)
		}
	}
}

func TestRefusesAnswers(t *testing.T) {
	rejects := func(code int, bits ...int) func(*reply) {
		return func(r *reply) {
			r.Token = asn1.RawValue{}
			r.Status.Code = code
			r.Status.Text = []asn1.RawValue{{Tag: asn1.TagUTF8String, Bytes: []byte("no\x1b[2Jway")}}
			fail := make([]byte, 4)
			for _, b := range bits {
				fail[b/8] |= 0x80 >> (b % 8)
			}
			r.Status.Fail = asn1.BitString{Bytes: fail, BitLength: 32}
		}
	}
	for _, c := range []struct {
		name string
		a    authority
		want string
	}{
		{"nonce of another", authority{change: func(i *info) { i.Nonce = new(big.Int).Add(i.Nonce, big.NewInt(1)) }}, "nonce differs"},
		{"no nonce", authority{change: func(i *info) { i.Nonce = nil }}, "nonce differs"},
		{"imprint of another", authority{change: func(i *info) { i.Imprint.Hash = bytes.Repeat([]byte{1}, 32) }}, "for something else"},
		{"hash of another", authority{change: func(i *info) { i.Imprint.Algorithm.Algorithm = oidHashes[crypto.SHA512] }}, "for something else"},
		{"bad algorithm", authority{reply: rejects(2, 0)}, `gives no token: it rejects the request: it does not know or support the hash algorithm (badAlg); it says "no\x1b[2Jway"`},
		{"no time", authority{reply: rejects(2, 14, 25)}, "its source of time is not available (timeNotAvailable): it has a fault of its own"},
		{"waiting", authority{reply: rejects(3)}, "waiting"},
		{"unknown status", authority{reply: rejects(77)}, "status 77"},
		{"granted without token", authority{reply: func(r *reply) { r.Token = asn1.RawValue{} }}, "sends none"},
		{"token of another kind", authority{reply: func(r *reply) { r.Token = asn1.RawValue{FullBytes: []byte{0x30, 0}} }}, "damaged"},
		{"web page", authority{raw: []byte("<html>Welcome</html>")}, "is no timestamp authority"},
		{"nothing", authority{raw: []byte{}}, "is no timestamp authority"},
		{"trailing", authority{raw: append((&authority{asked: question()}).answer(), 0)}, "is no timestamp authority"},
		{"endless", authority{raw: bytes.Repeat([]byte{0x30}, maxAnswer+1)}, "longer than 1024 KiB"},
		{"HTTP status", authority{wrong: func(w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) }}, "HTTP status 403 Forbidden"},
		{"breaks off", authority{wrong: func(w http.ResponseWriter) { w.Header().Set("Content-Length", "100"); _, _ = w.Write([]byte{0x30}) }}, "broke off"},
	} {
		token, err := ask(t, &c.a)
		if err == nil || token != nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "tsa: http://127.0.0.1") {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
}

func TestUnreachable(t *testing.T) {
	srv := httptest.NewServer(nil)
	srv.Close()
	sum := sha256.Sum256(nil)
	for _, c := range []struct {
		client Client
		hash   crypto.Hash
		want   string
	}{
		{Client{srv.URL + "?key=hush", http.DefaultClient, rand.Reader}, crypto.SHA256, "cannot be reached"},
		{Client{"://hush", http.DefaultClient, rand.Reader}, crypto.SHA256, "no address"},
		{Client{srv.URL, http.DefaultClient, iotest.ErrReader(io.ErrUnexpectedEOF)}, crypto.SHA256, "no randomness"},
		{Client{srv.URL, http.DefaultClient, rand.Reader}, crypto.SHA384, "an imprint of 32 bytes"},
		{Client{srv.URL, http.DefaultClient, rand.Reader}, crypto.MD5, "want SHA-256"},
	} {
		_, err := c.client.Token(t.Context(), sum[:], c.hash)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%v; want %q", err, c.want)
		}
	}
}

func TestStopsWhenTold(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer srv.Close()
	sum := sha256.Sum256(nil)
	_, err := (&Client{srv.URL, srv.Client(), rand.Reader}).Token(ctx, sum[:], crypto.SHA256)
	if err == nil || ctx.Err() == nil {
		t.Errorf("an authority that never answers: %v", err)
	}
}

// FuzzReply: no answer makes the client panic, and none is taken that is not for what was asked.
func FuzzReply(f *testing.F) {
	sum := sha256.Sum256([]byte("signed"))
	a := &authority{asked: question()}
	f.Add(a.answer())
	a.reply = func(r *reply) { r.Status.Code, r.Status.Fail = 2, asn1.BitString{Bytes: []byte{0x80}, BitLength: 1} }
	f.Add(a.answer())
	f.Fuzz(func(t *testing.T, answer []byte) {
		token, err := tokenOf(answer, sum[:], crypto.SHA256, a.asked.Nonce)
		if err == nil && (!bytes.Contains(token, sum[:]) || !bytes.Contains(answer, token)) {
			t.Error("took a token for something else")
		}
	})
}
