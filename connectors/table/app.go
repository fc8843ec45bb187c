package table

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"rollcall/connectors"
)

// AppFiles are the tables of an app: the account list and, where the configuration names them, those of what its
// accounts hold (else nil).
type AppFiles struct{ Accounts, Entitlements, Credentials File }

// NewApp makes an App of its tables. It checks the configuration and reads nothing.
func NewApp(id connectors.AppID, kind, parameters string, f AppFiles, o AppOptions, g GrantOptions, c CredentialOptions,
	env connectors.Env) (connectors.App, error) {
	a, err := newApp(f, o, g, c, env)
	if err != nil {
		return nil, fmt.Errorf("app %q: %w", id, err)
	}
	a.info.Kind, a.info.Location, a.info.Parameters = kind, f.Accounts.Name(), parameters
	return a, nil
}

// app is an App read from tables.
type app struct {
	info        connectors.Info
	accounts    spec
	grants      *spec // nil: there is none
	credentials *spec // likewise
	separator   byte
	enabled     words[connectors.Tri]
	class       words[connectors.Class]
	yesNo       words[connectors.Tri]
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

func newApp(f AppFiles, o AppOptions, g GrantOptions, c CredentialOptions, env connectors.Env) (*app, error) {
	if f.Accounts.Name() == "" {
		return nil, errNoFile
	}
	if f.Entitlements == nil && g.Columns != (GrantColumns{}) {
		return nil, errors.New("[app.entitlements]: columns are named, and no file to find them in")
	}
	if f.Credentials == nil && c.Columns != (CredentialColumns{}) {
		return nil, errors.New("[app.credentials]: columns are named, and no file to find them in")
	}
	if err := narrow(&o, &g.Columns); err != nil {
		return nil, err
	}
	if env.NoSignInTimes { // not even read
		o.Columns.LastSignIn, g.Columns.LastUsed, c.Columns.LastUsed = "", "", ""
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
	a.accounts = spec{file: f.Accounts, collection: connectors.Accounts, section: "app.columns", wanted: o.Columns.wanted(), limit: o.MaxRejected}
	if a.accounts.dates, err = newDates(o.Dates, o.NoDate, env.Zone); err != nil {
		return nil, err
	}
	if a.grants, err = grantSpec(f.Entitlements, g, o, env); err != nil {
		return nil, err
	}
	if a.credentials, err = credentialSpec(f.Credentials, c, o, env); err != nil {
		return nil, err
	}
	a.info = connectors.Info{Collections: []connectors.Collection{connectors.Accounts}, Repeatable: true}
	if a.grants != nil {
		a.info.Collections = append(a.info.Collections, connectors.Entitlements)
	}
	if a.credentials != nil {
		a.info.Collections = append(a.info.Collections, connectors.Credentials)
	}
	a.info.Signals = connectors.Signals{
		SignIn:    connectors.Signal{Given: o.Columns.LastSignIn != ""},
		Use:       connectors.Signal{Given: g.Columns.LastUsed != ""},
		GrantDate: connectors.Signal{Given: g.Columns.Granted != ""},
		MFA:       connectors.Signal{Given: o.Columns.MFA != "" || o.Columns.LocalSignIn != ""},
	}
	return a, nil
}

func (a *app) Info() connectors.Info {
	info := a.info
	for _, s := range []*spec{&a.accounts, a.grants, a.credentials} {
		if s != nil {
			info.SizeHint += s.file.Size()
		}
	}
	return info
}

// errStopped says that the consumer has had enough: the pull ends without a word.
var errStopped = errors.New("stopped")

func (a *app) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	return func(yield func(connectors.Account, error) bool) {
		p := newPull(a, t, func(acc *connectors.Account) bool { return yield(*acc, nil) })
		defer p.free()
		if err := p.run(ctx); err != nil && err != errStopped {
			yield(connectors.Account{}, err)
		}
	}
}
