package pool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"hashyard"
	"hashyard/pool/fpps"
	"hashyard/pool/share"
)

// Log is the share log as far as settlement asks: its incarnation and last
// durable message, once everything accepted before the question is durable.
type Log interface {
	Flush(ctx context.Context) (stream string, seq uint64, err error)
}

// Edge is the live Stratum server.
type Edge interface {
	Retarget(worker hashyard.ID, g share.Grant)
	CloseWorker(worker hashyard.ID, reason string)
	Sessions() []Session
}

// Nominals tells the hashrate a machine is sold with, for its first
// difficulty; 0 when unknown.
type Nominals interface {
	NominalGHs(ctx context.Context, unit hashyard.ID) (hashyard.GHs, error)
}

// Config is what a Service needs. Store, Log, Chain and ServerKey are required.
type Config struct {
	Store    Store
	Log      Log
	Chain    Chain
	Edge     Edge     // optional; may come later by SetEdge, which the server needs us for
	Nominals Nominals // optional
	Readings Readings // optional
	// Work tells whether work is offered; nil in a process that makes no jobs.
	Work func() WorkState

	URL       string // what miners are given, stratum+tcp://host:port
	ServerKey []byte // workers' secrets derive from it; at least 32 bytes, the same for ever
	Network   string
	Scale     hashyard.Scale // of the network, 1 on every real one

	SettlementPeriod time.Duration // 0 is 24 h
	Grace            time.Duration // after a period in which shares of its jobs are taken; 0 is 30 s
	SettleAfter      time.Duration // after the grace, for shares on their way to the log; 0 is 3 s
	FeePPM           int64         // the pool's fee
	FeeMethod        fpps.Method   // its fee index; empty is sma/1
	FeeWindow        int64         // blocks of a trailing index; 0 is 144
	FeeEvery         time.Duration // how often within a period it is read anew; 0 is 1 h, never longer than the period
	SharesPerMinute  float64       // share target of a session; 0 is the edge's default
	ProofPerMinute   float64       // of a unit under proof; 0 is 60
	MeasureEvery     time.Duration // of a unit under proof; 0 is 10 s
	Confirmations    int64         // that make a found block final; 0 is 100

	Tick   time.Duration // of Run; 0 is 1 s
	Logger *slog.Logger
	Now    func() time.Time
}

// Service is the pool's accounting.
type Service struct {
	cfg   Config
	store Store
	chain Chain
	log   *slog.Logger

	devices notedDevices

	mu      sync.Mutex // guards the fields below
	stratum Edge
	epochs  map[epochKey]Epoch
	tip     [32]byte  // of the newest job
	tipRead [32]byte  // whose fee window is known
	lastJob time.Time // when work was last offered
	// interrupted says why measurements must begin anew; empty when they need not.
	interrupted string
	settled     time.Time // every period that ended up to here is settled

	began time.Time

	// Of Run's goroutine alone: what is waited for, and what machines are sold
	// with.
	measuring *held
	settling  map[PeriodKey]*held
	unsigned  bool // there may be statements without a signature
	nominal   map[hashyard.ID]hashyard.GHs
	nominalAt time.Time
}

// New checks the settings and makes a service; Run does its work over time.
func New(cfg Config) (*Service, error) {
	defaultTo(&cfg.SettlementPeriod, 24*time.Hour)
	defaultTo(&cfg.Grace, 30*time.Second)
	defaultTo(&cfg.SettleAfter, 3*time.Second)
	defaultTo(&cfg.FeeMethod, fpps.SMA)
	defaultTo(&cfg.FeeWindow, 144)
	defaultTo(&cfg.FeeEvery, time.Hour)
	cfg.FeeEvery = min(cfg.FeeEvery, cfg.SettlementPeriod)
	defaultTo(&cfg.ProofPerMinute, 60)
	defaultTo(&cfg.MeasureEvery, 10*time.Second)
	defaultTo(&cfg.Confirmations, 100)
	defaultTo(&cfg.Scale, 1)
	defaultTo(&cfg.Tick, time.Second)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	switch {
	case cfg.Store == nil || cfg.Log == nil || cfg.Chain == nil:
		return nil, hashyard.Invalid.Errorf("pool: store, share log and chain are required")
	case len(cfg.ServerKey) < minServerKey:
		return nil, hashyard.Invalid.Errorf("pool: the server key has %d bytes, %d are needed", len(cfg.ServerKey), minServerKey)
	case cfg.SettlementPeriod < time.Second || cfg.Grace < 0 || cfg.SettleAfter < 0 || cfg.FeeWindow < 0 || cfg.Scale < 1:
		return nil, hashyard.Invalid.Errorf("pool: settlement period %s, grace %s, fee window %d or work scale %d make no sense",
			cfg.SettlementPeriod, cfg.Grace, cfg.FeeWindow, cfg.Scale)
	case cfg.FeePPM < 0 || cfg.FeePPM > fpps.MaxPPM:
		return nil, hashyard.Invalid.Errorf("pool: a fee of %d ppm is outside 0 … %d", cfg.FeePPM, fpps.MaxPPM)
	case cfg.FeeEvery <= 0 || cfg.SettlementPeriod%cfg.FeeEvery != 0:
		return nil, hashyard.Invalid.Errorf("pool: fees are read anew every %s, which does not divide a period of %s", cfg.FeeEvery, cfg.SettlementPeriod)
	}
	if err := cfg.FeeMethod.Check(); err != nil {
		return nil, fmt.Errorf("pool: %w", err)
	}
	return &Service{
		began: cfg.Now().UTC(), unsigned: true,
		cfg: cfg, store: cfg.Store, chain: cfg.Chain, log: cfg.Logger,
		stratum: cfg.Edge, epochs: map[epochKey]Epoch{}, settling: map[PeriodKey]*held{},
	}, nil
}

