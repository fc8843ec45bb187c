package scannertest

import (
	"testing"

	"rollcall/connectors"
	"rollcall/scanner"
)

// oracle says of a company just what is true.
func oracle(c *Company) ([]scanner.Finding, []Verdict) {
	var findings []scanner.Finding
	var verdicts []Verdict
	for _, t := range c.Truth {
		class, _ := connectors.ParseClass(t.Class)
		v := Verdict{App: t.App, Account: t.Account, Class: class}
		if class == connectors.Human && t.Owner != "" {
			v.Owner, v.Grade = t.Owner, scanner.Exact
		}
		verdicts = append(verdicts, v)
		for _, f := range t.Findings {
			findings = append(findings, scanner.Finding{Kind: f.Kind, Reason: f.Reason, App: t.App, Account: t.Account})
		}
	}
	return findings, verdicts
}

func scored(c *Company, findings []scanner.Finding, verdicts []Verdict) *Figures {
	f := NewFigures()
	f.Score(c, findings, verdicts)
	return f
}

func TestTruthScoresFull(t *testing.T) {
	for noise := range 3 {
		c := small(t, 3, noise)
		f := scored(c, first(oracle(c)), second(oracle(c)))
		for _, k := range ScoredKinds {
			if f.All[k].F1() != 1 || f.Resolvable[k].F1() != 1 {
				t.Errorf("noise %d: the truth about %s scores %+v", noise, k, f.All[k])
			}
		}
		ties := f.Ties(func(string) bool { return true })
		if ties.SureRecall() != 1 || ties.SurePrecision() != 1 || f.CalledLeavers+f.OwnerlessExact+f.OwnerlessStrong+len(f.Misses) != 0 {
			t.Errorf("noise %d: the truth scores %+v, %d misses", noise, ties, len(f.Misses))
		}
	}
}

func first[A, B any](a A, _ B) A  { return a }
func second[A, B any](_ A, b B) B { return b }

// Each planted error must change the figure that is about it, and by just one.
func TestPlantedErrorsShow(t *testing.T) {
	c := small(t, 3, 1)
	find := func(ok func(*Truth) bool) *Truth {
		for i := range c.Truth {
			if tr := &c.Truth[i]; tr.Resolvable && !tr.Doubt && ok(tr) {
				return tr
			}
		}
		t.Fatal("the company has no such account")
		return nil
	}
	drop := func(findings []scanner.Finding, tr *Truth, name string) []scanner.Finding {
		var kept []scanner.Finding
		for _, f := range findings {
			if f.App != tr.App || f.Account != tr.Account || (Implied{Kind: f.Kind, Reason: f.Reason}).Name() != name {
				kept = append(kept, f)
			}
		}
		return kept
	}
	set := func(verdicts []Verdict, tr *Truth, owner connectors.PersonID, g scanner.Grade) {
		for i := range verdicts {
			if v := &verdicts[i]; v.App == tr.App && v.Account == tr.Account {
				v.Owner, v.Grade = owner, g
			}
		}
	}
	has := func(name string) func(*Truth) bool {
		return func(tr *Truth) bool {
			for _, f := range tr.Findings {
				if f.Name() == name {
					return true
				}
			}
			return false
		}
	}
	owned := func(tr *Truth) bool { return tr.Class == "human" && tr.Present && len(tr.Findings) == 0 }
	stranger := func(tr *Truth) bool { return tr.Class == "human" && tr.Owner == "" }

	for _, k := range ScoredKinds {
		findings, verdicts := oracle(c)
		f := scored(c, drop(findings, find(has(k)), k), verdicts)
		if got := f.Resolvable[k]; got.Missed != 1 || got.Recall() >= 1 {
			t.Errorf("one %s dropped: %+v", k, got)
		}
	}
	findings, verdicts := oracle(c)
	here := find(owned)
	findings = append(findings, scanner.Finding{Kind: scanner.OrphanedAccount, Reason: scanner.ReasonLeaver, App: here.App, Account: here.Account})
	set(verdicts, here, "E9999999", scanner.Strong)
	no := find(stranger)
	set(verdicts, no, here.Owner, scanner.Strong)
	f := scored(c, findings, verdicts)
	if f.CalledLeavers != 1 || f.Resolvable[scanner.ReasonLeaver].False != 1 {
		t.Errorf("a present person called a leaver: %d, %+v", f.CalledLeavers, f.Resolvable[scanner.ReasonLeaver])
	}
	if d := f.Difficulty[here.Difficulty]; d.Wrong != 1 || d.WrongSure != 1 {
		t.Errorf("a wrong owner: %+v", d)
	}
	if d := f.Difficulty[no.Difficulty]; d.Spurious != 1 || f.OwnerlessStrong != 1 || f.OwnerlessExact != 0 {
		t.Errorf("a spurious owner: %+v, %d strong", d, f.OwnerlessStrong)
	}
	if p := f.Ties(func(string) bool { return true }).SurePrecision(); p >= 1 {
		t.Errorf("precision of ties is %v after two wrong ones", p)
	}
}

func TestAskedCountsApart(t *testing.T) {
	c := small(t, 3, 1)
	findings, verdicts := oracle(c)
	for i := range findings {
		if findings[i].Reason == scanner.ReasonLeaver {
			findings[i].Kind, findings[i].Reason = scanner.UnconfirmedOwner, ""
		}
	}
	got := scored(c, findings, verdicts).All[scanner.ReasonLeaver]
	if got.Recall() != 0 || got.RecallAsked() != 1 {
		t.Errorf("every leaver asked about: %+v", got)
	}
}
