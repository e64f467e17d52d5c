package brokerage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"hashyard"
	"hashyard/brokerage/book"
)

// NewOrder is what a trader asks for.
type NewOrder struct {
	// Command is the same at every attempt of one request; zero means that
	// the request is not repeated.
	Command    hashyard.ID
	Instrument hashyard.ID
	Side       book.Side
	Attributes
	Price   hashyard.MilliCentsPerTH // of a market order the worst; 0 is the collar's
	Units   int64                    // of a bid; an ask may leave it 0
	UnitIDs []hashyard.ID
}

// Place enters an order into its book. The row is stored first, the units of
// an ask are reserved by their owner's inventory next, and only then does the
// market take the order: whatever step fails, or if the process dies between
// them, the order ends rejected and its units are free again.
func (s *Service) Place(ctx context.Context, actor hashyard.Actor, n NewOrder) (Order, error) {
	if err := s.closed(); err != nil {
		return Order{}, err
	}
	if err := s.mayTrade(ctx, actor.Org); err != nil {
		return Order{}, err
	}
	i, err := s.cfg.Orders.Instrument(ctx, n.Instrument)
	if err != nil {
		return Order{}, err
	}
	o := Order{
		ID: hashyard.NewID(), Org: actor.Org, Instrument: i.ID, Command: n.Command,
		Side: n.Side, Attributes: n.Attributes, Price: n.Price, Units: n.Units, UnitIDs: n.UnitIDs,
		State: OrderPlacing, CreatedAt: s.now(), ChangedAt: s.now(),
	}
	if o.Command.IsZero() {
		o.Command = o.ID
	}
	if o.Side == book.Ask && o.Units == 0 {
		o.Units = int64(len(o.UnitIDs))
	}
	if o.Price, err = s.worst(ctx, actor, o); err != nil {
		return Order{}, err
	}
	if err := errors.Join(o.Check(i, s.terms), o.Attributes.Check(o.Units, s.now())); err != nil {
		return Order{}, err
	}
	if o.Condition, err = s.condition(ctx, actor.Org, o.UnitIDs); err != nil {
		return Order{}, err
	}
	if o, err = s.cfg.Orders.AddOrder(ctx, actor, o); err != nil {
		return Order{}, err
	}
	hashyard.Hit(hashyard.AtOrderStored)
	switch o.State {
	case OrderPlacing:
		return s.enter(ctx, actor, i, o)
	case OrderRejected:
		return Order{}, hashyard.Conflict.Errorf("this request was given up (%s); send it again with a new key", o.Reason)
	}
	return o, nil // an earlier attempt got through
}

func (s *Service) closed() error {
	if c, ok := s.cfg.Market.(Closer); ok {
		return c.Closed()
	}
	return nil
}

// enter reserves what the order sells and hands it to the market.
func (s *Service) enter(ctx context.Context, actor hashyard.Actor, i Instrument, o Order) (Order, error) {
	if o.Side == book.Ask {
		units, err := s.cfg.Reserver.Reserve(ctx, actor, o.Ref(), o.UnitIDs)
		if err == nil {
			err = i.CheckUnits(units)
		}
		if err != nil {
			return Order{}, s.giveUp(ctx, o, fmt.Errorf("reserve units: %w", err))
		}
	}
	hashyard.Hit(hashyard.AtOrderReserved)
	placed, err := s.cfg.Market.Place(ctx, o)
	if err != nil {
		// Unavailable and a lost context leave open whether it is entered; the
		// same command finds out, and the sweep ends it if nobody asks.
		if unsure(err) {
			return Order{}, err
		}
		return Order{}, s.giveUp(ctx, o, err)
	}
	if placed.State == OrderRejected {
		if err := s.release(ctx, placed); err != nil {
			return Order{}, err
		}
		return Order{}, hashyard.Conflict.Errorf("order was not taken: %s", placed.Reason)
	}
	return placed, nil
}

