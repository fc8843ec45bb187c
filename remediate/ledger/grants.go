package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"go.etcd.io/bbolt"

	"rollcall/connectors"
	"rollcall/scanner"
)

// When each account and each grant of an app was first seen is one value per app: a head, then the 64-bit hashes of the
// grants, sorted, then, in the same order, their days. A hash stands for its grant: among four million, two share one
// with a probability of one in two million, and then the younger one counts as as old as the other.
//
//	0  format (1)   4  since, int32   8  n, uint64   16  n hashes, uint64   16+8n  n days, int32; little-endian
const (
	grantsFormat = 1
	grantsHead   = 16
	grantsEntry  = 12
)

// GrantLog collects the grants of one app during its pull, at 8 bytes a grant. The zero value is ready. It is used by one
// goroutine at a time.
type GrantLog struct{ hashes []uint64 }

// Add notes that the account holds the entitlement. An empty entitlement notes the account itself.
func (g *GrantLog) Add(account connectors.AccountID, e connectors.EntitlementID) {
	g.hashes = append(g.hashes, grantHash(account, e))
}

// Len is how many were added.
func (g *GrantLog) Len() int { return len(g.hashes) }

// sorted gives the hashes in order, each once. Hashes are spread evenly, so one pass that puts each near its place and a
// small sort of every neighbourhood take a third of the time of slices.Sort.
func (g *GrantLog) sorted() []uint64 {
	const perBucket = 8
	shift := bucketShift(len(g.hashes) / perBucket)
	ends := make([]uint32, 1<<(64-shift)+1)
	for _, h := range g.hashes {
		ends[h>>shift+1]++
	}
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	out := make([]uint64, len(g.hashes))
	for _, h := range g.hashes {
		out[ends[h>>shift]] = h
		ends[h>>shift]++
	}
	start := uint32(0)
	for _, end := range ends[:len(ends)-1] {
		slices.Sort(out[start:end])
		start = end
	}
	return slices.Compact(out)
}

// bucketShift is how far to shift a hash right, so that its top bits number one of about n buckets; at least two.
func bucketShift(n int) uint { return uint(64 - max(1, bits.Len(uint(n))-1)) }

// RecordGrants records what a complete pull of an app holds. What it holds for the first time counts from asOf; what it
// no longer holds is forgotten, so that a grant that comes back counts from its return. Recording the same again
// changes nothing.
func (l *Ledger) RecordGrants(app connectors.AppID, asOf connectors.Date, log *GrantLog) error {
	if !asOf.Known() || app == "" || len(log.hashes) > math.MaxUint32 {
		return errors.New("ledger: recording grants: they need an app and an as-of day, and must be fewer than four billion")
	}
	now := log.sorted()
	return l.change("the grants of "+string(app), func(tx *bbolt.Tx) error {
		b := tx.Bucket(bGrants)
		before, err := openGrants(b.Get([]byte(app)))
		if err != nil {
			return err
		}
		return putChanged(b, []byte(app), mergeGrants(before, now, asOf))
	})
}

// mergeGrants writes the value for the hashes now, each with the day before knew of, if that is earlier.
func mergeGrants(before *grants, now []uint64, asOf connectors.Date) []byte {
	since := asOf
	if before.since != 0 {
		since = min(since, before.since)
	}
	out := make([]byte, grantsHead+grantsEntry*len(now))
	out[0] = grantsFormat
	binary.LittleEndian.PutUint32(out[4:], uint32(since))
	binary.LittleEndian.PutUint64(out[8:], uint64(len(now)))
	days := out[grantsHead+8*len(now):]
	i := 0
	for j, h := range now {
		for i < before.n && before.hash(i) < h {
			i++
		}
		day := asOf
		if i < before.n && before.hash(i) == h {
			day = min(day, before.day(i))
		}
		binary.LittleEndian.PutUint64(out[grantsHead+8*j:], h)
		binary.LittleEndian.PutUint32(days[4*j:], uint32(day))
	}
	return out
}

// Grants gives an app's first-seen history, as it is now: later recording does not change what was given. It holds 12
// bytes a grant, and may be asked from several goroutines.
func (l *Ledger) Grants(app connectors.AppID) (scanner.GrantHistory, error) {
	var packed []byte
	err := l.read("the grants of "+string(app), func(tx *bbolt.Tx) error {
		packed = slices.Clone(tx.Bucket(bGrants).Get([]byte(app)))
		return nil
	})
	if err != nil {
		return nil, err
	}
	g, err := openGrants(packed)
	if err != nil {
		return nil, fmt.Errorf("ledger: reading the grants of %s: %w", app, err)
	}
	g.buildIndex()
	return g, nil
}

// grants reads a packed value where it lies. index has, for each bucket of hashes, where it starts.
type grants struct {
	since        connectors.Date
	n            int
	hashes, days []byte
	index        []uint32
	shift        uint
}

func openGrants(b []byte) (*grants, error) {
	if len(b) == 0 {
		return &grants{}, nil
	}
	if len(b) < grantsHead || b[0] != grantsFormat || uint64(len(b)-grantsHead) != grantsEntry*binary.LittleEndian.Uint64(b[8:]) {
		return nil, errPacked
	}
	n := (len(b) - grantsHead) / grantsEntry
	return &grants{since: connectors.Date(binary.LittleEndian.Uint32(b[4:])), n: n,
		hashes: b[grantsHead : grantsHead+8*n], days: b[grantsHead+8*n:]}, nil
}

func (g *grants) hash(i int) uint64 { return binary.LittleEndian.Uint64(g.hashes[8*i:]) }
func (g *grants) day(i int) connectors.Date {
	return connectors.Date(binary.LittleEndian.Uint32(g.days[4*i:]))
}

func (g *grants) buildIndex() {
	g.shift = bucketShift(g.n / 4)
	g.index = make([]uint32, 1<<(64-g.shift)+1)
	for i := range g.n {
		g.index[g.hash(i)>>g.shift+1] = uint32(i + 1)
	}
	for b := 1; b < len(g.index); b++ { // an empty bucket starts where the one before ends
		g.index[b] = max(g.index[b], g.index[b-1])
	}
}

func (g *grants) Since() connectors.Date { return g.since }

func (g *grants) FirstSeen(account connectors.AccountID, e connectors.EntitlementID) connectors.Date {
	h := grantHash(account, e)
	for i := g.index[h>>g.shift]; i < g.index[h>>g.shift+1]; i++ {
		if at := g.hash(int(i)); at == h {
			return g.day(int(i))
		} else if at > h {
			break
		}
	}
	return 0
}
