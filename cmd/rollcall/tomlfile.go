package main

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"rollcall/connectors"
)

// problem is one mistake in a file.
type problem struct {
	line int
	text string // with file and line
}

// tomlFile is a TOML file whose every key is accounted for: unknown keys, and keys that differ only in case, are errors
// that name the line and the nearest known key. The decoder alone would let both pass.
type tomlFile struct {
	path     string
	data     []byte
	tree     map[string]any
	lines    map[string]int // by key path, array elements numbered: app[2].columns.id
	problems []problem
}

func readTOML(path string) (*tomlFile, error) { return readTOMLWith(path, os.ReadFile) }

func readTOMLWith(path string, read func(string) ([]byte, error)) (*tomlFile, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	f := &tomlFile{path: path, data: data, lines: tomlLines(string(data))}
	if _, err := toml.Decode(string(data), &f.tree); err != nil {
		return nil, fmt.Errorf("%s: %w", path, tomlError(err))
	}
	return f, nil
}

// tomlError says where without quoting the lines around it: they may hold what should not be printed.
func tomlError(err error) error {
	if perr, ok := err.(toml.ParseError); ok {
		msg := perr.Message
		if msg == "" {
			msg = strings.TrimPrefix(perr.Error(), "toml: ")
		}
		return fmt.Errorf("line %d: %s", perr.Position.Line, msg)
	}
	return err
}

// line is where a key path stands, or the nearest table around it; 0 when nothing of it does.
func (f *tomlFile) line(path string) int {
	for p := path; p != ""; p = parentPath(p) {
		if n, ok := f.lines[p]; ok {
			return n
		}
	}
	return 0
}

// at is "file:line" of a key path, or the file alone.
func (f *tomlFile) at(path string) string {
	if n := f.line(path); n > 0 {
		return fmt.Sprintf("%s:%d", f.path, n)
	}
	return f.path
}

// text is the line on which a key path stands.
func (f *tomlFile) text(path string) string {
	n := f.line(path)
	if n == 0 {
		return ""
	}
	return strings.TrimSpace(strings.Split(string(f.data), "\n")[n-1])
}

func parentPath(p string) string {
	if strings.HasSuffix(p, "]") {
		return p[:strings.LastIndexByte(p, '[')]
	}
	if i := strings.LastIndexByte(p, '.'); i >= 0 {
		return p[:i]
	}
	return ""
}

func (f *tomlFile) problem(path, format string, a ...any) {
	f.problems = append(f.problems, problem{f.line(path), f.at(path) + ": " + fmt.Sprintf(format, a...)})
}

// err is all problems, one a line, or nil.
func (f *tomlFile) err() error {
	if len(f.problems) == 0 {
		return nil
	}
	slices.SortFunc(f.problems, func(a, b problem) int { return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.text, b.text)) })
	var lines []string
	for _, p := range slices.Compact(f.problems) {
		lines = append(lines, p.text)
	}
	return errors.New(strings.Join(lines, "\n"))
}

// decode puts the table at path into the targets, each of which takes the keys it knows. A key that none knows, and a
// key that the file writes twice in different case, is a problem.
func (f *tomlFile) decode(path string, table map[string]any, targets ...any) {
	types := make([]reflect.Type, len(targets))
	for i, t := range targets {
		types[i] = reflect.TypeOf(t).Elem()
	}
	before := len(f.problems)
	f.check(path, table, types)
	if len(f.problems) > before {
		return
	}
	for _, t := range targets {
		if err := fill(table, t); err != nil {
			f.problem(path, "%v", err) // check has refused all that the decoder refuses, as far as is known
		}
	}
}

// fill decodes one table by writing it out and reading it into the target, which keeps one decoder for everything.
func fill(table map[string]any, target any) error {
	var b strings.Builder
	if err := toml.NewEncoder(&b).Encode(table); err != nil {
		return err
	}
	_, err := toml.Decode(b.String(), target)
	if perr, ok := err.(toml.ParseError); ok {
		key := perr.LastKey
		if key != "" {
			key += ": "
		}
		return fmt.Errorf("%s%s", key, strings.TrimPrefix(tomlMessage(perr), "toml: "))
	}
	return err
}

