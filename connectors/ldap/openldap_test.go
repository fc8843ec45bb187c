//go:build integration

package ldap

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/connectortest/peer"
)

// These tests read and change an OpenLDAP server, from Debian.

const (
	slapdPeople = 620 // more than its size limit
	suffix      = "dc=hr,dc=example,dc=test"
	slapdPW     = "reader+pw/1"
)

type slapd struct{ dir, ip string }

func startSlapd(t *testing.T) *slapd {
	t.Helper()
	s := serveSlapd(t, slapdPeopleLDIF())
	s.change(t, slapdGroups()) // through the server, so that its memberOf overlay sees them
	return s
}

// serveSlapd starts a server that holds what seed says.
func serveSlapd(t *testing.T, seed string) *slapd {
	t.Helper()
	peer.Debian(t, "slapd", "slapd", "ldap-utils")
	peer.Debian(t, "ldapmodify", "ldap-utils")
	s := &slapd{dir: shortDir(t), ip: peer.Address(t, 389, 636)}
	peer.Certificates(t, filepath.Join(s.dir, "tls"), s.ip)
	check(t, os.Mkdir(filepath.Join(s.dir, "db"), 0o700))
	conf := filepath.Join(s.dir, "slapd.conf")
	check(t, os.WriteFile(conf, []byte(strings.NewReplacer("$D", s.dir, "$B", suffix).Replace(slapdConf)), 0o600))
	file := filepath.Join(s.dir, "seed.ldif")
	check(t, os.WriteFile(file, []byte(seed), 0o600))
	run(t, "", "slapadd", "-q", "-f", conf, "-l", file)
	peer.ServeAt(t, exec.Command("slapd", "-d", "0", "-f", conf, "-h", "ldap://"+s.ip+" ldaps://"+s.ip), s.ip+":636")
	return s
}

const slapdConf = `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload ppolicy
pidfile $D/pid
TLSCACertificateFile $D/tls/ca.pem
TLSCertificateFile $D/tls/cert.pem
TLSCertificateKeyFile $D/tls/key.pem
sizelimit size.soft=500 size.hard=500 size.prtotal=unlimited
access to attrs=userPassword by dn.exact="cn=writer,$B" write by anonymous auth by * none
access to dn.subtree="ou=people,$B" by dn.exact="cn=writer,$B" write by dn.exact="cn=reader,$B" read by dn.exact="cn=limited,$B" read by self read by * none
access to * by dn.exact="cn=writer,$B" write by dn.exact="cn=reader,$B" read by dn.exact="cn=limited,$B" read by dn.exact="cn=blind,$B" read by * none
database mdb
suffix "$B"
rootdn "cn=admin,$B"
rootpw adminpw
directory $D/db
dbnosync
maxsize 1073741824
lastbind on
limits dn.exact="cn=limited,$B" size.soft=500 size.hard=500 size.prtotal=500
index objectClass,uid,member,memberUid,entryUUID eq
overlay memberof
overlay ppolicy
ppolicy_default "cn=policy,$B"
`

func uidDN(n int) string { return fmt.Sprintf("uid=u%04d,ou=people,%s", n, suffix) }

// slapdTop is what stands above people and groups, and those who read them.
func slapdTop(b *bytes.Buffer) {
	ldif(b, suffix, "objectClass: dcObject", "objectClass: organization", "o: Example", "dc: hr")
	for _, ou := range []string{"people", "groups"} {
		ldif(b, "ou="+ou+","+suffix, "objectClass: organizationalUnit", "ou: "+ou)
	}
	for _, who := range []string{"reader", "writer", "limited", "blind"} {
		ldif(b, "cn="+who+","+suffix, "objectClass: organizationalRole", "objectClass: simpleSecurityObject", "cn: "+who, "userPassword: "+slapdPW)
	}
}

