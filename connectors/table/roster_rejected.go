package table

import (
	"fmt"
	"slices"
	"strings"

	"rollcall/connectors"
)

// ofPerson is the present record's fault, with the person it takes off the roster where that can be read. The addresses
// must be legible as the id must: an account that has nothing else to tell its owner by would look like nobody's.
func ofPerson(r *rows, v connectors.Person) error {
	for _, key := range []int{perID, perWorkEmail, perPersonalEmail, perAliases} {
		if !r.legible(key) {
			return r.fault
		}
	}
	return &connectors.RejectedRow{Err: r.fault, Person: identity(&v)}
}

// identity is what tells who a person is. Of names, what is illegible is left out.
func identity(v *connectors.Person) *connectors.Person {
	return &connectors.Person{ID: v.ID, FirstName: legibly(v.FirstName), LastName: legibly(v.LastName),
		FormerLastName: legibly(v.FormerLastName), PreferredName: legibly(v.PreferredName), DisplayName: legibly(v.DisplayName),
		WorkEmail: v.WorkEmail, PersonalEmail: v.PersonalEmail, Aliases: v.Aliases, From: v.From}
}

var illegible = strings.NewReplacer("\uFFFD", "", "\x00", "")

func legibly(name string) string {
	if name != "" && formulaError([]byte(name)) {
		return ""
	}
	return illegible.Replace(strings.ToValidUTF8(name, ""))
}

// repeated says that a row has the id of one that is kept. Rows that have neither a name nor an address in common may
// be two human beings under one id: then the one left out is not to be had elsewhere.
func repeated(v, kept *record) error {
	return &connectors.RejectedRow{Person: identity(&v.Person), Repeats: sameHuman(&v.Person, &kept.Person),
		Err: fmt.Errorf("id %q is a duplicate of line %d, which is kept", v.ID, kept.From.Line)}
}

func sameHuman(a, b *connectors.Person) bool {
	name := func(p *connectors.Person) string {
		return foldWord(p.FirstName + " " + p.LastName + " " + p.DisplayName)
	}
	if x, y := name(a), name(b); x == "" || y == "" || x == y {
		return true
	}
	theirs := addresses(b)
	return slices.ContainsFunc(addresses(a), func(s string) bool { return slices.Contains(theirs, s) })
}

// addresses are all of a person's, in lower case.
func addresses(p *connectors.Person) []string {
	var all []string
	for _, s := range append([]string{p.WorkEmail, p.PersonalEmail}, p.Aliases...) {
		if s != "" {
			all = append(all, strings.ToLower(s))
		}
	}
	return all
}
