package pg_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/migrations/testdb"
)

// TestPanicIsAFailure: a handler that panics, also inside a transaction, is
// tried again; the others and the events after it are delivered.
func TestPanicIsAFailure(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	things(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var tries, steady atomic.Int64
	org := hashyard.NewID()
	bad := func(ctx context.Context, ev hashyard.Event) error {
		return db.AsSystem(ctx, "test.bad", func(ctx context.Context, tx *pg.Tx) error {
			if _, err := tx.Conn().Exec(ctx, "INSERT INTO things (id, org_id, note) VALUES ($1, $2, 'x')", ev.ID, org); err != nil {
				return err
			}
			if tries.Add(1) == 1 {
				panic("boom")
			}
			return nil
		})
	}
	good := func(context.Context, hashyard.Event) error { steady.Add(1); return nil }
	kinds := []hashyard.EventKind{hashyard.EvMinerSeen}
	var log bytes.Buffer // written by the one worker, read after Run
	d := pg.NewDispatcher(db, []pg.Handler{{"bad", kinds, bad}, {"good", kinds, good}}, pg.DispatcherConfig{
		Poll: 20 * time.Millisecond, Workers: 1, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	ev, err := hashyard.NewEvent(hashyard.EvMinerSeen, hashyard.Ref{Kind: "miner"}, time.Now(), hashyard.MinerSeen{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.AsSystem(ctx, "test", func(ctx context.Context, tx *pg.Tx) error { return tx.Emit(ctx, ev) }); err != nil {
		t.Fatal(err)
	}
	owner := testdb.Owner(t, db)
	var done bool
	for deadline := time.Now().Add(10 * time.Second); !done; {
		if err := owner.QueryRow(ctx, "SELECT done_at IS NOT NULL FROM outbox WHERE id = $1", ev.ID).Scan(&done); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatal("not delivered")
		}
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	var rows int
	if err := owner.QueryRow(t.Context(), "SELECT count(*) FROM things").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	if tries.Load() != 2 || steady.Load() != 2 || rows != 1 {
		t.Errorf("tries %d, steady %d, rows %d; want 2 2 1", tries.Load(), steady.Load(), rows)
	}
	for _, has := range []string{"panic in event handler", "handler=bad", "panic=boom", "panic_test.go"} {
		if !strings.Contains(log.String(), has) {
			t.Errorf("the log lacks %q: %s", has, log.String())
		}
	}
}
