package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
	"hashyard/pool"
)

func TestProofMeasuresTheUnitsOwnWork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	seller, buyer := h.tenant("seller"), h.tenant("buyer")
	unit := hashyard.NewID()
	old := h.machine(seller, unit)
	m := h.machine(buyer, unit)
	other := h.machine(buyer, hashyard.NewID())
	e := h.epoch()
	start := hashyard.ProofStarted{Trade: hashyard.NewID(), Unit: unit, Buyer: buyer.Org, SoldGHs: 100_000}
	h.submit(h.share(m, e.ID, 1<<16, 0)) // before the proof
	h.pass(time.Second)
	h.deliver(h.svc.OnProofStarted, hashyard.EvProofStarted, start)

	// 100 TH/s on screens are 10^5 H/s here: at 240 a minute a share is 25,000
	// hashes, and 2^14 is the power of two below.
	if g := h.edge.grants[m.Worker]; !g.Proof || g.PerMinute != 240 || g.Start != 1<<14 || !g.Secret {
		t.Errorf("live session got %+v", g)
	}
	g, err := h.authorize(m.User, m.Password)
	if err != nil || !g.Proof || g.PerMinute != 240 || g.Start != 1<<14 {
		t.Errorf("new session gets %+v, %v", g, err)
	}

	noSecret, early := h.share(m, e.ID, 1<<30, 0), h.share(m, e.ID, 1<<30, 0)
	noSecret.Secret = false
	early.At = early.At.Add(-2 * time.Second)
	h.submit(noSecret, early, h.share(old, e.ID, 1<<30, 0), h.share(other, e.ID, 1<<30, 0), h.share(m, e.ID, 1<<30, 22))
	from := h.pass(3 * time.Second)
	lone, kept, unknown := h.share(m, e.ID, 1<<30, 0), h.share(m, e.ID, 1<<30, 0), h.share(m, e.ID, 1<<30, 0)
	lone.Fresh = false
	kept.Sent, unknown.Sent = kept.Sent.Add(-time.Millisecond), time.Time{}
	// The second starts the clock, and counts for nothing; what was hashed before
	// it, or nobody knows when, does not either.
	h.submit(lone, h.share(m, e.ID, 1<<30, 0), kept, unknown)
	for i := range 8 {
		h.pass(time.Second)
		if i == 4 {
			m.session = hashyard.NewID() // the machine came back
		}
		h.submit(h.share(m, e.ID, 1<<14, 0), h.share(m, e.ID, 1<<15, 0), h.share(m, e.ID, 1<<15, 23))
	}
	if n := len(events[hashyard.WorkMeasured](h, hashyard.EvWorkMeasured)); n != 0 {
		t.Errorf("%d measurements before they are due", n)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_ = h.svc.Run(ctx) // an ended context restarts nothing
	h.pass(2 * time.Second)
	n, err := h.store.Measure(t.Context(), pool.Barrier{Stream: h.log.stream, Seq: h.log.seq}, func(p pool.Proof) (bool, hashyard.Event, error) {
		ev, err := p.Event(h.clock(), 1_000_000_000)
		return p.Due(h.clock(), 10*time.Second), ev, err
	}, h.clock())
	if err != nil || n != 1 {
		t.Fatalf("%d told, %v", n, err)
	}
	work, _ := hashyard.ParseWork("393216")         // 8 × (2^14 + 2^15)
	squares, _ := hashyard.ParseWork("10737418240") // 8 × (2^28 + 2^30)
	want := hashyard.WorkMeasured{
		Unit: unit, Worker: m.Worker, Org: buyer.Org, From: from, To: h.clock(), Work: work, SumSquares: squares,
		Shares: 16, Rejected: 8, Sessions: 2, Scale: 1_000_000_000,
	}
	got := events[hashyard.WorkMeasured](h, hashyard.EvWorkMeasured)
	if diff := cmp.Diff([]hashyard.WorkMeasured{want}, got, cmp.AllowUnexported(hashyard.Work{})); diff != "" {
		t.Fatal(diff)
	}

	h.deliver(h.svc.OnHashrateProven, hashyard.EvHashrateProven, hashyard.ProofDecided{Trade: start.Trade, Unit: unit})
	if g := h.edge.grants[m.Worker]; g.Proof || g.PerMinute != 12 {
		t.Errorf("after the proof the session has %+v", g)
	}
	h.pass(time.Minute)
	h.submit(h.share(m, e.ID, 1<<14, 0))
	if n := h.count("SELECT shares FROM pool_proofs WHERE outcome = 'proven'"); n != 16 {
		t.Errorf("%d shares after the end", n)
	}
}