func defaultTo[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// SetEdge connects the Stratum server, which itself needs the service first.
func (s *Service) SetEdge(e Edge) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stratum = e
}

func (s *Service) edge() Edge {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stratum
}

// Run settles periods, tells measurements and follows blocks until ctx ends.
// Measurements begin anew: while this process was not there nobody could mine.
func (s *Service) Run(ctx context.Context) error {
	s.Interrupt("the pool was away")
	var wg sync.WaitGroup
	defer wg.Wait()
	// A node that hangs must not keep the books waiting.
	wg.Go(func() {
		s.repeat(ctx, []*chore{
			{name: "read fees", every: 2 * s.cfg.Tick, do: s.followFees},
			{name: "follow blocks", every: 3 * s.cfg.Tick, do: s.followBlocks},
		})
	})
	s.repeat(ctx, []*chore{
		{name: "restart measurements", every: s.cfg.Tick, do: s.afterInterruption},
		{name: "announce sessions", every: s.cfg.Tick, do: s.announce},
		{name: "store devices", every: 2 * s.cfg.Tick, do: s.storeDevices},
		{name: "measure units", every: s.cfg.Tick, do: s.measure},
		{name: "settle periods", every: s.cfg.Tick, do: s.settle},
		{name: "sign statements", every: 2 * s.cfg.Tick, do: s.seal},
		{name: "watch workers", every: watchEvery, do: s.watch},
	})
	return ctx.Err()
}

// repeat does chores in turn until ctx ends.
func (s *Service) repeat(ctx context.Context, chores []*chore) {
	tick := time.NewTicker(s.cfg.Tick)
	defer tick.Stop()
	for {
		for _, c := range chores {
			c.run(ctx, s)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Interrupt begins measurements anew, soon: the pool itself turned work away,
// and that says nothing about a machine. The edge calls it, from anywhere; it
// returns at once.
func (s *Service) Interrupt(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.interrupted = reason
}

// afterInterruption begins measurements anew when the pool was away. Until it
// has, none is told.
func (s *Service) afterInterruption(ctx context.Context) error {
	s.mu.Lock()
	reason := s.interrupted
	s.interrupted = ""
	s.mu.Unlock()
	if reason == "" {
		return nil
	}
	if err := s.RestartProofs(ctx, reason); err != nil {
		s.Interrupt(reason)
		return err
	}
	return nil
}

func (s *Service) away() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.interrupted != ""
}

// chore is a part of Run that is done again and again.
type chore struct {
	name  string
	every time.Duration
	do    func(context.Context) error

	next time.Time
	last string // the failure told last: the same one is told once
}

func (c *chore) run(ctx context.Context, s *Service) {
	now := s.cfg.Now()
	if now.Before(c.next) || ctx.Err() != nil {
		return
	}
	c.next = now.Add(c.every)
	err := c.do(ctx)
	switch {
	case err == nil || errors.Is(err, errNotYet):
		c.last = ""
	case ctx.Err() == nil && err.Error() != c.last:
		c.last = err.Error()
		s.log.WarnContext(ctx, "pool chore will be tried again", "chore", c.name, "err", err)
	}
}

// errNotYet says that shares accepted before now are not applied yet.
var errNotYet = errors.New("accepted shares are not all applied yet")

// NotYet is what a store answers when a barrier is not reached.
func NotYet() error { return errNotYet }
