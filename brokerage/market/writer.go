package market

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
)

// depth is how many prices of each side everyone may see.
const depth = 50

// attempts bounds how often a batch is tried before its commands are told
// that the market is unavailable.
const attempts = 3

// writer holds the books. It belongs to one goroutine.
type writer struct {
	cfg    Config
	epoch  int64
	shards map[hashyard.ID]*shard
}

// shard is the book of one instrument with the orders behind it.
type shard struct {
	instrument brokerage.Instrument
	book       *book.Book
	orders     map[hashyard.ID]brokerage.Order // the resting ones
	open       map[hashyard.ID]int             // how many of them an organisation has
	seq        int64
	last       hashyard.MilliCentsPerTH
}

func (s *shard) put(o brokerage.Order) {
	if _, ok := s.orders[o.ID]; !ok {
		s.open[o.Org]++
	}
	s.orders[o.ID] = o
}

func (s *shard) drop(o brokerage.Order) {
	if _, ok := s.orders[o.ID]; !ok {
		return
	}
	delete(s.orders, o.ID)
	if s.open[o.Org]--; s.open[o.Org] == 0 {
		delete(s.open, o.Org)
	}
}

// rebuild forgets the books and reads them again.
func (w *writer) rebuild(ctx context.Context) error {
	books, err := w.cfg.Journal.Load(ctx, hashyard.ID{})
	if err != nil {
		return fmt.Errorf("read the books: %w", err)
	}
	w.shards = make(map[hashyard.ID]*shard, len(books))
	for _, b := range books {
		if err := w.restore(b); err != nil {
			return err
		}
	}
	return nil
}

// restore puts the resting orders back and compares hashes: a book that is
// not the one that was left is not traded on.
func (w *writer) restore(b Book) error {
	s := &shard{
		instrument: b.Instrument, seq: b.Seq, last: b.Last,
		orders: make(map[hashyard.ID]brokerage.Order, len(b.Resting)), open: map[hashyard.ID]int{},
	}
	state := book.State{Orders: make([]book.Order, len(b.Resting)), Halted: b.Halted, Now: b.Clock}
	for i, o := range b.Resting {
		state.Orders[i] = Resting(o)
		s.put(o)
	}
	var err error
	if s.book, err = book.Restore(state); err != nil {
		return fmt.Errorf("book %s: %w", b.Instrument.Name, err)
	}
	if h := s.book.Hash(); b.Seq > 0 && h != b.Hash {
		return fmt.Errorf("book %s at %d: resting orders have hash %x, the last commit left %x", b.Instrument.Name, b.Seq, h[:8], b.Hash[:8])
	}
	w.shards[b.Instrument.ID] = s
	return nil
}

// due are the writer's own commands: one for every book in which an order's
// time is over.
func (w *writer) due() (out []*request) {
	now := w.cfg.Now().UnixMilli()
	for _, s := range w.shards {
		if s.book.NextExpiry() > now {
			continue
		}
		out = append(out, &request{
			command: command{ID: hashyard.NewID(), Kind: expire, Instrument: s.instrument.ID}, answer: make(chan answer, 1),
		})
	}
	return out
}

// serve carries out a batch and answers it. A failed commit may have happened
// all the same, so the batch is looked up again before it is tried again. An
// error means that this writer must not go on.
func (w *writer) serve(ctx context.Context, batch []*request) error {
	if len(batch) == 0 {
		return nil
	}
	var err error
	for n := 1; n <= attempts; n++ {
		var r *round
		if r, err = w.try(ctx, batch); err == nil {
			hashyard.Hit(hashyard.AtMarketAck)
			r.tell(w.cfg.OnChange)
			w.cfg.OnTrades(len(r.batch.Trades))
			return nil
		}
		w.cfg.Log.WarnContext(ctx, "market batch failed", "attempt", n, "commands", len(batch), "error", err)
		if errors.Is(err, ErrFenced) || ctx.Err() != nil {
			break
		}
		if again := w.rebuild(ctx); again != nil {
			err = again
			break
		}
		if n == attempts {
			refuse(batch, err)
			return nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(n) * 50 * time.Millisecond):
		}
	}
	refuse(batch, err)
	return err
}

func refuse(batch []*request, err error) {
	for _, r := range batch {
		r.answer <- answer{err: hashyard.Unavailable.Errorf("%s: ask again with the same key: %w", r.command, err)}
	}
}

// try applies the batch to the books and commits.
func (w *writer) try(ctx context.Context, batch []*request) (*round, error) {
	ids := make([]hashyard.ID, len(batch))
	for i, r := range batch {
		ids[i] = r.command.ID
	}
	prior, err := w.cfg.Journal.Prior(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("look up commands: %w", err)
	}
	r := newRound(w, prior)
	for _, req := range batch {
		if err := r.apply(ctx, req); err != nil {
			return nil, err
		}
	}
	if len(r.batch.Rows) == 0 {
		return r, nil
	}
	r.seal()
	return r, w.cfg.Journal.Commit(ctx, r.batch)
}

// shard finds the book of an instrument, also one that is new.
func (w *writer) shard(ctx context.Context, instrument hashyard.ID) (*shard, error) {
	if s := w.shards[instrument]; s != nil {
		return s, nil
	}
	books, err := w.cfg.Journal.Load(ctx, instrument)
	if err != nil {
		return nil, fmt.Errorf("read book %s: %w", instrument, err)
	}
	if len(books) != 1 {
		return nil, nil
	}
	if err := w.restore(books[0]); err != nil {
		return nil, err
	}
	return w.shards[instrument], nil
}
