package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	sdkresource "go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"hashyard"
	"hashyard/migrations/pg"
)

// Tracing follows work through this process and hands what it saw to an OTLP
// collector. A nil Tracing follows nothing and costs nothing.
type Tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	carrier  propagation.TraceContext
}

// OpenTracing sends spans to a collector's HTTP address, such as
// http://127.0.0.1:4318; an empty one turns tracing off.
func OpenTracing(ctx context.Context, endpoint, role, version string) (*Tracing, error) {
	if endpoint == "" {
		return nil, nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, hashyard.Invalid.Errorf("--otlp-endpoint %q is not like http://127.0.0.1:4318", endpoint)
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.JoinPath("v1", "traces").String()))
	if err != nil {
		return nil, fmt.Errorf("traces to %s: %w", endpoint, err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(sdkresource.NewSchemaless(
			attribute.String("service.name", "hashyard-"+role), attribute.String("service.version", version))),
	)
	return &Tracing{provider: provider, tracer: provider.Tracer("hashyard")}, nil
}

// Close sends what was seen last.
func (t *Tracing) Close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("last traces: %w", err)
	}
	return nil
}

// Handler follows the requests of a server; live streams, which last as long as
// somebody looks, are left out.
func (t *Tracing) Handler(h http.Handler) http.Handler {
	if t == nil {
		return h
	}
	return otelhttp.NewHandler(h, "request", otelhttp.WithTracerProvider(t.provider), otelhttp.WithPropagators(t.carrier),
		otelhttp.WithFilter(func(r *http.Request) bool { return r.URL.Path != "/api/v1/events" }))
}

// Transport follows the requests to a peer that are part of a trace.
func (t *Tracing) Transport(peer string, base http.RoundTripper) http.RoundTripper {
	if t == nil {
		return base
	}
	return otelhttp.NewTransport(base, otelhttp.WithTracerProvider(t.provider), otelhttp.WithPropagators(t.carrier),
		otelhttp.WithFilter(func(r *http.Request) bool { return trace.SpanContextFromContext(r.Context()).IsValid() }),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return peer + " " + r.Method }))
}

// Start begins a span; end takes the error it ended with.
func (t *Tracing) Start(ctx context.Context, name string, links ...string) (_ context.Context, end func(error)) {
	var opts []trace.SpanStartOption
	for _, l := range links {
		opts = append(opts, trace.WithLinks(trace.LinkFromContext(t.Resume(context.Background(), l))))
	}
	ctx, span := t.tracer.Start(ctx, name, opts...)
	return ctx, func(err error) {
		if err != nil && !errors.Is(err, context.Canceled) {
			span.SetStatus(codes.Error, "failed")
		}
		span.End()
	}
}

// Carry is ctx's place in its trace as text, to be resumed elsewhere; empty
// outside of any.
func (t *Tracing) Carry(ctx context.Context) string {
	c := propagation.MapCarrier{}
	t.carrier.Inject(ctx, c)
	return c["traceparent"]
}

// Resume goes on where Carry was asked.
func (t *Tracing) Resume(ctx context.Context, carried string) context.Context {
	if carried == "" {
		return ctx
	}
	return t.carrier.Extract(ctx, propagation.MapCarrier{"traceparent": carried})
}

var _ pg.Tracer = (*Tracing)(nil)

// nameSpan gives the span of ctx its name, when it has become known.
func nameSpan(ctx context.Context, name string) { trace.SpanFromContext(ctx).SetName(name) }
