//go:build integration

package ldap

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf16"

	"github.com/go-ldap/ldap/v3"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/connectortest/peer"
)

// These tests read and change the Active Directory of a domain controller that nobody here wrote: Samba's, from Debian.

const (
	staff    = 3000 // users of OU=Staff
	teams    = 30
	domainDN = "DC=corp,DC=example,DC=test"
	adminPW  = "Adm!n-Passw0rd"
	userPW   = "User!Pass-w0rd"
	oddName  = `CN=Ng\, Alice (x)* \5C ß,OU=Staff,` + domainDN
)

// controller is a running domain controller.
type controller struct {
	dir, ip, log string
}

func (d *controller) sam() string { return filepath.Join(d.dir, "private", "sam.ldb") }

// startSamba starts the controller of a domain of 3,000 people.
func startSamba(t *testing.T) *controller {
	t.Helper()
	peer.Debian(t, "samba", "samba", "samba-ad-dc", "samba-ad-provision", "samba-dsdb-modules", "python3-samba", "ldb-tools", "attr")
	peer.Debian(t, "ldbadd", "ldb-tools")
	d := &controller{dir: filepath.Join(shortDir(t), "dc"), ip: peer.Address(t, 389, 636)}
	run(t, "", "cp", "-a", madeDomain(t), d.dir)
	peer.Certificates(t, filepath.Join(d.dir, "tls"), d.ip)
	d.writeConf(t)
	d.log = peer.ServeAt(t, exec.Command("samba", "-s", d.conf(), "-F", "--no-process-group", "--debug-stdout", "-M", "single"), d.ip+":636")
	return d
}

// madeDomain is the folder of a domain that nobody has started yet. To make one takes half a minute, so that it is kept in
// the user's cache, by what it was made of.
func madeDomain(t *testing.T) string {
	t.Helper()
	of := run(t, "", "samba", "--version") + people() + standing() + sambaConf
	return filepath.Join(peer.Made(t, "samba", fstest.MapFS{"of.txt": {Data: []byte(of)}}, func(part string) {
		d := &controller{dir: filepath.Join(shortDir(t), "dc"), ip: "127.0.0.1"}
		run(t, "", "samba-tool", "domain", "provision", "--realm=CORP.EXAMPLE.TEST", "--domain=CORP", "--server-role=dc", "--dns-backend=NONE",
			"--host-name=dc1", "--host-ip="+d.ip, "--adminpass="+adminPW, "--targetdir="+d.dir)
		for _, sub := range []string{"log", "run", "ncalrpc", "cache"} {
			check(t, os.MkdirAll(filepath.Join(d.dir, sub), 0o755))
		}
		d.writeConf(t)
		run(t, people(), "ldbadd", "-H", d.sam(), "--nosync")
		run(t, standing(), "ldbmodify", "-H", d.sam(), "--nosync")
		d.delegate(t, "svc-write")
		run(t, "", "cp", "-a", d.dir, part)
	}), "dc")
}

func (d *controller) writeConf(t *testing.T) {
	t.Helper()
	check(t, os.WriteFile(d.conf(), []byte(strings.NewReplacer("$D", d.dir, "$IP", d.ip).Replace(sambaConf)), 0o600))
}

func (d *controller) conf() string { return filepath.Join(d.dir, "etc", "smb.conf") }

const sambaConf = `[global]
netbios name = DC1
realm = CORP.EXAMPLE.TEST
workgroup = CORP
server role = active directory domain controller
server services = ldap
interfaces = $IP/8
bind interfaces only = yes
private dir = $D/private
state directory = $D/state
cache directory = $D/cache
lock directory = $D
pid directory = $D/run
ncalrpc dir = $D/ncalrpc
binddns dir = $D/bind-dns
dns update command = /bin/true
tls certfile = $D/tls/cert.pem
tls keyfile = $D/tls/key.pem
tls cafile = $D/tls/ca.pem
log level = 1 dsdb_audit:5
`

func personDN(n int) string { return fmt.Sprintf("CN=p%05d,OU=Staff,%s", n, domainDN) }

// clear is a password as an LDIF line.
func clear(password string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(password)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return "clearTextPassword:: " + base64.StdEncoding.EncodeToString(b)
}

