// Package sharelog is the durable share stream: an accepted share is in it,
// synced to disk, before its miner hears true. It owns the stream's folder.
//
// It embeds a NATS server with JetStream in the process (no port), or uses a
// cluster that is there, writes
// shares in groups (one fsync for all that came in about two milliseconds, one
// group outstanding) and refuses new ones when it is full: it never drops an
// old one. Whoever applies the records stores the position they came with in
// the same transaction, which makes replay after a crash take effect once.
//
// All methods are safe for concurrent use. One goroutine, ended by Close,
// writes; a Consumer's Run belongs to its caller.
package sharelog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"hashyard"
	"hashyard/pool/share"
)

// Record and Batch are the words the log speaks; see package share.
type (
	Record = share.Record
	Batch  = share.Batch
)

const (
	streamName  = "SHARES"
	subject     = "shares.judged"
	incarnation = "hashyard_incarnation" // stream metadata
)

// Config says where the log is and how large it may get.
type Config struct {
	Dir string // made when absent; one process at a time
	// Cluster is where the stream is instead of Dir, which then only keeps a
	// second process of this machine out; nil for the embedded server.
	Cluster *Cluster
	// MaxBytes is when the log refuses shares; 0 is 4 GiB.
	MaxBytes int64
	// Window is how long a group waits for company; 0 is 2 ms.
	Window time.Duration
	// MaxBatchBytes bounds a group's message; 0 is 64 KiB.
	MaxBatchBytes int
	// MaxPending is how many shares may wait for the disk before new ones are
	// refused; 0 is 65,536.
	MaxPending int
	// AckTimeout is how long one group may take, retries included; 0 is 30 s.
	AckTimeout time.Duration
	// MaxLag is for how long nothing may be applied, while there is something
	// to apply, before Behind says so; 0 is 10 min.
	MaxLag time.Duration
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.MaxBytes == 0 {
		c.MaxBytes = 4 << 30
	}
	if c.Window == 0 {
		c.Window = 2 * time.Millisecond
	}
	if c.MaxBatchBytes == 0 {
		c.MaxBatchBytes = 64 << 10
	}
	if c.MaxPending == 0 {
		c.MaxPending = 1 << 16
	}
	if c.AckTimeout == 0 {
		c.AckTimeout = 30 * time.Second
	}
	if c.MaxLag == 0 {
		c.MaxLag = 10 * time.Minute
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Log is an open share stream.
type Log struct {
	cfg  Config
	lock *os.File
	link atomic.Pointer[link] // to the embedded server; replaced when that breaks
	name string               // incarnation of the stream

	seq atomic.Uint64 // last durable message
	// What is known of the reader: how far it has applied, and when it last
	// got further or had nothing left; zero before it has begun.
	appliedSeq atomic.Uint64
	progressed atomic.Int64 // Unix ms

	mu      sync.Mutex // guards the fields below
	queue   []entry
	urgent  bool          // the queue holds something whose sender waits
	closed  bool          // no more entries
	durable chan struct{} // closed and replaced at every durable message

	wake chan struct{} // has room for one; the writer listens
	done chan struct{} // closed by the writer at its end

	dropped atomic.Int64          // refused shares that were not recorded
	failing atomic.Pointer[error] // of the last group; nil when it was stored
}

// Open starts the log in its folder, recovering what a crash left.
func Open(ctx context.Context, cfg Config) (*Log, error) {
	cfg = cfg.withDefaults()
	if cfg.Dir == "" {
		return nil, hashyard.Invalid.Errorf("share log: no folder configured")
	}
	if cfg.MaxBatchBytes < share.HeaderSize+share.MaxRecordSize || cfg.MaxBatchBytes > 1<<20-4096 {
		return nil, hashyard.Invalid.Errorf("share log: a group of %d bytes is outside what one message takes", cfg.MaxBatchBytes)
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	l := &Log{
		cfg: cfg, lock: lock,
		durable: make(chan struct{}), wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	k, err := l.open(ctx)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	l.link.Store(k)
	go l.write()
	return l, nil
}

// lockDir keeps a second process out: two JetStreams in one folder destroy it.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("share log folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("share log folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(
			hashyard.Conflict.Errorf("share log folder %s is in use by another process: end it or choose another folder: %w", dir, err),
			f.Close())
	}
	return f, nil
}

// Position is the stream's incarnation and its last durable message. A
// consumer whose checkpoint equals it has applied everything.
func (l *Log) Position() (stream string, seq uint64) { return l.name, l.seq.Load() }

// Close makes durable what is queued, answers it, and stops the log.
func (l *Log) Close() error {
	l.mu.Lock()
	was := l.closed
	l.closed = true
	l.mu.Unlock()
	if was {
		<-l.done
		return nil
	}
	l.rouse()
	<-l.done
	return l.stop()
}

func (l *Log) stop() error {
	l.link.Load().close()
	if err := l.lock.Close(); err != nil {
		return fmt.Errorf("share log lock: %w", err)
	}
	return nil
}
