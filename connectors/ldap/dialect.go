package ldap

import (
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// dialect is what is known of one kind of directory, as data.
type dialect struct {
	id         string // attribute with the immutable id
	users      string // filter
	groups     string // filter
	userAttrs  []string
	groupAttrs []string
	members    []memberAttr // of groups
}

// memberAttr is one way in which groups name their members.
type memberAttr struct {
	name  string
	class string // of the groups that have it
	uid   bool   // by uid, not by DN
}

// The accounts of Active Directory are people's, and those that services have as objects of their own: computers are none.
var activeDirectory = &dialect{
	id: "objectGUID",
	users: "(|(&(objectCategory=person)(objectClass=user))(objectClass=msDS-GroupManagedServiceAccount)" +
		"(objectClass=msDS-ManagedServiceAccount))",
	groups: "(objectClass=group)",
	userAttrs: []string{"objectGUID", "objectSid", "objectClass", "cn", "sAMAccountName", "userPrincipalName", "displayName", "mail", "proxyAddresses",
		"employeeID", "employeeNumber", "userAccountControl", "msDS-User-Account-Control-Computed", "accountExpires", "pwdLastSet",
		"lastLogonTimestamp", "lastLogon", "whenCreated", "primaryGroupID", "servicePrincipalName", "adminCount"},
	groupAttrs: []string{"objectGUID", "objectSid", "objectClass", "sAMAccountName", "adminCount"},
	members:    []memberAttr{{name: "member", class: "group"}},
}

// OpenLDAP's accounts are entries that people or services bind as.
var openLDAP = &dialect{
	id:     "entryUUID",
	users:  "(|(objectClass=inetOrgPerson)(objectClass=posixAccount)(objectClass=account)(objectClass=simpleSecurityObject))",
	groups: "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))",
	userAttrs: []string{"entryUUID", "objectClass", "cn", "uid", "displayName", "mail", "employeeNumber", "createTimestamp",
		"pwdAccountLockedTime", "pwdLastSuccess"},
	groupAttrs: []string{"entryUUID", "objectClass", "cn"},
	members: []memberAttr{{name: "member", class: "groupOfNames"}, {name: "uniqueMember", class: "groupOfUniqueNames"},
		{name: "memberUid", class: "posixGroup", uid: true}},
}

// lag is how many days the last sign-in may be late. OpenLDAP writes pwdLastSuccess at each bind, or as often as
// lastbind-precision says.
func (d *dialect) lag(syncDays int) int {
	if d == activeDirectory {
		return syncDays + replicationDays
	}
	return 1
}

// idOf is the immutable id of an entry; empty where it cannot be read.
func (d *dialect) idOf(e entry) string {
	if d == activeDirectory {
		id, err := guidText(e.raw(d.id))
		if err != nil {
			return ""
		}
		return id
	}
	if id := strings.ToLower(e.first(d.id)); isUUID(id) {
		return id
	}
	return ""
}

// nameOf is what a group is called as an entitlement. Active Directory keeps sAMAccountName unique in a domain. Elsewhere it
// is the name of a group that stands directly below the base, and for others the way from the base to it.
func (d *dialect) nameOf(e entry, base string) string {
	if name := e.first("sAMAccountName"); d == activeDirectory && name != "" {
		return name
	}
	dn, err := ldap.ParseDN(e.DN)
	if err != nil {
		return e.DN
	}
	if above, err := ldap.ParseDN(base); err == nil && above.AncestorOfFold(dn) {
		dn.RDNs = dn.RDNs[:len(dn.RDNs)-len(above.RDNs)]
	}
	if len(dn.RDNs) == 1 && len(dn.RDNs[0].Attributes) == 1 {
		return dn.RDNs[0].Attributes[0].Value
	}
	return dn.String()
}

// domainPrivileged are the groups of a domain that rule it, by the last part of their SID, and builtinPrivileged those of
// S-1-5-32 (https://learn.microsoft.com/windows-server/identity/ad-ds/manage/understand-security-identifiers and, for
// protected ones, …/plan/security-best-practices/appendix-c--protected-accounts-and-groups-in-active-directory).
var (
	domainPrivileged = map[uint32]bool{
		512: true, // Domain Admins
		516: true, // Domain Controllers
		517: true, // Cert Publishers
		518: true, // Schema Admins
		519: true, // Enterprise Admins
		520: true, // Group Policy Creator Owners
		521: true, // Read-only Domain Controllers
		526: true, // Key Admins
		527: true, // Enterprise Key Admins
	}
	builtinPrivileged = map[uint32]bool{
		544: true, // Administrators
		548: true, // Account Operators
		549: true, // Server Operators
		550: true, // Print Operators
		551: true, // Backup Operators
		552: true, // Replicator
		557: true, // Incoming Forest Trust Builders
		578: true, // Hyper-V Administrators
	}
)

const builtinDomain = "S-1-5-32-"

// privileged tells whether a group rules the domain: it is one of the well-known ones, or AdminSDHolder protects it, which
// then and ever since has adminCount 1.
func privileged(e entry, id sid) bool {
	switch {
	case e.first("adminCount") == "1":
		return true
	case id.ofDomain():
		return domainPrivileged[id.rid()]
	}
	return strings.HasPrefix(id.String(), builtinDomain) && builtinPrivileged[id.rid()]
}
