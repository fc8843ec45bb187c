package report

import "rollcall/scanner"

// Kinds counts the findings by kind and severity.
func (d *Digest) Kinds() map[scanner.Kind]map[scanner.Severity]int {
	out := map[scanner.Kind]map[scanner.Severity]int{}
	for _, g := range d.groups {
		if out[g.kind] == nil {
			out[g.kind] = map[scanner.Severity]int{}
		}
		out[g.kind][g.severity] += g.total
	}
	return out
}
