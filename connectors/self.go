package connectors

import "context"

// SelfTeller is a source that can say which tenant answers, and as whom the service knows the caller: rollcall's own accounts
// and credentials are access like any other.
type SelfTeller interface {
	Source
	// Self asks the service; it changes nothing. What the service does not say is empty, and never an error.
	Self(ctx context.Context) (Self, error)
}

// Self is as whom a service knows the caller, and where. It holds no secrets.
type Self struct {
	Tenant      string          `json:"tenant,omitempty"`      // the service's own id of the tenant that answered, which nobody can give to another; empty: it has none
	Name        string          `json:"name,omitempty"`        // of the caller, as the service writes it
	Account     AccountID       `json:"account,omitempty"`     // of the caller's own account there; empty: the service has none, or does not say
	Permissions []string        `json:"permissions,omitempty"` // what the caller may do, as the vendor names it; none: the service does not say
	Credentials []OwnCredential `json:"credentials,omitempty"` // by which the caller, or whoever else holds them, proves to be it
}

// OwnCredential is a secret, key or token that opens the service as the caller.
type OwnCredential struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`              // "client secret", "certificate", "API token", "password", …
	Created Date   `json:"created,omitempty"` // when it was made or last rotated; 0: the service does not say
	Expires Date   `json:"expires,omitempty"` // its last day; 0: none is known
}

// SelfOf finds what a source can say of itself, also behind ReadOnly: it changes nothing.
func SelfOf(s Source) (SelfTeller, bool) {
	t, ok := behind(s).(SelfTeller)
	return t, ok
}
