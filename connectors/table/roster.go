package table

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

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

func (s *roster) Info() connectors.Info {
	info := s.info
	info.SizeHint = s.people.file.Size()
	if s.history != nil {
		info.SizeHint += s.history.file.Size()
	}
	return info
}

func (s *roster) People(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Person, error] {
	return func(yield func(connectors.Person, error) bool) {
		p := &rollCall{roster: s, trace: t, hash: newHasher(), gaps: map[uint64]bool{},
			roles: roles{texts: newTexts(), events: map[string]event{}}}
		err := p.run(ctx, func(v connectors.Person) bool { return yield(v, nil) })
		if err != nil && err != errStopped {
			yield(connectors.Person{}, err)
		}
	}
}

// rollCall is one reading of a roster: the job history, and beside it the people, read ahead; then each of them with the
// roles held, but for the rows of ids that stand there more than once, which are settled at the end.
type rollCall struct {
	*roster
	trace connectors.Trace
	hash  *hasher
	roles roles
	gaps  map[uint64]bool // folded ids of people of whose history a row was left out
}

func (p *rollCall) run(ctx context.Context, emit func(connectors.Person) bool) error {
	people := p.readAhead(ctx, *p.hash)
	defer people.stop()
	var past *rows
	if p.history != nil {
		var err error
		if past, err = p.readHistory(ctx); err != nil {
			return err
		}
	}
	for batch := range people.batches {
		if !batch.each(p.trace, func(v *judged) bool { return p.use(v, emit) }) {
			return errStopped
		}
		people.used <- batch
		if err := ctx.Err(); err != nil { // read ahead, the rest may be here already
			return fmt.Errorf("%s: %w", p.people.file.Name(), err)
		}
	}
	if people.err != nil {
		return people.err
	}
	return p.finish(people, past, emit)
}

// use hands on a person; of one who is refused, only that there is such a person is used.
func (p *rollCall) use(v *judged, emit func(connectors.Person) bool) bool {
	if v.refused {
		p.roles.refuse(v.fold)
		return true
	}
	return emit(p.withRoles(v.Person, v.fold))
}

func (p *rollCall) withRoles(v connectors.Person, fold uint64) connectors.Person {
	v.Roles, v.Rehired = p.roles.of(fold)
	if p.gaps[fold] {
		v.Roles = nil
	}
	if len(v.Roles) > 0 {
		v.HistorySince = v.Roles[0].From
	}
	return v
}

// record is a row whose employee id, in lower case, other rows have too.
type record struct {
	connectors.Person
	fold     uint64
	folded   string
	contents string
}

// byLife puts the record first that is to be kept: one that HR does not call terminated, the one that ends last and
// started last; beyond that the contents alone decide, which are the same in every order of the file.
func byLife(a, b record) int {
	gone := func(v record) int {
		if v.Status == connectors.Terminated {
			return 1
		}
		return 0
	}
	end := func(v record) connectors.Date {
		if !v.End.Known() {
			return math.MaxInt32
		}
		return v.End
	}
	return cmp.Or(gone(a)-gone(b), cmp.Compare(end(b), end(a)), cmp.Compare(b.Start, a.Start), cmp.Compare(a.contents, b.contents))
}

// settle yields one of the records of each id that stands there more than once, and rejects the others.
func (p *rollCall) settle(r *rows, all []record, emit func(connectors.Person) bool) error {
	slices.SortStableFunc(all, func(a, b record) int { return cmp.Or(cmp.Compare(a.folded, b.folded), byLife(a, b)) })
	rejected := 0
	var kept *record
	for i := range all {
		v := &all[i]
		if kept != nil && kept.folded == v.folded {
			rejected++
			r.reject(v.From.Line, repeated(v, kept))
			continue
		}
		if kept = v; !emit(p.withRoles(v.Person, v.fold)) {
			return errStopped
		}
	}
	if rejected > 0 {
		p.trace.Note(connectors.People, fmt.Sprintf("%d rows repeat an employee id: of each, the record that ends and starts last counts", rejected))
	}
	return nil
}

// finish settles what was kept back, rejects the history of nobody, and ends the collections.
func (p *rollCall) finish(people *peopleAhead, past *rows, emit func(connectors.Person) bool) error {
	r := people.rows
	r.trace = p.trace // that of this goroutine again
	if err := p.settle(r, people.repeats, emit); err != nil {
		return err
	}
	if past != nil {
		p.strangers(past)
		if err := past.end(); err != nil {
			return err
		}
	}
	return r.end()
}
