package scanner

import (
	"rollcall/connectors"
)

// roleRules judges what the owner's roles explain, by the policy: mover_stacking and excess_access. What it says nothing of
// is judged by peers at the end of the app.
func (aj *appJudge) roleRules(p *Person) {
	if !aj.rules.mover.on && !aj.rules.excess.on || len(aj.held) == 0 {
		return
	}
	owner := aj.s.owner
	known := owner.role != noRole && aj.ents.named && aj.roles.inPolicy[owner.role]
	if !known && owner.present() == noRole {
		aj.gaps[gapMoverRole]++
		aj.gaps[gapExcessRole]++
		return
	}
	if owner.from == 0 && owner.n < 2 {
		aj.gaps[gapMoverHistory]++
	}
	if !known {
		return // by peers, when all of them are known
	}
	for i, ent := range aj.held {
		if aj.ents.allowed(owner.role, ent) {
			continue
		}
		roles := aj.roles.roles(&owner.heldRoles)
		if former := aj.formerRole(roles, ent); former != noRole {
			aj.moverStacking(p, former, i)
		} else {
			aj.excessAccess(p, roles, i)
		}
	}
}

// formerRole is the latest earlier role that explains the entitlement.
func (aj *appJudge) formerRole(roles []roleID, ent int32) roleID {
	for _, role := range roles[1:] {
		if aj.ents.allowed(role, ent) {
			return role
		}
	}
	return noRole
}

// moverStacking judges an entitlement that an earlier role explains and the present one does not. It must have been
// there before the present role began: what was granted since is somebody's decision, not something left behind.
func (aj *appJudge) moverStacking(p *Person, former roleID, i int) {
	r := &aj.rules.mover
	held := aj.s.owner
	if !r.on || held.since > aj.AsOf-r.days {
		return
	}
	if !held.since.Known() {
		aj.gaps[gapMoverHistory]++
		return
	}
	e := &aj.s.acc.Entitlements[i]
	had, since := aj.before(aj.s.acc.ID, e.ID, e.Granted, held.since)
	if had == connectors.Unknown {
		aj.gaps[gapMoverGrant]++
	}
	if had != connectors.Yes {
		return
	}
	present := aj.roles.name(held.role)
	why := aj.say(aj.who(p), " is ", present, " since ", aj.on(held.since), " and still holds ", string(e.ID), ", which only the earlier role ",
		aj.roles.name(former), " explains.")
	facts := aj.roleFacts(p, e.Inherited)
	aj.emit(Finding{Kind: MoverStacking, Entitlement: e.ID, Severity: r.sev(r.base, aj.privileged(i, e)), Group: "mover:" + string(p.ID)},
		why, append(facts, Fact{"granted", since}, Fact{"policy", aj.roles.paths[former]}, r.fact)...)
}

// before tells whether an entitlement was held before the day, and in words how that is known.
func (aj *appJudge) before(acc connectors.AccountID, ent connectors.EntitlementID, granted, day connectors.Date) (connectors.Tri, string) {
	if granted.Known() {
		return connectors.Is(granted < day), aj.day(granted)
	}
	if aj.grants == nil {
		return connectors.Unknown, ""
	}
	seen := aj.grants.FirstSeen(acc, ent)
	switch {
	case seen.Known() && seen <= day:
		return connectors.Yes, "first seen on " + seen.String()
	case aj.grants.Since().Known() && aj.grants.Since() < day:
		return connectors.No, "" // the app was read before the move, and it was not there
	}
	return connectors.Unknown, ""
}

// excessAccess judges an entitlement that no role the owner ever held explains. Where an unknown earlier role could
// explain it, the finding says so.
func (aj *appJudge) excessAccess(p *Person, roles []roleID, i int) {
	r := &aj.rules.excess
	if !r.on {
		return
	}
	for _, role := range roles {
		if !aj.roles.inPolicy[role] {
			aj.gaps[gapExcessUnknown]++
			return
		}
	}
	e := &aj.s.acc.Entitlements[i]
	held := aj.s.owner
	f := Finding{Kind: ExcessAccess, Entitlement: e.ID, Severity: r.sev(r.base, aj.privileged(i, e))}
	why := aj.say(aj.who(p), " holds ", string(e.ID), ", which no role this person ever held explains.")
	if !held.whole && !(held.from.Known() && e.Granted >= held.from) {
		f.Reason = ReasonHistoryUnknown
		f.Severity = r.sev(severityHistoryUnknown, aj.privileged(i, e))
		since := "only the present role is known"
		if held.from.Known() {
			since = "roles are known since " + aj.day(held.from) + " only"
		}
		why = aj.say(aj.who(p), " holds ", string(e.ID), ", which no known role explains; ", since, ", so an earlier one may.")
	}
	aj.emit(f, why, append(aj.roleFacts(p, e.Inherited), Fact{"granted", aj.day(e.Granted)},
		Fact{"policy", aj.roles.paths[roles[0]]}, r.fact)...)
}

// roleFacts is the role history of a person, and by which group an entitlement is held; valid until it is asked for again.
func (aj *appJudge) roleFacts(p *Person, inherited connectors.EntitlementID) []Fact {
	aj.someFacts = append(aj.someFacts[:0], Fact{"roles", aj.told(p).roles()})
	if inherited != "" {
		aj.someFacts = append(aj.someFacts, Fact{"inherited from", string(inherited)})
	}
	return aj.someFacts
}
