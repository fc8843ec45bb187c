package remediate

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"rollcall/connectors"
	"rollcall/scanner"
)

// State is where a case stands.
type State string

const (
	Open       State = "open"       // planned, nobody was asked
	Asked      State = "asked"      // somebody was
	Keep       State = "keep"       // decided: the access stays, as an exception with an end
	Remove     State = "remove"     // decided: it goes
	Lapsed     State = "lapsed"     // nobody answered, and policy takes it away: of an automatic leaver only
	Expired    State = "expired"    // nobody answered, and nothing follows from that
	Intent     State = "intent"     // it is being carried out
	Applied    State = "applied"    // the app said that it did all of it
	Confirmed  State = "confirmed"  // a fresh read shows it
	Failed     State = "failed"     // it could not be carried out
	Drifted    State = "drifted"    // the account is no longer what was decided upon
	Superseded State = "superseded" // what it was about is gone, or is another case's
	Undone     State = "undone"     // it was carried out, and taken back
)

// moves is the whole of the state machine: what may follow what. Every other move is an error. Wherever something may have
// been done, it can be taken back: Undo asks for that.
var moves = map[State][]State{
	Open:       {Asked, Keep, Remove, Superseded},
	Asked:      {Keep, Remove, Lapsed, Expired, Superseded, Undone},
	Expired:    {Asked, Keep, Remove, Superseded, Undone},
	Keep:       {Asked, Superseded, Undone}, // the exception ended, or was taken back
	Remove:     {Intent, Drifted, Keep, Superseded, Undone},
	Lapsed:     {Intent, Drifted, Keep, Superseded, Undone},
	Intent:     {Applied, Failed, Drifted, Undone},
	Applied:    {Confirmed, Failed, Undone},
	Failed:     {Intent, Asked, Drifted, Superseded, Undone}, // a part may have been done
	Drifted:    {Asked, Superseded, Undone},
	Superseded: {Undone},
	Confirmed:  {Undone},
}

// Ended tells whether nothing can follow any more, but for an undo.
func (s State) Ended() bool { return s == Confirmed || s == Superseded || s == Undone }

// Decided tells whether the case is to be carried out.
func (s State) Decided() bool { return s == Remove || s == Lapsed }

// Case is a finding group's way through ask, decision, action and confirmation.
type Case struct {
	ID       string    `json:"id"`
	Rev      int       `json:"rev"` // grows with every change: who changes a case names the one they saw
	State    State     `json:"state"`
	Item     Item      `json:"item"`
	ItemHash string    `json:"item_hash"`
	Run      string    `json:"run"` // that planned it
	Opened   time.Time `json:"opened"`
	Due      time.Time `json:"due,omitzero"` // by when an answer is wanted
	// NotBefore is the cut-off of what is decided ahead: it is not carried out before.
	NotBefore time.Time `json:"not_before,omitzero"`
	Decision  *Decision `json:"decision,omitempty"`
	// Votes are what people said so far of a case that takes two, in turn; Decision is made once they suffice.
	Votes []Decision `json:"votes,omitempty"`
	// Words are what people said so far of its being taken back although its owner has left, which takes two; Undo is made once
	// they suffice.
	Words []Decision `json:"words,omitempty"`
	Undo  *Decision  `json:"undo,omitempty"`  // whose word it is that it is taken back; written before the first step back
	Steps []Step     `json:"steps,omitempty"` // of carrying it out, in the order of the item's actions
	Held  string     `json:"held,omitempty"`  // why only a person's decision may carry it out, whatever the policy says
	// Gone are accounts that the newest run finds nothing wrong with, though the case has begun: what has not been changed of
	// them by then is left alone.
	Gone []scanner.Related `json:"gone,omitempty"`
	// Wrong is whose word ended it, who says that what it was about is wrong.
	Wrong *Wrong    `json:"wrong,omitempty"`
	Why   string    `json:"why,omitempty"` // what made it fail, drift or end
	At    time.Time `json:"at"`            // of the last change
}

