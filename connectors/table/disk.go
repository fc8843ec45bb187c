package table

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Disk is a table's file as it was when it was opened. Connectors that read files use it.
type Disk struct {
	*os.File
	path string
	then fs.FileInfo
}

// OpenDisk opens a file by its path as configured, which starts at dir unless it is absolute. Errors do not name the
// file: the reader of a table says which one it is.
func OpenDisk(dir, name string) (*Disk, error) {
	name = pathOf(dir, name)
	f, err := os.Open(name)
	if err != nil {
		return nil, withoutPath(err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("is a directory; name the export file itself")
	} else if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file: a pull must be able to read it again")
	}
	if err != nil {
		f.Close()
		return nil, withoutPath(err)
	}
	return &Disk{File: f, path: name, then: info}, nil
}

// SizeOnDisk is the size of a file, named as for OpenDisk; 0 when it cannot be told.
func SizeOnDisk(dir, name string) int64 {
	info, err := os.Stat(pathOf(dir, name))
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	return info.Size()
}

func pathOf(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// Path is where the file is.
func (d *Disk) Path() string { return d.path }

// Size is that of the file when it was opened.
func (d *Disk) Size() int64 { return d.then.Size() }

// End is io.EOF when the file is still the one that was opened, and all of its bytes were read: half an upload is no
// list.
func (d *Disk) End(read int64) error {
	now, err := d.Stat()
	if err != nil {
		return withoutPath(err)
	}
	if now.Size() != d.Size() || read != d.Size() || !now.ModTime().Equal(d.then.ModTime()) {
		return fmt.Errorf("the file changed while it was read (%d bytes when opened, %d now, %d read): try again when it is written",
			d.Size(), now.Size(), read)
	}
	return io.EOF
}

func withoutPath(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}
