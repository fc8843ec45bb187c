package opcsign

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
)

// bigPackage has a sheet of 100 MB that packs as such sheets do, and a few small parts.
var bigPackage = sync.OnceValue(func() []Entry {
	var b bytes.Buffer
	b.WriteString(`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	for i := 1; b.Len() < 100<<20; i++ {
		fmt.Fprintf(&b, `<row r="%d"><c r="A%d" t="inlineStr"><is><t>account-%07x</t></is></c><c r="B%d" t="inlineStr"><is><t>person%d@corp.example</t></is></c><c r="C%d"><v>%d</v></c></row>`,
			i, i, i*2654435761%0xfffffff, i, i*7919%1_000_003, i, 40000+i%4000)
	}
	b.WriteString(`</sheetData></worksheet>`)
	entries := handmade()
	entries[find(entries, "xl/worksheets/sheet1.xml")].Data = b.Bytes()
	return entries
})

var bigPacked = sync.OnceValue(func() []byte { return pack(&testing.B{}, bigPackage()) })

func BenchmarkSign(b *testing.B) {
	data := bigPacked()
	digests := map[string]Digest{}
	for _, e := range bigPackage() {
		if e.Name != contentTypesName && !strings.HasSuffix(e.Name, ".rels") {
			digests[e.Name] = sha256.Sum256(e.Data)
		}
	}
	for name, given := range map[string]map[string]Digest{"digests handed in": digests, "parts read": nil} {
		b.Run(name, func(b *testing.B) {
			o := rsaID().options()
			o.Digests = given
			b.SetBytes(100 << 20)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Sign(b.Context(), io.Discard, bytes.NewReader(data), int64(len(data)), o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	data := signed(b, bigPacked(), rsaID().options())
	b.SetBytes(100 << 20)
	b.ReportAllocs()
	for b.Loop() {
		if r := verified(b, data, rsaID().trusted()); !r.OK() {
			b.Fatal(reportText(r))
		}
	}
}

// BenchmarkPack is what the others are compared with: packing the same parts, the least that writing them costs.
func BenchmarkPack(b *testing.B) {
	entries := bigPackage()
	b.SetBytes(100 << 20)
	for b.Loop() {
		pack(b, entries)
	}
}
