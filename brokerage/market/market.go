// Package market is the single writer of the order books. Commands enter one
// queue; the process that leads applies them to the books in memory and
// commits journal, orders, trades and events of a batch in one transaction.
// Only then are the commands answered. After any failed commit the books are
// built anew from the resting orders, and must have the hash that the last
// commit left.
//
// Place and Cancel may be called from any goroutine; the books belong to the
// goroutine of Run.
package market

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"hashyard"
	"hashyard/brokerage"
)

// Config is what a Market needs.
type Config struct {
	Journal Journal
	// Lead runs fn while this process alone is the writer (pg.DB.Lead).
	Lead  func(ctx context.Context, name string, fn func(ctx context.Context) error) error
	Terms brokerage.Terms  // zero fields mean the defaults
	Now   func() time.Time // nil means time.Now
	// OnChange is told after a commit that a book stands at seq. It must not
	// block.
	OnChange func(instrument hashyard.ID, seq int64)
	// Carry is the place of a command in its trace, for the events it makes; nil
	// is none.
	Carry func(ctx context.Context) string
	// Observe is told of every command and how it was answered; nil is nobody. It
	// must not block.
	Observe func(kind string, took time.Duration, err error)
	// OnTrades is told after a commit how many trades it made.
	OnTrades func(n int)
	Log      *slog.Logger  // nil discards
	Batch    int           // commands a commit, default 100
	Beat     time.Duration // how often expired orders are looked for, default 1 s
	Wait     time.Duration // how long a command waits for the writer, default 5 s
}

// Journal is the writer's store. Each method is one transaction.
type Journal interface {
	// TakeOver raises the fencing epoch: older writers commit nothing more.
	TakeOver(ctx context.Context) (epoch int64, err error)
	// Load reads the books; one only, if an instrument is given.
	Load(ctx context.Context, instrument hashyard.ID) ([]Book, error)
	// Prior finds the commands that have been carried out, by their ids, and
	// the orders they made or changed as they are now; the zero order for one
	// that was about a book.
	Prior(ctx context.Context, commands []hashyard.ID) (map[hashyard.ID]brokerage.Order, error)
	// Commit writes a batch whole or not at all. It fails with ErrFenced when
	// a newer writer took over.
	Commit(ctx context.Context, b Batch) error
}

// ErrFenced says that another process leads.
var ErrFenced = errors.New("another writer took over")

// Market is the entrance to the books.
type Market struct {
	cfg     Config
	queue   chan *request
	mu      sync.Mutex // guards trouble
	trouble error      // why the writer does not run, if it does not
}

