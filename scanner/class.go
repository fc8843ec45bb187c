package scanner

import (
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
	breakGlass = []string{"breakglass", "break glass", "emergency access", "emergency admin", "emergency account", "firecall", "fire call", "firefighter", "notfall admin"}
	noReply    = []string{"noreply", "no reply", "donotreply", "do not reply"}
	sharedSays = []string{"shared", "mailbox", "shared mailbox", "group mailbox", "team mailbox", "funktionspostfach", "sammelpostfach"}
)

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
	var buf [3][160]byte
	s := signs{a: a, user: foldName(buf[0][:0], localOf(a.Username), false), display: foldName(buf[1][:0], a.DisplayName, false),
		mail: foldName(buf[2][:0], localOf(a.Email), false)}
	c, why := s.read()
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
	case n > 1 && serviceSuffixes[strings.TrimRight(string(last), "0123456789")] && (serviceName || !personal(s.display, s.user)):
		return connectors.Service, "its username: the suffix " + string(last)
	case serviceName && n > 0 && endsWith(s.display, []string{"service", "bot", "robot", "daemon", "integration", "automation", "service account"}):
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

// somebody tells whether the account has an address or the full name of somebody on the roster.
func (m *matcher) somebody(a *connectors.Account) bool {
	am := appMatcher{m: m}
	if f, at := foldAddress(am.buf[:0], a.Email); at >= 0 {
		if am.findAddress(f); len(am.found) > 0 {
			return true
		}
	}
	am.name.read(a.DisplayName)
	if am.name.n < 2 {
		return false
	}
	am.candidates()
	return len(am.cands) > 0 && am.cands[0].fit == fitFull
}

// ends are the first and the last word, and how many there are.
func ends(folded []byte) (first, last []byte, n int) {
	for w := range strings.SplitSeq(string(folded), " ") {
		if w == "" {
			continue
		}
		if n == 0 {
			first = []byte(w)
		}
		last = []byte(w)
		n++
	}
	return first, last, n
}

func wordIn(folded []byte, set map[string]bool) bool {
	for w := range strings.SplitSeq(string(folded), " ") {
		if set[w] {
			return true
		}
	}
	return false
}

func allWords(folded []byte, set map[string]bool) bool {
	for w := range strings.SplitSeq(string(folded), " ") {
		if w = strings.TrimRight(w, "0123456789"); w != "" && !set[w] {
			return false
		}
	}
	return len(folded) > 0
}

func hasPhrase(folded []byte, phrases []string) bool {
	for _, p := range phrases {
		if i := strings.Index(string(folded), p); i >= 0 && (i == 0 || folded[i-1] == ' ') {
			if end := i + len(p); end == len(folded) || folded[end] == ' ' || isDigit(folded[end]) {
				return true
			}
		}
	}
	return false
}

func startsWith(folded []byte, phrases []string) bool {
	for _, p := range phrases {
		if s := string(folded); strings.HasPrefix(s, p+" ") {
			return true
		}
	}
	return false
}

func endsWith(folded []byte, phrases []string) bool {
	for _, p := range phrases {
		if s := string(folded); strings.HasSuffix(s, " "+p) {
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
