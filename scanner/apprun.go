package scanner

import (
	"context"
	"fmt"
	"slices"

	"rollcall/connectors"
)

// appRun is one app's way from pull to verdicts. Accounts whose owner is plain are judged as they come; the others wait,
// cloned, until the app's own username convention has been learned from the plain ones.
type appRun struct {
	scan *scan
	app  *App
	t    *tally
	am   *appMatcher
	aj   *appJudge
	sink func(*AccountLine) error

	ahead    aheadList // accounts as their source gave them
	waiting  *waitingList
	acc      *connectors.Account // of the account being judged: what the evidence function speaks of
	match    Match
	evidence func(written) written
}

// pull reads the app to its end. pullErr is the source's failure, err is ours.
func (r *appRun) pull(ctx context.Context) (pullErr, err error) {
	r.evidence = func(w written) written { return r.am.evidence(w, r.acc, r.match) }
	if r.waiting, _ = r.scan.waiting.Get().(*waitingList); r.waiting == nil {
		r.waiting = &waitingList{}
	}
	end := r.scan.in.step(StepPull, string(r.app.ID))
	for a, perr := range r.app.Source.Accounts(ctx, r.t) {
		if perr != nil {
			pullErr = perr
			break
		}
		r.t.rep.Read++
		if r.ahead.add(&a); r.ahead.n == batch {
			if err := r.first(); err != nil {
				return nil, err
			}
		}
	}
	if err := r.first(); err != nil {
		return pullErr, err
	}
	end(r.t.rep, pullErr)
	end = r.scan.in.step(StepMatch, string(r.app.ID))
	r.am.learned()
	for i := range r.waiting.n {
		w := r.waiting.at(i)
		if err := r.settle(&w.acc, w.class, w.classBy, r.am.rest(&w.acc)); err != nil {
			return pullErr, err
		}
	}
	end(nil, nil)
	r.waiting.reset()
	r.scan.waiting.Put(r.waiting)
	return pullErr, nil
}

// first takes the accounts at hand through the first pass: those whose owner is plain are settled, the others wait.
func (r *appRun) first() error {
	r.ahead.warm(r.scan.matcher, r.aj)
	for i := range r.ahead.of[:r.ahead.n] {
		a := &r.ahead.of[i]
		class, by := r.scan.matcher.classify(r.app.ID, a, r.scan.in.Policy.registered(r.app.ID, a))
		var m Match
		if class == connectors.Human {
			var done bool
			if m, done = r.am.sure(a); !done {
				r.waiting.add(a, class, by)
				continue
			}
		}
		if err := r.settle(a, class, by, m); err != nil {
			return err
		}
	}
	r.ahead.n = 0
	return nil
}

// settle counts, judges and hands on one account whose class and match are known.
func (r *appRun) settle(a *connectors.Account, class connectors.Class, by string, m Match) error {
	r.acc, r.match = a, m
	rep := r.t.rep
	rep.Entitlements += len(a.Entitlements)
	if a.Enabled != connectors.No {
		rep.Enabled++
	}
	switch {
	case class != connectors.Human:
		rep.NonHuman++
	case m.Owner != nil:
		rep.Matched++
	default:
		rep.Unmatched++
	}
	s := subject{acc: a, class: class, match: m}
	if class == connectors.Human {
		rep.Grades[m.Grade]++
		s.partial = len(rep.UnseenRights) > 0 && slices.Contains(rep.UnseenRights, a.ID)
		s.blind = !m.Sure() && r.scan.blind.fits(a)
	} else {
		s.dutyRef = a.OwnerRef
		if owner := r.scan.in.Policy.registeredOwner(r.app.ID, a); owner != "" {
			s.dutyRef = string(owner)
		}
		if s.dutyRef != "" {
			s.duty = r.scan.matcher.ref(s.dutyRef)
			s.blind = s.duty == nil && r.scan.blind.refers(s.dutyRef)
		}
	}
	r.aj.account(s, r.evidence)
	if r.sink == nil {
		return nil
	}
	return r.sink(&AccountLine{App: r.app.ID, Account: a, Class: class, ClassBy: by, Match: m, Power: a.Enabled != connectors.No && r.aj.power})
}

// An app list that shrinks by more than this at once is not believed: it would make orphans look clean.
const (
	maxPullShrink   = 20 // percent
	minPullShrink   = 5
	maxRightsShrink = 50 // percent: cleaning up may take many away
)

// compare holds the pull against the last complete one.
func (r *appRun) compare(last *PullFacts) {
	rep := r.t.rep
	if last != nil {
		rep.Previous = last.Accounts
	}
	if rep.State != SourceOK {
		return
	}
	accounts := rep.Read - rep.Rejected
	switch {
	case accounts == 0 && (last == nil || last.Accounts > 0):
		rep.State = SourceIncomplete
		rep.Problem = fmt.Sprintf("%s lists no accounts at all; an app without accounts is more often an export without rows: check it; if it is true, say so with: rollcall sources accept %s --reason …", rep.Info.Location, rep.Name)
	case last != nil && last.Rights-rep.Entitlements >= minPullShrink && (last.Rights-rep.Entitlements)*100 > last.Rights*maxRightsShrink:
		rep.State = SourceIncomplete
		rep.Problem = fmt.Sprintf("its accounts hold %d entitlements, in the last complete pull (%s) they held %d; if that is true, say so with: rollcall sources accept %s --reason …",
			rep.Entitlements, last.AsOf, last.Rights, rep.Name)
	case last != nil && last.Accounts-accounts >= minPullShrink && (last.Accounts-accounts)*100 > last.Accounts*maxPullShrink:
		rep.State = SourceIncomplete
		rep.Problem = fmt.Sprintf("it lists %d accounts, the last complete pull (%s) had %d; if that is true, say so with: rollcall sources accept %s --reason …",
			accounts, last.AsOf, last.Accounts, rep.Name)
	}
}
