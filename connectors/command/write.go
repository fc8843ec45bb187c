package command

import (
	"context"
	"errors"
	"fmt"
	"io"

	"rollcall/connectors"
)

// able is the app with the abilities for which there are programs.
func (a *App) able() connectors.App {
	if len(a.programs[doRead]) == 0 {
		return a
	}
	g := reads{a}
	d, e, s, c := disabler{a}, remover{a}, sessions{a}, credentials{a}
	switch [4]bool{a.has(doDisable), a.has(doRemoveEntitlement), a.has(doRevokeSessions), a.has(doRevokeCredential)} {
	case [4]bool{true, true, true, true}:
		return struct {
			reads
			disabler
			remover
			sessions
			credentials
		}{g, d, e, s, c}
	case [4]bool{true, true, true, false}:
		return struct {
			reads
			disabler
			remover
			sessions
		}{g, d, e, s}
	case [4]bool{true, true, false, true}:
		return struct {
			reads
			disabler
			remover
			credentials
		}{g, d, e, c}
	case [4]bool{true, true, false, false}:
		return struct {
			reads
			disabler
			remover
		}{g, d, e}
	case [4]bool{true, false, true, true}:
		return struct {
			reads
			disabler
			sessions
			credentials
		}{g, d, s, c}
	case [4]bool{true, false, true, false}:
		return struct {
			reads
			disabler
			sessions
		}{g, d, s}
	case [4]bool{true, false, false, true}:
		return struct {
			reads
			disabler
			credentials
		}{g, d, c}
	case [4]bool{true, false, false, false}:
		return struct {
			reads
			disabler
		}{g, d}
	case [4]bool{false, true, true, true}:
		return struct {
			reads
			remover
			sessions
			credentials
		}{g, e, s, c}
	case [4]bool{false, true, true, false}:
		return struct {
			reads
			remover
			sessions
		}{g, e, s}
	case [4]bool{false, true, false, true}:
		return struct {
			reads
			remover
			credentials
		}{g, e, c}
	case [4]bool{false, true, false, false}:
		return struct {
			reads
			remover
		}{g, e}
	case [4]bool{false, false, true, true}:
		return struct {
			reads
			sessions
			credentials
		}{g, s, c}
	case [4]bool{false, false, true, false}:
		return struct {
			reads
			sessions
		}{g, s}
	case [4]bool{false, false, false, true}:
		return struct {
			reads
			credentials
		}{g, c}
	}
	return g
}

func (a *App) has(do string) bool { return len(a.programs[do]) > 0 }

// The abilities, each by itself.
type (
	reads       struct{ *App }
	disabler    struct{ app *App }
	remover     struct{ app *App }
	sessions    struct{ app *App }
	credentials struct{ app *App }
)

// Account implements connectors.Getter: a list of one.
func (r reads) Account(ctx context.Context, id connectors.AccountID) (connectors.Account, error) {
	var found []connectors.Account
	why := &rejections{}
	err := r.list(ctx, r.programs[doRead], input{Do: doRead, Account: &inputAccount{ID: string(id)}}, why, func(acc connectors.Account) bool {
		found = append(found, acc)
		return len(found) < 2
	})
	switch {
	case err == errStopped:
		err = errors.New("the program gives more than the account that was asked for")
	case err == nil && len(found) == 0 && why.first != nil:
		err = why.first
	case err == nil && len(found) == 0:
		err = fmt.Errorf("the program gives no such account: %w", connectors.ErrNotFound)
	case err == nil && found[0].ID != id:
		err = fmt.Errorf("the program gives the account %q instead", found[0].ID)
	}
	if err != nil {
		return connectors.Account{}, fmt.Errorf("command: account %q: %w", id, err)
	}
	return found[0], nil
}

// Disable implements connectors.Disabler.
func (d disabler) Disable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return d.app.do(ctx, input{Do: doDisable, Account: about(before)})
}

