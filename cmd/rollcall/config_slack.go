package main

import (
	"fmt"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/remediate/slackdesk"
)

// slackConfig is the section [slack]: where cases are decided in Slack. Absent: nowhere.
type slackConfig struct {
	BotToken string                `toml:"bot_token"`      // reference
	AppToken string                `toml:"app_token"`      // reference; of Socket Mode
	Signing  string                `toml:"signing_secret"` // reference; where interactions come by HTTP instead
	Channel  string                `toml:"channel"`        // id of a private channel: where what nobody decided ends up
	Command  string                `toml:"command"`        // the slash command; default /rollcall
	Admins   []connectors.PersonID `toml:"admins"`         // who may bind Slack accounts to people
	Scan     []connectors.PersonID `toml:"may_scan"`
	Offboard []connectors.PersonID `toml:"may_offboard"`
	ByEmail  bool                  `toml:"unbound_by_email"` // weaker: whoever can change an address can decide
	Quiet    string                `toml:"quiet_hours"`      // "18:00-08:00", in each person's zone; "" = none
	Weekend  []string              `toml:"weekend"`          // default saturday, sunday
	Holidays []tomlDay             `toml:"holidays"`
	Remind   []hours               `toml:"remind_after"`   // default 24h, 72h
	Escalate *hours                `toml:"escalate_after"` // default 96h

	at  string
	set slackdesk.Settings
}

const defaultQuiet = "18:00-08:00"

// check finds what can be told without reading a secret and without the network.
func (s *slackConfig) check(f *tomlFile, zone *time.Location, longestKeep int) {
	if s == nil {
		return
	}
	s.at = f.at("slack")
	s.checkSecrets(f)
	s.set = slackdesk.Settings{Command: s.Command, Channel: s.Channel, ByEmail: s.ByEmail, Zone: zone, Longest: longestKeep, Scanners: s.Scan, Offboarders: s.Offboard}
	if s.Command != "" && (!strings.HasPrefix(s.Command, "/") || strings.ContainsAny(s.Command, " \t")) {
		f.problem("slack.command", "[slack] command = %q: want one word that begins with /, such as \"/rollcall\"", s.Command)
	}
	if s.Channel != "" && !(strings.HasPrefix(s.Channel, "C") || strings.HasPrefix(s.Channel, "G")) {
		f.problem("slack.channel", "[slack] channel = %q: want the channel's id, such as \"C0123456789\" (in Slack: channel name, About), not its name", s.Channel)
	}
	s.checkTimes(f)
}

func (s *slackConfig) checkSecrets(f *tomlFile) {
	for _, x := range []struct{ key, value, example string }{{"bot_token", s.BotToken, "SLACK_BOT_TOKEN"}, {"app_token", s.AppToken, "SLACK_APP_TOKEN"}, {"signing_secret", s.Signing, "SLACK_SIGNING_SECRET"}} {
		if x.value != "" && !isReference(x.value) {
			f.problem("slack."+x.key, "[slack] %s: %v", x.key, errLiteralSecret)
		}
	}
	switch {
	case s.BotToken == "":
		f.problem("slack", "[slack] has no bot_token: add bot_token = \"env:SLACK_BOT_TOKEN\"; the app to take it from is made with: rollcall slack manifest")
	case s.AppToken == "" && s.Signing == "":
		f.problem("slack", "[slack] has neither app_token (Socket Mode, no public address needed) nor signing_secret (HTTP): add one of them")
	case s.AppToken != "" && s.Signing != "":
		f.problem("slack.signing_secret", "[slack] has both app_token and signing_secret: an app gets its interactions over Socket Mode or by HTTP; take one out")
	}
}

func (s *slackConfig) checkTimes(f *tomlFile) {
	quiet := s.Quiet
	if _, ok := f.tree["slack"].(map[string]any)["quiet_hours"]; !ok {
		quiet = defaultQuiet
	}
	cal := &s.set.Calendar
	if quiet != "" {
		from, to, ok := strings.Cut(quiet, "-")
		a, err := time.Parse("15:04", from)
		b, err2 := time.Parse("15:04", to)
		if !ok || err != nil || err2 != nil || a.Equal(b) {
			f.problem("slack.quiet_hours", "[slack] quiet_hours = %q: want two times of day, such as %q, or \"\" for none", quiet, defaultQuiet)
		} else {
			midnight := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
			cal.QuietFrom, cal.QuietTo = a.Sub(midnight), b.Sub(midnight)
		}
	}
	if s.Weekend != nil {
		cal.Weekend = []time.Weekday{}
	}
	for _, name := range s.Weekend {
		day, ok := weekday(name)
		if !ok {
			f.problem("slack.weekend", "[slack] weekend: %q is no day of the week; want \"saturday\"", name)
		}
		cal.Weekend = append(cal.Weekend, day)
	}
	if len(cal.Weekend) >= 7 {
		f.problem("slack.weekend", "[slack] weekend leaves no day on which anybody could be asked")
	}
	cal.Holidays = map[connectors.Date]bool{}
	for _, d := range s.Holidays {
		cal.Holidays[d.Date] = true
	}
	last := time.Duration(0)
	for _, h := range s.Remind {
		if d := time.Duration(h); d <= last {
			f.problem("slack.remind_after", "[slack] remind_after: want times above 0, each longer than the one before, such as [\"24h\", \"72h\"]")
		} else {
			last = d
		}
		s.set.Remind = append(s.set.Remind, last)
	}
	if s.Remind != nil && s.set.Remind == nil {
		s.set.Remind = []time.Duration{}
	}
	if s.Escalate != nil {
		if s.set.Escalate = time.Duration(*s.Escalate); s.set.Escalate <= last {
			f.problem("slack.escalate_after", "[slack] escalate_after: want a time longer than the last of remind_after, such as \"96h\"")
		}
	}
}

func weekday(name string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), name) {
			return d, true
		}
	}
	return 0, false
}

// settings are the section with its secrets.
func (s *slackConfig) settings(secret func(string) (string, error)) (slackdesk.Settings, error) {
	set := s.set
	for _, x := range []struct {
		key, ref, begins string
		to               *string
	}{{"bot_token", s.BotToken, "xoxb-", &set.BotToken}, {"app_token", s.AppToken, "xapp-", &set.AppToken}, {"signing_secret", s.Signing, "", &set.SigningSecret}} {
		if x.ref == "" {
			continue
		}
		v, err := secret(x.ref)
		if err != nil {
			return set, fmt.Errorf("%s: [slack] %s: %w", s.at, x.key, err)
		}
		if !strings.HasPrefix(v, x.begins) || v == "" || strings.ContainsAny(v, " \t\r\n") {
			return set, fmt.Errorf("%s: [slack] %s: what %s holds is no such token; one begins with %q", s.at, x.key, refName(x.ref), x.begins)
		}
		*x.to = v
	}
	return set, nil
}
