package main

import (
	"bufio"
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

// personRow is a line of people.jsonl: one HR record, the human being it is of, the row it was read from, and what a
// report says of people.
type personRow struct {
	Person     connectors.PersonID `json:"person_id"`
	Record     connectors.PersonID `json:"record"`
	Name       string              `json:"name"`
	Row        string              `json:"row"`
	Said       string              `json:"said"`
	Now        bool                `json:"now"` // the record that speaks for the person
	Status     string              `json:"status"`
	Start      connectors.Date     `json:"start"`
	End        connectors.Date     `json:"end"`
	Department string              `json:"department"`
	Title      string              `json:"title"`
	Manager    connectors.PersonID `json:"manager"`
	Role       string              `json:"role,omitempty"`
}

func writePeople(w io.Writer, people []*scanner.Person) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, p := range people {
		for _, r := range p.Records {
			row := personRow{p.ID, r.ID, p.Name(), r.From.String(), said(r), r == p.Now, r.Status.String(), r.Start, r.End, r.Department, r.Title, r.Manager, r.Role}
			if err := enc.Encode(row); err != nil {
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
	var rows []personRow
	err := eachPerson(path, func(r *personRow) {
		if r.Person == id {
			rows = append(rows, *r)
		}
	})
	return rows, err
}

// eachPerson reads the records of a run.
func eachPerson(path string, each func(*personRow)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for dec := json.NewDecoder(bufio.NewReaderSize(f, 1<<16)); ; {
		var r personRow
		err := dec.Decode(&r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		each(&r)
	}
}

// whoIs makes people again from the records of a run, as far as reports speak of them: in their order, and by the id of any
// of their records.
func whoIs(path string) (list []*scanner.Person, byID func(connectors.PersonID) *scanner.Person, err error) {
	people, records := map[connectors.PersonID]*scanner.Person{}, map[connectors.PersonID]*scanner.Person{}
	err = eachPerson(path, func(r *personRow) {
		p := people[r.Person]
		if p == nil {
			p = &scanner.Person{ID: r.Person}
			people[r.Person] = p
			list = append(list, p)
		}
		rec := &connectors.Person{ID: r.Record, DisplayName: r.Name, Status: workStatus(r.Status), Start: r.Start, End: r.End, Department: r.Department, Title: r.Title, Role: r.Role, Manager: r.Manager}
		p.Records = append(p.Records, rec)
		if r.Now {
			p.Now = rec
		}
		if records[r.Record] == nil {
			records[r.Record] = p
		}
	})
	return list, func(id connectors.PersonID) *scanner.Person { return records[id] }, err
}

// workStatus reads what WorkStatus.String writes.
func workStatus(word string) connectors.WorkStatus {
	for s := connectors.StatusUnknown; s <= connectors.Terminated; s++ {
		if s.String() == word {
			return s
		}
	}
	return connectors.StatusUnknown
}
