package table

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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

// roles holds the job history by person, whatever the order of the file.
type roles struct {
	index   index // the career of each id
	careers []career
	rows    []change
}

type career struct {
	id          string
	first, last uint32 // rows, counted from 1
	fate        fate
}

type change struct {
	connectors.RolePeriod // of an event that starts no role, it has none
	rehired               connectors.Tri
	next                  uint32 // of the same person, counted from 1; 0 = none
	line                  uint32
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
		id := r.idCell(hisID)
		period := connectors.RolePeriod{From: r.date(hisFrom)}
		event := r.cell(hisEvent)
		role, department, title := r.cell(hisRole), r.cell(hisDepartment), r.cell(hisTitle)
		switch {
		case r.fault != nil:
			r.reject(r.record.Line, p.gapIn(r, id, r.fault))
			continue
		case len(id) == 0:
			r.reject(r.record.Line, errors.New("no id"))
			continue
		case !period.From.Known():
			r.reject(r.record.Line, p.gapIn(r, id, errors.New("no date: from when the role was held is unknown")))
			continue
		}
		if !p.skip[string(appendFold(nil, event))] {
			period.Role, period.Department, period.Title = shared(p.shared, role), shared(p.shared, department), shared(p.shared, title)
		}
		fold := p.hash.folded(id)
		p.roles.add(id, p.roles.index.at(fold), change{RolePeriod: period, rehired: hireWords[string(appendFold(nil, event))], line: uint32(r.record.Line)})
	}
}

// gapIn is why a row of the history was left out, with the person it speaks of where that can be read. A history with a
// gap is none: what it lacks could be the very role that explains an access.
func (p *rollCall) gapIn(r *rows, id []byte, why error) error {
	if len(id) == 0 || !r.legible(hisID) {
		return why
	}
	fold := p.hash.folded(id)
	p.gaps[fold] = true
	return &connectors.RejectedRow{Err: why, Person: &connectors.Person{ID: connectors.PersonID(id)}}
}

func (h *roles) add(id []byte, s *slot, c change) {
	if s.last == 0 {
		h.careers = append(h.careers, career{id: string(id)})
		s.last = uint32(len(h.careers))
	}
	h.rows = append(h.rows, c)
	n := uint32(len(h.rows))
	if of := &h.careers[s.last-1]; of.first == 0 {
		of.first, of.last = n, n
	} else {
		h.rows[of.last-1].next = n
		of.last = n
	}
}

// refuse notes that the person's own row was rejected.
func (h *roles) refuse(fold uint64) {
	if n := h.index.find(fold); n != 0 && h.careers[n-1].fate == stranger {
		h.careers[n-1].fate = refused
	}
}

// of is the person's roles, oldest first, adjacent equal ones joined. Roles that start on one day are in an order that
// does not depend on the file's.
func (h *roles) of(fold uint64) []connectors.RolePeriod {
	n := h.index.find(fold)
	if n == 0 {
		return nil
	}
	of := &h.careers[n-1]
	of.fate = joined
	var all []connectors.RolePeriod
	for i := of.first; i != 0; i = h.rows[i-1].next {
		if c := h.rows[i-1]; c.Role != "" || c.Department != "" || c.Title != "" {
			all = append(all, c.RolePeriod)
		}
	}
	slices.SortFunc(all, func(a, b connectors.RolePeriod) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Department, b.Department), cmp.Compare(a.Title, b.Title))
	})
	return slices.CompactFunc(all, func(a, b connectors.RolePeriod) bool {
		return a.Role == b.Role && a.Department == b.Department && a.Title == b.Title
	})
}

// hireWords are what HR systems call the start of an employment, folded.
var hireWords = map[string]connectors.Tri{
	"hire": connectors.No, "hired": connectors.No, "new hire": connectors.No, "joined": connectors.No,
	"rehire": connectors.Yes, "re-hire": connectors.Yes, "rehired": connectors.Yes, "re-hired": connectors.Yes, "returned": connectors.Yes,
}

// rehired tells what the earliest of a person's events calls the start of the employment.
func (h *roles) rehired(fold uint64) connectors.Tri {
	n := h.index.find(fold)
	if n == 0 {
		return connectors.Unknown
	}
	first, says := connectors.Date(0), connectors.Unknown
	for i := h.careers[n-1].first; i != 0; i = h.rows[i-1].next {
		c := &h.rows[i-1]
		switch {
		case first == 0 || c.From < first:
			first, says = c.From, c.rehired
		case c.From == first && says != c.rehired: // two events on one day: a re-hire outweighs
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
		why := notThere("person", []byte(c.id), c.fate, p.people.file)
		for at := c.first; at != 0; at = p.roles.rows[at-1].next {
			past.reject(int(p.roles.rows[at-1].line), &connectors.RejectedRow{Err: why, Repeats: true})
		}
	}
}
