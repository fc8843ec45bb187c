// Package okta reads the users of an Okta org with what they hold there: groups, apps, administrators' roles, API tokens and
// factors. It suspends users, ends their sessions, and takes them out of groups and administrators' roles; each but ending
// sessions can be undone. Deactivating and deleting are not offered: Okta answers 204 to both, and neither can be taken back
// without loss.
//
// To read: an API token whose owner is Read-only Administrator, or a service app (OAuth 2.0, private_key_jwt) with the scopes
// okta.users.read, okta.groups.read, okta.apps.read, okta.roles.read and okta.apiTokens.read and an administrator's role: with
// the scopes alone Okta answers 200 and lists nobody. Roles and API tokens are shown to those who hold the permissions
// okta.iam.read and okta.apiTokens.read (Super Administrators do); without them, leave_out says so.
//
// To write, besides: okta.users.manage to suspend and to end sessions, okta.groups.manage for groups, okta.roles.manage for
// roles, named in scopes; and a role that may: okta.users.lifecycle.suspend, .unsuspend and .clearSessions, and
// okta.groups.members.manage, in a custom role. Only a Super Administrator may assign administrators' roles.
//
// Paths, fields and scopes are those of Okta's OpenAPI document, version 2026.06.3
// (https://github.com/okta/okta-management-openapi-spec).
package okta

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// AppConfig is an [[app]] of kind "okta".
type AppConfig struct {
	URL        string   `toml:"url"`         // of the org: "https://acme.okta.com"
	Token      string   `toml:"token"`       // reference of an API token; or:
	ClientID   string   `toml:"client_id"`   // of a service app
	PrivateKey string   `toml:"private_key"` // reference of its key, in PEM
	KeyID      string   `toml:"key_id"`      // as Okta names the key
	Scopes     []string `toml:"scopes"`      // asked for; empty = those needed to read
	LeaveOut   []string `toml:"leave_out"`   // of apps, roles, factors, api_tokens: what this token may not read
	EmployeeID string   `toml:"employee_id"` // the profile attribute with HR's id; "employeeNumber" when empty
	PageSize   int      `toml:"page_size"`   // users or groups a page; 200 when 0, as Okta advises
}

var (
	_ connectors.AppConfig = (*AppConfig)(nil)
	_ connectors.Described = (*AppConfig)(nil)
)

// The parts that may be left out, and the scope each needs.
var parts = map[string]string{"apps": "okta.apps.read", "roles": "okta.roles.read", "factors": "", "api_tokens": "okta.apiTokens.read"}

var partNames = []string{"apps", "roles", "factors", "api_tokens"}

// The scopes that only writing needs.
const (
	manageUsers  = "okta.users.manage"
	manageGroups = "okta.groups.manage"
	manageRoles  = "okta.roles.manage"
)

// OpenApp implements connectors.AppConfig.
func (c *AppConfig) OpenApp(app connectors.AppID, env connectors.Env) (connectors.App, error) {
	a, err := c.open(env, httpx.Settings{})
	if err != nil {
		return nil, fmt.Errorf("okta: app %q: %w", app, err)
	}
	return a, nil
}

// open takes what a test changes of the transport.
func (c *AppConfig) open(env connectors.Env, s httpx.Settings) (*App, error) {
	const most = 200
	for _, part := range c.LeaveOut {
		if _, ok := parts[part]; !ok {
			return nil, fmt.Errorf("leave_out %q is not known; want some of %s", part, strings.Join(partNames, ", "))
		}
	}
	oauth := c.ClientID != "" || c.PrivateKey != "" || c.KeyID != ""
	switch {
	case c.PageSize < 0 || c.PageSize > most:
		return nil, fmt.Errorf("page_size %d: want 1 to %d", c.PageSize, most)
	case oauth && c.Token != "":
		return nil, errors.New("both token and client_id are given: want an API token, or a service app with client_id and private_key")
	case oauth && (c.ClientID == "" || c.PrivateKey == ""):
		return nil, errors.New("a service app needs client_id and private_key")
	case !oauth && c.Token == "":
		return nil, errors.New("neither token nor client_id is given")
	case !oauth && len(c.Scopes) > 0:
		return nil, errors.New("scopes are of a service app: an API token may do what its owner may")
	}
	a := &App{pageSize: c.PageSize, out: c.LeaveOut, employeeID: c.EmployeeID, noSignIns: env.NoSignInTimes, zone: env.Zone, clientID: c.ClientID, keyID: c.KeyID, oauth: oauth, scopes: c.Scopes, together: together}
	if a.pageSize == 0 {
		a.pageSize = most
	}
	if a.employeeID == "" {
		a.employeeID = "employeeNumber"
	}
	if a.zone == nil {
		a.zone = time.UTC
	}
	if len(a.scopes) == 0 {
		a.scopes = a.readScopes()
	}
	s.Base = c.URL
	if oauth {
		s.Auth = httpx.ClientCredentials{TokenURL: strings.TrimRight(c.URL, "/") + "/oauth2/v1/token", ClientID: c.ClientID,
			Key: c.PrivateKey, KeyID: c.KeyID, Scopes: a.scopes}
	} else {
		s.Token, s.Scheme = c.Token, "SSWS"
	}
	client, err := httpx.New(env, s)
	if err != nil {
		return nil, err
	}
	a.client, a.base = client, client.Base()
	return a, nil
}

