package scanner

import (
	"cmp"
	"slices"
	"strconv"

	"rollcall/connectors"
)

// duplicates judges people with several enabled accounts in the app. The one that is used stays; each other one is a finding.
func (aj *appJudge) duplicates() {
	r := &aj.rules.duplicate
	if !r.on {
		return
	}
	for slot, more := range aj.slots.more {
		accounts := append([]holder{*aj.slots.first(slot)}, more...)
		slices.SortFunc(accounts, func(a, b holder) int {
			return cmp.Or(-cmp.Compare(a.signIn, b.signIn), cmp.Compare(a.id, b.id))
		})
		accounts = slices.CompactFunc(accounts, func(a, b holder) bool { return a.id == b.id })
		for i := range accounts[1:] {
			aj.duplicate(r, accounts, i+1)
		}
	}
}

func (aj *appJudge) duplicate(r *ruleSet, accounts []holder, i int) {
	h, p := &accounts[i], accounts[i].owner
	f := Finding{Kind: DuplicateAccount, App: aj.app.ID, Account: h.id, Grade: h.grade, By: h.by, Severity: r.sev(r.base, false),
		Group: "duplicate:" + string(aj.app.ID) + ":" + string(p.ID)}
	for k := range accounts {
		if k != i {
			f.Related = append(f.Related, Related{App: aj.app.ID, Account: accounts[k].id})
		}
	}
	slices.SortFunc(f.Related, func(a, b Related) int { return cmp.Compare(a.Account, b.Account) })
	f.Evidence = aj.holderFacts(h)
	if aj.signals.Off { // the first is only the first by its id
		f.Evidence = append(f.Evidence, r.fact)
		aj.keep(f, p, aj.say(aj.who(p), " has ", strconv.Itoa(len(accounts)), " enabled accounts in this app: ask which one to keep."), "")
		return
	}
	f.Evidence = append(f.Evidence, Fact{"last sign-in", h.signIn.String()}, Fact{"last sign-in of the other", accounts[0].signIn.String()}, r.fact)
	aj.keep(f, p, aj.say(aj.who(p), " has ", strconv.Itoa(len(accounts)), " enabled accounts in this app; ", string(accounts[0].id), " is the one to keep, unless this one has a use of its own."), "")
}

// holderFacts is what is known of an account after its turn.
func (j *judge) holderFacts(h *holder) []Fact {
	w := writeAccount(make(written, 0, 256), h.login, h.enabled).fact("match", h.grade.String(), " by ", h.by.String())
	return cutFacts(make([]Fact, 0, 8), append(w, j.told(h.owner).hrFacts()...))
}

// missingAccess judges whether everybody who is here has what their role must have. It is only asked of a complete pull.
func (aj *appJudge) missingAccess() {
	r := &aj.rules.missing
	if !r.on || len(aj.ents.musts) == 0 {
		return
	}
	for _, p := range aj.People.All {
		f := aj.facts(p)
		if f.ended || f.firstDay.Known() || f.leaveSince.Known() || f.leaveOpen || p.Now.Status == connectors.Preboarding {
			continue
		}
		role := f.role
		for m := range aj.ents.musts {
			if aj.ents.needs(role, int32(m)) {
				aj.lacks(r, p, role, int32(m))
			}
		}
	}
}

// needs tells whether holders of a role must have something.
func (e *entitlements) needs(role roleID, m int32) bool {
	return e.musts[m].all != "" || role != noRole && slices.Contains(e.need[role], m)
}

func (aj *appJudge) lacks(r *ruleSet, p *Person, role roleID, m int32) {
	slot := aj.slots.of[p.Index] - 1
	if slot >= 0 && aj.slots.has(slot, m) {
		return
	}
	if aj.slots.likely[int32(p.Index)] {
		aj.gaps[gapMissingLikely]++
		return
	}
	must := &aj.ents.musts[m]
	whose := "everybody"
	path := must.all
	if path == "" {
		whose = "everybody who is " + aj.roles.name(role)
		path = "roles." + aj.roles.name(role)
	}
	f := Finding{Kind: MissingAccess, App: aj.app.ID, Entitlement: must.name, Severity: r.sev(r.base, false)}
	has := "has no enabled account here"
	f.Evidence = cutFacts(nil, []byte(aj.told(p).hrFacts()))
	if slot >= 0 {
		h := aj.slots.lowest(slot)
		f.Account, f.Grade, f.By = h.id, h.grade, h.by
		f.Evidence = aj.holderFacts(h)
		has = "lacks it"
	}
	f.Evidence = append(f.Evidence, r.fact, Fact{"policy", path})
	aj.keep(f, p, aj.say(string(must.name), " is for ", whose, ", and ", aj.who(p), " ", has, "."), string(p.ID))
}

// lowest is the slot's account with the least id, whatever the order they came in.
func (t *slots) lowest(slot int32) *holder {
	h := t.first(slot)
	for i := range t.more[slot] {
		if t.more[slot][i].id < h.id {
			h = &t.more[slot][i]
		}
	}
	return h
}
