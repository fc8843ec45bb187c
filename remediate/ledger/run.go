package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Run is what a run tells the ledger once it is over.
type Run struct {
	ID             string
	At             time.Time
	AsOf           connectors.Date
	Actor          string
	Complete       bool
	ManifestSHA256 string
	Findings       []Found
	NotJudged      []Unjudged                             // what this run could not see: such findings stay open, unseen
	Unseen         []scanner.FindingID                    // and so do these: their account or person stands in a row that was left out
	Roster         *scanner.RosterFacts                   // nil when it is not trusted: then the accepted one stays, and a refused one goes on waiting
	Pulls          map[connectors.AppID]scanner.PullFacts // the complete ones
}

// Unjudged says that findings of an app, of a kind, or of a kind in an app were not looked for. An empty field means
// every app, every kind; so the zero value means that nothing was judged.
type Unjudged struct {
	App  connectors.AppID `json:"app,omitempty"`
	Kind scanner.Kind     `json:"kind,omitempty"`
}

// Diff is what a run changed in the register; the lists are sorted.
type Diff struct {
	New    []scanner.FindingID // never seen before
	Back   []scanner.FindingID // had gone, found again
	Gone   []scanner.FindingID // open before, looked for, not found
	Unseen []scanner.FindingID // open before, not looked for, and still open therefore
	Still  int                 // open before, found again: the run's other findings
}

// Lost tells whether the finding was open before and is not among those of the run.
func (d *Diff) Lost(id scanner.FindingID) bool {
	_, gone := slices.BinarySearch(d.Gone, id)
	_, unseen := slices.BinarySearch(d.Unseen, id)
	return gone || unseen
}

// Without gives what is gone and what was not looked for if these were not looked for either.
func (d *Diff) Without(unseen []scanner.FindingID) (gone, unlooked []scanner.FindingID) {
	hidden := make(map[scanner.FindingID]bool, len(unseen))
	for _, id := range unseen {
		hidden[id] = true
	}
	unlooked = slices.Clone(d.Unseen)
	for _, id := range d.Gone {
		if hidden[id] {
			unlooked = append(unlooked, id)
		} else {
			gone = append(gone, id)
		}
	}
	slices.Sort(unlooked)
	return gone, unlooked
}

// RunRecord is what the ledger keeps of a run.
type RunRecord struct {
	Seq            int             `json:"run"` // the first is 1
	ID             string          `json:"id"`
	At             time.Time       `json:"at"`
	AsOf           connectors.Date `json:"as_of"`
	Actor          string          `json:"actor"`
	Complete       bool            `json:"complete"`
	ManifestSHA256 string          `json:"manifest_sha256,omitempty"`
	FindingsSHA256 string          `json:"findings_sha256"` // over the sorted ids, one a line
	RosterSHA256   string          `json:"roster_sha256,omitempty"`
	NotJudged      []Unjudged      `json:"not_judged,omitempty"`
	Findings       int             `json:"findings"`
	New            int             `json:"new"`
	Still          int             `json:"still"`
	Back           int             `json:"back"`
	Gone           int             `json:"gone"`
	Unseen         int             `json:"unseen"`
	Rebuilt        bool            `json:"rebuilt,omitempty"` // known from its event alone: what it found is lost
}

// RecordRun records a run whole or not at all, and gives what it changed. Recording the same run again changes nothing
// and gives the same; another run under the same id is refused.
func (l *Ledger) RecordRun(r Run) (Diff, error) {
	if r.ID == "" || !r.AsOf.Known() {
		return Diff{}, errors.New("ledger: recording a run: it needs an id and an as-of day")
	}
	var d Diff
	err := l.change("run "+r.ID, func(tx *bbolt.Tx) (err error) {
		runs := tx.Bucket(bRuns)
		seq := uint64(1)
		if k, _ := runs.Cursor().Last(); k != nil {
			seq = binary.BigEndian.Uint64(k) + 1
		}
		first, err := baseline(tx)
		if err != nil {
			return err
		}
		found := foundNow(r.Findings, r.AsOf, first)
		rec := record(r, seq, found)
		if k := tx.Bucket(bRunIDs).Get([]byte(r.ID)); k != nil {
			d, err = recorded(tx, k, rec.FindingsSHA256)
			return err
		}
		if d, err = writeRegister(tx, found, r); err != nil {
			return err
		}
		rec.New, rec.Still, rec.Back, rec.Gone, rec.Unseen = len(d.New), d.Still, len(d.Back), len(d.Gone), len(d.Unseen)
		if r.Roster != nil {
			err = errors.Join(advanceRoster(tx, r.Roster), dropPending(tx))
		}
		for app, facts := range r.Pulls {
			err = errors.Join(err, putJSON(tx.Bucket(bPulls), []byte(app), facts))
		}
		return errors.Join(err,
			putJSON(runs, seqKey(seq), rec),
			tx.Bucket(bRunIDs).Put([]byte(r.ID), seqKey(seq)),
			tx.Bucket(bDiffs).Put(seqKey(seq), packDiff(d)),
			l.addEvent(tx, r.At, r.Actor, "run recorded", runEvent{rec, r.Roster, r.Pulls}))
	})
	if err != nil {
		return Diff{}, err
	}
	return d, nil
}

