package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rollcall/remediate/slackdesk"
)

// refreshEvery is how often Slack is brought up to date with the cases.
const refreshEvery = time.Minute

// slackService is the desk in Slack while the daemon lives. A configuration that is taken up anew gets a new one: who may
// decide must not be what it was.
type slackService struct {
	mu        sync.Mutex
	desk      *slackdesk.Desk // nil: cases are not decided in Slack
	stop      func()
	refreshed time.Time // when Slack was last brought up to date without an error

	ending   sync.WaitGroup // desks that were stopped, and work on what they had begun
	scanning atomic.Bool    // a scan that was asked for in Slack is under way
}

// makeSlack makes the desk in Slack, to which nobody listens yet; nil where the configuration wants none.
func (d *daemon) makeSlack(c *config) (*slackdesk.Desk, error) {
	if c.Slack == nil {
		return nil, nil
	}
	return d.program(nil).slackDesk(c, d.led, d.log, d.decided)
}

// startSlack begins to listen to Slack through a desk, in place of the one before; nil: it only ends that.
func (d *daemon) startSlack(desk *slackdesk.Desk) {
	d.stopSlack()
	if desk == nil {
		return
	}
	ctx, cancel := context.WithCancel(d.work)
	var all sync.WaitGroup
	all.Go(func() {
		if err := d.safely("slack", func() error { return desk.Run(ctx) }); err != nil && ctx.Err() == nil {
			d.alert("Slack", "nothing is decided there until this is mended, and rollcall serve told to reload: "+err.Error())
		}
	})
	all.Go(func() { d.refreshSlack(ctx, desk) })
	d.slack.mu.Lock()
	defer d.slack.mu.Unlock()
	d.slack.desk, d.slack.stop = desk, func() { cancel(); all.Wait() }
}

// stopSlack ends it in the background: an undo or a scan that was asked for may be under way, and is waited for at the end.
func (d *daemon) stopSlack() {
	d.slack.mu.Lock()
	stop := d.slack.stop
	d.slack.desk, d.slack.stop = nil, nil
	d.slack.mu.Unlock()
	if stop != nil {
		d.slack.ending.Go(stop)
	}
}

// refreshSlack brings Slack up to date every so often, and whenever something was carried out.
func (d *daemon) refreshSlack(ctx context.Context, desk *slackdesk.Desk) {
	t := time.NewTicker(refreshEvery)
	defer t.Stop()
	for {
		if err := d.safely("slack", func() error { return desk.Refresh(ctx, d.p.now()) }); err == nil {
			d.slack.mu.Lock()
			d.slack.refreshed = d.p.now()
			d.slack.mu.Unlock()
		} else if ctx.Err() == nil {
			d.log.Warn("slack", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-d.settledSoon:
		}
	}
}

// decided has what was decided in Slack carried out soon; it waits for nothing.
func (d *daemon) decided() {
	select {
	case d.settleSoon <- struct{}{}:
	default: // it will happen anyway
	}
}

// triesUntilAlert is how often settling what was decided may fail until somebody is alerted: by then it has for half an hour.
const triesUntilAlert = 6

// settleDecided carries out what was decided in Slack, as it comes. Where that fails it is tried again, later each time.
func (d *daemon) settleDecided(ctx context.Context) {
	var again sync.WaitGroup
	defer again.Wait()
	for failed := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-d.settleSoon:
		}
		err := d.safely("settle", func() error { return d.settleNow(d.work) })
		switch {
		case err == nil:
			failed = 0
		case ctx.Err() == nil:
			failed++
			wait := retryAfter(failed)
			d.log.Error("settling what was decided in Slack", "error", err.Error(), "again_in", wait.String())
			if failed == triesUntilAlert {
				d.alert("what was decided in Slack", fmt.Sprintf("it cannot be carried out; the last of %d tries: %s", failed, err))
			}
			again.Go(func() {
				if d.p.wait(ctx, wait) == nil {
					d.decided()
				}
			})
		}
		select {
		case d.settledSoon <- struct{}{}:
		default:
		}
	}
}

func (d *daemon) settleNow(ctx context.Context) error {
	release, err := d.turn.take(ctx, "settling what was decided in Slack", nil)
	if err != nil {
		return err
	}
	defer release()
	p := d.program(nil)
	p.by = "rollcall serve, for what was decided in Slack"
	c, err := p.config()
	if err != nil {
		return err
	}
	return d.settle(ctx, p, c, d.log)
}

// slackInteractions are what Slack sends by HTTP, where there is no Socket Mode.
func (d *daemon) slackInteractions(w http.ResponseWriter, r *http.Request) {
	d.slack.mu.Lock()
	desk := d.slack.desk
	d.slack.mu.Unlock()
	if desk == nil {
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	desk.Handler().ServeHTTP(w, r)
}

// slackFigures is how the desk in Slack stands; false: there is none.
func (d *daemon) slackFigures() (slackdesk.Figures, bool) {
	d.slack.mu.Lock()
	defer d.slack.mu.Unlock()
	if d.slack.desk == nil {
		return slackdesk.Figures{}, false
	}
	return d.slack.desk.Figures(), true
}

// upToDate is when Slack was last brought up to date.
func (d *daemon) upToDate() time.Time {
	d.slack.mu.Lock()
	defer d.slack.mu.Unlock()
	return d.slack.refreshed
}

// slackGauges tells Prometheus how the desk in Slack stands.
type slackGauges struct {
	d                                                                        *daemon
	connected, connections, last, refreshed, taken, cards, waiting, unrouted *prometheus.Desc
}

func newSlackGauges(d *daemon) *slackGauges {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("rollcall_slack_"+name, help, nil, nil)
	}
	return &slackGauges{d: d,
		connected:   desc("connected", "1 while Slack is listened to by Socket Mode; absent where it calls by HTTP."),
		connections: desc("connections", "Connections of the app, as Slack counts them; more than one lose presses."),
		last:        desc("last_interaction_timestamp_seconds", "When Slack last sent an interaction; 0 = not yet."),
		refreshed:   desc("last_refresh_timestamp_seconds", "When Slack was last brought up to date without an error; 0 = not yet."),
		taken:       desc("interactions_total", "Interactions that were taken."),
		cards:       desc("cards", "Cards that are shown."),
		waiting:     desc("cases_waiting", "Cases that wait for an answer."),
		unrouted:    desc("cases_unrouted", "Of these, those that nobody could be asked about."),
	}
}

// Describe implements prometheus.Collector.
func (s *slackGauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.connected, s.connections, s.last, s.refreshed, s.taken, s.cards, s.waiting, s.unrouted} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (s *slackGauges) Collect(ch chan<- prometheus.Metric) {
	f, ok := s.d.slackFigures()
	if !ok {
		return
	}
	if c := s.d.taken.Load().config.Slack; c != nil && c.AppToken != "" {
		ch <- prometheus.MustNewConstMetric(s.connected, prometheus.GaugeValue, bit(f.Connected))
		ch <- prometheus.MustNewConstMetric(s.connections, prometheus.GaugeValue, float64(f.Connections))
	}
	for _, x := range []struct {
		desc *prometheus.Desc
		v    float64
	}{{s.last, unix(f.LastInteraction)}, {s.refreshed, unix(s.d.upToDate())}, {s.cards, float64(f.Cards)},
		{s.waiting, float64(f.Waiting)}, {s.unrouted, float64(f.Unrouted)}} {
		ch <- prometheus.MustNewConstMetric(x.desc, prometheus.GaugeValue, x.v)
	}
	ch <- prometheus.MustNewConstMetric(s.taken, prometheus.CounterValue, float64(f.Taken))
}
