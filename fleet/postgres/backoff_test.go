package postgres_test

import (
	"testing"
	"time"

	"hashyard/fleet"
)

// TestCommandsPause has an agent that loses what it gets, and a pool that does
// not answer: neither makes the yard go round without a pause.
func TestCommandsPause(t *testing.T) {
	t.Parallel()
	t.Run("the agent keeps nothing", func(t *testing.T) {
		t.Parallel()
		y, ctx := newYard(t), t.Context()
		y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
		r, err := y.svc.RequestRedirect(ctx, y.a, y.miner(t, y.a, "SMTT0001").ID, false)
		if err != nil {
			t.Fatal(err)
		}
		given := 0
		for range 20 {
			given += len(y.poll(t, y.a))
		}
		if given != 2 { // the first time, and once for an answer that got lost
			t.Errorf("given out %d times", given)
		}
		y.wait(30 * time.Second)
		for range 3 {
			given += len(y.poll(t, y.a))
		}
		if r, err = y.svc.Redirect(ctx, y.a, r.ID); err != nil || given != 3 || len(r.Steps) != 4 {
			t.Errorf("after a pause: given out %d times, %d steps, %v", given, len(r.Steps), err)
		}
	})
	t.Run("the pool is down", func(t *testing.T) {
		t.Parallel()
		y, ctx := newYard(t), t.Context()
		y.sight(t, y.a, sighting("SMTT0001", "10.0.0.11", y.clock()))
		r, err := y.svc.RequestRedirect(ctx, y.a, y.miner(t, y.a, "SMTT0001").ID, false)
		if err != nil {
			t.Fatal(err)
		}
		y.units.down, y.units.asks = true, 0
		for range 5 {
			if cs := y.poll(t, y.a); len(cs) != 0 {
				t.Errorf("given out without a worker: %+v", cs)
			}
		}
		if r, err = y.svc.Redirect(ctx, y.a, r.ID); err != nil || r.State != fleet.RedirectRequested || y.units.asks != 1 {
			t.Errorf("%s after %d questions for the worker, %v", r.State, y.units.asks, err)
		}
		y.units.down = false
		y.wait(30 * time.Second)
		if cs := y.poll(t, y.a); len(cs) != 1 {
			t.Errorf("given out %d times after the pause", len(cs))
		}
	})
}
