package report

import (
	"iter"
	"strings"

	"rollcall/connectors"
	"rollcall/scanner"
)

// populationSheet lists every account that was read, with its owner, whether or not anything is wrong with it. Those that
// are nobody's own are handed to others: the sheet Service accounts comes later, and the accounts are read once.
func populationSheet(r *Review, know *overview, population iter.Seq2[AccountRow, error], others *[]AccountRow) *longSheet {
	return &longSheet{name: "Population", title: "Population: every account read, as of " + r.Result.AsOf.String(), frozen: 2,
		note: "One row for each account, disabled ones included. \"Not provided\" means that the app does not say; days are of the company's calendar.",
		columns: []column{{"App", 16}, {"Account ID", 22}, {"Username", 24}, {"Display name", 26}, {"Email", 32}, {"Employee ID in app", 14},
			{"Class", 12}, {"Class settled by", 21}, {"Enabled", 9}, {"Created", 13}, {"Last sign-in", 13}, {"MFA", 13}, {"Entitlements", 13},
			{"Privileged ones", 11}, {"Person ID", 12}, {"Person", 26}, {"HR status", 13}, {"Department", 20}, {"Title", 24}, {"Manager", 26},
			{"Start", 12}, {"Last day", 12}, {"Match grade", 11}, {"Match by", 13}, {"Runner-up", 12}, {"Findings", 21}, {"Read from", 28}},
		rows: func(w *longWriter) error {
			*others = nil
			p := populationFacts(r, know)
			for a, err := range population {
				if err != nil {
					return err
				}
				if err := w.next(); err != nil {
					return err
				}
				p.row(w, &a)
				w.end()
				if a.Class != connectors.Human && a.Class != connectors.ClassUnknown {
					*others = append(*others, a)
				}
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
	r       *Review
	know    *overview
	signIns map[connectors.AppID]string // what it means that an account has no sign-in
	last    *scanner.Person             // whose names are in owner
	owner   ownerCells
}

func populationFacts(r *Review, know *overview) *population {
	return &population{r: r, know: know, signIns: r.signIns()}
}

// signIns say, by app, what it means that an account has no sign-in.
func (r *Review) signIns() map[connectors.AppID]string {
	apps := map[connectors.AppID]string{}
	for _, s := range r.Result.Sources {
		switch {
		case s.Info.Signals.Off:
			apps[connectors.AppID(s.Name)] = switchedOffWord
		case s.Info.Signals.SignIn.Given:
			apps[connectors.AppID(s.Name)] = neverSeen
		}
	}
	return apps
}

// Why an account shows no sign-in.
const (
	notProvided     = "not provided"
	neverSeen       = "never seen"
	switchedOffWord = "switched off"
)

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
	w.date(a.LastSignIn, orWord(p.signIns[a.App], notProvided))
	w.text(given(a.MFA))
	w.number(a.Entitlements)
	w.number(a.Privileged)
	p.ownerOf(w, a.Person)
	w.text(a.Grade.String())
	w.text(a.By.String())
	w.text(string(a.RunnerUp))
	w.text(p.know.accounts.of(a.App, a.Account))
	w.text(a.Row)
}

// given is a fact that the app may not tell.
func given(t connectors.Tri) string {
	if t == connectors.Unknown {
		return notProvided
	}
	return t.String()
}

// ownerCells are what HR says of an owner, as text.
type ownerCells struct{ name, status, manager string }

// ownerOf writes what HR says of the account's owner.
func (p *population) ownerOf(w *longWriter, id connectors.PersonID) {
	w.text(string(id))
	person := p.r.person(id)
	if person == nil || person.Now == nil {
		for range 7 {
			w.skip()
		}
		return
	}
	now := person.Now
	if p.last != person { // accounts of one person often follow one another
		p.last, p.owner = person, ownerCells{person.Name(), hrStatus(person, p.r.Result.AsOf), p.r.name(now.Manager)}
	}
	w.text(p.owner.name)
	w.text(p.owner.status)
	w.text(now.Department)
	w.text(now.Title)
	w.text(p.owner.manager)
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
