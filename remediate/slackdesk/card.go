package slackdesk

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

// Kinds of cards.
const (
	kindDigest     = "digest"
	kindLeavers    = "leavers"
	kindReminder   = "reminder"
	kindEscalation = "escalation"
	kindPending    = "pending" // asked for with the slash command
	kindOutcome    = "outcome"
	kindNote       = "note" // of what one person's word set aside
)

// mostItems is how many cases one card shows: each takes two of the 50 blocks that a message may have, and an app's heading one.
const mostItems = 12

// view is what a card shows. Everything on a card is a function of it.
type view struct {
	entries []entry
	zone    *time.Location
	now     time.Time
	command string
	name    func(connectors.PersonID) string
}

// entry is one case on a card.
type entry struct {
	n      int
	item   remediate.CardItem
	c      *remediate.Case // nil: it is not there any more
	facts  Facts
	passed *remediate.PassedOn // by whom the card was sent to
}

// waits tells whether a case on a card can be answered by it.
func (e *entry) waits() bool {
	return e.c != nil && !e.item.Done && e.item.Item == e.c.ItemHash && undecided(e.c)
}

// close notes on a card which of its questions are over, and says whether there were any that were not noted yet.
func (v *view) close(c *remediate.Card) (over bool) {
	if c.Kind == kindOutcome {
		return false
	}
	for i := range v.entries {
		if !v.entries[i].waits() && !c.Items[i].Done {
			c.Items[i].Done, v.entries[i].item.Done, over = true, true, true
		}
	}
	return over
}

// mint makes the value of a button: what it stands for is the verb, for these cases with what was shown of them.
type mint func(block, verb string, cases map[string]string) string

// blocks are the card. It depends on the view alone, but for the values of buttons.
func (v *view) blocks(c *remediate.Card, token mint) []slack.Block {
	switch c.Kind {
	case kindOutcome:
		return v.outcome(c, token)
	case kindNote:
		return []slack.Block{slack.NewHeaderBlock(label(title(c), 150)), section(v.text(&v.entries[0])), small("To take it back: rollcall findings rulings, and rollcall findings right.")}
	}
	list := []slack.Block{slack.NewHeaderBlock(label(title(c), 150))}
	if c.Role != "" {
		list = append(list, small("You are asked as "+c.Role+". Nobody decides about their own access."))
	}
	app := ""
	for i := range v.entries {
		e := &v.entries[i]
		if now := e.app(); now != app {
			app = now
			list = append(list, v.heading(app, v.entries[i:], token))
		}
		list = append(list, section(v.text(e)))
		if e.waits() && e.passed == nil {
			list = append(list, buttons(e, token))
		}
	}
	if c.More > 0 {
		list = append(list, small(fmt.Sprintf("And %d more, which follow on another day. All of them: rollcall cases list, and the workbook of the last run.", c.More)))
	}
	return append(list, small("If this card has not changed ten seconds after you pressed, press again: it does no harm. Other ways: "+v.command+" pending, rollcall cases list."))
}

func title(c *remediate.Card) string {
	n := count(len(c.Items))
	switch c.Kind {
	case kindLeavers:
		return "Access of people who left: " + n + " to decide"
	case kindReminder:
		return "Reminder: " + n + " to decide"
	case kindEscalation:
		return "Passed on to you: " + n + " to decide"
	case kindPending:
		return "Waiting for you: " + n
	case kindOutcome:
		return "What came of it"
	case kindNote:
		return "Said to be wrong, and set aside"
	}
	return "Access to review: " + n + " to decide"
}

func count(n int) string {
	if n == 1 {
		return "1 case"
	}
	return fmt.Sprintf("%d cases", n)
}

func section(text string) slack.Block { return slack.NewSectionBlock(words(text), nil, nil) }

func small(text string) slack.Block { return slack.NewContextBlock("", words(clip(text, 2000))) }

// app is the app that a case is shown under: the first that it acts upon.
func (e *entry) app() string {
	if e.c == nil || len(e.c.Item.Targets) == 0 {
		return "elsewhere"
	}
	return plain(string(e.c.Item.Targets[0].App), 80)
}

// rule is by what a case was found.
func rule(it *remediate.Item) string {
	kinds := make([]string, len(it.Kinds))
	for i, k := range it.Kinds {
		kinds[i] = strings.ReplaceAll(string(k), "_", " ")
	}
	return plain(strings.Join(kinds, ", "), 120)
}

