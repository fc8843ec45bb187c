package scanner

// leaveNotSuspended judges accounts that work while their owner is on extended leave. Where HR gives dates they decide;
// a status without one cannot be held against the grace period.
func (aj *appJudge) leaveNotSuspended(p *Person) {
	r := &aj.rules.leave
	f := aj.s.owner
	if !r.on || !aj.app.SuspendOnLeave {
		return
	}
	if f.leaveOpen {
		aj.gaps[gapLeaveStart]++
		return
	}
	if !f.leaveSince.Known() || f.leaveSince > aj.AsOf-r.days {
		return
	}
	until := "no end is given"
	if p.Now.LeaveEnd.Known() {
		until = "until " + p.Now.LeaveEnd.String()
	}
	says, used := aj.lastUse()
	aj.emit(Finding{Kind: LeaveNotSuspended, Severity: r.sev(r.base, aj.power)},
		aj.say(aj.who(p), " is on leave since ", aj.on(f.leaveSince), ", ", until, "; the account still works, and ", says, used, "."), r.fact)
}

// earlyAccess judges accounts that work before their owner's first day.
func (aj *appJudge) earlyAccess(p *Person) {
	r := &aj.rules.early
	f := aj.s.owner
	if !r.on || !f.firstDay.Known() || f.firstDay-aj.AsOf <= r.days {
		return
	}
	base := r.base
	if aj.s.acc.LastSignIn.Known() {
		base = severityEarlyAndUsed
	}
	says, used := aj.lastUse()
	aj.emit(Finding{Kind: EarlyAccess, Severity: r.sev(base, aj.power)},
		aj.say(aj.who(p), " starts on ", aj.on(f.firstDay), "; the account already works, and ", says, used, "."), r.fact)
}

// expiredGrants judges entitlements that were granted until a day that has passed.
func (aj *appJudge) expiredGrants() {
	r := &aj.rules.expired
	if !r.on {
		return
	}
	for i := range aj.s.acc.Entitlements {
		e := &aj.s.acc.Entitlements[i]
		if !e.Until.Known() || e.Until >= aj.AsOf {
			continue
		}
		aj.emit(Finding{Kind: ExpiredGrant, Entitlement: e.ID, Severity: r.sev(r.base, aj.privileged(i, e))},
			aj.say(string(e.ID), " was granted until ", aj.on(e.Until), " and is still held."), Fact{"until", aj.day(e.Until)}, r.fact)
	}
}
