package ledger

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.etcd.io/bbolt"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

// play does again what one event tells of. An event of a kind that carries nothing to do again is kept, and no more.
func (b *builder) play(tx *bbolt.Tx, line []byte) error {
	var e played
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	if strings.HasPrefix(e.What, "case: ") {
		return b.playCase(tx, e.Body)
	}
	if strings.HasPrefix(e.What, "schedule: ") {
		return with(e.Body, func(x Slot) error { return putJSON(tx.Bucket(bSlots), []byte(x.Schedule), x) })
	}
	if strings.HasPrefix(e.What, "event: ") {
		return with(e.Body, func(x remediate.Event) error { return putJSON(tx.Bucket(bAnnounced), []byte(x.ID), x) })
	}
	switch e.What {
	case "allowed":
		return with(e.Body, func(x remediate.Allowed) error {
			return errors.Join(putJSON(tx.Bucket(bMeta), kAllowed, x), tx.Bucket(bMeta).Delete(kLoosening))
		})
	case "one of two allows":
		return with(e.Body, func(x remediate.Loosening) error { return putJSON(tx.Bucket(bMeta), kLoosening, x) })
	case "batch stopped":
		return with(e.Body, func(x remediate.Stop) error { return putJSON(tx.Bucket(bStops), []byte(x.Plan), x) })
	case "guard lifted":
		return with(e.Body, func(x remediate.Lift) error {
			return putNumbered(tx.Bucket(bLifts), seqKey(uint64(x.At.UnixNano())), x)
		})
	case "link accepted":
		return with(e.Body, func(x scanner.Link) error { return acceptLink(tx.Bucket(bLinks), x) })
	case "link revoked":
		return with(e.Body, func(x scanner.Link) error { return tx.Bucket(bLinks).Delete(linkKey(x)) })
	case "finding ruled wrong":
		return with(e.Body, func(x scanner.Ruling) error { return putJSON(tx.Bucket(bRulings), []byte(x.Finding), x) })
	case "ruling revoked":
		return with(e.Body, func(x scanner.Ruling) error { return tx.Bucket(bRulings).Delete([]byte(x.Finding)) })
	case "run signed off":
		return with(e.Body, func(x SignOff) error {
			return putNumbered(tx.Bucket(bSignOffs), append([]byte(x.Run), 0), x)
		})
	case "workbook written":
		return with(e.Body, func(x Workbook) error { return putJSON(tx.Bucket(bWorkbooks), []byte(x.SHA256), x) })
	case "run recorded":
		return with(e.Body, func(x runEvent) error { return b.playRun(tx, x) })
	case "roster accepted":
		return with(e.Body, func(x struct{ Facts scanner.RosterFacts }) error { return putJSON(tx.Bucket(bRoster), kFacts, x.Facts) })
	case "shorter list accepted", "tenant accepted":
		return with(e.Body, func(x struct {
			App connectors.AppID
			Now scanner.PullFacts
		}) error {
			return putJSON(tx.Bucket(bPulls), []byte(x.App), x.Now)
		})
	}
	return playChat(tx, e.What, e.Body)
}

// playCase brings a case to what it was after the event, and counts again which accounts it touched, and when.
func (b *builder) playCase(tx *bbolt.Tx, body []byte) error {
	return with(body, func(x caseEvent) error {
		if x.Kept == nil || x.Kept.ID == "" {
			return fmt.Errorf("%w: an event about a case carries none", ErrDamaged)
		}
		old, err := loadCase(tx, x.Kept.ID)
		if errors.Is(err, connectors.ErrNotFound) {
			old, err = &remediate.Case{}, nil
		}
		if err != nil {
			return err
		}
		return errors.Join(index(tx, x.Kept), retag(tx, old, x.Kept), putJSON(tx.Bucket(bCases), []byte(x.Kept.ID), x.Kept), touch(tx, old, x.Kept))
	})
}

// playRun brings back a run and the counts that the next one is held against; what it found is not known any more.
func (b *builder) playRun(tx *bbolt.Tx, x runEvent) error {
	x.RunRecord.Rebuilt = true
	seq := binary.BigEndian.AppendUint64(nil, uint64(x.Seq))
	err := errors.Join(putJSON(tx.Bucket(bRuns), seq, x.RunRecord), tx.Bucket(bRunIDs).Put([]byte(x.ID), seq), tx.Bucket(bDiffs).Put(seq, packDiff(Diff{})))
	if x.Roster != nil {
		err = errors.Join(err, putJSON(tx.Bucket(bRoster), kFacts, x.Roster))
	}
	for app, facts := range x.Pulls {
		err = errors.Join(err, putJSON(tx.Bucket(bPulls), []byte(app), facts))
	}
	return err
}

// putNumbered puts a value under a prefix and the bucket's next number.
func putNumbered(b *bbolt.Bucket, prefix []byte, v any) error {
	n, err := b.NextSequence()
	if err != nil {
		return err
	}
	return putJSON(b, append(prefix, seqKey(n)...), v)
}

// with reads the body of an event.
func with[T any](body []byte, do func(T) error) error {
	var x T
	if err := json.Unmarshal(body, &x); err != nil {
		return fmt.Errorf("%w: an event's body cannot be read: %v", ErrDamaged, err)
	}
	return do(x)
}
