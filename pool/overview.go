package pool

import (
	"context"
	"fmt"
	"time"

	"hashyard"
	"hashyard/pool/fpps"
)

// Window is what was done in a window that ends now.
type Window struct {
	Tally
	First time.Time // its first minute with work; zero when there is none
	Rate  Rate
}

// Overview is the pool as an organisation sees its part of it; for the house
// it is the whole.
type Overview struct {
	At                time.Time
	Hour, Day         Window
	Workers, Working  int64         // working: a share in the last five minutes
	NextBlock         time.Duration // expected by the whole pool's last hour; zero when unknown
	NetworkShare      float64       // of the whole pool; zero where the chain keeps no ten-minute pace
	LastBlock         Block         // zero before the first
	PoolHour          Rate          // of the whole pool
	NetworkDifficulty float64
	Work              WorkState
	WorkKnown         bool // Work is: this process makes the jobs
}

// wholePool reads what all tenants did together.
func wholePool() hashyard.Actor { return hashyard.SystemActor("pool.overview") }

// Overview reads the figures of the pool page.
func (s *Service) Overview(ctx context.Context, actor hashyard.Actor) (Overview, error) {
	now := s.cfg.Now().UTC()
	o := Overview{At: now}
	o.Work, o.WorkKnown = s.workFor(actor)
	var err error
	if o.Hour, err = s.window(ctx, actor, time.Minute, now.Add(-time.Hour).Truncate(time.Minute), now); err != nil {
		return o, err
	}
	if o.Day, err = s.window(ctx, actor, time.Hour, now.Add(-24*time.Hour).Truncate(time.Hour), now); err != nil {
		return o, err
	}
	if o.Workers, o.Working, err = s.store.Headcount(ctx, actor, now.Add(-recent).Truncate(time.Minute)); err != nil {
		return o, err
	}
	whole, err := s.window(ctx, wholePool(), time.Minute, now.Add(-time.Hour).Truncate(time.Minute), now)
	if err != nil {
		return o, err
	}
	o.PoolHour = whole.Rate
	p, err := s.Params(ctx)
	if err != nil {
		return o, err
	}
	o.NetworkDifficulty = p.Difficulty
	// Expectation is about real hashes: the scale is for screens only.
	if real := float64(whole.Rate.Estimate) / float64(s.cfg.Scale); real > 0 && p.Difficulty > 0 {
		seconds := p.Difficulty * (1 << 32) * 65536 / 65535 / real
		o.NextBlock = time.Duration(min(seconds, 1e9) * float64(time.Second))
		if s.cfg.Scale == 1 {
			o.NetworkShare = 600 / seconds
		}
	}
	bs, _, err := s.store.Blocks(ctx, actor, Page{Limit: 1})
	if err != nil {
		return o, err
	}
	if len(bs) > 0 {
		o.LastBlock = bs[0]
	}
	return o, nil
}

func (s *Service) window(ctx context.Context, actor hashyard.Actor, step time.Duration, since, now time.Time) (w Window, err error) {
	rows, err := s.store.Totals(ctx, actor, step, since)
	if err != nil {
		return w, err
	}
	for i, r := range rows {
		if i == 0 {
			w.First = r.Minute
		}
		w.Merge(r.Tally)
	}
	if !w.First.IsZero() {
		w.Rate = RateOf(w.Tally, now.Sub(w.First), s.cfg.Scale, meanWork(w.Tally))
	}
	return w, nil
}

// Span is how far back a chart looks.
type Span string

// spans are the charts' windows with their steps; sums are kept by the minute
// and by the hour.
func spans() map[Span]struct{ back, step, sum time.Duration } {
	return map[Span]struct{ back, step, sum time.Duration }{
		"1h":  {time.Hour, time.Minute, time.Minute},
		"24h": {24 * time.Hour, 10 * time.Minute, time.Minute},
		"7d":  {7 * 24 * time.Hour, time.Hour, time.Hour},
		"30d": {30 * 24 * time.Hour, 6 * time.Hour, time.Hour},
		"1y":  {365 * 24 * time.Hour, 24 * time.Hour, time.Hour},
	}
}

