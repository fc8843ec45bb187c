package report

import (
	"rollcall/connectors"
)

const notRecorded = "not recorded"

// decisionsSheet lists what was decided of the findings, and by whom.
func decisionsSheet(r *Review) *longSheet {
	note := "One row for each decision. A finding without one is undecided: silence is never consent. \"lapsed\" is the policy's default after a deadline, nobody's decision. Times are UTC."
	if len(r.Decisions) == 0 {
		note = "NO DECISION IS RECORDED for this report: it says what was found, and nobody has been asked. Every finding is undecided, which is not the same as accepted. Times are UTC."
	}
	return &longSheet{name: "Decisions", title: "Decisions: what was decided, by whom and why", note: note, frozen: 1,
		columns: []column{{"Finding", 21}, {"Case", 16}, {"Verdict", 10}, {"Decided by", 26}, {"As what", 18}, {"Independent", 13},
			{"Reason", 60}, {"Asked (UTC)", 20}, {"Decided (UTC)", 20}, {"Hours taken", 9}, {"Asked by way of", 13}, {"Message", 34},
			{"Hash of what was shown", 40}, {"Holds until", 13}},
		rows: func(w *longWriter) error {
			for i := range r.Decisions {
				if err := w.next(); err != nil {
					return err
				}
				decisionRow(w, &r.Decisions[i])
				w.end()
			}
			return nil
		}}
}

func decisionRow(w *longWriter, d *Decision) {
	w.text(string(d.Finding))
	w.text(d.Case)
	w.words(string(d.Verdict), w.st.verdict(d.Verdict))
	w.text(orWord(d.Actor, notRecorded))
	w.text(d.Role)
	w.text(d.Independent.String())
	w.text(d.Reason)
	w.moment(d.Asked, notRecorded)
	w.moment(d.Decided, notRecorded)
	if d.Asked.IsZero() || d.Decided.IsZero() {
		w.text("unknown")
	} else {
		w.number(int(d.Decided.Sub(d.Asked).Hours()))
	}
	w.text(d.Channel)
	w.text(d.Message)
	w.text(d.Shown)
	w.date(d.Until, "no end")
}

func (s *styles) verdict(v Verdict) int {
	switch v {
	case Remove:
		return s.bad
	case Lapsed:
		return s.warn
	}
	return s.good
}

// actionsSheet lists what was changed in the apps, with the proof that it was.
func actionsSheet(r *Review) *longSheet {
	note := "One row for each change in an app. It counts as done only when a read that came after it showed the change: \"Confirmed clean\". Times are UTC."
	if len(r.Actions) == 0 {
		note = "NOTHING WAS CHANGED in any app in the course of this report, so there is nothing to confirm. What is removed by other means shows as gone in the next run. Times are UTC."
	}
	return &longSheet{name: "Remediation log", title: "Remediation log: what was changed, and whether it was seen to be", note: note, frozen: 1,
		columns: []column{{"Action", 18}, {"Finding", 21}, {"Case", 16}, {"App", 14}, {"Account ID", 22}, {"What", 24}, {"Mode", 12}, {"State before", 30},
			{"Asked for (UTC)", 20}, {"Carried out (UTC)", 20}, {"By", 24}, {"Result", 13}, {"Request ID in the app", 26}, {"Read again (UTC)", 20},
			{"Confirmed clean", 13}, {"Can be undone until (UTC)", 20}, {"Undone", 10}},
		rows: func(w *longWriter) error {
			for i := range r.Actions {
				if err := w.next(); err != nil {
					return err
				}
				actionRow(w, &r.Actions[i])
				w.end()
			}
			return nil
		}}
}

func actionRow(w *longWriter, a *Action) {
	w.text(a.ID)
	w.text(string(a.Finding))
	w.text(a.Case)
	w.text(string(a.App))
	w.text(string(a.Account))
	w.text(a.What)
	w.text(a.Mode)
	w.text(a.Before)
	w.moment(a.Requested, notRecorded)
	w.moment(a.Executed, "not carried out")
	w.text(orWord(a.Actor, notRecorded))
	style := w.st.bad
	if a.Result == ActionDone {
		style = w.st.good
	}
	w.words(string(a.Result), style)
	w.text(orWord(a.Request, "none given"))
	w.moment(a.Confirmed, "not read again")
	switch a.Clean {
	case connectors.Yes:
		w.words("confirmed", w.st.good)
	case connectors.No:
		w.words("NOT CLEAN", w.st.bad)
	default:
		w.words("not confirmed", w.st.warn)
	}
	w.moment(a.UndoUntil, "cannot be undone")
	w.text(a.Undone.String())
}
