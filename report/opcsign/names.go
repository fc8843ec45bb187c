package opcsign

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Part names, ECMA-376 Part 2 §6.2.2 (1st edition §8.1.1), always with the leading slash.

// fold is the form in which part names are compared: names that differ only in case are the same (§6.2.2.3).
func fold(name string) string { return strings.ToLower(name) }

// checkPartName refuses what cannot name a part: empty, dotted or escaped segments by which two readers could mean two
// different parts.
func checkPartName(name string) error {
	if !strings.HasPrefix(name, "/") {
		return refuse("", "%q is not a part name: it does not start with a slash", name)
	}
	for _, r := range name {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return refuse("", "%q is not a part name: it has a character that cannot be shown", name)
		}
	}
	for segment := range strings.SplitSeq(name[1:], "/") {
		if segment == "" || strings.HasSuffix(segment, ".") {
			return refuse("", "%q is not a part name: a segment is empty or ends with a dot", name)
		}
		if err := checkSegment(segment); err != nil {
			return refuse("", "%q is not a part name: %v", name, err)
		}
	}
	return nil
}

func checkSegment(s string) error {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 0x80 || unreserved(c) || strings.IndexByte("!$&'()*+,;=:@", c) >= 0:
		case c == '%':
			b, err := hex.DecodeString(s[i+1 : min(i+3, len(s))])
			if err != nil || len(b) != 1 {
				return errors.New("a percent sign that escapes nothing")
			}
			if b[0] == '/' || b[0] == '\\' || b[0] == 0 || unreserved(b[0]) {
				return fmt.Errorf("it escapes %q, which must not be escaped", b[0])
			}
			i += 2
		default:
			return fmt.Errorf("it has the character %q", c)
		}
	}
	return nil
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// isRels tells whether the name is that of a relationships part, §6.5.2.3.
func isRels(name string) bool {
	dir, file := path.Split(fold(name))
	return strings.HasSuffix(dir, "/_rels/") && strings.HasSuffix(file, ".rels")
}

// relsOf is the relationships part of a part; the package's own for "/".
func relsOf(source string) string {
	dir, file := path.Split(source)
	return dir + "_rels/" + file + ".rels"
}

// sourceOf is the part whose relationships part this is; "/" for the package's own.
func sourceOf(rels string) string {
	dir, file := path.Split(rels)
	return dir[:len(dir)-len("_rels/")] + file[:len(file)-len(".rels")]
}

// resolve gives the part that an internal target means (§6.5.3.4; RFC 3986 §5.2); empty: a place in the source itself.
func resolve(source, target string) (string, error) {
	target, _, _ = strings.Cut(target, "#")
	if target == "" {
		return "", nil
	}
	if first, _, _ := strings.Cut(target, "/"); strings.Contains(first, ":") || strings.HasPrefix(target, "//") {
		return "", refuse("", "the internal target %q lies outside the package", target)
	}
	if strings.ContainsAny(target, "\\?") {
		return "", refuse("", "the internal target %q is not a part name", target)
	}
	segments := strings.Split(target, "/")
	var out []string
	if segments[0] != "" {
		out = strings.Split(source, "/")[1:]
		out = out[:len(out)-1]
	} else {
		segments = segments[1:]
	}
	for _, s := range segments {
		switch s {
		case ".":
		case "..":
			if len(out) == 0 {
				return "", refuse("", "the internal target %q leaves the package", target)
			}
			out = out[:len(out)-1]
		default:
			out = append(out, s)
		}
	}
	return "/" + strings.Join(out, "/"), nil
}
