package scanner

import (
	"iter"
	"slices"

	"rollcall/connectors"
)

// appJudge judges the accounts of one app, one at a time, in any order. The loop does not allocate where there is
// nothing to find: names of entitlements become small numbers once, and what a role explains is a bit.
type appJudge struct {
	*judge
	app     *App
	grants  GrantHistory
	signals connectors.Signals
	rules   ruleSets
	ents    entitlements
	slots   slots

	holdings *holdings // nil when the policy says what roles may have here
	counted  *counts   // when mining

	// The account at hand.
	s         subject
	evidence  func(written) written
	shared    sharedFacts // facts all its findings have in common
	held      []int32     // its entitlements, by number
	power     bool        // one of them is privileged
	said      []byte      // see say
	written   written     // facts before they are kept
	someFacts []Fact      // see roleFacts

	drafts    drafts
	yielded   yielding
	accepted  []Finding // set aside, once the app has ended
	hits      []sodHit
	gaps      [gapCount]int
	sawSignIn bool
	sawUse    bool
}

// ruleSets are the rules as they run in one app.
type ruleSets struct {
	orphan, unconfirmed, leave, early, stale, stalePrivilege, mover, excess, sod, ownerless, duplicate, missing,
	reappeared, exit, dormant, weak, expired ruleSet
}

// app makes the judge of one app; it is used by one goroutine.
func (j *judge) app(a *App, grants GrantHistory) *appJudge {
	aj := &appJudge{judge: j, app: a, grants: grants}
	if a.Source != nil {
		aj.signals = a.Source.Info().Signals
	}
	for kind, to := range map[Kind]*ruleSet{OrphanedAccount: &aj.rules.orphan, UnconfirmedOwner: &aj.rules.unconfirmed,
		LeaveNotSuspended: &aj.rules.leave, EarlyAccess: &aj.rules.early, StaleAccount: &aj.rules.stale,
		StalePrivilege: &aj.rules.stalePrivilege, MoverStacking: &aj.rules.mover, ExcessAccess: &aj.rules.excess,
		SoDConflict: &aj.rules.sod, OwnerlessAccount: &aj.rules.ownerless, DuplicateAccount: &aj.rules.duplicate,
		MissingAccess: &aj.rules.missing, ReappearedAccess: &aj.rules.reappeared, SignInAfterExit: &aj.rules.exit,
		DormantCredential: &aj.rules.dormant, WeakSignIn: &aj.rules.weak, ExpiredGrant: &aj.rules.expired} {
		*to = j.Policy.rule(a.ID, kind)
	}
	aj.drafts = j.drafts.take()
	aj.drafts.people, aj.someFacts = j.People.All, make([]Fact, 0, 8)
	aj.ents = newEntitlements(j, a)
	aj.slots = j.slots.take(len(j.People.All), len(aj.ents.musts))
	if j.mining || (aj.rules.mover.on || aj.rules.excess.on) && (j.newRoles || !aj.ents.named) {
		aj.holdings = newHoldings()
	}
	return aj
}

// account judges one account. evidence writes what ties it to its owner; it is asked only when there is a finding.
func (aj *appJudge) account(s subject, evidence func(written) written) {
	aj.s, aj.evidence = s, evidence
	if aj.s.owner = nil; aj.s.match.Owner != nil {
		aj.s.owner = &aj.persons[aj.s.match.index()]
	}
	aj.shared.whole, aj.shared.short = span{}, span{}
	aj.see(s.acc)
	if s.acc.Enabled == connectors.No {
		aj.disabledAccount()
		return
	}
	aj.number(s.acc.Entitlements)
	if aj.Trusted {
		aj.owned()
	} else {
		aj.gaps[gapRoster]++
	}
	stale := aj.staleAccount()
	aj.stalePrivileges(stale)
	aj.dormantCredentials()
	aj.weakSignIn()
	aj.expiredGrants()
	aj.reappeared()
}

