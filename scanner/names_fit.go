package scanner

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// accountName is an account's display name, folded and cut into tokens. It is reused from account to account.
type accountName struct {
	buf     []byte // of the tokens of a name that is not plain
	letters []byte // the tokens run together
	starts  uint64
	tokens  [12][]byte
	n       int
	hash    uint64 // as glance.name
}

// asides are words beside a name that say nothing of whose it is.
var asides = map[string]bool{"dr": true, "prof": true, "mr": true, "mrs": true, "ms": true, "mx": true, "herr": true, "frau": true,
	"jr": true, "sr": true, "phd": true, "mba": true, "ext": true, "extern": true, "external": true, "contractor": true, "admin": true, "adm": true}

func (an *accountName) read(display string) {
	if !an.readPlain(display) {
		an.readOdd(display)
	}
}

// readPlain reads what most names are, in one go instead of four: in two thirds of the time (BenchmarkAccountName). It is false where
// the name has letters beyond ASCII, brackets, asides, or more tokens than are kept.
func (an *accountName) readPlain(display string) bool {
	an.letters = slices.Grow(an.letters[:0], len(display))
	letters, from := an.letters[:0], 0
	h, kept := uint64(tokenStart), byte(0)
	an.n, an.starts, an.hash = 0, 0, 0
	for i := 0; i <= len(display); i++ {
		c := byte(' ')
		if i < len(display) {
			c = plainName[display[i]]
		}
		switch {
		case c > ' ':
			letters = append(letters, c)
			if !silent(kept, c) {
				h, kept = (h^uint64(c))*tokenPrime, c
			}
		case c == odd:
			return false
		case c == ' ' && len(letters) > from:
			token := letters[from:len(letters):len(letters)]
			if an.n == len(an.tokens) || an.n > 1 && asides[string(token)] {
				return false
			}
			if an.hash += mix(h); len(token) < 3 {
				an.hash += hashToken(token) - mix(h)
			}
			if from < 64 {
				an.starts |= 1 << from
			}
			an.tokens[an.n] = token
			an.n, from, h, kept = an.n+1, len(letters), tokenStart, 0
		}
	}
	an.letters = letters
	return an.n < 3 || !asides[string(an.tokens[0])] && !asides[string(an.tokens[1])]
}

const odd = 1

// plainName is asciiFold for the names that readPlain reads; odd for what it leaves to readOdd.
var plainName = func() (t [256]byte) {
	for c := range t {
		switch {
		case c >= utf8.RuneSelf, c == '(', c == '[':
			t[c] = odd
		default:
			t[c] = asciiFold[c]
		}
	}
	return t
}()

func (an *accountName) readOdd(display string) {
	folded := foldName(an.buf[:0], beforeBracket(display), false)
	an.buf = folded
	an.n = 0
	for i := 0; i < len(folded) && an.n < len(an.tokens); {
		k := i
		for k < len(folded) && folded[k] != ' ' {
			k++
		}
		an.tokens[an.n] = folded[i:k:k]
		an.n++
		i = k + 1
	}
	an.dropAsides()
	an.letters = an.letters[:0]
	an.starts, an.hash = 0, 0
	for _, t := range an.tokens[:an.n] {
		an.hash += hashToken(t)
		if len(an.letters) < 64 {
			an.starts |= 1 << len(an.letters)
		}
		an.letters = append(an.letters, t...)
	}
}

// beforeBracket is a name without what stands in brackets behind it.
func beforeBracket(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] == '(' || s[i] == '[' {
			if i > 0 {
				return s[:i]
			}
			break
		}
	}
	return s
}

// dropAsides drops titles and the like, as long as two tokens are left.
func (an *accountName) dropAsides() {
	for i := 0; i < an.n && an.n > 2; {
		if asides[string(an.tokens[i])] {
			copy(an.tokens[i:], an.tokens[i+1:an.n])
			an.n--
			continue
		}
		i++
	}
}

// fit is how well an account's name fits a person's.
type fit uint8

const (
	fitNone     fit = iota
	fitUsername     // no name to go by: the username is what the app's convention makes of theirs
	fitInitial      // family name and initial
	fitExtra        // the whole name, and a word more
	fitPartial      // given and family name, not all of them
	fitFull
)

// sameToken compares a token of an account with one of the roster: equal, or with a mark written out on one side.
func sameToken(a, b []byte) bool {
	return bytes.Equal(a, b) || len(a) > 3 && len(b) > 3 && sameLoosely(a, b)
}

// fullFit tells whether the account has the whole name, in either order and however cut into words. loose: only because
// ae, oe, ue, aa may stand for one letter.
func (r *roster) fullFit(an *accountName, e *nameEntry) (ok, loose bool) {
	f, l := e.given(r.arena), e.family(r.arena)
	if joins(an.letters, f, l) || joins(an.letters, l, f) {
		return true, false
	}
	var buf [512]byte
	if sameLoosely(an.letters, r.arena[e.off:e.off+uint32(e.first)+uint32(e.last)]) {
		return true, true
	}
	return sameLoosely(an.letters, append(append(buf[:0], l...), f...)), true
}

