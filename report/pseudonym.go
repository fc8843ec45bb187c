package report

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// Pseudonyms names people, accounts and whatever else a workbook would name them by, so that only who holds the key can say
// whose name it was: HMAC-SHA256 (RFC 2104) over what it is and its parts, cut to 64 bits. The same key gives the same
// pseudonym in every sheet and over all runs; another key gives others. Pseudonymous is not anonymous (GDPR, Art. 4 No. 5):
// days, roles and departments can still single somebody out.
type Pseudonyms struct {
	key []byte
	// Told hears of each pseudonym that is given, and of what; nil hears nothing. It is the way back.
	Told func(pseudonym, original string)
}

// minPseudonymKey is how long a key must be, in bytes: as long as what it makes is secure for.
const minPseudonymKey = 32

// NewPseudonyms takes the key. It refuses one that could be guessed.
func NewPseudonyms(key []byte) (*Pseudonyms, error) {
	if len(key) < minPseudonymKey {
		return nil, fmt.Errorf("the key of pseudonyms has %d bytes; it wants at least %d: openssl rand -hex 32", len(key), minPseudonymKey)
	}
	distinct := map[byte]bool{}
	for _, b := range key {
		distinct[b] = true
	}
	if len(distinct) < 8 {
		return nil, errors.New("the key of pseudonyms repeats a few characters: make one with openssl rand -hex 32")
	}
	return &Pseudonyms{key: key}, nil
}

// KeyID tells one key from another, and nothing of the key.
func (p *Pseudonyms) KeyID() string { return p.sum("the id of this key")[:8] }

// sum is the keyed hash of parts, of which none can be mistaken for another.
func (p *Pseudonyms) sum(parts ...string) string {
	mac := hmac.New(sha256.New, p.key)
	var n [8]byte
	for _, s := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		mac.Write(n[:])
		mac.Write([]byte(s))
	}
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// name is the pseudonym of something of a sort, whose letter it begins with; what is empty stays so. original is what it is
// called in words.
func (p *Pseudonyms) name(sort, original string, parts ...string) string {
	if original == "" {
		return ""
	}
	if len(parts) == 0 {
		parts = []string{original}
	}
	made := sort + "-" + p.sum(append([]string{sort}, parts...)...)
	if p.Told != nil {
		p.Told(made, original)
	}
	return made
}

// The sorts of things that have pseudonyms, by the letter those begin with. Findings keep the form that their ids have.
const (
	ofPerson      = "p"
	ofAccount     = "a"
	ofActor       = "u" // whoever is named in words: who ran it, who decided, whom an app names as owner
	ofFinding     = "f"
	ofCase        = "c"
	ofGroup       = "g"
	ofException   = "x"
	ofEntitlement = "e" // only of those whose name has somebody's name in it
	ofCredential  = "k"
	ofHash        = "h"
)
