package scanner

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"

	"rollcall/connectors"
)

// Found is a finding as a scan hands it on, valid until the next one. Most findings are only counted and written down, so
// that nothing of it is a string of its own, and what takes long to say is in the form of JSON already; who wants to keep
// one, or to read it, asks for its Finding.
type Found struct {
	Number      uint64 // of the id: see FindingID
	Kind        Kind
	Reason      string
	Severity    Severity
	App         connectors.AppID
	Account     []byte
	Entitlement []byte
	Person      connectors.PersonID
	Related     []Related
	Group       []byte // empty where that is the id
	Grade       Grade
	By          By
	Why         []byte    // the inside of a JSON string
	Facts       [2][]byte // members of a JSON object, each with a comma before it; no name is there twice
	FirstSeen   connectors.Date
	TimesSeen   int
	BackAgain   bool

	whole *Finding
}

// FoundOf is a finding that is whole as one handed on; it holds on to f.
func FoundOf(f *Finding) *Found {
	n, _ := f.ID.Number()
	return &Found{Number: n, Kind: f.Kind, Reason: f.Reason, Severity: f.Severity, App: f.App, Account: []byte(f.Account),
		Entitlement: []byte(f.Entitlement), Person: f.Person, Related: f.Related, FirstSeen: f.FirstSeen, TimesSeen: f.TimesSeen,
		BackAgain: f.BackAgain, whole: f}
}

// ID is the finding's id.
func (f *Found) ID() FindingID {
	if f.whole != nil {
		return f.whole.ID
	}
	return IDOf(f.Number)
}

// Whole tells whether the finding was whole before it was handed on: then its Finding is all there is of it.
func (f *Found) Whole() bool { return f.whole != nil }

// Controls are those the finding is evidence for.
func (f *Found) Controls() []string { return controls[f.Kind] }

// Finding is the finding as one can keep it. Where facts are named, it has no others.
func (f *Found) Finding(facts ...string) *Finding {
	if f.whole != nil {
		w := *f.whole
		w.FirstSeen, w.TimesSeen, w.BackAgain = f.FirstSeen, f.TimesSeen, f.BackAgain
		if len(facts) > 0 {
			w.Evidence = slices.DeleteFunc(slices.Clone(w.Evidence), func(e Fact) bool { return !slices.Contains(facts, e.Name) })
		}
		return &w
	}
	w := &Finding{ID: f.ID(), Kind: f.Kind, Reason: f.Reason, Severity: f.Severity, App: f.App, Account: connectors.AccountID(f.Account),
		Entitlement: connectors.EntitlementID(f.Entitlement), Person: f.Person, Related: f.Related, Group: string(f.Group), Grade: f.Grade, By: f.By,
		Why: plainText(f.Why), Controls: controls[f.Kind], FirstSeen: f.FirstSeen, TimesSeen: f.TimesSeen, BackAgain: f.BackAgain}
	if w.Group == "" {
		w.Group = string(w.ID)
	}
	for _, some := range f.Facts {
		w.Evidence = cutFacts(w.Evidence, some, facts...)
	}
	return w
}

// IDOf is the id of this number.
func IDOf(n uint64) FindingID { return FindingID(AppendID(make([]byte, 0, 18), n)) }

// AppendID appends the id of this number.
func AppendID(dst []byte, n uint64) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	return hex.AppendEncode(append(dst, "f-"...), b[:])
}

// Number packs an id; ok is false for one that no scan gives.
func (id FindingID) Number() (n uint64, ok bool) {
	var b [8]byte
	digits, ok := strings.CutPrefix(string(id), "f-")
	if !ok || len(digits) != 16 || strings.Trim(digits, "0123456789abcdef") != "" {
		return 0, false
	}
	_, err := hex.Decode(b[:], []byte(digits))
	return binary.BigEndian.Uint64(b[:]), err == nil
}
