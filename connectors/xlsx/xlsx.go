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
	Credentials  CredentialsConfig  `toml:"credentials"`
}

// EntitlementsConfig is its table of entitlements: another sheet, of the same file if none is named.
type EntitlementsConfig struct {
	Place
	table.GrantOptions
}

// CredentialsConfig is its table of keys and tokens: another sheet, of the same file if none is named.
type CredentialsConfig struct {
	Place
	table.CredentialOptions
}

// OpenRoster implements connectors.RosterConfig.
func (c RosterConfig) OpenRoster(env connectors.Env) (connectors.Roster, error) {
	people, err := c.Place.open(env.Dir)
	if err != nil {
		return nil, fmt.Errorf("roster: %w", err)
	}
	history, err := c.History.Place.beside(c.Place, env.Dir)
	if err != nil {
		return nil, fmt.Errorf("roster: history: %w", err)
	}
	return table.NewRoster(kind, c.parameters(), people, c.RosterOptions, history, c.History.HistoryOptions, env)
}

// OpenApp implements connectors.AppConfig.
func (c AppConfig) OpenApp(app connectors.AppID, env connectors.Env) (connectors.App, error) {
	var f table.AppFiles
	var err error
	if f.Accounts, err = c.Place.open(env.Dir); err != nil {
		return nil, fmt.Errorf("app %q: %w", app, err)
	}
	if f.Entitlements, err = c.Entitlements.Place.beside(c.Place, env.Dir); err != nil {
		return nil, fmt.Errorf("app %q: entitlements: %w", app, err)
	}
	if f.Credentials, err = c.Credentials.Place.beside(c.Place, env.Dir); err != nil {
		return nil, fmt.Errorf("app %q: credentials: %w", app, err)
	}
	return table.NewApp(app, kind, c.parameters(), f, c.AppOptions, c.Entitlements.GrantOptions, c.Credentials.CredentialOptions, env)
}

// beside is a further table of the source; nil when neither a file nor a sheet is named for it.
func (p Place) beside(main Place, dir string) (table.File, error) {
	if p.File == "" && p.Sheet == "" {
		return nil, nil
	}
	if p.File == "" {
		p.File = main.File
	}
	return p.open(dir)
}

func (p Place) open(dir string) (table.File, error) {
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
