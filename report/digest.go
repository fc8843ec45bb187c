package report

import (
	"iter"
	"slices"
	"strings"

	"rollcall/connectors"
	"rollcall/scanner"
)

// digestShown is how many findings of one kind, reason and severity a digest keeps: as many as a terminal shows.
const digestShown = 12

// Digest is what a terminal and a summary say of many findings, without holding them: of each one its id and what it is
// counted under, of those that can be shown their sentence. The zero value is ready. It is used by one goroutine.
type Digest struct {
	parts  []digestPart        // of the digests that were merged into this one, and last those added since
	odd    []scanner.FindingID // ids that are not of the scanner's form
	groups []*digestGroup
	apps   []connectors.AppID
	few    []*scanner.Finding // leavers' accounts and all that is critical
	worst  worst
	last   int // the group of the last one added
}

// worst is what fewest made of so many few: several reports of a run ask for it.
type worst struct {
	of   int
	list []*scanner.Finding
	also map[scanner.FindingID][]string
}

// digestPart are findings in the order in which they came: nearly always many of one group and app after another.
type digestPart struct {
	runs []digestRun
	ids  []uint64 // of an odd one: its place in odd
}

// digestRun are n findings of one group and app.
type digestRun struct {
	n, app int32
	group  uint16 // severities, kinds and reasons: never many
	odd    bool
}

// digestGroup are the findings of one severity, kind and reason.
type digestGroup struct {
	severity scanner.Severity
	kind     scanner.Kind
	reason   string
	total    int
	first    []*scanner.Finding // in the order of CompareFindings
}

// digestOf is the digest of findings that are all at hand.
func digestOf(findings []scanner.Finding) *Digest {
	d := &Digest{}
	for i := range findings {
		d.Add(&findings[i])
	}
	return d
}

// Add counts one finding, and keeps of it what may be shown.
func (d *Digest) Add(f *scanner.Finding) {
	n, ok := f.ID.Number()
	if !ok {
		n = uint64(len(d.odd))
		d.odd = append(d.odd, scanner.FindingID(strings.Clone(string(f.ID))))
	}
	group := d.count(n, !ok, f.Severity, f.Kind, f.Reason, f.App)
	few := isLeaver(f.Kind, f.Reason) || f.Severity == scanner.Critical
	shown := len(group.first) < digestShown || scanner.CompareFindings(f, group.first[digestShown-1]) < 0
	if few || shown {
		d.keep(group, trimmed(f), few, shown)
	}
}

// AddFound is Add for what a scan hands on, of each app in the order of CompareFindings.
func (d *Digest) AddFound(f *scanner.Found) {
	if f.Whole() {
		d.Add(f.Finding())
		return
	}
	group := d.count(f.Number, false, f.Severity, f.Kind, f.Reason, f.App)
	few := isLeaver(f.Kind, f.Reason) || f.Severity == scanner.Critical
	after := len(group.first) == digestShown && group.first[digestShown-1].App == f.App
	if few || !after {
		d.keep(group, f.Finding(scanner.FactLogin), few, !after)
	}
}

// keep keeps a finding among the few, and where it belongs there among the first of its group.
func (d *Digest) keep(g *digestGroup, kept *scanner.Finding, few, shown bool) {
	if few {
		d.few = append(d.few, kept)
	}
	if shown {
		g.keep(kept)
	}
}

// Merge takes over all that another digest has counted; that one is not to be used again.
func (d *Digest) Merge(other *Digest) {
	groups, apps := make([]uint16, len(other.groups)), make([]int32, len(other.apps))
	for i, g := range other.groups {
		groups[i] = d.group(g.severity, g.kind, g.reason)
		mine := d.groups[groups[i]]
		mine.total += g.total
		for _, f := range g.first {
			mine.keep(f)
		}
	}
	for i, app := range other.apps {
		apps[i] = d.app(app)
	}
	for run, ids := range other.runs() {
		run.group, run.app = groups[run.group], apps[run.app]
		for i := range ids {
			if run.odd {
				ids[i] += uint64(len(d.odd))
			}
		}
	}
	d.odd = append(d.odd, other.odd...)
	d.parts = append(d.parts, other.parts...)
	d.few = append(d.few, other.few...)
}

// Total is how many findings there are.
func (d *Digest) Total() (n int) {
	for _, g := range d.groups {
		n += g.total
	}
	return n
}

// runs are the findings, with their ids.
func (d *Digest) runs() iter.Seq2[*digestRun, []uint64] {
	return func(yield func(*digestRun, []uint64) bool) {
		for _, part := range d.parts {
			ids := part.ids
			for i := range part.runs {
				run := &part.runs[i]
				if !yield(run, ids[:run.n]) {
					return
				}
				ids = ids[run.n:]
			}
		}
	}
}

// AtLeast tells whether some finding has the severity or a higher one.
func (d *Digest) AtLeast(s scanner.Severity) bool {
	return slices.ContainsFunc(d.groups, func(g *digestGroup) bool { return g.severity >= s })
}

