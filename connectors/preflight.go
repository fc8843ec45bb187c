package connectors

import "context"

// Preflighter is a source that can prove, before anything is pulled, that a pull would see all it should. Many services
// answer a caller who lacks a permission with a list that is short or empty instead of an error.
type Preflighter interface {
	Source
	// Preflight asks the service as whom it knows the caller, and whether that caller may read every collection and do what
	// the abilities need. It changes nothing. What is missing is a Problem; an error says that it could not be found out.
	Preflight(ctx context.Context) (Preflight, error)
}

// Preflight is what was found out.
type Preflight struct {
	Identity string    // as whom the service knows the caller, without secrets; empty: it does not say
	Proved   []string  // what was seen to hold, a short line each: "may read users (User.Read.All)"
	Problems []Problem // none: a pull would see everything
	Excess   []Excess  // permissions beyond need, so far as the service shows them
}

// Excess is a permission that the caller has and does not need.
type Excess struct {
	Has     string // "the application permission User.ReadWrite.All"
	So      string // what could be done with it that rollcall never does; empty: whatever it allows
	Fix     string // how to be rid of it
	Writing bool   // it is needed where rollcall may change something, and only there
}

// Problem is one thing that is missing.
type Problem struct {
	Lacks   string // "the application permission AuditLog.Read.All"
	So      string // what would go wrong: "no sign-in would be seen"
	Fix     string // what to do: "grant it in Entra admin center > App registrations > API permissions"
	Writing bool   // a pull would be whole: it is only changing something that would be refused
}

// PreflightOf finds a source's preflight, also behind ReadOnly: it changes nothing.
func PreflightOf(s Source) (Preflighter, bool) {
	p, ok := behind(s).(Preflighter)
	return p, ok
}
