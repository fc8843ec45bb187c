package opcsign

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

// The signature part, in the order and with the prefixes of Office (genuine files of Excel 2010; [MS-OFFCRYPTO] 2.5.2).
// All of it is written in canonical form, so that what is hashed is what is written, plus the namespaces that the
// element inherits.

const (
	signatureStart = `<Signature xmlns="` + nsDsig + `" Id="idPackageSignature">`
	dsigDecl       = ` xmlns="` + nsDsig + `"`
	mdssiDecl      = ` xmlns:mdssi="` + nsMdssi + `"`
	xadesDecl      = ` xmlns:xd="` + nsXades + `"`

	timeFormat = "YYYY-MM-DDThh:mm:ssTZD" // literally so
)

// reference is one line of the manifest.
type reference struct {
	uri    string
	digest []byte
	ids    []string // of relationships; nil for a part
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func digestXML(digest []byte) string {
	return `<DigestMethod Algorithm="` + digestSHA256 + `"></DigestMethod><DigestValue>` + b64(digest) + `</DigestValue>`
}

func writeReference(b *strings.Builder, r reference) {
	b.WriteString(`<Reference URI="` + attrEscaper.Replace(r.uri) + `">`)
	if r.ids != nil {
		b.WriteString(`<Transforms><Transform Algorithm="` + transformRels + `">`)
		for _, id := range r.ids {
			b.WriteString(`<mdssi:RelationshipReference SourceId="` + attrEscaper.Replace(id) + `"></mdssi:RelationshipReference>`)
		}
		b.WriteString(`</Transform><Transform Algorithm="` + c14n + `"></Transform></Transforms>`)
	}
	b.WriteString(digestXML(r.digest) + `</Reference>`)
}

// packageObject holds the manifest and the time. decls are the namespace declarations it inherits.
func packageObject(refs []reference, at time.Time, decls string) string {
	var b strings.Builder
	b.WriteString(`<Object` + decls + mdssiDecl + ` Id="idPackageObject"><Manifest>`)
	for _, r := range refs {
		writeReference(&b, r)
	}
	b.WriteString(`</Manifest><SignatureProperties><SignatureProperty Id="idSignatureTime" Target="#idPackageSignature">` +
		`<mdssi:SignatureTime><mdssi:Format>` + timeFormat + `</mdssi:Format><mdssi:Value>` + stamp(at) +
		`</mdssi:Value></mdssi:SignatureTime></SignatureProperty></SignatureProperties></Object>`)
	return b.String()
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// officeObject is SignatureInfoV1 of [MS-OFFCRYPTO] 2.5.2.5 for an invisible signature. The screen it tells of is made up.
func officeObject(comments, decls string) string {
	var b strings.Builder
	b.WriteString(`<Object` + decls + ` Id="idOfficeObject"><SignatureProperties><SignatureProperty Id="idOfficeV1Details" Target="#idPackageSignature">` +
		`<SignatureInfoV1 xmlns="` + nsOffice + `">`)
	for _, f := range [][2]string{
		{"SetupID", ""}, {"SignatureText", ""}, {"SignatureImage", ""}, {"SignatureComments", comments},
		{"WindowsVersion", "10.0"}, {"OfficeVersion", "16.0"}, {"ApplicationVersion", "16.0"}, {"Monitors", "1"},
		{"HorizontalResolution", "1920"}, {"VerticalResolution", "1080"}, {"ColorDepth", "32"},
		{"SignatureProviderId", "{00000000-0000-0000-0000-000000000000}"}, {"SignatureProviderUrl", ""},
		{"SignatureProviderDetails", "9"}, {"SignatureType", "1"},
	} {
		b.WriteString("<" + f[0] + ">" + textEscaper.Replace(f[1]) + "</" + f[0] + ">")
	}
	b.WriteString(`</SignatureInfoV1></SignatureProperty></SignatureProperties></Object>`)
	return b.String()
}

// signedProperties are those of XAdES-BES that [MS-OFFCRYPTO] 2.5.2.6 demands; SigningCertificate is what binds the certificate.
func signedProperties(c *x509.Certificate, at time.Time, decls string) string {
	return `<xd:SignedProperties` + decls + ` Id="idSignedProperties"><xd:SignedSignatureProperties><xd:SigningTime>` + stamp(at) +
		`</xd:SigningTime><xd:SigningCertificate><xd:Cert><xd:CertDigest>` + digestXML(hashOf(crypto.SHA256, c.Raw)) +
		`</xd:CertDigest><xd:IssuerSerial><X509IssuerName>` + textEscaper.Replace(issuerName(c)) + `</X509IssuerName><X509SerialNumber>` +
		c.SerialNumber.String() + `</X509SerialNumber></xd:IssuerSerial></xd:Cert></xd:SigningCertificate>` +
		`<xd:SignaturePolicyIdentifier><xd:SignaturePolicyImplied></xd:SignaturePolicyImplied></xd:SignaturePolicyIdentifier>` +
		`</xd:SignedSignatureProperties></xd:SignedProperties>`
}

// issuerName is the issuer as Office 2010 SP1 writes it: RFC 2253, with a blank after each comma.
func issuerName(c *x509.Certificate) string {
	var rdns pkix.RDNSequence
	if rest, err := asn1.Unmarshal(c.RawIssuer, &rdns); err != nil || len(rest) > 0 {
		return c.Issuer.String()
	}
	parts := make([]string, len(rdns))
	for i, rdn := range rdns {
		parts[i] = pkix.RDNSequence{rdn}.String()
	}
	slices.Reverse(parts)
	return strings.ToValidUTF8(strings.Join(parts, ", "), "?")
}

// signedInfo names the three objects, in Office's order. decls are the namespace declarations it inherits.
func signedInfo(method string, pkg, office, properties []byte, decls string) string {
	object := func(id string, digest []byte) string {
		return `<Reference Type="` + typeObject + `" URI="#` + id + `">` + digestXML(digest) + `</Reference>`
	}
	return `<SignedInfo` + decls + `><CanonicalizationMethod Algorithm="` + c14n + `"></CanonicalizationMethod><SignatureMethod Algorithm="` + method + `"></SignatureMethod>` +
		object("idPackageObject", pkg) + object("idOfficeObject", office) +
		`<Reference Type="` + typeSignedProperties + `" URI="#idSignedProperties"><Transforms><Transform Algorithm="` + c14n + `"></Transform></Transforms>` +
		digestXML(properties) + `</Reference></SignedInfo>`
}

func signatureValue(value []byte, decls string) string {
	return `<SignatureValue` + decls + `>` + b64(value) + `</SignatureValue>`
}

// unsignedProperties hold the timestamp; Office 2010 wants them also when they are empty.
func unsignedProperties(token []byte) string {
	timestamp := ""
	if token != nil {
		timestamp = `<xd:SignatureTimeStamp><CanonicalizationMethod Algorithm="` + c14n + `"></CanonicalizationMethod><xd:EncapsulatedTimeStamp>` +
			b64(token) + `</xd:EncapsulatedTimeStamp></xd:SignatureTimeStamp>`
	}
	return `<xd:UnsignedProperties><xd:UnsignedSignatureProperties>` + timestamp + `</xd:UnsignedSignatureProperties></xd:UnsignedProperties>`
}

// signaturePart makes the whole part: objects first, then SignedInfo over them, the value over that, the timestamp over the value.
func signaturePart(o *Options, method string, refs []reference, timestamp func(imprint []byte) []byte) ([]byte, error) {
	digest := func(canonical string) []byte { return hashOf(crypto.SHA256, []byte(canonical)) }
	info := func(decls string) string {
		return signedInfo(method, digest(packageObject(refs, o.Time, dsigDecl)), digest(officeObject(o.Comments, dsigDecl)),
			digest(signedProperties(o.Certificate, o.Time, dsigDecl+xadesDecl)), decls)
	}
	value, err := o.sign(method, []byte(info(dsigDecl)))
	if err != nil {
		return nil, err
	}
	token := timestamp(digest(signatureValue(value, dsigDecl)))
	var b bytes.Buffer
	for _, s := range []string{
		`<?xml version="1.0" encoding="UTF-8"?>` + "\n", signatureStart, info(""), signatureValue(value, ""),
		`<KeyInfo><X509Data><X509Certificate>`, b64(o.Certificate.Raw), `</X509Certificate></X509Data></KeyInfo>`,
		packageObject(refs, o.Time, ""), officeObject(o.Comments, ""),
		`<Object><xd:QualifyingProperties` + xadesDecl + ` Target="#idPackageSignature">`, signedProperties(o.Certificate, o.Time, ""),
		unsignedProperties(token), `</xd:QualifyingProperties></Object></Signature>`,
	} {
		b.WriteString(s)
	}
	return b.Bytes(), nil
}
