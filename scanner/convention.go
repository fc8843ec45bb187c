package scanner

import (
	"bytes"
	"cmp"
	"strings"

	"rollcall/connectors"
)

// A username convention says how many letters of the given and of the family name a username has, and in which order.
// Separators and a number behind do not count. An app's convention is learned by counting, over a sample of the accounts
// whose owner is sure, so that it depends on no order.
type convention struct {
	familyFirst bool
	given       uint8 // letters; whole = all
	family      uint8
}

const whole = 255

// conventions are those that can be learned; where two explain as many usernames, the earlier one is taken.
var conventions = func() []convention {
	out := []convention{{false, whole, whole}, {false, 1, whole}, {false, whole, 1}, {true, whole, whole}, {true, 1, whole},
		{true, whole, 1}, {false, 0, whole}, {false, whole, 0}}
	for _, c := range [][2]uint8{{2, 6}, {1, 7}, {1, 5}, {3, 5}, {4, 4}, {3, 3}, {2, 5}, {1, 6}, {2, 4}, {2, 2}, {1, 4}, {1, 3}, {2, 3}} {
		out = append(out, convention{true, c[0], c[1]}, convention{false, c[0], c[1]})
	}
	return out
}()

const (
	learnLeast = 5 // accounts with a sure owner before a convention is believed
	learnShare = 3 // of 5 usernames must follow it
)

// usernames counts what a sample of the surely matched accounts of one app shows.
type usernames struct {
	sure  int
	local int // the local part of an address of the owner
	id    int // the owner's employee id
	hits  []int32
}

// learnedUsernames is what came of it.
type learnedUsernames struct {
	known     bool // a convention by names is known
	by        convention
	local, id bool // usernames are local parts, or employee ids
}

func (u *usernames) settle() learnedUsernames {
	var l learnedUsernames
	if u.sure < learnLeast {
		return l
	}
	l.id = u.id*10 >= u.sure*9
	best := 0
	for i, n := range u.hits {
		// A convention that cuts names explains whatever the uncut one does: it must explain clearly more.
		if int(n) > best+u.sure/50 {
			best, l.by = int(n), conventions[i]
		}
	}
	l.known = best*5 >= u.sure*learnShare
	// Local parts are mostly made of names as well, but for the number behind: they must explain at least as much.
	l.local = u.local*10 >= u.sure*9 && u.local+u.sure/50 >= best
	return l
}

// baseName is the username as conventions see it: folded letters without a number behind and without an admin's prefix.
func baseName(dst []byte, username string) (letters []byte, admin bool) {
	if at := strings.IndexByte(username, '@'); at > 0 {
		username = username[:at]
	}
	folded := foldName(dst, username, false)
	for _, p := range adminPrefixes {
		if len(folded) > len(p) && string(folded[:len(p)]) == p {
			folded, admin = folded[len(p):], true
			break
		}
	}
	letters, _ = runTogether(folded)
	return bytes.TrimRight(letters, "0123456789"), admin
}

var adminPrefixes = []string{"adm ", "admin ", "a ", "da ", "ea ", "priv ", "root ", "su "}

// follows tells whether a username follows a convention for a name.
func (c convention) follows(name []byte, r *roster, e *nameEntry) bool {
	given, family := e.given(r.arena), e.family(r.arena)
	if c.match(name, given, family) {
		return true
	}
	if e.firstStarts&^1 == 0 {
		return false
	}
	return c.match(name, firstToken(given, e.firstStarts), family) || c.match(name, lastToken(given, e.firstStarts), family)
}

func (c convention) match(name, given, family []byte) bool {
	if c.given > 0 && len(given) == 0 || c.family > 0 && len(family) == 0 {
		return false
	}
	given, family = given[:min(int(c.given), len(given))], family[:min(int(c.family), len(family))]
	if len(name) != len(given)+len(family) {
		return false
	}
	if c.familyFirst {
		return joins(name, family, given)
	}
	return joins(name, given, family)
}

// follows tells whether the username is what the app's convention makes of one of the person's names.
func (l *learnedUsernames) follows(name []byte, r *roster, person int) bool {
	lo, hi := r.own[person], r.own[person+1]
	return l.known && lo < hi && l.followsOne(name, r, int32(lo))
}

