// Package report says what a run found: as lines of JSON, as CSV, in a terminal, and as a workbook for people and
// auditors. Bytes go in and out: it opens no file, reads no clock and no environment.
package report

import (
	"iter"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Review is all that a report of one run says. Every output is made from it alone (and the workbook from the accounts).
type Review struct {
	Run            string // id of the run
	Version        string // of rollcall, with its commit
	By             string // who or what ran it: user and host
	Started, Ended time.Time
	Result         *scanner.Result
	Digest         *Digest // of the findings, where they are not in the result
	Change         Change
	Baseline       bool                         // the first run: everything found is backlog
	Backlog        func(scanner.FindingID) bool // whether the first run had it; nil = none
	BacklogStart   int                          // how many findings the first run had
	Config         string                       // hash of the configuration
	Policy         string                       // hash of the policy
	Manifest       string                       // hash of the run's manifest; empty when nothing was sealed
	SignOff        *SignOff                     // who acknowledged the review; nil: nobody did
	Filter         string                       // what the reader asked to see only part by, as "--app entra"; empty = everything
	Paths          Paths
	Program        string // how rollcall was started, for the commands a reader is given; empty = rollcall
	Flags          string // what those commands need to find the same configuration and state, as "--config review.toml"

	// Findings gives the findings where they are not in the result; the digest is then needed as well.
	Findings FindingsFunc
	// What the policy says: accepted risks, and who answers for accounts that are nobody's own.
	Exceptions []scanner.Exception
	Kept       map[string][]scanner.FindingID // by the exception that somebody's decision to keep is: the findings it is about
	Register   []scanner.ServiceAccount
	Decisions  []Decision
	Actions    []Action
	Period     *Period // a report of several runs; nil: of one
	Target     *Target // how soon leavers' access is to be gone; nil: not set
	// Pseudonymous says that nobody is named, and how to get back to them; empty: people are named.
	Pseudonymous string
	Framework    string // the one whose controls are mapped; empty = every one

	// Person gives what the roster says of an id; nil, or a nil answer, when it says nothing.
	Person func(connectors.PersonID) *scanner.Person
	// NextStep says what to do about findings of a kind; nil when there is nothing to say.
	NextStep func(scanner.Kind, string) string

	registered func(connectors.AppID, connectors.AccountID, string) *scanner.ServiceAccount // instead of Register
}

// FindingsFunc gives the findings of some kinds, or of all kinds if none is named, in the order of every report. It may be
// asked more than once; a finding is valid until the next.
type FindingsFunc func(kinds ...scanner.Kind) iter.Seq2[*scanner.Finding, error]

// FindingsOf is a FindingsFunc for findings that are all at hand, in the order of every report.
func FindingsOf(list []scanner.Finding) FindingsFunc {
	return func(kinds ...scanner.Kind) iter.Seq2[*scanner.Finding, error] {
		return func(yield func(*scanner.Finding, error) bool) {
			for i := range list {
				if f := &list[i]; (len(kinds) == 0 || slices.Contains(kinds, f.Kind)) && !yield(f, nil) {
					return
				}
			}
		}
	}
}

// Where gives those of the findings that keep holds for.
func (f FindingsFunc) Where(keep func(*scanner.Finding) bool) FindingsFunc {
	return func(kinds ...scanner.Kind) iter.Seq2[*scanner.Finding, error] {
		return func(yield func(*scanner.Finding, error) bool) {
			for x, err := range f(kinds...) {
				if (err != nil || keep(x)) && !yield(x, err) {
					return
				}
			}
		}
	}
}

// findings are those of the review, wherever they are.
func (r *Review) findings(kinds ...scanner.Kind) iter.Seq2[*scanner.Finding, error] {
	if r.Findings != nil {
		return r.Findings(kinds...)
	}
	return FindingsOf(r.Result.Findings)(kinds...)
}

// SignOff is a manager's acknowledgement of a review, apart from the decisions in it.
type SignOff struct {
	Name, Role, Statement string
	At                    time.Time
	Manifest              string // hash of the manifest that was acknowledged
}

// Paths are where the run left its files, as people would type them. Empty ones were not written.
type Paths struct{ Dir, Findings, Accounts, Workbook string }

// Change is the difference to the last run that asked the same.
type Change struct {
	LastRun string // empty: there was none
	New     []scanner.FindingID
	Still   int
	Back    []scanner.FindingID // had gone before, and are back
	// Gone and Unjudged are told as far as they are known, which may be by nothing but their ids.
	Gone     []scanner.Finding // what an exception covers now has not gone
	Unjudged []scanner.Finding // were there last time; what they rest on could not be read or trusted now, so they are neither still there nor gone
}

// backlog tells whether the first run already had a finding.
func (r *Review) backlog(id scanner.FindingID) bool { return r.Backlog != nil && r.Backlog(id) }

// digest is what the short reports are made from.
func (r *Review) digest() *Digest {
	if r.Digest != nil {
		return r.Digest
	}
	return digestOf(r.Result.Findings)
}

// command is what to type for one of rollcall's commands, as the reader started it.
func (r *Review) command(args ...string) string {
	return joinNonEmpty(" ", orWord(r.Program, "rollcall"), joinNonEmpty(" ", args...), r.Flags)
}

// ranBy says who ran it.
func (r *Review) ranBy() string {
	switch {
	case r.By == "":
		return "nobody named"
	case strings.HasPrefix(r.By, "uid "): // a user without a name
		return r.By
	}
	return "user " + r.By
}

// madeBy says which rollcall it was. Go calls a build that is no release "(devel)".
func (r *Review) madeBy() string {
	v := strings.TrimSpace(strings.TrimPrefix(r.Version, "rollcall"))
	if rest, devel := strings.CutPrefix(v, "(devel)"); devel || v == "" {
		return "rollcall, development build" + rest
	}
	return "rollcall " + v
}

// name is what people call a person, with the id that tells namesakes apart; empty for nobody.
func (r *Review) name(id connectors.PersonID) string {
	if id == "" {
		return ""
	}
	if name := r.plainName(id); name != "" {
		return name + " (" + string(id) + ")"
	}
	return string(id)
}

// plainName is what people call a person; empty when the roster does not say.
func (r *Review) plainName(id connectors.PersonID) string {
	if p := r.person(id); p != nil && p.Now != nil {
		return p.Name()
	}
	return ""
}

func (r *Review) person(id connectors.PersonID) *scanner.Person {
	if r.Person == nil || id == "" {
		return nil
	}
	return r.Person(id)
}

func (r *Review) nextStep(f *scanner.Finding) string {
	if r.NextStep == nil {
		return ""
	}
	return r.NextStep(f.Kind, f.Reason)
}

// subject says of which access a finding speaks, and whose it is.
func (r *Review) subject(f *scanner.Finding) string {
	owner := r.name(f.Person)
	switch {
	case owner == "" && f.Kind == scanner.OwnerlessAccount:
		owner = "no owner named"
	case owner == "":
		owner = "owner unknown"
	case f.Kind == scanner.UnconfirmedOwner:
		owner = "perhaps " + owner
	}
	account := f.Login()
	if account == "" {
		account = "no account"
	}
	return joinNonEmpty(" · ", string(f.App), account, string(f.Entitlement), owner)
}