// Time in which the pool was away is not held against a machine, and what is
// not applied yet is waited for.
func TestProofBeginsAnewWithThePool(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	buyer := h.tenant("buyer")
	m := h.machine(buyer, hashyard.NewID())
	e := h.epoch()
	h.deliver(h.svc.OnProofStarted, hashyard.EvProofStarted, hashyard.ProofStarted{Trade: hashyard.NewID(), Unit: m.unit, Buyer: buyer.Org, SoldGHs: 100_000})
	h.submit(h.share(m, e.ID, 1<<14, 0), h.share(m, e.ID, 1<<14, 0))
	before := h.share(m, e.ID, 1<<14, 0)
	h.pass(time.Hour) // the pool was dead for an hour
	if err := h.svc.RestartProofs(t.Context(), "test"); err != nil {
		t.Fatal(err)
	}
	h.submit(before) // was in the log all the time
	from := h.pass(time.Second)
	h.submit(h.share(m, e.ID, 1<<14, 0), h.share(m, e.ID, 1<<14, 0))
	h.pass(11 * time.Second)
	pending := h.log.append(h.share(m, e.ID, 1<<14, 0))
	tell := func(p pool.Proof) (bool, hashyard.Event, error) {
		ev, err := p.Event(h.clock(), 1)
		return true, ev, err
	}
	bar := pool.Barrier{Stream: h.log.stream, Seq: h.log.seq}
	if _, err := h.store.Measure(t.Context(), bar, tell, h.clock()); !errors.Is(err, pool.NotYet()) {
		t.Errorf("measured without an accepted share: %v", err)
	}
	if err := h.svc.Apply(t.Context(), pending); err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.Measure(t.Context(), bar, tell, h.clock()); err != nil {
		t.Fatal(err)
	}
	got := events[hashyard.WorkMeasured](h, hashyard.EvWorkMeasured)
	if len(got) != 1 || got[0].Shares != 2 || !got[0].From.Equal(from) || got[0].Sessions != 1 {
		t.Errorf("measured %+v, want 2 shares from %s", got, from)
	}
	// Run restarts once itself, then tells on its own: the first share begins.
	applied := false
	h.run(h.svc, "a measurement by Run", func() bool {
		if h.count("SELECT count(*) FROM pool_proofs WHERE from_at IS NULL") == 1 {
			h.submit(h.share(m, e.ID, 1<<14, 0))
			applied = true
		}
		return applied && len(events[hashyard.WorkMeasured](h, hashyard.EvWorkMeasured)) > 1
	})
}

func TestNewerProofReplacesAnOlder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	buyer := h.tenant("buyer")
	m := h.machine(buyer, hashyard.NewID())
	first := hashyard.ProofStarted{Trade: hashyard.NewID(), Unit: m.unit, Buyer: buyer.Org, SoldGHs: 1}
	second := hashyard.ProofStarted{Trade: hashyard.NewID(), Unit: m.unit, Buyer: buyer.Org, SoldGHs: 1}
	h.deliver(h.svc.OnProofStarted, hashyard.EvProofStarted, first)
	h.deliver(h.svc.OnProofStarted, hashyard.EvProofStarted, second)
	h.deliver(h.svc.OnHashrateRefuted, hashyard.EvHashrateRefuted, hashyard.ProofDecided{Trade: first.Trade, Unit: m.unit})
	if n := h.count("SELECT count(*) FROM pool_proofs WHERE trade_id = $1 AND outcome = 'superseded'", first.Trade); n != 1 {
		t.Error("the older proof did not end")
	}
	h.deliver(h.svc.OnHashrateRefuted, hashyard.EvHashrateRefuted, hashyard.ProofDecided{Trade: second.Trade, Unit: m.unit})
	if n := h.count("SELECT count(*) FROM pool_proofs WHERE outcome = 'refuted'"); n != 1 {
		t.Error("the newer proof did not end")
	}
}

