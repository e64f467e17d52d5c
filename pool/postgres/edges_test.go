package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/postgres"
	"hashyard/pool/share"
)

// An edge forwards its messages in order, and any stretch of them again, cut
// in other places, when it did not hear that they had arrived. Each counts
// once, whatever else comes between.
func TestEveryForwardedShareCountsOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant("alpha")
	m := h.machine(a, hashyard.NewID())
	e := h.epoch()
	type edge struct {
		stream  string
		msgs    [][]share.Record // its own log
		arrived int              // messages that were forwarded at least once
	}
	edges := map[byte]*edge{1: {stream: "one"}, 2: {stream: "two"}}
	var want int64
	rapid.Check(t, func(rt *rapid.T) {
		var b share.Batch
		for range rapid.IntRange(1, 4).Draw(rt, "runs") {
			number := byte(rapid.IntRange(0, 2).Draw(rt, "edge"))
			ed := edges[number]
			if ed == nil {
				r := h.share(m, e.ID, 1<<20, share.Accepted)
				b.Records, b.Runs = append(b.Records, r), append(b.Runs, share.Run{N: 1})
				want++
				continue
			}
			switch {
			case rapid.IntRange(0, 9).Draw(rt, "reset") == 0 && ed.arrived == len(ed.msgs):
				ed.stream, ed.msgs, ed.arrived = hashyard.NewID().String(), nil, 0
			default:
				for range rapid.IntRange(0, 2).Draw(rt, "new") {
					var msg []share.Record
					for range rapid.IntRange(0, 3).Draw(rt, "records") {
						msg = append(msg, h.share(m, e.ID, 1<<20, share.Accepted))
						want++
					}
					ed.msgs = append(ed.msgs, msg)
				}
			}
			from := rapid.IntRange(0, ed.arrived).Draw(rt, "from")
			for i := from; i < len(ed.msgs); i++ {
				b.Records = append(b.Records, ed.msgs[i]...)
				b.Runs = append(b.Runs, share.Run{Edge: number, Stream: ed.stream, Seq: uint64(i + 1), N: len(ed.msgs[i])})
			}
			ed.arrived = len(ed.msgs)
		}
		next := h.log.append(b.Records...)
		next.Runs = b.Runs
		if err := h.svc.Apply(t.Context(), next); err != nil {
			rt.Fatal(err)
		}
	})
	if got := h.booked(a.actor, m.Worker, e.ID); got.Shares != want {
		t.Errorf("%d shares booked of %d", got.Shares, want)
	}
	if n := h.count("SELECT sum(missing)::bigint FROM pool_checkpoints"); n != 0 {
		t.Errorf("%d messages are said to be missing", n)
	}
}

