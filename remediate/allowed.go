package remediate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"rollcall/connectors"
)

// Allowed is what policy and configuration let follow from findings, and who may let it: all that makes rollcall do more,
// ask less, or stop later when it is changed. Making it looser is itself a decision of a second person (DESIGN, Law 5).
type Allowed struct {
	Modes      map[string]string              `json:"modes,omitempty"`   // "rule in app": ask or auto; absent: report
	Most       map[string]int                 `json:"most,omitempty"`    // of these, more is looser
	Least      map[string]int                 `json:"least,omitempty"`   // of these, less is looser
	Shields    []string                       `json:"shields,omitempty"` // of these, fewer is looser
	Exceptions []string                       `json:"exceptions,omitempty"`
	Writable   []connectors.AppID             `json:"writable,omitempty"`
	Approvers  []connectors.PersonID          `json:"approvers,omitempty"`
	UID        map[string]connectors.PersonID `json:"uid,omitempty"`
	Rights     []string                       `json:"rights,omitempty"` // what else some people may do, in words

	By     string    `json:"by,omitempty"` // who allowed it
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at,omitzero"`
}

// Hash is what an approval names: over all that is allowed, not over who allowed it.
func (a *Allowed) Hash() string {
	n := *a
	n.By, n.Reason, n.At = "", "", time.Time{}
	for _, list := range []*[]string{&n.Shields, &n.Exceptions, &n.Rights} {
		*list = slices.Sorted(slices.Values(*list))
	}
	n.Writable, n.Approvers = slices.Sorted(slices.Values(n.Writable)), slices.Sorted(slices.Values(n.Approvers))
	b, err := json.Marshal(n) // maps in the order of their keys
	if err != nil {
		panic(err) // strings and numbers alone
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Looser says in words what is looser in another allowance than in this one; nil where nothing is.
func (a *Allowed) Looser(than *Allowed) (out []string) {
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	rank := map[string]int{"": 0, "ask": 1, "auto": 2}
	for _, k := range slices.Sorted(maps.Keys(a.Modes)) {
		if rank[a.Modes[k]] > rank[than.Modes[k]] {
			say("%s is %s instead of %s", k, a.Modes[k], orReport(than.Modes[k]))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(a.Most)) {
		if a.Most[k] > than.Most[k] {
			say("%s is %d instead of %d", k, a.Most[k], than.Most[k])
		}
	}
	for _, k := range slices.Sorted(maps.Keys(than.Least)) {
		if a.Least[k] < than.Least[k] {
			say("%s is %d instead of %d", k, a.Least[k], than.Least[k])
		}
	}
	gained(say, "%s is not protected any more", than.Shields, a.Shields)
	gained(say, "the exception %s is new", a.Exceptions, than.Exceptions)
	gained(say, "%s may be written to", a.Writable, than.Writable)
	gained(say, "%s is an approver", a.Approvers, than.Approvers)
	gained(say, "%s", a.Rights, than.Rights)
	for _, uid := range slices.Sorted(maps.Keys(a.UID)) {
		if a.UID[uid] != than.UID[uid] {
			say("user %s of this machine is %s", uid, a.UID[uid])
		}
	}
	return out
}

func orReport(mode string) string {
	if mode == "" {
		return "report"
	}
	return mode
}

// gained says of each that the one list has and the other has not.
func gained[S ~string](say func(string, ...any), format string, has, hasNot []S) {
	for _, s := range slices.Sorted(slices.Values(has)) {
		if !slices.Contains(hasNot, s) {
			say(format, s)
		}
	}
}
