package notify

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// post is a small mail server. What it is told to do wrong, it does.
type post struct {
	t        *testing.T
	cert     *tls.Config
	implicit bool
	auth     string            // ways to sign in that it offers over TLS
	answers  map[string]string // by how a command begins: instead of what it would answer; "hang" and "cut" do that

	mu       sync.Mutex
	clear    []string // commands that came without TLS
	signedIn string
	to       []string
	message  string
}

// selfMade is a certificate for mail.kiln.example, and what believes it.
func selfMade(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"mail.kiln.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(c)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: pool}
}

func (p *post) serve(c net.Conn) {
	secure := p.implicit
	if p.implicit {
		c = tls.Server(c, p.cert)
	}
	r := bufio.NewReader(c)
	say := func(s string) { fmt.Fprintf(c, "%s\r\n", s) }
	hear := func() (string, bool) {
		line, err := r.ReadString('\n')
		return strings.TrimRight(line, "\r\n"), err == nil
	}
	if !p.wrong("banner", say) {
		return
	}
	if p.answers["banner"] == "" {
		say("220 mail.kiln.example ready")
	}
	for {
		line, ok := hear()
		if !ok {
			return
		}
		verb := strings.ToUpper(line)
		if !secure {
			p.mu.Lock()
			p.clear = append(p.clear, line)
			p.mu.Unlock()
		}
		if p.instead(verb) != "" {
			if !p.wrong(verb, say) {
				return
			}
			continue
		}
		switch {
		case strings.HasPrefix(verb, "EHLO"):
			say("250-mail.kiln.example")
			if p.cert != nil && !secure {
				say("250-STARTTLS")
			}
			if p.auth != "" && secure {
				say("250-AUTH " + p.auth)
			}
			say("250-SMTPUTF8")
			say("250 8BITMIME")
		case verb == "STARTTLS":
			say("220 go")
			c = tls.Server(c, p.cert)
			r, secure = bufio.NewReader(c), true
		case strings.HasPrefix(verb, "AUTH PLAIN "):
			b, _ := base64.StdEncoding.DecodeString(line[len("AUTH PLAIN "):])
			p.signIn(strings.ReplaceAll(string(b), "\x00", " "))
			say("235 welcome")
		case verb == "AUTH LOGIN":
			said := ""
			for _, q := range []string{"VXNlcm5hbWU6", "UGFzc3dvcmQ6"} {
				say("334 " + q)
				line, _ := hear()
				b, _ := base64.StdEncoding.DecodeString(line)
				said += " " + string(b)
			}
			p.signIn(said)
			say("235 welcome")
		case strings.HasPrefix(verb, "MAIL FROM:"):
			say("250 ok")
		case strings.HasPrefix(verb, "RCPT TO:"):
			p.mu.Lock()
			p.to = append(p.to, strings.Trim(line[len("RCPT TO:"):], "<>"))
			p.mu.Unlock()
			say("250 ok")
		case verb == "DATA":
			say("354 go on")
			var m strings.Builder
			for line, ok := hear(); ok && line != "."; line, ok = hear() {
				m.WriteString(strings.TrimPrefix(line, ".") + "\r\n")
			}
			p.mu.Lock()
			p.message = m.String()
			p.mu.Unlock()
			if p.answers["."] == "" {
				say("250 taken")
			} else if !p.wrong(".", say) {
				return
			}
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("502 what?")
		}
	}
}

func (p *post) signIn(said string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.signedIn = strings.TrimSpace(said)
}

func (p *post) instead(verb string) string {
	for begins, answer := range p.answers {
		if strings.HasPrefix(verb, begins) {
			return answer
		}
	}
	return ""
}

// wrong does what the server was told to do wrong; false when the connection is over.
func (p *post) wrong(verb string, say func(string)) bool {
	switch a := p.instead(verb); a {
	case "":
	case "hang":
		<-p.t.Context().Done()
		return false
	case "cut":
		return false
	case "endless":
		for range 4000 {
			say("250-" + strings.Repeat("x", 1000))
		}
	default:
		say(a)
	}
	return true
}

// mailer talks to the server as if it were mail.kiln.example.
func (p *post) mailer(t *testing.T, client *tls.Config) *Mailer {
	p.t = t
	at := raw(t, p.serve)
	return &Mailer{Server: Server{Host: "mail.kiln.example", Port: "587", TLS: p.implicit}, TLS: client, Step: 3 * time.Second, Hello: "rollcall.kiln.example",
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, at)
		}}
}

func letter(to ...string) *Mail {
	return &Mail{From: "rollcall <rollcall@kiln.example>", To: to, Subject: "2 cases wait", Text: "Ann Müller\n.\n.. dots\n", Date: noon, ID: "abc@kiln.example"}
}

