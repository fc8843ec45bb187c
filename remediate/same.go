package remediate

import (
	"slices"

	"rollcall/connectors"
)

// Same gives the id that a person goes by, of whichever of their ids: the roster ties several records to one human being. nil
// is a company in which everybody has one id. Whoever asks whether two people are two asks it here, at the time of asking: a
// tie may have been found after somebody spoke.
type Same func(connectors.PersonID) connectors.PersonID

// is tells whether two ids are of one person. Nobody is nobody.
func (s Same) is(a, b connectors.PersonID) bool {
	if a == "" || b == "" {
		return false
	}
	return a == b || s != nil && s(a) == s(b)
}

// among tells whether a person is one of a list.
func (s Same) among(list []connectors.PersonID, id connectors.PersonID) bool {
	return slices.ContainsFunc(list, func(other connectors.PersonID) bool { return s.is(other, id) })
}
