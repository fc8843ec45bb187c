package remediate_test

import (
	"strings"
	"testing"
	"time"

	"rollcall/remediate"
	"rollcall/scanner"
)

// A rule is trusted after so many agreements in a row; one keep, or one undo, starts the count again.
func TestShadow(t *testing.T) {
	rule := remediate.RuleIn{Kind: scanner.OrphanedAccount, App: "crm"}
	other := remediate.RuleIn{Kind: scanner.OrphanedAccount, App: "erp"}
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	var cases []*remediate.Case
	add := func(s remediate.State, decided bool, rules ...remediate.RuleIn) {
		at = at.Add(time.Hour)
		c := &remediate.Case{State: s, At: at, Item: remediate.Item{Shadow: rules}}
		if decided {
			c.Decision = &remediate.Decision{}
		}
		cases = append(cases, c)
	}
	why := func() string { return remediate.InShadow(remediate.Shadow(cases), rule, 2) }
	add(remediate.Confirmed, true, rule)
	if why() == "" {
		t.Error("one agreement was enough for two")
	}
	add(remediate.Confirmed, true, rule, other)
	if got := why(); got != "" {
		t.Errorf("two agreements were not enough: %s", got)
	}
	add(remediate.Undone, true, rule)
	if got := why(); !strings.Contains(got, "0 times in a row (1 against") {
		t.Errorf("after an undo: %q", got)
	}
	add(remediate.Confirmed, true, rule)
	add(remediate.Keep, true, rule)
	add(remediate.Confirmed, false, rule) // the policy's own doing is nobody's agreement
	add(remediate.Expired, false, rule)   // nor is silence
	if got := why(); !strings.Contains(got, "0 times in a row (2 against") {
		t.Errorf("after a keep: %q", got)
	}
	if rec := remediate.Shadow(cases)[other]; rec != (remediate.Record{Agreed: 1, InARow: 1}) {
		t.Errorf("the other app: %+v", rec)
	}
	if got := remediate.InShadow(nil, other, 0); got != "" {
		t.Errorf("none wanted: %q", got)
	}
}