// people are 3,000 users: each tenth is disabled; each hundredth that is not has expired, the next ones expire later or,
// in both ways of saying it, never. They are in teams, those in divisions, those in the company, which is in a division.
func people() string {
	var b bytes.Buffer
	for _, ou := range []string{"Staff", "Groups", "Contract"} {
		ldif(&b, "OU="+ou+","+domainDN, "objectClass: organizationalUnit")
	}
	for n := range staff {
		uac, expires := 544, "9223372036854775807"
		if n%10 == 0 {
			uac = 546
		}
		switch n % 100 {
		case 1:
			expires = "132223104000000000" // 2020-01-01
		case 2:
			expires = "157469184000000000" // 2100-01-01
		case 3:
			expires = "0"
		}
		lines := []string{"objectClass: user", fmt.Sprintf("sAMAccountName: p%05d", n), fmt.Sprintf("userPrincipalName: p%05d@corp.example.test", n),
			fmt.Sprintf("mail: p%05d@example.test", n), fmt.Sprintf("employeeID: E%05d", n), fmt.Sprintf("displayName: Person %d", n),
			fmt.Sprintf("userAccountControl: %d", uac), "accountExpires: " + expires}
		if n == 4 {
			lines = append(lines, "servicePrincipalName: http/person4.example.test") // a person all the same
		}
		ldif(&b, personDN(n), lines...)
	}
	for _, u := range []string{"alice", "svc-scan", "svc-write"} {
		ldif(&b, "CN="+u+",CN=Users,"+domainDN, "objectClass: user", "sAMAccountName: "+u, "userPrincipalName: "+u+"@corp.example.test", "userAccountControl: 66048", clear(userPW))
	}
	ldif(&b, oddName, "objectClass: user", "sAMAccountName: odd", "userAccountControl: 544")
	ldif(&b, "CN=svc-web,CN=Users,"+domainDN, "objectClass: user", "sAMAccountName: svc-web", "userAccountControl: 66080", "servicePrincipalName: http/web.example.test")
	ldif(&b, "CN=gmsa1,CN=Managed Service Accounts,"+domainDN, "objectClass: msDS-GroupManagedServiceAccount", "sAMAccountName: gmsa1$", "msDS-ManagedPasswordInterval: 30", "userAccountControl: 4096")
	groups(&b)
	contractPeople(&b)
	return b.String()
}

func groupDN(name string) string { return "CN=" + name + ",OU=Groups," + domainDN }

func groups(b *bytes.Buffer) {
	group := func(name string, members ...string) {
		lines := []string{"objectClass: group", "sAMAccountName: " + name}
		for _, m := range members {
			lines = append(lines, "member: "+m)
		}
		ldif(b, groupDN(name), lines...)
	}
	var all, divisions []string
	for n := range staff {
		all = append(all, personDN(n))
	}
	group("AllHands", append(all, oddName)...)
	for n := range teams {
		group(fmt.Sprintf("Team%02d", n), all[n*staff/teams:(n+1)*staff/teams]...)
	}
	for n := range 3 {
		var in []string
		for team := n; team < teams; team += 3 {
			in = append(in, groupDN(fmt.Sprintf("Team%02d", team)))
		}
		group(fmt.Sprintf("Division%d", n), in...)
		divisions = append(divisions, groupDN(fmt.Sprintf("Division%d", n)))
	}
	group("Company", divisions...)
	group("Ops", personDN(5), personDN(6))
}

// contractPeople are few, to be changed by the contract's checks.
func contractPeople(b *bytes.Buffer) {
	in := "OU=Contract," + domainDN
	for n := range 6 {
		ldif(b, fmt.Sprintf("CN=c%d,%s", n, in), "objectClass: user", fmt.Sprintf("sAMAccountName: c%d", n), fmt.Sprintf("userPrincipalName: c%d@corp.example.test", n),
			fmt.Sprintf("employeeID: C%d", n), fmt.Sprintf("userAccountControl: %d", []int{66080, 544, 512 + 32, 544, 544, 546}[n]))
	}
	ldif(b, "CN=Five,"+in, "objectClass: group", "sAMAccountName: Five")
	ldif(b, "CN=Two,"+in, "objectClass: group", "sAMAccountName: Two")
	ldif(b, "CN=Everything,"+in, "objectClass: group", "sAMAccountName: Everything", "member: CN=Five,"+in)
}

