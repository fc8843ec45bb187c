package table

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"rollcall/connectors"
)

// NewRoster makes a Roster of a table of people and, where the configuration names one, a job history (else nil). It
// checks the configuration and reads nothing.
func NewRoster(kind, parameters string, people File, o RosterOptions, history File, h HistoryOptions,
	env connectors.Env) (connectors.Roster, error) {
	s, err := newRoster(people, o, history, h, env)
	if err != nil {
		return nil, fmt.Errorf("roster: %w", err)
	}
	s.info.Kind, s.info.Location, s.info.Parameters = kind, people.Name(), parameters
	return s, nil
}

// roster is a Roster read from tables.
type roster struct {
	info       connectors.Info
	people     spec
	history    *spec
	skip       map[string]bool // events of the history that start no role
	separator  byte
	status     words[connectors.WorkStatus]
	employment words[connectors.Employment]
}

// The columns of the roster; the first of them are kept as they are.
const (
	perID = iota
	perFirstName
	perLastName
	perFormerLastName
	perPreferredName
	perDisplayName
	perWorkEmail
	perPersonalEmail
	perManager
	perPrevious
	perAliases
	perDepartment // from here on shared by many people
	perTitle
	perRole
	perStatus
	perEmployment
	perStart
	perEnd
	perLeaveStart
	perLeaveEnd
)

func (c RosterColumns) wanted() []want {
	return []want{perID: {"id", c.ID}, perFirstName: {"first_name", c.FirstName}, perLastName: {"last_name", c.LastName},
		perFormerLastName: {"former_last_name", c.FormerLastName}, perPreferredName: {"preferred_name", c.PreferredName},
		perDisplayName: {"display_name", c.DisplayName}, perWorkEmail: {"work_email", c.WorkEmail},
		perPersonalEmail: {"personal_email", c.PersonalEmail}, perManager: {"manager", c.Manager}, perPrevious: {"previous", c.Previous},
		perAliases: {"aliases", c.Aliases}, perDepartment: {"department", c.Department}, perTitle: {"title", c.Title},
		perRole: {"role", c.Role}, perStatus: {"status", c.Status}, perEmployment: {"employment", c.Employment},
		perStart: {"start", c.Start}, perEnd: {"end", c.End}, perLeaveStart: {"leave_start", c.LeaveStart}, perLeaveEnd: {"leave_end", c.LeaveEnd}}
}

func newRoster(people File, o RosterOptions, history File, h HistoryOptions, env connectors.Env) (*roster, error) {
	if people.Name() == "" {
		return nil, errNoFile
	}
	if err := need("roster.columns", map[string]string{"id": o.Columns.ID}); err != nil {
		return nil, err
	}
	if o.Columns.Status == "" && o.Columns.End == "" {
		return nil, errors.New("[roster.columns] status, end: set one of them, or nobody would ever be seen to leave")
	}
	s := &roster{skip: roleEvents(h.SkipEvents)}
	var err error
	if s.separator, err = o.separator(); err != nil {
		return nil, err
	}
	if s.status, err = statusWords(o.Status); err != nil {
		return nil, err
	}
	if s.employment, err = employmentWords(o.Employment); err != nil {
		return nil, err
	}
	s.people = spec{file: people, collection: connectors.People, section: "roster.columns", wanted: o.Columns.wanted(), limit: o.MaxRejected}
	if s.people.dates, err = newDates(o.Dates, o.NoDate, env.Zone); err != nil {
		return nil, err
	}
	s.info = connectors.Info{Collections: []connectors.Collection{connectors.People}, Repeatable: true}
	if history == nil {
		if h.Columns != (HistoryColumns{}) {
			return nil, errors.New("[roster.history]: columns are named, and no file to find them in")
		}
		return s, nil
	}
	s.info.Collections = append(s.info.Collections, connectors.JobHistory)
	s.history, err = historySpec(history, h, o.Common, env)
	return s, err
}

func (s *roster) Info() connectors.Info { return s.info }

func (s *roster) People(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Person, error] {
	return func(yield func(connectors.Person, error) bool) {
		p := &rollCall{roster: s, trace: t, hash: newHasher(), shared: map[string]string{},
			status: s.status.reader(), employment: s.employment.reader()}
		err := p.run(ctx, func(v connectors.Person) bool { return yield(v, nil) })
		if err != nil && err != errStopped {
			yield(connectors.Person{}, err)
		}
	}
}

