package connectortest

import (
	"cmp"
	"slices"
	"testing"

	"rollcall/connectors"
)

// commonChecks are the promises of rosters and apps alike about a pull that succeeds; those about pulls that do not are
// in checks_stop.go.
func commonChecks[R any]() []check[R] {
	return []check[R]{
		{"says what it reads", checkInfo[R]},
		{"is no more than its Spec says", checkSpec[R]},
		{"yields every wanted row", checkWanted[R]},
		{"ends each collection once, after its last row", checkEnds[R]},
		{"accounts for every row", checkTotals[R]},
		{"records its pages", checkPages[R]},
		{"has unique ids", checkIDs[R]},
		{"names where rows came from", checkFrom[R]},
		{"yields rows that can be kept", checkKept[R]},
		{"reads the same again", checkRepeat[R]},
		{"keeps its secret", checkSecret[R]},
		{"fails closed", checkBroken[R]},
		{"stops when told", checkEarlyStop[R]},
		{"stops when cancelled", checkCancel[R]},
	}
}

func checkInfo[R any](tb testing.TB, s suite[R]) {
	before := s.info
	if before.Kind == "" || before.Location == "" || before.Parameters == "" {
		tb.Errorf("Info must name kind, location and parameters (\"none\" says there are none): %+v", before)
	}
	if !slices.Contains(before.Collections, s.main) {
		tb.Errorf("Info.Collections %q lacks %q", before.Collections, s.main)
	}
	if n := len(slices.Compact(slices.Sorted(slices.Values(before.Collections)))); n != len(before.Collections) {
		tb.Errorf("Info.Collections %q names one twice", before.Collections)
	}
	if after := s.src.Info(); text(before) != text(after) {
		tb.Errorf("Info changed with the pull:\nbefore %+v\nafter  %+v", before, after)
	}
}

// checkSpec is for what people are told of a kind of source before they have one.
func checkSpec[R any](tb testing.TB, s suite[R]) {
	if s.spec.Title == "" {
		return
	}
	for _, c := range s.info.Collections {
		if !slices.Contains(s.spec.Collections, c) {
			tb.Errorf("it reads %q, which its Spec does not say", c)
		}
	}
	for _, x := range []struct {
		name     string
		is, said connectors.Signal
	}{
		{"SignIn", s.info.Signals.SignIn, s.spec.Signals.SignIn}, {"Use", s.info.Signals.Use, s.spec.Signals.Use},
		{"GrantDate", s.info.Signals.GrantDate, s.spec.Signals.GrantDate}, {"MFA", s.info.Signals.MFA, s.spec.Signals.MFA},
	} {
		if x.is.Given && (!x.said.Given || x.is.LagDays > x.said.LagDays) {
			tb.Errorf("it gives the signal %s (%d days late), its Spec says %+v", x.name, x.is.LagDays, x.said)
		}
	}
	app, ok := s.src.Source.(connectors.App)
	if !ok {
		return
	}
	var said connectors.Abilities
	for _, a := range s.spec.Abilities {
		said |= connectors.Abilities(a.Ability)
	}
	if more := connectors.AbilitiesOf(app) &^ said; more != 0 {
		tb.Errorf("it has abilities (%b) that its Spec does not say", more)
	}
}

func checkWanted[R any](tb testing.TB, s suite[R]) {
	got := make(map[string]R, len(s.rows))
	for _, r := range s.rows {
		got[s.id(r)] = r
	}
	for _, w := range s.want {
		r, ok := got[s.id(w)]
		if !ok {
			tb.Errorf("%q was not yielded", s.id(w))
		}
		if diff := unlike(w, r); ok && diff != "" {
			tb.Errorf("%q: %s", s.id(w), diff)
		}
		delete(got, s.id(w))
	}
	for id := range got {
		tb.Errorf("%q was yielded but is not wanted", id)
	}
}

