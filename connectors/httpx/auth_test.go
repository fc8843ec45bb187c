package httpx

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/connectors"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// issuer is a token endpoint and the service that takes its tokens, on two origins.
type issuer struct {
	mu      sync.Mutex
	asked   []url.Values
	basic   []string
	life    any // expires_in; nil: not said
	refuse  http.HandlerFunc
	valid   string // the token that the service takes
	api     *httptest.Server
	tokens  *httptest.Server
	now     time.Time
	answer  http.HandlerFunc // of the service, when the token is good
	refused int
}

func newIssuer(t *testing.T) *issuer {
	i := &issuer{life: 3600, now: noon, answer: status(200)}
	i.tokens = httptest.NewServer(http.HandlerFunc(i.give))
	t.Cleanup(i.tokens.Close)
	i.api = httptest.NewServer(http.HandlerFunc(i.serve))
	t.Cleanup(i.api.Close)
	return i
}

func (i *issuer) give(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	r.ParseForm()
	i.asked = append(i.asked, r.PostForm)
	if user, pass, ok := r.BasicAuth(); ok {
		i.basic = append(i.basic, user+":"+pass)
	}
	if i.refuse != nil {
		i.refuse(w, r)
		return
	}
	i.valid = fmt.Sprintf("access-token-%d", len(i.asked))
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"access_token": i.valid, "token_type": "Bearer", "expires_in": i.life, "refresh_token": "refresh-me-not"})
}

func (i *issuer) serve(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	good := r.Header.Get("Authorization") == "Bearer "+i.valid
	if !good {
		i.refused++
	}
	i.mu.Unlock()
	if !good {
		status(401)(w, r)
		return
	}
	i.answer(w, r)
}

func (i *issuer) requests() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.asked)
}

