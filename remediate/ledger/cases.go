package ledger

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"rollcall/connectors"
	"rollcall/remediate"
)

var _ remediate.Journal = (*Ledger)(nil)

// Case gives a case by its id; connectors.ErrNotFound where there is none.
func (l *Ledger) Case(id string) (c *remediate.Case, err error) {
	err = l.read("case "+id, func(tx *bbolt.Tx) (err error) {
		c, err = loadCase(tx, id)
		return err
	})
	return c, err
}

func loadCase(tx *bbolt.Tx, id string) (*remediate.Case, error) {
	var c remediate.Case
	found, err := getJSON(tx.Bucket(bCases), []byte(id), &c)
	if err == nil && !found {
		err = connectors.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// Live gives the case of a group that has not ended; nil where there is none.
func (l *Ledger) Live(group string) (c *remediate.Case, err error) {
	err = l.read("the case of "+group, func(tx *bbolt.Tx) (err error) {
		if id := tx.Bucket(bLive).Get([]byte(group)); id != nil {
			c, err = loadCase(tx, string(id))
		}
		return err
	})
	return c, err
}

// Cases gives all cases for which keep holds, oldest first.
func (l *Ledger) Cases(keep func(*remediate.Case) bool) (list []*remediate.Case, err error) {
	var every []remediate.Case
	err = l.read("cases", func(tx *bbolt.Tx) (err error) {
		every, err = all[remediate.Case](tx.Bucket(bCases), nil)
		return err
	})
	for i := range every {
		if keep == nil || keep(&every[i]) {
			list = append(list, &every[i])
		}
	}
	slices.SortStableFunc(list, func(a, b *remediate.Case) int { return a.Opened.Compare(b.Opened) })
	return list, err
}

// caseEvent is the body of every event about a case: the whole of it, so that the mirror alone can give it back.
type caseEvent struct {
	Case string          `json:"case"`
	Plan string          `json:"plan"` // hash of the item
	Why  string          `json:"why,omitempty"`
	Kept *remediate.Case `json:"kept"`
}

// Put records a case as changed by somebody. The case kept so far must have the revision before: ErrStale otherwise.
func (l *Ledger) Put(c *remediate.Case, before int, by remediate.Identity, what string, at time.Time) error {
	return l.change("case "+c.ID, func(tx *bbolt.Tx) error { return l.putCase(tx, c, before, by, what, at) })
}

// Replace records, both or neither, a case as it ended and the new one that comes in its place.
func (l *Ledger) Replace(old *remediate.Case, before int, next *remediate.Case, by remediate.Identity, what string, at time.Time) error {
	return l.change("case "+next.ID+" in place of "+old.ID, func(tx *bbolt.Tx) error {
		if err := l.putCase(tx, old, before, by, what, at); err != nil {
			return err
		}
		return l.putCase(tx, next, 0, by, "case opened", at)
	})
}

func (l *Ledger) putCase(tx *bbolt.Tx, c *remediate.Case, before int, by remediate.Identity, what string, at time.Time) error {
	if c.ID == "" || c.Item.Group == "" || c.Rev <= before {
		return fmt.Errorf("a case needs an id, a group and a revision after %d", before)
	}
	old, err := loadCase(tx, c.ID)
	if errors.Is(err, connectors.ErrNotFound) {
		old, err = &remediate.Case{}, nil
	}
	switch {
	case err != nil:
		return err
	case old.Rev != before:
		return fmt.Errorf("%w (it has revision %d, not %d)", remediate.ErrStale, old.Rev, before)
	}
	if err := errors.Join(index(tx, c), retag(tx, old, c)); err != nil {
		return err
	}
	why := c.Why
	if c.Decision != nil && why == "" {
		why = c.Decision.Why
	}
	return errors.Join(
		putJSON(tx.Bucket(bCases), []byte(c.ID), c),
		touch(tx, old, c),
		l.addEvent(tx, at, by.String(), "case: "+what, caseEvent{c.ID, c.ItemHash, why, c}))
}

// live keeps which case of a group has not ended: never two.
func live(tx *bbolt.Tx, c *remediate.Case) error {
	b, group := tx.Bucket(bLive), []byte(c.Item.Group)
	id := b.Get(group)
	switch mine := string(id) == c.ID; {
	case c.State.Ended() && mine:
		return b.Delete(group)
	case c.State.Ended():
		return nil
	case id != nil && !mine:
		return fmt.Errorf("%w: %s has the open case %s", remediate.ErrStale, c.Item.Group, id)
	}
	return b.Put(group, []byte(c.ID))
}

// touched is an account that a step changed, or may have changed.
type touched struct {
	App     connectors.AppID     `json:"app"`
	Account connectors.AccountID `json:"account_id"`
	Admin   bool                 `json:"admin,omitempty"`
	Case    string               `json:"case"`
	Step    int                  `json:"step"`
}

// touch writes down, by time, the accounts of steps that were just meant, and again when they were done, which may be much
// later: the caps count them across runs and restarts.
func touch(tx *bbolt.Tx, old, now *remediate.Case) error {
	for i := range now.Steps {
		s, was := &now.Steps[i], remediate.Step{}
		if i < len(old.Steps) {
			was = old.Steps[i]
		}
		for _, at := range [][2]time.Time{{was.MeantAt, s.MeantAt}, {was.DoneAt, s.DoneAt}} {
			if at[1].IsZero() || at[1].Equal(at[0]) {
				continue
			}
			t := touched{App: s.Action.App, Account: s.Action.Account, Case: now.ID, Step: i, Admin: now.Item.TakesAdmin(&s.Action)}
			k := binary.BigEndian.AppendUint64(nil, uint64(at[1].UnixNano()))
			k = append(append(k, now.ID...), byte(i>>8), byte(i))
			if err := putJSON(tx.Bucket(bTouched), k, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// touchedSince gives what was touched at or after a moment.
func touchedSince(tx *bbolt.Tx, since time.Time) (list []touched, err error) {
	c := tx.Bucket(bTouched).Cursor()
	for k, v := c.Seek(binary.BigEndian.AppendUint64(nil, uint64(since.UnixNano()))); k != nil; k, v = c.Next() {
		var t touched
		if err := json.Unmarshal(bytes.Clone(v), &t); err != nil {
			return nil, fmt.Errorf("%w (%q: %v): %s", ErrDamaged, k, err, restore)
		}
		list = append(list, t)
	}
	return list, nil
}

// Changed counts the accounts that were changed, or may have been, since a moment.
func (l *Ledger) Changed(since time.Time) (t remediate.Tally, err error) {
	t.App = map[connectors.AppID]int{}
	seen := map[[2]string]bool{}
	err = l.read("what was changed", func(tx *bbolt.Tx) error {
		list, err := touchedSince(tx, since)
		for _, x := range list {
			if k := [2]string{string(x.App), string(x.Account)}; !seen[k] {
				seen[k] = true
				t.All++
				t.App[x.App]++
			}
		}
		return err
	})
	return t, err
}

// AdminsGone counts administrators of an app that were taken out since a moment and not given back, and those that are
// being taken out: what was interrupted goes on, however long ago it began.
func (l *Ledger) AdminsGone(app connectors.AppID, since time.Time) (n int, err error) {
	seen := map[connectors.AccountID]bool{}
	err = l.read("administrators taken out", func(tx *bbolt.Tx) error {
		list, err := touchedSince(tx, since)
		if err != nil {
			return err
		}
		begun, err := underWay(tx)
		if err != nil {
			return err
		}
		list = append(list, begun...)
		for _, x := range list {
			if x.App != app || !x.Admin || seen[x.Account] {
				continue
			}
			c, err := loadCase(tx, x.Case)
			if err != nil {
				return err
			}
			if x.Step < len(c.Steps) && c.Steps[x.Step].Progress != remediate.Back && c.Steps[x.Step].Progress != remediate.Refused {
				seen[x.Account] = true
				n++
			}
		}
		return nil
	})
	return n, err
}

// underWay gives the accounts that cases act upon which have begun and not ended.
func underWay(tx *bbolt.Tx) (list []touched, err error) {
	c := tx.Bucket(bLive).Cursor()
	for group, id := c.First(); group != nil; group, id = c.Next() {
		k, err := loadCase(tx, string(id))
		if err != nil {
			return nil, err
		}
		if k.State != remediate.Intent && k.State != remediate.Applied {
			continue
		}
		for i := range k.Steps {
			if s := &k.Steps[i]; s.Progress != remediate.Seen {
				list = append(list, touched{App: s.Action.App, Account: s.Action.Account, Case: k.ID, Step: i, Admin: k.Item.TakesAdmin(&s.Action)})
			}
		}
	}
	return list, nil
}

// AddLift records a lift: of a proven person alone.
func (l *Ledger) AddLift(lift remediate.Lift, by remediate.Identity) error {
	if lift.Plan == "" || lift.By == "" || lift.Reason == "" {
		return errors.New("ledger: lifting a guard: the plan's hash, who lifts it and why must be given")
	}
	if !by.Somebody() {
		return fmt.Errorf("ledger: lifting a guard: %w: it is not known who you are", remediate.ErrMayNot)
	}
	lift.At = lift.At.UTC()
	return l.change("a lift", func(tx *bbolt.Tx) error {
		b := tx.Bucket(bLifts)
		n, err := b.NextSequence()
		if err != nil {
			return err
		}
		k := append(binary.BigEndian.AppendUint64(nil, uint64(lift.At.UnixNano())), seqKey(n)...)
		return errors.Join(putJSON(b, k, lift), l.addEvent(tx, lift.At, by.String(), "guard lifted", lift))
	})
}

// Lifts gives the lifts made at or after a moment, oldest first.
func (l *Ledger) Lifts(since time.Time) (list []remediate.Lift, err error) {
	err = l.read("lifts", func(tx *bbolt.Tx) error {
		c := tx.Bucket(bLifts).Cursor()
		for k, v := c.Seek(binary.BigEndian.AppendUint64(nil, uint64(since.UnixNano()))); k != nil; k, v = c.Next() {
			var x remediate.Lift
			if err := json.Unmarshal(v, &x); err != nil {
				return fmt.Errorf("%w (%q: %v): %s", ErrDamaged, k, err, restore)
			}
			list = append(list, x)
		}
		return nil
	})
	return list, err
}
