package report

import (
	"strings"

	"rollcall/connectors"
	"rollcall/scanner"
)

// serviceSheet lists the accounts that are nobody's own: what they are for, and who answers for them.
func serviceSheet(r *Review, know *overview, accounts *[]AccountRow) *longSheet {
	return &longSheet{name: "Service accounts", title: "Service, shared, break-glass and guest accounts as of " + r.Result.AsOf.String(), frozen: 2,
		note: "One row for each account that is nobody's own, with its entry in the policy's register; none: no such account was read. A credential unused for too long is a finding (dormant_credential); the age of others is not recorded.",
		columns: []column{{"App", 16}, {"Account ID", 24}, {"Username", 30}, {"Class", 13}, {"Class settled by", 21}, {"Enabled", 9}, {"Purpose", 44},
			{"Owner ID", 22}, {"Owner", 26}, {"Owner's HR status", 18}, {"Owner named by", 14}, {"Entitlements", 13}, {"Privileged ones", 11},
			{"Created", 13}, {"Last sign-in", 13}, {"Sign-in by people", 13}, {"Age of its secret", 13}, {"Next review", 13}, {"Review", 13},
			{"Findings", 42}, {"Read from", 28}},
		rows: func(w *longWriter) error {
			registered := r.registered
			if registered == nil {
				policy := &scanner.Policy{ServiceAccounts: r.Register}
				if err := policy.Prepare(); err != nil {
					return err
				}
				registered = policy.Registered
			}
			signIns := r.signIns()
			for i := range *accounts {
				a := &(*accounts)[i]
				if err := w.next(); err != nil {
					return err
				}
				serviceRow(w, r, a, registered(a.App, a.Account, a.Username), signIns[a.App])
				w.text(know.accounts.of(a.App, a.Account))
				w.text(a.Row)
				w.end()
			}
			return nil
		}}
}

func serviceRow(w *longWriter, r *Review, a *AccountRow, entry *scanner.ServiceAccount, noSignIn string) {
	w.text(string(a.App))
	w.text(string(a.Account))
	w.text(a.Username)
	w.text(a.Class.String())
	w.text(a.ClassBy)
	w.text(a.Enabled.String())
	owner, by, purpose := connectors.PersonID(strings.TrimSpace(a.OwnerRef)), "the app", "not registered"
	if r.isOwn(a.App, a.Account) {
		purpose = "rollcall's own account"
	}
	if entry != nil {
		purpose = orWord(entry.Purpose, "none given")
	}
	if entry != nil && entry.Owner != "" {
		owner, by = entry.Owner, "the register"
	}
	if owner == "" {
		by = "nobody"
	}
	w.text(purpose)
	w.text(string(owner))
	w.text(r.plainName(owner))
	switch status := ownerStatus(r, owner); {
	case status == "NOT ON THE ROSTER" && by == "the app": // it may be an address
		w.words("NOT AN EMPLOYEE ID", w.st.warn)
	case status == "nobody named" || status == strings.ToUpper(status):
		w.words(status, w.st.bad)
	default:
		w.text(status)
	}
	w.text(by)
	w.number(a.Entitlements)
	w.number(a.Privileged)
	w.date(a.Created, notProvided)
	w.date(a.LastSignIn, orWord(noSignIn, notProvided))
	w.text(notRecorded)
	w.text(notRecorded)
	reviewCells(w, r, entry)
}

// reviewCells say when the register wants the account looked at again.
func reviewCells(w *longWriter, r *Review, entry *scanner.ServiceAccount) {
	var due connectors.Date
	if entry != nil {
		due = entry.Review.Date
	}
	w.date(due, "no day set")
	switch {
	case !due.Known():
		w.text("not planned")
	case due <= r.Result.AsOf:
		w.words("OVERDUE", w.st.bad)
	default:
		w.words("planned", w.st.good)
	}
}
