package report

import (
	"slices"

	"rollcall/scanner"
)

// framework is a set of requirements that reviews of access are held against. What is said of each is in our own words; a
// review supports a control, it never shows that the control is met.
type framework struct {
	id, name string
	prefix   string // before its references in a finding's controls; empty: findings do not name it
	after    string // what the gists here were made from
	controls []control
}

// control is one requirement, and what a run has to say on it.
type control struct {
	ref, gist string
	kinds     []scanner.Kind // findings that bear on it
	how       string
	sheets    string
	gaps      string
}

// Frameworks are the names a report can be asked for.
func Frameworks() []string {
	var ids []string
	for i := range frameworks {
		ids = append(ids, frameworks[i].id)
	}
	return ids
}

// InFramework tells whether findings of a kind bear on a framework.
func InFramework(id string, k scanner.Kind) bool { return slices.Contains(kindsOf(id), k) }

// kindsOf are the kinds of findings that bear on a framework.
func kindsOf(id string) (kinds []scanner.Kind) {
	for i := range frameworks {
		if frameworks[i].id != id {
			continue
		}
		for _, c := range frameworks[i].controls {
			kinds = append(kinds, c.kinds...)
		}
	}
	return kinds
}

// Sets of kinds that several controls are about.
var (
	leaverKinds = []scanner.Kind{scanner.OrphanedAccount, scanner.SignInAfterExit}
	roleKinds   = []scanner.Kind{scanner.MoverStacking, scanner.ExcessAccess, scanner.SoDConflict, scanner.StalePrivilege, scanner.MissingAccess,
		scanner.ReappearedAccess, scanner.ExpiredGrant}
	ownerKinds = []scanner.Kind{scanner.OrphanedAccount, scanner.UnconfirmedOwner, scanner.LeaveNotSuspended, scanner.EarlyAccess,
		scanner.StaleAccount, scanner.OwnerlessAccount, scanner.DuplicateAccount, scanner.SignInAfterExit, scanner.DormantCredential}
	unused    = []scanner.Kind{scanner.StaleAccount, scanner.LeaveNotSuspended}
	privilege = []scanner.Kind{scanner.ExcessAccess, scanner.StalePrivilege, scanner.MoverStacking, scanner.SoDConflict}
)

// What no run shows by itself, said once.
const (
	gapDecisions = "The run says what is wrong. Whether the right person decided on each account is shown by Decisions and the sign-off, not by findings."
	gapImmediate = "No number of days is set as a target; the days are measured from one run to the next, so a removal is seen at the next run at the earliest."
)

// communityText are texts as a community library has them; nobody held them against the publishers' own.
const communityText = "a community library of the framework's text, not the publisher's own copy"

