package report

import (
	"context"
	"io"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/report/opcsign"
	"rollcall/scanner"
)

// Proof is what one run and those before it show of one person: for each app whether their access is closed.
type Proof struct {
	Run      string
	Version  string
	By       string
	AsOf     connectors.Date
	Read     time.Time // when the run began to read
	Manifest string
	Person   connectors.PersonID
	Name     string
	HR       []string // what HR's records say
	Apps     []ProofApp
	Unread   []UnreadApp
}

// ProofState is what is known of a person in an app.
type ProofState string

const (
	ProofOpen       ProofState = "OPEN"
	ProofLikely     ProofState = "OPEN?"       // an account that is likely theirs, and not confirmed
	ProofClosed     ProofState = "closed"      // every account of theirs is disabled
	ProofNone       ProofState = "no account"  // the list was read whole, and none is theirs
	ProofNotChecked ProofState = "NOT CHECKED" // the list was not read whole
)

// ProofApp is one app.
type ProofApp struct {
	App      string
	State    ProofState
	Why      string          // of NOT CHECKED
	Since    connectors.Date // the day of the first of the runs in a row that saw it so
	Runs     int             // how many of them
	Accounts []AccountRow
	How      string    // the source that said so
	At       time.Time // when it was read
}

// UnreadApp is an app that somebody is given access to by a directory, and that no source reads.
type UnreadApp struct {
	Name, Directory, Login, Entitlement string
}

// Open tells whether something is open, or could not be checked.
func (p *Proof) Open() bool {
	for _, a := range p.Apps {
		if a.State != ProofClosed && a.State != ProofNone {
			return true
		}
	}
	return len(p.Unread) > 0
}

// WriteProof writes a proof as a workbook of one page, signed where sign is not nil.
func WriteProof(ctx context.Context, w io.Writer, p *Proof, sign *opcsign.Options) (result *opcsign.Result, err error) {
	r := &Review{Run: p.Run, Version: p.Version, By: p.By, Started: p.Read, Ended: p.Read, Manifest: p.Manifest, Result: &scanner.Result{AsOf: p.AsOf}}
	b := newBook(r, &Summary{Verdict: p.verdict()})
	defer b.f.Close()
	b.proof(p)
	b.printTitles()
	b.states()
	made, err := b.parts()
	if err != nil {
		return nil, err
	}
	out := newPack(w, sign != nil)
	if sign == nil {
		return nil, out.finish(made, nil)
	}
	err = out.finish(made, func(c *opcsign.Content) (entries []opcsign.Entry, err error) {
		entries, result, err = c.Sign(ctx, *sign)
		return entries, err
	})
	return result, err
}

// verdict is the whole of it in a sentence.
func (p *Proof) verdict() string {
	var open, unsure []string
	for _, a := range p.Apps {
		switch a.State {
		case ProofOpen:
			open = append(open, a.App)
		case ProofLikely, ProofNotChecked:
			unsure = append(unsure, a.App)
		}
	}
	for _, u := range p.Unread {
		unsure = append(unsure, u.Name)
	}
	switch {
	case len(open) > 0:
		return "OPEN in " + strings.Join(open, ", ") + "."
	case len(unsure) > 0:
		return "Nothing was found open, but not everything could be checked: " + strings.Join(unsure, ", ") + "."
	}
	return "Closed in every app that is read: each account of this person is disabled, or there is none."
}

func (b *book) proof(p *Proof) {
	g := b.page("Proof", "Access of "+p.Name+" ("+string(p.Person)+"), as of "+p.AsOf.String(), layout{paper: a4, wide: 1})
	look := b.st.heading
	if p.Open() {
		look = b.st.alarm
	}
	g.text(look, p.verdict())
	for _, line := range p.HR {
		g.text(b.st.plain, "HR says: "+line)
	}
	g.text(b.st.note, "\"No account\" and \"closed\" are what the app's own list said when it was read; \"since\" is the day of the first of the recorded runs in a row that saw it so, not the day it was done. Times are UTC.")
	var rows, accounts [][]any
	for _, a := range p.Apps {
		since := any(a.Since)
		if !a.Since.Known() {
			since = "not known"
		}
		rows = append(rows, []any{a.App, said{string(a.State), b.proofStyle(a.State)}, since, a.Runs, orWord(a.How, "nothing"), a.At, a.Why})
		for i := range a.Accounts {
			acc := &a.Accounts[i]
			signIn := any(acc.LastSignIn)
			if !acc.LastSignIn.Known() {
				signIn = "none on record"
			}
			accounts = append(accounts, []any{a.App, string(acc.Account), acc.Username, enabledWord(acc.Enabled), signIn, acc.Grade.String() + " by " + acc.By.String(), acc.Row})
		}
	}
	g.table("ProofApps", "App by app", "No app is configured.", []string{"App", "Access", "Seen so since", "Runs in a row", "Seen in", "Read at (UTC)", "Why not checked"}, rows)
	g.table("ProofAccounts", "The accounts", "No account is this person's.", []string{"App", "Account ID", "Username", "State", "Last sign-in", "Whose it is, settled by", "Read from"}, accounts)
	var unread [][]any
	for _, u := range p.Unread {
		unread = append(unread, []any{u.Name, said{string(ProofNotChecked), b.st.bad}, u.Directory, u.Login, u.Entitlement})
	}
	g.table("ProofUnread", "Apps given through a directory that no source reads", "None is known: no directory here gives this person another app, as far as its configuration says how to tell.",
		[]string{"App", "Access", "Given by", "Account there", "Entitlement"}, unread)
	g.table("ProofRun", "Where this comes from", "", []string{"What", "Value"}, [][]any{{"Run", p.Run}, {"Manifest, SHA-256", orWord(p.Manifest, "none: the run was not sealed")}, {"Made by", b.r.madeBy()}, {"Run by", b.r.ranBy()}})
	g.done()
}

func (b *book) proofStyle(s ProofState) int {
	switch s {
	case ProofOpen:
		return b.st.worst
	case ProofLikely, ProofNotChecked:
		return b.st.warn
	}
	return b.st.good
}

func enabledWord(t connectors.Tri) string {
	switch t {
	case connectors.Yes:
		return "enabled"
	case connectors.No:
		return "disabled"
	}
	return "not provided"
}
