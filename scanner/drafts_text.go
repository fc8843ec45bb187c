package scanner

import (
	"encoding/binary"
	"sync"
)

// textChunk bytes of text are kept together; maxSpare chunks are kept for the next app, more of them would only press the
// collector of garbage.
const (
	textChunk = 1 << 18
	maxSpare  = 32
)

// arena keeps texts one after the other.
type arena struct {
	spare *spareChunks // nil: there are none
	full  [][]byte
	now   []byte
}

// spareChunks are those of arenas that are done with. New ones for each app were a third of all that a scan allocates.
type spareChunks struct {
	mu   sync.Mutex
	free [][]byte
}

func (s *spareChunks) take() []byte {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.free)
	if n == 0 {
		return nil
	}
	c := s.free[n-1]
	s.free = s.free[:n-1]
	return c[:0]
}

func (s *spareChunks) give(chunks ...[]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range chunks {
		if cap(c) == textChunk && len(s.free) < maxSpare {
			s.free = append(s.free, c)
		}
	}
}

// span is where a text lies in an arena; the zero span is no text.
type span struct{ chunk, from, to int32 }

func (a *arena) put(b []byte) span {
	if len(a.now)+len(b) > cap(a.now) {
		a.next(len(b))
	}
	from := len(a.now)
	a.now = append(a.now, b...)
	return span{int32(len(a.full)), int32(from), int32(len(a.now))}
}

// next begins a chunk with room for so many bytes.
func (a *arena) next(n int) {
	if cap(a.now) > 0 {
		a.full = append(a.full, a.now)
	}
	if n <= textChunk {
		a.now = a.spare.take()
	}
	if a.now == nil || n > textChunk {
		a.now = make([]byte, 0, max(textChunk, n))
	}
}

func (a *arena) get(s span) []byte {
	if s.from == s.to {
		return nil
	}
	c := a.now
	if int(s.chunk) < len(a.full) {
		c = a.full[s.chunk]
	}
	return c[s.from:s.to:s.to]
}

func appendText(b []byte, s string) []byte { return append(appendLength(b, len(s)), s...) }

func appendLength(b []byte, n int) []byte {
	if n < 0x80 {
		return append(b, byte(n))
	}
	return binary.AppendUvarint(b, uint64(n))
}

// cutText parts the first text from what appendText wrote. Most are shorter than 128 bytes.
func cutText(b []byte) (text, rest []byte) {
	if len(b) > 0 && b[0] < 0x80 {
		n := 1 + int(b[0])
		return b[1:n:n], b[n:]
	}
	size, n := binary.Uvarint(b)
	end := n + int(size)
	return b[n:end:end], b[end:]
}
