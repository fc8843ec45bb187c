// Package opcsign signs and verifies packages of the Open Packaging Conventions (ECMA-376 Part 2: .xlsx, .docx, .nupkg,
// …) with XML signatures, laid out as Microsoft Office writes them.
//
//   - Sign signs a finished package. Content.Sign signs one while it is being written: the writer hashes the parts as they
//     pass and writes the signature last.
//   - Verify looks at every signature of a package and says, check by check, what holds and what does not, and which
//     part changed.
//
// A signature is XML-DSig (W3C) with the package rules of ECMA-376 Part 2, the Office properties of [MS-OFFCRYPTO] 2.5.2.5
// and XAdES-BES (ETSI TS 101 903 v1.3.2), or XAdES-T when a timestamp authority (RFC 3161) is given. It covers every part
// and every relationship but the document's properties, which viewers rewrite, and the signatures themselves.
//
// The package has no clock, no network and no randomness of its own: time, timestamp authority and random source are
// parameters. Beside the standard library it uses one that inflates faster.
package opcsign

// Names of ECMA-376 Part 2: relationship types, content types, namespaces and transforms.
const (
	relOrigin      = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin"
	relSignature   = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/signature"
	relCertificate = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/certificate"

	typeOrigin    = "application/vnd.openxmlformats-package.digital-signature-origin"
	typeSignature = "application/vnd.openxmlformats-package.digital-signature-xmlsignature+xml"
	typeRels      = "application/vnd.openxmlformats-package.relationships+xml"

	nsTypes = "http://schemas.openxmlformats.org/package/2006/content-types"
	nsRels  = "http://schemas.openxmlformats.org/package/2006/relationships"
	nsMdssi = "http://schemas.openxmlformats.org/package/2006/digital-signature"

	transformRels = "http://schemas.openxmlformats.org/package/2006/RelationshipTransform"
)

// Names of XML-DSig, Canonical XML 1.0, Office and XAdES.
const (
	nsDsig   = "http://www.w3.org/2000/09/xmldsig#"
	nsOffice = "http://schemas.microsoft.com/office/2006/digsig"
	nsXades  = "http://uri.etsi.org/01903/v1.3.2#"
	nsXML    = "http://www.w3.org/XML/1998/namespace"

	c14n         = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
	c14nComments = c14n + "#WithComments"
	c14nExc      = "http://www.w3.org/2001/10/xml-exc-c14n#"

	typeObject           = nsDsig + "Object"
	typeSignedProperties = "http://uri.etsi.org/01903#SignedProperties"
)

// The parts that a signature adds, where Office puts them.
const (
	contentTypesName = "[Content_Types].xml"
	rootRelsName     = "/_rels/.rels"
	originName       = "/_xmlsignatures/origin.sigs"
	originRelsName   = "/_xmlsignatures/_rels/origin.sigs.rels"
	signatureName    = "/_xmlsignatures/sig1.xml"
	signatureFolder  = "/_xmlsignatures/"
)
