package report

import (
	"cmp"
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
	items  []digestItem
	odd    map[int32]scanner.FindingID // ids that are not of the scanner's form, by item
	groups []*digestGroup
	apps   []connectors.AppID
	few    []*scanner.Finding // leavers' accounts and all that is critical
	last   int32              // the group of the last one added
}

type digestItem struct {
	id         uint64
	group, app int32
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

// Merge adds all that another digest has counted.
func (d *Digest) Merge(other *Digest) {
	groups, apps := make([]int32, len(other.groups)), make([]int32, len(other.apps))
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
	d.items = slices.Grow(d.items, len(other.items))
	for i, it := range other.items {
		if id, odd := other.odd[int32(i)]; odd {
			d.add(id, groups[it.group], apps[it.app])
			continue
		}
		d.items = append(d.items, digestItem{it.id, groups[it.group], apps[it.app]})
	}
	d.few = append(d.few, other.few...)
}

// Total is how many findings there are.
func (d *Digest) Total() int { return len(d.items) }

// AtLeast tells whether some finding has the severity or a higher one.
func (d *Digest) AtLeast(s scanner.Severity) bool {
	return slices.ContainsFunc(d.groups, func(g *digestGroup) bool { return g.severity >= s })
}

// IDs yields the id of every finding, in no order.
func (d *Digest) IDs() iter.Seq[scanner.FindingID] {
	return func(yield func(scanner.FindingID) bool) {
		for i := range d.items {
			if !yield(d.id(i)) {
				return
			}
		}
	}
}

func (d *Digest) add(id scanner.FindingID, group, app int32) {
	var b [8]byte
	digits, ok := strings.CutPrefix(string(id), "f-")
	if ok = ok && len(digits) == 16; ok {
		_, err := hex.Decode(b[:], []byte(digits))
		ok = err == nil && hex.EncodeToString(b[:]) == digits
	}
	if !ok {
		if d.odd == nil {
			d.odd = map[int32]scanner.FindingID{}
		}
		d.odd[int32(len(d.items))] = scanner.FindingID(strings.Clone(string(id)))
	}
	d.items = append(d.items, digestItem{binary.BigEndian.Uint64(b[:]), group, app})
}

func (d *Digest) id(i int) scanner.FindingID {
	if id, odd := d.odd[int32(i)]; odd {
		return id
	}
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 8), d.items[i].id)
	return scanner.FindingID(hex.AppendEncode([]byte("f-"), b))
}

// group numbers a group; findings come in runs of one.
func (d *Digest) group(s scanner.Severity, k scanner.Kind, reason string) int32 {
	is := func(g *digestGroup) bool { return g.severity == s && g.kind == k && g.reason == reason }
	if int(d.last) < len(d.groups) && is(d.groups[d.last]) {
		return d.last
	}
	d.last = int32(slices.IndexFunc(d.groups, is))
	if d.last < 0 {
		d.last = int32(len(d.groups))
		d.groups = append(d.groups, &digestGroup{severity: s, kind: k, reason: reason})
	}
	return d.last
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
	ids := make([]uint64, 0, len(d.items))
	n := least
	for i := range d.items {
		if id, odd := d.odd[int32(i)]; odd {
			n = max(n, len(id))
			continue
		}
		ids = append(ids, d.items[i].id)
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

// fewest picks the findings nobody should have to look for: leavers' enabled accounts, and all that is critical. The most
// severe come first, which puts privileged accounts before others. An account, and a case, is named once; what else they
// are in the list for is said beside it.
func (d *Digest) fewest() ([]*scanner.Finding, map[scanner.FindingID][]string) {
	rank := func(f *scanner.Finding) int {
		if isLeaver(f) {
			return 0
		}
		return 1
	}
	all := slices.Clone(d.few)
	slices.SortFunc(all, func(a, b *scanner.Finding) int {
		return cmp.Or(-cmp.Compare(a.Severity, b.Severity), cmp.Compare(rank(a), rank(b)), scanner.CompareFindings(a, b))
	})
	seen := map[string]scanner.FindingID{}
	also := map[scanner.FindingID][]string{}
	all = slices.DeleteFunc(all, func(f *scanner.Finding) bool {
		same := "account " + string(f.App) + " " + string(f.Account)
		switch {
		case f.Kind == scanner.SoDConflict:
			same = f.Group
		case f.Account == "":
			return false
		}
		first, again := seen[same]
		if !again {
			seen[same] = f.ID
			return false
		}
		if f.Kind != scanner.SoDConflict { // the other side of a conflict is in its sentence already
			also[first] = append(also[first], kindWords(string(f.Kind), f.Reason))
		}
		return true
	})
	return all, also
}
