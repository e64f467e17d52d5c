package inventory

import (
	"context"
	"fmt"

	"hashyard"
)

// OnTradeMatched passes the units from their order to the trade.
func (s *Service) OnTradeMatched(ctx context.Context, ev hashyard.Event) error {
	var p hashyard.TradeMatched
	if err := ev.Read(&p); err != nil {
		return err
	}
	as := As{Reason: "inventory.matched", Event: ev.ID}
	err := s.store.Change(ctx, as, Select{Units: p.Units}, func(l Loaded) (Write, error) {
		w := Write{Command: "units.match", Ref: hashyard.Ref{Kind: "trade", ID: p.Trade}, At: s.now().UTC()}
		for _, u := range l.Units {
			if u.Trade == p.Trade && u.State != UnitListed {
				continue // the money was faster
			}
			if u.Order.IsZero() {
				continue // the trade was cancelled before this came
			}
			u, err := u.Match(p.AskOrder, p.Trade, p.Buyer)
			if err != nil {
				return Write{}, err
			}
			w.Units = append(w.Units, u)
		}
		return w, nil
	})
	return wrap(err, ev)
}

// OnTradeFunded makes the trade's shipment, ready for packing.
func (s *Service) OnTradeFunded(ctx context.Context, ev hashyard.Event) error {
	var p hashyard.TradeFunded
	if err := ev.Read(&p); err != nil {
		return err
	}
	as := As{Reason: "inventory.shipment", Event: ev.ID}
	err := s.store.Change(ctx, as, Select{Units: p.Units, Trade: p.Trade}, func(l Loaded) (Write, error) {
		if l.Shipment != nil {
			return Write{}, nil // another event of the same trade made it
		}
		for i, u := range l.Units {
			// The match is told by an event of its own, which may come later.
			u, err := u.Match(u.Order, p.Trade, p.Buyer)
			if err != nil {
				return Write{}, err
			}
			l.Units[i] = u
		}
		ship := NewShipment(p.Trade, p.Seller, p.Buyer, l.Units, s.now().UTC())
		return Write{Units: l.Units, NewShipment: &ship, Command: "shipment.create", Ref: ship.ref(), At: ship.CreatedAt}, nil
	})
	return wrap(err, ev)
}

// OnOrderClosed frees the units that the order gave back.
func (s *Service) OnOrderClosed(ctx context.Context, ev hashyard.Event) error {
	var p hashyard.OrderClosed
	if err := ev.Read(&p); err != nil {
		return err
	}
	as := As{Reason: "inventory.closed", Event: ev.ID}
	return wrap(s.release(ctx, as, p.Units, hashyard.Ref{Kind: "order", ID: p.Order}), ev)
}

// OnHeldReleased makes the buyer the owner of the units.
func (s *Service) OnHeldReleased(ctx context.Context, ev hashyard.Event) error {
	var p hashyard.HeldReleased
	if err := ev.Read(&p); err != nil {
		return err
	}
	as := As{Reason: "inventory.passed", Event: ev.ID}
	err := s.store.Change(ctx, as, Select{Units: p.Units}, func(l Loaded) (Write, error) {
		w := Write{Command: "units.pass", Ref: hashyard.Ref{Kind: "trade", ID: p.Trade}, At: s.now().UTC()}
		for _, u := range l.Units {
			u, err := u.Pass(p.Trade, p.Buyer)
			if err != nil {
				return Write{}, err
			}
			w.Units = append(w.Units, u)
		}
		return w, nil
	})
	return wrap(err, ev)
}

// OnEvent files an event on the life line of each unit it names. Measurements
// under proof come every few seconds and stay in the pool's own series.
func (s *Service) OnEvent(ctx context.Context, ev hashyard.Event) error {
	if len(ev.Units) == 0 || ev.Kind == hashyard.EvWorkMeasured {
		return nil
	}
	return wrap(s.store.FileEvent(ctx, ev), ev)
}

func wrap(err error, ev hashyard.Event) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("inventory on %s %s: %w", ev.Kind, ev.ID, err)
}
