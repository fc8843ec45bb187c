package report

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/scanner"
)

func TestCompare(t *testing.T) {
	f := func(id, app string, more ...string) scanner.Finding {
		x := scanner.Finding{ID: scanner.FindingID(id), App: connectors.AppID(app)}
		for _, a := range more {
			x.Related = append(x.Related, scanner.Related{App: connectors.AppID(a)})
		}
		return x
	}
	back := f("back", "crm")
	back.BackAgain = true
	before := []scanner.Finding{f("still", "crm"), f("gone", "crm"), f("unread", "erp"), f("across", "crm", "erp"), f("excused", "crm"), f("dropped", "no longer configured")}
	now := &scanner.Result{Findings: []scanner.Finding{f("still", "crm"), f("new", "crm"), back}, Accepted: []scanner.Finding{f("excused", "crm")},
		Sources: []scanner.SourceReport{{Name: "roster", State: scanner.SourceOK}, {Name: "crm", State: scanner.SourceOK}, {Name: "erp", State: scanner.SourceIncomplete}}}
	check := func(want string) {
		t.Helper()
		c := Compare("r1", before, now)
		ids := func(list []scanner.Finding) (out []scanner.FindingID) {
			for _, x := range list {
				out = append(out, x.ID)
			}
			return out
		}
		var words []string
		for _, list := range [][]scanner.FindingID{c.New, c.Still, c.Back, ids(c.Gone), ids(c.Unjudged)} {
			var w []string
			for _, id := range list {
				w = append(w, string(id))
			}
			words = append(words, strings.Join(w, " "))
		}
		if got := strings.Join(words, "|"); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	check("new|still|back|gone dropped|unread across")
	now.Untrusted = []string{"too short"}
	check("new|still|back||gone unread across dropped")
}

// Nothing of the last run is lost, and nothing is counted twice.
func TestCompareAccountsForAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"})
		draw := func(name string) (out []scanner.Finding) {
			for _, s := range rapid.SliceOfDistinct(id, rapid.ID[string]).Draw(t, name) {
				out = append(out, scanner.Finding{ID: scanner.FindingID(s), App: connectors.AppID("app" + s), BackAgain: rapid.Bool().Draw(t, "back")})
			}
			return out
		}
		before, now := draw("before"), &scanner.Result{Findings: draw("now")}
		now.Sources = []scanner.SourceReport{{Name: "appa", State: scanner.SourceFailed}}
		c := Compare("r", before, now)
		if len(c.New)+len(c.Still)+len(c.Back) != len(now.Findings) || len(c.Still)+len(c.Gone)+len(c.Unjudged) != len(before) {
			t.Fatalf("%+v", c)
		}
	})
}

func TestSummary(t *testing.T) {
	s := Summarize(sample())
	if s.Severities != [5]int{0, 15, 1, 1, 2} || s.Backlog != 1 {
		t.Errorf("severities %v, backlog %d", s.Severities, s.Backlog)
	}
	if len(s.Incomplete) != 1 || s.Incomplete[0].Source != "ledger" || len(s.Incomplete[0].NotJudged) != 2 {
		t.Errorf("incomplete %+v", s.Incomplete)
	}
	if len(s.Kinds) != 5 || s.Kinds[0].Kind != scanner.OrphanedAccount || s.Kinds[0].New != 1 || s.Kinds[4].Total != 15 {
		t.Errorf("kinds %+v", s.Kinds)
	}
	if len(s.Apps) != 2 || s.Apps[0].Total != 17 || s.Apps[1].Backlog != 1 {
		t.Errorf("apps %+v", s.Apps)
	}
	total := 0
	for _, c := range s.Kinds {
		total += c.Total
	}
	if total != len(sample().Result.Findings) {
		t.Errorf("the kinds add up to %d", total)
	}
	want := "INCOMPLETE: 1 of 3 sources could not be read whole or trusted. What is listed is not all there is. 19 findings: 2 critical, 1 high, 1 medium, 15 low. Backlog of the first run: 1 left of 61."
	if s.Verdict != want {
		t.Errorf("verdict %q", s.Verdict)
	}
}

// The few are leavers' accounts and what is critical: worst first, leavers before others, each account once.
func TestFew(t *testing.T) {
	f := func(id string, kind scanner.Kind, reason string, sev scanner.Severity, acc string) scanner.Finding {
		return scanner.Finding{ID: scanner.FindingID(id), Kind: kind, Reason: reason, Severity: sev, App: "crm", Account: connectors.AccountID(acc)}
	}
	list := []scanner.Finding{
		f("sign-in", scanner.SignInAfterExit, "", scanner.Critical, "1"),
		f("sod", scanner.SoDConflict, "", scanner.Critical, "3"),
		f("admin leaver", scanner.OrphanedAccount, scanner.ReasonLeaver, scanner.Critical, "1"),
		f("nobody's", scanner.OrphanedAccount, scanner.ReasonNoOwner, scanner.High, "4"),
		f("leaver", scanner.OrphanedAccount, scanner.ReasonLeaver, scanner.High, "5"),
		f("contract", scanner.OrphanedAccount, scanner.ReasonContractEnded, scanner.Medium, "6"),
		f("gap 1", scanner.MissingAccess, "", scanner.Critical, ""),
		f("gap 2", scanner.MissingAccess, "", scanner.Critical, ""),
	}
	var got []string
	picked, also := few(list)
	for _, x := range picked {
		got = append(got, string(x.ID))
	}
	if want := []string{"admin leaver", "sod", "gap 1", "gap 2", "leaver", "contract"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if want := []string{"sign_in_after_exit"}; !slices.Equal(also["admin leaver"], want) {
		t.Errorf("beside the admin's account: got %q, want %q", also["admin leaver"], want)
	}
}

func TestWords(t *testing.T) {
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %q", n, got)
		}
	}
	for _, c := range []struct {
		n, of int
		want  string
	}{{0, 0, "none"}, {0, 5, "0 %"}, {1, 100000, "< 0.1 %"}, {99999, 100000, "99.9 %"}, {5, 5, "100 %"}, {1, 3, "33.3 %"}} {
		if got := share(c.n, c.of); got != c.want {
			t.Errorf("share(%d, %d) = %q, want %q", c.n, c.of, got, c.want)
		}
	}
}
