package main

import (
	"fmt"
	"strings"
)

// tomlLines finds the line on which each key of a TOML document that parses stands, since the decoder does not tell. Keys
// inside arrays and inline tables count as their outer key's line.
func tomlLines(doc string) map[string]int {
	lines := map[string]int{}
	counts := map[string]int{} // elements of each array of tables so far
	prefix := ""
	depth, quote := 0, "" // open brackets, and the triple quote a value is inside of
	for i, line := range strings.Split(doc, "\n") {
		if depth > 0 || quote != "" {
			depth, quote = tomlOpen(line, depth, quote)
			continue
		}
		text := strings.TrimSpace(line)
		switch {
		case text == "" || text[0] == '#':
		case strings.HasPrefix(text, "[["):
			name := tomlPath(headerName(text[2:], "]]"), counts)
			prefix = fmt.Sprintf("%s[%d]", name, counts[name])
			counts[name]++
			setFirst(lines, name, i+1)
			lines[prefix] = i + 1
		case text[0] == '[':
			prefix = tomlPath(headerName(text[1:], "]"), counts)
			setFirst(lines, prefix, i+1)
		default:
			key, value := splitKey(text)
			setFirst(lines, joinPath(prefix, strings.Join(splitDotted(key), ".")), i+1)
			depth, quote = tomlOpen(value, 0, "")
		}
	}
	return lines
}

func setFirst(m map[string]int, k string, v int) {
	if _, ok := m[k]; !ok {
		m[k] = v
	}
}

func headerName(s, end string) string {
	if i := strings.LastIndex(s, end); i >= 0 {
		s = s[:i]
	}
	return s
}

// tomlPath is the full path of a header, with the number of the element that each array of tables in it stands at.
func tomlPath(header string, counts map[string]int) string {
	path := ""
	parts := splitDotted(header)
	for i, part := range parts {
		path = joinPath(path, part)
		if n := counts[path]; n > 0 && i < len(parts)-1 {
			path = fmt.Sprintf("%s[%d]", path, n-1)
		}
	}
	return path
}

// splitKey cuts "key = value" at the equals sign that is not inside a quoted key.
func splitKey(s string) (key, value string) {
	var in byte
	for i := range len(s) {
		switch c := s[i]; {
		case in != 0:
			if c == in {
				in = 0
			}
		case c == '"' || c == '\'':
			in = c
		case c == '=':
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func splitDotted(s string) []string {
	var parts []string
	var in byte
	start := 0
	for i := 0; i <= len(s); i++ {
		switch {
		case i == len(s) || s[i] == '.' && in == 0:
			parts = append(parts, strings.Trim(strings.TrimSpace(s[start:i]), `"'`))
			start = i + 1
		case in != 0:
			if s[i] == in {
				in = 0
			}
		case s[i] == '"' || s[i] == '\'':
			in = s[i]
		}
	}
	return parts
}

// tomlOpen follows brackets and strings over one line of a value and returns what is still open at its end.
func tomlOpen(s string, depth int, quote string) (int, string) {
	for i := 0; i < len(s); i++ {
		if quote != "" {
			if s[i] == '\\' && quote[0] == '"' {
				i++
			} else if strings.HasPrefix(s[i:], quote) {
				i += len(quote) - 1
				quote = ""
			}
			continue
		}
		switch c := s[i]; {
		case c == '#':
			return depth, ""
		case strings.HasPrefix(s[i:], `"""`), strings.HasPrefix(s[i:], `'''`):
			quote = s[i : i+3]
			i += 2
		case c == '"' || c == '\'':
			quote = s[i : i+1]
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		}
	}
	if len(quote) == 1 {
		quote = ""
	}
	return depth, quote
}
