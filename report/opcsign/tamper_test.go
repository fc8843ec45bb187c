package opcsign

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tampers are changes of a signed package. Each must be refused by the check named, for the part named.
var tampers = []struct {
	name   string
	aspect Aspect
	part   string // of the failing check
	detail string // in its detail
	change func(t testing.TB, e []Entry) []Entry
}{
	{"a cell changed", AspectParts, "/xl/worksheets/sheet1.xml", "content was changed", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "xl/worksheets/sheet1.xml", "first", "fIrst")
	}},
	{"a blank added", AspectParts, "/xl/workbook.xml", "content was changed", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "xl/workbook.xml", "<sheets>", "<sheets >")
	}},
	{"a sheet added", AspectCoverage, "/xl/worksheets/sheet3.xml", "not signed", func(t testing.TB, e []Entry) []Entry {
		return append(e, Entry{"xl/worksheets/sheet3.xml", []byte("<worksheet/>")})
	}},
	{"a relationship redirected", AspectRelationships, "/xl/_rels/workbook.xml.rels", "was changed", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "xl/_rels/workbook.xml.rels", "worksheets/sheet1.xml", "worksheets/sheet2.xml")
	}},
	{"a link's target changed", AspectRelationships, "/xl/worksheets/_rels/sheet1.xml.rels", "was changed", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "xl/worksheets/_rels/sheet1.xml.rels", "example.com", "evil.example")
	}},
	{"a link made internal", AspectPackage, "/xl/worksheets/_rels/sheet1.xml.rels", "outside the package", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "xl/worksheets/_rels/sheet1.xml.rels", "External", "Internal")
	}},
	{"a relationship added", AspectCoverage, "/xl/_rels/workbook.xml.rels", `"rId99"`, func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "xl/_rels/workbook.xml.rels", "</Relationships>", rel("rId99", docRel+"externalLink", "https://evil.example/", ` TargetMode="External"`)+"</Relationships>")
	}},
	{"a relationship of the package added", AspectCoverage, "/_rels/.rels", `"rId77"`, func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "_rels/.rels", "</Relationships>", rel("rId77", docRel+"officeDocument", "xl/workbook.xml")+"</Relationships>")
	}},
	{"a relationship removed", AspectRelationships, "/xl/_rels/workbook.xml.rels", `"rId10" was signed and is gone`, func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "xl/_rels/workbook.xml.rels", rel("rId10", docRel+"worksheet", "/xl/worksheets/sheet2.xml"), "")
	}},
	{"relationships of a part added", AspectCoverage, "/xl/_rels/styles.xml.rels", "not signed", func(t testing.TB, e []Entry) []Entry {
		return append(e, Entry{"xl/_rels/styles.xml.rels", []byte(relsOpen + "</Relationships>")})
	}},
	{"a content type changed", AspectTypes, "/xl/worksheets/sheet2.xml", "macrosheet", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, contentTypesName, `sheet2.xml" ContentType="`+sheetCT+`worksheet+xml`, `sheet2.xml" ContentType="application/vnd.ms-excel.macrosheet+xml`)
	}},
	{"a content type's case changed", AspectTypes, "/xl/workbook.xml", "content type", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, contentTypesName, "sheet.main+xml", "sheet.Main+xml")
	}},
	{"a part removed", AspectParts, "/xl/worksheets/sheet2.xml", "no longer in the package", func(t testing.TB, e []Entry) []Entry {
		return remove(e, "xl/worksheets/sheet2.xml")
	}},
	{"a part renamed", AspectCoverage, "/xl/worksheets/sheet9.xml", "not signed", func(t testing.TB, e []Entry) []Entry {
		e[find(e, "xl/worksheets/sheet2.xml")].Name = "xl/worksheets/sheet9.xml"
		return e
	}},
	{"two parts exchanged", AspectParts, "/xl/worksheets/sheet2.xml", "content was changed", func(t testing.TB, e []Entry) []Entry {
		i, j := find(e, "xl/worksheets/sheet1.xml"), find(e, "xl/worksheets/sheet2.xml")
		e[i].Data, e[j].Data = e[j].Data, e[i].Data
		return e
	}},
	{"the signature moved to another workbook", AspectParts, "/xl/worksheets/sheet1.xml", "content was changed", func(t testing.TB, e []Entry) []Entry {
		other := unpack(t, signed(t, pack(t, replace(t, handmade(), "xl/worksheets/sheet1.xml", "first", "another")), otherID().options()))
		other[find(other, "_xmlsignatures/sig1.xml")] = e[find(e, "_xmlsignatures/sig1.xml")]
		return other
	}},
	{"the certificate swapped", AspectCertificate, signatureName, "names another certificate", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "_xmlsignatures/sig1.xml", b64(rsaID().cert.Raw), b64(otherID().cert.Raw))
	}},
	{"the certificate swapped for one of the same key", AspectCertificate, signatureName, "names another certificate", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "_xmlsignatures/sig1.xml", b64(rsaID().cert.Raw), b64(newIdentity("Director", rsaID().key, nil).cert.Raw))
	}},
	{"SignedInfo's algorithm changed", AspectValue, signatureName, "does not fit", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "_xmlsignatures/sig1.xml", "xmldsig-more#rsa-sha256", "xmldsig-more#rsa-sha512")
	}},
	{"SignedInfo's canonicalisation changed", AspectSignature, signatureName, "only Canonical XML 1.0", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "_xmlsignatures/sig1.xml", `<CanonicalizationMethod Algorithm="`+c14n, `<CanonicalizationMethod Algorithm="`+c14nExc)
	}},
	{"an unknown algorithm", AspectSignature, signatureName, "not accepted", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "_xmlsignatures/sig1.xml", "xmldsig-more#rsa-sha256", "xmldsig-more#hmac-sha256")
	}},
	{"the signature value changed", AspectValue, signatureName, "does not fit", func(t testing.TB, e []Entry) []Entry {
		i := find(e, "_xmlsignatures/sig1.xml")
		at := bytes.Index(e[i].Data, []byte("<SignatureValue>")) + len("<SignatureValue>") + 10
		old := e[i].Data[at]
		if e[i].Data[at] = 'A'; old == 'A' {
			e[i].Data[at] = 'B'
		}
		return e
	}},
	{"a reference of the manifest removed", AspectObjects, signatureName, "#idPackageObject", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "_xmlsignatures/sig1.xml", manifestLine(t, e, "/xl/worksheets/sheet1.xml"), "")
	}},
	{"the same, seen from the part", AspectCoverage, "/xl/worksheets/sheet1.xml", "not signed", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "_xmlsignatures/sig1.xml", manifestLine(t, e, "/xl/worksheets/sheet1.xml"), "")
	}},
	{"a digest of the manifest replaced", AspectObjects, signatureName, "#idPackageObject", func(t testing.TB, e []Entry) []Entry {
		e = replace(t, e, "xl/worksheets/sheet1.xml", "first", "other")
		line := manifestLine(t, e, "/xl/worksheets/sheet1.xml")
		old := regexp.MustCompile(`<DigestValue>(.*?)</DigestValue>`).FindStringSubmatch(line)[1]
		return replace(t, e, "_xmlsignatures/sig1.xml", old, b64(hashOf(crypto.SHA256, e[find(e, "xl/worksheets/sheet1.xml")].Data)))
	}},
	{"a reference of the manifest twice", AspectParts, "/xl/workbook.xml", "twice", func(t testing.TB, e []Entry) []Entry {
		line := manifestLine(t, e, "/xl/workbook.xml")
		return replace(t, e, "_xmlsignatures/sig1.xml", line, line+line)
	}},
	{"the signing time changed", AspectObjects, signatureName, "#idSignedProperties", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "_xmlsignatures/sig1.xml", "<xd:SigningTime>2026", "<xd:SigningTime>2025")
	}},
	{"the time of the manifest changed", AspectObjects, signatureName, "#idPackageObject", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "_xmlsignatures/sig1.xml", "<mdssi:Value>2026", "<mdssi:Value>2025")
	}},
	{"the purpose changed", AspectObjects, signatureName, "#idOfficeObject", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "_xmlsignatures/sig1.xml", "Quarterly", "Monthly")
	}},
	{"a timestamp of another signature", AspectTimestamp, signatureName, "something else", func(t testing.TB, e []Entry) []Entry {
		token := b64(newToken(hashOf(crypto.SHA256, []byte("another")), tokenFaults{}))
		return replace(t, e, "_xmlsignatures/sig1.xml", "<xd:UnsignedSignatureProperties>",
			`<xd:UnsignedSignatureProperties><xd:SignatureTimeStamp><xd:EncapsulatedTimeStamp>`+token+`</xd:EncapsulatedTimeStamp></xd:SignatureTimeStamp>`)
	}},
	{"a timestamp from before the signature", AspectTimestamp, signatureName, "after its timestamp", func(t testing.TB, e []Entry) []Entry {
		value := base64.StdEncoding.EncodeToString(must(parseSignature(e[find(e, "_xmlsignatures/sig1.xml")].Data)).value)
		imprint := hashOf(crypto.SHA256, []byte(`<SignatureValue xmlns="`+nsDsig+`">`+value+`</SignatureValue>`))
		token := b64(newToken(imprint, tokenFaults{at: signedAt.AddDate(0, -1, 0)}))
		return replace(t, e, "_xmlsignatures/sig1.xml", "<xd:UnsignedSignatureProperties>",
			`<xd:UnsignedSignatureProperties><xd:SignatureTimeStamp><xd:EncapsulatedTimeStamp>`+token+`</xd:EncapsulatedTimeStamp></xd:SignatureTimeStamp>`)
	}},
	{"the object wrapped: its id on another", AspectSignature, signatureName, `"idPackageObject" stands twice`, func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "_xmlsignatures/sig1.xml", "</Signature>", `<Object Id="idPackageObject"><Manifest></Manifest></Object></Signature>`)
	}},
	{"the object wrapped: the signed one put inside", AspectSignature, signatureName, "not where a signed object stands", func(t testing.TB, e []Entry) []Entry {
		i := find(e, "_xmlsignatures/sig1.xml")
		object := regexp.MustCompile(`(?s)<Object[^>]*Id="idPackageObject">.*?</Object>`).Find(e[i].Data)
		e[i].Data = bytes.Replace(e[i].Data, object, slices.Concat([]byte(`<Object>`), object, []byte(`</Object>`)), 1)
		return e
	}},
	{"a reference to something outside", AspectSignature, signatureName, "no element of the signature", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "_xmlsignatures/sig1.xml", `URI="#idOfficeObject"`, `URI="/xl/workbook.xml"`)
	}},
	{"the signature emptied", AspectSignature, signatureName, "not XML", func(t testing.TB, e []Entry) []Entry {
		e[find(e, "_xmlsignatures/sig1.xml")].Data = nil
		return e
	}},
	{"the signature unlinked", AspectSignature, "", "looks like one", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "_rels/.rels", rel("rId3", relOrigin, "_xmlsignatures/origin.sigs"), "")
	}},
	{"the origin missing", AspectPackage, "/_xmlsignatures/origin.sigs", "missing", func(t testing.TB, e []Entry) []Entry {
		return remove(e, "_xmlsignatures/origin.sigs")
	}},
	{"the signature part missing", AspectPackage, "/_xmlsignatures/sig1.xml", "missing", func(t testing.TB, e []Entry) []Entry {
		return remove(e, "_xmlsignatures/sig1.xml")
	}},
	{"a second file in the signatures' folder", AspectCoverage, "/_xmlsignatures/sig2.xml", "not signed", func(t testing.TB, e []Entry) []Entry {
		return append(e, Entry{"_xmlsignatures/sig2.xml", e[find(e, "_xmlsignatures/sig1.xml")].Data})
	}},
	{"content passed off as properties", AspectRelationships, "/_rels/.rels", "was changed", func(t testing.TB, e []Entry) []Entry {
		return replace(t, e, "_rels/.rels", docRel+"officeDocument", docRel+"custom-properties")
	}},
	{"a part added and linked as a thumbnail", AspectCoverage, "/xl/worksheets/sheet3.xml", "not signed", func(t testing.TB, e []Entry) []Entry {
		e = append(e, Entry{"xl/worksheets/sheet3.xml", []byte("<worksheet/>")}, Entry{"docProps/_rels/core.xml.rels", []byte(relsOpen + rel("rId1", docRel+"worksheet", "../xl/worksheets/sheet3.xml") + "</Relationships>")})
		return replace(t, e, "_rels/.rels", "</Relationships>", rel("rId50", "http://schemas.openxmlformats.org/package/2006/relationships/metadata/thumbnail", "xl/worksheets/sheet3.xml")+"</Relationships>")
	}},
	{"a duplicate entry", AspectPackage, "/xl/worksheets/sheet1.xml", "twice", func(t testing.TB, e []Entry) []Entry {
		return append(e, Entry{"xl/worksheets/sheet1.xml", []byte("<worksheet/>")})
	}},
	{"a duplicate entry, in another case", AspectPackage, "/xl/Worksheets/SHEET1.xml", "twice", func(t testing.TB, e []Entry) []Entry {
		return append(e, Entry{"xl/Worksheets/SHEET1.xml", []byte("<worksheet/>")})
	}},
}

