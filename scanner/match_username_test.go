package scanner

import (
	"fmt"
	"testing"

	"rollcall/connectors"
)

// usernameApp is an app whose convention, initial and family name, was learned from accounts with employee ids.
func usernameApp(recs ...connectors.Person) *appMatcher {
	all := recs
	for i := range 8 {
		all = append(all, rec(fmt.Sprintf("E002000%d", i), string(rune('A'+i))+"nders", "Lok"+string(rune('a'+i))+"sund", "", "2012-01-01", ""))
	}
	am := hardMatcher(all).app("app")
	for _, r := range all[len(recs):] {
		a := connectors.Account{ID: connectors.AccountID(r.ID), EmployeeID: string(r.ID), DisplayName: r.FirstName + " " + r.LastName,
			Username: string(foldName(nil, r.FirstName[:1]+r.LastName, false))}
		am.sure(&a)
	}
	am.learned()
	return am
}

// An account with a username and nothing else is that of the only person whose name makes the username: likely, not sure.
func TestUsernameAlone(t *testing.T) {
	am := usernameApp(
		rec("E0010500", "Tomás", "Ó Súilleabháin", "tomas.osuilleabhain", "2020-01-06", ""),
		rec("E0010510", "Ruth", "Calder", "ruth.calder", "2016-01-04", ""), rec("E0010511", "Rolf", "Calder", "rolf.calder", "2018-01-08", ""),
		rec("E0010520", "Vera", "Moll", "vera.moll", "2014-01-06", "2016-12-31"), rec("E0010521", "Viggo", "Moll", "viggo.moll", "2021-01-04", ""),
	)
	for _, c := range []struct {
		name string
		a    connectors.Account
		want string
	}{
		{"the only one", connectors.Account{Username: "tosuilleabhain"}, "proposed E0010500 by convention"},
		{"its display name is the username", connectors.Account{Username: "tosuilleabhain", DisplayName: "tosuilleabhain"}, "proposed E0010500 by convention"},
		{"while employed", connectors.Account{Username: "TOSuilleabhain2", Created: day("2023-05-05")}, "proposed E0010500 by convention"},
		{"made when hired", connectors.Account{Username: "tosuilleabhain", Created: day("2020-01-07")}, "strong E0010500 by convention"},
		{"made before they came", connectors.Account{Username: "tosuilleabhain", Created: day("2015-01-07")}, "none, not E0010500"},
		{"an address HR does not know, made like the username", connectors.Account{Username: "tosuilleabhain", Email: "tosuilleabhain@heron.test"}, "proposed E0010500 by convention"},
		{"an address that is nobody's, of another name", connectors.Account{Username: "tosuilleabhain", Email: "petra.holm@heron.test"}, "none, not E0010500"},
		{"two fit", connectors.Account{Username: "rcalder"}, "ambiguous, not E0010510"},
		{"two fit, the given name tells", connectors.Account{Username: "rcalder", DisplayName: "Rolf"}, "proposed E0010511 by convention"},
		{"two fit, one was there", connectors.Account{Username: "vmoll", Created: day("2015-05-05")}, "proposed E0010520 by convention, not E0010521"},
		{"nobody", connectors.Account{Username: "qnemo"}, "none"},
		{"another name", connectors.Account{Username: "tosuilleabhain", DisplayName: "Petra Holm"}, "none"},
	} {
		if got := says(am.rest(&c.a)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// Without a convention a username says nothing.
func TestUsernameAloneUnlearned(t *testing.T) {
	if got := says(one(hardMatcher(hardRoster()), connectors.Account{Username: "jkestwick"})); got != "none" {
		t.Error(got)
	}
}