// contractAsAtFirst puts those back.
func contractAsAtFirst() string {
	var b bytes.Buffer
	in := "OU=Contract," + domainDN
	for n := range 6 {
		ldif(&b, fmt.Sprintf("CN=c%d,%s", n, in), "changetype: modify", "replace: userAccountControl",
			fmt.Sprintf("userAccountControl: %d", []int{66080, 544, 512 + 32, 544, 544, 546}[n]))
	}
	ldif(&b, "CN=Five,"+in, "changetype: modify", "replace: member", "member: CN=c0,"+in, "member: CN=c1,"+in, "member: CN=c2,"+in, "member: CN=c3,"+in, "member: CN=c4,"+in)
	ldif(&b, "CN=Two,"+in, "changetype: modify", "replace: member", "member: CN=c1,"+in, "member: CN=c2,"+in)
	return b.String()
}

// standing is what a domain has to be told when everybody is there.
func standing() string {
	var b bytes.Buffer
	ldif(&b, groupDN("Division0"), "changetype: modify", "add: member", "member: "+groupDN("Company")) // a circle
	admins := "CN=Domain Admins,CN=Users," + domainDN
	ldif(&b, admins, "changetype: modify", "add: member", "member: "+groupDN("Ops"), "member: "+personDN(7))
	ldif(&b, personDN(7), "changetype: modify", "replace: primaryGroupID", "primaryGroupID: 512") // a hiding place
	ldif(&b, "CN=Group Policy Creator Owners,CN=Users,"+domainDN, "changetype: modify", "add: member", "member: "+personDN(8))
	return b.String() + contractAsAtFirst()
}

// delegate gives an account the rights that the package's comment names, and no more.
func (d *controller) delegate(t *testing.T, account string) {
	t.Helper()
	id := ""
	for _, line := range strings.Split(run(t, "", "ldbsearch", "-H", d.sam(), "(sAMAccountName="+account+")", "objectSid"), "\n") {
		if s, ok := strings.CutPrefix(line, "objectSid: "); ok {
			id = s
		}
	}
	const uac, user, member, group = "bf967a68-0de6-11d0-a285-00aa003049e2", "bf967aba-0de6-11d0-a285-00aa003049e2", "bf9679c0-0de6-11d0-a285-00aa003049e2", "bf967a9c-0de6-11d0-a285-00aa003049e2"
	for _, ou := range []string{"Staff", "Groups", "Contract"} {
		run(t, "", "samba-tool", "dsacl", "set", "-H", d.sam(), "-s", d.conf(), "--objectdn=OU="+ou+","+domainDN,
			fmt.Sprintf("--sddl=(OA;CIIO;WP;%s;%s;%s)(OA;CIIO;WP;%s;%s;%[3]s)", uac, user, id, member, group))
	}
}

// config is an app of this controller's.
func (d *controller) config(bind string) AppConfig {
	return AppConfig{URL: "ldaps://" + d.ip, Bind: bind + "@corp.example.test", Password: userPW, CAFile: filepath.Join(d.dir, "tls", "ca.pem")}
}

func (d *controller) open(t testing.TB, c AppConfig) *App {
	t.Helper()
	a, err := c.open(connectors.Env{Dial: new(net.Dialer).DialContext, Zone: time.UTC, Secret: func(ref string) (string, error) { return ref, nil }})
	if err != nil {
		t.Fatal(err)
	}
	a.pause = noPause
	return a
}

// stored is an attribute as the database has it, by a tool that is not LDAP.
func (d *controller) stored(t *testing.T, dn, attribute string) string {
	t.Helper()
	var out []string
	for _, line := range strings.Split(run(t, "", "ldbsearch", "-H", d.sam(), "-b", dn, "-s", "base", attribute), "\n") {
		if v, ok := strings.CutPrefix(line, attribute+": "); ok {
			out = append(out, v)
		}
	}
	return strings.Join(out, " ")
}

// audited are the changes that came over the network since a place in the controller's own audit log.
func (d *controller) audited(t *testing.T, since int) (changes []string, now int) {
	t.Helper()
	b, err := os.ReadFile(d.log)
	check(t, err)
	for _, line := range strings.Split(string(b[since:]), "\n") {
		if strings.Contains(line, "DSDB Change") && strings.Contains(line, "remote host [ipv4:") && !strings.Contains(line, "lastLogonTimestamp") {
			_, line, _ = strings.Cut(line, "status ")
			changes = append(changes, line)
		}
	}
	return changes, len(b)
}

