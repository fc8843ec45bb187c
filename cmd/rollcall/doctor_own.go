package main

import (
	"cmp"
	"fmt"
	"strings"

	"rollcall/connectors"
	"rollcall/scanner"
)

// oldCredential is how many days a credential of rollcall's own may be in use before somebody should rotate it.
const oldCredential = 365

// own tells of rollcall's own access to a source: as whom, of which tenant, and how old its credentials are.
func (d *diagnosis) own(s *scanner.SourceReport, today connectors.Date) {
	if s.Self == nil {
		return
	}
	well := true
	says := []string{"as " + cmp.Or(s.Self.Name, "whom it does not say") + ", tenant " + cmp.Or(s.Self.Tenant, "not told")}
	if s.Self.Account != "" {
		says = append(says, "account "+string(s.Self.Account)+", which rollcall never touches")
	}
	for _, c := range s.Self.Credentials {
		line := c.Kind + " " + c.ID
		switch age := today - c.Created; {
		case !c.Created.Known():
			line += ", made on a day that is not told"
		case age > oldCredential:
			line += fmt.Sprintf(", %d days old: rotate it", age)
			well = false
		default:
			line += fmt.Sprintf(", %d days old", age)
		}
		switch left := c.Expires - today; {
		case !c.Expires.Known():
		case left < 0:
			line += ", expired on " + c.Expires.String()
			well = false
		default:
			line += fmt.Sprintf(", valid for %d days more", left)
			well = well && left >= soonDays
		}
		says = append(says, line)
	}
	if len(s.Self.Permissions) > 0 {
		says = append(says, "may: "+strings.Join(s.Self.Permissions, ", "))
	}
	d.line("own access to "+s.Name, well, "%s", strings.Join(says, "; "))
}
