package ldap

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
)

// tally counts what a reader of the report should know of a pull's accounts.
type tally struct {
	accounts, hidden, expired, timeless, locked, stalePassword, neverSeen int
}

// account overwrites acc with the entry; the slices acc has are used again. An error means that the account cannot be
// judged by what is there.
func (s *session) account(acc *connectors.Account, e entry, n *tally) error {
	d := s.app.dialect
	id := d.idOf(e)
	if id == "" {
		return fmt.Errorf("its %s cannot be read", d.id)
	}
	*acc = connectors.Account{ID: connectors.AccountID(id), Aliases: acc.Aliases[:0], Entitlements: acc.Entitlements[:0],
		DisplayName: orElse(e.first("displayName"), e.first("cn")), EmployeeID: s.employeeID(e),
		From: connectors.Where{Source: s.app.location(e.DN)}}
	n.accounts++
	if d == activeDirectory {
		return s.windows(acc, e, n)
	}
	return s.posix(acc, e, n)
}

func (s *session) employeeID(e entry) string {
	if s.app.employeeID != "" {
		return e.first(s.app.employeeID)
	}
	return orElse(e.first("employeeID"), e.first("employeeNumber"))
}

// windows reads what Active Directory keeps.
func (s *session) windows(acc *connectors.Account, e entry, n *tally) error {
	acc.Username = e.first("sAMAccountName")
	acc.Email = e.first("mail")
	also := []string{e.first("userPrincipalName")}
	for _, p := range e.all("proxyAddresses") {
		if kind, address, ok := strings.Cut(p, ":"); ok && strings.EqualFold(kind, "smtp") {
			also = append(also, address)
		}
	}
	acc.Aliases = appendAliases(acc.Aliases, acc.Email, also)
	var err error
	if acc.Created, err = s.day(e.first("whenCreated")); err != nil {
		return fmt.Errorf("whenCreated: %w", err)
	}
	if acc.LastSignIn, err = s.lastLogon(e); err != nil {
		return err
	}
	acc.SignInUnknown = s.app.signIn && !acc.LastSignIn.Known() // it is written only now and then, and not at all before the domain's level was raised
	n.neverSeen += count(!acc.LastSignIn.Known())
	acc.Class = class(e, acc)
	return s.standing(acc, e, n)
}

