package report

import (
	"strings"

	"rollcall/connectors"
	"rollcall/scanner"
)

// fewPeople is how many must share a department, title or role for it to be shown: of one that fewer have it is as good as
// a name.
const fewPeople = 5

const heldByFew = "held by few"

// shared are the words of the roster that enough people have in common.
type shared struct{ departments, titles, roles map[string]bool }

func sharedBy(people []*scanner.Person) shared {
	departments, titles, roles := map[string]int{}, map[string]int{}, map[string]int{}
	for _, p := range people {
		if p.Now != nil {
			departments[p.Now.Department]++
			titles[p.Now.Title]++
			roles[p.Now.Role]++
		}
	}
	return shared{enough(departments), enough(titles), enough(roles)}
}

func enough(counts map[string]int) map[string]bool {
	out := map[string]bool{"": true}
	for s, n := range counts {
		if n >= fewPeople {
			out[s] = true
		}
	}
	return out
}

func ifShared(s string, by map[string]bool) string {
	if by[s] {
		return s
	}
	return heldByFew
}

// role is a role as the policy names it; "*" is everybody's, and "Department / Title" stands in for one.
func (s *shared) role(name string) string {
	if department, title, ok := strings.Cut(name, " / "); ok && s.departments[department] && s.titles[title] {
		return name
	}
	if name == "*" || s.titles[name] || s.departments[name] {
		return name
	}
	return ifShared(name, s.roles)
}

// periods are roles with the day they began on: "2020-02-03 FIN_AP; 2026-06-15 PURCH".
func (s *shared) periods(value string) string {
	list := strings.Split(value, "; ")
	for i, period := range list {
		if day, role, ok := strings.Cut(period, " "); ok {
			list[i] = day + " " + s.role(role)
		} else {
			list[i] = s.role(period)
		}
	}
	return strings.Join(list, "; ")
}

// somebody is a person as the workbook is to know them.
func (p *Pseudonymous) somebody(from *scanner.Person) *scanner.Person {
	out := &scanner.Person{ID: p.person(from.ID)}
	for _, r := range from.Records {
		rec := &connectors.Person{ID: out.ID, Status: r.Status, Start: r.Start, End: r.End, Manager: p.person(r.Manager),
			Department: ifShared(r.Department, p.shared.departments), Title: ifShared(r.Title, p.shared.titles), Role: ifShared(r.Role, p.shared.roles)}
		out.Records = append(out.Records, rec)
		if r == from.Now {
			out.Now = rec
		}
	}
	return out
}
