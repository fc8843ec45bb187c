package main

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

// runRecord is what the ledger is told of a run: what was found, what was read whole, and what could not be judged.
func runRecord(r *report.Review, found []ledger.Found) ledger.Run {
	res := r.Result
	run := ledger.Run{ID: r.Run, At: r.Started, AsOf: res.AsOf, Actor: r.By, Complete: res.Complete(), Findings: found, Pulls: map[connectors.AppID]scanner.PullFacts{}}
	if len(res.Untrusted) == 0 {
		run.Roster = res.Roster
	} else {
		run.NotJudged = []ledger.Unjudged{{}}
	}
	for _, s := range res.Sources[1:] {
		app := connectors.AppID(s.Name)
		if s.State != scanner.SourceOK || s.Unreadable > 0 { // such a row may be anybody's
			run.NotJudged = append(run.NotJudged, ledger.Unjudged{App: app})
		}
		if s.State != scanner.SourceOK {
			continue
		}
		if s.SideUnreadable > 0 {
			run.NotJudged = append(run.NotJudged, unjudgedKinds(app, scanner.RightsKinds)...)
		}
		run.Pulls[app] = scanner.PullFacts{AsOf: res.AsOf, Accounts: s.Read - s.Rejected, Enabled: s.Enabled, Rights: s.Entitlements}
	}
	if res.Sources[0].SideUnreadable > 0 {
		run.NotJudged = append(run.NotJudged, unjudgedKinds("", scanner.RoleKinds)...)
	}
	return run
}

func unjudgedKinds(app connectors.AppID, kinds []scanner.Kind) []ledger.Unjudged {
	var out []ledger.Unjudged
	for _, k := range kinds {
		out = append(out, ledger.Unjudged{App: app, Kind: k})
	}
	return out
}

// compare says what is new, still there, back and gone, by the ledger's register: each finding is held against the last
// run that could judge it, whatever came between.
func compare(c *config, led *ledger.Ledger, register map[scanner.FindingID]scanner.Seen, run *ledger.Run, r *report.Review) error {
	before, err := led.Roster()
	if err != nil {
		return err
	}
	r.Baseline = before == nil
	last, err := led.LastRun()
	if err != nil || last == nil {
		return err
	}
	d, baseline, err := led.Preview(*run)
	if err != nil {
		return err
	}
	accepted := nowAccepted(register, d, r.Result)
	said, err := told(c, led, slices.Concat(d.Gone, d.Unseen))
	if err != nil {
		return err
	}
	run.Unseen = append(leftOut(said, r.Result), accepted...)
	gone, unseen := d.Without(run.Unseen)
	if r.Result.AsOf < last.AsOf {
		r.Result.Notes = append(r.Result.Notes, fmt.Sprintf("this run judges %s, the last one judged %s: what it records goes back in time; ask about an earlier day with --as-of", r.Result.AsOf, last.AsOf))
	}
	isNew := map[scanner.FindingID]bool{} // although it is of the backlog
	for _, id := range baseline {
		isNew[id] = true
	}
	r.BacklogStart = len(baseline)
	for _, s := range register {
		if s.Backlog {
			r.BacklogStart++
		}
	}
	r.Backlog = func(id scanner.FindingID) bool { return register[id].Backlog || isNew[id] }
	r.Change = report.Change{LastRun: last.ID, New: slices.DeleteFunc(d.New, r.Backlog), Back: d.Back, Still: d.Still}
	unseen = slices.DeleteFunc(unseen, func(id scanner.FindingID) bool { return slices.Contains(accepted, id) })
	r.Change.Gone, r.Change.Unjudged = pick(said, gone), pick(said, unseen)
	return nil
}

// nowAccepted are those of the open findings, not found this time, that an exception or a ruling covers now: they are
// neither shown as open nor gone.
func nowAccepted(register map[scanner.FindingID]scanner.Seen, d ledger.Diff, res *scanner.Result) []scanner.FindingID {
	var accepted []scanner.FindingID
	for i := range res.Accepted {
		if id := res.Accepted[i].ID; register[id].Open && d.Lost(id) && !slices.Contains(accepted, id) {
			accepted = append(accepted, id)
		}
	}
	return accepted
}

