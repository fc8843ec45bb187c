package opcsign

import (
	"crypto"
	"encoding/base64"
	"os"
	"slices"
	"strings"
	"testing"
)

// The relationships transform of one relationship, as two workbooks signed by Microsoft Office have it.
func TestTransformVector(t *testing.T) {
	rels, _, err := parseRels([]byte(relsOpen + rel("rId3", "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties", "docProps/core.xml") +
		rel("rId1", docRel+"officeDocument", "xl/workbook.xml") + "</Relationships>"))
	if err != nil {
		t.Fatal(err)
	}
	got := transformed(rels, func(r relationship) bool { return r.id == "rId1" })
	want := `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Target="xl/workbook.xml" TargetMode="Internal" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"></Relationship></Relationships>`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for h, want := range map[crypto.Hash]string{crypto.SHA1: "+nAd0bim5u961Z6hkrztwiSj8HA=", crypto.SHA256: "2f3AFpmV4xMG5w1iTrxxA0J9QIy47+YsQamqbXmHTzc="} {
		if sum := base64.StdEncoding.EncodeToString(hashOf(h, got)); sum != want {
			t.Errorf("%v is %s; want %s", h, sum, want)
		}
	}
}

func TestTransformOrderAndEscapes(t *testing.T) {
	rels, _, err := parseRels([]byte(`<r:Relationships xmlns:r="` + nsRels + `"><!-- c --><r:Relationship Target="b" Type="t" Id="rId2"/>
		<r:Relationship Id="rId10" Type="t" Target="https://e.example/?a=1&amp;b=&quot;&lt;>" TargetMode="External"></r:Relationship><r:Relationship Id="rId1" Type='t' Target='c'/></r:Relationships>`))
	if err != nil {
		t.Fatal(err)
	}
	got := string(transformed(rels, func(relationship) bool { return true }))
	want := `<Relationships xmlns="` + nsRels + `"><Relationship Id="rId1" Target="c" TargetMode="Internal" Type="t"></Relationship>` +
		`<Relationship Id="rId10" Target="https://e.example/?a=1&amp;b=&quot;&lt;>" TargetMode="External" Type="t"></Relationship><Relationship Id="rId2" Target="b" TargetMode="Internal" Type="t"></Relationship></Relationships>`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// c14nCases are worked by hand after Canonical XML 1.0 §2 and §3; the integration tests compare with libxml2.
var c14nCases = []struct{ name, in, path, want string }{
	{"tags, attributes, order", `<doc><e1   /><e3   name = "elem3"   id="elem3"   /><e5 a:attr="out" b:attr="sorted" attr2="all" attr="I'm" xmlns:b="http://www.ietf.org" xmlns:a="http://www.w3.org" xmlns="http://example.org"/></doc>`, "",
		`<doc><e1></e1><e3 id="elem3" name="elem3"></e3><e5 xmlns="http://example.org" xmlns:a="http://www.w3.org" xmlns:b="http://www.ietf.org" attr="I'm" attr2="all" b:attr="sorted" a:attr="out"></e5></doc>`},
	{"text", "<doc>\r\n <a>&lt;&amp;&gt;&quot;&#13;</a><![CDATA[x<y]]><!-- gone --></doc>", "", "<doc>\n <a>&lt;&amp;&gt;\"&#xD;</a>x&lt;y</doc>"},
	{"superfluous declarations", `<a xmlns="urn:u" xmlns:p="urn:v"><p:b xmlns:p="urn:v" xmlns="urn:u"><c xmlns=""><d xmlns=""/></c></p:b></a>`, "",
		`<a xmlns="urn:u" xmlns:p="urn:v"><p:b><c xmlns=""><d></d></c></p:b></a>`},
	{"an apex inherits", `<a xmlns="urn:u" xmlns:p="urn:v" xml:lang="de" x="1"><b xmlns:q="urn:w"><c p:y="2" xml:space="preserve"/></b></a>`, "b/c",
		`<c xmlns="urn:u" xmlns:p="urn:v" xmlns:q="urn:w" xml:lang="de" xml:space="preserve" p:y="2"></c>`},
	{"an apex with its own", `<a xmlns="urn:u" xmlns:p="urn:v"><b xmlns="" xmlns:p="urn:z"/></a>`, "b", `<b xmlns:p="urn:z"></b>`},
	{"a redeclared prefix", `<p:a xmlns:p="urn:u"><p:b xmlns:p="urn:v"><p:c xmlns:p="urn:u"/></p:b></p:a>`, "", `<p:a xmlns:p="urn:u"><p:b xmlns:p="urn:v"><p:c xmlns:p="urn:u"></p:c></p:b></p:a>`},
}

func TestCanonical(t *testing.T) {
	for _, c := range c14nCases {
		root, err := readTree([]byte(c.in))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		el := root
		for _, step := range strings.FieldsFunc(c.path, func(r rune) bool { return r == '/' }) {
			el = el.children[slices.IndexFunc(el.children, func(n node) bool { return n.el != nil && n.el.local == step })].el
		}
		if got := string(canonical(el, false)); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
	root := must(readTree([]byte(`<a><!-- kept -->t</a>`)))
	if got := string(canonical(root, true)); got != `<a><!-- kept -->t</a>` {
		t.Errorf("with comments: %s", got)
	}
	root = must(readTree([]byte(`<a xmlns="u" xmlns:p="v"><b>t</b></a>`)))
	if got := string(canonicalExclusive(root.children[0].el)); got != `<b xmlns="u">t</b>` {
		t.Errorf("exclusive: %s", got)
	}
}

// TestCanonicalStands: what is canonical stays as it is.
func TestCanonicalStands(t *testing.T) {
	for _, c := range c14nCases {
		root := must(readTree([]byte(c.want)))
		if got := string(canonical(root, false)); got != c.want {
			t.Errorf("%s: %s became %s", c.name, c.want, got)
		}
	}
	data := must(os.ReadFile("testdata/ms-office-2010-signed.xlsx"))
	for _, e := range unpack(t, data) {
		if !strings.HasSuffix(e.Name, ".xml") {
			continue
		}
		once := canonical(must(readTree(e.Data)), false)
		if twice := canonical(must(readTree(once)), false); string(once) != string(twice) {
			t.Errorf("%s: canonical twice is not canonical once", e.Name)
		}
	}
}

func TestXMLRefused(t *testing.T) {
	for _, in := range []string{
		"", "<a>", "<a></b>", "<a/><b/>", "x<a/>", "<a/>x", `<a b="1" b="2"/>`, `<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>`, `<p:a/>`, `<a p:b="1"/>`,
		`<a xmlns:p=""/>`, `<a xmlns:xmlns="u"/>`, `<a xmlns:xml="u"/>`, `<a xmlns="u" xmlns="v"/>`, "<a b=\"x\ny\"/>", `<a b="&#10;"/>`, `<a:b:c xmlns:a="u"/>`, `<a>&nbsp;</a>`,
		`<a><?pi?></a>`, `<!DOCTYPE a><a/>`, `<a/><?xml version="1.0"?>`, `<a b=1/>`, "<a>\x01</a>", "<a>\xff</a>", `<a>]]></a>`, `<?xml version="1.0" encoding="ISO-8859-1"?><a/>`,
	} {
		if _, err := readTree([]byte(in)); err == nil {
			t.Errorf("%q is read", in)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ source, target, want string }{
		{"/", "xl/workbook.xml", "/xl/workbook.xml"}, {"/xl/workbook.xml", "worksheets/sheet1.xml", "/xl/worksheets/sheet1.xml"},
		{"/xl/worksheets/sheet1.xml", "../media/a.png", "/xl/media/a.png"}, {"/xl/workbook.xml", "/xl/styles.xml", "/xl/styles.xml"},
		{"/xl/workbook.xml", "./a.xml#x", "/xl/a.xml"}, {"/xl/workbook.xml", "#Sheet1!A1", ""},
	} {
		if got, err := resolve(c.source, c.target); err != nil || got != c.want {
			t.Errorf("%s from %s is %q, %v; want %q", c.target, c.source, got, err, c.want)
		}
	}
	for source, rels := range map[string]string{"/": "/_rels/.rels", "/xl/workbook.xml": "/xl/_rels/workbook.xml.rels", "/a": "/_rels/a.rels"} {
		if relsOf(source) != rels || sourceOf(rels) != source || !isRels(rels) {
			t.Errorf("%s and %s: got %s and %s", source, rels, relsOf(source), sourceOf(rels))
		}
	}
}

func TestEdit(t *testing.T) {
	in := "\ufeff<?xml version=\"1.0\"?>\n<p:T xmlns:p=\"u\"> <p:a x=\"1\"/><p:b/>\t<!-- c --><p:a x=\"2\"></p:a></p:T>\n"
	got, err := edit([]byte(in), func(el *element) bool { return el.attr("x") == "2" }, []string{"c", "y", `"&<`})
	want := "\ufeff<?xml version=\"1.0\"?>\n<p:T xmlns:p=\"u\"> <p:a x=\"1\"/><p:b/>\t<!-- c --><p:c y=\"&quot;&amp;&lt;\"/></p:T>\n"
	if err != nil || string(got) != want {
		t.Errorf("got  %q, %v\nwant %q", got, err, want)
	}
	if _, err := edit([]byte("<T/>"), func(*element) bool { return false }); err == nil {
		t.Error("an empty root can be added to")
	}
}