func TestIntegrationSamba(t *testing.T) {
	d := startSamba(t)
	t.Run("reads three thousand people", d.readsAll)
	t.Run("reads in pieces what has many values", d.readsRanges)
	t.Run("keeps the contract", d.contract)
	t.Run("disables, and takes it back", d.disables)
	t.Run("removes a member, and takes it back", d.removes)
	t.Run("a low-privilege bind is refused", d.refused)
	t.Run("preflight", d.preflights)
	t.Run("sign-ins that are later than said are refused", d.syncInterval)
	t.Run("what is not readable does not look empty", d.unreadable) // takes rights away: the last
}

func (d *controller) readsAll(t *testing.T) {
	for _, url := range []string{"ldaps://", "ldap://"} { // the second by StartTLS
		conf := d.config("svc-scan")
		conf.URL, conf.PageSize = url+d.ip, 1000
		begun := time.Now()
		rows, tr, err := connectortest.Accounts(t.Context(), d.open(t, conf))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d accounts in %d pages, %v", url, len(rows), len(tr.Pages), time.Since(begun).Round(time.Millisecond))
		if !tr.Ended(connectors.Groups, connectors.Accounts) || len(tr.Rejects) > 0 {
			t.Errorf("ended %v, rejected %v", tr.Ends, tr.Rejects)
		}
		d.judge(t, named(rows), tr)
	}
}

func (d *controller) judge(t *testing.T, got map[string]connectors.Account, tr *connectortest.Trace) {
	t.Helper()
	expired := 0
	for n := range staff {
		name := fmt.Sprintf("p%05d", n)
		a, ok := got[name]
		if !ok {
			t.Fatalf("%s is missing", name)
		}
		gone := n%100 == 1
		expired += count(gone)
		if want := connectors.Is(n%10 != 0 && !gone); a.Enabled != want || a.EmployeeID != fmt.Sprintf("E%05d", n) || a.Email != name+"@example.test" {
			t.Errorf("%s is %+v; want enabled %v", name, a, want)
		}
		if a.LastSignIn.Known() || !a.Created.Known() {
			t.Errorf("%s, who never signed in: last sign-in %v, created %v", name, a.LastSignIn, a.Created)
		}
	}
	for name, want := range map[string]string{
		"p00009":  "AllHands Domain Users Team00 Company<Team00 Division0<Team00 Users<Domain Users",
		"p00005":  "AllHands Domain Users Ops* Team00 Administrators*<Ops Company<Team00 Denied RODC Password Replication Group<Ops Division0<Team00 Domain Admins*<Ops Users<Domain Users",
		"p00007":  "AllHands Domain Admins* Domain Users Team00 Administrators*<Domain Admins Company<Team00 Denied RODC Password Replication Group<Domain Admins Division0<Team00 Users<Domain Users",
		"p00008":  "AllHands Domain Users Group Policy Creator Owners* Team00 Company<Team00 Denied RODC Password Replication Group<Group Policy Creator Owners Division0<Team00 Users<Domain Users",
		"p02999":  "AllHands Domain Users Team29 Company<Team29 Division0<Team29 Division2<Team29 Users<Domain Users",
		"odd":     "AllHands Domain Users Users<Domain Users",
		"svc-web": "Domain Users Users<Domain Users",
	} {
		if h := held(got[name]); h != want {
			t.Errorf("%s holds %s\nwant %s", name, h, want)
		}
	}
	for name, want := range map[string]connectors.Class{"gmsa1$": connectors.Service, "svc-web": connectors.Service, "krbtgt": connectors.Service,
		"Administrator": connectors.BreakGlass, "Guest": connectors.Shared, "p00004": connectors.ClassUnknown, "p00001": connectors.ClassUnknown} {
		if a, ok := got[name]; !ok || a.Class != want {
			t.Errorf("%s: read %v, class %v; want %v", name, ok, a.Class, want)
		}
	}
	if !got["svc-scan"].LastSignIn.Known() {
		t.Error("the account that reads has signed in, and that is not seen")
	}
	said := fmt.Sprint(tr.Notes)
	if !strings.Contains(said, fmt.Sprintf("%d accounts are past accountExpires", expired)) || strings.Contains(said, "referred to") {
		t.Errorf("the notes are %s", said)
	}
}

