package evidence

import (
	"encoding/json"
	"fmt"

	"rollcall/connectors"
	"rollcall/scanner"
)

// memory is a History that answers as the recorded one did.
type memory struct {
	roster   *scanner.RosterFacts
	pulls    map[connectors.AppID]*scanner.PullFacts
	roles    map[connectors.PersonID][]scanner.SeenRole
	missing  map[connectors.PersonID]int
	links    []scanner.Link
	rulings  []scanner.Ruling
	removals []scanner.Removal
	register map[scanner.FindingID]scanner.Seen
	grants   map[connectors.AppID]*grants
}

type grants struct {
	since connectors.Date
	first map[grant]connectors.Date
}

type grant struct {
	account     connectors.AccountID
	entitlement connectors.EntitlementID
}

func (m *memory) Roster() (*scanner.RosterFacts, error)                      { return m.roster, nil }
func (m *memory) Pull(app connectors.AppID) (*scanner.PullFacts, error)      { return m.pulls[app], nil }
func (m *memory) Roles() (map[connectors.PersonID][]scanner.SeenRole, error) { return m.roles, nil }
func (m *memory) Missing() (map[connectors.PersonID]int, error)              { return m.missing, nil }
func (m *memory) Links() ([]scanner.Link, error)                             { return m.links, nil }
func (m *memory) Rulings() ([]scanner.Ruling, error)                         { return m.rulings, nil }
func (m *memory) Removals() ([]scanner.Removal, error)                       { return m.removals, nil }
func (m *memory) Register() (map[scanner.FindingID]scanner.Seen, error)      { return m.register, nil }
func (m *memory) Grants(app connectors.AppID) (scanner.GrantHistory, error)  { return m.of(app), nil }
func (g *grants) Since() connectors.Date                                     { return g.since }
func (g *grants) FirstSeen(a connectors.AccountID, e connectors.EntitlementID) connectors.Date {
	return g.first[grant{a, e}]
}

func (m *memory) of(app connectors.AppID) *grants {
	g := m.grants[app]
	if g == nil {
		g = &grants{first: map[grant]connectors.Date{}}
		m.grants[app] = g
	}
	return g
}

// memoryLine is any line of the memory: one of its fields is there.
type memoryLine struct {
	Roster  *scanner.RosterFacts `json:"roster"`
	Pull    *pullLine            `json:"pull"`
	Roles   *rolesLine           `json:"roles"`
	Missing *missingLine         `json:"missing"`
	Link    *scanner.Link        `json:"link"`
	Ruling  *scanner.Ruling      `json:"ruling"`
	Removal *removalLine         `json:"removal"`
	Seen    *seenLine            `json:"seen"`
	Grants  *grantsLine          `json:"grants"`
	First   *firstLine           `json:"first"`
}

func readMemory(p *player, apps []scanner.App) (*memory, error) {
	r, _, err := p.reader(memoryName)
	if err != nil {
		return nil, err
	}
	defer r.close()
	m := &memory{pulls: map[connectors.AppID]*scanner.PullFacts{}, roles: map[connectors.PersonID][]scanner.SeenRole{},
		missing: map[connectors.PersonID]int{}, register: map[scanner.FindingID]scanner.Seen{}, grants: map[connectors.AppID]*grants{}}
	for n := 2; r.Scan(); n++ {
		var l memoryLine
		if err := json.Unmarshal(r.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", memoryName, n, err)
		}
		if !m.take(&l) {
			return nil, fmt.Errorf("%s, line %d is none that this version knows", memoryName, n)
		}
	}
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", memoryName, err)
	}
	for _, a := range apps {
		m.of(a.ID) // they are asked side by side, and must find theirs made
	}
	return m, nil
}

func (m *memory) take(l *memoryLine) bool {
	switch {
	case l.Roster != nil:
		m.roster = l.Roster
	case l.Pull != nil:
		m.pulls[l.Pull.App] = &l.Pull.PullFacts
	case l.Roles != nil:
		for _, s := range l.Roles.Seen {
			m.roles[l.Roles.Person] = append(m.roles[l.Roles.Person], scanner.SeenRole(s))
		}
	case l.Missing != nil:
		m.missing[l.Missing.Person] = l.Missing.Pulls
	case l.Link != nil:
		m.links = append(m.links, *l.Link)
	case l.Ruling != nil:
		m.rulings = append(m.rulings, *l.Ruling)
	case l.Removal != nil:
		m.removals = append(m.removals, scanner.Removal(*l.Removal))
	case l.Seen != nil:
		m.register[l.Seen.ID] = l.Seen.Seen
	case l.Grants != nil:
		m.of(l.Grants.App).since = l.Grants.Since
	case l.First != nil:
		m.of(l.First.App).first[grant{l.First.Account, l.First.Entitlement}] = l.First.On
	default:
		return false
	}
	return true
}
