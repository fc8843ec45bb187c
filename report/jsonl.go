package report

import (
	"io"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"rollcall/connectors"
	"rollcall/scanner"
)

// AppendFinding appends a finding as one JSON object, without a newline. The keys and their order are a promise to those
// who read the files: every key is present in every line; a date that is not known is null.
func AppendFinding(dst []byte, f *scanner.Finding) []byte {
	dst = appendKey(dst, `{"id":`, string(f.ID))
	dst = appendKey(dst, `,"kind":`, string(f.Kind))
	dst = appendKey(dst, `,"reason":`, f.Reason)
	dst = appendKey(dst, `,"severity":`, f.Severity.String())
	dst = appendKey(dst, `,"app":`, string(f.App))
	dst = appendKey(dst, `,"account_id":`, string(f.Account))
	dst = appendKey(dst, `,"entitlement":`, string(f.Entitlement))
	dst = appendKey(dst, `,"person_id":`, string(f.Person))
	dst = appendRelated(append(dst, `,"related":`...), f.Related)
	dst = appendKey(dst, `,"group":`, f.Group)
	dst = appendMatch(dst, f.Grade, f.By)
	dst = appendKey(dst, `,"why":`, f.Why)
	dst = appendFacts(append(dst, `,"evidence":`...), f.Evidence)
	dst = appendDate(append(dst, `,"first_seen":`...), f.FirstSeen)
	dst = strconv.AppendInt(append(dst, `,"times_seen":`...), int64(f.TimesSeen), 10)
	return append(appendControls(dst, f.Controls), '}')
}

func appendControls(dst []byte, controls []string) []byte {
	dst = append(dst, `,"controls":[`...)
	for i, c := range controls {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, c)
	}
	return append(dst, ']')
}

