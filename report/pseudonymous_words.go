package report

import (
	"hash/maphash"
	"strings"
	"unicode"

	"rollcall/connectors"
	"rollcall/scanner"
)

// knownWords are the names, ids and logins of people, by their hash. Entitlements are named after people at times ("mailbox
// of rholm"), and so are the few other texts that the company wrote and that are shown.
type knownWords struct {
	seed maphash.Seed
	set  map[uint64]struct{}
	seen map[string]bool // texts that were asked about; entitlements repeat

	who map[uint64]connectors.PersonID // whose an address or a whole name is; empty: of several
}

func (k *knownWords) add(s string) {
	if k.set == nil {
		k.seed, k.set, k.seen, k.who = maphash.MakeSeed(), map[uint64]struct{}{}, map[string]bool{}, map[uint64]connectors.PersonID{}
	}
	if s = strings.ToLower(strings.TrimSpace(s)); len(s) > 2 && strings.ContainsFunc(s, unicode.IsLetter) {
		k.set[k.hash(s)] = struct{}{}
	}
}

// is learns that an address or a whole name is somebody's.
func (k *knownWords) is(s string, id connectors.PersonID) {
	if k.add(s); s == "" {
		return
	}
	h := k.hash(s)
	if other, ok := k.who[h]; ok && other != id {
		id = ""
	}
	k.who[h] = id
}

func (k *knownWords) hash(s string) uint64 {
	if k.set == nil {
		return 0
	}
	return maphash.String(k.seed, strings.ToLower(strings.TrimSpace(s)))
}

func (k *knownWords) learnPeople(people []*scanner.Person) {
	for _, p := range people {
		for _, r := range p.Records {
			k.add(string(r.ID))
		}
		if p.Now != nil {
			k.is(p.Name(), p.ID)
			words := wordsOf(p.Name())
			for _, w := range words {
				k.add(w.text)
			}
			if n := len(words) - 1; n > 0 { // as logins are made of names; who has no account may have had one
				first, last := []rune(words[0].text), words[n].text
				k.add(string(first[:1]) + last)
				k.add(last + string(first[:1]))
				k.add(words[0].text + last)
				k.add(last + words[0].text)
			}
		}
	}
}

// learnAccount learns a person's account. What an account is called that is nobody's own names nobody.
func (k *knownWords) learnAccount(a *AccountRow) {
	if a.Class != connectors.Human && a.Class != connectors.ClassUnknown && a.Class != connectors.Guest {
		return
	}
	for _, s := range []string{a.Username, a.Email, string(a.Account), a.EmployeeID} {
		k.add(s)
		local, _, _ := strings.Cut(s, "@")
		k.add(local)
	}
	if a.Email != "" && a.Grade == scanner.Exact {
		k.is(a.Email, a.Person)
	}
	for _, w := range wordsOf(a.DisplayName) {
		k.add(w.text)
	}
}

// names tells whether somebody's name, id or login stands in a text, as a word or as several words in a row.
func (k *knownWords) names(text string) bool {
	if k.set == nil || text == "" {
		return false
	}
	is, known := k.seen[text]
	if !known {
		is = k.look(text)
		k.seen[strings.Clone(text)] = is
	}
	return is
}

func (k *knownWords) look(text string) bool {
	return k.among(text, wordsOf(text)) || k.among(text, piecesOf(text))
}

func (k *knownWords) among(text string, words []word) bool {
	const most = 6 // words of a login: given.middle.last@mail.example.com
	for i := range words {
		for j := i; j < min(len(words), i+most); j++ {
			span := text[words[i].from:words[j].to]
			if _, ok := k.set[k.hash(span)]; ok {
				return true
			}
		}
	}
	return false
}

type word struct {
	text     string
	from, to int
}

// wordsOf are the runs of letters and digits.
func wordsOf(s string) (out []word) {
	from := -1
	for i, r := range s + " " {
		in := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
		if in && from < 0 {
			from = i
		}
		if !in && from >= 0 {
			out, from = append(out, word{s[from:i], from, i}), -1
		}
	}
	return out
}

// piecesOf are its words, taken apart where a capital follows a small letter, and where digits begin or end.
func piecesOf(s string) (out []word) {
	for _, w := range wordsOf(s) {
		from, before := w.from, rune(0)
		for i, r := range w.text {
			if i > 0 && (unicode.IsLower(before) && unicode.IsUpper(r) || unicode.IsDigit(before) != unicode.IsDigit(r)) {
				out, from = append(out, word{s[from : w.from+i], from, w.from + i}), w.from+i
			}
			before = r
		}
		out = append(out, word{s[from:w.to], from, w.to})
	}
	return out
}

// words lets a text of the company through, unless it names somebody.
func (p *Pseudonymous) words(s string) string {
	if p.known.names(s) {
		return withheld
	}
	return s
}

// entitlement keeps its name, unless that names somebody.
func (p *Pseudonymous) entitlement(e connectors.EntitlementID) connectors.EntitlementID {
	if p.known.names(string(e)) {
		return connectors.EntitlementID(p.names.name(ofEntitlement, string(e)))
	}
	return e
}
