package pool

import (
	"context"
	"fmt"
	"time"

	"hashyard/pool/fpps"
)

// Status is what anybody may see of the pool; nothing of it is of one tenant.
type Status struct {
	Params
	At             time.Time
	Hour           Rate    // of the whole pool
	Workers        int64   // with a share in the last minutes
	Blocks         []Block // the newest, without their finders
	Dollar         *Dollar
	Offered        time.Time // when work was last offered; zero when this process does not know
	Since          time.Time // when this process began
	DayMinutes     int64     // of the last day since the first share ever
	MinutesWithout int64     // of them without any accepted share
}

// shownBlocks is how many blocks the status tells.
const shownBlocks = 10

// Status reads the public figures.
func (s *Service) Status(ctx context.Context) (Status, error) {
	now := s.cfg.Now().UTC()
	p, err := s.Params(ctx)
	if err != nil {
		return Status{}, err
	}
	st := Status{Params: p, At: now, Since: s.began}
	s.mu.Lock()
	st.Offered = s.lastJob
	s.mu.Unlock()
	whole := wholePool()
	w, err := s.window(ctx, whole, time.Minute, now.Add(-time.Hour).Truncate(time.Minute), now)
	if err != nil {
		return st, fmt.Errorf("status: %w", err)
	}
	st.Hour = w.Rate
	if _, st.Workers, err = s.store.Headcount(ctx, whole, now.Add(-recent).Truncate(time.Minute)); err != nil {
		return st, fmt.Errorf("status: %w", err)
	}
	if st.Blocks, err = s.store.NewestBlocks(ctx, shownBlocks); err != nil {
		return st, fmt.Errorf("status: %w", err)
	}
	if st.DayMinutes, st.MinutesWithout, err = s.idleMinutes(ctx, now); err != nil {
		return st, fmt.Errorf("status: %w", err)
	}
	ds, err := s.store.Dollars(ctx, now)
	if err != nil {
		return st, fmt.Errorf("status: %w", err)
	}
	st.Dollar = dollarAt(ds, now)
	return st, nil
}

// idleMinutes counts the whole minutes of the last day, from the first with a
// share on, in which the pool took none at all: with any machine connected that
// is a time in which it did not work.
func (s *Service) idleMinutes(ctx context.Context, now time.Time) (all, idle int64, err error) {
	since, last := now.Add(-24*time.Hour).Truncate(time.Minute), now.Truncate(time.Minute)
	rows, err := s.store.Totals(ctx, wholePool(), time.Minute, since)
	if err != nil || len(rows) == 0 {
		return 0, 0, err
	}
	all = int64(last.Sub(rows[0].Minute) / time.Minute)
	var with int64
	for _, r := range rows {
		if r.Shares > 0 && r.Minute.Before(last) {
			with++
		}
	}
	return all, max(all-with, 0), nil
}

// PriceOver is the hashprice from a moment on, in dollars where somebody stated
// what a bitcoin costs.
type PriceOver struct {
	Price
	Dollar *Dollar
}

// Hashprices is the history of a window, the newest at the end.
func (s *Service) Hashprices(ctx context.Context, span Span) ([]PriceOver, error) {
	w, ok := spans()[span]
	if !ok {
		return nil, noSpan(span)
	}
	since := s.cfg.Now().UTC().Add(-w.back)
	epochs, err := s.store.Epochs(ctx, since)
	if err != nil {
		return nil, err
	}
	ds, err := s.store.Dollars(ctx, since)
	if err != nil {
		return nil, err
	}
	var out []PriceOver
	for _, p := range prices(epochs, s.cfg.Scale) {
		out = append(out, PriceOver{p, dollarAt(ds, p.From)})
	}
	return out, nil
}

// Difficulty of the price's bits.
func (p Price) Difficulty() float64 {
	d, _ := fpps.Difficulty(p.NBits).Float64()
	return d
}
