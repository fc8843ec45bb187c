package report

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"rollcall/connectors"
	"rollcall/scanner"
)

// withheld stands where a text was that may name somebody.
const withheld = "withheld"

// Pseudonymous is a review, and the accounts that belong to it, with everybody under pseudonyms. Texts are let through only
// where it is known what they are made of; every other one is withheld.
type Pseudonymous struct {
	names    *Pseudonyms
	from     *Review
	known    knownWords
	shared   shared
	people   map[connectors.PersonID]*scanner.Person // by pseudonym, as the workbook is to know them
	true     map[connectors.PersonID]*scanner.Person // by pseudonym, as they are
	backlog  map[scanner.FindingID]bool              // by pseudonym
	register *scanner.Policy
	entries  map[login]*scanner.ServiceAccount // of the register, by the pseudonym of their account
}

// Pseudonymize makes one of the review of a run. people are all of its roster; accounts are read once, for the names in them.
func Pseudonymize(r *Review, names *Pseudonyms, people []*scanner.Person, accounts iter.Seq2[AccountRow, error]) (*Pseudonymous, error) {
	p := &Pseudonymous{names: names, from: r, people: map[connectors.PersonID]*scanner.Person{}, true: map[connectors.PersonID]*scanner.Person{},
		backlog: map[scanner.FindingID]bool{}, register: &scanner.Policy{ServiceAccounts: r.Register}, entries: map[login]*scanner.ServiceAccount{}}
	if err := p.register.Prepare(); err != nil {
		return nil, err
	}
	p.shared = sharedBy(people)
	p.known.learnPeople(people)
	for a, err := range accounts {
		if err != nil {
			return nil, err
		}
		p.known.learnAccount(&a)
	}
	for _, one := range people {
		id := p.person(one.ID)
		p.people[id], p.true[id] = p.somebody(one), one
	}
	return p, nil
}

// person is the pseudonym of whoever has an id: over all employments the same, that of the earliest.
func (p *Pseudonymous) person(id connectors.PersonID) connectors.PersonID {
	if one := p.from.person(id); one != nil && len(one.Records) > 0 {
		id = one.Records[0].ID
	}
	return connectors.PersonID(p.names.name(ofPerson, string(id)))
}

func (p *Pseudonymous) account(app connectors.AppID, id connectors.AccountID) connectors.AccountID {
	if id == "" {
		return ""
	}
	return connectors.AccountID(p.names.name(ofAccount, string(app)+"/"+string(id), string(app), string(id)))
}

func (p *Pseudonymous) findingID(id scanner.FindingID) scanner.FindingID {
	return scanner.FindingID(p.names.name(ofFinding, string(id)))
}

func (p *Pseudonymous) findingIDs(ids []scanner.FindingID) []scanner.FindingID {
	out := make([]scanner.FindingID, len(ids))
	for i, id := range ids {
		out[i] = p.findingID(id)
	}
	return out
}

// actor is who did something: a person, a program, or somebody named in words.
func (p *Pseudonymous) actor(who string) string {
	if who == "" || who == "policy" || who == "rollcall" || who == "a person" {
		return who
	}
	id, _, _ := strings.Cut(who, " (") // "E1004 (uid 1001)"
	if p.from.person(connectors.PersonID(id)) != nil {
		return string(p.person(connectors.PersonID(id)))
	}
	if id := p.known.who[p.known.hash(who)]; id != "" {
		return string(p.person(id))
	}
	return p.names.name(ofActor, who)
}

// Statement says what the workbook is, whose, and how to get back.
func (p *Pseudonymous) Statement() string {
	s := fmt.Sprintf("PSEUDONYMOUS: people, accounts, findings and cases have keyed names (HMAC-SHA256, key %s), the same in every workbook made with that key; "+
		"free texts, addresses and places of rows are withheld. It is of run %s", p.names.KeyID(), p.from.Run)
	if p.from.Manifest != "" {
		s += ", whose manifest has the SHA-256 " + p.from.Manifest
	}
	return s + ". Who holds the key gets back with rollcall report reveal, which is recorded. It is not anonymous: days, roles and the order of rows can still single somebody out."
}

