package opcsign

import (
	"archive/zip"
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// What the tests share: packages made by hand and by excelize, keys, and a way to change packages.

var signedAt = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

const (
	docRel   = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	sheetCT  = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	relsOpen = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" + `<Relationships xmlns="` + nsRels + `">`
)

func rel(id, typ, target string, more ...string) string {
	return `<Relationship Id="` + id + `" Type="` + typ + `" Target="` + target + `"` + strings.Join(more, "") + `/>`
}

// handmade is a small workbook with what a signature has to mind: ids that sort oddly, an absolute target, an external
// one, properties.
func handmade() []Entry {
	sheet := func(text string) []byte {
		return []byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>` + text + `</t></is></c></row></sheetData></worksheet>`)
	}
	return []Entry{
		{"[Content_Types].xml", []byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" + `<Types xmlns="` + nsTypes + `"><Default Extension="rels" ContentType="` + typeRels +
			`"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="` + sheetCT + `sheet.main+xml"/>` +
			`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="` + sheetCT + `worksheet+xml"/><Override PartName="/xl/worksheets/sheet2.xml" ContentType="` + sheetCT + `worksheet+xml"/>` +
			`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`)},
		{"_rels/.rels", []byte(relsOpen + rel("rId2", "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties", "docProps/core.xml") +
			rel("rId1", docRel+"officeDocument", "xl/workbook.xml") + `</Relationships>`)},
		{"xl/workbook.xml", []byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" + `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="One" sheetId="1" r:id="rId1"/><sheet name="Two" sheetId="2" r:id="rId10"/></sheets></workbook>`)},
		{"xl/_rels/workbook.xml.rels", []byte(relsOpen + rel("rId10", docRel+"worksheet", "/xl/worksheets/sheet2.xml") + rel("rId1", docRel+"worksheet", "worksheets/sheet1.xml") + `</Relationships>`)},
		{"xl/worksheets/sheet1.xml", sheet("first")},
		{"xl/worksheets/_rels/sheet1.xml.rels", []byte(relsOpen + rel("rId1", docRel+"hyperlink", "https://example.com/report", ` TargetMode="External"`) + `</Relationships>`)},
		{"xl/worksheets/sheet2.xml", sheet("second")},
		{"docProps/core.xml", []byte(`<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>`)},
	}
}

func pack(t testing.TB, entries []Entry) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, e := range entries {
		if err := writeEntry(z, e); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func unpack(t testing.TB, data []byte) []Entry {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var out []Entry
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, Entry{f.Name, b})
	}
	return out
}

// excelBook is a workbook that excelize wrote, with a table, a chart, a comment and a link.
func excelBook(t testing.TB) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(f.SetSheetRow("Sheet1", "A1", &[]any{"App", "Accounts"}))
	for i, row := range [][]any{{"CRM", 12}, {"ERP", 7}, {"Wiki & more", 3}} {
		check(f.SetSheetRow("Sheet1", "A"+string(rune('2'+i)), &row))
	}
	check(f.AddTable("Sheet1", &excelize.Table{Range: "A1:B4", Name: "Apps"}))
	check(f.AddChart("Sheet1", "D2", &excelize.Chart{Type: excelize.Col, Series: []excelize.ChartSeries{{Name: "Sheet1!$B$1", Categories: "Sheet1!$A$2:$A$4", Values: "Sheet1!$B$2:$B$4"}}}))
	check(f.AddComment("Sheet1", excelize.Comment{Cell: "A2", Author: "Auditor", Text: "seen"}))
	check(f.SetCellHyperLink("Sheet1", "A6", "https://example.com/", "External"))
	_, err := f.NewSheet("Second")
	check(err)
	buf, err := f.WriteToBuffer()
	check(err)
	return buf.Bytes()
}

// identity is a key with its self-signed certificate.
type identity struct {
	key  crypto.Signer
	cert *x509.Certificate
}

// The keys on curves are fixed, for the fuzzing processes to agree on them.
var (
	rsaID   = sync.OnceValue(func() identity { return newIdentity("Signer RSA", must(rsa.GenerateKey(rand.Reader, 2048)), nil) })
	p256ID  = sync.OnceValue(func() identity { return newIdentity("Signer P-256", fixedKey(elliptic.P256(), 1), nil) })
	p384ID  = sync.OnceValue(func() identity { return newIdentity("Signer P-384", fixedKey(elliptic.P384(), 2), nil) })
	otherID = sync.OnceValue(func() identity { return newIdentity("Somebody else", fixedKey(elliptic.P256(), 3), nil) })
)

func fixedKey(curve elliptic.Curve, seed byte) *ecdsa.PrivateKey {
	return must(ecdsa.ParseRawPrivateKey(curve, bytes.Repeat([]byte{seed}, curve.Params().BitSize/8)))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newIdentity(name string, key crypto.Signer, change func(*x509.Certificate)) identity {
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1234567890123456789), Subject: pkix.Name{CommonName: name, Organization: []string{"A, B & <C>"}},
		NotBefore: signedAt.AddDate(-1, 0, 0), NotAfter: signedAt.AddDate(2, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if change != nil {
		change(c)
	}
	return identity{key, must(x509.ParseCertificate(must(x509.CreateCertificate(nil, c, c, key.Public(), key))))}
}

func (id identity) options() Options {
	return Options{Signer: id.key, Certificate: id.cert, Time: signedAt, Comments: "Quarterly review <Q1> & more"}
}

func (id identity) trusted() VerifyOptions {
	return VerifyOptions{Certificates: []*x509.Certificate{id.cert}}
}

func signed(t testing.TB, data []byte, o Options) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := Sign(t.Context(), &out, bytes.NewReader(data), int64(len(data)), o); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func verified(t testing.TB, data []byte, o VerifyOptions) *Report {
	t.Helper()
	r, err := Verify(t.Context(), bytes.NewReader(data), int64(len(data)), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The changes of a package's entries that tests make.

func find(entries []Entry, name string) int {
	return slices.IndexFunc(entries, func(e Entry) bool { return e.Name == name })
}

// replace changes text in an entry, which must have it.
func replace(t testing.TB, entries []Entry, name, old, new string) []Entry {
	t.Helper()
	i := find(entries, name)
	if i < 0 || !bytes.Contains(entries[i].Data, []byte(old)) {
		t.Fatalf("%s has no %q", name, old)
	}
	entries[i].Data = bytes.Replace(entries[i].Data, []byte(old), []byte(new), 1)
	return entries
}

func remove(entries []Entry, name string) []Entry {
	return slices.DeleteFunc(entries, func(e Entry) bool { return e.Name == name })
}
