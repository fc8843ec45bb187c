// Package ldap reads the accounts of a directory over LDAP (RFC 4511), Active Directory or OpenLDAP, disables and enables
// them, and takes them out of groups and back in.
//
// # Rights
//
// To read, in Active Directory: any user of the domain, who by default reads all that is read here; where read access was
// taken from "Authenticated Users" (an empty group "Pre-Windows 2000 Compatible Access"), grant "Read all properties" on the
// users and groups below the base. In OpenLDAP: "by dn.exact=READER read" on both, the operational attributes included, and
// a size.prtotal that lets paged searches past the size limit.
//
// To write, in Active Directory: on the OUs, "Write userAccountControl" of users and "Write Members" of groups, and no
// more; neither holds on accounts and groups that AdminSDHolder protects (adminCount=1), whose rights are reset every hour. In
// OpenLDAP: write to pwdAccountLockedTime of the accounts and to the member attribute of the groups.
//
// # What is read from where
//
// One server is read, and one is written to: what is changed on one domain controller shows on another only later, so name a
// writable one, not the domain. Referrals are never followed. The global catalog is refused, since it lacks attributes.
//
// Active Directory writes lastLogonTimestamp at a sign-in only when the stored one is 9 to 14 days old, so that the last
// sign-in is later than shown by up to logon_sync_days; lastLogon is exact and each controller's own, and counts where it is
// the later one. An account without either is not one that was never used: it may have signed in elsewhere.
//
// An account is disabled where ACCOUNTDISABLE is set, and past accountExpires by the server's clock; one that is locked out
// or has an expired password is not. In OpenLDAP it is disabled where pwdAccountLockedTime says so for good, which needs the
// ppolicy overlay; where access rules hide that attribute, a locked account cannot be told from others, and the server
// offers no way to find out.
//
// The primary group of an account counts among its own groups; what groups give through others is Inherited. Privileged are
// the well-known groups that rule a domain, those AdminSDHolder protects, and every group inside one of them.
package ldap

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"rollcall/connectors"
)

// AppConfig is an [[app]] of kind "ldap".
type AppConfig struct {
	URL           string `toml:"url"`             // ldaps://host, or ldap://host for StartTLS
	Bind          string `toml:"bind"`            // as whom to bind: a DN or, in Active Directory, user@domain
	Password      string `toml:"password"`        // reference of the password, such as "env:LDAP_PASSWORD"
	Dialect       string `toml:"dialect"`         // "ad" (default) or "openldap"
	Base          string `toml:"base"`            // below which the accounts are; the domain where empty ("ad")
	GroupBase     string `toml:"group_base"`      // below which the groups are; the domain ("ad"), base ("openldap") where empty
	Filter        string `toml:"filter"`          // narrows the accounts, as RFC 4515 writes filters
	EmployeeID    string `toml:"employee_id"`     // the attribute that holds it; employeeID, else employeeNumber where empty
	CAFile        string `toml:"ca_file"`         // PEM file of the authorities that may vouch for the server; the system's where empty
	PlainLoopback bool   `toml:"plain_loopback"`  // no TLS, to a server on this host alone
	PageSize      int    `toml:"page_size"`       // entries asked for at once; 500 when 0
	LogonSyncDays int    `toml:"logon_sync_days"` // the domain's msDS-LogonTimeSyncInterval; 14 when 0
	SignIn        *bool  `toml:"sign_in"`         // believe the last sign-ins; true
}

var (
	_ connectors.AppConfig = (*AppConfig)(nil)
	_ connectors.Described = (*AppConfig)(nil)
)