var frameworks = []framework{
	{id: "soc2", name: "SOC 2 (Trust Services Criteria 2017, points of focus 2022)", prefix: "SOC2 ", after: communityText, controls: []control{
		{"CC6.1", "Access to what is to be protected is restricted; people, software and infrastructure are identified and authenticated; credentials of infrastructure and software no longer in use are removed.",
			[]scanner.Kind{scanner.OwnerlessAccount, scanner.DormantCredential, scanner.WeakSignIn},
			"Lists every service and shared account with the one who answers for it, credentials nobody used or renewed, and accounts without a second factor where the app says so.",
			"Service accounts, Findings, Population", "Reads accounts, not networks, encryption keys or physical access. Apps that do not report MFA are counted, not judged."},
		{"CC6.2", "Users are registered and authorised before they get credentials; credentials are removed when they are no longer authorised; it is checked from time to time that credentials are valid, those of system and service accounts included.",
			ownerKinds, "Holds every account read against the roster, and shows leavers' accounts, accounts nobody owns, accounts unused or given too early, and how long each stood open.",
			"Population, Findings, Time to revoke, Service accounts", "The criterion names no time: the company's own policy does. Whether access was authorised beforehand is not in the data read. " + gapDecisions},
		{"CC6.3", "Access is given, changed and taken away by role, with least privilege and duties kept apart; roles and rules are looked at from time to time.",
			roleKinds, "Compares what each person holds with what the present role explains, finds what was kept from earlier roles and pairs of duties that one person must not hold.",
			"Movers, Findings, Exceptions", "No better than the roles in the policy; where there are none, people with the same role are compared, which is marked."},
	}},
	{id: "iso27001", name: "ISO/IEC 27001:2022, Annex A", prefix: "ISO27001 ", after: "summaries of the standard by others: hold it against your own copy", controls: []control{
		{"A.5.3", "Duties that conflict are kept apart.", []scanner.Kind{scanner.SoDConflict}, "Looks for the pairs the policy names, across all apps read.", "Findings, Exceptions", "Only pairs that the policy names."},
		{"A.5.15", "Rules for the control of access are set and applied.", roleKinds, "Applies the policy whose hash is on Sources & hashes to every account, and shows what departs from it.", "Sources & hashes, Findings", "Whether the rules are the right ones is not judged."},
		{"A.5.16", "Identities are looked after over their whole life, each tied to one person; those no longer needed are disabled or removed in time; shared ones only by approval.",
			[]scanner.Kind{scanner.OrphanedAccount, scanner.UnconfirmedOwner, scanner.DuplicateAccount, scanner.OwnerlessAccount, scanner.StaleAccount},
			"Ties each account to a person, with the evidence, and lists those that cannot be tied.", "Population, Service accounts, Findings", "The approval of shared identities is in the register's own history."},
		{"A.5.18", "Rights are given, reviewed, changed and removed as the policy says; leavers' rights go in time; temporary ones end; a central record of rights is kept.",
			[]scanner.Kind{scanner.OrphanedAccount, scanner.UnconfirmedOwner, scanner.EarlyAccess, scanner.StalePrivilege, scanner.MoverStacking, scanner.ExcessAccess,
				scanner.SoDConflict, scanner.MissingAccess, scanner.ReappearedAccess, scanner.ExpiredGrant},
			"Reads the rights of every account in the apps named, and finds those that role, date or employment no longer explain.", "Population, Findings, Movers, Time to revoke", gapDecisions},
		{"A.8.2", "Privileged rights are restricted, given for a time, and reviewed, also after a change in the organisation.", privilege,
			"Marks privileged entitlements and raises the severity of what is wrong with them.", "Population, Findings, Movers", "What counts as privileged is what the apps and the configuration say."},
	}},
	{id: "pci", name: "PCI DSS 4.0.1", prefix: "PCI ", after: communityText, controls: []control{
		{"7.2.4", "All user accounts and their rights, vendors' included, are reviewed every six months; they fit the job; what does not is put right; management acknowledges it.",
			[]scanner.Kind{scanner.UnconfirmedOwner, scanner.StalePrivilege, scanner.MoverStacking, scanner.ExcessAccess, scanner.DuplicateAccount},
			"Shows every account read with its owner and role, what the role does not explain, and whether the review was signed off.", "Population, Findings, Summary (sign-off)",
			"One run is one reading: that it is done every six months is shown by the runs of a period (--from, --to). " + gapDecisions},
		{"7.2.5.1", "Accounts of systems and applications are reviewed as often as the company's own risk analysis says; management acknowledges it.",
			[]scanner.Kind{scanner.OwnerlessAccount}, "Lists them with their owner, purpose and the day of the next review, and marks what is overdue.", "Service accounts, Summary (sign-off), Scope & completeness (rollcall's own access)", "The risk analysis itself is not read."},
		{"8.2.2", "Shared and generic accounts only as an exception: for a time, justified, approved, and traceable to a person.", []scanner.Kind{scanner.OwnerlessAccount},
			"Lists shared accounts with purpose and owner, and those that have none.", "Service accounts, Exceptions", "Who used a shared account when is in the app's own log."},
		{"8.2.4", "Adding, changing and deleting accounts is approved, and done only as approved.", []scanner.Kind{scanner.EarlyAccess, scanner.ReappearedAccess},
			"Finds accounts that work before the first day and access that came back after it was removed.", "Findings, Decisions, Remediation log", "Approvals given elsewhere are not read."},
		{"8.2.5", "Access of people who have left is revoked at once.", leaverKinds, "Lists every enabled account of a leaver, the days since the last day, and sign-ins after it.", "Time to revoke, Findings", gapImmediate},
		{"8.2.6", "Accounts unused for 90 days are disabled or removed.", []scanner.Kind{scanner.StaleAccount, scanner.LeaveNotSuspended}, "Judges the last sign-in where the app reports it; the policy's preset \"pci\" sets the 90 days.",
			"Findings, Population", "Apps that report no sign-ins are counted as not assessable."},
	}},
	{id: "hipaa", name: "HIPAA Security Rule, 45 CFR 164.308", after: "summaries by vendors and law firms, not the rule's own text", controls: []control{
		{"164.308(a)(3)(ii)(C)", "There are procedures to end access to health information when somebody's employment ends (addressable).", leaverKinds,
			"Lists every enabled account of a leaver, with the days since the last day and sign-ins after it.", "Time to revoke, Findings",
			"The rule names no time. A proposal of January 2025 would: whether it became final was not established here, so nothing is measured against it. " + gapImmediate},
		{"164.308(a)(4)(ii)(B)", "There are procedures to grant access to health information (addressable).", []scanner.Kind{scanner.ExcessAccess, scanner.EarlyAccess, scanner.MissingAccess},
			"Finds access that no role explains, or that is given before the first day.", "Findings, Population", "Which apps hold health information is not known to rollcall: name them with --app."},
		{"164.308(a)(4)(ii)(C)", "A user's right of access is established, documented, reviewed and modified (addressable).",
			[]scanner.Kind{scanner.MoverStacking, scanner.ExcessAccess, scanner.StaleAccount, scanner.StalePrivilege, scanner.UnconfirmedOwner, scanner.SoDConflict},
			"Documents every account read with its owner, and what is to be modified.", "Population, Findings, Movers", gapDecisions},
	}},
	{id: "nist", name: "NIST SP 800-53 Rev. 5", prefix: "NIST ", after: communityText, controls: []control{
		{"AC-2", "Accounts are managed: reviewed as often as the organisation sets, in step with hiring, leaving and transfer.",
			[]scanner.Kind{scanner.UnconfirmedOwner, scanner.LeaveNotSuspended, scanner.EarlyAccess, scanner.DuplicateAccount, scanner.MissingAccess, scanner.ReappearedAccess},
			"Holds every account against the roster of the day.", "Population, Findings", "Managers are not told by the run itself. " + gapDecisions},
		{"AC-2(2)", "Temporary and emergency accounts end by themselves after a set time.", []scanner.Kind{scanner.ExpiredGrant}, "Finds what was granted until a day that has passed.", "Findings", "Only where the app tells the end of a grant."},
		{"AC-2(3)", "Accounts are disabled that have expired, belong to nobody, go against policy, or are unused.",
			[]scanner.Kind{scanner.OrphanedAccount, scanner.StaleAccount, scanner.OwnerlessAccount, scanner.DormantCredential}, "Finds them, with the evidence; shows rollcall's own accounts and credentials with their age.", "Findings, Service accounts, Scope & completeness (rollcall's own access)", gapImmediate},
		{"AC-5", "Duties that must be apart are named, and authorisations keep them apart.", []scanner.Kind{scanner.SoDConflict}, "Looks for the pairs the policy names, across all apps read.", "Findings, Exceptions", "Only pairs that the policy names."},
		{"AC-6(7)", "Privileges are reviewed as often as set, and taken away where there is no need.", []scanner.Kind{scanner.StalePrivilege, scanner.ExcessAccess},
			"Finds entitlements unused for long, or that no role explains.", "Findings, Population", "Use is known only where the app reports it."},
		{"PS-4", "On termination access is disabled within a set time, and credentials are revoked.", leaverKinds, "Lists every enabled account of a leaver, the days since the last day, and sign-ins after it.", "Time to revoke, Findings", gapImmediate},
		{"PS-5", "On transfer the need for access is reviewed and confirmed, and access changed.", []scanner.Kind{scanner.MoverStacking}, "Finds what only an earlier role explains, past the grace period.", "Movers", "Where role history starts too late it is counted as not assessable."},
	}},
	{id: "insurance", name: "Questions cyber insurers ask", after: "a vendor's page on such questionnaires; there is no common standard", controls: []control{
		{"Reviews", "Is access reviewed by a documented procedure, privileged access each quarter, with findings and removals?", slices.Concat(privilege, []scanner.Kind{scanner.OrphanedAccount, scanner.OwnerlessAccount}),
			"Is such a review: what was read, what was found, what was decided. A report of a period shows how often.", "Summary, Findings, Decisions, Remediation log", "The procedure itself is the company's document."},
		{"Leavers", "How soon is access taken away when somebody leaves?", leaverKinds, "Measures it, and shows sign-ins after the last day.", "Time to revoke", gapImmediate},
		{"Unused access", "Are unused accounts found and disabled?", unused, "Finds them where the app reports sign-ins.", "Findings", "Apps that report no sign-ins are counted as not assessable."},
		{"Second factor", "Is a second factor required?", []scanner.Kind{scanner.WeakSignIn}, "Shows the second factor where the app reports it.", "Population, Findings", "What an app does not report is unknown, and never counted as having none."},
		{"Signed reviews", "Is the review signed by a manager?", nil, "Says on the Summary who signed off and when, or that nobody did.", "Summary (sign-off)", "The insurer's own form is not filled in."},
	}},
}
