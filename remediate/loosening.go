package remediate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
)

// Loosening is what people said so far of letting something looser hold than what was allowed.
type Loosening struct {
	Hash   string     `json:"hash"`   // of what is to hold
	Before string     `json:"before"` // of what holds
	Words  []Decision `json:"words"`
}

// Authors are those who wrote the files that say what is allowed, as far as that is known.
type Authors struct {
	People []connectors.PersonID
	// Unknown says why somebody else may have written one of them: it belongs to root, or to no person. empty: nobody may.
	Unknown string
}

// Say notes somebody's word that it may hold, and tells whether it suffices: one, of a person other than who wrote the files;
// two people's, where it is not known who did, so that at least one of them did not. still says of an earlier word whether
// it counts: who gave it may have left since. It is refused from who wrote any of it, and without a reason.
func (l *Loosening) Say(word Decision, by Authors, same Same, still func(Identity) bool) (enough bool, err error) {
	switch {
	case !word.By.Somebody():
		return false, fmt.Errorf("configuration %s: %w: it is not known who you are", l.Hash, ErrMayNot)
	case same.among(by.People, word.By.Person):
		return false, fmt.Errorf("configuration %s: %w: a file of it is yours, and it takes somebody else", l.Hash, ErrMayNot)
	case strings.TrimSpace(word.Why) == "":
		return false, fmt.Errorf("configuration %s: approving it needs a reason", l.Hash)
	}
	l.Words = slices.DeleteFunc(l.Words, func(d Decision) bool {
		return d.Item != l.Hash || same.is(d.By.Person, word.By.Person) || same.among(by.People, d.By.Person) || !still(d.By)
	})
	word.Why, word.At, word.Item = strings.TrimSpace(word.Why), word.At.UTC(), l.Hash
	l.Words = append(l.Words, word)
	return by.Unknown == "" || len(l.Words) > 1, nil
}

// Allow is what holds by these words.
func (l *Loosening) Allow(a Allowed, at time.Time) Allowed {
	var by, why []string
	for _, d := range l.Words {
		by, why = append(by, d.By.String()), append(why, d.Why)
	}
	a.By, a.Reason, a.At = strings.Join(by, " and "), strings.Join(why, "; "), at.UTC()
	return a
}
