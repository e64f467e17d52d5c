package treasury

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"hashyard"
	"hashyard/brokerage/treasury/signer"
)

// Signer holds the key: signer.Client. Denied and Invalid are its last word,
// anything else, a day's limit too, means ask again.
type Signer interface {
	Info(ctx context.Context) (signer.Info, error)
	Enrol(ctx context.Context, e signer.Enrolment) error
	Sign(ctx context.Context, r signer.Request) (signer.Signed, error)
	// Freeze makes it sign nothing, or sign again.
	Freeze(ctx context.Context, frozen bool, reason string) error
}

// Names tells how organisations are called.
type Names interface {
	OrgNames(ctx context.Context, ids []hashyard.ID) (map[hashyard.ID]string, error)
}

// Config is what a Service needs.
type Config struct {
	Store   Store
	Chain   Chain
	Signer  Signer
	Network *chaincfg.Params // address forms
	Rules   Rules
	// Birth is the first block a new treasury looks at; FromTip takes the tip of
	// its first start.
	Birth int64
	// Threshold is the earnings from which a payout is made; default 100,000 sat.
	Threshold hashyard.Sats
	// Confirmations make a payout final, and a deposit safe to spend; default 6.
	Confirmations int64
	// FeeFloor and FeeCeiling bound the fee rate in sat/vB; above the ceiling
	// payouts wait. Defaults 1 and 200. FeeBlocks is the estimate's target, default 6.
	FeeFloor, FeeCeiling hashyard.Sats
	FeeBlocks            int
	// RefusedHold is how long an address that the signer refused is left alone,
	// unless it is set again; default 24 h.
	RefusedHold time.Duration
	// Every is the pace of Run, default 5 s; Rebroadcast of sending again what
	// no block has, default 1 min.
	Every, Rebroadcast time.Duration
	// Dollars and Unspent are what the books are compared with; without them
	// those lines stay unknown. Second is how long a difference must last to be
	// believed, default 5 s.
	Dollars Dollars
	Orgs    Names // nil: no names are shown
	Unspent Unspent
	Second  time.Duration
	Now     func() time.Time
	Log     *slog.Logger
}

func (c Config) complete() Config {
	def := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	def(&c.RefusedHold, 24*time.Hour)
	def(&c.Every, 5*time.Second)
	def(&c.Second, 5*time.Second)
	def(&c.Rebroadcast, time.Minute)
	for _, d := range []struct {
		v  *hashyard.Sats
		to hashyard.Sats
	}{{&c.Threshold, 100_000}, {&c.FeeFloor, 1}, {&c.FeeCeiling, 200}} {
		if *d.v == 0 {
			*d.v = d.to
		}
	}
	if c.Confirmations == 0 {
		c.Confirmations = 6
	}
	if c.FeeBlocks == 0 {
		c.FeeBlocks = 6
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Service is the treasury as the other parts see it.
type Service struct {
	cfg   Config
	wake  chan struct{}
	enrol chan struct{} // holds one token: addresses are set one at a time

	mu    sync.Mutex // guards what follows: one Step at a time
	asked time.Time  // when the signer last told about itself
	sent  map[hashyard.ID]time.Time
	// signerFrozen is the switch as the signer was last told; nil after a start.
	signerFrozen *bool
}

// New makes the service.
func New(cfg Config) (*Service, error) {
	if cfg.Store == nil || cfg.Chain == nil || cfg.Signer == nil || cfg.Network == nil {
		return nil, hashyard.Invalid.Errorf("treasury: store, chain, signer and network are needed")
	}
	if cfg.Rules.House.IsZero() || cfg.Rules.Maturity < 1 {
		return nil, hashyard.Invalid.Errorf("treasury: house %s, coinbase maturity %d", cfg.Rules.House, cfg.Rules.Maturity)
	}
	cfg = cfg.complete()
	if cfg.Threshold < 1 || cfg.Confirmations < 1 || cfg.FeeFloor < 1 || cfg.FeeCeiling < cfg.FeeFloor || cfg.Birth < FromTip {
		return nil, hashyard.Invalid.Errorf("treasury: threshold %d, confirmations %d, fee rates %d to %d, birth %d: all must be above zero and in order",
			cfg.Threshold, cfg.Confirmations, cfg.FeeFloor, cfg.FeeCeiling, cfg.Birth)
	}
	return &Service{cfg: cfg, wake: make(chan struct{}, 1), enrol: make(chan struct{}, 1), sent: map[hashyard.ID]time.Time{}}, nil
}

// now is the service's instant, as precise as the database keeps it.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

// Wake makes Run look at once, after earnings or a block.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run steps until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(s.cfg.Every)
	defer tick.Stop()
	var said string
	for {
		switch err := s.Step(ctx); {
		case err == nil:
			said = ""
		case ctx.Err() == nil && err.Error() != said: // not every few seconds anew
			said = err.Error()
			s.cfg.Log.WarnContext(ctx, "treasury waits", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-s.wake:
		}
	}
}

// Step does everything that can be done now: scan the chain, request payouts
// that are due, and move every open payout as far as it goes.
func (s *Service) Step(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	head, err := s.adopt(ctx)
	if err != nil {
		return err
	}
	head, tip, scanErr := s.scan(ctx, head)
	if scanErr == nil && !tip {
		s.Wake() // what is not scanned yet may have spent our coins
		return nil
	}
	if err := s.sound(ctx); err != nil {
		return errors.Join(scanErr, err)
	}
	freeze, err := s.switched(ctx)
	if err != nil {
		return errors.Join(scanErr, err)
	}
	if freeze.Frozen {
		return errors.Join(scanErr, s.advance(ctx, head, freeze))
	}
	// A node that is down must not keep drafted payouts from being signed.
	return errors.Join(scanErr, s.request(ctx, head), s.advance(ctx, head, freeze))
}

// sound stops everything while ledger and coins differ.
func (s *Service) sound(ctx context.Context) error {
	b, err := s.cfg.Store.Balances(ctx)
	if err != nil {
		return err
	}
	if d := b.Difference(); d != 0 {
		return hashyard.Conflict.Errorf("treasury: ledger and coins differ by %d sat at height %d (coins %d, ledger %d; under way %d, ledger %d): no payout is made until that is explained",
			d, b.Head.Height, b.Spendable, b.LedgerCoins, b.InFlight, -b.LedgerInFlight)
	}
	return nil
}
