package entra

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"rollcall/connectors"
)

// What a change of is worth a look, beside that an account was made, deleted or given back: who may sign in, and who it is.
// Sign-ins are none of a delta query's business (learn.microsoft.com, "Use delta query to track changes in Microsoft Graph
// data"), and others come with every pull.
const (
	watchedOfUsers    = "id,accountEnabled,userPrincipalName,employeeId,userType"
	watchedOfServices = "id,accountEnabled,appId"
)

var _ connectors.ChangeTeller = (*App)(nil)

// Changed implements connectors.ChangeTeller by a delta query: its mark is the delta link, and a new one is asked for with
// $deltatoken=latest, which gives no account. Once something is told, the rest of the list is not read.
func (a *App) Changed(ctx context.Context, since connectors.Mark) (connectors.Mark, bool, error) {
	if since == "" {
		next, err := a.latest(ctx)
		return next, false, err
	}
	next, changed, err := a.delta(ctx, string(since))
	if useless(ctx, err) {
		changed, err = true, nil
	}
	if changed {
		next, err = a.latest(ctx) // before anything is read for it: what changes from now on is not in there
	}
	if err != nil {
		return "", false, fmt.Errorf("entra: changes: %w", err)
	}
	return next, changed, nil
}

// useless tells whether it is the mark that cannot be used: it is too old, or of another directory, or of before the url was
// changed.
func useless(ctx context.Context, err error) bool {
	switch statusOf(err) {
	case http.StatusGone, http.StatusBadRequest, http.StatusNotFound:
		return true
	}
	return err != nil && statusOf(err) == 0 && ctx.Err() == nil && !errors.Is(err, connectors.ErrTransient) && !errors.Is(err, connectors.ErrForbidden)
}

func (a *App) latest(ctx context.Context) (connectors.Mark, error) {
	list, fields := "/users", watchedOfUsers
	if a.services {
		list, fields = "/servicePrincipals", watchedOfServices
	}
	next, _, err := a.delta(ctx, list+"/delta?$select="+fields+"&$deltatoken=latest")
	return next, err
}

// delta follows a delta query to its end, over pages that are empty, or to the first change.
func (a *App) delta(ctx context.Context, ref string) (next connectors.Mark, changed bool, err error) {
	for range mostEmptyPages {
		res, err := a.client.Get(ctx, ref)
		if err != nil {
			return "", false, err
		}
		var page struct {
			Value []struct{ ID string }
			Next  string `json:"@odata.nextLink"`
			Delta string `json:"@odata.deltaLink"`
		}
		if err := decode(res, &page); err != nil {
			return "", false, err
		}
		switch {
		case len(page.Value) > 0:
			return "", true, nil
		case page.Delta != "":
			return connectors.Mark(page.Delta), false, nil
		case page.Next == "" || page.Next == ref:
			return "", false, notGraph(res, fmt.Errorf("it has neither %q nor %q", "@odata.nextLink", "@odata.deltaLink"))
		}
		ref = page.Next
	}
	return "", false, fmt.Errorf("%s: %d pages in a row tell of nothing, and lead on", strings.SplitN(ref, "?", 2)[0], mostEmptyPages)
}
