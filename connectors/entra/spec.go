package entra

import "rollcall/connectors"

// The permissions, as Microsoft Graph names them.
const (
	userRead       = "User.Read.All"
	groupRead      = "GroupMember.Read.All"
	hiddenRead     = "Member.Read.Hidden"
	roleRead       = "RoleManagement.Read.Directory"
	appRead        = "Application.Read.All"
	licenceRead    = "LicenseAssignment.Read.All"
	auditRead      = "AuditLog.Read.All"
	eligibleRead   = "RoleEligibilitySchedule.Read.Directory"
	enableWrite    = "User.EnableDisableAccount.All"
	sessionsWrite  = "User.RevokeSessions.All"
	groupWrite     = "GroupMember.ReadWrite.All"
	roleWrite      = "RoleManagement.ReadWrite.Directory"
	appRoleWrite   = "AppRoleAssignment.ReadWrite.All"
	userWrite      = "User.ReadWrite.All"
	directoryWrite = "Directory.ReadWrite.All"
)

// Spec implements connectors.Described.
func (*AppConfig) Spec() connectors.Spec {
	return connectors.Spec{
		Title: "Microsoft Entra ID",
		Collections: []connectors.Collection{connectors.Groups, directoryRoles, appRoles, licences, signIns, mfa,
			connectors.Credentials, connectors.Accounts},
		Signals: connectors.Signals{
			SignIn:    connectors.Signal{Given: true, LagDays: signInLag},
			MFA:       connectors.Signal{Given: true, LagDays: mfaLag},
			GrantDate: connectors.Signal{Given: true},
		},
		Abilities: []connectors.AbilitySpec{
			{Ability: connectors.CanDisable, How: "accountEnabled", Undo: connectors.UndoExact, Write: []string{enableWrite}},
			{Ability: connectors.CanRemoveEntitlement, How: "remove from group, unassign directory role or own app role", Undo: connectors.UndoExact,
				Write: []string{groupWrite, roleWrite, appRoleWrite}},
			{Ability: connectors.CanRevokeSessions, How: "revokeSignInSessions", Undo: connectors.UndoNone, Write: []string{sessionsWrite}},
		},
		Read: []string{userRead, groupRead, hiddenRead, roleRead, appRead, licenceRead, auditRead},
		Plan: "Entra ID P1 for sign-ins and MFA, P2 for roles that may be activated",
	}
}
