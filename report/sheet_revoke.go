package report

import (
	"cmp"
	"slices"
	"strings"

	"rollcall/connectors"
	"rollcall/scanner"
)

// revokeSheet lists leavers' accounts, open ones and those that are gone, with the time that each step took: what HR took
// apart from what came after.
func revokeSheet(r *Review, know *overview) *longSheet {
	note := "One row for each leaver's account that is enabled, went in " + r.span() + ", or was signed in to after the last day. HR latency: from the last day to the first roster that showed the end; own latency: from there on. " + r.targetWords() + " Unknown is never zero."
	return &longSheet{name: "Time to revoke", title: "Time to revoke as of " + r.Result.AsOf.String(), note: note, frozen: 2,
		columns: []column{{"Person ID", 12}, {"Person", 26}, {"App", 14}, {"Login", 32}, {"Account ID", 22}, {"State", 13}, {"Last day", 13},
			{"HR's record showed it on", 14}, {"First found", 13}, {"Asked (UTC)", 20}, {"Decided (UTC)", 20}, {"Gone by", 13}, {"Confirmed clean (UTC)", 20},
			{"HR latency, days", 13}, {"Own latency, days", 13}, {"Last day to first found, days", 13}, {"First found to gone or today, days", 13},
			{"Last day to gone or today, days", 13}, {"Target, days", 9}, {"Within target", 16}, {"Sign-ins after the last day", 32}, {"HR status", 20}, {"Severity", 11}, {"Finding", 21}},
		rows: func(w *longWriter) error { return revokeRows(w, r, know) }}
}

// span is the time the report looks back on.
func (r *Review) span() string {
	if r.Period == nil {
		return "the time since the last run"
	}
	return "the period from " + r.Period.From.String() + " to " + r.Period.To.String()
}

// revocation is a row of the sheet.
type revocation struct {
	f    *scanner.Finding
	gone connectors.Date // 0: it is still open
	used string          // sign-ins after the last day
	off  bool            // the account is disabled; it was signed in to before
	by   *Decision       // the last one; nil: none
	done *Action         // the last that a fresh read confirmed; nil: none
}

// cases find what was decided of a finding, and what was done and confirmed.
type cases struct {
	decisions map[scanner.FindingID]*Decision
	confirmed map[scanner.FindingID]*Action
	off       map[login]*Action
}

func casesOf(r *Review) cases {
	c := cases{map[scanner.FindingID]*Decision{}, map[scanner.FindingID]*Action{}, switchedOff(r)}
	for i := range r.Decisions {
		c.decisions[r.Decisions[i].Finding] = &r.Decisions[i]
	}
	for i := range r.Actions {
		if a := &r.Actions[i]; a.Clean == connectors.Yes {
			c.confirmed[a.Finding] = a
		}
	}
	return c
}

// switchedOff finds, by account, the last action that a fresh read confirmed to have disabled it, and that stands.
func switchedOff(r *Review) map[login]*Action {
	off := map[login]*Action{}
	for i := range r.Actions {
		if a := &r.Actions[i]; a.Off && a.Clean == connectors.Yes && a.Undone != connectors.Yes {
			off[login{a.App, a.Account}] = a
		}
	}
	return off
}

func revokeRows(w *longWriter, r *Review, know *overview) error {
	late, err := lateSignIns(r)
	if err != nil {
		return err
	}
	known, signIns, seen := casesOf(r), r.signIns(), map[login]bool{}
	write := func(v revocation) error {
		v.by, v.done = known.decisions[v.f.ID], cmp.Or(known.off[login{v.f.App, v.f.Account}], known.confirmed[v.f.ID])
		if err := w.next(); err != nil {
			return err
		}
		revokeRow(w, r, v)
		w.end()
		return nil
	}
	for f, err := range r.findings(scanner.OrphanedAccount) {
		if err == nil && isLeaver(f.Kind, f.Reason) {
			at := login{f.App, f.Account}
			seen[at] = true
			err = write(revocation{f: f, used: orWord(late[at], r.noLateSignIn(f, signIns))})
		}
		if err != nil {
			return err
		}
	}
	for f, err := range r.findings(scanner.SignInAfterExit) {
		if err == nil && !seen[login{f.App, f.Account}] {
			err = write(revocation{f: f, used: late[login{f.App, f.Account}], off: true})
		}
		if err != nil {
			return err
		}
	}
	for i := range know.closed {
		if err := write(revocation{f: &know.closed[i].Finding, gone: know.closed[i].Gone, used: notRecorded}); err != nil {
			return err
		}
	}
	return nil
}