// Review is the review as the workbook is to know it.
func (p *Pseudonymous) Review() *Review {
	from := p.from
	r := *from
	r.Pseudonymous = p.Statement()
	r.By, r.Paths, r.Program, r.Flags = p.actor(from.By), Paths{}, "", ""
	r.Findings = p.findings
	r.Person = func(id connectors.PersonID) *scanner.Person { return p.people[id] }
	r.Backlog = func(id scanner.FindingID) bool { return p.backlog[id] }
	r.Change = Change{LastRun: from.Change.LastRun, Still: from.Change.Still, New: p.findingIDs(from.Change.New), Back: p.findingIDs(from.Change.Back),
		Gone: p.list(from.Change.Gone), Unjudged: p.list(from.Change.Unjudged)}
	r.Result = p.result(from.Result)
	r.Exceptions, r.Kept = p.exceptions(), map[string][]scanner.FindingID{}
	for id, list := range from.Kept {
		r.Kept[p.names.name(ofCase, id)] = p.findingIDs(list)
	}
	r.registered = func(app connectors.AppID, a connectors.AccountID, _ string) *scanner.ServiceAccount {
		return p.entries[login{app, a}]
	}
	r.Register = nil
	r.Decisions, r.Actions = eachOf(from.Decisions, p.decision), eachOf(from.Actions, p.action)
	r.Target = p.target(from.Target)
	if s := from.SignOff; s != nil {
		r.SignOff = &SignOff{Name: p.actor(s.Name), Role: "their role is " + withheld, Statement: "What they said of it is " + withheld + ".", At: s.At, Manifest: s.Manifest}
	}
	if d := from.Period; d != nil {
		period := *d
		period.Closed = eachOf(d.Closed, func(c *Closed) Closed { return Closed{*p.finding(&c.Finding), c.Seen, c.Gone} })
		if d.HRSaid != nil {
			period.HRSaid = func(id connectors.PersonID) connectors.Date {
				if one := p.true[id]; one != nil {
					return d.HRSaid(one.ID)
				}
				return 0
			}
		}
		r.Period = &period
	}
	return &r
}

func eachOf[T any](list []T, change func(*T) T) []T {
	out := make([]T, len(list))
	for i := range list {
		out[i] = change(&list[i])
	}
	return out
}

// result is what the run says of itself, without what could name somebody.
func (p *Pseudonymous) result(from *scanner.Result) *scanner.Result {
	res := *from
	res.Findings, res.Accepted = nil, p.list(from.Accepted)
	res.Persons, res.Who, res.Roster, res.Blind, res.Notes = nil, nil, nil, nil, nil
	res.Untrusted = eachOf(from.Untrusted, func(*string) string { return "why is " + withheld })
	res.Sources = eachOf(from.Sources, p.source)
	return &res
}

// source keeps the control totals of a source, and the hash of what was read.
func (p *Pseudonymous) source(from *scanner.SourceReport) scanner.SourceReport {
	s := *from
	s.Title, s.Owner = p.words(from.Title), string(p.person(connectors.PersonID(from.Owner)))
	s.Problem, s.Notes, s.Files = "", nil, nil
	if from.Problem != "" || len(from.Notes) > 0 {
		s.Problem = "what there is to say is " + withheld
	}
	s.Rejects = eachOf(from.Rejects, func(rej *scanner.Reject) scanner.Reject {
		return scanner.Reject{Collection: rej.Collection, Why: "why is " + withheld}
	})
	s.Unseen, s.UnseenRights, s.UnseenRoles = nil, nil, nil
	s.Self = p.self(from)
	s.Info.Location = withheld
	if from.Info.Parameters != "none" && from.Info.Parameters != "" {
		s.Info.Parameters = withheld
	}
	return s
}

// self is as whom a source was read.
func (p *Pseudonymous) self(s *scanner.SourceReport) *connectors.Self {
	if s.Self == nil {
		return nil
	}
	app := connectors.AppID(s.Name)
	out := connectors.Self{Tenant: withheldIf(s.Self.Tenant), Name: p.names.name(ofActor, s.Self.Name), Account: p.account(app, s.Self.Account)}
	for _, name := range s.Self.Permissions {
		out.Permissions = append(out.Permissions, p.words(name))
	}
	for _, c := range s.Self.Credentials {
		c.ID = p.names.name(ofCredential, c.ID)
		out.Credentials = append(out.Credentials, c)
	}
	return &out
}

func (p *Pseudonymous) exceptions() []scanner.Exception {
	return eachOf(p.from.Exceptions, func(e *scanner.Exception) scanner.Exception {
		out := scanner.Exception{ID: p.exceptionID(e.ID), Kind: e.Kind, App: e.App, Entitlement: p.words(e.Entitlement), Reason: withheld,
			Owner: p.person(e.Owner), Expires: e.Expires}
		if out.Account = e.Account; out.Account != "" && strings.Trim(out.Account, "*?") != "" {
			out.Account = withheld
		}
		if e.Person != "" && p.from.person(connectors.PersonID(e.Person)) != nil {
			out.Person = string(p.person(connectors.PersonID(e.Person)))
		} else if e.Person != "" {
			out.Person = withheld
		}
		return out
	})
}

