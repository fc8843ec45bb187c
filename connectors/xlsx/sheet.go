package xlsx

import (
	"archive/zip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"rollcall/connectors"
	"rollcall/connectors/table"
)

// What a workbook may grow to when it is unpacked. A sheet of a million rows has 0.7 GB; parts above the second limit
// are unpacked to a temporary file instead of memory.
const (
	unzipLimit    = 4 << 30
	unzipInMemory = 16 << 20
)

// sheet is a sheet of a workbook on disk; it implements table.File.
type sheet struct {
	name      string // of the file, as configured
	dir       string // where a relative name starts
	sheet     string
	headerRow int
}

func (s *sheet) Name() string { return s.name }

func (s *sheet) Size() int64 { return table.SizeOnDisk(s.dir, s.name) }

func (s *sheet) Open() (table.Reader, error) { return s.start(false) }

// Skim spares the hash, and the search for damage and for formulas without a value.
func (s *sheet) Skim() (table.Reader, error) { return s.start(true) }

func (s *sheet) start(skim bool) (table.Reader, error) {
	disk, err := table.OpenDisk(s.dir, s.name)
	if err != nil {
		return nil, err
	}
	r := &reader{sheet: s, disk: disk, skim: skim}
	if err := r.open(); err != nil {
		disk.Close()
		return nil, err
	}
	return r, nil
}

// reader is one reading of a sheet; it implements table.Reader.
type reader struct {
	*sheet
	disk  *table.Disk
	book  *excelize.File
	rows  *excelize.Rows
	page  connectors.Page
	dates table.DateSystem
	row   int
	width int // of the header
	text  []byte
	skim  bool
	cells table.Record // of NextCell
	uncomputed
}

func (r *reader) open() error {
	r.page = connectors.Page{Request: r.name, Bytes: r.disk.Size()}
	if !r.skim {
		sum := sha256.New()
		n, err := io.Copy(sum, r.disk)
		if err != nil {
			return err
		}
		r.page.Bytes, r.page.SHA256 = n, [32]byte(sum.Sum(nil))
	}
	var err error
	r.book, err = excelize.OpenFile(r.disk.Path(), excelize.Options{RawCellValue: true, UnzipSizeLimit: unzipLimit, UnzipXMLSizeLimit: unzipInMemory})
	if err != nil {
		return noWorkbook(err)
	}
	if err := r.openSheet(); err != nil {
		r.book.Close()
		return err
	}
	return nil
}

// noWorkbook is what a file is instead of a workbook, and what to do.
func noWorkbook(err error) error {
	switch {
	case errors.Is(err, zip.ErrFormat), errors.Is(err, io.EOF): // no archive, or one without the parts of a workbook
		return fmt.Errorf(`not an XLSX workbook (maybe a renamed CSV?): save it as .xlsx or use kind = "csv" (%w)`, err)
	case errors.Is(err, excelize.ErrWorkbookFileFormat), errors.Is(err, excelize.ErrWorkbookPassword):
		return fmt.Errorf("an old .xls workbook, or one with a password: save it as .xlsx without a password (%w)", err)
	}
	return fmt.Errorf("not a readable .xlsx workbook: save it again as .xlsx: %w", err)
}

func (r *reader) openSheet() error {
	name, err := pick(r.book.GetSheetList(), r.sheet.sheet)
	if err != nil {
		return err
	}
	props, err := r.book.GetWorkbookProps()
	if err != nil {
		return fmt.Errorf("workbook properties: %w", err)
	}
	r.dates = table.Serials1900
	if props.Date1904 != nil && *props.Date1904 {
		r.dates = table.Serials1904
	}
	if !r.skim {
		if r.uncomputed, err = inspect(r.disk.Path(), name); err != nil {
			return fmt.Errorf("the workbook is damaged: %w", err)
		}
	}
	if r.rows, err = r.book.Rows(name); err != nil {
		return fmt.Errorf("sheet %q: %w", name, err)
	}
	return nil
}

// pick is the sheet to read.
func pick(sheets []string, wanted string) (string, error) {
	quoted := fmt.Sprintf("%q", sheets)
	switch {
	case wanted == "" && len(sheets) == 1:
		return sheets[0], nil
	case wanted == "":
		return "", fmt.Errorf("the workbook has %d sheets %s: say which one with sheet", len(sheets), quoted)
	}
	i := slices.IndexFunc(sheets, func(s string) bool { return strings.EqualFold(s, strings.TrimSpace(wanted)) })
	if i < 0 {
		return "", fmt.Errorf("no sheet %q; the workbook has %s", wanted, quoted)
	}
	return sheets[i], nil
}

// Next gives the next row, hidden ones included, from the header row on. Rows of a sheet end with their last filled
// cell: they are made as wide as the header.
func (r *reader) Next(rec *table.Record) error {
	for r.rows.Next() {
		r.row++
		cells, err := r.rows.Columns()
		if err != nil {
			return fmt.Errorf("row %d: %w", r.row, err)
		}
		if r.row < r.headerRow {
			continue
		}
		if r.row == r.headerRow {
			r.width = len(cells)
		}
		r.fill(rec, cells)
		return nil
	}
	if err := r.rows.Error(); err != nil {
		return fmt.Errorf("row %d: %w", r.row+1, err)
	}
	return r.disk.End(r.page.Bytes)
}

func (r *reader) NextCell(at int) ([]byte, error) {
	if err := r.Next(&r.cells); err != nil || at >= len(r.cells.Cells) {
		return nil, err
	}
	return r.cells.Cells[at], nil
}

// fill copies a row into the record. Cells beyond the header are dropped when they are blank.
func (r *reader) fill(rec *table.Record, cells []string) {
	for len(cells) > r.width && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	r.text = r.text[:0]
	for _, c := range cells {
		r.text = append(r.text, c...)
	}
	rec.Line, rec.Cells = r.row, rec.Cells[:0]
	rest := r.text
	for _, c := range cells {
		rec.Cells = append(rec.Cells, rest[:len(c):len(c)])
		rest = rest[len(c):]
	}
	for len(rec.Cells) < r.width {
		rec.Cells = append(rec.Cells, nil)
	}
	for _, column := range r.uncomputed[r.row] {
		if column < len(rec.Cells) {
			rec.Cells[column] = []byte(table.NoValue)
		}
	}
}

func (r *reader) Dates() table.DateSystem { return r.dates }
func (r *reader) Page() connectors.Page   { return r.page }
func (r *reader) Close() error            { return errors.Join(r.rows.Close(), r.book.Close(), r.disk.Close()) }
