package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"rollcall/remediate"
	"rollcall/report"
)

func (p *program) slackConfirmCommand() *cobra.Command {
	return &cobra.Command{
		Use: "confirm", Short: "say, as a second admin, that accounts are bound to the right people", Args: args(0, "no arguments"),
		Long: `confirm shows the accounts that another admin bound, looks once more whether each has the work address that the roster
has, and notes that they are bound to the right people once one of [slack] admins says so: not who bound them, and not
whose they are. It takes a second person, and so the daemon, which proves who asks.`,
		RunE: func(c *cobra.Command, _ []string) error { return p.slackConfirm(c.Context()) },
	}
}

// unconfirmed are the accounts that one admin alone bound.
func unconfirmed(bound []remediate.Binding) (list []remediate.Binding) {
	for _, b := range bound {
		if !b.Second.Somebody() {
			list = append(list, b)
		}
	}
	return list
}

func (p *program) slackConfirm(ctx context.Context) error {
	c, led, desk, err := p.openSlack()
	if err != nil {
		return err
	}
	defer led.Close()
	if p.caller == nil {
		return errNoSecond
	}
	people, err := (&slackKnown{}).people(c, led)
	if err != nil {
		return err
	}
	by, err := p.slackAdmin(c, people)
	if err != nil {
		return err
	}
	bound, err := led.Bindings()
	if err != nil {
		return err
	}
	people.readAddresses()
	var right []remediate.Binding
	for _, b := range unconfirmed(bound) {
		try, why := b, ""
		try.Person, try.By.Person = people.Same(b.Person), people.Same(b.By.Person)
		if err := try.Confirm(by); err != nil {
			why = err.Error()
		} else if why, err = desk.Still(ctx, &b, people.byPerson[people.Same(b.Person)]); err != nil {
			return err
		}
		line := fmt.Sprintf("%-12s %-30s %-12s bound by %s", b.Person, people.who[people.Same(b.Person)].Name, b.User, orNone(b.By.String()))
		if why != "" {
			line += "; not confirmed: " + why
		} else {
			right = append(right, b)
		}
		fmt.Fprintln(p.stdout, report.Plain(line))
	}
	if len(right) == 0 {
		fmt.Fprintln(p.stdout, "there is nothing for you to confirm")
		return nil
	}
	if err := p.countTyped(fmt.Sprintf("Are these the accounts of these people? Type %d to confirm all of them: ", len(right)), len(right)); err != nil {
		return fmt.Errorf("%w; nothing was confirmed", err)
	}
	for _, b := range right {
		if err := led.Confirm(b.User, by, p.now()); err != nil {
			return err
		}
	}
	fmt.Fprintf(p.stdout, "%d are confirmed, by %s\n", len(right), report.Plain(by.String()))
	return nil
}
