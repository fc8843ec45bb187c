package scanner

import (
	"strconv"

	"rollcall/connectors"
)

// emit completes a finding on the account at hand and keeps it. The rule says kind, reason, severity and why; own are the
// facts it looked at beside those that all findings on the account share.
func (aj *appJudge) emit(f Finding, why []byte, own ...Fact) { aj.emitExtra(f, why, "", own...) }

// emitExtra does so for rules that can find several things with the same anchor; extra tells them apart.
func (aj *appJudge) emitExtra(f Finding, why []byte, extra string, own ...Fact) {
	aj.drafts.list = append(aj.drafts.list, aj.complete(&f, why, extra, aj.sharedFacts(), own))
}

// complete makes a draft of a finding on the account at hand.
func (aj *appJudge) complete(f *Finding, why []byte, extra string, shared span, own []Fact) draft {
	s := &aj.s
	f.App, f.Account, f.Grade, f.By = aj.app.ID, s.acc.ID, s.match.Grade, s.match.By
	return aj.drafts.draft(f, findingNumber(f, extra), why, s.person(), shared, own)
}

// keep keeps a finding about a person that has all its facts.
func (aj *appJudge) keep(f Finding, p *Person, why []byte, extra string) {
	aj.drafts.list = append(aj.drafts.list, aj.drafts.draft(&f, findingNumber(&f, extra), why, int32(p.Index), span{}, nil))
}

// say makes a sentence of its parts, valid until a draft is made of it, so that none is made as a string.
func (aj *appJudge) say(parts ...string) []byte {
	aj.said = aj.said[:0]
	for _, p := range parts {
		aj.said = append(aj.said, p...)
	}
	return aj.said
}

// seal gives a finding what follows from the rest of it.
func seal(f *Finding, extra string) {
	f.Controls = controls[f.Kind]
	f.ID = IDOf(findingNumber(f, extra))
	if f.Group == "" {
		f.Group = string(f.ID)
	}
}

// person is the Index of the owner, of the likely owner, or of who answers for the account.
func (s *subject) person() int32 {
	switch {
	case s.match.Owner != nil:
		return int32(s.match.index())
	case s.duty != nil:
		return int32(s.duty.Index)
	}
	return noPerson
}

// sharedFacts are where the facts of the account at hand are kept once a finding has them.
type sharedFacts struct{ whole, short span }

// sharedFacts are the status of the account, what ties it to its owner, and what HR says of that person.
func (aj *appJudge) sharedFacts() span {
	if aj.shared.whole == (span{}) {
		aj.written = aj.allFacts(aj.written[:0])
		aj.shared.whole = aj.drafts.texts.put(aj.written)
	}
	return aj.shared.whole
}

// shortFacts are what a verdict on use alone rests on. How the owner was found has no part in it.
func (aj *appJudge) shortFacts() span {
	if aj.shared.short == (span{}) {
		aj.written = aj.accountFacts(aj.written[:0])
		if aj.s.dutyRef != "" {
			aj.written = aj.written.fact("owner reference", aj.s.dutyRef)
		}
		aj.shared.short = aj.drafts.texts.put(aj.written)
	}
	return aj.shared.short
}

// accountFacts say what the account at hand is.
func (aj *appJudge) accountFacts(w written) written {
	w = writeAccount(w, aj.s.acc.Username, aj.s.acc.Enabled)
	if aj.s.class != connectors.Human {
		w = w.fact("class", aj.s.class.String())
	}
	return w
}

func (aj *appJudge) allFacts(w written) written {
	w = aj.accountFacts(w)
	if aj.Trusted && aj.s.class == connectors.Human {
		w = aj.evidence(w)
	}
	if aj.s.dutyRef != "" {
		w = w.fact("owner reference", aj.s.dutyRef)
	}
	owner := aj.s.match.Owner
	if owner == nil {
		owner = aj.s.duty
	}
	if owner != nil && aj.Trusted {
		w = append(w, aj.told(owner).hrFacts()...)
	}
	return w
}

// writeAccount names the account and says whether it works. The row it was read from is not among the facts: findings are
// the same for any order of the rows.
func writeAccount(w written, login string, enabled connectors.Tri) written {
	status := "enabled"
	switch enabled {
	case connectors.No:
		status = "disabled"
	case connectors.Unknown:
		status = "unknown: the app does not say, so it is judged as enabled"
	}
	if login != "" {
		w = w.fact(FactLogin, login)
	}
	return w.fact("status", status)
}

// who is how a sentence names a person.
func (aj *appJudge) who(p *Person) string { return aj.told(p).who() }

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

// lastUse says in two parts when the account at hand was last used, as far as the app can tell.
func (aj *appJudge) lastUse() (says, day string) {
	switch a := aj.s.acc; {
	case aj.signals.Off:
		return "when it was last used is not looked at", ""
	case a.LastSignIn.Known():
		return "it was last used on ", aj.on(a.LastSignIn)
	case aj.signals.SignIn.Given:
		return "no sign-in is on record", ""
	}
	return "the app does not report sign-ins", ""
}
