package postgres_test

import (
	"context"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/fpps"
)

// settled reads one organisation's statements with their lines, oldest first.
func (h *house) settled(t tenant) (out []pool.Statement) {
	h.t.Helper()
	sts, _, err := h.svc.Statements(h.t.Context(), t.actor, pool.Page{})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, st := range sts {
		st, lines, err := h.svc.Statement(h.t.Context(), t.actor, st.ID)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, l := range lines {
			st.Lines = append(st.Lines, l.Line)
		}
		out = append(out, st)
	}
	slices.Reverse(out)
	return out
}

func (h *house) settlePeriods(n int64) {
	h.t.Helper()
	h.run(h.svc, "periods settle", func() bool { return h.count("SELECT count(*) FROM pool_periods") >= n })
}

// The statement's amount is recomputed here from the shares as they were
// submitted and the blocks as they were mined, with other code.
func TestStatementCanBeRecomputed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, fees := range []hashyard.Sats{900, 0, 122, 77, 0, 500, 13} { // the window takes the last six
		h.chain.mine(1, fees)
	}
	a := h.tenant("alpha")
	m1, m2 := h.machine(a, hashyard.NewID()), h.machine(a, hashyard.NewID())
	e := h.epoch()
	if e.FeeSum != 712 || e.FeeN != 6 || e.FeeTip != h.chain.tip() || e.FeeMethod != "sma/1" {
		t.Fatalf("fee index %d of %d", e.FeeSum, e.FeeN)
	}
	work := new(big.Int)
	for i := range 200 {
		d := hashyard.Difficulty(1) << (17 + i%4)
		m := []machine{m1, m2}[i%2]
		h.pass(time.Second)
		h.submit(h.share(m, e.ID, d, 0), h.share(m, e.ID, d, 22))
		work.Add(work, new(big.Int).SetUint64(uint64(d)))
	}
	h.pass(period)
	h.settlePeriods(1)
	sts := h.settled(a)
	if len(sts) != 1 {
		t.Fatalf("%d statements", len(sts))
	}
	st := sts[0]
	// target of 0x1d3ba6fe; gross = work × target × (2500·6 + 712) ÷ (6 × 0xffff·2^240)
	target := new(big.Int).Lsh(big.NewInt(0x3ba6fe), 8*(0x1d-3))
	num := new(big.Int).Mul(work, target)
	num.Mul(num, big.NewInt(2500*6+712))
	den := new(big.Int).Lsh(big.NewInt(0xffff), 240)
	den.Mul(den, big.NewInt(6))
	gross := new(big.Int).Quo(num, den)
	net := new(big.Int).Quo(new(big.Int).Mul(num, big.NewInt(98)), new(big.Int).Mul(den, big.NewInt(100)))
	if st.Gross != hashyard.Sats(gross.Int64()) || st.Net != hashyard.Sats(net.Int64()) || st.Fee != st.Gross-st.Net || st.Net <= 0 {
		t.Errorf("gross %d net %d, recomputed %s and %s", st.Gross, st.Net, gross, net)
	}
	if st.Work.Big().Cmp(work) != 0 || st.Shares != 200 || len(st.Lines) != 2 || len(st.Units()) != 2 {
		t.Errorf("work %s of %s, %d shares, %d lines", st.Work, work, st.Shares, len(st.Lines))
	}
	exact, ok := new(big.Rat).SetString(st.GrossExact)
	if !ok || exact.Cmp(new(big.Rat).SetFrac(num, den)) != 0 {
		t.Errorf("exact %s", st.GrossExact)
	}
	evs := events[hashyard.EarningsSettled](h, hashyard.EvEarningsSettled)
	if len(evs) != 1 || evs[0].Net != st.Net || evs[0].Statement != st.ID || evs[0].Org != a.Org || len(evs[0].Units) != 2 || !evs[0].From.Equal(st.Start) {
		t.Errorf("event %+v", evs)
	}
	if lines, err := h.svc.UnitEarnings(t.Context(), a.actor, m1.unit); err != nil || len(lines) != 1 || lines[0].Line.Shares != 100 || lines[0].Epoch.ID != e.ID {
		t.Errorf("unit's part %+v, %v", lines, err)
	}
}

