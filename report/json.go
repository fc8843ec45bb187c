package report

import (
	"encoding/json"
	"fmt"
	"io"

	"rollcall/scanner"
)

// RunDocument is what a program wants to know of a run: how it went, source by source. A run that was not complete says
// so here as it does everywhere.
type RunDocument struct {
	Run       string           `json:"run"`
	Version   string           `json:"version"`
	AsOf      string           `json:"as_of"`
	Complete  bool             `json:"complete"`
	Verdict   string           `json:"verdict"`
	Untrusted []string         `json:"roster_not_trusted"`
	Sources   []SourceDocument `json:"sources"`
	NotJudged []notJudged      `json:"not_assessable"`
	Notes     []string         `json:"notes"`
	Record    *Record          `json:"record,omitempty"` // only in a run's folder
}

// SourceDocument is how one source fared.
type SourceDocument struct {
	Name      string `json:"name"`
	Kind      string `json:"kind"`
	Location  string `json:"location"`
	State     string `json:"state"`
	Problem   string `json:"problem"`
	Read      int    `json:"read"`
	Matched   int    `json:"matched"`
	Unmatched int    `json:"unmatched"`
	NonHuman  int    `json:"non_human"`
	Rejected  int    `json:"rejected"`
	SideRows  int    `json:"rejected_of_other_lists"`
	TiesOut   *bool  `json:"ties_out"` // null: nothing was read that could
	Rights    int    `json:"entitlements"`
	Whole     bool   `json:"read_to_its_end"`
	SHA256    string `json:"sha256"`
	Tenant    string `json:"tenant,omitempty"` // whose accounts they are, by the service's own id
}

type notJudged struct {
	Kind  scanner.Kind `json:"kind"`
	App   string       `json:"app"`
	Why   string       `json:"why"`
	Count int          `json:"count"`
}

func documentOf(r *Review) RunDocument {
	d := RunDocument{Run: r.Run, Version: r.Version, AsOf: r.Result.AsOf.String(), Complete: r.Result.Complete(), Verdict: Summarize(r).Verdict,
		Untrusted: append([]string{}, r.Result.Untrusted...), Sources: []SourceDocument{}, NotJudged: []notJudged{}, Notes: append([]string{}, r.Result.Notes...)}
	for i := range r.Result.Sources {
		s := &r.Result.Sources[i]
		var ties *bool
		if !unread(s) {
			ties = new(bool)
			*ties = s.TiesOut()
		}
		tenant := ""
		if s.Self != nil {
			tenant = s.Self.Tenant
		}
		d.Sources = append(d.Sources, SourceDocument{s.Name, s.Info.Kind, s.Info.Location, string(s.State), s.Problem, s.Read, s.Matched,
			s.Unmatched, s.NonHuman, s.Rejected, s.SideRejected, ties, s.Entitlements, s.Whole, s.SHA256, tenant})
	}
	for _, n := range r.Result.NotJudged {
		d.NotJudged = append(d.NotJudged, notJudged{n.Kind, string(n.App), n.Why, n.Count})
	}
	return d
}

// WriteJSON writes one JSON object: how the run went, source by source, and its findings as WriteJSONL has them.
func WriteJSON(w io.Writer, r *Review) error {
	head, err := json.Marshal(documentOf(r))
	if err != nil {
		return err
	}
	if _, err := w.Write(append(head[:len(head)-1], `,"findings":[`...)); err != nil {
		return err
	}
	if len(r.Result.Findings) == 0 {
		_, err := io.WriteString(w, "]}\n")
		return err
	}
	return writeEach(w, r.Result.Findings, "\n", ",\n", "]}\n")
}

// ReadRun reads what WriteRun wrote.
func ReadRun(b []byte) (*RunDocument, error) {
	var d RunDocument
	if err := json.Unmarshal(b, &d); err != nil {
		return nil, fmt.Errorf("run.json: %w", err)
	}
	return &d, nil
}
