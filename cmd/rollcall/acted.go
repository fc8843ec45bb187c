package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
)

// actedOn is an app that this process reads, and another changes.
type actedOn struct {
	connectors.App
	connectors.Getter
	id     connectors.AppID
	socket string
}

func (a actedOn) Disable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return a.ask(ctx, remediate.Action{Verb: remediate.Disable}, false, before)
}

func (a actedOn) Enable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return a.ask(ctx, remediate.Action{Verb: remediate.Disable}, true, before)
}

func (a actedOn) RemoveEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	return a.ask(ctx, remediate.Action{Verb: remediate.RemoveEntitlement, Entitlement: e}, false, before)
}

func (a actedOn) AddEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	return a.ask(ctx, remediate.Action{Verb: remediate.RemoveEntitlement, Entitlement: e}, true, before)
}

func (a actedOn) RevokeSessions(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return a.ask(ctx, remediate.Action{Verb: remediate.EndSessions}, false, before)
}

func (a actedOn) RevokeCredential(ctx context.Context, before connectors.Account, c connectors.CredentialID) (connectors.Receipt, error) {
	return a.ask(ctx, remediate.Action{Verb: remediate.RevokeCredential, Credential: c}, false, before)
}

func (a actedOn) Archive(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return a.ask(ctx, remediate.Action{Verb: remediate.Archive}, false, before)
}

func (a actedOn) Delete(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return a.ask(ctx, remediate.Action{Verb: remediate.Delete}, false, before)
}

// ask has the other process make a change. Where it cannot be reached nothing was changed, and it may be later.
func (a actedOn) ask(ctx context.Context, do remediate.Action, back bool, before connectors.Account) (r connectors.Receipt, err error) {
	do.App, do.Account = a.id, before.ID
	conn, err := new(net.Dialer).DialContext(ctx, "unix", a.socket)
	if err != nil {
		return r, fmt.Errorf("act: rollcall act does not answer on %s: %w: %w", a.socket, err, connectors.ErrTransient)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	w := newWire(conn)
	w.patience = takenWithin
	conn.SetReadDeadline(time.Now().Add(longestChange + takenWithin))
	if err := w.sendJSON(frameCall, changeCall{do, back, before}); err != nil {
		return r, fmt.Errorf("act: %w", err)
	}
	kind, b, err := w.receive()
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	var out changed
	if err == nil && kind == frameEnd {
		err = json.Unmarshal(b, &out)
	}
	switch {
	case err != nil || kind != frameEnd:
		return r, fmt.Errorf("act: rollcall act hung up; its log says why, a fresh read whether it was done: %w", err)
	case out.Error != "" && errorKinds[out.Kind] != nil:
		return r, fmt.Errorf("%w: %s", errorKinds[out.Kind], out.Error)
	case out.Error != "":
		return r, errors.New(out.Error)
	}
	return out.Receipt, nil
}
