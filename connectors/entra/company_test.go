package entra

import (
	"fmt"
	"slices"

	"rollcall/connectors"
)

// Groups, roles and apps of the company.
const (
	sales = 1 + iota
	staff
	admins
	dynamic
	onPremises
	exchange
	hiddenGroup
)

const (
	globalAdmin = 1 + iota
	helpdesk
)

const (
	crm   = 1 + iota // an app with roles for people
	graph            // Microsoft's
	robot            // an application of the company
	legacy
	self // the app registration that reads
)

var crmUser = guid(0xc1, 1)

// grantable are permissions of Microsoft Graph; the last one is not granted.
var grantable = []string{userRead, groupRead, hiddenRead, roleRead, appRead, licenceRead, auditRead, eligibleRead,
	enableWrite, sessionsWrite, groupWrite, roleWrite, appRoleWrite, userWrite}

// without takes granted permissions away, from the token and from what the directory tells.
func (f *fake) without(permissions ...string) *fake {
	for _, p := range permissions {
		f.lacks[p] = true
		id := guid(0xc2, slices.Index(grantable, p))
		f.appRoles = slices.DeleteFunc(f.appRoles, func(s object) bool { return s["principalId"] == appID(self) && s["appRoleId"] == id })
	}
	return f
}

func listedAs(kind, id string) object {
	return object{"@odata.type": "#microsoft.graph." + kind, "id": id}
}

// company is a small directory that has one of everything.
func company() *fake {
	f := &fake{sponsors: map[string][]object{}, owners: map[string][]object{}, members: map[string][]object{}, lacks: map[string]bool{}}
	f.addUsers()
	f.addGroups()
	f.addRoles()
	f.addApps()
	return f
}

func (f *fake) addUsers() {
	user := func(n int, name string, more object) {
		u := object{
			"id": userID(n), "userPrincipalName": name + "@contoso.example", "displayName": name, "mail": name + "@contoso.example",
			"otherMails": []string{}, "proxyAddresses": []string{"SMTP:" + name + "@contoso.example", "smtp:" + name + "@old.example"},
			"accountEnabled": true, "userType": "Member", "createdDateTime": "2024-02-01T08:00:00Z", "employeeId": nil,
			"onPremisesSyncEnabled": nil, "assignedLicenses": []object{}, "licenseAssignmentStates": []object{},
			"signInActivity": object{"lastSignInDateTime": "2026-06-01T08:00:00Z", "lastSignInRequestId": guid(9, n),
				"lastNonInteractiveSignInDateTime": "2026-06-20T08:00:00Z", "lastNonInteractiveSignInRequestId": guid(9, n)},
		}
		for k, v := range more {
			u[k] = v
		}
		f.users = append(f.users, u)
		f.mfa = append(f.mfa, object{"id": userID(n), "userPrincipalName": u["userPrincipalName"], "userDisplayName": name, "isAdmin": false,
			"isMfaRegistered": n%2 == 1, "isMfaCapable": n%2 == 1, "isPasswordlessCapable": false, "methodsRegistered": []string{}})
	}
	sku := func(n int) object { return object{"skuId": skuID(n), "disabledPlans": []string{}} }
	state := func(n int, group any) object {
		return object{"skuId": skuID(n), "assignedByGroup": group, "disabledPlans": []string{}, "state": "Active", "error": "None"}
	}
	user(1, "adele", object{"employeeId": "E1"})
	user(2, "ben", object{"assignedLicenses": []object{sku(1), sku(2)},
		"licenseAssignmentStates": []object{state(1, nil), state(1, groupID(sales)), state(2, groupID(sales))}})
	user(3, "carla", object{"accountEnabled": false, "onPremisesSyncEnabled": true})
	user(4, "dan_partner.example#EXT#", object{"userType": "Guest", "mail": nil, "otherMails": []string{"dan@partner.example"}, "proxyAddresses": []string{},
		"signInActivity": object{"lastSignInDateTime": "0001-01-01T00:00:00Z", "lastSignInRequestId": ""}})
	user(5, "eve", nil)
	user(6, "finn", object{"signInActivity": nil, "onPremisesSyncEnabled": true})
	user(7, "gus", nil)
	f.mfa = f.mfa[:6] // gus is not in the report
	f.sponsors[userID(4)] = []object{
		{"@odata.type": "#microsoft.graph.group", "id": groupID(sales), "mail": "sales@contoso.example"},
		{"@odata.type": "#microsoft.graph.user", "id": userID(1), "mail": "adele@contoso.example", "userPrincipalName": "adele@contoso.example"},
	}
	f.skus = []object{{"id": guid(1, 1) + "_" + skuID(1), "skuId": skuID(1), "skuPartNumber": "SPE_E5"}, {"id": guid(1, 1) + "_" + skuID(2), "skuId": skuID(2), "skuPartNumber": "VISIO"}}
}

