package table

import (
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

func TestRejectedAccountsAreNamedWhereTheyCanBe(t *testing.T) {
	f := mem("a.csv", "id|user|mail|state|class|made",
		"1|a|a@x|dormant|user|",
		"2|a|a@x|active|alien|",
		" 3 |a|a@x|active|user|soon",
		"4|#REF!|a@x|active|user|",
		"5|a|a@x|active|user", // shifted or not: nobody knows
		"6|a|a@x|active|user||",
		"BAD not a text",                 // not even cells
		"BAD not a text: 7|a\xff|a@x|||", // another cell than the id
		"BAD not a text: 8\xff|a|a@x|||",
		"BAD not a text: 9\x00|a|a@x|||",
		"BAD not a text: 9\uFFFD|a|a@x|||",
		"BAD not a text: |a\xff|a@x|||",
		"BAD not a text: 10|a\xff|a@x|",
		"1.2345E+15|a|a@x|active|user|",
		"#N/A|a|a@x|active|user|",
		"|a|a@x|active|user|",
	)
	columns := accountColumns
	columns.Class, columns.Created = "class", "made"
	grants := mem("g.csv", "account|ent|granted|used", "7|READ||")
	o := AppOptions{Common: Common{MaxRejected: limit(t, "16")}, Columns: columns}
	got, trace, err := pullApp(t, f, o, grants, GrantOptions{Columns: grantColumns, MaxRejected: limit(t, "1")})
	if err != nil || len(got) != 0 {
		t.Fatalf("%v, %v", got, err)
	}
	wantLines(t, "whose", whose(trace), "a.csv:2 1", "a.csv:3 2", "a.csv:4 3", "a.csv:5 4", "a.csv:6 ?", "a.csv:7 ?", "a.csv:8 ?",
		"a.csv:9 7", "a.csv:10 ?", "a.csv:11 ?", "a.csv:12 ?", "a.csv:13 ?", "a.csv:14 ?", "a.csv:15 ?", "a.csv:16 ?", "a.csv:17 ?", "g.csv:2  again")
	says := rejects(trace)
	for _, at := range []int{6, 7, 8, 9, 10, 11, 12} {
		if !strings.HasSuffix(says[at], ": not a text") {
			t.Errorf("%s; want what is wrong with the bytes", says[at])
		}
	}
	if want := `g.csv:2: account "7" was itself rejected in a.csv`; says[len(says)-1] != want {
		t.Errorf("%s; want %s", says[len(says)-1], want)
	}
}

func TestRepeatedAccountsAreSaidToBe(t *testing.T) {
	f := mem("a.csv", "id|user|mail|state", "7|ann|ann@x|active", "7|ann|ann@x|active", "7|ann|ann@x|disabled", "7|ann|ann@x|what",
		"aB|bob|bob@x|active", "Ab|bob|bob@x|active")
	_, trace, err := pullApp(t, f, AppOptions{Common: Common{MaxRejected: limit(t, "2")}, Columns: accountColumns}, nil, GrantOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, "whose", whose(trace), "a.csv:5 7", "a.csv:3 7 again", "a.csv:4 7 again", "a.csv:6 aB again")
}

var identityColumns = RosterColumns{ID: "id", FirstName: "first", LastName: "last", FormerLastName: "former", PreferredName: "call",
	DisplayName: "name", WorkEmail: "work", PersonalEmail: "home", Aliases: "more", Status: "state", Start: "start"}

func pullIdentities(t testing.TB, lines ...string) ([]connectors.Person, *connectortest.Trace) {
	t.Helper()
	f := mem("r.csv", append([]string{"id|first|last|former|call|name|work|home|more|state|start"}, lines...)...)
	o := RosterOptions{Common: Common{MaxRejected: limit(t, "100%")}, Columns: identityColumns}
	got, trace, err := pullRoster(t, f, o, nil, HistoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return got, trace
}

func TestRejectedPeopleAreNamedWhereTheyCanBe(t *testing.T) {
	got, trace := pullIdentities(t,
		"E1|Ann|Ayre|Bond|Annie|Ayre, Ann|ann@x|ann@home|a1@x;a2@x|gone fishing|",
		"E2|Bea|#N/A||||bea@x|||active|",
		"E3|Cy|Cole|||||||active|soon",
		"BAD not a text: E4|M\xfcnir|D\x00unn||||d@x|||active|",
		"BAD not a text: E5|Eli|Ellis||||e\xff@x|||active|", // an account with that address would look like nobody's
		"BAD not a text: E\xff6|Fay|Frey||||f@x|||active|",
		"E7|Gus|Gray||||#N/A|||active|",
		"E8|Hal|Hill|||||h@home|active",
		"|Ida|Iver||||i@x|||active|",
		"1.2E+05|Jo|Jung||||j@x|||active|",
		"BAD not a text",
	)
	if len(got) != 0 {
		t.Errorf("people: %+v", got)
	}
	wantLines(t, "whose", whose(trace), "r.csv:2 E1|Ann|Ayre|Bond|Annie|Ayre, Ann|ann@x|ann@home|a1@x|a2@x", "r.csv:3 E2|Bea|||||bea@x|",
		"r.csv:4 E3|Cy|Cole|||||", "r.csv:5 E4|Mnir|Dunn||||d@x|", "r.csv:6 ?", "r.csv:7 ?", "r.csv:8 ?", "r.csv:9 ?", "r.csv:10 ?", "r.csv:11 ?", "r.csv:12 ?")
}

// A repeated id is one human being's, unless the rows have neither a name nor an address in common.
func TestRepeatedPeopleAreSaidToBe(t *testing.T) {
	got, trace := pullIdentities(t,
		"E1|Ann|Ayre||||ann@x|||active|2020-01-01",
		"e1|ANN|AYRE||||ann.old@x|||active|2019-01-01",
		"E2|Bea|Bond||||bea@x|||active|2020-01-01",
		"E2|Bea|Cole|||||BEA@x||active|2019-01-01",
		"E3|Dee|Dunn||||dee@x|||active|2020-01-01",
		"E3|Eli|Ellis||||eli@x|||active|2019-01-01",
		"E4||||||f@x|||active|2020-01-01",
		"E4||||||g@x|||active|2019-01-01",
	)
	if len(got) != 4 {
		t.Errorf("people: %+v", got)
	}
	wantLines(t, "whose", whose(trace), "r.csv:3 e1|ANN|AYRE||||ann.old@x| again", "r.csv:5 E2|Bea|Cole|||||BEA@x again",
		"r.csv:7 E3|Eli|Ellis||||eli@x|", "r.csv:9 E4||||||g@x| again")
}

func TestTheWordsOfAStatusAreListed(t *testing.T) {
	_, trace := pullIdentities(t, "E1|Ann|Ayre|||||||sabbatical|")
	if len(trace.Rejects) != 1 || !strings.HasSuffix(trace.Rejects[0].Err.Error(),
		`"sabbatical" is no word known here: add it to [roster.status] active or leave or preboarding or terminated`) {
		t.Errorf("rejects: %v", rejects(trace))
	}
}

func TestOneRowOfThirtyMayBeRejectedByDefault(t *testing.T) {
	if none := (Limit{}); !none.allows(1, 30) || none.allows(2, 30) || !limit(t, "0").allows(0, 30) || limit(t, "0").allows(1, 30) {
		t.Error("the default is one row of up to a hundred, and 0 is none")
	}
}
