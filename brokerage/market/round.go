package market

import (
	"context"
	"fmt"
	"time"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/book"
)

// round is one batch being carried out: what it will commit, and what it will
// answer if the commit succeeds.
type round struct {
	w       *writer
	now     time.Time
	prior   map[hashyard.ID]brokerage.Order // by command
	batch   Batch
	steps   map[hashyard.ID]int // order → index in batch.Orders
	from    map[hashyard.ID]int64
	answers []reply
}

type reply struct {
	to *request
	answer
	// order is read when the round is told: later commands of the same round
	// may have changed it.
	of hashyard.ID
}

func newRound(w *writer, prior map[hashyard.ID]brokerage.Order) *round {
	now := w.cfg.Now().UTC().Truncate(time.Microsecond) // as precise as a column
	return &round{
		w: w, now: now, prior: prior, batch: Batch{Epoch: w.epoch, At: now},
		steps: map[hashyard.ID]int{}, from: map[hashyard.ID]int64{},
	}
}

// apply carries out one command. An error spoils the whole round.
func (r *round) apply(ctx context.Context, req *request) error {
	c := req.command
	if o, ok := r.prior[c.ID]; ok {
		if i, ok := r.steps[o.ID]; ok {
			o = r.batch.Orders[i].After
		}
		r.answers = append(r.answers, reply{to: req, answer: answer{order: o}, of: o.ID})
		return nil
	}
	s, err := r.w.shard(ctx, c.Order.Instrument)
	if err != nil {
		return err
	}
	if s == nil {
		r.refuse(req, hashyard.NotFound.Errorf("instrument %s", c.Order.Instrument))
		return nil
	}
	made := len(r.batch.Events)
	if c.Kind == cancel {
		err = r.cancel(req, s)
	} else {
		err = r.place(req, s)
	}
	for i := range r.batch.Events[made:] {
		r.batch.Events[made+i].Trace = req.trace // the writer's own is all commands'
	}
	return err
}

func (r *round) refuse(req *request, err error) {
	r.answers = append(r.answers, reply{to: req, answer: answer{err: err}})
}

// cancel takes an order out; one that does not rest leaves no trace.
func (r *round) cancel(req *request, s *shard) error {
	c := req.command
	o, ok := s.orders[c.Order.ID]
	if !ok || o.Org != c.Order.Org {
		r.refuse(req, hashyard.Conflict.Errorf("order %s does not rest in the book any more", c.Order.ID))
		return nil
	}
	evs := s.book.Cancel(o.ID, o.Org, nil)
	r.journal(s, c, o, evs)
	return r.finish(req, s, o, evs)
}

// place enters an order and makes a trade of every fill.
func (r *round) place(req *request, s *shard) error {
	o := req.command.Order
	if o.State != brokerage.OrderPlacing || o.Filled != 0 {
		r.refuse(req, hashyard.Conflict.Errorf("order %s is %s", o.ID, o.State))
		return nil
	}
	placed, err := o.PlacedEvent(r.now)
	if err != nil {
		return err
	}
	evs := s.book.Place(entry(o, o.Units), nil)
	r.journal(s, req.command, o, evs)
	r.batch.Events = append(r.batch.Events, placed)
	return r.finish(req, s, o, evs)
}

func (r *round) journal(s *shard, c command, o brokerage.Order, evs []book.Event) {
	if _, ok := r.from[s.instrument.ID]; !ok {
		r.from[s.instrument.ID] = s.seq
	}
	s.seq++
	e := Entered{ID: o.ID, Org: o.Org, Side: o.Side, TIF: o.TIF, Price: o.Price, Units: o.Left()}
	r.batch.Rows = append(r.batch.Rows, Row{
		Instrument: s.instrument.ID, Seq: s.seq, Command: c.ID, Kind: c.Kind, Order: e, Events: evs,
	})
}

