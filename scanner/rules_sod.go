package scanner

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"rollcall/connectors"
)

// sodSide is one side of one of the policy's SoD rules.
type sodSide struct {
	rule int32
	b    bool
}

// sodPattern finds the entitlements of an app that are such a side.
type sodPattern struct {
	pattern string
	side    sodSide
}

func sodPatterns(p *Policy, app connectors.AppID) []sodPattern {
	var list []sodPattern
	for i, r := range p.SoD {
		if r.A.App == app {
			list = append(list, sodPattern{fold(r.A.Entitlement), sodSide{int32(i), false}})
		}
		if r.B.App == app {
			list = append(list, sodPattern{fold(r.B.Entitlement), sodSide{int32(i), true}})
		}
	}
	return list
}

// sodHit is one side of a rule in somebody's hands.
type sodHit struct {
	side   sodSide
	app    *appJudge
	holder holder
	ent    connectors.EntitlementID
}

// sodSides notes which sides the account at hand holds.
func (aj *appJudge) sodSides() {
	if !aj.rules.sod.on || len(aj.ents.sod) == 0 {
		return
	}
	for i, ent := range aj.held {
		for _, side := range aj.ents.all[ent].sides {
			h := holderOf(&aj.s)
			h.id, h.login = connectors.AccountID(strings.Clone(string(h.id))), strings.Clone(h.login) // it outlives the app's texts
			aj.hits = append(aj.hits, sodHit{side, aj, h, aj.s.acc.Entitlements[i].ID})
		}
	}
}

type sodKey struct {
	rule   int32
	person int
}

// sodPeople are the people who hold a side of a rule: a bit each.
type sodPeople [2][]uint64

func (p *sodPeople) add(b bool, person int) {
	side := &p[0]
	if b {
		side = &p[1]
	}
	for len(*side) <= person/64 {
		*side = append(*side, 0)
	}
	(*side)[person/64] |= 1 << (person % 64)
}

// both tells whether a person holds both sides.
func (p *sodPeople) both(person int) bool {
	word := person / 64
	return word < len(p[0]) && word < len(p[1]) && (p[0][word]&p[1][word])>>(person%64)&1 != 0
}

// sodConflicts judges people whose enabled accounts, in whatever apps, hold both sides of a rule. Every account that
// holds a side is a finding; those of one person and rule are one case.
func (j *judge) sodConflicts(apps []*appJudge) []Finding {
	people := make([]sodPeople, len(j.Policy.SoD)) // by rule
	for _, aj := range apps {
		for i := range aj.hits {
			h := &aj.hits[i]
			people[h.side.rule].add(h.side.b, h.holder.owner.Index)
		}
	}
	conflicts := map[sodKey][]sodHit{}
	for _, aj := range apps {
		for i := range aj.hits {
			h := &aj.hits[i]
			if k := (sodKey{h.side.rule, h.holder.owner.Index}); people[k.rule].both(k.person) {
				conflicts[k] = append(conflicts[k], *h)
			}
		}
		aj.hits = nil
	}
	var findings []Finding
	for k, hits := range conflicts {
		findings = append(findings, j.sodConflict(k.rule, hits)...)
	}
	return findings
}

func (j *judge) sodConflict(rule int32, hits []sodHit) []Finding {
	slices.SortFunc(hits, func(a, b sodHit) int {
		return cmp.Or(cmp.Compare(a.app.app.ID, b.app.app.ID), cmp.Compare(a.holder.id, b.holder.id), cmpBool(a.side.b, b.side.b), cmp.Compare(a.ent, b.ent))
	})
	var findings []Finding
	for i := range hits {
		h := &hits[i]
		if i > 0 && hits[i-1].app == h.app && hits[i-1].holder.id == h.holder.id {
			continue // one finding an account: the others are related
		}
		findings = append(findings, j.sodFinding(rule, hits, i))
	}
	return findings
}

func cmpBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func (j *judge) sodFinding(n int32, hits []sodHit, i int) Finding {
	rule := &j.Policy.SoD[n]
	h := &hits[i]
	p := h.holder.owner
	r := &h.app.rules.sod
	base := r.base
	if rule.Severity != nil {
		base = *rule.Severity
	}
	f := Finding{Kind: SoDConflict, App: h.app.app.ID, Account: h.holder.id, Entitlement: h.ent, Person: p.ID, Grade: h.holder.grade,
		By: h.holder.by, Severity: r.sev(base, false), Group: "sod:" + rule.ID + ":" + string(p.ID)}
	var other *sodHit // the first that holds the other side
	for k := range hits {
		o := &hits[k]
		if k != i {
			f.Related = append(f.Related, Related{o.app.app.ID, o.holder.id, o.ent})
		}
		if other == nil && o.side.b != h.side.b {
			other = o
		}
	}
	f.Related = slices.CompactFunc(f.Related, func(a, b Related) bool { return a == b })
	name := rule.Name
	if name == "" {
		name = "the policy says that one person must not hold both"
	}
	f.Why = who(p) + " holds both " + string(h.ent) + " in " + h.app.title() + " and " + string(other.ent) + " in " + other.app.title() + ": " + name + " (" + rule.ID + ")."
	f.Evidence = append(j.holderFacts(&h.holder), Fact{"rule", rule.ID + " " + rule.Name},
		Fact{"side", string(h.app.app.ID) + " " + string(h.ent)}, Fact{"other side", string(other.app.app.ID) + " " + string(other.ent)},
		Fact{"policy", "sod[" + strconv.Itoa(int(n)) + "]"})
	seal(&f, rule.ID)
	return f
}

func (aj *appJudge) title() string {
	if aj.app.Title != "" {
		return aj.app.Title
	}
	return string(aj.app.ID)
}
