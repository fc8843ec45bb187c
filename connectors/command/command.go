// Package command reads the accounts of any system through a program that prints them, and changes them through further
// programs, one for each thing that can be done. It is for systems that no other connector knows: an hour's work in any
// language.
//
// # What a program is given
//
// Its arguments as the configuration has them, never through a shell; an argument that is exactly {account}, {entitlement} or
// {credential} is replaced by that id. One JSON object on standard input:
//
//	{"rollcall":1,"do":"disable","account":{"id":"u1","username":"ada","email":"ada@example.com","enabled":true,"state":{…}}}
//
// do is list, read, disable, enable, remove_entitlement, add_entitlement, revoke_sessions, revoke_credential or check; with
// "entitlement" or "credential" where it is about one; account is left out of list and check. In an undo, account is as it
// was before: state is what the program gave when it read the account. The environment holds PATH, LANG, TZ=UTC, and what
// [app.env] names. The folder it starts in is that of the configuration.
//
// # What it prints
//
// JSON lines: one object a line, ended by a newline, at most 1 MiB. A list, or the reading of one account:
//
//	{"type":"header","rollcall":1,"signals":["sign_in"]}
//	{"type":"account","id":"u1","username":"ada","display_name":"Ada Muster","email":"ada@example.com","aliases":[],"employee_id":"E1",
//	 "owner":"","enabled":true,"class":"human","created":"2024-01-31","last_sign_in":"2026-01-02","mfa":true,"local_sign_in":false,
//	 "entitlements":[{"id":"admin","privileged":true,"inherited":"","granted":"2024-01-31","last_used":null,"until":null}],
//	 "credentials":[{"id":"k1","kind":"api_key","created":"2024-01-31","last_used":null}],"state":{"any":"thing"}}
//	{"type":"reject","id":"u7","reason":"…"}   a row that the program cannot make an account of
//	{"type":"note","text":"…"}                 what a reader of the report should know
//	{"type":"end","accounts":1}                how many accounts and rejects there were: without it, the list is not whole
//
// Only id is required of an account. What is left out or null is unknown, and never read as no; last_sign_in is "never" where
// the system knows that there was none. Days are YYYY-MM-DD, or instants of RFC 3339. A field that is not listed here is an
// error: it may be one that is misspelt. A change is answered by one line:
//
//	{"type":"done","changed":true,"request_id":"…"}
//
// changed is false where it was so already, which is no error. A check is answered by one line:
//
//	{"type":"check","identity":"svc-rollcall","proved":["may list users"],"problems":[{"lacks":"…","so":"…","fix":"…","writing":false}]}
//
// # How it ends
//
// With 0 when all went well. By sysexits.h: 67 (EX_NOUSER) where there is no such account, 77 (EX_NOPERM) where the system
// refuses and nothing was changed, 75 (EX_TEMPFAIL) where it may work later and nothing was changed. Any other end leaves
// open whether a change was made. What it writes to standard error is shown with the error, the last of it.
//
// A program that takes longer than timeout is ended, with all it started; so is one that prints what it may not.
//
// # Rights
//
// The programs run as the user that rollcall runs as. Whoever can write to one of them can do what that user can: a program
// that its group or others may write to is refused.
package command

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
)

const kind = "command"

// AppConfig is an [[app]] of kind "command". Each program is a list: its path, relative to the configuration's folder, and
// its arguments.
type AppConfig struct {
	Accounts          []string          `toml:"accounts"`           // lists all accounts
	Account           []string          `toml:"account"`            // reads one; wanted where anything is changed
	Disable           []string          `toml:"disable"`            // with enable
	Enable            []string          `toml:"enable"`             // undoes disable
	RemoveEntitlement []string          `toml:"remove_entitlement"` // with add_entitlement
	AddEntitlement    []string          `toml:"add_entitlement"`    // undoes remove_entitlement
	RevokeSessions    []string          `toml:"revoke_sessions"`    // has no undo
	RevokeCredential  []string          `toml:"revoke_credential"`  // has no undo
	Check             []string          `toml:"check"`              // says what the programs lack
	Env               map[string]string `toml:"env"`                // environment variables, as references of secrets
	Timeout           string            `toml:"timeout"`            // of one run, such as "90s"; "10m" when empty
	Reports           []string          `toml:"reports"`            // of sign_in, use, grant_date, mfa: what the program can tell
	SignInLagDays     int               `toml:"sign_in_lag_days"`   // how late a sign-in may show
}

