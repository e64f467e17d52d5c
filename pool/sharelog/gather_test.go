package sharelog

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// While shares keep coming there is a batch an interval, not one a message; all
// are applied, in order and once.
func TestBatchesGather(t *testing.T) {
	t.Parallel()
	l := open(t, Config{Dir: t.TempDir()})
	var db store
	const gather, shares = 50 * time.Millisecond, 60
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	began, batches := time.Now(), 0
	ran := make(chan error, 1)
	go func() {
		ran <- NewConsumer(ConsumerConfig{Log: l, Checkpoint: db.checkpoint, Gather: gather}).Run(ctx, func(ctx context.Context, b Batch) error {
			batches++
			err := db.apply(ctx, b)
			if len(db.got) == shares {
				cancel()
			}
			return err
		})
	}()
	var want []Record
	for n := range uint64(shares) {
		want = append(want, record(n))
		if err := l.Append(t.Context(), want[n]); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-ran; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if most := int(time.Since(began)/gather) + 1; batches > most {
		t.Errorf("%d batches in the time of %d", batches, most)
	}
	if diff := cmp.Diff(want, db.got); diff != "" {
		t.Error(diff)
	}
}
