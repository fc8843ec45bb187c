package report

import (
	"strings"

	"rollcall/scanner"
)

// findingsSheet lists every finding, most severe first.
func findingsSheet(r *Review, sum *Summary) *longSheet {
	note := "One row for each finding, most severe first. Days are of the company's calendar."
	if sum.Total == 0 {
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
			for f, err := range r.findings() {
				if err != nil {
					return err
				}
				if err := w.next(); err != nil {
					return err
				}
				findingRow(w, r, f, news(f.ID))
				w.end()
			}
			return nil
		}}
}

func findingRow(w *longWriter, r *Review, f *scanner.Finding, news string) {
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
	w.text(news)
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

// newsOf says of a finding how it stands to the last run.
func newsOf(r *Review) func(scanner.FindingID) string {
	fresh := map[scanner.FindingID]string{}
	if !r.Baseline {
		for _, id := range r.Change.New {
			fresh[id] = "new"
		}
		for _, id := range r.Change.Back {
			fresh[id] = "back again"
		}
	}
	return func(id scanner.FindingID) string {
		switch word := fresh[id]; {
		case word != "":
			return word
		case r.Baseline || r.backlog(id):
			return "backlog"
		case r.Change.LastRun != "":
			return "still there"
		}
		return ""
	}
}
