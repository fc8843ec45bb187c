package scannertest

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"rollcall/connectors"
)

// Difficulties, from the easiest key to none: the least difficult key that alone names exactly the true owner.
var Difficulties = list(`employee_id employee_id_noisy employee_id_rehire email_exact email_alias email_personal email_alt_domain
	recycled_email username_local username_empid username_convention name_exact name_normalised name_former name_partial
	name_initial ambiguous unresolvable no_owner no_owner_lookalike nonhuman`)

// keys is what HR's records offer to know people by.
type keys struct {
	maps map[string][]*human // by the sort of key and the key
}

func newKeys(g *maker) *keys {
	k := &keys{maps: map[string][]*human{}}
	for _, h := range g.humans {
		for _, p := range h.jobs {
			k.add("number", number(string(p.ID)), h)
			k.address("work", p.WorkEmail, h)
			for _, a := range p.Aliases {
				k.address("alias", a, h)
			}
			k.add("personal", bareAddress(p.PersonalEmail), h)
			k.names("name", p.FirstName, p.LastName, h)
			if p.FormerLastName != "" {
				k.names("former", p.FirstName, p.FormerLastName, h)
			}
		}
	}
	return k
}

func (k *keys) add(sort, key string, h *human) {
	if key = sort + "\x00" + key; !slices.Contains(k.maps[key], h) {
		k.maps[key] = append(k.maps[key], h)
	}
}

func (k *keys) address(sort, a string, h *human) {
	a = bareAddress(a)
	local, _, _ := strings.Cut(a, "@")
	k.add(sort, a, h)
	k.add("local", local, h)
}

func (k *keys) names(sort, first, last string, h *human) {
	k.add(sort+" verbatim", first+" "+last, h)
	firsts, lasts := strings.Fields(first), strings.FieldsFunc(last, func(r rune) bool { return r == ' ' || r == '-' })
	for _, to := range []func(string) string{plain, german} {
		f, l := strings.TrimSpace(to(composed(first))), to(composed(last))
		k.add(sort, words(f+" "+l), h)
		k.add("partial", words(to(composed(firsts[0]))+" "+l), h)
		k.add("partial", words(f+" "+to(composed(lasts[len(lasts)-1]))), h)
		k.add("partial", words(to(composed(firsts[0]))+" "+to(composed(lasts[len(lasts)-1]))), h)
		k.add("initial", words(f[:1]+" "+l), h)
		for u := userDotted; u <= userNumber; u++ {
			if made := conventional(u, joined(f), joined(l)); made != "" {
				k.add("user"+string('0'+rune(u)), made, h)
			}
		}
	}
}

// composed puts marks back on their letters, as far as the pools have them.
func composed(s string) string { return compose.Replace(s) }

var compose = func() *strings.Replacer {
	var pairs [][2]string
	for r, l := range letters {
		if l.marks != "" {
			pairs = append(pairs, [2]string{l.marks, string(r)})
			if up := unicode.ToUpper(r); up != r {
				pairs = append(pairs, [2]string{strings.ToUpper(l.marks[:1]) + l.marks[1:], string(up)})
			}
		}
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { // letters with two marks before those with one
		return cmp.Or(len(b[0])-len(a[0]), strings.Compare(a[0], b[0]))
	})
	var flat []string
	for _, p := range pairs {
		flat = append(flat, p[0], p[1])
	}
	return strings.NewReplacer(flat...)
}()

// words is a name in plain lower-case words, sorted, so that order and punctuation do not count.
func words(s string) string {
	w := strings.Fields(folded(s))
	slices.Sort(w)
	return strings.Join(w, " ")
}

// conventional is the user name that a convention makes; empty where it has nothing to do with the name.
func conventional(u user, first, last string) string {
	if first == "" || last == "" {
		return ""
	}
	switch u {
	case userDotted, userLocal:
		return first + "." + last
	case userFLast:
		return first[:1] + last
	case userFirstL:
		return first + last[:1]
	case userEight:
		return last[:min(6, len(last))] + first[:min(2, len(first))]
	}
	return ""
}

