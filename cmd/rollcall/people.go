package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"rollcall/connectors"
	"rollcall/scanner"
)

const peopleName = "people.jsonl"

// personRow is a line of people.jsonl: one HR record, the human being it is of, and the row it was read from.
type personRow struct {
	Person connectors.PersonID `json:"person_id"`
	Record connectors.PersonID `json:"record"`
	Name   string              `json:"name"`
	Row    string              `json:"row"`
	Said   string              `json:"said"`
}

func writePeople(w io.Writer, people []*scanner.Person) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, p := range people {
		for _, r := range p.Records {
			if err := enc.Encode(personRow{p.ID, r.ID, p.Name(), r.From.String(), said(r)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// said is what an HR record's row said.
func said(r *connectors.Person) string {
	parts := []string{strings.TrimSpace(r.FirstName + " " + r.LastName + " " + r.DisplayName), r.Status.String()}
	for _, x := range []struct{ name, value string }{{"work address", r.WorkEmail}, {"aliases", strings.Join(r.Aliases, " ")}, {"role", r.Role},
		{"title", r.Title}, {"department", r.Department}, {"from", r.Start.String()}, {"to", r.End.String()}, {"on leave from", r.LeaveStart.String()}} {
		if x.value != "" && x.value != "unknown" {
			parts = append(parts, x.name+" "+x.value)
		}
	}
	for _, p := range r.Roles {
		parts = append(parts, "since "+p.From.String()+" "+strings.TrimSpace(cmp.Or(p.Role, p.Title)))
	}
	return strings.Join(parts, ", ")
}

// readPeople gives the records of one person.
func readPeople(path string, id connectors.PersonID) ([]personRow, error) {
	if id == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var rows []personRow
	for dec := json.NewDecoder(f); ; {
		var r personRow
		err := dec.Decode(&r)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if r.Person == id {
			rows = append(rows, r)
		}
	}
}
