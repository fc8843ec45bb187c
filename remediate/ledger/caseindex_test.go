package ledger

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"rollcall/remediate"
	"rollcall/scanner"
)

// A ledger that was begun without the index gets it, cases whose being taken back was interrupted included.
func TestCasesAreIndexedByMigration(t *testing.T) {
	dir := t.TempDir()
	l := begin(t, dir)
	fillCases(t, l)
	back := aCase("interrupted", 1)
	ok(t, l.Put(back, 0, dana, "opened", noon))
	back = in(back, remediate.Confirmed, remediate.Seen, noon)
	ok(t, l.Put(back, 1, dana, "confirmed", noon))
	n := *back
	n.Rev, n.Undo = back.Rev+1, &remediate.Decision{By: dana, Why: "a mistake", At: noon}
	ok(t, l.Put(&n, back.Rev, dana, "to be taken back", noon))
	indexed := func() (out string) {
		live, err := l.LiveCases(nil)
		ok(t, err)
		for _, c := range live {
			out += c.ID + " live; "
		}
		of, err := l.CasesOf(live[0].Run)
		ok(t, err)
		disabled, err := l.Disabled(noon.Add(1000 * time.Hour))
		ok(t, err)
		if out += fmt.Sprintf("%d of its run, %d disabled; ", len(of), len(disabled)); len(of) == 0 || len(disabled) == 0 {
			t.Fatal(out)
		}
		all, err := l.Cases(nil)
		ok(t, err)
		for _, c := range all {
			last, err := l.LastEnded(c.Item.Group)
			ok(t, err)
			if last != nil {
				out += c.Item.Group + " ended with " + last.ID + "; "
			}
		}
		return out
	}
	want := indexed()
	ok(t, l.db.Update(func(tx *bbolt.Tx) error {
		return errors.Join(tx.DeleteBucket(bEnded), tx.DeleteBucket(bBack), tx.DeleteBucket(bTags), setSchema(tx, len(migrations)-1))
	}))
	end(t, l)
	l = begin(t, dir)
	if got := indexed(); got != want || len(got) < 40 {
		t.Errorf("indexed anew: %s\nwas: %s", got, want)
	}
	end(t, l)
}

const (
	endedCases = 100_000
	livingNow  = 50
)

// aged is a ledger with the cases of some years, nearly all of them ended.
func aged(b *testing.B) *Ledger {
	l := begin(b, b.TempDir())
	l.db.NoSync = true
	for first := 0; first < endedCases+livingNow; first += 10_000 {
		ok(b, l.db.Update(func(tx *bbolt.Tx) error {
			for i := first; i < min(first+10_000, endedCases+livingNow); i++ {
				c := aCase(fmt.Sprintf("leaver:E%06d", i), 1)
				c.Item.Mode, c.Opened, c.Run = scanner.ModeAsk, noon.Add(time.Duration(i)*time.Minute), "run-0"
				if c.ItemHash = c.Item.Hash(); i < endedCases {
					c = in(in(c, remediate.Intent, remediate.Meant, noon), remediate.Confirmed, remediate.Seen, noon.Add(time.Duration(i)*time.Minute))
				}
				if err := errors.Join(index(tx, c), retag(tx, &remediate.Case{}, c), putJSON(tx.Bucket(bCases), []byte(c.ID), c)); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	return l
}

// A quiet night over the cases of some years: what a plan found again is followed, deadlines are looked at, and what is due is
// looked up.
func BenchmarkQuietNight(b *testing.B) {
	l := aged(b)
	defer func() { l.Close() }()
	live, err := l.LiveCases(nil)
	ok(b, err)
	if len(live) != livingNow {
		b.Fatalf("%d cases live", len(live))
	}
	p := &remediate.Plan{}
	for _, c := range live {
		p.Items = append(p.Items, c.Item)
	}
	desk := &remediate.Desk{Journal: l, Answer: time.Hour}
	b.Run("follow", func(b *testing.B) {
		for b.Loop() {
			opened, err := desk.Follow(p, "run-1", noon, func(*remediate.Item) bool { return true })
			if ok(b, err); len(opened) > 0 {
				b.Fatal("something was opened")
			}
		}
	})
	b.Run("deadlines", func(b *testing.B) {
		for b.Loop() {
			_, err := desk.Deadlines(noon)
			ok(b, err)
		}
	})
	b.Run("all cases, to compare", func(b *testing.B) {
		for b.Loop() {
			_, err := l.Cases(nil)
			ok(b, err)
		}
	})
}
