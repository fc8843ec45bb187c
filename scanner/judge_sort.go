package scanner

import (
	"cmp"
	"slices"
)

// SortFindings puts findings in the order of every report: the most severe first, then by kind, person, app and account.
func SortFindings(all []Finding) {
	slices.SortFunc(all, func(a, b Finding) int { return CompareFindings(&a, &b) })
}

// compareAnchors is CompareFindings for findings of one severity, kind and reason.
func compareAnchors(a, b *Finding) int {
	if c := cmp.Compare(a.Person, b.Person); c != 0 {
		return c
	}
	if c := cmp.Compare(a.App, b.App); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Account, b.Account); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.Entitlement, b.Entitlement), cmp.Compare(a.ID, b.ID))
}
