// Package slackdesk has cases decided in Slack, by the right person. It posts cards, takes clicks, reminds, passes on what
// somebody does not or may not decide, and says what came of it. It decides nothing itself: the desk of remediate does, by
// compare-and-set, and whoever presses a button is checked anew at every press.
//
// That Slack sent something says nothing about who may decide. What a button stands for is known here alone; Slack holds an
// unguessable token. All text that HR or an app had a hand in is shown as plain text, so that a name can add neither links,
// mentions nor formatting.
package slackdesk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"rollcall/connectors"
	"rollcall/remediate"
)

// Settings are what the configuration says. The secrets are values, not references; they are in no error and no log line.
type Settings struct {
	BotToken      string // xoxb-…
	AppToken      string // xapp-…, for Socket Mode; empty: interactions come by HTTP
	SigningSecret string // for HTTP
	APIURL        string // ends with /; empty: Slack's
	Command       string // the slash command; empty: /rollcall

	Channel string         // where what nobody decided ends up; private, of this workspace alone. Empty: nowhere
	ByEmail bool           // an account that nobody bound is known by its address too. Weaker: who can change an address can decide
	Zone    *time.Location // of the times on cards, and of people whose zone Slack does not say

	Calendar Calendar
	Remind   []time.Duration // after which a question is asked again; nil: 24 and 72 hours
	Escalate time.Duration   // after which the next one is asked; 0: 96 hours
	Longest  int             // days that a keep may hold

	Scanners    []connectors.PersonID // who may start a scan
	Offboarders []connectors.PersonID // who may close all of a person's access
}

// Deps is what the desk needs of the rest of rollcall.
type Deps struct {
	Cases  Cases
	Memory remediate.Chat
	// People gives what the newest run knows of people. Without an answer nobody may decide anything.
	People func() (People, error)
	// Facts are shown with a case; nil: nothing is known.
	Facts func(*remediate.Case) Facts
	// Look reads a case's accounts afresh and says what has changed; nil: nothing is read before it is carried out.
	Look func(context.Context, *remediate.Case) (string, error)
	// Owners gives everybody whose access an item is, or could be, beside its person; nil: nobody.
	Owners func(*remediate.Item) []connectors.PersonID
	// Decided is called after each decision, so that it is carried out soon; nil: it waits for the next settle.
	Decided func()
	Program Program // for the slash command; nil: it can only list what waits
	// Panicked is told of panics, each of which the log says, too; nil: nobody is.
	Panicked func(any)

	Now    func() time.Time
	Wait   func(context.Context, time.Duration) error
	Random io.Reader // of tokens
	HTTP   *http.Client
	Log    *slog.Logger // nil: nothing is logged
}

// Cases is the desk of remediate over the ledger.
type Cases interface {
	Case(id string) (*remediate.Case, error)
	Cases(keep func(*remediate.Case) bool) ([]*remediate.Case, error)
	Ask(id string, rev int, whom string, now time.Time) (*remediate.Case, error)
	Decide(id string, v remediate.Verdict, now time.Time) (*remediate.Case, error)
	// Wrong takes somebody's word that what a case is about is wrong, because of scanner.BecauseHRData or BecausePolicy: its
	// findings are set aside as `rollcall findings wrong` does, and the case ends. connectors.ErrNotFound: what they rest on
	// cannot be read any more.
	Wrong(id string, v remediate.Verdict, because string, now time.Time) (*remediate.Case, error)
	Outdated(id string, rev int, why string, now time.Time) (*remediate.Case, error)
	// Undo takes back what a case did, and says what could not be.
	Undo(ctx context.Context, id string, by remediate.Identity, why string) (left []string, err error)
}