// App is an Okta org. It may be used by several goroutines at once.
type App struct {
	client     *httpx.Client
	base       string
	pageSize   int
	out        []string
	employeeID string
	noSignIns  bool // when anybody signed in is not to be known; Okta says so all the same
	zone       *time.Location
	clientID   string
	keyID      string // of the service app's private key
	oauth      bool
	scopes     []string
	together   int // readings of factors under way at a time

	mu     sync.Mutex
	labels map[string]connectors.EntitlementID // apps by id, as entitlements; of the last pull, or read when first needed
	me     string                              // id of the token's owner
}

var (
	_ connectors.Disabler           = (*App)(nil)
	_ connectors.EntitlementRemover = (*App)(nil)
	_ connectors.SessionRevoker     = (*App)(nil)
	_ connectors.Preflighter        = (*App)(nil)
)

// reads tells whether a part is not left out.
func (a *App) reads(part string) bool { return !slices.Contains(a.out, part) }

func (a *App) readScopes() []string {
	scopes := []string{"okta.users.read", "okta.groups.read"}
	for _, part := range partNames {
		if s := parts[part]; s != "" && a.reads(part) {
			scopes = append(scopes, s)
		}
	}
	return scopes
}

// signals: the list of users comes from an index that runs behind, by minutes as a rule.
var signals = connectors.Signals{
	SignIn:    connectors.Signal{Given: true, LagDays: 1},
	GrantDate: connectors.Signal{Given: true}, // of apps, and of roles that are not a group's; Okta has none for groups
	MFA:       connectors.Signal{Given: true},
}

// Info implements connectors.Source.
func (a *App) Info() connectors.Info {
	i := connectors.Info{Kind: "okta", Location: a.base, Parameters: "none", Signals: signals,
		Collections: []connectors.Collection{connectors.Groups}}
	if a.noSignIns {
		i.Signals.SignIn = connectors.Signal{}
	}
	i.Signals.GrantDate.Given = a.reads("apps") || a.reads("roles")
	i.Signals.MFA.Given = a.reads("factors")
	if a.reads("apps") || a.reads("roles") {
		i.Collections = append(i.Collections, connectors.Entitlements)
	}
	if a.reads("api_tokens") {
		i.Collections = append(i.Collections, connectors.Credentials)
	}
	i.Collections = append(i.Collections, connectors.Accounts)
	if len(a.out) > 0 {
		i.Parameters = "left out: " + strings.Join(a.out, ", ")
	}
	return i
}

// Spec implements connectors.Described.
func (*AppConfig) Spec() connectors.Spec {
	whole := new(App)
	return connectors.Spec{
		Title:       "Okta",
		Collections: whole.Info().Collections,
		Signals:     signals,
		Abilities: []connectors.AbilitySpec{
			{Ability: connectors.CanDisable, How: "suspend (users whose status is ACTIVE)", Undo: connectors.UndoExact, Write: []string{manageUsers}},
			{Ability: connectors.CanRemoveEntitlement, How: "remove from a group, remove an administrator's role", Undo: connectors.UndoExact,
				Write: []string{manageGroups, manageRoles + " and Super Administrator, for roles"}},
			{Ability: connectors.CanRevokeSessions, How: "clear sessions and OAuth tokens", Undo: connectors.UndoPartial, Write: []string{manageUsers}},
		},
		Read: append(whole.readScopes(), "Read-only Administrator", "okta.iam.read for roles"),
	}
}

// unheard is the Trace of a read that is not part of a pull.
type unheard struct{}

func (unheard) Page(connectors.Collection, connectors.Page)           {}
func (unheard) Reject(connectors.Collection, connectors.Where, error) {}
func (unheard) Total(connectors.Collection, int)                      {}
func (unheard) End(connectors.Collection)                             {}
func (unheard) Note(connectors.Collection, string)                    {}

// get reads one JSON object.
func (a *App) get(ctx context.Context, t connectors.Trace, c connectors.Collection, ref string, into any) (*httpx.Response, error) {
	res, err := a.client.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	t.Page(c, res.Page)
	return res, decode(res, res.Body, into)
}
