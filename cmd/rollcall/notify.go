package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/notify"
	"rollcall/scanner"
)

// How many cases one digest lists: people read the riskiest, programs read all.
const (
	mostByMail    = 20
	mostByWebhook = 1000
)

// notify tells of the cases that wait for an answer through every channel that [notify] names: each recipient of those that
// the outbox wants them told of. It says by case who was told of it, in the words of its event, and what went wrong: a channel
// that fails does not keep another from telling. It changes no case; who was told is to be noted with Desk.Ask, and only of a
// case that somebody was told of.
func (p *program) notify(ctx context.Context, c *config, cases []*remediate.Case, box *outbox) (told map[string][]string, problems []error) {
	told = map[string][]string{}
	cases = waiting(cases, p.now().Add(c.Remediate.Answer))
	if len(cases) == 0 || !c.Notify.tells() {
		return told, nil
	}
	people := c.peopleOf(cases)
	note := func(err error) {
		if err = errors.Join(err, box.save()); err != nil {
			problems = append(problems, fmt.Errorf("notify: %w", err))
		}
	}
	if c.Notify.Webhook != "" {
		who := "webhook " + (&notify.Webhook{URL: c.Notify.Webhook}).Host()
		if list := box.wanted(who, cases); len(list) > 0 {
			err := p.notifyWebhook(ctx, c, list, people)
			box.took(who, list, err)
			for _, k := range list {
				if err == nil {
					told[k.ID] = append(told[k.ID], "by webhook to "+strings.TrimPrefix(who, "webhook "))
				}
			}
			note(err)
		}
	}
	if c.Notify.Mail != nil {
		for id, who := range p.notifyMail(ctx, c, cases, people, box, note) {
			told[id] = append(told[id], "by mail to "+strings.Join(who, ", "))
		}
	}
	return told, problems
}

// waiting are the cases that wait for an answer. Those that are only being asked now get the day by which it is wanted.
func waiting(cases []*remediate.Case, due time.Time) []*remediate.Case {
	var out []*remediate.Case
	for _, c := range cases {
		if !notify.Waits(c) {
			continue
		}
		if n := *c; n.State == remediate.Open && n.Due.IsZero() && (n.Item.Mode != scanner.ModeAuto || n.Held != "") {
			n.Due = due.UTC()
			c = &n
		}
		out = append(out, c)
	}
	return out
}

// lookup gives a person by any of their ids; nil where nobody is known.
type lookup func(connectors.PersonID) *scanner.Person

func (l lookup) name(id connectors.PersonID) string {
	if p := l(id); p != nil {
		return p.Name()
	}
	return ""
}

// same tells whether two ids are of one person.
func (l lookup) same(a, b connectors.PersonID) bool {
	pa, pb := l(a), l(b)
	return a == b || pa != nil && pb != nil && pa.ID == pb.ID
}

// peopleOf knows the people of the runs that planned the cases, the newest first. A run whose folder is gone knows nobody:
// ids say enough.
func (c *config) peopleOf(cases []*remediate.Case) lookup {
	var runs []string
	for _, k := range cases {
		if run := baseRun(k.Run); run != "" && !slices.Contains(runs, run) {
			runs = append(runs, run)
		}
	}
	slices.Sort(runs)
	slices.Reverse(runs)
	var known []func(connectors.PersonID) *scanner.Person
	for _, run := range runs {
		if _, who, err := whoIs(filepath.Join(c.State, "runs", run, peopleName)); err == nil {
			known = append(known, who)
		}
	}
	return func(id connectors.PersonID) *scanner.Person {
		for _, who := range known {
			if p := who(id); p != nil && p.Now != nil {
				return p
			}
		}
		return nil
	}
}

func (p *program) notifyWebhook(ctx context.Context, c *config, cases []*remediate.Case, people lookup) error {
	w, err := p.webhook(c)
	if err != nil {
		return err
	}
	d := notify.New(cases, notify.Options{Most: mostByWebhook, Name: people.name})
	body, err := d.JSON()
	if err != nil {
		return err
	}
	return w.Send(ctx, body, d.Key)
}

// webhook is the way to the webhook that [notify] names.
func (p *program) webhook(c *config) (*notify.Webhook, error) {
	secret, err := textSecret(c.secret)(c.Notify.Secret)
	if err != nil {
		return nil, fmt.Errorf("%s: [notify] secret: %w", c.Notify.at, err)
	}
	return &notify.Webhook{URL: c.Notify.Webhook, Secret: []byte(secret), HTTP: httpClient(), Now: p.now, Wait: p.wait}, nil
}

