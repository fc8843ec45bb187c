package badge

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

const token = "token-of-the-badges"

// service is a small fake, of two badges a page. Better than a fake is a server that somebody else wrote.
func service(tb testing.TB) *httptest.Server {
	active := func(b bool) *bool { return &b }
	all := []*badge{{"b1", "Ada Muster", "ada@example.com", active(true)}, {"b2", "Bea Beispiel", "bea@example.com", active(true)}, {"b3", "Cem Muster", "", active(false)}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			http.Error(w, "who are you?", http.StatusForbidden)
			return
		}
		if r.URL.Path == "/badges" {
			i := 0
			for r.URL.Query().Get("after") != "" && i < len(all) && all[max(0, i-1)].ID != r.URL.Query().Get("after") {
				i++
			}
			end, next := min(i+2, len(all)), ""
			if end < len(all) {
				next = all[end-1].ID
			}
			json.NewEncoder(w).Encode(map[string]any{"badges": all[i:end], "next": next, "total": len(all)})
			return
		}
		for _, b := range all {
			if r.URL.Path == "/badges/"+b.ID {
				if r.Method == "PATCH" {
					json.NewDecoder(r.Body).Decode(&struct{ Active **bool }{&b.Active})
				}
				json.NewEncoder(w).Encode(b)
				return
			}
		}
		http.NotFound(w, r)
	}))
	tb.Cleanup(srv.Close)
	return srv
}

func open(tb testing.TB, url string, client *http.Client) connectors.App {
	app, err := (&AppConfig{URL: url, Token: "env:BADGE"}).OpenApp("badges", connectors.Env{HTTP: client, Secret: func(string) (string, error) { return token, nil }})
	if err != nil {
		tb.Fatal(err)
	}
	return app
}

func TestContract(t *testing.T) {
	connectortest.App(t, connectortest.AppHarness{
		Open: func(tb testing.TB) connectors.App { srv := service(tb); return open(tb, srv.URL, srv.Client()) },
		Broken: func(tb testing.TB) connectors.App { // page two is refused
			srv := service(tb)
			return open(tb, srv.URL, &http.Client{Transport: refusing{srv.Client().Transport}})
		},
		Want:   connectortest.IDs("b1", "b2", "b3"),
		Secret: token,
		Spec:   new(AppConfig).Spec(),
	})
}

type refusing struct{ http.RoundTripper }

func (r refusing) RoundTrip(q *http.Request) (*http.Response, error) {
	if strings.HasSuffix(q.URL.RawQuery, "b2") {
		return &http.Response{StatusCode: http.StatusForbidden, Body: http.NoBody, Request: q}, nil
	}
	return r.RoundTripper.RoundTrip(q)
}
