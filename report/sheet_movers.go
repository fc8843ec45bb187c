package report

import (
	"strings"

	"rollcall/connectors"
	"rollcall/scanner"
)

// moversSheet lists what people kept from an earlier role.
func moversSheet(r *Review) *longSheet {
	return &longSheet{name: "Movers", title: "Movers: access kept from an earlier role, as of " + r.Result.AsOf.String(), frozen: 2,
		note: "One row for each entitlement that only an earlier role of its holder explains; none: nothing of the kind was found. Who moved and kept nothing is not listed; where role history is not known, Scope & completeness counts it as not assessable.",
		columns: []column{{"Person ID", 12}, {"Person", 26}, {"Department", 20}, {"Title", 24}, {"Earlier role", 26}, {"Present role", 26}, {"Present role since", 13},
			{"App", 14}, {"Login", 32}, {"Account ID", 22}, {"Entitlement kept", 28}, {"Granted", 22}, {"Held by way of", 20}, {"Days since the move", 11},
			{"Conflicts of duties of the person", 42}, {"Severity", 11}, {"First found", 13}, {"Finding", 21}},
		rows: func(w *longWriter) error {
			conflicts := map[connectors.PersonID]string{}
			for f, err := range r.findings(scanner.SoDConflict) {
				if err != nil {
					return err
				}
				conflicts[f.Person] = joinNonEmpty("; ", conflicts[f.Person], joinNonEmpty(" ", string(f.ID), evidence(f, "rule")))
			}
			for f, err := range r.findings(scanner.MoverStacking) {
				if err != nil {
					return err
				}
				if err := w.next(); err != nil {
					return err
				}
				moverRow(w, r, f, conflicts[f.Person])
				w.end()
			}
			return nil
		}}
}

// none says that there is nothing, as far as the report shows everything.
func (r *Review) none() string {
	if r.Filter != "" {
		return "none in what is shown"
	}
	return "none found"
}

func moverRow(w *longWriter, r *Review, f *scanner.Finding, conflicts string) {
	w.text(string(f.Person))
	w.text(r.plainName(f.Person))
	if p := r.person(f.Person); p != nil && p.Now != nil {
		w.text(p.Now.Department)
		w.text(p.Now.Title)
	} else {
		w.skip()
		w.skip()
	}
	earlier, present, since := moved(f)
	w.text(orWord(earlier, "see the finding"))
	w.text(orWord(present, "see the finding"))
	w.date(since, "not known")
	w.text(string(f.App))
	w.text(f.Login())
	w.text(string(f.Account))
	w.text(string(f.Entitlement))
	w.text(orWord(evidence(f, "granted"), "unknown"))
	w.text(orWord(evidence(f, "inherited from"), "itself"))
	w.days(since, r.Result.AsOf)
	w.text(orWord(conflicts, r.none()))
	w.words(f.Severity.String(), w.st.severity(f.Severity))
	w.date(f.FirstSeen, notRecorded)
	w.text(string(f.ID))
}

// moved reads from the finding's evidence which role explains the entitlement, which one is held now, and since when. The
// roles stand there as "2020-02-03 FIN_AP; 2026-06-15 PURCH".
func moved(f *scanner.Finding) (earlier, present string, since connectors.Date) {
	periods := strings.Split(evidence(f, "roles"), "; ")
	day, role, ok := strings.Cut(periods[len(periods)-1], " ")
	if d, err := connectors.ParseDate(day); ok && err == nil {
		present, since = role, d
	}
	if role, ok := strings.CutPrefix(evidence(f, "policy"), "roles."); ok {
		return role, present, since
	}
	if len(periods) > 1 {
		_, earlier, _ = strings.Cut(periods[len(periods)-2], " ")
	}
	return earlier, present, since
}
