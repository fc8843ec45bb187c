package scanner

import (
	"strconv"

	"rollcall/connectors"
)

// told are the texts about a person that their findings have in common. People with findings have many, in many apps, so that
// the texts are made once, in one piece, and shared, also between workers.
type told struct {
	text    string // who, hr and roles, one after the other
	hr, ent int32  // where hr and roles begin
}

// who is how a sentence names the person.
func (t *told) who() string { return t.text[:t.hr] }

// hrFacts are the content of every HR record of the person, earliest first; they are written.
func (t *told) hrFacts() string { return t.text[t.hr:t.ent] }

// roles are the roles of the person, oldest first.
func (t *told) roles() string { return t.text[t.ent:] }

// told are the texts about a person.
func (j *judge) told(p *Person) *told {
	if made := j.texts[p.Index].Load(); made != nil {
		return made
	}
	var buf [1024]byte
	b := appendWho(buf[:0], p)
	t := &told{hr: int32(len(b))}
	for i, r := range p.Records {
		w, at := written(b).open(ordinal(i+1) + "hr says")
		b = written(appendHR(w, r)).close(at)
	}
	t.ent = int32(len(b))
	t.text = string(j.appendRoles(b, p))
	j.texts[p.Index].Store(t)
	return t
}

func (j *judge) appendRoles(b []byte, p *Person) []byte {
	if len(p.Roles) == 0 {
		return append(b, roleKey(connectors.RolePeriod{Role: p.Now.Role, Department: p.Now.Department, Title: p.Now.Title})...)
	}
	for i, r := range p.Roles {
		if i > 0 {
			b = append(b, "; "...)
		}
		b = append(append(append(b, j.day(r.From)...), ' '), roleKey(r)...)
	}
	return b
}

// ordinal is "2nd " and so on; the first needs no number.
func ordinal(n int) string {
	switch n {
	case 1:
		return ""
	case 2:
		return "2nd "
	case 3:
		return "3rd "
	}
	return strconv.Itoa(n) + "th "
}

// appendHR says what HR says of an employment.
func appendHR(b []byte, r *connectors.Person) []byte {
	b = append(append(b, r.ID...), ": "...)
	b = append(append(b, r.Status.String()...), ", "...)
	b = appendDate(append(append(b, r.Employment.String()...), ", from "...), r.Start)
	if r.End.Known() {
		b = appendDate(append(b, " to "...), r.End)
	}
	if r.LeaveStart.Known() {
		b = appendDate(append(b, ", on leave from "...), r.LeaveStart)
		if r.LeaveEnd.Known() {
			b = appendDate(append(b, " to "...), r.LeaveEnd)
		}
	}
	return b
}

// who is how a sentence names a person.
func who(p *Person) string { return string(appendWho(nil, p)) }

func appendWho(b []byte, p *Person) []byte {
	name := p.Name()
	if name == "" {
		return append(b, p.ID...)
	}
	return append(append(append(append(b, name...), " ("...), p.ID...), ')')
}
