package postgres_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/migrations/testdb"
	"hashyard/pool"
)

// watched runs the service until its workers were looked at once more.
func (h *house) watched(until func() bool) {
	h.t.Helper()
	h.run(h.svc, "workers are looked at", func() bool {
		h.pass(5 * time.Second)
		return until()
	})
}

func (h *house) workerState(t tenant, id hashyard.ID) pool.WorkerState {
	h.t.Helper()
	w, err := h.svc.Worker(h.t.Context(), t.actor, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return w.State
}

func TestWorkersAreWatched(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant("alpha")
	m, idle := h.machine(a, hashyard.NewID()), h.machine(a, hashyard.NewID())
	hash := func() {
		e := h.epoch()
		for range 6 {
			h.submit(h.share(m, e.ID, 1<<20, 0))
			h.pass(time.Second)
		}
	}
	hash()
	h.watched(func() bool { return h.workerState(a, m.Worker) == pool.WorkerOnline })
	if s := h.workerState(a, idle.Worker); s != pool.WorkerNew {
		t.Errorf("a worker without shares is %s", s)
	}
	if n := h.count("SELECT count(*) FROM outbox WHERE kind LIKE 'worker.%'"); n != 0 {
		t.Errorf("%d events of first looks", n)
	}
	h.pass(6 * time.Minute)
	h.watched(func() bool { return h.workerState(a, m.Worker) == pool.WorkerSilent })
	silent := events[hashyard.WorkerChanged](h, hashyard.EvWorkerSilent)
	if len(silent) != 1 || silent[0].Worker != m.Worker || silent[0].Unit != m.unit || silent[0].Was != "online" || silent[0].User != m.User || silent[0].LastShare.IsZero() {
		t.Fatalf("told %+v", silent)
	}
	// Looking again, by another process too, tells nothing anew.
	other := h.service(func(*pool.Config) {})
	h.run(other, "another look", func() bool {
		h.pass(5 * time.Second)
		return h.count("SELECT count(*) FROM pool_worker_now WHERE refreshed_at > $1", h.clock().Add(-20*time.Second)) == 2
	})
	for range 5 { // a minute of shares brings it back
		hash()
		h.watched(func() bool { return true })
	}
	h.watched(func() bool { hash(); return h.workerState(a, m.Worker) == pool.WorkerOnline })
	if n := len(events[hashyard.WorkerChanged](h, hashyard.EvWorkerSilent)); n != 1 {
		t.Errorf("silence was told %d times", n)
	}
	if on := events[hashyard.WorkerChanged](h, hashyard.EvWorkerOnline); len(on) != 1 || on[0].Was != "silent" {
		t.Errorf("told %+v", on)
	}
	counts, err := h.svc.WorkerCounts(t.Context(), a.actor)
	if err != nil || counts[pool.WorkerOnline] != 1 || counts[pool.WorkerNew] != 1 {
		t.Errorf("counts %v, %v", counts, err)
	}
}

// Ten thousand workers: every sort, both ways, walks all of them once; and the
// page is found without reading what the others did.
func TestTenThousandWorkers(t *testing.T) {
	t.Parallel()
	const n = 10_000
	h := newHouse(t)
	a := h.tenant("alpha")
	b := h.tenant("beta")
	if _, err := h.svc.AddWorker(t.Context(), b.actor, "theirs"); err != nil {
		t.Fatal(err)
	}
	h.must(`INSERT INTO pool_workers (id, org_id, account_id, name, created_at)
		SELECT gen_random_uuid(), $1, $2, 'w' || i, now() FROM generate_series(1, $3) i`, a.Org, a.ID, n)
	h.must(`INSERT INTO pool_worker_now (worker_id, org_id, state, since, hs_5m, hs_1h, hs_24h, shares_24h, rejects_24h, last_share_at, refreshed_at)
		SELECT id, org_id, (ARRAY['online', 'slow', 'silent'])[1 + i % 3], now(), i % 97, i % 89, i % 83, i, i % 7, now() - i * interval '1 second', now()
		FROM (SELECT id, org_id, row_number() OVER (ORDER BY id) AS i FROM pool_workers WHERE account_id = $1) w WHERE i % 50 <> 0`, a.ID)
	h.must("ANALYZE pool_workers")
	h.must("ANALYZE pool_worker_now")
	for _, sort := range []pool.WorkerSort{pool.CreatedFirst, pool.ByName, pool.ByFive, pool.ByHour, pool.ByDay, pool.ByLastShare, pool.ByRejects, pool.ByState} {
		for _, down := range []bool{false, true} {
			seen := map[hashyard.ID]bool{}
			q := pool.WorkerQuery{Page: pool.Page{Limit: 500}, Sort: sort, Descending: down}
			pages := 0
			for {
				ws, next, err := h.svc.Workers(t.Context(), a.actor, q)
				if err != nil {
					t.Fatalf("%s: %v", sort, err)
				}
				for _, w := range ws {
					if seen[w.ID] || w.Org != a.Org {
						t.Fatalf("%s: worker %s is shown twice, or is another's", sort, w.Name)
					}
					seen[w.ID] = true
				}
				if pages++; next == "" || sort != pool.ByFive && pages == 3 { // one sort the whole way
					break
				}
				q.Cursor = next
			}
			if sort == pool.ByFive && len(seen) != n {
				t.Errorf("%s: %d of %d workers", sort, len(seen), n)
			}
		}
	}
	ws, _, err := h.svc.Workers(t.Context(), a.actor, pool.WorkerQuery{Sort: pool.ByName, Descending: true, States: []pool.WorkerState{pool.WorkerSlow}, Text: "a.W99"})
	if err != nil || len(ws) == 0 || !slices.IsSortedFunc(ws, func(x, y pool.WorkerView) int { return strings.Compare(y.User(), x.User()) }) {
		t.Errorf("%d slow workers, %v", len(ws), err)
	}
	for _, w := range ws {
		if w.State != pool.WorkerSlow || !strings.Contains(w.User(), "a.w99") {
			t.Errorf("%s is %s", w.User(), w.State)
		}
	}
	for _, cursor := range []string{"x", "name:" + hashyard.NewID().String() + `:"a"`, "ths_5m:" + hashyard.NewID().String() + `:"a"`, `ths_5m::"1"`} {
		_, _, err := h.svc.Workers(t.Context(), a.actor, pool.WorkerQuery{Page: pool.Page{Cursor: cursor}, Sort: pool.ByFive})
		if !errors.Is(err, hashyard.Invalid) {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
	if _, _, err := h.svc.Workers(t.Context(), a.actor, pool.WorkerQuery{Sort: "id; drop"}); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("an unknown sort: %v", err)
	}
}

func (h *house) must(sql string, args ...any) {
	h.t.Helper()
	if _, err := h.owner.Exec(h.t.Context(), sql, args...); err != nil {
		h.t.Fatal(err)
	}
}

func BenchmarkTenThousandWorkers(b *testing.B) {
	db := testdb.New(b)
	owner := testdb.Owner(b, db)
	store := newStore(db)
	org, account := hashyard.NewID(), hashyard.NewID()
	exec := func(sql string, args ...any) {
		if _, err := owner.Exec(b.Context(), sql, args...); err != nil {
			b.Fatal(err)
		}
	}
	exec("INSERT INTO pool_accounts (id, org_id, name, created_at) VALUES ($1, $2, 'bench', now())", account, org)
	exec(`INSERT INTO pool_workers (id, org_id, account_id, name, created_at)
		SELECT gen_random_uuid(), $1, $2, 'w' || i, now() FROM generate_series(1, 10000) i`, org, account)
	exec(`INSERT INTO pool_epochs (id, period_start, period_end, nbits, subsidy_sats, fee_method, fee_window, fee_sum_sats, fee_count, fee_tip_hash, height, fee_ppm, created_at)
		VALUES ($1, now() - interval '1 day', now() + interval '1 day', 1, 1, 'sma/1', 1, 0, 0, decode(repeat('00', 32), 'hex'), 1, 0, now())`, org)
	exec(`INSERT INTO pool_work (org_id, account_id, worker_id, epoch_id, minute, work, sum_squares, shares, r20, r21, r22, r23, r24, r25, last_at)
		SELECT $1, $2, w.id, $1, m, 1000, 1000000, 12, 0, 0, 0, 0, 0, 0, m FROM pool_workers w, generate_series(date_trunc('minute', now()) - interval '59 minutes', now(), '1 minute') m`, org, account)
	exec(`INSERT INTO pool_worker_hours SELECT org_id, id, h, 60000, 60000000, 720, 0, 0, 0, 0, 0, 0, h
		FROM pool_workers, generate_series(date_trunc('hour', now()) - interval '23 hours', now(), '1 hour') h`)
	exec("ANALYZE")
	now := time.Now()
	looked := func() []pool.Looked {
		ws, err := store.Watched(b.Context(), now)
		if err != nil || len(ws) != 10_000 {
			b.Fatal(len(ws), err)
		}
		out := make([]pool.Looked, 0, len(ws))
		for _, w := range ws {
			l := pool.Looked{Watched: w, Was: w.Standing}
			l.State, l.Since = pool.WorkerOnline, now.Truncate(time.Microsecond)
			out = append(out, l)
		}
		return out
	}
	b.Run("watch", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := store.PutLooked(b.Context(), looked(), now); err != nil {
				b.Fatal(err)
			}
		}
	})
	actor := hashyard.Actor{Org: org, User: hashyard.NewID()}
	for _, sort := range []pool.WorkerSort{pool.ByName, pool.ByHour} {
		b.Run(fmt.Sprint("page by ", sort), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ws, _, err := store.Workers(b.Context(), actor, now, pool.WorkerQuery{Sort: sort, Page: pool.Page{Limit: 100}})
				if err != nil || len(ws) != 100 {
					b.Fatal(len(ws), err)
				}
			}
		})
	}
	b.Run("floor: select 1", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := owner.Exec(b.Context(), "SELECT 1"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
