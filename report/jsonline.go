package report

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"rollcall/connectors"
	"rollcall/scanner"
)

// A line as AppendFinding and AppendAccount write it, with its keys in their order, can be read in a tenth of the time that
// any JSON takes. A line that is not just so is no fault: it is then read as JSON.

// cursor reads a line from left to right. Once something is not as it should be, it stays failed.
type cursor struct {
	s      string // the texts read are parts of it
	at     int
	failed bool
}

func newCursor(line []byte) *cursor { return &cursor{s: string(line), failed: !utf8.Valid(line)} }

// next takes these characters, which must come next.
func (c *cursor) next(want string) {
	if !c.is(want) {
		c.failed = true
	}
}

// is takes these characters if they come next.
func (c *cursor) is(want string) bool {
	if c.failed || len(c.s)-c.at < len(want) || c.s[c.at:c.at+len(want)] != want {
		return false
	}
	c.at += len(want)
	return true
}

// text reads a string.
func (c *cursor) text() string {
	c.next(`"`)
	start := c.at
	for ; !c.failed && c.at < len(c.s); c.at++ {
		switch b := c.s[c.at]; {
		case b == '"':
			c.at++
			return c.s[start : c.at-1]
		case b == '\\':
			return c.escaped(start)
		case b < ' ':
			c.failed = true
		}
	}
	c.failed = true
	return ""
}

// escaped reads a string that has escapes, from its first character on.
func (c *cursor) escaped(start int) string {
	for ; c.at < len(c.s); c.at++ {
		switch c.s[c.at] {
		case '\\':
			c.at++
		case '"':
			c.at++
			var s string
			c.failed = json.Unmarshal([]byte(c.s[start-1:c.at]), &s) != nil
			return s
		}
	}
	c.failed = true
	return ""
}

func (c *cursor) keyed(key string) string {
	c.next(key)
	return c.text()
}

func (c *cursor) number(key string) int {
	c.next(key)
	start := c.at
	for c.at < len(c.s) && (c.s[c.at] >= '0' && c.s[c.at] <= '9' || c.s[c.at] == '-') {
		c.at++
	}
	if c.failed {
		return 0
	}
	n, err := strconv.Atoi(c.s[start:c.at])
	c.failed = err != nil || strconv.Itoa(n) != c.s[start:c.at]
	return n
}

func (c *cursor) tri(key string) connectors.Tri {
	c.next(key)
	switch {
	case c.is("null"):
		return connectors.Unknown
	case c.is("true"):
		return connectors.Yes
	}
	c.next("false")
	return connectors.No
}

func (c *cursor) date(key string) connectors.Date {
	c.next(key)
	if c.is("null") {
		return 0
	}
	word := c.text()
	if c.failed {
		return 0
	}
	d, err := connectors.ParseDate(word)
	c.failed = err != nil || d.String() != word
	return d
}

func (c *cursor) match() (g scanner.Grade, by scanner.By) {
	m := match{c.keyed(`,"match":{"grade":`), c.keyed(`,"by":`)}
	c.next("}")
	if c.failed {
		return 0, 0
	}
	g, by, err := m.parse()
	c.failed = err != nil
	return g, by
}

// list reads what stands between two brackets.
func (c *cursor) list(open, end string, item func()) {
	c.next(open)
	for first := true; !c.failed && !c.is(end); first = false {
		if !first {
			c.next(",")
		}
		item()
	}
}

// done tells whether the whole line was as it should be.
func (c *cursor) done() bool {
	c.next("}")
	return !c.failed && c.at == len(c.s)
}

// quickFinding reads a line as AppendFinding writes it.
func quickFinding(line []byte, f *scanner.Finding) bool {
	c := newCursor(line)
	*f = scanner.Finding{Related: []scanner.Related{}}
	f.ID = scanner.FindingID(c.keyed(`{"id":`))
	f.Kind = scanner.Kind(c.keyed(`,"kind":`))
	f.Reason = c.keyed(`,"reason":`)
	severity := c.keyed(`,"severity":`)
	f.App = connectors.AppID(c.keyed(`,"app":`))
	f.Account = connectors.AccountID(c.keyed(`,"account_id":`))
	f.Entitlement = connectors.EntitlementID(c.keyed(`,"entitlement":`))
	f.Person = connectors.PersonID(c.keyed(`,"person_id":`))
	c.list(`,"related":[`, "]", func() {
		r := scanner.Related{App: connectors.AppID(c.keyed(`{"app":`))}
		if c.is(`,"account_id":`) {
			r.Account = connectors.AccountID(c.text())
		}
		if c.is(`,"entitlement":`) {
			r.Entitlement = connectors.EntitlementID(c.text())
		}
		c.next("}")
		f.Related = append(f.Related, r)
	})
	f.Group = c.keyed(`,"group":`)
	f.Grade, f.By = c.match()
	f.Why = c.keyed(`,"why":`)
	f.Evidence = make([]scanner.Fact, 0, 12)
	c.list(`,"evidence":{`, "}", func() {
		name := c.text()
		f.Evidence = append(f.Evidence, scanner.Fact{Name: name, Value: c.keyed(":")})
	})
	if len(f.Evidence) == 0 {
		f.Evidence = nil
	}
	f.FirstSeen = c.date(`,"first_seen":`)
	f.TimesSeen = c.number(`,"times_seen":`)
	f.Controls = make([]string, 0, 4)
	c.list(`,"controls":[`, "]", func() { f.Controls = append(f.Controls, c.text()) })
	return c.done() && f.Severity.UnmarshalText([]byte(severity)) == nil && f.ID != "" && f.Kind != ""
}

// quickAccount reads a line as AppendAccount writes it.
func quickAccount(line []byte, a *AccountRow) bool {
	c := newCursor(line)
	*a = AccountRow{App: connectors.AppID(c.keyed(`{"app":`)), Account: connectors.AccountID(c.keyed(`,"account_id":`))}
	class, known := connectors.ParseClass(c.keyed(`,"class":`))
	a.Class = class
	a.Enabled = c.tri(`,"enabled":`)
	a.Person = connectors.PersonID(c.keyed(`,"person_id":`))
	a.Grade, a.By = c.match()
	a.RunnerUp = connectors.PersonID(c.keyed(`,"runner_up":`))
	a.ClassBy = c.keyed(`,"class_by":`)
	a.Username = c.keyed(`,"username":`)
	a.DisplayName = c.keyed(`,"display_name":`)
	a.Email = c.keyed(`,"email":`)
	a.EmployeeID = c.keyed(`,"employee_id":`)
	a.Created = c.date(`,"created":`)
	a.LastSignIn = c.date(`,"last_sign_in":`)
	a.MFA = c.tri(`,"mfa":`)
	a.Entitlements = c.number(`,"entitlements":`)
	a.Privileged = c.number(`,"privileged":`)
	a.OwnerRef = c.keyed(`,"owner_ref":`)
	a.Row = c.keyed(`,"row":`)
	return c.done() && known
}
