package scanner

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"rollcall/connectors"
)

// Input is all a scan reads.
type Input struct {
	Roster  connectors.Roster
	Apps    []App
	Policy  *Policy
	History History
	Domains []string // the company's own mail domains
	AsOf    connectors.Date
	Guard   RosterGuard
	Workers int              // sources judged at once; 0 means one
	Clock   func() time.Time // when pulls start and end, for the report only

	// Sink takes the accounts of one app, in the order the source gives them where it can; nil wants none. Each returned
	// function is called by one goroutine.
	Sink func(app connectors.AppID) func(*AccountLine) error
	// Found takes the findings of an app as soon as it is judged, and at the end, under no app, those that lie across apps:
	// in the order of CompareFindings, each valid until the next. It is called by several goroutines at once. nil keeps all
	// findings in the result.
	Found func(app connectors.AppID, findings iter.Seq[*Found]) error
	// Progress hears of every source that starts and ends; nil wants to hear nothing. Called by one goroutine at a time.
	Progress func(SourceReport, bool)
	// Step hears of each step as it begins (see the Step constants), with its source, "" across all of them; the function that
	// it returns hears of its end, with how far the source has come, and what failed. nil wants to hear nothing. It is called
	// by several goroutines at once.
	Step func(step, source string) (end func(*SourceReport, error))
}

// Steps of a scan. A pull takes the accounts whose owner is plain through matching and judging as they come; match is for the
// rest, once the app's own conventions are known, and judge for the verdicts that need all of its accounts.
const (
	StepPull  = "pull"
	StepMatch = "match"
	StepJudge = "judge"
)

func (in *Input) step(step, source string) func(*SourceReport, error) {
	if in.Step == nil {
		return func(*SourceReport, error) {}
	}
	return in.Step(step, source)
}

// RulesVersion is raised with every change after which the same inputs may give other findings: a sealed run is replayed
// only by the version that judged it.
const RulesVersion = 1

// remoteAtOnce is how many sources that are not local files are pulled side by side: they mostly wait.
const remoteAtOnce = 16

