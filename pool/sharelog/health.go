package sharelog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hashyard"
)

// leastFree is how much room the disk must have: the log notices a full disk
// by a failed write, this says so before.
const leastFree = 64 << 20

// nearlyFull is the part of the log's own limit, in percent, from which it is
// said to be full; the last shares before are still taken.
const nearlyFull = 95

// Writable answers whether shares can be stored now: the last group was, the
// log is not nearly full, and its disk has room and takes a write, which this
// tries.
func (l *Log) Writable(ctx context.Context) error {
	l.mu.Lock()
	closed := l.closed
	l.mu.Unlock()
	if closed {
		return hashyard.Unavailable.Errorf("share log is closed")
	}
	if err := l.failing.Load(); err != nil {
		return fmt.Errorf("last write: %w", *err)
	}
	st, err := l.Stats(ctx)
	if err != nil {
		return err
	}
	if int64(st.Bytes) >= st.MaxBytes/100*nearlyFull {
		return hashyard.Exhausted.Errorf("share log holds %d of %d bytes", st.Bytes, st.MaxBytes)
	}
	if l.cfg.Cluster != nil {
		return nil // its disks are for others to watch
	}
	if st.Free < leastFree {
		return hashyard.Exhausted.Errorf("the share log's disk has %d bytes left", st.Free)
	}
	return l.probe()
}

// applied notes how far the reader got.
func (l *Log) applied(seq uint64) {
	if l.appliedSeq.Swap(seq) != seq || seq >= l.seq.Load() || l.progressed.Load() == 0 {
		l.progressed.Store(time.Now().UnixMilli())
	}
}

// Behind says why no more miners should be taken in: too many shares wait for
// the disk, or durable ones are not applied for too long. It costs nothing.
func (l *Log) Behind() error {
	l.mu.Lock()
	pending := len(l.queue)
	l.mu.Unlock()
	if pending >= l.cfg.MaxPending/4 {
		return hashyard.Exhausted.Errorf("%d shares wait for the disk", pending)
	}
	since := l.progressed.Load()
	if since == 0 || l.appliedSeq.Load() >= l.seq.Load() {
		return nil
	}
	if lag := time.Since(time.UnixMilli(since)); lag > l.cfg.MaxLag {
		return hashyard.Exhausted.Errorf("accepted shares are not applied since %s", lag.Round(time.Second))
	}
	return nil
}

// Stats is what the log knows about itself.
type Stats struct {
	Stream   string
	Seq      uint64 // last durable message
	FirstSeq uint64 // oldest kept
	Bytes    uint64
	MaxBytes int64
	Pending  int    // shares waiting for the disk
	Dropped  int64  // refused shares not recorded, since start
	Free     uint64 // bytes left on its disk; 0 when that is a cluster's

	// What is durable and not applied yet.
	Backlog       uint64        // messages
	BacklogBytes  uint64        // about
	BacklogOldest time.Duration // age of the oldest of them
}

// Stats asks for them.
func (l *Log) Stats(ctx context.Context) (Stats, error) {
	stream := l.link.Load().stream
	info, err := stream.Info(ctx)
	if err != nil {
		return Stats{}, fmt.Errorf("share log stats: %w", err)
	}
	free, err := l.free()
	if err != nil {
		return Stats{}, err
	}
	l.mu.Lock()
	pending := len(l.queue)
	l.mu.Unlock()
	st := Stats{
		Stream: l.name, Seq: info.State.LastSeq, FirstSeq: info.State.FirstSeq, Bytes: info.State.Bytes,
		MaxBytes: l.cfg.MaxBytes, Pending: pending, Dropped: l.dropped.Load(), Free: free,
	}
	applied := l.appliedSeq.Load()
	if l.progressed.Load() == 0 || applied >= st.Seq {
		return st, nil
	}
	st.Backlog = st.Seq - applied
	st.BacklogBytes = info.State.Bytes / max(info.State.Msgs, 1) * min(st.Backlog, info.State.Msgs)
	oldest, err := stream.GetMsg(ctx, max(applied+1, st.FirstSeq))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound): // forgotten meanwhile: it was applied
	case err != nil:
		return Stats{}, fmt.Errorf("share log stats: %w", err)
	default:
		st.BacklogOldest = time.Since(oldest.Time)
	}
	return st, nil
}

// probe writes a small file durably beside the log and removes it.
func (l *Log) probe() (err error) {
	f, err := os.OpenFile(filepath.Join(l.cfg.Dir, "probe"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("share log folder: %w", err)
	}
	_, err = f.Write(make([]byte, 4096))
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close(), os.Remove(f.Name()))
	if err != nil {
		return fmt.Errorf("share log folder: %w", err)
	}
	return nil
}

// free is the room on the log's disk for who is not its superuser.
func (l *Log) free() (uint64, error) {
	if l.cfg.Cluster != nil {
		return 0, nil
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(l.cfg.Dir, &fs); err != nil {
		return 0, fmt.Errorf("share log disk: %w", err)
	}
	return fs.Bavail * uint64(fs.Bsize), nil
}
