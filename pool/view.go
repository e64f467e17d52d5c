package pool

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"time"

	"gonum.org/v1/gonum/mathext"

	"hashyard"
	"hashyard/pool/fpps"
)

// recent is the window of a worker's shown hashrate.
const recent = 5 * time.Minute

// WorkerView is a worker and what it did lately.
type WorkerView struct {
	Worker
	Five, Hour, Day Window
	LastShare       time.Time // of all times
	Standing                  // empty before the first look
	Reference       Reference
}

// EpochWork is booked work of one worker or unit in one epoch.
type EpochWork struct {
	Worker Worker
	Epoch  Epoch
	Tally
	Settled bool // its period is on a statement
}

// EpochLine is a statement's line with the worker's name.
type EpochLine struct {
	Line
	User string
}

// UnitLine is what a unit did for one statement.
type UnitLine struct {
	Statement Statement // without lines
	Line
}

// Rate is a measured hashrate with its two-sided 95 % interval. Shares arrive
// as a Poisson process; the effective count of equal shares is work² ÷ Σ
// difficulty². Upper is infinite when there is nothing to judge by.
type Rate struct {
	Estimate, Lower, Upper hashyard.Hashrate
}

// RateOf measures a tally over d. With no shares it judges by typical, the
// usual difficulty of the machine; 0 when unknown.
func RateOf(t Tally, d time.Duration, scale hashyard.Scale, typical hashyard.Work) Rate {
	const tail = 0.025
	if d <= 0 {
		return Rate{}
	}
	one := scale.Hashrate(typical, d)
	if t.Shares == 0 || orZero(t.Squares).Sign() == 0 {
		if typical.IsZero() {
			return Rate{Upper: hashyard.Hashrate(math.Inf(1))}
		}
		return Rate{Upper: one * hashyard.Hashrate(mathext.GammaIncRegInv(1, 1-tail))}
	}
	w, _ := new(big.Float).SetInt(t.Work.Big()).Float64()
	sq, _ := new(big.Float).SetInt(t.Squares).Float64()
	n := w * w / sq
	est := scale.Hashrate(t.Work, d)
	per := est / hashyard.Hashrate(n)
	return Rate{
		Estimate: est,
		Lower:    per * hashyard.Hashrate(mathext.GammaIncRegInv(n, tail)),
		Upper:    per * hashyard.Hashrate(mathext.GammaIncRegInv(n+1, 1-tail)),
	}
}

// Point is one step of a series.
type Point struct {
	At               time.Time
	For              time.Duration // shorter than the step at the present end
	Work             hashyard.Work
	Shares, Rejected int64
	Rate
}

// maxPoints bounds a series.
const maxPoints = 2000

// Series cuts minutes into steps from the first one's up to now, also where
// nothing came: an idle machine is shown idle.
func Series(minutes []Booking, step time.Duration, now time.Time, scale hashyard.Scale) []Point {
	if len(minutes) == 0 {
		return nil
	}
	var all Tally
	first := minutes[0].Minute
	byStep := map[int64]*Tally{}
	for _, m := range minutes {
		at := m.Minute.Truncate(step)
		if at.Before(first) {
			first = at
		}
		t := byStep[at.Unix()]
		if t == nil {
			t = &Tally{}
			byStep[at.Unix()] = t
		}
		t.Merge(m.Tally)
		all.Merge(m.Tally)
	}
	typical := meanWork(all)
	if n := int64(now.Sub(first)/step) + 1; n > maxPoints {
		first = first.Add(time.Duration(n-maxPoints) * step)
	}
	var out []Point
	for at := first.Truncate(step); !at.After(now); at = at.Add(step) {
		var t Tally
		if b := byStep[at.Unix()]; b != nil {
			t = *b
		}
		d := min(step, now.Sub(at))
		if d < time.Second {
			break
		}
		out = append(out, Point{At: at, For: d, Work: t.Work, Shares: t.Shares, Rejected: t.Rejected(), Rate: RateOf(t, d, scale, typical)})
	}
	return out
}

// meanWork is the usual work of one share.
func meanWork(t Tally) hashyard.Work {
	if t.Shares == 0 {
		return hashyard.Work{}
	}
	w, err := hashyard.WorkFromBig(new(big.Int).Quo(t.Work.Big(), big.NewInt(t.Shares)))
	if err != nil {
		return hashyard.Work{}
	}
	return w
}

// UnitSeries is a unit's measured hashrate over time.
func (s *Service) UnitSeries(ctx context.Context, actor hashyard.Actor, unit hashyard.ID, since time.Time, step time.Duration) ([]Point, error) {
	since, step, err := s.seriesBounds(since, step)
	if err != nil {
		return nil, err
	}
	ms, err := s.store.Minutes(ctx, actor, unit, since)
	if err != nil {
		return nil, fmt.Errorf("series of unit %s: %w", unit, err)
	}
	return Series(ms, step, s.cfg.Now().UTC(), s.cfg.Scale), nil
}

// seriesBounds are a day and a minute where nothing is asked for, and never
// more than maxPoints steps.
func (s *Service) seriesBounds(since time.Time, step time.Duration) (time.Time, time.Duration, error) {
	if step < time.Minute {
		step = time.Minute
	}
	if step%time.Minute != 0 {
		return since, step, hashyard.Invalid.Errorf("step %s is not whole minutes", step)
	}
	now := s.cfg.Now().UTC()
	if since.IsZero() {
		since = now.Add(-24 * time.Hour)
	}
	if oldest := now.Add(-maxPoints * step); since.Before(oldest) {
		since = oldest
	}
	return since.UTC().Truncate(time.Minute), step, nil
}

