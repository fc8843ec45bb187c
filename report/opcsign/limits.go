package opcsign

import (
	"io"
	"sync"
)

// Limits bound what reading a package may cost. A zero field means its default.
type Limits struct {
	Entries int   // in the ZIP file; 50,000
	XML     int64 // bytes of all relationships, content types and signatures, which are held in memory; 64 MiB
	Part    int64 // bytes of one part, inflated; 4 GiB
	Total   int64 // bytes of all parts, inflated; 8 GiB
	Ratio   int64 // of inflated to stored bytes, for parts over 1 MiB; 500
}

const (
	directoryLimit = 16 << 20 // bytes read to find the ZIP directory
	ratioFrom      = 1 << 20
)

func (l Limits) withDefaults() Limits {
	if l.Entries == 0 {
		l.Entries = 50_000
	}
	if l.XML == 0 {
		l.XML = 64 << 20
	}
	if l.Part == 0 {
		l.Part = 4 << 30
	}
	if l.Total == 0 {
		l.Total = 8 << 30
	}
	if l.Ratio == 0 {
		l.Ratio = 500
	}
	return l
}

// source reads the package, keeps the first error that is the source's own, so that it is never taken for a fault of
// the package, and while the directory is read allows no more than a budget: archive/zip holds all of it in memory.
type source struct {
	src io.ReaderAt

	mu      sync.Mutex
	err     error
	limited bool
	budget  int64
}

var errDirectory = refuse("", "the ZIP directory is larger than %d MiB", directoryLimit>>20)

func (s *source) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 { // a directory that lies; the source's error would look like its own
		return 0, refuse("", "not a ZIP file: it points before its start")
	}
	s.mu.Lock()
	if s.limited {
		if s.budget -= int64(len(p)); s.budget < 0 {
			s.mu.Unlock()
			return 0, errDirectory
		}
	}
	s.mu.Unlock()
	n, err := s.src.ReadAt(p, off)
	if err != nil && err != io.EOF {
		s.mu.Lock()
		if s.err == nil {
			s.err = err
		}
		s.mu.Unlock()
	}
	return n, err
}

func (s *source) limit(bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limited, s.budget = bytes > 0, bytes
}

// failed is the source's own error, if it had one.
func (s *source) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
