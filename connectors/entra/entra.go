// Package entra reads the accounts of a Microsoft Entra ID directory over Microsoft Graph v1.0, and takes access away there.
//
// It reads, as one of two kinds of app:
//   - users, guests and disabled ones among them, with their groups (those they are in through others, too), directory roles,
//     app roles, licences, last sign-in and registration of a second factor;
//   - or service principals, with their owners, secrets and certificates, and the same groups and roles.
//
// The two are apps of their own, since Graph tells sign-ins of the one and not of the other: what is not told must not look
// like "never".
//
// # Permissions
//
// All are application permissions, given with admin consent to an app registration. To read, the least are
//
//   - User.Read.All: users, guests and their sponsors
//   - GroupMember.Read.All: groups and who is in them; Member.Read.Hidden as well, where some hide their members
//   - RoleManagement.Read.Directory: directory roles and to whom they are given
//   - Application.Read.All: service principals, their owners and keys, app roles
//   - LicenseAssignment.Read.All: the names of licences
//   - AuditLog.Read.All: sign-ins and MFA registrations; both need Entra ID P1
//   - RoleEligibilitySchedule.Read.Directory, with pim = true: roles that may be activated; needs Entra ID P2
//
// To write, in an app registration of its own, those above and, each for what is to be done,
//
//   - User.EnableDisableAccount.All: disable and enable; the holder of a directory role only where the app itself holds a
//     higher one
//   - User.RevokeSessions.All: end sessions
//   - GroupMember.ReadWrite.All: take a member out of a group and put them back
//   - RoleManagement.ReadWrite.Directory: take a directory role away and give it back, and the same with groups that can
//     hold roles
//   - AppRoleAssignment.ReadWrite.All: take an account's own app role away and give it back
//
// User.ReadWrite.All and Directory.ReadWrite.All are not needed and should not be given: with either, one wrong path would
// delete users.
//
// # What it does not do
//
// It deletes nothing, takes no licences away (without one, mailboxes are deleted after 30 days), and does not disable service
// principals (the least permission for that, Application.ReadWrite.All, would let it take over any application). It
// reads everything every time: delta queries say nothing of sign-ins, and what they leave out is no evidence of absence. They
// only tell that it is time to read again (see Changed).
package entra

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// AppConfig is an [[app]] of kind "entra".
type AppConfig struct {
	Tenant        string `toml:"tenant"`         // the directory: its id, or one of its domains
	ClientID      string `toml:"client_id"`      // of the app registration
	ClientSecret  string `toml:"client_secret"`  // reference of its secret; or:
	Certificate   string `toml:"certificate"`    // reference of a PEM file with its certificate and private key, which is better
	Cloud         string `toml:"cloud"`          // "global", "us_gov", "us_gov_dod" or "china"; global when empty
	Accounts      string `toml:"accounts"`       // "users", or "service_principals"; users when empty
	SignIns       *bool  `toml:"sign_ins"`       // read last sign-ins; true
	MFA           *bool  `toml:"mfa"`            // read registrations of a second factor; true
	PIM           bool   `toml:"pim"`            // read roles that may be activated
	MicrosoftApps bool   `toml:"microsoft_apps"` // read the service principals of Microsoft's own applications as well
	URL           string `toml:"url"`            // of Graph, instead of the cloud's
	LoginURL      string `toml:"login_url"`      // that gives out tokens, instead of the cloud's
	PlainHTTP     bool   `toml:"plain_http"`     // tokens may cross the network readable
}

var _ connectors.AppConfig = (*AppConfig)(nil)

// OpenApp implements connectors.AppConfig.
func (c *AppConfig) OpenApp(app connectors.AppID, env connectors.Env) (connectors.App, error) {
	a, err := c.open(env, httpx.Settings{})
	if err != nil {
		return nil, fmt.Errorf("entra: app %q: %w", app, err)
	}
	return a.able(), nil
}

