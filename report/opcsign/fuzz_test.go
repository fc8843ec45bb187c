package opcsign

import (
	"archive/zip"
	"bytes"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// contentOf are the parts that a signature must cover, by name, with their bytes; relationships as the transform gives them.
func contentOf(t testing.TB, data []byte) map[string]string {
	t.Helper()
	p, err := open(bytes.NewReader(data), int64(len(data)), Limits{}, false)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, q := range p.demanded() {
		key := q.name + " " + q.contentType
		if q.rels {
			out[key] = string(transformed(p.model.rels[fold(q.name)], func(r relationship) bool { return p.demands(q.name, r) }))
			continue
		}
		r, err := p.files[fold(q.name)].Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[key] = string(b)
	}
	return out
}

// seeds are signed packages and who is trusted for them.
func seeds(t testing.TB) (packages [][]byte, trust VerifyOptions) {
	o := p256ID().options()
	o.Timestamp = testAuthority
	small := pack(t, handmade())
	packages = append(packages, signed(t, small, o), signed(t, small, p384ID().options()))
	trust.Certificates = append(p256ID().trusted().Certificates, p384ID().cert)
	trust.Limits = Limits{Total: 64 << 20, Part: 32 << 20, XML: 8 << 20}
	return packages, trust
}

// FuzzVerify: no input makes Verify panic, take long or hold much; and what it finds OK has exactly the content that was
// signed.
func FuzzVerify(f *testing.F) {
	packages, trust := seeds(f)
	contents := make([]map[string]string, len(packages))
	for i, p := range packages {
		f.Add(p)
		contents[i] = contentOf(f, p)
		f.Add(restored(f, p))
	}
	for _, g := range genuine {
		data, err := os.ReadFile(filepath.Join("testdata", g.file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkAnything(t, data, trust, contents) })
}

func checkAnything(t *testing.T, data []byte, trust VerifyOptions, contents []map[string]string) {
	start := time.Now()
	r, err := Verify(t.Context(), bytes.NewReader(data), int64(len(data)), trust)
	if err != nil {
		t.Fatalf("bytes in memory gave the error %v", err)
	}
	if d := time.Since(start); d > time.Minute {
		t.Errorf("it took %v", d)
	}
	if !r.OK() {
		return
	}
	got := contentOf(t, data)
	if !slices.ContainsFunc(contents, func(want map[string]string) bool { return maps.Equal(got, want) }) {
		t.Errorf("OK, with a content that nobody signed:\n%s", reportText(r))
	}
}

// FuzzVerifyXML changes the XML that a signature rests on, in a package that is whole otherwise.
func FuzzVerifyXML(f *testing.F) {
	packages, trust := seeds(f)
	names := []string{contentTypesName, "_rels/.rels", "xl/_rels/workbook.xml.rels", "_xmlsignatures/_rels/origin.sigs.rels", "_xmlsignatures/sig1.xml"}
	contents := make([]map[string]string, len(packages))
	bases := make([][]Entry, len(packages))
	for i, p := range packages {
		contents[i], bases[i] = contentOf(f, p), unpack(f, p)
		part := func(n int) []byte { return bases[i][find(bases[i], names[n])].Data }
		f.Add(i, part(0), part(1), part(2), part(3), part(4))
	}
	f.Fuzz(func(t *testing.T, base int, types, root, book, origin, signature []byte) {
		if base < 0 || base >= len(bases) {
			return
		}
		entries := slices.Clone(bases[base])
		for n, data := range [][]byte{types, root, book, origin, signature} {
			entries[find(entries, names[n])].Data = data
		}
		checkAnything(t, pack(t, entries), trust, contents)
	})
}

// restored is a package with its entries not compressed, where a changed byte reaches the XML.
func restored(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, e := range unpack(t, data) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: e.Name, Method: zip.Store, Modified: earliest})
		if err == nil {
			_, err = w.Write(e.Data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// FuzzToken: no timestamp token makes its reader panic.
func FuzzToken(f *testing.F) {
	imprint := make([]byte, 32)
	f.Add(newToken(imprint, tokenFaults{}))
	f.Add(newToken(imprint, tokenFaults{noAttributes: true}))
	f.Add([]byte{0x30, 0x80, 0x24, 0x80, 0x04, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00})
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = parseToken(data)
		_, _ = timestampToken(data, nil)
	})
}

// TestAnyByte changes a signed package at every place of its stored parts that a signature covers, one at a time.
func TestAnyByte(t *testing.T) {
	packages, trust := seeds(t)
	base := unpack(t, packages[0])
	rapid.Check(t, func(rt *rapid.T) {
		entries := slices.Clone(base)
		i := rapid.IntRange(0, len(entries)-1).Draw(rt, "entry")
		if len(entries[i].Data) == 0 || entries[i].Name == "docProps/core.xml" {
			return
		}
		data := slices.Clone(entries[i].Data)
		data[rapid.IntRange(0, len(data)-1).Draw(rt, "byte")] ^= byte(rapid.IntRange(1, 255).Draw(rt, "bits"))
		entries[i].Data = data
		changed := pack(t, entries)
		r, err := Verify(t.Context(), bytes.NewReader(changed), int64(len(changed)), trust)
		if err != nil {
			rt.Fatal(err)
		}
		if r.OK() && !maps.Equal(contentOf(t, changed), contentOf(t, packages[0])) {
			rt.Fatalf("accepted: %s\n%s", entries[i].Name, reportText(r))
		}
	})
}

// TestAnyPackage signs packages with any number of parts and relationships, which must verify; and one part more or less
// must not.
func TestAnyPackage(t *testing.T) {
	ids := []identity{p256ID(), p384ID(), rsaID()}
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.SampledFrom(ids).Draw(rt, "signer")
		entries := handmade()
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z0-9_~!$&'()+,;=@-]{1,8}\.(xml|rels2|png)`), 0, 12, rapid.ID[string]).Draw(rt, "names")
		links := relsOpen
		for i, n := range names {
			entries = append(entries, Entry{"x/" + n, rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(rt, "data")})
			target := attrEscaper.Replace(n)
			links += rel(rapid.StringMatching(`[A-Za-z_][A-Za-z0-9_.]{0,3}`).Draw(rt, "id")+string(rune('a'+i)), "urn:t?a=1&amp;b", target)
		}
		entries = append(entries, Entry{"x/_rels/hub.xml.rels", []byte(links + "</Relationships>")}, Entry{"x/hub.xml", []byte("<hub/>")})
		entries = replace(t, entries, contentTypesName, "</Types>", `<Default Extension="png" ContentType="image/png"/><Default Extension="rels2" ContentType="a/b+c.d-e"/></Types>`)
		out := signed(t, pack(t, entries), id.options())
		if r := verified(t, out, id.trusted()); !r.OK() {
			rt.Fatalf("not OK:\n%s", reportText(r))
		}
		less := unpack(t, out)
		gone := rapid.IntRange(len(less)-5, len(less)-1).Draw(rt, "gone")
		if r := verified(t, pack(t, slices.Delete(less, gone, gone+1)), id.trusted()); r.OK() {
			rt.Fatal("OK with a part gone")
		}
	})
}