// standing tells whether the account can be used. Where userAccountControl cannot be read, that is unknown.
func (s *session) standing(acc *connectors.Account, e entry, n *tally) error {
	if !e.has("userAccountControl") {
		n.hidden++
		return nil
	}
	uac, err := parseUAC(e.first("userAccountControl"))
	if err != nil {
		return err
	}
	acc.Enabled = connectors.Is(uac&accountDisabled == 0)
	if computed := e.first("msDS-User-Account-Control-Computed"); computed != "" {
		now, err := parseUAC(computed)
		if err != nil {
			return fmt.Errorf("msDS-User-Account-Control-Computed: %w", err)
		}
		n.locked += count(now&lockedOut != 0)
		n.stalePassword += count(now&passwordExpired != 0)
	}
	expires, is, err := filetime(orElse(e.first("accountExpires"), "0"))
	switch {
	case err != nil:
		return fmt.Errorf("accountExpires: %w", err)
	case !is:
	case s.root.now.IsZero():
		n.timeless++
	case !s.root.now.Before(expires) && acc.Enabled == connectors.Yes:
		n.expired++
		acc.Enabled = connectors.No // it can be used no more than a disabled one
	}
	return nil
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// lastLogon is the later of the two, 0 where there is none: which is not known to be never.
func (s *session) lastLogon(e entry) (connectors.Date, error) {
	var last time.Time
	for _, name := range []string{"lastLogonTimestamp", "lastLogon"} {
		t, is, err := filetime(orElse(e.first(name), "0"))
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		if is && t.After(last) {
			last = t
		}
	}
	if last.IsZero() || !s.app.signIn {
		return 0, nil
	}
	return connectors.DateOf(last, s.app.zone), nil
}

// Well-known accounts of a domain, by the last part of their SID.
const (
	ridAdministrator = 500
	ridGuest         = 501
	ridKrbtgt        = 502
)

// class is what an account is for, where the directory tells: managed service accounts by their kind, trusts by theirs, the
// built-in accounts by their SID. A service principal name makes a service of an account without an employee id; many a
// person's own account has one too.
func class(e entry, acc *connectors.Account) connectors.Class {
	uac, _ := parseUAC(e.first("userAccountControl"))
	id, _ := parseSID(e.raw("objectSid"))
	switch {
	case e.isA("msDS-GroupManagedServiceAccount") || e.isA("msDS-ManagedServiceAccount") || uac&anyTrust != 0:
		return connectors.Service
	case id.ofDomain() && id.rid() == ridAdministrator:
		return connectors.BreakGlass
	case id.ofDomain() && id.rid() == ridGuest:
		return connectors.Shared
	case id.ofDomain() && id.rid() == ridKrbtgt:
		return connectors.Service
	case e.has("servicePrincipalName") && acc.EmployeeID == "":
		return connectors.Service
	}
	return connectors.ClassUnknown
}

// lockedForGood is the value of pwdAccountLockedTime that no time unlocks (draft-behera-ldap-password-policy §5.3.3). Any
// other is the time at which too many wrong passwords locked the account, which it unlocks by itself from.
const lockedForGood = "000001010000Z"

// posix reads what OpenLDAP keeps. Without its password policy overlay it knows no accounts that are disabled.
func (s *session) posix(acc *connectors.Account, e entry, n *tally) error {
	acc.Username = orElse(e.first("uid"), e.first("cn"))
	mail := e.all("mail")
	if len(mail) > 0 {
		acc.Email = mail[0]
		acc.Aliases = appendAliases(acc.Aliases, acc.Email, mail[1:])
	}
	if s.root.policy {
		acc.Enabled = connectors.Is(e.first("pwdAccountLockedTime") != lockedForGood)
		n.locked += count(e.has("pwdAccountLockedTime") && acc.Enabled == connectors.Yes)
	}
	if e.isA("simpleSecurityObject") && !e.isA("person") {
		acc.Class = connectors.Service
	}
	var err error
	if acc.Created, err = s.day(e.first("createTimestamp")); err != nil {
		return fmt.Errorf("createTimestamp: %w", err)
	}
	if !s.app.signIn {
		return nil
	}
	if acc.LastSignIn, err = s.day(e.first("pwdLastSuccess")); err != nil {
		return fmt.Errorf("pwdLastSuccess: %w", err)
	}
	acc.SignInUnknown = !acc.LastSignIn.Known() // of before the overlay was loaded nothing is on record
	n.neverSeen += count(!acc.LastSignIn.Known())
	return nil
}

// day is the day of a time stamp, 0 where there is none.
func (s *session) day(stamp string) (connectors.Date, error) {
	if stamp == "" {
		return 0, nil
	}
	t, err := parseTime(stamp)
	if err != nil {
		return 0, err
	}
	return connectors.DateOf(t, s.app.zone), nil
}

// appendAliases adds addresses once each, in order of their letters: directories keep values in none.
func appendAliases(out []string, but string, also []string) []string {
	for _, a := range also {
		if strings.Contains(a, "@") && !strings.EqualFold(a, but) && !containsFold(out, a) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a), strings.ToLower(b)), cmp.Compare(a, b))
	})
	return out
}

// notes tells what is worth knowing, and fails a pull that shows of no account whether it is enabled.
func (n *tally) notes(s *session, t connectors.Trace) error {
	if n.accounts > 0 && n.hidden == n.accounts {
		return fmt.Errorf("%s: of none of %d accounts can userAccountControl be read, so that disabled ones would look like others: grant %q on them to %s: %w",
			s.app.location(s.base()), n.accounts, "Read all properties", s.app.bind, connectors.ErrForbidden)
	}
	note := func(n int, format string) {
		if n > 0 {
			t.Note(connectors.Accounts, fmt.Sprintf(format, n))
		}
	}
	note(n.hidden, "userAccountControl of %d accounts cannot be read: whether they are enabled is unknown")
	note(n.expired, "%d accounts are past accountExpires: they count as disabled")
	note(n.timeless, "%d accounts have accountExpires set, and the server does not say what time it is: they count as enabled where they are not disabled")
	note(n.locked, "%d accounts are locked out after wrong passwords, for a time: they count as enabled")
	note(n.stalePassword, "%d accounts have an expired password: they count as enabled")
	if s.app.signIn {
		note(n.neverSeen, "%d accounts have no sign-in on record here: whether they were ever used is unknown")
	}
	return nil
}

// errNoPolicy says why OpenLDAP cannot disable.
var errNoPolicy = errors.New("the server has no password policy overlay (ppolicy), without which it cannot lock an account")