var (
	_ connectors.AppConfig = (*AppConfig)(nil)
	_ connectors.Described = (*AppConfig)(nil)
)

// mostLag is more than any system is late.
const mostLag = 31

// Spec implements connectors.Described.
func (*AppConfig) Spec() connectors.Spec {
	given, own := connectors.Signal{Given: true}, []string{"what the program needs"}
	return connectors.Spec{
		Title:       "any system, by programs that speak JSON lines",
		Collections: []connectors.Collection{connectors.Accounts},
		Signals:     connectors.Signals{SignIn: connectors.Signal{Given: true, LagDays: mostLag}, Use: given, GrantDate: given, MFA: given},
		Abilities: []connectors.AbilitySpec{
			{Ability: connectors.CanDisable, How: "the program disable", Undo: connectors.UndoExact, Write: own},
			{Ability: connectors.CanRemoveEntitlement, How: "the program remove_entitlement", Undo: connectors.UndoExact, Write: own},
			{Ability: connectors.CanRevokeSessions, How: "the program revoke_sessions", Undo: connectors.UndoPartial, Write: own},
			{Ability: connectors.CanRevokeCredential, How: "the program revoke_credential", Undo: connectors.UndoNone, Write: own},
		},
		Read: own,
	}
}

// OpenApp implements connectors.AppConfig. No program is run yet.
func (c *AppConfig) OpenApp(app connectors.AppID, env connectors.Env) (connectors.App, error) {
	a, err := c.open(env)
	if err != nil {
		return nil, fmt.Errorf("command: app %q: %w", app, err)
	}
	return a.able(), nil
}

const defaultTimeout = 10 * time.Minute

func (c *AppConfig) open(env connectors.Env) (*App, error) {
	// A program's path must not depend on where rollcall was started, and least of all be looked for in PATH.
	dir, err := filepath.Abs(env.Dir)
	if err != nil {
		return nil, err
	}
	a := &App{programs: c.programs(), dir: dir, zone: env.Zone, lag: c.SignInLagDays, grace: grace, timeout: defaultTimeout}
	if a.zone == nil {
		a.zone = time.UTC
	}
	if err := c.checkPrograms(); err != nil {
		return nil, err
	}
	if c.Timeout != "" {
		d, err := time.ParseDuration(c.Timeout)
		if err != nil || d <= 0 {
			return nil, fmt.Errorf(`timeout %q: want a duration such as "90s"`, c.Timeout)
		}
		a.timeout = d
	}
	for _, r := range c.Reports {
		if !slices.Contains(signals, r) {
			return nil, fmt.Errorf("reports %q is not known; want some of %s", r, strings.Join(signals, ", "))
		}
	}
	a.reports = c.Reports
	if lag := c.SignInLagDays; lag < 0 || lag > mostLag || lag > 0 && !slices.Contains(c.Reports, signIn) {
		return nil, fmt.Errorf("sign_in_lag_days %d: want 0 to %d, and sign_in among reports", lag, mostLag)
	}
	return a, a.environment(c.Env, env)
}

// The programs, by what stands in do.
const (
	doList, doRead, doCheck                      = "list", "read", "check"
	doDisable, doEnable                          = "disable", "enable"
	doRemoveEntitlement, doAddEntitlement        = "remove_entitlement", "add_entitlement"
	doRevokeSessions, doRevokeCredential         = "revoke_sessions", "revoke_credential"
	accountMark, entitlementMark, credentialMark = "{account}", "{entitlement}", "{credential}"
)

func (c *AppConfig) programs() map[string][]string {
	return map[string][]string{doList: c.Accounts, doRead: c.Account, doCheck: c.Check, doDisable: c.Disable, doEnable: c.Enable, doRemoveEntitlement: c.RemoveEntitlement,
		doAddEntitlement: c.AddEntitlement, doRevokeSessions: c.RevokeSessions, doRevokeCredential: c.RevokeCredential}
}

