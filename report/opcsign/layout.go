package opcsign

import (
	"archive/zip"
	"cmp"
	"encoding/binary"
	"slices"
)

// localHeader is the fixed part of a ZIP local file header (APPNOTE.TXT 4.3.7).
const localHeader = 30

// layout makes sure that the file holds exactly what its directory lists: one local header after the other with the
// same names, no overlap, nothing between. A reader that walks the headers then sees what one that trusts the directory sees, and
// an entry's bytes are paid for once.
func (a *archive) layout() error {
	type place struct {
		f    *zip.File
		data int64
	}
	places := make([]place, 0, len(a.zip.File))
	for _, f := range a.zip.File {
		off, err := f.DataOffset()
		if err != nil {
			return a.fault("", err)
		}
		places = append(places, place{f, off})
	}
	slices.SortFunc(places, func(x, y place) int { return cmp.Compare(x.data, y.data) })
	end := int64(0)
	for _, p := range places {
		if err := a.follows(end, p.f, p.data); err != nil {
			return err
		}
		end = p.data + int64(p.f.CompressedSize64)
	}
	return nil
}

// follows checks that an entry's local header starts where the entry before it ended, or after that one's data
// descriptor (12 to 24 bytes, APPNOTE.TXT 4.3.9).
func (a *archive) follows(end int64, f *zip.File, data int64) error {
	if data-end >= localHeader && data-end <= localHeader+2*0xffff+24 {
		buf := make([]byte, data-end)
		if _, err := a.src.ReadAt(buf, end); err != nil {
			return a.fault("", err)
		}
		for _, descriptor := range []int{0, 12, 16, 20, 24} {
			if len(buf) < descriptor+localHeader {
				break
			}
			h := buf[descriptor:]
			name, extra := int(binary.LittleEndian.Uint16(h[26:])), int(binary.LittleEndian.Uint16(h[28:]))
			if string(h[:4]) == "PK\x03\x04" && len(h) == localHeader+name+extra && string(h[localHeader:localHeader+name]) == f.Name && agrees(h, f) {
				return nil
			}
		}
	}
	return refuse("", "the ZIP entry %q overlaps another, is described otherwise in its own header, or follows bytes that no entry accounts for", f.Name)
}

// agrees compares what a local header says of the entry with the directory. With a data descriptor (flag 3) or in ZIP64
// the sizes stand elsewhere.
func agrees(h []byte, f *zip.File) bool {
	if binary.LittleEndian.Uint16(h[8:]) != f.Method {
		return false
	}
	if binary.LittleEndian.Uint16(h[6:])&0x8 != 0 {
		return true
	}
	for at, want := range map[int]uint64{14: uint64(f.CRC32), 18: f.CompressedSize64, 22: f.UncompressedSize64} {
		if got := uint64(binary.LittleEndian.Uint32(h[at:])); got != want && got != 0xffffffff {
			return false
		}
	}
	return true
}
