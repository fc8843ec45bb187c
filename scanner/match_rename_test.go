package scanner

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
)

// Renaming every employee id, in the roster and in the apps, changes nothing but ids.
func TestRenamedIDsChangeOnlyIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		recs := append(hardRoster(),
			rec("E0010600", "Ulla", "Grentz", "ulla.grentz", "2012-03-01", "2015-05-31"), rec("E0010601", "Ulla", "Grentz", "ulla.grentz2", "2019-03-01", ""),
			rec("E0010602", "Ulla", "Grentz", "ulla.grentz3", "2021-03-01", ""))
		names := renaming(t, recs)
		accs := drawAccounts(t, recs)
		renamed := slices.Clone(recs)
		for i := range renamed {
			r := &renamed[i]
			r.ID, r.Previous = connectors.PersonID(names.Replace(string(r.ID))), connectors.PersonID(names.Replace(string(r.Previous)))
		}
		want, got := matchAll(recs, accs), []string(nil)
		for i := range accs {
			accs[i].EmployeeID, accs[i].Username = renameShort(names, accs[i].EmployeeID), names.Replace(accs[i].Username)
		}
		got = matchAll(renamed, accs)
		for i := range want {
			if w := names.Replace(want[i]); got[i] != w {
				t.Errorf("account %+v:\n%s\nwith other ids\n%s", accs[i], w, got[i])
			}
		}
	})
}

// renaming draws a new number for each id, also where it stands in lower case or without letters and zeros; the form of ids
// stays, as they are one company's. A short id of one digit over and over is a placeholder.
func renaming(t *rapid.T, recs []connectors.Person) *strings.Replacer {
	numbers := rapid.SliceOfNDistinct(rapid.IntRange(10000, 99999).Filter(func(n int) bool { return n%11111 > 0 }), len(recs), len(recs), rapid.ID).Draw(t, "numbers")
	var pairs []string
	for i, r := range recs {
		was, is := string(r.ID), fmt.Sprintf("E00%d", numbers[i])
		pairs = append(pairs, was, is, strings.ToLower(was), strings.ToLower(is), `"`+was[3:]+`"`, `"`+is[3:]+`"`)
	}
	return strings.NewReplacer(pairs...)
}

// renameShort renames an id that may stand without its letters and zeros.
func renameShort(names *strings.Replacer, s string) string {
	if len(s) == 5 {
		return strings.Trim(names.Replace(`"`+s+`"`), `"`)
	}
	return names.Replace(s)
}

// drawAccounts gives people accounts that show more or less of whose they are.
func drawAccounts(t *rapid.T, recs []connectors.Person) []connectors.Account {
	var accs []connectors.Account
	for i, r := range recs {
		flast := strings.ReplaceAll(string(foldName(nil, r.FirstName[:1]+r.LastName, false)), " ", "")
		accs = append(accs, connectors.Account{
			ID: connectors.AccountID(fmt.Sprint(i)), Created: rapid.SampledFrom([]connectors.Date{0, r.Start, r.Start + 400}).Draw(t, "created"),
			EmployeeID:  rapid.SampledFrom([]string{"", "", string(r.ID), strings.ToLower(string(r.ID)), string(r.ID[3:])}).Draw(t, "id"),
			Email:       rapid.SampledFrom([]string{"", "", r.WorkEmail, strings.Replace(r.WorkEmail, "heron", "heron-group", 1)}).Draw(t, "email"),
			DisplayName: rapid.SampledFrom([]string{"", r.FirstName + " " + r.LastName, r.LastName + " " + r.FirstName[:1]}).Draw(t, "name"),
			Username:    rapid.SampledFrom([]string{"", flast, flast, strings.ToLower(string(r.ID))}).Draw(t, "username"),
		})
	}
	return accs
}

// matchAll is each account's match, with everybody it may lie between and all its evidence.
func matchAll(recs []connectors.Person, accs []connectors.Account) []string {
	am := hardMatcher(recs).app("app")
	ms, done := make([]Match, len(accs)), make([]bool, len(accs))
	for i := range accs {
		ms[i], done[i] = am.sure(&accs[i])
	}
	am.learned()
	out := make([]string, len(accs))
	for i := range accs {
		if !done[i] {
			ms[i] = am.rest(&accs[i])
		}
		out[i] = says(ms[i])
		for _, f := range cutFacts(nil, am.evidence(nil, &accs[i], ms[i])) {
			out[i] += "\n" + f.Name + ": " + f.Value
		}
		for _, p := range am.rivals(&accs[i], ms[i]) {
			out[i] += "\ncould be " + string(p.ID)
		}
	}
	return out
}