// A share that the pool could not store is not held against the machine.
func TestInterruptionsRestartMeasurements(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	buyer := h.tenant("buyer")
	m := h.machine(buyer, hashyard.NewID())
	e := h.epoch()
	h.deliver(h.svc.OnProofStarted, hashyard.EvProofStarted, hashyard.ProofStarted{Trade: hashyard.NewID(), Unit: m.unit, Buyer: buyer.Org, SoldGHs: 100_000})
	since := func() int64 { return h.count("SELECT (extract(epoch FROM since) * 1000)::bigint FROM pool_proofs") }
	begun, step := since(), 0
	h.pass(time.Second)
	h.run(h.svc, "the second restart", func() bool {
		switch counting := h.count("SELECT count(*) FROM pool_proofs WHERE from_at IS NOT NULL") == 1; {
		case step == 0 && since() > begun: // Run's own
			h.submit(h.share(m, e.ID, 1<<14, 0))
			step = 1
		case step == 1 && counting:
			h.svc.Interrupt("share log: full")
			step = 2
		case step == 2 && !counting:
			return true
		}
		return false
	})
}

// A trade that is over measures nothing any more, whichever unit decided it.
func TestMeasurementsEndWithTheirTrade(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	buyer := h.tenant("buyer")
	for _, kind := range []hashyard.EventKind{"trade.disputed", "trade.cancelled", hashyard.EvHeldReleased, hashyard.EvHashrateRefuted} {
		trade, other := hashyard.NewID(), hashyard.NewID()
		a, b, c := h.machine(buyer, hashyard.NewID()), h.machine(buyer, hashyard.NewID()), h.machine(buyer, hashyard.NewID())
		for m, of := range map[*machine]hashyard.ID{&a: trade, &b: trade, &c: other} {
			h.deliver(h.svc.OnProofStarted, hashyard.EvProofStarted, hashyard.ProofStarted{Trade: of, Unit: m.unit, Buyer: buyer.Org, SoldGHs: 100_000})
		}
		note := map[string]any{"Trade": trade, "Reason": "test"}
		want := int64(0)
		if kind == hashyard.EvHashrateRefuted {
			note["Unit"] = a.unit
			want = 1 // its own handler ends it, as refuted
		}
		h.deliver(h.svc.OnTradeOver, kind, note)
		if n := h.count("SELECT count(*) FROM pool_proofs WHERE trade_id = $1 AND ended_at IS NULL", trade); n != want {
			t.Errorf("%s: %d of the trade's measurements are open", kind, n)
		}
		if h.edge.grants[b.Worker].Proof || !h.edge.grants[c.Worker].Proof {
			t.Errorf("%s: grants %+v and %+v", kind, h.edge.grants[b.Worker], h.edge.grants[c.Worker])
		}
		if kind == hashyard.EvHashrateRefuted {
			h.deliver(h.svc.OnHashrateRefuted, kind, hashyard.ProofDecided{Trade: trade, Unit: a.unit})
			if n := h.count("SELECT count(*) FROM pool_proofs WHERE unit_id = $1 AND outcome = 'refuted'", a.unit); n != 1 {
				t.Error("the refuted unit did not end as refuted")
			}
		}
		if n := h.count("SELECT count(*) FROM pool_proofs WHERE trade_id = $1 AND ended_at IS NULL", other); n != 1 {
			t.Errorf("%s: another trade's measurement ended", kind)
		}
	}
}
