package main

import (
	"fmt"
	"io"
	"strings"

	"rollcall/connectors"
	"rollcall/report"
	"rollcall/scanner"
)

// writeMined writes a mined role table as a policy file: everything a person needs to judge a line stands beside it.
func writeMined(w io.Writer, m *scanner.Mined) {
	fmt.Fprintf(w, `# A draft, made by "rollcall policy suggest" from what %s held on %s in %s.
# Normal for a role is what at least %d%% of its people with an account in the app hold, and at least %d of them, or
# nearly all of the job or department where the role has fewer. Beside each line stands how many hold it, of how many.
# Not counted: leavers, accounts without a sure owner, and what people may have kept from an earlier role ("earlier").
# Lines behind a # are held by some: take the # away where they belong to the role.
# A role without a line that holds stands behind a # as a whole: the policy does not know it, and peers judge it.
# This is the role table alone; thresholds, SoD rules, registers and exceptions of a policy you have are not in it.
# Normal is not the same as right: nobody has said so yet.
`, many(m.People, "person", "people"), m.AsOf, many(m.Apps, "app", "apps"), m.Mining.Share, m.Mining.Support)
	for _, l := range m.LeftOut {
		fmt.Fprintf(w, "# LEFT OUT: %s: %s\n", l.App, report.Plain(l.Why))
	}
	for i := range m.Roles {
		writeMinedRole(w, &m.Roles[i])
	}
}

func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", more)
}

func writeMinedRole(w io.Writer, r *scanner.MinedRole) {
	about := report.Plain(r.About)
	if r.People > 0 {
		about = strings.TrimSuffix(many(r.People, "person", "people")+": "+about, ": ")
	}
	comment := ""
	if len(r.Allow) == 0 {
		comment = "# "
	}
	fmt.Fprintf(w, "\n%s[roles.%s.allow]   # %s\n", comment, tomlString(r.Name), about)
	byApp := map[connectors.AppID][2][]scanner.MinedGrant{}
	var apps []connectors.AppID
	for k, list := range [2][]scanner.MinedGrant{r.Allow, r.Doubt} {
		for _, g := range list {
			of, known := byApp[g.App]
			if !known {
				apps = append(apps, g.App)
			}
			of[k] = append(of[k], g)
			byApp[g.App] = of
		}
	}
	for _, app := range apps {
		writeMinedApp(w, app, byApp[app][0], byApp[app][1])
	}
}

func writeMinedApp(w io.Writer, app connectors.AppID, allow, doubt []scanner.MinedGrant) {
	comment := ""
	if len(allow) == 0 {
		comment = "# " // nothing of this app: all of it stays a proposal
	}
	fmt.Fprintf(w, "%s%s = [\n", comment, tomlString(string(app)))
	for _, g := range allow {
		fmt.Fprintf(w, "  %s,%s\n", tomlString(string(g.Entitlement)), minedWords(g))
	}
	for _, g := range doubt {
		fmt.Fprintf(w, "#  %s,%s\n", tomlString(string(g.Entitlement)), minedWords(g))
	}
	fmt.Fprintf(w, "%s]\n", comment)
}

// minedWords are the shares of one line, as a comment.
func minedWords(g scanner.MinedGrant) string {
	s := fmt.Sprintf("   # %d of %d", g.Holders, g.Of)
	if g.Of > 0 {
		s += fmt.Sprintf(" (%d%%)", g.Holders*100/g.Of)
	}
	if g.Earlier > 0 {
		s += fmt.Sprintf(", %d from earlier", g.Earlier)
	}
	if g.Group != "" {
		s += "; few people, but " + report.Plain(g.Group)
	}
	if strings.ContainsAny(string(g.Entitlement), "*?") {
		s += "; * and ? fit other names too"
	}
	return s
}

// tomlString is a basic string of TOML.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
