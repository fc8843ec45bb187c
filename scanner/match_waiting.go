package scanner

import (
	"slices"

	"rollcall/connectors"
)

// waitingList keeps copies of the accounts that wait for the second pass, side by side in chunks: growing one list and
// copying each account's entitlements by itself would cost a tenth of a scan's memory and be garbage after each app.
type waitingList struct {
	chunks []*[waitingChunk]waiting
	n      int
	held   [][]connectors.Entitlement // all but the last in use are full
	inUse  int
}

type waiting struct {
	acc     connectors.Account
	class   connectors.Class
	classBy string
}

const (
	waitingChunk = 256
	heldChunk    = 1024
)

func (l *waitingList) at(i int) *waiting { return &l.chunks[i/waitingChunk][i%waitingChunk] }

// add copies an account, which its source will overwrite.
func (l *waitingList) add(a *connectors.Account, class connectors.Class, by string) {
	if l.n == len(l.chunks)*waitingChunk {
		l.chunks = append(l.chunks, new([waitingChunk]waiting))
	}
	w := l.at(l.n)
	l.n++
	*w = waiting{*a, class, by}
	w.acc.Aliases, w.acc.Credentials, w.acc.State = slices.Clone(a.Aliases), slices.Clone(a.Credentials), slices.Clone(a.State)
	w.acc.Entitlements = l.copyHeld(a.Entitlements)
}

func (l *waitingList) copyHeld(from []connectors.Entitlement) []connectors.Entitlement {
	if len(from) == 0 || len(from) > heldChunk {
		return slices.Clone(from)
	}
	if l.inUse == 0 || len(l.held[l.inUse-1])+len(from) > heldChunk {
		if l.inUse == len(l.held) {
			l.held = append(l.held, make([]connectors.Entitlement, 0, heldChunk))
		}
		l.inUse++
	}
	chunk := &l.held[l.inUse-1]
	at := len(*chunk)
	*chunk = append(*chunk, from...)
	return (*chunk)[at:len(*chunk):len(*chunk)]
}

// reset empties the list for the next app.
func (l *waitingList) reset() {
	for i := 0; i < l.n; i += waitingChunk {
		clear(l.chunks[i/waitingChunk][:min(waitingChunk, l.n-i)])
	}
	for i := range l.held[:l.inUse] {
		clear(l.held[i])
		l.held[i] = l.held[i][:0]
	}
	l.n, l.inUse = 0, 0
}
