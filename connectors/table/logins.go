package table

import (
	"context"
	"fmt"

	"rollcall/connectors"
)

// logins are the ids a file has shown. Those that differ in letter case only are linked, from the first on.
type logins []login

type login struct {
	exact   uint64 // hash of the id as written
	who     uint64 // hash of username and address in lower case, where it is asked for
	line    uint32
	twin    uint32 // the next one, counted from 1; 0 = none
	enabled connectors.Tri
}

// add links a login to the ones its slot has.
func (l *logins) add(s *slot, v login) {
	*l = append(*l, v)
	n := uint32(len(*l))
	if s.login == 0 {
		s.login = n
		return
	}
	at := s.login
	for (*l)[at-1].twin != 0 {
		at = (*l)[at-1].twin
	}
	(*l)[at-1].twin = n
}

// find is the first login of the chain that is like the given one; nil when there is none.
func (l logins) find(first uint32, like func(*login) bool) *login {
	for ; first != 0; first = l[first-1].twin {
		if v := &l[first-1]; like(v) {
			return v
		}
	}
	return nil
}

// register is the ids of a whole file.
type register struct {
	index  index
	logins logins
	sha256 [32]byte // of the file
}

// several tells whether more than one account has the folded id.
func (g *register) several(fold uint64) bool {
	first := g.index.at(fold).login
	return first != 0 && g.logins[first-1].twin != 0
}

// distinct reads the account list once for its ids alone, and keeps one login for each account: an id that differs from
// an earlier one in letter case only is another account (some apps' ids are case-sensitive), unless username and
// address say that it is the same. Few files need it: those where ids that differ only in case do occur.
func (a *app) distinct(ctx context.Context, h *hasher) (*register, error) {
	r, err := a.accounts.open(ctx, silent{})
	if err != nil {
		return nil, err
	}
	defer r.close()
	g := &register{}
	for {
		ok, err := r.next()
		if !ok || err != nil {
			g.sha256 = r.in.Page().SHA256
			return g, err
		}
		id := r.cell(accID)
		if len(id) == 0 {
			continue
		}
		fold, exact := h.keys(id)
		v := login{exact: exact, who: h.pair(r.cell(accUsername), r.cell(accEmail)), line: uint32(r.record.Line)}
		s := g.index.at(fold)
		if g.logins.find(s.login, func(o *login) bool { return o.exact == v.exact || o.who == v.who && v.who != 0 }) == nil {
			g.logins.add(s, v)
		}
	}
}

// twice rejects a row whose account the file has shown already. A row that says the same again loses nothing and does
// not count toward the limit; one that contradicts the first does.
func (p *pull) twice(r *rows, s *slot, v login) (bool, error) {
	seen := &p.tables.seen
	if s.login == 0 { // as good as always
		seen.add(s, v)
		return false, nil
	}
	first := seen.find(s.login, func(o *login) bool { return o.exact == v.exact })
	if first == nil {
		whole, err := p.secondReading()
		if err != nil {
			return false, err
		}
		who := p.hash.pair(r.cell(accUsername), r.cell(accEmail))
		same := whole.logins.find(whole.index.at(s.key).login, func(o *login) bool { return o.who == who && who != 0 && o.line < v.line })
		if same != nil { // and was not rejected itself
			first = seen.find(s.login, func(o *login) bool { return o.line == same.line })
		}
	}
	switch {
	case first == nil:
		p.kept++
		seen.add(s, v)
	case first.enabled != v.enabled:
		r.reject(r.record.Line, fmt.Errorf("duplicate of line %d, and its status is another: the first is kept", first.line))
	default:
		r.leaveOut(r.record.Line, fmt.Errorf("duplicate of line %d", first.line))
	}
	return first != nil, nil
}

func (p *pull) secondReading() (*register, error) {
	if p.whole == nil {
		var err error
		if p.whole, err = p.app.distinct(p.ctx, p.hash); err != nil {
			return nil, err
		}
	}
	return p.whole, nil
}

// silent is the trace of a second reading: the first one says it all.
type silent struct{}

func (silent) Page(connectors.Collection, connectors.Page)           {}
func (silent) Reject(connectors.Collection, connectors.Where, error) {}
func (silent) Total(connectors.Collection, int)                      {}
func (silent) End(connectors.Collection)                             {}
func (silent) Note(connectors.Collection, string)                    {}
