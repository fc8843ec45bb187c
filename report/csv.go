package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"rollcall/scanner"
)

var csvHeader = []string{"id", "kind", "reason", "severity", "app", "account_id", "entitlement", "person_id", "related", "group",
	"match_grade", "match_by", "why", "evidence", "first_seen", "times_seen", "controls"}

// WriteCSV writes the findings as CSV with a header, in UTF-8. Spreadsheets run cells that look like formulas, so such a
// cell gets a leading apostrophe: what must be exact is in the JSON lines.
func WriteCSV(w io.Writer, findings []scanner.Finding) error {
	out := csv.NewWriter(w)
	if err := out.Write(csvHeader); err != nil {
		return err
	}
	for i := range findings {
		row := csvRow(&findings[i])
		for j := range row {
			row[j] = CSVCell(row[j])
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func csvRow(f *scanner.Finding) []string {
	first := ""
	if f.FirstSeen.Known() {
		first = f.FirstSeen.String()
	}
	return []string{string(f.ID), string(f.Kind), f.Reason, f.Severity.String(), string(f.App), string(f.Account),
		string(f.Entitlement), string(f.Person), relatedWords(f.Related), f.Group, f.Grade.String(), f.By.String(), f.Why,
		evidenceWords(f.Evidence), first, strconv.Itoa(f.TimesSeen), strings.Join(f.Controls, "; ")}
}

// CSVCell makes a value inert, for spreadsheets and for terminals. The wide forms of = + - @ count too: some programs
// fold them. A value that has such an apostrophe already gets another, so that OriginalCell can tell.
func CSVCell(s string) string {
	s = uncontrolled(s)
	if rest := strings.TrimLeft(s, "'"); rest != "" && strings.ContainsRune("=+-@\t\n＝＋－＠", firstRune(rest)) {
		return "'" + s
	}
	return s
}

// uncontrolled takes out what could steer a terminal: control characters but tabs and line feeds become U+FFFD.
func uncontrolled(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if r != '\t' && r != '\n' && unicode.IsControl(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

// relatedWords names what else takes part in a finding.
func relatedWords(related []scanner.Related) string {
	parts := make([]string, len(related))
	for i, r := range related {
		parts[i] = joinNonEmpty(" / ", string(r.App), string(r.Account), string(r.Entitlement))
	}
	return strings.Join(parts, "; ")
}

// evidenceWords is the evidence on one line.
func evidenceWords(facts []scanner.Fact) string {
	parts := make([]string, len(facts))
	for i, f := range facts {
		parts[i] = f.Name + "=" + f.Value
	}
	return strings.Join(parts, "; ")
}
