package google

import (
	"net/http"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// Whatever Google sends, it is understood or refused.
func FuzzUser(f *testing.F) {
	f.Add([]byte(`{"id":"1","primaryEmail":"a@x.example","suspended":false,"lastLoginTime":"2026-10-11T08:00:00.000Z","emails":[{"address":"b@x.example"}]}`))
	f.Add([]byte(`{"id":"1","lastLoginTime":"1970-01-01T00:00:00.000Z","externalIds":[{"type":"organization","value":"E1"}]}`))
	f.Add([]byte(`{"id":7,"emails":{}}`))
	a := &App{reports: reports{signIn: true, mfa: true}, zone: time.UTC}
	f.Fuzz(func(t *testing.T, raw []byte) {
		u, err := parseUser(raw)
		if err != nil {
			userID(raw)
			return
		}
		var acc connectors.Account
		if a.fill(&acc, &u) == nil && string(acc.ID) != u.ID {
			t.Errorf("%+v", acc)
		}
	})
}

func FuzzPage(f *testing.F) {
	f.Add([]byte(`{"kind":"k","users":[{"id":"1"}],"nextPageToken":"x"}`))
	f.Add([]byte(`{"kind":"k","items":[]}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := parsePage(&httpx.Response{Status: http.StatusOK, Body: body}, "users")
		if err != nil {
			return
		}
		for _, raw := range p.rows {
			parseGroup(raw)
			parseAssignment(raw)
		}
	})
}
