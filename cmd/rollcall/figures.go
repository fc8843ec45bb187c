package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

// figures are what Prometheus is shown: counts and times, no names and no ids of people or accounts.
type figures struct {
	registry *prometheus.Registry

	runSeconds  *prometheus.HistogramVec // by how it ended
	lastRun     *prometheus.GaugeVec
	rows        *prometheus.GaugeVec
	rejected    *prometheus.GaugeVec
	whole       *prometheus.GaugeVec
	sourceSecs  *prometheus.GaugeVec
	findings    *prometheus.GaugeVec
	trips       *prometheus.CounterVec
	done        *prometheus.CounterVec
	revoke      prometheus.Histogram
	feedToClean prometheus.Histogram
	feedLongest prometheus.Gauge
	panics      *prometheus.CounterVec
	alerts      prometheus.Counter
	calls       *prometheus.CounterVec
}

func newFigures() *figures {
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "rollcall", Name: name, Help: help}, labels)
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "rollcall", Name: name, Help: help}, labels)
	}
	f := &figures{
		registry: prometheus.NewRegistry(),
		runSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "rollcall", Name: "run_duration_seconds",
			Help: "How long runs took, by result: complete, incomplete or failed.", Buckets: prometheus.ExponentialBuckets(0.5, 2, 14)}, []string{"result"}),
		lastRun:    gauge("last_run_timestamp_seconds", "When the last run ended, by result: complete or incomplete.", "result"),
		rows:       gauge("source_rows", "Rows that the last run read from a source, rejected ones included.", "source"),
		rejected:   gauge("source_rejected_rows", "Rows of a source that the last run left out.", "source"),
		whole:      gauge("source_complete", "1 where the last run read the source whole and relies on it, 0 where not.", "source"),
		sourceSecs: gauge("source_duration_seconds", "How long the last run took to read a source.", "source"),
		findings:   gauge("findings", "Findings of the last run.", "kind", "severity"),
		trips:      counter("guard_trips_total", "Guards that stopped something.", "guard"),
		done:       counter("cases_carried_out_total", "Cases that were carried out, by the state they ended in.", "state"),
		revoke: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "rollcall", Name: "time_to_revoke_seconds",
			Help: "From a case being opened until a fresh read confirmed that the access is gone.", Buckets: []float64{60, 300, 900, 3600, 4 * 3600, 24 * 3600, 3 * 24 * 3600, 7 * 24 * 3600, 30 * 24 * 3600}}),
		feedToClean: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "rollcall", Name: "feed_to_clean_seconds",
			Help: "From a look at the roster that showed a change until a fresh read confirmed what followed from it.", Buckets: []float64{5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600}}),
		feedLongest: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "rollcall", Name: "feed_to_clean_longest_seconds",
			Help: "The longest of these since the daemon started."}),
		panics: counter("panics_total", "Panics, which are defects of rollcall; its log says where. The daemon goes on.", "part"),
		alerts: prometheus.NewCounter(prometheus.CounterOpts{Namespace: "rollcall", Name: "alerts_total", Help: "Alerts about runs that did not happen."}),
		calls:  counter("commands_total", "Commands that were carried out for users of this machine.", "command"),
	}
	f.registry.MustRegister(f.runSeconds, f.lastRun, f.rows, f.rejected, f.whole, f.sourceSecs, f.findings, f.trips, f.done, f.revoke, f.feedToClean, f.feedLongest, f.panics, f.alerts, f.calls,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return f
}

// ran takes up what a recorded run found.
func (f *figures) ran(r *report.Review) {
	result := "complete"
	if !r.Result.Complete() {
		result = "incomplete"
	}
	f.runSeconds.WithLabelValues(result).Observe(r.Ended.Sub(r.Started).Seconds())
	f.lastRun.WithLabelValues(result).Set(float64(r.Ended.Unix()))
	for _, g := range []*prometheus.GaugeVec{f.rows, f.rejected, f.whole, f.sourceSecs, f.findings} {
		g.Reset() // of sources and kinds that are gone
	}
	for i := range r.Result.Sources {
		s := &r.Result.Sources[i]
		f.rows.WithLabelValues(s.Name).Set(float64(s.Read))
		f.rejected.WithLabelValues(s.Name).Set(float64(s.Rejected + s.SideRejected))
		ok := 0.0
		if s.State == scanner.SourceOK {
			ok = 1
		}
		f.whole.WithLabelValues(s.Name).Set(ok)
		f.sourceSecs.WithLabelValues(s.Name).Set(s.Ended.Sub(s.Started).Seconds())
	}
	for kind, by := range r.Digest.Kinds() {
		for severity, n := range by {
			f.findings.WithLabelValues(string(kind), severity.String()).Set(float64(n))
		}
	}
}

