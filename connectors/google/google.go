// Package google reads the accounts of a Google Workspace or Cloud Identity customer through the Directory API of the Admin
// SDK (https://developers.google.com/workspace/admin/directory): users, suspended and archived ones included, groups and who
// is in them, nested ones included, administrator roles, and, where it is configured, the OAuth grants and app passwords of
// each user. It suspends users, signs them out, revokes grants and app passwords, and takes away groups and roles.
//
// # Access
//
// A service account's key signs for an administrator (domain-wide delegation). Which scopes the service account may use is
// listed in the Admin console under Security, API controls, Domain-wide delegation; its roles in Google Cloud do not matter.
// Below https://www.googleapis.com/auth/, to read:
//
//	admin.directory.user.readonly
//	admin.directory.group.readonly
//	admin.directory.group.member.readonly
//	admin.directory.rolemanagement.readonly
//	admin.directory.user.security           only with credentials = true: Google has no reading form of it
//
// and to write, each asked for only when such a thing is done:
//
//	admin.directory.user                    suspend; a super administrator's role
//	admin.directory.group.member            groups
//	admin.directory.rolemanagement          other administrator roles
//	admin.directory.user.security           sign out; grants and app passwords
//
// The administrator needs the privileges to read users, groups and roles, and to write those for that; only a super
// administrator may change another administrator.
//
// # Signals
//
// A last sign-in is lastLoginTime, which counts signing in on the web, or the last use of an app password; mail programs and
// phones that hold a grant do not count. The list is up to a day late and at times says "never" of somebody who did sign in:
// each of those is read by itself before it is believed. MFA is whether Google's 2-step verification is enrolled: of people
// who sign in through another identity provider Google does not know; leave mfa out of reports then.
//
// A user that was made within the last day may not be listed yet. Deleted users are not.
package google

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// AppConfig is an [[app]] of kind "google".
type AppConfig struct {
	Key         string   `toml:"key"`         // reference of the service account's JSON key, such as "file:google-key.json"
	Subject     string   `toml:"subject"`     // address of the administrator it acts for
	Customer    string   `toml:"customer"`    // "my_customer", that of the administrator, when empty
	Credentials bool     `toml:"credentials"` // read OAuth grants and app passwords, two requests a user; they can be revoked then
	Reports     []string `toml:"reports"`     // sign_in, mfa; both when empty
}

var _ connectors.AppConfig = (*AppConfig)(nil)

// Scopes, below scopeBase.
const (
	scopeBase = "https://www.googleapis.com/auth/"

	readUsers   = "admin.directory.user.readonly"
	readGroups  = "admin.directory.group.readonly"
	readMembers = "admin.directory.group.member.readonly"
	readRoles   = "admin.directory.rolemanagement.readonly"

	scopeUser     = "admin.directory.user"
	scopeMember   = "admin.directory.group.member"
	scopeRoles    = "admin.directory.rolemanagement"
	scopeSecurity = "admin.directory.user.security" // to read credentials, too
)

var writeScopes = []string{scopeUser, scopeMember, scopeRoles, scopeSecurity}

// readScopes are those of a pull.
func (c *AppConfig) readScopes() []string {
	out := []string{readUsers, readGroups, readMembers, readRoles}
	if c.Credentials {
		out = append(out, scopeSecurity)
	}
	return out
}

// Spec implements connectors.Described.
func (*AppConfig) Spec() connectors.Spec {
	return connectors.Spec{
		Title:       "Google Workspace",
		Collections: []connectors.Collection{connectors.Entitlements, connectors.Groups, connectors.Accounts, connectors.Credentials},
		Signals:     connectors.Signals{SignIn: signIn, MFA: mfa},
		Abilities: []connectors.AbilitySpec{
			{Ability: connectors.CanDisable, How: "suspend", Undo: connectors.UndoExact, Write: whole([]string{scopeUser})},
			{Ability: connectors.CanRemoveEntitlement, How: "remove from a group, take an administrator role", Undo: connectors.UndoExact,
				Write: whole([]string{scopeMember, scopeRoles, scopeUser})},
			{Ability: connectors.CanRevokeSessions, How: "sign out", Undo: connectors.UndoPartial, Write: whole([]string{scopeSecurity})},
			{Ability: connectors.CanRevokeCredential, How: "revoke an OAuth grant, delete an app password", Undo: connectors.UndoNone, Write: whole([]string{scopeSecurity})},
		},
		Read: append(whole((&AppConfig{}).readScopes()), scopeBase+scopeSecurity+" (for OAuth grants and app passwords)"),
	}
}

// The signals, and how late they are.
var (
	signIn = connectors.Signal{Given: true, LagDays: 2}
	mfa    = connectors.Signal{Given: true, LagDays: 1}
)

// OpenApp implements connectors.AppConfig.
func (c *AppConfig) OpenApp(app connectors.AppID, env connectors.Env) (connectors.App, error) {
	a, err := c.open(env, httpx.Settings{Base: "https://admin.googleapis.com"}, "https://oauth2.googleapis.com/token")
	if err != nil {
		return nil, fmt.Errorf("google: app %q: %w", app, err)
	}
	return a.able(), nil
}

