package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/remediate/slackdesk"
	"rollcall/scanner"
)

// slackRoom is all that the desk in Slack needs of the rest, over one configuration and one ledger.
type slackRoom struct {
	*remediate.Desk
	p     *program
	c     *config
	led   *ledger.Ledger
	log   *slog.Logger
	known slackKnown
	facts slackFacts
}

// slackDesk makes the desk in Slack. settleSoon is called after each decision; it must not wait.
func (p *program) slackDesk(c *config, led *ledger.Ledger, log *slog.Logger, settleSoon func()) (*slackdesk.Desk, error) {
	if c.Slack == nil {
		return nil, errors.New("the configuration has no [slack]")
	}
	set, err := c.Slack.settings(textSecret(c.secret))
	if err != nil {
		return nil, err
	}
	if p.slackURL != "" {
		set.APIURL = p.slackURL
	}
	r := &slackRoom{p: p, c: c, led: led, log: log}
	r.Desk = &remediate.Desk{Journal: led, Answer: c.Remediate.Answer, LongestKeep: c.Remediate.Keep, Two: slackdesk.Two, MayDecide: r.mayDecide, Same: r.same, Bound: led.Bindings}
	panicked := func(any) {}
	if p.daemon != nil {
		panicked = func(r any) { p.daemon.panicked("slack", r) }
	}
	return slackdesk.New(set, slackdesk.Deps{Panicked: panicked, Cases: r, Memory: led, People: func() (slackdesk.People, error) { return r.people() }, Facts: r.Facts,
		Look: func(ctx context.Context, k *remediate.Case) (string, error) {
			return remediate.Differs(ctx, c.Writable, k)
		},
		Decided: settleSoon, Program: r, Now: p.now, Wait: p.wait, Random: rand.Reader, HTTP: httpClient(), Log: log})
}