// joins tells whether s is a followed by b.
func joins(s, a, b []byte) bool {
	return len(s) == len(a)+len(b) && bytes.Equal(s[:len(a)], a) && bytes.Equal(s[len(a):], b)
}

// partFit compares token by token: every token of the account must be one of the name's, or the initial of a given name;
// one foreign token is allowed when nothing of the name is missing.
func (r *roster) partFit(an *accountName, e *nameEntry) fit {
	var toks [16][]byte
	n, given := 0, 0
	collect := func(t []byte) bool {
		if n < len(toks) {
			toks[n] = t
			n++
		}
		return true
	}
	eachToken(e.given(r.arena), e.firstStarts, collect)
	given = n
	eachToken(e.family(r.arena), e.familyStarts, collect)
	var used uint32
	foreign, initials, gotGiven, gotFamily := 0, 0, false, false
	for _, t := range an.tokens[:an.n] {
		hit := -1
		for i := 0; i < n && hit < 0; i++ {
			if used>>i&1 == 0 && sameToken(t, toks[i]) {
				hit = i
			}
		}
		switch {
		case hit >= 0:
			used |= 1 << hit
			gotGiven, gotFamily = gotGiven || hit < given && len(t) > 1, gotFamily || hit >= given
		case given < n && sameToken(t, e.family(r.arena)):
			used |= (1<<n - 1) &^ (1<<given - 1)
			gotFamily = true
		case given > 0 && sameToken(t, e.given(r.arena)):
			used |= 1<<given - 1
			gotGiven = true
		case len(t) == 1 && initialOf(t[0], toks[:given]):
			initials++
		default:
			foreign++
		}
	}
	switch {
	case foreign == 0 && gotGiven && gotFamily:
		return fitPartial
	case foreign == 1 && gotGiven && gotFamily && used == 1<<n-1:
		return fitExtra
	case foreign == 0 && initials > 0 && gotFamily:
		return fitInitial
	}
	return fitNone
}

func initialOf(c byte, given [][]byte) bool {
	for _, g := range given {
		if g[0] == c {
			return true
		}
	}
	return false
}

// agreement tells whether an account's name speaks for a person.
type agreement int8

const (
	contradicts agreement = iota - 1 // two words or more, and none of them is the person's
	silentName                       // no name to go by
	agrees                           // a given or a family name
	agreesFully                      // both
)

func (r *roster) agreement(an *accountName, g *glance) agreement {
	if an.n > 1 && an.hash == g.name {
		return agreesFully
	}
	return r.wordsAgree(an, int(g.person))
}

// wordsAgree is agreement word by word.
func (r *roster) wordsAgree(an *accountName, person int) agreement {
	words, best := 0, silentName
	for i := r.own[person]; i < r.own[person+1]; i++ {
		e := &r.entries[i]
		given, family := false, false
		words = 0
		for _, t := range an.tokens[:an.n] {
			if len(t) < 2 {
				continue
			}
			words++
			given = given || hasToken(e.given(r.arena), e.firstStarts, t)
			family = family || hasToken(e.family(r.arena), e.familyStarts, t)
		}
		switch {
		case given && family:
			return agreesFully
		case given || family:
			best = agrees
		}
	}
	if best == agrees || words < 2 {
		return best
	}
	for i := r.own[person]; i < r.own[person+1]; i++ {
		if ok, _ := r.fullFit(an, &r.entries[i]); ok {
			return agreesFully
		}
	}
	return contradicts
}

// hasToken tells whether t is one of the tokens, or all of them run together.
func hasToken(letters []byte, starts uint64, t []byte) bool {
	if sameToken(t, letters) {
		return true
	}
	if starts&^1 == 0 {
		return false
	}
	hit := false
	eachToken(letters, starts, func(o []byte) bool { hit = sameToken(t, o); return !hit })
	return hit
}

// spelledAlike tells whether a display name has the very letters of a person's name, marks included.
func spelledAlike(display string, p *Person) bool {
	d := marked(display)
	for _, r := range p.Records {
		for _, last := range []string{r.LastName, r.FormerLastName} {
			if last != "" && (d == marked(r.FirstName+last) || d == marked(last+r.FirstName)) {
				return true
			}
		}
	}
	return false
}

// plainlySpelled tells whether HR writes a person without any marks: it may have left them out, which tells nobody apart.
func plainlySpelled(p *Person) bool {
	for _, r := range p.Records {
		if !isASCII(r.FirstName) || !isASCII(r.LastName) {
			return false
		}
	}
	return true
}

// marked is a name's letters in lower case, composed, marks kept.
func marked(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFC.String(s))
}