func number(id string) string {
	return strings.TrimLeft(strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(id)), "E"), "0")
}

// bareAddress is an address in lower case without a +tag.
func bareAddress(a string) string {
	local, domain, _ := strings.Cut(strings.ToLower(strings.TrimSpace(a)), "@")
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}

// search looks for the owner of one row.
type search struct {
	*keys
	h         *human
	ambiguous bool
}

// only tells whether a key names exactly the owner.
func (s *search) only(sort, key string) bool {
	who := s.maps[sort+"\x00"+key]
	if !slices.Contains(who, s.h) {
		return false
	}
	s.ambiguous = s.ambiguous || len(who) > 1
	return len(who) == 1
}

// difficulty is the least difficult key of a row that alone names its owner, and whether any does.
func (k *keys) difficulty(l *login, a *connectors.Account) (string, bool) {
	switch {
	case l.class != connectors.Human:
		return "nonhuman", true
	case l.like:
		return "no_owner_lookalike", true
	case l.owner == nil:
		return "no_owner", true
	}
	s := &search{keys: k, h: l.owner}
	for _, by := range []func(*connectors.Account, *login) string{s.byID, s.byMail, s.byUsername, s.byName} {
		if d := by(a, l); d != "" {
			return d, true
		}
	}
	if s.ambiguous {
		return "ambiguous", false
	}
	return "unresolvable", false
}

func (s *search) byID(a *connectors.Account, _ *login) string {
	switch {
	case a.EmployeeID == "" || !s.only("number", number(a.EmployeeID)):
		return ""
	case a.EmployeeID == string(s.h.now().ID):
		return "employee_id"
	case a.EmployeeID == string(s.h.jobs[0].ID):
		return "employee_id_rehire"
	}
	return "employee_id_noisy"
}

func (s *search) byMail(a *connectors.Account, l *login) string {
	if a.Email == "" {
		return ""
	}
	m := bareAddress(a.Email)
	local, domain, _ := strings.Cut(m, "@")
	switch {
	case s.only("work", m):
		return "email_exact"
	case s.only("alias", m) && len(s.maps["work\x00"+m]) == 0:
		return "email_alias"
	case s.only("personal", m):
		return "email_personal"
	case domain != Domains[0] && slices.Contains(Domains, domain) && s.only("local", local):
		return "email_alt_domain"
	case s.inTime(s.maps["work\x00"+m], l.created):
		return "recycled_email"
	}
	return ""
}

// inTime tells whether only the owner, of several, worked here when the account was made.
func (s *search) inTime(who []*human, created connectors.Date) bool {
	n := 0
	for _, h := range who {
		for _, p := range h.jobs {
			if p.Start <= created+30 && (p.End == 0 || created <= p.End) {
				n++
				if h != s.h {
					return false
				}
			}
		}
	}
	return n > 0
}

func (s *search) byUsername(a *connectors.Account, l *login) string {
	u := strings.ToLower(a.Username)
	local, _, _ := strings.Cut(u, "@")
	byName := s.h.goesBy(l.name.last) && s.only("user"+string('0'+rune(l.sys.user)), strings.TrimRight(u, "0123456789"))
	switch {
	case l.sys.user == userID && s.only("number", number(u)):
		return "username_empid"
	case l.sys.user == userMail && (s.only("work", bareAddress(u)) || s.only("local", local)),
		l.sys.user == userLocal && s.only("local", u), byName && s.only("local", u):
		return "username_local" // of namesakes, whoever came first has the user name without a number
	case byName:
		return "username_convention"
	}
	return ""
}

func (s *search) byName(a *connectors.Account, _ *login) string {
	n := composed(a.DisplayName)
	w := words(n)
	switch {
	case w == "":
		return ""
	case s.only("name", w) && s.only("name verbatim", a.DisplayName):
		return "name_exact"
	case s.only("name", w):
		return "name_normalised"
	case s.only("former", w):
		return "name_former"
	case s.only("partial", w):
		return "name_partial"
	case s.only("initial", w):
		return "name_initial"
	}
	return ""
}
