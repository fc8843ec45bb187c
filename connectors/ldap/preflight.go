package ldap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"rollcall/connectors"
)

// Preflight implements connectors.Preflighter. A directory leaves out what a caller may not read without a word, so that it
// looks as if it were not there: what every account has must be seen on a sample of them, and what an account says of its
// groups is held against what those say.
func (a *App) Preflight(ctx context.Context) (connectors.Preflight, error) {
	var p preflight
	if err := a.preflight(ctx, &p); err != nil {
		return connectors.Preflight{}, fmt.Errorf("ldap: %w", err)
	}
	return p.Preflight, nil
}

type preflight struct {
	*reader
	connectors.Preflight
	users, groups []entry // samples
}

func (p *preflight) proved(format string, v ...any) {
	p.Proved = append(p.Proved, fmt.Sprintf(format, v...))
}

func (p *preflight) lacks(lacks, so, fix string) {
	p.Problems = append(p.Problems, connectors.Problem{Lacks: lacks, So: so, Fix: fix})
}

func (p *preflight) lacksToWrite(lacks, so, fix string) {
	p.Problems = append(p.Problems, connectors.Problem{Lacks: lacks, So: so, Fix: fix, Writing: true})
}

func (a *App) preflight(ctx context.Context, p *preflight) error {
	r, err := a.read(ctx, unheard{})
	if err != nil {
		return err
	}
	defer func() { r.close() }()
	p.reader, p.Identity = r, a.bind
	if who, err := r.conn.WhoAmI(nil); err == nil && who.AuthzID != "" { // RFC 4532, which not every server has
		p.Identity = who.AuthzID
	}
	for _, step := range []func() error{p.bases, p.wholeList, p.sample, p.everyAccount, p.signIns, p.members, p.mayWrite, p.excess} {
		if err := step(); err != nil {
			return err
		}
		if len(p.Problems) > 0 && len(p.users) == 0 {
			return nil // there is nothing to look at
		}
	}
	return nil
}

// bases must be there.
func (p *preflight) bases() error {
	for _, b := range []struct{ name, dn string }{{"base", p.base()}, {"group_base", p.groupBase()}} {
		ok, err := p.matches(b.dn, "(objectClass=*)")
		if err != nil {
			return err
		}
		if !ok {
			p.lacks(fmt.Sprintf("the entry %s of %s", b.dn, b.name), "nothing below it would be read", "mend "+b.name+", or let the account "+p.app.bind+" see that entry")
		}
	}
	return nil
}

// wholeList counts the accounts, over all pages.
func (p *preflight) wholeList() error {
	q := p.reader.users(p.app.filter)
	q.attributes = []string{"1.1"} // none: RFC 4511 §4.5.1.8
	n := 0
	err := p.list(q, func(entry) error { n++; return nil })
	switch codeOf(err) {
	case ldap.LDAPResultSizeLimitExceeded, ldap.LDAPResultAdminLimitExceeded, ldap.LDAPResultTimeLimitExceeded:
		p.lacks("a list past the server's limits", "no pull would be whole", err.Error())
		return nil
	}
	switch {
	case err != nil:
		return err
	case n == 0:
		p.lacks("accounts below "+p.base(), "there would be nobody to judge", "mend base and filter, or let the account "+p.app.bind+" see the accounts there")
	default:
		p.proved("lists %d accounts below %s, to the end", n, p.base())
	}
	return nil
}

const sampleSize = 200

// sample keeps the first accounts and groups.
func (p *preflight) sample() error {
	users := p.reader.users(p.app.filter)
	users.attributes = append(users.attributes, "memberOf", "logonCount", "badPwdCount", "allowedAttributesEffective")
	groups := query{connectors.Groups, p.groupBase(), p.app.dialect.groups, append(slices.Clone(p.app.dialect.groupAttrs), "allowedAttributesEffective")}
	for _, by := range []struct {
		query
		to *[]entry
	}{{users, &p.users}, {groups, &p.groups}} {
		err := p.list(by.query, func(e entry) error {
			if *by.to = append(*by.to, e); len(*by.to) == sampleSize {
				return errStopped
			}
			return nil
		})
		if err != nil && err != errStopped {
			return err
		}
	}
	return nil
}

// everyAccount must show what every account has.
func (p *preflight) everyAccount() error {
	so := map[string]string{
		p.app.dialect.id:     "they could not be told apart, and would be rejected",
		"userAccountControl": "disabled accounts would not be told from others",
		"primaryGroupID":     "a primary group such as Domain Admins would not be seen",
		"whenCreated":        "the age of an account would be unknown", "createTimestamp": "the age of an account would be unknown",
	}
	must := []string{"userAccountControl", "primaryGroupID", "whenCreated"}
	if p.app.dialect != activeDirectory {
		must = []string{"createTimestamp"}
	}
	must = append([]string{p.app.dialect.id}, must...)
	if p.app.employeeID != "" {
		must = append(must, p.app.employeeID)
		so[p.app.employeeID] = "they could not be tied to people by it"
	}
	for _, name := range must {
		n := missing(p.users, name)
		own := strings.EqualFold(name, p.app.employeeID) // which not every account must have
		if n == 0 || own && n < len(p.users) {
			p.proved("reads %s of accounts", name)
			continue
		}
		p.lacks(fmt.Sprintf("%s of %d of the first %d accounts", name, n, len(p.users)), so[name], "let the account "+p.app.bind+" read it there")
	}
	return nil
}

