package inmem

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ReadWorld reads the file of a WritableApp: how everything was after the last change that was made. nil: there is none yet.
func ReadWorld(path string) (*World, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("inmem: %w", err)
	}
	var w World
	if err := json.Unmarshal(b, &w); err != nil {
		return nil, fmt.Errorf("inmem: %s is not the file of an app: %w", path, err)
	}
	w = w.clone()
	return &w, nil
}

// save puts the world in its file, whole or not at all: it appears under its name by a rename. It is safe against a process
// that is killed, not against a machine that loses its power: nothing is forced to the disk.
func (w *World) save(path string) error {
	if path == "" {
		return nil
	}
	b, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("inmem: %w", err)
	}
	part, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-")
	if err != nil {
		return fmt.Errorf("inmem: %w", err)
	}
	_, err = part.Write(b)
	if err = errors.Join(err, part.Close()); err == nil {
		err = os.Rename(part.Name(), path)
	}
	if err != nil {
		os.Remove(part.Name())
		return fmt.Errorf("inmem: %w", err)
	}
	return nil
}
