package brokerage

import (
	"context"
	"log/slog"
	"time"

	"hashyard"
)

// Config is what a Service needs.
type Config struct {
	House      hashyard.ID // the organisation that runs the yard
	Orders     OrderStore
	Trades     TradeStore
	Ledger     LedgerStore
	Market     Market
	Rail       Rail
	Reserver   Reserver
	Conditions Conditions // nil: asks carry no condition snapshot
	Orgs       Orgs       // nil: organisations are called by their id
	Serials    Serials    // nil: machines are called by their id
	Gate       Gate       // nil: every organisation may trade
	// MayPay is why no money leaves the house now; nil or a nil answer: it may.
	MayPay func(ctx context.Context) error
	Now    func() time.Time
	Log    *slog.Logger
	// SweepEvery is the pace of Run; default 15 s. An order may be placing
	// for SweepAfter before it is given up; default 60 s.
	SweepEvery, SweepAfter time.Duration
}

// Service is brokerage as the other parts see it.
type Service struct {
	cfg   Config
	terms Terms
	log   *slog.Logger
}

// New makes the service. Its terms are those of the market, whose trades they
// are; an order is worth no more than the rail can carry in one payment.
func New(cfg Config) *Service {
	terms := cfg.Market.Terms().Complete()
	if cfg.Rail != nil {
		terms.MaxNotional = min(terms.MaxNotional, cfg.Rail.MaxPayment())
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.SweepEvery == 0 {
		cfg.SweepEvery = 15 * time.Second
	}
	if cfg.SweepAfter == 0 {
		cfg.SweepAfter = time.Minute
	}
	return &Service{cfg: cfg, terms: terms, log: cfg.Log}
}

// mayTrade asks the gate.
func (s *Service) mayTrade(ctx context.Context, org hashyard.ID) error {
	if s.cfg.Gate == nil {
		return nil
	}
	return s.cfg.Gate.MayTrade(ctx, org)
}

// Terms are the conditions trades are made under.
func (s *Service) Terms() Terms { return s.terms }

// TestMode reports that no real dollars move.
func (s *Service) TestMode() bool { return s.cfg.Rail == nil || s.cfg.Rail.TestMode() }

// now is the service's instant, as precise as the database keeps it.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

// SeedInstrument makes an instrument known; it may run at every start.
func (s *Service) SeedInstrument(ctx context.Context, i Instrument) error {
	if err := i.Check(); err != nil {
		return err
	}
	return s.cfg.Orders.PutInstrument(ctx, i)
}

// OrgNames tells how organisations are called, as far as known.
func (s *Service) OrgNames(ctx context.Context, ids ...hashyard.ID) map[hashyard.ID]string {
	if s.cfg.Orgs == nil || len(ids) == 0 {
		return nil
	}
	names, err := s.cfg.Orgs.OrgNames(ctx, ids)
	if err != nil {
		s.log.WarnContext(ctx, "organisation names not readable", "error", err)
	}
	return names
}

func (s *Service) orgName(ctx context.Context, id hashyard.ID) string {
	if n := s.OrgNames(ctx, id)[id]; n != "" {
		return n
	}
	return id.String()
}

// Run sweeps until ctx ends: orders that were left while being placed, and
// payments whose webhook did not come. Several processes may run it.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(s.cfg.SweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := s.SweepOrders(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "orders not swept", "error", err)
		}
		if err := s.SweepPayments(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "payments not swept", "error", err)
		}
	}
}
