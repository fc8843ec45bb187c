package scim

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/httpx"
)

// onePage is a server that has one page of users.
type onePage []byte

func (p onePage) RoundTrip(r *http.Request) (*http.Response, error) {
	body, status := `{"Resources":[]}`, http.StatusOK
	switch {
	case strings.HasSuffix(r.URL.Path, "/ServiceProviderConfig"):
		status = http.StatusNotFound
	case r.URL.Query().Get("startIndex") == "1":
		body = string(p)
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// FuzzUsers gives the connector one page of anything: it must not panic, and a pull that is called whole must account
// for every resource of the page.
func FuzzUsers(f *testing.F) {
	f.Add([]byte(response(7, made(7), "")))
	f.Add([]byte(`{"totalResults":2,"Resources":[{"id":"1","active":"True","emails":["a@x.example"]},{"id":2,"active":0}]}`))
	f.Add([]byte(`{"Resources":[null,{},{"id":""},7,"u",[],{"id":"1","roles":{"value":"r"},"meta":{"created":"x"}}]}`))
	f.Add([]byte(`{"totalResults":1,"Resources":[{"id":"1"},{"id":"1"}]}`))
	f.Add([]byte(`{"resources":[{"ID":"\ud800","userName":-1e9}],"TOTALRESULTS":1}`))
	f.Fuzz(func(t *testing.T, page []byte) {
		conf := AppConfig{URL: "https://fuzz.example", Token: "env:SCIM", Groups: noGroups}
		app, err := conf.open(testEnv(&http.Client{Transport: onePage(page)}), httpx.Settings{Sleep: noWait})
		if err != nil {
			t.Fatal(err)
		}
		rows, tr, err := connectortest.Accounts(t.Context(), app)
		if err != nil {
			if tr.Ended(connectors.Accounts) {
				t.Fatalf("failed with %v, yet ended", err)
			}
			return
		}
		var list struct{ Resources []json.RawMessage }
		if err := json.Unmarshal(page, &list); err != nil {
			t.Fatalf("a page that is no JSON was taken for one: %v", err)
		}
		if got := len(rows) + tr.Rejected(connectors.Accounts); got != len(list.Resources) {
			t.Fatalf("%d users were yielded and %d rejected of %d", len(rows), got-len(rows), len(list.Resources))
		}
	})
}