// Enable implements connectors.Disabler.
func (d disabler) Enable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return d.app.do(ctx, input{Do: doEnable, Account: about(before)})
}

// RemoveEntitlement implements connectors.EntitlementRemover.
func (r remover) RemoveEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	return r.app.do(ctx, input{Do: doRemoveEntitlement, Account: about(before), Entitlement: string(e)})
}

// AddEntitlement implements connectors.EntitlementRemover.
func (r remover) AddEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	return r.app.do(ctx, input{Do: doAddEntitlement, Account: about(before), Entitlement: string(e)})
}

// RevokeSessions implements connectors.SessionRevoker.
func (s sessions) RevokeSessions(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return s.app.do(ctx, input{Do: doRevokeSessions, Account: about(before)})
}

// RevokeCredential implements connectors.CredentialRevoker.
func (c credentials) RevokeCredential(ctx context.Context, before connectors.Account, id connectors.CredentialID) (connectors.Receipt, error) {
	return c.app.do(ctx, input{Do: doRevokeCredential, Account: about(before), Credential: string(id)})
}

// do runs a program that changes something, and reads its answer.
func (a *App) do(ctx context.Context, in input) (connectors.Receipt, error) {
	var done doneLine
	err := a.answer(ctx, in, typeDone, &done)
	if err == nil && done.Changed == nil {
		err = errors.New(`its answer does not say whether anything was changed ("changed")`)
	}
	if err != nil {
		return connectors.Receipt{}, fmt.Errorf("command: %s account %q: %w", in.Do, in.Account.ID, err)
	}
	return connectors.Receipt{RequestID: done.RequestID, Changed: *done.Changed}, nil
}

// answer runs a program that prints one line.
func (a *App) answer(ctx context.Context, in input, want string, to any) error {
	p, err := a.run(ctx, a.programs[in.Do], in)
	if err != nil {
		return err
	}
	line, err := p.line()
	if err == io.EOF {
		if err := p.end(); err != nil {
			return err
		}
		return p.told(errors.New("it prints no answer"))
	}
	if err != nil {
		return err
	}
	if err := only(line, want, to); err != nil {
		return p.broken(fmt.Errorf("line 1: %w", err))
	}
	return p.end()
}

// rejections keeps why a row was left out. It is the Trace of a read that is not part of a pull.
type rejections struct{ first error }

func (*rejections) Page(connectors.Collection, connectors.Page) {}
func (*rejections) Total(connectors.Collection, int)            {}
func (*rejections) End(connectors.Collection)                   {}
func (*rejections) Note(connectors.Collection, string)          {}

func (r *rejections) Reject(_ connectors.Collection, _ connectors.Where, err error) {
	if r.first == nil {
		r.first = err
	}
}

// Preflight implements connectors.Preflighter: all programs must be there, and safe to run; what else is lacking, the program
// check says.
func (a *App) Preflight(ctx context.Context) (connectors.Preflight, error) {
	var out connectors.Preflight
	for _, do := range []string{doList, doRead, doCheck, doDisable, doEnable, doRemoveEntitlement, doAddEntitlement, doRevokeSessions, doRevokeCredential} {
		if !a.has(do) {
			continue
		}
		if err := executable(a.path(a.programs[do][0])); err != nil {
			out.Problems = append(out.Problems, connectors.Problem{Lacks: "the program " + do, So: "it would not be run", Fix: err.Error(), Writing: do != doList})
		}
	}
	if !a.has(doCheck) || len(out.Problems) > 0 {
		return out, nil
	}
	var c checkLine
	if err := a.answer(ctx, input{Do: doCheck}, typeCheck, &c); err != nil {
		return connectors.Preflight{}, fmt.Errorf("command: check: %w", err)
	}
	out.Identity, out.Proved = c.Identity, c.Proved
	for _, p := range c.Problems {
		out.Problems = append(out.Problems, connectors.Problem{Lacks: p.Lacks, So: p.So, Fix: p.Fix, Writing: p.Writing})
	}
	return out, nil
}
