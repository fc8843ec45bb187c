package scanner

import (
	"fmt"
	"slices"

	"rollcall/connectors"
)

// FactBasis is the name of the fact that says what a verdict on access rests on where it is not the policy. What rests on
// BasisPeers is never acted on unasked: that nobody else holds a thing does not make it wrong.
const (
	FactBasis  = "basis"
	BasisPeers = "peers"
)

// What others hold is only believed when enough of them could hold it.
const (
	explainEnough = 2  // people of a role with an account in the app, to say that the role explains what most of them hold
	denyEnough    = 3  // and to say that it does not; see voices
	excessEnough  = 8  // and that none of the roles does: then only this person speaks for it
	usualPercent  = 50 // of them hold what the role explains
	rarePercent   = 10 // of them may hold what it does not
)

// custom is what the people of a role say of an entitlement by holding it or not.
type custom uint8

const (
	tooFew custom = iota
	rare          // the role does not explain it
	mixed         // some hold it: neither is said
	usual         // the role explains it
)

// endHoldings ends the app for what could only be told when all of it was read.
func (aj *appJudge) endHoldings(complete bool) {
	h := aj.holdings
	if h == nil {
		return
	}
	h.settle()
	var c counts
	if complete {
		c = h.count(aj.presentRole)
		c.adoption(aj.staff)
	}
	if aj.mining {
		c.names = aj.ents.names
		aj.counted = &c
		return
	}
	for first := 0; first < len(h.rows); {
		p, last := h.owner(&h.rows[first]), first+1
		for last < len(h.rows) && h.owner(&h.rows[last]) == p {
			last++
		}
		switch rows := h.rows[first:last]; {
		case !h.seats[rows[0].seat].byPeers:
		case complete:
			aj.peersOf(p, &c, rows)
		default:
			aj.gaps[gapMoverPolicy]++
			aj.gaps[gapExcessPolicy]++
		}
		first = last
	}
}

// peersOf judges what a person holds in the app by what others of the same roles hold. Whom too few others could speak
// for is counted once.
func (aj *appJudge) peersOf(p *Person, c *counts, rows []holding) {
	roles := aj.rolesOf(p)
	few := false
	for i := range rows {
		r := &rows[i]
		if aj.ents.allowed(noRole, r.ent) {
			continue
		}
		now := aj.peersSay(c, roles[0], r, p)
		if now.custom != rare {
			few = few || now.custom == tooFew
			continue
		}
		says := []peerSaying{now}
		for _, role := range roles[1:] {
			says = append(says, aj.peersSay(c, role, r, p))
		}
		switch former := explaining(says); {
		case former > 0:
			aj.moverByPeers(p, r, now, says[former])
		case slices.ContainsFunc(says, func(s peerSaying) bool { return s.custom == mixed }):
		case slices.ContainsFunc(says, func(s peerSaying) bool { return s.voices < excessEnough }):
			few = true
		default:
			aj.excessByPeers(p, r, says)
		}
	}
	if few {
		aj.gaps[gapExcessPeers]++
	}
	if few && len(roles) > 1 {
		aj.gaps[gapMoverPeers]++
	}
}

// peerSaying is what the people of a role, without the one who is judged, say of an entitlement.
type peerSaying struct {
	role   roleID
	custom custom
	policy bool // it is the policy that says so
	portion
	staff  int     // all of them
	voices float64 // those with an account here; others count half, as far as an account is usual in roles the app is for
}

// peerWords are the share: "38 of 40 FIN_AP with an account here".
func (aj *appJudge) peerWords(s peerSaying) string {
	switch role := aj.roles.name(s.role); {
	case s.policy && s.custom == usual:
		return "the policy gives it to " + role
	case s.policy:
		return "the policy does not give it to " + role
	case s.of == 0:
		return fmt.Sprintf("none of %d %s, who have no account here", s.staff, role)
	default:
		return fmt.Sprintf("%d of %d %s with an account here", s.n, s.of, role)
	}
}

