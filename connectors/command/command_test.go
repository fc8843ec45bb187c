package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const secret = "token-of-the-program-0815"

func testEnv(dir string) connectors.Env {
	return connectors.Env{Dir: dir, Zone: time.UTC, Secret: func(ref string) (string, error) {
		if ref != "env:TOKEN" {
			return "", errors.New("no such secret")
		}
		return secret, nil
	}}
}

// built is the example, once for all tests.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "command")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "passwd"), "./testdata/passwd").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return filepath.Join(dir, "passwd"), os.Chmod(filepath.Join(dir, "passwd"), 0o700)
})

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "helper" {
		helper(os.Args[2], os.Args[3:])
		return
	}
	code := m.Run()
	if program, err := built(); err == nil {
		os.RemoveAll(filepath.Dir(program))
	}
	os.Exit(code)
}

const (
	passwdFile = "root:x:0:0:root:/root:/bin/bash\nada:x:1001:100:Ada Muster,,,:/home/ada:/bin/zsh\nbea:x:1002:100:Bea O'Brien:/home/bea:/bin/bash\ncem:x:1003:100:Cem:/home/cem:/usr/sbin/nologin\n"
	groupFile  = "sudo:x:27:ada,bea\nusers:x:100:ada,bea,cem\nnobodys:x:101:\n"
)

// host is a folder with the two files, and a configuration that speaks of it.
func host(tb testing.TB) (dir string, config AppConfig) {
	tb.Helper()
	program, err := built()
	check(tb, err)
	dir = tb.TempDir()
	check(tb, os.WriteFile(filepath.Join(dir, "passwd"), []byte(passwdFile), 0o600))
	check(tb, os.WriteFile(filepath.Join(dir, "group"), []byte(groupFile), 0o600))
	do := func(what string) []string { return []string{program, dir, what} }
	return dir, AppConfig{Accounts: do("list"), Account: do("read"), Disable: do("disable"), Enable: do("enable"), RemoveEntitlement: do("remove_entitlement"),
		AddEntitlement: do("add_entitlement"), Env: map[string]string{"TOKEN": "env:TOKEN"}}
}

func open(tb testing.TB, c AppConfig) connectors.App {
	tb.Helper()
	app, err := c.OpenApp("unix", testEnv(""))
	check(tb, err)
	return app
}

func TestContract(t *testing.T) {
	connectortest.App(t, connectortest.AppHarness{
		Open: func(tb testing.TB) connectors.App { _, c := host(tb); return open(tb, c) },
		Broken: func(tb testing.TB) connectors.App {
			return open(tb, helperConfig("half"))
		},
		Want: []connectors.Account{
			{ID: "1001/ada", Username: "ada", DisplayName: "Ada Muster", Enabled: connectors.Yes, Entitlements: []connectors.Entitlement{{ID: "sudo", Privileged: true}, {ID: "users"}}},
			{ID: "1002/bea", Username: "bea", DisplayName: "Bea O'Brien", Enabled: connectors.Yes},
			{ID: "1003/cem", Username: "cem", Enabled: connectors.No},
		},
		Secret: secret, Spec: new(AppConfig).Spec(),
	})
}