func checkEnds[R any](tb testing.TB, s suite[R]) {
	ends := map[connectors.Collection]int{}
	for _, c := range s.trace.Ends {
		ends[c]++
	}
	for _, c := range s.info.Collections {
		if ends[c] != 1 {
			tb.Errorf("%q ended %d times; want once", c, ends[c])
		}
		delete(ends, c)
	}
	for c := range ends {
		tb.Errorf("%q ended but is not in Info.Collections", c)
	}
	if s.afterEnd > 0 {
		tb.Errorf("%d rows came after the end of %q", s.afterEnd, s.main)
	}
}

func checkTotals[R any](tb testing.TB, s suite[R]) {
	rejected := s.trace.Rejected(s.main)
	if rejected != s.rejects {
		tb.Errorf("%d rows of %q were rejected; want %d", rejected, s.main, s.rejects)
	}
	for _, t := range s.trace.Totals {
		if t.Collection == s.main && t.N != len(s.rows)+rejected {
			tb.Errorf("the total of %q is %d, but %d rows were yielded and %d rejected", s.main, t.N, len(s.rows), rejected)
		}
	}
	for _, r := range s.trace.Rejects {
		if r.Err == nil || r.Where.Source == "" {
			tb.Errorf("a rejected row must say where it is and why: %+v", r)
		}
	}
}

func checkPages[R any](tb testing.TB, s suite[R]) {
	if len(s.trace.Pages) == 0 {
		tb.Error("no page was recorded")
	}
	for i, p := range s.trace.Pages {
		if p.Request == "" || p.Bytes <= 0 || p.SHA256 == [32]byte{} {
			tb.Errorf("page %d must have a request, its bytes and their hash: %+v", i+1, p)
		}
	}
}

func checkIDs[R any](tb testing.TB, s suite[R]) {
	seen := map[string]bool{}
	for i, r := range s.rows {
		id := s.id(r)
		if id == "" {
			tb.Errorf("row %d has no id", i+1)
		}
		if seen[id] {
			tb.Errorf("%q was yielded twice", id)
		}
		seen[id] = true
	}
}

func checkFrom[R any](tb testing.TB, s suite[R]) {
	for _, r := range s.rows {
		if s.from(r).Source == "" {
			tb.Fatalf("%q does not say where it came from", s.id(r))
		}
	}
}

// checkKept finds rows that change after a consumer kept them: strings over a buffer that is used again, and for
// people, who need no Clone, slices of that sort.
func checkKept[R any](tb testing.TB, s suite[R]) {
	for i, r := range s.rows {
		if now := text(r); now != s.texts[i] {
			tb.Fatalf("row %d changed after it was kept:\nwas %s\nis  %s", i+1, s.texts[i], now)
		}
	}
}

// checkRepeat pulls twice: a repeatable source must give the same in the same order; another one, opened again over the
// same data, the same rows.
func checkRepeat[R any](tb testing.TB, s suite[R]) {
	src := s.src
	if !s.info.Repeatable {
		src = s.open(tb)
	}
	second := record(tb.Context(), s, src, nil)
	if second.err != nil {
		tb.Fatalf("the second pull failed: %v", second.err)
	}
	if len(s.trace.Rejects) != len(second.trace.Rejects) {
		tb.Errorf("the first pull rejected %d rows, the second %d", len(s.trace.Rejects), len(second.trace.Rejects))
	}
	a, b := s.comparable(s.recording), s.comparable(second)
	if len(a) != len(b) {
		tb.Fatalf("the first pull gave %d rows, the second %d", len(a), len(b))
	}
	for i := range a {
		if a[i] != b[i] {
			tb.Fatalf("the second pull differs:\nfirst  %s\nsecond %s", a[i].text, b[i].text)
		}
	}
}

type line struct{ id, text string }

// comparable lists rows; for a source that had to be opened again, without what that may change: where a row came from
// (a port, a temporary folder) and the order.
func (s suite[R]) comparable(rec recording[R]) []line {
	out := make([]line, len(rec.rows))
	for i, r := range rec.rows {
		out[i] = line{s.id(r), text(r)}
		if !s.info.Repeatable {
			out[i].text = text(without(r, "From"))
		}
	}
	if !s.info.Repeatable {
		slices.SortFunc(out, func(a, b line) int { return cmp.Compare(a.id, b.id) })
	}
	return out
}
