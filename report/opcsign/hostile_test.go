package opcsign

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"
	"unicode"
)

// TestHostile are packages made to harm their reader. Each is refused with a reason, in bounded memory.
func TestHostile(t *testing.T) {
	for _, c := range []struct {
		name, want string
		limits     Limits
		make       func(t *testing.T) []byte
	}{
		{"not a ZIP file", "not a ZIP file", Limits{}, func(t *testing.T) []byte { return []byte("PK but no more") }},
		{"empty", "not a ZIP file", Limits{}, func(t *testing.T) []byte { return nil }},
		{"no content types", "not a package", Limits{}, func(t *testing.T) []byte { return pack(t, handmade()[1:]) }},
		{"no relationships", "not a package", Limits{}, func(t *testing.T) []byte { return pack(t, handmade()[:1]) }},
		{"content types twice", "stands twice", Limits{}, func(t *testing.T) []byte { return pack(t, append(handmade(), handmade()[0])) }},
		{"content types in lower case", "misspelt", Limits{}, with(Entry{"[content_types].xml", nil})},
		{"a bomb by ratio", "ZIP bomb", Limits{}, with(Entry{"xl/bomb.bin", make([]byte, 8<<20)})},
		{"a part over the limit", "larger than the limit of 1 MiB", Limits{Part: 1 << 20, Ratio: 1 << 20}, with(Entry{"xl/big.bin", make([]byte, 2<<20)})},
		{"parts over the limit together", "together", Limits{Total: 3 << 20, Ratio: 1 << 20},
			with(Entry{"xl/a.bin", make([]byte, 2<<20)}, Entry{"xl/b.bin", make([]byte, 2<<20)})},
		{"too many entries", "more than the limit of 5", Limits{Entries: 5}, with()},
		{"XML over the limit", "the XML of the package is larger", Limits{XML: 1 << 20, Ratio: 1 << 20},
			with(Entry{"xl/_rels/x.xml.rels", []byte(relsOpen + strings.Repeat(" ", 2<<20) + "</Relationships>")})},
		{"a directory of millions", "ZIP directory is larger", Limits{}, hugeDirectory},
		{"a size that lies", "cannot be unpacked", Limits{}, lyingSize},
		{"bytes before the entries", "no entry accounts for", Limits{}, func(t *testing.T) []byte {
			data := pack(t, handmade())
			return append(append([]byte{}, "#!/bin/sh\n"...), data...)
		}},
		{"another name in the local header", "described otherwise", Limits{}, func(t *testing.T) []byte {
			return bytes.Replace(pack(t, handmade()), []byte("xl/worksheets/sheet1.xml"), []byte("xl/worksheets/sheet7.xml"), 1)
		}},
		{"another size in the local header", "described otherwise", Limits{}, func(t *testing.T) []byte {
			data := restored(t, pack(t, handmade()))
			off := bytes.Index(data, []byte("PK\x03\x04"))
			binary.LittleEndian.PutUint16(data[off+6:], 0) // no descriptor, and the sizes are zero
			return data
		}},
		{"many relationships that nobody signed", "more than 199 failures", Limits{}, func(t *testing.T) []byte {
			var b strings.Builder
			for i := range 20_000 {
				b.WriteString(rel(fmt.Sprint("x", i), "t", "u"))
			}
			e := unpack(t, signed(t, pack(t, handmade()), rsaID().options()))
			return pack(t, replace(t, e, "xl/_rels/workbook.xml.rels", "</Relationships>", b.String()+"</Relationships>"))
		}},
		{"SignedInfo with a thousand references", "SignedInfo has", Limits{}, func(t *testing.T) []byte {
			e := unpack(t, signed(t, pack(t, handmade()), rsaID().options()))
			return pack(t, replace(t, e, "_xmlsignatures/sig1.xml", "</SignedInfo>", strings.Repeat(`<Reference URI="#idPackageObject"/>`, 1000)+"</SignedInfo>"))
		}},
		{"a path that climbs", "not a part name", Limits{}, with(Entry{"xl/../../etc/passwd", nil})},
		{"an absolute path", "not a part name", Limits{}, with(Entry{"/etc/passwd", nil})},
		{"a backslash", "not a part name", Limits{}, with(Entry{`xl\a.xml`, nil})},
		{"a segment with a dot at its end", "not a part name", Limits{}, with(Entry{"xl/a./b.xml", nil})},
		{"a terminal's control character", "cannot be shown", Limits{}, with(Entry{"xl/a\u009b31m.xml", nil})},
		{"letters from right to left", "cannot be shown", Limits{}, with(Entry{"xl/a\u202elmx.xml", nil})},
		{"a name that is not UTF-8", "cannot be shown", Limits{}, with(Entry{"xl/a\xff.xml", nil})},
		{"an escaped slash", "must not be escaped", Limits{}, with(Entry{"xl/a%2Fb.xml", nil})},
		{"an escaped letter", "must not be escaped", Limits{}, with(Entry{"xl/%61.xml", nil})},
		{"an interleaved part", "not a part name", Limits{}, with(Entry{"xl/styles.xml/[0].piece", nil})},
		{"a target that climbs out", "leaves the package", Limits{}, relsWith(rel("rId5", docRel+"worksheet", "../../../sheet1.xml"))},
		{"a target on the network", "outside the package", Limits{}, relsWith(rel("rId5", docRel+"worksheet", "//host/share"))},
		{"a target with a scheme", "outside the package", Limits{}, relsWith(rel("rId5", docRel+"worksheet", "file:///etc/passwd"))},
		{"two roots", "two root elements", Limits{}, relsRaw(relsOpen + "</Relationships><Relationships/>")},
		{"another root", "its root is", Limits{}, relsRaw(`<Relationships xmlns="urn:other"/>`)},
		{"a document type", "document type", Limits{}, relsRaw(`<!DOCTYPE x [<!ENTITY a "b">]>` + relsOpen[56:] + `</Relationships>`)},
		{"an entity", "not XML", Limits{}, relsRaw(relsOpen + rel("&a;", "x", "y") + `</Relationships>`)},
		{"a processing instruction", "processing instruction", Limits{}, relsRaw(relsOpen + `<?mso x?></Relationships>`)},
		{"a stray element", "not part of the standard", Limits{}, relsRaw(relsOpen + `<Other/></Relationships>`)},
		{"an element inside", "not part of the standard", Limits{}, relsRaw(relsOpen + `<Relationship Id="a" Type="b" Target="c"><x/></Relationship></Relationships>`)},
		{"text", "it has text", Limits{}, relsRaw(relsOpen + `hello</Relationships>`)},
		{"an id twice", "stands twice", Limits{}, relsRaw(relsOpen + rel("a", "b", "c") + rel("a", "b", "c") + `</Relationships>`)},
		{"xml:base", "could change what targets mean", Limits{}, relsRaw(strings.Replace(relsOpen, "<Relationships", `<Relationships xml:base="/evil/"`, 1) + rel("a", "b", "c") + `</Relationships>`)},
		{"a strange target mode", "target mode", Limits{}, relsRaw(relsOpen + rel("a", "b", "c", ` TargetMode="external"`) + `</Relationships>`)},
		{"UTF-16", "not XML", Limits{}, relsRaw("\xff\xfe<\x00a\x00/\x00>\x00")},
		{"depth", "deeper than", Limits{}, func(t *testing.T) []byte {
			e := unpack(t, signed(t, pack(t, handmade()), rsaID().options()))
			return pack(t, replace(t, e, "_xmlsignatures/sig1.xml", "</Signature>", "<Object>"+strings.Repeat("<a>", 100_000)))
		}},
		{"many attributes", "attributes", Limits{}, relsRaw("<a " + manyAttributes(100) + "/>")},
		{"the end missing", "ends too early", Limits{}, relsRaw(relsOpen)},
		{"two origins", "more than one signature origin", Limits{}, rootWith(rel("o1", relOrigin, "a.sigs") + rel("o2", relOrigin, "b.sigs"))},
		{"the origin a sheet", "content type", Limits{}, rootWith(rel("o1", relOrigin, "xl/workbook.xml"))},
		{"a content type twice", "stands twice", Limits{}, func(t *testing.T) []byte {
			return pack(t, replace(t, handmade(), contentTypesName, "</Types>", `<Default Extension="XML" ContentType="text/html"/></Types>`))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := c.make(t)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r := verified(t, data, VerifyOptions{Limits: c.limits})
			runtime.ReadMemStats(&after)
			if r.Intact() || !strings.Contains(reportText(r), c.want) {
				t.Errorf("want a refusal with %q:\n%s", c.want, reportText(r))
			}
			if spent := after.TotalAlloc - before.TotalAlloc; spent > 250<<20 {
				t.Errorf("it allocated %d MiB", spent>>20)
			}
			o := rsaID().options()
			o.Limits = c.limits
			if _, err := Sign(t.Context(), io.Discard, bytes.NewReader(data), int64(len(data)), o); err == nil {
				t.Error("it can be signed")
			}
		})
	}
}

