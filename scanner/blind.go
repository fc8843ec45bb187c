package scanner

import (
	"errors"
	"slices"
	"strings"

	"rollcall/connectors"
)

// blindSpots are the people whose roster rows were left out although it could be read whose they are. They are not
// "nobody": what fits one of them is not judged by its owner, and says so.
type blindSpots struct {
	ids, addresses, names map[string]bool
	People                []connectors.PersonID
}

// see takes a rejected roster row; it tells false when it cannot be known whose row it is.
func (b *blindSpots) see(err error) bool {
	var row *connectors.RejectedRow
	if !errors.As(err, &row) {
		return false
	}
	if row.Repeats {
		return true
	}
	p := row.Person
	if p == nil || p.ID == "" {
		return false
	}
	if b.ids == nil {
		b.ids, b.addresses, b.names = map[string]bool{}, map[string]bool{}, map[string]bool{}
	}
	b.People = append(b.People, p.ID)
	b.ids[fold(string(p.ID))] = true
	for _, a := range append([]string{p.WorkEmail, p.PersonalEmail}, p.Aliases...) {
		if a = fold(a); a != "" {
			b.addresses[a] = true
		}
	}
	for _, n := range []string{p.FirstName + " " + p.LastName, p.PreferredName + " " + p.LastName, p.DisplayName} {
		if key := nameKey(n); strings.Contains(key, " ") {
			b.names[key] = true
		}
	}
	return true
}

// nameKey is a name's words, folded, in an order of their own.
func nameKey(name string) string {
	words := strings.Fields(string(foldName(nil, name, false)))
	slices.Sort(words)
	return strings.Join(words, " ")
}

// fits tells whether an account could be that of somebody whose row was left out.
func (b *blindSpots) fits(a *connectors.Account) bool {
	return len(b.ids) > 0 && (b.ids[fold(a.EmployeeID)] || b.addresses[fold(a.Email)] || b.addresses[fold(a.Username)] || b.names[nameKey(a.DisplayName)])
}

// refers tells whether an owner reference names somebody whose row was left out.
func (b *blindSpots) refers(ref string) bool {
	return len(b.ids) > 0 && (b.ids[fold(ref)] || b.addresses[fold(ref)])
}
