package table

import (
	"cmp"
	"context"

	"rollcall/connectors"
)

// peopleAhead reads the rows of the roster in a goroutine of its own, while the job history is read and while the
// consumer has the people before: where there are two processors, the roster takes two thirds of the time. What it has to
// tell the trace, it leaves in the batches, since a trace is for one goroutine.
type peopleAhead struct {
	*roster
	batches chan *peopleBatch // closed at the end; the fields below are the goroutine's until then
	used    chan *peopleBatch // to be filled again
	cancel  context.CancelFunc

	rows       *rows
	err        error
	repeats    []record // of ids that stand there more than once
	hash       hasher
	status     words[connectors.WorkStatus]
	employment words[connectors.Employment]
	ids        index
	census     census
	shared     *texts // departments, titles, roles
	text       []byte
	batch      *peopleBatch
}

const (
	batchRows = 128
	batches   = 32 // enough for neither side to wait long for the other, and little memory
)

// readAhead starts to read. The caller takes the batches, gives them back, and calls stop.
func (s *roster) readAhead(ctx context.Context, h hasher) *peopleAhead {
	ctx, cancel := context.WithCancel(ctx)
	p := &peopleAhead{roster: s, batches: make(chan *peopleBatch, batches), used: make(chan *peopleBatch, batches), cancel: cancel,
		hash: h, status: s.status.reader(), employment: s.employment.reader(), shared: newTexts(), batch: &peopleBatch{}}
	p.hash.fold = nil
	for range batches - 1 {
		p.used <- &peopleBatch{}
	}
	go func() {
		defer close(p.batches)
		if p.err = p.read(ctx); p.batch != nil {
			p.batches <- p.batch
		}
	}()
	return p
}

// stop waits until the goroutine has ended.
func (p *peopleAhead) stop() {
	p.cancel()
	for range p.batches {
	}
}

func (p *peopleAhead) read(ctx context.Context) error {
	if err := p.census.take(ctx, p.people, perID, &p.hash, &p.ids); err != nil {
		return err
	}
	r, err := p.people.open(ctx, p.batch)
	if err != nil {
		return err
	}
	defer r.close()
	p.rows = r
	for {
		ok, err := r.next()
		if err != nil {
			return err
		}
		if !ok {
			return p.census.check(r)
		}
		if err := p.person(r); err != nil {
			return err
		}
		if len(p.batch.people) == batchRows {
			if err := p.turn(ctx); err != nil {
				return err
			}
		}
	}
}

// turn hands on the batch and takes another.
func (p *peopleAhead) turn(ctx context.Context) error {
	p.batches <- p.batch // there is room for all
	p.batch = nil
	select {
	case p.batch = <-p.used:
		p.batch.clear()
		p.rows.trace = p.batch
		return nil
	case <-ctx.Done():
		return p.rows.cancelled()
	}
}

// person judges one row.
func (p *peopleAhead) person(r *rows) error {
	v := p.batch.more()
	v.Person = connectors.Person{Status: wordCell(r, perStatus, &p.status), Employment: wordCell(r, perEmployment, &p.employment),
		Start: r.date(perStart), End: r.date(perEnd), LeaveStart: r.date(perLeaveStart), LeaveEnd: r.date(perLeaveEnd), From: r.where()}
	id := r.idCell(perID)
	p.texts(r, &v.Person)
	if len(id) == 0 {
		p.batch.drop()
		r.reject(r.record.Line, cmp.Or(r.fault, errNoID))
		return nil
	}
	v.fold = p.hash.folded(id)
	if r.fault != nil {
		v.refused = true
		r.reject(r.record.Line, ofPerson(r, v.Person))
		return nil
	}
	_, repeated, err := p.census.at(r, v.fold, &p.ids)
	if err != nil || repeated {
		p.batch.drop()
	}
	if repeated {
		p.repeats = append(p.repeats, record{v.Person, v.fold, foldWord(string(v.ID)), r.contents()})
	}
	return err
}

// texts fills in the strings: a person's own are parts of one, those that many people share are kept once.
func (p *peopleAhead) texts(r *rows, v *connectors.Person) {
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
	v.Department, v.Title, v.Role = p.shared.shared(r.cell(perDepartment)), p.shared.shared(r.cell(perTitle)), p.shared.shared(r.cell(perRole))
}