// Samba gives all members at once; asked for a range it gives that, as a controller of Microsoft's does unasked.
func (d *controller) readsRanges(t *testing.T) {
	r, err := d.open(t, d.config("svc-scan")).read(t.Context(), unheard{})
	check(t, err)
	defer r.close()
	e, err := r.one(groupDN("AllHands"), "(objectClass=group)", []string{"member;range=0-999"})
	check(t, err)
	if all := e.all("member"); len(all) > 0 {
		t.Fatalf("the piece came as the whole: %d", len(all))
	}
	members, err := r.values(connectors.Groups, e, "member")
	check(t, err)
	distinct := map[string]bool{}
	for _, m := range members {
		distinct[m] = true
	}
	if len(members) != staff+1 || len(distinct) != staff+1 {
		t.Errorf("%d members, %d distinct; want %d", len(members), len(distinct), staff+1)
	}
}

func (d *controller) contract(t *testing.T) {
	conf := d.config("svc-write")
	conf.Base, conf.GroupBase, conf.PageSize = "OU=Contract,"+domainDN, "OU=Contract,"+domainDN, 2
	rows, _, err := connectortest.Accounts(t.Context(), d.open(t, conf))
	check(t, err)
	id := named(rows)
	var want []connectors.Account
	for n := range 6 {
		name := fmt.Sprintf("c%d", n)
		want = append(want, connectors.Account{ID: id[name].ID, Username: name, EmployeeID: fmt.Sprintf("C%d", n), Enabled: connectors.Is(n != 5)})
	}
	connectortest.App(t, connectortest.AppHarness{
		Open: func(tb testing.TB) connectors.App {
			run(tb, contractAsAtFirst(), "ldbmodify", "-H", d.sam(), "--nosync")
			return d.open(tb, conf)
		},
		Broken: func(tb testing.TB) connectors.App {
			a := d.open(tb, conf)
			a.dial = cutAfter(a.dial, 6) // TLS twice, bind, a reading, and two of three pages of accounts
			return a
		},
		Want: want, Secret: userPW, Spec: new(AppConfig).Spec(),
		Try: connectortest.Try{Disable: id["c1"].ID, Remove: id["c2"].ID, Entitlement: "Five"},
	})
}

// signsIn tells whether a password still opens an account, over a connection of its own.
func (d *controller) signsIn(t *testing.T, account string) bool {
	t.Helper()
	a := d.open(t, d.config(account))
	s, err := a.connect(t.Context())
	if err == nil {
		s.close()
	} else if !strings.Contains(err.Error(), "it is disabled") {
		t.Errorf("%s is refused otherwise than as disabled: %v", account, err)
	}
	return err == nil
}

func (d *controller) admin() AppConfig {
	conf := d.config("Administrator")
	conf.Password = adminPW
	return conf
}

func (d *controller) accountOf(t *testing.T, a *App, filter string) connectors.Account {
	t.Helper()
	s, err := a.connect(t.Context())
	check(t, err)
	defer s.close()
	res, err := s.search(domainDN, ldap.ScopeWholeSubtree, filter, []string{"objectGUID"}, "find")
	check(t, err)
	if len(res.Entries) != 1 {
		t.Fatalf("%s: %d entries", filter, len(res.Entries))
	}
	acc, err := a.Account(t.Context(), connectors.AccountID(a.dialect.idOf(entry{res.Entries[0]})))
	check(t, err)
	return acc
}

