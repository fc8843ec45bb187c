package table

import (
	"bytes"

	"rollcall/connectors"
)

// grants holds the entitlement file of one app, packed, whatever its order: 16 bytes a row, and some 60 for each run of
// rows of one account. Files mostly keep an account's rows together.
type grants struct {
	runs []run
	ids  []byte // of the runs' accounts
	rows []grant
}

// run is adjacent lines of one account id. Its rows and its id end where those of the next run begin.
type run struct {
	exact uint64 // hash of the id
	id    uint32 // in ids
	first uint32 // in rows
	line  uint32 // of the first row
	prev  uint32 // the run before it with this id, or one that differs in letter case only; counted from 1, 0 = none
	fate  fate
}

// fate is what became of those whom rows of a second file are about.
type fate uint8

const (
	stranger fate = iota // the main file does not have them
	refused              // their own row was rejected
	joined
)

// grant is one row.
type grant struct {
	what                 uint32 // in the names
	granted, used, until connectors.Date
}

func (g *grants) reset() { g.runs, g.ids, g.rows = g.runs[:0], g.ids[:0], g.rows[:0] }

func (g *grants) id(at int) []byte {
	if at+1 < len(g.runs) {
		return g.ids[g.runs[at].id:g.runs[at+1].id]
	}
	return g.ids[g.runs[at].id:]
}

func (g *grants) of(at int) []grant {
	if at+1 < len(g.runs) {
		return g.rows[g.runs[at].first:g.runs[at+1].first]
	}
	return g.rows[g.runs[at].first:]
}

// add adds a row to the last run, or starts one.
func (g *grants) add(id []byte, line int, row grant, x *index, h *hasher) {
	last := len(g.runs) - 1
	if last < 0 || int(g.runs[last].line)+len(g.rows)-int(g.runs[last].first) != line || !bytes.Equal(g.id(last), id) {
		fold, exact := h.keys(id)
		s := x.at(fold)
		g.runs = append(g.runs, run{exact: exact, id: uint32(len(g.ids)), first: uint32(len(g.rows)), line: uint32(line), prev: s.group})
		g.ids = append(g.ids, id...)
		s.group = uint32(len(g.runs))
	}
	g.rows = append(g.rows, row)
}

// refuse notes that the row of the account itself was rejected.
func (g *grants) refuse(last uint32, exact uint64) {
	for ; last != 0; last = g.runs[last-1].prev {
		if of := &g.runs[last-1]; of.exact == exact && of.fate == stranger {
			of.fate = refused
		}
	}
}

// names numbers what can be granted: the few thousand entitlements of an app, each with how it is held.
type names struct {
	number map[string]uint32
	all    []name
	key    []byte
}

type name struct {
	connectors.Entitlement        // without dates
	same                   uint32 // the first name with this entitlement and the same group: held twice, it is one
}

// of is the number of an entitlement. Most tables have neither of the other columns: then the cell itself is the key.
func (n *names) of(id, inherited []byte, privileged bool) uint32 {
	key := id
	if len(inherited) > 0 || privileged {
		n.key = append(append(append(n.key[:0], id...), 0), inherited...)
		if privileged {
			n.key = append(n.key, 0)
		}
		key = n.key
	}
	if v, ok := n.number[string(key)]; ok {
		return v
	}
	return n.add(string(key), id, inherited, privileged)
}

func (n *names) add(key string, id, inherited []byte, privileged bool) uint32 {
	same := uint32(len(n.all))
	if privileged {
		same = n.of(id, inherited, false)
	}
	v := uint32(len(n.all))
	n.all = append(n.all, name{connectors.Entitlement{ID: connectors.EntitlementID(id),
		Inherited: connectors.EntitlementID(inherited), Privileged: privileged}, same})
	n.number[key] = v
	return v
}

// holding gathers what one account holds: the same entitlement twice is one, granted when it first was, used when it
// last was, privileged and without end if either is.
type holding struct {
	held   []connectors.Entitlement
	marks  []mark // by name
	turn   uint32
	merged int
}

type mark struct{ turn, at uint32 }

func (h *holding) begin() { h.held, h.turn = h.held[:0], h.turn+1 }

func (h *holding) add(n *names, row grant) {
	for len(h.marks) < len(n.all) {
		h.marks = append(h.marks, mark{})
	}
	what := &n.all[row.what]
	if m := &h.marks[what.same]; m.turn != h.turn {
		*m = mark{h.turn, uint32(len(h.held))}
		h.held = append(h.held, connectors.Entitlement{ID: what.ID, Inherited: what.Inherited, Privileged: what.Privileged,
			Granted: row.granted, LastUsed: row.used, Until: row.until})
		return
	}
	h.merged++
	e := &h.held[h.marks[what.same].at]
	e.Privileged = e.Privileged || what.Privileged
	if row.granted.Known() && (!e.Granted.Known() || row.granted < e.Granted) {
		e.Granted = row.granted
	}
	if row.used.Known() && (!e.LastUsed.Known() || row.used > e.LastUsed) {
		e.LastUsed = row.used
	}
	if !row.until.Known() || e.Until.Known() && row.until > e.Until {
		e.Until = row.until
	}
}
