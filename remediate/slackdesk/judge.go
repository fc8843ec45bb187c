package slackdesk

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
)

// What the parts of a card are called in Slack's payloads.
const (
	actRemove    = "rollcall_remove"
	actKeep      = "rollcall_keep"
	actNotMine   = "rollcall_not_mine"
	actWrong     = "rollcall_wrong"
	actRemoveAll = "rollcall_remove_all"
	actUndo      = "rollcall_undo"

	viewKeep     = "rollcall_keep_until"
	viewWrong    = "rollcall_what_is_wrong"
	viewOffboard = "rollcall_offboard"
)

var (
	actions = []string{actRemove, actKeep, actNotMine, actWrong, actRemoveAll, actUndo}
	views   = []string{viewKeep, viewWrong, viewOffboard}
)

// press is an interaction as it came: a button that was pressed, a form that was sent, or a command. Nothing in it is
// believed before it is judged.
type press struct {
	Kind           string // block_actions, view_submission, command
	App, Team      string
	User, UserTeam string
	Channel, TS    string
	Action, Block  string // of a button
	Actions        int
	Form           string // of a form
	Token          string
	Trigger        string
	Fields         map[string]string // of a form, by action id
}

// Reasons for which a press is refused, as they are logged and counted.
const (
	refMalformed   = "malformed"
	refOtherApp    = "other app"
	refOtherTeam   = "other workspace"
	refUnknown     = "unknown button"
	refOtherPlace  = "another message's button"
	refExpired     = "button too old"
	refUnreadable  = "the account cannot be checked"
	refDeactivated = "deactivated account"
	refBot         = "bot"
	refGuest       = "guest"
	refStranger    = "stranger"
	refUnbound     = "nobody's account"
	refSeveral     = "several people's account"
	refGone        = "does not work here"
	refAway        = "on leave"
	refRole        = "not theirs to decide"
	refOwn         = "own access"
	refOneVoice    = "not another's word"
	refChanged     = "changed since"
	refDecided     = "decided already"
	refReplay      = "replayed"
	refSignature   = "bad signature"
)

// refusal says why a press is not taken, and what whoever pressed is told. What is no honest mistake is told nothing of use.
type refusal struct{ Code, Say string }

const generic = "That did not work: this is not yours to decide, or the card is out of date. What waits for you lists /rollcall pending."

// shape is what can be told from a press alone: is it ours, is it whole, and from here? What is missing does not match.
func (p *press) shape(app, team string) *refusal {
	switch {
	case p.Kind != "block_actions" && p.Kind != "view_submission" && p.Kind != "command":
		return &refusal{Code: refMalformed}
	case p.App == "" || p.App != app:
		return &refusal{Code: refOtherApp}
	case p.Team == "" || p.Team != team || p.UserTeam == "" || p.UserTeam != team:
		return &refusal{Code: refOtherTeam}
	case p.User == "":
		return &refusal{Code: refMalformed}
	case p.Kind == "command":
		return nil
	case p.Kind == "view_submission" && !slices.Contains(views, p.Form):
		return &refusal{Code: refUnknown}
	case p.Kind == "block_actions" && p.Actions != 1:
		return &refusal{Code: refMalformed}
	case p.Kind == "block_actions" && (!slices.Contains(actions, p.Action) || p.Block == ""):
		return &refusal{Code: refUnknown}
	case p.Kind == "block_actions" && (p.Channel == "" || p.TS == ""):
		return &refusal{Code: refMalformed}
	case len(p.Token) != tokenLen:
		return &refusal{Code: refUnknown}
	}
	return nil
}

// member is a Slack account as Slack has it now.
type member struct {
	ID, Team, Name, Address string
	Zone                    *time.Location // nil: Slack does not say
	Deleted, Bot            bool
	Guest, Stranger         bool
}

// speaker is who is behind an account, as far as that is proven.
type speaker struct {
	Member  *member // nil: Slack could not be asked
	Person  connectors.PersonID
	Proof   string
	Several bool // the account could be more than one person's
	Who     Who
	Known   bool // to the roster
}

func (s *speaker) identity() remediate.Identity {
	return remediate.Identity{Person: s.Person, Proof: s.Proof}
}

// stands tells whether an account is a person's of this workspace who works here: the first thing asked of whoever presses
// anything.
func (s *speaker) stands(team string) *refusal {
	m := s.Member
	switch {
	case m == nil:
		return &refusal{refUnreadable, "Who you are could not be checked just now. Press again in a moment."}
	case m.Deleted:
		return &refusal{refDeactivated, generic}
	case m.Bot:
		return &refusal{refBot, generic}
	case m.Stranger:
		return &refusal{refStranger, generic}
	case m.Team != team:
		return &refusal{refOtherTeam, generic}
	case m.Guest:
		return &refusal{refGuest, generic}
	case s.Several:
		return &refusal{refSeveral, generic}
	case s.Person == "":
		return &refusal{refUnbound, "Your Slack account is not tied to anybody here yet: ask whoever runs rollcall to bind it."}
	case !s.Known || !s.Who.Works:
		return &refusal{refGone, generic}
	case s.Who.Away:
		return &refusal{refAway, "By the roster you are on leave: somebody else is asked in your place."}
	}
	return nil
}

