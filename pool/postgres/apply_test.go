package postgres_test

import (
	"errors"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/share"
)

// booked is a worker's work as the API shows it.
func (h *house) booked(a hashyard.Actor, worker, epoch hashyard.ID) pool.Tally {
	h.t.Helper()
	ws, err := h.svc.Work(h.t.Context(), a, pool.WorkQuery{Worker: worker, Epoch: epoch})
	if err != nil {
		h.t.Fatal(err)
	}
	if len(ws) == 0 {
		return pool.Tally{}
	}
	return ws[0].Tally
}

// Whatever is delivered again, cut short by a failed transaction, or handed in
// by two consumers: each message counts once.
func TestEveryShareCountsOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant("alpha")
	ms := []machine{h.machine(a, hashyard.NewID()), h.machine(a, hashyard.NewID())}
	codes := []share.Code{share.Accepted, share.Accepted, share.Accepted, share.Stale, share.Duplicate, share.LowDifficulty, share.Other}
	want := map[hashyard.ID]*pool.Tally{ms[0].Worker: {}, ms[1].Worker: {}}
	e := h.epoch()
	var applied []share.Batch // in order
	rapid.Check(t, func(rt *rapid.T) {
		switch op := rapid.SampledFrom([]string{"new", "new", "again", "gap", "overlap"}).Draw(rt, "op"); op {
		case "new":
			var rs []share.Record
			for range rapid.IntRange(0, 6).Draw(rt, "records") {
				m := ms[rapid.IntRange(0, 1).Draw(rt, "machine")]
				d := hashyard.Difficulty(1) << rapid.IntRange(10, 50).Draw(rt, "difficulty")
				r := h.share(m, e.ID, d, rapid.SampledFrom(codes).Draw(rt, "code"))
				r.At = r.At.Add(time.Duration(rapid.IntRange(0, 200).Draw(rt, "second")) * time.Second)
				want[m.Worker].Add(r)
				rs = append(rs, r)
			}
			applied = append(applied, h.submit(rs...))
		case "again", "gap", "overlap":
			if len(applied) == 0 {
				return
			}
			b := applied[rapid.IntRange(0, len(applied)-1).Draw(rt, "which")]
			wantConflict := op != "again"
			switch op {
			case "gap": // a batch that skips a message
				b.After, b.Seq = h.log.seq+1, h.log.seq+2
			case "overlap": // new messages behind ones that were applied
				b.Seq = h.log.seq + 1
				wantConflict = b.After != h.log.seq
			}
			err := h.svc.Apply(t.Context(), b)
			if errors.Is(err, hashyard.Conflict) != wantConflict || (err != nil && !wantConflict) {
				rt.Fatalf("%s: %v", op, err)
			}
		}
	})
	for _, m := range ms {
		got, w := h.booked(a.actor, m.Worker, e.ID), want[m.Worker]
		if got.Work != w.Work || got.Shares != w.Shares || got.Rejects != w.Rejects {
			t.Errorf("booked %+v, want %+v", got, *w)
		}
		if w.Squares != nil && got.Squares.Cmp(w.Squares) != 0 {
			t.Errorf("squares %s, want %s", got.Squares, w.Squares)
		}
	}
	h.sumsAgree()
	stream, seq, err := h.svc.Checkpoint(t.Context())
	if err != nil || stream != h.log.stream || seq != h.log.seq {
		t.Errorf("checkpoint %s %d, %v; log at %d", stream, seq, err, h.log.seq)
	}
}

// sumsAgree holds the screens' sums to the bookings they sum.
func (h *house) sumsAgree() {
	h.t.Helper()
	const columns = "sum(work), sum(sum_squares), sum(shares), sum(r20), sum(r21), sum(r22), sum(r23), sum(r24), sum(r25), max(last_at)"
	for name, sql := range map[string]string{
		"minutes": `SELECT org_id, epoch_id::text, minute AS at, ` + columns + ` FROM pool_work GROUP BY 1, 2, 3`,
		"hours":   `SELECT org_id, epoch_id::text, date_trunc('hour', minute, 'UTC') AS at, ` + columns + ` FROM pool_work GROUP BY 1, 2, 3`,
		"workers": `SELECT org_id, worker_id::text, date_trunc('hour', minute, 'UTC') AS at, ` + columns + ` FROM pool_work GROUP BY 1, 2, 3`,
	} {
		kept := map[string]string{
			"minutes": "SELECT org_id, epoch_id::text, at, " + columns + " FROM pool_totals WHERE step = 60 GROUP BY 1, 2, 3",
			"hours":   "SELECT org_id, epoch_id::text, at, " + columns + " FROM pool_totals WHERE step = 3600 GROUP BY 1, 2, 3",
			"workers": "SELECT org_id, worker_id::text, at, " + columns + " FROM pool_worker_hours GROUP BY 1, 2, 3",
		}[name]
		n := h.count("SELECT count(*) FROM ((" + sql + ") EXCEPT ALL (" + kept + ")) d")
		m := h.count("SELECT count(*) FROM ((" + kept + ") EXCEPT ALL (" + sql + ")) d")
		if n+m != 0 || h.count("SELECT count(*) FROM pool_totals") == 0 {
			h.t.Errorf("%s: %d sums are missing or wrong, %d are too many", name, n, m)
		}
	}
}

func TestAnotherLogBeginsAnew(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant("alpha")
	m := h.machine(a, hashyard.NewID())
	e := h.epoch()
	h.submit(h.share(m, e.ID, 8, 0))
	h.submit(h.share(m, e.ID, 8, 0))
	h.log.stream, h.log.seq = "log-2", 0
	h.submit(h.share(m, e.ID, 8, 0))
	if got := h.booked(a.actor, m.Worker, e.ID); got.Shares != 3 {
		t.Errorf("%d shares, want 3", got.Shares)
	}
}

// A share of an account or epoch that this database does not know must not
// keep the others from being booked, and must not vanish.
func TestUnknownOwnersAreSetAside(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant("alpha")
	m := h.machine(a, hashyard.NewID())
	e := h.epoch()
	stranger := m
	stranger.Account = hashyard.NewID()
	nobody := share.Record{At: h.clock(), Code: int(share.Unauthorised)}
	h.submit(h.share(stranger, e.ID, 4, 0), h.share(m, e.ID, 8, 0), h.share(m, hashyard.NewID(), 16, 0), nobody)
	if got := h.booked(a.actor, m.Worker, e.ID); got.Shares != 1 || got.Work != hashyard.WorkOf(8) {
		t.Errorf("booked %+v", got)
	}
	if n := h.count("SELECT sum(work)::bigint FROM pool_unbooked"); n != 20 {
		t.Errorf("%d set aside, want 20", n)
	}
}

// Two transactions that apply the same batch at the same time: one does.
func TestTwoConsumersAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant("alpha")
	m := h.machine(a, hashyard.NewID())
	e := h.epoch()
	for range 5 {
		b := h.log.append(h.share(m, e.ID, 1<<40, 0))
		errs := make(chan error, 4)
		for range cap(errs) {
			go func() { errs <- h.svc.Apply(t.Context(), b) }()
		}
		for range cap(errs) {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	}
	got := h.booked(a.actor, m.Worker, e.ID)
	if want, _ := hashyard.WorkOf(1 << 40).Times(5); got.Work != want || got.Shares != 5 {
		t.Errorf("booked %+v", got)
	}
	square := new(big.Int).Lsh(big.NewInt(5), 80)
	if got.Squares.Cmp(square) != 0 {
		t.Errorf("squares %s, want %s", got.Squares, square)
	}
}