func TestMailer(t *testing.T) {
	server, client := selfMade(t)
	for name, c := range map[string]struct {
		post           *post
		user           string
		plain          bool
		host           string
		signedIn, want string
		clear          string // what went without TLS
	}{
		"STARTTLS":                     {post: &post{cert: server}, clear: "EHLO STARTTLS"},
		"STARTTLS, AUTH PLAIN":         {post: &post{cert: server, auth: "LOGIN PLAIN"}, user: "robot", signedIn: "robot opensesame", clear: "EHLO STARTTLS"},
		"implicit TLS, AUTH LOGIN":     {post: &post{cert: server, implicit: true, auth: "LOGIN"}, user: "robot", signedIn: "robot opensesame"},
		"no way to sign in":            {post: &post{cert: server, auth: "CRAM-MD5"}, user: "robot", want: "neither AUTH PLAIN nor AUTH LOGIN, but \"CRAM-MD5\"", clear: "EHLO STARTTLS"},
		"no TLS":                       {want: "it offers no TLS", clear: "EHLO"},
		"no TLS, allowed":              {plain: true, clear: "EHLO MAIL RCPT DATA QUIT"},
		"TLS, plain allowed":           {post: &post{cert: server}, plain: true, clear: "EHLO STARTTLS"},
		"a password without TLS":       {plain: true, user: "robot", want: "it offers no TLS", clear: "EHLO"},
		"this machine":                 {post: &post{cert: server}, host: "127.0.0.1", clear: "EHLO MAIL RCPT DATA QUIT"},
		"this machine, with password":  {host: "localhost", user: "robot", want: "it offers no TLS", clear: "EHLO"},
		"another's certificate":        {post: &post{cert: server}, host: "mail.other.example", want: "STARTTLS: tls: failed to verify certificate", clear: "EHLO STARTTLS"},
		"STARTTLS is refused":          {post: &post{cert: server, answers: map[string]string{"STARTTLS": "454 later"}}, plain: true, want: "STARTTLS: it answered 454 later", clear: "EHLO STARTTLS"},
		"the password is echoed":       {post: &post{cert: server, auth: "PLAIN", answers: map[string]string{"AUTH": "535 no: \x1b[1m opensesame " + base64.StdEncoding.EncodeToString([]byte("\x00robot\x00opensesame"))}}, user: "robot", want: "signing in: it answered 535 no: <U+001B>[1m REDACTED REDACTED", clear: "EHLO STARTTLS"},
		"the password in nonsense":     {post: &post{cert: server, auth: "PLAIN", answers: map[string]string{"AUTH": "opensesame"}}, user: "robot", want: "signing in: ", clear: "EHLO STARTTLS"},
		"TLS that is none":             {post: &post{answers: map[string]string{"STARTTLS": "220 go", "EHLO": "250-x\r\n250 STARTTLS"}}, want: "STARTTLS: "},
		"it asks again and again":      {post: &post{cert: server, auth: "LOGIN", answers: map[string]string{"AUTH": "334 eA=="}}, user: "robot", want: "signing in: ", clear: "EHLO STARTTLS"},
		"implicit TLS that is no such": {post: &post{implicit: false}, host: "implicit", want: "greeting: "},
	} {
		t.Run(name, func(t *testing.T) {
			if c.post == nil {
				c.post = &post{}
			}
			m := c.post.mailer(t, client)
			m.Plain, m.User, m.Password, m.Server.Host = c.plain, c.user, "opensesame", or(c.host, m.Server.Host)
			m.Server.TLS = m.Server.TLS || c.host == "implicit"
			if c.user == "" {
				m.Password = ""
			}
			m.Step = time.Second
			taken, err := m.Send(t.Context(), letter("it@kiln.example"))
			checkMail(t, err, c.want)
			c.post.mu.Lock()
			defer c.post.mu.Unlock()
			if c.want == "" && (fmt.Sprint(taken) != "[it@kiln.example]" || !strings.Contains(c.post.message, "Subject: 2 cases wait\r\n") || !strings.Contains(c.post.message, "\r\n.\r\n.. dots\r\n")) {
				t.Errorf("taken %v, message %q", taken, c.post.message)
			}
			if c.want != "" && (len(taken) > 0 || c.post.message != "") {
				t.Errorf("taken %v, message %q", taken, c.post.message)
			}
			if c.post.signedIn != c.signedIn {
				t.Errorf("signed in as %q", c.post.signedIn)
			}
			if c.clear != "" && firstWords(c.post.clear) != c.clear {
				t.Errorf("without TLS: %q", c.post.clear)
			}
		})
	}
}

