package main

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/remediate/notify"
	"rollcall/report"
)

func (p *program) egressCommand() *cobra.Command {
	return &cobra.Command{
		Use: "egress", Short: "list the hosts that this configuration has rollcall talk to, for a firewall", Args: args(0, "no arguments"),
		Long: `egress lists every host that this configuration has rollcall talk to, and what for. It talks to no other: a connector sends
nothing to another origin, whatever an answer says. Programs that "exec:" and "command" name are not looked into.`,
		RunE: func(*cobra.Command, []string) error { return p.egress() },
	}
}

// destination is a host, and what rollcall wants from it.
type destination struct{ host, what string }

func (p *program) egress() error {
	c, err := p.config()
	if err != nil {
		return err
	}
	list := c.destinations()
	for _, d := range list {
		fmt.Fprintf(p.stdout, "%-40s %s\n", report.Plain(d.host), report.Plain(d.what))
	}
	if len(list) == 0 {
		fmt.Fprintln(p.stdout, "none: every source is a file of this machine")
	}
	return nil
}

// reaches is what a source may say beside its location: further hosts that it talks to, such as one that gives it tokens.
type reaches interface{ Hosts() []string }

func (c *config) destinations() (out []destination) {
	add := func(what string, hosts ...string) {
		for _, h := range hosts {
			if d := (destination{h, what}); h != "" && !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	source := func(what string, location string, src any) {
		add(what, hostOf(location))
		if r, ok := src.(reaches); ok {
			add(what, r.Hosts()...)
		}
	}
	source("roster", c.Roster.Info().Location, c.Roster)
	for _, a := range c.Apps {
		source("app "+string(a.ID), a.Source.Info().Location, c.sources[a.ID])
	}
	add("[notify] webhook", hostOf(c.Notify.Webhook))
	if c.Notify.Mail != nil {
		if s, err := notify.ParseServer(c.Notify.Mail.Server); err == nil {
			add("[notify.mail]", net.JoinHostPort(s.Host, s.Port))
		}
	}
	if c.Slack != nil {
		add("[slack]", "slack.com:443")
		if c.Slack.AppToken != "" {
			add("[slack] Socket Mode; Slack names the host", "*.slack.com:443")
		}
	}
	add("[serve] traces", hostOf(c.Serve.Traces))
	add("[witness] webhook", hostOf(c.Witness.Webhook))
	if c.Sign != nil {
		add("[sign] timestamp", hostOf(c.Sign.Timestamp))
	}
	return out
}

// hostOf is host:port of a URL; empty of what is none.
func hostOf(location string) string {
	u, err := url.Parse(location)
	if err != nil || u.Host == "" {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "ldap": "389", "ldaps": "636", "sftp": "22"}[strings.ToLower(u.Scheme)]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