func TestPeriodWaits(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant("alpha")
	m := h.machine(a, hashyard.NewID())
	e := h.epoch()
	h.submit(h.share(m, e.ID, 1<<40, 0))
	settle := func() bool {
		_, err := h.store.Settle(t.Context(), pool.PeriodKey{Start: e.Start, End: e.End}, pool.Barrier{Stream: h.log.stream, Seq: h.log.seq}, h.clock(),
			func(ls []pool.Line) (pool.Settlement, error) {
				return pool.SettlePeriod(pool.PeriodKey{Start: e.Start, End: e.End}, h.clock(), ls)
			})
		if err != nil && !errors.Is(err, pool.NotYet()) {
			t.Fatal(err)
		}
		return err == nil
	}
	due := func(at time.Time) int {
		ps, err := h.store.Unsettled(t.Context(), at.Add(-11*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		return len(ps)
	}
	if due(e.End.Add(10*time.Second)) != 0 || due(e.End.Add(11*time.Second)) != 1 {
		t.Error("a period is due before its grace and the log's margin are over, or not after")
	}
	late := h.log.append(h.share(m, e.ID, 1<<40, 0)) // accepted, not applied
	if settle() {
		t.Error("settled before an accepted share was applied")
	}
	if err := h.svc.Apply(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is done already
		if !settle() {
			t.Error("not settled")
		}
	}
	sts := h.settled(a)
	if len(sts) != 1 || sts[0].Shares != 2 || len(events[hashyard.EarningsSettled](h, hashyard.EvEarningsSettled)) != 1 {
		t.Errorf("statements %+v", sts)
	}
}

// A share that becomes durable after its period was settled is paid with the
// next period, at its own rate.
func TestLateShareIsPaidAtItsOwnRate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant("alpha")
	m := h.machine(a, hashyard.NewID())
	e1 := h.epoch()
	h.submit(h.share(m, e1.ID, 1<<30, 0))
	h.pass(period + 12*time.Second)
	h.settlePeriods(1)
	h.chain.mine(1, 5000)
	e2 := h.epoch()
	h.submit(h.share(m, e1.ID, 1<<31, 0), h.share(m, e2.ID, 1<<30, 0))
	h.pass(period)
	h.settlePeriods(2)
	sts := h.settled(a)
	if len(sts) != 2 || len(sts[1].Lines) != 2 || sts[1].Shares != 2 {
		t.Fatalf("statements %+v", sts)
	}
	want := new(big.Rat).Add(e1.Net(hashyard.WorkOf(1<<31)), e2.Net(hashyard.WorkOf(1<<30)))
	if net, _ := fpps.Floor(want); sts[1].Net != net || sts[1].NetExact != want.String() {
		t.Errorf("net %d (%s), want %s", sts[1].Net, sts[1].NetExact, want)
	}
	if n := h.count("SELECT count(*) FROM pool_late_epochs"); n != 0 {
		t.Errorf("%d late epochs left", n)
	}
}

// A settlement that dies at any statement leaves nothing, and the next one
// does it all, once.
func TestKilledSettlementLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a, b := h.tenant("alpha"), h.tenant("beta")
	e := h.epoch()
	h.submit(h.share(h.machine(a, hashyard.NewID()), e.ID, 1<<33, 0), h.share(h.machine(b, hashyard.NewID()), e.ID, 1<<34, 0))
	key := pool.PeriodKey{Start: e.Start, End: e.End}
	bar := pool.Barrier{Stream: h.log.stream, Seq: h.log.seq}
	left := func() int64 {
		return h.count("SELECT (SELECT count(*) FROM pool_periods) + (SELECT count(*) FROM pool_statements) + (SELECT count(*) FROM pool_statement_lines) + (SELECT count(*) FROM outbox WHERE kind = 'earnings.settled')")
	}
	for _, table := range []string{"pool_periods", "pool_statements", "pool_statement_lines", "outbox"} {
		// The server ends the transaction at the table's first row, as a crash would.
		_, err := h.owner.Exec(t.Context(), `
			CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'killed'; END $$;
			CREATE TRIGGER die BEFORE INSERT ON `+table+` FOR EACH ROW EXECUTE FUNCTION die()`)
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.store.Settle(t.Context(), key, bar, h.clock(), func(ls []pool.Line) (pool.Settlement, error) {
			return pool.SettlePeriod(key, h.clock(), ls)
		})
		if err == nil || left() != 0 {
			t.Fatalf("killed at %s: %v, %d rows left", table, err, left())
		}
		if _, err := h.owner.Exec(t.Context(), "DROP FUNCTION die CASCADE"); err != nil {
			t.Fatal(err)
		}
	}
	// The process dies while the rule runs.
	ctx, die := context.WithCancel(t.Context())
	_, err := h.store.Settle(ctx, key, bar, h.clock(), func(ls []pool.Line) (pool.Settlement, error) {
		die()
		return pool.SettlePeriod(key, h.clock(), ls)
	})
	if err == nil || left() != 0 {
		t.Fatalf("killed in the rule: %v, %d rows left", err, left())
	}
	h.pass(period + 12*time.Second)
	h.settlePeriods(1)
	h.run(h.svc, "nothing more", func() bool { return true })
	if left() != 1+2+2+2 {
		t.Errorf("%d rows", left())
	}
}

