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
	Credentials  CredentialsConfig  `toml:"credentials"`
}

// EntitlementsConfig is its table of entitlements; what it leaves out is as in the app.
type EntitlementsConfig struct {
	Format
	table.GrantOptions
}

// CredentialsConfig is its table of keys and tokens; what it leaves out is as in the app.
type CredentialsConfig struct {
	Format
	table.CredentialOptions
}

// OpenRoster implements connectors.RosterConfig.
func (c RosterConfig) OpenRoster(env connectors.Env) (connectors.Roster, error) {
	people, err := c.Format.open(env.Dir)
	if err != nil {
		return nil, fmt.Errorf("roster: %w", err)
	}
	history, err := c.History.Format.beside(c.Format, env.Dir)
	if err != nil {
		return nil, fmt.Errorf("roster: history: %w", err)
	}
	return table.NewRoster(kind, "none", people, c.RosterOptions, history, c.History.HistoryOptions, env)
}

// OpenApp implements connectors.AppConfig.
func (c AppConfig) OpenApp(app connectors.AppID, env connectors.Env) (connectors.App, error) {
	var f table.AppFiles
	var err error
	if f.Accounts, err = c.Format.open(env.Dir); err != nil {
		return nil, fmt.Errorf("app %q: %w", app, err)
	}
	if f.Entitlements, err = c.Entitlements.Format.beside(c.Format, env.Dir); err != nil {
		return nil, fmt.Errorf("app %q: entitlements: %w", app, err)
	}
	if f.Credentials, err = c.Credentials.Format.beside(c.Format, env.Dir); err != nil {
		return nil, fmt.Errorf("app %q: credentials: %w", app, err)
	}
	return table.NewApp(app, kind, "none", f, c.AppOptions, c.Entitlements.GrantOptions, c.Credentials.CredentialOptions, env)
}

// beside is a further file of the source; nil when none is named. What it leaves out is as in the main one.
func (c Format) beside(main Format, dir string) (table.File, error) {
	if c.File == "" {
		return nil, nil
	}
	if c.Delimiter == "" {
		c.Delimiter = main.Delimiter
	}
	if c.Encoding == "" {
		c.Encoding = main.Encoding
	}
	return c.open(dir)
}

func (c Format) open(dir string) (table.File, error) {
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