// The example's changes are looked at in the files themselves.
func TestExampleChangesTheFilesAndBack(t *testing.T) {
	dir, c := host(t)
	app := open(t, c)
	ada, err := app.(connectors.Getter).Account(t.Context(), "1001/ada")
	check(t, err)
	files := func() string {
		a, err := os.ReadFile(filepath.Join(dir, "passwd"))
		check(t, err)
		b, err := os.ReadFile(filepath.Join(dir, "group"))
		check(t, err)
		return string(a) + string(b)
	}
	for _, step := range []struct {
		do   func(context.Context) (connectors.Receipt, error)
		want string
	}{
		{func(ctx context.Context) (connectors.Receipt, error) {
			return app.(connectors.Disabler).Disable(ctx, ada)
		}, "/home/ada:/usr/sbin/nologin"},
		{func(ctx context.Context) (connectors.Receipt, error) {
			return app.(connectors.Disabler).Enable(ctx, ada)
		}, "/home/ada:/bin/zsh"},
		{func(ctx context.Context) (connectors.Receipt, error) {
			return app.(connectors.EntitlementRemover).RemoveEntitlement(ctx, ada, "sudo")
		}, "sudo:x:27:bea\n"},
		{func(ctx context.Context) (connectors.Receipt, error) {
			return app.(connectors.EntitlementRemover).AddEntitlement(ctx, ada, "sudo")
		}, "sudo:x:27:ada,bea\n"},
	} {
		r, err := step.do(t.Context())
		if err != nil || !r.Changed || !strings.Contains(files(), step.want) {
			t.Errorf("%+v, %v; the files lack %q:\n%s", r, err, step.want, files())
		}
	}
	if files() != passwdFile+groupFile {
		t.Errorf("undone, the files are not as they were:\n%s", files())
	}
	if _, err := app.(connectors.EntitlementRemover).RemoveEntitlement(t.Context(), ada, "no such group"); !errors.Is(err, connectors.ErrForbidden) {
		t.Errorf("a group that is not there: %v; want ErrForbidden", err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	list := []string{"/bin/true"}
	for want, c := range map[string]AppConfig{
		"accounts is missing":         {},
		"account is missing":          {Accounts: list, RevokeSessions: list},
		"disable and enable":          {Accounts: list, Account: list, Disable: list},
		"remove_entitlement and add":  {Accounts: list, Account: list, AddEntitlement: list},
		"an id is an argument by":     {Accounts: list, Account: []string{"/bin/true", "--id={account}"}},
		"means nothing":               {Accounts: []string{"/bin/true", "{account}"}},
		"timeout \"soon\"":            {Accounts: list, Timeout: "soon"},
		"reports \"everything\"":      {Accounts: list, Reports: []string{"everything"}},
		"sign_in_lag_days":            {Accounts: list, SignInLagDays: 3},
		"no name that a program":      {Accounts: list, Env: map[string]string{"LD_PRELOAD": "env:TOKEN"}},
		"env: X: no such secret":      {Accounts: list, Env: map[string]string{"X": "env:OTHER"}},
		"argument 0 is empty or hold": {Accounts: []string{""}},
	} {
		if _, err := c.OpenApp("x", testEnv("")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v; want %q", c, err, want)
		}
	}
}

// Every set of programs has its abilities, and no other.
func TestAbilitiesAreThoseOfThePrograms(t *testing.T) {
	p := []string{"/bin/true"}
	for set := range 16 {
		c := AppConfig{Accounts: p, Account: p}
		var want connectors.Abilities
		for i, add := range []struct {
			can connectors.Ability
			to  []*[]string
		}{{connectors.CanDisable, []*[]string{&c.Disable, &c.Enable}}, {connectors.CanRemoveEntitlement, []*[]string{&c.RemoveEntitlement, &c.AddEntitlement}},
			{connectors.CanRevokeSessions, []*[]string{&c.RevokeSessions}}, {connectors.CanRevokeCredential, []*[]string{&c.RevokeCredential}}} {
			if set>>i&1 == 1 {
				want |= connectors.Abilities(add.can)
				for _, to := range add.to {
					*to = p
				}
			}
		}
		app := open(t, c)
		if got := connectors.AbilitiesOf(app); got != want {
			t.Errorf("programs %04b: abilities %b; want %b", set, got, want)
		}
		if _, ok := app.(connectors.Preflighter); !ok {
			t.Errorf("programs %04b: no preflight", set)
		}
	}
}

// A program is that of the configuration's folder, never one of the same name in PATH.
func TestProgramsAreNotLookedForInPATH(t *testing.T) {
	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, "true"), []byte("#!/bin/sh\necho 'this one' >&2\nexit 1\n"), 0o700))
	t.Chdir(dir)
	for _, folder := range []string{"", ".", dir} {
		for _, program := range []string{"true", "./true"} {
			c := AppConfig{Accounts: []string{program}}
			app, err := c.OpenApp("x", testEnv(folder))
			check(t, err)
			if _, _, err := connectortest.Accounts(t.Context(), app); err == nil || !strings.Contains(err.Error(), "this one") {
				t.Errorf("%q in %q: %v; want that of the folder", program, folder, err)
			}
		}
	}
}
