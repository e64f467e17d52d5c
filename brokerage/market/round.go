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
	s, err := r.w.shard(ctx, c.Instrument)
	if err != nil {
		return err
	}
	if s == nil {
		r.refuse(req, hashyard.NotFound.Errorf("instrument %s", c.Instrument))
		return nil
	}
	made := len(r.batch.Events)
	switch c.Kind {
	case place:
		err = r.place(req, s)
	case cancel, amend:
		err = r.change(req, s)
	default:
		err = r.turn(req, s)
	}
	for i := range r.batch.Events[made:] {
		r.batch.Events[made+i].Trace = req.trace // the writer's own is all commands'
	}
	return err
}

func (r *round) refuse(req *request, err error) {
	r.answers = append(r.answers, reply{to: req, answer: answer{err: err}})
}

// place enters an order and makes a trade of every fill.
func (r *round) place(req *request, s *shard) error {
	o := req.command.Order
	if o.State != brokerage.OrderPlacing || o.Filled != 0 {
		r.refuse(req, hashyard.Conflict.Errorf("order %s is %s", o.ID, o.State))
		return nil
	}
	if _, ok := s.orders[o.ID]; ok {
		r.refuse(req, hashyard.Conflict.Errorf("order %s rests already", o.ID))
		return nil
	}
	if most := r.w.cfg.Terms.MaxOpen; s.open[o.Org] >= most {
		r.refuse(req, hashyard.Conflict.Errorf("%d of your orders rest in %s, which is the most: cancel one first", most, s.instrument.Name))
		return nil
	}
	placed, err := o.PlacedEvent(r.now)
	if err != nil {
		return err
	}
	r.batch.Events = append(r.batch.Events, placed)
	s.put(o) // until it is known whether it rests
	return r.finish(req, s, entered(o))
}

// change cancels or amends an order; one that does not rest leaves no trace.
func (r *round) change(req *request, s *shard) error {
	c := req.command
	o, ok := s.orders[c.Order.ID]
	if !ok || o.Org != c.Order.Org {
		r.refuse(req, hashyard.Conflict.Errorf("order %s does not rest in the book any more", c.Order.ID))
		return nil
	}
	if c.Kind == amend {
		// It may have traded since the amendment was asked for: what it leaves
		// alone is as it is now.
		o = o.Amended(c.Price, c.Units)
		if err := o.Check(s.instrument, r.w.cfg.Terms); err != nil {
			r.refuse(req, err)
			return nil
		}
	}
	return r.finish(req, s, entered(o))
}

// turn halts or resumes a book, or closes what is over in it.
func (r *round) turn(req *request, s *shard) error {
	var e Entered
	switch req.command.Kind {
	case halt, resume:
		if s.book.Halted() == (req.command.Kind == halt) {
			r.refuse(req, hashyard.Conflict.Errorf("trading in %s is %s already", s.instrument.Name, map[string]string{halt: "halted", resume: "open"}[req.command.Kind]))
			return nil
		}
		e.Price = s.last
	case expire:
		e.Expires = r.now.UnixMilli()
	}
	return r.finish(req, s, e)
}

// finish carries a command out on the book, journals it, and turns the book's
// events into orders, trades and events.
func (r *round) finish(req *request, s *shard, e Entered) error {
	row := Row{Instrument: s.instrument.ID, Seq: s.seq + 1, Command: req.command.ID, Kind: req.command.Kind, Order: e}
	row.Events = row.Replay(s.book)
	if len(row.Events) == 1 && row.Events[0].Kind == book.Refused && row.Kind == amend {
		r.refuse(req, hashyard.Conflict.Errorf("order %s stays as it was: %s", e.ID, row.Events[0].Reason))
		return nil
	}
	if _, ok := r.from[s.instrument.ID]; !ok {
		r.from[s.instrument.ID] = s.seq
	}
	s.seq++
	r.batch.Rows = append(r.batch.Rows, row)
	for _, ev := range row.Events {
		if err := r.happened(s, ev); err != nil {
			return fmt.Errorf("%s in %s: %w", req.command, s.instrument.Name, err)
		}
	}
	done := reply{to: req, of: e.ID}
	var o brokerage.Order // none of a turn
	if !e.ID.IsZero() {
		o = r.batch.Orders[r.steps[e.ID]].After
	}
	r.prior[req.command.ID] = o // the same command again in this round
	r.answers = append(r.answers, done)
	return nil
}

// happened carries one event of the book over to the orders it is about.
func (r *round) happened(s *shard, e book.Event) (err error) {
	if e.Order.IsZero() {
		return nil // of the book itself
	}
	o, ok := s.orders[e.Order]
	if !ok {
		return fmt.Errorf("order %s is not known to the book's writer", e.Order)
	}
	before := o
	switch e.Kind {
	case book.Filled:
		return r.fill(s, o, e)
	case book.Rested:
		o, err = o.To(brokerage.OrderOpen, "", r.now)
		o.Seq = s.seq
	case book.Replaced:
		o, err = o.To(brokerage.OrderOpen, "", r.now)
		o.Price, o.Units = e.Price, o.Filled+e.Left
	case book.Closed:
		o, err = r.end(o, brokerage.OrderCancelled, e.Reason)
	case book.Refused:
		o, err = r.end(o, brokerage.OrderRejected, e.Reason)
	default:
		return fmt.Errorf("the book did what no order here asks for: %s", e.Kind)
	}
	r.keep(s, before, o)
	return err
}

// keep remembers how an order was and is; only open ones, and the one that is
// entering, stay with the book.
func (r *round) keep(s *shard, before, after brokerage.Order) {
	if after.State == brokerage.OrderOpen || after.State == brokerage.OrderPlacing {
		s.put(after)
	} else {
		s.drop(after)
	}
	r.step(before, after)
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
func (r *round) fill(s *shard, taker brokerage.Order, e book.Event) error {
	maker, ok := s.orders[e.Maker]
	if !ok {
		return fmt.Errorf("maker %s is not among the resting orders", e.Maker)
	}
	bid, ask := taker, maker
	if taker.Side == book.Ask {
		bid, ask = maker, taker
	}
	units := ask.UnitIDs[ask.Filled : ask.Filled+e.Units]
	d, err := brokerage.NewTrade(s.instrument, bid, ask, maker.Side, e.Price, units, r.w.cfg.Terms, r.now)
	if err != nil {
		return err
	}
	for _, o := range []brokerage.Order{taker, maker} {
		if err := r.traded(s, o, e.Units); err != nil {
			return err
		}
	}
	s.last = e.Price
	r.batch.Trades = append(r.batch.Trades, d)
	r.batch.Fills = append(r.batch.Fills, Fill{
		Trade: d.Trade.ID, Instrument: s.instrument.ID, Seq: s.seq, At: r.now,
		Price: e.Price, Units: e.Units, Taker: taker.Side,
	})
	evs, err := d.MatchedEvents()
	r.batch.Events = append(r.batch.Events, evs...)
	return err
}

// traded lowers what an order wants; one that is entering stays so until it is
// filled or known to rest.
func (r *round) traded(s *shard, o brokerage.Order, units int64) (err error) {
	before := o
	o.Filled += units
	o.ChangedAt = r.now
	switch {
	case o.Left() == 0:
		o, err = o.To(brokerage.OrderFilled, "", r.now)
	case o.State == brokerage.OrderOpen:
		o, err = o.To(brokerage.OrderOpen, "", r.now)
	}
	r.keep(s, before, o)
	return err
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
			Halted: s.book.Halted(), Clock: s.book.Now(),
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
