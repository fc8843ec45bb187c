package xlsx

import (
	"rollcall/connectors"
	"rollcall/connectors/table"
)

// Spec implements connectors.Described.
func (AppConfig) Spec() connectors.Spec { return table.AppSpec("Excel export of any app") }

// Spec implements connectors.Described.
func (RosterConfig) Spec() connectors.Spec { return table.RosterSpec("Excel export of any HR system") }
