package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// bbolt's two header pages: a page header of 16 bytes, then these fields, in the machine's byte order.
const (
	metaAt      = 16
	metaSize    = 64
	metaMagic   = 0xED0CDAED
	metaVersion = 2
)

// checkFile refuses what bbolt would crash on or silently take for a new database: a file that is shorter than its own
// header says, or that has no header. The header is read before the size, since another process may be growing the file.
func checkFile(f *os.File, mustHold bool) error {
	pages, pageSize, err := readHeader(f)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	switch {
	case info.Size() == 0 && !mustHold:
		return nil
	case info.Size() == 0:
		return fmt.Errorf("%w: %s is empty: %s", ErrDamaged, dbName, restore)
	case pageSize == 0:
		return fmt.Errorf("%w: %s is no rollcall database, or its beginning is overwritten: %s", ErrDamaged, dbName, restore)
	case uint64(info.Size())/pageSize < max(pages, 2):
		return fmt.Errorf("%w: %s is cut off: %d bytes, where its header speaks of %d: %s", ErrDamaged, dbName, info.Size(), max(pages, 2)*pageSize, restore)
	}
	return nil
}

// readHeader finds how many pages the file must have, and their size; 0 when there is no valid header. The second
// header, for when the first was being written as the machine stopped, is at the page size, which is then unknown.
func readHeader(f *os.File) (pages, pageSize uint64, err error) {
	var newest uint64
	for _, at := range headerPlaces() {
		var b [metaSize]byte
		switch _, err := f.ReadAt(b[:], at+metaAt); {
		case errors.Is(err, io.EOF):
			continue
		case err != nil:
			return 0, 0, err
		}
		size := uint64(binary.NativeEndian.Uint32(b[8:]))
		h := fnv.New64a()
		h.Write(b[:56])
		if binary.NativeEndian.Uint32(b[:]) != metaMagic || binary.NativeEndian.Uint32(b[4:]) != metaVersion ||
			binary.NativeEndian.Uint64(b[56:]) != h.Sum64() ||
			size == 0 || (at != 0 && size != uint64(at)) {
			continue
		}
		if tx := binary.NativeEndian.Uint64(b[48:]); pageSize == 0 || tx > newest {
			newest, pages, pageSize = tx, binary.NativeEndian.Uint64(b[40:]), size
		}
	}
	return pages, pageSize, nil
}

func headerPlaces() []int64 {
	places := []int64{0}
	for size := int64(1 << 10); size <= 1<<24; size <<= 1 {
		places = append(places, size)
	}
	return places
}