func with(more ...Entry) func(t *testing.T) []byte {
	return func(t *testing.T) []byte { return pack(t, append(handmade(), more...)) }
}

func relsWith(more string) func(t *testing.T) []byte {
	return func(t *testing.T) []byte {
		return pack(t, replace(t, handmade(), "xl/_rels/workbook.xml.rels", "</Relationships>", more+"</Relationships>"))
	}
}

func rootWith(more string) func(t *testing.T) []byte {
	return func(t *testing.T) []byte {
		return pack(t, replace(t, handmade(), "_rels/.rels", "</Relationships>", more+"</Relationships>"))
	}
}

func relsRaw(data string) func(t *testing.T) []byte {
	return func(t *testing.T) []byte {
		e := handmade()
		e[find(e, "xl/_rels/workbook.xml.rels")].Data = []byte(data)
		return pack(t, e)
	}
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `a%d="" `, i)
	}
	return b.String()
}

// hugeDirectory is a file that is nothing but a directory; archive/zip would keep all of it.
func hugeDirectory(t *testing.T) []byte {
	const entries = 400_000
	var b bytes.Buffer
	record := make([]byte, 46+4)
	copy(record, "PK\x01\x02")
	binary.LittleEndian.PutUint16(record[28:], 4)
	for range entries {
		b.Write(record)
	}
	size := b.Len()
	end := make([]byte, 22)
	copy(end, "PK\x05\x06")
	binary.LittleEndian.PutUint16(end[8:], entries&0xffff)
	binary.LittleEndian.PutUint16(end[10:], entries&0xffff)
	binary.LittleEndian.PutUint32(end[12:], uint32(size))
	b.Write(end)
	return b.Bytes()
}

