package remediate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollcall/connectors"
)

// Voices are the people who could have said what an identity says: the person it is and, where one alone tied the chat account
// to that person, who did: it could be a second account of theirs. known is false where the account is tied to nobody, so that
// it could be anybody's.
func Voices(by Identity, bound []Binding) (people []connectors.PersonID, known bool) {
	people = []connectors.PersonID{by.Person}
	if !strings.HasPrefix(by.Proof, chatProof) {
		return people, true
	}
	for _, b := range bound {
		if ProofOfChat(b.User) != by.Proof {
			continue
		}
		if !b.Second.Somebody() {
			people = append(people, b.By.Person)
		}
		return people, true
	}
	return people, false
}

func (d *Desk) bound() ([]Binding, error) {
	if d.Bound == nil {
		return nil, nil
	}
	return d.Bound()
}

// Own says why somebody would judge their own access: the case is about it, or about that of who alone tied their chat account
// to them; nil: they would not.
func (d *Desk) Own(by Identity, c *Case) error {
	owners := []connectors.PersonID{c.Item.Person}
	if d.Owners != nil {
		owners = append(owners, d.Owners(&c.Item)...)
	}
	if d.Same.among(owners, by.Person) {
		return fmt.Errorf("case %s: %w: it is about your own access", c.ID, ErrMayNot)
	}
	bound, err := d.bound()
	if err != nil {
		return err
	}
	voices, _ := Voices(by, bound)
	for _, other := range voices[1:] {
		if other != "" && d.Same.among(owners, other) {
			return fmt.Errorf("case %s: %w: it is about the access of %s, who alone tied your chat account to you: %s", c.ID, ErrMayNot, other, confirmIt)
		}
	}
	return nil
}

const confirmIt = "another admin has to confirm that first"

// counted takes from what was said of a case the words that do not count any more, and says why those of somebody are not a
// second person's: one person could have said both.
func (d *Desk) counted(c *Case, by Identity) error {
	bound, err := d.bound()
	if err != nil {
		return err
	}
	c.Votes = slices.DeleteFunc(c.Votes, func(w Decision) bool {
		_, known := Voices(w.By, bound)
		return d.Bound != nil && !known || d.mayDecide(w.By, c) != nil
	})
	mine, known := Voices(by, bound)
	if d.Bound != nil && !known {
		return fmt.Errorf("case %s: %w: it takes the words of two people, and your chat account is tied to nobody: an admin has to", c.ID, ErrMayNot)
	}
	for _, w := range c.Votes {
		theirs, _ := Voices(w.By, bound)
		i := slices.IndexFunc(mine, func(id connectors.PersonID) bool {
			return d.Same.among(theirs, id) || id == "" && slices.Contains(theirs, id)
		})
		if i < 0 || d.Same.is(w.By.Person, by.Person) {
			continue
		}
		who := string(mine[i])
		if who == "" {
			who = "one and the same admin"
		}
		return fmt.Errorf("case %s: %w: it takes the words of two people, and %s, who tied a chat account alone, could have said both: %s", c.ID, ErrMayNot, who, confirmIt)
	}
	return nil
}

// MayTie says why somebody may not tie a chat account to a person: nobody does that for themselves.
func (b *Binding) MayTie(by Identity) error {
	switch {
	case !by.Somebody():
		return fmt.Errorf("%w: it is not known who you are", ErrMayNot)
	case by.Person == b.Person:
		return fmt.Errorf("%w: %s is your own account, and another admin has to tie it", ErrMayNot, b.User)
	}
	return nil
}

// Confirm notes that a second person says that an account is tied to the right one: neither who tied it, nor whose it is.
func (b *Binding) Confirm(by Identity) error {
	if err := b.MayTie(by); err != nil {
		return err
	}
	switch {
	case b.Second.Somebody():
		return fmt.Errorf("%w: %s confirmed it already", ErrMove, b.Second)
	case strings.HasPrefix(by.Proof, chatProof):
		return errors.New("a chat account is not confirmed from a chat")
	case by.Person == b.By.Person:
		return fmt.Errorf("%w: you tied %s to %s, and it takes a second person", ErrMayNot, b.User, b.Person)
	}
	b.Second = by
	return nil
}
