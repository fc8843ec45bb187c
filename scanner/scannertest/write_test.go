package scannertest

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"rollcall/connectors"
	"rollcall/connectors/csvfile"
	"rollcall/scanner"
)

// The files must hold the same company as memory does: a scan of either finds the same.
func TestFilesAreTheSameCompany(t *testing.T) {
	for noise := range 3 {
		c := small(t, 5, noise)
		dir := t.TempDir()
		if err := c.Write(dir); err != nil {
			t.Fatal(err)
		}
		want, _, err := Scan(t.Context(), c.Input())
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := Scan(t.Context(), fromFiles(t, c, dir))
		if err != nil {
			t.Fatal(err)
		}
		if a, b := ids(want.Findings), ids(got.Findings); !slices.Equal(a, b) {
			t.Errorf("noise %d: %d findings from memory and %d from files: %v", noise, len(a), len(b), difference(a, b))
		}
	}
}

// fromFiles opens what Write wrote as rollcall's own configuration does.
func fromFiles(t *testing.T, c *Company, dir string) scanner.Input {
	t.Helper()
	var conf struct {
		Domains []string         `toml:"company_domains"`
		AsOf    string           `toml:"as_of"`
		Roster  toml.Primitive   `toml:"roster"`
		Apps    []toml.Primitive `toml:"app"`
	}
	meta, err := toml.DecodeFile(filepath.Join(dir, "rollcall.toml"), &conf)
	if err != nil {
		t.Fatal(err)
	}
	in := c.Input()
	in.Domains, in.Apps = conf.Domains, nil
	if in.AsOf, err = connectors.ParseDate(conf.AsOf); err != nil {
		t.Fatal(err)
	}
	env := connectors.Env{Dir: dir, Zone: time.UTC}
	var rc csvfile.RosterConfig
	if err := meta.PrimitiveDecode(conf.Roster, &rc); err != nil {
		t.Fatal(err)
	}
	if in.Roster, err = rc.OpenRoster(env); err != nil {
		t.Fatal(err)
	}
	for _, p := range conf.Apps {
		var common struct {
			ID             connectors.AppID `toml:"id"`
			Title          string           `toml:"title"`
			SuspendOnLeave bool             `toml:"suspend_on_leave"`
		}
		var ac csvfile.AppConfig
		if err := meta.PrimitiveDecode(p, &common); err != nil {
			t.Fatal(err)
		}
		if err := meta.PrimitiveDecode(p, &ac); err != nil {
			t.Fatal(err)
		}
		src, err := ac.OpenApp(common.ID, env)
		if err != nil {
			t.Fatal(err)
		}
		in.Apps = append(in.Apps, scanner.App{ID: common.ID, Title: common.Title, SuspendOnLeave: common.SuspendOnLeave, Source: src})
	}
	in.Policy = &scanner.Policy{}
	if _, err := toml.DecodeFile(filepath.Join(dir, "policy.toml"), in.Policy); err != nil {
		t.Fatal(err)
	}
	if err := in.Policy.Prepare(); err != nil {
		t.Fatal(err)
	}
	return in
}

func TestSameBytes(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	for _, dir := range []string{a, b} {
		if err := small(t, 2, 2).Write(dir); err != nil {
			t.Fatal(err)
		}
	}
	files := 0
	err := filepath.WalkDir(a, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		rel, _ := filepath.Rel(a, path)
		x, errX := os.ReadFile(path)
		y, errY := os.ReadFile(filepath.Join(b, rel))
		if errX != nil || errY != nil || !bytes.Equal(x, y) {
			t.Errorf("%s differs: %v %v", rel, errX, errY)
		}
		return nil
	})
	if err != nil || files != 9+2*12 {
		t.Errorf("%d files, %v", files, err)
	}
}

func ids(findings []scanner.Finding) []string {
	out := make([]string, len(findings))
	for i, f := range findings {
		out[i] = string(f.Kind) + " " + f.Reason + " " + string(f.App) + " " + string(f.Account) + " " + string(f.Entitlement) + " " + string(f.Person)
	}
	slices.Sort(out)
	return out
}

// difference is what only one of two sorted lists has.
func difference(a, b []string) []string {
	var out []string
	for _, s := range a {
		if _, ok := slices.BinarySearch(b, s); !ok {
			out = append(out, "- "+s)
		}
	}
	for _, s := range b {
		if _, ok := slices.BinarySearch(a, s); !ok {
			out = append(out, "+ "+s)
		}
	}
	return out[:min(20, len(out))]
}
