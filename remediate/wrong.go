package remediate

import (
	"fmt"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Wrong is somebody's word that what a case was about is wrong. It says nothing about the access: its findings are set aside
// for a while, as a ruling, and the case ends.
type Wrong struct {
	Because string          `json:"because"` // scanner.BecauseHRData or scanner.BecausePolicy: what no word can mend by itself
	By      Identity        `json:"by"`
	Why     string          `json:"why"`
	At      time.Time       `json:"at"`
	Until   connectors.Date `json:"until"` // the last day the findings are set aside, unless what they rest on changes before
	Run     string          `json:"run"`   // the newest run by then, whose plan does not ask again
}

// Rulings records, all or none, a case that ends with its findings being wrong, and the rulings that say so. before is its
// revision, as in Journal.Put.
type Rulings interface {
	PutWrong(c *Case, before int, by Identity, what string, at time.Time, rulings []scanner.Ruling) error
}

// Wrong takes somebody's word that what a case is about is wrong because of HR's data or the policy, from who may decide it,
// while nobody has. findings are what the newest run that has them says: without all of them nothing is recorded
// (connectors.ErrNotFound). One word must not silence what takes two: that is ErrMayNot. w gives the cause and the run; today
// is the day the rulings are of.
func (d *Desk) Wrong(book Rulings, id string, v Verdict, w Wrong, findings map[scanner.FindingID]scanner.Finding, today connectors.Date, now time.Time) (*Case, error) {
	c, err := d.Journal.Case(id)
	if err != nil {
		return nil, err
	}
	w.By, w.Why, w.At, w.Until = v.By, strings.TrimSpace(v.Why), now.UTC(), today+scanner.RulingDays
	if err := d.mayRule(c, &v, &w); err != nil {
		return nil, err
	}
	var rulings []scanner.Ruling
	for _, f := range c.Item.Findings {
		said, ok := findings[f]
		if !ok {
			return nil, fmt.Errorf("case %s: what its finding %s rests on: %w", id, f, connectors.ErrNotFound)
		}
		rulings = append(rulings, scanner.Ruling{Finding: said.ID, Because: w.Because, App: said.App, Account: said.Account, Person: said.Person,
			Evidence: scanner.EvidenceDigest(&said), Note: w.Why, Actor: w.By.String(), On: today})
	}
	n := c.clone()
	n.Wrong = &w
	if err := n.to(Superseded, now, fmt.Sprintf("said to be wrong (%s) by %s, and set aside until %s: %s", w.Because, w.By, w.Until, w.Why)); err != nil {
		return nil, err
	}
	return n, book.PutWrong(n, c.Rev, w.By, "said to be wrong", now, rulings)
}

// mayRule says why a word that a case is wrong is not taken.
func (d *Desk) mayRule(c *Case, v *Verdict, w *Wrong) error {
	if err := d.mayDecide(v.By, c); err != nil {
		return err
	}
	switch {
	case w.Because != scanner.BecauseHRData && w.Because != scanner.BecausePolicy:
		return fmt.Errorf("case %s: wrong because of %q: want %s or %s", c.ID, w.Because, scanner.BecauseHRData, scanner.BecausePolicy)
	case w.Why == "":
		return fmt.Errorf("case %s: to say that it is wrong needs a reason", c.ID)
	case v.Rev != 0 && v.Rev != c.Rev || v.Item != "" && v.Item != c.ItemHash:
		return fmt.Errorf("case %s: %w: look at it again", c.ID, ErrStale)
	case c.Undo != nil || c.State != Open && c.State != Asked && c.State != Expired:
		return fmt.Errorf("case %s is %s: %w", c.ID, c.State, ErrMove)
	case c.Item.TwoPeople || d.Two != nil && d.Two(c):
		return fmt.Errorf("case %s: %w: it takes two people, and one word must not silence it", c.ID, ErrMayNot)
	case len(c.Item.Findings) == 0:
		return fmt.Errorf("case %s: it goes by no finding that could be wrong: %w", c.ID, connectors.ErrNotFound)
	}
	return nil
}

// answers tells whether somebody said that a case is wrong after the run whose plan has it still: the next run goes by that.
func (w *Wrong) answers(run string) bool { return w != nil && w.Run >= run }
