package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

// manifestName is the file that names every other file of a run with its SHA-256. Its own hash is in the ledger and in
// the workbook, and so in the workbook's signature: from there on, nothing in the folder can change unseen.
const manifestName = "manifest.json"

type manifest struct {
	Format  int             `json:"manifest"`
	Run     string          `json:"run"`
	AsOf    connectors.Date `json:"as_of"`
	Started time.Time       `json:"started"`
	By      string          `json:"by"`
	Program string          `json:"program"`
	Rules   int             `json:"rules"`       // scanner.RulesVersion
	Head    ledger.Head     `json:"ledger_head"` // of the ledger when the run ended, before it was recorded itself
	Files   []manifestFile  `json:"files"`
}

type manifestFile struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// writeManifest lists all files of a folder, which are whole by now, and gives the hash of the list.
func writeManifest(dir string, r *report.Review, head ledger.Head) (sum string, err error) {
	m := manifest{Format: 1, Run: r.Run, AsOf: r.Result.AsOf, Started: r.Started.UTC(), By: r.By, Program: r.Version, Rules: scanner.RulesVersion, Head: head}
	if m.Files, err = listFiles(dir); err != nil {
		return "", err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return "", err
	}
	text = append(text, '\n')
	return hexSum(text), writeFile(filepath.Join(dir, manifestName), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// listFiles hashes the files below dir, several at once, in the order of their names.
func listFiles(dir string) ([]manifestFile, error) {
	var list []manifestFile
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if name := filepath.ToSlash(rel); listed(name) {
			list = append(list, manifestFile{Path: name})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b manifestFile) int { return strings.Compare(a.Path, b.Path) })
	errs := make([]error, len(list))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range list {
		slots <- struct{}{}
		wg.Go(func() {
			list[i].Bytes, list[i].SHA256, errs[i] = hashFile(filepath.Join(dir, filepath.FromSlash(list[i].Path)))
			<-slots
		})
	}
	wg.Wait()
	return list, errors.Join(errs...)
}

// listed tells whether a manifest names a file: not itself, nor the workbooks, which name the manifest.
func listed(name string) bool { return name != manifestName && !strings.HasSuffix(name, ".xlsx") }

func hashFile(path string) (int64, string, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	return hashOf(f)
}

func hashOf(r io.Reader) (int64, string, error) {
	h := sha256.New()
	n, err := io.CopyBuffer(h, onlyReader{r}, make([]byte, 1<<17))
	return n, hex.EncodeToString(h.Sum(nil)), err
}

// onlyReader hides what would make io.Copy ignore the buffer.
type onlyReader struct{ io.Reader }

// readManifest reads the manifest of a run's folder and its hash.
func readManifest(dir string) (*manifest, string, error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("%s has no %s: it was a question (--as-of), or made with --no-history or by an older rollcall, and its inputs were not sealed", dir, manifestName)
	}
	if err != nil {
		return nil, "", err
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, "", fmt.Errorf("%s: %w", filepath.Join(dir, manifestName), err)
	}
	if m.Format > 1 {
		return nil, "", fmt.Errorf("%s was written by a newer rollcall (format %d)", filepath.Join(dir, manifestName), m.Format)
	}
	return &m, hexSum(text), nil
}

// check holds the folder against the manifest and names every file that differs, is missing, or was added.
func (m *manifest) check(dir string) (problems []string, err error) {
	now, err := listFiles(dir)
	if err != nil {
		return nil, err
	}
	have := map[string]manifestFile{}
	for _, f := range now {
		have[f.Path] = f
	}
	for _, want := range m.Files {
		got, ok := have[want.Path]
		delete(have, want.Path)
		switch {
		case !ok:
			problems = append(problems, want.Path+" is missing")
		case got != want:
			problems = append(problems, fmt.Sprintf("%s was changed: it has %d bytes with SHA-256 %s, the manifest says %d with %s", want.Path, got.Bytes, got.SHA256, want.Bytes, want.SHA256))
		}
	}
	for _, path := range sortedKeys(have) {
		problems = append(problems, path+" is not in the manifest: it was added later")
	}
	return problems, nil
}
