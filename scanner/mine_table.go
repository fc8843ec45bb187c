package scanner

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// In a role with few people, one of them may do when a wider group holds the same: then more of that group must.
const (
	groupSupport = 4
	groupShare   = 80
)

// An entitlement is normal for everybody when it is in the roles of so many percent of the people whose roles can tell, and
// so many percent of all people are in such roles.
const (
	everybodyShare = 90
	everybodyVoice = 80
)

// miner reads tables off counts.
type miner struct {
	*judge
	Mining
	ids    []roleID      // the roles somebody has
	roles  []MinedRole   // of ids, and "*" as the last one
	groups [][]roleGroup // of ids: wider ones that speak for a role with few people, the nearest first
}

// roleGroup is a set of roles whose people are counted together.
type roleGroup struct {
	name  string
	roles []roleID
}

func newMiner(j *judge, m Mining) *miner {
	t := &miner{judge: j, Mining: m}
	depts, titles := map[roleID]map[string]int{}, map[roleID]map[string]int{}
	for _, p := range j.People.All {
		role := j.presentRole(p)
		if role == noRole {
			continue
		}
		if depts[role] == nil {
			t.ids = append(t.ids, role)
			depts[role], titles[role] = map[string]int{}, map[string]int{}
		}
		depts[role][strings.TrimSpace(p.Now.Department)]++
		titles[role][strings.TrimSpace(p.Now.Title)]++
	}
	slices.SortFunc(t.ids, func(a, b roleID) int { return cmp.Compare(j.roles.name(a), j.roles.name(b)) })
	jobs, byDept := make([]job, len(t.ids)), map[string][]job{}
	for i, id := range t.ids {
		jobs[i] = job{id, mostCommon(depts[id]), mostCommon(titles[id])}
		byDept[jobs[i].dept] = append(byDept[jobs[i].dept], jobs[i])
		t.roles = append(t.roles, MinedRole{Name: j.roles.name(id), About: jobs[i].about(), People: j.staff[id]})
	}
	for _, job := range jobs {
		t.groups = append(t.groups, job.groups(byDept[job.dept]))
	}
	t.roles = append(t.roles, MinedRole{Name: everybody, About: "everybody"})
	return t
}

// mostCommon is the text that occurs most often, the first by name of several; empty ones do not count.
func mostCommon(n map[string]int) string {
	best := ""
	for _, s := range slices.Sorted(maps.Keys(n)) {
		if s != "" && (best == "" || n[s] > n[best]) {
			best = s
		}
	}
	return best
}

// job is a role with the department and the title most of its people have.
type job struct {
	role        roleID
	dept, title string
}

func (j job) about() string {
	if j.dept == "" || j.title == "" {
		return j.title + j.dept
	}
	return j.title + ", " + j.dept
}

// groups are the wider groups a role is in: its kind of job in the department, then the department.
func (j job) groups(dept []job) []roleGroup {
	var groups []roleGroup
	root := j.title
	for _, other := range dept {
		if other.title != "" && len(other.title) < len(root) && sameJob(other.title, j.title) {
			root = other.title
		}
	}
	if root != "" {
		g := roleGroup{name: root}
		for _, other := range dept {
			if sameJob(root, other.title) {
				g.roles = append(g.roles, other.role)
			}
		}
		groups = append(groups, g)
	}
	if j.dept != "" {
		g := roleGroup{name: j.dept}
		for _, other := range dept {
			g.roles = append(g.roles, other.role)
		}
		groups = append(groups, g)
	}
	return groups
}

// sameJob tells whether a title begins or ends with the words of another, as Senior Recruiter does with Recruiter: the
// grades of one job differ in such words, in any language.
func sameJob(root, title string) bool {
	root, title = foldRole(root), foldRole(title)
	return root != "" && (root == title || strings.HasPrefix(title, root+" ") || strings.HasSuffix(title, " "+root))
}

// app adds what is normal in one app.
func (t *miner) app(aj *appJudge) {
	c := aj.counted
	for _, ent := range c.sorted() {
		grants, normal := make([]MinedGrant, len(t.ids)), make([]bool, len(t.ids))
		for i := range t.ids {
			grants[i], normal[i] = t.grant(c, i, ent)
			grants[i].App, grants[i].Entitlement = aj.app.ID, c.names[ent]
			normal[i] = normal[i] && !c.seldom[t.ids[i]]
		}
		if t.forEverybody(c, grants, normal) {
			t.everybody(grants)
			continue
		}
		for i, g := range grants {
			switch r := &t.roles[i]; {
			case normal[i]:
				r.Allow = append(r.Allow, g)
			case g.Holders >= t.Support || g.Holders > 0 && g.Of < t.Support:
				r.Doubt = append(r.Doubt, g)
			}
		}
	}
}

// forEverybody tells whether an entitlement is normal whatever one's role. A role in which nobody can tell has no voice.
func (t *miner) forEverybody(c *counts, grants []MinedGrant, normal []bool) bool {
	people, voices, agree := 0, 0, 0
	for i, id := range t.ids {
		n, g := t.staff[id], &grants[i]
		people += n
		switch {
		case normal[i], g.Of > 0 && g.Of < t.Support && g.Holders == g.Of && !c.seldom[id]:
			agree += n
			voices += n
		case g.Of > 0 || c.seldom[id] && n >= fewStaff:
			voices += n
		}
	}
	return agree*100 >= voices*everybodyShare && voices*100 >= people*everybodyVoice
}

// grant counts an entitlement for the i-th role and tells whether it is normal there.
func (t *miner) grant(c *counts, i int, ent int32) (MinedGrant, bool) {
	q := c.of(t.ids[i], ent)
	g := MinedGrant{Holders: q.n, Of: q.of, Earlier: c.held[roleEnt{t.ids[i], ent}].kept}
	switch {
	case q.of == 0 && g.Earlier > 0: // nobody of the role can tell
	case !q.least(t.Share) || q.n == 0:
		return g, false
	case q.n >= t.Support:
		return g, true
	}
	for _, group := range t.groups[i] {
		var sum portion
		for _, id := range group.roles {
			part := c.of(id, ent)
			sum.n, sum.of = sum.n+part.n, sum.of+part.of
		}
		if sum.n >= max(groupSupport, t.Support) && sum.least(max(groupShare, t.Share)) {
			g.Group = fmt.Sprintf("%s: %d of %d", group.name, sum.n, sum.of)
			return g, true
		}
	}
	return g, false
}

// everybody adds an entitlement to "*".
func (t *miner) everybody(grants []MinedGrant) {
	all := MinedGrant{App: grants[0].App, Entitlement: grants[0].Entitlement}
	for _, g := range grants {
		all.Holders += g.Holders + g.Earlier
		all.Of += g.Of + g.Earlier
	}
	r := &t.roles[len(t.roles)-1]
	r.Allow = append(r.Allow, all)
}

// sorted are the entitlements that were counted, by name.
func (c *counts) sorted() []int32 {
	seen := make([]bool, len(c.names))
	var list []int32
	for k := range c.held {
		if !seen[k.ent] {
			seen[k.ent] = true
			list = append(list, k.ent)
		}
	}
	slices.SortFunc(list, func(a, b int32) int { return cmp.Compare(c.names[a], c.names[b]) })
	return list
}
