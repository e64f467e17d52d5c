package sharelog

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hashyard"
	"hashyard/pool/share"
)

// laterWindow is how long a refused share may wait for an accepted one to
// share its fsync.
const laterWindow = 250 * time.Millisecond

// entry is a share waiting for the disk, what an edge forwarded, or a mark.
type entry struct {
	rec     Record
	mark    bool
	forward *forward
	done    func(error) // nil when nobody waits
}

// forward is a message that another log has already made.
type forward struct {
	id   string // the same whenever it comes
	data []byte
}

// Submit queues a share. done is called exactly once, from the log's own
// goroutine or from this call: nil when the share is durable, otherwise the
// share must not be answered true. Of the errors, hashyard.Exhausted means it
// surely is not in the log; any other that it may be. done must not block.
func (l *Log) Submit(rec Record, done func(error)) {
	if err := l.enqueue(entry{rec: rec, done: done}); err != nil {
		done(err)
	}
}

// Append is Submit that waits. When ctx ends first the share may still become
// durable.
func (l *Log) Append(ctx context.Context, rec Record) error {
	return l.await(ctx, entry{rec: rec})
}

// Flush waits until everything queued before it is durable and gives the
// position then: what a settlement must have applied.
func (l *Log) Flush(ctx context.Context) (stream string, seq uint64, err error) {
	err = l.await(ctx, entry{mark: true})
	stream, seq = l.Position()
	return stream, seq, err
}

// MaxForward bounds the size of what Forward takes.
const MaxForward = 1<<20 - 64<<10

// Forward makes durable what an edge forwarded, as one message. What came with
// the same place in the same log within the last two minutes is there already
// and is not written again; after that the reader tells by its place.
func (l *Log) Forward(ctx context.Context, f share.Forward) error {
	if f.Size() > MaxForward {
		return hashyard.Invalid.Errorf("forwarded shares: %d bytes, at most %d", f.Size(), MaxForward)
	}
	id := f.Stream + "-" + strconv.FormatUint(f.After, 36) + "-" + strconv.FormatUint(f.Last(), 36)
	return l.await(ctx, entry{forward: &forward{id: id, data: f.Encode()}})
}

func (l *Log) await(ctx context.Context, e entry) error {
	answer := make(chan error, 1)
	e.done = func(err error) { answer <- err }
	if err := l.enqueue(e); err != nil {
		return err
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// AppendLater records a refused share on the next occasion, or drops it when
// the log is busy: nobody is paid by it.
func (l *Log) AppendLater(rec Record) {
	if err := l.enqueue(entry{rec: rec}); err != nil {
		l.dropped.Add(1)
	}
}

func (l *Log) enqueue(e entry) error {
	l.mu.Lock()
	limit := l.cfg.MaxPending
	if e.done == nil {
		limit /= 2 // accepted shares keep the other half
	}
	switch {
	case l.closed:
		l.mu.Unlock()
		return hashyard.Exhausted.Errorf("share log is closing")
	case len(l.queue) >= limit:
		l.mu.Unlock()
		return hashyard.Exhausted.Errorf("share log has %d shares waiting for the disk", limit)
	}
	l.queue = append(l.queue, e)
	first := len(l.queue) == 1 || (e.done != nil && !l.urgent)
	l.urgent = l.urgent || e.done != nil
	l.mu.Unlock()
	if first {
		l.rouse()
	}
	return nil
}

func (l *Log) rouse() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// write is the log's one writer: it waits for a first entry, gives others the
// window to join, and makes the group durable.
func (l *Log) write() {
	defer close(l.done)
	w := writer{log: l, boot: hashyard.NewID().String() + "-"}
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var since time.Time // when the oldest waiting entry was seen
	for {
		l.mu.Lock()
		n, urgent, closed := len(l.queue), l.urgent, l.closed
		l.mu.Unlock()
		if n == 0 {
			since = time.Time{}
			if closed {
				return
			}
			<-l.wake
			continue
		}
		if since.IsZero() {
			since = time.Now()
		}
		window := laterWindow
		if urgent {
			window = l.cfg.Window
		}
		full := n*share.MaxRecordSize >= l.cfg.MaxBatchBytes
		if wait := window - time.Since(since); wait > 0 && !closed && !full {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-l.wake: // something urgent came, or the log closes
			}
			continue
		}
		w.group = l.take(w.group[:0])
		w.commit(w.group)
		clear(w.group)
		since = time.Time{}
		if l.waiting() {
			// What came while the disk was busy has waited long enough.
			since = time.Now().Add(-l.cfg.Window)
		}
	}
}

func (l *Log) waiting() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue) > 0
}

