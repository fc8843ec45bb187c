package connectors

import (
	"context"
	"errors"
	"iter"
	"net"
	"net/http"
	"time"
)

// Errors a connector's error is one of, where a caller may act upon it.
var (
	ErrNotFound  = errors.New("not found")
	ErrForbidden = errors.New("not permitted")
	ErrTransient = errors.New("try again later")
)

// Source is what the roster and the apps have in common.
type Source interface {
	Info() Info
}

// Roster yields every person HR knows, leavers and people on leave included.
type Roster interface {
	Source
	People(ctx context.Context, t Trace) iter.Seq2[Person, error]
}

// App yields every account, disabled ones included. The Account's slices are valid until the next yield; Clone to keep.
// Its strings stay valid. An error ends the pull.
type App interface {
	Source
	Accounts(ctx context.Context, t Trace) iter.Seq2[Account, error]
}

// Info says what a source reads and can tell.
type Info struct {
	Kind        string       // of connector: "csv", "scim"
	Location    string       // file or URL, without secrets
	Parameters  string       // filters in force; "none" says that there are none
	Collections []Collection // each must be ended for a pull to be complete
	Signals     Signals
	SizeHint    int64 // bytes, when known before the pull; the largest sources are started first
	Repeatable  bool  // another call of Accounts reads the same again at little cost, as a file does
}

// Signals are the facts an app can give about its accounts. Configuration may narrow them, never widen.
type Signals struct {
	SignIn    Signal // Account.LastSignIn
	Use       Signal // Entitlement.LastUsed
	GrantDate Signal // Entitlement.Granted
	MFA       Signal // Account.MFA and LocalSignIn
	Off       bool   // sign-in times and use are switched off by the company, whatever the app could tell
}

// Signal is one such fact; LagDays is how late it may be.
type Signal struct {
	Given   bool
	LagDays int
}

// Trace is how a pull proves itself. A pull is complete only if it ended without an error and every declared
// collection called End. A Trace is used by one goroutine at a time.
type Trace interface {
	Page(c Collection, p Page)               // one request or file read
	Reject(c Collection, w Where, err error) // a row left out, counted; not the end of the pull
	Total(c Collection, n int)               // what the provider says it has
	End(c Collection)                        // the terminal marker was seen
	Note(c Collection, s string)             // something a reader of the report should know, once
}

// RejectedRow is what Trace.Reject is given for a row that was left out although it could be read whose it is. What is
// known of that account or person is then "not seen", never "gone" or "not on the roster". A row whose owner cannot be
// read is rejected with any other error, and may be anybody's.
type RejectedRow struct {
	Err     error
	Account AccountID // of an account row
	Person  *Person   // of a roster row: id, names and addresses
	Repeats bool      // the row repeats one that was kept: nothing is unseen
}

func (r *RejectedRow) Error() string { return r.Err.Error() }
func (r *RejectedRow) Unwrap() error { return r.Err }

// Page is one piece read from a provider.
type Page struct {
	Request string // what was asked, without secrets
	Bytes   int64
	SHA256  [32]byte // of the bytes as received
}

// Env is all the outside world a connector may touch.
type Env struct {
	HTTP   *http.Client
	Dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	Secret func(ref string) (string, error) // resolves "env:NAME", "file:PATH", "exec:…"
	Dir    string                           // relative paths in the configuration start here
	Zone   *time.Location                   // the company's: in which time stamps become dates

	// NoSignInTimes keeps out when anybody signed in or used something: what can be left unasked is not asked for, and none of
	// it is given. WithoutSignInTimes says so of the app.
	NoSignInTimes bool
}

// RosterConfig is the configuration of one kind of roster source, decoded from [roster].
type RosterConfig interface {
	// OpenRoster checks the configuration and makes the source; it reads nothing yet.
	OpenRoster(env Env) (Roster, error)
}

// AppConfig is the configuration of one kind of app source, decoded from an [[app]].
type AppConfig interface {
	// OpenApp checks the configuration and makes the source; it reads nothing yet.
	OpenApp(app AppID, env Env) (App, error)
}

// Getter reads one account afresh, by its immutable id.
type Getter interface {
	Account(ctx context.Context, id AccountID) (Account, error)
}
