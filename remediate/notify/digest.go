// Package notify tells people and programs which cases wait for an answer, where there is no chat to ask in: as mail
// through an SMTP server, and as JSON posted to a webhook that can prove who sent it. What is told is derived purely from
// the cases; names that HR or an app made up can add neither headers, lines, links nor terminal codes to it.
package notify

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

// Format names the keys of the JSON. It changes when a key changes its meaning or goes; a new key changes nothing.
const Format = "rollcall.cases.v1"

// Digest is what is told of cases: at most so many, the riskiest, people who left apart from the rest. Its JSON is the body
// of the webhook. It holds no secrets.
type Digest struct {
	Format  string    `json:"format"`
	Key     string    `json:"key"`          // the same for the same cases at the same revisions: who has seen it may drop it
	Waiting int       `json:"waiting"`      // cases that wait for an answer, those not listed included
	Gone    int       `json:"gone"`         // of these, how many are about people who left
	Due     time.Time `json:"due,omitzero"` // by when the first answer is wanted
	Leavers []Entry   `json:"leavers"`      // people who left, or whose contract has ended
	Others  []Entry   `json:"others"`
	More    int       `json:"more"` // cases that are not listed
	List    string    `json:"list"` // the command that lists all
}

// Entry is one case that waits for an answer.
type Entry struct {
	Case      string             `json:"case"`
	Revision  int                `json:"revision"`
	State     remediate.State    `json:"state"`
	Severity  scanner.Severity   `json:"severity"`
	Kinds     []scanner.Kind     `json:"kinds"`
	Person    string             `json:"person,omitempty"` // id in HR; absent: nobody is known
	Who       string             `json:"who"`              // the person in words
	Accounts  []Account          `json:"accounts"`
	Why       string             `json:"why"`
	Asked     string             `json:"asked_because,omitempty"` // why a person decides although the policy would
	Removal   []string           `json:"removal"`                 // what would be done
	Stops     []string           `json:"stops,omitempty"`         // what stops working besides the account
	TakesOver []string           `json:"takes_over,omitempty"`    // who answers for what stops
	Residual  []string           `json:"residual,omitempty"`      // what goes on working all the same
	Due       time.Time          `json:"due,omitzero"`
	Silence   string             `json:"silence"` // what follows without an answer
	Answer    map[Verdict]string `json:"answer"`  // the command for each answer
}

// Verdict is an answer.
type Verdict string

const (
	Remove Verdict = "remove"
	Keep   Verdict = "keep"
)

// Account is a login that a case is about.
type Account struct {
	App   string `json:"app"`
	ID    string `json:"account_id"`
	Login string `json:"login"`
}

// Options say how a digest is made.
type Options struct {
	Most int                              // how many cases are listed; 0: 20
	Name func(connectors.PersonID) string // of a person, empty where it is not known; nil: ids alone
}

const defaultMost = 20

// New makes the digest of the cases that wait for an answer; the others are left out. It is nil when none waits. The order of
// the cases does not matter.
func New(cases []*remediate.Case, o Options) *Digest {
	waiting := slices.DeleteFunc(slices.Clone(cases), func(c *remediate.Case) bool { return !Waits(c) })
	if len(waiting) == 0 {
		return nil
	}
	slices.SortFunc(waiting, riskiestFirst)
	d := &Digest{Format: Format, Key: key(waiting), Waiting: len(waiting), Leavers: []Entry{}, Others: []Entry{}, List: "rollcall cases list"}
	most := cmp.Or(o.Most, defaultMost)
	for i, c := range waiting {
		if left(&c.Item) {
			d.Gone++
		}
		if !c.Due.IsZero() && c.State != remediate.Expired && (d.Due.IsZero() || c.Due.Before(d.Due)) {
			d.Due = c.Due.UTC()
		}
		switch {
		case i >= most:
			d.More++
		case left(&c.Item):
			d.Leavers = append(d.Leavers, entry(c, o.Name))
		default:
			d.Others = append(d.Others, entry(c, o.Name))
		}
	}
	return d
}

// Waits tells whether somebody's answer would change something.
func Waits(c *remediate.Case) bool {
	return c.State == remediate.Open || c.State == remediate.Asked || c.State == remediate.Expired
}

// left tells whether an item is about somebody who left, or whose contract has ended.
func left(it *remediate.Item) bool {
	return it.Person != "" && (slices.Contains(it.Kinds, scanner.OrphanedAccount) || slices.Contains(it.Kinds, scanner.SignInAfterExit))
}

func riskiestFirst(a, b *remediate.Case) int {
	return cmp.Or(-cmp.Compare(a.Item.Severity, b.Item.Severity), yesFirst(left(&a.Item), left(&b.Item)), yesFirst(a.Item.Privileged, b.Item.Privileged),
		yesFirst(!a.Due.IsZero(), !b.Due.IsZero()), a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID))
}

func yesFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// key is the hash of the cases and their revisions, whatever their order.
func key(cases []*remediate.Case) string {
	lines := make([]string, len(cases))
	for i, c := range cases {
		lines[i] = fmt.Sprintf("%q %d\n", c.ID, c.Rev)
	}
	slices.Sort(lines)
	h := sha256.New()
	fmt.Fprintln(h, Format)
	for _, l := range lines {
		fmt.Fprint(h, l)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// JSON is the digest for programs: one line, ended.
func (d *Digest) JSON() ([]byte, error) {
	var b bytes.Buffer
	err := json.NewEncoder(&b).Encode(d)
	return b.Bytes(), err
}
