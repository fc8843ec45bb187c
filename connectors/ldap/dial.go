package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rollcall/connectors"
)

type (
	dialer func(ctx context.Context, network, addr string) (net.Conn, error)
	pauser func(context.Context, time.Duration) error
)

// How long one connection may take to be made, and one answer to come.
const (
	dialTimeout   = 30 * time.Second
	answerTimeout = 2 * time.Minute
)

// session is one connection, bound, to a server that was asked what it is. Cancelling its context ends it.
type session struct {
	app  *App
	ctx  context.Context
	conn *ldap.Conn
	stop func() bool
	root rootDSE
}

// rootDSE is what a server says of itself (RFC 4512 §5.1).
type rootDSE struct {
	ad      bool
	domain  string    // its naming context
	name    string    // of the server
	now     time.Time // by its clock; zero where it does not say
	paging  bool
	asserts bool // RFC 4528
	policy  bool // OpenLDAP's password policy overlay
}

// connect makes a session. Its caller closes it.
func (a *App) connect(ctx context.Context) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	dialing, done := context.WithTimeout(ctx, dialTimeout)
	defer done()
	raw, err := a.dial(dialing, "tcp", a.host)
	if err != nil {
		return nil, a.broken(ctx, "connect", err)
	}
	if a.scheme == "ldaps" {
		secured := tls.Client(raw, a.tls)
		if err := secured.HandshakeContext(dialing); err != nil {
			raw.Close()
			return nil, a.broken(ctx, "TLS", untrusted(err))
		}
		raw = secured
	}
	s := &session{app: a, ctx: ctx, conn: ldap.NewConn(raw, a.scheme == "ldaps")}
	s.stop = context.AfterFunc(ctx, func() { raw.Close() })
	late := context.AfterFunc(dialing, func() { raw.Close() })
	defer late() // before done
	s.conn.SetTimeout(answerTimeout)
	s.conn.Start()
	if err := s.begin(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) close() {
	s.stop()
	s.conn.Close()
}

func (s *session) begin() error {
	if s.app.scheme == "ldap" && !s.app.plain {
		if err := s.conn.StartTLS(s.app.tls); err != nil {
			return s.app.broken(s.ctx, "StartTLS", untrusted(err))
		}
	}
	if err := s.conn.Bind(s.app.bind, s.app.password); err != nil {
		return s.app.broken(s.ctx, "bind as "+s.app.bind, bindRefused(err))
	}
	if err := s.readRoot(); err != nil {
		return err
	}
	return s.app.sameServer(s.root.name)
}

// rootAttributes are asked for by name, since some of them are operational.
var rootAttributes = []string{"defaultNamingContext", "namingContexts", "dnsHostName", "currentTime", "supportedControl", "supportedCapabilities"}

const (
	oidActiveDirectory = "1.2.840.113556.1.4.800" // MS-ADTS 3.1.1.3.4.3.1
	oidAssertion       = "1.3.6.1.1.12"           // RFC 4528
)

func (s *session) readRoot() error {
	e, err := s.one("", "(objectClass=*)", rootAttributes)
	if err != nil {
		return fmt.Errorf("asking what the server is: %w", err)
	}
	controls := e.all("supportedControl")
	s.root = rootDSE{
		ad:      slices.Contains(e.all("supportedCapabilities"), oidActiveDirectory),
		domain:  e.first("defaultNamingContext"),
		name:    e.first("dnsHostName"),
		paging:  slices.Contains(controls, ldap.ControlTypePaging),
		asserts: slices.Contains(controls, oidAssertion),
		policy:  slices.Contains(controls, ldap.ControlTypeBeheraPasswordPolicy),
	}
	if s.root.domain == "" {
		s.root.domain = contextOf(s.app.base, e.all("namingContexts"))
	}
	s.root.now, _ = parseTime(e.first("currentTime"))
	switch {
	case s.app.dialect == activeDirectory && !s.root.ad:
		return fmt.Errorf(`%s: the server does not say that it is Active Directory (supportedCapabilities lacks %s); set dialect = "openldap"`, s.app.location(""), oidActiveDirectory)
	case s.app.dialect != activeDirectory && s.root.ad:
		return fmt.Errorf(`%s: the server is Active Directory; set dialect = "ad"`, s.app.location(""))
	case !s.root.paging:
		return fmt.Errorf("%s: the server offers no paged results (RFC 2696), or not to this account: whether a list is whole could not be known", s.app.location(""))
	}
	return nil
}

// contextOf is the naming context that holds base; base itself where the server names none.
func contextOf(base string, contexts []string) string {
	below, err := ldap.ParseDN(base)
	if err != nil {
		return base
	}
	for _, c := range contexts {
		if above, err := ldap.ParseDN(c); err == nil && len(above.RDNs) > 0 && (above.AncestorOfFold(below) || above.EqualFold(below)) {
			return c
		}
	}
	return base
}

// base and groupBase are what the configuration says, else the server's domain.
func (s *session) base() string { return orElse(s.app.base, s.root.domain) }

func (s *session) groupBase() string { return orElse(s.app.groupBase, s.root.domain) }

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// sameServer refuses to go on with another domain controller than the first: a name that leads to several gives readings
// that do not fit each other, and a change would not show in the next one.
func (a *App) sameServer(name string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.server == "" {
		a.server = name
	}
	if !strings.EqualFold(a.server, name) {
		return fmt.Errorf("%s: first %s answered, now %s: the name leads to several servers, whose contents differ for a while after each change; name one of them in url: %w",
			a.location(""), a.server, name, connectors.ErrTransient)
	}
	return nil
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// certificate is a certificate that is not trusted: to try again later does not help.
type certificate struct{ text string }

func (c certificate) Error() string { return c.text }

// untrusted says what to do about one. StartTLS gives go-ldap's text of the error alone.
func untrusted(err error) error {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	text := err.Error()
	switch {
	case errors.As(err, &unknown) || strings.Contains(text, "unknown authority"):
		return certificate{err.Error() + "; name the authority's certificate in ca_file"}
	case errors.As(err, &name) || strings.Contains(text, "not valid for"):
		return certificate{err.Error() + "; name the server in url as its certificate does"}
	case strings.Contains(text, "negative serial number"):
		return certificate{err.Error() + "; the server made its own certificate, and made it badly: give it one of your authority"}
	}
	return err
}
