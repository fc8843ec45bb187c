package report

import (
	"fmt"
	"path"
	"strings"

	"rollcall/connectors"
)

// Target is how soon after the last day access is to be gone.
type Target struct {
	Days   int      `json:"days"`    // for most people
	AtOnce []string `json:"at_once"` // patterns (* and ?) of departments and titles whose access is to go on the last day itself
}

// of is the target for a person, in days, and whether they are one whose access is to go at once.
func (t *Target) of(r *Review, id connectors.PersonID) (days int, atOnce bool) {
	p := r.person(id)
	if p == nil || p.Now == nil {
		return t.Days, false
	}
	for _, pattern := range t.AtOnce {
		for _, s := range []string{p.Now.Department, p.Now.Title} {
			if ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(s)); ok && err == nil {
				return 0, true
			}
		}
	}
	return t.Days, false
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
	case int(end-last) > days:
		w.words("BREACH", w.st.worst)
	case v.gone.Known():
		w.words("yes", w.st.good)
	default:
		w.text("open, in time")
	}
}
