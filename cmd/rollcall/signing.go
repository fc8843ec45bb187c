package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/report/opcsign"
	"rollcall/report/signkey"
)

// options are what the workbook of a run is signed with.
func (s *signing) options(run string) opcsign.Options {
	return opcsign.Options{Signer: s.Signer, Certificate: s.Certificate, Time: s.At, Comments: cmp.Or(s.Purpose, "Access review "+run), Timestamp: s.Timestamp}
}

// mayBeSigned reads the key for a run's workbook. A run whose workbook cannot be signed is better than none: it goes on,
// and the workbook and standard error say that it is not signed, and why.
func (p *program) mayBeSigned(c *config, o runOptions, r *report.Review) *signing {
	if !o.Workbook {
		return nil
	}
	sign, err := c.signing(p.now())
	if err != nil {
		r.Result.Notes = append(r.Result.Notes, "the workbook is NOT SIGNED: "+err.Error())
		fmt.Fprintf(p.stderr, "rollcall: the workbook is NOT SIGNED: %v\n", err)
	}
	return sign
}

// sayTimestamp says that a signature has no timestamp although one was asked for.
func (p *program) sayTimestamp(result *opcsign.Result) {
	if result != nil && result.NoTimestamp != nil {
		fmt.Fprintf(p.stderr, "rollcall: the workbook is signed, without a timestamp: %v\n", result.NoTimestamp)
	}
}

// signWorkbook writes a workbook of a recorded run again, signs it where [sign] says with what, and has the ledger know it.
func (p *program) signWorkbook(ctx context.Context, c *config, led *ledger.Ledger, dir, out string, r *report.Review, asked *reportFlags, what string) error {
	sign, err := c.signing(p.now())
	if err != nil {
		return err
	}
	result, err := workbookFrom(ctx, dir, out, r, asked, sign)
	if err != nil {
		return err
	}
	p.sayTimestamp(result)
	return p.recordWorkbook(led, r.Run, out, what, sign, p.now())
}

// recordWorkbook has the ledger know a workbook by its hash.
func (p *program) recordWorkbook(led *ledger.Ledger, run, path, what string, sign *signing, at time.Time) error {
	_, sum, err := hashFile(path)
	if err != nil {
		return err
	}
	w := ledger.Workbook{Run: run, SHA256: sum, What: what, At: at, Actor: p.actor()}
	if sign != nil {
		w.Signed = signkey.Fingerprint(sign.Certificate)
	}
	return led.RecordWorkbook(w)
}
