package opcsign

import (
	"errors"
	"fmt"
)

// refusal is what is wrong with a package, as against a source that could not be read.
type refusal struct {
	part string // the part it is about; empty: the package
	why  string
}

func (r *refusal) Error() string {
	if r.part == "" {
		return r.why
	}
	return r.part + ": " + r.why
}

func refuse(part, format string, args ...any) error {
	return &refusal{part, fmt.Sprintf(format, args...)}
}

// at names the part in a refusal that does not know it yet.
func at(part string, err error) error {
	var r *refusal
	if errors.As(err, &r) && r.part == "" {
		return &refusal{part, r.why}
	}
	return err
}