func noSpan(span Span) error {
	return hashyard.Invalid.Errorf("window %.20q is none of 1h, 24h, 7d, 30d, 1y", span)
}

// Price is the hashprice from a moment on.
type Price struct {
	From      time.Time
	Hashprice float64 // satoshis per displayed TH/s and day, before the fee
	NBits     uint32
	// Retarget is how much the difficulty changed against the rate before.
	Retarget float64
}

// Chart is hashrate, hashprice and blocks on one time axis.
type Chart struct {
	From, To time.Time
	Points   []Point
	Prices   []Price
	Blocks   []Block
}

// Chart reads one, of the actor's own work and of everybody's blocks.
func (s *Service) Chart(ctx context.Context, actor hashyard.Actor, span Span) (Chart, error) {
	w, ok := spans()[span]
	if !ok {
		return Chart{}, noSpan(span)
	}
	now := s.cfg.Now().UTC()
	c := Chart{From: now.Add(-w.back).Truncate(w.step), To: now}
	rows, err := s.store.Totals(ctx, actor, w.sum, c.From)
	if err != nil {
		return c, err
	}
	c.Points = Series(rows, w.step, now, s.cfg.Scale)
	epochs, err := s.store.Epochs(ctx, c.From)
	if err != nil {
		return c, err
	}
	c.Prices = prices(epochs, s.cfg.Scale)
	c.Blocks, err = s.store.BlocksSince(ctx, c.From)
	return c, err
}

// prices are where the hashprice changed; at most maxPoints, the newest.
func prices(epochs []Epoch, scale hashyard.Scale) []Price {
	var out []Price
	for _, e := range epochs {
		p := Price{From: e.Created, NBits: e.NBits}
		p.Hashprice, _ = e.Hashprice(scale).Float64()
		if n := len(out); n > 0 {
			if out[n-1].NBits != e.NBits {
				now, _ := fpps.Difficulty(e.NBits).Float64()
				was, _ := fpps.Difficulty(out[n-1].NBits).Float64()
				p.Retarget = now/was - 1
			}
			if out[n-1].Hashprice == p.Hashprice && p.Retarget == 0 {
				continue
			}
		}
		out = append(out, p)
	}
	return out[max(0, len(out)-maxPoints):]
}

// Refusal is what was refused under one Stratum code.
type Refusal struct {
	Code    int
	Count   int64
	Workers int64  // that it happened to
	Worst   Worker // whose share of it is the largest
	Most    int64  // of Count, the worst worker's
}

// Refusals are the last day's, the most frequent first, with all submits.
func (s *Service) Refusals(ctx context.Context, actor hashyard.Actor) (rs []Refusal, all Tally, err error) {
	now := s.cfg.Now().UTC()
	since := now.Add(-24 * time.Hour).Truncate(time.Hour)
	w, err := s.window(ctx, actor, time.Hour, since, now)
	if err != nil {
		return nil, all, err
	}
	rs, err = s.store.Refusals(ctx, actor, since)
	return rs, w.Tally, err
}

// WorkerSeries is a worker's measured hashrate over time.
func (s *Service) WorkerSeries(ctx context.Context, actor hashyard.Actor, worker hashyard.ID, since time.Time, step time.Duration) ([]Point, error) {
	since, step, err := s.seriesBounds(since, step)
	if err != nil {
		return nil, err
	}
	ms, err := s.store.WorkerMinutes(ctx, actor, worker, since)
	if err != nil {
		return nil, fmt.Errorf("series of worker %s: %w", worker, err)
	}
	return Series(ms, step, s.cfg.Now().UTC(), s.cfg.Scale), nil
}

// FeeBlocks are the blocks of a rate's fee index, the newest first, so that its
// sum can be checked.
func (s *Service) FeeBlocks(ctx context.Context, epoch hashyard.ID) (Epoch, []fpps.Block, error) {
	e, err := s.store.EpochByID(ctx, epoch)
	if err != nil {
		return Epoch{}, nil, err
	}
	bs, err := s.store.BlockFees(ctx, e.FeeTip, e.FeeN)
	return e, bs, err
}
