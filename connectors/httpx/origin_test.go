package httpx

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rollcall/connectors"
)

// elsewhere is a server that must never be asked.
func elsewhere(t *testing.T) string {
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another origin was asked, with Authorization %q", r.Header.Get("Authorization"))
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestLinksStayOnTheOrigin(t *testing.T) {
	other := elsewhere(t)
	c, _, base := serve(t, status(200))
	for _, link := range []string{base + "/elsewhere/page2", base + "/api/Users?page=2", "/Users"} {
		if _, err := c.Get(t.Context(), link); err != nil {
			t.Errorf("%s: %v", link, err)
		}
	}
	host := strings.TrimPrefix(base, "http://")
	for _, link := range []string{other + "/Users", "//" + strings.TrimPrefix(other, "http://") + "/Users", "https://" + host + "/Users",
		"http://user@" + host + "/Users", "http://" + host + ".evil.example/Users", "Users", "", "http://%zz", "file:///etc/passwd"} {
		if _, err := c.Get(t.Context(), link); err == nil {
			t.Errorf("%q was followed", link)
		}
	}
}

func TestRedirects(t *testing.T) {
	other := elsewhere(t)
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	c, _, _ := serve(t, answers(redirect("/api/v2/Users"), status(200)))
	if _, err := c.Get(t.Context(), "/Users"); err != nil {
		t.Errorf("on the same origin: %v", err)
	}
	c, waits, _ := serve(t, redirect(other+"/Users?sig=abc"))
	_, err := c.Get(t.Context(), "/Users")
	if !errors.Is(err, errOtherOrigin) || len(*waits) > 0 {
		t.Errorf("to another origin: %v after %d waits", err, len(*waits))
	}
	c, waits, _ = serve(t, redirect("/api/Users"))
	if _, err := c.Get(t.Context(), "/Users"); !errors.Is(err, errRedirects) || len(*waits) > 0 {
		t.Errorf("in a circle: %v after %d waits", err, len(*waits))
	}
}

func TestNewRefuses(t *testing.T) {
	good := Settings{Base: "https://api.example/scim", Token: "env:TOKEN"}
	for name, c := range map[string]struct {
		change func(*connectors.Env, *Settings)
		says   string
	}{
		"no HTTP client":     {func(e *connectors.Env, _ *Settings) { e.HTTP = nil }, "no HTTP client"},
		"no secrets":         {func(e *connectors.Env, _ *Settings) { e.Secret = nil }, "no way to resolve"},
		"a literal token":    {func(_ *connectors.Env, s *Settings) { s.Token = "abc" }, "token:"},
		"an empty token":     {func(e *connectors.Env, _ *Settings) { e.Secret = secretIs(" \n") }, "empty"},
		"two lines of token": {func(e *connectors.Env, _ *Settings) { e.Secret = secretIs("a\nb") }, "several lines"},
		"plain http":         {func(_ *connectors.Env, s *Settings) { s.Base = "http://api.example" }, "https://"},
		"no host":            {func(_ *connectors.Env, s *Settings) { s.Base = "https:///x" }, "want https://host/path"},
		"another scheme":     {func(_ *connectors.Env, s *Settings) { s.Base = "ftp://api.example" }, "want https://host/path"},
		"a query":            {func(_ *connectors.Env, s *Settings) { s.Base += "?a=b" }, "without ?"},
		"a password":         {func(_ *connectors.Env, s *Settings) { s.Base = "https://u:hunter2@api.example" }, "refer to the secret"},
		"not a URL":          {func(_ *connectors.Env, s *Settings) { s.Base = "https://u:hunter2@api example\x7f" }, "not a URL"},
	} {
		t.Run(name, func(t *testing.T) {
			e, s := env(http.DefaultClient), good
			c.change(&e, &s)
			_, err := New(e, s)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v; want it to say %q", err, c.says)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
	for _, base := range []string{"http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1", "https://api.example/scim/"} {
		if _, err := New(env(http.DefaultClient), Settings{Base: base, Token: "env:TOKEN"}); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
	if _, err := New(env(http.DefaultClient), Settings{Base: "http://intranet", Token: "env:TOKEN", PlainHTTP: true}); err != nil {
		t.Errorf("plain http, allowed: %v", err)
	}
}

func secretIs(s string) func(string) (string, error) {
	return func(string) (string, error) { return s, nil }
}

func TestErrorsNeverShowSecrets(t *testing.T) {
	c, _, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(403)
		io.WriteString(w, "<h1>No\x00\n\tway</h1> you sent "+r.Header.Get("Authorization")+" "+strings.Repeat("z", 9000))
	})
	_, err := c.Get(t.Context(), "/Users?filter=x&access_token=hunter2&echo=tok%2Fen%2B1&pageToken=p7")
	var e *Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	for _, secret := range []string{token, "tok%2Fen%2B1", "hunter2"} {
		if strings.Contains(e.Error(), secret) || strings.Contains(string(e.Body), secret) {
			t.Errorf("%q shows in %v", secret, err)
		}
	}
	for _, want := range []string{"GET http://", "filter=x", "pageToken=p7", "status 403 Forbidden", "lacks a permission", "<h1>No way</h1>", "z…"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
	if len(err.Error()) > 600 {
		t.Errorf("the error has %d characters", len(err.Error()))
	}
}

// net/http puts the URL into its errors as it is.
func TestTransportErrorsNeverShowSecrets(t *testing.T) {
	c, _, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) })
	_, err := c.Get(t.Context(), "/Users?access_token=hunter2&echo=tok%2Fen%2B1")
	if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "tok%2Fen%2B1") {
		t.Errorf("got %v", err)
	}
}
