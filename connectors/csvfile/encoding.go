package csvfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

const (
	utf8Name    = "utf-8"
	utf16Name   = "utf-16"
	utf16LEName = "utf-16le"
	utf16BEName = "utf-16be"
	cp1252Name  = "windows-1252"
)

var (
	bomUTF8    = []byte{0xEF, 0xBB, 0xBF}
	bomUTF16LE = []byte{0xFF, 0xFE}
	bomUTF16BE = []byte{0xFE, 0xFF}
)

// encodingName checks a configured encoding.
func encodingName(s string) (string, error) {
	switch name := strings.ToLower(strings.TrimSpace(s)); name {
	case "", "utf8", utf8Name:
		return utf8Name, nil
	case utf16Name, utf16LEName, utf16BEName, cp1252Name:
		return name, nil
	}
	return "", fmt.Errorf("encoding %q: write one of utf-8, utf-16, utf-16le, utf-16be, windows-1252", s)
}

// decode makes UTF-8 of a file of which head is read already. replaces tells that bytes the encoding does not know come
// out as U+FFFD, for the caller to refuse. A byte order mark that contradicts the declaration is an error.
func decode(name string, head []byte, rest io.Reader) (text io.Reader, replaces bool, err error) {
	little, big := bytes.HasPrefix(head, bomUTF16LE), bytes.HasPrefix(head, bomUTF16BE)
	var from encoding.Encoding
	switch {
	case name == utf8Name && (little || big):
		return nil, false, errors.New(`the file is UTF-16: write encoding = "utf-16"`)
	case name == utf8Name:
		return io.MultiReader(bytes.NewReader(bytes.TrimPrefix(head, bomUTF8)), rest), false, nil
	case bytes.HasPrefix(head, bomUTF8):
		return nil, false, fmt.Errorf(`the file is UTF-8 and not %s: write encoding = "utf-8"`, name)
	case name == cp1252Name && (little || big):
		return nil, false, errors.New(`the file is UTF-16: write encoding = "utf-16"`)
	case name == cp1252Name:
		from = charmap.Windows1252
	case name == utf16LEName && big, name == utf16BEName && little:
		return nil, false, fmt.Errorf(`the file has the other byte order than %s: write encoding = "utf-16"`, name)
	case name == utf16Name && !little && !big && len(head) > 0:
		return nil, false, errors.New(`the file has no byte order mark: write encoding = "utf-16le" or "utf-16be"`)
	case name == utf16LEName, little:
		from, head = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), bytes.TrimPrefix(head, bomUTF16LE)
	default:
		from, head = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), bytes.TrimPrefix(head, bomUTF16BE)
	}
	return transform.NewReader(io.MultiReader(bytes.NewReader(head), rest), from.NewDecoder()), true, nil
}