func (f *fake) addGroups() {
	group := func(n int, name string, more object, members ...object) {
		g := object{"id": groupID(n), "displayName": name, "groupTypes": []string{}, "mailEnabled": false, "securityEnabled": true,
			"isAssignableToRole": nil, "onPremisesSyncEnabled": nil, "visibility": nil}
		for k, v := range more {
			g[k] = v
		}
		f.groups = append(f.groups, g)
		f.members[groupID(n)] = members
	}
	u := func(n int) object { return listedAs("user", userID(n)) }
	group(sales, "Sales", nil, u(1), u(2), u(7))
	group(staff, "Staff", nil, listedAs("group", groupID(sales)), u(5), listedAs("device", guid(0xdd, 1)), listedAs("servicePrincipal", appID(robot)))
	group(admins, "Admins", object{"isAssignableToRole": true}, u(5), u(1))
	group(dynamic, "Everybody", object{"groupTypes": []string{"DynamicMembership"}}, u(1), u(2), u(5))
	group(onPremises, "Everybody", object{"onPremisesSyncEnabled": true}, u(1))
	group(exchange, "role:Newsletter", object{"mailEnabled": true}, u(1), listedAs("servicePrincipal", appID(robot)))
	group(hiddenGroup, "Secret", object{"visibility": "HiddenMembership"})
}

func (f *fake) addRoles() {
	f.roles = []object{{"id": roleID(globalAdmin), "displayName": "Global Administrator"}, {"id": roleID(helpdesk), "displayName": "Helpdesk Administrator"}}
	f.roleGrants = []object{
		roleGrant("ra-1", userID(2), roleID(globalAdmin), "/"),
		roleGrant("ra-2", groupID(admins), roleID(helpdesk), "/"),
		roleGrant("ra-3", userID(7), roleID(helpdesk), "/administrativeUnits/"+guid(0xad, 1)),
		roleGrant("ra-4", userID(7), roleID(globalAdmin), "/"),
		roleGrant("ra-5", appID(robot), roleID(helpdesk), "/"),
	}
	f.eligible = []object{{"id": "re-1", "principalId": userID(1), "roleDefinitionId": roleID(globalAdmin), "directoryScopeId": "/", "appScopeId": nil,
		"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2027-01-01T00:00:00Z", "memberType": "Direct", "roleEligibilityScheduleId": guid(8, 1)}}
}

func (f *fake) addApps() {
	app := func(n int, name, owner string, more object) {
		a := object{"id": appID(n), "appId": guid(0xab, n), "displayName": name, "accountEnabled": true, "servicePrincipalType": "Application",
			"appOwnerOrganizationId": owner, "appRoles": []object{}, "keyCredentials": []object{}, "passwordCredentials": []object{}}
		for k, v := range more {
			a[k] = v
		}
		f.apps = append(f.apps, a)
	}
	role := func(id, value, title, kind string) object {
		return object{"id": id, "value": value, "displayName": title, "description": title, "isEnabled": true, "allowedMemberTypes": []string{kind}}
	}
	app(crm, "CRM", guid(1, 1), object{"appRoles": []object{role(crmUser, "crm.user", "User", "User")}})
	var permissions []object
	for i, p := range grantable {
		permissions = append(permissions, role(guid(0xc2, i), p, p, "Application"))
	}
	app(graph, "Microsoft Graph", microsoft[0], object{"appId": graphID, "appRoles": permissions})
	key := func(n int, from, to string) object {
		return object{"keyId": guid(ofKey, n), "startDateTime": from, "endDateTime": to, "displayName": "key"}
	}
	app(robot, "Robot", guid(1, 1), object{"keyCredentials": []object{key(3, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")}})
	app(legacy, "Legacy", guid(1, 1), object{"accountEnabled": false})
	app(self, "Access review", guid(1, 1), object{"appId": clientID})
	f.owners[appID(robot)] = []object{{"@odata.type": "#microsoft.graph.user", "id": userID(1), "mail": "adele@contoso.example", "userPrincipalName": "adele@contoso.example"}}
	f.registered = []object{{"id": guid(0xaa, 1), "appId": guid(0xab, robot), "createdDateTime": "2024-05-01T00:00:00Z",
		"passwordCredentials": []object{key(1, "2025-01-01T00:00:00Z", "2027-02-01T00:00:00Z"), key(2, "2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z")},
		"keyCredentials":      []object{key(3, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")}}}
	f.appRoles = []object{
		appGrant("aa-1", userID(1), "User", appID(crm), crmUser, "2025-03-01T10:00:00Z"),
		appGrant("aa-2", groupID(sales), "Group", appID(crm), crmUser, "2025-04-01T10:00:00Z"),
		appGrant("aa-3", groupID(staff), "Group", appID(legacy), defaultRole, "2025-05-01T10:00:00Z"),
		appGrant("aa-4", appID(robot), "ServicePrincipal", appID(graph), guid(0xc2, slices.Index(grantable, roleWrite)), "2025-06-01T10:00:00Z"),
	}
	for i := range grantable[:len(grantable)-1] { // all but the dangerous one
		f.appRoles = append(f.appRoles, appGrant(fmt.Sprintf("ab-%d", i), appID(self), "ServicePrincipal", appID(graph), guid(0xc2, i), "2025-07-01T10:00:00Z"))
	}
}

func date(s string) connectors.Date {
	d, err := connectors.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}
