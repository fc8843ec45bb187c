package report

import (
	"encoding/binary"
	"encoding/hex"
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
	parts  [][]digestItem      // of the digests that were merged into this one
	items  []digestItem        // of those added since
	odd    []scanner.FindingID // ids that are not of the scanner's form
	groups []*digestGroup
	apps   []connectors.AppID
	few    []*scanner.Finding // leavers' accounts and all that is critical
	last   int                // the group of the last one added
}

type digestItem struct {
	id    uint64 // of an odd one: its place in odd
	app   int32
	group uint16 // severities, kinds and reasons: never many
	odd   bool
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
	g := d.group(f.Severity, f.Kind, f.Reason)
	d.add(f.ID, g, d.app(f.App))
	group := d.groups[g]
	group.total++
	few := isLeaver(f) || f.Severity == scanner.Critical
	shown := len(group.first) < digestShown || scanner.CompareFindings(f, group.first[digestShown-1]) < 0
	if !few && !shown {
		return
	}
	kept := trimmed(f)
	if few {
		d.few = append(d.few, kept)
	}
	if shown {
		group.keep(kept)
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
	for _, part := range other.all() {
		for i := range part {
			it := &part[i]
			it.group, it.app = groups[it.group], apps[it.app]
			if it.odd {
				d.odd = append(d.odd, other.odd[it.id])
				it.id = uint64(len(d.odd) - 1)
			}
		}
		d.parts = append(d.parts, part)
	}
	d.few = append(d.few, other.few...)
}

// Total is how many findings there are.
func (d *Digest) Total() (n int) {
	for _, g := range d.groups {
		n += g.total
	}
	return n
}

// all are the items, in pieces.
func (d *Digest) all() [][]digestItem { return append(slices.Clone(d.parts), d.items) }

func (d *Digest) each() iter.Seq[*digestItem] {
	return func(yield func(*digestItem) bool) {
		for _, part := range d.all() {
			for i := range part {
				if !yield(&part[i]) {
					return
				}
			}
		}
	}
}

// AtLeast tells whether some finding has the severity or a higher one.
func (d *Digest) AtLeast(s scanner.Severity) bool {
	return slices.ContainsFunc(d.groups, func(g *digestGroup) bool { return g.severity >= s })
}

func (d *Digest) add(id scanner.FindingID, group uint16, app int32) {
	n, ok := idNumber(id)
	it := digestItem{n, app, group, !ok}
	if !ok {
		it.id = uint64(len(d.odd))
		d.odd = append(d.odd, scanner.FindingID(strings.Clone(string(id))))
	}
	d.items = append(d.items, it)
}

// idNumber packs an id of the scanner's form; ok is false for others.
func idNumber(id scanner.FindingID) (n uint64, ok bool) {
	var b [8]byte
	digits, ok := strings.CutPrefix(string(id), "f-")
	if !ok || len(digits) != 16 || strings.Trim(digits, "0123456789abcdef") != "" {
		return 0, false
	}
	_, err := hex.Decode(b[:], []byte(digits))
	return binary.BigEndian.Uint64(b[:]), err == nil
}

// idOf is the id with this number.
func idOf(n uint64) scanner.FindingID {
	return scanner.FindingID(hex.AppendEncode([]byte("f-"), binary.BigEndian.AppendUint64(make([]byte, 0, 8), n)))
}

func (d *Digest) id(it *digestItem) scanner.FindingID {
	if it.odd {
		return d.odd[it.id]
	}
	return idOf(it.id)
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
	ids := make([]uint64, 0, d.Total())
	n := least
	for _, id := range d.odd {
		n = max(n, len(id))
	}
	for it := range d.each() {
		if !it.odd {
			ids = append(ids, it.id)
		}
	}
	slices.Sort(ids)
	for i := 1; i < len(ids); i++ {
		for n < whole && ids[i]>>(4*(whole-n)) == ids[i-1]>>(4*(whole-n)) {
			n += 2
		}
	}
	return n
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