// Spec implements connectors.Described.
func (*AppConfig) Spec() connectors.Spec {
	return connectors.Spec{
		Title:       "Active Directory and OpenLDAP",
		Collections: []connectors.Collection{connectors.Groups, connectors.Accounts},
		Signals:     connectors.Signals{SignIn: connectors.Signal{Given: true, LagDays: defaultSyncDays + replicationDays}},
		Abilities: []connectors.AbilitySpec{
			{Ability: connectors.CanDisable, How: "set ACCOUNTDISABLE; OpenLDAP: lock by pwdAccountLockedTime", Undo: connectors.UndoExact,
				Write: []string{"Write userAccountControl", "OpenLDAP: write pwdAccountLockedTime"}},
			{Ability: connectors.CanRemoveEntitlement, How: "delete one member of the group", Undo: connectors.UndoExact,
				Write: []string{"Write Members", "OpenLDAP: write member"}},
		},
		Read: []string{"Read all properties of users and groups", "OpenLDAP: read, and size.prtotal=unlimited"},
	}
}

// OpenApp implements connectors.AppConfig.
func (c *AppConfig) OpenApp(app connectors.AppID, env connectors.Env) (connectors.App, error) {
	a, err := c.open(env)
	if err != nil {
		return nil, fmt.Errorf("ldap: app %q: %w", app, err)
	}
	return a, nil
}

const (
	defaultSyncDays = 14 // of msDS-LogonTimeSyncInterval, where a domain does not say
	replicationDays = 1  // until every domain controller knows
	defaultPageSize = 500
	maxPageSize     = 1000 // MaxPageSize of a domain controller: https://learn.microsoft.com/troubleshoot/windows-server/active-directory/view-set-ldap-policy-using-ntdsutil
)

func (c *AppConfig) open(env connectors.Env) (*App, error) {
	a := &App{bind: c.Bind, filter: c.Filter, employeeID: c.EmployeeID, pageSize: c.PageSize, syncDays: c.LogonSyncDays, signIn: (c.SignIn == nil || *c.SignIn) && !env.NoSignInTimes,
		base: c.Base, groupBase: c.GroupBase, dial: env.Dial, zone: env.Zone, pause: pause}
	switch c.Dialect {
	case "", "ad":
		a.dialect = activeDirectory
	case "openldap":
		a.dialect = openLDAP
	default:
		return nil, fmt.Errorf("dialect %q is not known; want ad or openldap", c.Dialect)
	}
	switch {
	case env.Dial == nil:
		return nil, errors.New("no way to connect is given: this command must not use the network")
	case env.Secret == nil:
		return nil, errors.New("no way to resolve the password is given")
	case c.Bind == "":
		return nil, errors.New("bind is missing: name the account to read as, by its DN or, in Active Directory, as user@domain")
	case a.dialect != activeDirectory && c.Base == "":
		return nil, errors.New(`base is missing: name the entry below which the accounts are, such as "ou=people,dc=example,dc=com"`)
	case c.PageSize < 0 || c.PageSize > maxPageSize:
		return nil, fmt.Errorf("page_size %d: want 1 to %d", c.PageSize, maxPageSize)
	case c.LogonSyncDays < 0:
		return nil, fmt.Errorf("logon_sync_days %d: want the days of msDS-LogonTimeSyncInterval; sign_in = false where the domain keeps no sign-ins", c.LogonSyncDays)
	case a.dialect != activeDirectory && c.LogonSyncDays > 0:
		return nil, errors.New("logon_sync_days is for Active Directory")
	}
	if err := a.setDefaults(); err != nil {
		return nil, err
	}
	if err := a.setServer(c, env); err != nil {
		return nil, err
	}
	secret, err := env.Secret(c.Password)
	if err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}
	// A simple bind without a password succeeds as nobody (RFC 4513 §5.1.2), and nobody sees an empty directory.
	if a.password = strings.TrimRight(secret, "\r\n"); a.password == "" {
		return nil, errors.New("password: the secret is empty")
	}
	return a, nil
}

