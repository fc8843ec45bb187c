package notify

import (
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var headers = []string{"Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}

// parsed reads a message as a stranger does: its headers, decoded, and its text.
func parsed(t interface{ Fatal(...any) }, data []byte) (mail.Header, string, string) {
	m, err := mail.ReadMessage(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header, subject, strings.ReplaceAll(string(text), "\r\n", "\n")
}

// Whatever subject, sender's name and text hold, the message has our headers, each once, and lines that every server takes.
func TestMailHoldsItsHeaders(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Mail{From: (&mail.Address{Name: hostile().Draw(t, "from"), Address: "rollcall@kiln.example"}).String(), To: []string{"it@kiln.example", "sec@kiln.example"},
			Subject: hostile().Draw(t, "subject"), Text: hostile().Draw(t, "text"), Date: noon, ID: "abc@kiln.example"}
		if _, err := ParseAddress(m.From); err != nil {
			m.From = "rollcall@kiln.example"
		}
		data, err := m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(string(data), "\r\n"), "\r\n") {
			if len(line) > 300 || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r > '~' }) {
				t.Fatalf("line %q", line)
			}
		}
		h, subject, text := parsed(t, data)
		var got []string
		for k, v := range h {
			if got = append(got, k); len(v) != 1 {
				t.Fatalf("%s stands there %d times", k, len(v))
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, headers) {
			t.Fatalf("headers %q", got)
		}
		if to, err := h.AddressList("To"); err != nil || len(to) != 2 {
			t.Fatalf("to %v, %v", to, err)
		}
		if from, err := h.AddressList("From"); err != nil || len(from) != 1 || from[0].Address != "rollcall@kiln.example" {
			t.Fatalf("from %v, %v", from, err)
		}
		if want := short(m.Subject); subject != want {
			t.Fatalf("subject %q, want %q", subject, want)
		}
		checkPlain(t, subject)
		if want := lines(m.Text); text != want {
			t.Fatalf("text %q, want %q", text, want)
		}
	})
}

func TestMail(t *testing.T) {
	m := Mail{From: "rollcall <rollcall@kiln.example>", To: []string{"it@kiln.example"}, Subject: "2 cases wait", Text: "Ann Müller\n.\nFrom here\n", Date: noon, ID: "abc@kiln.example"}
	const want = "From: \"rollcall\" <rollcall@kiln.example>\r\nTo: <it@kiln.example>\r\nSubject: 2 cases wait\r\nDate: Fri, 15 Jan 2027 12:00:00 +0000\r\n" +
		"Message-ID: <abc@kiln.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n" +
		"Auto-Submitted: auto-generated\r\n\r\nAnn M=C3=BCller\r\n.\r\nFrom here\r\n"
	got, err := m.Bytes()
	if err != nil || string(got) != want {
		t.Errorf("%v\n%q\nwant\n%q", err, got, want)
	}
	for name, change := range map[string]func(*Mail){
		"from":        func(m *Mail) { m.From = "rollcall" },
		"nobody":      func(m *Mail) { m.To = nil },
		"to":          func(m *Mail) { m.To = []string{"it@kiln.example\r\nBcc: eve@evil.com"} },
		"id":          func(m *Mail) { m.ID = "a@b>\r\nBcc: eve@evil.com" },
		"quoted to":   func(m *Mail) { m.To = []string{"\"it\r\n x\"@kiln.example"} },
		"id is empty": func(m *Mail) { m.ID = "" },
	} {
		bad := m
		change(&bad)
		if _, err := bad.Bytes(); err == nil || strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseAddress(t *testing.T) {
	for _, good := range []string{"it@kiln.example", "IT team <it+rollcall@kiln.example>", "root@localhost", "Müller <m@xn--mller-kva.example>"} {
		if _, err := ParseAddress(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "it", "@kiln.example", "it@", "it@kiln.example, ops@kiln.example", `"a b"@kiln.example`, "müller@kiln.example", "it@müller.example", "it@[127.0.0.1]",
		"it@-kiln.example", "it@kiln..example", strings.Repeat("x", 65) + "@kiln.example", "a\u202e <it@kiln.example>", "it@kiln.example>\r\nRCPT TO:<eve@evil.com"} {
		if a, err := ParseAddress(bad); err == nil {
			t.Errorf("%q is taken as %q", bad, a.Address)
		}
	}
}
