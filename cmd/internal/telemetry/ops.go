package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hashyard"
	"hashyard/web"
)

// Off is the address of an ops listener that is not wanted.
const Off = "off"

// Listen opens the ops listener. Who reaches it reads internals, so it is never
// anywhere but on this machine.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, hashyard.Invalid.Errorf("--ops-listen %q is not like 127.0.0.1:9600, nor %q", addr, Off)
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.Unmap().IsLoopback() {
		return nil, hashyard.Invalid.Errorf("--ops-listen %s: profiles and figures are shown on a loopback address only, such as 127.0.0.1", addr)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, hashyard.Conflict.Errorf("listen on %s: %w: choose another with --ops-listen, or %q", addr, err, Off)
	}
	return l, nil
}

// Ops is what the ops listener shows.
type Ops struct {
	Registry *Registry
	Health   *web.Health
	Log      *slog.Logger
}

// Handler answers for a process on loopback. Requests under another name than
// this machine's own are refused: else a page in the operator's browser could
// read it by letting its own name resolve here.
func (o Ops) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(o.Registry, promhttp.HandlerOpts{ErrorLog: promLog{o.Log}, ErrorHandling: promhttp.ContinueOnError}))
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { o.Health.Write(w, r, true) })
	mux.Handle("GET /dashboards/", http.StripPrefix("/dashboards/", http.FileServerFS(Dashboards())))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", http.NotFound) // the command line may hold secrets
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !web.Loopback(r.Host) {
			http.Error(w, "this answers as 127.0.0.1 or localhost only", http.StatusMisdirectedRequest)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// Server serves the handler; its timeouts leave room for a profile.
func (o Ops) Server() *http.Server {
	return &http.Server{Handler: o.Handler(), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
}

// Health registers the states of a process's checks as figures.
func Health(r *Registry, h *web.Health) {
	r.area("health", []figure{
		{name: "hashyard_check_state", help: "1 for the state that a check of this process is in.", labels: []string{"check", "state"}},
		{name: "hashyard_check_state_seconds", help: "How long the check has been in its state.", labels: []string{"check"}},
	}, func(ctx context.Context, put put) error {
		for _, s := range h.States(ctx) {
			for _, c := range []web.Condition{web.Fine, web.Standby, web.Degraded, web.Failing} {
				put("hashyard_check_state", flag(s.Condition == c), s.Check, string(c))
			}
			put("hashyard_check_state_seconds", age(s.Since), s.Check)
		}
		return nil
	})
}

// promLog hands what the exporter complains about to the log.
type promLog struct{ log *slog.Logger }

func (l promLog) Println(v ...any) { l.log.Warn("figures not gathered", "error", fmt.Sprint(v...)) }
