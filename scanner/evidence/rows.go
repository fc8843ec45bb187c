package evidence

import (
	"bytes"
	"encoding/json"
	"strconv"

	"rollcall/connectors"
)

// appendPerson appends one HR record. What is empty or unknown is left out.
func appendPerson(b []byte, p *connectors.Person) []byte {
	b = append(b, `{"person":{"id":`...)
	b = connectors.AppendJSON(b, string(p.ID))
	b = appendText(b, "first_name", p.FirstName)
	b = appendText(b, "last_name", p.LastName)
	b = appendText(b, "former_last_name", p.FormerLastName)
	b = appendText(b, "preferred_name", p.PreferredName)
	b = appendText(b, "display_name", p.DisplayName)
	b = appendText(b, "work_email", p.WorkEmail)
	b = appendText(b, "personal_email", p.PersonalEmail)
	b = appendTexts(b, "aliases", p.Aliases)
	b = appendWord(b, "status", p.Status != connectors.StatusUnknown, p.Status.String())
	b = appendWord(b, "employment", p.Employment != connectors.EmploymentUnknown, p.Employment.String())
	b = appendDate(b, "start", p.Start)
	b = appendDate(b, "end", p.End)
	b = appendDate(b, "leave_start", p.LeaveStart)
	b = appendDate(b, "leave_end", p.LeaveEnd)
	b = appendText(b, "department", p.Department)
	b = appendText(b, "title", p.Title)
	b = appendText(b, "role", p.Role)
	b = appendText(b, "manager", string(p.Manager))
	b = appendText(b, "previous", string(p.Previous))
	if len(p.Roles) > 0 {
		b = append(b, `,"roles":[`...)
		for i := range p.Roles {
			r := &p.Roles[i]
			b = appendText(appendDate(open(b, i), "from", r.From), "role", r.Role)
			b = append(appendText(appendText(b, "department", r.Department), "title", r.Title), '}')
		}
		b = append(b, ']')
	}
	b = appendWord(b, "rehired", p.Rehired != connectors.Unknown, p.Rehired.String())
	b = appendDate(b, "history_since", p.HistorySince)
	return append(appendFrom(b, p.From), "}}"...)
}

// appendAccount appends one account. What is empty or unknown is left out.
func appendAccount(b []byte, a *connectors.Account) []byte {
	b = append(b, `{"account":{"id":`...)
	b = connectors.AppendJSON(b, string(a.ID))
	b = appendText(b, "username", a.Username)
	b = appendText(b, "display_name", a.DisplayName)
	b = appendText(b, "email", a.Email)
	b = appendTexts(b, "aliases", a.Aliases)
	b = appendText(b, "employee_id", a.EmployeeID)
	b = appendText(b, "owner_ref", a.OwnerRef)
	b = appendTri(b, "enabled", a.Enabled)
	b = appendWord(b, "class", a.Class != connectors.ClassUnknown, a.Class.String())
	b = appendDate(b, "created", a.Created)
	b = appendDate(b, "last_sign_in", a.LastSignIn)
	b = appendWord(b, "sign_in", a.SignInUnknown, "unknown")
	b = appendTri(b, "mfa", a.MFA)
	b = appendTri(b, "local_sign_in", a.LocalSignIn)
	if len(a.Entitlements) > 0 {
		b = append(b, `,"entitlements":[`...)
		for i := range a.Entitlements {
			b = appendEntitlement(open(b, i), &a.Entitlements[i])
		}
		b = append(b, ']')
	}
	if len(a.Credentials) > 0 {
		b = append(b, `,"credentials":[`...)
		for i := range a.Credentials {
			c := &a.Credentials[i]
			b = appendText(appendText(open(b, i), "id", string(c.ID)), "kind", c.Kind)
			b = append(appendDate(appendDate(b, "created", c.Created), "last_used", c.LastUsed), '}')
		}
		b = append(b, ']')
	}
	b = appendState(b, a.State)
	return append(appendFrom(b, a.From), "}}"...)
}

func appendEntitlement(b []byte, e *connectors.Entitlement) []byte {
	b = appendText(b, "id", string(e.ID))
	b = appendWord(b, "privileged", e.Privileged, "yes")
	b = appendText(b, "inherited", string(e.Inherited))
	b = appendDate(b, "granted", e.Granted)
	b = appendDate(b, "last_used", e.LastUsed)
	return append(appendDate(b, "until", e.Until), '}')
}

// appendState appends what a vendor's connector wrote, on one line. What is no JSON has no say in any verdict.
func appendState(b []byte, state json.RawMessage) []byte {
	var line bytes.Buffer
	if len(state) == 0 || json.Compact(&line, state) != nil {
		return b
	}
	return append(append(b, `,"state":`...), line.Bytes()...)
}

// open begins the i-th object of an array.
func open(b []byte, i int) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	return append(b, '{')
}

// key appends a key, and a comma unless it is the first of its object.
func key(b []byte, k string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(append(append(b, '"'), k...), `":`...)
}

func appendText(b []byte, k, s string) []byte {
	if s == "" {
		return b
	}
	return connectors.AppendJSON(key(b, k), s)
}

func appendTexts(b []byte, k string, list []string) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(key(b, k), '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = connectors.AppendJSON(b, s)
	}
	return append(b, ']')
}

// appendWord appends one of our own words.
func appendWord(b []byte, k string, known bool, word string) []byte {
	if !known {
		return b
	}
	return append(append(append(key(b, k), '"'), word...), '"')
}

func appendTri(b []byte, k string, t connectors.Tri) []byte {
	return appendWord(b, k, t != connectors.Unknown, t.String())
}

func appendDate(b []byte, k string, d connectors.Date) []byte {
	if !d.Known() {
		return b
	}
	return append(d.AppendTo(append(key(b, k), '"')), '"')
}

func appendFrom(b []byte, w connectors.Where) []byte {
	if b = appendText(b, "from", w.Source); w.Line != 0 {
		b = strconv.AppendInt(key(b, "line"), int64(w.Line), 10)
	}
	return b
}
