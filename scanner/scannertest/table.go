package scannertest

import (
	"fmt"
	"strings"

	"rollcall/scanner"
)

// Markdown is the figures as two tables: per kind, and per difficulty of finding the owner.
func (f *Figures) Markdown() string {
	var b strings.Builder
	b.WriteString("| kind | true | precision | recall | asked included | F1 | over all: precision | recall |\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, k := range ScoredKinds {
		r, a := f.Resolvable[k], f.All[k]
		fmt.Fprintf(&b, "| %s | %d | %.3f | %.3f | %.3f | %.3f | %.3f | %.3f |\n", label(k), r.Hit+r.Missed, r.Precision(), r.Recall(), r.RecallAsked(), r.F1(), a.Precision(), a.Recall())
	}
	b.WriteString("\n| owner found by | accounts | exact | strong | proposed | wrong | missed | rightly none | spurious |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, d := range Difficulties {
		if t := f.Difficulty[d]; t.Owned()+t.None+t.Spurious > 0 {
			fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %d | %d | %d |\n", strings.ReplaceAll(d, "_", " "), t.Owned()+t.None+t.Spurious,
				t.Exact, t.Strong, t.Proposed, t.Wrong, t.Missed, t.None, t.Spurious)
		}
	}
	all, resolvable := f.Ties(func(string) bool { return true }), f.Ties(func(d string) bool { return !IsOpen(d) })
	fmt.Fprintf(&b, "\nTies graded exact or strong: precision %.4f. Owners of resolvable accounts named so: %.4f; proposed ones included: %.4f. "+
		"Of %d accounts without an owner %d were graded exact and %d strong. Accounts of people who work here called a leaver's: %d.\n",
		all.SurePrecision(), resolvable.SureRecall(), resolvable.Recall(), f.Ownerless, f.OwnerlessExact, f.OwnerlessStrong, f.CalledLeavers)
	return b.String()
}

// label is a kind as reports write it: an orphaned account with its reason.
func label(kind string) string {
	switch kind {
	case scanner.ReasonLeaver, scanner.ReasonContractEnded, scanner.ReasonNoOwner:
		return string(scanner.OrphanedAccount) + " (" + kind + ")"
	}
	return kind
}
