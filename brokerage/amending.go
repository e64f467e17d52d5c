package brokerage

import (
	"context"

	"hashyard"
	"hashyard/brokerage/book"
)

// worst is an order's price. A market order that gives none trades as far from
// the best opposite price as book.DefaultCollarPPM says, whatever happens until
// it is there.
func (s *Service) worst(ctx context.Context, actor hashyard.Actor, o Order) (hashyard.MilliCentsPerTH, error) {
	if o.Type != book.Market || o.Price != 0 {
		return o.Price, nil
	}
	d, err := s.cfg.Orders.Depth(ctx, actor, o.Instrument)
	if err != nil {
		return 0, err
	}
	opposite := d.Asks
	if o.Side == book.Ask {
		opposite = d.Bids
	}
	if len(opposite) == 0 {
		return 0, hashyard.Conflict.Errorf("nobody is on the other side: a market order needs somebody to trade with")
	}
	away, err := hashyard.MulDiv(int64(opposite[0].Price), book.DefaultCollarPPM, 1_000_000, hashyard.RoundDown)
	if err != nil {
		return 0, err
	}
	collar := hashyard.MilliCentsPerTH(away) / s.terms.Tick * s.terms.Tick
	if o.Side == book.Ask {
		return max(opposite[0].Price-collar, s.terms.Tick), nil
	}
	return opposite[0].Price + collar, nil
}

// Amended is the order with another price, and with the units that it wants
// beside what it has traded; 0 leaves either.
func (o Order) Amended(price hashyard.MilliCentsPerTH, units int64) Order {
	if price != 0 {
		o.Price = price
	}
	if units != 0 {
		o.Units = o.Filled + units
	}
	return o
}

// Amend gives an open order another price and other units, which are what it
// wants from now on, beside what it has traded; 0 leaves either. An ask's units
// are its machines: they stay, whoever offers fewer or others cancels and lists
// anew. See package book for what becomes of its time. The same command again
// gives the order as it is.
func (s *Service) Amend(ctx context.Context, actor hashyard.Actor, id, command hashyard.ID, price hashyard.MilliCentsPerTH, units int64) (Order, error) {
	if err := s.closed(); err != nil {
		return Order{}, err
	}
	o, err := s.cfg.Orders.Order(ctx, actor, id)
	if err != nil {
		return Order{}, err
	}
	if o.Org != actor.Org {
		return Order{}, hashyard.NotFound.Errorf("order %s", id)
	}
	if err := s.mayTrade(ctx, actor.Org); err != nil {
		return Order{}, err
	}
	if o.Side == book.Ask && units != 0 {
		if units != o.Left() {
			return Order{}, hashyard.Invalid.Errorf("an ask keeps its machines: cancel it and list those you want to sell")
		}
		units = 0
	}
	i, err := s.cfg.Orders.Instrument(ctx, o.Instrument)
	if err != nil {
		return Order{}, err
	}
	// What it wants is known for sure only to the writer, which asks this again.
	if err := o.Amended(price, units).Check(i, s.terms); err != nil {
		return Order{}, err
	}
	if command.IsZero() {
		command = hashyard.NewID()
	}
	if _, err := s.cfg.Orders.NoteAmend(ctx, actor, id, price, units); err != nil {
		return Order{}, err
	}
	return s.cfg.Market.Amend(ctx, o, command, price, units)
}

// CancelAll takes the actor's orders of an instrument, or of every one, out of
// the books, and says which.
func (s *Service) CancelAll(ctx context.Context, actor hashyard.Actor, instrument hashyard.ID) ([]Order, error) {
	if err := s.closed(); err != nil {
		return nil, err
	}
	eyes := actor
	eyes.House = false // the house cancels its own
	var out []Order
	for cursor := ""; ; {
		open, next, err := s.cfg.Orders.Orders(ctx, eyes, OrderQuery{Instrument: instrument, State: OrderOpen, Cursor: cursor, Limit: 100})
		if err != nil {
			return out, err
		}
		for _, o := range open {
			c, err := s.Cancel(ctx, actor, o.ID)
			if kind, known := hashyard.KindOf(err); known && kind == hashyard.Conflict {
				continue // filled meanwhile
			}
			if err != nil {
				return out, err
			}
			out = append(out, c)
		}
		if next == "" {
			return out, nil
		}
		cursor = next
	}
}

// Halt stops matching in a book; Resume opens it with an auction. Only the
// house's desk does.
func (s *Service) Halt(ctx context.Context, actor hashyard.Actor, instrument, command hashyard.ID, reason string) error {
	return s.turn(ctx, actor, instrument, reason, func() error { return s.cfg.Market.Halt(ctx, instrument, command) }, "market.halt")
}

// Resume implements what Halt says.
func (s *Service) Resume(ctx context.Context, actor hashyard.Actor, instrument, command hashyard.ID, reason string) error {
	return s.turn(ctx, actor, instrument, reason, func() error { return s.cfg.Market.Resume(ctx, instrument, command) }, "market.resume")
}

func (s *Service) turn(ctx context.Context, actor hashyard.Actor, instrument hashyard.ID, reason string, do func() error, command string) error {
	if !actor.House || !actor.Has(hashyard.Desk) {
		return hashyard.Denied.Errorf("the desk halts and resumes trading")
	}
	if reason == "" || len(reason) > 1000 {
		return hashyard.Invalid.Errorf("give the reason in 1 to 1000 characters")
	}
	if err := s.closed(); err != nil {
		return err
	}
	if _, err := s.cfg.Orders.Instrument(ctx, instrument); err != nil {
		return err
	}
	if err := s.cfg.Orders.NoteTurn(ctx, actor, instrument, command, reason); err != nil {
		return err
	}
	return do()
}
