package table

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"rollcall/connectors"
)

// pull is one reading of an app: first the files of what accounts hold, packed; then the ids of the account list alone,
// to know those that stand in it more than once; then the accounts as they stand, each with what it holds, but for
// the rows of such ids, which are settled at the end. So nothing depends on the order of any file.
type pull struct {
	app     *app
	trace   connectors.Trace
	emit    func(*connectors.Account) bool
	hash    *hasher
	enabled words[connectors.Tri]
	class   words[connectors.Class]
	yesNo   words[connectors.Tri]
	names   names
	holding holding
	keyring keyring
	tables  *tables
	repeats []repeat
	kept    int // accounts kept beside one whose id differs in letter case only
	account connectors.Account
	warmed  int // records looked ahead at
	text    []byte
	chunk   strings.Builder // of the rows' texts
	aliases []string
	own     []grant       // of the present row
	hold    func([]grant) // adds to the holding
	carry   func([]connectors.Credential)
}

func newPull(a *app, t connectors.Trace, emit func(*connectors.Account) bool) *pull {
	p := &pull{app: a, trace: t, emit: emit, hash: newHasher(), enabled: a.enabled.reader(), class: a.class.reader(),
		yesNo: a.yesNo.reader(), names: names{keys: newTexts()}, tables: spare.Get().(*tables)}
	p.hold, p.carry = p.holding.add, p.keyring.add
	return p
}

func (p *pull) run(ctx context.Context) error {
	var grants, credentials *rows
	var err error
	if p.app.grants != nil {
		if grants, err = p.readGrants(ctx); err != nil {
			return err
		}
	}
	if p.app.credentials != nil {
		if credentials, err = p.readCredentials(ctx); err != nil {
			return err
		}
	}
	accounts, err := p.readAccounts(ctx)
	if err != nil {
		return err
	}
	return p.finish(accounts, grants, credentials)
}

func (p *pull) readAccounts(ctx context.Context) (*rows, error) {
	if err := p.tables.census.take(ctx, p.app.accounts, accID, p.hash, &p.tables.ids); err != nil {
		return nil, err
	}
	r, err := p.app.accounts.open(ctx, p.trace)
	if err != nil {
		return nil, err
	}
	defer r.close()
	for {
		ok, err := r.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		p.warm(r.seen - 1)
		if err := p.row(r); err != nil {
			return nil, err
		}
	}
	if err := p.tables.census.check(r); err != nil {
		return nil, err
	}
	return r, p.settle(r)
}

// warm is called at each record, and looks ahead at each 32nd.
func (p *pull) warm(record int) {
	if record < p.warmed {
		return
	}
	next := p.tables.census.records[min(record, len(p.tables.census.records)):]
	next = next[:min(ahead, len(next))]
	p.tables.grants.warm(next)
	p.tables.credentials.warm(next)
	p.warmed = record + ahead
}

// row judges one account.
func (p *pull) row(r *rows) error {
	id := r.idCell(accID)
	if len(id) == 0 {
		r.reject(r.record.Line, cmp.Or(r.fault, errNoID))
		return nil
	}
	acc := &p.account
	*acc = connectors.Account{From: r.where()}
	acc.Enabled, acc.Class = wordCell(r, accStatus, &p.enabled), wordCell(r, accClass, &p.class)
	acc.Created, acc.LastSignIn = r.date(accCreated), r.date(accLastSignIn)
	acc.MFA, acc.LocalSignIn = wordCell(r, accMFA, &p.yesNo), wordCell(r, accLocalSignIn, &p.yesNo)
	p.texts(r, id, acc)
	own := p.column(r)
	number, repeated, err := p.tables.census.at(r, p.hash.folded(id), &p.tables.ids)
	if err != nil {
		return err
	}
	if r.fault != nil {
		p.tables.grants.refuse(number, id)
		p.tables.credentials.refuse(number, id)
		r.reject(r.record.Line, ofAccount(r, id))
	}
	if repeated {
		p.keepBack(r, id, number, own)
		return nil
	}
	if r.fault != nil {
		return nil
	}
	p.begin()
	p.hold(own)
	return p.complete(acc, number, nil)
}

