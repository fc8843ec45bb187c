package xlsx

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/xuri/excelize/v2"
)

// uncomputed are the cells of a sheet that are formulas without a saved value, by row: columns from 0. A program that
// writes formulas and does not compute them leaves such cells, and a row iterator shows them as blanks.
type uncomputed map[int][]int

// inspect reads a sheet for what the row iterator does not tell. It takes broken XML for the end of the sheet, and so
// would read a list that was cut off as a shorter one; here that is an error.
func inspect(file, sheet string) (uncomputed, error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	part, err := partOf(&z.Reader, sheet)
	if err != nil {
		return nil, err
	}
	found := uncomputed{}
	if err := walk(&z.Reader, part, found.look()); err != nil {
		return nil, err
	}
	const texts = "xl/sharedStrings.xml"
	if err := walk(&z.Reader, texts, func(xml.Token) error { return nil }); err != nil && !errors.Is(err, errNoPart) {
		return nil, err
	}
	return found, nil
}

var errNoPart = errors.New("the workbook lacks this part")

// walk reads a part of the workbook to its end.
func walk(z *zip.Reader, name string, visit func(xml.Token) error) error {
	for _, f := range z.File {
		if !strings.EqualFold(f.Name, name) {
			continue
		}
		in, err := f.Open()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		defer in.Close()
		d := xml.NewDecoder(in)
		for {
			t, err := d.Token()
			if err == io.EOF {
				return nil
			}
			if err == nil {
				err = visit(t)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return fmt.Errorf("%s: %w", name, errNoPart)
}

// partOf is the part that holds the sheet: the workbook names it by a relation.
func partOf(z *zip.Reader, sheet string) (string, error) {
	id, part := "", ""
	err := walk(z, "xl/workbook.xml", func(t xml.Token) error {
		if e, ok := t.(xml.StartElement); ok && e.Name.Local == "sheet" && attribute(e, "name") == sheet {
			id = attribute(e, "id")
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	err = walk(z, "xl/_rels/workbook.xml.rels", func(t xml.Token) error {
		if e, ok := t.(xml.StartElement); ok && e.Name.Local == "Relationship" && id != "" && attribute(e, "Id") == id {
			if part = attribute(e, "Target"); !strings.HasPrefix(part, "/") {
				part = "/xl/" + part
			}
		}
		return nil
	})
	if err == nil && part == "" {
		err = fmt.Errorf("sheet %q: %w", sheet, errNoPart)
	}
	return strings.TrimPrefix(path.Clean(part), "/"), err
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// look collects formulas without a value. An empty value is one: a formula may well say "".
func (u uncomputed) look() func(xml.Token) error {
	ref, formula, value := "", false, false
	return func(t xml.Token) error {
		switch e := t.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "c":
				ref, formula, value = attribute(e, "r"), false, false
			case "f":
				formula = true
			case "v", "is":
				value = true
			}
		case xml.EndElement:
			if e.Name.Local != "c" || !formula || value {
				return nil
			}
			column, row, err := excelize.CellNameToCoordinates(ref)
			if err != nil {
				return fmt.Errorf("cell %q is a formula without a saved value: open the workbook in a spreadsheet program and save it", ref)
			}
			u[row] = append(u[row], column-1)
		}
		return nil
	}
}