func (c *AppConfig) checkPrograms() error {
	writes := len(c.Disable)+len(c.Enable)+len(c.RemoveEntitlement)+len(c.AddEntitlement)+len(c.RevokeSessions)+len(c.RevokeCredential) > 0
	switch {
	case len(c.Accounts) == 0:
		return errors.New(`accounts is missing: name the program that lists all accounts, such as ["./list-accounts"]`)
	case writes && len(c.Account) == 0:
		return errors.New("account is missing: what changes accounts needs a program that reads one afresh")
	case len(c.Disable) == 0 != (len(c.Enable) == 0):
		return errors.New("disable and enable are wanted together: each is the other's undo")
	case len(c.RemoveEntitlement) == 0 != (len(c.AddEntitlement) == 0):
		return errors.New("remove_entitlement and add_entitlement are wanted together: each is the other's undo")
	}
	all := c.programs()
	for _, do := range slices.Sorted(maps.Keys(all)) {
		if err := checkArguments(do, all[do]); err != nil {
			return err
		}
	}
	return nil
}

// checkArguments wants ids to stand by themselves: inside of more text, they might be read as something else.
func checkArguments(do string, argv []string) error {
	for i, arg := range argv {
		for _, mark := range []string{accountMark, entitlementMark, credentialMark} {
			switch {
			case !strings.Contains(arg, mark):
			case i == 0 || arg != mark:
				return fmt.Errorf("%s: %q: an id is an argument by itself: write %q", do, arg, mark)
			case mark == accountMark && (do == doList || do == doCheck),
				mark == entitlementMark && do != doRemoveEntitlement && do != doAddEntitlement, mark == credentialMark && do != doRevokeCredential:
				return fmt.Errorf("%s: %s means nothing to this program", do, mark)
			}
		}
		if strings.ContainsRune(arg, 0) || i == 0 && arg == "" {
			return fmt.Errorf("%s: argument %d is empty or holds a zero byte", do, i)
		}
	}
	return nil
}

// environment resolves what the programs are given. All of it counts as secret.
func (a *App) environment(names map[string]string, env connectors.Env) error {
	a.env = []string{"PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin", "LANG=C.UTF-8", "TZ=UTC"}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.HasPrefix(name, "LD_") {
			return fmt.Errorf("env: %q is no name that a program may be given", name)
		}
		if env.Secret == nil {
			return errors.New("env: no way to resolve secrets is given")
		}
		value, err := env.Secret(names[name])
		if err != nil {
			return fmt.Errorf("env: %s: %w", name, err)
		}
		if value == "" || strings.ContainsRune(value, 0) {
			return fmt.Errorf("env: %s: the secret is empty, or holds a zero byte", name)
		}
		a.env, a.secrets = append(a.env, name+"="+value), append(a.secrets, value)
	}
	return nil
}

// App is a system behind programs. It may be used by several goroutines at once where its programs may.
type App struct {
	programs map[string][]string
	dir      string
	env      []string
	secrets  []string
	zone     *time.Location
	timeout  time.Duration
	grace    time.Duration
	reports  []string
	lag      int
}

var (
	_ connectors.App         = (*App)(nil)
	_ connectors.Preflighter = (*App)(nil)
)

// The signals that reports and a header may name.
const (
	signIn    = "sign_in"
	use       = "use"
	grantDate = "grant_date"
	mfa       = "mfa"
)

var signals = []string{signIn, use, grantDate, mfa}

func (a *App) given(signal string) bool { return slices.Contains(a.reports, signal) }

// Info implements connectors.Source.
func (a *App) Info() connectors.Info {
	return connectors.Info{
		Kind: kind, Location: a.path(a.programs[doList][0]), Parameters: strings.Join(append([]string{"arguments:"}, orNone(a.programs[doList][1:])...), " "),
		Collections: []connectors.Collection{connectors.Accounts},
		Signals: connectors.Signals{SignIn: connectors.Signal{Given: a.given(signIn), LagDays: a.lag}, Use: connectors.Signal{Given: a.given(use)},
			GrantDate: connectors.Signal{Given: a.given(grantDate)}, MFA: connectors.Signal{Given: a.given(mfa)}},
	}
}

func orNone(args []string) []string {
	if len(args) == 0 {
		return []string{"none"}
	}
	return args
}

func (a *App) path(program string) string {
	if filepath.IsAbs(program) {
		return program
	}
	return filepath.Join(a.dir, program)
}
