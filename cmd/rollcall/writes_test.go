package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestOnlyApplyWrites reads the source: outside the connectors, nothing but apply and undo may so much as name an ability to
// change an app. Whatever else wants something changed goes through a case, its guards and its journal.
func TestOnlyApplyWrites(t *testing.T) {
	abilities := []string{"Disabler", "EntitlementRemover", "SessionRevoker", "CredentialRevoker", "Archiver", "Deleter"}
	allowed := []string{"remediate/apply.go", "remediate/undo.go"}
	root := filepath.Join("..", "..")
	named := map[string]bool{}
	instead := "cmd/rollcall/act.go" // which acts for the Applier
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		if d.IsDir() && (rel == "connectors" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && rel != ".") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "connectors" && slices.Contains(abilities, s.Sel.Name) {
				named[rel] = true
				if !slices.Contains(allowed, rel) {
					t.Errorf("%s names connectors.%s: only %s change apps", rel, s.Sel.Name, strings.Join(allowed, " and "))
				}
			}
			if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "remediate" && (s.Sel.Name == "Change" || s.Sel.Name == "Restore") && rel != instead {
				t.Errorf("%s calls remediate.%s: only %s does, in the Applier's stead", rel, s.Sel.Name, instead)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range allowed {
		if !named[f] {
			t.Errorf("%s names no ability: the test does not see what it is there to see", f)
		}
	}
}
