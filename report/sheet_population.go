package report

import (
	"iter"
	"strings"

	"rollcall/connectors"
	"rollcall/scanner"
)

// populationSheet lists every account that was read, with its owner, whether or not anything is wrong with it.
func populationSheet(r *Review, population iter.Seq2[AccountRow, error]) *longSheet {
	return &longSheet{name: "Population", title: "Population: every account read, as of " + r.Result.AsOf.String(), frozen: 2,
		note: "One row for each account, disabled ones included. \"Not provided\" means that the app does not say; days are of the company's calendar.",
		columns: []column{{"App", 16}, {"Account ID", 22}, {"Username", 24}, {"Display name", 26}, {"Email", 32}, {"Employee ID in app", 14},
			{"Class", 12}, {"Class settled by", 18}, {"Enabled", 9}, {"Created", 13}, {"Last sign-in", 13}, {"MFA", 13}, {"Entitlements", 13},
			{"Privileged ones", 11}, {"Person ID", 12}, {"Person", 26}, {"HR status", 13}, {"Department", 20}, {"Title", 24}, {"Manager", 26},
			{"Start", 12}, {"Last day", 12}, {"Match grade", 11}, {"Match by", 13}, {"Runner-up", 12}, {"Findings", 21}, {"Read from", 28}},
		rows: func(w *longWriter) error {
			p := populationFacts(r)
			for a, err := range population {
				if err != nil {
					return err
				}
				if err := w.next(); err != nil {
					return err
				}
				p.row(w, &a)
				w.end()
			}
			return nil
		}}
}

// login names an account among all apps.
type login struct {
	app connectors.AppID
	acc connectors.AccountID
}

// population is what the rows say beside the account itself.
type population struct {
	r        *Review
	findings map[login]string
	signIns  map[connectors.AppID]bool // apps that report sign-ins
}

func populationFacts(r *Review) *population {
	p := &population{r: r, findings: map[login]string{}, signIns: map[connectors.AppID]bool{}}
	for i := range r.Result.Findings {
		if f := &r.Result.Findings[i]; f.Account != "" {
			at := login{f.App, f.Account}
			p.findings[at] = joinNonEmpty(" ", p.findings[at], string(f.ID))
		}
	}
	for _, s := range r.Result.Sources {
		p.signIns[connectors.AppID(s.Name)] = s.Info.Signals.SignIn.Given
	}
	return p
}

const notProvided = "not provided"

func (p *population) row(w *longWriter, a *AccountRow) {
	w.text(string(a.App))
	w.text(string(a.Account))
	w.text(a.Username)
	w.text(a.DisplayName)
	w.text(a.Email)
	w.text(a.EmployeeID)
	w.text(a.Class.String())
	w.text(a.ClassBy)
	w.text(a.Enabled.String())
	w.date(a.Created, notProvided)
	if p.signIns[a.App] {
		w.date(a.LastSignIn, "never seen")
	} else {
		w.date(a.LastSignIn, notProvided)
	}
	if a.MFA == connectors.Unknown {
		w.text(notProvided)
	} else {
		w.text(a.MFA.String())
	}
	w.number(a.Entitlements)
	w.number(a.Privileged)
	p.owner(w, a.Person)
	w.text(a.Grade.String())
	w.text(a.By.String())
	w.text(string(a.RunnerUp))
	w.text(p.findings[login{a.App, a.Account}])
	w.text(a.Row)
}

// owner writes what HR says of the account's owner.
func (p *population) owner(w *longWriter, id connectors.PersonID) {
	w.text(string(id))
	person := p.r.person(id)
	if person == nil || person.Now == nil {
		for range 7 {
			w.skip()
		}
		return
	}
	now := person.Now
	w.text(person.Name())
	w.text(hrStatus(person, p.r.Result.AsOf))
	w.text(now.Department)
	w.text(now.Title)
	w.text(p.r.name(now.Manager))
	w.date(now.Start, "")
	w.date(now.End, "")
}

// hrStatus is what the roster says of a person today; dates decide over a status that is late.
func hrStatus(p *scanner.Person, asOf connectors.Date) string {
	status := p.Now.Status.String()
	if p.Ended(asOf) && p.Now.Status != connectors.Terminated {
		return strings.TrimSpace("ended (HR says " + status + ")")
	}
	return status
}
