package opcsign

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// genuine are documents signed by Microsoft Office, and one by another tool; see testdata/README.md.
var genuine = []struct {
	file   string
	intact bool
	lines  []string // of the report, in part
}{
	{"ms-office-2010-signed.xlsx", true, []string{"value: weak: /_xmlsignatures/sig1.xml: RSA with SHA-1", "parts: weak: 7 unchanged",
		"relationships: weak: 7 unchanged", "coverage: holds", "certificate: weak", "timestamp: absent", "validity: holds", "trust: not checked"}},
	{"hello-world-signed.xlsx", true, []string{"certificate: weak: /_xmlsignatures/sig1.xml", "before Office 2010", "coverage: holds"}},
	{"hello-world-signed-twice.docx", true, []string{"/_xmlsignatures/sig1.xml: signed 2009-08-21T09:46:20Z", `/_xmlsignatures/sig2.xml: signed 2009-08-23T14:24:37Z, "cosign"`}},
	{"Office2010-SP1-XAdES-X-L.docx", true, []string{"timestamp: weak: /_xmlsignatures/sig1.xml: 2011-08-20T05:18:39Z", "timestamp authority: not checked"}},
	// Office's technical preview did not sign custom XML, and this is what coverage is there to say.
	{"hello-world-office-2010-technical-preview.docx", false, []string{"value: weak", "signed objects: weak", "parts: weak",
		"coverage: fails: /customXml/item1.xml", `coverage: fails: /word/_rels/document.xml.rels: the relationship "rId1"`}},
	// SHA-512, and a token in BER.
	{"signed.docx", false, []string{"RSA with SHA-512", "timestamp: weak: /_xmlsignatures/sig-347563fd-46a6-45af-bd89-39eafd6b4bb4.xml: 2012-12-13", "coverage: fails: /customXml/item1.xml"}},
}

func TestVerifyGenuine(t *testing.T) {
	for _, g := range genuine {
		t.Run(g.file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", g.file))
			if err != nil {
				t.Fatal(err)
			}
			r, err := Verify(t.Context(), bytes.NewReader(data), int64(len(data)), VerifyOptions{})
			if err != nil {
				t.Fatal(err)
			}
			text := reportText(r)
			if r.Intact() != g.intact || r.OK() {
				t.Errorf("intact %v (want %v), OK %v (want false: nobody is trusted)", r.Intact(), g.intact, r.OK())
			}
			for _, l := range g.lines {
				if !strings.Contains(text, l) {
					t.Errorf("no line with %q", l)
				}
			}
			if t.Failed() {
				t.Log(text)
			}
		})
	}
}

func reportText(r *Report) string {
	var b strings.Builder
	for c := range r.All() {
		b.WriteString(c.String() + "\n")
	}
	return b.String()
}
