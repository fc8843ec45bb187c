package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"slices"

	"rollcall/connectors"
)

// Accounts implements connectors.App. The accounts stream; of each, eight bytes are kept, to know one that comes again.
func (a *App) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	return func(yield func(connectors.Account, error) bool) {
		err := a.list(ctx, a.programs[doList], input{Do: doList}, t, func(acc connectors.Account) bool { return yield(acc, nil) })
		if err != nil && err != errStopped {
			yield(connectors.Account{}, fmt.Errorf("command: %w", err))
		}
	}
}

// list runs a program that prints accounts.
func (a *App) list(ctx context.Context, argv []string, in input, t connectors.Trace, yield func(connectors.Account) bool) error {
	p, err := a.run(ctx, argv, in)
	if err != nil {
		return err
	}
	l := &listing{process: p, trace: t, yield: yield, seed: maphash.MakeSeed(), seen: map[uint64]struct{}{}}
	if err := l.read(); err != nil {
		return err
	}
	if err := p.end(); err != nil {
		return err
	}
	t.Page(connectors.Accounts, p.page(p.name))
	if l.dropped {
		t.Note(connectors.Accounts, "the program tells facts that reports does not name: they were left out")
	}
	t.End(connectors.Accounts)
	return nil
}

// listing is one list as it is printed.
type listing struct {
	*process
	trace   connectors.Trace
	yield   func(connectors.Account) bool
	seed    maphash.Seed
	seen    map[uint64]struct{} // hashes of ids
	rows    int
	dropped bool
}

var errNoEnd = errors.New(`the output ends without a line of type "end": the list is not whole`)

// read reads to the line of type "end".
func (l *listing) read() error {
	if err := l.header(); err != nil {
		return err
	}
	for {
		line, err := l.line()
		switch {
		case err == io.EOF:
			return l.noEnd()
		case err != nil:
			return err
		}
		done, err := l.take(line)
		switch {
		case err == errStopped:
			l.stop()
			return err
		case err != nil:
			return l.broken(fmt.Errorf("line %d: %w", l.count, err))
		case done:
			return nil
		}
	}
}

// noEnd is an output that is over too early; why, the program's end may say.
func (l *listing) noEnd() error {
	if err := l.end(); err != nil {
		return err
	}
	return l.told(errNoEnd)
}

func (l *listing) header() error {
	line, err := l.line()
	if err == io.EOF {
		return l.noEnd()
	}
	if err != nil {
		return err
	}
	var h headerLine
	if err := only(line, typeHeader, &h); err != nil {
		return l.broken(fmt.Errorf("line 1: %w", err))
	}
	if h.Rollcall != version {
		return l.broken(fmt.Errorf("line 1: the schema has version %d; want \"rollcall\":%d", h.Rollcall, version))
	}
	for _, s := range l.app.reports {
		if !slices.Contains(h.Signals, s) {
			return l.broken(fmt.Errorf("line 1: reports names %q, and the program does not list it among its signals: it would be read as never", s))
		}
	}
	for _, s := range h.Signals {
		if !slices.Contains(signals, s) {
			return l.broken(fmt.Errorf("line 1: the signal %q is not known; want some of %v", s, signals))
		}
	}
	return nil
}

// take reads one line after the header; true: it was the last.
func (l *listing) take(line []byte) (bool, error) {
	is, err := typeOf(line)
	if err != nil {
		return false, err
	}
	switch is {
	case typeAccount:
		return false, l.account(line)
	case typeReject:
		var r rejectLine
		if err := strict(line, &r); err != nil {
			return false, err
		}
		l.rows++
		why := fmt.Errorf("the program says: %s", r.Reason)
		if r.ID != "" {
			why = &connectors.RejectedRow{Err: why, Account: connectors.AccountID(r.ID)}
		}
		l.trace.Reject(connectors.Accounts, l.where(), why)
	case typeNote:
		var n noteLine
		if err := strict(line, &n); err != nil {
			return false, err
		}
		l.trace.Note(connectors.Accounts, n.Text)
	case typeEnd:
		var e endLine
		if err := strict(line, &e); err != nil {
			return false, err
		}
		if e.Accounts == nil || *e.Accounts != l.rows {
			return false, fmt.Errorf("it says how many accounts and rejects there were, and %d were seen: the list is not whole", l.rows)
		}
		l.trace.Total(connectors.Accounts, l.rows)
		return true, nil
	default:
		return false, fmt.Errorf("its type is %q; want account, reject, note or end", is)
	}
	return false, nil
}

func (l *listing) where() connectors.Where { return connectors.Where{Source: l.name, Line: l.count} }

func (l *listing) account(line []byte) error {
	acc, dropped, err := l.app.account(line, l.where())
	if err != nil {
		return err
	}
	h := maphash.String(l.seed, string(acc.ID))
	if _, again := l.seen[h]; again {
		return fmt.Errorf("account %q comes a second time", acc.ID)
	}
	l.seen[h] = struct{}{}
	l.rows++
	l.dropped = l.dropped || dropped
	if err := l.ctx.Err(); err != nil {
		return err
	}
	if !l.yield(acc) {
		return errStopped
	}
	return nil
}

// input is what a program is given on standard input.
type input struct {
	Rollcall    int           `json:"rollcall"`
	Do          string        `json:"do"`
	Account     *inputAccount `json:"account,omitempty"`
	Entitlement string        `json:"entitlement,omitempty"`
	Credential  string        `json:"credential,omitempty"`
}

type inputAccount struct {
	ID       string          `json:"id"`
	Username string          `json:"username,omitempty"`
	Email    string          `json:"email,omitempty"`
	Enabled  *bool           `json:"enabled,omitempty"`
	State    json.RawMessage `json:"state,omitempty"`
}

func about(acc connectors.Account) *inputAccount {
	out := &inputAccount{ID: string(acc.ID), Username: acc.Username, Email: acc.Email, State: acc.State}
	if acc.Enabled != connectors.Unknown {
		on := acc.Enabled == connectors.Yes
		out.Enabled = &on
	}
	return out
}

// run starts a program with its input; marks among its arguments become ids.
func (a *App) run(ctx context.Context, argv []string, in input) (*process, error) {
	in.Rollcall = version
	text, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	argv = slices.Clone(argv)
	for i, arg := range argv {
		switch arg {
		case accountMark:
			argv[i] = in.Account.ID
		case entitlementMark:
			argv[i] = in.Entitlement
		case credentialMark:
			argv[i] = in.Credential
		default:
			continue
		}
		if err := argument(argv[i]); err != nil {
			return nil, err
		}
	}
	return a.start(ctx, argv, append(text, '\n'))
}

// argument refuses an id that a program would take for an option.
func argument(id string) error {
	for i := range id {
		if id[i] == 0 {
			return fmt.Errorf("%w: the id %q cannot be an argument: let the program read it from standard input", connectors.ErrForbidden, id)
		}
	}
	if id == "" || id[0] == '-' {
		return fmt.Errorf("%w: the id %q might be taken for an option: let the program read it from standard input instead of as an argument", connectors.ErrForbidden, id)
	}
	return nil
}