// lyingSize has a part that inflates to more than its header says.
func lyingSize(t *testing.T) []byte {
	data := signed(t, pack(t, handmade()), rsaID().options())
	z := must(zip.NewReader(bytes.NewReader(data), int64(len(data))))
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range z.File {
		h := f.FileHeader
		h.Flags &^= 0x8
		raw := must(io.ReadAll(must(f.OpenRaw())))
		if h.Name == "xl/worksheets/sheet1.xml" {
			h.UncompressedSize64 = 10
			h.CRC32 = crc32.ChecksumIEEE(nil)
		}
		entry := must(w.CreateRaw(&h))
		must(entry.Write(raw))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestRelationshipCycles: parts that point at each other are no trouble, and are signed like any others.
func TestRelationshipCycles(t *testing.T) {
	e := append(handmade(), Entry{"xl/worksheets/_rels/sheet2.xml.rels", []byte(relsOpen + rel("rId1", docRel+"x", "../workbook.xml") + rel("rId2", docRel+"x", "sheet2.xml") + rel("rId3", docRel+"x", "#Here") + "</Relationships>")})
	if r := verified(t, signed(t, pack(t, e), p256ID().options()), p256ID().trusted()); !r.OK() {
		t.Error(reportText(r))
	}
}

// TestReportPrints: nothing of a package reaches a terminal but what can be printed.
func TestReportPrints(t *testing.T) {
	o := rsaID().options()
	o.Comments = "red \u009b31m alert"
	for c := range verified(t, signed(t, pack(t, handmade()), o), VerifyOptions{}).All() {
		if strings.ContainsFunc(c.String(), func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q", c)
		}
	}
}