// Program is what the slash command can ask of rollcall.
type Program interface {
	// Scan gets a run ready. What it gives runs it, and says in words what was found: of one app alone, where one is named. The
	// error says why there is no run now; one is under way, perhaps.
	Scan(app connectors.AppID, by remediate.Identity) (run func(context.Context) string, err error)
	// Offboard closes all access of a person, under the guards, and says in words what came of it.
	Offboard(ctx context.Context, person connectors.PersonID, by remediate.Identity, why string) (string, error)
	// Status says in words how things stand.
	Status(ctx context.Context) (string, error)
}

// Facts are what helps to decide a case. What is not known is said to be.
type Facts struct {
	LastSignIn string
	Peers      string // how many others of the role hold it
	Since      string // since when it is held, and who granted it
}

// Desk is the desk in Slack. Its methods may be called from several goroutines.
type Desk struct {
	set  Settings
	deps Deps
	api  *slack.Client

	routing sync.Mutex // one Refresh at a time
	work    work
	slots   chan struct{}
	answers time.Duration // within which Slack has its answer to a form or a command
	seen    *seen         // signatures of requests that came by HTTP
	locks   locks         // of cards

	mu      sync.Mutex // guards all below
	app     string     // this app's id, once Slack has said it
	team    string
	cards   map[string]*remediate.Card
	members map[string]cachedMember
	rooms   map[string]string    // account → direct message channel
	limited map[string]time.Time // method → until when Slack wants it left alone
	swept   time.Time
	fig     Figures
}

// mostAtOnce is how many interactions are worked on at once.
const mostAtOnce = 16

// New makes a desk. It asks Slack nothing yet.
func New(s Settings, d Deps) (*Desk, error) {
	if s.BotToken == "" || s.AppToken == "" && s.SigningSecret == "" {
		return nil, errors.New("slack: a bot token is needed, and an app-level token (Socket Mode) or a signing secret (HTTP)")
	}
	if d.Cases == nil || d.Memory == nil || d.People == nil || d.Now == nil || d.Wait == nil || d.Random == nil {
		return nil, errors.New("slack: the desk needs cases, a memory, people, a clock and randomness")
	}
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	if s.Remind == nil {
		s.Remind = []time.Duration{24 * time.Hour, 72 * time.Hour}
	}
	if s.Escalate == 0 {
		s.Escalate = 96 * time.Hour
	}
	if s.Command == "" {
		s.Command = "/rollcall"
	}
	if d.HTTP == nil {
		d.HTTP = &http.Client{Timeout: 30 * time.Second}
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	options := []slack.Option{slack.OptionHTTPClient(d.HTTP), slack.OptionAppLevelToken(s.AppToken)}
	if s.APIURL != "" {
		options = append(options, slack.OptionAPIURL(s.APIURL))
	}
	desk := &Desk{set: s, deps: d, api: slack.New(s.BotToken, options...), slots: make(chan struct{}, mostAtOnce), answers: answerTime, seen: newSeen(),
		cards: map[string]*remediate.Card{}, members: map[string]cachedMember{}, rooms: map[string]string{}, limited: map[string]time.Time{}}
	cards, err := d.Memory.Cards()
	if err != nil {
		return nil, err
	}
	for i := range cards {
		desk.cards[cards[i].ID] = &cards[i]
	}
	return desk, nil
}

// Run takes interactions until the context ends: from Socket Mode where there is an app-level token, else those that Handler
// is given. It returns an error when Slack will not have the app connect any more, and says why.
func (d *Desk) Run(ctx context.Context) error {
	defer d.Settle()
	if d.set.AppToken == "" {
		<-ctx.Done()
		return nil
	}
	return d.guarded(func() error { return d.listen(ctx) })
}

// Settle waits until every interaction that was taken is worked on.
func (d *Desk) Settle() { d.work.wait() }

// work counts what is being worked on. Unlike a WaitGroup it may be waited for while something begins.
type work struct {
	mu   sync.Mutex
	n    int
	idle []chan struct{}
}

func (w *work) add(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.n += n; w.n > 0 {
		return
	}
	for _, c := range w.idle {
		close(c)
	}
	w.idle = nil
}

func (w *work) wait() {
	w.mu.Lock()
	c := make(chan struct{})
	if w.n == 0 {
		close(c)
	} else {
		w.idle = append(w.idle, c)
	}
	w.mu.Unlock()
	<-c
}

// later works on an interaction that Slack has its answer to already. One that panics takes nothing else with it.
func (d *Desk) later(limit time.Duration, do func(context.Context)) {
	d.work.add(1)
	go func() {
		defer d.work.add(-1)
		d.slots <- struct{}{}
		defer func() { <-d.slots }()
		ctx, stop := context.WithTimeout(context.Background(), limit)
		defer stop()
		err := d.guarded(func() error { do(ctx); return nil })
		if err != nil {
			d.deps.Log.Error("slack: an interaction could not be worked on", "error", err)
		}
	}()
}

// panicked is what something ended with that must not end at all.
type panicked struct{ text string }

func (p *panicked) Error() string {
	return "slack: it panicked, which is a defect of rollcall: " + p.text
}

// guarded has a panic end in an error that says where: it takes nothing else with it.
func (d *Desk) guarded(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if d.deps.Panicked != nil {
				d.deps.Panicked(d.hide(fmt.Sprint(p)))
			}
			err = &panicked{d.hide(fmt.Sprintf("%v\n%s", p, debug.Stack()))}
		}
	}()
	return do()
}

