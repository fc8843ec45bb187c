package table

import (
	"fmt"
	"strings"

	"rollcall/connectors"
)

// words is a vocabulary: what a source's words mean. A word in no list is refused, since a guess could take an account
// for disabled, or a person for gone. A blank is the zero value.
type words[T comparable] struct {
	section string // of the configuration, to name in messages
	keys    []string
	known   map[string]T // by folded word
	last    []byte       // rows repeat: the word looked up last, as written
	lastIs  T
	folded  []byte
}

// meaning is one list of a vocabulary.
type meaning[T comparable] struct {
	key   string
	is    T
	given []string // from the configuration
	usual []string // the obvious words; a configured list that has one of them wins
}

func newWords[T comparable](section string, lists ...meaning[T]) (words[T], error) {
	w := words[T]{section: section, known: map[string]T{}}
	from := map[string]string{}
	for _, l := range lists {
		w.keys = append(w.keys, l.key)
		for _, word := range l.given {
			f := foldWord(word)
			if f == "" {
				return w, fmt.Errorf("[%s] %s: an empty word; a blank cell is always read as unknown", section, l.key)
			}
			if other, ok := from[f]; ok && other != l.key {
				return w, fmt.Errorf("[%s] %q is in both %s and %s", section, word, other, l.key)
			}
			from[f], w.known[f] = l.key, l.is
		}
	}
	for _, l := range lists {
		for _, word := range l.usual {
			if _, ok := w.known[word]; !ok {
				w.known[word] = l.is
			}
		}
	}
	return w, nil
}

func foldWord(s string) string { return string(appendFold(nil, trim([]byte(s)))) }

// of is the meaning of a trimmed cell.
func (w *words[T]) of(cell []byte) (T, error) {
	var zero T
	if len(cell) == 0 {
		return zero, nil
	}
	if string(cell) == string(w.last) {
		return w.lastIs, nil
	}
	w.folded = appendFold(w.folded[:0], cell)
	is, ok := w.known[string(w.folded)]
	if !ok {
		return zero, fmt.Errorf("%q is no word known here: add it to [%s] %s", cell, w.section, strings.Join(w.keys, " or "))
	}
	w.last, w.lastIs = append(w.last[:0], cell...), is
	return is, nil
}

// reader is the vocabulary for one pull; pulls may run side by side.
func (w words[T]) reader() words[T] {
	w.last, w.folded = nil, nil
	return w
}

func statusWords(c StatusWords) (words[connectors.WorkStatus], error) {
	type m = meaning[connectors.WorkStatus]
	return newWords("roster.status",
		m{"active", connectors.Active, c.Active, []string{"active", "employed", "current", "working"}},
		m{"leave", connectors.OnLeave, c.Leave, []string{"leave", "on leave", "on_leave", "on-leave", "leave of absence", "loa", "parental leave"}},
		m{"preboarding", connectors.Preboarding, c.Preboarding, []string{"preboarding", "pre-boarding", "pre-hire", "prehire", "pre-start", "future hire"}},
		m{"terminated", connectors.Terminated, c.Terminated, []string{"terminated", "inactive", "left", "leaver", "former", "resigned", "ended", "exited", "dismissed", "retired"}})
}

func employmentWords(c EmploymentWords) (words[connectors.Employment], error) {
	type m = meaning[connectors.Employment]
	return newWords("roster.employment",
		m{"employee", connectors.Employee, c.Employee, []string{"employee", "permanent", "regular", "full-time", "full time", "part-time", "part time", "fixed-term", "fixed term"}},
		m{"contractor", connectors.Contractor, c.Contractor, []string{"contractor", "contingent", "contingent worker", "external", "freelancer", "freelance", "consultant", "temp", "agency"}},
		m{"intern", connectors.Intern, c.Intern, []string{"intern", "trainee", "apprentice", "working student"}})
}

func enabledWords(c EnabledWords) (words[connectors.Tri], error) {
	type m = meaning[connectors.Tri]
	return newWords("app.status",
		m{"enabled", connectors.Yes, c.Enabled, []string{"active", "enabled", "true", "yes", "1"}},
		m{"disabled", connectors.No, c.Disabled, []string{"inactive", "disabled", "suspended", "deactivated", "locked", "deleted", "archived", "false", "no", "0"}})
}

func classWords(c ClassWords) (words[connectors.Class], error) {
	type m = meaning[connectors.Class]
	return newWords("app.class",
		m{"human", connectors.Human, c.Human, []string{"human", "user", "person", "member", "employee", "personal", "standard", "regular"}},
		m{"guest", connectors.Guest, c.Guest, []string{"guest", "external", "partner", "b2b"}},
		m{"service", connectors.Service, c.Service, []string{"service", "service account", "service_account", "bot", "system", "technical", "machine", "api", "integration", "robot"}},
		m{"shared", connectors.Shared, c.Shared, []string{"shared", "shared mailbox", "shared_mailbox", "generic", "mailbox", "room", "equipment"}},
		m{"break_glass", connectors.BreakGlass, c.BreakGlass, []string{"break_glass", "break-glass", "breakglass", "break glass", "emergency"}})
}

// yesNoWords are those of a column that holds a plain yes or no.
func yesNoWords() words[connectors.Tri] {
	w, _ := newWords("yes/no column", // no list is given, so none can clash
		meaning[connectors.Tri]{"yes", connectors.Yes, nil, []string{"yes", "true", "1", "y", "on", "enabled", "active"}},
		meaning[connectors.Tri]{"no", connectors.No, nil, []string{"no", "false", "0", "n", "off", "disabled", "inactive", "none"}})
	return w
}