// finish turns the book's events into orders, trades and events.
func (r *round) finish(req *request, s *shard, o brokerage.Order, evs []book.Event) error {
	taker := o
	for _, e := range evs {
		var err error
		switch e.Kind {
		case book.Filled:
			taker, err = r.fill(s, taker, e)
		case book.Rested:
			taker, err = taker.To(brokerage.OrderOpen, "", r.now)
			taker.Seq = s.seq
			s.orders[taker.ID] = taker
		case book.Closed:
			delete(s.orders, taker.ID)
			taker, err = r.end(taker, brokerage.OrderCancelled, e.Reason)
		case book.Refused:
			taker, err = r.end(taker, brokerage.OrderRejected, e.Reason)
		}
		if err != nil {
			return fmt.Errorf("order %s in %s: %w", o.ID, s.instrument.Name, err)
		}
	}
	if taker.Left() == 0 && taker.State != brokerage.OrderFilled {
		var err error
		if taker, err = taker.To(brokerage.OrderFilled, "", r.now); err != nil {
			return err
		}
	}
	r.step(o, taker)
	r.prior[req.command.ID] = taker // the same command again in this round
	r.answers = append(r.answers, reply{to: req, of: taker.ID})
	return nil
}

// end ends an order and tells that its units are free.
func (r *round) end(o brokerage.Order, state brokerage.OrderState, why book.Reason) (brokerage.Order, error) {
	o, err := o.To(state, why.String(), r.now)
	if err != nil {
		return o, err
	}
	ev, err := o.ClosedEvent(r.now)
	r.batch.Events = append(r.batch.Events, ev)
	return o, err
}

// fill makes the trade of one fill. The ask's units go in their listed order.
func (r *round) fill(s *shard, taker brokerage.Order, e book.Event) (brokerage.Order, error) {
	maker, ok := s.orders[e.Maker]
	if !ok {
		return taker, fmt.Errorf("maker %s is not among the resting orders", e.Maker)
	}
	before := maker
	bid, ask := taker, maker
	if taker.Side == book.Ask {
		bid, ask = maker, taker
	}
	units := ask.UnitIDs[ask.Filled : ask.Filled+e.Units]
	d, err := brokerage.NewTrade(s.instrument, bid, ask, maker.Side, e.Price, units, r.w.cfg.Terms, r.now)
	if err != nil {
		return taker, err
	}
	taker.Filled += e.Units
	maker.Filled += e.Units
	taker.ChangedAt = r.now
	if e.MakerLeft == 0 {
		maker, err = maker.To(brokerage.OrderFilled, "", r.now)
		delete(s.orders, maker.ID)
	} else {
		maker, err = maker.To(brokerage.OrderOpen, "", r.now)
		s.orders[maker.ID] = maker
	}
	if err != nil {
		return taker, err
	}
	r.step(before, maker)
	s.last = e.Price
	r.batch.Trades = append(r.batch.Trades, d)
	r.batch.Fills = append(r.batch.Fills, Fill{
		Trade: d.Trade.ID, Instrument: s.instrument.ID, Seq: s.seq, At: r.now,
		Price: e.Price, Units: e.Units, Taker: taker.Side,
	})
	evs, err := d.MatchedEvents()
	r.batch.Events = append(r.batch.Events, evs...)
	return taker, err
}

// step remembers how an order was before the round and how it is now.
func (r *round) step(before, after brokerage.Order) {
	if i, ok := r.steps[after.ID]; ok {
		r.batch.Orders[i].After = after
		return
	}
	r.steps[after.ID] = len(r.batch.Orders)
	r.batch.Orders = append(r.batch.Orders, OrderStep{Before: before, After: after})
}

// seal adds where the touched books stand.
func (r *round) seal() {
	seen := map[hashyard.ID]bool{}
	for _, row := range r.batch.Rows {
		if seen[row.Instrument] {
			continue
		}
		seen[row.Instrument] = true
		s := r.w.shards[row.Instrument]
		r.batch.Books = append(r.batch.Books, BookStep{
			Instrument: row.Instrument, From: r.from[row.Instrument], To: s.seq, Hash: s.book.Hash(),
			Bids: s.book.Depth(book.Bid, depth), Asks: s.book.Depth(book.Ask, depth), Last: s.last,
		})
	}
}

// tell answers the commands of a committed round.
func (r *round) tell(onChange func(hashyard.ID, int64)) {
	for _, b := range r.batch.Books {
		onChange(b.Instrument, b.To)
	}
	for _, a := range r.answers {
		if i, ok := r.steps[a.of]; ok && a.err == nil {
			a.order = r.batch.Orders[i].After
		}
		a.to.answer <- a.answer
	}
}
