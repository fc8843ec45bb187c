package notify

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"rollcall/remediate"
)

const (
	lineWidth = 78
	labelAt   = "   "
	valueAt   = 20 // where values begin and go on: nothing that a value says can look like a line of ours
)

// Subject is the digest in one line. It holds no names.
func (d *Digest) Subject(zone *time.Location) string {
	s := fmt.Sprintf("rollcall: %s for an answer", count(d.Waiting))
	if d.Gone > 0 {
		s += fmt.Sprintf(", %d about people who left", d.Gone)
	}
	if !d.Due.IsZero() {
		s += ", the first by " + day(d.Due, zone)
	}
	return s
}

func count(n int) string {
	if n == 1 {
		return "1 case waits"
	}
	return fmt.Sprintf("%d cases wait", n)
}

func day(t time.Time, zone *time.Location) string { return t.In(zone).Format("2006-01-02 15:04 MST") }

// Text is the digest for people, in plain text; moments are written in the zone.
func (d *Digest) Text(zone *time.Location) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s for an answer: does the access go, or may it stay for now?\n", count(d.Waiting))
	n := 0
	for _, part := range []struct {
		title   string
		entries []Entry
	}{{"PEOPLE WHO LEFT, OR WHOSE CONTRACT HAS ENDED", d.Leavers}, {"OTHER CASES", d.Others}} {
		if len(part.entries) > 0 {
			fmt.Fprintf(&b, "\n%s\n", part.title)
		}
		for i := range part.entries {
			n++
			part.entries[i].text(&b, n, zone)
		}
	}
	if d.More > 0 {
		fmt.Fprintf(&b, "\nand %d more: %s\n", d.More, d.List)
	}
	b.WriteString("\nOnly the commands above decide something: they know who gives the answer.\nAnswering this message does not. Nobody decides about their own access.\n")
	return b.String()
}

func (e *Entry) text(b *strings.Builder, n int, zone *time.Location) {
	fmt.Fprintf(b, "\n%d. %s, case %s\n", n, strings.ToUpper(e.Severity.String()), e.Case)
	field(b, "who", e.Who)
	field(b, "accounts", e.logins()...)
	field(b, "why", e.Why)
	field(b, "would be done", e.Removal...)
	field(b, "stops working", e.Stops...)
	field(b, "takes over", e.TakesOver...)
	field(b, "goes on working", e.Residual...)
	field(b, "asked, because", e.Asked)
	if !e.Due.IsZero() && e.State != remediate.Expired {
		field(b, "answer by", day(e.Due, zone))
	}
	field(b, "if nobody does", e.Silence)
	field(b, "it goes", e.Answer[Remove])
	field(b, "it stays", e.Answer[Keep])
}

func (e *Entry) logins() []string {
	var out []string
	for _, a := range e.Accounts {
		out = append(out, a.Login+" in "+a.App)
	}
	return sentences(out)
}

// field writes a label and its values, each wrapped between words. A field without values is not written.
func field(b *strings.Builder, label string, values ...string) {
	head := fmt.Sprintf("%-*s", valueAt, labelAt+label+":")
	for _, v := range values {
		if v == "" {
			continue
		}
		for _, line := range wrap(v, lineWidth-valueAt) {
			b.WriteString(head + line + "\n")
			head = strings.Repeat(" ", valueAt)
		}
	}
}

// wrap breaks text between words; a word that is longer than a line stays whole, so that it can be copied.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for _, w := range strings.Fields(s) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(w) > width {
			lines, line = append(lines, line), w
			continue
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	return append(lines, line)
}
