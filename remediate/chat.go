package remediate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rollcall/connectors"
)

// Binding ties an account of a chat to a person: who speaks through it is that person, proven. Nobody goes by two accounts,
// and no account by two people.
type Binding struct {
	User    string              `json:"user"` // the chat's own id of the account, which no rename changes
	Team    string              `json:"team"`
	Person  connectors.PersonID `json:"person"`
	Address string              `json:"address,omitempty"` // by which it was proposed
	At      time.Time           `json:"at"`
	By      Identity            `json:"by,omitzero"`     // who tied it
	Second  Identity            `json:"second,omitzero"` // who else says that it is right; nobody: nobody yet
}

// ProofOfChat is what proves who speaks through a chat account that is tied to them.
func ProofOfChat(user string) string { return chatProof + user }

const chatProof = "slack "

// Delegation lets somebody decide in another's place, from one day to another, both included.
type Delegation struct {
	Of    connectors.PersonID `json:"of"`
	To    connectors.PersonID `json:"to"`
	First connectors.Date     `json:"first"`
	Last  connectors.Date     `json:"last"`
	At    time.Time           `json:"at"`
}

// Holds tells whether a delegation holds on a day.
func (d *Delegation) Holds(on connectors.Date) bool { return d.First <= on && on <= d.Last }

// PassedOn says that somebody who was asked will not decide: it is not theirs, or what is said in the case is wrong. It decides
// nothing: the next one is asked.
type PassedOn struct {
	Case   string              `json:"case"`
	Item   string              `json:"item"` // hash of what they saw
	Person connectors.PersonID `json:"person"`
	Wrong  bool                `json:"wrong,omitempty"` // they say what is wrong
	Why    string              `json:"why,omitempty"`
	At     time.Time           `json:"at"`
}

// Card is a message in a chat that shows cases.
type Card struct {
	ID      string              `json:"id"`
	Kind    string              `json:"kind"`
	Channel string              `json:"channel"`
	TS      string              `json:"ts,omitempty"`     // the chat's id of the message; empty: whether it was posted is not known
	Thread  string              `json:"thread,omitempty"` // of the message that it answers
	User    string              `json:"user,omitempty"`   // the account it was sent to; empty: a channel
	Person  connectors.PersonID `json:"person,omitempty"` // who is asked
	Role    string              `json:"role,omitempty"`   // as what
	Items   []CardItem          `json:"items"`
	More    int                 `json:"more,omitempty"` // cases that did not fit
	At      time.Time           `json:"at"`
	Gone    bool                `json:"gone,omitempty"`  // it cannot be changed any more: deleted, or too old
	Shown   string              `json:"shown,omitempty"` // hash of what it shows
}

// CardItem is one case on a card.
type CardItem struct {
	Case  string   `json:"case"`
	Item  string   `json:"item"`            // hash of what is shown
	Notes []string `json:"notes,omitempty"` // why this one is asked and not another
	Done  bool     `json:"done,omitempty"`  // its question is over: what comes back later is another question
	Told  State    `json:"told,omitempty"`  // what its thread was last told
}

// Button is what a button of a card stands for. The chat holds an unguessable token; here is only its hash.
type Button struct {
	Card    string            `json:"card"`
	Block   string            `json:"block"`            // the part of the card that the button is in
	Verb    string            `json:"verb"`             // remove, keep, …
	Cases   map[string]string `json:"cases"`            // the case, or cases, it answers, and the hash of what was shown of each
	User    string            `json:"user,omitempty"`   // who alone may use it
	Expires time.Time         `json:"expires,omitzero"` // when it stops working
}

// Chat remembers what a desk in a chat must know after a restart. Bindings, delegations and passes are events too.
type Chat interface {
	Bindings() ([]Binding, error)
	Bind(b Binding, by Identity) error
	Unbind(user string, by Identity, at time.Time) error
	Delegations() ([]Delegation, error)
	Delegate(d Delegation, by Identity) error
	Passes(of string) ([]PassedOn, error) // of one case; empty: of all
	PassOn(p PassedOn, by Identity) error
	Cards() ([]Card, error)
	// PutCard records a card as it is now, and what its new buttons stand for, by the hashes of their tokens.
	PutCard(c Card, buttons map[string]Button) error
	Button(hash string) (*Button, error) // nil where there is none
	// Sweep forgets buttons that stopped working before a moment, and cards older than it.
	Sweep(before time.Time) error
}

// Differs reads the accounts of a case and says what is no longer as it was when it was planned; empty: nothing is. An app that
// cannot be read account by account says nothing here.
func Differs(ctx context.Context, apps map[connectors.AppID]connectors.App, c *Case) (string, error) {
	for _, t := range c.Item.Targets {
		g, ok := apps[t.App].(connectors.Getter)
		if !ok || !c.Item.changes(t.App, t.Account) {
			continue
		}
		now, err := g.Account(ctx, t.Account)
		switch {
		case errors.Is(err, connectors.ErrNotFound):
			return fmt.Sprintf("%s in %s is not there any more", t.Login, t.App), nil
		case err != nil:
			return "", fmt.Errorf("reading %s in %s: %w", t.Login, t.App, err)
		case Fingerprint(&now) != t.Fingerprint:
			return fmt.Sprintf("%s in %s has changed since it was asked about", t.Login, t.App), nil
		}
	}
	return "", nil
}