func (a *App) setDefaults() error {
	if a.pageSize == 0 {
		a.pageSize = defaultPageSize
	}
	if a.syncDays == 0 {
		a.syncDays = defaultSyncDays
	}
	if a.zone == nil {
		a.zone = time.UTC
	}
	if a.filter != "" {
		if err := checkFilter(a.filter); err != nil {
			return fmt.Errorf("filter %q: %w", a.filter, err)
		}
	}
	for name, dn := range map[string]string{"base": a.base, "group_base": a.groupBase} {
		if _, err := dnKey(dn); err != nil {
			return fmt.Errorf("%s %q: %w", name, dn, err)
		}
	}
	if a.groupBase == "" && a.dialect != activeDirectory {
		a.groupBase = a.base
	}
	return nil
}

// App is a directory.
type App struct {
	dialect   *dialect
	host      string // and its port
	scheme    string // "ldaps" or "ldap"
	tls       *tls.Config
	plain     bool
	bind      string
	password  string
	base      string
	groupBase string
	filter    string

	employeeID string
	pageSize   int
	syncDays   int
	signIn     bool
	zone       *time.Location
	dial       dialer
	pause      pauser

	mu     sync.Mutex
	server string // that answered first: all others are another's copy
}

var (
	_ connectors.App                = (*App)(nil)
	_ connectors.Disabler           = (*App)(nil)
	_ connectors.EntitlementRemover = (*App)(nil)
	_ connectors.Preflighter        = (*App)(nil)
)

// Info implements connectors.Source. LDAP directories tell neither MFA nor grant dates nor the use of a group.
func (a *App) Info() connectors.Info {
	i := connectors.Info{
		Kind: "ldap", Location: a.location(a.base), Parameters: "none",
		Collections: []connectors.Collection{connectors.Groups, connectors.Accounts},
	}
	if a.signIn {
		i.Signals.SignIn = connectors.Signal{Given: true, LagDays: a.dialect.lag(a.syncDays)}
	}
	var in []string
	if a.filter != "" {
		in = append(in, "filter "+a.filter)
	}
	if a.groupBase != "" && a.groupBase != a.base {
		in = append(in, "groups below "+a.groupBase)
	}
	if a.plain {
		in = append(in, "without TLS, on this host")
	}
	if len(in) > 0 {
		i.Parameters = strings.Join(in, "; ")
	}
	return i
}

// location is the URL of an entry, for people to find it.
func (a *App) location(dn string) string { return a.scheme + "://" + a.host + "/" + dn }

// setServer takes the URL apart.
func (a *App) setServer(c *AppConfig, env connectors.Env) error {
	scheme, rest, ok := strings.Cut(c.URL, "://")
	rest = strings.TrimSuffix(rest, "/")
	if !ok || scheme != "ldaps" && scheme != "ldap" || rest == "" || strings.ContainsAny(rest, "/?#@ ") {
		return errors.New("url: want ldaps://host or, for StartTLS, ldap://host; the base and the account have settings of their own")
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		host, port = strings.Trim(rest, "[]"), map[string]string{"ldaps": "636", "ldap": "389"}[scheme]
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || host == "" {
		return fmt.Errorf("url %q: want ldaps://host or ldaps://host:port", c.URL)
	}
	if slices.Contains([]string{"3268", "3269"}, port) {
		return fmt.Errorf("url %q: port %s is the global catalog, which lacks attributes that are needed here; name a domain controller's 636", c.URL, port)
	}
	a.scheme, a.host, a.plain = scheme, net.JoinHostPort(host, port), c.PlainLoopback
	switch {
	case a.plain && scheme == "ldaps":
		return errors.New("plain_loopback is for ldap://")
	case a.plain && !loopback(host):
		return fmt.Errorf("plain_loopback: %q is another host: the password would cross the network readable; want ldaps://, or ldap:// for StartTLS", host)
	case a.plain && c.CAFile != "":
		return errors.New("ca_file is for TLS, which plain_loopback turns off")
	}
	a.tls, err = connectors.TLSTo(host, c.CAFile, env.Dir)
	return err
}

// loopback names this host by its address: what "localhost" means is for a resolver to say.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
