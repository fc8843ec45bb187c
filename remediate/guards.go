package remediate

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Limits are the numbers of the guards. The zero value forbids everything; see DefaultLimits.
type Limits struct {
	PerRun                   int           // accounts changed by one run
	PerDay                   int           // and by all runs of 24 hours, so that a schedule cannot nibble past the cap
	AppPercent               int           // and of one app's enabled accounts in 24 hours, in percent …
	AppAtLeast               int           // … but so many in any case: percents say nothing about a handful
	MinAdmins                int           // enabled administrators an app keeps
	LeftPercent, LeftAtLeast int           // people who worked at the last reading of the roster and do not at this one, before that is asked about
	MaxAge                   time.Duration // how old the reading may be that a plan rests on
	WarmUp                   int           // complete runs before anything is automatic
	Protected                []string      // patterns (* and ?) of "app/login" and "app/account id": never touched
	LegalHold                []string      // ids of people, and patterns as in Protected: disabled at most, never archived or deleted
}

// DefaultLimits hold where the configuration is silent.
var DefaultLimits = Limits{PerRun: 10, PerDay: 20, AppPercent: 5, AppAtLeast: 3, MinAdmins: 1, LeftPercent: 5, LeftAtLeast: 5, MaxAge: 26 * time.Hour, WarmUp: 3}

// Ground is what the guards look at beside the batch.
type Ground struct {
	Now          time.Time
	Run          string
	Kill         string    // why the kill switch is on; empty: it is off
	Loosened     string    // why the configuration is not to be acted by; empty: it is
	Roster       string    // why the roster is not to be relied upon; empty: it is
	Left, Worked int       // people who worked at the last reading of the roster: those who do not now, and all
	Runs         int       // complete runs so far
	ReadAt       time.Time // when the reading began that the batch rests on
	Apps         map[connectors.AppID]AppState
	Changed      Tally // by all runs in the 24 hours before Now
	ThisRun      int   // accounts this run has changed already
	Lifts        []Lift
	Events       []Event                                     // that hold today: so many people more may leave at once
	Same         map[connectors.PersonID]connectors.PersonID // further ids of people who have several: the one they go by
	Exits        map[connectors.PersonID]Exit                // what the newest run says of people whose exit was approved ahead
}

// AppState is what is known of an app.
type AppState struct {
	Problem string // why its list is not to be relied upon; empty: it is
	Enabled int    // enabled accounts
	Admins  int    // of them, those that hold something privileged
	Gone    int    // administrators that rollcall took out after the list was read

	Own connectors.AccountID `json:",omitempty"` // as which rollcall itself is known there: never touched
}

// Tally counts accounts that were changed.
type Tally struct {
	All int
	App map[connectors.AppID]int
}