// count counts a finding; n stands for its id.
func (d *Digest) count(n uint64, odd bool, s scanner.Severity, k scanner.Kind, reason string, id connectors.AppID) *digestGroup {
	group, app := d.group(s, k, reason), d.app(id)
	if len(d.parts) == 0 {
		d.parts = append(d.parts, digestPart{})
	}
	part := &d.parts[len(d.parts)-1]
	part.ids = append(part.ids, n)
	last := len(part.runs) - 1
	if last < 0 || part.runs[last].group != group || part.runs[last].app != app || part.runs[last].odd != odd {
		part.runs = append(part.runs, digestRun{app: app, group: group, odd: odd})
		last++
	}
	part.runs[last].n++
	d.groups[group].total++
	return d.groups[group]
}

// id is the id that stands in a run as n.
func (d *Digest) id(run *digestRun, n uint64) scanner.FindingID {
	if run.odd {
		return d.odd[n]
	}
	return scanner.IDOf(n)
}

// group numbers a group; findings come in runs of one.
func (d *Digest) group(s scanner.Severity, k scanner.Kind, reason string) uint16 {
	is := func(g *digestGroup) bool { return g.severity == s && g.kind == k && g.reason == reason }
	if d.last >= len(d.groups) || !is(d.groups[d.last]) {
		d.last = slices.IndexFunc(d.groups, is)
	}
	if d.last < 0 {
		d.last = len(d.groups)
		d.groups = append(d.groups, &digestGroup{severity: s, kind: k, reason: reason})
	}
	return uint16(d.last)
}

func (d *Digest) app(id connectors.AppID) int32 {
	if n := len(d.apps); n > 0 && d.apps[n-1] == id {
		return int32(n - 1)
	}
	i := slices.Index(d.apps, id)
	if i < 0 {
		i = len(d.apps)
		d.apps = append(d.apps, id)
	}
	return int32(i)
}

// keep puts a finding in its place among the first.
func (g *digestGroup) keep(f *scanner.Finding) {
	at, _ := slices.BinarySearchFunc(g.first, f, scanner.CompareFindings)
	if at == digestShown {
		return
	}
	g.first = slices.Insert(g.first, at, f)
	g.first = g.first[:min(len(g.first), digestShown)]
}

// sorted are the groups in the order of every output.
func (d *Digest) sorted() []*digestGroup {
	groups := slices.Clone(d.groups)
	slices.SortFunc(groups, func(a, b *digestGroup) int {
		return scanner.CompareFindings(&scanner.Finding{Severity: a.severity, Kind: a.kind, Reason: a.reason},
			&scanner.Finding{Severity: b.severity, Kind: b.kind, Reason: b.reason})
	})
	return groups
}

// shortIDs is how much of an id tells these findings apart: at least "f-" and eight digits.
func (d *Digest) shortIDs() int {
	const least, whole = 10, 18
	n := least
	for _, id := range d.odd {
		n = max(n, len(id))
	}
	ids := d.sortedIDs()
	for i := 1; i < len(ids); i++ {
		for n < whole && ids[i]>>(4*(whole-n)) == ids[i-1]>>(4*(whole-n)) {
			n += 2
		}
	}
	return n
}

// sortedIDs are the ids but the odd ones. They are as good as random: parted by their first bits, those of half a million
// findings are sorted in a third of the time.
func (d *Digest) sortedIDs() []uint64 {
	const shift = 64 - 12
	var ends [1 << (64 - shift)]int
	for run, ids := range d.runs() {
		for _, id := range ids {
			if !run.odd {
				ends[id>>shift]++
			}
		}
	}
	total := 0
	for i, n := range ends {
		ends[i], total = total, total+n
	}
	sorted := make([]uint64, total)
	for run, ids := range d.runs() {
		for _, id := range ids {
			if !run.odd {
				sorted[ends[id>>shift]] = id
				ends[id>>shift]++
			}
		}
	}
	from := 0
	for _, to := range ends {
		slices.Sort(sorted[from:to])
		from = to
	}
	return sorted
}

// trimmed is a copy of what is shown of a finding in a list: all but its evidence. It holds on to no other text.
func trimmed(f *scanner.Finding) *scanner.Finding {
	kept := *f
	kept.ID = scanner.FindingID(strings.Clone(string(f.ID)))
	kept.Account = connectors.AccountID(strings.Clone(string(f.Account)))
	kept.Entitlement = connectors.EntitlementID(strings.Clone(string(f.Entitlement)))
	kept.Group, kept.Why = strings.Clone(f.Group), strings.Clone(f.Why)
	kept.Evidence = nil
	if login := evidence(f, scanner.FactLogin); login != "" {
		kept.Evidence = []scanner.Fact{{Name: scanner.FactLogin, Value: strings.Clone(login)}}
	}
	return &kept
}
