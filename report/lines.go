package report

import (
	"strconv"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Lines writes findings as a scan hands them on, each as AppendFinding would write it. What those have in common that come
// one after the other is made into bytes once, and what the scanner has as JSON is taken as it is: a third of the time.
type Lines struct {
	kind       scanner.Kind
	reason     string
	severity   scanner.Severity
	app        connectors.AppID
	head, tail []byte
}

// Append appends a finding as one JSON object, without a newline.
func (l *Lines) Append(dst []byte, f *scanner.Found) []byte {
	if f.Whole() {
		return AppendFinding(dst, f.Finding())
	}
	l.group(f)
	dst = scanner.AppendID(append(dst, `{"id":"`...), f.Number)
	dst = append(dst, l.head...)
	dst = appendBytes(append(dst, `,"account_id":`...), f.Account)
	dst = appendBytes(append(dst, `,"entitlement":`...), f.Entitlement)
	dst = appendKey(dst, `,"person_id":`, string(f.Person))
	dst = appendRelated(append(dst, `,"related":`...), f.Related)
	dst = append(dst, `,"group":`...)
	if len(f.Group) > 0 {
		dst = appendBytes(dst, f.Group)
	} else {
		dst = append(scanner.AppendID(append(dst, '"'), f.Number), '"')
	}
	dst = appendMatch(dst, f.Grade, f.By)
	dst = append(append(dst, `,"why":"`...), f.Why...)
	dst = append(dst, `","evidence":{`...)
	first := len(dst)
	for _, facts := range f.Facts {
		if len(dst) == first && len(facts) > 0 {
			facts = facts[1:] // no comma before the first
		}
		dst = append(dst, facts...)
	}
	dst = appendDate(append(dst, `},"first_seen":`...), f.FirstSeen)
	dst = strconv.AppendInt(append(dst, `,"times_seen":`...), int64(f.TimesSeen), 10)
	return append(dst, l.tail...)
}

// group makes what the findings of one kind, reason, severity and app have in common.
func (l *Lines) group(f *scanner.Found) {
	if l.head != nil && l.kind == f.Kind && l.reason == f.Reason && l.severity == f.Severity && l.app == f.App {
		return
	}
	l.kind, l.reason, l.severity, l.app = f.Kind, f.Reason, f.Severity, f.App
	l.head = appendKey(append(l.head[:0], '"'), `,"kind":`, string(f.Kind))
	l.head = appendKey(l.head, `,"reason":`, f.Reason)
	l.head = appendKey(l.head, `,"severity":`, f.Severity.String())
	l.head = appendKey(l.head, `,"app":`, string(f.App))
	l.tail = append(appendControls(l.tail[:0], f.Controls()), '}')
}

// appendBytes is appendString for bytes.
func appendBytes(dst, s []byte) []byte {
	dst = append(dst, '"')
	from := len(dst)
	return append(connectors.EscapeJSON(append(dst, s...), from), '"')
}
