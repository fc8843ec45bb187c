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
	aj.drafts.list = append(aj.drafts.list, aj.complete(&f, extra, aj.sharedFacts(), own))
}

// complete makes a draft of a finding on the account at hand.
func (aj *appJudge) complete(f *Finding, extra string, shared span, own []Fact) draft {
	s := &aj.s
	f.App, f.Account, f.Grade, f.By = aj.app.ID, s.acc.ID, s.match.Grade, s.match.By
	if f.Person == "" {
		f.Person = s.person()
	}
	seal(f, extra)
	return aj.drafts.draft(f, shared, own)
}

// keep keeps a finding that has all its facts.
func (aj *appJudge) keep(f Finding, extra string) {
	seal(&f, extra)
	aj.drafts.list = append(aj.drafts.list, aj.drafts.draft(&f, span{}, nil))
}

// seal gives a finding what follows from the rest of it.
func seal(f *Finding, extra string) {
	f.Controls = controls[f.Kind]
	f.ID = findingID(f.Kind, f.App, f.Account, f.Entitlement, extra)
	if f.Group == "" {
		f.Group = string(f.ID)
	}
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

// sharedFacts are the facts of the account at hand, and where they are kept once a finding has them.
type sharedFacts struct {
	facts        []Fact
	whole, short span
}

// sharedFacts are the status of the account, what ties it to its owner, and what HR says of that person.
func (aj *appJudge) sharedFacts() span {
	if aj.shared.whole == (span{}) {
		aj.shared.whole = aj.drafts.facts(aj.allFacts())
	}
	return aj.shared.whole
}

// shortFacts are what a verdict on use alone rests on. How the owner was found has no part in it.
func (aj *appJudge) shortFacts() span {
	if aj.shared.short == (span{}) {
		aj.shared.facts = aj.accountFacts(aj.shared.facts[:0])
		if aj.s.dutyRef != "" {
			aj.shared.facts = append(aj.shared.facts, Fact{"owner reference", aj.s.dutyRef})
		}
		aj.shared.short = aj.drafts.facts(aj.shared.facts)
	}
	return aj.shared.short
}

// accountFacts say what the account at hand is.
func (aj *appJudge) accountFacts(facts []Fact) []Fact {
	facts = appendAccountFacts(facts, aj.s.acc.Username, aj.s.acc.Enabled)
	if aj.s.class != connectors.Human {
		facts = append(facts, Fact{"class", aj.s.class.String()})
	}
	return facts
}

// allFacts are valid until they are asked for again.
func (aj *appJudge) allFacts() []Fact {
	facts := aj.accountFacts(aj.shared.facts[:0])
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
	aj.shared.facts = facts
	return facts
}

// accountFacts name the account and say whether it works. The row it was read from is not among them: findings are the
// same for any order of the rows.
func accountFacts(login string, enabled connectors.Tri) []Fact {
	return appendAccountFacts(make([]Fact, 0, 4), login, enabled)
}

func appendAccountFacts(facts []Fact, login string, enabled connectors.Tri) []Fact {
	status := "enabled"
	switch enabled {
	case connectors.No:
		status = "disabled"
	case connectors.Unknown:
		status = "unknown: the app does not say, so it is judged as enabled"
	}
	if login != "" {
		facts = append(facts, Fact{FactLogin, login})
	}
	return append(facts, Fact{"status", status})
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
