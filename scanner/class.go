package scanner

import (
	"bytes"
	"strings"

	"rollcall/connectors"
)

// Words by which accounts show that they are nobody's own. They count as whole words only: a surname that contains one, or
// is one, makes nobody a machine.
var (
	servicePrefixes = words("svc srv sa service api app bot robot rpa batch job cron daemon sys system integration int")
	serviceSuffixes = words("bot svc service robot daemon runner agent integration connector sync")
	serviceDisplay  = words("service bot robot daemon integration connector automation webhook svc")
	mailboxWords    = words(`info support sales office jobs careers press orders invoices invoice billing accounts accounting payroll helpdesk
		hello contact admin admins webmaster postmaster hostmaster abuse security privacy legal marketing events reception returns
		newsletter feedback enquiries inquiries booking bookings reservations purchasing procurement hr recruiting team it desk requests
		intake mailbox finance operations service shipping warehouse facilities training alerts noreply donotreply notifications`)
	breakGlass  = phrases("breakglass", "break glass", "emergency access", "emergency admin", "emergency account", "firecall", "fire call", "firefighter", "notfall admin")
	noReply     = phrases("noreply", "no reply", "donotreply", "do not reply")
	sharedSays  = phrases("shared", "mailbox", "shared mailbox", "group mailbox", "team mailbox", "funktionspostfach", "sammelpostfach")
	serviceEnds = phrases("service", "bot", "robot", "daemon", "integration", "automation", "service account")
)

// telling are all words that any sign begins with: an account without one shows none, as nearly all.
var telling = func() map[string]bool {
	m := map[string]bool{}
	for _, set := range []map[string]bool{servicePrefixes, serviceSuffixes, serviceDisplay, mailboxWords} {
		for w := range set {
			m[w] = true
		}
	}
	for _, set := range [][][]byte{breakGlass, noReply, sharedSays, serviceEnds} {
		for _, p := range set {
			first, _, _ := bytes.Cut(p, blank)
			m[string(first)] = true
		}
	}
	return m
}()

var blank = []byte{' '}

func phrases(all ...string) (out [][]byte) {
	for _, p := range all {
		out = append(out, []byte(p))
	}
	return out
}

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// classify settles an account's class before any rule, and says by what: a ruling by a human, the register of service
// accounts, the app's label, or signs in the account itself. Emergency accounts are told by their names whatever the app
// calls them. An app's label human is doubted only by signs, and never for an account with a key or a name of somebody on
// the roster.
func (m *matcher) classify(app connectors.AppID, a *connectors.Account, registered connectors.Class) (connectors.Class, string) {
	if len(m.classes) > 0 {
		if c, ok := m.classes[accountKey{app, a.ID}]; ok {
			return c, "a person's ruling"
		}
	}
	if registered != connectors.ClassUnknown {
		return registered, "the service-account register"
	}
	switch a.Class {
	case connectors.Guest, connectors.Shared, connectors.BreakGlass:
		return a.Class, "the app's label"
	}
	if a.Class != connectors.Service && a.EmployeeID != "" {
		return connectors.Human, "an employee id"
	}
	c, why := readSigns(a)
	switch {
	case c == connectors.BreakGlass:
		return c, why
	case a.Class == connectors.Service:
		return connectors.Service, "the app's label"
	case c != connectors.ClassUnknown && (c == connectors.Guest || !m.somebody(a)):
		return c, why
	case a.Class == connectors.Human:
		return connectors.Human, "the app's label"
	}
	return connectors.Human, "nothing says otherwise"
}

// localOf is what stands before the @.
func localOf(s string) string {
	if i := strings.IndexByte(s, '@'); i > 0 {
		return s[:i]
	}
	return s
}

// signs are an account's names, folded into words.
type signs struct {
	a                   *connectors.Account
	user, display, mail []byte
}

// readSigns reads the signs of an account; nearly all have none, which a look at their words' beginnings shows.
func readSigns(a *connectors.Account) (connectors.Class, string) {
	user, mail := localOf(a.Username), localOf(a.Email)
	if !mayTell(user) && !mayTell(a.DisplayName) && (mail == user || !mayTell(mail)) {
		return connectors.ClassUnknown, ""
	}
	var buf [3][160]byte
	s := signs{a: a, user: foldName(buf[0][:0], user, false), display: foldName(buf[1][:0], a.DisplayName, false), mail: foldName(buf[2][:0], mail, false)}
	if !tells(s.user) && !tells(s.display) && !tells(s.mail) && !strings.Contains(a.Username, "#") && !strings.ContainsAny(a.DisplayName, "([") {
		return connectors.ClassUnknown, ""
	}
	return s.read()
}