// Scan pulls the roster and every app, ties accounts to people and judges them. It fails only when nothing can be judged:
// no roster, or the context ended. A source that fails is in the result.
func Scan(ctx context.Context, in Input) (*Result, error) {
	s, err := begin(ctx, &in)
	if err != nil {
		return nil, err
	}
	judges, err := s.apps(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.finish(judges); err != nil {
		return nil, err
	}
	return s.result, nil
}

// scan is the state of one Scan.
type scan struct {
	in      *Input
	result  *Result
	matcher *matcher
	judge   *judge
	rulings []Ruling
	blind   blindSpots
	waiting sync.Pool  // of *waitingList, for the next app
	mu      sync.Mutex // guards calls of Progress
}

func begin(ctx context.Context, in *Input) (*scan, error) {
	s := &scan{in: in, result: &Result{AsOf: in.AsOf}}
	h := in.History
	s.progress(SourceReport{Name: "roster", Info: in.Roster.Info()}, false)
	end := in.step(StepPull, "roster")
	records, t, err := pullRoster(ctx, in.Roster, in.Clock)
	end(t.rep, err)
	s.progress(*t.rep, true)
	if err != nil {
		return nil, err
	}
	s.blind, s.result.Blind = t.blind, t.blind.People
	if err := s.trust(records, t.rep); err != nil {
		return nil, err
	}
	seen, err := h.Roles()
	if err != nil {
		return nil, err
	}
	links, err := h.Links()
	if err != nil {
		return nil, err
	}
	if s.rulings, err = h.Rulings(); err != nil {
		return nil, err
	}
	removals, err := h.Removals()
	if err != nil {
		return nil, err
	}
	missing, err := h.Missing()
	if err != nil {
		return nil, err
	}
	end = in.step(StepMatch, "roster")
	people := joinPeople(records, seen, in.AsOf)
	for _, l := range links {
		if !l.Not && people.ByID(l.Person) == nil {
			s.result.Notes = append(s.result.Notes, fmt.Sprintf("the link of %s %s names %s, who is not on the roster, and is not used", l.App, l.Account, l.Person))
		}
	}
	s.result.Records, s.result.People, s.result.Persons, s.result.Who = len(records), len(people.All), people.All, people.ByID
	s.matcher = newMatcher(people, matchSettings{Domains: in.Domains, Links: links, Rulings: s.rulings, AsOf: in.AsOf})
	s.judge = newJudge(judgeInput{AsOf: in.AsOf, People: people, Policy: in.Policy, Apps: in.Apps,
		Trusted: len(s.result.Untrusted) == 0, Removals: removals, Rulings: s.rulings, Missing: missing, Blind: s.result.Blind})
	end(nil, nil)
	return s, nil
}

// trust holds the roster against the last accepted one.
func (s *scan) trust(records []connectors.Person, rep *SourceReport) error {
	last, err := s.in.History.Roster()
	if err != nil {
		return err
	}
	s.result.Roster = rosterFacts(records, s.in.AsOf, rep.SHA256)
	facts := s.result.Roster
	switch {
	case rep.State != SourceOK:
		s.result.Untrusted = append(s.result.Untrusted, "it was not read whole: "+rep.Problem)
	case rep.Unreadable > 0:
		s.result.Untrusted = append(s.result.Untrusted, fmt.Sprintf("%d of its rows cannot be read so far as to say whose they are%s; mend them", rep.Unreadable, firstReject(rep)))
	case facts.Employed == 0:
		return fmt.Errorf("roster: nobody on %s works here: all %d records have ended; with it every account would look orphaned, so nothing was judged: export everybody, leavers and present people",
			rep.Info.Location, facts.Records)
	case facts.Employed == facts.Records && facts.Records >= 30:
		rep.Notes = append(rep.Notes, "nobody on it has left: check that the export includes leavers, or their accounts will look like nobody's")
	}
	s.result.Untrusted = append(s.result.Untrusted, distrust(s.result.Roster, last, s.in.Guard)...)
	if last != nil {
		rep.Previous = last.Records
		if len(s.result.Untrusted) > 0 && rep.Whole && rep.Unreadable == 0 {
			s.result.Notes = append(s.result.Notes, "if the change of the roster is true: rollcall roster diff, then rollcall roster accept --reason …")
		}
	}
	if len(s.result.Untrusted) > 0 && rep.State == SourceOK {
		rep.State, rep.Problem = SourceIncomplete, joinNotes(s.result.Untrusted)
	}
	s.result.Sources = append(s.result.Sources, *rep)
	return nil
}

// apps judges every app, the local ones by a few workers, and returns the judges in the configuration's order.
func (s *scan) apps(ctx context.Context) ([]*appJudge, error) {
	n := len(s.in.Apps)
	judges, reports, errs := make([]*appJudge, n), make([]*SourceReport, n), make([]error, n)
	var wg sync.WaitGroup
	pool := func(workers int, local bool) {
		queue := make(chan int)
		for range workers {
			wg.Go(func() {
				for i := range queue {
					judges[i], reports[i], errs[i] = s.app(ctx, &s.in.Apps[i])
				}
			})
		}
		wg.Go(func() {
			defer close(queue)
			for _, i := range s.order() {
				if s.in.Apps[i].Source.Info().Repeatable == local {
					queue <- i
				}
			}
		})
	}
	pool(max(1, s.in.Workers), true)
	pool(remoteAtOnce, false)
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	for i := range n {
		if errs[i] != nil {
			return nil, errs[i]
		}
		s.result.Sources = append(s.result.Sources, *reports[i])
	}
	return judges, nil
}

// order starts the sources in the order of their ids, in which whoever takes the findings may want them, but those first
// that are so large that the other workers would wait for them at the end.
func (s *scan) order() []int {
	order := make([]int, len(s.in.Apps))
	size := make([]int64, len(order))
	total := int64(0)
	for i := range order {
		order[i], size[i] = i, s.in.Apps[i].Source.Info().SizeHint
		total += size[i]
	}
	large := total / int64(4*max(1, s.in.Workers))
	slices.SortStableFunc(order, func(a, b int) int {
		if size[a] > large || size[b] > large {
			return -cmp.Compare(size[a], size[b])
		}
		return cmp.Compare(s.in.Apps[a].ID, s.in.Apps[b].ID)
	})
	return order
}

// app pulls, matches and judges one app. Its error is not the source's: that one is in the report.
func (s *scan) app(ctx context.Context, a *App) (*appJudge, *SourceReport, error) {
	grants, err := s.in.History.Grants(a.ID)
	if err != nil {
		return nil, nil, err
	}
	last, err := s.in.History.Pull(a.ID)
	if err != nil {
		return nil, nil, err
	}
	r := &appRun{scan: s, app: a, am: s.matcher.app(a.ID), aj: s.judge.app(a, grants)}
	r.t = newTally(string(a.ID), a.Source, connectors.Accounts, s.in.Clock)
	r.t.rep.Title, r.t.rep.Owner = a.Title, string(a.Owner)
	s.progress(*r.t.rep, false)
	if s.in.Sink != nil {
		r.sink = s.in.Sink(a.ID)
	}
	pullErr, err := r.pull(ctx)
	if err != nil {
		return nil, nil, err
	}
	end := s.in.step(StepJudge, string(a.ID))
	r.t.finish(pullErr)
	r.compare(last)
	r.aj.end(r.t.rep.State == SourceOK)
	if s.in.Found != nil && !s.judge.mining {
		if err := s.in.Found(a.ID, r.aj.open()); err != nil {
			return nil, nil, err
		}
	}
	end(r.t.rep, nil)
	s.progress(*r.t.rep, true)
	return r.aj, r.t.rep, nil
}

func (s *scan) finish(judges []*appJudge) error {
	defer s.in.step(StepJudge, "")(nil, nil)
	v := s.judge.finish(judges)
	s.result.Findings, s.result.Accepted, s.result.NotJudged = v.Findings, v.Accepted, v.NotJudged
	s.result.Notes = append(s.result.Notes, v.Notes...)
	if s.in.Found == nil {
		return nil
	}
	s.result.Findings = nil
	return s.in.Found("", func(yield func(*Found) bool) {
		for i := range v.Findings {
			if !yield(FoundOf(&v.Findings[i])) {
				return
			}
		}
	})
}

func (s *scan) progress(r SourceReport, ended bool) {
	if s.in.Progress == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.in.Progress(r, ended)
}
