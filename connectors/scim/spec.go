package scim

import "rollcall/connectors"

// Spec implements connectors.Described.
func (*AppConfig) Spec() connectors.Spec {
	return connectors.Spec{
		Title:       "any app with SCIM 2.0",
		Collections: []connectors.Collection{connectors.Accounts, connectors.Groups},
		Abilities: []connectors.AbilitySpec{
			{Ability: connectors.CanDisable, How: "active becomes false", Undo: connectors.UndoExact, Write: []string{"PATCH or PUT of Users"}},
			{Ability: connectors.CanRemoveEntitlement, How: "one member leaves a group", Undo: connectors.UndoExact, Write: []string{"PATCH of Groups"}},
		},
		Read: []string{"GET of Users and Groups"},
		Plan: "often the vendor's enterprise plan",
	}
}
