package scanner

import (
	"bytes"
	"strconv"
	"strings"

	"rollcall/connectors"
)

// ownership judges whether a human account has an owner who still works here: orphaned_account and unconfirmed_owner.
// Only a sure match makes a leaver, and not while somebody employed could be the same human being (DESIGN, Law 2).
func (aj *appJudge) ownership() {
	switch m := &aj.s.match; {
	case m.Grade == Ambiguous:
		aj.unconfirmed("Several people on the roster fit this account equally well: say whose it is.", aj.rivals())
	case m.Owner == nil:
		aj.noOwner()
	case !m.Sure():
		aj.unconfirmed("This is likely the account of ", aj.who(m.Owner), aj.leftClause(), "; the evidence leaves a doubt: confirm the owner.")
	case aj.s.owner.ended:
		aj.leaver(m.Owner)
	}
}

// leftClause keeps a likely owner who has left from looking harmless.
func (aj *appJudge) leftClause() string {
	if !aj.s.owner.ended {
		return ""
	}
	return ", who has left"
}

func (aj *appJudge) unconfirmed(why ...string) {
	r := &aj.rules.unconfirmed
	if !r.on {
		return
	}
	aj.emit(Finding{Kind: UnconfirmedOwner, Severity: r.sev(r.base, aj.power)}, aj.say(why...), r.fact)
}

func (aj *appJudge) noOwner() {
	r := &aj.rules.orphan
	if !r.on {
		return
	}
	says, used := aj.lastUse()
	why := aj.say("Nobody on the roster fits this account, and it works; ", says, used, ".")
	facts := []Fact{r.fact}
	if id := aj.s.acc.EmployeeID; id != "" && len(aj.missing) > 0 {
		n := aj.missing[fold(id)]
		if n == 1 {
			aj.gaps[gapMissingOnce]++
			return
		}
		if n > 1 {
			why = aj.say("It names employee ", id, ", who was on earlier rosters and is absent from the last ", strconv.Itoa(n), ": ask HR whether that person has left.")
			facts = append(facts, Fact{"absent from rosters", strconv.Itoa(n)})
		}
	}
	aj.emit(Finding{Kind: OrphanedAccount, Reason: ReasonNoOwner, Severity: r.sev(severityNoOwner, aj.power)}, why, facts...)
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
	reason, whose, ended := ReasonLeaver, "", " left"
	if p.Now.Employment == connectors.Contractor {
		reason, whose, ended = ReasonContractEnded, "The contract of ", " ended"
	}
	on, day := " on ", aj.on(f.lastDay)
	if !f.lastDay.Known() {
		on, day = " (HR gives no date)", ""
	}
	though, status := "", ""
	hr := aj.hrSays(p)
	if hr != connectors.Terminated.String() {
		though, status = ", though HR still says ", p.Now.Status.String()
	}
	says, used := aj.lastUse()
	aj.emit(Finding{Kind: OrphanedAccount, Reason: reason, Severity: r.sev(r.base, aj.power), Group: "leaver:" + string(p.ID)},
		aj.say(whose, aj.who(p), ended, on, day, though, status, "; the account still works, and ", says, used, "."), Fact{factHRStatus, hr}, r.fact)
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
	aj.emit(Finding{Kind: UnconfirmedOwner, Severity: r.sev(severityPossibleRehire, aj.power)},
		aj.say(aj.who(p), " has left, but ", who(alive), " works here and ", inCommon(p, alive), ", so it could be one human being, hired again: confirm which of the two the account belongs to."),
		Fact{"could be the same human", string(appendHR(nil, alive.Now))}, r.fact)
}

// inCommon says what makes two people look like one.
func inCommon(p, q *Person) string {
	if nameKey(p.Name()) == nameKey(q.Name()) {
		return "has the same name"
	}
	return "has an address in common"
}

// couldBe is before the name of everybody an account could be the one of, in facts that are written.
const couldBe = `could be":"`

// rivals names the people who fit an account equally well.
func (aj *appJudge) rivals() string {
	rest := aj.drafts.texts.get(aj.sharedFacts())
	lead, names := " It could be: ", aj.said[:0]
	for {
		i := bytes.Index(rest, []byte(couldBe))
		if i < 0 {
			break
		}
		rest = rest[i+len(couldBe)-1:]
		value, _ := cutString(rest)
		name, _, _ := strings.Cut(plainText(value), ", employed")
		names = append(append(names, lead...), name...)
		lead = "; "
	}
	if len(names) == 0 {
		return ""
	}
	aj.said = append(names, '.')
	return string(aj.said)
}

// ownerlessAccount judges who answers for an account that is no person's own.
func (aj *appJudge) ownerlessAccount() {
	r := &aj.rules.ownerless
	if !r.on {
		return
	}
	var why []byte
	what := "owner"
	if aj.s.class == connectors.Guest {
		what = "sponsor"
	}
	switch d := aj.s.duty; {
	case aj.s.dutyRef == "":
		why = aj.say("Nobody is named as ", what, " of this ", classWord(aj.s.class), " account.")
	case d == nil:
		why = aj.say("The ", what, " named for this ", classWord(aj.s.class), " account, ", aj.s.dutyRef, ", is not on the roster.")
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
		why = aj.say("The ", what, " of this ", classWord(aj.s.class), " account, ", aj.who(d), ", ", left, ".")
	default:
		return
	}
	aj.emit(Finding{Kind: OwnerlessAccount, Severity: r.sev(r.base, aj.power || aj.s.class == connectors.BreakGlass)}, why, r.fact)
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
	if r.on && f.ended && aj.signals.Off {
		aj.gaps[gapExitOff]++
		return
	}
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
	aj.emit(Finding{Kind: SignInAfterExit, Severity: r.sev(r.base, false)},
		aj.say(aj.who(p), " left on ", aj.day(f.lastDay), ", and the account was signed in to on ", aj.on(a.LastSignIn), ", ", plural(int(a.LastSignIn-f.lastDay), "day"), " later: find out by whom."),
		Fact{"last sign-in", aj.day(a.LastSignIn)}, Fact{"last day", aj.day(f.lastDay)}, r.fact)
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}
