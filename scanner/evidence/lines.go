package evidence

import (
	"encoding/hex"
	"errors"

	"rollcall/connectors"
)

// The lines about a pull that are not rows. Their keys are fixed here, whatever the vocabulary's fields come to be called.
type (
	infoLine struct {
		Kind        string                  `json:"kind"`
		Location    string                  `json:"location"`
		Parameters  string                  `json:"parameters"`
		Collections []connectors.Collection `json:"collections"`
		SignIn      signalLine              `json:"sign_in"`
		Use         signalLine              `json:"use"`
		GrantDate   signalLine              `json:"grant_date"`
		MFA         signalLine              `json:"mfa"`
		NoTimes     bool                    `json:"no_sign_in_times,omitempty"` // Signals.Off
		SizeHint    int64                   `json:"size_hint"`
		Repeatable  bool                    `json:"repeatable"`
	}
	signalLine struct {
		Given   bool `json:"given"`
		LagDays int  `json:"lag_days"`
	}
	pageLine struct {
		Of      connectors.Collection `json:"of"`
		Request string                `json:"request"`
		Bytes   int64                 `json:"bytes"`
		SHA256  string                `json:"sha256"`
	}
	totalLine struct {
		Of    connectors.Collection `json:"of"`
		Count int                   `json:"count"`
	}
	noteLine struct {
		Of   connectors.Collection `json:"of"`
		Text string                `json:"text"`
	}
	rejectLine struct {
		Of     connectors.Collection `json:"of"`
		Source string                `json:"source"`
		Line   int                   `json:"line,omitempty"`
		Why    string                `json:"why"`
		Row    *rejectedRow          `json:"row,omitempty"` // of a connectors.RejectedRow
	}
	rejectedRow struct {
		Account connectors.AccountID `json:"account,omitempty"`
		Repeats bool                 `json:"repeats,omitempty"`
		Person  *person              `json:"person,omitempty"`
	}
)

func newInfoLine(i connectors.Info) *infoLine {
	s := i.Signals
	return &infoLine{i.Kind, i.Location, i.Parameters, i.Collections, signalLine(s.SignIn), signalLine(s.Use), signalLine(s.GrantDate), signalLine(s.MFA), s.Off, i.SizeHint, i.Repeatable}
}

func (i *infoLine) value() connectors.Info {
	return connectors.Info{Kind: i.Kind, Location: i.Location, Parameters: i.Parameters, Collections: i.Collections,
		Signals:  connectors.Signals{SignIn: connectors.Signal(i.SignIn), Use: connectors.Signal(i.Use), GrantDate: connectors.Signal(i.GrantDate), MFA: connectors.Signal(i.MFA), Off: i.NoTimes},
		SizeHint: i.SizeHint, Repeatable: i.Repeatable}
}

func newPageLine(c connectors.Collection, p connectors.Page) pageLine {
	return pageLine{c, p.Request, p.Bytes, hex.EncodeToString(p.SHA256[:])}
}

func (l *pageLine) value() connectors.Page {
	p := connectors.Page{Request: l.Request, Bytes: l.Bytes}
	hex.Decode(p.SHA256[:], []byte(l.SHA256)[:min(len(l.SHA256), 2*len(p.SHA256))]) // what is no hash stays one that fits nothing
	return p
}

func newRejectLine(c connectors.Collection, w connectors.Where, err error) rejectLine {
	l := rejectLine{Of: c, Source: w.Source, Line: w.Line, Why: err.Error()}
	var row *connectors.RejectedRow
	if !errors.As(err, &row) {
		return l
	}
	l.Row = &rejectedRow{Account: row.Account, Repeats: row.Repeats}
	if p := row.Person; p != nil {
		l.Row.Person = &person{ID: p.ID, FirstName: p.FirstName, LastName: p.LastName, FormerLastName: p.FormerLastName,
			PreferredName: p.PreferredName, DisplayName: p.DisplayName, WorkEmail: p.WorkEmail, PersonalEmail: p.PersonalEmail, Aliases: p.Aliases}
	}
	return l
}

// err is the error as Trace.Reject was given it, so far as anybody asks.
func (l *rejectLine) err() error {
	why := errors.New(l.Why)
	if l.Row == nil {
		return why
	}
	row := &connectors.RejectedRow{Err: why, Account: l.Row.Account, Repeats: l.Row.Repeats}
	if l.Row.Person != nil {
		p := l.Row.Person.value()
		row.Person = &p
	}
	return row
}
