package table

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"rollcall/connectors"
)

// The columns of a job history.
const (
	hisID = iota
	hisFrom
	hisRole
	hisDepartment
	hisTitle
	hisEvent
)

func historySpec(file File, h HistoryOptions, roster Common, env connectors.Env) (*spec, error) {
	c := h.Columns
	if err := need("roster.history.columns", map[string]string{"id": c.ID, "from": c.From}); err != nil {
		return nil, err
	}
	if c.Role == "" && c.Department == "" && c.Title == "" {
		return nil, errors.New("[roster.history.columns] role, department, title: set at least one of them")
	}
	dates, noDate := inherit(h.Dates, h.NoDate, roster)
	d, err := newDates(dates, noDate, env.Zone)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	return &spec{file: file, collection: connectors.JobHistory, section: "roster.history.columns", dates: d, limit: h.MaxRejected,
		wanted: []want{hisID: {"id", c.ID}, hisFrom: {"from", c.From}, hisRole: {"role", c.Role}, hisDepartment: {"department", c.Department},
			hisTitle: {"title", c.Title}, hisEvent: {"event", c.Event}}}, nil
}

// roles holds the job history by person, whatever the order of the file: some 50 bytes for each row.
type roles struct {
	index   index    // the number of each id: its career
	careers []career // by number
	ids     []byte   // of the careers
	rows    []change
	texts   *texts
	events  map[string]event // by the word as it is written
	present uint32           // the career of the row added last
	all     []connectors.RolePeriod
	periods []connectors.RolePeriod // room for those that are handed out
}

// career is what is known of one id. Its id ends where that of the next begins.
type career struct {
	id          uint32 // in ids
	first, last uint32 // rows, counted from 1
	fate        fate
}

type change struct {
	from                    connectors.Date
	role, department, title uint32 // numbers of texts
	next                    uint32 // of the same person, counted from 1; 0 = none
	line                    uint32
	event
}

func (p *rollCall) readHistory(ctx context.Context) (*rows, error) {
	r, err := p.history.open(ctx, p.trace)
	if err != nil {
		return nil, err
	}
	defer r.close()
	for {
		ok, err := r.next()
		if !ok || err != nil {
			return r, err
		}
		if n := r.forecast(); n > 0 {
			p.roles.rows = slices.Grow(p.roles.rows, n)
		}
		id := r.idCell(hisID)
		c := change{from: r.date(hisFrom), line: uint32(r.record.Line)}
		happened := r.cell(hisEvent)
		role, department, title := r.cell(hisRole), r.cell(hisDepartment), r.cell(hisTitle)
		switch {
		case r.fault != nil:
			r.reject(r.record.Line, p.gapIn(r, id, r.fault))
			continue
		case len(id) == 0:
			r.reject(r.record.Line, errors.New("no id"))
			continue
		case !c.from.Known():
			r.reject(r.record.Line, p.gapIn(r, id, errors.New("no date: from when the role was held is unknown")))
			continue
		}
		c.event = p.eventOf(happened)
		c.role, c.department, c.title = p.roles.texts.of(role), p.roles.texts.of(department), p.roles.texts.of(title)
		if err := p.roles.add(id, c, p.hash); err != nil {
			return nil, fmt.Errorf("%s: %w", r.file.Name(), err)
		}
	}
}

// gapIn is why a row of the history was left out, with the person it speaks of where that can be read. A history with a
// gap is none: what it lacks could be the very role that explains an access.
func (p *rollCall) gapIn(r *rows, id []byte, why error) error {
	if len(id) == 0 || !r.legible(hisID) {
		return why
	}
	p.gaps[p.hash.folded(id)] = true
	return &connectors.RejectedRow{Err: why, Person: &connectors.Person{ID: connectors.PersonID(id)}}
}