// take moves what fits in one message into group; what was forwarded is one by
// itself.
func (l *Log) take(group []entry) []entry {
	most := (l.cfg.MaxBatchBytes - share.HeaderSize) / share.MaxRecordSize
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.IndexFunc(l.queue, func(e entry) bool { return e.forward != nil }); i >= 0 {
		most = min(most, max(i, 1))
	}
	n := min(len(l.queue), most)
	group = append(group, l.queue[:n]...)
	rest := copy(l.queue, l.queue[n:])
	clear(l.queue[rest:])
	l.queue = l.queue[:rest]
	if rest > 0 {
		return group
	}
	l.urgent = false
	if cap(l.queue) > keptQueue {
		l.queue = nil
	}
	return group
}

// keptQueue is the room that the queue keeps while it is empty.
const keptQueue = 4096

// writer is the state of the writing goroutine.
type writer struct {
	log  *Log
	boot string // makes message ids unique over restarts
	n    uint64
	buf  []byte
	// group is what is being written; its room is used again.
	group []entry
	// reopened is when the server was last started anew.
	reopened time.Time
}

// commit writes one group and tells everybody in it.
func (w *writer) commit(group []entry) {
	w.buf = share.AppendHeader(w.buf[:0])
	for i := range group {
		if !group[i].mark && group[i].forward == nil {
			w.buf = share.Append(w.buf, group[i].rec)
		}
	}
	data, id := w.buf, ""
	if f := group[0].forward; f != nil {
		data, id = f.data, f.id
	}
	var err error
	if len(data) > share.HeaderSize {
		err = w.publish(data, id)
		w.log.failing.Store(nil)
		if err != nil {
			w.log.failing.Store(&err)
		}
	}
	for i := range group {
		if group[i].done != nil {
			group[i].done(err)
		} else if err != nil {
			w.log.dropped.Add(1)
		}
	}
}

// publish makes the message durable. A lost answer is asked for again with
// the same message id, so the stream has it once; "" takes a new one.
func (w *writer) publish(data []byte, id string) error {
	l := w.log
	if id == "" {
		w.n++
		id = w.boot + strconv.FormatUint(w.n, 36)
	}
	hashyard.Hit(hashyard.AtSharePublish)
	ctx, cancel := context.WithTimeout(context.Background(), l.cfg.AckTimeout)
	defer cancel()
	k, err := w.whole(ctx, l.link.Load())
	for err == nil {
		once, stop := context.WithTimeout(ctx, l.cfg.AckTimeout/3)
		ack, perr := publishOn(once, k, &nats.Msg{Subject: subject, Data: data}, id)
		stop()
		switch {
		case perr == nil:
			hashyard.Hit(hashyard.AtShareDurable)
			l.advance(ack.Sequence)
			return nil
		case full(perr):
			return hashyard.Exhausted.Errorf("share log is full: %w", perr)
		case ctx.Err() != nil:
			return hashyard.Unavailable.Errorf("share log does not answer: %w", perr)
		}
		l.cfg.Logger.Warn("share log write is repeated", "err", perr)
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
		k, err = w.whole(ctx, k)
	}
	return hashyard.Unavailable.Errorf("share log cannot write: %w", err)
}

// reopenEvery bounds how often a broken server is started anew; between the
// tries shares are refused at once.
const reopenEvery = time.Second

// whole is k, or its successor when it is broken.
func (w *writer) whole(ctx context.Context, k *link) (*link, error) {
	if !k.isBroken() {
		return k, nil
	}
	if time.Since(w.reopened) < reopenEvery {
		return k, errBroken
	}
	k, err := w.log.reopen(ctx, k)
	w.reopened = time.Now()
	return k, err
}

var errBroken = errors.New("its disk refused a write; it is tried again in a moment")

// publishOn publishes, and does not wait for the answer of a link that breaks.
func publishOn(ctx context.Context, k *link, msg *nats.Msg, id string) (*jetstream.PubAck, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-k.broken:
			cancel(errBroken)
		case <-done:
		}
	}()
	return k.js.PublishMsg(ctx, msg, jetstream.WithMsgID(id))
}

// full reports the refusals after which the message surely is not stored.
func full(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (strings.Contains(api.Description, "maximum bytes exceeded") ||
		strings.Contains(api.Description, "insufficient storage") || strings.Contains(api.Description, "resource limits exceeded"))
}

// advance records a durable message and wakes whoever waits for one. One that
// was there already has an older place.
func (l *Log) advance(seq uint64) {
	last := l.seq.Load()
	if seq <= last {
		return
	}
	if l.progressed.Load() != 0 && l.appliedSeq.Load() >= last {
		l.progressed.Store(time.Now().UnixMilli()) // the reader had nothing to do
	}
	l.seq.Store(seq)
	l.mu.Lock()
	close(l.durable)
	l.durable = make(chan struct{})
	l.mu.Unlock()
}
