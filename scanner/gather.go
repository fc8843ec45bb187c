package scanner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
)

const keptRejects = 20 // rows shown as examples; all are counted

// tally is the Trace of one pull: it counts what the source says of itself, and decides whether the pull was complete.
type tally struct {
	rep    *SourceReport
	main   connectors.Collection // whose rows the control totals are about
	ended  map[connectors.Collection]int
	totals map[connectors.Collection]int
	blind  blindSpots // of the roster
	sum    [32]byte
	clock  func() time.Time
}

func newTally(name string, src connectors.Source, main connectors.Collection, clock func() time.Time) *tally {
	return &tally{
		rep:    &SourceReport{Name: name, Info: src.Info(), ProviderTotal: -1, Previous: -1, Started: clock()},
		main:   main,
		ended:  map[connectors.Collection]int{},
		totals: map[connectors.Collection]int{},
		clock:  clock,
	}
}

func (t *tally) Page(_ connectors.Collection, p connectors.Page) {
	t.rep.Pages++
	t.rep.Bytes += p.Bytes
	t.rep.Files = append(t.rep.Files, FileHash{p.Request, p.Bytes, hex.EncodeToString(p.SHA256[:])})
	if t.rep.Pages == 1 {
		t.sum = p.SHA256
	} else {
		t.sum = sha256.Sum256(append(t.sum[:], p.SHA256[:]...))
	}
}

func (t *tally) Reject(c connectors.Collection, w connectors.Where, err error) {
	if c == t.main {
		t.rep.Read++
		t.rep.Rejected++
		t.notice(err)
	} else {
		t.rep.SideRejected++
		t.noticeSide(err)
	}
	if len(t.rep.Rejects) < keptRejects {
		t.rep.Rejects = append(t.rep.Rejects, Reject{c, w, err.Error()})
	}
}

// notice keeps whose row was left out: what is known of them is then not seen, which is not the same as gone.
func (t *tally) notice(err error) {
	if t.main == connectors.People {
		if !t.blind.see(err) {
			t.rep.Unreadable++
		}
		return
	}
	var row *connectors.RejectedRow
	switch {
	case !errors.As(err, &row) || row.Account == "" && !row.Repeats:
		t.rep.Unreadable++
	case !row.Repeats:
		t.rep.Unseen = append(t.rep.Unseen, row.Account)
	}
}

// noticeSide does so for rows of the other lists: what rests on the entitlements of that account, or on the role history
// of that person, was not seen whole.
func (t *tally) noticeSide(err error) {
	var row *connectors.RejectedRow
	switch {
	case !errors.As(err, &row):
		t.rep.SideUnreadable++
	case row.Repeats:
	case row.Person != nil:
		t.rep.UnseenRoles = append(t.rep.UnseenRoles, row.Person.ID)
	default:
		t.rep.UnseenRights = append(t.rep.UnseenRights, row.Account)
	}
}

func (t *tally) Total(c connectors.Collection, n int) {
	t.totals[c] = n
	if c == t.main {
		t.rep.ProviderTotal = n
	}
}

func (t *tally) End(c connectors.Collection) { t.ended[c]++ }

func (t *tally) Note(_ connectors.Collection, s string) {
	if !slices.Contains(t.rep.Notes, s) {
		t.rep.Notes = append(t.rep.Notes, s)
	}
}

// finish closes the account of the pull. pullErr is what ended it early, nil when it ran to its end.
func (t *tally) finish(pullErr error) {
	r := t.rep
	r.Ended = t.clock()
	r.SHA256 = hex.EncodeToString(t.sum[:])
	if r.Pages == 0 {
		r.SHA256 = ""
	}
	problem := t.problem(pullErr)
	r.Whole = problem == ""
	switch {
	case pullErr != nil && r.Read == 0:
		r.State, r.Problem = SourceFailed, problem
	case problem != "":
		r.State, r.Problem = SourceIncomplete, problem
	default:
		r.State = SourceOK
	}
}

func (t *tally) problem(pullErr error) string {
	if pullErr != nil {
		return pullErr.Error()
	}
	for _, c := range t.rep.Info.Collections {
		if t.ended[c] == 0 {
			return fmt.Sprintf("%s ended without the end marker of %s; the pull is not known to be whole: run it again", t.rep.Name, c)
		}
	}
	if n, ok := t.totals[t.main]; ok && n != t.rep.Read {
		return fmt.Sprintf("%s says it has %d %s, but %d came; run it again, and check its paging and permissions if that does not help",
			t.rep.Name, n, t.main, t.rep.Read)
	}
	return ""
}

// pullRoster reads every HR record. It fails when the roster cannot be read or is empty: nothing can be judged then.
func pullRoster(ctx context.Context, src connectors.Roster, clock func() time.Time) ([]connectors.Person, *tally, error) {
	t := newTally("roster", src, connectors.People, clock)
	// Room for what a file of that size has about: growing to a hundred thousand records instead copies each five times.
	records := make([]connectors.Person, 0, min(t.rep.Info.SizeHint/rosterRow, maxRoom))
	var pullErr error
	for p, err := range src.People(ctx, t) {
		if err != nil {
			pullErr = err
			break
		}
		t.rep.Read++
		records = append(records, p)
	}
	t.finish(pullErr)
	t.rep.Matched = len(records)
	switch {
	case ctx.Err() != nil:
		return nil, t, fmt.Errorf("roster: %w", ctx.Err())
	case pullErr != nil && len(records) == 0:
		return nil, t, fmt.Errorf("roster: %w", pullErr)
	case len(records) == 0:
		t.rep.State = SourceFailed
		t.rep.Problem = "the roster has no people"
		return nil, t, fmt.Errorf("roster: %s has no people (%d rows read, %d rejected%s); without people every account would look orphaned, so nothing was judged: check the export",
			t.rep.Info.Location, t.rep.Read, t.rep.Rejected, firstReject(t.rep))
	}
	return records, t, nil
}

// rosterRow is about how many bytes HR's files have for each record, its history included.
const rosterRow = 280

// maxRoom is for how many records room is made at most before one is read: a file can be large without having many.
const maxRoom = 1 << 20

// ReadApp reads an app without judging it: how the pull went, for people who set a source up.
func ReadApp(ctx context.Context, a *App, clock func() time.Time) *SourceReport {
	t := newTally(string(a.ID), a.Source, connectors.Accounts, clock)
	var pullErr error
	for acc, err := range a.Source.Accounts(ctx, t) {
		if err != nil {
			pullErr = err
			break
		}
		t.rep.Read++
		t.rep.Unmatched++
		t.rep.Entitlements += len(acc.Entitlements)
	}
	t.finish(pullErr)
	return t.rep
}

func firstReject(r *SourceReport) string {
	if len(r.Rejects) == 0 {
		return ""
	}
	return ", the first because: " + r.Rejects[0].Why
}

// joinNotes makes one sentence of several.
func joinNotes(notes []string) string { return strings.Join(notes, "; ") }