// open takes what a test changes of the transport.
func (c *AppConfig) open(env connectors.Env, s httpx.Settings) (*App, error) {
	cloud, err := c.cloud()
	if err != nil {
		return nil, err
	}
	a := &App{
		services: c.Accounts == "service_principals", readsSignIns: (c.SignIns == nil || *c.SignIns) && !env.NoSignInTimes, readsMFA: c.MFA == nil || *c.MFA,
		pim: c.PIM, microsoftApps: c.MicrosoftApps, objects: cloud.resource + version + "/directoryObjects/", tenant: c.Tenant, clientID: c.ClientID, zone: env.Zone,
	}
	switch {
	case c.Tenant == "" || strings.ContainsAny(c.Tenant, "/?#"):
		return nil, fmt.Errorf("tenant %q: want the directory's id or one of its domains", c.Tenant)
	case c.Accounts != "" && c.Accounts != "users" && !a.services:
		return nil, fmt.Errorf("accounts %q: want \"users\" or \"service_principals\"", c.Accounts)
	case a.services && (c.SignIns != nil && *c.SignIns || c.MFA != nil && *c.MFA):
		return nil, errors.New("accounts = \"service_principals\": Graph tells neither their sign-ins nor a second factor; leave sign_ins and mfa out")
	case (c.ClientSecret == "") == (c.Certificate == ""):
		return nil, errors.New("want either client_secret or certificate")
	}
	s.Base, s.PlainHTTP = cloud.graph, c.PlainHTTP
	s.Auth = httpx.ClientCredentials{
		TokenURL: cloud.login + "/" + url.PathEscape(c.Tenant) + "/oauth2/v2.0/token",
		ClientID: c.ClientID, Secret: c.ClientSecret, Key: c.Certificate,
		Scopes: []string{cloud.resource + "/.default"},
	}
	a.discovery, a.http = cloud.login+"/"+url.PathEscape(c.Tenant)+"/v2.0/.well-known/openid-configuration", env.HTTP
	if a.client, err = httpx.New(env, s); err != nil {
		return nil, err
	}
	a.base = a.client.Base()
	if a.zone == nil {
		a.zone = time.UTC
	}
	return a, nil
}

// App is a directory, to be read. What else can be done with it is in able.
type App struct {
	client        *httpx.Client
	base          string
	objects       string // what the URLs of objects begin with
	tenant        string
	clientID      string
	services      bool
	readsSignIns  bool
	readsMFA      bool
	pim           bool
	microsoftApps bool
	zone          *time.Location
	discovery     string       // where the tenant's own id is told
	http          *http.Client // that asks for it

	mu     sync.Mutex
	listed *catalogue // by the last reading
}

var (
	_ connectors.App    = (*App)(nil)
	_ connectors.Getter = (*App)(nil)
)

// Info implements connectors.Source. Sign-ins and MFA are declared only where they are read, and a pull that is refused them
// fails: a directory without Entra ID P1 has neither, and is configured so. When something was given is told of app roles
// alone.
func (a *App) Info() connectors.Info {
	i := connectors.Info{Kind: "entra", Location: a.base + " (" + a.tenant + ")"}
	var narrowed []string
	narrow := func(is bool, what string) {
		if is {
			narrowed = append(narrowed, what)
		}
	}
	i.Signals.GrantDate = connectors.Signal{Given: true}
	if a.services {
		i.Collections = []connectors.Collection{connectors.Groups, directoryRoles, appRoles, connectors.Credentials, connectors.Accounts}
		narrow(true, "service principals only")
		narrow(!a.microsoftApps, "without Microsoft's own applications")
	} else {
		i.Collections = []connectors.Collection{connectors.Groups, directoryRoles, appRoles, licences}
		if a.readsSignIns {
			i.Collections = append(i.Collections, signIns)
			i.Signals.SignIn = connectors.Signal{Given: true, LagDays: signInLag}
		}
		if a.readsMFA {
			i.Collections = append(i.Collections, mfa)
			i.Signals.MFA = connectors.Signal{Given: true, LagDays: mfaLag}
		}
		i.Collections = append(i.Collections, connectors.Accounts)
		narrow(true, "users only")
		narrow(!a.readsSignIns, "sign-ins are not read")
		narrow(!a.readsMFA, "MFA registrations are not read")
	}
	narrow(!a.pim, "roles that may be activated are not read")
	i.Parameters = strings.Join(narrowed, "; ")
	return i
}

// Accounts implements connectors.App. What accounts hold is read first, since Graph tells it at the other end: the group, the
// role, the app; the accounts then stream.
func (a *App) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	return func(yield func(connectors.Account, error) bool) {
		read := a.users
		if a.services {
			read = a.servicePrincipals
		}
		err := read(ctx, t, func(acc connectors.Account) error {
			if !yield(acc, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(connectors.Account{}, fmt.Errorf("entra: %w", explain(err, "\"rollcall sources check\" names the permission that is missing")))
		}
	}
}
