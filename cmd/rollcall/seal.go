package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"

	"rollcall/scanner"
	"rollcall/scanner/evidence"
)

// The files of a run that are copies of what it was told.
const (
	configName = "config.toml"
	policyName = "policy.toml"
)

// seal is in with all that it reads sealed into the folder: sources, history, settings, configuration and policy. Only a
// run that is recorded is sealed: a question leaves no evidence.
func (f *runFolder) seal(c *config, in scanner.Input) (scanner.Input, *evidence.Seal, error) {
	s := evidence.New(f.create, c.Recipients)
	in, err := s.Input(in)
	if err != nil {
		return in, s, err
	}
	files := map[string][]byte{configName: c.sealedText()}
	if c.policyFile != nil {
		files[policyName] = c.policyFile.data
	}
	for name, data := range files {
		err = errors.Join(err, writeFile(filepath.Join(f.tmp, name), func(w io.Writer) error {
			_, err := io.Copy(w, bytes.NewReader(data))
			return err
		}))
	}
	return in, s, err
}

// create makes a file of the run, with the folders it lies in.
func (f *runFolder) create(name string) (io.WriteCloser, error) {
	path := filepath.Join(f.tmp, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return createPrivate(path)
}
