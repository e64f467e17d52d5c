package pool

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"hashyard"
	"hashyard/pool/share"
)

// Proof measures a unit's work against what was sold. Only accepted shares of
// sessions that knew the unit's secret count, and only those after the first:
// that one starts the clock, so that the window begins at an event of the
// machine's own and no idle time before it is held against it.
//
// The window is of hashing, not of submitting: firmware may hash in silence and
// submit what it kept once the clock runs. The clock therefore starts at a
// share right with which a new job id was sent, and what counts are shares of
// ids sent from then on; nobody could hash for them before. That the share
// decides alone when the window begins, before anybody knows what will be found
// in it, keeps the start from being chosen for its luck.
type Proof struct {
	Trade, Unit, Org hashyard.ID
	SoldGHs          hashyard.GHs
	Since            time.Time // earlier shares do not count
	From             time.Time // the first share's, when the first id that counts was sent; zero before it
	Worker           hashyard.ID
	Tally
	Refused  int64
	Sessions []hashyard.ID
	Measured time.Time // when it was last told
}

// Count adds a record of the unit and reports whether anything changed.
func (p *Proof) Count(r share.Record, org hashyard.ID) bool {
	if r.Unit != p.Unit || org != p.Org || !r.Secret || r.At.Before(p.Since) {
		return false
	}
	if !r.Accepted() {
		if p.From.IsZero() {
			return false
		}
		p.Refused++
		return true
	}
	begins := p.From.IsZero()
	if begins && !r.Fresh || !begins && r.Sent.Before(p.From) {
		return false // paid like any other
	}
	if !slices.Contains(p.Sessions, r.Session) {
		p.Sessions = append(p.Sessions, r.Session)
	}
	p.Worker = r.Worker
	if begins {
		p.From = r.At
		return true
	}
	p.Add(r)
	return true
}

// Due reports whether the measurement should be told again.
func (p Proof) Due(now time.Time, every time.Duration) bool {
	last := p.Measured
	if last.Before(p.From) {
		last = p.From
	}
	return !p.From.IsZero() && !last.Add(every).After(now)
}

// Event is the measurement so far.
func (p Proof) Event(now time.Time, scale hashyard.Scale) (hashyard.Event, error) {
	squares, err := hashyard.WorkFromBig(orZero(p.Squares))
	if err != nil {
		return hashyard.Event{}, fmt.Errorf("proof of unit %s: Σ difficulty²: %w", p.Unit, err)
	}
	ev, err := hashyard.NewEvent(hashyard.EvWorkMeasured, hashyard.Ref{Kind: "unit", ID: p.Unit}, now, hashyard.WorkMeasured{
		Unit: p.Unit, Worker: p.Worker, Org: p.Org, From: p.From, To: now.UTC(), Work: p.Work, SumSquares: squares,
		Shares: p.Shares, Rejected: p.Refused, Sessions: int64(len(p.Sessions)), Scale: scale,
	})
	ev.Orgs, ev.Units = []hashyard.ID{p.Org}, []hashyard.ID{p.Unit}
	return ev, err
}

// startDifficulty is the difficulty at which a machine of the given displayed
// rate finds perMinute shares, as a power of two whose exponent is rounded as
// said: down under proof, where more shares prove sooner; 0 when unknown.
func startDifficulty(ghs hashyard.GHs, scale hashyard.Scale, perMinute float64, round func(float64) float64) hashyard.Difficulty {
	if ghs <= 0 || scale <= 0 || perMinute <= 0 {
		return 0
	}
	perShare := float64(ghs.Hashrate()) / float64(scale) * 60 / perMinute
	if perShare < 1 || perShare >= 1<<62 {
		return 0
	}
	return 1 << uint(round(math.Log2(perShare)))
}