// A message that does not follow the one before counts, and the hole is kept.
func TestAHoleInAnEdgesLogIsTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant("alpha")
	m := h.machine(a, hashyard.NewID())
	e := h.epoch()
	for _, seq := range []uint64{1, 5} {
		b := h.log.append(h.share(m, e.ID, 1<<20, share.Accepted))
		b.Runs = []share.Run{{Edge: 9, Stream: "nine", Seq: seq, N: 1}}
		if err := h.svc.Apply(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if n := h.booked(a.actor, m.Worker, e.ID).Shares; n != 2 {
		t.Errorf("%d shares booked of 2", n)
	}
	if n := h.count("SELECT missing FROM pool_checkpoints WHERE name = 'edge/9'"); n != 3 {
		t.Errorf("%d messages missing, want 3", n)
	}
}

func TestRunsMustCoverTheBatch(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	m := h.machine(h.tenant("alpha"), hashyard.NewID())
	e := h.epoch()
	for _, runs := range [][]share.Run{{{N: 1}}, {{N: 3}}, {{N: -1}, {N: 3}}, {{Edge: 1, Seq: 1, N: 1}}} {
		b := share.Batch{Stream: h.log.stream, After: h.log.seq, Seq: h.log.seq + 1, Runs: runs, Records: []share.Record{
			h.share(m, e.ID, 1<<20, share.Accepted), h.share(m, e.ID, 1<<20, share.Accepted),
		}}
		if err := h.svc.Apply(t.Context(), b); err == nil {
			t.Errorf("runs %+v of two records were applied", runs)
		}
	}
}

func TestRefusedSubmitsAreKeptByCause(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant("alpha")
	m := h.machine(a, hashyard.NewID())
	other := h.tenant("beta")
	e := h.epoch()
	refused := func(code share.Code, cause share.Cause, late time.Duration) share.Record {
		r := h.share(m, e.ID, 1<<20, code)
		r.Cause, r.Late = cause, late
		return r
	}
	for range 2 {
		h.submit(
			refused(share.Stale, share.TipMoved, 30*time.Millisecond), refused(share.Stale, share.TipMoved, 100*time.Millisecond),
			refused(share.Stale, share.TipMoved, 101*time.Millisecond), refused(share.Stale, share.TipMoved, time.Hour),
			refused(share.Other, share.BlockTime, 0), h.share(m, e.ID, 1<<20, share.Accepted),
		)
	}
	want := []pool.Reject{
		{Unit: m.unit, Cause: share.TipMoved, Upto: 100 * time.Millisecond, Count: 4},
		{Unit: m.unit, Cause: share.BlockTime, Count: 2},
		{Unit: m.unit, Cause: share.TipMoved, Upto: 250 * time.Millisecond, Count: 2},
		{Unit: m.unit, Cause: share.TipMoved, Upto: pool.Latest, Count: 2},
	}
	q := pool.RejectQuery{Unit: m.unit, Since: h.clock().Add(-time.Minute)}
	got, err := h.svc.Rejects(t.Context(), a.actor, q)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, err := h.svc.Rejects(t.Context(), other.actor, q); err != nil || len(got) != 0 {
		t.Errorf("another organisation sees %v, %v", got, err)
	}
}

// Machines elsewhere get numbers of their own, come by their key only, and go
// when nothing of them is left behind.
func TestEdgesHaveNumbersOfTheirOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	store := postgres.New(h.db)
	add := func(name, key string) (pool.EdgeMachine, error) {
		return store.AddEdge(t.Context(), pool.EdgeMachine{ID: hashyard.NewID(), Name: name, Key: key, Since: h.clock()})
	}
	for i, name := range []string{"fra1", "lon1", "fra1"} { // the third again
		e, err := add(name, "U"+name)
		if want := byte(i%2 + 1); err != nil || e.Number != want {
			t.Fatalf("%s is number %d, want %d; %v", name, e.Number, want, err)
		}
	}
	for _, again := range [][2]string{{"fra1", "Uother"}, {"other", "Ufra1"}} {
		if _, err := add(again[0], again[1]); !errors.Is(err, hashyard.Conflict) {
			t.Errorf("%v: %v", again, err)
		}
	}
	fra, err := store.EdgeByKey(t.Context(), "Ufra1")
	if err != nil {
		t.Fatal(err)
	}
	if err := store.SeeEdge(t.Context(), fra.ID, true, h.clock()); err != nil {
		t.Fatal(err)
	}
	if _, err := store.RevokeEdge(t.Context(), "fra1", false, h.clock()); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("one that may have shares goes: %v", err)
	}
	if err := store.SeeEdge(t.Context(), fra.ID, false, h.clock()); err != nil {
		t.Fatal(err)
	}
	if _, err := store.RevokeEdge(t.Context(), "fra1", false, h.clock()); err != nil {
		t.Error(err)
	}
	if _, err := store.RevokeEdge(t.Context(), "lon1", true, h.clock()); err != nil {
		t.Error(err)
	}
	for _, key := range []string{"Ufra1", "Uunknown"} {
		if _, err := store.EdgeByKey(t.Context(), key); !errors.Is(err, hashyard.NotFound) {
			t.Errorf("%s: %v", key, err)
		}
	}
	if e, err := add("fra1", "Unew"); err != nil || e.Number != 3 {
		t.Errorf("the next is number %d, want 3, which nobody has had; %v", e.Number, err)
	}
	all, err := store.Edges(t.Context())
	if err != nil || len(all) != 1 || all[0].Key != "Unew" {
		t.Errorf("edges %+v, %v", all, err)
	}
}
