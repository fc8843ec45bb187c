package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rollcall/remediate"
)

// outboxName is the file that remembers between two settles who took which message, and who is to be told again. It is no
// evidence: that somebody was asked stands in the ledger. Without it people may be told twice of what waits for an answer.
const outboxName = "told.json"

// How long it takes until somebody is tried again who could not be told: twice as long each time.
const (
	soonestTold = 5 * time.Minute
	latestTold  = 12 * time.Hour
)

// outbox is that file. A nil outbox remembers nothing: everybody is to be told of everything.
type outbox struct {
	path   string
	now    time.Time
	answer time.Duration       // how long telling is tried: after that an answer comes too late
	Cases  map[string]*telling `json:"cases"`
}

// telling is how far the telling of one case has come, since it was asked about last.
type telling struct {
	Since time.Time            `json:"since"`
	Told  map[string]time.Time `json:"told,omitempty"`  // who took the message, and when
	Again map[string]retry     `json:"again,omitempty"` // who could not be told
	Why   string               `json:"why,omitempty"`   // why there is nobody to tell
}

type retry struct {
	Tries int       `json:"tries"`
	Next  time.Time `json:"next"`
	Why   string    `json:"why"`
}

// readOutbox reads what is remembered. What cannot be read is not guessed at: who was told already would be told again.
func readOutbox(dir string, now time.Time, answer time.Duration) (*outbox, error) {
	b := &outbox{path: filepath.Join(dir, outboxName), now: now.UTC(), answer: answer, Cases: map[string]*telling{}}
	text, err := os.ReadFile(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err == nil {
		err = json.Unmarshal(text, b)
	}
	if err != nil {
		return nil, fmt.Errorf("notify: nobody is told of anything: who was told already cannot be read from %s: %w; move it away, and all that waits is told once more", b.path, err)
	}
	return b, nil
}

// save keeps it, whole or as it was.
func (b *outbox) save() error {
	if b == nil {
		return nil
	}
	text, err := json.MarshalIndent(b, "", " ")
	if err != nil {
		return err
	}
	return replaceFile(b.path, text)
}

// begin starts the telling of a case: it is asked about, or asked about again.
func (b *outbox) begin(id string) { b.Cases[id] = &telling{Since: b.now} }

// only forgets cases that do not wait for an answer any more.
func (b *outbox) only(waiting map[string]bool) {
	for id := range b.Cases {
		if !waiting[id] {
			delete(b.Cases, id)
		}
	}
}

// anew has everybody who could not be told tried at once, and as long as at first.
func (b *outbox) anew() {
	for _, t := range b.Cases {
		t.Since, t.Again = b.now, nil
	}
}

// wants tells whether somebody is to be told of a case now: who has not been, and whose time to be tried again has come.
func (b *outbox) wants(id, who string) bool {
	if b == nil {
		return true
	}
	t := b.Cases[id]
	if t == nil || b.tooLate(t) {
		return false
	}
	_, told := t.Told[who]
	return !told && !b.now.Before(t.Again[who].Next)
}

func (b *outbox) tooLate(t *telling) bool { return b.now.Sub(t.Since) >= b.answer }

// wanted are the cases that somebody is to be told of now.
func (b *outbox) wanted(who string, cases []*remediate.Case) (out []*remediate.Case) {
	for _, k := range cases {
		if b.wants(k.ID, who) {
			out = append(out, k)
		}
	}
	return out
}

// took notes that somebody took a message, or could not be told, and keeps that at once: who took it is not told twice.
func (b *outbox) took(who string, cases []*remediate.Case, err error) {
	if b == nil {
		return
	}
	for _, k := range cases {
		t := b.Cases[k.ID]
		if t == nil {
			continue
		}
		if err == nil {
			if t.Told == nil {
				t.Told = map[string]time.Time{}
			}
			t.Told[who], t.Why = b.now, ""
			delete(t.Again, who)
			continue
		}
		if t.Again == nil {
			t.Again = map[string]retry{}
		}
		r := t.Again[who]
		r.Tries, r.Next, r.Why = r.Tries+1, b.now.Add(min(soonestTold<<min(r.Tries, 16), latestTold)), err.Error()
		t.Again[who] = r
	}
}

// nobody notes why there is nobody to be told of a case, and tells whether that is new.
func (b *outbox) nobody(id, why string) bool {
	if b == nil || b.Cases[id] == nil {
		return true
	}
	was := b.Cases[id].Why
	b.Cases[id].Why = why
	return was != why
}

// open are the cases of which somebody may be to be told now through a channel, whoever that is: the channel's recipients are
// not known before the roster is read.
func (b *outbox) open(channel string, cases []*remediate.Case) (out []*remediate.Case) {
	for _, k := range cases {
		if b == nil || b.Cases[k.ID] != nil && !b.tooLate(b.Cases[k.ID]) && b.Cases[k.ID].open(channel, b.now) {
			out = append(out, k)
		}
	}
	return out
}

func (t *telling) open(channel string, now time.Time) bool {
	tried := false
	for who, r := range t.Again {
		if strings.HasPrefix(who, channel+" ") {
			if tried = true; !now.Before(r.Next) {
				return true
			}
		}
	}
	for who := range t.Told {
		tried = tried || strings.HasPrefix(who, channel+" ")
	}
	return !tried
}

// untold is a case that nobody could be told of.
type untold struct {
	Case, Why string
	Next      time.Time // when somebody is tried again; zero: as soon as there is somebody to tell
	Late      bool      // it is not tried any more
}

// untold are the cases that nobody was told of, by their ids.
func (b *outbox) untold() (out []untold) {
	for _, id := range sortedKeys(b.Cases) {
		t := b.Cases[id]
		if len(t.Told) > 0 {
			continue
		}
		u := untold{Case: id, Late: b.tooLate(t)}
		var whys []string
		if t.Why != "" {
			whys = append(whys, t.Why)
		}
		for _, who := range sortedKeys(t.Again) {
			r := t.Again[who]
			if !slices.Contains(whys, r.Why) {
				whys = append(whys, r.Why)
			}
			if u.Next.IsZero() || r.Next.Before(u.Next) {
				u.Next = r.Next
			}
		}
		u.Why = strings.Join(whys, "; ")
		out = append(out, u)
	}
	return out
}

// then says what becomes of it.
func (u untold) then() string {
	switch {
	case u.Late:
		return "it is not tried any more: when that is mended, use rollcall settle --tell-again"
	case u.Next.IsZero():
		return "tried again with the next settle"
	}
	return "tried again after " + u.Next.Format("2006-01-02 15:04 (UTC)")
}
