package scanner

import (
	"strconv"

	"rollcall/connectors"
)

// emit completes a finding on the account at hand and keeps it. The rule says kind, reason, severity and why; own are the
// facts it looked at beside those that all findings on the account share.
func (aj *appJudge) emit(f Finding, own ...Fact) { aj.emitExtra(f, "", own...) }

// emitExtra does so for rules that can find several things with the same anchor; extra tells them apart.
func (aj *appJudge) emitExtra(f Finding, extra string, own ...Fact) {
	aj.findings = append(aj.findings, aj.complete(f, extra, own...))
}

func (aj *appJudge) complete(f Finding, extra string, own ...Fact) Finding {
	s := &aj.s
	f.App, f.Account, f.Grade, f.By = aj.app.ID, s.acc.ID, s.match.Grade, s.match.By
	if f.Person == "" {
		f.Person = s.person()
	}
	shared := aj.sharedFacts()
	f.Evidence = make([]Fact, 0, len(shared)+len(own))
	f.Evidence = append(append(f.Evidence, shared...), own...)
	return sealed(f, extra)
}

// sealed gives a finding what follows from the rest of it.
func sealed(f Finding, extra string) Finding {
	f.Controls = controls[f.Kind]
	f.ID = findingID(f.Kind, f.App, f.Account, f.Entitlement, extra)
	if f.Group == "" {
		f.Group = string(f.ID)
	}
	return f
}

// person is the owner, the likely owner, or who answers for the account.
func (s *subject) person() connectors.PersonID {
	switch {
	case s.match.Owner != nil:
		return s.match.Owner.ID
	case s.duty != nil:
		return s.duty.ID
	}
	return ""
}

// sharedFacts are the source row, the status, what ties the account to its owner, and what HR says of that person.
func (aj *appJudge) sharedFacts() []Fact {
	if aj.shared != nil {
		return aj.shared
	}
	a := aj.s.acc
	facts := make([]Fact, 0, 12)
	facts = append(facts, accountFacts(a.Username, a.Enabled)...)
	if aj.s.class != connectors.Human {
		facts = append(facts, Fact{"class", aj.s.class.String()})
	}
	if aj.Trusted && aj.s.class == connectors.Human {
		facts = append(facts, aj.evidence()...)
	}
	if aj.s.dutyRef != "" {
		facts = append(facts, Fact{"owner reference", aj.s.dutyRef})
	}
	owner := aj.s.match.Owner
	if owner == nil {
		owner = aj.s.duty
	}
	if owner != nil && aj.Trusted {
		facts = append(facts, aj.hrFacts(owner)...)
	}
	aj.shared = facts
	return facts
}

// accountFacts name the account and say whether it works. The row it was read from is not among them: findings are the
// same for any order of the rows.
func accountFacts(login string, enabled connectors.Tri) []Fact {
	status := "enabled"
	switch enabled {
	case connectors.No:
		status = "disabled"
	case connectors.Unknown:
		status = "unknown: the app does not say, so it is judged as enabled"
	}
	if login == "" {
		return []Fact{{"status", status}}
	}
	return []Fact{{FactLogin, login}, {"status", status}}
}

// hrFacts are the content of every HR record of a person, earliest first. People with findings have many, so that the
// facts are made once and shared, also between workers.
func (j *judge) hrFacts(p *Person) []Fact {
	if made := j.hr[p.Index].Load(); made != nil {
		return *made
	}
	facts := make([]Fact, 0, len(p.Records))
	for i, r := range p.Records {
		facts = append(facts, Fact{ordinal(i+1) + "hr says", hrLine(r)})
	}
	j.hr[p.Index].Store(&facts)
	return facts
}

// ordinal is "2nd " and so on; the first needs no number.
func ordinal(n int) string {
	switch n {
	case 1:
		return ""
	case 2:
		return "2nd "
	case 3:
		return "3rd "
	}
	return strconv.Itoa(n) + "th "
}

func hrLine(r *connectors.Person) string {
	s := string(r.ID) + ": " + r.Status.String() + ", " + r.Employment.String() + ", from " + r.Start.String()
	if r.End.Known() {
		s += " to " + r.End.String()
	}
	if r.LeaveStart.Known() {
		s += ", on leave from " + r.LeaveStart.String()
		if r.LeaveEnd.Known() {
			s += " to " + r.LeaveEnd.String()
		}
	}
	return s
}

// who is how a sentence names a person.
func who(p *Person) string {
	if name := p.Name(); name != "" {
		return name + " (" + string(p.ID) + ")"
	}
	return string(p.ID)
}

// on is a day with how long ago it is: "2026-08-31 (62 days ago)".
func (j *judge) on(d connectors.Date) string { return d.String() + " (" + daysAgo(int(j.AsOf-d)) + ")" }

func daysAgo(n int) string {
	switch {
	case n == 0:
		return "today"
	case n == 1:
		return "yesterday"
	case n == -1:
		return "tomorrow"
	case n < 0:
		return "in " + strconv.Itoa(-n) + " days"
	}
	return strconv.Itoa(n) + " days ago"
}

// lastUse says when the account at hand was last used, as far as the app can tell.
func (aj *appJudge) lastUse() string {
	switch a := aj.s.acc; {
	case a.LastSignIn.Known():
		return "it was last used on " + aj.on(a.LastSignIn)
	case aj.signals.SignIn.Given:
		return "no sign-in is on record"
	}
	return "the app does not report sign-ins"
}
