package entra

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// asks asks for changes, and wants an answer.
func asks(t *testing.T, c connectors.ChangeTeller, since connectors.Mark, want bool, when string) connectors.Mark {
	t.Helper()
	next, changed, err := c.Changed(t.Context(), since)
	if err != nil || changed != want || next == "" {
		t.Fatalf("%s: got %q, %v, %v; want %v", when, next, changed, err, want)
	}
	return next
}

func TestChanges(t *testing.T) {
	f := company()
	c, ok := connectors.ChangeTellerOf(connectors.ReadOnly(f.open(t, AppConfig{}).able()))
	if !ok {
		t.Fatal("it tells of no changes")
	}
	mark := asks(t, c, "", false, "at first")
	mark = asks(t, c, mark, false, "with nothing done")
	f.users[1]["displayName"] = "Another"
	mark = asks(t, c, mark, false, "with a name changed, which gives nobody access")
	f.users[1]["accountEnabled"] = false
	mark = asks(t, c, mark, true, "with somebody disabled")
	mark = asks(t, c, mark, false, "after that")
	f.users = append(f.users, object{"id": userID(99), "accountEnabled": true, "userPrincipalName": "new@contoso.example"})
	mark = asks(t, c, mark, true, "with somebody new")
	f.users = f.users[:len(f.users)-1]
	mark = asks(t, c, mark, true, "with somebody gone")
	asks(t, c, mark, false, "after that")
	for _, path := range f.asked {
		if path != "GET /users/delta" {
			t.Errorf("%s was asked for: that is not cheap", path)
		}
	}
}

func TestChangesOfServicePrincipals(t *testing.T) {
	f := company()
	app := f.open(t, AppConfig{Accounts: "service_principals"})
	mark := asks(t, app, "", false, "at first")
	f.apps[0]["accountEnabled"] = false
	asks(t, app, mark, true, "with one disabled")
	if slices.Contains(f.asked, "GET /users/delta") {
		t.Error("users were asked for")
	}
}

// Marks grow old (410 Gone), or are of another directory: then nothing is known, and it is said that something changed.
func TestGotchaDeltaTokenIsForgotten(t *testing.T) {
	f := company()
	app := f.open(t, AppConfig{})
	mark := asks(t, app, "", false, "at first")
	f.marks[0] = nil
	mark = asks(t, app, mark, true, "with the mark forgotten")
	mark = asks(t, app, mark, false, "by the new one")
	f.marks = nil
	mark = asks(t, app, mark, true, "with a mark that was never given")
	asks(t, app, "https://graph.elsewhere.example/v1.0/users/delta?$deltatoken=0", true, "with a mark of before the url was changed")
	f.fault = func(w http.ResponseWriter, r *http.Request) bool {
		refuse(w, http.StatusServiceUnavailable, "serviceNotAvailable", "The service is temporarily unavailable.")
		return true
	}
	if next, changed, err := app.Changed(t.Context(), mark); !errors.Is(err, connectors.ErrTransient) || changed || next != "" {
		t.Errorf("while Graph is down: %q, %v, %v", next, changed, err)
	}
}

// What a delta query leaves out is no evidence: a pull knows of those who vanished without it, and never asks it.
func TestGotchaDeltaIsNoEvidenceOfAbsence(t *testing.T) {
	f := company()
	app := f.open(t, AppConfig{})
	mark := asks(t, app, "", false, "at first")
	f.users = f.users[1:] // Adele vanished, and Graph does not tell
	f.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/users/delta" {
			reply(w, 200, object{"value": []object{}, "@odata.deltaLink": f.public + "/users/delta?$deltatoken=0"})
			return true
		}
		return false
	}
	asks(t, app, mark, false, "with a change that is not told")
	f.asked = nil
	rows, tr, err := connectortest.Accounts(t.Context(), app)
	if err != nil || !tr.Ended(app.Info().Collections...) || slices.ContainsFunc(rows, func(a connectors.Account) bool { return string(a.ID) == userID(1) }) || len(rows) != len(f.users) {
		t.Errorf("%d accounts, %v", len(rows), err)
	}
	if slices.ContainsFunc(f.asked, func(s string) bool { return strings.Contains(s, "delta") }) {
		t.Error("the pull asked for a delta")
	}
}

// A refusal is not "nothing changed"; links never leave the origin; and who leads on for ever is not followed.
func TestChangesFailClosed(t *testing.T) {
	f := company().without(userRead)
	if _, changed, err := f.open(t, AppConfig{}).Changed(t.Context(), ""); !errors.Is(err, connectors.ErrForbidden) || changed {
		t.Errorf("got %v, %v", changed, err)
	}
	for what, answer := range map[string]object{
		"another origin":  {"value": []object{}, "@odata.nextLink": "https://elsewhere.example/users/delta?$skiptoken=1"},
		"@odata.nextLink": {"value": []object{}},
		"lead on":         nil,
	} {
		f, n := company(), 0
		f.fault = func(w http.ResponseWriter, r *http.Request) bool {
			a := answer
			if n++; a == nil {
				a = object{"value": []object{}, "@odata.nextLink": f.public + "/users/delta?$skiptoken=" + strings.Repeat("x", n)}
			}
			reply(w, 200, a)
			return true
		}
		if next, changed, err := f.open(t, AppConfig{}).Changed(t.Context(), ""); err == nil || changed || next != "" || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: got %q, %v, %v", what, next, changed, err)
		}
	}
}