// lateSignIns are the accounts that were signed in to after the last day, with words on it.
func lateSignIns(r *Review) (map[login]string, error) {
	late := map[login]string{}
	for f, err := range r.findings(scanner.SignInAfterExit) {
		if err != nil {
			return nil, err
		}
		late[login{f.App, f.Account}] = "YES, on " + orWord(evidence(f, "last sign-in"), "a day not told")
	}
	return late, nil
}

// noLateSignIn says what it means that no sign-in after the last day was found.
func (r *Review) noLateSignIn(f *scanner.Finding, signIns map[connectors.AppID]string) string {
	switch {
	case signIns[f.App] == switchedOffWord:
		return "not looked at: sign-in times are switched off"
	case signIns[f.App] == "":
		return "not known: the app reports no sign-ins"
	case !r.lastDay(f.Person).Known():
		return "not known: no last day"
	case isOff(r, scanner.SignInAfterExit):
		return "not judged"
	}
	return "none seen"
}

// isOff tells whether the review leaves out findings of a kind, so that their absence says nothing.
func isOff(r *Review, k scanner.Kind) bool {
	return r.Framework != "" && !slices.Contains(kindsOf(r.Framework), k)
}

func revokeRow(w *longWriter, r *Review, v revocation) {
	f := v.f
	last, end := r.lastDay(f.Person), r.Result.AsOf
	if v.gone.Known() {
		end = v.gone
	}
	w.text(string(f.Person))
	w.text(r.plainName(f.Person))
	w.text(string(f.App))
	w.text(f.Login())
	w.text(string(f.Account))
	switch {
	case v.gone.Known():
		w.words("gone", w.st.good)
	case v.off:
		w.text("sign-in only")
	default:
		w.words("OPEN", w.st.bad)
	}
	said := r.hrSaid(f.Person)
	w.date(last, "not known")
	w.date(said, notRecorded)
	w.date(f.FirstSeen, notRecorded)
	if v.by != nil {
		w.moment(v.by.Asked, notRecorded)
		w.moment(v.by.Decided, "undecided")
	} else {
		w.text("not asked")
		w.text("undecided")
	}
	w.date(v.gone, "not gone")
	if v.done != nil {
		w.moment(v.done.Confirmed, notRecorded)
	} else {
		w.text("not confirmed")
	}
	switch { // HR may have entered the last day ahead of it
	case !last.Known() || !said.Known():
		w.days(0, 0)
		w.days(0, 0)
	default:
		w.number(int(max(said-last, 0)))
		w.number(int(max(end-max(said, last), 0)))
	}
	w.days(last, f.FirstSeen)
	w.days(f.FirstSeen, end)
	w.days(last, end)
	w.target(r, &v, last, end)
	if strings.HasPrefix(v.used, "YES") {
		w.words(v.used, w.st.bad)
	} else {
		w.text(v.used)
	}
	if p := r.person(f.Person); p != nil && p.Now != nil {
		w.text(hrStatus(p, r.Result.AsOf))
	} else {
		w.text("not on the roster")
	}
	w.words(f.Severity.String(), w.st.severity(f.Severity))
	w.text(string(f.ID))
}

// hrSaid is the day of the first roster that showed that a person has left.
func (r *Review) hrSaid(id connectors.PersonID) connectors.Date {
	if r.Period == nil || r.Period.HRSaid == nil {
		return 0
	}
	return r.Period.HRSaid(id)
}

// days writes how many days lie between two; unknown if one of them is.
func (w *rowWriter) days(from, to connectors.Date) {
	if !from.Known() || !to.Known() {
		w.text("unknown")
		return
	}
	w.number(int(to - from))
}
