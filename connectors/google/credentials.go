package google

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"rollcall/connectors"
)

// What the ids of credentials begin with.
const (
	tokenPrefix    = "token:" // an OAuth grant; then the client's id
	passwordPrefix = "asp:"   // an app password; then its number
)

// token is what is read of the grant a user gave an application. Google tells neither when it was given nor when it was used.
type token struct {
	ClientID string `json:"clientId"`
}

// appPassword is what is read of an app password. The password itself is told by nobody.
type appPassword struct {
	CodeID       int64  `json:"codeId"`
	CreationTime string `json:"creationTime"` // seconds since 1970, as a string
	LastTimeUsed string `json:"lastTimeUsed"` // the same; 0 = never
}

// held are the credentials of one user.
type held struct {
	list    []connectors.Credential
	lastUse connectors.Date // of an app password: a mail program signed in with it
	pages   []connectors.Page
}

// credentials reads the grants and app passwords of a user. Google gives both whole, without pages.
func (a *App) credentials(ctx context.Context, user string) (held, error) {
	var out held
	err := a.items(ctx, userPath(user)+"/tokens", &out.pages, func(raw []byte) error {
		var v token
		if err := json.Unmarshal(raw, &v); err != nil || v.ClientID == "" {
			return fmt.Errorf("not a token: %s", short(raw))
		}
		out.list = append(out.list, connectors.Credential{ID: connectors.CredentialID(tokenPrefix + v.ClientID), Kind: "oauth_token"})
		return nil
	})
	if err != nil {
		return held{}, err
	}
	err = a.items(ctx, userPath(user)+"/asps", &out.pages, func(raw []byte) error {
		var v appPassword
		if err := json.Unmarshal(raw, &v); err != nil || v.CodeID == 0 {
			return fmt.Errorf("not an app password: %s", short(raw))
		}
		created, err1 := a.unixDay(v.CreationTime)
		used, err2 := a.unixDay(v.LastTimeUsed)
		if err := cmp.Or(err1, err2); err != nil {
			return fmt.Errorf("app password %d: %w", v.CodeID, err)
		}
		if a.noUse {
			used = 0
		}
		out.lastUse = max(out.lastUse, used)
		out.list = append(out.list, connectors.Credential{
			ID: connectors.CredentialID(passwordPrefix + strconv.FormatInt(v.CodeID, 10)), Kind: "app_password", Created: created, LastUsed: used})
		return nil
	})
	slices.SortFunc(out.list, func(a, b connectors.Credential) int { return cmp.Compare(a.ID, b.ID) })
	out.list = slices.CompactFunc(out.list, func(a, b connectors.Credential) bool { return a.ID == b.ID })
	return out, err
}

// items gives each item of a list that has one page.
func (a *App) items(ctx context.Context, path string, pages *[]connectors.Page, item func(raw []byte) error) error {
	for p, err := range a.pages(ctx, path, "items", nil) {
		if err != nil {
			return err
		}
		*pages = append(*pages, p.page)
		for _, raw := range p.rows {
			if err := item(raw); err != nil {
				return fmt.Errorf("%s: %w", a.base+path, err)
			}
		}
	}
	return nil
}

// unixDay reads seconds since 1970; none and 0 are no day.
func (a *App) unixDay(s string) (connectors.Date, error) {
	if s == "" || s == "0" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > 1<<36 {
		return 0, fmt.Errorf("%.40q is no count of seconds since 1970", s)
	}
	return connectors.DateOf(time.Unix(n, 0), a.zone), nil
}
