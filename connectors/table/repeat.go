package table

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rollcall/connectors"
)

// repeat is a row whose id, in lower case, other rows of the account list have too.
type repeat struct {
	connectors.Account        // without what it holds
	number             uint32 // of the id
	folded             string
	who                string // username and address in lower case; empty where the row has neither
	contents           string
	own                []grant // of its own column
	refused            bool    // was rejected already; it only tells that there is such an account
}

// keepBack keeps the present row until all rows of its id are known.
func (p *pull) keepBack(r *rows, id []byte, number uint32, own []grant) {
	v := repeat{number: number, folded: string(appendFold(nil, id)), who: who(r), refused: r.fault != nil}
	v.ID = connectors.AccountID(id)
	if !v.refused {
		v.Account, v.contents, v.own = p.account.Clone(), r.contents(), slices.Clone(own)
	}
	p.repeats = append(p.repeats, v)
}

func who(r *rows) string {
	user, mail := r.cell(accUsername), r.cell(accEmail)
	if len(user)+len(mail) == 0 {
		return ""
	}
	return string(append(append(appendFold(nil, user), 0), bytes.ToLower(mail)...))
}

// byWorth puts the row first that is to be kept: an enabled one, since too much shown is better than too little; beyond
// that the contents alone decide, which are the same in every order of the file.
func byWorth(a, b *repeat) int {
	return cmp.Or(rank(a.Enabled)-rank(b.Enabled), strings.Compare(a.contents, b.contents))
}

func rank(enabled connectors.Tri) int {
	return [...]int{connectors.Yes: 0, connectors.Unknown: 1, connectors.No: 2}[enabled]
}

// settle makes accounts of the rows that were kept back.
func (p *pull) settle(r *rows) error {
	slices.SortStableFunc(p.repeats, func(a, b repeat) int {
		return cmp.Or(strings.Compare(a.folded, b.folded), strings.Compare(string(a.ID), string(b.ID)), byWorth(&a, &b))
	})
	for rest := p.repeats; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].folded == rest[0].folded {
			n++
		}
		if err := p.settleID(r, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// persona is an account found among rows of one folded id: those with the same id, and those whose id differs in letter
// case only (of some apps that is another account) while username and address say that it is the same.
type persona struct {
	kept  *repeat
	rows  []*repeat
	names []connectors.AccountID
}

// settleID makes accounts of all rows of one folded id.
func (p *pull) settleID(r *rows, same []repeat) error {
	all := personas(same)
	sole := len(all) == 1 && !ghosts(same, all)
	p.kept += max(len(all)-1, 0)
	for _, one := range all {
		p.begin()
		for _, v := range one.rows {
			p.hold(v.own)
			if v != one.kept {
				p.twice(r, v, one.kept)
			}
		}
		mine := func(id []byte) bool { return one.named(connectors.AccountID(id)) }
		if sole {
			mine = nil
		}
		if err := p.complete(&one.kept.Account, one.kept.number, mine); err != nil {
			return err
		}
	}
	return nil
}

// personas joins the rows that can be used, which stand in the order of their ids.
func personas(same []repeat) []*persona {
	var all []*persona
	for i := range same {
		if v := &same[i]; !v.refused {
			if last := len(all) - 1; last >= 0 && all[last].kept.ID == v.ID {
				all[last].rows = append(all[last].rows, v)
			} else {
				all = append(all, &persona{v, []*repeat{v}, []connectors.AccountID{v.ID}}) // the first of an id is worth the most
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *persona) int { return byWorth(a.kept, b.kept) })
	var out []*persona
	for _, one := range all {
		at := slices.IndexFunc(out, func(o *persona) bool { return o.kept.who != "" && o.kept.who == one.kept.who })
		if at < 0 {
			out = append(out, one)
		} else {
			out[at].rows, out[at].names = append(out[at].rows, one.rows...), append(out[at].names, one.names...)
		}
	}
	return out
}

// ghosts tells whether a refused row is of none of the accounts, but of one more.
func ghosts(same []repeat, all []*persona) bool {
	return slices.ContainsFunc(same, func(v repeat) bool {
		return v.refused && !slices.ContainsFunc(all, func(o *persona) bool {
			return o.named(v.ID) || v.who != "" && v.who == o.kept.who
		})
	})
}

// named tells whether the account has the id among its own.
func (o *persona) named(id connectors.AccountID) bool { return slices.Contains(o.names, id) }

// twice rejects a row of an account that another row stands for. One that says the same again does not count toward
// the limit; one that contradicts it does.
func (p *pull) twice(r *rows, v, kept *repeat) {
	again := &connectors.RejectedRow{Account: v.ID, Repeats: true}
	if v.Enabled != kept.Enabled {
		again.Err = fmt.Errorf("duplicate of line %d, which is kept, and its status is another", kept.From.Line)
		r.reject(v.From.Line, again)
		return
	}
	again.Err = fmt.Errorf("duplicate of line %d", kept.From.Line)
	r.leaveOut(v.From.Line, again)
}