// client is one of the service. secrets are what env.Secret gives for "env:NAME".
func (i *issuer) client(t *testing.T, auth Auth, secrets map[string]string) (*Client, *[]time.Duration) {
	t.Helper()
	waits := new([]time.Duration)
	e := connectors.Env{HTTP: new(http.Client), Secret: func(ref string) (string, error) {
		s, ok := secrets[strings.TrimPrefix(ref, "env:")]
		if !ok {
			return "", errors.New("a literal secret is refused")
		}
		return s, nil
	}}
	c, err := New(e, Settings{Base: i.api.URL, Auth: auth, Jitter: still, Now: func() time.Time { return i.now },
		Sleep: func(_ context.Context, d time.Duration) error { *waits = append(*waits, d); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return c, waits
}

func (i *issuer) get(t *testing.T, c *Client) {
	t.Helper()
	if _, err := c.Get(t.Context(), "/Users"); err != nil {
		t.Fatal(err)
	}
}

func (i *issuer) bySecret() ClientCredentials {
	return ClientCredentials{TokenURL: i.tokens.URL + "/token", ClientID: "rollcall", Secret: "env:SECRET", Scopes: []string{"read", "list"},
		Params: map[string]string{"resource": "urn:app"}}
}

var clientSecret = map[string]string{"SECRET": "s3cret/for+rollcall\n"}

func TestClientSecret(t *testing.T) {
	i := newIssuer(t)
	c, _ := i.client(t, i.bySecret(), clientSecret)
	if n := i.requests(); n != 0 {
		t.Errorf("%d tokens were asked for before the first request", n)
	}
	i.get(t, c)
	want := url.Values{"grant_type": {"client_credentials"}, "client_id": {"rollcall"}, "client_secret": {"s3cret/for+rollcall"},
		"scope": {"read list"}, "resource": {"urn:app"}}
	if got := i.asked[0].Encode(); got != want.Encode() || len(i.basic) > 0 {
		t.Errorf("asked %s\nwant  %s, basic %q", got, want.Encode(), i.basic)
	}
	auth := i.bySecret()
	auth.InHeader = true
	c, _ = i.client(t, auth, clientSecret)
	i.get(t, c)
	if i.asked[1].Has("client_secret") || i.basic[0] != "rollcall:"+url.QueryEscape("s3cret/for+rollcall") {
		t.Errorf("asked %s, basic %q", i.asked[1].Encode(), i.basic)
	}
}

// A token is renewed before it expires, and one whose life is not told, when the service refuses it.
func TestTokensAreRenewed(t *testing.T) {
	for _, c := range []struct {
		life   any
		after  time.Duration
		tokens int
	}{
		{3600, 54 * time.Minute, 1}, {3600, 56 * time.Minute, 2}, {"3600", 56 * time.Minute, 2}, {60, 47 * time.Second, 1}, {60, 49 * time.Second, 2},
		{nil, 30 * 24 * time.Hour, 1}, {0, time.Hour, 1},
	} {
		i := newIssuer(t)
		i.life = c.life
		client, _ := i.client(t, i.bySecret(), clientSecret)
		i.get(t, client)
		i.now = i.now.Add(c.after)
		i.get(t, client)
		if n := i.requests(); n != c.tokens || i.refused > 0 {
			t.Errorf("life %v, after %v: %d tokens, want %d; %d were refused", c.life, c.after, n, c.tokens, i.refused)
		}
	}
}

func TestRefusedTokenIsRenewedOnce(t *testing.T) {
	i := newIssuer(t)
	c, waits := i.client(t, i.bySecret(), clientSecret)
	i.get(t, c)
	i.valid = "another" // revoked
	res, err := c.Send(t.Context(), Write{Method: "POST", Ref: "/Users", Repeat: Never})
	if err != nil || i.requests() != 2 || len(*waits) > 0 || res.Tries != 2 {
		t.Errorf("a revoked token: %v, %d tokens, waits %v", err, i.requests(), *waits)
	}
	i.answer = status(401) // whatever the token
	_, err = c.Get(t.Context(), "/Users")
	if !errors.Is(err, connectors.ErrForbidden) || i.requests() != 3 || len(*waits) > 0 {
		t.Errorf("refused again: %v, %d tokens, waits %v", err, i.requests(), *waits)
	}
}

func TestOneTokenForAll(t *testing.T) {
	i := newIssuer(t)
	c, _ := i.client(t, i.bySecret(), clientSecret)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := c.Get(t.Context(), "/Users"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := i.requests(); n != 1 {
		t.Errorf("%d tokens were asked for", n)
	}
}

func TestNoToken(t *testing.T) {
	refuse := func(code int, body string, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for n := 0; n < len(header); n += 2 {
				w.Header().Set(header[n], header[n+1])
			}
			w.WriteHeader(code)
			io.WriteString(w, body)
		}
	}
	other := elsewhere(t)
	for _, c := range []struct {
		name   string
		refuse http.HandlerFunc
		class  error
		waits  string
		says   string
	}{
		{"wrong secret", refuse(401, `{"error":"invalid_client","error_description":"bad s3cret/for+rollcall"}`), connectors.ErrForbidden, "[]", `invalid_client: bad REDACTED`},
		{"wrong secret, with status 200", refuse(200, `{"error":"invalid_client"}`), connectors.ErrForbidden, "[]", "invalid_client"},
		{"no token in it", refuse(200, `{}`), connectors.ErrForbidden, "[]", "missing access_token"},
		{"a page for people", refuse(200, `<html>`), connectors.ErrForbidden, "[]", "cannot parse json"},
		{"broken off", refuse(200, `{`, "Content-Length", "99"), connectors.ErrTransient, "[1s 2s 4s 8s 16s]", "unexpected EOF"},
		{"down", refuse(503, `down`), connectors.ErrTransient, "[1s 2s 4s 8s 16s]", "status 503"},
		{"throttled", refuse(429, `{}`, "Retry-After", "40"), connectors.ErrTransient, "[40s 40s 40s 40s 40s]", "status 429"},
		{"sent elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, http.StatusTemporaryRedirect) },
			connectors.ErrForbidden, "[]", "the token endpoint sends the request elsewhere"},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := newIssuer(t)
			i.refuse = c.refuse
			client, waits := i.client(t, i.bySecret(), clientSecret)
			_, err := client.Send(t.Context(), Write{Method: "PATCH", Ref: "/Users/1", Repeat: IfNotDone})
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, c.class) || e.MayBeDone || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v; want %v, which says %q", err, c.class, c.says)
			}
			if got := fmt.Sprint(*waits); got != c.waits {
				t.Errorf("waited %s; want %s", got, c.waits)
			}
			if strings.Contains(fmt.Sprint(err), "s3cret") {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}

// A token that is still good is used when no new one can be had.
func TestRenewalFailsInTime(t *testing.T) {
	i := newIssuer(t)
	c, waits := i.client(t, i.bySecret(), clientSecret)
	i.get(t, c)
	i.refuse = status(503)
	i.now = i.now.Add(58 * time.Minute)
	i.get(t, c)
	if n := i.requests(); n != 2 || len(*waits) > 0 {
		t.Errorf("%d tokens asked for, waits %v", n, *waits)
	}
	i.now = i.now.Add(2 * time.Minute)
	if _, err := c.Get(t.Context(), "/Users"); !errors.Is(err, connectors.ErrTransient) {
		t.Errorf("expired: %v", err)
	}
}

// keys are one of each kind, made once.
var keys = sync.OnceValue(func() (k struct {
	rsa       *rsa.PrivateKey
	ec        *ecdsa.PrivateKey
	certPEM   string
	cert      []byte
	otherCert string
}) {
	k.rsa, _ = rsa.GenerateKey(rand.Reader, 2048)
	k.ec, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: noon.AddDate(1, 0, 0)}
	k.cert, _ = x509.CreateCertificate(rand.Reader, template, template, k.rsa.Public(), k.rsa)
	other, _ := x509.CreateCertificate(rand.Reader, template, template, k.ec.Public(), k.ec)
	k.certPEM = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.cert}))
	k.otherCert = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: other}))
	return k
})

