package ledger

import (
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"rollcall/connectors"
	"rollcall/remediate"
)

var _ remediate.Chat = (*Ledger)(nil)

// The events of the desk in a chat. Cards and what their buttons stand for are none: a ledger rebuilt from its mirror has its
// open cases asked anew.
const (
	evBound     = "chat account bound"
	evConfirmed = "chat account confirmed"
	evUnbound   = "chat account unbound"
	evDelegated = "decisions delegated"
	evPassed    = "case passed on"
)

// Bindings gives which chat account is which person, by account.
func (l *Ledger) Bindings() (list []remediate.Binding, err error) {
	return listed[remediate.Binding](l, "bindings", bBindings)
}

func listed[T any](l *Ledger, what string, bucket []byte, prefix ...byte) (list []T, err error) {
	err = l.read(what, func(tx *bbolt.Tx) (err error) {
		list, err = all[T](tx.Bucket(bucket), prefix)
		return err
	})
	return list, err
}

// Bind ties a chat account to a person; only another proven person may, and never where either is tied already.
func (l *Ledger) Bind(b remediate.Binding, by remediate.Identity) error {
	if b.User == "" || b.Team == "" || b.Person == "" {
		return errors.New("ledger: binding a chat account: the account, its team and the person must be given")
	}
	if err := b.MayTie(by); err != nil {
		return fmt.Errorf("ledger: binding a chat account: %w", err)
	}
	b.At, b.By, b.Second = b.At.UTC(), by, remediate.Identity{}
	return l.change("a binding", func(tx *bbolt.Tx) error {
		known, err := all[remediate.Binding](tx.Bucket(bBindings), nil)
		if err != nil {
			return err
		}
		for _, k := range known {
			if k.User == b.User || k.Person == b.Person {
				return fmt.Errorf("%w: %s is bound to %s: unbind that first", remediate.ErrStale, k.User, k.Person)
			}
		}
		return errors.Join(putJSON(tx.Bucket(bBindings), []byte(b.User), b), l.addEvent(tx, b.At, by.String(), evBound, b))
	})
}

// Confirm notes that a second person says that a chat account is tied to the right person; connectors.ErrNotFound where it is
// nobody's.
func (l *Ledger) Confirm(user string, by remediate.Identity, at time.Time) error {
	return l.change("a binding", func(tx *bbolt.Tx) error {
		b, err := binding(tx, user)
		if err == nil {
			err = b.Confirm(by)
		}
		if err != nil {
			return err
		}
		return errors.Join(putJSON(tx.Bucket(bBindings), []byte(user), b), l.addEvent(tx, at, by.String(), evConfirmed, b))
	})
}

func binding(tx *bbolt.Tx, user string) (b remediate.Binding, err error) {
	found, err := getJSON(tx.Bucket(bBindings), []byte(user), &b)
	if err == nil && !found {
		err = fmt.Errorf("chat account %q: %w", user, connectors.ErrNotFound)
	}
	return b, err
}

// Unbind unties a chat account; connectors.ErrNotFound where it is nobody's.
func (l *Ledger) Unbind(user string, by remediate.Identity, at time.Time) error {
	return l.change("a binding's end", func(tx *bbolt.Tx) error {
		b, err := binding(tx, user)
		if err != nil {
			return err
		}
		return errors.Join(tx.Bucket(bBindings).Delete([]byte(user)), l.addEvent(tx, at, by.String(), evUnbound, b))
	})
}

// Delegations gives who decides in whose place, those that have ended included.
func (l *Ledger) Delegations() ([]remediate.Delegation, error) {
	return listed[remediate.Delegation](l, "delegations", bDelegations)
}

// Delegate lets somebody decide in another's place. A person has one deputy: a new one takes the place of the last.
func (l *Ledger) Delegate(d remediate.Delegation, by remediate.Identity) error {
	if d.Of == "" || d.To == "" || d.Of == d.To || !d.First.Known() || d.Last < d.First {
		return errors.New("ledger: delegating: two people and two days, the first not after the last, must be given")
	}
	if !by.Somebody() {
		return fmt.Errorf("ledger: delegating: %w: it is not known who you are", remediate.ErrMayNot)
	}
	d.At = d.At.UTC()
	return l.change("a delegation", func(tx *bbolt.Tx) error {
		return errors.Join(putJSON(tx.Bucket(bDelegations), []byte(d.Of), d), l.addEvent(tx, d.At, by.String(), evDelegated, d))
	})
}

// Passes gives who passed on a case; without one, who passed on which.
func (l *Ledger) Passes(of string) ([]remediate.PassedOn, error) {
	var prefix []byte
	if of != "" {
		prefix = passKey(remediate.PassedOn{Case: of})
	}
	return listed[remediate.PassedOn](l, "passes", bPasses, prefix...)
}

// PassOn notes that somebody will not decide a case; said again of the same thing, nothing is noted.
func (l *Ledger) PassOn(p remediate.PassedOn, by remediate.Identity) error {
	if p.Case == "" || p.Item == "" || p.Person == "" || p.Person != by.Person || !by.Somebody() {
		return fmt.Errorf("ledger: passing a case on: the case and the person who does must be given: %w", remediate.ErrMayNot)
	}
	p.At = p.At.UTC()
	return l.change("a pass", func(tx *bbolt.Tx) error {
		var old remediate.PassedOn
		found, err := getJSON(tx.Bucket(bPasses), passKey(p), &old)
		if err != nil || found && old.Item == p.Item && old.Wrong == p.Wrong {
			return err
		}
		return errors.Join(putJSON(tx.Bucket(bPasses), passKey(p), p), l.addEvent(tx, p.At, by.String(), evPassed, p))
	})
}

func passKey(p remediate.PassedOn) []byte { return []byte(p.Case + "\x00" + string(p.Person)) }

// playChat does again what an event of the chat tells of.
func playChat(tx *bbolt.Tx, what string, body []byte) error {
	switch what {
	case evBound, evConfirmed:
		return with(body, func(b remediate.Binding) error { return putJSON(tx.Bucket(bBindings), []byte(b.User), b) })
	case evUnbound:
		return with(body, func(b remediate.Binding) error { return tx.Bucket(bBindings).Delete([]byte(b.User)) })
	case evDelegated:
		return with(body, func(d remediate.Delegation) error { return putJSON(tx.Bucket(bDelegations), []byte(d.Of), d) })
	case evPassed:
		return with(body, func(p remediate.PassedOn) error { return putJSON(tx.Bucket(bPasses), passKey(p), p) })
	}
	return nil
}
