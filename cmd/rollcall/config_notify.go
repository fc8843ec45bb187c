package main

import (
	"rollcall/remediate/notify"
)

// notifyConfig is the section [notify]: who is told which cases wait for an answer. Without it nobody is, and the cases wait
// in "rollcall cases list".
type notifyConfig struct {
	Webhook string      `toml:"webhook"` // the digest is posted there as JSON
	Secret  string      `toml:"secret"`  // reference to what it is signed with
	Mail    *mailConfig `toml:"mail"`

	at string // where the section stands
}

// tells tells whether anybody is told of anything.
func (n *notifyConfig) tells() bool { return n.Webhook != "" || n.Mail != nil }

// mailConfig is the section [notify.mail].
type mailConfig struct {
	Server   string   `toml:"server"`   // host:port, or smtps://host
	From     string   `toml:"from"`     // address, with or without a name
	To       []string `toml:"to"`       // absent: the owner of each app is told of its cases, at the work address HR has
	User     string   `toml:"user"`     // or a reference to it; absent: without signing in
	Password string   `toml:"password"` // reference
	Plain    bool     `toml:"plain"`    // the server may do without TLS
}

// check finds what can be told without reading a secret and without the network.
func (n *notifyConfig) check(f *tomlFile) {
	n.at = f.at("notify")
	if n.Webhook != "" {
		if err := notify.CheckURL(n.Webhook); err != nil {
			f.problem("notify.webhook", "[notify] webhook: %v", err)
		}
	}
	switch {
	case n.Webhook != "" && n.Secret == "":
		f.problem("notify.webhook", "[notify] webhook has no secret, so that its receiver could not tell who sent it: add secret = \"env:ROLLCALL_WEBHOOK_SECRET\", and keep there what openssl rand -hex 32 prints")
	case n.Webhook == "" && n.Secret != "":
		f.problem("notify.secret", "[notify] secret is of use only to a webhook: add one, or take the secret out")
	case n.Secret != "" && !isReference(n.Secret):
		f.problem("notify.secret", "[notify] secret: %v", errLiteralSecret)
	}
	if n.Mail != nil {
		n.Mail.check(f)
	}
}

func (m *mailConfig) check(f *tomlFile) {
	if m.Server == "" {
		f.problem("notify.mail", "[notify.mail] has no server: name where mail is handed in, such as server = \"mail.example.com:587\"")
	} else if _, err := notify.ParseServer(m.Server); err != nil {
		f.problem("notify.mail.server", "[notify.mail] %v", err)
	}
	if m.From == "" {
		f.problem("notify.mail", "[notify.mail] has no from: name the sender's address, such as from = \"rollcall <rollcall@example.com>\"")
	} else if _, err := notify.ParseAddress(m.From); err != nil {
		f.problem("notify.mail.from", "[notify.mail] from: %v", err)
	}
	for _, to := range m.To {
		if _, err := notify.ParseAddress(to); err != nil {
			f.problem("notify.mail.to", "[notify.mail] to: %v", err)
		}
	}
	if m.To != nil && len(m.To) == 0 {
		f.problem("notify.mail.to", "[notify.mail] to names nobody: name addresses, or take the key out to have the owner of each app told")
	}
	m.checkSignIn(f)
}

func (m *mailConfig) checkSignIn(f *tomlFile) {
	switch {
	case m.User == "" && m.Password != "":
		f.problem("notify.mail.password", "[notify.mail] password has no user: add user, or take the password out")
	case m.User != "" && m.Password == "":
		f.problem("notify.mail.user", "[notify.mail] user has no password: add password = \"env:NAME\", or take the user out")
	case m.Password != "" && !isReference(m.Password):
		f.problem("notify.mail.password", "[notify.mail] password: %v", errLiteralSecret)
	case m.User != "" && m.Plain:
		f.problem("notify.mail.plain", "[notify.mail] plain = true lets mail go without TLS, which no password does: take plain out, or user and password")
	}
}
