package scanner

import (
	"fmt"
	"strings"

	"rollcall/connectors"
)

// RosterGuard says how far a roster may differ from the last accepted one before it is not believed. Tools like this one
// have removed whole companies after one empty or blanked answer; see DESIGN, Law 1.
type RosterGuard struct {
	MaxShrink int // percent of records, or of employed people, that may be gone at once
	MinShrink int // and at least so many: percents say nothing about a handful
	MaxBlank  int // by how many points a column's share of empty cells may grow, likewise
}

// DefaultRosterGuard is what holds where the configuration is silent.
var DefaultRosterGuard = RosterGuard{MaxShrink: 20, MinShrink: 5, MaxBlank: 10}

// guardedColumns are those whose cells decide verdicts.
var guardedColumns = []string{"status", "work_email", "role", "role_history"}

// rosterFacts counts what the next roster will be held against.
func rosterFacts(records []connectors.Person, asOf connectors.Date, sum string) *RosterFacts {
	f := &RosterFacts{AsOf: asOf, Records: len(records), Blank: map[string]int{}, SHA256: sum}
	for i := range records {
		r := &records[i]
		if !recordEnded(r, asOf) {
			f.Employed++
		}
		if r.Status == connectors.StatusUnknown {
			f.Blank["status"]++
		}
		if r.WorkEmail == "" {
			f.Blank["work_email"]++
		}
		if r.Role == "" && r.Title == "" {
			f.Blank["role"]++
		}
		if len(r.Roles) == 0 {
			f.Blank["role_history"]++
		}
	}
	return f
}

// KeepLines fills in the people, line by line, for a ledger to compare the next roster with.
func (f *RosterFacts) KeepLines(people []*Person) {
	f.People = make(map[connectors.PersonID]RosterLine, f.Records)
	for _, p := range people {
		for _, r := range p.Records {
			f.People[r.ID] = RosterLine{Status: r.Status, Ended: recordEnded(r, f.AsOf), Role: r.Role, Department: r.Department, Title: r.Title}
		}
	}
}

// distrust compares a roster with the last accepted one and returns, with numbers, every reason not to believe it.
func distrust(now, last *RosterFacts, g RosterGuard) []string {
	var why []string
	if last == nil {
		if now.Blank["status"] == now.Records && now.Employed == now.Records {
			why = append(why, fmt.Sprintf("none of its %d records says a status or a last day, so nobody could ever be seen to leave", now.Records))
		}
		return why
	}
	shrunk := func(what string, was, is int) {
		if gone := was - is; gone >= g.MinShrink && gone*100 > was*g.MaxShrink {
			why = append(why, fmt.Sprintf("%s fell from %d (accepted on %s) to %d, which is %d%% fewer; at most %d%% is believed unasked",
				what, was, last.AsOf, is, gone*100/was, g.MaxShrink))
		}
	}
	shrunk("its records", last.Records, now.Records)
	shrunk("its employed people", last.Employed, now.Employed)
	for _, col := range guardedColumns {
		was, is := share(last.Blank[col], last.Records), share(now.Blank[col], now.Records)
		if is-was > g.MaxBlank && now.Blank[col]-last.Blank[col] >= g.MinShrink {
			why = append(why, fmt.Sprintf("its %s column is empty on %d of %d records (%d%%, was %d%%)",
				strings.ReplaceAll(col, "_", " "), now.Blank[col], now.Records, is, was))
		}
	}
	return why
}

func share(n, of int) int {
	if of == 0 {
		return 0
	}
	return n * 100 / of
}
