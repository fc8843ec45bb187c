package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"rollcall/remediate"
	"rollcall/scanner"
)

// tracing sends OpenTelemetry traces of runs by OTLP over HTTP. A nil tracing sends none.
//
// Attributes are counts, states and the ids of sources, runs and schedules; no span holds a name, an id of a person or an
// account, or the text of an error, which may: the log has that.
type tracing struct {
	tracer   trace.Tracer
	provider *sdktrace.TracerProvider
	now      func() time.Time
}

// tracesEndpoint is where traces are sent: [serve] traces, else what the variables of OpenTelemetry's specification say.
// own tells that it is ours to hand on; the exporter reads the variables itself.
func tracesEndpoint(c *config, env func(string) string) (url string, own bool) {
	switch {
	case env("OTEL_SDK_DISABLED") == "true":
		return "", false
	case c.Serve.Traces != "":
		return c.Serve.Traces, true
	}
	return cmp.Or(env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), env("OTEL_EXPORTER_OTLP_ENDPOINT")), false
}

// checkEndpoint wants an address of OTLP over HTTP.
func checkEndpoint(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return errors.New("want the address of a collector that takes OTLP over HTTP, such as \"http://127.0.0.1:4318\"; secrets belong into OTEL_EXPORTER_OTLP_HEADERS")
	}
	return nil
}

// newTracing starts sending; nil where no endpoint is configured. failed hears of what could not be sent: nothing waits for it.
func newTracing(ctx context.Context, c *config, env func(string) string, now func() time.Time, failed func(error)) (*tracing, error) {
	endpoint, own := tracesEndpoint(c, env)
	if endpoint == "" {
		return nil, nil
	}
	var options []otlptracehttp.Option
	if own {
		if u, err := url.Parse(endpoint); err == nil && strings.Trim(u.Path, "/") == "" {
			endpoint = strings.TrimSuffix(endpoint, "/") + "/v1/traces" // as the specification has it
		}
		options = append(options, otlptracehttp.WithEndpointURL(endpoint))
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	res, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "rollcall"), attribute.String("service.version", version())),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(failed))
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(res))
	return &tracing{tracer: p.Tracer("rollcall", trace.WithInstrumentationVersion(version())), provider: p, now: now}, nil
}

// flushWithin is how long the last traces may take at the end.
const flushWithin = 5 * time.Second

// end sends what has not been sent.
func (t *tracing) end() error {
	if t == nil {
		return nil
	}
	ctx, stop := context.WithTimeout(context.Background(), flushWithin)
	defer stop()
	return t.provider.Shutdown(ctx)
}

// span begins a part of a trace. The function it returns ends it, and marks it where the part failed.
func (t *tracing) span(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, func(error, ...attribute.KeyValue)) {
	if t == nil {
		return ctx, func(error, ...attribute.KeyValue) {}
	}
	ctx, s := t.tracer.Start(ctx, name, trace.WithTimestamp(t.now()), trace.WithAttributes(attributes...))
	return ctx, func(err error, more ...attribute.KeyValue) {
		s.SetAttributes(more...)
		if err != nil {
			s.SetStatus(codes.Error, "see the log")
		}
		s.End(trace.WithTimestamp(t.now()))
	}
}

// What spans say.
var (
	runAttribute      = attribute.Key("rollcall.run")
	scheduleAttribute = attribute.Key("rollcall.schedule")
	sourceAttribute   = attribute.Key("rollcall.source")
)

// steps is the scanner's Step: a span for each pull, match and judging.
func (t *tracing) steps(ctx context.Context) func(step, source string) func(*scanner.SourceReport, error) {
	if t == nil {
		return nil
	}
	return func(step, source string) func(*scanner.SourceReport, error) {
		_, end := t.span(ctx, step, sourceAttribute.String(source))
		return func(r *scanner.SourceReport, err error) {
			if r == nil {
				end(err)
				return
			}
			end(err, attribute.Int("rollcall.rows", r.Read), attribute.Int("rollcall.rows.rejected", r.Rejected), attribute.Int("rollcall.pages", r.Pages), attribute.Int64("rollcall.bytes", r.Bytes))
		}
	}
}

// actions is the applier's Trace: a span for each call that changes something.
func (t *tracing) actions(ctx context.Context, do *remediate.Action, back bool) (context.Context, func(error)) {
	ctx, end := t.span(ctx, "action", sourceAttribute.String(string(do.App)), attribute.String("rollcall.action", string(do.Verb)), attribute.Bool("rollcall.undo", back))
	return ctx, func(err error) { end(err) }
}

// ran is what the span of a run says in the end.
func ran(run string, r *scanner.Result, findings int) []attribute.KeyValue {
	return []attribute.KeyValue{runAttribute.String(run), attribute.Bool("rollcall.complete", r.Complete()), attribute.Int("rollcall.sources", len(r.Sources)), attribute.Int("rollcall.findings", findings)}
}
