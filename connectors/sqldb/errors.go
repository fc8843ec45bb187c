package sqldb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rollcall/connectors"
)

// failure is an error of the server or of the way there. It holds no secret: what a server said is searched for the password,
// should it echo that.
type failure struct {
	text     string
	class    error  // one of the connectors' errors, or nil
	cause    error  // the context's error, where that is why
	answered bool   // the server said no
	number   uint16 // by which MySQL knows its answer
}

func (f *failure) Error() string { return f.text }

func (f *failure) Unwrap() []error {
	var out []error
	for _, e := range []error{f.class, f.cause} {
		if e != nil {
			out = append(out, e)
		}
	}
	return out
}

// broken makes an error of what a driver or the network gave. What is no answer of the server may pass. Where the table of
// a result says what it is, what is empty.
func (s *server) broken(ctx context.Context, what string, err error) error {
	if f := (*failure)(nil); errors.As(err, &f) {
		return err
	}
	f := &failure{text: err.Error(), cause: ctx.Err(), number: numberOf(err)}
	no := s.dialect.refused(err)
	switch {
	case f.cause != nil:
		f.text = f.cause.Error()
	case no != nil:
		f.class, f.answered = no.class, true
		if no.hint != "" {
			f.text += "; " + no.hint
		}
	default:
		f.class = connectors.ErrTransient
	}
	f.text = s.redact(f.text)
	if what != "" {
		f.text = fmt.Sprintf("%s: %s: %s", s.location(), what, f.text)
	}
	return f
}

// redact takes the password out of what was said.
func (s *server) redact(text string) string {
	if s.password == "" {
		return text
	}
	return strings.ReplaceAll(text, s.password, "<password>")
}

// answered tells whether the server said no: nothing was changed by that statement.
func answered(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.answered
}

// unanswered is an error of a change that may have been made or not, which has no class for that reason.
type unanswered struct{ error }

func (u unanswered) Unwrap() []error {
	if f := (*failure)(nil); errors.As(u.error, &f) && f.cause != nil {
		return []error{f.cause}
	}
	return nil
}

func (u unanswered) Error() string {
	return u.error.Error() + "; whether it was done is not known: read the account again"
}