func (r *slackRoom) people() (slackdesk.People, error) {
	p, err := r.known.people(r.c, r.led)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// same is the id that somebody goes by who has several; where no run says, it is the one they are called.
func (r *slackRoom) same(id connectors.PersonID) connectors.PersonID {
	if p, err := r.known.people(r.c, r.led); err == nil {
		return p.Same(id)
	}
	return id
}

func (r *slackRoom) mayDecide(by remediate.Identity, k *remediate.Case) error {
	if err := r.p.onlyAllowed(r.c, r.led); err != nil {
		return err
	}
	return r.p.mayDecideInSlack(r.c, r.led, &r.known, by, k)
}

// bySlack tells whether somebody's word came through Slack.
func bySlack(by remediate.Identity) bool {
	return strings.HasPrefix(by.Proof, remediate.ProofOfChat(""))
}

// mayDecideInSlack says why somebody may not decide on a case as people do in Slack; nil: they may. It is asked of whoever
// speaks, and again of who spoke before them where it takes two, wherever the second does: who spoke in Slack must be bound
// there still.
func (p *program) mayDecideInSlack(c *config, led *ledger.Ledger, known *slackKnown, by remediate.Identity, k *remediate.Case) error {
	people, err := known.people(c, led)
	if err != nil {
		return err
	}
	delegated, err := led.Delegations()
	if err != nil {
		return err
	}
	if bySlack(by) {
		if err := c.stillBound(led, people, by); err != nil {
			return err
		}
	}
	if k.IsClosing() && c.mayOffboard(people, by.Person) {
		return nil
	}
	return slackdesk.MayDecide(&k.Item, by.Person, people, connectors.DateOf(p.now(), c.Zone), delegated)
}

// mayOffboard tells whether somebody may close all of a person's access in Slack, and works here.
func (c *config) mayOffboard(people *slackPeople, id connectors.PersonID) bool {
	who, known := people.Who(people.Same(id))
	return c.Slack != nil && people.among(c.Slack.Offboard, id) && known && who.Works && !who.Away
}

// stillBound says why the account through which somebody spoke does not prove any more who they are.
func (c *config) stillBound(led *ledger.Ledger, people *slackPeople, by remediate.Identity) error {
	if c.Slack == nil {
		return errors.New("nothing is decided in Slack any more")
	}
	if c.Slack.ByEmail && strings.HasSuffix(by.Proof, slackdesk.ByAddress) {
		return nil
	}
	bound, err := led.Bindings()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(bound, func(b remediate.Binding) bool {
		return remediate.ProofOfChat(b.User) == by.Proof && people.Same(b.Person) == people.Same(by.Person)
	}) {
		return fmt.Errorf("%s does not speak for %s any more", by.Proof, by.Person)
	}
	return nil
}

func (r *slackRoom) Case(id string) (*remediate.Case, error) { return r.led.Case(id) }

func (r *slackRoom) Cases(keep func(*remediate.Case) bool) ([]*remediate.Case, error) {
	return r.led.Cases(keep)
}

// Wrong takes somebody's word that what a case is about is wrong: it rules on each of its findings as `rollcall findings wrong`
// does, by what the newest run that has it says.
func (r *slackRoom) Wrong(id string, v remediate.Verdict, because string, now time.Time) (*remediate.Case, error) {
	k, err := r.led.Case(id)
	if err != nil {
		return nil, err
	}
	last, err := recordedRun(r.led, "")
	if err != nil {
		return nil, err
	}
	said, err := told(r.c, r.led, k.Item.Findings)
	if err != nil {
		return nil, err
	}
	today := connectors.DateOf(now, r.c.Zone)
	if r.c.Pinned {
		today = r.c.AsOf
	}
	return r.Desk.Wrong(r.led, id, v, remediate.Wrong{Because: because, Run: last.ID}, said, today, now)
}

// turn waits until nothing else changes apps.
func (r *slackRoom) turn(ctx context.Context, what string) (release func(), err error) {
	if r.p.daemon == nil {
		return func() {}, nil
	}
	return r.p.daemon.turn.take(ctx, what, nil)
}

// Undo takes back what a case did.
func (r *slackRoom) Undo(ctx context.Context, id string, by remediate.Identity, why string) ([]string, error) {
	release, err := r.turn(ctx, "an undo asked for in Slack")
	if err != nil {
		return nil, err
	}
	defer release()
	k, err := r.led.Case(id)
	if err != nil {
		return nil, err
	}
	if err := r.Own(by, k); err != nil {
		return nil, err
	}
	_, left, err := r.p.giveBack(ctx, r.c, r.p.applier(r.c, r.led), k, by, undoFlags{reason: why})
	return left, err
}

// Offboard closes all access of a person, under the guards, and says what came of it.
func (r *slackRoom) Offboard(ctx context.Context, id connectors.PersonID, by remediate.Identity, why string) (string, error) {
	release, err := r.turn(ctx, "an offboarding asked for in Slack")
	if err != nil {
		return "", err
	}
	defer release()
	last, err := recordedRun(r.led, "")
	if err != nil {
		return "", err
	}
	plan, _, err := r.p.personPlan(ctx, r.c, r.led, last, id, "", offboardPlan)
	if err != nil {
		return "", err
	}
	k, err := r.offboarding(plan, by, why)
	if err != nil {
		return "", err
	}
	if !k.State.Decided() && !begun(k) {
		return k.Why, nil // it takes a second person
	}
	var said bytes.Buffer
	p, out := *r.p, &settled{}
	p.stdout = &said
	if err := p.carryDue(ctx, r.c, r.led, plan, []*remediate.Case{k}, out); err != nil {
		return "", err
	}
	var code exitCode
	if err := p.offboarded(out, k); err != nil && !errors.As(err, &code) {
		return "", err
	}
	return said.String(), nil
}

// offboarding opens the case that closes somebody's access, and decides it, by who may offboard.
func (r *slackRoom) offboarding(plan *runPlan, by remediate.Identity, why string) (*remediate.Case, error) {
	if err := r.p.onlyAllowed(r.c, r.led); err != nil {
		return nil, err
	}
	it, now := &plan.Plan.Items[0], r.p.now()
	desk := *r.Desk
	desk.MayDecide = nil // [slack] may_offboard says who may, and the desk in Slack has asked it
	k, err := r.led.Live(it.Group)
	if err == nil && k == nil {
		k, err = desk.Open(it, plan.Run+"/"+now.UTC().Format(time.RFC3339), now)
	}
	if err != nil || k.State != remediate.Open && k.State != remediate.Asked && k.State != remediate.Expired {
		return k, err
	}
	return desk.Decide(k.ID, remediate.Verdict{Remove: true, By: by, Why: why, Rev: k.Rev}, now)
}

// Status says how things stand, in a few lines.
func (r *slackRoom) Status(context.Context) (string, error) {
	last, err := recordedRun(r.led, "")
	if err != nil {
		return "", err
	}
	said := fmt.Sprintf("The last run was %s, of %s.\n", last.ID, last.At.UTC().Format("2006-01-02 15:04 (UTC)"))
	if why := r.c.killed(); why != "" {
		said += "Nothing is carried out: the kill switch is on.\n"
	}
	return said, nil
}

// slackFacts are what runs said of the findings that cases are about.
type slackFacts struct {
	mu   sync.Mutex
	runs map[string]*runFacts
}

type runFacts struct {
	asked map[string]bool // findings that were looked for
	said  map[scanner.FindingID]scanner.Finding
}

// Facts are what helps to decide a case; what the run does not say is unknown.
func (r *slackRoom) Facts(k *remediate.Case) (f slackdesk.Facts) {
	r.facts.mu.Lock()
	defer r.facts.mu.Unlock()
	run := r.facts.runs[k.Run]
	if run == nil || slices.ContainsFunc(k.Item.Findings, func(id scanner.FindingID) bool { return !run.asked[string(id)] }) {
		run = r.readFacts(k)
	}
	for _, id := range k.Item.Findings {
		found := run.said[id]
		for _, fact := range found.Evidence {
			switch fact.Name {
			case "last sign-in":
				f.LastSignIn = cmp.Or(f.LastSignIn, fact.Value)
			case "peers", "peers in the present role":
				f.Peers = cmp.Or(f.Peers, fact.Value)
			case "granted":
				f.Since = cmp.Or(f.Since, "since "+fact.Value)
			}
		}
	}
	return f
}

// readFacts takes from a case's run what it said of everything that is open of it.
func (r *slackRoom) readFacts(of *remediate.Case) *runFacts {
	run := &runFacts{asked: map[string]bool{}, said: map[scanner.FindingID]scanner.Finding{}}
	wanted := map[string]bool{}
	add := func(k *remediate.Case) {
		for _, id := range k.Item.Findings {
			run.asked[string(id)], wanted[string(id)] = true, true
		}
	}
	add(of)
	_, err := r.led.LiveCases(func(k *remediate.Case) bool {
		if k.Run == of.Run && !k.State.Ended() {
			add(k)
		}
		return false
	})
	if err == nil {
		err = tellFrom(filepath.Join(r.c.State, "runs", of.Run, findingsName), wanted, run.said)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.log.Warn("what the run said of its findings cannot be read; cards show it as unknown", "run", of.Run, "error", err.Error())
	}
	if r.facts.runs == nil {
		r.facts.runs = map[string]*runFacts{}
	}
	r.facts.runs[of.Run] = run
	return run
}

// among tells whether somebody is one of a list, by any of their ids.
func (p *slackPeople) among(list []connectors.PersonID, id connectors.PersonID) bool {
	return id != "" && slices.ContainsFunc(list, func(l connectors.PersonID) bool { return p.Same(l) == p.Same(id) })
}