// OnProofStarted measures the unit from now on, with a share rate of its own.
func (s *Service) OnProofStarted(ctx context.Context, ev hashyard.Event) error {
	var p hashyard.ProofStarted
	if err := ev.Read(&p); err != nil {
		return err
	}
	err := s.store.StartProof(ctx, ev.ID, Proof{Trade: p.Trade, Unit: p.Unit, Org: p.Buyer, SoldGHs: p.SoldGHs, Since: ev.At})
	if err != nil {
		return fmt.Errorf("start proof of unit %s: %w", p.Unit, err)
	}
	return s.retarget(ctx, p.Unit)
}

// OnHashrateProven ends the measurement.
func (s *Service) OnHashrateProven(ctx context.Context, ev hashyard.Event) error {
	return s.endProof(ctx, ev, "proven")
}

// OnHashrateRefuted ends the measurement.
func (s *Service) OnHashrateRefuted(ctx context.Context, ev hashyard.Event) error {
	return s.endProof(ctx, ev, "refuted")
}

func (s *Service) endProof(ctx context.Context, ev hashyard.Event, outcome string) error {
	var p hashyard.ProofDecided
	if err := ev.Read(&p); err != nil {
		return err
	}
	if err := s.store.EndProof(ctx, ev.ID, p.Trade, p.Unit, outcome, s.cfg.Now().UTC()); err != nil {
		return fmt.Errorf("end proof of unit %s: %w", p.Unit, err)
	}
	return s.retarget(ctx, p.Unit)
}

// OnTradeOver ends the measurements of a trade that needs none any more: it is
// disputed, cancelled or settled, or another of its units was refuted, which
// decides the trade. That unit's own measurement ends as refuted.
func (s *Service) OnTradeOver(ctx context.Context, ev hashyard.Event) error {
	var p struct{ Trade, Unit hashyard.ID }
	if err := ev.Read(&p); err != nil {
		return err
	}
	units, err := s.store.EndProofs(ctx, ev.ID, p.Trade, p.Unit, s.cfg.Now().UTC())
	if err != nil {
		return fmt.Errorf("end proofs of trade %s: %w", p.Trade, err)
	}
	for _, unit := range units {
		if err := s.retarget(ctx, unit); err != nil {
			return err
		}
	}
	return nil
}

// retarget gives the unit's live sessions the grant they would get now. A
// session that opens meanwhile gets it by Authorize.
func (s *Service) retarget(ctx context.Context, unit hashyard.ID) error {
	edge := s.edge()
	if edge == nil {
		return nil
	}
	logins, err := s.store.UnitLogins(ctx, unit)
	if err != nil {
		return fmt.Errorf("retarget unit %s: %w", unit, err)
	}
	for _, l := range logins {
		g := s.grant(l)
		g.Secret = true
		edge.Retarget(l.Worker.ID, g)
	}
	return nil
}

// RestartProofs begins every open measurement anew. It is called when the
// pool itself could not take shares: that time says nothing about a machine.
func (s *Service) RestartProofs(ctx context.Context, reason string) error {
	n, err := s.store.RestartProofs(ctx, s.cfg.Now().UTC())
	if err != nil {
		return fmt.Errorf("restart proofs: %w", err)
	}
	if n > 0 {
		s.log.InfoContext(ctx, "measurements begin anew", "units", n, "reason", reason)
	}
	return nil
}

// measure tells the open measurements that are due, once every share that was
// accepted until a moment is counted.
func (s *Service) measure(ctx context.Context) error {
	if s.away() {
		return nil
	}
	h := s.measuring
	if h == nil {
		var err error
		if h, err = s.hold(ctx); err != nil {
			return err
		}
	}
	_, err := s.store.Measure(ctx, h.Barrier, func(p Proof) (bool, hashyard.Event, error) {
		if !p.Due(h.at, s.cfg.MeasureEvery) {
			return false, hashyard.Event{}, nil
		}
		// Shares that came while the place was waited for are counted too: the
		// window must then reach to the last of them.
		to := h.at
		if p.Last.After(to) {
			to = p.Last
		}
		ev, err := p.Event(to, s.cfg.Scale)
		return true, ev, err
	}, h.at)
	if s.measuring = nil; s.waits(ctx, h, err, "measurement") {
		s.measuring = h
	}
	return err
}
