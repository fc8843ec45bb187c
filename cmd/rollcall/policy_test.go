package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/scanner"
)

// A draft is a policy file, whatever the names in it: it reads back as the table it was made from, and nothing else.
func TestDraftReadsBack(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.SampledFrom([]string{"ENG", `a"b`, `c\d`, "x\ny", "# no", "Ops / Lead", "Müller\t", "'"}), rapid.StringN(1, 8, -1))
		m := &scanner.Mined{People: 3, Apps: 1, LeftOut: []scanner.LeftOut{{App: "wiki", Why: "gone\n[roles.X]"}}}
		want := map[string]map[connectors.AppID][]string{}
		for _, role := range rapid.SliceOfNDistinct(name, 1, 4, strings.ToLower).Draw(t, "roles") {
			r := scanner.MinedRole{Name: role, About: name.Draw(t, "about"), People: 2}
			for _, e := range rapid.SliceOfNDistinct(name, 0, 4, rapid.ID[string]).Draw(t, "entitlements") {
				g := scanner.MinedGrant{App: "erp", Entitlement: connectors.EntitlementID(e), Holders: 2, Of: 2, Group: name.Draw(t, "group")}
				if rapid.Bool().Draw(t, "doubt") {
					r.Doubt = append(r.Doubt, g)
					continue
				}
				r.Allow = append(r.Allow, g)
				if want[role] == nil {
					want[role] = map[connectors.AppID][]string{}
				}
				want[role]["erp"] = append(want[role]["erp"], e)
			}
			m.Roles = append(m.Roles, r)
		}
		var b bytes.Buffer
		writeMined(&b, m)
		path := filepath.Join(dir, "draft.toml")
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := readTOML(path)
		if err != nil {
			t.Fatalf("%v\n%s", err, b.String())
		}
		var p scanner.Policy
		f.decode("", f.tree, &p)
		if err := f.err(); err != nil {
			t.Fatalf("%v\n%s", err, b.String())
		}
		got := map[string]map[connectors.AppID][]string{}
		for role, r := range p.Roles {
			got[role] = r.Allow
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %q, want %q\n%s", got, want, b.String())
		}
	})
}

func TestComparePolicies(t *testing.T) {
	finding := func(id string, s scanner.Severity, basis string) scanner.Finding {
		f := scanner.Finding{ID: scanner.FindingID(id), Kind: scanner.ExcessAccess, Severity: s}
		if basis != "" {
			f.Evidence = []scanner.Fact{{Name: scanner.FactBasis, Value: basis}}
		}
		return f
	}
	now := &scanner.Result{Findings: []scanner.Finding{finding("gone", 2, ""), finding("same", 2, ""), finding("worse", 1, ""), finding("firmer", 2, "peers")}}
	then := &scanner.Result{Findings: []scanner.Finding{finding("new", 2, ""), finding("same", 2, ""), finding("worse", 2, ""), finding("firmer", 2, "")}}
	var got []string
	for _, c := range comparePolicies(now, then) {
		got = append(got, c.what+" "+string(c.finding.ID))
	}
	if want := []string{"new new", "cleared gone", "changed worse", "changed firmer"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
