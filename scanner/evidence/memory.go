package evidence

import (
	"maps"
	"slices"
	"strconv"
	"sync"

	"rollcall/connectors"
	"rollcall/scanner"
)

// recorder is a History that writes down every answer it gives. What it was not asked is not needed to replay the run.
type recorder struct {
	scanner.History

	mu   sync.Mutex // apps ask side by side
	file *file
}

func newRecorder(h scanner.History, f *file) *recorder {
	r := &recorder{History: h, file: f}
	r.file.line(func(b []byte) []byte { return appendValue(b, header{Sealed: format}) })
	return r
}

func (r *recorder) write(key string, v any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.file.line(func(b []byte) []byte { return appendObject(b, key, v) })
}

// The lines of the memory. Links and rulings are written as they are.
type (
	pullLine struct {
		App connectors.AppID `json:"app"`
		scanner.PullFacts
	}
	rolesLine struct {
		Person connectors.PersonID `json:"person"`
		Seen   []seenRole          `json:"seen"`
	}
	seenRole struct {
		On         connectors.Date `json:"on"`
		Role       string          `json:"role"`
		Department string          `json:"department"`
		Title      string          `json:"title"`
	}
	missingLine struct {
		Person connectors.PersonID `json:"person"`
		Pulls  int                 `json:"pulls"`
	}
	removalLine struct {
		App         connectors.AppID         `json:"app"`
		Account     connectors.AccountID     `json:"account_id"`
		Entitlement connectors.EntitlementID `json:"entitlement"`
		On          connectors.Date          `json:"on"`
		Case        string                   `json:"case"`
	}
	grantsLine struct {
		App   connectors.AppID `json:"app"`
		Since connectors.Date  `json:"since"`
	}
	firstLine struct {
		App         connectors.AppID         `json:"app"`
		Account     connectors.AccountID     `json:"account_id"`
		Entitlement connectors.EntitlementID `json:"entitlement"`
		On          connectors.Date          `json:"on"`
	}
	seenLine struct {
		ID scanner.FindingID `json:"id"`
		scanner.Seen
	}
)

func (r *recorder) Roster() (*scanner.RosterFacts, error) {
	facts, err := r.History.Roster()
	if err == nil && facts != nil {
		r.write("roster", facts)
	}
	return facts, err
}

func (r *recorder) Pull(app connectors.AppID) (*scanner.PullFacts, error) {
	facts, err := r.History.Pull(app)
	if err == nil && facts != nil {
		r.write("pull", pullLine{app, *facts})
	}
	return facts, err
}

func (r *recorder) Roles() (map[connectors.PersonID][]scanner.SeenRole, error) {
	roles, err := r.History.Roles()
	for _, id := range slices.Sorted(maps.Keys(roles)) {
		line := rolesLine{Person: id}
		for _, s := range roles[id] {
			line.Seen = append(line.Seen, seenRole(s))
		}
		r.write("roles", line)
	}
	return roles, err
}

func (r *recorder) Missing() (map[connectors.PersonID]int, error) {
	missing, err := r.History.Missing()
	for _, id := range slices.Sorted(maps.Keys(missing)) {
		r.write("missing", missingLine{id, missing[id]})
	}
	return missing, err
}

func (r *recorder) Links() ([]scanner.Link, error) {
	links, err := r.History.Links()
	for _, l := range links {
		r.write("link", l)
	}
	return links, err
}

func (r *recorder) Rulings() ([]scanner.Ruling, error) {
	rulings, err := r.History.Rulings()
	for _, l := range rulings {
		r.write("ruling", l)
	}
	return rulings, err
}

func (r *recorder) Removals() ([]scanner.Removal, error) {
	removals, err := r.History.Removals()
	for _, l := range removals {
		r.write("removal", removalLine(l))
	}
	return removals, err
}

// Register is half a million entries in a large company: they are appended by hand.
func (r *recorder) Register() (map[scanner.FindingID]scanner.Seen, error) {
	register, err := r.History.Register()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(register)) {
		s := register[id]
		r.file.line(func(b []byte) []byte {
			b = connectors.AppendJSON(append(b, `{"seen":{"id":`...), string(id))
			b = appendDate(appendDate(b, "first", s.First), "last", s.Last)
			b = strconv.AppendInt(key(b, "times"), int64(s.Times), 10)
			b = strconv.AppendBool(key(b, "open"), s.Open)
			if s.Backlog {
				b = strconv.AppendBool(key(b, "backlog"), true)
			}
			return append(b, "}}"...)
		})
	}
	return register, err
}

func (r *recorder) Grants(app connectors.AppID) (scanner.GrantHistory, error) {
	g, err := r.History.Grants(app)
	if err != nil || g.Since() == 0 {
		return g, err
	}
	r.write("grants", grantsLine{app, g.Since()})
	return &grantRecorder{GrantHistory: g, app: app, to: r}, nil
}

// grantRecorder writes down since when an app's grants have been seen, for those that were asked for. "Not yet" is what a
// replay says of any other.
type grantRecorder struct {
	scanner.GrantHistory
	app connectors.AppID
	to  *recorder
}

func (g *grantRecorder) FirstSeen(a connectors.AccountID, e connectors.EntitlementID) connectors.Date {
	on := g.GrantHistory.FirstSeen(a, e)
	if !on.Known() {
		return on
	}
	g.to.mu.Lock()
	defer g.to.mu.Unlock()
	g.to.file.line(func(b []byte) []byte {
		b = connectors.AppendJSON(append(b, `{"first":{"app":`...), string(g.app))
		b = appendText(appendText(b, "account_id", string(a)), "entitlement", string(e))
		return append(appendDate(b, "on", on), "}}"...)
	})
	return on
}