func missing(all []entry, names ...string) int {
	n := 0
	for _, e := range all {
		n += count(!slices.ContainsFunc(names, e.has))
	}
	return n
}

// signIns can be seen where an account shows anything of its sign-ins: Active Directory grants them as one set (User-Logon),
// in which an account that was never used has zeros.
func (p *preflight) signIns() error {
	if !p.app.signIn {
		return nil
	}
	names, fix := []string{"lastLogonTimestamp", "lastLogon", "logonCount", "badPwdCount"}, `let the account %s read "logon information", or set sign_in = false`
	if p.app.dialect != activeDirectory {
		names, fix = []string{"pwdLastSuccess"}, "turn lastbind on in the server and let the account %s read pwdLastSuccess, or set sign_in = false"
	}
	if missing(p.users, names...) == len(p.users) {
		p.lacks(fmt.Sprintf("%s of the first %d accounts", names[0], len(p.users)), "no sign-in would be seen", fmt.Sprintf(fix, p.app.bind))
		return nil
	}
	p.proved("reads %s of accounts", names[0])
	return nil
}

// members holds what accounts say of their groups against what the groups say.
func (p *preflight) members() error {
	const enough = 20
	asked := 0
	for _, e := range p.users {
		for _, g := range e.all("memberOf") {
			if asked == enough {
				break
			}
			there, err := p.matches(g, p.app.dialect.groups)
			if err != nil || !there {
				continue // a group of another kind or place
			}
			asked++
			named := false
			for _, by := range p.app.dialect.members {
				is, err := p.matches(g, equals(by.name, []byte(e.DN)))
				if err != nil {
					return err
				}
				named = named || is
			}
			if !named {
				p.lacks("the members of "+g, fmt.Sprintf("%s, who says to be one, would not be seen to be", e.DN), "let the account "+p.app.bind+" read member of the groups")
				return nil
			}
		}
	}
	if asked > 0 {
		p.proved("reads members of groups")
	}
	if len(p.groups) == 0 {
		p.lacks("groups below "+p.groupBase(), "nobody would be seen to hold anything", "mend group_base, or let the account "+p.app.bind+" see the groups there")
	}
	return nil
}

// neverWritten are attributes that rollcall never writes, and what somebody could do who may.
var neverWritten = []struct{ attribute, so string }{
	{"unicodePwd", "passwords of others could be set"}, {"servicePrincipalName", "tickets for their accounts could be had and cracked"},
	{"msDS-KeyCredentialLink", "somebody could sign in as them with a key of their own"}, {"userPrincipalName", "accounts could be given the names of others"},
}

// excess finds what may be written of accounts and never is.
func (p *preflight) excess() error {
	for _, w := range neverWritten {
		n := 0
		for _, e := range p.users {
			n += count(containsFold(e.all("allowedAttributesEffective"), w.attribute))
		}
		if n > 0 {
			p.Excess = append(p.Excess, connectors.Excess{Has: fmt.Sprintf("writing %s of %d of the first %d accounts", w.attribute, n, len(p.users)), So: w.so,
				Fix: "take the right from " + p.app.bind + "; members of Domain Admins and Account Operators have it everywhere"})
		}
	}
	return nil
}

// mayWrite asks Active Directory what the caller may write (allowedAttributesEffective, MS-ADTS 3.1.1.4.5.12). OpenLDAP
// cannot be asked; whether a lock means anything there, its policies say.
func (p *preflight) mayWrite() error {
	if p.app.dialect != activeDirectory {
		return p.mayLock()
	}
	for _, c := range []struct {
		what, attribute, right string
		all                    []entry
	}{{"accounts", "userAccountControl", "Write userAccountControl", p.users}, {"groups", "member", "Write Members", p.groups}} {
		n := 0
		for _, e := range c.all {
			n += count(!containsFold(e.all("allowedAttributesEffective"), c.attribute))
		}
		if n < len(c.all) {
			p.Excess = append(p.Excess, connectors.Excess{Has: fmt.Sprintf("writing %s of %s", c.attribute, c.what), Writing: true,
				Fix: fmt.Sprintf("take the right %q on their OUs from %s", c.right, p.app.bind)})
		}
		if n == 0 {
			p.proved("may write %s of %s", c.attribute, c.what)
			continue
		}
		p.lacksToWrite(fmt.Sprintf("writing %s of %d of the first %d %s", c.attribute, n, len(c.all), c.what), "those could not be changed",
			fmt.Sprintf("delegate %q on their OUs to %s; protected ones (adminCount is 1) stay out of its reach", c.right, p.app.bind))
	}
	return nil
}

func (p *preflight) mayLock() error {
	if !p.root.policy {
		p.lacks("a password policy in the server", "whether accounts are enabled would be unknown", "load slapd's ppolicy overlay")
		return nil
	}
	locks := false
	err := p.list(query{connectors.Accounts, p.root.domain, "(&(objectClass=pwdPolicy)(pwdLockout=TRUE))", []string{"1.1"}}, func(entry) error {
		locks = true
		return nil
	})
	if err == nil && !locks {
		p.lacksToWrite("a pwdPolicy with pwdLockout TRUE below "+p.root.domain, "a lock would be written and not heeded: slapd looks at it only where the account's policy has lockouts",
			"set pwdLockout to TRUE in the policy that accounts have, or let the account "+p.app.bind+" read it")
	}
	return err
}
