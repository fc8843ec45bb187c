package slackdesk

import (
	"fmt"
	"slices"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

// People is what the newest run knows of people and apps. Whoever has several records goes by one id.
type People interface {
	Who(connectors.PersonID) (Who, bool)
	Same(connectors.PersonID) connectors.PersonID       // the id that a person goes by
	Manager(connectors.PersonID) connectors.PersonID    // now; empty: none is known
	OldManager(connectors.PersonID) connectors.PersonID // before the last move; empty: none is known
	Owner(connectors.AppID) connectors.PersonID         // empty: the app has none
	Approvers() []connectors.PersonID                   // the named group
	ByAddress(address string) []connectors.PersonID     // who has that work address
}

// Who is a person as the roster has them.
type Who struct {
	ID      connectors.PersonID
	Name    string
	Address string // at work
	Works   bool   // here, now
	Away    bool   // on leave
}

func (w *Who) String() string { return plain(w.Name+" ("+string(w.ID)+")", 120) }

// What somebody is asked as.
const (
	asManager    = "line manager"
	asOldManager = "line manager before the move"
	asOwner      = "owner of the app"
	asApprover   = "approver"
)

// stop is one place on the way of a question.
type stop struct {
	Role   string
	Person connectors.PersonID
}

// stops is whom a case is put to, one after the other. After the last it goes to the channel.
func stops(it *remediate.Item, p People) []stop {
	var way []stop
	add := func(role string, id connectors.PersonID) {
		if id = p.Same(id); id != "" && !slices.ContainsFunc(way, func(s stop) bool { return s.Person == id }) {
			way = append(way, stop{role, id})
		}
	}
	if it.Person != "" {
		if residue(it) {
			add(asOldManager, p.OldManager(p.Same(it.Person)))
		}
		add(asManager, p.Manager(p.Same(it.Person)))
	}
	add(asOwner, owner(it, p))
	return way
}

// residue tells whether an item is about what an earlier role left behind: who managed that role knows best.
func residue(it *remediate.Item) bool { return slices.Contains(it.Kinds, scanner.MoverStacking) }

// owner is who owns every app that an item touches; empty: nobody does.
func owner(it *remediate.Item, p People) connectors.PersonID {
	var one connectors.PersonID
	for i, t := range it.Targets {
		o := p.Same(p.Owner(t.App))
		if o == "" || i > 0 && o != one {
			return ""
		}
		one = o
	}
	return one
}

// roles is as what somebody may decide on an item; none: they may not. Who has a role through another's delegation must not
// have it from whose access it is.
func roles(it *remediate.Item, id connectors.PersonID, p People, today connectors.Date, delegated []remediate.Delegation, own []connectors.PersonID) []string {
	list := direct(it, id, p)
	for i := range delegated {
		d := &delegated[i]
		of := p.Same(d.Of)
		if p.Same(d.To) != id || !d.Holds(today) || of == "" || slices.Contains(own, of) {
			continue
		}
		if who, ok := p.Who(of); !ok || !who.Works {
			continue // the word of who left holds no longer
		}
		for _, role := range direct(it, of, p) {
			list = append(list, fmt.Sprintf("deputy of %s, %s", of, role))
		}
	}
	return list
}

// direct is as what somebody may decide themselves.
func direct(it *remediate.Item, id connectors.PersonID, p People) (list []string) {
	if id == "" {
		return nil
	}
	for _, s := range stops(it, p) {
		managing := s.Role == asManager || s.Role == asOldManager
		if s.Person == id && !(managing && reports(id, p.Same(it.Person), p)) {
			list = append(list, s.Role)
		}
	}
	if slices.ContainsFunc(p.Approvers(), func(a connectors.PersonID) bool { return p.Same(a) == id }) {
		list = append(list, asApprover)
	}
	return list
}

// reports tells whether somebody reports to another, over any number of steps: managers in a loop do not decide for each other.
func reports(id, to connectors.PersonID, p People) bool {
	seen := map[connectors.PersonID]bool{}
	for at := p.Same(p.Manager(id)); at != "" && !seen[at]; at = p.Same(p.Manager(at)) {
		if at == to {
			return true
		}
		seen[at] = true
	}
	return false
}

// owning is everybody whose access an item is, or could be, by the ids they go by.
func (d *Desk) owning(it *remediate.Item, p People) []connectors.PersonID {
	var own []connectors.PersonID
	if it.Person != "" {
		own = append(own, p.Same(it.Person))
	}
	if d.deps.Owners != nil {
		for _, id := range d.deps.Owners(it) {
			own = append(own, p.Same(id))
		}
	}
	return own
}

// deputy is who decides in somebody's place on a day; empty: nobody does.
func deputy(id connectors.PersonID, today connectors.Date, delegated []remediate.Delegation, p People) connectors.PersonID {
	for i := range delegated {
		if p.Same(delegated[i].Of) == id && delegated[i].Holds(today) {
			return p.Same(delegated[i].To)
		}
	}
	return ""
}

// Two tells whether a case takes the words of two people: where something privileged goes or stays, and where the item says
// so. It is for the desk that the decisions are made at.
func Two(c *remediate.Case) bool { return c.Item.Privileged || c.Item.TwoPeople }

// undecided tells whether somebody's answer would decide a case.
func undecided(c *remediate.Case) bool {
	if c.Undo != nil {
		return false
	}
	return c.State == remediate.Open && (c.Item.Mode == scanner.ModeAsk || c.Held != "") || c.State == remediate.Asked || c.State == remediate.Expired
}

// left tells whether an item is about somebody who left, or whose contract has ended: that does not wait for the next digest.
func left(it *remediate.Item) bool {
	return it.Person != "" && (slices.Contains(it.Kinds, scanner.OrphanedAccount) || slices.Contains(it.Kinds, scanner.SignInAfterExit))
}

func (d *Desk) day(t time.Time) connectors.Date { return connectors.DateOf(t, d.set.Zone) }

// MayDecide says why somebody may not decide on an item now; nil: they may. The desk asks it once more at the moment of the
// decision, also of who spoke first where it takes two.
func MayDecide(it *remediate.Item, id connectors.PersonID, p People, today connectors.Date, delegated []remediate.Delegation) error {
	who, known := p.Who(p.Same(id))
	own := []connectors.PersonID{}
	if it.Person != "" {
		own = append(own, p.Same(it.Person))
	}
	switch {
	case !known || !who.Works:
		return fmt.Errorf("%s does not work here, by the roster of the last run", id)
	case who.Away:
		return fmt.Errorf("%s is on leave, by the roster of the last run", id)
	case len(roles(it, p.Same(id), p, today, delegated, own)) == 0:
		return fmt.Errorf("%s is neither a manager of whom it is about, nor the owner of every app it touches, nor one of the approvers, nor a deputy of one of those", id)
	}
	return nil
}
