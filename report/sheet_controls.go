package report

import (
	"slices"
	"strings"

	"rollcall/scanner"
)

// controlsSheet says what the run has to say on the requirements of the frameworks.
func controlsSheet(r *Review) *longSheet {
	return &longSheet{name: "Control mapping", title: "Control mapping: what this run supports", frozen: 2,
		note: "In our own words. A run SUPPORTS a control with evidence; it never shows that the control is met, and no findings of a kind do not mean that nothing is wrong: see Gaps, and what was read in Scope & completeness.",
		columns: []column{{"Framework", 30}, {"Reference", 21}, {"What it asks", 56}, {"Findings that bear on it", 26}, {"Findings now", 10},
			{"How this run supports it", 56}, {"See the sheets", 28}, {"Gaps", 56}, {"Wording after", 34}},
		rows: func(w *longWriter) error {
			counts, off := map[scanner.Kind]int{}, r.timesOff()
			for _, g := range r.digest().groups {
				counts[g.kind] += g.total
			}
			for i := range frameworks {
				f := &frameworks[i]
				if r.Framework != "" && r.Framework != f.id {
					continue
				}
				for j := range f.controls {
					if err := w.next(); err != nil {
						return err
					}
					controlRow(w, f, &f.controls[j], counts, off)
					w.end()
				}
			}
			return nil
		}}
}

func controlRow(w *longWriter, f *framework, c *control, counts map[scanner.Kind]int, off bool) {
	now, kinds := 0, []string{}
	for _, k := range c.kinds {
		now += counts[k]
		kinds = append(kinds, string(k))
	}
	slices.Sort(kinds)
	w.text(f.name)
	w.text(c.ref)
	w.text(c.gist)
	w.text(orWord(strings.Join(kinds, ", "), "none"))
	w.number(now)
	w.text(c.how)
	w.text(c.sheets)
	w.text(joinNonEmpty(" ", c.notAssessed(off), c.gaps))
	w.text(f.after)
}
