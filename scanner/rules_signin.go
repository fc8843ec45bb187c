package scanner

import "rollcall/connectors"

// weakSignIn judges people's accounts without the second factor that policy wants, or with a local login beside single sign-on.
// What the app does not say is no finding.
func (aj *appJudge) weakSignIn() {
	r := &aj.rules.weak
	a := aj.s.acc
	if !r.on || !aj.signals.MFA.Given || aj.s.class != connectors.Human && aj.s.class != connectors.Guest {
		return
	}
	noMFA := r.mfa && a.MFA == connectors.No
	local := aj.app.SingleSignOn && a.LocalSignIn == connectors.Yes
	var why string
	switch {
	case noMFA && local:
		why = "It signs in with a password of its own instead of single sign-on, and without a second factor."
	case noMFA:
		why = "It signs in without a second factor, which the policy wants."
	case local:
		why = "It signs in with a password of its own, past the company's single sign-on: disabling the person there would not stop it."
	default:
		return
	}
	aj.emit(Finding{Kind: WeakSignIn, Severity: r.sev(r.base, aj.power)}, aj.say(why),
		Fact{"mfa", a.MFA.String()}, Fact{"local sign-in", a.LocalSignIn.String()}, r.fact)
}

// reappeared judges whether something that a case removed and confirmed clean is back.
func (aj *appJudge) reappeared() {
	r := &aj.rules.reappeared
	removed := aj.removals[aj.app.ID]
	if !r.on || len(removed) == 0 {
		return
	}
	for _, gone := range removed[aj.s.acc.ID] {
		what := "The account was disabled"
		power := aj.power
		if gone.Entitlement != "" {
			i := aj.holds(gone.Entitlement)
			if i < 0 {
				continue
			}
			what = string(gone.Entitlement) + " was removed"
			power = aj.privileged(i, &aj.s.acc.Entitlements[i])
		}
		aj.emit(Finding{Kind: ReappearedAccess, Entitlement: gone.Entitlement, Severity: r.sev(r.base, power)},
			aj.say(what, " by case ", gone.Case, " and confirmed gone on ", aj.on(gone.On), "; now it is back."),
			Fact{"case", gone.Case}, Fact{"removed on", aj.day(gone.On)}, r.fact)
	}
}

// holds is the position of an entitlement on the account at hand, or -1.
func (aj *appJudge) holds(id connectors.EntitlementID) int {
	for i := range aj.s.acc.Entitlements {
		if aj.s.acc.Entitlements[i].ID == id {
			return i
		}
	}
	return -1
}
