package table

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

var (
	personColumns  = RosterColumns{ID: "id", LastName: "name", Status: "state", Role: "role"}
	historyColumns = HistoryColumns{ID: "id", From: "from", Role: "role", Title: "title", Event: "event"}
)

func pullRoster(t testing.TB, people *memFile, o RosterOptions, history *memFile, h HistoryOptions) ([]connectors.Person, *connectortest.Trace, error) {
	t.Helper()
	var second File
	if history != nil {
		second = history
	}
	r, err := NewRoster("mem", "none", people, o, second, h, connectors.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return connectortest.People(context.Background(), r)
}

func TestPeopleHaveAllTheirColumns(t *testing.T) {
	f := mem("r.csv", "id|fn|ln|was|calls|shown|work|more|home|state|type|from|to|lfrom|lto|dep|job|role|boss|prev",
		"E1|Ann|Ayre|Bee|Annie|Ann A.|ann@corp.example|a@corp.example,b@corp.example|ann@home.example|On Leave|Working Student|01.02.2020|31.12.2026|01.10.2026||Sales|Clerk|SAL|E9|E0")
	o := RosterOptions{Common: Common{Dates: []string{"DD.MM.YYYY"}, ListSeparator: ","}, Columns: RosterColumns{ID: "id", FirstName: "fn", LastName: "ln",
		FormerLastName: "was", PreferredName: "calls", DisplayName: "shown", WorkEmail: "work", Aliases: "more", PersonalEmail: "home", Status: "state",
		Employment: "type", Start: "from", End: "to", LeaveStart: "lfrom", LeaveEnd: "lto", Department: "dep", Title: "job", Role: "role", Manager: "boss", Previous: "prev"}}
	got, trace, err := pullRoster(t, f, o, nil, HistoryOptions{})
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v, rejects %v", got, err, rejects(trace))
	}
	want := connectors.Person{ID: "E1", FirstName: "Ann", LastName: "Ayre", FormerLastName: "Bee", PreferredName: "Annie", DisplayName: "Ann A.",
		WorkEmail: "ann@corp.example", Aliases: []string{"a@corp.example", "b@corp.example"}, PersonalEmail: "ann@home.example", Status: connectors.OnLeave,
		Employment: connectors.Intern, Start: day(t, "2020-02-01"), End: day(t, "2026-12-31"), LeaveStart: day(t, "2026-10-01"), Department: "Sales",
		Title: "Clerk", Role: "SAL", Manager: "E9", Previous: "E0", From: connectors.Where{Source: "r.csv", Line: 2}}
	if !reflect.DeepEqual(got[0], want) {
		t.Errorf("got  %+v\nwant %+v", got[0], want)
	}
}

func TestRosterRejects(t *testing.T) {
	f := mem("r.csv", "id|name|state|role",
		"E1|Ayre|active|SAL",
		"E2|Cole|gone fishing|SAL",
		"E3|Dunn||SAL",
		"|Ellis|active|SAL",
	)
	got, trace, err := pullRoster(t, f, RosterOptions{Common: Common{MaxRejected: limit(t, "2")}, Columns: personColumns}, nil, HistoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].LastName != "Ayre" || got[1].Status != connectors.StatusUnknown {
		t.Errorf("people: %+v", got)
	}
	wantLines(t, "rejects", rejects(trace),
		`r.csv:3: state: "gone fishing" is no word known here: add it to [roster.status] active or leave or preboarding or terminated`,
		"r.csv:5: no id",
	)
}

// Of the rows of one employee id the record counts that is still alive, or was last.
func TestDuplicatePeople(t *testing.T) {
	f := mem("r.csv", "id|name|state|start|end",
		"e1|Bond|terminated|2020-01-01|",
		"E1|Ayre|active|2020-01-01|",
		"E2|Cole|active|2020-01-01|2026-01-01",
		"E2|Cole|active|2019-01-01|",
		"E3|Dunn|terminated|2019-01-01|2021-01-01",
		"E3|Dunn|terminated|2022-01-01|2024-01-01",
		"E4|Ellis||2019-01-01|",
		"E4|Ellis||2022-01-01|",
		"E5|Frey|active|2022-01-01|",
	)
	history := mem("h.csv", "id|from|role|title|event", "e1|2024-01-01|R3||")
	o := RosterOptions{Common: Common{MaxRejected: limit(t, "4")}, Columns: RosterColumns{ID: "id", LastName: "name", Status: "state", Start: "start", End: "end"}}
	got, trace, err := pullRoster(t, f, o, history, HistoryOptions{Columns: historyColumns})
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, v := range got {
		kept = append(kept, fmt.Sprint(v.From.Line, " ", v.ID, " ", len(v.Roles)))
	}
	wantLines(t, "people", kept, "10 E5 0", "3 E1 1", "5 E2 0", "7 E3 0", "9 E4 0")
	wantLines(t, "rejects", rejects(trace),
		`r.csv:2: id "e1" is a duplicate of line 3, which is kept`,
		`r.csv:4: id "E2" is a duplicate of line 5, which is kept`,
		`r.csv:6: id "E3" is a duplicate of line 7, which is kept`,
		`r.csv:8: id "E4" is a duplicate of line 9, which is kept`,
	)
	if len(trace.Notes) != 1 || !strings.HasPrefix(trace.Notes[0].Text, "4 rows repeat") {
		t.Errorf("notes: %v", trace.Notes)
	}
}

