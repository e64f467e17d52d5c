package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"hashyard"
	"hashyard/cmd/internal/telemetry"
	"hashyard/web"
)

// receiver is an OTLP collector.
type receiver struct {
	mu    sync.Mutex // guards spans
	spans []*tracev1.Span
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	var in collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &in)
	}
	if err != nil || req.URL.Path != "/v1/traces" {
		http.Error(w, fmt.Sprint(req.URL.Path, err), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rs := range in.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			r.spans = append(r.spans, ss.Spans...)
		}
	}
}

// trace is the names of the spans of a trace, and how many of them are linked
// to another.
func (r *receiver) trace(id string) (names []string, linked int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.spans {
		if fmt.Sprintf("%x", s.TraceId) != id {
			continue
		}
		names = append(names, s.Name)
		if len(s.Links) > 0 {
			linked++
		}
	}
	return names, linked
}

// TestOneTraceAcrossRequests: an order's trace goes from its request through
// the market's writer, the outbox and the handlers; when it is cancelled by
// another request, what follows is in the order's trace again, and linked to
// that request. What the house does by the clock is not traced.
func TestOneTraceAcrossRequests(t *testing.T) {
	t.Parallel()
	got := &receiver{}
	srv := httptest.NewServer(got)
	t.Cleanup(srv.Close)
	y := newYard(t)
	f := y.flags()
	f.OTLPEndpoint = srv.URL
	end := y.serve(f)
	y.become("market", web.Fine, "")
	_, body := y.get(y.web+"/api/v1/instruments", y.keys["seller.trader"])
	var page struct{ Items []struct{ ID hashyard.ID } }
	if err := json.Unmarshal([]byte(body), &page); err != nil || len(page.Items) == 0 {
		t.Fatal(body)
	}
	const placing, cancelling = "11111111111111111111111111111111", "22222222222222222222222222222222"
	order := fmt.Sprintf(`{"instrument":%q,"side":"bid","price_mc":1000000,"units":1,"tif":"gtc"}`, page.Items[0].ID)
	code, body := y.call(http.MethodPost, y.web+"/api/v1/orders", y.keys["seller.trader"], order,
		"Idempotency-Key", "traced", "Traceparent", "00-"+placing+"-0000000000000001-01")
	var placed struct{ ID hashyard.ID }
	if err := json.Unmarshal([]byte(body), &placed); err != nil || code/100 != 2 {
		t.Fatalf("%d %s", code, body)
	}
	if code, body := y.call(http.MethodDelete, y.web+"/api/v1/orders/"+placed.ID.String(), y.keys["seller.trader"], "",
		"Traceparent", "00-"+cancelling+"-0000000000000002-01"); code/100 != 2 {
		t.Fatalf("cancel: %d %s", code, body)
	}
	y.await("handled", func() error {
		var open int
		err := y.owner.QueryRow(t.Context(), "SELECT count(*) FROM outbox WHERE ref_id = $1 AND done_at IS NULL", placed.ID).Scan(&open)
		if err == nil && open > 0 {
			err = fmt.Errorf("%d events are not handled", open)
		}
		return err
	})
	end() // sends what was seen last
	names, linked := got.trace(placing)
	for _, want := range []string{"POST /api/v1/orders", "transaction tenant", "handle web.stream", "handle inventory.release"} {
		if !slices.Contains(names, want) {
			t.Errorf("the order's trace lacks %q: %v", want, names)
		}
	}
	if linked == 0 {
		t.Error("nothing of the order's trace is linked to the request that cancelled it")
	}
	others, _ := got.trace(cancelling)
	if !slices.ContainsFunc(others, func(n string) bool { return strings.HasPrefix(n, "DELETE /api/v1/orders/") }) || slices.Contains(others, "handle inventory.release") {
		t.Errorf("the cancelling request's trace is %v", others)
	}
	got.mu.Lock()
	defer got.mu.Unlock()
	for _, s := range got.spans {
		if s.Name == "transaction dispatcher" && len(s.ParentSpanId) == 0 || s.Name == "node POST" && len(s.ParentSpanId) == 0 {
			t.Errorf("the clock's work is traced: %s", s.Name)
		}
	}
}

// TestTracingOffCostsNothing: without a collector handlers and transports are
// the very same, and nothing is written into the outbox.
func TestTracingOffCostsNothing(t *testing.T) {
	t.Parallel()
	o, err := openOps(t.Context(), "test", Traces{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if o.tracer() != nil || o.tracing != nil || o.carry(t.Context()) != "" {
		t.Error("something is traced")
	}
	for _, odd := range []string{"127.0.0.1:4318", "grpc://127.0.0.1:4317", "::"} {
		if _, err := telemetry.OpenTracing(t.Context(), odd, "test", "0"); err == nil {
			t.Errorf("%q is taken for a collector", odd)
		}
	}
	var tr *telemetry.Tracing
	if h := http.NewServeMux(); tr.Handler(h) != http.Handler(h) || tr.Transport("x", http.DefaultTransport) != http.DefaultTransport || tr.Close() != nil {
		t.Error("something is wrapped")
	}
}
