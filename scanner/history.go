package scanner

import "rollcall/connectors"

// History is what earlier runs and people's rulings left behind, as the scan reads it. The ledger implements it; a nil
// answer always means "nothing is known", never "nothing was there".
type History interface {
	Roster() (*RosterFacts, error)                      // of the last accepted roster; nil before the first
	Pull(app connectors.AppID) (*PullFacts, error)      // of the last complete pull; nil before the first
	Roles() (map[connectors.PersonID][]SeenRole, error) // role history grown from earlier rosters, oldest first
	Missing() (map[connectors.PersonID]int, error)      // people earlier rosters had: in how many complete pulls in a row they were absent
	Links() ([]Link, error)
	Rulings() ([]Ruling, error)
	Grants(app connectors.AppID) (GrantHistory, error) // never nil
	Register() (map[FindingID]Seen, error)
	Removals() ([]Removal, error) // confirmed clean by cases; for reappeared_access
}

// RosterFacts are the counts a later roster is held against.
type RosterFacts struct {
	AsOf     connectors.Date                    `json:"as_of"`
	Records  int                                `json:"records"`
	Employed int                                `json:"employed"` // records that had not ended
	Blank    map[string]int                     `json:"blank"`    // empty cells by column: "status", "work_email", "role", "end" of ended ones
	SHA256   string                             `json:"sha256"`
	People   map[connectors.PersonID]RosterLine `json:"-"` // of a ledger's, and where KeepLines was called
}

// RosterLine is what the ledger keeps of one HR record: enough to tell what changed.
type RosterLine struct {
	Status                  connectors.WorkStatus `json:"status"`
	Ended                   bool                  `json:"ended,omitempty"`
	Role, Department, Title string
}

// SeenRole is a role as a roster showed it on a day: what was held before the first such day is unknown.
type SeenRole struct {
	On                      connectors.Date `json:"on"` // as-of day of the first roster that showed it
	Role, Department, Title string
}

// PullFacts are the counts of an app's last complete pull.
type PullFacts struct {
	AsOf     connectors.Date `json:"as_of"`
	Accounts int             `json:"accounts"`
	Enabled  int             `json:"enabled"`
	Rights   int             `json:"rights"`           // entitlements its accounts held
	Tenant   string          `json:"tenant,omitempty"` // the service's own id of whose accounts they are; empty: no pull said so yet
}

// Link is a recorded, evidenced tie of an account to its owner, or a recorded "not this person".
type Link struct {
	App      connectors.AppID     `json:"app"`
	Account  connectors.AccountID `json:"account_id"`
	Person   connectors.PersonID  `json:"person_id"`
	Not      bool                 `json:"not,omitempty"` // the account is known not to be this person's
	Actor    string               `json:"actor"`
	On       connectors.Date      `json:"on"`
	Evidence string               `json:"evidence"`
}

// Ruling is what a person said of a finding that was wrong. Class rulings change what an account is; the others only
// hold as long as the evidence they were given for stays the same.
type Ruling struct {
	Finding  FindingID            `json:"finding"`
	Because  string               `json:"because"` // owner, class, hr-data, policy
	App      connectors.AppID     `json:"app"`
	Account  connectors.AccountID `json:"account_id"`
	Person   connectors.PersonID  `json:"person_id,omitempty"`
	Class    string               `json:"class,omitempty"` // the true class, for because=class
	Evidence string               `json:"evidence"`        // digest of the finding's evidence when it was ruled wrong
	Note     string               `json:"note"`
	Actor    string               `json:"actor"`
	On       connectors.Date      `json:"on"`
}

// GrantHistory answers since when an account, or a grant, has been seen.
type GrantHistory interface {
	// Since is the as-of day of the first complete pull that is remembered; 0 = none.
	Since() connectors.Date
	// FirstSeen is the as-of day on which the grant was first seen; 0 = not yet. An empty entitlement asks for the account.
	FirstSeen(connectors.AccountID, connectors.EntitlementID) connectors.Date
}

// Seen is the register's memory of a finding.
type Seen struct {
	First   connectors.Date `json:"first"`
	Last    connectors.Date `json:"last"`
	Times   int             `json:"times"`
	Open    bool            `json:"open"`
	Backlog bool            `json:"backlog,omitempty"` // found by the very first run: the baseline
}

// Removal is an access that a case removed and confirmed clean.
type Removal struct {
	App         connectors.AppID
	Account     connectors.AccountID
	Entitlement connectors.EntitlementID // empty: the account was disabled
	On          connectors.Date
	Case        string
}

// NoHistory is the History of a first run.
type NoHistory struct{}

func (NoHistory) Roster() (*RosterFacts, error)                      { return nil, nil }
func (NoHistory) Pull(connectors.AppID) (*PullFacts, error)          { return nil, nil }
func (NoHistory) Roles() (map[connectors.PersonID][]SeenRole, error) { return nil, nil }
func (NoHistory) Missing() (map[connectors.PersonID]int, error)      { return nil, nil }
func (NoHistory) Links() ([]Link, error)                             { return nil, nil }
func (NoHistory) Rulings() ([]Ruling, error)                         { return nil, nil }
func (NoHistory) Grants(connectors.AppID) (GrantHistory, error)      { return noGrants{}, nil }
func (NoHistory) Register() (map[FindingID]Seen, error)              { return nil, nil }
func (NoHistory) Removals() ([]Removal, error)                       { return nil, nil }

type noGrants struct{}

func (noGrants) Since() connectors.Date                                                   { return 0 }
func (noGrants) FirstSeen(connectors.AccountID, connectors.EntitlementID) connectors.Date { return 0 }

var _ History = NoHistory{}
