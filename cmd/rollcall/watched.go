package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/scanner"
)

// watchedName is the file of the changes in the roster that are noticed and not yet clean: an end of the daemon, and a run
// that settles nothing, must not have it forget one.
const watchedName = "watched.json"

// watched is what is known between two looks at the roster.
type watched struct {
	path string

	mu      sync.Mutex
	lines   map[connectors.PersonID]scanner.RosterLine // as the last look showed them; nil: there was none yet
	noticed map[connectors.PersonID]notice
	longest time.Duration // that it took until somebody was clean
}

// notice is that somebody changed in the roster.
type notice struct {
	Since   time.Time           `json:"since"`             // the look that showed it
	Settled bool                `json:"settled,omitempty"` // what follows was carried out, or people are asked; the rest is not the watch's
	Tries   int                 `json:"tries,omitempty"`   // that did not settle it
	Next    time.Time           `json:"next,omitzero"`     // not tried again before
	Person  connectors.PersonID `json:"person,omitempty"`  // the id they go by, once that is known
}

// readWatched reads what an earlier daemon noticed. A file that cannot be read is an error: what it had noticed would be
// left until a run settles it.
func readWatched(state string) (*watched, error) {
	w := &watched{path: filepath.Join(state, watchedName), noticed: map[connectors.PersonID]notice{}}
	text, err := os.ReadFile(w.path)
	if errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &w.noticed)
	}
	if err != nil {
		return nil, fmt.Errorf("serve: what was noticed in the roster cannot be read from %s: %w; move it away, and settle after a scan", w.path, err)
	}
	return w, nil
}

// compare notes who changed since the last look; before the first, since the last run. Who is missing has not changed:
// absence is for runs to see, twice.
func (w *watched) compare(led *ledger.Ledger, now map[connectors.PersonID]scanner.RosterLine, at time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lines == nil {
		before, err := led.Roster()
		if err != nil || before == nil {
			return err
		}
		w.lines = before.People
	}
	changed := false
	for id, line := range now {
		before, known := w.lines[id]
		if known && before == line || !known && !line.Ended {
			continue // who is new has nothing that could be taken
		}
		n, again := w.noticed[id]
		if !again {
			n.Since = at.UTC()
		}
		n.Settled, n.Tries, n.Next, changed = false, 0, time.Time{}, true
		w.noticed[id] = n
	}
	if changed {
		if err := w.save(); err != nil {
			return err
		}
	}
	w.lines = now
	return nil
}

// unsettled are those of whom nothing was settled since they changed, and whose time to be tried has come.
func (w *watched) unsettled(now time.Time) (people []connectors.PersonID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range sortedKeys(w.noticed) {
		if n := w.noticed[id]; !n.Settled && !now.Before(n.Next) {
			people = append(people, id)
		}
	}
	return people
}

// settled notes what came of settling: who has to be tried again (what a guard stopped, or what failed), and who is clean and
// need not be known any more.
func (w *watched) settled(led *ledger.Ledger, people []connectors.PersonID, s *settled, same func(connectors.PersonID) connectors.PersonID, now time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range people {
		n, ok := w.noticed[id]
		if !ok {
			continue
		}
		n.Person = same(id)
		n.Settled = s.Halted == "" && !slices.ContainsFunc(s.Stopped, func(it remediate.Item) bool { return it.Person == n.Person }) &&
			!slices.ContainsFunc(s.Done, func(k *remediate.Case) bool { return k.State == remediate.Failed && k.Item.Person == n.Person })
		if !n.Settled {
			n.Tries++
			n.Next = now.UTC().Add(retryAfter(n.Tries))
		}
		w.noticed[id] = n
	}
	open := map[connectors.PersonID]bool{}
	if _, err := led.LiveCases(func(k *remediate.Case) bool {
		open[k.Item.Person] = open[k.Item.Person] || !k.State.Ended()
		return false
	}); err != nil {
		return err
	}
	maps.DeleteFunc(w.noticed, func(_ connectors.PersonID, n notice) bool { return n.Settled && !open[n.Person] })
	return w.save()
}

// clean gives how long it took from the look that showed a change until a fresh read confirmed what followed from it, of
// each case that just was; and the longest so far.
func (w *watched) clean(done []*remediate.Case) (took []time.Duration, longest time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, k := range done {
		for id, n := range w.noticed {
			if k.State == remediate.Confirmed && (id == k.Item.Person || n.Person == k.Item.Person) {
				took = append(took, k.At.Sub(n.Since))
				w.longest = max(w.longest, k.At.Sub(n.Since))
				break
			}
		}
	}
	return took, w.longest
}

// save keeps what is noticed, whole or as it was.
func (w *watched) save() error {
	text, err := json.Marshal(w.noticed)
	if err == nil {
		err = replaceFile(w.path, text)
	}
	if err != nil {
		return fmt.Errorf("what was noticed in the roster cannot be kept: %w", err)
	}
	return nil
}