func TestWordsOfTheConfigurationWin(t *testing.T) {
	f := mem("r.csv", "id|name|state|role", "1||Inactive|", "2||AKTIV|", "3||left|")
	o := RosterOptions{Columns: personColumns, Status: StatusWords{Active: []string{"Aktiv"}, Leave: []string{" inactive "}}}
	got, _, err := pullRoster(t, f, o, nil, HistoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []connectors.WorkStatus{connectors.OnLeave, connectors.Active, connectors.Terminated} {
		if got[i].Status != want {
			t.Errorf("line %d: %v; want %v", i+2, got[i].Status, want)
		}
	}
}

func TestJobHistory(t *testing.T) {
	people := mem("r.csv", "id|name|state|role", "E1|A|active|R3", "E2|B|active|R1", "E3|C|what|R1", "E4|D|active|R1")
	history := mem("h.csv", "id|from|role|title|event",
		"E1|2024-01-01|R3|t3|transfer",
		"E1|2020-01-01|R1|t1|hire",
		"e1|2022-01-01|R1|t1|Promotion",
		"E1|2023-01-01|R1|t1|leave_start",
		"E1|2025-01-01|||salary",
		"E2|2019-05-05|R9|t9|Termination",
		"E2|2018-05-05|R9|t9|hire",
		"E3|2018-05-05|R9|t9|hire",
		"E8|2018-05-05|R9|t9|hire",
		"E2||R9|t9|hire",
		"E2|05/05/2018|R9|t9|hire",
	)
	o := RosterOptions{Common: Common{MaxRejected: limit(t, "1")}, Columns: personColumns}
	got, trace, err := pullRoster(t, people, o, history, HistoryOptions{Columns: historyColumns, MaxRejected: limit(t, "4")})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]connectors.RolePeriod{
		{{From: day(t, "2020-01-01"), Role: "R1", Title: "t1"}, {From: day(t, "2024-01-01"), Role: "R3", Title: "t3"}},
		nil, // two of E2's rows are left out: a history with a gap is none
		nil,
	}
	for i, p := range got {
		if !reflect.DeepEqual(p.Roles, want[i]) {
			t.Errorf("%s: roles %v; want %v", p.ID, p.Roles, want[i])
		}
		if len(want[i]) > 0 && p.HistorySince != want[i][0].From || len(want[i]) == 0 && p.HistorySince.Known() {
			t.Errorf("%s: history since %v", p.ID, p.HistorySince)
		}
	}
	wantLines(t, "rejects", rejects(trace),
		"h.csv:11: no date: from when the role was held is unknown",
		`h.csv:12: from: "05/05/2018" is no date as declared (YYYY-MM-DD, YYYY-MM-DDThh:mm:ssZ): correct dates, or list it in no_date if it means none`,
		`r.csv:4: state: "what" is no word known here: add it to [roster.status] active or leave or preboarding or terminated`,
		`h.csv:9: person "E3" was itself rejected in r.csv`,
		`h.csv:10: person "E8" is not in r.csv`,
	)
	if !trace.Ended(connectors.People, connectors.JobHistory) {
		t.Errorf("ends: %v", trace.Ends)
	}
}

func TestRosterConfigurationErrors(t *testing.T) {
	for _, c := range []struct {
		name, says string
		change     func(*RosterOptions, *HistoryOptions)
	}{
		{"no id", "[roster.columns] id: not set", func(o *RosterOptions, _ *HistoryOptions) { o.Columns.ID = "" }},
		{"no leavers", "nobody would ever be seen to leave", func(o *RosterOptions, _ *HistoryOptions) { o.Columns.Status = "" }},
		{"no from", "[roster.history.columns] from: not set", func(_ *RosterOptions, h *HistoryOptions) { h.Columns.From = "" }},
		{"no role", "role, department, title: set at least one", func(_ *RosterOptions, h *HistoryOptions) { h.Columns.Role, h.Columns.Title = "", "" }},
		{"employment", `"temp" is in both employee and contractor`, func(o *RosterOptions, _ *HistoryOptions) {
			o.Employment = EmploymentWords{Employee: []string{"temp"}, Contractor: []string{"temp"}}
		}},
	} {
		o, h := RosterOptions{Columns: personColumns}, HistoryOptions{Columns: historyColumns}
		c.change(&o, &h)
		_, err := NewRoster("mem", "none", mem("r"), o, mem("h"), h, connectors.Env{})
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "roster: ") {
			t.Errorf("%s: error %v; want one that says %q", c.name, err, c.says)
		}
	}
}

func TestRosterKeepsTheContract(t *testing.T) {
	open := func(fail error) func(testing.TB) connectors.Roster {
		return func(t testing.TB) connectors.Roster {
			people := mem("r.csv", "id|name|state|role", "E1|A|active|R3", "E2|B|left|R1", "E3|C|what|R1", "E4|D|active|R1")
			people.fail = fail
			history := mem("h.csv", "id|from|role|title|event", "E1|2024-01-01|R3|t3|transfer", "E4|2024-01-01|R3|t3|transfer")
			r, err := NewRoster("mem", "none", people, RosterOptions{Columns: personColumns}, history, HistoryOptions{Columns: historyColumns}, connectors.Env{})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
	}
	connectortest.Roster(t, connectortest.RosterHarness{
		Open: open(nil), Broken: open(errors.New("disk on fire")), Rejects: 1,
		Want: []connectors.Person{{ID: "E1", LastName: "A"}, {ID: "E2", Status: connectors.Terminated}, {ID: "E4"}},
	})
}