// New prepares a market; Run starts its writer.
func New(cfg Config) *Market {
	cfg.Terms = cfg.Terms.Complete()
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.OnChange == nil {
		cfg.OnChange = func(hashyard.ID, int64) {}
	}
	if cfg.Carry == nil {
		cfg.Carry = func(context.Context) string { return "" }
	}
	if cfg.Observe == nil {
		cfg.Observe = func(string, time.Duration, error) {}
	}
	if cfg.OnTrades == nil {
		cfg.OnTrades = func(int) {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Batch == 0 {
		cfg.Batch = 100
	}
	if cfg.Beat == 0 {
		cfg.Beat = time.Second
	}
	if cfg.Wait == 0 {
		cfg.Wait = 5 * time.Second
	}
	return &Market{cfg: cfg, queue: make(chan *request, 4*cfg.Batch), trouble: errors.New("the writer has not started")}
}

// Terms are the conditions trades are made under.
func (m *Market) Terms() brokerage.Terms { return m.cfg.Terms }

// request is a command on its way to the writer and back.
type request struct {
	command command
	trace   string
	answer  chan answer // buffered: the writer never waits
}

type answer struct {
	order brokerage.Order
	err   error
}

// Place enters an order whose row is stored as 'placing' and whose units are
// reserved. It answers after the commit. The same command again gives the
// same order.
func (m *Market) Place(ctx context.Context, o brokerage.Order) (brokerage.Order, error) {
	return m.submit(ctx, command{ID: o.Command, Kind: place, Instrument: o.Instrument, Order: o})
}

// Cancel takes an organisation's order out of its book.
func (m *Market) Cancel(ctx context.Context, o brokerage.Order, commandID hashyard.ID) (brokerage.Order, error) {
	return m.submit(ctx, command{ID: commandID, Kind: cancel, Instrument: o.Instrument, Order: o})
}

// Amend gives a resting order a price and the units it wants from now on; 0
// leaves either.
func (m *Market) Amend(ctx context.Context, o brokerage.Order, commandID hashyard.ID, price hashyard.MilliCentsPerTH, units int64) (brokerage.Order, error) {
	return m.submit(ctx, command{ID: commandID, Kind: amend, Instrument: o.Instrument, Order: o, Price: price, Units: units})
}

// Halt stops matching in a book: orders rest as they come.
func (m *Market) Halt(ctx context.Context, instrument, commandID hashyard.ID) error {
	_, err := m.submit(ctx, command{ID: commandID, Kind: halt, Instrument: instrument})
	return err
}

// Resume opens a halted book with an auction; its reference is the last price.
func (m *Market) Resume(ctx context.Context, instrument, commandID hashyard.ID) error {
	_, err := m.submit(ctx, command{ID: commandID, Kind: resume, Instrument: instrument})
	return err
}

func (m *Market) submit(ctx context.Context, c command) (o brokerage.Order, err error) {
	began := m.cfg.Now()
	defer func() { m.cfg.Observe(c.Kind, m.cfg.Now().Sub(began), err) }()
	if c.ID.IsZero() {
		return brokerage.Order{}, hashyard.Invalid.Errorf("%s has no command id", c)
	}
	r := &request{command: c, trace: m.cfg.Carry(ctx), answer: make(chan answer, 1)}
	late := time.NewTimer(m.cfg.Wait)
	defer late.Stop()
	select {
	case m.queue <- r:
	case <-ctx.Done():
		return brokerage.Order{}, fmt.Errorf("%s: %w", c, ctx.Err())
	case <-late.C:
		return brokerage.Order{}, m.closed(c)
	}
	select {
	case a := <-r.answer:
		return a.order, a.err
	case <-ctx.Done():
		// It may be carried out yet; the same command id finds out.
		return brokerage.Order{}, hashyard.Unavailable.Errorf("%s: no answer in time, ask again with the same key: %w", c, ctx.Err())
	case <-late.C:
		return brokerage.Order{}, m.closed(c)
	}
}

func (m *Market) closed(c command) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.trouble != nil {
		return hashyard.Unavailable.Errorf("the market does not take orders now (%s); ask again with the same key", m.trouble)
	}
	return hashyard.Unavailable.Errorf("%s: the market is busy, ask again with the same key", c)
}

func (m *Market) setTrouble(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trouble = err
}

// Ready says why orders cannot be taken, for /readyz.
func (m *Market) Ready(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.trouble
}

// Run leads when it can, until ctx ends. Trouble is logged, told to callers
// and tried again: a market that cannot rebuild its books stays closed.
func (m *Market) Run(ctx context.Context) error {
	for {
		err := m.cfg.Lead(ctx, "market", m.write)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			err = errors.New("leadership ended")
		}
		m.setTrouble(err)
		m.cfg.Log.ErrorContext(ctx, "market writer stopped, will start again", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}

// write is the writer while it leads.
func (m *Market) write(ctx context.Context) error {
	epoch, err := m.cfg.Journal.TakeOver(ctx)
	if err != nil {
		return fmt.Errorf("take over the market: %w", err)
	}
	w := &writer{cfg: m.cfg, epoch: epoch}
	if err := w.rebuild(ctx); err != nil {
		return err
	}
	m.setTrouble(nil)
	defer m.setTrouble(errors.New("the writer ended"))
	m.cfg.Log.InfoContext(ctx, "market writer leads", "epoch", epoch, "books", len(w.shards))
	beat := time.NewTicker(m.cfg.Beat)
	defer beat.Stop()
	for {
		batch := m.drain(ctx, beat.C)
		if ctx.Err() != nil {
			return nil
		}
		if err := w.serve(ctx, append(w.due(), batch...)); err != nil {
			return err
		}
	}
}

// drain waits for one command and takes what else is there; at a beat it comes
// back without any.
func (m *Market) drain(ctx context.Context, beat <-chan time.Time) []*request {
	var batch []*request
	select {
	case <-ctx.Done():
		return nil
	case <-beat:
		return nil
	case r := <-m.queue:
		batch = append(batch, r)
	}
	for len(batch) < m.cfg.Batch {
		select {
		case r := <-m.queue:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}
