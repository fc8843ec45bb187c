package notify

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"
)

// session is one connection to a mail server that may be slow, broken or hostile.
type session struct {
	conn *bounded
	smtp *smtp.Client
	wait time.Duration
	hide *strings.Replacer // takes the password out of what the server says
}

// mostHeard is how much a server may say in one session: its answers are lines.
const mostHeard = 1 << 20

// bounded is a connection that gives up on a server that does not stop talking.
type bounded struct {
	net.Conn
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("it says too much")
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// step does one thing with the server. It ends in time, whatever the server does; after that the connection is of no use.
func (s *session) step(ctx context.Context, what string, do func() error) error {
	one, stop := context.WithTimeout(ctx, s.wait)
	defer stop()
	release := context.AfterFunc(one, func() { s.conn.SetDeadline(time.Unix(1, 0)) })
	defer release()
	err := do()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", what, ctx.Err())
	case one.Err() != nil:
		return fmt.Errorf("%s: no answer within %v", what, s.wait)
	}
	return fmt.Errorf("%s: %w", what, s.said(err))
}

// refusal is what a server answered instead of going on.
type refusal struct {
	code int
	text string
}

func (r *refusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("it answered %d %s", r.code, r.text))
}

// said makes what a server answered safe to show: it may hold the password, or steer a terminal.
func (s *session) said(err error) error {
	var answer *textproto.Error
	var nonsense textproto.ProtocolError
	switch {
	case errors.As(err, &answer):
		return &refusal{answer.Code, plain(s.hide.Replace(answer.Msg))}
	case errors.As(err, &nonsense):
		return errors.New(plain(s.hide.Replace(nonsense.Error())))
	}
	return show(err)
}

// hider replaces a password in every form that the protocol has for it.
func hider(user, password string) *strings.Replacer {
	if password == "" {
		return strings.NewReplacer()
	}
	var forms []string
	for _, secret := range []string{password, "\x00" + user + "\x00" + password} {
		forms = append(forms, base64.StdEncoding.EncodeToString([]byte(secret)), "REDACTED")
	}
	return strings.NewReplacer(append(forms, password, "REDACTED")...)
}

// deliver hands in one message: for each recipient that the server takes, and for none when it takes none.
func (s *session) deliver(ctx context.Context, mail *Mail, data []byte) (taken []string, err error) {
	from, err := ParseAddress(mail.From)
	if err != nil {
		return nil, err
	}
	if err := s.step(ctx, "from "+from.Address, func() error { return s.command(250, "MAIL FROM:<%s>", from.Address) }); err != nil {
		return nil, err
	}
	taken, refused, err := s.recipients(ctx, mail.To)
	if err != nil {
		return nil, errors.Join(append(refused, err)...)
	}
	if len(taken) > 0 {
		if err := s.send(ctx, data); err != nil {
			return nil, errors.Join(append(refused, err)...)
		}
	}
	_ = s.step(ctx, "goodbye", s.smtp.Quit) // the server has it: how it says goodbye changes nothing
	return taken, errors.Join(refused...)
}

const shuttingDown = 421 // RFC 5321: the server closes the connection

// recipients names them. Who is refused does not keep the others from being told; a connection that is gone does.
func (s *session) recipients(ctx context.Context, to []string) (taken []string, refused []error, err error) {
	for _, r := range to {
		a, err := ParseAddress(r)
		if err != nil {
			return nil, refused, err
		}
		err = s.step(ctx, "to "+a.Address, func() error { return s.command(25, "RCPT TO:<%s>", a.Address) })
		var no *refusal
		switch {
		case err == nil:
			taken = append(taken, a.Address)
		case errors.As(err, &no) && no.code != shuttingDown:
			refused = append(refused, err)
		default:
			return nil, refused, err
		}
	}
	return taken, refused, nil
}

// send hands in the message itself.
func (s *session) send(ctx context.Context, data []byte) error {
	begun := false
	err := s.step(ctx, "message", func() error {
		w, err := s.smtp.Data()
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
		begun = true
		return w.Close()
	})
	var no *refusal
	if err != nil && begun && !errors.As(err, &no) {
		return fmt.Errorf("%w; whether it was taken is not known", err)
	}
	return err
}

// command sends one line. Package smtp would ask for extensions that a message in ASCII does not need, and that keep it
// from servers further on.
func (s *session) command(expect int, format string, a ...any) error {
	id, err := s.smtp.Text.Cmd(format, a...)
	if err != nil {
		return err
	}
	s.smtp.Text.StartResponse(id)
	defer s.smtp.Text.EndResponse(id)
	_, _, err = s.smtp.Text.ReadResponse(expect)
	return err
}