// failed notes a run that came to no end.
func (f *figures) failed(took time.Duration) {
	f.runSeconds.WithLabelValues("failed").Observe(took.Seconds())
}

// settled takes up what a settling did.
func (f *figures) settled(s *settled) {
	for _, t := range s.Trips {
		f.trips.WithLabelValues(string(t.Guard)).Inc()
	}
	for _, k := range s.Done {
		f.done.WithLabelValues(string(k.State)).Inc()
		if k.State == remediate.Confirmed {
			f.revoke.Observe(k.At.Sub(k.Opened).Seconds())
		}
	}
}

// standing is asked anew at each scrape: where schedules and cases stand.
type standing struct {
	d *daemon

	success, overdue, running, missed, open, late *prometheus.Desc
}

func newStanding(d *daemon) *standing {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("rollcall_"+name, help, labels, nil)
	}
	return &standing{d: d,
		success: desc("schedule_last_success_timestamp_seconds", "The last moment of a schedule whose run went well; 0 = none yet.", "schedule"),
		overdue: desc("schedule_overdue", "1 where more than two moments have passed since the last run that went well.", "schedule"),
		running: desc("schedule_running", "1 while a run of the schedule is under way.", "schedule"),
		missed:  desc("schedule_missed_total", "Moments for which nothing ran, or nothing that went well.", "schedule"),
		open:    desc("cases", "Cases that have not ended.", "state"),
		late:    desc("cases_overdue", "Cases whose answer is overdue."),
	}
}

// Describe implements prometheus.Collector.
func (s *standing) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.success, s.overdue, s.running, s.missed, s.open, s.late} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (s *standing) Collect(ch chan<- prometheus.Metric) {
	for _, r := range s.d.readiness() {
		ch <- prometheus.MustNewConstMetric(s.success, prometheus.GaugeValue, unix(r.Succeeded), r.Schedule)
		ch <- prometheus.MustNewConstMetric(s.overdue, prometheus.GaugeValue, bit(r.Overdue), r.Schedule)
		ch <- prometheus.MustNewConstMetric(s.running, prometheus.GaugeValue, bit(r.Running), r.Schedule)
		ch <- prometheus.MustNewConstMetric(s.missed, prometheus.CounterValue, float64(r.Missed), r.Schedule)
	}
	states, late, err := s.d.openCases()
	if err != nil {
		return // no figure, rather than a wrong one
	}
	for state, n := range states {
		ch <- prometheus.MustNewConstMetric(s.open, prometheus.GaugeValue, float64(n), string(state))
	}
	ch <- prometheus.MustNewConstMetric(s.late, prometheus.GaugeValue, float64(late))
}

func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// casesFresh is how long a count of the cases is good for: scrapes, however many, do not read the ledger each time.
const casesFresh = 15 * time.Second

// openCases counts the cases that have not ended, by state, and those whose answer is overdue. What the ledger does not tell is
// no 0: the error says so, and is logged once for each count.
func (d *daemon) openCases() (states map[remediate.State]int, late int, err error) {
	now := d.p.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if age := now.Sub(d.counted); d.states == nil || age < 0 || age >= casesFresh {
		d.counted = now
		if d.states, d.late, err = countCases(d.led, now); err != nil {
			d.log.Error("cases cannot be counted", "error", err.Error())
		}
	}
	return d.states, d.late, err
}

// countCases counts the cases that have not ended, by state, and those whose answer is overdue; nil with an error.
func countCases(led *ledger.Ledger, now time.Time) (states map[remediate.State]int, late int, err error) {
	live, err := led.LiveCases(func(c *remediate.Case) bool { return !c.State.Ended() })
	if err != nil {
		return nil, 0, err
	}
	states = map[remediate.State]int{}
	for _, c := range live {
		states[c.State]++
		if (c.State == remediate.Asked || c.State == remediate.Expired) && !c.Due.IsZero() && now.After(c.Due) {
			late++
		}
	}
	return states, late, nil
}
