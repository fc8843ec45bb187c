package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"rollcall/report/opcsign"
)

// WriteWorkbook writes the workbook of a review; population yields every account, and an error from it ends the writing:
// a workbook with a part of the population is none. The same review and accounts give the same bytes.
//
// Rows of the long sheets go straight into the file. How many there are is known only then, so the workbook around them
// is built twice: once for the frames that the rows go into, and once, with the counts, for everything else.
func WriteWorkbook(w io.Writer, r *Review, population iter.Seq2[AccountRow, error]) error {
	return writeWorkbook(w, r, population, maxRows)
}

func writeWorkbook(w io.Writer, r *Review, population iter.Seq2[AccountRow, error], limit int) error {
	p, err := planned(r, population)
	if err != nil {
		return err
	}
	return p.write(newPack(w, false), limit, nil)
}

// WriteSigned is WriteWorkbook with a signature over all of it, as Office writes one (see opcsign). The parts are hashed
// while they are written, so that signing reads nothing again.
func WriteSigned(ctx context.Context, w io.Writer, r *Review, population iter.Seq2[AccountRow, error], o opcsign.Options) (*opcsign.Result, error) {
	p, err := planned(r, population)
	if err != nil {
		return nil, err
	}
	var result *opcsign.Result
	err = p.write(newPack(w, true), maxRows, func(c *opcsign.Content) (entries []opcsign.Entry, err error) {
		entries, result, err = c.Sign(ctx, o)
		return entries, err
	})
	return result, err
}

// plan is a workbook to be written.
type plan struct {
	r      *Review
	sum    *Summary
	know   *overview
	sheets []sheet
}

func planned(r *Review, population iter.Seq2[AccountRow, error]) (*plan, error) {
	know, err := gatherOverview(r)
	if err != nil {
		return nil, err
	}
	sum := Summarize(r)
	return &plan{r, sum, know, sheets(r, sum, know, population)}, nil
}

// sheet is one of the workbook: a long one, or a page that excelize keeps.
type sheet struct {
	long *longSheet
	page func(*book)
}

// sheets are all of them in their order. Each stays when it has nothing to show, and says why.
func sheets(r *Review, sum *Summary, know *overview, population iter.Seq2[AccountRow, error]) []sheet {
	var others []AccountRow // accounts that are nobody's own, for their own sheet
	list := []sheet{
		{page: (*book).summary},
		{page: (*book).scope},
		{long: populationSheet(r, know, population, &others)},
		{long: findingsSheet(r, sum)},
		{long: decisionsSheet(r)},
		{long: actionsSheet(r)},
		{long: exceptionsSheet(r)},
		{long: serviceSheet(r, know, &others)},
		{long: revokeSheet(r, know)},
		{long: moversSheet(r)},
		{long: controlsSheet(r)},
		{page: (*book).sources},
		{page: (*book).readMe},
	}
	for _, s := range list {
		if s.long != nil && r.Filter != "" {
			s.long.title += " (only " + r.Filter + ")"
		}
		if s.long != nil && r.Pseudonymous != "" {
			s.long.title += " (pseudonymous)"
		}
	}
	return list
}

func (p *plan) write(out *pack, limit int, sign signs) error {
	draft, st, err := p.build()
	if err != nil {
		return err
	}
	frames := map[string]frame{}
	further := len(p.sheets) // excelize numbers sheets beside the first of each long one after all others
	for i, s := range p.sheets {
		l := s.long
		if l == nil {
			continue
		}
		l.limit = limit
		f, err := frameOf(draft[sheetPart(i+1)].Bytes())
		if err != nil {
			return err
		}
		err = l.write(f, &st, func(n int) (io.Writer, error) {
			part := sheetPart(i + 1)
			if n > 0 {
				further++
				part = sheetPart(further)
			}
			frames[part] = f
			return out.create(part)
		})
		if err != nil {
			return fmt.Errorf("workbook: sheet %s: %w", l.name, err)
		}
	}
	return p.finish(out, frames, sign)
}

// finish builds the workbook once more, with the true numbers of rows, and writes what was not streamed.
func (p *plan) finish(out *pack, frames map[string]frame, sign signs) error {
	final, _, err := p.build()
	if err != nil {
		return err
	}
	for part, f := range frames {
		b := final[part]
		if b == nil {
			return fmt.Errorf("workbook: %s is not where it was expected: this version of excelize numbers sheets in another way", part)
		}
		if g, err := frameOf(b.Bytes()); err != nil || !f.equal(g) {
			return errors.Join(fmt.Errorf("workbook: %s changed with its number of rows: this version of excelize writes sheets in another way", part), err)
		}
	}
	return out.finish(final, sign)
}

// sheetPart is the part of the n-th sheet that build makes.
func sheetPart(n int) string { return fmt.Sprintf("xl/worksheets/sheet%d.xml", n) }

// build makes all of the workbook but the rows of its long sheets.
func (p *plan) build() (parts, styles, error) {
	b := newBook(p.r, p.sum)
	b.know = p.know
	defer b.f.Close()
	for _, s := range p.sheets {
		if s.long != nil {
			b.skeleton(s.long, 0)
		} else {
			s.page(b)
		}
	}
	first := b.f.GetSheetList()
	for _, s := range p.sheets {
		if s.long != nil {
			for i := 1; i < len(s.long.counts); i++ {
				b.skeleton(s.long, i)
			}
		}
	}
	b.arrange(p.sheets, first)
	made, err := b.parts()
	return made, b.st, err
}

// arrange puts further sheets of a long one behind its first, and opens the book at the summary.
func (b *book) arrange(list []sheet, first []string) {
	for i, s := range list {
		if s.long == nil || i+1 == len(list) {
			continue
		}
		for n := 1; n < len(s.long.counts); n++ {
			b.do(b.f.MoveSheet(s.long.sheetName(n), first[i+1]))
		}
	}
	b.printTitles()
	b.states()
	b.f.SetActiveSheet(0)
}
