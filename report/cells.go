package report

import "strings"

// Plain makes text from a source safe to print on a terminal: no control characters, no escape sequences, no reversed
// writing.
func Plain(s string) string { return clean(s) }

// NeutralCells makes the cells of a CSV row inert for spreadsheets and terminals; OriginalCell undoes it but for control
// characters, which are gone.
func NeutralCells(row []string) []string {
	out := make([]string, len(row))
	for i, s := range row {
		out[i] = CSVCell(s)
	}
	return out
}

// OriginalCell takes back the apostrophe that NeutralCells put before what looks like a formula.
func OriginalCell(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && CSVCell(rest) == s {
		return rest
	}
	return s
}
