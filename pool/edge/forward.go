package edge

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"

	"hashyard"
	"hashyard/pool/share"
	"hashyard/pool/sharelog"
)

// forwardRecords bounds a stretch: with one more message it stays below what
// the yard takes.
const forwardRecords = 3000

// forwardAll sends the log on, in order, each stretch until the yard has it.
func (e *Edge) forwardAll(ctx context.Context) error {
	c := sharelog.NewConsumer(sharelog.ConsumerConfig{
		Log: e.log, Checkpoint: e.arrived, MaxRecords: forwardRecords, Logger: e.cfg.Logger,
		Droppable: func() uint64 {
			e.mu.Lock()
			defer e.mu.Unlock()
			return e.hello.Seq
		},
	})
	return c.Run(ctx, e.forward)
}

// arrived is up to where our log is durable at the yard, as far as we know.
func (e *Edge) arrived(ctx context.Context) (stream string, seq uint64, err error) {
	st, err := e.log.Stats(ctx)
	if err != nil {
		return "", 0, err
	}
	e.mu.Lock()
	seq, e.following = max(e.hello.Seq, e.forwarded), e.yardLog
	e.mu.Unlock()
	if st.FirstSeq > seq+1 {
		// The yard's books were set back. What is left goes on; the yard counts
		// the hole.
		e.cfg.Logger.ErrorContext(ctx, "the yard has booked less than it had: messages are missing there that we have dropped", "first", seq+1, "last", st.FirstSeq-1)
		seq = st.FirstSeq - 1
	}
	return st.Stream, seq, nil
}

func (e *Edge) forward(ctx context.Context, b share.Batch) error {
	e.mu.Lock()
	same := e.following == e.yardLog
	e.mu.Unlock()
	if !same {
		return hashyard.Conflict.Errorf("the yard has another log: what it had not booked goes again")
	}
	f := share.Forward{Edge: e.number, Stream: b.Stream, After: b.After}
	records := b.Records
	for _, r := range b.Runs {
		f.Messages = append(f.Messages, share.Encode(records[:r.N]))
		records = records[r.N:]
	}
	hashyard.Hit(hashyard.AtEdgeForward)
	// Longer than the yard's log may take: to ask again is harmless, and slow.
	ctx, cancel := context.WithTimeout(ctx, 2*askTimeout)
	defer cancel()
	if err := e.askRaw(ctx, toYard(e.number, verbForward), f.Encode(), nil); err != nil {
		return fmt.Errorf("forward %d … %d: %w", f.After+1, f.Last(), err)
	}
	hashyard.Hit(hashyard.AtEdgeForwarded)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.forwarded = max(e.forwarded, f.Last())
	close(e.moved)
	e.moved = make(chan struct{})
	return nil
}

// flush waits until everything accepted before it is durable at the yard.
func (e *Edge) flush(ctx context.Context) (uint64, error) {
	_, seq, err := e.log.Flush(ctx)
	if err != nil {
		return 0, err
	}
	for {
		e.mu.Lock()
		moved, at := e.moved, max(e.forwarded, e.hello.Seq)
		e.mu.Unlock()
		if at >= seq {
			return seq, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return 0, hashyard.Unavailable.Errorf("%d messages are not at the yard: %w", seq-at, ctx.Err())
		}
	}
}

// listen takes what the yard asks.
func (e *Edge) listen() ([]*nats.Subscription, error) {
	var subs []*nats.Subscription
	on := func(verb string, do func(m *nats.Msg)) error {
		s, err := e.conn.Subscribe(toEdge(e.number, verb), do)
		if err != nil {
			return fmt.Errorf("line to the yard: %w", err)
		}
		subs = append(subs, s)
		return nil
	}
	if err := on(verbFlush, func(m *nats.Msg) {
		go func() { // it may take its time; the next one may come
			ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
			defer cancel()
			_, err := e.flush(ctx)
			if err == nil {
				hashyard.Hit(hashyard.AtEdgeFlush)
			}
			if err := answer(m, nil, err); err != nil {
				e.cfg.Logger.WarnContext(ctx, "the yard is not answered", "err", err)
			}
		}()
	}); err != nil {
		return nil, err
	}
	if err := on(verbRetarget, func(m *nats.Msg) {
		var ask retargetAsk
		if err := read(m.Data, &ask); err == nil {
			e.grants.change(ask.Worker, ask.Grant)
			e.server.Retarget(ask.Worker, ask.Grant)
		}
	}); err != nil {
		return nil, err
	}
	return subs, on(verbClose, func(m *nats.Msg) {
		var ask closeAsk
		if err := read(m.Data, &ask); err == nil {
			e.grants.forget(ask.Worker)
			e.server.CloseWorker(ask.Worker, ask.Reason)
		}
	})
}
