package sharelog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hashyard"
	"hashyard/pool/share"
)

// ConsumerConfig connects a consumer with whoever applies the records.
type ConsumerConfig struct {
	Log *Log
	// Checkpoint reads the (Stream, Seq) of the last batch applied; "" and 0
	// before the first.
	Checkpoint func(ctx context.Context) (stream string, seq uint64, err error)
	// MaxRecords bounds a batch; 0 is 20,000. A batch is never less than a message.
	MaxRecords int
	// Gather is the least time between two batches while shares keep coming: each
	// costs a transaction, and adds to the same rows as the one before it. A
	// share that comes after a pause waits for nothing. 0 is 250 ms.
	Gather time.Duration
	// Droppable is up to where the log may forget messages; nil: what was applied.
	Droppable func() uint64
	Logger    *slog.Logger
}

// Consumer reads the log in order, from the checkpoint on.
type Consumer struct {
	cfg    ConsumerConfig
	purged time.Time // last look at the log's size
}

// NewConsumer makes one; nothing happens before Run.
func NewConsumer(cfg ConsumerConfig) *Consumer {
	if cfg.MaxRecords == 0 {
		cfg.MaxRecords = 20_000
	}
	if cfg.Gather == 0 {
		cfg.Gather = 250 * time.Millisecond
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Consumer{cfg: cfg}
}

// fetchMessages is how many messages one request asks for: of the largest
// size they stay below what the client buffers.
const fetchMessages = 64

// fetchWait is how long a durable message may take to come before the reader
// is made anew.
const fetchWait = 5 * time.Second

// sizeCheck is how often the log's size is looked at.
const sizeCheck = time.Minute

// Run hands batches to apply, one at a time and in order, until ctx ends.
// apply stores the batch's effect and its (Stream, Seq) in one transaction;
// when it fails, Run reads the checkpoint again (the transaction may have
// committed with the answer lost) and goes on from there.
//
// Run returns an error only when going on would lose or double a share: the
// log was lost or set back, or a message cannot be read.
func (c *Consumer) Run(ctx context.Context, apply func(ctx context.Context, b Batch) error) error {
	const first, last = 100 * time.Millisecond, 5 * time.Second
	pause := first
	for ctx.Err() == nil {
		progressed, err := c.follow(ctx, apply)
		if ctx.Err() != nil {
			break
		}
		if lost := (*lostError)(nil); errors.As(err, &lost) {
			return err
		}
		if progressed {
			pause = first
		}
		c.cfg.Logger.WarnContext(ctx, "shares wait to be applied", "err", err, "retry_ms", pause.Milliseconds())
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, last)
	}
	return ctx.Err()
}

// lostError is what Run must not go on from.
type lostError struct{ error }

func (e *lostError) Unwrap() error { return e.error }

// follow reads from the checkpoint until something fails.
func (c *Consumer) follow(ctx context.Context, apply func(context.Context, Batch) error) (progressed bool, err error) {
	seq, err := c.resume(ctx)
	if err != nil {
		return false, err
	}
	reader, stop, err := c.cfg.Log.reader(ctx, seq+1)
	if err != nil {
		return false, err
	}
	defer stop()
	c.cfg.Log.applied(seq)
	var began time.Time // of the last batch
	for {
		if err := c.cfg.Log.waitPast(ctx, seq); err != nil {
			return progressed, err
		}
		if err := c.gather(ctx, began, seq); err != nil {
			return progressed, err
		}
		began = time.Now()
		// Ask for what is surely there, and let the server wait for it: it hears
		// of a message some time after that is durable, on a busy machine long
		// after, and a request that does not wait is told until then that there
		// is none. A request for more than there is would be held back.
		want := min(fetchMessages, c.cfg.Log.seq.Load()-seq)
		wait, cancel := context.WithTimeout(ctx, fetchWait)
		msgs, err := reader.Fetch(int(want), jetstream.FetchContext(wait))
		if err != nil {
			cancel()
			return progressed, fmt.Errorf("share log read: %w", err)
		}
		from := seq
		seq, err = c.applyAll(ctx, msgs, seq, apply)
		cancel()
		progressed = progressed || seq > from
		c.cfg.Log.applied(seq)
		if err != nil {
			return progressed, err
		}
		if seq == from {
			return progressed, fmt.Errorf("share log read: message %d is durable but did not come in %s", seq+1, fetchWait)
		}
		c.shrink(ctx, seq)
	}
}

// gather waits until the batch after one that began then may be read, unless so
// much is there that it fills a request.
func (c *Consumer) gather(ctx context.Context, began time.Time, seq uint64) error {
	left := c.cfg.Gather - time.Since(began)
	if left <= 0 || c.cfg.Log.seq.Load()-seq >= fetchMessages {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.cfg.Log.done: // the last ones
		return nil
	case <-time.After(left):
		return nil
	}
}

