package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"hashyard"
	"hashyard/cmd/internal/telemetry"
	"hashyard/migrations"
	"hashyard/migrations/pg"
	"hashyard/web"
)

// Traces are the settings of what is sent to a collector of traces.
type Traces struct {
	OTLPEndpoint string `name:"otlp-endpoint" env:"OTEL_EXPORTER_OTLP_ENDPOINT" help:"HTTP address of an OpenTelemetry collector, http://127.0.0.1:4318; empty sends no traces."`
}

// ops is how an operator looks into one process.
type ops struct {
	*telemetry.Registry
	tracing *telemetry.Tracing
	peers   *telemetry.Peers
	health  *web.Health
	log     *slog.Logger
}

// openOps prepares the figures and traces of a role.
func openOps(ctx context.Context, role string, t Traces, log *slog.Logger) (*ops, error) {
	tracing, err := telemetry.OpenTracing(ctx, t.OTLPEndpoint, role, version)
	if err != nil {
		return nil, err
	}
	o := &ops{Registry: telemetry.New(role, version), tracing: tracing, log: log}
	o.peers = telemetry.NewPeers(o.Registry, tracing)
	return o, nil
}

// to is the wrapping of an HTTP transport to a peer.
func (o *ops) to(peer string) func(http.RoundTripper) http.RoundTripper {
	return func(base http.RoundTripper) http.RoundTripper { return o.peers.Transport(peer, base) }
}

// tracer follows transactions and events; nil when nothing is traced.
func (o *ops) tracer() pg.Tracer {
	if o.tracing == nil {
		return nil
	}
	return o.tracing
}

// carry is the place of a command in its trace; empty when nothing is traced.
func (o *ops) carry(ctx context.Context) string {
	if o.tracing == nil {
		return ""
	}
	return o.tracing.Carry(ctx)
}

// check sets what the process needs; it is asked from now on.
func (o *ops) check(checks ...web.Check) {
	o.health = web.NewHealth(o.log, checks...)
	telemetry.Health(o.Registry, o.health)
}

// listen opens the ops listener; nil when it is off.
func (o *ops) listen(ctx context.Context, addr string) (net.Listener, error) {
	if addr == telemetry.Off {
		return nil, nil
	}
	return telemetry.Listen(ctx, addr)
}

// serve answers on l until ctx ends.
func (o *ops) serve(ctx context.Context, l net.Listener) error {
	if l == nil {
		<-ctx.Done()
		return nil
	}
	o.log.InfoContext(ctx, "figures, readiness and profiles", "address", l.Addr().String())
	return serveHTTP(ctx, telemetry.Ops{Registry: o.Registry, Health: o.health, Log: o.log}.Server(), l)
}

// beside runs a role's work and its ops listener; both end with ctx or with
// the first of them that fails.
func (o *ops) beside(ctx context.Context, addr string, work func(ctx context.Context) error) error {
	l, err := o.listen(ctx, addr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return o.serve(ctx, l) })
	g.Go(func() error { defer cancel(); return work(ctx) })
	return g.Wait()
}

func (o *ops) close() {
	if err := o.tracing.Close(); err != nil {
		o.log.Warn("last traces not sent", "error", err)
	}
}

// The limits of readiness.
const (
	// staleJob is when miners have been on the same job for too long; a job is
	// made anew every 30 seconds.
	staleJob = 90 * time.Second
	// staleTip is a pause between blocks that comes once in some 160,000: more
	// likely the node is cut off.
	staleTip = 2 * time.Hour
	// lateEvents is how long an event may wait for its handlers.
	lateEvents = 10 * time.Second
)

