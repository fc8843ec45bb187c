package report

import (
	"rollcall/connectors"
	"rollcall/scanner"
)

// notProven is what a reader might take the workbook to show, and it does not.
var notProven = []string{
	"That what the sources gave is true: it shows what they gave, when, and the hash of the bytes.",
	"That there are no other apps: only those in Scope & completeness were read.",
	"That somebody decided: what has no row in Decisions is undecided, and silence is never consent.",
	"That an access was taken away in the app: only a row \"Confirmed clean\" in the Remediation log says so. A finding that is gone was no longer found; by whom it was mended is not known.",
	"What happened between two runs: the day something was first found, or gone, is the day of the run that saw it.",
	"What an account did: only the day of the last sign-in is read, where the app tells it.",
	"That a control is met, or a law kept: see Control mapping.",
	"Who used a workbook or a run's files after they were written: compare their hashes with those you were given.",
}

// readMe explains every word the workbook uses.
func (b *book) readMe() {
	p := b.page("Read me", "Read me: words, values, and what this workbook does not prove", layout{paper: a4, wide: 1})
	p.text(b.st.note, "rollcall reads the roster of people from HR and the accounts of every app, ties accounts to people, and judges each account by the policy. Every number and row here comes from that one reading. Nothing here is a formula.")
	p.text(b.st.note, "Cells hold what the sources gave, as text: a value that looks like a formula is not one, and is left as it is because it is evidence. Do not save this workbook as CSV and open that: spreadsheets run such cells there. `rollcall scan --format csv` writes CSV that is safe.")
	p.text(b.st.note, "What no cell can hold is changed, and says so: a text longer than 32,767 characters or 253 lines ends with a mark (the whole is in the run's JSON lines), characters that no file of this kind can hold are shown as \uFFFD, and those that turn the direction of reading as codes like <U+202E>. Rows that one sheet cannot hold go on in \"Name (2)\".")
	p.text(b.st.note, "Times are UTC. Days are of the company's calendar, as of "+b.r.Result.AsOf.String()+".")
	if b.r.Pseudonymous != "" {
		p.text(b.st.note, b.r.Pseudonymous)
		p.text(b.st.note, "Pseudonyms begin with what they are of: p a person, a an account, u whoever is named in words, f a finding, c a case, g a group, x an exception, k a credential, h a hash, e an entitlement whose name names somebody. A finding's sentence is what its kind means; a department, title or role that fewer than 5 people have is \""+heldByFew+"\".")
	}
	p.gap()
	p.text(b.st.heading, "What this workbook does not prove")
	for _, s := range notProven {
		p.text(b.st.note, "• "+s)
	}
	p.table("KindsOfFindings", "Kinds of findings", "", []string{"Kind", "What it means", "What to do"}, kindRows())
	p.table("Words", "Words", "", []string{"Word", "What it means"}, pairs(words))
	p.table("Values", "Values in cells", "", []string{"Where", "Value", "What it means"}, valueRows())
	p.done()
}

func kindRows() (rows [][]any) {
	for _, k := range scanner.Kinds {
		rows = append(rows, []any{string(k), scanner.Meaning(k), scanner.NextStep(k, "")})
	}
	for _, reason := range []struct{ word, means string }{{scanner.ReasonLeaver, "an orphaned_account whose owner has left: HR says terminated"},
		{scanner.ReasonContractEnded, "an orphaned_account whose owner's contract ended, though HR still says something else"},
		{scanner.ReasonNoOwner, "an orphaned_account that nobody on the roster fits"},
		{scanner.ReasonHistoryUnknown, "an excess_access that an earlier role, which is not known, may explain"}} {
		kind := scanner.OrphanedAccount
		if reason.word == scanner.ReasonHistoryUnknown {
			kind = scanner.ExcessAccess
		}
		step := scanner.NextStep(kind, reason.word)
		rows = append(rows, []any{"reason: " + reason.word, reason.means, step})
	}
	return rows
}

type pair struct{ word, means string }

func pairs(list []pair) (rows [][]any) {
	for _, p := range list {
		rows = append(rows, []any{p.word, p.means})
	}
	return rows
}

var words = []pair{
	{"roster", "the people HR knows, leavers included"},
	{"person", "one human being, over all employments"},
	{"account", "one login in one app"},
	{"entitlement", "one role, group, licence or permission set that an account holds"},
	{"owner", "the person an account belongs to"},
	{"match", "the tie from an account to its owner, with the evidence for it"},
	{"pull", "one complete reading of one source"},
	{"finding", "one thing wrong, with an id that stays the same from run to run"},
	{"group", "findings that are decided in one case"},
	{"case", "a finding's way: asked, decided, carried out, confirmed"},
	{"decision", "keep or remove: by whom, when and why"},
	{"exception", "an accepted risk with an owner and a day on which it ends"},
	{"link", "a recorded tie of an account to its owner"},
	{"control total", "read = matched + unmatched + non-human + rejected"},
	{"baseline, backlog", "what the very first run found; it is to shrink from run to run"},
	{"HR latency", "days from somebody's last day to the first roster that showed the end"},
	{"own latency", "days from then on until the account was gone, or until today"},
	{"sign-off", "a manager's acknowledgement of the whole review, apart from the decisions in it"},
	{"manifest", "the list of a run's files with the SHA-256 of each"},
	{"SHA-256", "a number that changes when one byte of a file does"},
}