func unsure(err error) bool {
	return errors.Is(err, hashyard.Unavailable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// giveUp rejects a placing order because of err, which it returns.
func (s *Service) giveUp(ctx context.Context, o Order, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, rerr := s.cfg.Orders.RejectOrder(ctx, o.ID, "not placed", s.now()); rerr != nil {
		s.log.WarnContext(ctx, "order not rejected, the sweep will", "order", o.ID, "error", rerr)
	}
	return err
}

// release lets an order's units go at once; the order's closing event does
// the same later, and harmlessly again.
func (s *Service) release(ctx context.Context, o Order) error {
	if len(o.UnitIDs) == 0 {
		return nil
	}
	return s.cfg.Reserver.Release(ctx, o.Ref(), o.UnitIDs)
}

// condition snapshots the telemetry of the units. A unit that was never read
// has none; the buyer sees that.
func (s *Service) condition(ctx context.Context, org hashyard.ID, units []hashyard.ID) (json.RawMessage, error) {
	if s.cfg.Conditions == nil || len(units) == 0 {
		return nil, nil
	}
	read := make([]json.RawMessage, len(units))
	var g errgroup.Group
	g.SetLimit(4) // an ask may name thousands
	for i, u := range units {
		g.Go(func() error {
			c, err := s.cfg.Conditions.Condition(ctx, org, u)
			if errors.Is(err, hashyard.NotFound) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("condition of unit %s: %w", u, err)
			}
			read[i] = c
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	all := make(map[hashyard.ID]json.RawMessage, len(units))
	for i, u := range units {
		if len(read[i]) > 0 {
			all[u] = read[i]
		}
	}
	b, err := json.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("condition snapshot: %w", err)
	}
	return b, nil
}

// Cancel takes an order of the actor's organisation out of its book.
func (s *Service) Cancel(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Order, error) {
	if err := s.closed(); err != nil {
		return Order{}, err
	}
	o, err := s.cfg.Orders.NoteCancel(ctx, actor, id)
	if err != nil {
		return Order{}, err
	}
	if o.Org != actor.Org {
		return Order{}, hashyard.NotFound.Errorf("order %s", id)
	}
	if o.State != OrderOpen {
		return Order{}, hashyard.Conflict.Errorf("order %s is %s and does not rest in the book", id, o.State)
	}
	hashyard.Hit(hashyard.AtCancelNoted)
	return s.cfg.Market.Cancel(ctx, o, hashyard.NewID())
}

// WithdrawOrders takes every order of an organisation that may not trade out
// of the books. One that may is left alone, whoever asks; while one of its
// orders is being placed, it has to be asked again.
func (s *Service) WithdrawOrders(ctx context.Context, org hashyard.ID) error {
	err := s.mayTrade(ctx, org)
	if kind, known := hashyard.KindOf(err); err == nil || !known || kind != hashyard.Conflict {
		return err
	}
	actor := hashyard.SystemActor("brokerage.suspended")
	actor.Org = org
	eyes := hashyard.Actor{Org: org} // the system's would see every organisation's
	for {
		open, _, err := s.cfg.Orders.Orders(ctx, eyes, OrderQuery{State: OrderOpen, Limit: 100})
		if err != nil {
			return fmt.Errorf("withdraw orders of %s: %w", org, err)
		}
		if len(open) == 0 {
			break
		}
		for _, o := range open {
			if _, err := s.cfg.Orders.NoteCancel(ctx, actor, o.ID); err != nil {
				return fmt.Errorf("withdraw order %s: %w", o.ID, err)
			}
			// Filled or cancelled meanwhile is out of the book as well.
			if _, err := s.cfg.Market.Cancel(ctx, o, hashyard.NewID()); err != nil && !errors.Is(err, hashyard.Conflict) {
				return fmt.Errorf("withdraw order %s: %w", o.ID, err)
			}
		}
	}
	placing, _, err := s.cfg.Orders.Orders(ctx, eyes, OrderQuery{State: OrderPlacing, Limit: 1})
	if err == nil && len(placing) > 0 {
		err = hashyard.Unavailable.Errorf("withdraw orders of %s: one is still being placed", org)
	}
	return err
}

// SweepOrders ends orders whose process died while placing them.
func (s *Service) SweepOrders(ctx context.Context) error {
	return s.sweep(ctx, s.cfg.Orders.StalePlacing, func(ctx context.Context, id hashyard.ID) error {
		o, err := s.cfg.Orders.RejectOrder(ctx, id, "abandoned while being placed", s.now())
		if err == nil && o.State == OrderRejected {
			err = s.release(ctx, o)
		}
		if err != nil {
			return fmt.Errorf("sweep order %s: %w", id, err)
		}
		return nil
	})
}
