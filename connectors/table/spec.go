package table

import "rollcall/connectors"

// AppSpec is what an export of accounts can tell: as many signals as it has columns. How old it is, nobody but who made it
// knows.
func AppSpec(title string) connectors.Spec {
	given := connectors.Signal{Given: true}
	return connectors.Spec{
		Title:       title,
		Collections: []connectors.Collection{connectors.Accounts, connectors.Entitlements, connectors.Credentials},
		Signals:     connectors.Signals{SignIn: given, Use: given, GrantDate: given, MFA: given},
		Read:        []string{"the file"},
	}
}

// RosterSpec is what an export of people can tell.
func RosterSpec(title string) connectors.Spec {
	return connectors.Spec{Title: title, Collections: []connectors.Collection{connectors.People, connectors.JobHistory}, Read: []string{"the file"}}
}
