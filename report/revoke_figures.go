package report

import (
	"fmt"
	"slices"
)

// ageRows count the findings by age.
func (b *book) ageRows() (rows [][]any) {
	if b.sum.Total == 0 {
		return nil
	}
	for i, bucket := range ageBuckets {
		n := &b.know.ages[i]
		total := 0
		for _, k := range n {
			total += k
		}
		rows = append(rows, []any{bucket.name, total, n[4], n[3], n[2], n[1], n[0]})
	}
	return rows
}

// exitRows count leavers' accounts by days.
func (b *book) exitRows() (rows [][]any) {
	total := 0
	for i, bucket := range exitBuckets {
		total += b.know.leavers[i] + b.know.gone[i]
		rows = append(rows, []any{bucket.name, b.know.leavers[i], b.know.gone[i]})
	}
	if total == 0 {
		return nil
	}
	return rows
}

// revokeFigures are how long it took until leavers' accounts were gone: of those that are, in days.
func (b *book) revokeFigures() []Figure {
	var found, exit []int
	for i := range b.know.closed {
		c := &b.know.closed[i]
		if c.Finding.FirstSeen.Known() {
			found = append(found, int(c.Gone-c.Finding.FirstSeen))
		}
		if last := b.r.lastDay(c.Finding.Person); last.Known() {
			exit = append(exit, int(c.Gone-last))
		}
	}
	if len(found)+len(exit) == 0 {
		return []Figure{{"Time to revoke", "no data", "no leaver's account is known to have gone in " + b.r.span()}}
	}
	of := func(what string, days []int) []Figure {
		slices.Sort(days)
		means := fmt.Sprintf("of %s of leavers gone in %s, with both days known", plural(len(days), "account"), b.r.span())
		return []Figure{{what + ", median", percentile(days, 50), means}, {what + ", 95th percentile", percentile(days, 95), ""}, {what + ", most", percentile(days, 100), ""}}
	}
	return append(of("Days, found to gone", found), of("Days, last day to gone", exit)...)
}

// percentile is the smallest of the sorted numbers that so many percent of them do not exceed; in words if there is none.
func percentile(sorted []int, percent int) any {
	if len(sorted) == 0 {
		return "no data"
	}
	return sorted[max((len(sorted)*percent+99)/100, 1)-1]
}

// trend shows the runs of a period.
func (p *page) trend() {
	per := p.b.r.Period
	if per == nil {
		return
	}
	p.table("Trend", fmt.Sprintf("The runs from %s to %s, with all that each found", per.From, per.To), "No run was recorded in the period.",
		[]string{"Run", "As of", "State", "Findings", "New", "Still there", "Back", "Gone"}, eachRow(per.Runs, func(r *PastRun) []any {
			state := said{"complete", p.b.st.good}
			if !r.Complete {
				state = said{"INCOMPLETE", p.b.st.bad}
			}
			return []any{r.ID, r.AsOf, state, r.Findings, r.New, r.Still, r.Back, r.Gone}
		}))
}
