package scim

import (
	"encoding/json"
	"fmt"

	"rollcall/connectors"
)

// able is the app with what can be done to it. Groups that are not read cannot be read back, so that nobody is taken out of
// them; and what deletes instead of disabling is not offered. Nor is DELETE, which means another thing at each vendor's.
func (a *App) able() connectors.App {
	switch disable := a.vendor.noDisable == ""; {
	case disable && a.groups:
		return both{a, disabler{a}, remover{a}}
	case disable:
		return disables{a, disabler{a}}
	case a.groups:
		return removes{a, remover{a}}
	}
	return a
}

// The abilities, each by itself, and the apps that have them.
type (
	disabler struct{ app *App }
	remover  struct{ app *App }

	disables struct {
		*App
		disabler
	}
	removes struct {
		*App
		remover
	}
	both struct {
		*App
		disabler
		remover
	}
)

var (
	_ connectors.Disabler           = disables{}
	_ connectors.EntitlementRemover = removes{}
	_ connectors.Disabler           = both{}
	_ connectors.EntitlementRemover = both{}
)

// state is what an undo needs beside the account.
type state struct {
	Active json.RawMessage                     `json:"active,omitempty"` // as the service writes it
	Groups map[connectors.EntitlementID]string `json:"groups,omitempty"` // ids of those the user is a member of: names change
}

func stateOf(user []byte, groups map[connectors.EntitlementID]string) (json.RawMessage, error) {
	var u struct{ Active json.RawMessage }
	if err := json.Unmarshal(user, &u); err != nil {
		return nil, err
	}
	s := state{Groups: groups}
	var f flag
	if f.UnmarshalJSON(u.Active) == nil && f.known {
		s.Active = u.Active
	}
	return json.Marshal(s)
}

func readState(before connectors.Account) (state, error) {
	var s state
	if len(before.State) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(before.State, &s); err != nil {
		return s, fmt.Errorf("the account's state is not one of this connector: %w", err)
	}
	return s, nil
}