// Decision is somebody's word on a case.
type Decision struct {
	By    Identity        `json:"by"`
	Why   string          `json:"why"`
	At    time.Time       `json:"at"`
	Until connectors.Date `json:"until,omitempty"` // of a keep: the last day it holds
	Item  string          `json:"item"`            // hash of the item it was about
}

// Identity is who somebody is, and how that is known. The zero value is nobody.
type Identity struct {
	Person connectors.PersonID `json:"person,omitempty"`
	Proof  string              `json:"proof,omitempty"` // "uid 1001", "slack U012ABC"; "policy" for what no person decided
}

// Policy is the actor of what follows from the policy alone. It is nobody's decision, and never a second person.
var Policy = Identity{Proof: "policy"}

// Somebody tells whether the identity is a proven person's.
func (i Identity) Somebody() bool { return i.Person != "" && i.Proof != "" }

func (i Identity) String() string {
	if !i.Somebody() {
		return i.Proof
	}
	return fmt.Sprintf("%s (%s)", i.Person, i.Proof)
}

// Progress is how far a step has come.
type Progress string

const (
	Pending Progress = "pending"
	Meant   Progress = "meant"   // the intent is written, the answer is not: it may have been done or not
	Done    Progress = "done"    // the app said so
	Seen    Progress = "seen"    // a fresh read shows it
	Refused Progress = "refused" // the app said no
	Back    Progress = "back"    // it was taken back
)

// Step is one action while it is carried out.
type Step struct {
	Action   Action             `json:"action"`
	Progress Progress           `json:"progress"`
	Before   json.RawMessage    `json:"before,omitempty"` // the account as it was read just before: what an undo restores
	Receipt  connectors.Receipt `json:"receipt,omitzero"`
	Problem  string             `json:"problem,omitempty"`
	MeantAt  time.Time          `json:"meant_at,omitzero"`
	DoneAt   time.Time          `json:"done_at,omitzero"`
	SeenAt   time.Time          `json:"seen_at,omitzero"`
	// Over says, of an account that was disabled, why nobody is to be asked any more what becomes of it: somebody was, it is gone,
	// or it works again. LookedAt is when that was seen first: once is not believed.
	Over     string    `json:"over,omitempty"`
	LookedAt time.Time `json:"looked_at,omitzero"`
}

// Errors that callers act upon.
var (
	ErrMove   = errors.New("the case does not allow that now")
	ErrStale  = errors.New("the case was changed meanwhile")
	ErrMayNot = errors.New("not for you to decide")
)

// ErrOwnerLeft is why access is not given back on one person's word.
var ErrOwnerLeft = fmt.Errorf("%w alone: its owner has left", ErrMayNot)

// to moves a case; nothing else sets its state.
func (c *Case) to(s State, at time.Time, why string) error {
	if !slices.Contains(moves[c.State], s) {
		return fmt.Errorf("case %s: from %s to %s: %w", c.ID, c.State, s, ErrMove)
	}
	c.State, c.At, c.Why = s, at.UTC(), why
	c.Rev++
	return nil
}

// clone copies a case, so that what is refused leaves no trace in it.
func (c *Case) clone() *Case {
	n := *c
	n.Steps = slices.Clone(c.Steps)
	n.Votes = slices.Clone(c.Votes)
	n.Words = slices.Clone(c.Words)
	if c.Decision != nil {
		d := *c.Decision
		n.Decision = &d
	}
	if c.Undo != nil {
		d := *c.Undo
		n.Undo = &d
	}
	return &n
}

// touched tells whether the step changed something, or may have.
func (s *Step) touched() bool {
	return s.Action.Verb != Ticket && (s.Progress == Meant || s.Progress == Done || s.Progress == Seen)
}

// Touched tells whether any of the case's steps changed something, or may have, that was not taken back.
func (c *Case) Touched() bool {
	return slices.ContainsFunc(c.Steps, func(s Step) bool { return s.touched() })
}

// begin makes a case's steps; what an earlier try did, and how things were before it, stays in them.
func (c *Case) begin() {
	if !c.Touched() {
		c.Steps = steps(&c.Item)
	}
}
