package scanner

import (
	"rollcall/connectors"
)

// App is one app of the configuration: where its accounts come from and what the company says of it.
type App struct {
	ID             connectors.AppID
	Title          string
	Owner          connectors.PersonID // who answers for the app; may be empty
	Source         connectors.App
	SuspendOnLeave bool     // accounts are to be disabled while their owner is on extended leave
	SingleSignOn   bool     // people are meant to sign in through the company's single sign-on
	Privileged     []string // patterns (* and ?) of entitlements that count as privileged beside those the source marks
}

// subject is one account as the rules see it: class and match are settled.
type subject struct {
	acc     *connectors.Account
	class   connectors.Class
	match   Match        // of a human account
	owner   *personFacts // of the matched owner; nil without one
	duty    *Person      // owner or sponsor of a non-human account, where the app or the register names one and it resolves
	blind   bool         // its owner stands, or could stand, in a roster row that was left out
	partial bool         // a row of its entitlements was left out
	dutyRef string       // what names that owner, as written; empty = nothing does
}