// peersSay asks the policy where it knows the role, else the people of the role.
func (aj *appJudge) peersSay(c *counts, role roleID, r *holding, p *Person) peerSaying {
	s := peerSaying{role: role, portion: c.of(role, r.ent), staff: aj.staff[role]}
	if aj.presentRole(p) == role {
		s.staff--
		if !r.kept {
			s.n--
			s.of--
		}
	}
	if aj.ents.named && aj.roles.inPolicy[role] {
		s.policy, s.voices, s.custom = true, excessEnough, rare
		if aj.ents.allowed(role, r.ent) {
			s.custom = usual
		}
		return s
	}
	s.voices = float64(s.of) + float64(aj.staff[role]-c.people[role])*c.adopted/2
	switch {
	case s.of >= explainEnough && s.least(usualPercent):
		s.custom = usual
	case s.n == 0 && s.voices >= denyEnough, s.of >= denyEnough && s.n*100 <= s.of*rarePercent:
		s.custom = rare
	case s.of >= denyEnough:
		s.custom = mixed
	}
	return s
}

// explaining is the latest earlier role whose people usually hold it; 0 when there is none.
func explaining(says []peerSaying) int {
	for k := 1; k < len(says); k++ {
		if says[k].custom == usual {
			return k
		}
	}
	return 0
}

const peersDecide = "The policy does not say whether that is right: a person decides."

// moverByPeers is moverStacking without a policy: the peers of an earlier role usually hold it, and next to nobody of the
// present one does.
func (aj *appJudge) moverByPeers(p *Person, h *holding, now, former peerSaying) {
	r := &aj.rules.mover
	held := aj.facts(p)
	if !r.on || held.since > aj.AsOf-r.days {
		return
	}
	if !held.since.Known() {
		aj.gaps[gapMoverHistory]++
		return
	}
	seat := &aj.holdings.seats[h.seat]
	e := aj.ents.names[h.ent]
	had, since := aj.before(seat.id, e, h.granted, held.since)
	if had == connectors.Unknown {
		aj.gaps[gapMoverGrant]++
	}
	if had != connectors.Yes {
		return
	}
	f := Finding{Kind: MoverStacking, Entitlement: e, Severity: r.sev(severityPeers, h.privileged), Group: "mover by peers:" + string(p.ID)}
	why := aj.say(aj.who(p), " is ", aj.roles.name(now.role), " since ", aj.on(held.since), " and still holds ", string(e), ". Others who hold it: in the present role ",
		aj.peerWords(now), "; in the earlier role ", aj.peerWords(former), ". ", peersDecide)
	aj.emitHeld(f, h, why, Fact{"peers in the earlier role", aj.peerWords(former)}, Fact{"peers in the present role", aj.peerWords(now)},
		Fact{"granted", since}, r.fact)
}

// excessByPeers is excessAccess without a policy: next to nobody of any role the person held has it.
func (aj *appJudge) excessByPeers(p *Person, h *holding, says []peerSaying) {
	r := &aj.rules.excess
	if !r.on {
		return
	}
	e := aj.ents.names[h.ent]
	held := aj.facts(p)
	f := Finding{Kind: ExcessAccess, Entitlement: e, Severity: r.sev(severityPeers, h.privileged)}
	ending := ". "
	if !held.whole && !(held.from.Known() && h.granted >= held.from) {
		f.Reason, f.Severity = ReasonHistoryUnknown, r.sev(severityPeersUnknown, h.privileged)
		ending = "; an earlier role that is not known may explain it. "
	}
	words := ""
	for k, s := range says {
		if k > 0 {
			words += "; "
		}
		words += aj.peerWords(s)
	}
	why := aj.say(aj.who(p), " holds ", string(e), ", which is rare among others of the same roles: ", words, ending, peersDecide)
	aj.emitHeld(f, h, why, Fact{"peers", words}, Fact{"granted", aj.day(h.granted)}, r.fact)
}

// emitHeld completes a finding on a holding and keeps it.
func (aj *appJudge) emitHeld(f Finding, h *holding, why []byte, own ...Fact) {
	seat := &aj.holdings.seats[h.seat]
	f.App, f.Account, f.Grade, f.By = aj.app.ID, seat.id, seat.grade, seat.by
	f.Evidence = append(aj.holderFacts(&seat.holder), aj.roleFacts(seat.owner, aj.holdings.inherited(h))...)
	f.Evidence = append(append(f.Evidence, Fact{FactBasis, BasisPeers}), own...)
	aj.keep(f, seat.owner, why, "")
}