// heading begins an app's cases. Where many of one rule wait, it has the button that removes them at once; nothing
// privileged is among those, and there is none that keeps.
func (v *view) heading(app string, rest []entry, token mint) slack.Block {
	same, most := map[string][]*entry{}, ""
	for i := range rest {
		e := &rest[i]
		if e.app() != app {
			break
		}
		if r := ""; e.waits() && e.passed == nil && !Two(e.c) {
			r = rule(&e.c.Item)
			if same[r] = append(same[r], e); len(same[r]) > len(same[most]) || len(same[r]) == len(same[most]) && r < most {
				most = r
			}
		}
	}
	text := words("In " + app)
	if len(same[most]) < 3 {
		return slack.NewSectionBlock(text, nil, nil)
	}
	cases := map[string]string{}
	for _, e := range same[most] {
		cases[e.c.ID] = e.item.Item
	}
	block := "all:" + app
	b := slack.NewButtonBlockElement(actRemoveAll, token(block, actRemoveAll, cases), label(fmt.Sprintf("Remove all %d: %s", len(cases), most), 75)).
		WithStyle(slack.StyleDanger).WithConfirm(slack.NewConfirmationBlockObject(label(fmt.Sprintf("Remove %d accesses?", len(cases)), 100),
		label(fmt.Sprintf("All %d cases of %s in %s are decided at once: remove access. What can be taken back says each of them.", len(cases), most, app), 300),
		label(fmt.Sprintf("Remove all %d", len(cases)), 30), label("Cancel", 30)))
	return slack.NewSectionBlock(text, nil, slack.NewAccessory(b), slack.SectionBlockOptionBlockID(clip(block, 255)))
}

// buttons are the answers to a case.
func buttons(e *entry, token mint) slack.Block {
	block, cases := "case:"+e.c.ID, map[string]string{e.c.ID: e.item.Item}
	button := func(verb, text string) *slack.ButtonBlockElement {
		return slack.NewButtonBlockElement(verb, token(block, verb, cases), label(text, 75))
	}
	remove := button(actRemove, "Remove access").WithStyle(slack.StyleDanger).WithConfirm(slack.NewConfirmationBlockObject(label("Remove access?", 100),
		label(strings.Join(doing(&e.c.Item, 2), "; "), 300), label("Remove access", 30), label("Cancel", 30)))
	return slack.NewActionBlock(block, remove, button(actKeep, "Keep access"), button(actNotMine, "Not mine"), button(actWrong, "Something is wrong"))
}

// doing is what a removal does, in words, at most so many lines.
func doing(it *remediate.Item, most int) (list []string) {
	for i := range it.Actions {
		if i == most {
			return append(list, fmt.Sprintf("and %d more", len(it.Actions)-most))
		}
		list = append(list, plain(it.Say(&it.Actions[i]), 200))
	}
	return list
}

func (v *view) at(t time.Time) string { return t.In(v.zone).Format("2006-01-02 15:04 MST") }

// text is what a card says of one case: a question, or what became of it.
func (v *view) text(e *entry) string {
	if e.c == nil {
		return fmt.Sprintf("%d. No longer open.", e.n)
	}
	if !e.waits() {
		return fmt.Sprintf("%d. %s: %s", e.n, v.who(&e.c.Item), v.record(e))
	}
	it, lines := &e.c.Item, []string{}
	add := func(format string, a ...any) { lines = append(lines, fmt.Sprintf(format, a...)) }
	add("%d. %s, %s: %s", e.n, strings.ToUpper(it.Severity.String()), rule(it), v.who(it))
	add("%s", plain(it.Why, 400))
	add("Last sign-in: %s. Peers who hold it: %s.%s", plain(cmp.Or(e.facts.LastSignIn, "unknown"), 60), plain(cmp.Or(e.facts.Peers, "unknown"), 80), held(e.facts.Since))
	add("Remove access does: %s.", strings.Join(doing(it, 4), "; "))
	if len(it.Stops) > 0 {
		add("Stops working too: %s.", plain(strings.Join(it.Stops, "; "), 200))
	}
	if len(it.Residual) > 0 {
		add("Goes on working: %s.", plain(strings.Join(it.Residual, "; "), 200))
	}
	add("Keep access does: nothing, until the day you give; it is an accepted risk in your name.")
	for _, n := range e.item.Notes {
		add("%s", plain(n, 200))
	}
	if why := cmp.Or(e.c.Held, it.Held); why != "" {
		add("Asked although the policy would act, because: %s", plain(why, 200))
	}
	switch {
	case e.passed != nil && e.passed.Wrong:
		add("You passed it on, since something is wrong with it. Whoever runs rollcall looks at it; that alone decides nothing.")
	case e.passed != nil:
		add("You passed it on. Somebody else is asked.")
	case len(e.c.Votes) > 0:
		first, verdict := &e.c.Votes[0], "remove access"
		if first.Until.Known() {
			verdict = "keep access until " + first.Until.String()
		}
		add("%s said on %s: %s. A second person has to say the same.", v.name(first.By.Person), v.at(first.At), verdict)
	case Two(e.c):
		add("Privileged: it takes the words of two people.")
	}
	lines = append(lines, v.deadline(e.c))
	return strings.Join(lines, "\n")
}

