package sharelog

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hashyard/pool/share"
)

// BenchmarkAppend is durable appends of many senders at once; floor is what
// the disk gives: the same groups through a file of our own, one write and one
// fsync a group. fsyncs/op and the sizes of the groups tell the two apart.
func BenchmarkAppend(b *testing.B) {
	r := record(1)
	b.Run("log", func(b *testing.B) {
		l := open(b, Config{Dir: b.TempDir()})
		appendFrom500(b, func(ctx context.Context) error { return l.Append(ctx, r) })
		_, messages := l.Position()
		b.ReportMetric(float64(messages)/float64(b.N), "fsyncs/op")
	})
	b.Run("floor", func(b *testing.B) {
		f := newFloor(b, 2*time.Millisecond)
		one := share.Append(nil, r)
		appendFrom500(b, func(context.Context) error { return f.append(one) })
		b.ReportMetric(float64(f.syncs.Load())/float64(b.N), "fsyncs/op")
	})
}

func appendFrom500(b *testing.B, one func(ctx context.Context) error) {
	b.SetParallelism(500)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := one(b.Context()); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// floor groups as the log does, and does nothing else.
type floor struct {
	mu      sync.Mutex // guards buf and waiting
	buf     []byte
	waiting []chan error
	wake    chan struct{}
	syncs   atomic.Int64
}

func newFloor(b *testing.B, window time.Duration) *floor {
	b.Helper()
	file, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	if err != nil {
		b.Fatal(err)
	}
	f := &floor{wake: make(chan struct{}, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range f.wake {
			time.Sleep(window)
			f.mu.Lock()
			buf, waiting := f.buf, f.waiting
			f.buf, f.waiting = nil, nil
			f.mu.Unlock()
			_, err := file.Write(buf)
			err = errors.Join(err, file.Sync())
			f.syncs.Add(1)
			for _, w := range waiting {
				w <- err
			}
		}
	}()
	b.Cleanup(func() {
		close(f.wake)
		<-ended
		_ = file.Close()
	})
	return f
}

func (f *floor) append(one []byte) error {
	done := make(chan error, 1)
	f.mu.Lock()
	f.buf, f.waiting = append(f.buf, one...), append(f.waiting, done)
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
	return <-done
}
