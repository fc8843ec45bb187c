package scannertest

import "rollcall/scanner"

// Ties counts what became of the owners of accounts.
type Ties struct {
	Exact, Strong, Proposed int // the true owner was named, by grade
	Wrong, WrongSure        int // somebody else was; WrongSure: graded exact or strong
	Missed                  int // nobody was, and there is an owner
	Spurious, SpuriousSure  int // somebody was, and there is no owner
	None                    int // nobody was, and there is none
}

func (f *Figures) tie(t *Truth, v Verdict) {
	d := f.Difficulty[t.Difficulty]
	sure := v.Grade >= scanner.Strong
	switch {
	case t.Owner == "":
		f.Ownerless++
		d.stranger(v)
		if v.Owner != "" && v.Grade == scanner.Exact {
			f.OwnerlessExact++
		} else if v.Owner != "" && sure {
			f.OwnerlessStrong++
		}
		if v.Owner != "" && sure {
			f.miss("owner spurious", t, v)
		}
		return
	case v.Owner == "":
		d.Missed++
		if t.Resolvable {
			f.miss("owner missed", t, v)
		}
	case !t.owns(v.Owner):
		d.Wrong++
		if sure {
			d.WrongSure++
			f.miss("owner wrong", t, v)
		}
	default:
		d.right(v.Grade)
	}
}

func (t *Ties) stranger(v Verdict) {
	if v.Owner == "" {
		t.None++
		return
	}
	t.Spurious++
	if v.Grade >= scanner.Strong {
		t.SpuriousSure++
	}
}

func (t *Ties) right(g scanner.Grade) {
	switch g {
	case scanner.Exact:
		t.Exact++
	case scanner.Strong:
		t.Strong++
	default:
		t.Proposed++
	}
}

// Ties sums up the difficulties for which keep holds.
func (f *Figures) Ties(keep func(difficulty string) bool) Ties {
	var s Ties
	for _, d := range Difficulties {
		if keep(d) {
			t := f.Difficulty[d]
			s.Exact, s.Strong, s.Proposed, s.Missed, s.None = s.Exact+t.Exact, s.Strong+t.Strong, s.Proposed+t.Proposed, s.Missed+t.Missed, s.None+t.None
			s.Wrong, s.WrongSure, s.Spurious, s.SpuriousSure = s.Wrong+t.Wrong, s.WrongSure+t.WrongSure, s.Spurious+t.Spurious, s.SpuriousSure+t.SpuriousSure
		}
	}
	return s
}

// SurePrecision is the share of exact and strong ties that are true.
func (t Ties) SurePrecision() float64 {
	right := t.Exact + t.Strong
	return share(right, right+t.WrongSure+t.SpuriousSure)
}

// Owned is how many of the accounts have an owner.
func (t Ties) Owned() int { return t.Exact + t.Strong + t.Proposed + t.Wrong + t.Missed }

// SureRecall is the share of owners named with the grade exact or strong.
func (t Ties) SureRecall() float64 { return share(t.Exact+t.Strong, t.Owned()) }

// IsOpen tells whether nothing in the rows of a difficulty resolves the owner.
func IsOpen(difficulty string) bool { return difficulty == "ambiguous" || difficulty == "unresolvable" }

// Recall is the share of owners named at all.
func (t Ties) Recall() float64 { return share(t.Exact+t.Strong+t.Proposed, t.Owned()) }