// One bit is changed, and a password stops working; undone, every bit is as it was, and it works again.
func (d *controller) disables(t *testing.T) {
	a := d.open(t, d.admin())
	before := d.accountOf(t, a, "(sAMAccountName=alice)")
	dn := "CN=alice,CN=Users," + domainDN
	_, since := d.audited(t, 0)
	if !d.signsIn(t, "alice") {
		t.Fatal("alice cannot sign in at first")
	}
	r, err := a.Disable(t.Context(), before)
	if err != nil || !r.Changed || r.At.IsZero() {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := d.stored(t, dn, "userAccountControl"); got != "66050" {
		t.Errorf("userAccountControl is %s; want 66050: 66048 and ACCOUNTDISABLE", got)
	}
	if d.signsIn(t, "alice") {
		t.Error("alice can still sign in")
	}
	if now, err := a.Account(t.Context(), before.ID); err != nil || now.Enabled != connectors.No {
		t.Errorf("a fresh read shows %+v, %v", now, err)
	}
	if r, err = a.Enable(t.Context(), before); err != nil || !r.Changed {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := d.stored(t, dn, "userAccountControl"); got != "66048" || !d.signsIn(t, "alice") {
		t.Errorf("undone, userAccountControl is %s", got)
	}
	changes, _ := d.audited(t, since)
	want := []string{"delete: userAccountControl [66048] add: userAccountControl [66050]", "delete: userAccountControl [66050] add: userAccountControl [66048]"}
	if len(changes) != 2 || !strings.Contains(changes[0], want[0]) || !strings.Contains(changes[1], want[1]) || !strings.Contains(changes[0], "DN ["+dn+"]") {
		t.Errorf("the controller's audit log has %q", changes)
	}
}

// One of 3,001 members goes and comes back: the one of the oddest name. The account that changes has the delegated rights
// alone.
func (d *controller) removes(t *testing.T) {
	a := d.open(t, d.config("svc-write"))
	before := d.accountOf(t, a, "(sAMAccountName=odd)")
	_, since := d.audited(t, 0)
	members := func() int {
		return strings.Count(run(t, "", "ldbsearch", "-H", d.sam(), "-b", groupDN("AllHands"), "-s", "base", "member"), "\nmember:")
	}
	r, err := a.RemoveEntitlement(t.Context(), before, "AllHands")
	if err != nil || !r.Changed || members() != staff {
		t.Fatalf("%+v, %v, %d members", r, err, members())
	}
	now, err := a.Account(t.Context(), before.ID)
	if err != nil || held(now) != "Domain Users Users<Domain Users" {
		t.Errorf("a fresh read shows %s, %v", held(now), err)
	}
	if r, err = a.AddEntitlement(t.Context(), before, "AllHands"); err != nil || !r.Changed || members() != staff+1 {
		t.Fatalf("%+v, %v, %d members", r, err, members())
	}
	changes, _ := d.audited(t, since)
	if len(changes) != 2 || !strings.Contains(changes[0], "attributes [delete: member ") || !strings.Contains(changes[1], "attributes [add: member ") ||
		!strings.Contains(changes[0], "DN ["+groupDN("AllHands")+"]") {
		t.Errorf("the controller's audit log has %q", changes)
	}
	// What cannot be taken away here, and says where it can.
	p7 := d.accountOf(t, a, "(sAMAccountName=p00007)")
	for e, says := range map[connectors.EntitlementID]string{"Domain Admins": "primary group", "Company": `through the group "Team00"`} {
		if _, err := a.RemoveEntitlement(t.Context(), p7, e); !strings.Contains(fmt.Sprint(err), says) || !isForbidden(err) {
			t.Errorf("%s: %v", e, err)
		}
	}
	if changes, _ := d.audited(t, since); len(changes) != 2 {
		t.Errorf("something was changed all the same: %q", changes)
	}
}

// It reads, and each change is ErrForbidden with what to do.
func (d *controller) refused(t *testing.T) {
	a := d.open(t, d.config("svc-scan"))
	before := d.accountOf(t, a, "(sAMAccountName=p00009)")
	_, since := d.audited(t, 0)
	_, disable := a.Disable(t.Context(), before)
	_, remove := a.RemoveEntitlement(t.Context(), before, "Team00")
	for what, err := range map[string]error{"may not write userAccountControl of this account: delegate": disable, "may not write the members of this group: delegate": remove} {
		if !isForbidden(err) || !strings.Contains(err.Error(), what) || strings.Contains(err.Error(), userPW) {
			t.Errorf("%v", err)
		}
	}
	if now, err := a.Account(t.Context(), before.ID); err != nil || fmt.Sprintf("%+v", now) != fmt.Sprintf("%+v", before) {
		t.Errorf("it is %+v now, %v", now, err)
	}
	// A delegation does not hold on whom AdminSDHolder protects, and that is said.
	run(t, "dn: "+personDN(11)+"\nchangetype: modify\nreplace: adminCount\nadminCount: 1\n", "ldbmodify", "-H", d.sam())
	if _, err := a.Disable(t.Context(), d.accountOf(t, a, "(sAMAccountName=p00011)")); !isForbidden(err) || !strings.Contains(err.Error(), "AdminSDHolder") {
		t.Errorf("%v", err)
	}
	for _, change := range d.refusedOnly(t, since) {
		t.Errorf("the audit log has a success: %s", change)
	}
	wrong := d.config("svc-scan")
	wrong.Password = "another-Pass1"
	if _, err := d.open(t, wrong).Account(t.Context(), before.ID); !isForbidden(err) || !strings.Contains(err.Error(), "the name or the password is wrong") || strings.Contains(err.Error(), wrong.Password) {
		t.Errorf("a wrong password: %v", err)
	}
	plain := d.config("svc-scan")
	plain.URL, plain.CAFile, plain.PlainLoopback = "ldap://"+d.ip, "", true
	if _, err := d.open(t, plain).Account(t.Context(), before.ID); !isForbidden(err) || !strings.Contains(err.Error(), "use ldaps://") {
		t.Errorf("without TLS: %v", err)
	}
}

func (d *controller) refusedOnly(t *testing.T, since int) (successes []string) {
	t.Helper()
	changes, _ := d.audited(t, since)
	for _, c := range changes {
		if strings.HasPrefix(c, "[Success]") {
			successes = append(successes, c)
		}
	}
	return successes
}

func (d *controller) preflights(t *testing.T) {
	conf := d.config("svc-write")
	conf.Base = "OU=Staff," + domainDN
	conf.GroupBase = "OU=Groups," + domainDN
	p, err := d.open(t, conf).Preflight(t.Context())
	if err != nil || len(p.Problems) > 0 || len(p.Proved) < 7 {
		t.Errorf("who may write: %+v, %v", p, err)
	}
	conf.Bind = "svc-scan@corp.example.test"
	p, err = d.open(t, conf).Preflight(t.Context())
	if err != nil || len(p.Problems) != 2 || !p.Problems[0].Writing || !p.Problems[1].Writing {
		t.Errorf("who may only read: %+v, %v", p, err)
	}
	conf.Base = "OU=Nowhere," + domainDN
	p, err = d.open(t, conf).Preflight(t.Context())
	if err != nil || len(p.Problems) == 0 || p.Problems[0].Writing {
		t.Errorf("a base that is not there: %+v, %v", p, err)
	}
}

func (d *controller) syncInterval(t *testing.T) {
	set := func(days string) {
		run(t, "dn: "+domainDN+"\nchangetype: modify\nreplace: msDS-LogonTimeSyncInterval\nmsDS-LogonTimeSyncInterval: "+days+"\n", "ldbmodify", "-H", d.sam())
	}
	for days, says := range map[string]string{"60": "set logon_sync_days = 60", "0": "set sign_in = false"} {
		set(days)
		if _, tr, err := connectortest.Accounts(t.Context(), d.open(t, d.config("svc-scan"))); !strings.Contains(fmt.Sprint(err), says) || len(tr.Ends) > 0 {
			t.Errorf("%s days: %v", days, err)
		}
	}
	set("14")
}

// Read access is taken from ordinary users, as hardened domains do: userAccountControl and sign-ins vanish without a word.
func (d *controller) unreadable(t *testing.T) {
	run(t, "dn: CN=Pre-Windows 2000 Compatible Access,CN=Builtin,"+domainDN+"\nchangetype: modify\nreplace: member\n", "ldbmodify", "-H", d.sam())
	conf := d.config("svc-scan")
	conf.Base = "OU=Staff," + domainDN
	a := d.open(t, conf)
	_, tr, err := connectortest.Accounts(t.Context(), a)
	if !isForbidden(err) || !strings.Contains(err.Error(), "can userAccountControl be read") || len(tr.Ends) > 0 {
		t.Errorf("the pull: %v, ended %v", err, tr.Ends)
	}
	p, err := a.Preflight(t.Context())
	said := fmt.Sprintf("%+v", p.Problems)
	if err != nil || !strings.Contains(said, "userAccountControl of 200 of the first 200") || !strings.Contains(said, "lastLogonTimestamp of the first 200") {
		t.Errorf("preflight: %s, %v", said, err)
	}
}
