package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"hashyard"
	"hashyard/brokerage/treasury/signer"
	"hashyard/cmd/internal/telemetry"
	"hashyard/migrations/pg"
	"hashyard/pool/sharelog"
	"hashyard/web"
	"hashyard/web/audit"
	"hashyard/web/notify"
)

// Serve is the yard: web, market, pool and jobs in one process.
type Serve struct {
	Listen      string `default:"127.0.0.1:8080" env:"HASHYARD_LISTEN" help:"Address of the browser app and the API."`
	TLS         bool   `env:"HASHYARD_TLS" help:"Callers reach us by https (a proxy in front ends it)."`
	Identity    `embed:""`
	Dir         string `required:"" type:"path" env:"HASHYARD_SERVE_DIR" help:"Folder of the share log and, for the local world, of the chain."`
	DatabaseURL string `required:"" env:"HASHYARD_DATABASE_URL" help:"Database address that logs in as hashyard_app."`
	Seed        string `type:"path" env:"HASHYARD_SEED" help:"Seed of a local world; nothing else has one."`
	Limits      `embed:""`
	GS1Prefix   string        `name:"gs1-prefix" default:"0400000" env:"HASHYARD_GS1_PREFIX" help:"GS1 company prefix of pallet labels; the default is of the range for use inside one company."`
	OpsListen   string        `default:"127.0.0.1:9600" env:"HASHYARD_OPS_LISTEN" help:"Loopback address of figures, readiness and profiles; off for none."`
	CheckEvery  time.Duration `default:"15m" env:"HASHYARD_CHECK_EVERY" help:"How often everything is looked through for what must never be."`
	Traces      `embed:""`
	Live        `embed:""`
	Chain       `embed:""`
	Sites       `embed:""`
	Ports       `embed:""`
	Mining      `embed:""`
	ShareLog    `embed:""`
	Money       `embed:""`
	Mail        `embed:""`
	Trail       `embed:""`
	Outgoing    `embed:""`
}

// Run serves until ctx ends.
func (s *Serve) Run(ctx context.Context, log *slog.Logger) error {
	if err := errors.Join(s.Live.check(), s.checkLocal()); err != nil {
		return err
	}
	if s.CheckEvery <= 0 {
		return hashyard.Invalid.Errorf("--check-every must be above zero")
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return fmt.Errorf("serve folder: %w", err)
	}
	h := &house{flags: s, log: log}
	var err error
	if h.ops, err = openOps(ctx, "serve", s.Traces, log); err != nil {
		return err
	}
	defer h.ops.close()
	if h.db, err = pg.Open(ctx, pg.Config{URL: s.DatabaseURL, MaxConns: 40, Log: log, Tracer: h.ops.tracer()}); err != nil {
		return err
	}
	defer h.db.Close()
	key, err := s.key(ctx)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	if s.Devchain && !s.WebOnly {
		run, err := s.openDevchain(ctx, s.Dir, key.Address, log)
		if err != nil {
			return err
		}
		// The chain ends last: whoever uses it is done by then.
		chain, stop := context.WithCancel(context.WithoutCancel(ctx))
		ended := make(chan error, 1)
		go func() { ended <- run(chain) }()
		defer func() { stop(); <-ended }()
	}
	h.closeNodes = func() {}
	defer func() { h.closeNodes() }() // else a node's own end waits for our connections
	if err := h.connect(ctx); err != nil {
		return err
	}
	defer func() {
		if h.shares == nil {
			return
		}
		if err := h.shares.Close(); err != nil {
			log.Warn("share log not closed cleanly", "error", err)
		}
	}()
	if err := h.prepare(ctx, key); err != nil {
		return err
	}
	leave, err := h.openLive()
	if err != nil {
		return err
	}
	defer leave()
	return h.run(ctx, g)
}

// key asks the signer what the treasury's address is. A yard that was started
// before remembers it, so that a stopped signer stops payouts only.
func (s *Serve) key(ctx context.Context) (signer.Info, error) {
	info, err := s.signer().Info(ctx)
	if !errors.Is(err, hashyard.Unavailable) {
		return info, err
	}
	if b, rerr := os.ReadFile(s.kept()); rerr == nil {
		return info, json.Unmarshal(b, &info)
	}
	return info, err
}

func (s *Serve) kept() string { return filepath.Join(s.Dir, "treasury.json") }

// keep remembers a key that was found to be the treasury's.
func (s *Serve) keep(info signer.Info) error {
	b, err := json.Marshal(info)
	if err != nil {
		return err
	}
	return os.WriteFile(s.kept(), b, 0o600)
}