// resume finds the last applied message, and whether the log still follows it.
func (c *Consumer) resume(ctx context.Context) (uint64, error) {
	stream, seq, err := c.cfg.Checkpoint(ctx)
	if err != nil {
		return 0, fmt.Errorf("share checkpoint: %w", err)
	}
	info, err := c.cfg.Log.link.Load().stream.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("share log read: %w", err)
	}
	if stream != c.cfg.Log.name {
		// A new log: its first message follows whatever was applied before.
		seq = 0
	}
	if seq > info.State.LastSeq {
		return 0, &lostError{hashyard.Conflict.Errorf(
			"share log ends at %d but %d was applied: the log was set back; shares accepted from now on would not be credited", info.State.LastSeq, seq)}
	}
	if info.State.FirstSeq > seq+1 {
		return 0, &lostError{hashyard.Conflict.Errorf(
			"share log begins at %d but only %d was applied: the database was set back; the shares between are not in the log", info.State.FirstSeq, seq)}
	}
	return seq, nil
}

// applyAll applies fetched messages in batches and returns the last applied.
func (c *Consumer) applyAll(ctx context.Context, msgs jetstream.MessageBatch, seq uint64, apply func(context.Context, Batch) error) (uint64, error) {
	b := Batch{Stream: c.cfg.Log.name, After: seq, Seq: seq}
	flush := func() error {
		if b.Seq == seq {
			return nil
		}
		hashyard.Hit(hashyard.AtShareRead)
		if err := apply(ctx, b); err != nil {
			return fmt.Errorf("apply shares up to %d: %w", b.Seq, err)
		}
		hashyard.Hit(hashyard.AtShareApplied)
		seq, b.After, b.Records, b.Runs = b.Seq, b.Seq, nil, nil
		return nil
	}
	for msg := range msgs.Messages() {
		meta, err := msg.Metadata()
		if err != nil {
			return seq, fmt.Errorf("share log read: %w", err)
		}
		if at := meta.Sequence.Stream; at != b.Seq+1 {
			if err := flush(); err != nil {
				return seq, err
			}
			return seq, fmt.Errorf("share log read: message %d follows %d", at, b.Seq)
		}
		if err := read(&b, msg.Data()); err != nil {
			return seq, &lostError{fmt.Errorf("share log message %d: %w", b.Seq, err)}
		}
		if len(b.Records) >= c.cfg.MaxRecords {
			if err := flush(); err != nil {
				return seq, err
			}
		}
	}
	if err := flush(); err != nil {
		return seq, err
	}
	if err := msgs.Error(); err != nil {
		return seq, fmt.Errorf("share log read: %w", err)
	}
	return seq, nil
}

// read adds the next message to a batch.
func read(b *Batch, data []byte) (err error) {
	b.Seq++
	if share.IsForward(data) {
		_, records, runs, err := share.DecodeForward(data)
		b.Records, b.Runs = append(b.Records, records...), append(b.Runs, runs...)
		return err
	}
	had := len(b.Records)
	b.Records, err = share.Decode(b.Records, data)
	b.Runs = append(b.Runs, share.Run{Stream: b.Stream, Seq: b.Seq, N: len(b.Records) - had})
	return err
}

// shrink drops the older half of what was applied once the log is half full.
// What was not applied is never dropped.
func (c *Consumer) shrink(ctx context.Context, applied uint64) {
	l := c.cfg.Log
	if time.Since(c.purged) < sizeCheck {
		return
	}
	c.purged = time.Now()
	if c.cfg.Droppable != nil {
		applied = min(applied, c.cfg.Droppable())
	}
	stream := l.link.Load().stream
	info, err := stream.Info(ctx)
	if err != nil || int64(info.State.Bytes) < l.cfg.MaxBytes/2 || applied <= info.State.FirstSeq {
		return
	}
	keep := info.State.FirstSeq + (applied-info.State.FirstSeq+1)/2
	if err := stream.Purge(ctx, jetstream.WithPurgeSequence(keep)); err != nil {
		c.cfg.Logger.WarnContext(ctx, "applied shares cannot be dropped from the log", "err", err)
	}
}

// reader is a pull consumer from seq on; order and gaps are checked by
// sequence. stop removes it.
func (l *Log) reader(ctx context.Context, seq uint64) (r jetstream.Consumer, stop func(), err error) {
	stream := l.link.Load().stream
	r, err = stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: seq,
		AckPolicy: jetstream.AckNonePolicy, InactiveThreshold: time.Hour, MemoryStorage: true, Replicas: 1,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("share log reader: %w", err)
	}
	name := r.CachedInfo().Name
	return r, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		// It ends by itself when this fails.
		if err := stream.DeleteConsumer(ctx, name); err != nil {
			l.cfg.Logger.DebugContext(ctx, "share log reader stays", "err", err)
		}
	}, nil
}

// waitPast returns when a message after seq is durable.
func (l *Log) waitPast(ctx context.Context, seq uint64) error {
	for {
		l.mu.Lock()
		durable, closed := l.durable, l.closed
		l.mu.Unlock()
		if l.seq.Load() > seq {
			return nil
		}
		if closed {
			return hashyard.Unavailable.Errorf("share log is closed")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.done:
			return hashyard.Unavailable.Errorf("share log is closed")
		case <-durable:
		}
	}
}
