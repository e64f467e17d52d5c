package sharelog

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"hashyard"
	"hashyard/migrations/testdb/need"
)

// TestAFullDiskRefusesAndHeals: while the disk is full shares are refused, and
// soon; when there is room again they are taken, without a restart, and what
// was acknowledged is there once.
func TestAFullDiskRefusesAndHeals(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
		need.Missing(t, need.Mount, "a small file system cannot be mounted here: "+err.Error())
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	l := open(t, Config{Dir: dir, MaxBytes: 64 << 20, AckTimeout: 10 * time.Second})
	acked := map[[32]byte]bool{}
	push := func(n uint64) error {
		rec := record(n)
		err := l.Append(t.Context(), rec)
		if err == nil {
			acked[rec.Hash] = true
		}
		return err
	}
	next := uint64(0)
	for ; next < 10; next++ {
		if err := push(next); err != nil {
			t.Fatal(err)
		}
	}
	for round := range 2 {
		filler := fill(t, dir)
		refused := 0
		for deadline := time.Now().Add(20 * time.Second); refused < 5 && time.Now().Before(deadline); next++ {
			began := time.Now()
			err := push(next)
			if err == nil {
				continue // it still fitted into a block that is there
			}
			if !errors.Is(err, hashyard.Unavailable) && !errors.Is(err, hashyard.Exhausted) {
				t.Fatalf("a full disk says %v", err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("round %d: refused only after %v", round, took)
			}
			refused++
		}
		if refused == 0 {
			t.Fatal("the disk never got full")
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		healed := 0
		for deadline := time.Now().Add(20 * time.Second); healed < 10 && time.Now().Before(deadline); next++ {
			if push(next) == nil {
				healed++
				continue
			}
			time.Sleep(100 * time.Millisecond)
		}
		if healed < 10 {
			t.Fatalf("round %d: shares are still refused with room on the disk", round)
		}
	}
	seen := map[[32]byte]int{}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c := NewConsumer(ConsumerConfig{Log: l, Checkpoint: func(context.Context) (string, uint64, error) { return "", 0, nil }})
	err := c.Run(ctx, func(_ context.Context, b Batch) error {
		for _, r := range b.Records {
			seen[r.Hash]++
		}
		if _, last := l.Position(); b.Seq >= last {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("reading: %v", err)
	}
	for h := range acked {
		if seen[h] != 1 {
			t.Errorf("acknowledged share %x is in the log %d times", h, seen[h])
		}
	}
}

// fill leaves no room on dir's disk.
func fill(t *testing.T, dir string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 4096, 1} {
		for chunk := make([]byte, size); err == nil; {
			_, err = f.Write(chunk)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		err = nil
	}
	return f.Name()
}