// self is this app's id and the workspace it is in, as Slack says by the bot token.
func (d *Desk) self(ctx context.Context) (app, team string, err error) {
	d.mu.Lock()
	app, team = d.app, d.team
	d.mu.Unlock()
	if app != "" && team != "" {
		return app, team, nil
	}
	auth, err := d.api.AuthTestContext(ctx)
	if err != nil {
		return "", "", d.safe("auth.test", err)
	}
	bot, err := d.api.GetBotInfoContext(ctx, slack.GetBotInfoParameters{Bot: auth.BotID})
	if err != nil {
		return "", "", d.safe("bots.info", err)
	}
	if bot.AppID == "" || auth.TeamID == "" {
		return "", "", errors.New("slack: it does not say which app and workspace the bot token belongs to")
	}
	d.mu.Lock()
	d.app, d.team = bot.AppID, auth.TeamID
	d.mu.Unlock()
	return bot.AppID, auth.TeamID, nil
}

// safe is an error of a call to Slack that holds none of the secrets, whatever Slack, or a proxy before it, says. A method
// that Slack wants left alone is, until the time it names.
func (d *Desk) safe(method string, err error) error {
	var limit *slack.RateLimitedError
	if errors.As(err, &limit) {
		until := d.deps.Now().Add(limit.RetryAfter)
		d.mu.Lock()
		d.limited[method] = until
		d.mu.Unlock()
	}
	return &apiError{method: method, text: plain(d.hide(err.Error()), 300), code: codeOf(err), limited: limit != nil}
}

// hide takes the secrets out of a text.
func (d *Desk) hide(text string) string {
	for _, secret := range []string{d.set.BotToken, d.set.AppToken, d.set.SigningSecret} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	return text
}

// apiError is what a call to Slack failed with.
type apiError struct {
	method, text string
	code         string // Slack's own word; empty: there was no answer, and whether it was done is not known
	limited      bool
}

func (e *apiError) Error() string { return "slack: " + e.method + ": " + e.text }

func codeOf(err error) string {
	var said slack.SlackErrorResponse
	if errors.As(err, &said) {
		return said.Err
	}
	return ""
}

// refused tells whether Slack said no to a call, so that it was not done.
func refused(err error, codes ...string) bool {
	var e *apiError
	return errors.As(err, &e) && e.code != "" && (len(codes) == 0 || slices.Contains(codes, e.code))
}

func undone(err error) bool {
	var e *apiError
	return errors.As(err, &e) && (e.code != "" || e.limited)
}

// waits tells whether Slack wants a method left alone for now.
func (d *Desk) waits(method string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.deps.Now().Before(d.limited[method])
}