// firstWords are the commands of lines, lines that TLS itself wrote left out.
func firstWords(list []string) string {
	var out []string
	for _, line := range list {
		if w, _, _ := strings.Cut(line, " "); w != "" && only(w, "") {
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}

func checkMail(t *testing.T, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("%v; want %q", err, want)
	}
	if err != nil && (strings.Contains(err.Error(), "opensesame") || strings.Contains(err.Error(), "\x1b")) {
		t.Errorf("the error shows too much: %q", err)
	}
}

// Who is refused does not keep the others from being told.
func TestMailerRecipients(t *testing.T) {
	p := &post{answers: map[string]string{"RCPT TO:<GONE@": "550 no such user", "RCPT TO:<FULL@": "452 mailbox full"}}
	m := p.mailer(t, nil)
	m.Plain = true
	taken, err := m.Send(t.Context(), letter("gone@kiln.example", "it@kiln.example", "full@kiln.example"))
	checkMail(t, err, "to gone@kiln.example: it answered 550 no such user\nto full@kiln.example: it answered 452 mailbox full")
	if fmt.Sprint(taken, p.to) != "[it@kiln.example] [it@kiln.example]" || p.message == "" {
		t.Errorf("taken %v, told %v", taken, p.to)
	}
	taken, err = m.Send(t.Context(), letter("gone@kiln.example"))
	checkMail(t, err, "550 no such user")
	if len(taken) > 0 {
		t.Errorf("taken %v", taken)
	}
}

// A server that is broken or hostile at any step ends the sending in time, and nobody is called told.
func TestMailerHostileServers(t *testing.T) {
	for at, what := range map[string]string{"banner": "greeting: ", "EHLO": "hello: ", "MAIL": "from rollcall@kiln.example: ", "RCPT": "to it@kiln.example: ", "DATA": "message: ", ".": "message: "} {
		for does, says := range map[string]string{"hang": "no answer within 300ms", "cut": "", "421 \x1b[2Jgoing away": "421 <U+001B>[2Jgoing away", "554 no": "554 no", "nonsense \x1b[2J": "", "endless": ""} {
			p := &post{answers: map[string]string{at: does}}
			if at == "EHLO" {
				p.answers["HELO"] = does
			}
			m := p.mailer(t, nil)
			m.Plain, m.Step = true, 20*time.Second
			if does == "hang" {
				m.Step = 300 * time.Millisecond
			}
			begun := time.Now()
			taken, err := m.Send(t.Context(), letter("it@kiln.example"))
			checkMail(t, err, what)
			if err != nil && !strings.Contains(err.Error(), says) || len(taken) > 0 || time.Since(begun) > time.Minute {
				t.Errorf("%s at %s: %v, taken %v, after %v", does, at, err, taken, time.Since(begun))
			}
			if at == "." && does == "hang" && !strings.Contains(err.Error(), "whether it was taken is not known") {
				t.Error(err)
			}
		}
	}
	p := &post{answers: map[string]string{"QUIT": "cut"}}
	m := p.mailer(t, nil)
	m.Plain = true
	if taken, err := m.Send(t.Context(), letter("it@kiln.example")); err != nil || len(taken) != 1 {
		t.Errorf("a server without manners: %v, %v", taken, err)
	}
}

func TestMailerStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	m := (&post{}).mailer(t, nil)
	dial := m.Dial
	m.Dial = func(ctx context.Context, n, a string) (net.Conn, error) {
		c, err := dial(ctx, n, a)
		time.AfterFunc(50*time.Millisecond, stop)
		return &mute{c}, err
	}
	if _, err := m.Send(ctx, letter("it@kiln.example")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	m.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, io.ErrUnexpectedEOF }
	if _, err := m.Send(t.Context(), letter("it@kiln.example")); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(err.Error(), "mail server mail.kiln.example: no connection: ") {
		t.Error(err)
	}
}

// mute is a connection on which nothing of what is written arrives.
type mute struct{ net.Conn }

func (m *mute) Write(p []byte) (int, error) { return len(p), nil }

func TestParseServer(t *testing.T) {
	for in, want := range map[string]Server{
		"mail.example.com":              {"mail.example.com", "587", false},
		"mail.example.com:25":           {"mail.example.com", "25", false},
		"mail.example.com:465":          {"mail.example.com", "465", true},
		"smtps://mail.example.com":      {"mail.example.com", "465", true},
		"smtps://mail.example.com:2465": {"mail.example.com", "2465", true},
		"[::1]:25":                      {"::1", "25", false},
		"127.0.0.1":                     {"127.0.0.1", "587", false},
	} {
		if got, err := ParseServer(in); err != nil || got != want {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", ":25", "mail.example.com:0", "mail.example.com:99999", "smtp://mail.example.com", "https://mail.example.com", "a b:25", "mail.example.com:smtp", "user@mail.example.com:25"} {
		if got, err := ParseServer(bad); err == nil {
			t.Errorf("%q is taken as %+v", bad, got)
		}
	}
}
