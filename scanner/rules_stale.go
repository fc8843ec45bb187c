package scanner

import "rollcall/connectors"

// unused is a date to count from, and in words what happened then.
type unused struct {
	since connectors.Date
	what  string
}

// beyond tells whether more than the rule's days have passed: on day N all is well, on day N+1 it is not. What a late
// signal may not have reported yet is not held against anybody.
func (aj *appJudge) beyond(since connectors.Date, r *ruleSet, s connectors.Signal) bool {
	return aj.AsOf-since > r.days+connectors.Date(s.LagDays)
}

// ages tells whether accounts of this class are meant to be used all the time: shared mailboxes and break-glass are not.
func ages(c connectors.Class) bool {
	return c == connectors.Human || c == connectors.Service || c == connectors.Guest
}

// staleAccount judges accounts nobody signs in to, and tells whether the account at hand is stale.
func (aj *appJudge) staleAccount() bool {
	r := &aj.rules.stale
	if !r.on || !ages(aj.s.class) {
		return false
	}
	if aj.signals.Off {
		aj.gaps[gapStaleOff]++
		return false
	}
	if !aj.signals.SignIn.Given {
		aj.gaps[gapNoSignIn]++
		return false
	}
	a := aj.s.acc
	last := unused{a.LastSignIn, "The last sign-in was on "}
	if !last.since.Known() && a.SignInUnknown {
		aj.gaps[gapSignInUnknown]++
		return false
	}
	if !last.since.Known() {
		last = aj.neverUsed(a.Created, "", "Nobody has ever signed in; the account was created on ", "Nobody has ever signed in; the account was first seen on ")
	}
	if !last.since.Known() {
		aj.gaps[gapNeverSignedIn]++
		return false
	}
	if !aj.beyond(last.since, r, aj.signals.SignIn) {
		return false
	}
	f := Finding{Kind: StaleAccount, Severity: r.sev(r.base, aj.power)}
	aj.drafts.list = append(aj.drafts.list, aj.complete(&f, aj.say(last.what, aj.on(last.since), r.beyond, "."), "", aj.shortFacts(),
		[]Fact{{"last sign-in", aj.dayOr(a.LastSignIn, "never")}, {"created", aj.day(a.Created)}, r.fact}))
	return true
}

// neverUsed counts from the day something was given, else from the day it was first seen, when it was at least so old.
func (aj *appJudge) neverUsed(given connectors.Date, ent connectors.EntitlementID, givenOn, seenOn string) unused {
	if given.Known() {
		return unused{given, givenOn}
	}
	if aj.grants == nil {
		return unused{}
	}
	return unused{aj.grants.FirstSeen(aj.s.acc.ID, ent), seenOn}
}

// yielding is what stalePrivileges found on stale accounts before any sign-in was seen in the app: should none ever be,
// the staleness is taken back, and this stands.
type yielding struct {
	drafts []draft
	gaps   int
}

// stalePrivileges judges entitlements nobody uses. They yield to stale_account on the same account.
func (aj *appJudge) stalePrivileges(stale bool) {
	r := &aj.rules.stalePrivilege
	if !r.on || !ages(aj.s.class) || len(aj.held) == 0 {
		return
	}
	if aj.signals.Off {
		aj.gaps[gapUseOff]++
		return
	}
	if !aj.signals.Use.Given {
		aj.gaps[gapNoUse]++
		return
	}
	list, gaps := &aj.drafts.list, &aj.gaps[gapNeverUsed]
	if stale {
		if aj.sawSignIn {
			return
		}
		list, gaps = &aj.yielded.drafts, &aj.yielded.gaps
	}
	for i := range aj.s.acc.Entitlements {
		e := &aj.s.acc.Entitlements[i]
		last := unused{e.LastUsed, " was last used on "}
		if !last.since.Known() {
			last = aj.neverUsed(e.Granted, e.ID, " was never used; it was granted on ", " was never used; it was first seen on ")
		}
		if !last.since.Known() {
			*gaps++
			continue
		}
		if !aj.beyond(last.since, r, aj.signals.Use) {
			continue
		}
		f := Finding{Kind: StalePrivilege, Entitlement: e.ID, Severity: r.sev(r.base, aj.privileged(i, e))}
		*list = append(*list, aj.complete(&f, aj.say(string(e.ID), last.what, aj.on(last.since), r.beyond, "."), "", aj.shortFacts(),
			[]Fact{{"last used", aj.dayOr(e.LastUsed, "never")}, {"granted", aj.day(e.Granted)}, r.fact}))
	}
}

// dormantCredentials judges keys and tokens that nobody used or rotated.
func (aj *appJudge) dormantCredentials() {
	r := &aj.rules.dormant
	if !r.on {
		return
	}
	if aj.signals.Off { // one that is used would look dormant
		aj.gaps[gapDormantOff] += len(aj.s.acc.Credentials)
		return
	}
	for i := range aj.s.acc.Credentials {
		c := &aj.s.acc.Credentials[i]
		since := max(c.Created, c.LastUsed)
		if !since.Known() {
			aj.gaps[gapCredential]++
			continue
		}
		if !aj.beyond(since, r, connectors.Signal{}) {
			continue
		}
		kind := c.Kind
		if kind == "" {
			kind = "credential"
		}
		aj.emitExtra(Finding{Kind: DormantCredential, Severity: r.sev(r.base, aj.power)},
			aj.say("The ", kind, " ", string(c.ID), " was neither used nor renewed since ", aj.on(since), r.beyond, ", and it still works."),
			string(c.ID), Fact{FactCredential, string(c.ID)}, Fact{"credential created", aj.day(c.Created)},
			Fact{"credential last used", aj.dayOr(c.LastUsed, "never")}, r.fact)
	}
}