func manifestLine(t testing.TB, e []Entry, part string) string {
	t.Helper()
	re := regexp.MustCompile(`<Reference URI="` + regexp.QuoteMeta(part) + `\?.*?</Reference>`)
	line := re.Find(e[find(e, "_xmlsignatures/sig1.xml")].Data)
	if line == nil {
		t.Fatal("no reference to " + part)
	}
	return string(line)
}

func TestTamper(t *testing.T) {
	original := signed(t, pack(t, handmade()), rsaID().options())
	for _, c := range tampers {
		t.Run(c.name, func(t *testing.T) {
			r := verified(t, pack(t, c.change(t, unpack(t, original))), rsaID().trusted())
			if r.OK() || r.Intact() {
				t.Fatal("accepted")
			}
			for check := range r.All() {
				if check.Aspect == c.aspect && check.State == Fails && check.Part == c.part && strings.Contains(check.Detail, c.detail) {
					return
				}
			}
			t.Errorf("no failing check %q for %q with %q:\n%s", c.aspect, c.part, c.detail, reportText(r))
		})
	}
}

// TestHarmless are changes that no signature has to mind: the properties, which viewers rewrite, the order and packing of
// entries, the spelling of relationships, content types of nothing.
func TestHarmless(t *testing.T) {
	original := signed(t, pack(t, handmade()), rsaID().options())
	for name, change := range map[string]func(e []Entry) []Entry{
		"properties": func(e []Entry) []Entry {
			return replace(t, e, "docProps/core.xml", "coreProperties", "coreProperties ")
		},
		"properties gone": func(e []Entry) []Entry {
			e = replace(t, e, "_rels/.rels", rel("rId2", "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties", "docProps/core.xml"), "")
			return remove(e, "docProps/core.xml")
		},
		"order": func(e []Entry) []Entry { slices.Reverse(e); return e },
		"white space and target mode": func(e []Entry) []Entry {
			return replace(t, e, "xl/_rels/workbook.xml.rels", `Target="worksheets/sheet1.xml"/>`, "\n\tTarget = 'worksheets/sheet1.xml' TargetMode=\"Internal\" />\n")
		},
		"another default type": func(e []Entry) []Entry {
			return replace(t, e, contentTypesName, "</Types>", `<Default Extension="png" ContentType="image/png"/></Types>`)
		},
	} {
		if r := verified(t, pack(t, change(unpack(t, original))), rsaID().trusted()); !r.OK() {
			t.Errorf("%s:\n%s", name, reportText(r))
		}
	}
}

// TestSecondSignature appends another signature, which leaves the first as it is.
func TestSecondSignature(t *testing.T) {
	e := unpack(t, signed(t, pack(t, handmade()), rsaID().options()))
	second := unpack(t, signed(t, pack(t, handmade()), p384ID().options()))
	e = append(e, Entry{"_xmlsignatures/sig2.xml", second[find(second, "_xmlsignatures/sig1.xml")].Data})
	e = replace(t, e, "_xmlsignatures/_rels/origin.sigs.rels", "</Relationships>", rel("rId2", relSignature, "/_xmlsignatures/sig2.xml")+"</Relationships>")
	e = replace(t, e, contentTypesName, "</Types>", `<Override PartName="/_xmlsignatures/sig2.xml" ContentType="`+typeSignature+`"/></Types>`)
	both := rsaID().trusted()
	both.Certificates = append(both.Certificates, p384ID().cert)
	r := verified(t, pack(t, e), both)
	if !r.OK() || len(r.Signatures) != 2 {
		t.Error(reportText(r))
	}
	if r := verified(t, pack(t, e), rsaID().trusted()); r.OK() {
		t.Error("OK although the second signer is not trusted")
	}
}