func (s *signs) read() (connectors.Class, string) {
	switch {
	case hasPhrase(s.user, breakGlass) || hasPhrase(s.display, breakGlass):
		return connectors.BreakGlass, "its name: an emergency account"
	case strings.Contains(s.a.Username, "#EXT#") || strings.Contains(s.a.Username, "#ext#"):
		return connectors.Guest, "its username: invited from outside"
	case hasAside(s.a.DisplayName, "guest") || hasAside(s.a.DisplayName, "external guest"):
		return connectors.Guest, "its display name: a guest"
	case hasPhrase(s.user, noReply) || hasPhrase(s.mail, noReply):
		return connectors.Service, "its name: a no-reply sender"
	case startsWith(s.display, sharedSays) || endsWith(s.display, sharedSays):
		return connectors.Shared, "its display name: a shared mailbox"
	}
	first, last, n := ends(s.user)
	serviceName := wordIn(s.display, serviceDisplay)
	switch {
	case n > 1 && servicePrefixes[string(first)] && (serviceName || !personal(s.display, s.user)):
		return connectors.Service, "its username: the prefix " + string(first)
	case n > 1 && serviceSuffixes[string(bytes.TrimRight(last, "0123456789"))] && (serviceName || !personal(s.display, s.user)):
		return connectors.Service, "its username: the suffix " + string(last)
	case serviceName && n > 0 && endsWith(s.display, serviceEnds):
		return connectors.Service, "its display name: a service"
	case n > 0 && allWords(s.user, mailboxWords) && (len(s.display) == 0 || wordIn(s.display, mailboxWords)):
		return connectors.Shared, "its name: a shared mailbox"
	}
	return connectors.ClassUnknown, ""
}

// personal tells whether a display name has two words or more of which one is no part of the username's technical words:
// "Jan Bot" is a person, "Etl service" is not.
func personal(display, user []byte) bool {
	_, _, n := ends(display)
	return n >= 2 && !wordIn(display, serviceDisplay)
}

// roleMailbox tells whether the local part of an address is made of words for teams and tasks alone.
func roleMailbox(local []byte) bool {
	var buf [128]byte
	return allWords(foldName(buf[:0], string(local), false), mailboxWords)
}

// somebody tells whether the account has an address or the full name of somebody on the roster.
func (m *matcher) somebody(a *connectors.Account) bool {
	am := appMatcher{m: m}
	if f, at := foldAddress(am.buf[:0], a.Email); at >= 0 && !roleMailbox(f[:at]) {
		if am.findAddress(f); len(am.found) > 0 {
			return true
		}
	}
	am.name.read(a.DisplayName)
	if am.name.n < 2 {
		return false
	}
	am.bearers()
	return len(am.cands) > 0
}

// tells tells whether a word, but for a number behind it, is one that a sign begins with.
func tells(folded []byte) bool {
	for len(folded) > 0 {
		var w []byte
		w, folded = nextWord(folded)
		if i := bytes.IndexAny(w, "0123456789"); i >= 0 {
			w = w[:i]
		}
		if telling[string(w)] {
			return true
		}
	}
	return false
}

// nextWord parts the first word of a folded name from the rest.
func nextWord(folded []byte) (word, rest []byte) {
	word, rest, _ = bytes.Cut(folded, blank)
	return word, rest
}

// ends are the first and the last word, and how many there are.
func ends(folded []byte) (first, last []byte, n int) {
	for len(folded) > 0 {
		last, folded = nextWord(folded)
		if n == 0 {
			first = last
		}
		n++
	}
	return first, last, n
}

func wordIn(folded []byte, set map[string]bool) bool {
	for len(folded) > 0 {
		var w []byte
		if w, folded = nextWord(folded); set[string(w)] {
			return true
		}
	}
	return false
}

func allWords(folded []byte, set map[string]bool) bool {
	any := len(folded) > 0
	for len(folded) > 0 {
		var w []byte
		w, folded = nextWord(folded)
		if w = bytes.TrimRight(w, "0123456789"); len(w) > 0 && !set[string(w)] {
			return false
		}
	}
	return any
}

func hasPhrase(folded []byte, phrases [][]byte) bool {
	for _, p := range phrases {
		if i := bytes.Index(folded, p); i >= 0 && (i == 0 || folded[i-1] == ' ') {
			if end := i + len(p); end == len(folded) || folded[end] == ' ' || isDigit(folded[end]) {
				return true
			}
		}
	}
	return false
}

func startsWith(folded []byte, phrases [][]byte) bool {
	for _, p := range phrases {
		if len(folded) > len(p) && folded[len(p)] == ' ' && bytes.HasPrefix(folded, p) {
			return true
		}
	}
	return false
}

func endsWith(folded []byte, phrases [][]byte) bool {
	for _, p := range phrases {
		if n := len(folded) - len(p); n > 0 && folded[n-1] == ' ' && bytes.HasSuffix(folded, p) {
			return true
		}
	}
	return false
}

// hasAside tells whether the name carries the word in brackets.
func hasAside(name, word string) bool {
	i := strings.LastIndexAny(name, "([")
	return i >= 0 && strings.EqualFold(strings.Trim(name[i:], "()[] "), word)
}
