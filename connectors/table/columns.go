package table

import (
	"fmt"
	"strings"
)

// want is one column the configuration maps: our key, and the header it has in the file. An empty header is not read.
type want struct{ key, header string }

// column is a wanted column of an open file.
type column struct {
	want
	at int // position in the record; -1 = not read
}

// locate finds the wanted columns in the header. Headers are compared without regard to case and outer blanks.
func locate(section string, wanted []want, header [][]byte) ([]column, error) {
	names := make([]string, len(header))
	for i, h := range header {
		names[i] = string(trim(h))
	}
	found := make([]column, len(wanted))
	for i, w := range wanted {
		found[i] = column{w, -1}
		if strings.TrimSpace(w.header) == "" {
			continue
		}
		for at, name := range names {
			switch same := foldWord(w.header) == foldWord(name); {
			case same && found[i].at >= 0:
				return nil, fmt.Errorf("the header has %q twice (columns %d and %d), so [%s] %s could mean either: rename one",
					name, found[i].at+1, at+1, section, w.key)
			case same:
				found[i].at = at
			}
		}
		if found[i].at < 0 {
			return nil, missing(section, w, names)
		}
	}
	return found, nil
}

func missing(section string, w want, names []string) error {
	hint := ""
	if near := nearest(w.header, names); near != "" {
		hint = fmt.Sprintf("; the nearest is %q", near)
	}
	return fmt.Errorf("no column %q, which [%s] %s names%s; the header has: %s", w.header, section, w.key, hint,
		strings.Join(names, ", "))
}