func slapdPeopleLDIF() string {
	var b bytes.Buffer
	slapdTop(&b)
	ldif(&b, "ou=teams,ou=groups,"+suffix, "objectClass: organizationalUnit", "ou: teams")
	ldif(&b, "ou=few,ou=people,"+suffix, "objectClass: organizationalUnit", "ou: few")
	ldif(&b, "cn=policy,"+suffix, "objectClass: device", "objectClass: pwdPolicy", "cn: policy", "pwdAttribute: userPassword", "pwdLockout: TRUE", "pwdMaxFailure: 5")
	for n := range slapdPeople {
		ldif(&b, uidDN(n), "objectClass: inetOrgPerson", fmt.Sprintf("uid: u%04d", n), fmt.Sprintf("cn: Person %d", n), fmt.Sprintf("sn: %d", n),
			fmt.Sprintf("mail: u%04d@example.test", n), fmt.Sprintf("mail: also.u%04d@example.test", n), fmt.Sprintf("employeeNumber: E%05d", n), "userPassword: "+userPassword(n))
	}
	for n := range 5 {
		ldif(&b, fmt.Sprintf("uid=f%d,ou=few,ou=people,%s", n, suffix), "objectClass: inetOrgPerson", fmt.Sprintf("uid: f%d", n), fmt.Sprintf("cn: Few %d", n), "sn: Few",
			fmt.Sprintf("employeeNumber: F%d", n))
	}
	return b.String()
}

func userPassword(n int) string { return fmt.Sprintf("pw-%d", n) }

func slapdGroups() string {
	var b bytes.Buffer
	add := func(dn string, lines ...string) { ldif(&b, dn, append([]string{"changetype: add"}, lines...)...) }
	group := func(dn string, members ...string) {
		lines := []string{"objectClass: groupOfNames"}
		for _, m := range members {
			lines = append(lines, "member: "+m)
		}
		add(dn, lines...)
	}
	// As people write them: names differ in case and blanks from those of the entries.
	group("cn=payroll,ou=groups,"+suffix, uidDN(0), strings.Replace(uidDN(1), "uid=u0001,ou=people", "UID=U0001, OU=People", 1), uidDN(2))
	group("cn=finance,ou=groups,"+suffix, "cn=payroll,ou=groups,"+suffix, uidDN(3))
	group("cn=payroll,ou=teams,ou=groups,"+suffix, uidDN(4))
	add("cn=dba,ou=groups,"+suffix, "objectClass: groupOfUniqueNames", "uniqueMember: "+uidDN(1))
	add("cn=devs,ou=groups,"+suffix, "objectClass: posixGroup", "gidNumber: 5000", "memberUid: u0001", "memberUid: u0005")
	few := func(n int) string { return fmt.Sprintf("uid=f%d,ou=few,ou=people,%s", n, suffix) }
	group("cn=five,ou=teams,ou=groups,"+suffix, few(0), few(1), few(2), few(3), few(4))
	group("cn=two,ou=teams,ou=groups,"+suffix, few(1), few(2))
	return b.String()
}

// change changes the directory as its administrator, by a program that is not this connector.
func (s *slapd) change(t testing.TB, ldif string) {
	t.Helper()
	run(t, ldif, "ldapmodify", "-x", "-H", "ldap://"+s.ip, "-D", "cn=admin,"+suffix, "-w", "adminpw")
}

// stored are the values of an attribute as the administrator sees them.
func (s *slapd) stored(t *testing.T, dn, attribute string) string {
	t.Helper()
	var out []string
	for _, line := range strings.Split(run(t, "", "ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", "ldap://"+s.ip, "-D", "cn=admin,"+suffix, "-w", "adminpw", "-b", dn, "-s", "base", attribute), "\n") {
		if v, ok := strings.CutPrefix(line, attribute+": "); ok {
			out = append(out, v)
		}
	}
	return strings.Join(out, " ")
}

func (s *slapd) config(bind string) AppConfig {
	return AppConfig{URL: "ldaps://" + s.ip, Dialect: "openldap", Base: "ou=people," + suffix, GroupBase: "ou=groups," + suffix, Bind: bind, Password: slapdPW,
		CAFile: filepath.Join(s.dir, "tls", "ca.pem")}
}

func (s *slapd) as(who string) AppConfig { return s.config("cn=" + who + "," + suffix) }

func (s *slapd) open(t testing.TB, c AppConfig) *App {
	t.Helper()
	a, err := c.open(connectors.Env{Dial: new(net.Dialer).DialContext, Zone: time.UTC, Secret: func(ref string) (string, error) { return ref, nil }})
	if err != nil {
		t.Fatal(err)
	}
	a.pause = noPause
	return a
}

