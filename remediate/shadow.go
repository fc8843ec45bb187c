package remediate

import (
	"fmt"
	"slices"

	"rollcall/connectors"
	"rollcall/scanner"
)

// RuleIn is a rule in an app: what is trusted to act unasked is trusted for one rule in one app.
type RuleIn struct {
	Kind scanner.Kind     `json:"kind"`
	App  connectors.AppID `json:"app"`
}

// Record is how a rule fared in an app while it ran in shadow: what it would have done, beside what people decided.
type Record struct {
	Agreed  int // people decided the same, and it was not taken back
	Against int // people kept it, or took it back
	InARow  int // agreements since the last that was against
}

// Shadow reads the records of all rules from the cases that were put to people while a rule was in shadow.
func Shadow(cases []*Case) map[RuleIn]Record {
	decided := slices.Clone(cases)
	slices.SortStableFunc(decided, func(a, b *Case) int { return a.At.Compare(b.At) })
	out := map[RuleIn]Record{}
	for _, c := range decided {
		agreed := c.State == Confirmed && c.Decision != nil
		against := c.State == Keep || c.State == Undone || c.Undo != nil
		if !agreed && !against {
			continue
		}
		for _, r := range c.Item.Shadow {
			rec := out[r]
			if against {
				rec.Against++
				rec.InARow = 0
			} else {
				rec.Agreed++
				rec.InARow++
			}
			out[r] = rec
		}
	}
	return out
}

// InShadow says why a rule is still asked about in an app; empty: it has been agreed with often enough.
func InShadow(records map[RuleIn]Record, r RuleIn, wanted int) string {
	rec := records[r]
	if rec.InARow >= wanted {
		return ""
	}
	return fmt.Sprintf("%s runs in shadow in %s: people agreed %d times in a row (%d against, in all), and %d are wanted before it is automatic",
		r.Kind, r.App, rec.InARow, rec.Against, wanted)
}