// exceptionID is that of the case, where somebody decided to keep.
func (p *Pseudonymous) exceptionID(id string) string {
	if _, ok := p.from.Kept[id]; ok {
		return p.names.name(ofCase, id)
	}
	return p.names.name(ofException, id)
}

// target judges people as they are.
func (p *Pseudonymous) target(t *Target) *Target {
	if t == nil {
		return nil
	}
	out := &Target{Days: t.Days, sameDay: func(one *scanner.Person) bool { return p.true[one.ID] != nil && t.SameDay(p.true[one.ID]) }}
	if len(t.AtOnce) > 0 {
		out.AtOnce = []string{"those whom the configuration names"}
	}
	return out
}

// channels are the ways of asking that rollcall knows.
var channels = []string{"slack", "cli", "page", "none: the deadline passed"}

func (p *Pseudonymous) decision(d *Decision) Decision {
	out := *d
	out.Finding, out.Case, out.Actor = p.findingID(d.Finding), p.names.name(ofCase, d.Case), p.actor(d.Actor)
	out.Shown, out.Reason, out.Message, out.Role = p.names.name(ofHash, d.Shown), withheldIf(d.Reason), withheldIf(d.Message), withheldIf(d.Role)
	if !slices.Contains(channels, d.Channel) {
		out.Channel = withheldIf(d.Channel)
	}
	return out
}

func withheldIf(s string) string {
	if s == "" {
		return ""
	}
	return withheld
}

// verbs are what actions begin with, and what is said of them without whose account it was.
var verbs = []struct{ begins, says string }{
	{"disable ", "disable the account"}, {"end the sessions of ", "end its sessions"}, {"remove ", "remove an entitlement"}, {"revoke the credential ", "revoke a credential"},
	{"archive ", "archive the account"}, {"delete ", "delete the account"}, {"by hand, ", "by hand"},
}

func (p *Pseudonymous) action(a *Action) Action {
	out := *a
	id, step, _ := strings.Cut(a.ID, "/")
	if out.ID = p.names.name(ofCase, id); step != "" {
		out.ID += "/" + step
	}
	out.Finding, out.Case, out.Account, out.Actor = p.findingID(a.Finding), p.names.name(ofCase, a.Case), p.account(a.App, a.Account), p.actor(a.Actor)
	out.What, out.Request = withheldIf(a.What), withheldIf(a.Request)
	for _, v := range verbs {
		if strings.HasPrefix(a.What, v.begins) {
			out.What = v.says
		}
	}
	held := strings.Split(a.Before, "; ")
	for i, e := range held[1:] {
		held[i+1] = string(p.entitlement(connectors.EntitlementID(e)))
	}
	if out.Before = strings.Join(held, "; "); !strings.HasPrefix(a.Before, "enabled: ") {
		out.Before = withheldIf(a.Before)
	}
	return out
}

// Accounts are the population with everybody under pseudonyms.
func (p *Pseudonymous) Accounts(all iter.Seq2[AccountRow, error]) iter.Seq2[AccountRow, error] {
	return func(yield func(AccountRow, error) bool) {
		for a, err := range all {
			if err == nil {
				a = p.accountRow(&a)
			}
			if !yield(a, err) {
				return
			}
		}
	}
}

func (p *Pseudonymous) accountRow(a *AccountRow) AccountRow {
	out := *a
	out.Account, out.Person, out.RunnerUp = p.account(a.App, a.Account), p.person(a.Person), p.person(a.RunnerUp)
	out.Username, out.DisplayName, out.Email, out.Row = "", "", "", ""
	out.ClassBy, _, _ = strings.Cut(a.ClassBy, ":") // behind it stands a part of the name
	if out.EmployeeID = ""; a.EmployeeID != "" {
		out.EmployeeID = "given"
	}
	out.OwnerRef = p.actor(strings.TrimSpace(a.OwnerRef))
	if a.Class != connectors.Human && a.Class != connectors.ClassUnknown {
		if e := p.register.Registered(a.App, a.Account, a.Username); e != nil {
			entry := *e
			entry.Account, entry.Owner, entry.Purpose = "", p.person(e.Owner), withheldIf(e.Purpose)
			p.entries[login{a.App, out.Account}] = &entry
		}
	}
	return out
}
