package main

import (
	"fmt"
	"net"
	"slices"
	"time"

	"rollcall/connectors"
)

// serveConfig is the section [serve]: how the daemon lives.
type serveConfig struct {
	Group  *string `toml:"group"`       // of the users who may speak to it through its socket; "" = none but its own
	Listen string  `toml:"listen"`      // host:port of health and metrics; absent: none
	Watch  *hours  `toml:"watch"`       // how often the roster is looked at between runs; absent: not
	Apps   *hours  `toml:"watch_apps"`  // how often apps that can tell are asked whether they changed; absent: not
	Hook   string  `toml:"hook"`        // reference of the secret with which HR's system signs that the roster has changed
	Traces string  `toml:"traces"`      // address to which OpenTelemetry traces are sent by OTLP over HTTP; absent: as OTEL_EXPORTER_OTLP_ENDPOINT says
	Within *hours  `toml:"stop_within"` // how long what is under way may go on after it was told to stop
}

// scheduleConfig is a [[schedule]]: when the roll is called.
type scheduleConfig struct {
	Name string `toml:"name"`
	Cron string `toml:"cron"`      // minute hour day month weekday
	Zone string `toml:"time_zone"` // in which the expression is read; absent: time_zone
	Mode string `toml:"mode"`      // "scan", or "settle": and carry out what was decided

	// Its scope: each narrows it further; none: everything.
	Apps   []connectors.AppID `toml:"apps"`   // ids
	Rules  []string           `toml:"rules"`  // kinds of findings
	People []string           `toml:"people"` // patterns of departments, titles, roles and people's ids
}

// serving is both as they hold.
type serving struct {
	Group     string
	GroupSet  bool // somebody asked for it: it must exist
	Listen    string
	Watch     time.Duration // 0 = not by itself
	WatchApps time.Duration // 0 = not
	Hook      string
	Traces    string
	Within    time.Duration
	Schedules []*schedule
}

const (
	defaultGroup  = "rollcall"
	defaultWithin = time.Minute
)

func (c *config) serve(f *tomlFile, s serveConfig, schedules []scheduleConfig) {
	c.Serve = serving{Group: defaultGroup, Within: defaultWithin, Listen: s.Listen}
	if s.Group != nil {
		c.Serve.Group, c.Serve.GroupSet = *s.Group, *s.Group != ""
	}
	c.Serve.Hook, c.Serve.Traces = s.Hook, s.Traces
	if s.Traces != "" {
		if err := checkEndpoint(s.Traces); err != nil {
			f.problem("serve.traces", "[serve] traces: %v", err)
		}
	}
	if s.Watch != nil {
		if c.Serve.Watch = time.Duration(*s.Watch); c.Serve.Watch < time.Minute {
			f.problem("serve.watch", "[serve] watch: want a minute or more, such as \"10m\"")
		}
	}
	if s.Apps != nil {
		if c.Serve.WatchApps = time.Duration(*s.Apps); c.Serve.WatchApps < time.Minute {
			f.problem("serve.watch_apps", "[serve] watch_apps: want a minute or more, such as \"1h\"")
		}
	}
	switch {
	case s.Hook != "" && !isReference(s.Hook):
		f.problem("serve.hook", "[serve] hook: %v", errLiteralSecret)
	case s.Hook != "" && s.Listen == "":
		f.problem("serve.hook", "[serve] hook is called on the address that listen names: add one, such as listen = \"127.0.0.1:9464\"")
	}
	if s.Within != nil {
		if c.Serve.Within = time.Duration(*s.Within); c.Serve.Within <= 0 {
			f.problem("serve.stop_within", "[serve] stop_within: want a time above 0, such as \"60s\"")
		}
	}
	if _, _, err := net.SplitHostPort(s.Listen); s.Listen != "" && err != nil {
		f.problem("serve.listen", "[serve] listen = %q: want host:port, such as \"127.0.0.1:9464\"", s.Listen)
	}
	for i, one := range schedules {
		at := fmt.Sprintf("schedule[%d]", i)
		made, err := newSchedule(one, c.Zone)
		if err != nil {
			f.problem(at, "[[schedule]] %q: %v", one.Name, err)
			continue
		}
		for _, other := range c.Serve.Schedules {
			if other.Name == made.Name {
				f.problem(at+".name", "[[schedule]] name = %q is used twice", one.Name)
			}
		}
		c.Serve.Schedules = append(c.Serve.Schedules, made)
	}
}

// knownScopes wants the scopes of schedules to name apps that there are.
func (c *config) knownScopes(f *tomlFile) {
	for _, s := range c.Serve.Schedules {
		if s.Scope == nil {
			continue
		}
		for _, id := range s.Scope.Apps {
			if !slices.Contains(c.named, id) {
				f.problem("schedule", "[[schedule]] %q: apps: there is no [[app]] %q%s", s.Name, id, nearest(string(id), texts(c.named)))
			}
		}
	}
}