// Over random work of several accounts and periods: what statements price is
// exactly the work booked, each period's amounts and residue are its total.
func TestStatementsAddUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	tenants := []tenant{h.tenant("alpha"), h.tenant("beta"), h.tenant("gamma")}
	var ms []machine
	for i := range 5 {
		ms = append(ms, h.machine(tenants[i%3], hashyard.NewID()))
	}
	periods := int64(0)
	rapid.Check(t, func(rt *rapid.T) {
		if h.count("SELECT count(*) FROM pool_epochs") > 4 { // enough of them; rapid asks a hundred times
			return
		}
		h.chain.mine(1, hashyard.Sats(rapid.Int64Range(0, 9000).Draw(rt, "fees")))
		e := h.epoch()
		for range rapid.IntRange(1, 20).Draw(rt, "shares") {
			m := ms[rapid.IntRange(0, len(ms)-1).Draw(rt, "machine")]
			h.submit(h.share(m, e.ID, hashyard.Difficulty(rapid.Uint64Range(1, 1<<40).Draw(rt, "difficulty")), 0))
		}
		h.pass(period + 12*time.Second)
		periods++
		h.settlePeriods(periods)
	})
	if n := h.count(`SELECT count(*) FROM pool_periods p WHERE total_sats <>
		(SELECT sum(gross_sats) + sum(residue_sats) FROM pool_statements s WHERE s.period_start = p.period_start)
		OR residue_sats <> (SELECT sum(residue_sats) FROM pool_statements s WHERE s.period_start = p.period_start)`); n != 0 {
		t.Errorf("%d periods do not add up", n)
	}
	if n := h.count(`SELECT count(*) FROM (
		SELECT worker_id, epoch_id, sum(work) AS work, sum(shares) AS shares FROM pool_work GROUP BY 1, 2) b
		FULL JOIN (SELECT worker_id, epoch_id, sum(work) AS work, sum(shares) AS shares FROM pool_statement_lines GROUP BY 1, 2) s
		USING (worker_id, epoch_id) WHERE b.work IS DISTINCT FROM s.work OR b.shares IS DISTINCT FROM s.shares`); n != 0 {
		t.Errorf("%d lines differ from the work booked", n)
	}
	if periods < 3 {
		t.Fatalf("only %d periods", periods)
	}
}

// On a pool so busy that the log is always ahead of what is applied, periods
// settle and measurements are told all the same.
func TestABusyPoolSettlesAndMeasures(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant("alpha")
	m := h.machine(a, hashyard.NewID())
	e := h.epoch()
	h.deliver(h.svc.OnProofStarted, hashyard.EvProofStarted, hashyard.ProofStarted{Trade: hashyard.NewID(), Unit: m.unit, Buyer: a.Org, SoldGHs: 100_000})
	h.submit(h.share(m, e.ID, 1<<20, 0))
	h.pass(period + 12*time.Second)
	late := h.epoch()
	behind := h.log.append(h.share(m, late.ID, 1<<20, 0))
	h.run(h.svc, "a settlement and a measurement", func() bool {
		// One more is in the log before the last one is applied, always.
		next := h.log.append(h.share(m, late.ID, 1<<20, 0))
		if err := h.svc.Apply(t.Context(), behind); err != nil {
			t.Fatal(err)
		}
		behind = next
		return h.count("SELECT count(*) FROM pool_periods") > 0 && len(events[hashyard.WorkMeasured](h, hashyard.EvWorkMeasured)) > 0
	})
	for _, ev := range events[hashyard.WorkMeasured](h, hashyard.EvWorkMeasured) {
		last := h.count("SELECT (extract(epoch FROM max(last_at)) * 1000)::bigint FROM pool_work WHERE worker_id = $1", m.Worker)
		if ev.Shares < 1 || !ev.To.After(ev.From) || ev.To.UnixMilli() > last+1000 {
			t.Errorf("measured %+v, the last share came at %d", ev, last)
		}
	}
}
