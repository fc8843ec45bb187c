package ldap

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"rollcall/connectors"
)

// failure is an error of the directory or of the way there. It holds no secret: what a server said is searched for the
// password, should it echo that.
type failure struct {
	what  string // was done
	text  string // what came of it
	class error  // one of the connectors' errors, or nil
	code  uint16 // of RFC 4511, or of go-ldap's own from 200 on
	cause error  // the context's error, where that is why
}

func (f *failure) Error() string { return f.what + ": " + f.text }

func (f *failure) Unwrap() []error {
	var out []error
	for _, e := range []error{f.class, f.cause} {
		if e != nil {
			out = append(out, e)
		}
	}
	return out
}

// broken makes an error of what go-ldap or the network gave.
func (a *App) broken(ctx context.Context, what string, err error) error {
	f := &failure{what: a.location("") + ": " + what, text: a.redact(err.Error()), cause: ctx.Err(), code: codeOf(err)}
	switch {
	case f.cause != nil:
		f.text = f.cause.Error()
	case errors.As(err, new(certificate)):
		f.code = ldap.LDAPResultConnectError
	case slices.Contains(forbidden, f.code):
		f.class = connectors.ErrForbidden
	case f.code == ldap.LDAPResultNoSuchObject:
		f.class = connectors.ErrNotFound
	case f.code == 0 || slices.Contains(transient, f.code):
		f.class = connectors.ErrTransient
	}
	if h := hints[f.code]; h != "" && f.cause == nil {
		f.text += "; " + h
	}
	return f
}

// lost tells whether no answer came: a change may have been made or not.
func lost(err error) bool {
	var f *failure
	return errors.As(err, &f) && (f.code == 0 || f.code == ldap.ErrorNetwork)
}

// codeOf is 0 for what is no LDAP result.
func codeOf(err error) uint16 {
	var l *ldap.Error
	if errors.As(err, &l) {
		return l.ResultCode
	}
	var f *failure
	if errors.As(err, &f) {
		return f.code
	}
	return 0
}

var (
	forbidden = []uint16{ldap.LDAPResultInsufficientAccessRights, ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInappropriateAuthentication,
		ldap.LDAPResultStrongAuthRequired, ldap.LDAPResultConfidentialityRequired, ldap.LDAPResultAuthMethodNotSupported, ldap.LDAPResultAuthorizationDenied}
	transient = []uint16{ldap.LDAPResultBusy, ldap.LDAPResultUnavailable, ldap.ErrorNetwork}
)

// hints say what to do about a result.
var hints = map[uint16]string{
	ldap.LDAPResultSizeLimitExceeded: "the server stops at its size limit, and what was read is not all: OpenLDAP counts paged results too where size.prtotal is set; " +
		"let this account past it (limits dn.exact=… size.prtotal=unlimited)",
	ldap.LDAPResultAdminLimitExceeded:      "the search is too costly for the server's limits for this account: raise them, or narrow base",
	ldap.LDAPResultTimeLimitExceeded:       "the server's time limit ended the search, and what was read is not all: raise the limit, or lower page_size",
	ldap.LDAPResultStrongAuthRequired:      "the server wants TLS: use ldaps://",
	ldap.LDAPResultConfidentialityRequired: "the server wants TLS: use ldaps://",
	ldap.LDAPResultReferral:                "the server refers to another one, which is not followed: name a server that holds the base and may be written to",
	ldap.LDAPResultNoSuchObject:            "there is no such entry, or this account may not see it",
}

// bindData are the reasons a domain controller gives for a refused bind, as "data 52e".
var bindData = map[string]string{
	"525": "there is no such account", "52e": "the name or the password is wrong", "530": "not at this hour", "531": "not from this host",
	"532": "its password has expired", "533": "it is disabled", "701": "it has expired", "773": "its password must be changed first", "775": "it is locked out",
}

var dataCode = regexp.MustCompile(`\bdata ([0-9a-f]+)`)

// bindRefused says in words why.
func bindRefused(err error) error {
	if codeOf(err) != ldap.LDAPResultInvalidCredentials {
		return err
	}
	why := "the account or the password in bind and password is wrong"
	if m := dataCode.FindStringSubmatch(err.Error()); m != nil && bindData[m[1]] != "" {
		why = "the account in bind: " + bindData[m[1]]
	}
	return fmt.Errorf("%w; %s", err, why)
}

// redact takes the password out of what a server said.
func (a *App) redact(s string) string {
	return strings.TrimRight(strings.ReplaceAll(s, a.password, "<password>"), "\x00")
}
