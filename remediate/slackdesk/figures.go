package slackdesk

import (
	"maps"
	"time"
)

// Figures are how the desk stands, for readiness and metrics.
type Figures struct {
	Connected       bool
	Connections     int       // of this app to Slack, as Slack counted when this one was made; more than one: clicks get lost
	Connects        int       // how often a connection was made
	LastDisconnect  string    // why the last one ended
	Fatal           string    // why Slack will not have the app connect any more; empty: it will
	LastInteraction time.Time // zero: none yet
	Taken           int       // interactions that were taken
	Refused         map[string]int
	Cards           int               // that are shown
	Waiting         int               // cases that wait for an answer, at the last Refresh
	Unrouted        int               // of these, those that nobody could be asked about
	Unrouting       map[string]string // case → why nobody could be asked
}

// Figures gives how the desk stands now.
func (d *Desk) Figures() Figures {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.fig
	f.Refused, f.Unrouting = maps.Clone(f.Refused), maps.Clone(f.Unrouting)
	for _, c := range d.cards {
		if !c.Gone {
			f.Cards++
		}
	}
	return f
}

// refuse logs and counts a press that is not taken.
func (d *Desk) refuse(p *press, r *refusal) {
	d.mu.Lock()
	if d.fig.Refused == nil {
		d.fig.Refused = map[string]int{}
	}
	d.fig.Refused[r.Code]++
	d.mu.Unlock()
	d.deps.Log.Warn("slack: refused", "why", r.Code, "kind", plain(p.Kind, 30), "action", plain(p.Action+p.Form, 60), "user", plain(p.User, 30), "team", plain(p.Team, 30), "channel", plain(p.Channel, 30))
}

func (d *Desk) took() {
	now := d.deps.Now().UTC()
	d.mu.Lock()
	d.fig.LastInteraction = now
	d.fig.Taken++
	d.mu.Unlock()
}
