package scanner

import (
	"slices"

	"rollcall/connectors"
)

// Grade is how sure a match is. Only Exact may ever lead to an automatic action (DESIGN, Law 2).
type Grade uint8

const (
	None      Grade = iota // nobody on the roster fits
	Ambiguous              // several people fit equally well
	Proposed               // one person is likely: a human confirms
	Strong                 // evidence beyond likeness of names
	Exact                  // employee id, verified primary address, recorded link
)

var gradeNames = []string{"none", "ambiguous", "proposed", "strong", "exact"}

func (g Grade) String() string { return gradeNames[g] }

// ParseGrade reads what String writes.
func ParseGrade(s string) (Grade, bool) {
	i := slices.Index(gradeNames, s)
	return Grade(max(i, 0)), i >= 0
}

// By names the evidence that made a match.
type By uint8

const (
	ByNothing    By = iota
	ByLink          // a tie a human recorded
	ByEmployeeID    // the roster's id, normalised
	ByAddress       // the primary work address
	ByAlias         // a former, alias or personal address HR knows of
	ByAltDomain     // the same local part at another of the company's domains
	ByUsername      // the username is an address, local part or employee id
	ByConvention    // the app's own username convention, confirmed by the name
	ByName          // the name alone
)

var byNames = []string{"nothing", "link", "employee_id", "address", "alias", "alt_domain", "username", "convention", "name"}

func (b By) String() string { return byNames[b] }

// ParseBy reads what String writes.
func ParseBy(s string) (By, bool) {
	i := slices.Index(byNames, s)
	return By(max(i, 0)), i >= 0
}

// Match ties an account to a person.
type Match struct {
	Owner    *Person // nil for None and Ambiguous
	Grade    Grade
	By       By
	RunnerUp *Person // the next best candidate, if any came near
	at       int32   // the owner's Index, from 1, where it was at hand; 0 = ask the owner
}

// index is the owner's.
func (m *Match) index() int {
	if m.at > 0 {
		return int(m.at - 1)
	}
	return m.Owner.Index
}

// Sure tells whether the owner is certain enough to judge the account by (exact or strong).
func (m Match) Sure() bool { return m.Grade >= Strong }

// Person is one human being over all their employments.
type Person struct {
	ID        connectors.PersonID     // of the record that speaks for the person: see Now
	Records   []*connectors.Person    // every employment, earliest start first
	Now       *connectors.Person      // the record in force on the day of the scan, else the latest
	Roles     []connectors.RolePeriod // over all employments, oldest first, adjacent equal roles joined
	Since     connectors.Date         // from when Roles are known; 0 = only the present role is
	MaybeSame []*Person               // other people who could be the same human: an unlinked re-hire. Law 2: then never a leaver outright
	Index     int                     // position in People.All, for per-person tables
}

// Ended tells whether every employment ended before the day. The last day itself is still a working day.
func (p *Person) Ended(asOf connectors.Date) bool {
	for _, r := range p.Records {
		if !recordEnded(r, asOf) {
			return false
		}
	}
	return true
}

func recordEnded(r *connectors.Person, asOf connectors.Date) bool {
	if r.End.Known() {
		return r.End < asOf
	}
	return r.Status == connectors.Terminated
}

// Name is what people call this person.
func (p *Person) Name() string {
	r := p.Now
	if r.DisplayName != "" {
		return r.DisplayName
	}
	first := r.PreferredName
	if first == "" {
		first = r.FirstName
	}
	if first == "" || r.LastName == "" {
		return first + r.LastName
	}
	return first + " " + r.LastName
}
