package notify

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// Mail is one message. Whatever its subject and text hold, it has these headers and no others.
type Mail struct {
	From    string   // an address, or a name and an address: "rollcall <rollcall@example.com>"
	To      []string // addresses
	Subject string
	Text    string
	Date    time.Time
	ID      string // Message-ID, without < >: the same for the same message, so that mail systems drop a second one
}

// ParseAddress reads an address that mail can be sent to: ASCII, without quotes and comments, with or without a name before it.
func ParseAddress(s string) (*mail.Address, error) {
	a, err := mail.ParseAddress(s)
	if err != nil || !plainAddress(a.Address) || strings.ContainsFunc(a.Name, hidden) {
		return nil, fmt.Errorf("%q is no mail address; want one such as it@example.com", plain(s))
	}
	return a, nil
}

// plainAddress tells whether an address has no character that means something to anybody on the way.
func plainAddress(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && domain != "" && len(s) <= 254 && len(local) <= 64 &&
		only(local, "!#$%&'*+/=?^_`{|}~.-") && only(domain, ".-") &&
		!strings.HasPrefix(domain, ".") && !strings.HasPrefix(domain, "-") && !strings.Contains(domain, "..")
}

// only tells whether a text has ASCII letters, digits and the given characters alone.
func only(s, others string) bool {
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune(others, r) {
			return false
		}
	}
	return true
}

// Bytes is the message as RFC 5322 and RFC 2045 to 2047 want it: ASCII lines that end with CR LF, text in UTF-8 as
// quoted-printable.
func (m *Mail) Bytes() ([]byte, error) {
	from, err := ParseAddress(m.From)
	if err != nil {
		return nil, fmt.Errorf("mail: from: %w", err)
	}
	if len(m.To) == 0 {
		return nil, errors.New("mail: it goes to nobody")
	}
	to := make([]string, len(m.To))
	for i, s := range m.To {
		a, err := ParseAddress(s)
		if err != nil {
			return nil, fmt.Errorf("mail: to: %w", err)
		}
		to[i] = "<" + a.Address + ">"
	}
	if !plainAddress(m.ID) {
		return nil, fmt.Errorf("mail: %q is no message id; want letters@example.com", plain(m.ID))
	}
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", sender(from)},
		{"To", strings.Join(to, ",\r\n ")},
		{"Subject", header(m.Subject)},
		{"Date", m.Date.Format(time.RFC1123Z)},
		{"Message-ID", "<" + m.ID + ">"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
		{"Auto-Submitted", "auto-generated"}, // RFC 3834: no machine is to answer it
	} {
		b.WriteString(h[0] + ": " + h[1] + "\r\n")
	}
	b.WriteString("\r\n")
	q := quotedprintable.NewWriter(&b)
	if _, err := q.Write([]byte(lines(m.Text))); err != nil {
		return nil, err
	}
	err = q.Close() // writes what is left
	return b.Bytes(), err
}

// lines leaves line ends of one kind alone, so that no other can be made of them on the way.
func lines(s string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "<0D>", "\x00", "<00>").Replace(s)
}

// header makes text one header value: plain ASCII as it is, anything else as encoded words, each on a line of its own.
func header(s string) string {
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", short(s)), "?= =?", "?=\r\n =?")
}

// sender writes an address with its name, quoted or encoded where that is needed.
func sender(a *mail.Address) string {
	return strings.ReplaceAll((&mail.Address{Name: short(a.Name), Address: a.Address}).String(), "?= =?", "?=\r\n =?")
}

// short makes text fit for a header: one clean line that does not read as if it were encoded already.
func short(s string) string {
	const most = 200
	s = strings.Join(strings.Fields(clean(s)), " ")
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strings.ReplaceAll(s, "=?", "= ?")
}
