package postgres_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/share"
	"hashyard/pool/sharelog"
)

// The real log, its consumer and the books: every share that was answered
// true is booked once, whatever dies between them, and the period settles
// only after the last one.
func TestFromTheLogIntoTheBooks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.tenant("alpha")
	m := h.machine(a, hashyard.NewID())
	e := h.epoch()
	log, err := sharelog.Open(t.Context(), sharelog.Config{Dir: t.TempDir(), MaxBatchBytes: 1024})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	svc := h.service(func(c *pool.Config) { c.Log = log })

	const shares = 100
	var acked atomic.Int64
	writers := make(chan struct{})
	go func() {
		defer close(writers)
		for range shares {
			if err := log.Append(t.Context(), h.share(m, e.ID, 1<<20, 0)); err == nil {
				acked.Add(1)
			}
			log.AppendLater(h.share(m, e.ID, 1<<20, share.Stale))
		}
	}()
	// The consumer dies again and again: before, in, and after a transaction.
	consumer := sharelog.NewConsumer(sharelog.ConsumerConfig{Log: log, Checkpoint: svc.Checkpoint, MaxRecords: 30})
	applied := 0
	for round := 0; ; round++ {
		// It may have applied all and wait for more: then the round just ends.
		ctx, die := context.WithTimeout(t.Context(), 2*time.Second)
		err := consumer.Run(ctx, func(ctx context.Context, b share.Batch) error {
			applied++
			switch applied % 5 {
			case 1:
				die()
				return errors.New("killed before")
			case 2:
				ctx, cut := context.WithTimeout(ctx, 100*time.Microsecond)
				defer cut()
				return errors.Join(svc.Apply(ctx, b), errors.New("killed inside"))
			case 3:
				return errors.Join(svc.Apply(ctx, b), errors.New("answer lost"))
			}
			if err := svc.Apply(ctx, b); err != nil {
				return err
			}
			stream, seq := log.Position()
			if at, n, err := svc.Checkpoint(ctx); err == nil && at == stream && n == seq && done(writers) {
				die()
			}
			return nil
		})
		die()
		if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		_, seq := log.Position()
		if _, n, err := svc.Checkpoint(t.Context()); err == nil && n == seq && done(writers) {
			break
		}
		if round > 5000 {
			t.Fatal("the consumer does not get to the end")
		}
	}
	got := h.booked(a.actor, m.Worker, e.ID)
	if want, _ := hashyard.WorkOf(1 << 20).Times(uint64(acked.Load())); got.Work != want || got.Shares != shares || got.Shares != acked.Load() {
		t.Errorf("booked %d shares, work %s; acknowledged %d", got.Shares, got.Work, acked.Load())
	}
	h.pass(period + 12*time.Second)
	if err := log.Append(t.Context(), h.share(m, e.ID, 1<<20, 0)); err != nil { // reached the log last
		t.Fatal(err)
	}
	waited := 0
	h.run(svc, "the period settles", func() bool {
		if waited++; waited < 20 {
			return false
		}
		if waited == 20 { // until here its last share was not applied
			if n := h.count("SELECT count(*) FROM pool_periods"); n != 0 {
				t.Error("settled without an acknowledged share")
			}
			ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
			defer stop()
			err := consumer.Run(ctx, func(ctx context.Context, b share.Batch) error {
				defer stop()
				return svc.Apply(context.WithoutCancel(ctx), b)
			})
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		return h.count("SELECT count(*) FROM pool_periods") == 1
	})
	if sts := h.settled(a); len(sts) != 1 || sts[0].Shares != shares+1 {
		t.Errorf("statements %+v", sts)
	}
}

func done(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