// rollCall is one reading of a roster: first the job history, then the people.
type rollCall struct {
	*roster
	trace      connectors.Trace
	hash       *hasher
	status     words[connectors.WorkStatus]
	employment words[connectors.Employment]
	index      index // of employee ids, over both files
	seen       logins
	repeated   int
	text       []byte
	shared     map[string]string // departments, titles, roles: one copy of each
	roles      roles
}

func (p *rollCall) run(ctx context.Context, emit func(connectors.Person) bool) error {
	var past *rows
	if p.history != nil {
		var err error
		if past, err = p.readHistory(ctx); err != nil {
			return err
		}
	}
	r, err := p.people.open(ctx, p.trace)
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
			return p.finish(r, past)
		}
		if v, ok := p.person(r); ok && !emit(v) {
			return errStopped
		}
	}
}

func (p *rollCall) person(r *rows) (connectors.Person, bool) {
	v := connectors.Person{Status: wordCell(r, perStatus, &p.status), Employment: wordCell(r, perEmployment, &p.employment),
		Start: r.date(perStart), End: r.date(perEnd), LeaveStart: r.date(perLeaveStart), LeaveEnd: r.date(perLeaveEnd), From: r.where()}
	id := r.idCell(perID)
	p.texts(r, &v)
	if len(id) == 0 {
		r.reject(r.record.Line, errors.New("no id"))
		return v, false
	}
	fold, _ := p.hash.keys(id)
	slot := p.index.at(fold)
	switch {
	case r.fault != nil:
		p.roles.refuse(slot)
		r.reject(r.record.Line, r.fault)
		return v, false
	case slot.login != 0:
		p.repeated++
		r.reject(r.record.Line, fmt.Errorf("id %q is a duplicate of line %d, which is kept", id, p.seen[slot.login-1].line))
		return v, false
	}
	p.seen.add(slot, login{line: uint32(r.record.Line)})
	v.Roles, v.Rehired = p.roles.of(slot), p.roles.rehired(slot)
	if len(v.Roles) > 0 {
		v.HistorySince = v.Roles[0].From
	}
	return v, true
}

// texts fills in the strings: a person's own are parts of one, those that many people share are kept once.
func (p *rollCall) texts(r *rows, v *connectors.Person) {
	var ends [perAliases + 1]int
	p.text = p.text[:0]
	for key := perID; key <= perAliases; key++ {
		cell := r.cell(key)
		if key == perID || key == perManager || key == perPrevious {
			cell = r.idCell(key)
		}
		p.text = append(p.text, cell...)
		ends[key] = len(p.text)
	}
	s := string(p.text)
	part := func(key int) string {
		from := 0
		if key > 0 {
			from = ends[key-1]
		}
		return s[from:ends[key]]
	}
	v.ID, v.Manager, v.Previous = connectors.PersonID(part(perID)), connectors.PersonID(part(perManager)), connectors.PersonID(part(perPrevious))
	v.FirstName, v.LastName, v.FormerLastName = part(perFirstName), part(perLastName), part(perFormerLastName)
	v.PreferredName, v.DisplayName = part(perPreferredName), part(perDisplayName)
	v.WorkEmail, v.PersonalEmail = part(perWorkEmail), part(perPersonalEmail)
	v.Aliases = splitList(nil, part(perAliases), p.separator)
	v.Department, v.Title, v.Role = p.share(r.cell(perDepartment)), p.share(r.cell(perTitle)), p.share(r.cell(perRole))
}

func (p *rollCall) share(b []byte) string {
	if s, ok := p.shared[string(b)]; ok {
		return s
	}
	s := strings.Clone(string(b))
	p.shared[s] = s
	return s
}

func (p *rollCall) finish(r, past *rows) error {
	if p.repeated > 0 {
		p.trace.Note(connectors.People, fmt.Sprintf("%d rows repeat an employee id: the first row of each counts", p.repeated))
	}
	if past != nil {
		p.strangers(past)
		if err := past.end(); err != nil {
			return err
		}
	}
	return r.end()
}
