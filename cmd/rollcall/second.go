package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/report"
)

// errNoSecond is why what takes a second person is refused without the daemon.
var errNoSecond = errors.New("refused: this takes a second person, and two people who start programs under one account of the state directory cannot be told apart: " +
	"start rollcall serve, under a user of its own, and ask it as a user that [identities.uid] names")

// approveCommand lifts caps for one batch. It takes a second person, proven apart from the one who ran it (DESIGN, Law 5).
func (p *program) approveCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "approve HASH", Short: "let one stopped batch pass the caps, for an hour; takes a second person", Args: args(1, "the hash that settle printed"),
		Long: `approve lets exactly the batch with this hash pass the guards that count, for one hour; the next settling carries it out.
Guards that say that the ground is not firm (a roster or an app that was not read whole) cannot be lifted. It takes one of
[remediate] approvers who neither ran nor decided any of it, who is not concerned, and who does not own the files that the
caps and the policy stand in; and it takes the daemon, which proves who asks.`,
		RunE: func(_ *cobra.Command, a []string) error { return p.approve(a[0], reason) },
	}
	c.Flags().StringVar(&reason, "reason", "", "`WHY`; it is recorded, and shown to the auditor")
	return c
}

func (p *program) approve(hash, reason string) error {
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	if err := p.onlyAllowed(c, led); err != nil {
		return err
	}
	by, plan, err := p.second(c, led)
	if err != nil {
		return err
	}
	stop, err := led.Stop(strings.ToLower(hash))
	if errors.Is(err, connectors.ErrNotFound) {
		return fmt.Errorf("no batch with the hash %q was stopped; settle prints it (at least its first 8 letters)", hash)
	}
	if err != nil {
		return err
	}
	lift, err := stop.Approve(by, reason, plan.same, p.now())
	if err != nil {
		return err
	}
	if err := led.AddLift(lift, by); err != nil {
		return err
	}
	for _, t := range stop.Trips {
		fmt.Fprintf(p.stdout, "lifted: %s: %s\n", t.Guard, report.Plain(t.Says))
	}
	fmt.Fprintf(p.stdout, "the batch %s may pass until %s, by %s; it is carried out by: rollcall settle\n", stop.Plan[:12], p.now().Add(remediate.LiftTime).UTC().Format("15:04 (UTC)"), report.Plain(by.String()))
	return nil
}

// second is an approver who did not write the files that say what is allowed, as far as it is known who did: what they say
// was allowed by others by now, or is tighter than that.
func (p *program) second(c *config, led *ledger.Ledger) (remediate.Identity, *runPlan, error) {
	by, plan, err := p.approver(c, led)
	if err != nil {
		return by, plan, err
	}
	for _, path := range sortedKeys(c.owners) {
		if who := c.personOf(c.owners[path]); who.Somebody() && plan.same(who.Person) == by.Person {
			return by, plan, fmt.Errorf("refused: the file %s, which says what is allowed, is yours; it takes somebody else", path)
		}
	}
	return by, plan, nil
}

func (p *program) announceCommand() *cobra.Command {
	var e remediate.Event
	var from, until string
	add := &cobra.Command{
		Use:   "announce",
		Short: "say ahead that many people will leave at once, so that it is no mistake; takes a second person",
		Long: `announce registers ahead that so many people leave between two days, such as when a site closes: on these days, so many
more may be missing from the roster before that stops everything. It counts once a second person approved it. Caps on what
one run changes stay as they are.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, got []string) error {
			if len(got) > 0 {
				return noCommand(cmd, got[0])
			}
			return p.announce(&e, from, until)
		},
	}
	f := add.Flags()
	f.IntVar(&e.Count, "count", 0, "how many `PEOPLE`")
	f.StringVar(&from, "from", "", "the first `DAY` (YYYY-MM-DD)")
	f.StringVar(&until, "until", "", "the last `DAY`")
	f.StringVar(&e.Reason, "reason", "", "`WHY`; it is recorded, and shown to the auditor")
	list := &cobra.Command{Use: "list", Short: "list the announced events", Args: args(0, "no arguments"), RunE: func(*cobra.Command, []string) error { return p.listEvents() }}
	var reason string
	approve := &cobra.Command{Use: "approve EVENT", Short: "say, as a second person, that an announced event is true", Args: args(1, "the id of one event; see: rollcall announce list"),
		RunE: func(_ *cobra.Command, a []string) error { return p.approveEvent(a[0], reason) }}
	approve.Flags().StringVar(&reason, "reason", "", "`WHY` it is true; it is recorded")
	add.AddCommand(list, approve)
	return add
}

func (p *program) announce(e *remediate.Event, from, until string) (err error) {
	for _, d := range []struct {
		flag, text string
		to         *connectors.Date
	}{{"--from", from, &e.From}, {"--until", until, &e.Until}} {
		if *d.to, err = connectors.ParseDate(d.text); err != nil {
			return usageError{fmt.Errorf("%s: %w", d.flag, err)}
		}
	}
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	if p.caller == nil {
		return errNoSecond
	}
	if err := p.onlyAllowed(c, led); err != nil {
		return err
	}
	if e.By = p.whoAmI(c); !e.By.Somebody() {
		return fmt.Errorf("refused: user %d of this machine is no person that [identities] uid names%s", p.uid, p.isNobody())
	}
	plan, err := newestPlan(c, led)
	if err != nil {
		return err
	}
	if e.By.Person = plan.same(e.By.Person); !plan.Deciders[e.By.Person] {
		return fmt.Errorf("refused: %s does not work here, by the roster of run %s", e.By.Person, plan.Run)
	}
	e.At = p.now().UTC()
	if err := e.Check(connectors.DateOf(p.now(), c.Zone)); err != nil {
		return err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %s %s %s %s", e.Count, e.From, e.Until, e.By, e.Reason, e.At.Format(time.RFC3339Nano)))
	e.ID = "e-" + hex.EncodeToString(sum[:4])
	if err := led.PutEvent(*e, "announced", e.By, e.At); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s is announced; it counts once a second person said so: rollcall announce approve %s --reason …\n", e.ID, e.ID)
	return nil
}

func (p *program) listEvents() error {
	_, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	events, err := led.AnnouncedEvents()
	if err != nil {
		return err
	}
	for _, e := range events {
		state := "waits for a second person"
		if e.Approved != nil {
			state = "approved by " + e.Approved.By.String()
		}
		fmt.Fprintf(p.stdout, "%s  %s to %s  %4d people  %s; by %s: %s\n", e.ID, e.From, e.Until, e.Count, report.Plain(state), report.Plain(e.By.String()), report.Plain(e.Reason))
	}
	if len(events) == 0 {
		fmt.Fprintln(p.stdout, "nothing is announced")
	}
	return nil
}

func (p *program) approveEvent(id, reason string) error {
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	if err := p.onlyAllowed(c, led); err != nil {
		return err
	}
	by, plan, err := p.second(c, led)
	if err != nil {
		return err
	}
	events, err := led.AnnouncedEvents()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(events, func(e remediate.Event) bool { return e.ID == id })
	if i < 0 {
		return fmt.Errorf("no event %q; see: rollcall announce list", id)
	}
	e := &events[i]
	if err := e.Approve(by, reason, plan.same, p.now()); err != nil {
		return err
	}
	if err := led.PutEvent(*e, "approved", by, p.now()); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s is approved: from %s until %s up to %d people more may leave at once\n", e.ID, e.From, e.Until, e.Count)
	return nil
}
