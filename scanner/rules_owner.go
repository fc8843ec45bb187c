package scanner

import (
	"strconv"
	"strings"

	"rollcall/connectors"
)

// ownership judges whether a human account has an owner who still works here: orphaned_account and unconfirmed_owner.
// Only a sure match makes a leaver, and not while somebody employed could be the same human being (DESIGN, Law 2).
func (aj *appJudge) ownership() {
	switch m := &aj.s.match; {
	case m.Grade == Ambiguous:
		aj.unconfirmed("Several people on the roster fit this account equally well: say whose it is." + aj.rivals())
	case m.Owner == nil:
		aj.noOwner()
	case !m.Sure():
		aj.unconfirmed("This is likely the account of " + who(m.Owner) + aj.leftClause(m.Owner) + "; the evidence leaves a doubt: confirm the owner.")
	case aj.s.owner.ended:
		aj.leaver(m.Owner)
	}
}

// leftClause keeps a likely owner who has left from looking harmless.
func (aj *appJudge) leftClause(p *Person) string {
	if f := aj.facts(p); !f.ended {
		return ""
	}
	return ", who has left"
}

func (aj *appJudge) unconfirmed(why string) {
	r := &aj.rules.unconfirmed
	if !r.on {
		return
	}
	aj.emit(Finding{Kind: UnconfirmedOwner, Severity: r.sev(r.base, aj.power), Why: why}, r.fact)
}

func (aj *appJudge) noOwner() {
	r := &aj.rules.orphan
	if !r.on {
		return
	}
	why := "Nobody on the roster fits this account, and it works; " + aj.lastUse() + "."
	facts := []Fact{r.fact}
	if id := aj.s.acc.EmployeeID; id != "" && len(aj.missing) > 0 {
		n := aj.missing[fold(id)]
		if n == 1 {
			aj.gaps[gapMissingOnce]++
			return
		}
		if n > 1 {
			why = "It names employee " + id + ", who was on earlier rosters and is absent from the last " + strconv.Itoa(n) + ": ask HR whether that person has left."
			facts = append(facts, Fact{"absent from rosters", strconv.Itoa(n)})
		}
	}
	aj.emit(Finding{Kind: OrphanedAccount, Reason: ReasonNoOwner, Severity: r.sev(severityNoOwner, aj.power), Why: why}, facts...)
}

func (aj *appJudge) leaver(p *Person) {
	f := aj.facts(p)
	if f.maybeAlive {
		aj.slots.maybe(aj.alive[p]) // the account may be what that person seems to lack
		aj.maybeRehired(p, aj.alive[p])
		return
	}
	r := &aj.rules.orphan
	if !r.on {
		return
	}
	reason, left := ReasonLeaver, who(p)+" left"
	if p.Now.Employment == connectors.Contractor {
		reason, left = ReasonContractEnded, "The contract of "+who(p)+" ended"
	}
	if f.lastDay.Known() {
		left += " on " + aj.on(f.lastDay)
	} else {
		left += " (HR gives no date)"
	}
	says := aj.hrSays(p)
	if says != connectors.Terminated.String() {
		left += ", though HR still says " + p.Now.Status.String()
	}
	facts := []Fact{{factHRStatus, says}, r.fact}
	aj.emit(Finding{Kind: OrphanedAccount, Reason: reason, Severity: r.sev(r.base, aj.power), Group: "leaver:" + string(p.ID),
		Why: left + "; the account still works, and " + aj.lastUse() + "."}, facts...)
}

// hrSays tells whether HR's status bears the end out: an end date alone is to be asked.
func (aj *appJudge) hrSays(p *Person) string {
	for _, r := range p.Records {
		if r.Status != connectors.Terminated {
			return r.Status.String() + " on " + string(r.ID) + ": the end date alone says that this person has left, so it is to be asked"
		}
	}
	return connectors.Terminated.String()
}

func (aj *appJudge) maybeRehired(p, alive *Person) {
	r := &aj.rules.unconfirmed
	if !r.on {
		return
	}
	aj.emit(Finding{Kind: UnconfirmedOwner, Severity: r.sev(severityPossibleRehire, aj.power),
		Why: who(p) + " has left, but " + who(alive) + " works here and " + inCommon(p, alive) + ", so it could be one human being, hired again: confirm which of the two the account belongs to."},
		Fact{"could be the same human", hrLine(alive.Now)}, r.fact)
}

// inCommon says what makes two people look like one.
func inCommon(p, q *Person) string {
	if nameKey(p.Name()) == nameKey(q.Name()) {
		return "has the same name"
	}
	return "has an address in common"
}

// rivals names the people who fit an account equally well.
func (aj *appJudge) rivals() string {
	names := ""
	for _, f := range cutFacts(nil, aj.drafts.texts.get(aj.sharedFacts())) {
		if strings.HasSuffix(f.Name, "could be") {
			name, _, _ := strings.Cut(f.Value, ", employed")
			names += "; " + name
		}
	}
	if names == "" {
		return ""
	}
	return " It could be: " + names[2:] + "."
}

// ownerlessAccount judges who answers for an account that is no person's own.
func (aj *appJudge) ownerlessAccount() {
	r := &aj.rules.ownerless
	if !r.on {
		return
	}
	var why string
	what := "owner"
	if aj.s.class == connectors.Guest {
		what = "sponsor"
	}
	switch d := aj.s.duty; {
	case aj.s.dutyRef == "":
		why = "Nobody is named as " + what + " of this " + classWord(aj.s.class) + " account."
	case d == nil:
		why = "The " + what + " named for this " + classWord(aj.s.class) + " account, " + aj.s.dutyRef + ", is not on the roster."
	case aj.facts(d).ended:
		f := aj.facts(d)
		if f.maybeAlive {
			aj.maybeRehired(d, aj.alive[d])
			return
		}
		left := "has left"
		if f.lastDay.Known() {
			left = "left on " + aj.on(f.lastDay)
		}
		why = "The " + what + " of this " + classWord(aj.s.class) + " account, " + who(d) + ", " + left + "."
	default:
		return
	}
	aj.emit(Finding{Kind: OwnerlessAccount, Severity: r.sev(r.base, aj.power || aj.s.class == connectors.BreakGlass), Why: why}, r.fact)
}

func classWord(c connectors.Class) string {
	switch c {
	case connectors.BreakGlass:
		return "break-glass"
	case connectors.ClassUnknown:
		return "non-human"
	}
	return c.String()
}

// signInAfterExit judges a sign-in later than the owner's last day, on disabled accounts too: the harm may be done.
func (aj *appJudge) signInAfterExit(p *Person) {
	r := &aj.rules.exit
	f := aj.s.owner
	a := aj.s.acc
	if !r.on || !f.ended || f.maybeAlive || !aj.signals.SignIn.Given || !a.LastSignIn.Known() {
		return
	}
	if !f.lastDay.Known() {
		aj.gaps[gapLastDay]++
		return
	}
	if a.LastSignIn <= f.lastDay {
		return
	}
	aj.emit(Finding{Kind: SignInAfterExit, Severity: r.sev(r.base, false),
		Why: who(p) + " left on " + f.lastDay.String() + ", and the account was signed in to on " + aj.on(a.LastSignIn) + ", " + plural(int(a.LastSignIn-f.lastDay), "day") + " later: find out by whom."},
		Fact{"last sign-in", a.LastSignIn.String()}, Fact{"last day", f.lastDay.String()}, r.fact)
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}