// open takes what a test changes of the transport, and where tokens are asked for.
func (c *AppConfig) open(env connectors.Env, s httpx.Settings, tokenURL string) (*App, error) {
	a := &App{customer: c.Customer, subject: c.Subject, withCredentials: c.Credentials, zone: env.Zone, readScopes: c.readScopes(), alone: map[string]func() (*httpx.Client, error){},
		reports: reports{signIn: true, mfa: true}, atOnce: parallel}
	if a.customer == "" {
		a.customer = "my_customer"
	}
	if a.zone == nil {
		a.zone = time.UTC
	}
	if len(c.Reports) > 0 {
		a.reports = reports{signIn: slices.Contains(c.Reports, "sign_in"), mfa: slices.Contains(c.Reports, "mfa")}
	}
	if env.NoSignInTimes {
		a.reports.signIn, a.noUse = false, true
	}
	switch i := slices.IndexFunc(c.Reports, func(s string) bool { return s != "sign_in" && s != "mfa" }); {
	case i >= 0:
		return nil, fmt.Errorf("reports: %q is none of sign_in, mfa", c.Reports[i])
	case !strings.Contains(c.Subject, "@"):
		return nil, fmt.Errorf("subject %q: want the address of the administrator whom the service account acts for", c.Subject)
	case strings.Contains(a.customer, "@") || strings.Contains(a.customer, "."):
		return nil, fmt.Errorf("customer %q: want the customer's id (C…, Admin console, Account settings), not a domain; leave it out for that of subject", c.Customer)
	}
	// Google counts its limits by the minute and does not say when one ends: the waits between so many tries outlast it.
	s.Attempts = 8
	client := func(scopes ...string) (*httpx.Client, error) {
		s.Auth = httpx.ServiceAccount{JSON: c.Key, Subject: c.Subject, Scopes: whole(scopes), TokenURL: tokenURL}
		return httpx.New(env, s)
	}
	var err error
	if a.read, err = client(a.readScopes...); err != nil {
		return nil, err
	}
	if err = a.keyOf(env, c.Key); err != nil {
		return nil, err
	}
	a.base = a.read.Base()
	for _, scope := range slices.Concat(a.readScopes, writeScopes) {
		a.alone[scope] = sync.OnceValues(func() (*httpx.Client, error) { return client(scope) })
	}
	return a, nil
}

// whole are scopes as Google writes them.
func whole(scopes []string) []string {
	out := make([]string, len(scopes))
	for i, s := range scopes {
		out[i] = scopeBase + s
	}
	return out
}

// App is a customer's directory.
type App struct {
	read            *httpx.Client
	readScopes      []string
	alone           map[string]func() (*httpx.Client, error) // by scope: to write, with a token that can do no more, and to see whether it is delegated
	base            string
	customer        string
	subject         string
	serviceAccount  string // its address
	keyID           string // of its key
	withCredentials bool
	atOnce          int // requests
	reports         reports
	noUse           bool // when an app password was used is not to be known
	zone            *time.Location
}

// reports are the signals that are given.
type reports struct{ signIn, mfa bool }

var (
	_ connectors.App                = (*App)(nil)
	_ connectors.Disabler           = (*App)(nil)
	_ connectors.SessionRevoker     = (*App)(nil)
	_ connectors.EntitlementRemover = (*App)(nil)
)

// able is the app with what can be done to it: credentials that are not read cannot be read back, so that none is revoked.
func (a *App) able() connectors.App {
	if a.withCredentials {
		return revoker{a}
	}
	return a
}

// Info implements connectors.Source.
func (a *App) Info() connectors.Info {
	i := connectors.Info{
		Kind: "google", Location: a.base + usersPath, Parameters: "customer=" + a.customer,
		Collections: []connectors.Collection{connectors.Entitlements, connectors.Groups, connectors.Accounts},
	}
	if a.reports.signIn {
		i.Signals.SignIn = signIn
	}
	if a.reports.mfa {
		i.Signals.MFA = mfa
	}
	if a.withCredentials {
		i.Collections = append(i.Collections, connectors.Credentials)
	} else {
		i.Parameters += "; OAuth grants and app passwords are not read"
	}
	return i
}

// Where things are. A key is an immutable id; Google would take an address as well, which is another's after a rename.
const (
	root       = "/admin/directory/v1"
	usersPath  = root + "/users"
	groupsPath = root + "/groups"
)

func userPath(id string) string          { return usersPath + "/" + url.PathEscape(id) }
func groupPath(id string) string         { return groupsPath + "/" + url.PathEscape(id) }
func memberPath(group, id string) string { return groupPath(group) + "/members/" + url.PathEscape(id) }

func (a *App) customerPath(rest string) string {
	return root + "/customer/" + url.PathEscape(a.customer) + rest
}
