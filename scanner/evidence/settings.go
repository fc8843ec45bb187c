package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"rollcall/connectors"
	"rollcall/scanner"
)

// settings are what the configuration says that decides verdicts, beside sources and policy.
type settings struct {
	Sealed     int             `json:"sealed"`
	AsOf       connectors.Date `json:"as_of"`
	Rules      int             `json:"rules"` // scanner.RulesVersion of the run
	Domains    []string        `json:"company_domains"`
	PolicyFile string          `json:"policy_file"`
	Guard      guard           `json:"roster_guard"`
	Apps       []appSettings   `json:"apps"`
}

// guard is scanner.RosterGuard.
type guard struct {
	MaxShrink int `json:"max_shrink_percent"`
	MinShrink int `json:"min_shrink"`
	MaxBlank  int `json:"max_blank_points"`
}

type appSettings struct {
	ID             connectors.AppID    `json:"id"`
	Title          string              `json:"title"`
	Owner          connectors.PersonID `json:"owner"`
	SuspendOnLeave bool                `json:"suspend_on_leave"`
	SingleSignOn   bool                `json:"single_sign_on"`
	Privileged     []string            `json:"privileged"`
}

func (s *Seal) settings(in *scanner.Input) error {
	set := settings{Sealed: format, AsOf: in.AsOf, Rules: scanner.RulesVersion, Domains: in.Domains, PolicyFile: in.Policy.File, Guard: guard(in.Guard)}
	for _, a := range in.Apps {
		set.Apps = append(set.Apps, appSettings{a.ID, a.Title, a.Owner, a.SuspendOnLeave, a.SingleSignOn, a.Privileged})
	}
	w, err := s.create(settingsName)
	if err != nil {
		return fmt.Errorf("sealing the settings: %w", err)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := errors.Join(e.Encode(set), w.Close()); err != nil {
		return fmt.Errorf("sealing the settings: %w", err)
	}
	return nil
}

func readSettings(open Open) (*settings, error) {
	r, err := open(settingsName)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var set settings
	if err := json.NewDecoder(io.LimitReader(r, maxLine)).Decode(&set); err != nil {
		return nil, fmt.Errorf("%s: %w", settingsName, err)
	}
	if err := (header{Sealed: set.Sealed}).check(); err != nil {
		return nil, fmt.Errorf("%s: %w", settingsName, err)
	}
	if set.Rules != scanner.RulesVersion {
		return nil, fmt.Errorf("the run was judged by version %d of the rules, this rollcall has version %d: replay it with the version its manifest names", set.Rules, scanner.RulesVersion)
	}
	return &set, nil
}
