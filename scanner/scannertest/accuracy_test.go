package scannertest

import (
	"testing"

	"rollcall/scanner"
)

// TestAccuracy holds real scans of made-up companies against what rollcall promises.
func TestAccuracy(t *testing.T) {
	for noise := range 3 {
		f := NewFigures()
		for seed := uint64(1); seed <= 6; seed++ {
			c := small(t, seed, noise)
			res, verdicts, err := Scan(t.Context(), c.Input())
			if err != nil {
				t.Fatal(err)
			}
			if !res.Complete() {
				t.Fatalf("the scan is incomplete: %v", res.Untrusted)
			}
			f.Score(c, res.Findings, verdicts)
		}
		slack := 0.0
		if noise == 2 {
			slack = .03
		}
		h := holder{t, noise, f, slack}
		h.ties()
		h.findings()
		if t.Failed() {
			for _, m := range f.Misses[:min(25, len(f.Misses))] {
				t.Log(m)
			}
		}
	}
}

// holder holds figures against aims.
type holder struct {
	t     *testing.T
	noise int
	f     *Figures
	slack float64
}

func (h holder) atLeast(what string, got, aim float64) {
	if got < aim {
		h.t.Errorf("noise %d: %s is %.4f, want at least %.4f", h.noise, what, got, aim)
	}
}

func (h holder) ties() {
	all, resolvable := h.f.Ties(func(string) bool { return true }), h.f.Ties(func(d string) bool { return !IsOpen(d) })
	h.atLeast("precision of exact and strong ties", all.SurePrecision(), .998)
	h.atLeast("owners found, exact or strong", resolvable.SureRecall(), .98-h.slack)
	h.atLeast("owners found, proposed included", resolvable.Recall(), .99-h.slack)
	if h.f.OwnerlessExact > 0 || float64(h.f.OwnerlessStrong) > (.005+h.slack)*float64(h.f.Ownerless) {
		h.t.Errorf("noise %d: of %d accounts without an owner, %d are graded exact and %d strong", h.noise, h.f.Ownerless, h.f.OwnerlessExact, h.f.OwnerlessStrong)
	}
	if h.f.CalledLeavers > 0 {
		h.t.Errorf("noise %d: %d accounts of people who work here are called a leaver's", h.noise, h.f.CalledLeavers)
	}
}

// findings: who has left is found, or asked about where only a likeness of names ties the account to them.
func (h holder) findings() {
	for _, k := range ScoredKinds {
		r := h.f.Resolvable[k]
		precision, recall := .99, .98
		switch k {
		case scanner.ReasonLeaver, scanner.ReasonContractEnded:
			h.atLeast(k+" found or asked about", r.RecallAsked(), .995)
			if h.noise < 2 {
				recall = .995
			}
		case scanner.ReasonNoOwner:
			precision = .95
		}
		h.atLeast(k+" precision", r.Precision(), precision-h.slack)
		h.atLeast(k+" recall", r.Recall(), recall-h.slack)
	}
}
