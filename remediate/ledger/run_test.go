package ledger

import (
	"errors"
	"maps"
	"os"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/scanner"
)

// model is the register as a plain map would have it.
type model struct {
	seen   map[scanner.FindingID]scanner.Seen
	of     map[scanner.FindingID]scanner.Finding
	roster bool                      // one was accepted
	pulls  map[connectors.AppID]bool // apps that were read whole
}

// pulled tells whether every app the finding rests on was read whole before.
func (m *model) pulled(f scanner.Finding) bool {
	for _, r := range f.Related {
		if !m.pulls[r.App] {
			return false
		}
	}
	return m.pulls[f.App]
}

func (m *model) run(r Run, fs []scanner.Finding) (d Diff) {
	found := map[scanner.FindingID]bool{}
	for _, f := range fs {
		if found[f.ID] {
			continue
		}
		found[f.ID], m.of[f.ID] = true, f
		s, known := m.seen[f.ID]
		switch {
		case !known:
			s = scanner.Seen{First: r.AsOf, Backlog: !m.roster || !m.pulled(f)}
			d.New = append(d.New, f.ID)
		case s.Open:
			d.Still++
		default:
			d.Back = append(d.Back, f.ID)
		}
		m.seen[f.ID] = scanner.Seen{First: min(s.First, r.AsOf), Last: max(s.Last, r.AsOf), Times: s.Times + 1, Open: true, Backlog: s.Backlog}
	}
	for id, s := range m.seen {
		if found[id] || !s.Open {
			continue
		}
		if slices.Contains(r.Unseen, id) || slices.ContainsFunc(r.NotJudged, func(u Unjudged) bool { return hides(u, m.of[id]) }) {
			d.Unseen = append(d.Unseen, id)
			continue
		}
		s.Open = false
		m.seen[id] = s
		d.Gone = append(d.Gone, id)
	}
	m.roster = m.roster || r.Roster != nil
	for app := range r.Pulls {
		m.pulls[app] = true
	}
	for _, ids := range [][]scanner.FindingID{d.New, d.Back, d.Gone, d.Unseen} {
		slices.Sort(ids)
	}
	return d
}

func hides(u Unjudged, f scanner.Finding) bool {
	inApp := u.App == "" || u.App == f.App
	for _, r := range f.Related {
		inApp = inApp || u.App == r.App
	}
	return inApp && (u.Kind == "" || u.Kind == f.Kind)
}

// someFinding draws among few ids, so that they come, stay, go and return. What an id is about depends on the id alone.
func someFinding(t *rapid.T) scanner.Finding {
	n := rapid.IntRange(0, 25).Draw(t, "finding")
	apps := []connectors.AppID{"crm", "erp", "git"}
	f := finding(n, apps[n%3])
	if n%5 == 0 {
		f.Kind = scanner.SoDConflict
		f.Related = []scanner.Related{{App: f.App}, {App: apps[(n+1)%3]}}
	}
	return f
}

func someUnjudged(t *rapid.T) Unjudged {
	return Unjudged{
		App:  rapid.SampledFrom([]connectors.AppID{"", "crm", "erp"}).Draw(t, "app"),
		Kind: rapid.SampledFrom([]scanner.Kind{"", scanner.SoDConflict, scanner.StaleAccount}).Draw(t, "kind"),
	}
}

func TestRegisterAgainstAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "ledger")
		ok(t, err)
		defer os.RemoveAll(dir)
		l := begin(t, dir)
		m := model{map[scanner.FindingID]scanner.Seen{}, map[scanner.FindingID]scanner.Finding{}, false, map[connectors.AppID]bool{}}
		for n := range rapid.IntRange(1, 8).Draw(t, "runs") {
			fs := rapid.SliceOf(rapid.Custom(someFinding)).Draw(t, "findings")
			r := aRun(n, fs...)
			r.AsOf = monday + connectors.Date(rapid.IntRange(0, 9).Draw(t, "as-of")) // not always forward
			r.NotJudged = rapid.SliceOfN(rapid.Custom(someUnjudged), 0, 2).Draw(t, "not judged")
			r.Pulls = map[connectors.AppID]scanner.PullFacts{}
			for _, app := range []connectors.AppID{"crm", "erp", "git"} {
				if rapid.Bool().Draw(t, "read whole") {
					r.Pulls[app] = scanner.PullFacts{AsOf: r.AsOf, Accounts: 1}
				}
			}
			if rapid.Bool().Draw(t, "roster believed") {
				r.Roster = &scanner.RosterFacts{AsOf: r.AsOf, Records: 1, SHA256: "a"}
			}
			for _, id := range slices.Sorted(maps.Keys(m.seen)) {
				if rapid.IntRange(0, 9).Draw(t, "row left out") == 0 {
					r.Unseen = append(r.Unseen, id)
				}
			}
			preview, backlog, err := l.Preview(r)
			ok(t, err)
			want := m.run(r, fs)
			for _, id := range want.New {
				if m.seen[id].Backlog != slices.Contains(backlog, id) {
					t.Fatalf("run %d: %s is of the baseline: %v", n, id, m.seen[id].Backlog)
				}
			}
			if !reflect.DeepEqual(preview, want) {
				t.Fatalf("run %d: previewed %+v, want %+v", n, preview, want)
			}
			for range 2 { // the second time changes nothing
				got, err := l.RecordRun(r)
				ok(t, err)
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("run %d: got %+v, want %+v", n, got, want)
				}
			}
			if rapid.Bool().Draw(t, "reopen") {
				l = reopen(t, l)
			}
			rec, d, err := l.Run(r.ID)
			if err != nil || !reflect.DeepEqual(d, want) || rec.New != len(want.New) || rec.Findings != rec.New+rec.Still+rec.Back {
				t.Fatalf("run %d is kept as %+v, %+v, %v", n, rec, d, err)
			}
			got, err := l.Register()
			if err != nil || !maps.Equal(got, m.seen) {
				t.Fatalf("run %d: got %v, %v, want %v", n, got, err, m.seen)
			}
		}
		end(t, l)
	})
}

func TestAnotherRunUnderTheSameIDIsRefused(t *testing.T) {
	l := begin(t, t.TempDir())
	defer end(t, l)
	_, err := l.RecordRun(aRun(1, finding(1, "crm")))
	ok(t, err)
	if _, err := l.RecordRun(aRun(1, finding(2, "crm"))); err == nil {
		t.Error("it was recorded")
	}
	if reg, err := l.Register(); err != nil || len(reg) != 1 {
		t.Errorf("it left %v, %v", reg, err)
	}
}

func TestRunsNewestFirst(t *testing.T) {
	l := begin(t, t.TempDir())
	defer func() { end(t, l) }()
	if last, err := l.LastRun(); last != nil || err != nil {
		t.Fatalf("before the first: %v, %v", last, err)
	}
	for n := range 4 {
		r := aRun(n)
		r.ManifestSHA256 = "m"
		r.Pulls = map[connectors.AppID]scanner.PullFacts{"crm": {AsOf: r.AsOf, Accounts: n, Enabled: 1}}
		_, err := l.RecordRun(r)
		ok(t, err)
	}
	l = reopen(t, l)
	recs, err := l.Runs(3)
	ok(t, err)
	var ids []string
	for _, r := range recs {
		ids = append(ids, r.ID)
	}
	if !slices.Equal(ids, []string{"run-3", "run-2", "run-1"}) {
		t.Errorf("got %v", ids)
	}
	if recs, err := l.Runs(0); err != nil || len(recs) != 4 {
		t.Errorf("all: got %d, %v", len(recs), err)
	}
	last, err := l.LastRun()
	if err != nil || last.Seq != 4 || last.ManifestSHA256 != "m" || !last.At.Equal(noon.AddDate(0, 0, 3)) || !last.Complete {
		t.Errorf("last: got %+v, %v", last, err)
	}
	if p, err := l.Pull("crm"); err != nil || *p != (scanner.PullFacts{AsOf: monday + 3, Accounts: 3, Enabled: 1}) {
		t.Errorf("pull: got %+v, %v", p, err)
	}
	if p, err := l.Pull("erp"); p != nil || err != nil {
		t.Errorf("an app never pulled: got %+v, %v", p, err)
	}
	if _, _, err := l.Run("run-9"); !errors.Is(err, connectors.ErrNotFound) {
		t.Errorf("a run never recorded: got %v", err)
	}
}
