package main

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// traceCollector takes traces by OTLP over HTTP, as any collector does.
type traceCollector struct {
	*httptest.Server
	mu    sync.Mutex
	spans []*otlp.Span
	all   string // all that came, as text
	paths []string
}

func newCollector(t *testing.T) *traceCollector {
	c := &traceCollector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(body)
			if err != nil {
				t.Error(err)
				return
			}
			body = z
		}
		b, err := io.ReadAll(body)
		var req collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(b, &req)
		}
		if err != nil || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%v, %s", err, r.Header.Get("Content-Type"))
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.paths = append(c.paths, r.URL.Path)
		c.all += req.String() + string(b)
		for _, rs := range req.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				c.spans = append(c.spans, ss.Spans...)
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		answer, _ := proto.Marshal(&collector.ExportTraceServiceResponse{})
		w.Write(answer)
	}))
	t.Cleanup(c.Close)
	return c
}

// named are the spans of one name.
func (c *traceCollector) named(name string) (out []*otlp.Span) {
	for _, s := range c.spans {
		if s.Name == name {
			out = append(out, s)
		}
	}
	return out
}

func textOf(s *otlp.Span, key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return strings.TrimSpace(a.Value.String())
		}
	}
	return ""
}

// A night is one trace, from the schedule to each change in an app; nothing in it is about a person.
func TestTracesOfARun(t *testing.T) {
	c := newCollector(t)
	s := serveShop(t, "auto", "[serve]\ntraces = \""+c.URL+"\"\n"+nightly("15 2 * * *"))
	s.clock.set(moment(t, "2027-01-20T12:00:00Z"))
	s.begin()
	var err error
	if s.d.p.traces, err = newTracing(t.Context(), s.d.taken.Load().config, s.d.p.env, s.clock.now, func(err error) { t.Error(err) }); err != nil {
		t.Fatal(err)
	}
	s.look()
	s.clock.set(moment(t, "2027-01-21T02:15:05Z"))
	s.look()
	s.svc.forbid = "u5" // a change that fails is marked, and says nothing of whom
	s.write("people.csv", strings.ReplaceAll(s.read("people.csv"), "eve@kiln.example,active,", "eve@kiln.example,terminated,2027-01-20"))
	s.clock.set(moment(t, "2027-01-22T02:15:05Z"))
	s.look()
	if err := s.d.p.traces.end(); err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	if s.active() != "u1 u3 u4 u5" {
		t.Fatalf("active: %s\n%s", s.active(), s.log.String())
	}
	roots := c.named("schedule")
	if len(roots) != 2 || len(roots[0].ParentSpanId) != 0 || !slices.Equal(slices.Compact(c.paths), []string{"/v1/traces"}) {
		t.Fatalf("%d roots at %v of %v", len(roots), c.paths, c.spans)
	}
	parent := map[string]string{"run": "schedule", "pull": "run", "match": "run", "judge": "run", "report": "run", "settle": "schedule", "action": "settle"}
	byID := map[string]*otlp.Span{}
	for _, span := range c.spans {
		byID[string(span.SpanId)] = span
	}
	for name, of := range parent {
		got := c.named(name)
		if len(got) < 2 {
			t.Errorf("%d spans %s", len(got), name)
		}
		for _, span := range got {
			up := byID[string(span.ParentSpanId)]
			if up == nil || up.Name != of || string(up.TraceId) != string(span.TraceId) || span.EndTimeUnixNano < span.StartTimeUnixNano {
				t.Errorf("%s is not within %s: %v", name, of, span)
			}
		}
	}
	sources := map[string]bool{}
	for _, span := range c.named("pull") {
		sources[textOf(span, "rollcall.source")] = true
		if textOf(span, "rollcall.rows") != "int_value:5" {
			t.Errorf("%v", span)
		}
	}
	if len(sources) != 2 || !sources[`string_value:"crm"`] || !sources[`string_value:"roster"`] {
		t.Errorf("pulls of %v", sources)
	}
	failed := 0
	for _, span := range c.named("action") {
		if span.GetStatus().GetCode() == otlp.Status_STATUS_CODE_ERROR {
			failed++
		}
	}
	if failed == 0 || failed == len(c.named("action")) {
		t.Errorf("%d of %d actions failed", failed, len(c.named("action")))
	}
	for _, secret := range []string{"kiln.example", "Birch", "Ben ", "E02", "E05", `"u2"`, `"u5"`, "secret", s.dir} {
		if strings.Contains(c.all, secret) {
			t.Errorf("%q is in the traces", secret)
		}
	}
}

// A collector that is down, or that there is none, is no reason for anything.
func TestTracesAreNoReasonToFail(t *testing.T) {
	s := serveShop(t, "report", "[serve]\ntraces = \"http://127.0.0.1:1\"\n")
	s.begin()
	defer s.stop()
	c := s.d.taken.Load().config
	var failed []error
	tr, err := newTracing(t.Context(), c, s.d.p.env, s.clock.now, func(err error) { failed = append(failed, err) })
	if err != nil {
		t.Fatal(err)
	}
	s.d.p.traces = tr
	if _, _, err := s.d.program(nil).runOnce(t.Context(), c, runOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := tr.end(); err == nil && len(failed) == 0 {
		t.Error("nobody is told that traces are lost")
	}
	for env, want := range map[string]bool{"OTEL_EXPORTER_OTLP_ENDPOINT": true, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": true, "OTEL_SDK_DISABLED": false, "": false} {
		c := *c
		if env != "OTEL_SDK_DISABLED" {
			c.Serve.Traces = ""
		}
		at, _ := tracesEndpoint(&c, func(name string) string {
			if name == env {
				return map[bool]string{true: "http://127.0.0.1:1", false: "true"}[want]
			}
			return ""
		})
		if (at != "") != want {
			t.Errorf("%s: %q", env, at)
		}
	}
	for _, bad := range []string{"127.0.0.1:4318", "ftp://x", "http://user:pass@x:1", "http://x?key=secret"} {
		if checkEndpoint(bad) == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
