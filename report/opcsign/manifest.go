package opcsign

import (
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// coverage is what a manifest reaches: parts by folded name, and of relationships parts the ids that it digests.
type coverage struct {
	parts map[string]bool
	ids   map[string]map[string]bool
}

// checkManifest compares every reference with the package.
func (v *verifier) checkManifest() coverage {
	r := v.report
	covered := coverage{map[string]bool{}, map[string]map[string]bool{}}
	weak := map[Aspect]bool{}
	for _, m := range v.sig.manifest {
		aspect, name := AspectParts, fold(m.part)
		if isRels(m.part) {
			aspect = AspectRelationships
		}
		if covered.parts[name] {
			r.add(aspect, Fails, m.part, "the manifest has it twice")
			continue
		}
		covered.parts[name] = true
		weak[aspect] = weak[aspect] || m.digest.hash == crypto.SHA1
		p, ok := v.pkg.part(m.part)
		if !ok {
			r.add(aspect, Fails, m.part, "it was signed and is no longer in the package")
			continue
		}
		if p.contentType != m.contentType {
			r.add(AspectTypes, Fails, p.name, "its content type was %q when signed and is %q", m.contentType, p.contentType)
		}
		if err := v.checkReference(m, covered); err != nil {
			r.add(aspect, Fails, p.name, "%v", err)
		}
	}
	v.summary(covered, weak)
	return covered
}

// summary adds the lines of what holds.
func (v *verifier) summary(covered coverage, weak map[Aspect]bool) {
	r, parts, rels := v.report, 0, 0
	for name := range covered.parts {
		if isRels(name) {
			rels += len(covered.ids[name])
		} else {
			parts++
		}
	}
	if !r.failed(AspectParts) {
		r.add(AspectParts, holds(weak[AspectParts]), "", "%d unchanged%s", parts, sha1Note(weak[AspectParts]))
	}
	if !r.failed(AspectRelationships) {
		odd := ""
		if v.odd {
			odd = "; digested as LibreOffice 7 does, not as ECMA-376 says: other programs will not accept it"
		}
		r.add(AspectRelationships, holds(weak[AspectRelationships] || v.odd), "", "%d unchanged%s%s", rels, odd, sha1Note(weak[AspectRelationships]))
	}
	if !r.failed(AspectTypes) {
		r.add(AspectTypes, Holds, "", "all as signed")
	}
}

// checkReference compares one part's digest; for relationships it notes which of them are covered.
func (v *verifier) checkReference(m manifestReference, covered coverage) error {
	name := fold(m.part)
	chosen, err := v.chosen(m)
	if err != nil {
		return err
	}
	var digest []byte
	switch {
	case chosen != nil:
		digest = hashOf(m.digest.hash, transformed(v.pkg.rels[name], chosen))
	case len(m.transforms) > 0:
		if digest, err = v.canonicalDigest(m); err != nil {
			return err
		}
	default:
		s := v.sums[sumKey{name, m.digest.hash}]
		if s.err != nil {
			return fmt.Errorf("it cannot be read: %w", s.err)
		}
		digest = s.value
	}
	if isRels(name) {
		covered.ids[name] = map[string]bool{}
		for _, rel := range v.pkg.rels[name] {
			if chosen == nil || chosen(rel) {
				covered.ids[name][rel.id] = true
			}
		}
	}
	if string(digest) == string(m.digest.value) {
		return nil
	}
	if chosen != nil && v.hashedByLibxmlsec(m, chosen) {
		return nil
	}
	if isRels(name) {
		return v.relationshipChange(m)
	}
	return errors.New("its content was changed after signing")
}

// chosen reads the relationships transform, ECMA-376 Part 2 §10.5.6: which relationships it keeps. nil: there is none.
func (v *verifier) chosen(m manifestReference) (func(relationship) bool, error) {
	at := slices.IndexFunc(m.transforms, func(t *element) bool { return t.algorithm() == transformRels })
	if at < 0 {
		return nil, nil
	}
	if !isRels(m.part) || at != 0 || len(m.transforms) != 2 || m.transforms[1].algorithm() != c14n && m.transforms[1].algorithm() != c14nComments {
		return nil, errors.New("the relationships transform stands where it must not, or is not followed by Canonical XML alone")
	}
	ids, types := map[string]bool{}, map[string]bool{}
	for _, ref := range m.transforms[0].elements(nsMdssi, "RelationshipReference") {
		ids[ref.attr("SourceId")] = true
	}
	for _, ref := range m.transforms[0].elements(nsMdssi, "RelationshipsGroupReference") {
		types[ref.attr("SourceType")] = true
	}
	return func(r relationship) bool { return ids[r.id] || types[r.typ] }, nil
}

// hashedByLibxmlsec tells whether the digest is that of libxmlsec 1.2, by which LibreOffice signs: it writes each white
// space between relationships as an element "text" in front of them. LibreOffice itself puts a line break into the
// package's relationships, so all it signs is like that. The relationships are as well fixed by it as by the right form.
func (v *verifier) hashedByLibxmlsec(m manifestReference, chosen func(relationship) bool) bool {
	name := fold(m.part)
	blanks := v.pkg.blanks[name]
	if blanks == 0 {
		return false
	}
	form := transformedWith(strings.Repeat("<text></text>", blanks), v.pkg.rels[name], chosen)
	if string(hashOf(m.digest.hash, form)) != string(m.digest.value) {
		return false
	}
	v.odd = true
	return true
}

// relationshipChange says what can be said of relationships that are not as signed: which are gone.
func (v *verifier) relationshipChange(m manifestReference) error {
	there := map[string]bool{}
	for _, r := range v.pkg.rels[fold(m.part)] {
		there[r.id] = true
	}
	for _, t := range m.transforms {
		for _, ref := range t.elements(nsMdssi, "RelationshipReference") {
			if id := ref.attr("SourceId"); !there[id] {
				return fmt.Errorf("the relationship %q was signed and is gone", id)
			}
		}
	}
	return errors.New("a relationship was changed after signing")
}

// canonicalDigest is for XML parts that were signed by their canonical form, which the standard allows and Office never writes.
func (v *verifier) canonicalDigest(m manifestReference) ([]byte, error) {
	comments, err := onlyC14N(m.transforms)
	if err != nil {
		return nil, err
	}
	data, err := v.pkg.readXML(m.part, v.pkg.files[fold(m.part)])
	if err != nil {
		return nil, err
	}
	root, err := readTree(data)
	if err != nil {
		return nil, err
	}
	return hashOf(m.digest.hash, canonical(root, comments)), nil
}

// checkCoverage names everything in the package that the signature does not reach and must.
func (v *verifier) checkCoverage(covered coverage) {
	r := v.report
	for _, p := range v.pkg.demanded() {
		if !covered.parts[fold(p.name)] {
			r.add(AspectCoverage, Fails, p.name, "it is not signed: it may have been added afterwards")
			continue
		}
		for _, rel := range v.pkg.rels[fold(p.name)] {
			if v.pkg.demands(p.name, rel) && !covered.ids[fold(p.name)][rel.id] {
				r.add(AspectCoverage, Fails, p.name, "the relationship %q, to %q, is not signed: it may have been added afterwards", rel.id, rel.target)
			}
		}
	}
	if !r.failed(AspectCoverage) {
		r.add(AspectCoverage, Holds, "", "all %d parts that must be are signed", len(v.pkg.demanded()))
	}
}