func tomlMessage(e toml.ParseError) string {
	if e.Message != "" {
		return e.Message
	}
	return e.Error()
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// check walks the table beside the types that may take it.
func (f *tomlFile) check(path string, table map[string]any, types []reflect.Type) {
	folded := map[string]string{}
	fields := make([]map[string]reflect.Type, len(types))
	for i, t := range types {
		fields[i] = tomlFields(t)
	}
	for _, key := range sortedKeys(table) {
		at := joinPath(path, key)
		if other, twice := folded[strings.ToLower(key)]; twice {
			f.problem(at, "%q and %q differ only in case; keep one", other, key)
			continue
		}
		folded[strings.ToLower(key)] = key
		var fits []reflect.Type
		var known []string
		free := false
		for i, t := range types {
			if t.Kind() == reflect.Map {
				free = true
				fits = append(fits, t.Elem())
			} else if ft, ok := fields[i][key]; ok {
				fits = append(fits, ft)
			}
		}
		if len(fits) == 0 && !free {
			for _, names := range fields {
				known = slices.AppendSeq(known, maps.Keys(names))
			}
			f.problem(at, "unknown key %q%s", key, nearest(key, known))
			continue
		}
		f.checkValue(at, table[key], fits)
	}
}

func (f *tomlFile) checkValue(path string, v any, types []reflect.Type) {
	for _, t := range types {
		if why := unfit(v, t); why != "" {
			f.problem(path, "%s: %s", path[strings.LastIndexByte(path, '.')+1:], why)
			return
		}
	}
	var inner, elems []reflect.Type
	for _, t := range types {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch {
		case reflect.PointerTo(t).Implements(textUnmarshaler):
		case t.Kind() == reflect.Struct, t.Kind() == reflect.Map:
			inner = append(inner, t)
		case t.Kind() == reflect.Slice:
			elems = append(elems, t.Elem())
		}
	}
	switch v := v.(type) {
	case map[string]any:
		if len(inner) > 0 {
			f.check(path, v, inner)
		}
	case []map[string]any:
		for i, m := range v {
			f.checkValue(fmt.Sprintf("%s[%d]", path, i), m, elems)
		}
	case []any:
		for i, m := range v {
			f.checkValue(fmt.Sprintf("%s[%d]", path, i), m, elems)
		}
	}
}

// unfit says why a value cannot be put where the type wants one; empty when it can.
func unfit(v any, t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if u, ok := reflect.New(t).Interface().(encoding.TextUnmarshaler); ok {
		text, isText := v.(string)
		if day, isDay := v.(time.Time); isDay {
			text, isText = day.Format(time.DateOnly), true
		}
		if !isText {
			return "want text in quotes"
		}
		if err := u.UnmarshalText([]byte(text)); err != nil {
			return err.Error()
		}
		return ""
	}
	want, got := "", reflect.ValueOf(v).Kind()
	switch t.Kind() {
	case reflect.String:
		if got != reflect.String {
			want = "text in quotes"
		}
	case reflect.Bool:
		if got != reflect.Bool {
			want = "true or false"
		}
	case reflect.Int, reflect.Int64:
		if got != reflect.Int64 {
			want = "a whole number"
		}
	case reflect.Slice:
		if got != reflect.Slice {
			want = "a list in [ ]"
		}
	case reflect.Struct, reflect.Map:
		if got != reflect.Map {
			want = "a table with keys of its own"
		}
	}
	if want == "" {
		return ""
	}
	return "want " + want
}

// tomlFields are the keys a struct takes, embedded structs included.
func tomlFields(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	if t.Kind() != reflect.Struct {
		return fields
	}
	for _, sf := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(sf.Tag.Get("toml"), ",")
		if !sf.IsExported() || sf.Anonymous || name == "-" {
			continue
		}
		if name == "" {
			name = sf.Name
		}
		fields[name] = sf.Type
	}
	return fields
}

func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// nearest proposes the known word closest to a mistyped one.
func nearest(word string, known []string) string {
	slices.Sort(known)
	best, bestDistance := "", len(word)/2+2
	if len(known) <= 6 { // a short list helps more than a guess
		bestDistance = min(bestDistance, 3)
	}
	for _, k := range known {
		if d := connectors.Distance(strings.ToLower(word), k); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	if best == "" {
		return "; known here: " + strings.Join(slices.Compact(known), ", ")
	}
	return fmt.Sprintf("; did you mean %q?", best)
}
