package main

import (
	"errors"
	"fmt"
	"maps"
	"os/user"
	"strconv"

	"rollcall/connectors"
)

// actConfig is the section [act]: apps are changed by a process of another user ("rollcall act"), which alone has the secrets
// for that; whoever takes over the one that reads cannot take them with it.
type actConfig struct {
	Socket string `toml:"socket"`  // where that process listens; in a directory of its own, which the reading one may enter
	Reader string `toml:"reader"`  // the user, by name or number, that the reading process runs as: nobody else is acted for
	PerDay *int   `toml:"per_day"` // changes in 24 hours, and as many taken back; absent: [remediate] per_day
}

// acting is that as it holds.
type acting struct {
	Socket string
	Reader string
	PerDay int
}

func (c *config) act(f *tomlFile, a *actConfig) {
	if a == nil {
		return
	}
	c.Act = &acting{Socket: c.path(a.Socket), Reader: a.Reader, PerDay: c.Remediate.Limits.PerDay}
	if a.Socket == "" {
		f.problem("act", "[act] needs socket, such as \"/run/rollcall-act/act.sock\"")
	}
	if a.Reader == "" {
		f.problem("act", "[act] needs reader, the user that rollcall serve runs as, such as \"rollcall\"")
	}
	if a.PerDay != nil {
		if c.Act.PerDay = *a.PerDay; c.Act.PerDay < 0 {
			f.problem("act.per_day", "[act] per_day = %d: want 0 or more", c.Act.PerDay)
		}
	}
}

// actingKeys are the keys of an app as this process goes by them: [app.acting] holds those that are others for the process
// that acts, such as the secrets that may change something.
func (c *config) actingKeys(table map[string]any) (map[string]any, error) {
	over, there := table["acting"]
	if !there {
		return table, nil
	}
	table = maps.Clone(table)
	delete(table, "acting")
	keys, ok := over.(map[string]any)
	switch {
	case !ok:
		return nil, errors.New("acting: want a table, [app.acting]")
	case c.Act == nil:
		return nil, errors.New("[app.acting] is for a process of its own: there is no [act]")
	}
	for _, fixed := range []string{"id", "kind", "write", "owner"} {
		if _, there := keys[fixed]; there {
			return nil, fmt.Errorf("acting: %s is the same for both processes", fixed)
		}
	}
	if c.acts {
		maps.Copy(table, keys)
	}
	return table, nil
}

// actingOn is an app as it is changed by this process: by itself, or through the one that acts.
func (c *config) actingOn(id connectors.AppID, src connectors.App) connectors.App {
	if c.Act == nil || c.acts {
		return src
	}
	get, _ := src.(connectors.Getter) // every ability has it
	return actedOn{App: src, Getter: get, id: id, socket: c.Act.Socket}
}

// readerUID is the user that is acted for.
func (a *acting) readerUID() (int, error) {
	if n, err := strconv.Atoi(a.Reader); err == nil {
		return n, nil
	}
	u, err := user.Lookup(a.Reader)
	if err != nil {
		return 0, fmt.Errorf("act: [act] reader: %w", err)
	}
	return strconv.Atoi(u.Uid)
}