// see notes which signals the app really gives: a column that is blank on every row gives none.
func (aj *appJudge) see(a *connectors.Account) {
	aj.sawSignIn = aj.sawSignIn || a.LastSignIn.Known()
	for i := 0; i < len(a.Entitlements) && !aj.sawUse; i++ {
		aj.sawUse = a.Entitlements[i].LastUsed.Known()
	}
}

// owned runs the rules that rest on the roster.
func (aj *appJudge) owned() {
	if aj.s.blind {
		aj.gaps[gapBlind]++
		return
	}
	if aj.s.class != connectors.Human {
		aj.ownerlessAccount()
		return
	}
	aj.ownership()
	owner := aj.s.match.Owner
	if owner == nil || !aj.s.match.Sure() {
		aj.slots.maybe(owner)
		return
	}
	aj.slots.take(aj)
	if aj.s.partial {
		aj.slots.maybe(owner) // what its owner seems to lack may stand in the row that was left out
	}
	aj.sodSides()
	aj.signInAfterExit(owner)
	if aj.s.owner.ended {
		return
	}
	aj.leaveNotSuspended(owner)
	aj.earlyAccess(owner)
	aj.roleRules(owner)
	if role := aj.s.owner.present(); aj.holdings != nil && role != noRole {
		aj.holdings.keep(aj, owner, !aj.ents.named || !aj.roles.inPolicy[role])
	}
}

func (aj *appJudge) disabledAccount() {
	if aj.Trusted && aj.s.class == connectors.Human && aj.s.match.Owner != nil && aj.s.match.Sure() {
		aj.signInAfterExit(aj.s.match.Owner)
	}
}

// end closes the app. complete tells whether the pull was: else nothing that rests on it being whole is said (Law 1).
func (aj *appJudge) end(complete bool) {
	if aj.Trusted {
		aj.duplicates()
	}
	if complete && aj.Trusted {
		aj.missingAccess()
	}
	aj.endHoldings(complete)
	if !complete {
		aj.dropKinds(gapIncomplete, OrphanedAccount, UnconfirmedOwner, OwnerlessAccount)
	}
	if aj.signals.SignIn.Given && !aj.sawSignIn {
		aj.dropKinds(gapSignInBlank, StaleAccount)
		aj.drafts.list = append(aj.drafts.list, aj.yielded.drafts...)
		aj.gaps[gapNeverUsed] += aj.yielded.gaps
	}
	if aj.signals.Use.Given && !aj.sawUse {
		aj.dropKinds(gapUseBlank, StalePrivilege)
	}
	aj.s, aj.evidence, aj.shared, aj.yielded = subject{}, nil, sharedFacts{}, yielding{}
	aj.judge.slots.give(aj.slots)
	aj.ents, aj.slots, aj.holdings = entitlements{}, slots{}, nil
}

// open yields the findings of the ended app that are not set aside, in order, and forgets them; those set aside are
// accepted then. What it yields is valid until the next one.
func (aj *appJudge) open() iter.Seq[*Found] {
	return func(yield func(*Found) bool) {
		for f := range aj.drafts.sorted(aj.app.ID) {
			if aj.aside.mayCover(f) {
				whole := f.Finding()
				if aj.aside.covers(whole) {
					aj.accepted = append(aj.accepted, *whole)
					continue
				}
				f = FoundOf(whole)
			}
			if !yield(f) {
				break
			}
		}
		aj.judge.drafts.give(aj.drafts)
		aj.drafts = drafts{}
	}
}

// dropKinds takes findings back and counts them as not judged.
func (aj *appJudge) dropKinds(why gap, kinds ...Kind) {
	before := len(aj.drafts.list)
	aj.drafts.list = slices.DeleteFunc(aj.drafts.list, func(d draft) bool { return slices.Contains(kinds, Kinds[d.kind]) })
	aj.gaps[why] += before - len(aj.drafts.list)
}
