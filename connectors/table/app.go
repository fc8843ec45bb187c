package table

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"rollcall/connectors"
)

// NewApp makes an App of an account list and, where the configuration names one, a table of entitlements (else nil).
// It checks the configuration and reads nothing.
func NewApp(id connectors.AppID, kind, parameters string, accounts File, o AppOptions, grants File, g GrantOptions,
	env connectors.Env) (connectors.App, error) {
	a, err := newApp(accounts, o, grants, g, env)
	if err != nil {
		return nil, fmt.Errorf("app %q: %w", id, err)
	}
	a.info.Kind, a.info.Location, a.info.Parameters = kind, accounts.Name(), parameters
	return a, nil
}

// app is an App read from tables.
type app struct {
	info      connectors.Info
	accounts  spec
	grants    *spec
	separator byte
	enabled   words[connectors.Tri]
	class     words[connectors.Class]
	yesNo     words[connectors.Tri]
}

// The columns of the account list.
const (
	accID = iota
	accUsername
	accDisplayName
	accEmail
	accEmployeeID
	accOwner
	accAliases
	accEntitlements
	accStatus
	accClass
	accCreated
	accLastSignIn
	accMFA
	accLocalSignIn
)

func (c AppColumns) wanted() []want {
	return []want{accID: {"id", c.ID}, accUsername: {"username", c.Username}, accDisplayName: {"display_name", c.DisplayName},
		accEmail: {"email", c.Email}, accEmployeeID: {"employee_id", c.EmployeeID}, accOwner: {"owner", c.Owner},
		accAliases: {"aliases", c.Aliases}, accEntitlements: {"entitlements", c.Entitlements}, accStatus: {"status", c.Status},
		accClass: {"class", c.Class}, accCreated: {"created", c.Created}, accLastSignIn: {"last_sign_in", c.LastSignIn},
		accMFA: {"mfa", c.MFA}, accLocalSignIn: {"local_sign_in", c.LocalSignIn}}
}

// The columns of the entitlement table.
const (
	grAccount = iota
	grEntitlement
	grGranted
	grLastUsed
	grUntil
	grPrivileged
	grInherited
)

func (c GrantColumns) wanted() []want {
	return []want{grAccount: {"account", c.Account}, grEntitlement: {"entitlement", c.Entitlement}, grGranted: {"granted", c.Granted},
		grLastUsed: {"last_used", c.LastUsed}, grUntil: {"until", c.Until}, grPrivileged: {"privileged", c.Privileged},
		grInherited: {"inherited", c.Inherited}}
}

func newApp(accounts File, o AppOptions, grants File, g GrantOptions, env connectors.Env) (*app, error) {
	if accounts.Name() == "" {
		return nil, errNoFile
	}
	if grants == nil && g.Columns != (GrantColumns{}) {
		return nil, errors.New("[app.entitlements]: columns are named, and no file to find them in")
	}
	if err := narrow(&o, &g.Columns); err != nil {
		return nil, err
	}
	if err := need("app.columns", map[string]string{"id": o.Columns.ID}); err != nil {
		return nil, err
	}
	a := &app{yesNo: yesNoWords()}
	var err error
	if a.separator, err = o.separator(); err != nil {
		return nil, err
	}
	if a.enabled, err = enabledWords(o.Status); err != nil {
		return nil, err
	}
	if a.class, err = classWords(o.Class); err != nil {
		return nil, err
	}
	a.accounts = spec{file: accounts, collection: connectors.Accounts, section: "app.columns", wanted: o.Columns.wanted(), limit: o.MaxRejected}
	if a.accounts.dates, err = newDates(o.Dates, o.NoDate, env.Zone); err != nil {
		return nil, err
	}
	if err := a.secondFile(o, grants, g, env); err != nil {
		return nil, err
	}
	a.info = connectors.Info{Collections: []connectors.Collection{connectors.Accounts}, Repeatable: true}
	if a.grants != nil {
		a.info.Collections = append(a.info.Collections, connectors.Entitlements)
	}
	a.info.Signals = connectors.Signals{
		SignIn:    connectors.Signal{Given: o.Columns.LastSignIn != ""},
		Use:       connectors.Signal{Given: g.Columns.LastUsed != ""},
		GrantDate: connectors.Signal{Given: g.Columns.Granted != ""},
		MFA:       connectors.Signal{Given: o.Columns.MFA != "" || o.Columns.LocalSignIn != ""},
	}
	return a, nil
}

func (a *app) secondFile(o AppOptions, grants File, g GrantOptions, env connectors.Env) error {
	if grants == nil {
		return nil
	}
	if o.Columns.Entitlements != "" {
		return errors.New("entitlements: set either the column [app.columns] entitlements or the file [app.entitlements], not both")
	}
	if err := need("app.entitlements.columns", map[string]string{"account": g.Columns.Account, "entitlement": g.Columns.Entitlement}); err != nil {
		return err
	}
	dates, noDate := inherit(g.Dates, g.NoDate, o.Common)
	d, err := newDates(dates, noDate, env.Zone)
	if err != nil {
		return fmt.Errorf("entitlements: %w", err)
	}
	a.grants = &spec{file: grants, collection: connectors.Entitlements, section: "app.entitlements.columns",
		wanted: g.Columns.wanted(), dates: d, limit: g.MaxRejected}
	return nil
}

func (a *app) Info() connectors.Info { return a.info }

// errStopped says that the consumer has had enough: the pull ends without a word.
var errStopped = errors.New("stopped")

func (a *app) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	return func(yield func(connectors.Account, error) bool) {
		p := newPull(ctx, a, t, func(acc *connectors.Account) bool { return yield(*acc, nil) })
		defer p.free()
		if err := p.run(); err != nil && err != errStopped {
			yield(connectors.Account{}, err)
		}
	}
}
