package postgres_test

import (
	"errors"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/share"
)

// TestOverview: each organisation sees its own work, the house all of it, and
// everybody the pool's luck and blocks without their finders.
func TestOverview(t *testing.T) {
	t.Parallel()
	ctx, h := t.Context(), newHouse(t)
	a, b := h.tenant("alpha"), h.tenant("beta")
	one, two := h.machine(a, hashyard.NewID()), h.machine(b, hashyard.NewID())
	idle := h.machine(a, hashyard.NewID())
	e := h.epoch()
	const d = hashyard.Difficulty(1 << 24)
	for range 30 {
		h.submit(h.share(one, e.ID, d, share.Accepted), h.share(one, e.ID, d, share.Stale), h.share(two, e.ID, d, share.Accepted), h.share(two, e.ID, d, share.Accepted))
		h.pass(10 * time.Second)
	}
	c := h.candidate(one, [32]byte{7}, 4)
	if err := h.store.SaveBlock(ctx, c); err != nil {
		t.Fatal(err)
	}
	houseActor := hashyard.Actor{User: hashyard.NewID(), Org: hashyard.NewID(), House: true}
	for name, tt := range map[string]struct {
		who      hashyard.Actor
		shares   int64
		rejected int64
		workers  int64
		working  int64
	}{
		"alpha":     {a.actor, 30, 30, 2, 1},
		"beta":      {b.actor, 60, 0, 1, 1},
		"the house": {houseActor, 90, 30, 3, 2},
	} {
		o, err := h.svc.Overview(ctx, tt.who)
		if err != nil {
			t.Fatal(err)
		}
		if o.Hour.Shares != tt.shares || o.Day.Rejected() != tt.rejected || o.Workers != tt.workers || o.Working != tt.working {
			t.Errorf("%s: %d shares, %d rejected, %d of %d work; want %+v", name, o.Hour.Shares, o.Day.Rejected(), o.Working, o.Workers, tt)
		}
		if o.NextBlock <= 0 || o.NetworkShare != 0 || o.LastBlock.Height != 4 || (o.LastBlock.Unit == one.unit) != (name != "beta") {
			t.Errorf("%s: next block %s, share %f, last %+v", name, o.NextBlock, o.NetworkShare, o.LastBlock)
		}
		ch, err := h.svc.Chart(ctx, tt.who, "1h")
		if err != nil || len(ch.Points) == 0 || len(ch.Prices) != 1 || len(ch.Blocks) != 1 || !ch.Blocks[0].Unit.IsZero() {
			t.Errorf("%s: chart of %d points, %d prices, %d blocks, %v", name, len(ch.Points), len(ch.Prices), len(ch.Blocks), err)
		}
	}
	if _, err := h.svc.Chart(ctx, a.actor, "2h"); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("a window that is none: %v", err)
	}
	rs, all, err := h.svc.Refusals(ctx, a.actor)
	if err != nil || len(rs) != 1 || rs[0].Code != 21 || rs[0].Count != 30 || rs[0].Workers != 1 || rs[0].Worst.ID != one.Worker || all.Shares != 30 {
		t.Errorf("refusals %+v %v", rs, err)
	}
	if rs, _, err := h.svc.Refusals(ctx, b.actor); err != nil || len(rs) != 0 {
		t.Errorf("beta's refusals %+v %v", rs, err)
	}
	ls, err := h.svc.Luck(ctx)
	if err != nil || len(ls) != len(pool.LuckWindows()) {
		t.Fatalf("luck %v %v", ls, err)
	}
	// 90 shares of 2^24 in units of 2^-32 at a difficulty of about 72 million hashes.
	want := 90 * float64(1<<24) / 72e6
	if l := ls[0]; l.Found != 1 || l.Expected < want*0.95 || l.Expected > want*1.05 || l.Low > l.High {
		t.Errorf("luck %+v, expected about %f", l, want)
	}
	ws, _, err := h.svc.Workers(ctx, a.actor, pool.WorkerQuery{})
	if err != nil || len(ws) != 2 {
		t.Fatalf("%d workers, %v", len(ws), err)
	}
	for _, w := range ws {
		if (w.ID == one.Worker) != (w.Hour.Shares == 30 && w.Day.Shares == 30 && w.Day.Rate.Estimate > 0) || (w.ID == idle.Worker) != w.Day.First.IsZero() {
			t.Errorf("worker %s: %+v", w.Name, w)
		}
		ps, err := h.svc.WorkerSeries(ctx, a.actor, w.ID, time.Time{}, time.Minute)
		if err != nil || (len(ps) > 0) != (w.ID == one.Worker) {
			t.Errorf("series of %s: %d points, %v", w.Name, len(ps), err)
		}
		if ps, err := h.svc.WorkerSeries(ctx, b.actor, w.ID, time.Time{}, time.Minute); err != nil || len(ps) != 0 {
			t.Errorf("beta reads alpha's worker: %d points, %v", len(ps), err)
		}
	}
	ep, bs, err := h.svc.FeeBlocks(ctx, e.ID)
	var sum hashyard.Sats
	for _, f := range bs {
		sum += f.Fees
	}
	if err != nil || sum != ep.FeeSum || int64(len(bs)) != ep.FeeN {
		t.Errorf("fee index: %d sat of %d blocks, the rate says %d of %d, %v", sum, len(bs), ep.FeeSum, ep.FeeN, err)
	}
	h.sumsAgree()
}
