package scim

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
)

func TestUserBecomesAccount(t *testing.T) {
	app := &App{zone: time.FixedZone("Auckland", 13*3600)}
	ents := func(ids ...connectors.EntitlementID) (out []connectors.Entitlement) {
		for _, id := range ids {
			out = append(out, connectors.Entitlement{ID: id})
		}
		return out
	}
	for _, c := range []struct {
		name, json string
		want       connectors.Account
	}{
		{"all of it", `{
			"id": "2819c223", "externalId": "x-1", "userName": "bjensen", "displayName": "Babs Jensen",
			"name": {"formatted": "Ms. Barbara J Jensen III", "givenName": "Barbara", "familyName": "Jensen"},
			"emails": [{"value": "babs@home.example", "type": "home"}, {"value": "bjensen@corp.example", "type": "work", "primary": true}],
			"active": true, "userType": "Employee", "meta": {"created": "2025-12-31T20:00:00Z"},
			"roles": [{"value": "admin"}, {"display": "Auditor"}, {"value": "admin"}], "entitlements": ["seat"],
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "E0042"}}`,
			connectors.Account{ID: "2819c223", Username: "bjensen", DisplayName: "Babs Jensen", Email: "bjensen@corp.example",
				Aliases: []string{"babs@home.example"}, EmployeeID: "E0042", Enabled: connectors.Yes, Class: connectors.Human,
				Created:      connectors.DateOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.UTC), // it is the next day in the company's zone
				Entitlements: ents("role:admin", "role:Auditor", "entitlement:seat")}},
		{"an id alone", `{"id":"1"}`, connectors.Account{ID: "1"}},
		{"numbers", `{"id":17,"externalId":4711,"active":0}`, connectors.Account{ID: "17", EmployeeID: "4711", Enabled: connectors.No}},
		{"nulls", `{"id":"1","userName":null,"name":null,"emails":null,"active":null,"roles":null,"meta":null,
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":null}`, connectors.Account{ID: "1"}},
		{"other case", `{"ID":"1","UserName":"a","ACTIVE":"False"}`, connectors.Account{ID: "1", Username: "a", Enabled: connectors.No}},
		{"formatted name", `{"id":"1","name":{"formatted":"Bo Fern"}}`, connectors.Account{ID: "1", DisplayName: "Bo Fern"}},
		{"name in parts", `{"id":"1","name":{"familyName":"Fern"}}`, connectors.Account{ID: "1", DisplayName: "Fern"}},
		{"work address", `{"id":"1","emails":[{"value":"a@x.example","type":"home"},{"value":"b@x.example","type":"Work"}]}`,
			connectors.Account{ID: "1", Email: "b@x.example", Aliases: []string{"a@x.example"}}},
		{"primary address", `{"id":"1","emails":[{"value":"b@x.example","type":"work"},{"value":"a@x.example","primary":true}]}`,
			connectors.Account{ID: "1", Email: "a@x.example", Aliases: []string{"b@x.example"}}},
		{"first address, others empty or the same", `{"id":"1","emails":[{"type":"work"},"a@x.example",{"value":"A@x.example"}]}`,
			connectors.Account{ID: "1", Email: "a@x.example"}},
		{"an address without its list", `{"id":"1","emails":{"value":"a@x.example","primary":"True"}}`, connectors.Account{ID: "1", Email: "a@x.example"}},
		{"guest", `{"id":"1","userType":"Multi-Channel Guest"}`, connectors.Account{ID: "1", Class: connectors.Guest}},
		{"bot", `{"id":"1","userType":"service_account"}`, connectors.Account{ID: "1", Class: connectors.Service}},
		{"unclear type", `{"id":"1","userType":"External"}`, connectors.Account{ID: "1"}},
		{"created, no zone", `{"id":"1","meta":{"created":"2026-03-02T23:00:00"}}`,
			connectors.Account{ID: "1", Created: connectors.DateOf(time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC), time.UTC)}},
		{"created, filler", `{"id":"1","meta":{"created":"0001-01-01T00:00:00Z"}}`, connectors.Account{ID: "1"}},
		{"created, unreadable", `{"id":"1","meta":{"created":"yesterday"}}`, connectors.Account{ID: "1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got connectors.Account
			if err := app.account(unheard{}, &got, []byte(c.json), new(membership)); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestActiveIsTolerant(t *testing.T) {
	for in, want := range map[string]connectors.Tri{
		`true`: connectors.Yes, `"True"`: connectors.Yes, `"true"`: connectors.Yes, `1`: connectors.Yes, `"1"`: connectors.Yes,
		`false`: connectors.No, `"False"`: connectors.No, `0`: connectors.No, `" false "`: connectors.No,
		`null`: connectors.Unknown, `""`: connectors.Unknown,
	} {
		var got connectors.Account
		if err := new(App).account(unheard{}, &got, []byte(`{"id":"1","active":`+in+`}`), new(membership)); err != nil || got.Enabled != want {
			t.Errorf("active %s: got %v, %v; want %v", in, got.Enabled, err, want)
		}
	}
}

func TestUsersThatCannotBeRead(t *testing.T) {
	bad := map[string]string{
		`{"userName":"ghost"}`:             "has no id",
		`{"id":""}`:                        "has no id",
		`null`:                             "has no id",
		`"u1"`:                             "user",
		`[]`:                               "user",
		`{"id":{"value":"1"}}`:             "is not a string",
		`{"id":"9","active":"maybe"}`:      `user "9": "maybe" is neither true nor false`,
		`{"id":"9","active":2}`:            "is neither true nor false",
		`{"id":"9","userName":["a"]}`:      `user "9": ["a"] is not a string`,
		`{"id":"9","emails":[[]]}`:         `user "9"`,
		`{"id":"9","name":"Bo"}`:           `user "9"`,
		`{"id":"9","emails":[{"value":{}]`: "user",
	}
	for in, says := range bad {
		err := new(App).account(unheard{}, new(connectors.Account), []byte(in), new(membership))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v; want it to say %q", in, err, says)
		}
	}
}

// The unreadable are counted beside the others, each with the place it stands in.
func TestBadUsersAreRejectedOneByOne(t *testing.T) {
	f := &fake{users: []string{`{"id":"1"}`, `{"userName":"ghost"}`, `{"id":"3","active":"maybe"}`, `{"userName":"ghost"}`, `{"id":"5"}`}}
	rows, tr, err := pull(t, f, AppConfig{})
	if err != nil || ids(rows) != "1 5" {
		t.Fatalf("got %s, %v", ids(rows), err)
	}
	var lines []int
	for _, r := range tr.Rejects {
		lines = append(lines, r.Where.Line)
		want := map[int]connectors.AccountID{3: "3"}[r.Where.Line]
		row := new(connectors.RejectedRow)
		if known := errors.As(r.Err, &row); known != (want != "") || row.Account != want || row.Repeats {
			t.Errorf("line %d: %+v; want account %q", r.Where.Line, row, want)
		}
	}
	if fmt.Sprint(lines) != "[2 3 4]" || len(tr.Totals) != 1 || tr.Totals[0].N != 5 {
		t.Errorf("rejected %v, total %v", lines, tr.Totals)
	}
	if from := rows[1].From; from.Line != 5 || !strings.HasSuffix(from.Source, "/v2/Users") {
		t.Errorf("the last account is from %+v", from)
	}
}
