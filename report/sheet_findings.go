package report

import (
	"strings"

	"rollcall/scanner"
)

// findingsSheet lists every finding, most severe first.
func findingsSheet(r *Review, sum *Summary) *longSheet {
	note := "One row for each finding, most severe first. Days are of the company's calendar."
	if len(r.Result.Findings) == 0 {
		note = "Nothing was found in what was read. Scope & completeness says what was read."
	}
	if len(sum.Incomplete) > 0 {
		note = "INCOMPLETE: not all there is; see Scope & completeness. " + note
	}
	return &longSheet{name: "Findings", title: "Findings as of " + r.Result.AsOf.String(), note: note, frozen: 1,
		columns: []column{{"Finding", 21}, {"Severity", 11}, {"Kind", 21}, {"Reason", 16}, {"App", 14}, {"Login", 32}, {"Account ID", 22},
			{"Entitlement", 24}, {"Person ID", 11}, {"Person", 24}, {"Why", 72}, {"What to do", 50}, {"Since the last run", 13},
			{"First seen", 12}, {"Times seen", 9}, {"Age in days", 9}, {"Also concerned", 30}, {"Match grade", 11},
			{"Match by", 13}, {"Controls", 30}, {"Evidence", 60}, {"Group", 24}},
		rows: func(w *longWriter) error {
			news := newsOf(r)
			for i := range r.Result.Findings {
				if err := w.next(); err != nil {
					return err
				}
				findingRow(w, r, &r.Result.Findings[i], news)
				w.end()
			}
			return nil
		}}
}

func findingRow(w *longWriter, r *Review, f *scanner.Finding, news map[scanner.FindingID]string) {
	w.text(string(f.ID))
	w.words(f.Severity.String(), w.st.severity(f.Severity))
	w.text(string(f.Kind))
	w.text(f.Reason)
	w.text(string(f.App))
	w.text(f.Login())
	w.text(string(f.Account))
	w.text(string(f.Entitlement))
	w.text(string(f.Person))
	w.text(r.plainName(f.Person))
	w.text(f.Why)
	w.text(r.nextStep(f))
	w.text(news[f.ID])
	w.date(f.FirstSeen, "not recorded")
	w.number(f.TimesSeen)
	if f.FirstSeen.Known() {
		w.number(int(r.Result.AsOf - f.FirstSeen))
	} else {
		w.skip()
	}
	w.line(relatedWords(f.Related))
	w.text(f.Grade.String())
	w.text(f.By.String())
	w.line(strings.Join(f.Controls, "; "))
	w.line(evidenceWords(f.Evidence))
	w.text(f.Group)
}

// newsOf says of each finding how it stands to the last run.
func newsOf(r *Review) map[scanner.FindingID]string {
	news := make(map[scanner.FindingID]string, len(r.Result.Findings))
	for i := range r.Result.Findings {
		switch id := r.Result.Findings[i].ID; {
		case r.Baseline || r.backlog(id):
			news[id] = "backlog"
		case r.Change.LastRun != "":
			news[id] = "still there"
		}
	}
	if r.Baseline {
		return news
	}
	for _, id := range r.Change.New {
		news[id] = "new"
	}
	for _, id := range r.Change.Back {
		news[id] = "back again"
	}
	return news
}
