package report

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// The defined names by which a program reads what a workbook states about itself. They stand in the workbook's own part,
// which its signature covers; properties of the document are not covered, since viewers rewrite them.
const (
	statedRun      = "rollcall.run"
	statedManifest = "rollcall.manifest"
)

// states has the workbook name the run it is of, and the hash of that run's manifest.
func (b *book) states() {
	for _, s := range [][2]string{{statedRun, b.r.Run}, {statedManifest, b.r.Manifest}} {
		if s[1] != "" && !strings.ContainsAny(s[1], "\"\r\n") {
			b.do(b.f.SetDefinedName(&excelize.DefinedName{Name: s[0], RefersTo: `"` + s[1] + `"`}))
		}
	}
}

// Stated is what a workbook says of the run it is of. It is to be believed as far as its signature holds.
type Stated struct {
	Run      string
	Manifest string // SHA-256 of the run's manifest; empty: it has none
}

// maxWorkbookPart bounds the part that is read, whatever the file says of its size.
const maxWorkbookPart = 8 << 20

// ReadStated reads what a workbook states, and none of its sheets.
func ReadStated(r io.ReaderAt, size int64) (Stated, error) {
	s, err := readStated(r, size)
	if err != nil {
		return s, fmt.Errorf("workbook: %w", err)
	}
	return s, nil
}

func readStated(r io.ReaderAt, size int64) (s Stated, err error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return s, err
	}
	part, err := z.Open("xl/workbook.xml")
	if err != nil {
		return s, err
	}
	defer part.Close()
	var book struct {
		Names []struct {
			Name  string `xml:"name,attr"`
			Value string `xml:",chardata"`
		} `xml:"definedNames>definedName"`
	}
	if err := xml.NewDecoder(io.LimitReader(part, maxWorkbookPart)).Decode(&book); err != nil {
		return s, fmt.Errorf("xl/workbook.xml: %w", err)
	}
	for _, n := range book.Names {
		value := strings.Trim(n.Value, `"`)
		switch n.Name {
		case statedRun:
			s.Run = value
		case statedManifest:
			s.Manifest = value
		}
	}
	if s.Run == "" {
		return s, errors.New("it does not name the run it is of: it is not one of rollcall's, or of an older version")
	}
	return s, nil
}
