package notify

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"
)

const (
	mostRunes = 400 // of one sentence
	maxMarks  = 8   // without a width, one after another: scripts need a few, pranks use hundreds
)

// prose makes a sentence safe to be read by people in mail programs, chats and terminals: one line of at most 400
// characters, in which nothing steers a terminal, misleads the eye or becomes a link. It must get the whole sentence, since
// two harmless parts may make a link.
func prose(s string) string { return defang(plain(s)) }

// plain is prose but for links: for errors, which name hosts.
func plain(s string) string {
	s = strings.Join(strings.Fields(clean(s)), " ")
	if r := []rune(s); len(r) > mostRunes {
		s = string(r[:mostRunes]) + " …"
	}
	return s
}

// shown is an error that others had a hand in, safe to print.
type shown struct {
	text string
	err  error
}

func (e *shown) Error() string { return e.text }
func (e *shown) Unwrap() error { return e.err }

func show(err error) error { return &shown{plain(err.Error()), err} }

// clean shows what a reader would not see, or what would steer a terminal or reverse the writing, as a code like <U+202E>.
// Of every kind of space it leaves a plain one.
func clean(s string) string {
	var b strings.Builder
	marks := 0
	for i, r := range s {
		if unicode.Is(unicode.M, r) {
			if marks++; marks <= maxMarks && !hidden(r) {
				b.WriteRune(r)
			}
			continue
		}
		marks = 0
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, "<%02X>", s[i])
		case hidden(r):
			fmt.Fprintf(&b, "<U+%04X>", r)
		case unicode.Is(unicode.Zs, r):
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hidden(r rune) bool {
	switch r {
	case '\u2028', '\u2029', '\u115f', '\u1160', '\u3164', '\uffa0', '\u034f', '\u17b4', '\u17b5':
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Variation_Selector)
}

var (
	scheme = regexp.MustCompile(`(?i)\b(mailto|tel|sms|callto|skype|file):`)
	www    = regexp.MustCompile(`(?i)(www)[.\x{3002}\x{ff0e}\x{ff61}]`)
	dots   = regexp.MustCompile(`[.\x{3002}\x{ff0e}\x{ff61}]`)
	// token finds runs of what hosts and mail addresses are made of; address tells whether one is a mail address and no more.
	token   = regexp.MustCompile(`[\pL\pM\pN_@%+'.\x{3002}\x{ff0e}\x{ff61}-]+`)
	address = regexp.MustCompile(`^[A-Za-z0-9_%+'.-]*[A-Za-z0-9_]@[A-Za-z0-9][A-Za-z0-9.-]*$`)
	// host finds what could be the name of a machine: labels of letters, digits, hyphens and underscores between dots.
	host = regexp.MustCompile(`[\pL\pM\pN_-]+(?:[.\x{3002}\x{ff0e}\x{ff61}]+[\pL\pM\pN_-]+)+`)
)

// defang writes what mail programs and chats turn into a link so that they do not: https[:]//, evil[.]example. Logins, also
// those that are mail addresses, stay as they are.
func defang(s string) string {
	s = strings.ReplaceAll(s, "://", "[:]//")
	s = scheme.ReplaceAllString(s, "$1[:]")
	s = www.ReplaceAllString(s, "$1[.]")
	var b strings.Builder
	end := 0
	for _, at := range token.FindAllStringIndex(s, -1) {
		t := s[at[0]:at[1]]
		if !address.MatchString(t) || strings.HasPrefix(s[at[1]:], "/") {
			t = host.ReplaceAllStringFunc(t, func(name string) string {
				if opens(name) {
					return dots.ReplaceAllString(name, "[.]")
				}
				return name
			})
		}
		b.WriteString(s[end:at[0]] + t)
		end = at[1]
	}
	return b.String() + s[end:]
}

// opens tells whether a name with dots would be taken for a host on the internet.
func opens(name string) bool {
	labels := dots.Split(strings.ToLower(name), -1)
	last := labels[len(labels)-1]
	if strings.HasPrefix(last, "xn--") || len(labels) == 4 && numeric(labels) {
		return true
	}
	for _, r := range name {
		if r >= utf8.RuneSelf {
			return true // which of these are domains is not worth knowing
		}
	}
	_, known := publicsuffix.PublicSuffix(strings.Trim(last, "-_"))
	return known
}

func numeric(labels []string) bool {
	return strings.Trim(strings.Join(labels, ""), "0123456789") == ""
}

// word makes an id safe as a word of a command: letters, digits and hyphens, anything else is a question mark.
func word(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '?'
	}, s)
}
