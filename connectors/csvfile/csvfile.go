// Package csvfile reads people and accounts from CSV files. It is about bytes and records only; what the columns mean
// is the business of package table.
package csvfile

import (
	"fmt"

	"rollcall/connectors"
	"rollcall/connectors/table"
)

const kind = "csv"

// Format is how one file is written.
type Format struct {
	File      string `toml:"file"`      // relative to the configuration's directory
	Delimiter string `toml:"delimiter"` // one of , ; | or "tab"; default ,
	Encoding  string `toml:"encoding"`  // utf-8 (default), utf-16, utf-16le, utf-16be, windows-1252
}

// RosterConfig is a [roster] of kind "csv".
type RosterConfig struct {
	Format
	table.RosterOptions
	History HistoryConfig `toml:"history"`
}

// HistoryConfig is its job history; what it leaves out is as in the roster.
type HistoryConfig struct {
	Format
	table.HistoryOptions
}

// AppConfig is an [[app]] of kind "csv".
type AppConfig struct {
	Format
	table.AppOptions
	Entitlements EntitlementsConfig `toml:"entitlements"`
}

// EntitlementsConfig is its table of entitlements; what it leaves out is as in the app.
type EntitlementsConfig struct {
	Format
	table.GrantOptions
}

// OpenRoster implements connectors.RosterConfig.
func (c RosterConfig) OpenRoster(env connectors.Env) (connectors.Roster, error) {
	people, history, err := open(c.Format, c.History.Format, env)
	if err != nil {
		return nil, fmt.Errorf("roster: %w", err)
	}
	return table.NewRoster(kind, "none", people, c.RosterOptions, history, c.History.HistoryOptions, env)
}

// OpenApp implements connectors.AppConfig.
func (c AppConfig) OpenApp(app connectors.AppID, env connectors.Env) (connectors.App, error) {
	accounts, grants, err := open(c.Format, c.Entitlements.Format, env)
	if err != nil {
		return nil, fmt.Errorf("app %q: %w", app, err)
	}
	return table.NewApp(app, kind, "none", accounts, c.AppOptions, grants, c.Entitlements.GrantOptions, env)
}

// open makes the main file and, when it is named, the second one.
func open(main, second Format, env connectors.Env) (table.File, table.File, error) {
	first, err := main.open(env.Dir)
	if err != nil || second.File == "" {
		return first, nil, err
	}
	if second.Delimiter == "" {
		second.Delimiter = main.Delimiter
	}
	if second.Encoding == "" {
		second.Encoding = main.Encoding
	}
	f, err := second.open(env.Dir)
	if err != nil {
		return nil, nil, err
	}
	return first, f, nil
}

func (c Format) open(dir string) (*file, error) {
	delim, err := delimiter(c.Delimiter)
	if err != nil {
		return nil, err
	}
	name, err := encodingName(c.Encoding)
	if err != nil {
		return nil, err
	}
	return &file{name: c.File, dir: dir, delim: delim, encoding: name}, nil
}

func delimiter(s string) (byte, error) {
	switch s {
	case "":
		return ',', nil
	case ",", ";", "|", "\t":
		return s[0], nil
	case "tab":
		return '\t', nil
	}
	return 0, fmt.Errorf("delimiter %q: write one of \",\" \";\" \"|\" \"tab\"", s)
}

var (
	_ connectors.RosterConfig = RosterConfig{}
	_ connectors.AppConfig    = AppConfig{}
)
