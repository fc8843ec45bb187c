// Package all is the one visible list of the kinds of source rollcall knows.
package all

import (
	"rollcall/connectors"
	"rollcall/connectors/command"
	"rollcall/connectors/csvfile"
	"rollcall/connectors/entra"
	"rollcall/connectors/google"
	"rollcall/connectors/ldap"
	"rollcall/connectors/okta"
	"rollcall/connectors/scim"
	"rollcall/connectors/sqldb"
	"rollcall/connectors/xlsx"
)

// Rosters are the kinds [roster] may be.
var Rosters = map[string]func() connectors.RosterConfig{
	"csv":  func() connectors.RosterConfig { return new(csvfile.RosterConfig) },
	"xlsx": func() connectors.RosterConfig { return new(xlsx.RosterConfig) },
}

// Apps are the kinds an [[app]] may be.
var Apps = map[string]func() connectors.AppConfig{
	"csv":   func() connectors.AppConfig { return new(csvfile.AppConfig) },
	"ldap":  func() connectors.AppConfig { return new(ldap.AppConfig) },
	"xlsx":  func() connectors.AppConfig { return new(xlsx.AppConfig) },
	"scim":  func() connectors.AppConfig { return new(scim.AppConfig) },
	"entra": func() connectors.AppConfig { return new(entra.AppConfig) },

	"google": func() connectors.AppConfig { return new(google.AppConfig) },
	"okta":   func() connectors.AppConfig { return new(okta.AppConfig) },

	"command": func() connectors.AppConfig { return new(command.AppConfig) },
	"sqldb":   func() connectors.AppConfig { return new(sqldb.AppConfig) },
}