var errNoID = errors.New("no id")

// ofAccount is the present record's fault, with the account it takes away where that can be read.
func ofAccount(r *rows, id []byte) error { return aboutAccount(r, accID, id, r.fault) }

// aboutAccount is why a record was left out, with the account it speaks of where its cell can be read.
func aboutAccount(r *rows, cell int, id []byte, why error) error {
	if len(id) == 0 || !r.legible(cell) {
		return why
	}
	return &connectors.RejectedRow{Err: why, Account: connectors.AccountID(id)}
}

// begin empties the hands of the account before.
func (p *pull) begin() {
	p.holding.begin()
	p.keyring.begin()
}

// complete gives the account what it holds, and hands it on. mine is as for side.take.
func (p *pull) complete(acc *connectors.Account, number uint32, mine func(id []byte) bool) error {
	p.tables.grants.take(number, mine, p.hold)
	p.tables.credentials.take(number, mine, p.carry)
	acc.Entitlements, acc.Credentials = p.holding.in(&p.names), p.keyring.in()
	if !p.emit(acc) {
		return errStopped
	}
	return nil
}

// textChunk bytes of rows' texts are one string. Nearly every account's are wanted until its app has been read, and an
// allocation for each took a twentieth of the time of reading them.
const textChunk = 32 << 10

// texts fills in the strings, which are parts of a larger one: whoever keeps few accounts for long clones theirs.
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
	if p.chunk.Cap()-p.chunk.Len() < len(p.text) {
		p.chunk = strings.Builder{}
		p.chunk.Grow(max(textChunk, len(p.text)))
	}
	at := p.chunk.Len()
	p.chunk.Write(p.text)
	s := p.chunk.String()[at:]
	acc.ID, acc.Username = connectors.AccountID(s[:ends[accID]]), s[ends[accID]:ends[accUsername]]
	acc.DisplayName, acc.Email = s[ends[accUsername]:ends[accDisplayName]], s[ends[accDisplayName]:ends[accEmail]]
	acc.EmployeeID, acc.OwnerRef = s[ends[accEmail]:ends[accEmployeeID]], s[ends[accEmployeeID]:ends[accOwner]]
	p.aliases = splitList(p.aliases[:0], s[ends[accOwner]:], p.app.separator)
	acc.Aliases = p.aliases
}

// column reads the entitlements that stand in the account's own row.
func (p *pull) column(r *rows) []grant {
	p.own = p.own[:0]
	for rest := r.cell(accEntitlements); len(rest) > 0; {
		var one []byte
		one, rest, _ = bytes.Cut(rest, []byte{p.app.separator})
		if one = trim(one); len(one) > 0 {
			p.own = append(p.own, grant{what: p.names.of(one, nil, false)})
		}
	}
	return p.own
}

// finish rejects the rows of things nobody holds, and ends the collections.
func (p *pull) finish(accounts, grants, credentials *rows) error {
	holds := accounts
	if grants != nil {
		p.tables.grants.strangers(grants, p.app.accounts.file)
		holds = grants
	}
	if p.holding.merged > 0 {
		p.trace.Note(holds.collection, fmt.Sprintf("%d entitlements stood twice on one account and were merged: the earliest grant and the latest use count", p.holding.merged))
	}
	if credentials != nil {
		p.tables.credentials.strangers(credentials, p.app.accounts.file)
	}
	if p.keyring.merged > 0 {
		p.trace.Note(connectors.Credentials, fmt.Sprintf("%d credentials stood twice on one account and were merged: the earliest creation and the latest use count", p.keyring.merged))
	}
	if p.kept > 0 {
		p.trace.Note(accounts.collection, fmt.Sprintf("%d ids differ from another one in letter case only and were kept as accounts of their own", p.kept))
	}
	for _, r := range []*rows{grants, credentials, accounts} {
		if r == nil {
			continue
		}
		if err := r.end(); err != nil {
			return err
		}
	}
	return nil
}
