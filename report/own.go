package report

import (
	"strings"

	"rollcall/connectors"
)

// ownRows are rollcall's own accounts and credentials: access like any other, to be looked at by whoever looks at the rest.
func (b *book) ownRows() (rows [][]any) {
	for i := range b.r.Result.Sources {
		s := &b.r.Result.Sources[i]
		if s.Self == nil {
			continue
		}
		of := []any{s.Name, orWord(s.Self.Name, "not told"), orWord(s.Self.Tenant, "not told"), orWord(string(s.Self.Account), "none, or not told"),
			orWord(strings.Join(s.Self.Permissions, ", "), "not told")}
		owner := orWord(b.r.name(connectors.PersonID(s.Owner)), "nobody named")
		for _, c := range s.Self.Credentials {
			made, age, ends := any("not told"), any("not told"), any("not told")
			if c.Created.Known() {
				made, age = c.Created, int(b.r.Result.AsOf-c.Created)
			}
			if c.Expires.Known() {
				ends = c.Expires
				if c.Expires < b.r.Result.AsOf {
					ends = said{"EXPIRED on " + c.Expires.String(), b.st.bad}
				}
			}
			rows = append(rows, append(of[:len(of):len(of)], c.ID, c.Kind, made, age, ends, owner))
		}
		if len(s.Self.Credentials) == 0 {
			rows = append(rows, append(of, "not told", "", "", "", "", owner))
		}
	}
	return rows
}

// isOwn tells of rollcall's own account in an app.
func (r *Review) isOwn(app connectors.AppID, account connectors.AccountID) bool {
	for i := range r.Result.Sources {
		if s := &r.Result.Sources[i]; s.Self != nil && s.Name == string(app) {
			return account != "" && s.Self.Account == account
		}
	}
	return false
}