func TestIntegrationOpenLDAP(t *testing.T) {
	s := startSlapd(t)
	t.Run("reads past the size limit", s.readsAll)
	t.Run("says where it cannot", s.limited)
	t.Run("keeps the contract", s.contract)
	t.Run("disables, and takes it back", s.disables)
	t.Run("removes a member, and takes it back", s.removes)
	t.Run("a low-privilege bind is refused", s.refused)
	t.Run("preflight", s.preflights)
	t.Run("an answer that is lost is found out", s.lostAnswer)
}

func (s *slapd) readsAll(t *testing.T) {
	for name, change := range map[string]func(*AppConfig){
		"ldaps":          func(c *AppConfig) { c.PageSize = 100 },
		"StartTLS":       func(c *AppConfig) { c.URL = "ldap://" + s.ip },
		"plain loopback": func(c *AppConfig) { c.URL, c.PlainLoopback, c.CAFile = "ldap://"+s.ip, true, "" },
	} {
		conf := s.as("reader")
		change(&conf)
		rows, tr, err := connectortest.Accounts(t.Context(), s.open(t, conf))
		if err != nil || len(rows) != slapdPeople+5 || len(tr.Rejects) > 0 || !tr.Ended(connectors.Groups, connectors.Accounts) {
			t.Fatalf("%s: %d accounts, %v, rejected %v, ended %v", name, len(rows), err, tr.Rejects, tr.Ends)
		}
		got := named(rows)
		for who, want := range map[string]string{"u0000": "payroll finance<payroll", "u0001": "dba devs payroll finance<payroll", "u0003": "finance",
			"u0004": "cn=payroll,ou=teams", "u0005": "devs", "u0006": ""} {
			if h := held(got[who]); h != want {
				t.Errorf("%s: %s holds %q; want %q", name, who, h, want)
			}
		}
		a := got["u0007"]
		if a.EmployeeID != "E00007" || a.Email != "u0007@example.test" || fmt.Sprint(a.Aliases) != "[also.u0007@example.test]" || a.Enabled != connectors.Yes ||
			a.LastSignIn.Known() || !a.Created.Known() || a.DisplayName != "Person 7" {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// A paged search that the server cuts off is no shorter list but an error, in a pull and in preflight.
func (s *slapd) limited(t *testing.T) {
	conf := s.as("limited")
	conf.PageSize = 100
	a := s.open(t, conf)
	_, tr, err := connectortest.Accounts(t.Context(), a)
	if !strings.Contains(fmt.Sprint(err), "size.prtotal") || len(tr.Ends) > 0 {
		t.Errorf("%v, ended %v", err, tr.Ends)
	}
	p, err := a.Preflight(t.Context())
	if err != nil || len(p.Problems) == 0 || !strings.Contains(p.Problems[0].Fix, "size.prtotal") {
		t.Errorf("%+v, %v", p, err)
	}
}

func (s *slapd) contract(t *testing.T) {
	conf := s.as("writer")
	conf.Base, conf.GroupBase, conf.PageSize = "ou=few,ou=people,"+suffix, "ou=teams,ou=groups,"+suffix, 2
	rows, _, err := connectortest.Accounts(t.Context(), s.open(t, conf))
	check(t, err)
	id := named(rows)
	var want []connectors.Account
	var reset bytes.Buffer
	few := func(n int) string { return fmt.Sprintf("uid=f%d,ou=few,ou=people,%s", n, suffix) }
	for n := range 5 {
		name := fmt.Sprintf("f%d", n)
		want = append(want, connectors.Account{ID: id[name].ID, Username: name, EmployeeID: fmt.Sprintf("F%d", n)})
		ldif(&reset, few(n), "changetype: modify", "replace: pwdAccountLockedTime")
	}
	ldif(&reset, "cn=five,ou=teams,ou=groups,"+suffix, "changetype: modify", "replace: member", "member: "+few(0), "member: "+few(1), "member: "+few(2), "member: "+few(3), "member: "+few(4))
	ldif(&reset, "cn=two,ou=teams,ou=groups,"+suffix, "changetype: modify", "replace: member", "member: "+few(1), "member: "+few(2))
	connectortest.App(t, connectortest.AppHarness{
		Open: func(tb testing.TB) connectors.App {
			s.change(tb, reset.String())
			return s.open(tb, conf)
		},
		Broken: func(tb testing.TB) connectors.App {
			a := s.open(tb, conf)
			a.dial = cutAfter(a.dial, 6) // TLS twice, bind, a reading, and two of three pages of accounts
			return a
		},
		Want: want, Secret: slapdPW, Spec: new(AppConfig).Spec(),
	})
}

func (s *slapd) account(t *testing.T, a *App, name string) connectors.Account {
	t.Helper()
	rows, _, err := connectortest.Accounts(t.Context(), a)
	check(t, err)
	acc, err := a.Account(t.Context(), named(rows)[name].ID)
	check(t, err)
	return acc
}

// signsIn tells whether a person's password opens the account.
func (s *slapd) signsIn(t *testing.T, n int) bool {
	t.Helper()
	conf := s.config(uidDN(n))
	conf.Password = userPassword(n)
	c, err := s.open(t, conf).connect(t.Context())
	if err == nil {
		c.close()
		return true
	}
	// Bound, it may see too little for this connector; refused, it is refused as one whose password is wrong.
	return !strings.Contains(err.Error(), "bind as")
}

func (s *slapd) disables(t *testing.T) {
	a := s.open(t, s.as("writer"))
	for _, was := range []string{"", "20260101000000Z"} { // the second: locked for a time, after wrong passwords
		if was != "" {
			s.change(t, "dn: "+uidDN(9)+"\nchangetype: modify\nadd: pwdAccountLockedTime\npwdAccountLockedTime: "+was+"\n")
		} else if !s.signsIn(t, 9) {
			t.Fatal("cannot sign in at first")
		}
		before := s.account(t, a, "u0009")
		if before.Enabled != connectors.Yes {
			t.Errorf("locked %q it is %v", was, before.Enabled)
		}
		if r, err := a.Disable(t.Context(), before); err != nil || !r.Changed {
			t.Fatalf("%+v, %v", r, err)
		}
		if got := s.stored(t, uidDN(9), "pwdAccountLockedTime"); got != lockedForGood {
			t.Errorf("the lock is %q", got)
		}
		if s.signsIn(t, 9) {
			t.Error("can still sign in")
		}
		if now, err := a.Account(t.Context(), before.ID); err != nil || now.Enabled != connectors.No {
			t.Errorf("a fresh read shows %+v, %v", now, err)
		}
		if r, err := a.Enable(t.Context(), before); err != nil || !r.Changed {
			t.Fatalf("%+v, %v", r, err)
		}
		if got := s.stored(t, uidDN(9), "pwdAccountLockedTime"); got != was {
			t.Errorf("undone, the lock is %q; was %q", got, was)
		}
	}
	if s.change(t, "dn: "+uidDN(9)+"\nchangetype: modify\nreplace: pwdAccountLockedTime\n"); !s.signsIn(t, 9) {
		t.Error("undone, cannot sign in")
	}
}

// Each kind of group loses one value and gets it back as it was; the last member of a groupOfNames cannot go.
func (s *slapd) removes(t *testing.T) {
	a := s.open(t, s.as("writer"))
	before := s.account(t, a, "u0001")
	for e, at := range map[connectors.EntitlementID][3]string{
		"payroll": {"cn=payroll,ou=groups," + suffix, "member"},
		"dba":     {"cn=dba,ou=groups," + suffix, "uniqueMember", "alone"},
		"devs":    {"cn=devs,ou=groups," + suffix, "memberUid"},
	} {
		was := s.stored(t, at[0], at[1])
		r, err := a.RemoveEntitlement(t.Context(), before, e)
		if at[2] == "alone" {
			if !isForbidden(err) || !strings.Contains(err.Error(), "must keep one member") {
				t.Errorf("%s, of one member: %v", e, err)
			}
			continue
		}
		if now := s.stored(t, at[0], at[1]); err != nil || !r.Changed || len(strings.Split(now, "u000")) != len(strings.Split(was, "u000"))-1 && len(now) >= len(was) {
			t.Errorf("%s: %+v, %v; it had %s, now %s", e, r, err, was, now)
		}
		if now, err := a.Account(t.Context(), before.ID); err != nil || strings.Contains(" "+held(now), " "+string(e)) {
			t.Errorf("%s: a fresh read shows %s, %v", e, held(now), err)
		}
		if r, err := a.AddEntitlement(t.Context(), before, e); err != nil || !r.Changed {
			t.Errorf("%s: %+v, %v", e, r, err)
		}
		if now, err := a.Account(t.Context(), before.ID); err != nil || held(now) != held(before) || string(now.State) != string(before.State) {
			t.Errorf("%s: after the undo it is %+v, %v; was %+v", e, now, err, before)
		}
	}
	if _, err := a.RemoveEntitlement(t.Context(), before, "finance"); !isForbidden(err) || !strings.Contains(err.Error(), `through the group "payroll"`) {
		t.Errorf("inherited: %v", err)
	}
}

func (s *slapd) refused(t *testing.T) {
	a := s.open(t, s.as("reader"))
	before := s.account(t, a, "u0000")
	_, disable := a.Disable(t.Context(), before)
	_, remove := a.RemoveEntitlement(t.Context(), before, "payroll")
	for what, err := range map[string]error{"may not write pwdAccountLockedTime of this account: grant": disable, "may not write the members of this group": remove} {
		if !isForbidden(err) || !strings.Contains(err.Error(), what) || strings.Contains(err.Error(), slapdPW) {
			t.Errorf("%v", err)
		}
	}
	if got := s.stored(t, uidDN(0), "pwdAccountLockedTime"); got != "" {
		t.Errorf("it was locked all the same: %s", got)
	}
	wrong := s.as("reader")
	wrong.Password = "not/the+one"
	if _, err := s.open(t, wrong).Account(t.Context(), before.ID); !isForbidden(err) || strings.Contains(err.Error(), wrong.Password) {
		t.Errorf("a wrong password: %v", err)
	}
	untrusted := s.as("reader")
	untrusted.CAFile = ""
	if _, err := s.open(t, untrusted).Account(t.Context(), before.ID); !strings.Contains(fmt.Sprint(err), "ca_file") {
		t.Errorf("a certificate of an unknown authority: %v", err)
	}
	other := s.as("reader")
	other.Dialect = "ad"
	if _, err := s.open(t, other).Account(t.Context(), before.ID); !strings.Contains(fmt.Sprint(err), `set dialect = "openldap"`) {
		t.Errorf("another dialect: %v", err)
	}
}

func (s *slapd) preflights(t *testing.T) {
	if p, err := s.open(t, s.as("writer")).Preflight(t.Context()); err != nil || p.Identity != "dn:cn=writer,"+suffix || len(p.Problems) > 0 || len(p.Proved) < 4 {
		t.Errorf("%+v, %v", p, err)
	}
	// To whom the people are hidden, an empty list without an error is what the server gives.
	p, err := s.open(t, s.as("blind")).Preflight(t.Context())
	if err != nil || len(p.Problems) == 0 || p.Problems[0].Writing || !strings.Contains(fmt.Sprint(p.Problems), "accounts below ou=people") && !strings.Contains(fmt.Sprint(p.Problems), "the entry ou=people") {
		t.Errorf("%+v, %v", p, err)
	}
}

// The connection breaks behind a change: another reading finds that it was made.
func (s *slapd) lostAnswer(t *testing.T) {
	conf := s.as("writer")
	conf.URL, conf.PlainLoopback, conf.CAFile = "ldap://"+s.ip, true, ""
	a := s.open(t, conf)
	before := s.account(t, a, "u0010")
	dials := 0
	a.dial = losing(a.dial, 4, &dials) // bind, two readings, and the change
	r, err := a.Disable(t.Context(), before)
	if err != nil || !r.Changed || dials != 2 || s.stored(t, uidDN(10), "pwdAccountLockedTime") != lockedForGood {
		t.Errorf("%+v, %v, over %d connections", r, err, dials)
	}
}