// connect reaches the nodes and opens the share log.
func (h *house) connect(ctx context.Context) (err error) {
	if err := h.openNodes(ctx); err != nil {
		return err
	}
	if err := h.flags.checkChain(h.network); err != nil {
		return err
	}
	if !h.leads() {
		return nil
	}
	h.shares, err = sharelog.Open(ctx, h.flags.log(filepath.Join(h.flags.Dir, "shares"), h.log))
	return err
}

// prepare builds the parts and seeds a local world.
func (h *house) prepare(ctx context.Context, key signer.Info) error {
	seed, err := h.flags.seed()
	if err != nil {
		return err
	}
	h.id = seed.house()
	if err := h.build(ctx, key); err != nil {
		return err
	}
	if err := h.treasury.CheckKey(ctx, key); err != nil {
		return err
	}
	if err := h.flags.keep(key); err != nil {
		return err
	}
	if !h.leads() {
		return nil
	}
	if err := h.plant(ctx, seed); err != nil {
		return err
	}
	return h.treasury.ArmReconcile(ctx)
}

// leads is false for a process that only serves the web beside the one that
// leads: no shares, no jobs, no orders, no events to hand out.
func (h *house) leads() bool { return !h.flags.WebOnly }

// run starts everything and returns when ctx has ended and all have stopped.
func (h *house) run(ctx context.Context, g *errgroup.Group) error {
	l, err := listen(ctx, h.flags.Listen, "--listen")
	if err != nil {
		return err
	}
	o, err := h.ops.listen(ctx, h.flags.OpsListen)
	if err != nil {
		return err
	}
	h.figures()
	h.ops.check(h.checks()...)
	api, err := h.api()
	if err != nil {
		return err
	}
	// Streams end with the broker, so that the server's shutdown is quick.
	defer context.AfterFunc(ctx, h.broker.Close)()
	parts := map[string]func(context.Context) error{
		"ops":  func(ctx context.Context) error { return h.ops.serve(ctx, o) },
		"live": h.live.Run,
		"http": func(ctx context.Context) error {
			return serveHTTP(ctx, web.Server(h.flags.Listen, h.ops.tracing.Handler(tamperHTTP(api.Handler()))), l)
		},
	}
	if h.leads() {
		if err := h.lead(parts); err != nil {
			return err
		}
	}
	for name, run := range parts {
		g.Go(func() error {
			err := run(ctx)
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("%s stopped: %w", name, errors.Join(err, errStopped))
		})
	}
	h.log.InfoContext(ctx, "yard serves", "address", h.flags.Listen, "stratum", h.flags.Stratum, "network", h.network.Name, "web_only", h.flags.WebOnly, "at", time.Now().UTC())
	return g.Wait()
}

// lead adds what one process of the yard does.
func (h *house) lead(parts map[string]func(context.Context) error) error {
	dispatcher := pg.NewDispatcher(h.db, h.handlers(), pg.DispatcherConfig{Log: h.log, Workers: 8, Observe: telemetry.Deliveries(h.ops.Registry)})
	heads, err := audit.NewExporter(audit.ExporterConfig{Store: h.keeper, File: h.flags.auditHeads(), Every: h.flags.AuditEvery, Log: h.log})
	if err != nil {
		return err
	}
	maps.Copy(parts, map[string]func(context.Context) error{
		"dispatcher": dispatcher.Run,
		"invariants": h.watchInvariants,
		"mail":       notify.NewSender(notify.SenderConfig{Queue: h.keeper, Carrier: h.carrier, Seal: h.seal, Log: h.log}).Run,
		"audit":      heads.Run,
		"webhooks":   h.hookSender.Run,
		"market":     h.market.Run,
		"brokerage":  h.brokerage.Run,
		"treasury":   func(ctx context.Context) error { return h.db.Lead(ctx, "treasury", h.treasury.Run) },
		"fleet":      func(ctx context.Context) error { return h.db.Lead(ctx, "fleet", h.fleet.Run) },
		"pool":       h.pool.Run,
		"stratum":    h.stratum.Run,
		"jobs":       h.dispatch.Run,
		"shares": func(ctx context.Context) error {
			return h.consumer.Run(ctx, telemetry.Booked(h.ops.Registry, h.pool.Apply))
		},
	})
	if h.hub != nil {
		parts["edges"] = h.hub.Run
	}
	return nil
}

// errStopped is the end of a part that should go on for ever.
var errStopped = errors.New("it must run as long as the process")
