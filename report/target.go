package report

import (
	"fmt"
	"path"
	"strings"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Target is how soon after the last day access is to be gone.
type Target struct {
	Days   int      `json:"days"`    // for most people
	AtOnce []string `json:"at_once"` // patterns (* and ?) of departments, titles, roles and people's ids whose access is to go on the last day itself

	sameDay func(*scanner.Person) bool // instead of AtOnce; nil: by AtOnce
}

// of is the target for a person, in days, and whether they are one whose access is to go at once.
func (t *Target) of(r *Review, id connectors.PersonID) (days int, atOnce bool) {
	if p := r.person(id); p != nil && t.SameDay(p) {
		return 0, true
	}
	return t.Days, false
}

// SameDay tells whether a person is one whose access is to go on the last day itself: by department, title, role or id.
func (t *Target) SameDay(p *scanner.Person) bool {
	if t == nil || p.Now == nil {
		return false
	}
	if t.sameDay != nil {
		return t.sameDay(p)
	}
	of := []string{p.Now.Department, p.Now.Title, p.Now.Role, string(p.ID), string(p.Now.ID)}
	for _, pattern := range t.AtOnce {
		for _, s := range of {
			if ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(s)); ok && err == nil {
				return true
			}
		}
	}
	return false
}

func (r *Review) targetWords() string {
	switch {
	case r.Target == nil:
		return "No target is set: days are measured, not judged."
	case len(r.Target.AtOnce) == 0:
		return fmt.Sprintf("Target: gone within %s of the last day.", plural(r.Target.Days, "day"))
	}
	return fmt.Sprintf("Target: gone within %s of the last day, and on the day itself for %s.", plural(r.Target.Days, "day"), strings.Join(r.Target.AtOnce, ", "))
}

// target writes the target of a row and whether it was kept to. What is still open and in time is no breach yet.
func (w *rowWriter) target(r *Review, v *revocation, last, end connectors.Date) {
	if r.Target == nil {
		w.text("none set")
		w.text("not judged")
		return
	}
	days, _ := r.Target.of(r, v.f.Person)
	w.number(days)
	switch {
	case !last.Known():
		w.text("not known")
	case late(days, last, end):
		w.words("BREACH", w.st.worst)
	case v.gone.Known():
		w.words("yes", w.st.good)
	default:
		w.text("open, in time")
	}
}

// late tells whether access was there longer than the target allows.
func late(days int, last, end connectors.Date) bool { return last.Known() && int(end-last) > days }

// keptTo counts leavers' accounts against the target.
type keptTo struct {
	all, late  int
	atOnce     int                          // of all, those of people with a same-day duty
	atOnceLate int                          // of these, the late ones
	tardy      map[connectors.PersonID]bool // whose they are
}

// count counts one account, which is there still or went on a day.
func (k *keptTo) count(r *Review, id connectors.PersonID, end connectors.Date) {
	last := r.lastDay(id)
	if r.Target == nil || !last.Known() {
		return
	}
	days, atOnce := r.Target.of(r, id)
	was := late(days, last, end)
	k.all++
	if was {
		k.late++
	}
	if !atOnce {
		return
	}
	k.atOnce++
	if was {
		if k.tardy == nil {
			k.tardy = map[connectors.PersonID]bool{}
		}
		k.atOnceLate++
		k.tardy[id] = true
	}
}

// targetFigures say whether the target was kept to: of leavers' accounts that are open, or went in the time.
func (b *book) targetFigures() []Figure {
	k := &b.know.kept
	if b.r.Target == nil {
		return nil
	}
	figures := []Figure{{"Leavers' accounts past the target", k.late, fmt.Sprintf("of %s that are open or went in %s, with a last day known. %s", plural(k.all, "account"), b.r.span(), b.r.targetWords())}}
	if len(b.r.Target.AtOnce) > 0 {
		figures = append(figures, Figure{"of them, with a same-day duty", k.atOnceLate, fmt.Sprintf(
			"of %s of people whose access was to go on the last day itself; %s could sign in after it. Whose access went in time was never found, and is not counted", plural(k.atOnce, "account"), people(len(k.tardy)))})
	}
	return figures
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return thousands(n) + " people"
}
