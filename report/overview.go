package report

import (
	"cmp"
	"hash/maphash"
	"slices"
	"time"

	"rollcall/connectors"
	"rollcall/scanner"
)

// overview is what a workbook must know of all findings before its first row, in few bytes for each of them.
type overview struct {
	accounts accountIndex
	ages     [len(ageBuckets)][5]int // findings by days since they were first found, and by severity
	leavers  [len(exitBuckets)]int   // leavers' enabled accounts by days since the last day
	closed   []Closed                // leavers' accounts that are gone, with the day
	gone     [len(exitBuckets)]int   // the same by days from the last day until they were gone
	kept     keptTo
}

// bucket is a span of days; the last ones are for what is not known.
type bucket struct {
	name string
	upTo int
}

var ageBuckets = [...]bucket{{"found today", 0}, {"1 to 7 days", 7}, {"8 to 30 days", 30}, {"31 to 90 days", 90}, {"91 to 365 days", 365},
	{"over a year", 1 << 30}, {"not recorded", -1}}

var exitBuckets = [...]bucket{{"up to 1 day", 1}, {"2 to 7 days", 7}, {"8 to 30 days", 30}, {"31 to 90 days", 90}, {"91 to 365 days", 365},
	{"over a year", 1 << 30}, {"last day not known", -1}}

// bucketOf finds the span from one day to another.
func bucketOf(list []bucket, from, to connectors.Date) int {
	if !from.Known() {
		return len(list) - 1
	}
	return slices.IndexFunc(list, func(b bucket) bool { return int(to-from) <= b.upTo })
}

// gatherOverview reads the findings once.
func gatherOverview(r *Review) (*overview, error) {
	s := &overview{}
	s.accounts.seed = maphash.MakeSeed()
	for f, err := range r.findings() {
		if err != nil {
			return nil, err
		}
		s.accounts.add(f)
		s.ages[bucketOf(ageBuckets[:], f.FirstSeen, r.Result.AsOf)][f.Severity]++
		if isLeaver(f.Kind, f.Reason) {
			s.leavers[bucketOf(exitBuckets[:], r.lastDay(f.Person), r.Result.AsOf)]++
			s.kept.count(r, f.Person, r.Result.AsOf)
		}
	}
	s.accounts.sort()
	s.closed = r.closedLeavers()
	for i := range s.closed {
		c := &s.closed[i]
		s.gone[bucketOf(exitBuckets[:], r.lastDay(c.Finding.Person), c.Gone)]++
		s.kept.count(r, c.Finding.Person, c.Gone)
	}
	return s, nil
}

// lastDay is the last day of a person whom HR knows to have left; 0 when it is not known.
func (r *Review) lastDay(id connectors.PersonID) (last connectors.Date) {
	p := r.person(id)
	if p == nil || !p.Ended(r.Result.AsOf) {
		return 0
	}
	for _, rec := range p.Records {
		last = max(last, rec.End)
	}
	return last
}

// closedLeavers are the leavers' accounts that were found once and are gone, in the period or since the last run. Gone is the
// day on which a fresh read confirmed that the account was disabled, where it was; else that of the first run that no longer
// found it.
func (r *Review) closedLeavers() (out []Closed) {
	all := []Closed{}
	if r.Period != nil {
		all = r.Period.Closed
	} else {
		for i := range r.Change.Gone {
			all = append(all, Closed{Finding: r.Change.Gone[i], Gone: r.Result.AsOf})
		}
	}
	off := switchedOff(r)
	for _, c := range all {
		if !isLeaver(c.Finding.Kind, c.Finding.Reason) {
			continue
		}
		// Days are the company's and the moment is UTC: it is no earlier than the day on which it was found.
		if a := off[login{c.Finding.App, c.Finding.Account}]; a != nil && c.Finding.FirstSeen.Known() {
			c.Gone = min(c.Gone, max(connectors.DateOf(a.Confirmed, time.UTC), c.Finding.FirstSeen))
		}
		out = append(out, c)
	}
	return out
}

// accountIndex finds the ids of an account's findings. It keeps 24 bytes a finding, whatever the ids are like.
type accountIndex struct {
	seed maphash.Seed
	list []accountFinding
	odd  []scanner.FindingID // those that are not of the scanner's form
}

type accountFinding struct {
	account uint64
	id      uint64 // of an odd one: its place in odd
	odd     bool
}

func (x *accountIndex) hash(app connectors.AppID, acc connectors.AccountID) uint64 {
	return maphash.Comparable(x.seed, login{app, acc})
}

func (x *accountIndex) add(f *scanner.Finding) {
	if f.Account == "" {
		return
	}
	n, ok := f.ID.Number()
	if !ok {
		n = uint64(len(x.odd))
		x.odd = append(x.odd, f.ID)
	}
	x.list = append(x.list, accountFinding{x.hash(f.App, f.Account), n, !ok})
}

// sort keeps the findings of one account in the order in which they came.
func (x *accountIndex) sort() {
	slices.SortStableFunc(x.list, func(a, b accountFinding) int { return cmp.Compare(a.account, b.account) })
}

// of gives the ids of an account's findings with a blank between them.
func (x *accountIndex) of(app connectors.AppID, acc connectors.AccountID) string {
	h := x.hash(app, acc)
	i, ok := slices.BinarySearchFunc(x.list, h, func(e accountFinding, h uint64) int { return cmp.Compare(e.account, h) })
	if !ok {
		return ""
	}
	var ids []string
	for ; i < len(x.list) && x.list[i].account == h; i++ {
		if e := x.list[i]; e.odd {
			ids = append(ids, string(x.odd[e.id]))
		} else {
			ids = append(ids, string(scanner.IDOf(e.id)))
		}
	}
	return joinNonEmpty(" ", ids...)
}
