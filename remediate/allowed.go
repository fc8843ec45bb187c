package remediate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"rollcall/connectors"
)

// Unlimited is a number in Allowed that has no bound: kept for ever, never asked.
const Unlimited = math.MaxInt

// Allowed is what policy and configuration let follow from findings, and who may let it: all that makes rollcall do more,
// ask less, stop later, look elsewhere or tell others when it is changed. Making it looser is itself a decision of a second
// person (DESIGN, Law 5).
type Allowed struct {
	Modes      map[string]string              `json:"modes,omitempty"`   // "rule in app": ask or auto; absent: report
	Most       map[string]int                 `json:"most,omitempty"`    // of these, more is looser
	Least      map[string]int                 `json:"least,omitempty"`   // of these, less is looser
	Shields    []string                       `json:"shields,omitempty"` // of these, fewer is looser
	Checks     []string                       `json:"checks,omitempty"`  // likewise, in words: what is looked for, or watched over
	Exceptions []string                       `json:"exceptions,omitempty"`
	Writable   []connectors.AppID             `json:"writable,omitempty"`
	Approvers  []connectors.PersonID          `json:"approvers,omitempty"`
	UID        map[string]connectors.PersonID `json:"uid,omitempty"`
	Rights     []string                       `json:"rights,omitempty"` // what else somebody may do, or something explains, in words
	// Settings have neither more nor less: another value, one that is new and one that is gone may each loosen, or redirect what
	// is read and who is told.
	Settings map[string]string `json:"settings,omitempty"`
	// Sources are the settings of each app. One that is read beside the others loosens nothing by that; one that is not read any
	// more hides whoever is in it.
	Sources map[connectors.AppID]map[string]string `json:"sources,omitempty"`

	By     string    `json:"by,omitempty"` // who allowed it
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at,omitzero"`
}

// Hash is what an approval names: over all that is allowed, not over who allowed it.
func (a *Allowed) Hash() string {
	n := *a
	n.By, n.Reason, n.At = "", "", time.Time{}
	for _, list := range []*[]string{&n.Shields, &n.Checks, &n.Exceptions, &n.Rights} {
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

// Looser says in words what is looser in this allowance than in another one; nil where nothing is.
func (a *Allowed) Looser(than *Allowed) []string {
	var s sayer
	rank := map[string]int{"": 0, "ask": 1, "auto": 2}
	for _, k := range slices.Sorted(maps.Keys(a.Modes)) {
		if rank[a.Modes[k]] > rank[than.Modes[k]] {
			s.say("%s is %s instead of %s", k, a.Modes[k], orReport(than.Modes[k]))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(a.Most)) {
		if a.Most[k] > than.Most[k] {
			s.say("%s is %s instead of %s", k, bound(a.Most[k]), bound(than.Most[k]))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(than.Least)) {
		if a.Least[k] < than.Least[k] {
			s.say("%s is %s instead of %s", k, bound(a.Least[k]), bound(than.Least[k]))
		}
	}
	gained(&s, "%s is not protected any more", than.Shields, a.Shields)
	gained(&s, "not any more: %s", than.Checks, a.Checks)
	gained(&s, "the exception %s is new", a.Exceptions, than.Exceptions)
	gained(&s, "%s may be written to", a.Writable, than.Writable)
	gained(&s, "%s is an approver", a.Approvers, than.Approvers)
	gained(&s, "%s", a.Rights, than.Rights)
	for _, uid := range slices.Sorted(maps.Keys(a.UID)) {
		if a.UID[uid] != than.UID[uid] {
			s.say("user %s of this machine is %s", uid, a.UID[uid])
		}
	}
	s.others("", a.Settings, than.Settings)
	for _, app := range slices.Sorted(maps.Keys(than.Sources)) {
		if now, read := a.Sources[app]; read {
			s.others(string(app)+": ", now, than.Sources[app])
		} else {
			s.say("%s is not read any more", app)
		}
	}
	return s.said
}

type sayer struct{ said []string }

func (s *sayer) say(format string, args ...any) {
	s.said = append(s.said, fmt.Sprintf(format, args...))
}

// others says which settings are others.
func (s *sayer) others(of string, now, before map[string]string) {
	both := maps.Clone(before)
	if both == nil {
		both = map[string]string{}
	}
	maps.Copy(both, now)
	for _, k := range slices.Sorted(maps.Keys(both)) {
		is, set := now[k]
		was, had := before[k]
		switch {
		case set && !had:
			s.say("%s%s is %s and was not set", of, k, is)
		case !set:
			s.say("%s%s is not set any more; it was %s", of, k, was)
		case is != was:
			s.say("%s%s is %s instead of %s", of, k, is, was)
		}
	}
}

func bound(n int) string {
	if n == Unlimited {
		return "unlimited"
	}
	return strconv.Itoa(n)
}

func orReport(mode string) string {
	if mode == "" {
		return "report"
	}
	return mode
}

// gained says of each that the one list has and the other has not.
func gained[S ~string](s *sayer, format string, has, hasNot []S) {
	other := map[S]bool{}
	for _, x := range hasNot {
		other[x] = true
	}
	for _, x := range slices.Compact(slices.Sorted(slices.Values(has))) {
		if !other[x] {
			s.say(format, x)
		}
	}
}
