package table

import (
	"fmt"
	"slices"
)

// join adds the entitlement rows of the account: those with its id as written, and those with its id in other letter
// case when no other account can be meant.
func (p *pull) join(s *slot, exact uint64) error {
	g := &p.tables.grants
	p.found = p.found[:0]
	for at := s.group; at != 0; at = g.runs[at-1].prev {
		if of := &g.runs[at-1]; of.exact != exact {
			whole, err := p.secondReading()
			if err != nil {
				return err
			}
			if whole.several(s.key) {
				continue
			}
		}
		p.found = append(p.found, int(at-1))
	}
	for _, at := range slices.Backward(p.found) { // in the order of the file
		g.runs[at].fate = joined
		for _, row := range g.of(at) {
			p.holding.add(&p.names, row)
		}
	}
	return nil
}

// finish rejects the entitlement rows nobody holds, and ends the collections.
func (p *pull) finish(r, second *rows) error {
	if p.whole != nil && r.in.Page().SHA256 != p.whole.sha256 {
		return fmt.Errorf("%s: the file changed while it was read: try again", r.file.Name())
	}
	of := r
	if second != nil {
		p.strangers(second)
		of = second
	}
	if p.holding.merged > 0 {
		p.trace.Note(of.collection, fmt.Sprintf("%d entitlements stood twice on one account and were merged: the earliest grant and the latest use count", p.holding.merged))
	}
	if p.kept > 0 {
		p.trace.Note(r.collection, fmt.Sprintf("%d ids differ from another one in letter case only and were kept as accounts of their own", p.kept))
	}
	if second != nil {
		if err := second.end(); err != nil {
			return err
		}
	}
	return r.end()
}

func (p *pull) strangers(second *rows) {
	g := &p.tables.grants
	for at, of := range g.runs {
		if of.fate == joined {
			continue
		}
		why := notThere("account", g.id(at), of.fate, p.app.accounts.file)
		for i := range g.of(at) {
			second.reject(int(of.line)+i, why)
		}
	}
}

// notThere is why rows of a second file were left out.
func notThere(what string, id []byte, f fate, main File) error {
	if f == refused {
		return fmt.Errorf("%s %q was itself rejected in %s", what, id, main.Name())
	}
	return fmt.Errorf("%s %q is not in %s", what, id, main.Name())
}
