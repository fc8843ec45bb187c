package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// open starts what is seen from outside, where the configuration wants it.
func (d *daemon) open(ctx context.Context, c *config) (io.Closer, error) {
	if c.Serve.Listen == "" {
		return io.NopCloser(nil), nil
	}
	l, err := net.Listen("tcp", c.Serve.Listen)
	if err != nil {
		return nil, fmt.Errorf("serve: [serve] listen: %w", err)
	}
	srv := &http.Server{Handler: d.handler(c), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(d.log.Handler(), slog.LevelWarn), BaseContext: func(net.Listener) context.Context { return ctx }}
	go func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			d.log.Error("what is seen from outside has ended", "error", err.Error())
		}
	}()
	d.log.Info("seen from outside", "address", l.Addr().String())
	return srv, nil
}

// handler answers health checks. They hold no personal data, and nothing can be done through them.
func (d *daemon) handler(c *config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	mux.HandleFunc("GET /readyz", d.readyz)
	mux.Handle("GET /metrics", fewAtOnce(16, promhttp.HandlerFor(d.figures.registry, promhttp.HandlerOpts{Timeout: 10 * time.Second})))
	if c.Slack != nil && c.Slack.Signing != "" {
		mux.HandleFunc("/slack", d.slackInteractions)
	}
	if c.Serve.Hook != "" {
		mux.HandleFunc("POST /hook/roster", d.hook(c))
	}
	return mux
}

// fewAtOnce has requests wait for their turn, as long as whoever asks does: they are not refused, and no number of them
// takes more than so much memory and work.
func fewAtOnce(n int, h http.Handler) http.Handler {
	turns := make(chan struct{}, n)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case turns <- struct{}{}:
			defer func() { <-turns }()
			h.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
}

// readiness is what /readyz says of a schedule.
type readiness struct {
	Schedule  string    `json:"schedule"`
	Succeeded time.Time `json:"last_success,omitzero"`
	Next      time.Time `json:"next"`
	Running   bool      `json:"running"`
	Overdue   bool      `json:"overdue"`
	Failures  int       `json:"failures,omitempty"`
	Missed    int       `json:"missed,omitempty"`
}

// readyz answers 200 while no schedule is overdue, and 503 otherwise.
func (d *daemon) readyz(w http.ResponseWriter, _ *http.Request) {
	status, list := http.StatusOK, d.readiness()
	for _, r := range list {
		if r.Overdue {
			status = http.StatusServiceUnavailable
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	answer := map[string]any{"ready": status == http.StatusOK, "schedules": list}
	if f, ok := d.slackFigures(); ok {
		answer["slack"] = map[string]any{"connected": f.Connected, "connections": f.Connections, "last_interaction": f.LastInteraction, "refused_for_good": f.Fatal}
	}
	json.NewEncoder(w).Encode(answer)
}

// readiness is where each schedule stands.
func (d *daemon) readiness() []readiness {
	now := d.p.now()
	list := []readiness{}
	for _, s := range d.taken.Load().config.Serve.Schedules {
		d.mu.Lock()
		st := d.state[s.Name]
		r := readiness{Schedule: s.Name}
		if st != nil {
			r.Succeeded, r.Running, r.Failures, r.Missed = st.Slot.Succeeded, st.Running, st.Slot.Failures, st.Slot.Missed
			r.Overdue = s.overdue(st.Slot.Good(), now)
		}
		d.mu.Unlock()
		r.Next = s.next(now)
		list = append(list, r)
	}
	return list
}
