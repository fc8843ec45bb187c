package slackdesk

import "time"

// Answers gives the desk so long to answer Slack: a slow machine may take its time, where a test is not about that.
func (d *Desk) Answers(within time.Duration) { d.answers = within }