// runEvent is the body of the event of a run: beside the run itself, the counts that the next one is held against, so that
// a ledger rebuilt from its mirror does not take half a roster for the first.
type runEvent struct {
	RunRecord
	Roster *scanner.RosterFacts                   `json:"roster,omitempty"`
	Pulls  map[connectors.AppID]scanner.PullFacts `json:"pulls,omitempty"`
}

func record(r Run, seq uint64, found []entry) RunRecord {
	h := sha256.New()
	for _, e := range found {
		h.Write([]byte(e.id + "\n"))
	}
	rec := RunRecord{Seq: int(seq), ID: r.ID, At: r.At.UTC(), AsOf: r.AsOf, Actor: r.Actor, Complete: r.Complete,
		ManifestSHA256: r.ManifestSHA256, FindingsSHA256: hex.EncodeToString(h.Sum(nil)), NotJudged: r.NotJudged, Findings: len(found)}
	if r.Roster != nil {
		rec.RosterSHA256 = r.Roster.SHA256
	}
	return rec
}

// recorded is the answer to a run that was recorded before.
func recorded(tx *bbolt.Tx, seq []byte, findings string) (Diff, error) {
	rec, d, err := loadRun(tx, seq)
	if err == nil && rec.FindingsSHA256 != findings {
		return Diff{}, fmt.Errorf("a run of that id, with other findings, was recorded at %s: give each run an id of its own", rec.At.Format(time.RFC3339))
	}
	return d, err
}

func loadRun(tx *bbolt.Tx, seq []byte) (rec RunRecord, d Diff, err error) {
	if seq == nil {
		return rec, d, connectors.ErrNotFound
	}
	if _, err = getJSON(tx.Bucket(bRuns), seq, &rec); err != nil {
		return rec, d, err
	}
	d, err = unpackDiff(tx.Bucket(bDiffs).Get(seq))
	d.Still = rec.Still
	return rec, d, err
}

func writeRegister(tx *bbolt.Tx, found []entry, r Run) (Diff, error) {
	merged, d, err := mergeRegister(tx, found, r)
	if err != nil {
		return Diff{}, err
	}
	return d, tx.Bucket(bFinding).Put(kRegister, packRegister(merged))
}

func mergeRegister(tx *bbolt.Tx, found []entry, r Run) ([]entry, Diff, error) {
	known, err := unpackRegister(tx.Bucket(bFinding).Get(kRegister))
	if err != nil {
		return nil, Diff{}, err
	}
	inScope := judgedBy(r.NotJudged)
	unseen := make(map[scanner.FindingID]bool, len(r.Unseen))
	for _, id := range r.Unseen {
		unseen[id] = true
	}
	merged, d := merge(known, found, func(e *entry) bool { return !unseen[e.id] && inScope(e.scope) })
	return merged, d, nil
}

// Preview gives what recording the run would change, without recording it, and which of the new findings are of the
// baseline: no earlier run could have made them.
func (l *Ledger) Preview(r Run) (d Diff, backlog []scanner.FindingID, err error) {
	err = l.read("what a run changes", func(tx *bbolt.Tx) error {
		first, err := baseline(tx)
		if err != nil {
			return err
		}
		found := foundNow(r.Findings, r.AsOf, first)
		if _, d, err = mergeRegister(tx, found, r); err != nil {
			return err
		}
		for _, e := range found {
			if _, isNew := slices.BinarySearch(d.New, e.id); isNew && e.seen.Backlog {
				backlog = append(backlog, e.id)
			}
		}
		return nil
	})
	return d, backlog, err
}

