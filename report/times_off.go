package report

import (
	"slices"
	"strings"

	"rollcall/scanner"
)

// timesOff tells that the company has sign-in times switched off.
func (r *Review) timesOff() bool {
	return slices.ContainsFunc(r.Result.Sources, func(s scanner.SourceReport) bool { return s.Info.Signals.Off })
}

// notAssessed says which of a control's kinds of findings are not judged where sign-in times are switched off.
func (c *control) notAssessed(off bool) string {
	var kinds []string
	for _, k := range scanner.TimeKinds {
		if off && slices.Contains(c.kinds, k) {
			kinds = append(kinds, string(k))
		}
	}
	if len(kinds) == 0 {
		return ""
	}
	if len(kinds) == len(c.kinds) {
		return "NOT ASSESSED: sign-in times are switched off."
	}
	return "NOT ASSESSED in part: sign-in times are switched off (" + strings.Join(kinds, ", ") + ")."
}

// timeGaps names what is not assessed while sign-in times are switched off: kinds of findings, and the controls they bear on.
func (r *Review) timeGaps() string {
	kinds, refs := make([]string, len(scanner.TimeKinds)), []string{}
	for i, k := range scanner.TimeKinds {
		kinds[i] = string(k)
	}
	for i := range frameworks {
		f := &frameworks[i]
		for j := range f.controls {
			if (r.Framework == "" || r.Framework == f.id) && f.controls[j].notAssessed(true) != "" {
				refs = append(refs, orWord(f.prefix, strings.ToUpper(f.id)+" ")+f.controls[j].ref)
			}
		}
	}
	return "Not assessed: " + strings.Join(kinds, ", ") + "; and with them, in whole or in part: " + strings.Join(refs, ", ") + "."
}
