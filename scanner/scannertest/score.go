package scannertest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Verdict is what a scan said of one account.
type Verdict struct {
	App     connectors.AppID
	Account connectors.AccountID
	Class   connectors.Class
	Owner   connectors.PersonID // empty: none
	Grade   scanner.Grade
	By      scanner.By
}

// Scan scans a company and keeps what was said of each account.
func Scan(ctx context.Context, in scanner.Input) (*scanner.Result, []Verdict, error) {
	var mu sync.Mutex
	var all []Verdict
	in.Sink = func(connectors.AppID) func(*scanner.AccountLine) error {
		return func(l *scanner.AccountLine) error {
			v := Verdict{App: l.App, Account: l.Account.ID, Class: l.Class, Grade: l.Match.Grade, By: l.Match.By}
			if l.Match.Owner != nil {
				v.Owner = l.Match.Owner.ID
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, v)
			return nil
		}
	}
	res, err := scanner.Scan(ctx, in)
	if err != nil {
		return nil, nil, fmt.Errorf("scannertest: %w", err)
	}
	return res, all, nil
}

// ScoredKinds are the kinds the truth speaks of; an orphaned account goes by its reason.
var ScoredKinds = []string{scanner.ReasonLeaver, scanner.ReasonContractEnded, scanner.ReasonNoOwner, string(scanner.OwnerlessAccount),
	string(scanner.LeaveNotSuspended), string(scanner.MoverStacking), string(scanner.SoDConflict), string(scanner.StaleAccount), string(scanner.StalePrivilege)}

// Tally counts hits, false alarms and misses. Asked are the misses of which the scan asks whether the true owner is the
// owner: likeness of names proposes an owner and judges nobody.
type Tally struct{ Hit, False, Missed, Asked int }

// Precision is the share of what was said that is so; 1 when nothing was said.
func (t Tally) Precision() float64 { return share(t.Hit, t.Hit+t.False) }

// Recall is the share of what is so that was said; 1 when nothing was to be said.
func (t Tally) Recall() float64 { return share(t.Hit, t.Hit+t.Missed) }

// RecallAsked is Recall, but that what is asked counts as said.
func (t Tally) RecallAsked() float64 { return share(t.Hit+t.Asked, t.Hit+t.Missed) }

// F1 is the harmonic mean of the two.
func (t Tally) F1() float64 { return share(2*t.Hit, 2*t.Hit+t.False+t.Missed) }

func share(n, of int) float64 {
	if of == 0 {
		return 1
	}
	return float64(n) / float64(of)
}

// Figures are what a scan, or several, got right and wrong.
type Figures struct {
	All, Resolvable map[string]*Tally // by kind, over all accounts and over those that can be resolved
	Difficulty      map[string]*Ties  // of human accounts
	Ownerless       int               // human accounts without an owner …
	OwnerlessExact  int               // … graded exact all the same
	OwnerlessStrong int
	CalledLeavers   int // accounts of people who work here, called a leaver's
	Accounts        int
	Misses          []Miss // what went wrong, in the order of the truth
}

// Miss is one thing a scan got wrong.
type Miss struct {
	What    string // a kind or "owner", and how it is wrong
	Truth   *Truth
	Verdict Verdict
}

// NewFigures are those of no scan.
func NewFigures() *Figures {
	f := &Figures{All: map[string]*Tally{}, Resolvable: map[string]*Tally{}, Difficulty: map[string]*Ties{}}
	for _, k := range ScoredKinds {
		f.All[k], f.Resolvable[k] = &Tally{}, &Tally{}
	}
	for _, d := range Difficulties {
		f.Difficulty[d] = &Ties{}
	}
	return f
}

type place struct {
	app     connectors.AppID
	account connectors.AccountID
}

// Score adds the figures of one scan of a company.
func (f *Figures) Score(c *Company, findings []scanner.Finding, verdicts []Verdict) {
	said := map[place]map[string]bool{}
	for i := range findings {
		at, name := place{findings[i].App, findings[i].Account}, Implied{Kind: findings[i].Kind, Reason: findings[i].Reason}.Name()
		if said[at] == nil {
			said[at] = map[string]bool{}
		}
		said[at][name] = true
	}
	verdict := map[place]Verdict{}
	for _, v := range verdicts {
		verdict[place{v.App, v.Account}] = v
	}
	for i := range c.Truth {
		t := &c.Truth[i]
		at := place{t.App, t.Account}
		f.Accounts++
		f.kinds(t, said[at], verdict[at])
		if v := verdict[at]; t.Class == connectors.Human.String() {
			f.tie(t, v)
		} else {
			f.Difficulty[t.Difficulty].stranger(v) // a human's, if the scan took it for one
		}
	}
}

func (f *Figures) kinds(t *Truth, said map[string]bool, v Verdict) {
	if t.Present && t.Class == connectors.Human.String() && (said[scanner.ReasonLeaver] || said[scanner.ReasonContractEnded]) {
		f.CalledLeavers++
		f.miss("a present person called a leaver", t, v)
	}
	for _, k := range ScoredKinds {
		is := slices.ContainsFunc(t.Findings, func(i Implied) bool { return i.Name() == k })
		asked := said[string(scanner.UnconfirmedOwner)] && t.owns(v.Owner)
		f.All[k].count(is, said[k], asked)
		if t.Resolvable && !t.Doubt {
			f.Resolvable[k].count(is, said[k], asked)
			switch {
			case is && !said[k]:
				f.miss(k+" missed", t, v)
			case !is && said[k]:
				f.miss(k+" false", t, v)
			}
		}
	}
}

// owns tells whether an id is one of the true owner's.
func (t *Truth) owns(id connectors.PersonID) bool {
	return id != "" && (id == t.Owner || slices.Contains(t.OtherIDs, id))
}

func (t *Tally) count(is, said, asked bool) {
	switch {
	case is && said:
		t.Hit++
	case said:
		t.False++
	case is:
		t.Missed++
		if asked {
			t.Asked++
		}
	}
}

func (f *Figures) miss(what string, t *Truth, v Verdict) {
	f.Misses = append(f.Misses, Miss{what, t, v})
}

func (m Miss) String() string {
	t := m.Truth
	return fmt.Sprintf("- %s: %s %s of %q (%s, %s, enabled %t), found by %s; said: %s %q, %s by %s", m.What, t.App, t.Account, t.Owner, t.Class, t.Scenario,
		t.Enabled, t.Difficulty, m.Verdict.Class, m.Verdict.Owner, m.Verdict.Grade, m.Verdict.By)
}