func pkcs8(key any) string {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// readAssertion checks the signature as RFC 7518 has it, and gives header and claims.
func readAssertion(t *testing.T, s string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no assertion", s)
	}
	var raw [3][]byte
	for n, p := range parts {
		var err error
		if raw[n], err = base64.RawURLEncoding.DecodeString(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(json.Unmarshal(raw[0], &header), json.Unmarshal(raw[1], &claims)); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	good := false
	switch header["alg"] {
	case "RS256":
		good = rsa.VerifyPKCS1v15(&keys().rsa.PublicKey, crypto.SHA256, sum[:], raw[2]) == nil
	case "PS256":
		good = rsa.VerifyPSS(&keys().rsa.PublicKey, crypto.SHA256, sum[:], raw[2], nil) == nil
	case "ES256":
		r, s := new(big.Int).SetBytes(raw[2][:32]), new(big.Int).SetBytes(raw[2][32:])
		good = len(raw[2]) == 64 && ecdsa.Verify(&keys().ec.PublicKey, sum[:], r, s)
	}
	if !good {
		t.Errorf("the signature of an assertion with header %v is not good", header)
	}
	return header, claims
}

func TestPrivateKeyJWT(t *testing.T) {
	thumb := sha256.Sum256(keys().cert)
	x5t := base64.RawURLEncoding.EncodeToString(thumb[:])
	rsaKey, ecKey := pkcs8(keys().rsa), pkcs8(keys().ec)
	pkcs1 := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(keys().rsa)}))
	for _, c := range []struct {
		name   string
		auth   ClientCredentials
		key    string
		header map[string]any
	}{
		{"Okta", ClientCredentials{KeyID: "k1"}, pkcs1, map[string]any{"alg": "RS256", "typ": "JWT", "kid": "k1"}},
		{"Entra", ClientCredentials{Certificate: "env:CERT"}, rsaKey, map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": x5t}},
		{"Entra, one file", ClientCredentials{}, keys().certPEM + rsaKey, map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": x5t}},
		{"EC", ClientCredentials{Audience: "https://issuer.example"}, ecKey, map[string]any{"alg": "ES256", "typ": "JWT"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := newIssuer(t)
			c.auth.TokenURL, c.auth.ClientID, c.auth.Key, c.auth.Scopes = i.tokens.URL+"/token", "rollcall", "env:KEY", []string{".default"}
			client, _ := i.client(t, c.auth, map[string]string{"KEY": c.key, "CERT": keys().certPEM})
			i.get(t, client)
			form := i.asked[0]
			header, claims := readAssertion(t, form.Get("client_assertion"))
			if fmt.Sprint(header) != fmt.Sprint(c.header) {
				t.Errorf("header %v; want %v", header, c.header)
			}
			aud := or(c.auth.Audience, c.auth.TokenURL)
			if claims["iss"] != "rollcall" || claims["sub"] != "rollcall" || claims["aud"] != aud || claims["iat"] != float64(noon.Unix()) ||
				claims["exp"] != float64(noon.Unix()+180) || len(claims["jti"].(string)) != 32 {
				t.Errorf("claims %v", claims)
			}
			form.Del("client_assertion")
			want := url.Values{"grant_type": {"client_credentials"}, "client_id": {"rollcall"}, "scope": {".default"},
				"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
			if form.Encode() != want.Encode() {
				t.Errorf("asked %s\nwant  %s", form.Encode(), want.Encode())
			}
		})
	}
}

func TestServiceAccount(t *testing.T) {
	i := newIssuer(t)
	file, err := json.Marshal(map[string]string{"type": "service_account", "client_email": "rollcall@p.iam.example", "private_key": pkcs8(keys().rsa),
		"private_key_id": "kid-1", "token_uri": i.tokens.URL + "/token"})
	if err != nil {
		t.Fatal(err)
	}
	c, _ := i.client(t, ServiceAccount{JSON: "env:FILE", Subject: "admin@corp.example", Scopes: []string{"a", "b"}}, map[string]string{"FILE": string(file)})
	i.get(t, c)
	header, claims := readAssertion(t, i.asked[0].Get("assertion"))
	if header["alg"] != "RS256" || header["kid"] != "kid-1" || claims["iss"] != "rollcall@p.iam.example" || claims["sub"] != "admin@corp.example" ||
		claims["scope"] != "a b" || claims["aud"] != i.tokens.URL+"/token" {
		t.Errorf("header %v, claims %v", header, claims)
	}
	if i.asked[0].Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" || len(i.asked[0]) != 2 {
		t.Errorf("asked %v", i.asked[0])
	}
}

func TestJWTBearer(t *testing.T) {
	i := newIssuer(t)
	c, _ := i.client(t, JWTBearer{TokenURL: i.tokens.URL, Issuer: "app", Subject: "user@corp.example", Audience: "https://login.example", Key: "env:KEY"},
		map[string]string{"KEY": pkcs8(keys().rsa)})
	i.get(t, c)
	_, claims := readAssertion(t, i.asked[0].Get("assertion"))
	if claims["iss"] != "app" || claims["sub"] != "user@corp.example" || claims["aud"] != "https://login.example" || claims["scope"] != nil {
		t.Errorf("claims %v", claims)
	}
}

func TestAuthRefuses(t *testing.T) {
	key := pkcs8(keys().rsa)
	big, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	good := ClientCredentials{TokenURL: "https://login.example/token", ClientID: "c", Key: "env:KEY"}
	for name, c := range map[string]struct {
		auth Auth
		key  string
		says string
	}{
		"no token url":              {ClientCredentials{ClientID: "c", Secret: "env:KEY"}, "x", "token url: it is missing"},
		"plain http":                {ClientCredentials{TokenURL: "http://login.example", ClientID: "c", Secret: "env:KEY"}, "x", "want https://"},
		"no client":                 {ClientCredentials{TokenURL: "https://login.example", Secret: "env:KEY"}, "x", "client id"},
		"no proof":                  {ClientCredentials{TokenURL: "https://login.example", ClientID: "c"}, "x", "client secret or a private key"},
		"two proofs":                {ClientCredentials{TokenURL: "https://login.example", ClientID: "c", Secret: "env:KEY", Key: "env:KEY"}, "x", "client secret or a private key"},
		"a literal secret":          {ClientCredentials{TokenURL: "https://login.example", ClientID: "c", Secret: "hunter2"}, "x", "client secret: a literal"},
		"two lines":                 {ClientCredentials{TokenURL: "https://login.example", ClientID: "c", Secret: "env:KEY"}, "hunter2\nx", "several lines"},
		"no key in it":              {good, "hunter2", "no private key in PEM"},
		"a damaged key":             {good, "-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----", "cannot be read"},
		"an encrypted key":          {good, "-----BEGIN ENCRYPTED PRIVATE KEY-----\naHVudGVyMg==\n-----END ENCRYPTED PRIVATE KEY-----", "encrypted"},
		"another curve":             {good, pkcs8(big), "P-256"},
		"another algorithm":         {ClientCredentials{TokenURL: good.TokenURL, ClientID: "c", Key: "env:KEY", Algorithm: "ES256"}, key, "does not go with this key"},
		"an unknown algorithm":      {ClientCredentials{TokenURL: good.TokenURL, ClientID: "c", Key: "env:KEY", Algorithm: "none"}, key, "does not go with this key"},
		"another key's certificate": {ClientCredentials{TokenURL: good.TokenURL, ClientID: "c", Key: "env:KEY", Certificate: "env:OTHER"}, key, "of another key"},
		"no certificate":            {ClientCredentials{TokenURL: good.TokenURL, ClientID: "c", Key: "env:KEY", Certificate: "env:KEY"}, key, "no PEM block CERTIFICATE"},
		"no service account":        {ServiceAccount{JSON: "env:KEY"}, `{"type":"authorized_user","client_secret":"hunter2"}`, "not the JSON key file"},
		"a service account's key":   {ServiceAccount{JSON: "env:KEY"}, `{"type":"service_account","client_email":"a@b","private_key":"hunter2","token_uri":"https://t.example"}`, "private_key: no private key"},
		"no issuer":                 {JWTBearer{TokenURL: good.TokenURL, Key: "env:KEY"}, key, "issuer"},
	} {
		t.Run(name, func(t *testing.T) {
			e := connectors.Env{HTTP: new(http.Client), Secret: func(ref string) (string, error) {
				switch ref {
				case "env:KEY":
					return c.key, nil
				case "env:OTHER":
					return keys().otherCert, nil
				}
				return "", errors.New("a literal secret is refused")
			}}
			_, err := New(e, Settings{Base: "https://api.example", Auth: c.auth})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v; want it to say %q", err, c.says)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "aHVudGVy") {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
	e := env(new(http.Client))
	if _, err := New(e, Settings{Base: "https://api.example", Token: "env:TOKEN", Auth: good}); err == nil || !strings.Contains(err.Error(), "one of them") {
		t.Errorf("a token and another way: %v", err)
	}
}

// Whatever a service answers with of what it was sent, none of it shows.
func TestAuthSecretsNeverShow(t *testing.T) {
	i := newIssuer(t)
	i.answer = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		w.WriteHeader(400)
		fmt.Fprintf(w, "%s refresh-me-not s3cret/for+rollcall %s", r.Header.Get("Authorization"), base64.StdEncoding.EncodeToString([]byte("access-token-1")))
	}
	c, _ := i.client(t, i.bySecret(), clientSecret)
	_, err := c.Get(t.Context(), "/Users")
	shown := fmt.Sprintf("%v %+v", err, err)
	for _, secret := range []string{"access-token-1", "refresh-me-not", "s3cret", "YWNjZXNzLXRva2Vu"} {
		if strings.Contains(shown, secret) {
			t.Errorf("%q shows in %v", secret, err)
		}
	}

	i.refuse = func(w http.ResponseWriter, r *http.Request) { // an endpoint that echoes
		w.WriteHeader(400)
		fmt.Fprintf(w, "sent %s", r.PostForm.Encode())
	}
	key := pkcs8(keys().rsa)
	c, _ = i.client(t, ClientCredentials{TokenURL: i.tokens.URL, ClientID: "c", Key: "env:KEY"}, map[string]string{"KEY": key})
	_, err = c.Get(t.Context(), "/Users")
	if assertion := i.asked[len(i.asked)-1].Get("client_assertion"); assertion == "" || strings.Contains(err.Error(), strings.Split(assertion, ".")[2]) {
		t.Errorf("the assertion shows in %v", err)
	}
}

func TestRedactByLooks(t *testing.T) {
	key := pkcs8(keys().ec)
	for in, want := range map[string]string{
		"a " + key + " b": "a REDACTED\n b",
		"a " + key[:60]:   "a REDACTED",
		"eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln rest":                    "REDACTED rest",
		`{"access_token": "abc\"d", "user": "x"}`:                     `{"access_token": "REDACTED", "user": "x"}`,
		`{"client_secret":"abc"}`:                                     `{"client_secret":"REDACTED"}`,
		"/p?client_assertion=abc&pageToken=2":                         "/p?client_assertion=REDACTED&pageToken=2",
		`{"nextPageToken":"abc","@odata.nextLink":"/x?$skiptoken=1"}`: `{"nextPageToken":"abc","@odata.nextLink":"/x?$skiptoken=1"}`,
	} {
		if got := new(Client).redact(in); got != want {
			t.Errorf("%q became %q; want %q", in, got, want)
		}
	}
}
