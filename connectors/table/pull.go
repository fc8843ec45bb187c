package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"rollcall/connectors"
)

// pull is one reading of an app: first the entitlement file, packed, then the accounts as they stand, each with its
// entitlements.
type pull struct {
	app     *app
	ctx     context.Context
	trace   connectors.Trace
	emit    func(*connectors.Account) bool
	hash    *hasher
	enabled words[connectors.Tri]
	class   words[connectors.Class]
	yesNo   words[connectors.Tri]
	names   names
	holding holding
	tables  *tables
	whole   *register // of a second reading, where one was needed
	kept    int       // accounts kept beside one whose id differs in letter case only
	account connectors.Account
	found   []int // runs of grants of the present account
	text    []byte
	aliases []string
}

// tables are the packed memory of one pull.
type tables struct {
	index  index // of account ids, over both files
	grants grants
	seen   logins
}

// spare holds the tables of finished pulls: several apps are read one after another by few workers, and fresh tables
// each would be three quarters of all that a pull allocates.
var spare = sync.Pool{New: func() any { return new(tables) }}

func newPull(ctx context.Context, a *app, t connectors.Trace, emit func(*connectors.Account) bool) *pull {
	return &pull{app: a, ctx: ctx, trace: t, emit: emit, hash: newHasher(), enabled: a.enabled.reader(), class: a.class.reader(),
		yesNo: a.yesNo.reader(), names: names{number: map[string]uint32{}}, tables: spare.Get().(*tables)}
}

func (p *pull) free() {
	p.tables.index.reset()
	p.tables.grants.reset()
	p.tables.seen = p.tables.seen[:0]
	spare.Put(p.tables)
}

func (p *pull) run() error {
	var second *rows
	if p.app.grants != nil {
		var err error
		if second, err = p.readGrants(); err != nil {
			return err
		}
	}
	r, err := p.app.accounts.open(p.ctx, p.trace)
	if err != nil {
		return err
	}
	defer r.close()
	for {
		ok, err := r.next()
		if err != nil {
			return err
		}
		if !ok {
			return p.finish(r, second)
		}
		if err := p.row(r); err != nil {
			return err
		}
	}
}

// readGrants packs the entitlement file. Its collection ends only when the accounts are known.
func (p *pull) readGrants() (*rows, error) {
	r, err := p.app.grants.open(p.ctx, p.trace)
	if err != nil {
		return nil, err
	}
	defer r.close()
	g := &p.tables.grants
	for {
		ok, err := r.next()
		if !ok || err != nil {
			return r, err
		}
		id, what := r.idCell(grAccount), r.cell(grEntitlement)
		row := grant{granted: r.date(grGranted), used: r.date(grLastUsed), until: r.date(grUntil)}
		privileged, inherited := wordCell(r, grPrivileged, &p.yesNo) == connectors.Yes, r.cell(grInherited)
		switch {
		case r.fault != nil:
			r.reject(r.record.Line, r.fault)
		case len(id) == 0 || len(what) == 0:
			r.reject(r.record.Line, errors.New("the account or the entitlement is blank"))
		case len(g.rows) >= math.MaxInt32 || len(g.ids) >= math.MaxInt32:
			return nil, fmt.Errorf("%s: more than %d rows: split the app", r.file.Name(), math.MaxInt32)
		default:
			row.what = p.names.of(what, inherited, privileged)
			g.add(id, r.record.Line, row, &p.tables.index, p.hash)
		}
	}
}

// row judges one account.
func (p *pull) row(r *rows) error {
	id := r.idCell(accID)
	if len(id) == 0 {
		r.reject(r.record.Line, errors.New("no id"))
		return nil
	}
	acc := &p.account
	*acc = connectors.Account{Enabled: wordCell(r, accStatus, &p.enabled), Class: wordCell(r, accClass, &p.class),
		Created: r.date(accCreated), LastSignIn: r.date(accLastSignIn), MFA: wordCell(r, accMFA, &p.yesNo),
		LocalSignIn: wordCell(r, accLocalSignIn, &p.yesNo), From: r.where()}
	p.texts(r, id, acc)
	fold, exact := p.hash.keys(id)
	slot := p.tables.index.at(fold)
	if r.fault != nil {
		p.tables.grants.refuse(slot.group, exact)
		r.reject(r.record.Line, r.fault)
		return nil
	}
	if twice, err := p.twice(r, slot, login{exact: exact, line: uint32(r.record.Line), enabled: acc.Enabled}); twice || err != nil {
		return err
	}
	p.holding.begin()
	p.column(r)
	if err := p.join(slot, exact); err != nil {
		return err
	}
	acc.Entitlements = p.holding.held
	if !p.emit(acc) {
		return errStopped
	}
	return nil
}

// texts fills in the strings. They are parts of one, so that a row costs one allocation, and an account that is kept
// keeps its own row in memory and no other's.
func (p *pull) texts(r *rows, id []byte, acc *connectors.Account) {
	var ends [accAliases + 1]int
	p.text = append(p.text[:0], id...)
	ends[accID] = len(p.text)
	for key := accUsername; key <= accAliases; key++ {
		if key == accEmployeeID || key == accOwner {
			p.text = append(p.text, r.idCell(key)...)
		} else {
			p.text = append(p.text, r.cell(key)...)
		}
		ends[key] = len(p.text)
	}
	if r.fault != nil {
		return
	}
	s := string(p.text)
	acc.ID, acc.Username = connectors.AccountID(s[:ends[accID]]), s[ends[accID]:ends[accUsername]]
	acc.DisplayName, acc.Email = s[ends[accUsername]:ends[accDisplayName]], s[ends[accDisplayName]:ends[accEmail]]
	acc.EmployeeID, acc.OwnerRef = s[ends[accEmail]:ends[accEmployeeID]], s[ends[accEmployeeID]:ends[accOwner]]
	p.aliases = splitList(p.aliases[:0], s[ends[accOwner]:], p.app.separator)
	acc.Aliases = p.aliases
}

// column reads the entitlements that stand in the account's own row.
func (p *pull) column(r *rows) {
	for rest := r.cell(accEntitlements); len(rest) > 0; {
		var one []byte
		one, rest, _ = bytes.Cut(rest, []byte{p.app.separator})
		if one = trim(one); len(one) > 0 {
			p.holding.add(&p.names, grant{what: p.names.of(one, nil, false)})
		}
	}
}
