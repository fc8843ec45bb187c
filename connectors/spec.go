package connectors

// Spec is what a kind of source reads and can do at most, whatever its configuration says: as data, for `rollcall
// connectors` and the README. What one source does, its Info and its abilities say.
type Spec struct {
	Title       string // of the system: "Microsoft Entra ID"
	Collections []Collection
	Signals     Signals       // the most it can give
	Abilities   []AbilitySpec // in the order of the constants
	Read        []string      // the least permissions that a complete pull needs, as the vendor names them
	Plan        string        // what the vendor must have been paid for, and for what: "Entra ID P1 for sign-ins"; empty: nothing
}

// AbilitySpec is one ability of a kind of source.
type AbilitySpec struct {
	Ability Ability
	How     string   // what is done, in the vendor's words: "suspend"
	Undo    Undo     // how far it can be taken back
	Write   []string // the permissions it needs beside those for reading
}

// Undo says how far a change can be taken back.
type Undo string

// What an undo gives back.
const (
	UndoExact   Undo = "exact"   // all that was changed
	UndoPartial Undo = "partial" // access again, but not what was: sessions are opened anew
	UndoNone    Undo = "none"
)

// Described is every configuration of a kind of source: what it says does not depend on what is configured.
type Described interface {
	Spec() Spec
}

func (b Ability) String() string {
	switch b {
	case CanDisable:
		return "disable"
	case CanRemoveEntitlement:
		return "remove entitlement"
	case CanRevokeSessions:
		return "end sessions"
	case CanRevokeCredential:
		return "revoke credential"
	case CanArchive:
		return "archive"
	case CanDelete:
		return "delete"
	}
	return "unknown ability"
}