// valueRows explain the values in the order in which the sheets show them.
func valueRows() (rows [][]any) {
	add := func(where string, list ...pair) {
		for _, p := range list {
			rows = append(rows, []any{where, p.word, p.means})
		}
	}
	add("Severity", pair{"critical", "to be dealt with today"}, pair{"high", "within days"}, pair{"medium", "in this review"}, pair{"low", "when there is time"}, pair{"info", "to be known"})
	add("State of a source", pair{"OK", "read to its end, and like the last pull"}, pair{"INCOMPLETE", "read in part, or too unlike the last pull: what rests on it was not judged"}, pair{"FAILED", "not read: nothing in it was judged"})
	add("Ties out", pair{"yes", "every row is accounted for"}, pair{"NO", "rows are missing from the count: do not rely on the report"}, pair{"not read", "there was no row to account for"})
	for g := scanner.None; g <= scanner.Exact; g++ {
		add("Match grade", pair{g.String(), grades[g]})
	}
	for by := scanner.ByNothing; by <= scanner.ByName; by++ {
		add("Match by", pair{by.String(), evidenceOf[by]})
	}
	for c := connectors.Human; c <= connectors.BreakGlass; c++ {
		add("Class", pair{c.String(), classes[c]})
	}
	add("Last sign-in", pair{neverSeen, "the app reports sign-ins, and there was none"}, pair{switchedOffWord, "the company does not look at sign-in times: none was read"}, pair{notProvided, "the app does not tell; never read as \"no\" or as \"never\""})
	add("Enabled", pair{"yes, no", "as the app says"}, pair{"unknown", "the app does not say"})
	add("HR status", pair{"active, leave, preboarding, terminated", "as HR says"}, pair{"ended (HR says …)", "the last day has passed, though HR's status does not say so yet"}, pair{"unknown", "HR left it blank"})
	add("Since the last run", pair{"new", "was not there before"}, pair{"still there", "was found last time as well"}, pair{"back again", "had gone and came back"}, pair{"backlog", "the first run already had it"})
	add("Decisions", pair{string(Keep), "somebody decided that the access stays, and why"}, pair{string(Remove), "somebody decided that it goes"}, pair{string(Lapsed), "nobody decided in time and the policy's default held"})
	add("Remediation log", pair{string(ActionDone), "the app took the change"}, pair{string(ActionFailed), "it did not"}, pair{string(ActionIntent), "what became of it was never recorded: it is to be read back"},
		pair{"confirmed", "a fresh read showed the change"}, pair{"NOT CLEAN", "a fresh read did not"}, pair{"not confirmed", "nothing was read since"})
	add("Exceptions", pair{"in force", "its findings are not counted as open"}, pair{"EXPIRED", "its last day has passed"}, pair{"OWNER HAS LEFT, OWNER UNKNOWN", "nobody answers for it, and it does not hold"})
	add("Service accounts", pair{"not registered", "the policy's register has no entry for it"}, pair{"HAS LEFT, NOT ON THE ROSTER", "of its owner: nobody who works here answers for it"}, pair{"NOT AN EMPLOYEE ID", "the app names somebody in another way, which is not resolved here"},
		pair{"OVERDUE", "the day of its review has come"})
	add("Time to revoke", pair{"OPEN", "the account still works"}, pair{"gone", "no longer found"}, pair{"sign-in only", "the account is disabled; somebody signed in after the last day"},
		pair{notRecorded + ", unknown", "not known; never counted as zero"})
	return rows
}

var grades = map[scanner.Grade]string{
	scanner.None:      "nobody on the roster fits",
	scanner.Ambiguous: "several people fit equally well",
	scanner.Proposed:  "one person is likely: to be confirmed",
	scanner.Strong:    "evidence beyond likeness of names",
	scanner.Exact:     "employee id, primary address, or recorded link",
}

var evidenceOf = map[scanner.By]string{
	scanner.ByNothing:    "no evidence",
	scanner.ByLink:       "a tie that somebody recorded",
	scanner.ByEmployeeID: "the roster's id",
	scanner.ByAddress:    "the primary work address",
	scanner.ByAlias:      "a former, alias or personal address that HR knows of",
	scanner.ByAltDomain:  "the same name at another of the company's domains",
	scanner.ByUsername:   "the user name is an address, its local part, or an employee id",
	scanner.ByConvention: "the app's own way of making user names, and the name fits",
	scanner.ByName:       "the name alone",
}

var classes = map[connectors.Class]string{
	connectors.Human:      "one person's own",
	connectors.Guest:      "somebody's from outside, with a sponsor here",
	connectors.Service:    "a program's",
	connectors.Shared:     "used by several people",
	connectors.BreakGlass: "for emergencies",
}