// judgedBy tells whether a run that left out notJudged would have found what has this scope.
func judgedBy(notJudged []Unjudged) func(scope string) bool {
	memo := map[string]bool{}
	return func(scope string) bool {
		judged, ok := memo[scope]
		if !ok {
			parts := strings.Split(scope, "\x00")
			judged = !slices.ContainsFunc(notJudged, func(u Unjudged) bool {
				return (u.Kind == "" || string(u.Kind) == parts[0]) && (u.App == "" || slices.Contains(parts[1:], string(u.App)))
			})
			memo[scope] = judged
		}
		return judged
	}
}

// Run gives the record of one run and what it changed; connectors.ErrNotFound when there is none of that id.
func (l *Ledger) Run(id string) (rec RunRecord, d Diff, err error) {
	err = l.read("run "+id, func(tx *bbolt.Tx) (err error) {
		rec, d, err = loadRun(tx, tx.Bucket(bRunIDs).Get([]byte(id)))
		return err
	})
	return rec, d, err
}

// Runs gives the newest runs, newest first; limit 0 means all.
func (l *Ledger) Runs(limit int) (recs []RunRecord, err error) {
	err = l.read("runs", func(tx *bbolt.Tx) error {
		c := tx.Bucket(bRuns).Cursor()
		for k, v := c.Last(); k != nil && (limit == 0 || len(recs) < limit); k, v = c.Prev() {
			var rec RunRecord
			if err := json.Unmarshal(v, &rec); err != nil {
				return err
			}
			recs = append(recs, rec)
		}
		return nil
	})
	return recs, err
}

// LastRun gives the newest run; nil before the first.
func (l *Ledger) LastRun() (*RunRecord, error) {
	recs, err := l.Runs(1)
	if err != nil || len(recs) == 0 {
		return nil, err
	}
	return &recs[0], nil
}

// Pull gives the facts of an app's last complete pull; nil before the first.
func (l *Ledger) Pull(app connectors.AppID) (facts *scanner.PullFacts, err error) {
	err = l.read("the last pull of "+string(app), func(tx *bbolt.Tx) error {
		var p scanner.PullFacts
		found, err := getJSON(tx.Bucket(bPulls), []byte(app), &p)
		if found && err == nil {
			facts = &p
		}
		return err
	})
	return facts, err
}

// AcceptTenant says that an app is read from another tenant from now on. All that the ledger knows of the app stays; the next
// pull is held against the figures of the last one, which was the former tenant's.
func (l *Ledger) AcceptTenant(app connectors.AppID, tenant, actor, reason string, at time.Time) error {
	if tenant == "" || strings.TrimSpace(reason) == "" {
		return errors.New("ledger: accepting another tenant: say which, and why")
	}
	return l.change("the acceptance of another tenant of "+string(app), func(tx *bbolt.Tx) error {
		b := tx.Bucket(bPulls)
		var last scanner.PullFacts
		if _, err := getJSON(b, []byte(app), &last); err != nil {
			return err
		}
		facts := last
		facts.Tenant = tenant
		return errors.Join(putJSON(b, []byte(app), facts), l.addEvent(tx, at, actor, "tenant accepted", struct {
			App    connectors.AppID  `json:"app"`
			Last   scanner.PullFacts `json:"last"`
			Now    scanner.PullFacts `json:"now"`
			Reason string            `json:"reason"`
		}{app, last, facts, reason}))
	})
}

// AcceptPull says that a list of an app that was not believed is true, with the figures it had: the next pull is held
// against them.
func (l *Ledger) AcceptPull(app connectors.AppID, facts scanner.PullFacts, actor, reason string, at time.Time) error {
	if reason == "" {
		return errors.New("ledger: accepting a shorter account list: say why it is true")
	}
	return l.change("the acceptance of a shorter list of "+string(app), func(tx *bbolt.Tx) error {
		b := tx.Bucket(bPulls)
		var last scanner.PullFacts
		if _, err := getJSON(b, []byte(app), &last); err != nil {
			return err
		}
		return errors.Join(putJSON(b, []byte(app), facts), l.addEvent(tx, at, actor, "shorter list accepted", struct {
			App    connectors.AppID  `json:"app"`
			Last   scanner.PullFacts `json:"last"`
			Now    scanner.PullFacts `json:"now"`
			Reason string            `json:"reason"`
		}{app, last, facts, reason}))
	})
}
