// Command passwd is an example of a program for rollcall: it speaks of the accounts of a Unix host, which stand in the files
// passwd and group of a folder. An account that may not log in has a shell that lets nobody in; its own shell is kept as
// state, and is what an undo gives back.
//
//	passwd DIR list|read|disable|enable|remove_entitlement|add_entitlement
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	nologin   = "/usr/sbin/nologin"
	firstUser = 1000 // lower ids are of the system
)

// The ends that mean something to rollcall.
const (
	exNoUser = 67
	exNoPerm = 77
)

var errNoUser, errRefused = errors.New("no such account"), errors.New("refused")

func main() {
	err := run(os.Args[1], os.Args[2])
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, err)
	switch {
	case errors.Is(err, errNoUser):
		os.Exit(exNoUser)
	case errors.Is(err, errRefused):
		os.Exit(exNoPerm)
	}
	os.Exit(1)
}

// request is what rollcall says on standard input.
type request struct {
	Account struct {
		ID    string
		State struct{ Shell string }
	}
	Entitlement string
}

func run(dir, do string) error {
	var in request
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		return err
	}
	users, err := read(dir, "passwd", 7)
	if err != nil {
		return err
	}
	groups, err := read(dir, "group", 4)
	if err != nil {
		return err
	}
	if do == "list" {
		return list(users, groups)
	}
	// The id is number and name: a number alone is given to somebody else when its user is gone.
	at := slices.IndexFunc(users, func(u []string) bool { return id(u) == in.Account.ID })
	if at < 0 {
		return fmt.Errorf("%w: %s", errNoUser, in.Account.ID)
	}
	u := users[at]
	switch do {
	case "read":
		return list([][]string{u}, groups)
	case "disable":
		return change(dir, "passwd", users, &u[6], nologin)
	case "enable":
		return change(dir, "passwd", users, &u[6], in.Account.State.Shell)
	case "remove_entitlement", "add_entitlement":
		for _, g := range groups {
			if g[0] == in.Entitlement {
				return change(dir, "group", groups, &g[3], members(g, u[0], do == "add_entitlement"))
			}
		}
		return fmt.Errorf("%w: there is no group %q", errRefused, in.Entitlement)
	}
	return fmt.Errorf("%q is nothing this program does", do)
}

func id(u []string) string { return u[2] + "/" + u[0] }

// list prints accounts: a header, a line each, and how many they were.
func list(users, groups [][]string) error {
	out := json.NewEncoder(os.Stdout)
	out.Encode(map[string]any{"type": "header", "rollcall": 1, "signals": []string{}})
	n := 0
	for _, u := range users {
		if number, err := strconv.Atoi(u[2]); err != nil || number < firstUser {
			continue
		}
		name, _, _ := strings.Cut(u[4], ",")
		account := map[string]any{"type": "account", "id": id(u), "username": u[0], "display_name": name, "enabled": u[6] != nologin,
			"state": map[string]string{"shell": u[6]}}
		var held []map[string]any
		for _, g := range groups {
			if slices.Contains(strings.Split(g[3], ","), u[0]) {
				held = append(held, map[string]any{"id": g[0], "privileged": g[0] == "sudo"})
			}
		}
		account["entitlements"] = held
		if err := out.Encode(account); err != nil {
			return err
		}
		n++
	}
	return out.Encode(map[string]any{"type": "end", "accounts": n})
}

// members is the list of a group with or without one.
func members(group []string, name string, in bool) string {
	list := strings.FieldsFunc(group[3], func(r rune) bool { return r == ',' })
	if slices.Contains(list, name) == in {
		return group[3]
	}
	if in {
		list = append(list, name)
		slices.Sort(list)
	} else {
		list = slices.DeleteFunc(list, func(m string) bool { return m == name })
	}
	return strings.Join(list, ",")
}

// change sets a field, writes the file anew, and says whether there was anything to change.
func change(dir, file string, rows [][]string, field *string, to string) error {
	changed := *field != to
	*field = to
	if changed {
		var text strings.Builder
		for _, r := range rows {
			text.WriteString(strings.Join(r, ":") + "\n")
		}
		path := filepath.Join(dir, file)
		if err := os.WriteFile(path+".new", []byte(text.String()), 0o644); err != nil {
			return fmt.Errorf("%w: %w", errRefused, err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			return fmt.Errorf("%w: %w", errRefused, err)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"type": "done", "changed": changed})
}

// read takes a file of lines apart. A line that is not as it should be ends all: half a list is worse than none.
func read(dir, file string, fields int) ([][]string, error) {
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for n, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		row := strings.Split(line, ":")
		if len(row) != fields {
			return nil, fmt.Errorf("%s: line %d has %d fields; want %d", file, n+1, len(row), fields)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