// notifyMail sends one digest to everybody whom "to" names, or, without it, each owner of an app the cases of that app. It
// says by case who got it.
func (p *program) notifyMail(ctx context.Context, c *config, cases []*remediate.Case, people lookup, box *outbox, note func(error)) (told map[string][]string) {
	if cases = box.open("mail", cases); len(cases) == 0 {
		return nil
	}
	m, err := c.mailer()
	if err != nil {
		note(err)
		return nil
	}
	letters := []letter{{to: c.Notify.Mail.To, cases: cases}}
	if len(c.Notify.Mail.To) == 0 {
		if letters, err = c.toOwners(ctx, cases, people, box); err != nil {
			note(err)
		}
	}
	told = map[string][]string{}
	for _, l := range wantedLetters(letters, box) {
		var taken []string
		mail, err := p.write(c, &l, people)
		if err == nil {
			taken, err = m.Send(ctx, mail)
		}
		for _, to := range l.to {
			if slices.Contains(taken, address(to)) {
				box.took("mail "+address(to), l.cases, nil)
			} else {
				box.took("mail "+address(to), l.cases, cmp.Or(err, errNotTaken))
			}
		}
		note(err)
		for _, k := range l.cases {
			if len(taken) > 0 {
				told[k.ID] = append(told[k.ID], taken...)
			}
		}
	}
	return told
}

var errNotTaken = errors.New("the mail server did not take it")

// address is what the mail server is told of a recipient.
func address(to string) string {
	if a, err := notify.ParseAddress(to); err == nil {
		return a.Address
	}
	return to
}

// wantedLetters parts letters by what each recipient is still to be told of: those who are told the same get the same letter.
func wantedLetters(letters []letter, box *outbox) (out []letter) {
	for _, l := range letters {
		first := len(out)
		for _, to := range l.to {
			list := box.wanted("mail "+address(to), l.cases)
			if len(list) == 0 {
				continue
			}
			i := slices.IndexFunc(out[first:], func(o letter) bool { return slices.Equal(o.cases, list) })
			if i < 0 {
				out = append(out, letter{cases: list})
				i = len(out) - 1 - first
			}
			out[first+i].to = append(out[first+i].to, to)
		}
	}
	return out
}

// letter is what some people are told of.
type letter struct {
	to    []string
	cases []*remediate.Case
}

// write makes the mail. The same cases to the same people have the same id, so that mail systems drop a second one.
func (p *program) write(c *config, l *letter, people lookup) (*notify.Mail, error) {
	d := notify.New(l.cases, notify.Options{Most: mostByMail, Name: people.name})
	return p.mail(c, l.to, d.Key, d.Subject(c.Zone), d.Text(c.Zone))
}

func (p *program) mail(c *config, to []string, key, subject, text string) (*notify.Mail, error) {
	from, err := notify.ParseAddress(c.Notify.Mail.From)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(key + " " + strings.Join(to, " ")))
	_, domain, _ := strings.Cut(from.Address, "@")
	return &notify.Mail{From: c.Notify.Mail.From, To: to, Subject: subject, Text: text, Date: p.now().In(c.Zone), ID: hex.EncodeToString(sum[:16]) + "@" + domain}, nil
}

// mailer is the way to the mail server that [notify.mail] names.
func (c *config) mailer() (*notify.Mailer, error) {
	mc, text := c.Notify.Mail, textSecret(c.secret)
	server, err := notify.ParseServer(mc.Server)
	if err != nil {
		return nil, fmt.Errorf("%s: [notify.mail] %w", c.Notify.at, err)
	}
	m := &notify.Mailer{Server: server, User: mc.User, Plain: mc.Plain, Hello: helloName(), Dial: new(net.Dialer).DialContext}
	if isReference(mc.User) {
		if m.User, err = text(mc.User); err != nil {
			return nil, fmt.Errorf("%s: [notify.mail] user: %w", c.Notify.at, err)
		}
	}
	if mc.Password != "" {
		if m.Password, err = text(mc.Password); err != nil {
			return nil, fmt.Errorf("%s: [notify.mail] password: %w", c.Notify.at, err)
		}
	}
	if strings.ContainsFunc(m.User+m.Password, unicode.IsControl) || mc.User != "" && (m.User == "" || m.Password == "") {
		return nil, fmt.Errorf("%s: [notify.mail] user or password is empty or has several lines; want one line each", c.Notify.at)
	}
	return m, nil
}

// helloName is what a mail server is told that this machine is called.
func helloName() string {
	name, err := os.Hostname()
	if err != nil || name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "localhost"
	}
	return name
}
