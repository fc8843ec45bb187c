package scim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// Disable implements connectors.Disabler: active becomes false.
func (d disabler) Disable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	r, err := d.app.setActive(ctx, before.ID, false, d.app.vendor.spell(false))
	if err != nil {
		return r, fmt.Errorf("scim: disable account %q: %w", before.ID, err)
	}
	return r, nil
}

// Enable implements connectors.Disabler: active becomes true, written as the service wrote it before. Where it was not told,
// true is all that can be restored.
func (d disabler) Enable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	fail := func(r connectors.Receipt, err error) (connectors.Receipt, error) {
		return r, fmt.Errorf("scim: enable account %q: %w", before.ID, err)
	}
	s, err := readState(before)
	if err != nil {
		return fail(connectors.Receipt{}, err)
	}
	as := d.app.vendor.spell(true)
	var was flag
	if len(s.Active) > 0 && was.UnmarshalJSON(s.Active) == nil && was.known && was.value {
		as = s.Active
	}
	r, err := d.app.setActive(ctx, before.ID, true, as)
	if err != nil {
		return fail(r, err)
	}
	return r, nil
}

// spell writes a value of active.
func (v vendor) spell(active bool) json.RawMessage {
	switch {
	case v.textActive && active:
		return json.RawMessage(`"True"`)
	case v.textActive:
		return json.RawMessage(`"False"`)
	case active:
		return json.RawMessage(`true`)
	}
	return json.RawMessage(`false`)
}

// setActive makes a user active or not, unless it is so. The user is read first: for that, for its version, and for a PUT.
func (a *App) setActive(ctx context.Context, account connectors.AccountID, want bool, as json.RawMessage) (connectors.Receipt, error) {
	var none connectors.Receipt
	id := string(account)
	if id == "" {
		return none, fmt.Errorf("the id is empty: %w", connectors.ErrNotFound)
	}
	srv, err := a.discover(ctx, unheard{})
	if err != nil {
		return none, err
	}
	u, err := srv.read(ctx, "/Users/"+url.PathEscape(id), id)
	if err != nil {
		return none, err
	}
	if u.active.known && u.active.value == want {
		return u.res.Receipt(false), nil
	}
	res, err := srv.sendActive(ctx, u, as)
	if err != nil {
		return srv.lostAndFound(ctx, u, want, err)
	}
	_, err = answer(res, id)
	return res.Receipt(true), err
}

// sendActive asks by PATCH or, where the service has none, by PUT.
func (s *server) sendActive(ctx context.Context, u stored, as json.RawMessage) (*httpx.Response, error) {
	if s.patch != connectors.No {
		// An absolute value: done twice, it is as done once, so that it may follow a lost answer.
		o := operation{Op: s.app.vendor.op("replace"), Path: "active", Value: as}
		res, err := s.app.client.Send(ctx, u.patched(o, httpx.Always))
		if status, _ := statusOf(err); s.patch == connectors.Yes || !unknownMethod(status) {
			return res, err
		}
	}
	// The whole user as it was read, so that nothing the service told is lost; what it never tells, such as a password, is
	// for the service to keep (RFC 7643 §2.2 writeOnly, RFC 7644 §3.5.1). Sent again later, it would take back what somebody
	// else changed meanwhile, unless If-Match forbids it.
	body, err := withActive(u.raw, as)
	if err != nil {
		return nil, err
	}
	repeat := httpx.Never
	if u.version != "" {
		repeat = httpx.Always
	}
	return s.app.client.Send(ctx, httpx.Write{Method: http.MethodPut, Ref: u.path, ContentType: contentType, Body: body,
		IfMatch: u.version, Repeat: repeat})
}

// lostAndFound judges a change that failed. Where its answer was lost, or If-Match forbade a second try after one that may well
// have been what changed the user, another reading tells.
func (s *server) lostAndFound(ctx context.Context, u stored, want bool, err error) (connectors.Receipt, error) {
	status, tries := statusOf(err)
	if mayBeDone(err) || overtaken(status) && tries > 1 {
		if now, failed := s.read(ctx, u.path, u.id); failed == nil && now.active.known && now.active.value == want {
			return now.res.Receipt(true), nil
		}
	}
	return connectors.Receipt{}, refusal(err)
}

// withActive is a user with another value of active; every other byte stays.
func withActive(raw []byte, as json.RawMessage) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("the user is not a JSON object")
	}
	var out []byte
	open, done, members := dec.InputOffset(), int64(0), 0
	for ; dec.More(); members++ {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, err
		}
		if strings.EqualFold(name.(string), "active") { // RFC 7643 §2.1
			end := dec.InputOffset()
			out = append(append(out, raw[done:end-int64(len(v))]...), as...)
			done = end
		}
	}
	if done > 0 {
		return append(out, raw[done:]...), nil
	}
	out = append(append(append(out, raw[:open]...), `"active":`...), as...)
	if members > 0 {
		out = append(out, ',')
	}
	return append(out, raw[open:]...), nil
}
