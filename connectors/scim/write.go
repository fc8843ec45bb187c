package scim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

const contentType = "application/scim+json" // RFC 7644 §3.1

// operation is one of a PATCH (RFC 7644 §3.5.2).
type operation struct {
	Op    string          `json:"op"`
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value,omitempty"`
}

func patchBody(o operation) []byte {
	b, err := json.Marshal(struct {
		Schemas    []string    `json:"schemas"`
		Operations []operation `json:"Operations"`
	}{[]string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, []operation{o}})
	if err != nil {
		panic(err) // a value that is no JSON: those sent are made here
	}
	return b
}

// op writes the name of an operation as the vendor does.
func (v vendor) op(name string) string {
	if v.capitalOps {
		return string(name[0]-'a'+'A') + name[1:]
	}
	return name
}

// stored is a user or a group as the service has it now, read to be changed.
type stored struct {
	path    string
	raw     []byte
	id      string
	version string // for If-Match; empty where the service does not heed it
	active  flag
	members *values // nil: not told
	res     *httpx.Response
}

// read reads one resource, which must be the one asked for.
func (s *server) read(ctx context.Context, path, id string) (stored, error) {
	res, err := s.app.client.Get(ctx, path)
	if err != nil {
		return stored{}, err
	}
	var r struct {
		ID      text
		Active  flag
		Members *values
		Meta    struct{ Version text }
	}
	if err := json.Unmarshal(res.Body, &r); err != nil {
		return stored{}, notSCIM(res, err)
	}
	if string(r.ID) != id {
		return stored{}, fmt.Errorf("asked for %q, the server answered with %q", id, r.ID)
	}
	out := stored{path: path, raw: res.Body, id: id, active: r.Active, members: r.Members, res: res}
	if s.etags { // RFC 7644 §3.14
		if out.version = res.Header.Get("ETag"); out.version == "" {
			out.version = string(r.Meta.Version)
		}
	}
	return out, nil
}

// patched is the PATCH of a resource that was read.
func (r stored) patched(o operation, repeat httpx.Repeat) httpx.Write {
	return httpx.Write{Method: http.MethodPatch, Ref: r.path, ContentType: contentType, Body: patchBody(o), IfMatch: r.version, Repeat: repeat}
}

// answer is what a service says it made of a resource. It is believed only where it tells of damage: that the change was
// made, a fresh read must show.
func answer(res *httpx.Response, id string) (members *values, err error) {
	if len(bytes.TrimSpace(res.Body)) == 0 {
		return nil, nil // 204, RFC 7644 §3.5.2
	}
	var r struct {
		ID      text
		Members *values
	}
	switch err := json.Unmarshal(res.Body, &r); {
	case err != nil:
		return nil, fmt.Errorf("%w; whether the change was made is not known", notSCIM(res, err))
	case r.ID != "" && string(r.ID) != id:
		return nil, fmt.Errorf("%s: the server answered with %q: look at both", res.Page.Request, r.ID)
	}
	return r.Members, nil
}

// refusal gives a service's no its class, where it is known that nothing was changed.
func refusal(err error) error {
	var e *httpx.Error
	switch {
	case !errors.As(err, &e) || e.Class != nil || e.MayBeDone:
		return err
	case overtaken(e.Status):
		return fmt.Errorf("it was changed in between, and nothing was done: %w: %w", connectors.ErrTransient, err)
	case e.Status != 0:
		return fmt.Errorf("the service refuses: %w: %w", connectors.ErrForbidden, err)
	}
	return err
}

// overtaken statuses say that the resource is not as it was when it was read: 412 where If-Match is heeded, and 409, which
// RFC 7644 §3.12 has for a version that does not match.
func overtaken(status int) bool {
	return status == http.StatusPreconditionFailed || status == http.StatusConflict
}

// unknownMethod statuses are how a service says that it has no PATCH: 501 by RFC 7644 §3.12, 405 by RFC 9110.
func unknownMethod(status int) bool {
	return status == http.StatusNotImplemented || status == http.StatusMethodNotAllowed
}

// statusOf is the status of the last answer, and how often the request was sent.
func statusOf(err error) (status, tries int) {
	var e *httpx.Error
	if errors.As(err, &e) {
		return e.Status, e.Tries
	}
	return 0, 0
}

// mayBeDone tells whether a change that failed may have been carried out all the same.
func mayBeDone(err error) bool {
	var e *httpx.Error
	return errors.As(err, &e) && e.MayBeDone
}
