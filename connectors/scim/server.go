package scim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// server is a SCIM service of which it is known how it pages, and how it is written to.
type server struct {
	app      *App
	cursors  bool // RFC 9865 is offered
	pageSize int
	patch    connectors.Tri // PATCH is offered
	etags    bool           // If-Match is heeded
}

// discover asks what the server can do. Many have no ServiceProviderConfig, or keep it to themselves: they then page by
// index, and if the token is what is wrong, the first list says so.
func (a *App) discover(ctx context.Context, t connectors.Trace) (*server, error) {
	s := &server{app: a, pageSize: a.pageSize}
	if a.vendor.noPatch {
		s.patch = connectors.No
	}
	res, err := a.client.Get(ctx, "/ServiceProviderConfig")
	if errors.Is(err, connectors.ErrNotFound) || errors.Is(err, connectors.ErrForbidden) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	t.Page(connectors.Accounts, res.Page)
	var conf struct {
		Pagination struct {
			Cursor      flag
			MaxPageSize int
		}
		Patch, ETag offer
	}
	if err := json.Unmarshal(res.Body, &conf); err != nil {
		return nil, notSCIM(res, err)
	}
	s.cursors = conf.Pagination.Cursor.value
	s.etags = conf.ETag.value
	if conf.Patch.known && !a.vendor.noPatch {
		s.patch = connectors.Is(conf.Patch.value)
	}
	if most := conf.Pagination.MaxPageSize; most > 0 {
		s.pageSize = min(s.pageSize, most)
	}
	return s, nil
}

// offer is what a ServiceProviderConfig says of a feature. What cannot be read is not known: a pull does without.
type offer flag

func (o *offer) UnmarshalJSON(b []byte) error {
	var said struct{ Supported flag }
	if json.Unmarshal(b, &said) == nil {
		*o = offer(said.Supported)
	}
	return nil
}

// page is a ListResponse.
type page struct {
	total      int  // -1 = not told
	startIndex bool // is told
	next       string
	resources  []resource
}

// resource is a user or a group, not yet understood.
type resource struct {
	raw json.RawMessage
	id  string // empty if it has none
}

// key tells resources apart: by id, or by all they say where they have none.
func (r resource) key() string {
	if r.id != "" {
		return "id " + r.id
	}
	return "raw " + string(r.raw)
}

func resourceID(raw json.RawMessage) string {
	var r struct{ ID text }
	if json.Unmarshal(raw, &r) != nil {
		return ""
	}
	return string(r.ID)
}

// fetch reads one page of a list.
func (s *server) fetch(ctx context.Context, t connectors.Trace, c connectors.Collection, ref string) (page, error) {
	res, err := s.app.client.Get(ctx, ref)
	if err != nil {
		return page{}, cursorLost(err)
	}
	t.Page(c, res.Page)
	var list struct {
		TotalResults *int
		StartIndex   *int
		NextCursor   string
		Resources    []json.RawMessage
	}
	if err := json.Unmarshal(res.Body, &list); err != nil {
		return page{}, notSCIM(res, err)
	}
	if list.TotalResults == nil && list.Resources == nil {
		return page{}, notSCIM(res, errors.New("neither totalResults nor Resources"))
	}
	p := page{total: -1, startIndex: list.StartIndex != nil, next: list.NextCursor}
	for _, raw := range list.Resources {
		p.resources = append(p.resources, resource{raw, resourceID(raw)})
	}
	if list.TotalResults != nil {
		if p.total = *list.TotalResults; p.total < 0 {
			return page{}, notSCIM(res, fmt.Errorf("totalResults is %d", p.total))
		}
	}
	return p, nil
}

func notSCIM(res *httpx.Response, err error) error {
	return fmt.Errorf("%s: the answer is not the SCIM one (%w) but %s; check that url is that of the SCIM service",
		res.Page.Request, err, short(res.Body))
}

// cursorLost finds the errors of RFC 9865 after which a list must be read from its start.
func cursorLost(err error) error {
	var e *httpx.Error
	if !errors.As(err, &e) || e.Status != 400 {
		return err
	}
	var said struct{ ScimType string }
	if json.Unmarshal(e.Body, &said) != nil {
		return err
	}
	if strings.EqualFold(said.ScimType, "invalidCursor") || strings.EqualFold(said.ScimType, "expiredCursor") {
		return fmt.Errorf("%w: %w", errUnsteady, err)
	}
	return err
}
