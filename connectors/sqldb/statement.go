package sqldb

import (
	"errors"
	"fmt"
	"strings"
)

// Statements change an application's own users. In each, what the statement is about stands as a parameter: the account's
// id first ($1; ? in MySQL and MariaDB), then the entitlement ($2; the second ?). What an undo gives back is what its
// statement writes: a row that is inserted again has not the date of the one that was deleted, unless rows are marked instead.
type Statements struct {
	Disable           string `toml:"disable"`            // id
	Enable            string `toml:"enable"`             // id
	RemoveEntitlement string `toml:"remove_entitlement"` // id, entitlement
	AddEntitlement    string `toml:"add_entitlement"`    // id, entitlement
	EndSessions       string `toml:"end_sessions"`       // id
}

// check holds the statements against what each is to be. An ability has both its statements or none.
func (s Statements) check(dialect string) error {
	for _, c := range []struct {
		name, text string
		parameters int
	}{{"disable", s.Disable, 1}, {"enable", s.Enable, 1}, {"remove_entitlement", s.RemoveEntitlement, 2}, {"add_entitlement", s.AddEntitlement, 2}, {"end_sessions", s.EndSessions, 1}} {
		if c.text == "" {
			continue
		}
		if err := checkStatement(c.text, dialect, c.parameters); err != nil {
			return fmt.Errorf("statements.%s: %w", c.name, err)
		}
	}
	switch {
	case (s.Disable == "") != (s.Enable == ""):
		return errors.New("statements: disable and enable are wanted together: each is the other's undo")
	case (s.RemoveEntitlement == "") != (s.AddEntitlement == ""):
		return errors.New("statements: remove_entitlement and add_entitlement are wanted together: each is the other's undo")
	}
	return nil
}

// checkQuery refuses what is more than one statement, or has parameters.
func checkQuery(text, dialect string) error {
	bare, err := code(text, dialect)
	switch {
	case err != nil:
		return err
	case strings.Contains(bare, ";"):
		return errors.New("it holds a ';': want one query, without one at its end")
	case len(parameters(bare, dialect)) > 0:
		return errors.New("it has parameters: a query that lists everybody has none")
	}
	return nil
}

// checkStatement wants exactly so many parameters, each outside of quotes, and no sign that text is to be put together.
func checkStatement(text, dialect string, n int) error {
	want := []string{"", "$1", "$1, the id, and $2, the entitlement"}[n]
	if dialect == "mysql" {
		want = []string{"", "one ?", "two ?, the id and then the entitlement"}[n]
	}
	bare, err := code(text, dialect)
	if err != nil {
		return err
	}
	if strings.Contains(bare, ";") {
		return errors.New("it holds a ';': want one statement, without one at its end")
	}
	for _, sign := range []string{"%s", "%d", "%v", "%q", "{{", "${", "{id}", "{account}", "{entitlement}"} {
		if strings.Contains(text, sign) {
			return fmt.Errorf("it holds %q: nothing is put into the text of a statement; want %s, which are passed beside it", sign, want)
		}
	}
	got := parameters(bare, dialect)
	if len(got) != n || dialect != "mysql" && (!got["$1"] || n == 2 && !got["$2"]) {
		return fmt.Errorf("its %d parameters outside of quotes are not those wanted: %s", len(got), want)
	}
	return nil
}

// parameters lists those of a text without quotes and comments, each once; in MySQL each ? is one by itself.
func parameters(bare, dialect string) map[string]bool {
	out := map[string]bool{}
	for i := 0; i < len(bare); i++ {
		switch {
		case dialect == "mysql" && bare[i] == '?':
			out[fmt.Sprint("?", i)] = true
		case dialect != "mysql" && bare[i] == '$' && i+1 < len(bare) && bare[i+1] >= '0' && bare[i+1] <= '9':
			j := i + 1
			for j < len(bare) && bare[j] >= '0' && bare[j] <= '9' {
				j++
			}
			out[bare[i:j]] = true
		}
	}
	return out
}

var errUnclosed = errors.New("a quote or comment in it is not closed")

// code is a text without what stands in quotes and comments, in place of which there is a blank. Dollar quotes of
// PostgreSQL are refused: what is in one is often code again.
func code(text, dialect string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(text); {
		rest := text[i:]
		end := 0
		switch {
		case rest[0] == '\'' || rest[0] == '"' || rest[0] == '`' && dialect == "mysql":
			end = closing(rest, dialect == "mysql" || i > 0 && (text[i-1] == 'E' || text[i-1] == 'e'))
		case strings.HasPrefix(rest, "--") || rest[0] == '#' && dialect == "mysql":
			if end = strings.IndexByte(rest, '\n'); end < 0 {
				end = len(rest)
			}
		case strings.HasPrefix(rest, "/*!"):
			return "", errors.New("it holds a comment that is code (/*! … */)")
		case strings.HasPrefix(rest, "/*"):
			if end = strings.Index(rest[2:], "*/"); end >= 0 {
				end += 4
			}
		case rest[0] == '$' && dialect != "mysql" && len(rest) > 1 && (rest[1] == '$' || rest[1] == '_' || rest[1] >= 'A' && rest[1] <= 'Z' || rest[1] >= 'a' && rest[1] <= 'z'):
			return "", errors.New("it holds a dollar quote ($$): write '…' instead")
		default:
			out.WriteByte(rest[0])
			i++
			continue
		}
		if end <= 0 {
			return "", errUnclosed
		}
		out.WriteByte(' ')
		i += end
	}
	return out.String(), nil
}

// closing is where a quoted piece at the start ends; a doubled quote is none. 0: nowhere.
func closing(s string, backslash bool) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && backslash && s[0] != '`':
			i++
		case s[i] == s[0] && i+1 < len(s) && s[i+1] == s[0]:
			i++
		case s[i] == s[0]:
			return i + 1
		}
	}
	return 0
}
