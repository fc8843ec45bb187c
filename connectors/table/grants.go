package table

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"rollcall/connectors"
)

// The columns of the entitlement table.
const (
	grAccount = iota
	grEntitlement
	grGranted
	grLastUsed
	grUntil
	grPrivileged
	grInherited
)

func (c GrantColumns) wanted() []want {
	return []want{grAccount: {"account", c.Account}, grEntitlement: {"entitlement", c.Entitlement}, grGranted: {"granted", c.Granted},
		grLastUsed: {"last_used", c.LastUsed}, grUntil: {"until", c.Until}, grPrivileged: {"privileged", c.Privileged},
		grInherited: {"inherited", c.Inherited}}
}

func grantSpec(file File, g GrantOptions, o AppOptions, env connectors.Env) (*spec, error) {
	if file == nil {
		return nil, nil
	}
	if o.Columns.Entitlements != "" {
		return nil, errors.New("entitlements: set either the column [app.columns] entitlements or the file [app.entitlements], not both")
	}
	s := &spec{file: file, collection: connectors.Entitlements, section: "app.entitlements.columns", wanted: g.Columns.wanted(), limit: g.MaxRejected}
	if err := need(s.section, map[string]string{"account": g.Columns.Account, "entitlement": g.Columns.Entitlement}); err != nil {
		return nil, err
	}
	dates, noDate := inherit(g.Dates, g.NoDate, o.Common)
	var err error
	if s.dates, err = newDates(dates, noDate, env.Zone); err != nil {
		return nil, fmt.Errorf("entitlements: %w", err)
	}
	return s, nil
}

// grant is one row, of 16 bytes.
type grant struct {
	what                 uint32 // in the names
	granted, used, until connectors.Date
}

// readGrants packs the entitlement file. Its collection ends only when the accounts are known.
func (p *pull) readGrants(ctx context.Context) (*rows, error) {
	r, err := p.app.grants.open(ctx, p.trace)
	if err != nil {
		return nil, err
	}
	defer r.close()
	for {
		ok, err := r.next()
		if !ok || err != nil {
			p.tables.grants.number(&p.tables.ids)
			p.names.rank()
			return r, err
		}
		if n := r.forecast(); n > 0 {
			p.tables.grants.reserve(n)
		}
		id, what := r.idCell(grAccount), r.cell(grEntitlement)
		row := grant{granted: r.date(grGranted), used: r.date(grLastUsed), until: r.date(grUntil)}
		privileged, inherited := wordCell(r, grPrivileged, &p.yesNo) == connectors.Yes, r.cell(grInherited)
		switch {
		case r.fault != nil:
			r.reject(r.record.Line, aboutAccount(r, grAccount, id, r.fault))
		case len(id) == 0 || len(what) == 0:
			r.reject(r.record.Line, aboutAccount(r, grAccount, id, errors.New("the account or the entitlement is blank")))
		default:
			row.what = p.names.of(what, inherited, privileged)
			if err := p.tables.grants.add(id, r.record.Line, row, p.hash, &p.tables.ids); err != nil {
				return nil, fmt.Errorf("%s: %w", r.file.Name(), err)
			}
		}
	}
}

// names numbers what can be granted: the few thousand entitlements of an app, each with how it is held.
type names struct {
	keys  *texts
	all   []name   // by the number of the key
	ranks []uint32 // the place of each in the order of compare, where all are known
	key   []byte
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
	v := n.keys.of(key)
	if int(v) == len(n.all) {
		n.all = append(n.all, name{connectors.Entitlement{ID: connectors.EntitlementID(id), Inherited: connectors.EntitlementID(inherited),
			Privileged: privileged}, v})
		if privileged {
			same := n.of(id, inherited, false)
			n.all[v].same = same
		}
	}
	return v
}

// compare orders names by what they say: the order of a file must not show. Those that are held as one are equal.
func (n *names) compare(a, b uint32) int {
	x, y := &n.all[a], &n.all[b]
	if x.same == y.same {
		return 0
	}
	return cmp.Or(cmp.Compare(x.ID, y.ID), cmp.Compare(x.Inherited, y.Inherited))
}

// rank is called when all names are known. Ordering what accounts hold then takes a quarter of the time.
func (n *names) rank() {
	order := make([]uint32, len(n.all))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, n.compare)
	n.ranks = make([]uint32, len(n.all))
	for i := range order {
		n.ranks[order[i]] = uint32(i)
		if i > 0 && n.compare(order[i-1], order[i]) == 0 {
			n.ranks[order[i]] = n.ranks[order[i-1]]
		}
	}
}

// sort orders rows by their names.
func (n *names) sort(rows []grant) {
	if n.ranks == nil {
		slices.SortFunc(rows, func(a, b grant) int { return n.compare(a.what, b.what) })
		return
	}
	if len(rows) > 16 {
		slices.SortFunc(rows, func(a, b grant) int { return int(n.ranks[a.what]) - int(n.ranks[b.what]) })
		return
	}
	for i := 1; i < len(rows); i++ { // as good as always: without a call for each comparison
		row, at := rows[i], i
		for ; at > 0 && n.ranks[rows[at-1].what] > n.ranks[row.what]; at-- {
			rows[at] = rows[at-1]
		}
		rows[at] = row
	}
}

// holding gathers what one account holds.
type holding struct {
	rows    []grant
	several []grant // rows, where they come from more than one place
	held    []connectors.Entitlement
	merged  int
}

func (h *holding) begin() { h.rows = nil }

// add takes rows, which it may put in another order. Mostly they come in one piece, and are not copied.
func (h *holding) add(rows []grant) {
	if len(h.rows) == 0 {
		h.rows = rows
		return
	}
	if len(h.several) == 0 || &h.rows[0] != &h.several[0] {
		h.several = append(h.several[:0], h.rows...)
	}
	h.several = append(h.several, rows...)
	h.rows = h.several
}

// in is what is held, by name: the same entitlement twice is one, granted when it first was, used when it last was,
// privileged and without end if either is.
func (h *holding) in(n *names) []connectors.Entitlement {
	n.sort(h.rows)
	h.held = h.held[:0]
	last := uint32(0)
	for _, row := range h.rows {
		what := &n.all[row.what]
		if len(h.held) == 0 || what.same != last {
			h.held = append(h.held, connectors.Entitlement{ID: what.ID, Inherited: what.Inherited, Privileged: what.Privileged,
				Granted: row.granted, LastUsed: row.used, Until: row.until})
			last = what.same
			continue
		}
		h.merged++
		e := &h.held[len(h.held)-1]
		e.Privileged = e.Privileged || what.Privileged
		e.Granted, e.LastUsed = earliest(e.Granted, row.granted), latest(e.LastUsed, row.used)
		if !row.until.Known() || e.Until.Known() && row.until > e.Until {
			e.Until = row.until
		}
	}
	return h.held
}

// earliest and latest compare days of which either may be unknown.
func earliest(a, b connectors.Date) connectors.Date {
	if !a.Known() || b.Known() && b < a {
		return b
	}
	return a
}

func latest(a, b connectors.Date) connectors.Date {
	if !a.Known() || b.Known() && b > a {
		return b
	}
	return a
}
