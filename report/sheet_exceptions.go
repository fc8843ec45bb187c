package report

import (
	"strings"

	"rollcall/connectors"
	"rollcall/scanner"
)

// exceptionsSheet lists the accepted risks, those that have ended included.
func exceptionsSheet(r *Review) *longSheet {
	note := "One row for each accepted risk in the policy, and for each decision to keep (named by its case; its findings stay reported). What one that has ended covered is reported again. Approver and day of granting are not in the policy; its own history shows them. Findings set aside as wrong are in Scope & completeness."
	if len(r.Exceptions) == 0 {
		note = "The policy accepts no risk, and nobody decided to keep anything: no finding is covered by an exception."
	}
	return &longSheet{name: "Exceptions", title: "Exceptions: accepted risks as of " + r.Result.AsOf.String(), note: note, frozen: 1,
		columns: []column{{"Exception", 18}, {"Status", 18}, {"Kind", 21}, {"App", 14}, {"Account ID", 24}, {"Entitlement", 26}, {"Person", 14},
			{"Reason", 60}, {"Owner ID", 12}, {"Owner", 26}, {"Owner's HR status", 18}, {"Expires", 13}, {"Days left", 9}, {"Findings covered now", 11},
			{"Their ids", 42}},
		rows: func(w *longWriter) error {
			covered := coveredBy(r)
			for i := range r.Exceptions {
				if err := w.next(); err != nil {
					return err
				}
				exceptionRow(w, r, &r.Exceptions[i], covered[r.Exceptions[i].ID])
				w.end()
			}
			return nil
		}}
}

// coveredBy are the ids of the findings that each exception covers.
func coveredBy(r *Review) map[string][]string {
	covered := map[string][]string{}
	for i := range r.Result.Accepted {
		f := &r.Result.Accepted[i]
		if id, _, ok := strings.Cut(evidence(f, "exception"), ": "); ok {
			covered[id] = append(covered[id], string(f.ID))
		}
	}
	for id, findings := range r.Kept {
		for _, f := range findings {
			covered[id] = append(covered[id], string(f))
		}
	}
	return covered
}

func exceptionRow(w *longWriter, r *Review, e *scanner.Exception, covers []string) {
	w.text(e.ID)
	status, style := exceptionStatus(r, e)
	w.words(status, style(w.st))
	w.text(string(e.Kind))
	for _, pattern := range []string{e.App, e.Account, e.Entitlement, e.Person} {
		w.text(orWord(pattern, "any"))
	}
	w.text(e.Reason)
	w.text(string(e.Owner))
	w.text(r.plainName(e.Owner))
	w.text(ownerStatus(r, e.Owner))
	w.date(e.Expires.Date, "NO END GIVEN")
	if left := int(e.Expires.Date - r.Result.AsOf); e.Expires.Known() && left >= 0 {
		w.number(left)
	} else {
		w.text("none")
	}
	w.number(len(covers))
	w.text(strings.Join(covers, " "))
}

// exceptionStatus is whether an exception holds on the day of the report, as the scan judges it.
func exceptionStatus(r *Review, e *scanner.Exception) (string, func(*styles) int) {
	bad, good := func(s *styles) int { return s.bad }, func(s *styles) int { return s.good }
	p := r.person(e.Owner)
	switch {
	case e.Expires.Date < r.Result.AsOf:
		return "EXPIRED", bad
	case p == nil || p.Now == nil:
		return "OWNER UNKNOWN", bad
	case p.Ended(r.Result.AsOf):
		return "OWNER HAS LEFT", bad
	}
	return "in force", good
}

// ownerStatus says of somebody who answers for something whether they work here.
func ownerStatus(r *Review, id connectors.PersonID) string {
	if id == "" {
		return "nobody named"
	}
	p := r.person(id)
	if p == nil || p.Now == nil {
		return "NOT ON THE ROSTER"
	}
	if p.Ended(r.Result.AsOf) {
		return "HAS LEFT"
	}
	return hrStatus(p, r.Result.AsOf)
}
