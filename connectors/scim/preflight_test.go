package scim

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"rollcall/connectors"
)

func TestPreflight(t *testing.T) {
	group := []string{`{"id":"g1","displayName":"A","members":[]}`}
	for _, c := range []struct {
		name   string
		fake   fake
		conf   AppConfig
		status map[string]int // by the end of the path
		proved string
		lacks  string
		err    string
	}{
		{name: "sound", fake: fake{users: made(3), groups: group}, proved: "[may list Users may list Groups]"},
		{name: "no groups are read", fake: fake{users: made(3)}, conf: AppConfig{Groups: new(bool)}, proved: "[may list Users]"},
		{name: "users are forbidden", fake: fake{users: made(3), groups: group}, status: map[string]int{"/Users": 403}, proved: "[may list Groups]", lacks: "the permission to list Users"},
		{name: "groups are not there", fake: fake{users: made(3)}, status: map[string]int{"/Groups": 404}, proved: "[may list Users]", lacks: "the permission to list Groups"},
		{name: "nobody is seen", fake: fake{groups: group}, proved: "[may list Groups]", lacks: "the sight of even one user"},
		{name: "out of order", fake: fake{users: made(3)}, status: map[string]int{"/Users": 500}, proved: "[]", err: "status 500"},
		{name: "not SCIM", fake: fake{config: "<html>"}, proved: "[]", err: "check that url"},
	} {
		t.Run(c.name, func(t *testing.T) {
			app := c.fake.openVia(t, c.conf, func(base http.RoundTripper) http.RoundTripper {
				return transport(func(r *http.Request) (*http.Response, error) {
					res, err := base.RoundTrip(r)
					for end, code := range c.status {
						if err == nil && strings.HasSuffix(r.URL.Path, end) {
							res.StatusCode = code
						}
					}
					return res, err
				})
			}).able()
			flight, ok := connectors.PreflightOf(connectors.ReadOnly(app))
			if !ok {
				t.Fatal("it has no preflight")
			}
			got, err := flight.Preflight(t.Context())
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got error %v; want it to say %q", err, c.err)
			}
			lacks := ""
			for _, p := range got.Problems {
				lacks += p.Lacks
			}
			if fmt.Sprint(got.Proved) != c.proved || lacks != c.lacks {
				t.Errorf("proved %v, lacks %q; want %s, %q", got.Proved, lacks, c.proved, c.lacks)
			}
			if c.fake.sent() != 0 {
				t.Error("it changed something")
			}
		})
	}
}
