// Package badge is an example of a connector: it reads who has a badge for the building, and switches badges off and on.
//
// To read: the scope badges:read. To write, besides: badges:write.
package badge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// AppConfig is an [[app]] of kind "badge".
type AppConfig struct {
	URL   string `toml:"url"`   // of the service
	Token string `toml:"token"` // reference of an access token
}

// Spec implements connectors.Described.
func (*AppConfig) Spec() connectors.Spec {
	return connectors.Spec{
		Title:       "Badges of the building",
		Collections: []connectors.Collection{connectors.Accounts},
		Abilities: []connectors.AbilitySpec{{Ability: connectors.CanDisable, How: "switch the badge off", Undo: connectors.UndoExact,
			Write: []string{"badges:write"}}},
		Read: []string{"badges:read"},
	}
}

// OpenApp implements connectors.AppConfig.
func (c *AppConfig) OpenApp(app connectors.AppID, env connectors.Env) (connectors.App, error) {
	client, err := httpx.New(env, httpx.Settings{Base: c.URL, Token: c.Token})
	if err != nil {
		return nil, fmt.Errorf("badge: app %q: %w", app, err)
	}
	return &App{client}, nil
}

// App is the service.
type App struct{ client *httpx.Client }

var _ connectors.Disabler = (*App)(nil)

// Info implements connectors.Source: the service tells neither sign-ins nor anything else that a signal is for.
func (a *App) Info() connectors.Info {
	return connectors.Info{Kind: "badge", Location: a.client.Base(), Parameters: "none", Collections: []connectors.Collection{connectors.Accounts}}
}

// badge is one as the service shows it. What may be missing is a pointer: missing is unknown, and never no.
type badge struct {
	ID     string `json:"id"`
	Holder string `json:"holder"`
	Email  string `json:"email"`
	Active *bool  `json:"active"`
}

func (b badge) account(from string) (connectors.Account, error) {
	if b.ID == "" {
		return connectors.Account{}, errors.New("a badge without an id")
	}
	acc := connectors.Account{ID: connectors.AccountID(b.ID), Username: b.ID, DisplayName: b.Holder, Email: b.Email, From: connectors.Where{Source: from}}
	if b.Active != nil {
		acc.Enabled = connectors.Is(*b.Active)
	}
	return acc, nil
}

// Accounts implements connectors.App.
func (a *App) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	return func(yield func(connectors.Account, error) bool) {
		more, err := a.pull(ctx, t, func(acc connectors.Account) bool { return yield(acc, nil) })
		if err != nil && more {
			yield(connectors.Account{}, fmt.Errorf("badge: %w", err))
		}
	}
}

// pull reads page after page. The list is whole when the service says that there is no further page, and as many badges came
// as it has; more is false when the consumer has had enough.
func (a *App) pull(ctx context.Context, t connectors.Trace, yield func(connectors.Account) bool) (more bool, err error) {
	seen := map[string]bool{}
	for next := "/badges?after="; ; {
		res, err := a.client.Get(ctx, next)
		if err != nil {
			return true, err
		}
		t.Page(connectors.Accounts, res.Page)
		var page struct {
			Badges *[]badge `json:"badges"`
			Next   *string  `json:"next"`
			Total  *int     `json:"total"`
		}
		if err := json.Unmarshal(res.Body, &page); err != nil {
			return true, fmt.Errorf("%s: %w", res.Page.Request, err)
		}
		if page.Badges == nil || page.Next == nil || page.Total == nil {
			return true, fmt.Errorf("%s: the answer is no list of badges", res.Page.Request)
		}
		for _, b := range *page.Badges {
			acc, err := b.account(a.client.Base() + "/badges/" + url.PathEscape(b.ID))
			if err != nil || seen[b.ID] {
				return true, fmt.Errorf("%s: badge %q has no id, or comes again: %w", res.Page.Request, b.ID, errors.Join(err, errNoList))
			}
			if err := ctx.Err(); err != nil {
				return true, err
			}
			if seen[b.ID] = true; !yield(acc) {
				return false, nil
			}
		}
		if *page.Next == "" {
			if *page.Total != len(seen) {
				return true, fmt.Errorf("%s: %d badges came, and the service has %d: %w", res.Page.Request, len(seen), *page.Total, errNoList)
			}
			t.Total(connectors.Accounts, *page.Total)
			t.End(connectors.Accounts)
			return true, nil
		}
		if len(*page.Badges) == 0 {
			return true, fmt.Errorf("%s: a page without badges has a next one: %w", res.Page.Request, errNoList)
		}
		next = "/badges?after=" + url.QueryEscape(*page.Next)
	}
}

var errNoList = errors.New("the list cannot be relied upon")

// Account implements connectors.Getter.
func (a *App) Account(ctx context.Context, id connectors.AccountID) (connectors.Account, error) {
	res, err := a.client.Get(ctx, "/badges/"+url.PathEscape(string(id)))
	if err != nil {
		return connectors.Account{}, fmt.Errorf("badge: account %q: %w", id, err)
	}
	var b badge
	if err := json.Unmarshal(res.Body, &b); err != nil || b.ID != string(id) {
		return connectors.Account{}, fmt.Errorf("badge: account %q: the answer is about %q: %w", id, b.ID, errors.Join(err, errNoList))
	}
	return b.account(a.client.Base() + "/badges/" + url.PathEscape(b.ID))
}

// Disable implements connectors.Disabler.
func (a *App) Disable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return a.set(ctx, before.ID, false)
}

// Enable implements connectors.Disabler.
func (a *App) Enable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return a.set(ctx, before.ID, true)
}

// set writes an absolute value, so that it may be sent again when no answer came.
func (a *App) set(ctx context.Context, id connectors.AccountID, active bool) (connectors.Receipt, error) {
	now, err := a.Account(ctx, id)
	if err != nil || now.Enabled == connectors.Is(active) {
		return connectors.Receipt{}, err
	}
	body, err := json.Marshal(map[string]bool{"active": active})
	if err != nil {
		return connectors.Receipt{}, err
	}
	res, err := a.client.Send(ctx, httpx.Write{Method: "PATCH", Ref: "/badges/" + url.PathEscape(string(id)), ContentType: "application/json", Body: body, Repeat: httpx.Always})
	if err != nil {
		return connectors.Receipt{}, fmt.Errorf("badge: account %q: %w", id, err)
	}
	return res.Receipt(true), nil
}
