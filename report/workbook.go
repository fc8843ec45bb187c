package report

import (
	"errors"
	"fmt"
	"io"
	"iter"
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
	sum := Summarize(r)
	long := []*longSheet{findingsSheet(r, sum), populationSheet(r, population)}
	for _, l := range long {
		l.limit = limit
	}
	draft, st, err := build(r, sum, long)
	if err != nil {
		return err
	}
	out, frames := newPack(w, false), map[string]frame{}
	further := 0 // sheets beside the first of each long one; excelize numbers them after all others
	for i, l := range long {
		f, err := frameOf(draft[sheetPart(longFirst+i)].Bytes())
		if err != nil {
			return err
		}
		err = l.write(f, &st, func(n int) (io.Writer, error) {
			part := sheetPart(longFirst + i)
			if n > 0 {
				further++
				part = sheetPart(sheetCount + further)
			}
			frames[part] = f
			return out.create(part)
		})
		if err != nil {
			return fmt.Errorf("workbook: sheet %s: %w", l.name, err)
		}
	}
	final, _, err := build(r, sum, long)
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
	return out.finish(final)
}

// The parts of the sheets are numbered in the order in which build makes them.
const (
	longFirst  = 2 // Summary is 1
	sheetCount = 5
)

func sheetPart(n int) string { return fmt.Sprintf("xl/worksheets/sheet%d.xml", n) }

// build makes all of the workbook but the rows of its long sheets.
func build(r *Review, sum *Summary, long []*longSheet) (parts, styles, error) {
	b := newBook(r, sum)
	defer b.f.Close()
	b.summary()
	for _, l := range long {
		b.skeleton(l, 0)
	}
	b.scope()
	b.sources()
	for _, l := range long {
		for i := 1; i < len(l.counts); i++ {
			b.skeleton(l, i)
		}
	}
	b.arrange(long)
	p, err := b.parts()
	return p, b.st, err
}

// arrange puts further sheets of a long one behind its first, and opens the book at the summary.
func (b *book) arrange(long []*longSheet) {
	for i, l := range long {
		before := scopeName
		if i+1 < len(long) {
			before = long[i+1].name
		}
		for n := 1; n < len(l.counts); n++ {
			b.do(b.f.MoveSheet(l.sheetName(n), before))
		}
	}
	b.printTitles()
	b.f.SetActiveSheet(0)
}
