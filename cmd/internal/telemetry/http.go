package telemetry

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hashyard/web"
)

// HTTP counts what a server answers.
func HTTP(r *Registry) func(ctx context.Context, e web.Exchange) {
	requests := r.counter("hashyard_http_requests_total", "Requests answered, by route pattern and class of status; 'left' is a caller who did not wait.", "method", "route", "class")
	took := r.histogram("hashyard_http_request_seconds", "Time to answer a request, streams aside.", slow, "route")
	return func(ctx context.Context, e web.Exchange) {
		route := pattern(e.Route)
		requests.WithLabelValues(method(e.Method), route, class(e)).Inc()
		if e.Route != "/api/v1/events" { // it lasts as long as somebody looks
			took.WithLabelValues(route).Observe(e.Took.Seconds())
		}
		nameSpan(ctx, method(e.Method)+" "+route)
	}
}

// Mux counts what a plain server answers, whose routes are h's patterns, and
// follows its requests.
func Mux(r *Registry, tr *Tracing, h http.Handler) http.Handler {
	observe := HTTP(r)
	return tr.Handler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		began, sw := time.Now(), &statusWriter{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(sw, req)
		route := req.Pattern
		if _, path, found := strings.Cut(route, " "); found {
			route = path
		}
		observe(req.Context(), web.Exchange{Method: req.Method, Route: route, Status: sw.status, Took: time.Since(began), Gone: req.Context().Err() != nil})
	}))
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(code int) {
	w.status = code
	w.ResponseWriter.WriteHeader(code)
}

// pattern of a request that no route took is one word, whatever was asked.
func pattern(route string) string {
	if route == "" {
		return "none"
	}
	return route
}

// method keeps invented methods from making series.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

func class(e web.Exchange) string {
	if e.Gone {
		return "left"
	}
	if e.Status < 100 || e.Status > 599 {
		return "none"
	}
	return strconv.Itoa(e.Status/100) + "xx"
}

// Peers counts requests to other programs.
type Peers struct {
	tracing  *Tracing
	requests func(peer, class string)
	took     func(peer string, seconds float64)
}

// NewPeers registers the figures of outgoing requests.
func NewPeers(r *Registry, tr *Tracing) *Peers {
	requests := r.counter("hashyard_peer_requests_total", "Requests to another program, by class of its answer; 'none' is no answer.", "peer", "class")
	took := r.histogram("hashyard_peer_request_seconds", "Time another program took to answer.", slow, "peer")
	return &Peers{
		tracing:  tr,
		requests: func(peer, class string) { requests.WithLabelValues(peer, class).Inc() },
		took:     func(peer string, s float64) { took.WithLabelValues(peer).Observe(s) },
	}
}

// Transport counts, and follows, what goes through base to a peer.
func (p *Peers) Transport(peer string, base http.RoundTripper) http.RoundTripper {
	counted := roundTrip(func(req *http.Request) (*http.Response, error) {
		began := time.Now()
		resp, err := base.RoundTrip(req)
		p.took(peer, time.Since(began).Seconds())
		if err != nil {
			p.requests(peer, class(web.Exchange{Gone: req.Context().Err() != nil}))
			return resp, err
		}
		p.requests(peer, class(web.Exchange{Status: resp.StatusCode}))
		return resp, nil
	})
	return transport{p.tracing.Transport(peer, counted), base}
}

// transport closes the idle connections of what it is around.
type transport struct {
	http.RoundTripper
	base http.RoundTripper
}

// CloseIdleConnections is asked for by http.Client.
func (t transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
