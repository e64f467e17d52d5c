// Package agent is the process at a site: it finds machines, reads them,
// reports what it sees to the yard and carries out the yard's commands. All
// connections go out: to machines inside the site's network, and to the yard.
//
// It keeps readings for a while when the yard is away, and the results of
// commands on disk until the yard has them. One Agent runs one site; Run owns
// every goroutine it starts and waits for them.
package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"hashyard"
	"hashyard/firmware"
	"hashyard/fleet"
	"hashyard/fleet/discover"
)

// Config is what an Agent needs.
type Config struct {
	Yard  string // base URL of the yard
	Key   string // API key with the role agent
	Site  string // name or id of the site
	State string // folder of its own; results of commands wait there

	// CIDR is what this agent may touch at most. The yard's idea of the site
	// must lie within it. Zero: the yard's word is taken.
	CIDR        netip.Prefix
	Loopback    bool   // the site may be of loopback: simulated machines
	RPCPort     uint16 // 0 means firmware.DefaultRPCPort
	WebPort     uint16 // 0 means firmware.DefaultWebPort
	Credentials firmware.Credentials
	Families    map[string]firmware.Family
	Probe       firmware.Probe

	Version     string
	Concurrency int           // dials at once in a sweep; 0 means 256
	Readers     int           // machines read at once; 0 means 32
	Timeout     time.Duration // of one request to a machine; 0 means firmware.DefaultTimeout
	Settle      time.Duration // how long a written machine may take to read back; 0 means 15 s
	HTTP        *http.Client  // to the yard; nil makes one
	Now         func() time.Time
	Log         *slog.Logger
}

// Agent is one site's agent.
type Agent struct {
	cfg     Config
	log     *slog.Logger
	now     func() time.Time
	yard    *yard
	journal *journal

	welcome fleet.Welcome     // set before the loops start
	scanner *discover.Scanner // likewise
	herd    herd
	spool   spool
	ready   chan struct{} // 1 deep: a result waits to be posted

	mu      sync.Mutex // guards running and resting
	running map[hashyard.ID]bool
	resting map[hashyard.ID]time.Time // commands that must pause, until then
}

// New checks the configuration and opens the state folder.
func New(cfg Config) (*Agent, error) {
	u, err := url.Parse(cfg.Yard)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, hashyard.Invalid.Errorf("agent: yard %q is not an http address", cfg.Yard)
	}
	if cfg.Key == "" || cfg.Site == "" || cfg.State == "" || cfg.Probe == nil || len(cfg.Families) == 0 {
		return nil, hashyard.Invalid.Errorf("agent: needs a key, a site, a state folder, a probe and firmware families")
	}
	if cfg.Readers <= 0 {
		cfg.Readers = 32
	}
	if cfg.Settle <= 0 {
		cfg.Settle = 15 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.HTTP == nil {
		cfg.HTTP = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	j, err := openJournal(cfg.State)
	if err != nil {
		return nil, err
	}
	return &Agent{
		cfg: cfg, log: cfg.Log, now: cfg.Now, journal: j,
		yard:    &yard{base: u, key: cfg.Key, http: cfg.HTTP},
		ready:   make(chan struct{}, 1),
		running: map[hashyard.ID]bool{},
		resting: map[hashyard.ID]time.Time{},
	}, nil
}

// Run works until ctx ends. It fails only when it can never work: a site that
// the yard refuses for good is retried, because keys and sites can be mended.
func (a *Agent) Run(ctx context.Context) error {
	if err := a.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.watch(gctx) })
	g.Go(func() error { return a.report(gctx) })
	g.Go(func() error { return a.obey(gctx) })
	g.Go(func() error { return a.settleResults(gctx) })
	err := g.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// start says hello until the yard answers.
func (a *Agent) start(ctx context.Context) error {
	var w fleet.Welcome
	err := retry(ctx, func() error {
		var err error
		w, err = a.yard.hello(ctx, fleet.Hello{Site: a.cfg.Site, Version: a.cfg.Version})
		switch {
		case err == nil || ctx.Err() != nil:
		case needsSomebody(err):
			a.log.ErrorContext(ctx, "the yard refuses the agent; it goes on asking until this is mended", "site", a.cfg.Site, "error", err)
		default:
			a.log.WarnContext(ctx, "the yard does not welcome the agent, will retry", "site", a.cfg.Site, "error", err)
		}
		return err
	})
	if err != nil {
		return err
	}
	network, err := netip.ParsePrefix(w.CIDR)
	if err != nil {
		return hashyard.Invalid.Errorf("agent: the yard names network %q for site %s: %w", w.CIDR, a.cfg.Site, err)
	}
	if c := a.cfg.CIDR; c.IsValid() && (!c.Contains(network.Addr()) || c.Bits() > network.Bits()) {
		return hashyard.Denied.Errorf("agent: the yard names network %s for site %s, but this agent may touch %s only", network, a.cfg.Site, c)
	}
	if w.ScanEveryMS <= 0 || w.ReadEveryMS <= 0 {
		return hashyard.Invalid.Errorf("agent: the yard gave no intervals for site %s", a.cfg.Site)
	}
	a.welcome = w
	a.scanner, err = discover.New(discover.Config{
		Loopback: a.cfg.Loopback,
		Network:  network, RPCPort: a.cfg.RPCPort, WebPort: a.cfg.WebPort, Families: a.cfg.Families, Probe: a.cfg.Probe,
		Credentials: a.cfg.Credentials, Concurrency: a.cfg.Concurrency, Timeout: a.cfg.Timeout,
	})
	if err != nil {
		return fmt.Errorf("agent: %w", err)
	}
	a.log.InfoContext(ctx, "agent at work", "site", a.cfg.Site, "network", network.String(), "scan_every_ms", w.ScanEveryMS, "read_every_ms", w.ReadEveryMS)
	return nil
}

// retry runs fn until it succeeds or ctx ends, waiting 0.25 s, doubling to 5 s.
func retry(ctx context.Context, fn func() error) error {
	for wait := 250 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := fn()
		if err == nil {
			return nil
		}
		if !pause(ctx, wait) {
			return errors.Join(err, ctx.Err())
		}
	}
}

// pause waits; false means that ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