// unseen is what rows that were left out would have told of.
type unseen struct {
	accounts, rights map[scanner.Related]bool // whole accounts; entitlements and credentials of accounts
	people, roles    map[connectors.PersonID]bool
}

func unseenBy(res *scanner.Result) unseen {
	u := unseen{map[scanner.Related]bool{}, map[scanner.Related]bool{}, map[connectors.PersonID]bool{}, map[connectors.PersonID]bool{}}
	for _, s := range res.Sources[1:] {
		for _, id := range s.Unseen {
			u.accounts[scanner.Related{App: connectors.AppID(s.Name), Account: id}] = true
		}
		for _, id := range s.UnseenRights {
			u.rights[scanner.Related{App: connectors.AppID(s.Name), Account: id}] = true
		}
	}
	for _, id := range res.Blind {
		u.people[id] = true
	}
	for _, id := range res.Sources[0].UnseenRoles {
		u.roles[id] = true
	}
	return u
}

// hides tells whether a finding could stand on a row that was left out.
func (u unseen) hides(f *scanner.Finding) bool {
	if u.people[f.Person] || u.roles[f.Person] && slices.Contains(scanner.RoleKinds, f.Kind) {
		return true
	}
	for _, at := range append([]scanner.Related{{App: f.App, Account: f.Account}}, f.Related...) {
		at.Entitlement = ""
		if u.accounts[at] || u.rights[at] && slices.Contains(scanner.RightsKinds, f.Kind) {
			return true
		}
	}
	return false
}

// leftOut are those of the absent findings that could stand on a row that was left out this time: they were not seen,
// which is not the same as gone.
func leftOut(absent map[scanner.FindingID]scanner.Finding, res *scanner.Result) []scanner.FindingID {
	u := unseenBy(res)
	var out []scanner.FindingID
	for id, f := range absent {
		if u.hides(&f) {
			out = append(out, id)
		}
	}
	return out
}

// toldBack is how many runs are looked through for what a finding said.
const toldBack = 30

// told finds what the latest recorded runs said of findings that this one does not have.
func told(c *config, led *ledger.Ledger, ids []scanner.FindingID) (map[scanner.FindingID]scanner.Finding, error) {
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[string(id)] = true
	}
	out := map[scanner.FindingID]scanner.Finding{}
	if len(wanted) == 0 {
		return out, nil
	}
	runs, err := led.Runs(toldBack)
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		if len(wanted) == 0 {
			break
		}
		if err := tellFrom(filepath.Join(c.State, "runs", run.ID, findingsName), wanted, out); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return out, nil
}

// tellFrom takes the wanted lines of one run, and only those: most lines are not even read as JSON.
func tellFrom(path string, wanted map[string]bool, out map[scanner.FindingID]scanner.Finding) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var lines bytes.Buffer
	s := bufio.NewScanner(f)
	s.Buffer(make([]byte, 0, 1<<16), 64<<20)
	prefix := []byte(`{"id":"`)
	for s.Scan() {
		rest, ok := bytes.CutPrefix(s.Bytes(), prefix)
		if end := bytes.IndexByte(rest, '"'); ok && end > 0 && wanted[string(rest[:end])] {
			lines.Write(s.Bytes())
			lines.WriteByte('\n')
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for finding, err := range report.ReadFindings(&lines) {
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		out[finding.ID] = finding
		delete(wanted, string(finding.ID))
	}
	return nil
}

// pick lists findings, the most severe first; of one that nobody can tell any more, the id alone.
func pick(said map[scanner.FindingID]scanner.Finding, ids []scanner.FindingID) []scanner.Finding {
	out := make([]scanner.Finding, 0, len(ids))
	for _, id := range slices.Sorted(slices.Values(ids)) {
		f, ok := said[id]
		if !ok {
			f.ID = id
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b scanner.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	return out
}
