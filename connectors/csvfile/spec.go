package csvfile

import (
	"rollcall/connectors"
	"rollcall/connectors/table"
)

// Spec implements connectors.Described.
func (AppConfig) Spec() connectors.Spec { return table.AppSpec("CSV export of any app") }

// Spec implements connectors.Described.
func (RosterConfig) Spec() connectors.Spec { return table.RosterSpec("CSV export of any HR system") }
