package opcsign

import (
	"crypto"
	"crypto/x509"
	"strings"
	"time"
)

// signature is a signature part, taken apart. Everything in it that is later believed comes out of elements that
// SignedInfo names and that stand where the standard puts them, so that a copy planted elsewhere is never looked at.
type signature struct {
	info     *element // SignedInfo
	comments bool     // how it is canonicalised
	method   signatureMethod
	valueEl  *element
	value    []byte
	objects  []signedObject
	manifest []manifestReference
	certs    []*x509.Certificate // of KeyInfo, in its order; not signed
	time     time.Time
	purpose  string

	signingCert *element // XAdES SigningCertificate or SigningCertificateV2; nil: none
	unsigned    *element // XAdES UnsignedSignatureProperties, may be nil
}

// signedObject is an element that SignedInfo names.
type signedObject struct {
	id         string
	el         *element
	transforms []*element
	digest     digestOf
}

// digestOf is a digest and how it was made.
type digestOf struct {
	hash  crypto.Hash
	value []byte
}

// manifestReference is one line of the manifest: a part, and for relationships which of them.
type manifestReference struct {
	part        string
	contentType string
	transforms  []*element
	digest      digestOf
}

func parseSignature(data []byte) (*signature, error) {
	root, err := readTree(data)
	if err != nil {
		return nil, err
	}
	if !root.is(nsDsig, "Signature") {
		return nil, refuse("", "its root is %s, not an XML signature", root.local)
	}
	ids, err := idsOf(root)
	if err != nil {
		return nil, err
	}
	s := &signature{info: root.only(nsDsig, "SignedInfo"), valueEl: root.only(nsDsig, "SignatureValue")}
	if s.info == nil || s.valueEl == nil {
		return nil, refuse("", "it does not have one SignedInfo and one SignatureValue")
	}
	if s.value, err = base64Of(s.valueEl); err != nil {
		return nil, err
	}
	if err := s.parseInfo(root, ids); err != nil {
		return nil, err
	}
	if err := s.parseObjects(root); err != nil {
		return nil, err
	}
	s.parseKeyInfo(root.only(nsDsig, "KeyInfo"))
	return s, nil
}

// idsOf finds the elements by their ids. An id that stands twice is how a signature is wrapped around something else.
func idsOf(root *element) (map[string]*element, error) {
	ids := map[string]*element{}
	var err error
	root.each(func(el *element) {
		for _, a := range el.attrs {
			if (a.ns != "" && a.ns != nsXML) || !strings.EqualFold(a.local, "id") {
				continue
			}
			if ids[a.value] != nil {
				err = refuse("", "the id %q stands twice", a.value)
			}
			ids[a.value] = el
		}
	})
	return ids, err
}

// maxReferences bounds SignedInfo: each reference costs a pass over what it names.
const maxReferences = 32

// parseInfo reads SignedInfo: XML-DSig §4.3 with the bounds of ECMA-376 Part 2 §10.5.
func (s *signature) parseInfo(root *element, ids map[string]*element) error {
	switch algorithm := s.info.only(nsDsig, "CanonicalizationMethod").algorithm(); algorithm {
	case c14n:
	case c14nComments:
		s.comments = true
	default:
		return refuse("", "SignedInfo is canonicalised by %q; packages allow only Canonical XML 1.0", algorithm)
	}
	algorithm := s.info.only(nsDsig, "SignatureMethod").algorithm()
	var known bool
	if s.method, known = signatureMethods[algorithm]; !known {
		return refuse("", "the signature method %q is not accepted", algorithm)
	}
	refs := s.info.elements(nsDsig, "Reference")
	if len(refs) > maxReferences {
		return refuse("", "SignedInfo has %d references; a package signature has three or a few more", len(refs))
	}
	for _, ref := range refs {
		uri := ref.attr("URI")
		id, local := strings.CutPrefix(uri, "#")
		el := ids[id]
		if !local || el == nil {
			return refuse("", "SignedInfo refers to %q, which is no element of the signature", uri)
		}
		if el.parent != root && !isSignedProperties(root, el) || el.parent == root && !el.is(nsDsig, "Object") {
			return refuse("", "SignedInfo refers to %q, an element %s that is not where a signed object stands", uri, el.local)
		}
		digest, transforms, err := parseReference(ref)
		if err != nil {
			return err
		}
		s.objects = append(s.objects, signedObject{id, el, transforms, digest})
	}
	return nil
}

func isSignedProperties(root, el *element) bool {
	up := el.parent
	return el.ns == nsXades && el.local == "SignedProperties" && up.is(nsXades, "QualifyingProperties") &&
		up.parent.is(nsDsig, "Object") && up.parent.parent == root
}

// parseReference reads what references in SignedInfo and in the manifest share.
func parseReference(ref *element) (digestOf, []*element, error) {
	algorithm := ref.only(nsDsig, "DigestMethod").algorithm()
	h, known := digestMethods[algorithm]
	if !known {
		return digestOf{}, nil, refuse("", "the digest method %q is not accepted", algorithm)
	}
	value, err := base64Of(ref.only(nsDsig, "DigestValue"))
	if err != nil || len(value) != h.Size() {
		return digestOf{}, nil, refuse("", "the digest of %q is none", ref.attr("URI"))
	}
	lists := ref.elements(nsDsig, "Transforms")
	if len(lists) > 1 {
		return digestOf{}, nil, refuse("", "the reference to %q has two lists of transforms", ref.attr("URI"))
	}
	var transforms []*element
	for _, l := range lists {
		transforms = l.elements(nsDsig, "Transform")
	}
	return digestOf{h, value}, transforms, nil
}

// parseObjects reads the manifest, the time, the purpose and the XAdES properties out of the signed objects.
func (s *signature) parseObjects(root *element) error {
	var manifests []*element
	for _, o := range s.objects {
		if o.el.is(nsXades, "SignedProperties") {
			s.parseProperties(o.el)
			continue
		}
		manifests = append(manifests, o.el.elements(nsDsig, "Manifest")...)
		for _, p := range o.el.path(nsDsig, "SignatureProperties").elements(nsDsig, "SignatureProperty") {
			if t := p.path(nsMdssi, "SignatureTime", "Value"); t != nil && s.time.IsZero() {
				s.time = parseTime(t.textOf())
			}
			if c := p.path(nsOffice, "SignatureInfoV1", "SignatureComments"); c != nil {
				s.purpose = c.textOf()
			}
		}
	}
	if len(manifests) != 1 {
		return refuse("", "the signed objects have %d manifests; a package signature has one", len(manifests))
	}
	for _, ref := range manifests[0].elements(nsDsig, "Reference") {
		m, err := parseManifestReference(ref)
		if err != nil {
			return err
		}
		s.manifest = append(s.manifest, m)
	}
	if s.time.IsZero() {
		return refuse("", "it does not say when it was signed")
	}
	return nil
}

// parseManifestReference reads "/part/name?ContentType=type" (ECMA-376 Part 2 §10.5.8).
func parseManifestReference(ref *element) (manifestReference, error) {
	uri := ref.attr("URI")
	name, contentType, ok := strings.Cut(uri, "?ContentType=")
	if !ok || checkPartName(name) != nil {
		return manifestReference{}, refuse("", "the manifest refers to %q, which is not a part with its content type", uri)
	}
	digest, transforms, err := parseReference(ref)
	return manifestReference{name, contentType, transforms, digest}, err
}