func appendRelated(dst []byte, related []scanner.Related) []byte {
	dst = append(dst, '[')
	for i, r := range related {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendKey(dst, `{"app":`, string(r.App))
		if r.Account != "" {
			dst = appendKey(dst, `,"account_id":`, string(r.Account))
		}
		if r.Entitlement != "" {
			dst = appendKey(dst, `,"entitlement":`, string(r.Entitlement))
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// appendFacts writes the facts as one object in their order. A name that repeats gets #2, #3, …: a JSON object with equal
// keys would lose all but one of them.
func appendFacts(dst []byte, facts []scanner.Fact) []byte {
	dst = append(dst, '{')
	seen := uint64(0) // a bit for each name so far: next to no name has another's
	for i := range facts {
		if i > 0 {
			dst = append(dst, ',')
		}
		name := facts[i].Name
		if bit := uint64(1) << (nameHash(name) & 63); seen&bit == 0 {
			seen |= bit
		} else {
			name = factName(facts, i)
		}
		dst = appendString(dst, name)
		dst = append(dst, ':')
		dst = appendString(dst, facts[i].Value)
	}
	return append(dst, '}')
}

func nameHash(s string) int {
	if s == "" {
		return 0
	}
	return 7*len(s) + 3*int(s[0]) + int(s[len(s)/2])
}

// factName is the name of a fact among its finding's facts: its own if it is the first so named.
func factName(facts []scanner.Fact, i int) string {
	taken := func(name string, before int) bool {
		for j := range before {
			if facts[j].Name == name {
				return true
			}
		}
		return false
	}
	if !taken(facts[i].Name, i) {
		return facts[i].Name
	}
	names := make([]scanner.Fact, 0, i+1) // rare: give every fact its final name in turn
	for j := range i + 1 {
		name := facts[j].Name
		for n := 2; hasFact(names, name) || (name != facts[j].Name && taken(name, len(facts))); n++ {
			name = facts[j].Name + "#" + strconv.Itoa(n)
		}
		names = append(names, scanner.Fact{Name: name})
	}
	return names[i].Name
}

func hasFact(facts []scanner.Fact, name string) bool {
	for i := range facts {
		if facts[i].Name == name {
			return true
		}
	}
	return false
}

func appendMatch(dst []byte, g scanner.Grade, by scanner.By) []byte {
	dst = appendKey(dst, `,"match":{"grade":`, g.String())
	return append(appendKey(dst, `,"by":`, by.String()), '}')
}

// AppendAccount appends what a scan says of one account as one JSON object, without a newline. What is not known is null.
func AppendAccount(dst []byte, l *scanner.AccountLine) []byte {
	a := l.Account
	dst = appendKey(dst, `{"app":`, string(l.App))
	dst = appendKey(dst, `,"account_id":`, string(a.ID))
	dst = appendKey(dst, `,"class":`, l.Class.String())
	dst = appendTri(append(dst, `,"enabled":`...), a.Enabled)
	dst = appendKey(dst, `,"person_id":`, string(personID(l.Match.Owner)))
	dst = appendMatch(dst, l.Match.Grade, l.Match.By)
	dst = appendKey(dst, `,"runner_up":`, string(personID(l.Match.RunnerUp)))
	dst = appendKey(dst, `,"class_by":`, l.ClassBy)
	dst = appendKey(dst, `,"username":`, a.Username)
	dst = appendKey(dst, `,"display_name":`, a.DisplayName)
	dst = appendKey(dst, `,"email":`, a.Email)
	dst = appendKey(dst, `,"employee_id":`, a.EmployeeID)
	dst = appendDate(append(dst, `,"created":`...), a.Created)
	dst = appendDate(append(dst, `,"last_sign_in":`...), a.LastSignIn)
	dst = appendTri(append(dst, `,"mfa":`...), a.MFA)
	dst = strconv.AppendInt(append(dst, `,"entitlements":`...), int64(len(a.Entitlements)), 10)
	dst = strconv.AppendInt(append(dst, `,"privileged":`...), int64(privileged(a)), 10)
	dst = appendKey(dst, `,"owner_ref":`, a.OwnerRef)
	dst = appendString(append(dst, `,"row":`...), a.From.Source)
	if a.From.Line > 0 { // into the string: file:line
		dst = append(dst[:len(dst)-1], ':')
		dst = append(strconv.AppendInt(dst, int64(a.From.Line), 10), '"')
	}
	return append(dst, '}')
}

func personID(p *scanner.Person) connectors.PersonID {
	if p == nil {
		return ""
	}
	return p.ID
}

func privileged(a *connectors.Account) int {
	n := 0
	for i := range a.Entitlements {
		if a.Entitlements[i].Privileged {
			n++
		}
	}
	return n
}

func appendTri(dst []byte, t connectors.Tri) []byte {
	switch t {
	case connectors.Yes:
		return append(dst, "true"...)
	case connectors.No:
		return append(dst, "false"...)
	}
	return append(dst, "null"...)
}

func appendDate(dst []byte, d connectors.Date) []byte {
	if !d.Known() {
		return append(dst, "null"...)
	}
	dst = append(dst, '"')
	dst = d.AppendTo(dst)
	return append(dst, '"')
}

// WriteJSONL writes the findings, one JSON object a line.
func WriteJSONL(w io.Writer, findings []scanner.Finding) error {
	return writeEach(w, findings, "", "\n", "")
}

// chunkOf findings are made into bytes at once, several chunks side by side: a large company has half a gigabyte of them.
const chunkOf = 1024

// writeEach puts sep after every finding; where end closes a list, the last one gets a plain newline instead.
func writeEach(w io.Writer, findings []scanner.Finding, start, sep, end string) error {
	if _, err := io.WriteString(w, start); err != nil {
		return err
	}
	chunks := slices.Collect(slices.Chunk(findings, chunkOf))
	bufs := make([][]byte, runtime.GOMAXPROCS(0))
	for len(chunks) > 0 {
		now := chunks[:min(len(chunks), len(bufs))]
		chunks = chunks[len(now):]
		var wg sync.WaitGroup
		for i, c := range now {
			wg.Go(func() {
				bufs[i] = bufs[i][:0]
				for k := range c {
					bufs[i] = append(AppendFinding(bufs[i], &c[k]), sep...)
				}
			})
		}
		wg.Wait()
		for i := range now {
			b := bufs[i]
			if end != "" && len(chunks) == 0 && i == len(now)-1 {
				b = append(b[:len(b)-len(sep)], '\n')
			}
			if _, err := w.Write(b); err != nil {
				return err
			}
		}
	}
	_, err := io.WriteString(w, end)
	return err
}