// Workers lists the actor's workers with their present hashrate.
func (s *Service) Workers(ctx context.Context, actor hashyard.Actor, q WorkerQuery) ([]WorkerView, string, error) {
	now := s.cfg.Now().UTC()
	ws, next, err := s.store.Workers(ctx, actor, now, q)
	for i := range ws {
		s.rate(&ws[i], now)
	}
	return ws, next, err
}

// WorkerCounts counts the actor's workers by state.
func (s *Service) WorkerCounts(ctx context.Context, actor hashyard.Actor) (map[WorkerState]int64, error) {
	return s.store.WorkerCounts(ctx, actor)
}

// Worker is one worker with its present hashrate.
func (s *Service) Worker(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (WorkerView, error) {
	now := s.cfg.Now().UTC()
	w, err := s.store.Worker(ctx, actor, id, now)
	if err != nil {
		return WorkerView{}, fmt.Errorf("worker %s: %w", id, err)
	}
	s.rate(&w, now)
	return w, nil
}

func (s *Service) rate(w *WorkerView, now time.Time) {
	for _, l := range []*Window{&w.Five, &w.Hour, &w.Day} {
		s.rateWindow(l, now)
	}
}

// Work is booked work by epoch, newest first.
func (s *Service) Work(ctx context.Context, actor hashyard.Actor, q WorkQuery) ([]EpochWork, error) {
	ws, err := s.store.WorkByEpoch(ctx, actor, q)
	if err != nil {
		return nil, fmt.Errorf("booked work: %w", err)
	}
	return ws, nil
}

// Statements are the actor's statements, newest first.
func (s *Service) Statements(ctx context.Context, actor hashyard.Actor, q Page) ([]Statement, string, error) {
	return s.store.Statements(ctx, actor, q)
}

// Statement is one statement with all that it was computed from.
func (s *Service) Statement(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Statement, []EpochLine, error) {
	st, lines, err := s.store.Statement(ctx, actor, id)
	if err != nil {
		return Statement{}, nil, fmt.Errorf("statement %s: %w", id, err)
	}
	return st, lines, nil
}

// UnitEarnings are the statements in which a unit earned, newest first.
func (s *Service) UnitEarnings(ctx context.Context, actor hashyard.Actor, unit hashyard.ID) ([]UnitLine, error) {
	ls, err := s.store.UnitLines(ctx, actor, unit)
	if err != nil {
		return nil, fmt.Errorf("earnings of unit %s: %w", unit, err)
	}
	return ls, nil
}

// Blocks are the blocks that were found, newest first. Who found one is shown
// to its own organisation and to the house.
func (s *Service) Blocks(ctx context.Context, actor hashyard.Actor, q Page) ([]Block, string, error) {
	return s.store.Blocks(ctx, actor, q)
}

// Params are what anybody may know of the pool.
type Params struct {
	URL, Network     string
	Scale            hashyard.Scale
	SettlementPeriod time.Duration
	Grace            time.Duration
	FeePPM           int64
	FeeMethod        fpps.Method
	FeeWindow        int64
	Epoch            Epoch   // the newest; zero before the first
	Hashprice        float64 // satoshis per displayed TH/s and day, before the fee
	Difficulty       float64 // of the network
}

// Params are the pool's public terms now.
func (s *Service) Params(ctx context.Context) (Params, error) {
	p := Params{
		URL: s.cfg.URL, Network: s.cfg.Network, Scale: s.cfg.Scale, SettlementPeriod: s.cfg.SettlementPeriod,
		Grace: s.cfg.Grace, FeePPM: s.cfg.FeePPM, FeeMethod: s.cfg.FeeMethod, FeeWindow: s.cfg.FeeWindow,
	}
	e, err := s.store.LatestEpoch(ctx)
	if kind, ok := hashyard.KindOf(err); ok && kind == hashyard.NotFound {
		return p, nil
	}
	if err != nil {
		return Params{}, fmt.Errorf("pool terms: %w", err)
	}
	p.Epoch = e
	p.Hashprice, _ = e.Hashprice(s.cfg.Scale).Float64()
	p.Difficulty, _ = fpps.Difficulty(e.NBits).Float64()
	return p, nil
}

// Scale is the network's work scale.
func (s *Service) Scale() hashyard.Scale { return s.cfg.Scale }

// UnitRates is what was counted of each unit's work within the window before
// now; units without work in it are left out.
func (s *Service) UnitRates(ctx context.Context, actor hashyard.Actor, units []hashyard.ID, window time.Duration) (map[hashyard.ID]UnitRate, error) {
	if len(units) == 0 {
		return map[hashyard.ID]UnitRate{}, nil
	}
	now := s.cfg.Now().UTC()
	ts, err := s.store.UnitTallies(ctx, actor, units, now.Add(-window).Truncate(time.Minute))
	if err != nil {
		return nil, err
	}
	out := make(map[hashyard.ID]UnitRate, len(ts))
	for _, t := range ts {
		d := now.Sub(t.Minute)
		out[t.Unit] = UnitRate{Rate: RateOf(t.Tally, d, s.cfg.Scale, meanWork(t.Tally)), For: d}
	}
	return out, nil
}

// UnitRate is a measured hashrate and what it was counted over.
type UnitRate struct {
	Rate
	For time.Duration
}
