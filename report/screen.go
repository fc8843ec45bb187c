package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// cells measures text as terminals show it, whatever the locale says.
var cells = &runewidth.Condition{StrictEmojiNeutral: true}

// Colours stand beside words that say the same, never alone.
const (
	plainText = ""
	bold      = "1"
	dim       = "2"
	red       = "1;31"
	yellow    = "33"
	green     = "32"
)

// screen writes lines of text to a terminal of a known width. Everything shown goes through clean.
type screen struct {
	out    *bufio.Writer
	width  int
	colour bool
}

func newScreen(w io.Writer, width int, colour bool) *screen {
	if width <= 0 {
		width = 80
	}
	return &screen{out: bufio.NewWriter(w), width: max(width, minScreen), colour: colour}
}

// minScreen is the narrowest terminal that is written for.
const minScreen = 60

// paint colours text that is clean already.
func (s *screen) paint(colour, text string) string {
	if !s.colour || colour == plainText || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// line writes one line, cut to the width.
func (s *screen) line(colour, format string, args ...any) {
	s.out.WriteString(s.paint(colour, cut(clean(fmt.Sprintf(format, args...)), s.width)))
	s.out.WriteByte('\n')
}

func (s *screen) blank() { s.out.WriteByte('\n') }

// wrap writes text over as many lines as it needs: the first begins with first, the others are indented as far.
func (s *screen) wrap(colour, first, text string) {
	indent := strings.Repeat(" ", cells.StringWidth(first))
	for i, part := range wrapped(clean(text), max(s.width-len(indent), 20)) {
		lead := indent
		if i == 0 {
			lead = first
		}
		s.out.WriteString(lead + s.paint(colour, part) + "\n")
	}
}

// wrapped breaks clean text at blanks into lines of at most width cells; what is longer than a line is broken anywhere.
func wrapped(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && cells.StringWidth(line)+1+cells.StringWidth(word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for cells.StringWidth(word) > width {
			head := cells.Truncate(word, width, "")
			if head == "" { // one cluster wider than the line
				break
			}
			lines, word = append(lines, head), word[len(head):]
		}
		line = word
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// cut shortens clean text to width cells and says so with an ellipsis.
func cut(text string, width int) string {
	if cells.StringWidth(text) <= width {
		return text
	}
	return cells.Truncate(text, width, "…")
}

// pad fills clean text up to width cells, or cuts it.
func pad(text string, width int) string {
	text = cut(text, width)
	return text + strings.Repeat(" ", max(width-cells.StringWidth(text), 0))
}

// padLeft is pad for numbers.
func padLeft(text string, width int) string {
	return strings.Repeat(" ", max(width-cells.StringWidth(text), 0)) + text
}

// maxMarks is how many marks without a width may follow one another: scripts need a few, pranks use hundreds.
const maxMarks = 8

// clean makes text that others wrote safe to show: what steers a terminal (control characters, escape sequences) or
// misleads the reader (direction overrides, invisible characters, broken UTF-8) is shown as a code like <U+202E>.
func clean(s string) string {
	if isClean(s) {
		return s
	}
	var b strings.Builder
	marks := 0
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, "<%02X>", s[i])
		case hidden(r):
			fmt.Fprintf(&b, "<U+%04X>", r)
		case unicode.Is(unicode.M, r):
			if marks++; marks <= maxMarks {
				b.WriteRune(r)
			}
			continue
		default:
			b.WriteRune(r)
		}
		marks = 0
	}
	return b.String()
}

func isClean(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// hidden tells of characters a reader would not see. The joiners that emoji and several scripts need are not among them.
func hidden(r rune) bool {
	if r == '\u200c' || r == '\u200d' {
		return false
	}
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) ||
		r == '\u2028' || r == '\u2029' || r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0'
}