// scene is all that a press is judged against, as it is now.
type scene struct {
	Team    string
	Button  *remediate.Button // nil: there is none with that token
	Card    *remediate.Card
	Speaker speaker
	Item    string          // hash of what was shown of the case
	Case    *remediate.Case // nil: there is none
	Roles   []string        // as what the speaker may decide on it
	Own     []connectors.PersonID
}

// place is whether a button is where it belongs, for whom it is, and in time.
func (p *press) place(s *scene, now time.Time) *refusal {
	b := s.Button
	switch {
	case b == nil || s.Card == nil:
		return &refusal{refUnknown, generic}
	case p.Kind == "block_actions" && (b.Verb != p.Action || b.Block != p.Block || p.Channel != s.Card.Channel || s.Card.TS != "" && p.TS != s.Card.TS):
		return &refusal{refOtherPlace, generic}
	case p.Kind == "view_submission" && b.Verb != p.Form:
		return &refusal{refOtherPlace, generic}
	case s.Card.User != "" && s.Card.User != p.User || b.User != "" && b.User != p.User:
		return &refusal{refOtherPlace, generic}
	case !now.Before(b.Expires):
		return &refusal{refExpired, "This is too old to be answered. What waits for you lists /rollcall pending, with fresh buttons."}
	}
	return nil
}

// judge tells whether a press may decide its case; nil: it may. It changes nothing, so that a press that is refused cannot
// use up anything.
func judge(p *press, s *scene, now time.Time) *refusal {
	if r := p.place(s, now); r != nil {
		return r
	}
	if r := s.Speaker.stands(s.Team); r != nil {
		return r
	}
	switch {
	case s.Case == nil:
		return &refusal{refChanged, "This is no longer open."}
	case slices.Contains(s.Own, s.Speaker.Person):
		return &refusal{refOwn, "This is about your own access: somebody else has to decide."}
	case len(s.Roles) == 0:
		return &refusal{refRole, generic}
	}
	return current(p, s)
}

// current tells whether the case is still what was shown, and undecided.
func current(p *press, s *scene) *refusal {
	if p.Action == actUndo {
		if s.Case.State == remediate.Undone || !s.Case.Touched() {
			return &refusal{refDecided, "There is nothing left to take back: " + said(s.Case)}
		}
		return nil
	}
	i := slices.IndexFunc(s.Card.Items, func(it remediate.CardItem) bool { return it.Case == s.Case.ID })
	switch {
	case i < 0:
		return &refusal{refOtherPlace, generic}
	case s.Item == "" || s.Item != s.Case.ItemHash:
		return &refusal{refChanged, "What this was about has changed since. It is asked anew."}
	case !undecided(s.Case) || s.Card.Items[i].Done:
		return &refusal{refDecided, said(s.Case)}
	}
	return nil
}

// said is what has become of a case, in a sentence for whom was not quick enough.
func said(c *remediate.Case) string {
	d, verdict := c.Decision, ""
	switch {
	case c.State == remediate.Undone:
		return "It was taken back."
	case c.Wrong != nil:
		return fmt.Sprintf("%s said already that it is wrong, since %s: it is set aside until %s.", plain(string(c.Wrong.By.Person), 100), because(c.Wrong), c.Wrong.Until)
	case c.State == remediate.Lapsed, d == nil && c.Touched():
		return "The policy decided: the access is removed, since nobody answered in time."
	case c.State == remediate.Superseded:
		return "It is no longer open: what it was about has changed, or is gone. What is still wrong is asked anew."
	case d == nil:
		return "It is no longer open."
	case d.Until.Known():
		verdict = "keep the access until " + d.Until.String()
	default:
		verdict = "remove the access"
	}
	by := deciders(c, func(id connectors.PersonID) string { return plain(string(id), 100) })
	return fmt.Sprintf("Already decided by %s on %s: %s.", by, d.At.UTC().Format("2006-01-02 15:04 MST"), verdict)
}

// deciders are those whose word a decision is: one, or two.
func deciders(c *remediate.Case, name func(connectors.PersonID) string) string {
	var by []string
	for _, d := range c.Deciders() {
		by = append(by, name(d.By.Person))
	}
	return strings.Join(by, " and ")
}