// checks are what a yard needs to be ready.
func (h *house) checks() []web.Check {
	all := []web.Check{
		{Name: "database", Ask: h.db.Writable},
		{Name: "migrations", Ask: func(ctx context.Context) error { return migrated(ctx, h.db) }},
		// Who only serves the web is ready while nobody takes orders.
		{Name: "market", Ask: h.takesOrders, Degrades: !h.leads()},
		{Name: "stream", Ask: h.live.Ready, Degrades: true},
		// Without the signer only payouts wait.
		{Name: "signer", Ask: func(ctx context.Context) error { _, err := h.signer.Info(ctx); return err }, Degrades: true},
		{Name: "events", Ask: h.punctual, Degrades: true},
	}
	if !h.leads() {
		return all
	}
	all = append(all, []web.Check{
		{Name: "sharelog", Ask: h.shares.Writable},
		{Name: "jobs", Ask: h.working},
		{Name: "node", Ask: h.synced},
		{Name: "nodes", Ask: h.spares, Degrades: true},
		{Name: "tip", Ask: h.tipFresh, Degrades: true},
	}...)
	if h.hub != nil {
		all = append(all, web.Check{Name: "edges", Ask: h.hub.Ready, Degrades: true})
	}
	return all
}

// migrated fails while the database lacks a migration of this program.
func migrated(ctx context.Context, db *pg.DB) error {
	applied, err := db.Applied(ctx)
	if err != nil {
		return err
	}
	missing, err := migrations.Missing(applied)
	if err == nil && len(missing) > 0 {
		err = hashyard.Unavailable.Errorf("the database lacks the migrations %v: run `hashyard migrate`", missing)
	}
	return err
}

// takesOrders is fine when this process does, and a standby when another does.
func (h *house) takesOrders(ctx context.Context) error {
	err := h.market.Ready(ctx)
	if err == nil {
		return nil
	}
	led, lerr := h.db.Led(ctx, "market")
	if lerr != nil {
		return errors.Join(err, lerr)
	}
	if led {
		return web.StandsBy("another process takes the orders")
	}
	return err
}

// working fails while miners have nothing to do, or nothing new.
func (h *house) working(context.Context) error {
	s := h.dispatch.Status()
	if s.Suspended != "" || s.Job == 0 {
		return hashyard.Unavailable.Errorf("no work is offered: %s %s", s.Suspended, s.Problem)
	}
	if age := time.Since(s.JobAt); age > staleJob {
		return hashyard.Unavailable.Errorf("the newest job is %s old: %s", age.Round(time.Second), s.Problem)
	}
	return nil
}

// synced fails while no node is fit to work for.
func (h *house) synced(context.Context) error {
	var all []string
	for _, s := range h.nodes.States() {
		if s.Problem == "" {
			return nil
		}
		all = append(all, s.Name+": "+s.Problem)
	}
	return hashyard.Unavailable.Errorf("no node is healthy: %s", strings.Join(all, "; "))
}

// spares fails while one node of several is not to be relied on.
func (h *house) spares(context.Context) error {
	for _, s := range h.nodes.States() {
		if s.Problem != "" || s.Doubt != "" {
			return hashyard.Unavailable.Errorf("%s: %s", s.Name, s.Problem+s.Doubt)
		}
	}
	return nil
}

func (h *house) tipFresh(context.Context) error {
	since := h.dispatch.Status().TipSince
	if since.IsZero() {
		return hashyard.Unavailable.Errorf("no tip is known yet")
	}
	if age := time.Since(since); age > staleTip {
		return hashyard.Unavailable.Errorf("no block for %s", age.Round(time.Minute))
	}
	return nil
}

// punctual fails while events wait too long for their handlers.
func (h *house) punctual(ctx context.Context) error {
	s, err := h.db.OutboxStats(ctx)
	if err != nil {
		return err
	}
	if s.Oldest > lateEvents {
		return hashyard.Unavailable.Errorf("%d events are due, the oldest for %s", s.Due, s.Oldest.Round(time.Second))
	}
	return nil
}

// figures registers what this yard shows.
func (h *house) figures() {
	r := h.ops.Registry
	telemetry.Database(r, h.db)
	telemetry.Trades(r, h.books)
	telemetry.Treasury(r, h.books.Treasury())
	telemetry.Fleet(r, h.fleetStore)
	telemetry.Stream(r, h.broker)
	if !h.leads() {
		return
	}
	telemetry.Pool(r, telemetry.PoolSources{
		Edge: h.stratum, Log: h.shares, Dispatch: h.dispatch, Nodes: h.nodes, Service: h.pool, Scale: h.network.WorkScale,
	})
	if h.hub != nil {
		telemetry.Hub(r, h.hub)
	}
}