func held(s string) string {
	if s == "" {
		return ""
	}
	return " Held " + plain(s, 100) + "."
}

// deadline says by when an answer is wanted, and what follows without one.
func (v *view) deadline(c *remediate.Case) string {
	otherwise := "otherwise nothing is done: it stays open, overdue and undecided."
	if c.Item.Mode == scanner.ModeAuto && c.Held == "" && slices.Contains(c.Item.Kinds, scanner.OrphanedAccount) {
		otherwise = "otherwise the policy removes it, since HR says that its owner has left."
	}
	switch {
	case c.State == remediate.Expired:
		return "NOT DECIDED: nobody answered in time. It stays open and overdue; an answer still counts."
	case c.Due.IsZero():
		return "Answer soon; " + otherwise
	}
	return "Answer by " + v.at(c.Due) + "; " + otherwise
}

func (v *view) who(it *remediate.Item) string {
	whose := "nobody whom HR knows"
	if it.Person != "" {
		whose = v.name(it.Person)
	}
	var logins []string
	for i, t := range it.Targets {
		if i == 3 {
			logins = append(logins, fmt.Sprintf("and %d more", len(it.Targets)-i))
			break
		}
		logins = append(logins, plain(t.Login, 80)+" in "+plain(string(t.App), 60))
	}
	return whose + ", " + strings.Join(logins, ", ")
}

// record is what became of a case.
func (v *view) record(e *entry) string {
	c := e.c
	switch {
	case e.item.Item != c.ItemHash:
		return "CHANGED SINCE: what it was about is not the same any more. It is asked anew."
	case undecided(c):
		return "ASKED AGAIN on another card."
	case c.Wrong != nil:
		return v.setAside(c.Wrong)
	case c.State == remediate.Superseded:
		return "NO LONGER OPEN: " + plain(c.Why, 200)
	case c.State == remediate.Undone:
		return "TAKEN BACK" + v.undoneBy(c)
	case c.Decision == nil:
		return "REMOVED BY POLICY: nobody answered in time." + v.progress(c)
	}
	d, by := c.Decision, deciders(c, v.name)
	if d.Until.Known() {
		return fmt.Sprintf("KEEP ACCESS until %s, decided by %s on %s: %s", d.Until, by, v.at(d.At), plain(d.Why, 200))
	}
	return fmt.Sprintf("REMOVE ACCESS, decided by %s on %s.%s", by, v.at(d.At), v.progress(c))
}

func (v *view) undoneBy(c *remediate.Case) string {
	if c.Undo == nil {
		return "."
	}
	return fmt.Sprintf(" by %s on %s.", v.name(c.Undo.By.Person), v.at(c.Undo.At))
}

// progress is how far a removal has come.
func (v *view) progress(c *remediate.Case) string {
	switch c.State {
	case remediate.Confirmed:
		return " Done, and seen by a fresh read on " + v.at(c.At) + "."
	case remediate.Applied, remediate.Intent:
		return " It is being carried out."
	case remediate.Failed:
		return " It could NOT be carried out: " + plain(c.Why, 200)
	case remediate.Drifted:
		return " NOT carried out: " + plain(c.Why, 200)
	}
	return " It waits to be carried out."
}

// outcome is the answer in a card's thread: what came of a case, and the way back while there is one.
func (v *view) outcome(c *remediate.Card, token mint) []slack.Block {
	e := &v.entries[0]
	if e.c == nil {
		return []slack.Block{section("No longer open.")}
	}
	list := []slack.Block{section(v.who(&e.c.Item) + ": " + v.record(e))}
	var steps []string
	for i := range e.c.Steps {
		if i == 10 {
			steps = append(steps, fmt.Sprintf("and %d more", len(e.c.Steps)-i))
			break
		}
		s := &e.c.Steps[i]
		line := fmt.Sprintf("%s: %s", s.Progress, plain(e.c.Item.Say(&s.Action), 150))
		if s.Problem != "" {
			line += ": " + plain(s.Problem, 100)
		}
		steps = append(steps, line)
	}
	if len(steps) > 0 {
		list = append(list, section(strings.Join(steps, "\n")))
	}
	until := e.c.At.Add(remediate.UndoWindow)
	if e.c.State != remediate.Undone && e.c.Touched() && v.now.Before(until) {
		block := "undo:" + e.c.ID
		b := slack.NewButtonBlockElement(actUndo, token(block, actUndo, map[string]string{e.c.ID: e.c.ItemHash}), label("Undo", 75)).
			WithConfirm(slack.NewConfirmationBlockObject(label("Take it back?", 100), label("The account gets back what it had, as far as that can be.", 300), label("Undo", 30), label("Cancel", 30)))
		list = append(list, slack.NewActionBlock(block, b), small("It can be taken back until "+v.at(until)+"."))
	}
	return list
}
