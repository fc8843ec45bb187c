package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"strings"
	"time"
)

// Server is where mail is handed in.
type Server struct {
	Host, Port string
	TLS        bool // from the first byte on; otherwise STARTTLS
}

// ParseServer reads "mail.example.com:587" or "smtps://mail.example.com". Port 465 and smtps:// speak TLS from the first byte.
func ParseServer(s string) (Server, error) {
	rest, implicit := strings.CutPrefix(s, "smtps://")
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		host, port = strings.Trim(rest, "[]"), map[bool]string{true: "465", false: "587"}[implicit]
	}
	n, err := net.LookupPort("tcp", port)
	if ip := net.ParseIP(host); ip == nil && (host == "" || !only(host, ".-_")) || err != nil || n == 0 || strings.Trim(port, "0123456789") != "" {
		return Server{}, fmt.Errorf("server %q: want host and port, such as \"mail.example.com:587\" (STARTTLS) or \"smtps://mail.example.com\"", plain(s))
	}
	return Server{host, port, implicit || port == "465"}, nil
}

// Mailer hands mail to one server. A password never crosses a connection without TLS, and mail only where Plain allows it or
// the server is this machine.
type Mailer struct {
	Server         Server
	User, Password string // User empty: without signing in
	Plain          bool   // a server on another machine may do without TLS
	Hello          string // what the client calls itself; empty: localhost
	TLS            *tls.Config
	Dial           func(ctx context.Context, network, address string) (net.Conn, error)
	Step           time.Duration // how long each step may take; 0: one minute
}

// Send hands in one message. It gives the recipients that the server takes it for; the error says which it refuses, and why.
func (m *Mailer) Send(ctx context.Context, mail *Mail) (taken []string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("mail server %s: %w", m.Server.Host, err)
		}
	}()
	data, err := mail.Bytes()
	if err != nil {
		return nil, err
	}
	s, err := m.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer s.conn.Close()
	if err := m.greet(ctx, s); err != nil {
		return nil, err
	}
	if err := m.signIn(ctx, s); err != nil {
		return nil, err
	}
	return s.deliver(ctx, mail, data)
}

// connect opens the connection, with TLS where that comes first.
func (m *Mailer) connect(ctx context.Context) (*session, error) {
	wait := or(m.Step, time.Minute)
	dial, stop := context.WithTimeout(ctx, wait)
	defer stop()
	conn, err := m.Dial(dial, "tcp", net.JoinHostPort(m.Server.Host, m.Server.Port))
	if err != nil {
		return nil, fmt.Errorf("no connection: %w", show(err))
	}
	s := &session{conn: &bounded{Conn: conn, left: mostHeard}, wait: wait, hide: hider(m.User, m.Password)}
	over := net.Conn(s.conn)
	if m.Server.TLS {
		over = tls.Client(s.conn, m.tls())
	}
	err = s.step(ctx, "greeting", func() (err error) {
		s.smtp, err = smtp.NewClient(over, m.Server.Host)
		return err
	})
	if err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

func (m *Mailer) tls() *tls.Config {
	cfg := &tls.Config{}
	if m.TLS != nil {
		cfg = m.TLS.Clone()
	}
	cfg.ServerName = m.Server.Host
	return cfg
}

// greet says hello and turns TLS on. On this machine, where nobody listens on the way, it does without, unless a password is
// to be sent.
func (m *Mailer) greet(ctx context.Context, s *session) error {
	err := s.step(ctx, "hello", func() error { return s.smtp.Hello(or(m.Hello, "localhost")) })
	here := loopback(m.Server.Host) && m.User == ""
	if err != nil || m.Server.TLS || here {
		return err
	}
	if offered, _ := s.smtp.Extension("STARTTLS"); offered {
		return s.step(ctx, "STARTTLS", func() error { return s.smtp.StartTLS(m.tls()) })
	}
	if !m.Plain || m.User != "" {
		return errors.New("it offers no TLS, so that anybody on the way could read or change what is sent: nothing was; " +
			"see whether another port does (587, 465), or allow it without user and password by plain = true")
	}
	return nil
}

// signIn proves who hands the mail in, over TLS alone.
func (m *Mailer) signIn(ctx context.Context, s *session) error {
	if m.User == "" {
		return nil
	}
	if _, secure := s.smtp.TLSConnectionState(); !secure {
		return errors.New("a password is sent over TLS alone")
	}
	_, offered := s.smtp.Extension("AUTH")
	auth := smtp.PlainAuth("", m.User, m.Password, m.Server.Host)
	switch ways := strings.Fields(strings.ToUpper(offered)); {
	case has(ways, "PLAIN"):
	case has(ways, "LOGIN"):
		auth = &login{user: m.User, password: m.Password}
	default:
		return fmt.Errorf("it offers neither AUTH PLAIN nor AUTH LOGIN, but %q: leave user and password out, or ask its operator", plain(offered))
	}
	return s.step(ctx, "signing in", func() error { return s.smtp.Auth(auth) })
}

func has(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// login is AUTH LOGIN, which some servers offer alone: they ask for the user and then for the password, in words of their own.
type login struct {
	user, password string
	asked          int
}

func (l *login) Start(s *smtp.ServerInfo) (string, []byte, error) {
	if !s.TLS {
		return "", nil, errors.New("a password is sent over TLS alone")
	}
	return "LOGIN", nil, nil
}

func (l *login) Next(_ []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	l.asked++
	switch l.asked {
	case 1:
		return []byte(l.user), nil
	case 2:
		return []byte(l.password), nil
	}
	return nil, errors.New("it asks for more than user and password")
}