// followsOne is follows for the person of a name: their names stand side by side.
func (l *learnedUsernames) followsOne(name []byte, r *roster, entry int32) bool {
	person := r.entries[entry].person
	for entry > 0 && r.entries[entry-1].person == person {
		entry--
	}
	for ; int(entry) < len(r.entries) && r.entries[entry].person == person; entry++ {
		if l.by.follows(name, r, &r.entries[entry]) {
			return true
		}
	}
	return false
}

// tells tells whether a username of this convention has a family name whole and something of the given name: seldom two
// people's.
func (c convention) tells() bool { return c.family == whole && c.given > 0 }

// givenFits tells whether the username has two letters or more of the person's given name where the convention puts them,
// as it does after a change of the family name.
func (l *learnedUsernames) givenFits(name []byte, r *roster, person int) bool {
	if !l.known || l.by.given < 2 || l.by.family == 0 {
		return false
	}
	for i := r.own[person]; i < r.own[person+1]; i++ {
		e := &r.entries[i]
		given := e.given(r.arena)
		given = given[:min(int(l.by.given), len(given))]
		if len(given) < 2 || len(given) >= len(name) {
			continue
		}
		if l.by.familyFirst && bytes.HasSuffix(name, given) || !l.by.familyFirst && bytes.HasPrefix(name, given) {
			return true
		}
	}
	return false
}

// learn counts one surely matched account.
func (u *usernames) learn(name []byte, r *roster, person int) {
	u.sure++
	if len(name) == 0 {
		return
	}
	if u.hits == nil {
		u.hits = make([]int32, len(conventions))
	}
	var seen uint64
	for i := r.own[person]; i < r.own[person+1]; i++ {
		e := &r.entries[i]
		if e.first == 0 || e.last == 0 || name[0] != r.arena[e.off] && name[0] != r.arena[e.off+uint32(e.first)] && e.firstStarts&^1 == 0 {
			continue
		}
		for k, c := range conventions {
			if seen>>k&1 == 0 && c.follows(name, r, e) {
				seen |= 1 << k
				u.hits[k]++
			}
		}
	}
}

// usernameSample keeps the accounts with the smallest hashes, so that it depends on no order. A few hundred show a convention
// as well as all do, at a hundredth of the cost. It is a heap, the greatest first.
type usernameSample struct{ of []sampled }

type sampled struct {
	h                 uint64
	username, display string
	owner             *Person // nil where it is not sure
}

const sampleSize = 512

func (s *usernameSample) add(a *connectors.Account, owner *Person) {
	if a.Username == "" {
		return
	}
	h := hashString(14695981039346656037, a.Username)
	if len(s.of) < sampleSize {
		s.of = append(s.of, sampled{h, a.Username, a.DisplayName, owner})
		s.up(len(s.of) - 1)
		return
	}
	if h > s.of[0].h {
		return
	}
	if n := (sampled{h, a.Username, a.DisplayName, owner}); n.compare(&s.of[0]) < 0 {
		s.of[0] = n
		s.down()
	}
}

func (s *usernameSample) up(i int) {
	for i > 0 && s.of[i].compare(&s.of[(i-1)/2]) > 0 {
		s.of[i], s.of[(i-1)/2] = s.of[(i-1)/2], s.of[i]
		i = (i - 1) / 2
	}
}

func (s *usernameSample) down() {
	for i := 0; ; {
		top := 2*i + 1
		if top+1 < len(s.of) && s.of[top+1].compare(&s.of[top]) > 0 {
			top++
		}
		if top >= len(s.of) || s.of[top].compare(&s.of[i]) <= 0 {
			return
		}
		s.of[i], s.of[top] = s.of[top], s.of[i]
		i = top
	}
}

func (x *sampled) compare(y *sampled) int {
	if x.h != y.h {
		return cmp.Compare(x.h, y.h)
	}
	index := func(p *Person) int {
		if p == nil {
			return -1
		}
		return p.Index
	}
	return cmp.Or(cmp.Compare(x.username, y.username), cmp.Compare(x.display, y.display), cmp.Compare(index(x.owner), index(y.owner)))
}

func hashString(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}
