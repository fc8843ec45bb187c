package ledger

import (
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"rollcall/connectors"
	"rollcall/scanner"
)

// kRegister holds the whole register, packed and sorted by id: a run rewrites it in one piece.
var kRegister = []byte("all")

// entry is the register's memory of one finding. scope says what it rests on: its kind, then its apps.
type entry struct {
	id    scanner.FindingID
	seen  scanner.Seen
	scope string
}

// Register gives what is remembered of every finding ever recorded, gone ones included.
func (l *Ledger) Register() (map[scanner.FindingID]scanner.Seen, error) {
	var packed []byte
	err := l.read("the findings register", func(tx *bbolt.Tx) error {
		packed = slices.Clone(tx.Bucket(bFinding).Get(kRegister))
		return nil
	})
	if err != nil {
		return nil, err
	}
	entries, err := unpackRegister(packed)
	if err != nil {
		return nil, err
	}
	m := make(map[scanner.FindingID]scanner.Seen, len(entries))
	for _, e := range entries {
		m[e.id] = e.seen
	}
	return m, nil
}

func packRegister(entries []entry) []byte {
	var p packer
	p.uint(uint64(len(entries)))
	for _, e := range entries {
		p.text(string(e.id))
		p.shared(e.scope)
		p.int(int64(e.seen.First))
		p.int(int64(e.seen.Last))
		p.uint(uint64(e.seen.Times))
		p.bool(e.seen.Open)
		p.bool(e.seen.Backlog)
	}
	return p.bytes()
}

func unpackRegister(b []byte) ([]entry, error) {
	u := unpack(b)
	n := u.count()
	entries := make([]entry, 0, n)
	for range n {
		e := entry{id: scanner.FindingID(u.text()), scope: u.shared()}
		e.seen.First = connectors.Date(u.int32())
		e.seen.Last = connectors.Date(u.int32())
		e.seen.Times = int(u.uint())
		e.seen.Open, e.seen.Backlog = u.bool(), u.bool()
		entries = append(entries, e)
	}
	return entries, u.err
}

// Found is a finding as the register knows it.
type Found struct {
	ID    scanner.FindingID
	scope string // its kind and every app it rests on
}

// Scopes makes findings what the register knows of them. The zero value is ready; it is used by one goroutine.
type Scopes struct{ made map[scope]string }

type scope struct {
	kind scanner.Kind
	app  connectors.AppID
}

// Found holds on to nothing of f but its id.
func (s *Scopes) Found(f *scanner.Finding) Found {
	return Found{scanner.FindingID(strings.Clone(string(f.ID))), s.of(f.Kind, f.App, f.Related)}
}

// Taken is Found for what a scan hands on.
func (s *Scopes) Taken(f *scanner.Found) Found { return Found{f.ID(), s.of(f.Kind, f.App, f.Related)} }

// of is the kind of a finding and every app it rests on, each once.
func (s *Scopes) of(kind scanner.Kind, app connectors.AppID, related []scanner.Related) string {
	text, ok := s.made[scope{kind, app}]
	if !ok {
		if s.made == nil {
			s.made = map[scope]string{}
		}
		text = string(kind) + "\x00" + string(app)
		s.made[scope{kind, app}] = text
	}
	if len(related) == 0 {
		return text
	}
	apps := []connectors.AppID{app}
	for _, r := range related {
		if !slices.Contains(apps, r.App) {
			apps = append(apps, r.App)
			text += "\x00" + string(r.App)
		}
	}
	return text
}

// foundNow turns a run's findings into entries, sorted by id, each once. backlog tells which of them, if they are new,
// are of the baseline.
func foundNow(findings []Found, asOf connectors.Date, backlog func(scope string) bool) []entry {
	entries := make([]entry, len(findings))
	for i, f := range findings {
		entries[i] = entry{f.ID, scanner.Seen{First: asOf, Last: asOf, Times: 1, Open: true, Backlog: backlog(f.scope)}, f.scope}
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(string(a.id), string(b.id)) })
	return slices.CompactFunc(entries, func(a, b entry) bool { return a.id == b.id })
}

// baseline tells which findings a run is the first to be able to make: no roster was accepted before it, or an app they
// rest on had never been read whole.
func baseline(tx *bbolt.Tx) (func(scope string) bool, error) {
	accepted, err := loadRoster(tx)
	if err != nil {
		return nil, err
	}
	memo := map[string]bool{}
	return func(scope string) bool {
		first, ok := memo[scope]
		if !ok {
			apps := strings.Split(scope, "\x00")[1:]
			first = accepted == nil || slices.ContainsFunc(apps, func(app string) bool { return tx.Bucket(bPulls).Get([]byte(app)) == nil })
			memo[scope] = first
		}
		return first
	}, nil
}

// merge brings the register from one run to the next. Both lists are sorted by id.
func merge(known, found []entry, judged func(*entry) bool) ([]entry, Diff) {
	merged := make([]entry, 0, len(known)+len(found))
	var d Diff
	for len(known) > 0 || len(found) > 0 {
		switch {
		case len(known) == 0 || len(found) > 0 && found[0].id < known[0].id:
			d.New = append(d.New, found[0].id)
			merged = append(merged, found[0])
			found = found[1:]
		case len(found) == 0 || known[0].id < found[0].id:
			e := known[0]
			switch {
			case !e.seen.Open:
			case judged(&e):
				e.seen.Open = false
				d.Gone = append(d.Gone, e.id)
			default:
				d.Unseen = append(d.Unseen, e.id)
			}
			merged = append(merged, e)
			known = known[1:]
		default:
			e, now := known[0], found[0]
			if e.seen.Open {
				d.Still++
			} else {
				d.Back = append(d.Back, e.id)
			}
			e.seen.Open = true
			e.seen.Times++
			e.seen.First = min(e.seen.First, now.seen.First)
			e.seen.Last = max(e.seen.Last, now.seen.Last)
			e.scope = now.scope
			merged = append(merged, e)
			known, found = known[1:], found[1:]
		}
	}
	return merged, d
}

// packDiff leaves the count to the run's record.
func packDiff(d Diff) []byte {
	var p packer
	for _, ids := range [][]scanner.FindingID{d.New, d.Back, d.Gone, d.Unseen} {
		p.uint(uint64(len(ids)))
		for _, id := range ids {
			p.text(string(id))
		}
	}
	return p.bytes()
}

func unpackDiff(b []byte) (d Diff, err error) {
	u := unpack(b)
	for _, ids := range []*[]scanner.FindingID{&d.New, &d.Back, &d.Gone, &d.Unseen} {
		for range u.count() {
			*ids = append(*ids, scanner.FindingID(u.text()))
		}
	}
	return d, u.err
}
