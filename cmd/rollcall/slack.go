package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/remediate/slackdesk"
	"rollcall/report"
)

func (p *program) slackCommand() *cobra.Command {
	var address, remove string
	manifest := &cobra.Command{
		Use: "manifest", Short: "print what to make the Slack app from", Args: args(0, "no arguments"),
		Long: `manifest prints the app manifest: in api.slack.com/apps choose Create New App, From a manifest, and paste it. It asks for no
more than is needed: the app reads no messages. Without --url interactions come over Socket Mode, which needs no public address.`,
		RunE: func(*cobra.Command, []string) error { return p.slackManifest(address) },
	}
	manifest.Flags().StringVar(&address, "url", "", "the public `ADDRESS` to which Slack sends interactions by HTTP, instead of Socket Mode")
	check := &cobra.Command{
		Use: "check", Short: "try the tokens, their scopes and the channel of [slack]", Args: args(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error { return p.slackCheck(c.Context()) },
	}
	bind := &cobra.Command{
		Use: "bind", Short: "say which Slack account is which person: proposed by address, confirmed by an admin", Args: args(0, "no arguments"),
		Long: `bind looks for the Slack accounts of everybody who could be asked to decide (managers, owners of apps, approvers), by the work
addresses on the roster, shows them, and binds them once one of [slack] admins confirms. Whoever speaks through a bound
account is that person; it is bound by its id, which no rename changes. Nobody binds their own account, and until another
admin confirms it (rollcall slack confirm), what is said through it may be the word of who bound it: it decides nothing about
the access of that admin, and is no second word beside theirs, or beside that of another account that they bound.`,
		RunE: func(c *cobra.Command, _ []string) error { return p.slackBind(c.Context(), remove) },
	}
	bind.Flags().StringVar(&remove, "remove", "", "unbind the Slack `ACCOUNT` with this id, and bind none")
	status := &cobra.Command{
		Use: "status", Short: "show which accounts are bound, who decides for whom, and which cards are out", Args: args(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error { return p.slackStatus() },
	}
	return group("slack", "decide in Slack: set up the app, and say who is who", manifest, check, bind, p.slackConfirmCommand(), status)
}

func (p *program) slackManifest(address string) error {
	if address != "" && !strings.HasPrefix(address, "https://") {
		return usageError{fmt.Errorf("--url %s: want an address that begins with https://", report.Plain(address))}
	}
	command := ""
	if c, err := p.config(); err == nil && c.Slack != nil { // it is mostly printed before there is a configuration
		command = c.Slack.Command
	}
	_, err := io.WriteString(p.stdout, slackdesk.Manifest(command, address))
	return err
}

// openSlack opens the ledger and a desk over it that nobody listens to.
func (p *program) openSlack() (*config, *ledger.Ledger, *slackdesk.Desk, error) {
	c, led, err := p.openLedger()
	if err != nil {
		return nil, nil, nil, err
	}
	desk, err := p.slackDesk(c, led, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		led.Close()
		return nil, nil, nil, err
	}
	return c, led, desk, nil
}

func (p *program) slackCheck(ctx context.Context) error {
	c, led, desk, err := p.openSlack()
	if err != nil {
		return err
	}
	defer led.Close()
	bad := 0
	for _, x := range desk.Check(ctx) {
		if x.Bad != "" {
			bad++
			fmt.Fprintf(p.stdout, "BAD  %s: %s\n", x.What, report.Plain(x.Bad))
			continue
		}
		fmt.Fprintf(p.stdout, "ok   %s: %s\n", x.What, report.Plain(x.Says))
	}
	bound, err := led.Bindings()
	if err != nil {
		return err
	}
	switch {
	case len(bound) == 0 && c.Slack.ByEmail:
		fmt.Fprintln(p.stdout, "note nobody is bound: people are known by their address alone, which is weaker; bind them with: rollcall slack bind")
	case len(bound) == 0:
		bad++
		fmt.Fprintln(p.stdout, "BAD  people: nobody is bound, so that nobody can decide: rollcall slack bind")
	default:
		fmt.Fprintf(p.stdout, "ok   people: %d are bound\n", len(bound))
	}
	if n := len(unconfirmed(bound)); n > 0 {
		fmt.Fprintf(p.stdout, "note %d of them by one admin alone: what is said through these may be that admin's word, and does not count beside it where two people are needed; another of [slack] admins confirms it: rollcall slack confirm\n", n)
	}
	if bad > 0 {
		return exitCode(exitFailed)
	}
	return nil
}

// slackAdmin is one of [slack] admins, proven by the operating system.
func (p *program) slackAdmin(c *config, people *slackPeople) (remediate.Identity, error) {
	by := p.whoAmI(c)
	by.Person = people.Same(by.Person)
	if !by.Somebody() {
		return by, fmt.Errorf("this is not yours to do: user %d of this machine is no person that [identities] uid names%s", p.uid, p.isNobody())
	}
	if !people.among(c.Slack.Admins, by.Person) {
		return by, fmt.Errorf("%s is none of [slack] admins", by.Person)
	}
	if who, ok := people.who[by.Person]; !ok || !who.Works {
		return by, fmt.Errorf("%s does not work here, by the roster of the last run", by.Person)
	}
	return by, nil
}

func (p *program) slackBind(ctx context.Context, remove string) error {
	c, led, desk, err := p.openSlack()
	if err != nil {
		return err
	}
	defer led.Close()
	people, err := (&slackKnown{}).people(c, led)
	if err != nil {
		return err
	}
	by, err := p.slackAdmin(c, people)
	if err != nil {
		return err
	}
	if remove != "" {
		if err := led.Unbind(remove, by, p.now()); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%s is nobody's any more\n", report.Plain(remove))
		return nil
	}
	proposed, err := desk.Propose(ctx, people.couldDecide())
	if err != nil {
		return err
	}
	var bind []slackdesk.Proposal
	for _, x := range proposed {
		if x.Why == "" && x.Who.ID == by.Person {
			x.Why = "it is your own account: another of [slack] admins has to bind it"
		}
		if x.Why != "" {
			fmt.Fprintf(p.stdout, "%-12s %-30s not bound: %s\n", report.Plain(string(x.Who.ID)), report.Plain(x.Who.Name), report.Plain(x.Why))
			continue
		}
		bind = append(bind, x)
		fmt.Fprintf(p.stdout, "%-12s %-30s %-12s %s <%s>\n", report.Plain(string(x.Who.ID)), report.Plain(x.Who.Name), report.Plain(x.User), report.Plain(x.Name), report.Plain(x.Who.Address))
	}
	if len(bind) == 0 {
		fmt.Fprintln(p.stdout, "there is nobody to bind")
		return nil
	}
	if err := p.countTyped(fmt.Sprintf("Whoever speaks through these accounts will be these people. Type %d to bind all of them: ", len(bind)), len(bind)); err != nil {
		return fmt.Errorf("%w; nobody was bound", err)
	}
	for _, x := range bind {
		if err := led.Bind(remediate.Binding{User: x.User, Team: x.Team, Person: x.Who.ID, Address: x.Who.Address, At: p.now()}, by); err != nil {
			return err
		}
	}
	fmt.Fprintf(p.stdout, "%d are bound, by %s; another of [slack] admins confirms it: rollcall slack confirm\n", len(bind), report.Plain(by.String()))
	return nil
}

// countTyped asks for a number to be typed: whoever confirms has at least looked how many there are.
func (p *program) countTyped(question string, n int) error {
	fmt.Fprint(p.stdout, "\n"+question)
	line, err := bufio.NewReader(p.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(line) != fmt.Sprint(n) {
		return errors.New("that is not the number")
	}
	return nil
}

func (p *program) slackStatus() error {
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	bound, err := led.Bindings()
	if err != nil {
		return err
	}
	delegated, err := led.Delegations()
	if err != nil {
		return err
	}
	cards, err := led.Cards()
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%d accounts are bound\n", len(bound))
	for _, b := range bound {
		confirmed := "not confirmed yet"
		if b.Second.Somebody() {
			confirmed = "confirmed by " + b.Second.String()
		}
		fmt.Fprintf(p.stdout, "  %-12s %-12s bound on %s by %s, %s\n", report.Plain(b.User), report.Plain(string(b.Person)), b.At.Format(time.DateOnly), report.Plain(orNone(b.By.String())), report.Plain(confirmed))
	}
	today := connectors.DateOf(p.now(), c.Zone)
	for _, d := range delegated {
		if d.Last >= today {
			fmt.Fprintf(p.stdout, "%s decides in place of %s from %s to %s\n", report.Plain(string(d.To)), report.Plain(string(d.Of)), d.First, d.Last)
		}
	}
	waiting, lost := 0, 0
	for _, k := range cards {
		switch {
		case k.Gone:
		case k.TS == "":
			lost++
		default:
			for _, it := range k.Items {
				if !it.Done {
					waiting++
					break
				}
			}
		}
	}
	fmt.Fprintf(p.stdout, "%d cards are out, of which %d hold a question; of %d more it is not known whether they were posted\n", len(cards), waiting, lost)
	return nil
}
