// Package xlsx reads people and accounts from sheets of Excel workbooks. It is about sheets and rows only; what the
// columns mean is the business of package table.
package xlsx

import (
	"fmt"

	"rollcall/connectors"
	"rollcall/connectors/table"
)

const kind = "xlsx"

// Place is where in a workbook a table stands.
type Place struct {
	File      string `toml:"file"`       // relative to the configuration's directory
	Sheet     string `toml:"sheet"`      // may be left out where the workbook has one sheet only
	HeaderRow int    `toml:"header_row"` // from 1, which is the default
}

// RosterConfig is a [roster] of kind "xlsx".
type RosterConfig struct {
	Place
	table.RosterOptions
	History HistoryConfig `toml:"history"`
}

// HistoryConfig is its job history: another sheet, of the same file if none is named.
type HistoryConfig struct {
	Place
	table.HistoryOptions
}

// AppConfig is an [[app]] of kind "xlsx".
type AppConfig struct {
	Place
	table.AppOptions
	Entitlements EntitlementsConfig `toml:"entitlements"`
}

// EntitlementsConfig is its table of entitlements: another sheet, of the same file if none is named.
type EntitlementsConfig struct {
	Place
	table.GrantOptions
}

// OpenRoster implements connectors.RosterConfig.
func (c RosterConfig) OpenRoster(env connectors.Env) (connectors.Roster, error) {
	people, history, err := open(c.Place, c.History.Place, env)
	if err != nil {
		return nil, fmt.Errorf("roster: %w", err)
	}
	return table.NewRoster(kind, c.parameters(), people, c.RosterOptions, history, c.History.HistoryOptions, env)
}

// OpenApp implements connectors.AppConfig.
func (c AppConfig) OpenApp(app connectors.AppID, env connectors.Env) (connectors.App, error) {
	accounts, grants, err := open(c.Place, c.Entitlements.Place, env)
	if err != nil {
		return nil, fmt.Errorf("app %q: %w", app, err)
	}
	return table.NewApp(app, kind, c.parameters(), accounts, c.AppOptions, grants, c.Entitlements.GrantOptions, env)
}

// open makes the main sheet and, when a file or a sheet is named for it, the second one.
func open(main, second Place, env connectors.Env) (table.File, table.File, error) {
	first, err := main.open(env.Dir)
	if err != nil || second.File == "" && second.Sheet == "" {
		return first, nil, err
	}
	if second.File == "" {
		second.File = main.File
	}
	f, err := second.open(env.Dir)
	if err != nil {
		return nil, nil, err
	}
	return first, f, nil
}

func (p Place) open(dir string) (*sheet, error) {
	if p.HeaderRow < 0 {
		return nil, fmt.Errorf("header_row %d: rows are counted from 1", p.HeaderRow)
	}
	return &sheet{name: p.File, dir: dir, sheet: p.Sheet, headerRow: max(p.HeaderRow, 1)}, nil
}

func (p Place) parameters() string {
	if p.Sheet == "" {
		return "none"
	}
	return fmt.Sprintf("sheet %q", p.Sheet)
}

var (
	_ connectors.RosterConfig = RosterConfig{}
	_ connectors.AppConfig    = AppConfig{}
)