// add adds a row to the person's others. They mostly stand together.
func (h *roles) add(id []byte, c change, hash *hasher) error {
	if len(h.rows) >= math.MaxInt32 || len(h.ids) >= math.MaxInt32 {
		return fmt.Errorf("more than %d rows: split the job history", math.MaxInt32)
	}
	if h.present == 0 || !bytes.Equal(h.id(h.present), id) {
		if h.present = h.index.number(hash.folded(id)); int(h.present) > len(h.careers) {
			h.careers = append(h.careers, career{id: uint32(len(h.ids))})
			h.ids = append(h.ids, id...)
		}
	}
	h.rows = append(h.rows, c)
	n := uint32(len(h.rows))
	if of := &h.careers[h.present-1]; of.first == 0 {
		of.first, of.last = n, n
	} else {
		h.rows[of.last-1].next = n
		of.last = n
	}
	return nil
}

// id is that of a career, as the first of its rows has it.
func (h *roles) id(number uint32) []byte {
	from := h.careers[number-1].id
	if int(number) < len(h.careers) {
		return h.ids[from:h.careers[number].id]
	}
	return h.ids[from:]
}

// refuse notes that the person's own row was rejected.
func (h *roles) refuse(fold uint64) {
	if n := h.index.find(fold); n != 0 && h.careers[n-1].fate == stranger {
		h.careers[n-1].fate = refused
	}
}

// of is the career of a person who is on the roster: the roles, and whether the employment began as a re-hire.
func (h *roles) of(fold uint64) ([]connectors.RolePeriod, connectors.Tri) {
	n := h.index.find(fold)
	if n == 0 {
		return nil, connectors.Unknown
	}
	of := &h.careers[n-1]
	of.fate = joined
	return h.held(of), h.rehired(of)
}

// held is the roles, oldest first, adjacent equal ones joined. Roles that start on one day are in an order that does not
// depend on the file's.
func (h *roles) held(of *career) []connectors.RolePeriod {
	all := h.all[:0]
	for i := of.first; i != 0; i = h.rows[i-1].next {
		c := &h.rows[i-1]
		v := connectors.RolePeriod{From: c.from, Role: h.texts.all[c.role], Department: h.texts.all[c.department], Title: h.texts.all[c.title]}
		if !c.skip && (v.Role != "" || v.Department != "" || v.Title != "") {
			all = append(all, v)
		}
	}
	h.all = all
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b connectors.RolePeriod) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Department, b.Department), cmp.Compare(a.Title, b.Title))
	})
	all = slices.CompactFunc(all, func(a, b connectors.RolePeriod) bool {
		return a.Role == b.Role && a.Department == b.Department && a.Title == b.Title
	})
	return h.handOut(all)
}

// handOut copies the roles of one person. Those of some hundred people share one piece of memory: the roster is kept
// whole, and pieces of their own would take a fifth more.
func (h *roles) handOut(all []connectors.RolePeriod) []connectors.RolePeriod {
	if cap(h.periods)-len(h.periods) < len(all) {
		h.periods = make([]connectors.RolePeriod, 0, max(256, len(all)))
	}
	from := len(h.periods)
	h.periods = append(h.periods, all...)
	return slices.Clip(h.periods[from:])
}

// rehired tells what the earliest of a person's events calls the start of the employment.
func (h *roles) rehired(of *career) connectors.Tri {
	first, says := connectors.Date(0), connectors.Unknown
	for i := of.first; i != 0; i = h.rows[i-1].next {
		c := &h.rows[i-1]
		switch {
		case first == 0 || c.from < first:
			first, says = c.from, c.rehired
		case c.from == first && says != c.rehired: // two events on one day: a re-hire outweighs
			says = max(says, c.rehired)
		}
	}
	return says
}

// strangers rejects the history of people who are not on the roster.
func (p *rollCall) strangers(past *rows) {
	for i := range p.roles.careers {
		c := &p.roles.careers[i]
		if c.fate == joined {
			continue
		}
		why := notThere("person", p.roles.id(uint32(i+1)), c.fate, p.people.file)
		for at := c.first; at != 0; at = p.roles.rows[at-1].next {
			past.reject(int(p.roles.rows[at-1].line), &connectors.RejectedRow{Err: why, Repeats: true})
		}
	}
}
