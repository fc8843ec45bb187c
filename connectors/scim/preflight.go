package scim

import (
	"context"
	"errors"
	"fmt"

	"rollcall/connectors"
)

var _ connectors.Preflighter = (*App)(nil)

// Preflight implements connectors.Preflighter. SCIM has no call that tells who is asking (RFC 7644 §3.11 has /Me, for users, and
// few know it), and none that tells whether a change would be allowed; it is one user and one group that are asked for.
func (a *App) Preflight(ctx context.Context) (connectors.Preflight, error) {
	var out connectors.Preflight
	srv, err := a.discover(ctx, unheard{})
	if err != nil {
		return out, fmt.Errorf("scim: %w", err)
	}
	lists := []string{"/Users"}
	if a.groups {
		lists = append(lists, "/Groups")
	}
	for _, path := range lists {
		p, err := srv.fetch(ctx, unheard{}, connectors.Accounts, path+"?startIndex=1&count=1")
		if errors.Is(err, connectors.ErrForbidden) || errors.Is(err, connectors.ErrNotFound) {
			out.Problems = append(out.Problems, connectors.Problem{Lacks: "the permission to list " + path[1:],
				So: "the pull would fail", Fix: fmt.Sprintf("give it to the token, or check url (%v)", err)})
			continue
		}
		if err != nil {
			return out, fmt.Errorf("scim: %w", err)
		}
		if len(p.resources) == 0 && path == "/Users" {
			out.Problems = append(out.Problems, connectors.Problem{Lacks: "the sight of even one user",
				So: "everybody would look gone", Fix: "check that the token is of the right tenant, and that users were provisioned"})
			continue
		}
		out.Proved = append(out.Proved, "may list "+path[1:])
	}
	return out, nil
}
