package report

import (
	"fmt"
	"iter"
	"strings"

	"rollcall/connectors"
	"rollcall/scanner"
)

// findings are those of the review, each under pseudonyms and valid until the next.
func (p *Pseudonymous) findings(kinds ...scanner.Kind) iter.Seq2[*scanner.Finding, error] {
	return func(yield func(*scanner.Finding, error) bool) {
		for f, err := range p.from.findings(kinds...) {
			if err == nil {
				f = p.finding(f)
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

// Digest reads the findings once.
func (p *Pseudonymous) Digest() (*Digest, error) {
	d := &Digest{}
	for f, err := range p.findings() {
		if err != nil {
			return nil, err
		}
		d.Add(f)
	}
	return d, nil
}

func (p *Pseudonymous) list(from []scanner.Finding) []scanner.Finding {
	return eachOf(from, func(f *scanner.Finding) scanner.Finding { return *p.finding(f) })
}

// finding is one under pseudonyms. Its sentence is what its kind means: the one it had names people.
func (p *Pseudonymous) finding(f *scanner.Finding) *scanner.Finding {
	out := *f
	out.ID = p.findingID(f.ID)
	if p.from.backlog(f.ID) {
		p.backlog[out.ID] = true
	}
	out.Account, out.Person, out.Entitlement = p.account(f.App, f.Account), p.person(f.Person), p.entitlement(f.Entitlement)
	out.Related = eachOf(f.Related, func(r *scanner.Related) scanner.Related {
		return scanner.Related{App: r.App, Account: p.account(r.App, r.Account), Entitlement: p.entitlement(r.Entitlement)}
	})
	if out.Group = string(out.ID); f.Group != string(f.ID) {
		out.Group = p.names.name(ofGroup, f.Group)
	}
	if f.Why != "" {
		out.Why = sentence(scanner.Meaning(f.Kind))
	}
	out.Evidence = p.facts(f.Evidence)
	return &out
}

func sentence(phrase string) string {
	if phrase == "" {
		return withheld
	}
	return strings.ToUpper(phrase[:1]) + phrase[1:] + "."
}

// plainFacts are made of days, counts and rollcall's own words.
var plainFacts = map[string]bool{"status": true, "class": true, "match": true, "absent from rosters": true, "granted": true, "until": true, "created": true, "last used": true,
	"last sign-in": true, "last day": true, "removed on": true, "credential created": true, "credential last used": true, "last sign-in of the other": true,
	"account created": true, "mfa": true, "local sign-in": true, scanner.FactBasis: true, "peers": true, "peers in the earlier role": true, "peers in the present role": true}

// fact is the value of one of the others that may be shown, by its name. What is not here is withheld.
func (p *Pseudonymous) fact(name, value string) (string, bool) {
	switch name {
	case "hr status":
		return value, value == connectors.Terminated.String()
	case "threshold": // behind it stands where the policy says so
		words, _, _ := strings.Cut(value, " (")
		return words, true
	case "roles":
		return p.shared.periods(value), true
	case "policy":
		role, ok := strings.CutPrefix(value, "roles.")
		return "roles." + p.shared.role(role), ok
	case "rule", "side", "other side", "inherited from":
		return p.words(value), true
	case "case":
		return p.names.name(ofCase, value), true
	case scanner.FactCredential:
		return p.names.name(ofCredential, value), true
	case "exception":
		id, _, _ := strings.Cut(value, ": ")
		return p.exceptionID(id) + ": " + withheld, true
	case "ruled wrong":
		return withheld, true
	}
	return "", false
}

func (p *Pseudonymous) facts(from []scanner.Fact) []scanner.Fact {
	var out []scanner.Fact
	hidden := 0
	for _, f := range from {
		value, ok := f.Value, plainFacts[f.Name]
		if !ok {
			value, ok = p.fact(f.Name, f.Value)
		}
		if !ok {
			hidden++
			continue
		}
		out = append(out, scanner.Fact{Name: f.Name, Value: value})
	}
	if hidden > 0 {
		out = append(out, scanner.Fact{Name: withheld, Value: fmt.Sprintf("%d facts that may name somebody", hidden)})
	}
	return out
}
