package main

import (
	"fmt"
	"slices"
	"strings"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/remediate/notify"
	"rollcall/scanner"
)

// aftermath tells people of a plan what is to be known beside what would be done: what stops besides the accounts when
// somebody's access is closed, who takes over, and what is on legal hold. It is in no hash.
type aftermath struct {
	c       *config
	plan    *runPlan
	res     *scanner.Result
	serves  map[connectors.PersonID][]string // accounts that somebody answers for, in words
	waiting []*remediate.Case                // that wait for an answer
	reports map[connectors.PersonID]int      // people working here, by their manager
}

// aftermath fills in the plan's items. serves has the accounts that each person answers for who is leaving.
func (r *runPlan) aftermath(c *config, led *ledger.Ledger, res *scanner.Result, serves map[connectors.PersonID][]string) error {
	a := &aftermath{c: c, plan: r, res: res, serves: serves, reports: map[connectors.PersonID]int{}}
	leaving := false
	var items []*remediate.Item
	for i := range r.Plan.Items {
		items = append(items, &r.Plan.Items[i])
	}
	for _, id := range sortedKeys(r.Ahead) {
		if it := r.Ahead[id]; it != nil {
			items = append(items, it)
		}
	}
	for _, it := range items {
		it.LegalHold = c.Remediate.Limits.OnHold(it, r.Same)
		leaving = leaving || goes(it)
	}
	if !leaving {
		return nil
	}
	var err error
	if a.waiting, err = led.LiveCases(func(k *remediate.Case) bool {
		return notify.Waits(k) && (k.Item.Mode != scanner.ModeAuto || k.Held != "" || k.State != remediate.Open)
	}); err != nil {
		return err
	}
	for _, p := range res.Persons {
		if p.Now == nil || p.Now.Manager == "" || p.Ended(res.AsOf) {
			continue
		}
		if m := res.Who(p.Now.Manager); m != nil {
			a.reports[m.ID]++
		}
	}
	for _, it := range items {
		if goes(it) {
			a.item(it)
		}
	}
	return nil
}

// goes tells whether an item closes the access of a known person, rather than take something from somebody who stays.
func goes(it *remediate.Item) bool {
	return it.Person != "" && (len(it.Kinds) == 0 || slices.Contains(it.Kinds, scanner.OrphanedAccount) || slices.Contains(it.Kinds, scanner.LeaveNotSuspended))
}

func (a *aftermath) item(it *remediate.Item) {
	who := a.res.Who(it.Person)
	if who == nil {
		return
	}
	stops := slices.Sorted(slices.Values(a.serves[who.ID]))
	for i := range a.c.Apps {
		if app := &a.c.Apps[i]; app.Owner != "" && a.is(app.Owner, who) {
			stops = append(stops, fmt.Sprintf("the app %s, whose owner the configuration says this is", app.ID))
		}
	}
	if n := a.reports[who.ID]; n > 0 {
		stops = append(stops, number(n, "person who works here reports to them", "people who work here report to them"))
	}
	n := 0
	for _, k := range a.waiting {
		if a.answers(k, who) {
			n++
		}
	}
	if n > 0 {
		stops = append(stops, number(n, "case waits for an answer that is theirs to give", "cases wait for an answer that is theirs to give"))
	}
	it.Stops = append(it.Stops, slices.Compact(stops)...)
	it.TakesOver = a.takesOver(it, who)
}

func number(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (a *aftermath) is(id connectors.PersonID, who *scanner.Person) bool {
	p := a.res.Who(id)
	return p != nil && p.ID == who.ID
}

// answers tells whether a case is somebody's to decide: their people's, their apps', or any, of an approver.
func (a *aftermath) answers(k *remediate.Case, who *scanner.Person) bool {
	if a.is(k.Item.Person, who) {
		return false // about their own access
	}
	if p := a.res.Who(k.Item.Person); p != nil && p.Now != nil && a.is(p.Now.Manager, who) {
		return true
	}
	if slices.ContainsFunc(a.c.Remediate.Approvers, func(id connectors.PersonID) bool { return a.is(id, who) }) {
		return true
	}
	return len(k.Item.Targets) > 0 && !slices.ContainsFunc(k.Item.Targets, func(t remediate.Target) bool {
		app := a.c.app(t.App)
		return app == nil || !a.is(app.Owner, who)
	})
}

// takesOver names who answers for what somebody leaves behind: their manager, and who owns the apps, where they work here.
func (a *aftermath) takesOver(it *remediate.Item, who *scanner.Person) []string {
	var out []string
	works := func(id connectors.PersonID) *scanner.Person {
		if p := a.res.Who(id); p != nil && p.ID != who.ID && p.Now != nil && !p.Ended(a.res.AsOf) {
			return p
		}
		return nil
	}
	if who.Now != nil {
		if m := works(who.Now.Manager); m != nil {
			out = append(out, fmt.Sprintf("%s (%s), their manager", m.Name(), m.ID))
		}
	}
	owned := map[connectors.PersonID][]string{}
	for _, id := range appsOf(it) {
		if app := a.c.app(id); app != nil && app.Owner != "" {
			if o := works(app.Owner); o != nil {
				owned[o.ID] = append(owned[o.ID], string(id))
			}
		}
	}
	for _, id := range sortedKeys(owned) {
		out = append(out, fmt.Sprintf("%s (%s), who owns %s", a.res.Who(id).Name(), id, strings.Join(owned[id], ", ")))
	}
	if len(out) == 0 {
		return []string{"nobody is named: HR names no manager of theirs who works here, and the configuration no owner of these apps"}
	}
	return out
}

// served says of an account that is no person's own what somebody is to it.
func served(class connectors.Class, login string, app connectors.AppID) string {
	word, is := class.String(), "owner"
	switch class {
	case connectors.Guest:
		is = "sponsor"
	case connectors.ClassUnknown, connectors.Human:
		word = "non-human"
	}
	return fmt.Sprintf("the %s account %s in %s, whose %s this is", word, login, app, is)
}