// Lift is somebody's word that one plan may pass the caps, for one hour.
type Lift struct {
	Plan   string    `json:"plan"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// LiftTime is how long a lift holds.
const LiftTime = time.Hour

// Guard is which guard tripped.
type Guard string

const (
	GuardKill      Guard = "kill_switch"
	GuardConfig    Guard = "configuration"
	GuardRoster    Guard = "roster"
	GuardLeft      Guard = "many_left"
	GuardSource    Guard = "source"
	GuardAge       Guard = "age"
	GuardWarmUp    Guard = "warm_up"
	GuardPerRun    Guard = "cap_run"
	GuardPerDay    Guard = "cap_day"
	GuardPerApp    Guard = "cap_app"
	GuardAdmins    Guard = "last_admin"
	GuardProtected Guard = "protected"
	GuardHold      Guard = "legal_hold"
	GuardExit      Guard = "exit"
)

// liftable are the guards that a second person can lift: those that count. What says that the ground is not firm has to
// be mended instead.
var liftable = []Guard{GuardPerRun, GuardPerDay, GuardPerApp, GuardLeft}

// Trip is a guard that stops something, with the numbers it looked at.
type Trip struct {
	Guard Guard            `json:"guard"`
	App   connectors.AppID `json:"app,omitempty"`   // it stops what touches this app; empty: everything, or the group
	Group string           `json:"group,omitempty"` // it stops this item alone
	Says  string           `json:"says"`
	Has   int              `json:"has,omitempty"`
	Limit int              `json:"limit,omitempty"`
}

// Counts tells whether the guard is one of those that count accounts, rather than look at the ground.
func (t *Trip) Counts() bool { return slices.Contains(liftable, t.Guard) || t.Guard == GuardAdmins }

// Liftable tells whether a second person can lift the guard for one batch.
func (t *Trip) Liftable() bool { return slices.Contains(liftable, t.Guard) }

// CheckUndo holds what is to be given back against the guards: those that stop that too. Of them all that is the kill switch
// alone, which says that nothing is to be changed anywhere. What mistakes are made of must not keep them from being mended:
// a broken roster, half a list and a reading of last week are where wrong removals come from; caps bound harm, and giving
// back ends it; an account is put under protection just after it was taken away; and a legal hold is about what is lost. The
// guards of the execution hold too: Applier.Undo reads each account anew, and gives nothing to whom it belongs now.
func CheckUndo(batch []Item, st *Ground, lim *Limits) []Trip {
	return slices.DeleteFunc(Check(batch, st, lim), func(t Trip) bool { return t.Guard != GuardKill })
}

// stops tells whether the trip stops an item.
func (t *Trip) stops(it *Item) bool {
	if t.Group != "" {
		return t.Group == it.Group
	}
	return t.App == "" || slices.ContainsFunc(it.Actions, func(a Action) bool { return a.Verb != Ticket && a.App == t.App })
}

// Check holds a batch against the guards, before anything of it is done. The caps look at the whole batch: it passes or
// none of it does, since a batch that is too large is more likely wrong than large. Tickets change nothing and count
// nowhere.
func Check(batch []Item, st *Ground, lim *Limits) []Trip {
	c := &checker{st: st, lim: lim, batch: batch}
	c.ground()
	c.apps()
	c.caps()
	c.admins()
	c.protected()
	c.legalHold()
	c.exits()
	if c.lifted() {
		c.trips = slices.DeleteFunc(c.trips, func(t Trip) bool { return slices.Contains(liftable, t.Guard) })
	}
	return c.trips
}

// Pass parts a batch into what no trip stops and what one does.
func Pass(batch []Item, trips []Trip) (free, stopped []Item) {
	for _, it := range batch {
		if slices.ContainsFunc(trips, func(t Trip) bool { return t.stops(&it) }) {
			stopped = append(stopped, it)
		} else {
			free = append(free, it)
		}
	}
	return free, stopped
}

type checker struct {
	st    *Ground
	lim   *Limits
	batch []Item
	trips []Trip
}

func (c *checker) trip(t Trip) { c.trips = append(c.trips, t) }

// ground asks whether there is firm ground to act on at all.
func (c *checker) ground() {
	if c.st.Kill != "" {
		c.trip(Trip{Guard: GuardKill, Says: "the kill switch is on: " + c.st.Kill})
	}
	if c.st.Loosened != "" {
		c.trip(Trip{Guard: GuardConfig, Says: c.st.Loosened})
	}
	if c.st.Roster != "" {
		c.trip(Trip{Guard: GuardRoster, Says: "the roster is not to be relied upon: " + c.st.Roster})
	}
	announced := 0
	for i := range c.st.Events {
		announced += c.st.Events[i].Count
	}
	if left, worked := c.st.Left-announced, c.st.Worked; left >= c.lim.LeftAtLeast && left*100 >= worked*c.lim.LeftPercent && left > 0 {
		limit := max(c.lim.LeftAtLeast, worked*c.lim.LeftPercent/100) + announced
		says := fmt.Sprintf("%d of the %d people who worked here at the last reading of the roster do not at this one: a mistake of HR's, or a site that closed; at most %d are taken as usual", c.st.Left, worked, limit)
		if announced > 0 {
			says += fmt.Sprintf(", %d of them announced", announced)
		}
		c.trip(Trip{Guard: GuardLeft, Has: c.st.Left, Limit: limit, Says: says})
	}
	if age := c.st.Now.Sub(c.st.ReadAt); c.st.ReadAt.IsZero() || age > c.lim.MaxAge || age < 0 {
		c.trip(Trip{Guard: GuardAge, Says: fmt.Sprintf("what was read is of %s, and it is %s now: at most %s are allowed; scan again",
			c.st.ReadAt.UTC().Format(time.RFC3339), c.st.Now.UTC().Format(time.RFC3339), c.lim.MaxAge)})
	}
	for i := range c.batch {
		if it := &c.batch[i]; it.Mode == scanner.ModeAuto && c.st.Runs < c.lim.WarmUp {
			c.trip(Trip{Guard: GuardWarmUp, Group: it.Group, Has: c.st.Runs, Limit: c.lim.WarmUp,
				Says: fmt.Sprintf("%d complete runs so far, and nothing is automatic before the %d. is over", c.st.Runs, c.lim.WarmUp)})
		}
	}
}

// apps asks of each app whether its list can be relied upon.
func (c *checker) apps() {
	for _, app := range slices.Sorted(maps.Keys(accounts(c.batch))) {
		if s, known := c.st.Apps[app]; !known {
			c.trip(Trip{Guard: GuardSource, App: app, Says: string(app) + " was not read in this run"})
		} else if s.Problem != "" {
			c.trip(Trip{Guard: GuardSource, App: app, Says: string(app) + " was not read whole: " + s.Problem})
		}
	}
}

// accounts are the accounts that the actions of some items change, by app.
func accounts(items []Item) map[connectors.AppID]map[connectors.AccountID]bool {
	out := map[connectors.AppID]map[connectors.AccountID]bool{}
	for i := range items {
		for _, a := range items[i].Actions {
			if a.Verb == Ticket {
				continue
			}
			if out[a.App] == nil {
				out[a.App] = map[connectors.AccountID]bool{}
			}
			out[a.App][a.Account] = true
		}
	}
	return out
}

func (c *checker) caps() {
	all := 0
	byApp := accounts(c.batch)
	for _, app := range slices.Sorted(maps.Keys(byApp)) {
		n := len(byApp[app])
		all += n
		has, limit := n+c.st.Changed.App[app], max(c.lim.AppAtLeast, c.st.Apps[app].Enabled*c.lim.AppPercent/100)
		if has > limit {
			c.trip(Trip{Guard: GuardPerApp, App: app, Has: has, Limit: limit, Says: fmt.Sprintf("%d accounts of %s would have been changed within 24 hours, %d of them now; at most %d of its %d are allowed",
				has, app, n, limit, c.st.Apps[app].Enabled)})
		}
	}
	if has := all + c.st.ThisRun; all > 0 && has > c.lim.PerRun {
		c.trip(Trip{Guard: GuardPerRun, Has: has, Limit: c.lim.PerRun, Says: fmt.Sprintf("%d accounts would be changed in one run; at most %d are allowed", has, c.lim.PerRun)})
	}
	if has := all + c.st.Changed.All; all > 0 && has > c.lim.PerDay {
		c.trip(Trip{Guard: GuardPerDay, Has: has, Limit: c.lim.PerDay, Says: fmt.Sprintf("%d accounts would have been changed within 24 hours, %d of them now; at most %d are allowed", has, all, c.lim.PerDay)})
	}
}

// admins counts over the whole batch: an app whose administrators all left at once keeps one until somebody is named.
func (c *checker) admins() {
	losing := map[connectors.AppID]map[connectors.AccountID]bool{}
	for i := range c.batch {
		it := &c.batch[i]
		for _, t := range it.Targets {
			if slices.ContainsFunc(it.Actions, func(a Action) bool { return a.App == t.App && a.Account == t.Account && it.TakesAdmin(&a) }) {
				if losing[t.App] == nil {
					losing[t.App] = map[connectors.AccountID]bool{}
				}
				losing[t.App][t.Account] = true
			}
		}
	}
	for _, app := range slices.Sorted(maps.Keys(losing)) {
		s := c.st.Apps[app]
		if left := s.Admins - s.Gone - len(losing[app]); left < c.lim.MinAdmins {
			c.trip(Trip{Guard: GuardAdmins, App: app, Has: max(left, 0), Limit: c.lim.MinAdmins, Says: fmt.Sprintf("%s would keep %d of its %d enabled administrators; at least %d must stay: name another first",
				app, max(left, 0), s.Admins-s.Gone, c.lim.MinAdmins)})
		}
	}
}

// TakesAdmin tells whether an action of the item can take an administrator from an app. Removing an entitlement is taken
// to, whichever it is.
func (it *Item) TakesAdmin(a *Action) bool {
	if a.Verb != Disable && a.Verb != RemoveEntitlement && a.Verb != Archive && a.Verb != Delete {
		return false
	}
	return slices.ContainsFunc(it.Targets, func(t Target) bool { return t.Admin && t.App == a.App && t.Account == a.Account })
}

func (c *checker) protected() {
	for i := range c.batch {
		it := &c.batch[i]
		for _, t := range it.Targets {
			switch {
			case !it.changes(t.App, t.Account): // somebody is told to look at it: that is no harm
			case t.Class == connectors.BreakGlass.String():
				c.trip(Trip{Guard: GuardProtected, Group: it.Group, Says: fmt.Sprintf("%s in %s is a break-glass account", t.Login, t.App)})
			case t.Account != "" && t.Account == c.st.Apps[t.App].Own:
				c.trip(Trip{Guard: GuardProtected, Group: it.Group, Says: fmt.Sprintf("%s in %s is rollcall's own account", t.Login, t.App)})
			case c.lim.Shields(t):
				c.trip(Trip{Guard: GuardProtected, Group: it.Group, Says: fmt.Sprintf("%s in %s is protected by the configuration", t.Login, t.App)})
			}
		}
	}
}

// Shields tells whether the configuration protects an account.
func (l *Limits) Shields(t Target) bool {
	return slices.ContainsFunc(l.Protected, func(p string) bool { return fitsTarget(p, t) })
}

func fitsTarget(pattern string, t Target) bool {
	return fits(pattern, string(t.App)+"/"+t.Login) || fits(pattern, string(t.App)+"/"+string(t.Account))
}

// legalHold keeps what a court may ask for: of people and accounts on hold nothing is archived or deleted, whoever decided
// it. Disabling goes on, since it loses nothing.
func (c *checker) legalHold() {
	for i := range c.batch {
		it := &c.batch[i]
		if !slices.ContainsFunc(it.Actions, func(a Action) bool { return a.Verb == Archive || a.Verb == Delete }) {
			continue
		}
		if why := c.lim.OnHold(it, c.st.Same); why != "" {
			c.trip(Trip{Guard: GuardHold, Group: it.Group, Says: why + ": it may be disabled, not archived or deleted, until that is lifted in [remediate] legal_hold"})
		}
	}
}

// OnHold says what of an item is on legal hold: whose all of it is, or which of its accounts; empty: nothing. same has
// further ids of people who have several, each with the one they go by.
func (l *Limits) OnHold(it *Item, same map[connectors.PersonID]connectors.PersonID) string {
	for _, p := range l.LegalHold {
		if it.Person != "" && mainID(same, connectors.PersonID(p)) == mainID(same, it.Person) {
			return p + " is on legal hold"
		}
		for _, t := range it.Targets {
			if strings.Contains(p, "/") && fitsTarget(p, t) {
				return fmt.Sprintf("%s in %s is on legal hold", t.Login, t.App)
			}
		}
	}
	return ""
}

// fits holds a pattern of "app/name" against it, without regard to case. A slash in a name is as good as any character.
func fits(pattern, name string) bool {
	flat := strings.NewReplacer("/", "\x00", "[", `\[`)
	ok, err := path.Match(flat.Replace(strings.ToLower(pattern)), strings.ReplaceAll(strings.ToLower(name), "/", "\x00"))
	return ok || err != nil // a pattern that is none protects everything: too much is safer than nothing
}

// mainID is the id that a person goes by.
func mainID(same map[connectors.PersonID]connectors.PersonID, id connectors.PersonID) connectors.PersonID {
	if m := same[id]; m != "" {
		return m
	}
	return id
}

// lifted tells whether somebody lifted the caps for exactly this batch.
func (c *checker) lifted() bool {
	hash := HashItems(c.batch)
	return slices.ContainsFunc(c.st.Lifts, func(l Lift) bool {
		age := c.st.Now.Sub(l.At)
		return l.Plan == hash && l.By != "" && l.Reason != "" && age >= 0 && age < LiftTime
	})
}
