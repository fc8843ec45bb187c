package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"sync"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Played is a sealed run that is replayed.
type Played struct {
	// Input is what the run read: settings, sources and history. The policy is the caller's to read, from the file that
	// Policy.File names for people; so are workers, clock and sinks.
	Input scanner.Input

	player *player
}

// Err tells what was wrong with the sealed files, once they were read: to the scan, a damaged file is a source that failed.
func (p *Played) Err() error { return p.player.err() }

// Replay opens what a run sealed. Identities open files that are encrypted.
func Replay(open Open, identities Identities) (*Played, error) {
	set, err := readSettings(open)
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	p := &player{open: open, identities: identities}
	in := scanner.Input{AsOf: set.AsOf, Domains: set.Domains, Guard: scanner.RosterGuard(set.Guard), Policy: &scanner.Policy{File: set.PolicyFile}}
	if in.Roster, err = openSource(p, rosterName, (*line).person); err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	for _, a := range set.Apps {
		src, err := openSource(p, string(a.ID), (*line).account)
		if err != nil {
			return nil, fmt.Errorf("replay: %w", err)
		}
		in.Apps = append(in.Apps, scanner.App{ID: a.ID, Title: a.Title, Owner: a.Owner, Source: src,
			SuspendOnLeave: a.SuspendOnLeave, SingleSignOn: a.SingleSignOn, Privileged: a.Privileged})
	}
	if in.History, err = readMemory(p, in.Apps); err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	return &Played{in, p}, nil
}

// player reads sealed files.
type player struct {
	open       Open
	identities Identities

	mu      sync.Mutex
	damages []error
}

func (p *player) damaged(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.damages = append(p.damages, err)
	return err
}

func (p *player) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(p.damages...)
}

// reader opens a sealed file and reads its header.
func (p *player) reader(name string) (*reader, *header, error) {
	in, err := p.open(name + compressed)
	secret := errors.Is(err, fs.ErrNotExist)
	if secret {
		if in, err = p.open(name + compressed + encrypted); errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("%s%s is missing: %w", name, compressed, err)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	r, err := newReader(in, p.identities, secret)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	var h header
	if !r.Scan() {
		err = errors.Join(r.Err(), h.check())
	} else if err = json.Unmarshal(r.Bytes(), &h); err == nil {
		err = h.check()
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", name, err), r.close())
	}
	return r, &h, nil
}

// line is any line of a sealed source: one of its fields is there.
type line struct {
	Person  *person                `json:"person"`
	Account *account               `json:"account"`
	Page    *pageLine              `json:"page"`
	Reject  *rejectLine            `json:"reject"`
	Total   *totalLine             `json:"total"`
	End     *connectors.Collection `json:"end"`
	Note    *noteLine              `json:"note"`
	Error   *string                `json:"error"`
}

func (l *line) person() (p connectors.Person, ok bool) {
	if l.Person == nil {
		return p, false
	}
	return l.Person.value(), true
}

func (l *line) account() (a connectors.Account, ok bool) {
	if l.Account == nil {
		return a, false
	}
	return l.Account.value(), true
}

// source is a sealed source: of people or of accounts.
type source[T any] struct {
	player *player
	name   string
	info   connectors.Info
	row    func(*line) (T, bool)
}

func openSource[T any](p *player, name string, row func(*line) (T, bool)) (*source[T], error) {
	r, h, err := p.reader(sourceName(name))
	if err != nil {
		return nil, err
	}
	s := &source[T]{player: p, name: sourceName(name), row: row}
	if h.Info != nil {
		s.info = h.Info.value()
	}
	return s, r.close()
}

// Info is what the source said of itself.
func (s *source[T]) Info() connectors.Info { return s.info }

// People implements connectors.Roster for a source of people.
func (s *source[T]) People(ctx context.Context, t connectors.Trace) iter.Seq2[T, error] {
	return s.rows(ctx, t)
}

// Accounts implements connectors.App for a source of accounts.
func (s *source[T]) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[T, error] {
	return s.rows(ctx, t)
}

func (s *source[T]) rows(ctx context.Context, t connectors.Trace) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if err := s.play(ctx, t, yield); err != nil {
			var none T
			yield(none, err)
		}
	}
}

// play yields the rows and tells the rest, and returns what ended the pull: the source's own error, or a damaged file.
func (s *source[T]) play(ctx context.Context, t connectors.Trace, yield func(T, error) bool) error {
	r, _, err := s.player.reader(s.name)
	if err != nil {
		return s.player.damaged(err)
	}
	defer r.close()
	for n := 2; r.Scan(); n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		var l line
		if err := json.Unmarshal(r.Bytes(), &l); err != nil {
			return s.player.damaged(fmt.Errorf("%s, line %d: %w", s.name, n, err))
		}
		if row, ok := s.row(&l); ok {
			if !yield(row, nil) {
				return nil
			}
			continue
		}
		if l.Error != nil {
			return errors.New(*l.Error)
		}
		if !l.tell(t) {
			return s.player.damaged(fmt.Errorf("%s, line %d is none that this version knows", s.name, n))
		}
	}
	if err := r.Err(); err != nil {
		return s.player.damaged(fmt.Errorf("%s: %w", s.name, err))
	}
	return nil
}

// tell repeats what the source said of its pull.
func (l *line) tell(t connectors.Trace) bool {
	switch {
	case l.Page != nil:
		t.Page(l.Page.Of, l.Page.value())
	case l.Reject != nil:
		t.Reject(l.Reject.Of, connectors.Where{Source: l.Reject.Source, Line: l.Reject.Line}, l.Reject.err())
	case l.Total != nil:
		t.Total(l.Total.Of, l.Total.Count)
	case l.End != nil:
		t.End(*l.End)
	case l.Note != nil:
		t.Note(l.Note.Of, l.Note.Text)
	default:
		return false
	}
	return true
}
