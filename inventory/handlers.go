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
			if u.Order != p.AskOrder {
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

// OnTradeDisputed stops the seller's part of the shipment: nothing is packed or
// handed over while the desk decides.
func (s *Service) OnTradeDisputed(ctx context.Context, ev hashyard.Event) error {
	var p hashyard.TradeNote
	if err := ev.Read(&p); err != nil {
		return err
	}
	as := As{Reason: "inventory.disputed", Event: ev.ID}
	err := s.store.Change(ctx, as, Select{Trade: p.Trade}, func(l Loaded) (Write, error) {
		if l.Shipment == nil {
			return Write{}, notYet(p.Trade)
		}
		ship, changed := l.Shipment.dispute(p.Reason)
		if !changed {
			return Write{}, nil
		}
		return Write{Shipment: &ship, Command: "shipment.stop", Ref: ship.ref(), At: s.now().UTC()}, nil
	})
	return wrap(err, ev)
}

// notYet makes an event wait for the one that makes the shipment: only funded
// trades are disputed or refunded.
func notYet(trade hashyard.ID) error {
	return hashyard.Conflict.Errorf("trade %s has no shipment yet", trade)
}

// OnDisputeOver lets the shipment of a trade go on whose seller was paid.
func (s *Service) OnDisputeOver(ctx context.Context, ev hashyard.Event) error {
	var p hashyard.HeldReleased
	if err := ev.Read(&p); err != nil {
		return err
	}
	as := As{Reason: "inventory.resumed", Event: ev.ID}
	err := s.store.Change(ctx, as, Select{Trade: p.Trade}, func(l Loaded) (Write, error) {
		if l.Shipment == nil {
			return Write{}, notYet(p.Trade)
		}
		now := s.now().UTC()
		ship := l.Shipment.decide(now)
		return Write{Shipment: &ship, Command: "shipment.decided", Ref: ship.ref(), At: now}, nil
	})
	return wrap(err, ev)
}

// OnTradeCancelled ends the way of a refunded trade's units to the buyer: what
// has not left the seller is free again, the rest is on its way back. A trade
// that lapsed has no shipment, and its units are released by brokerage.
func (s *Service) OnTradeCancelled(ctx context.Context, ev hashyard.Event) error {
	var p hashyard.TradeNote
	if err := ev.Read(&p); err != nil {
		return err
	}
	if !p.Refunded {
		return nil
	}
	as := As{Reason: "inventory.refunded", Event: ev.ID}
	err := s.store.Change(ctx, as, Select{Units: p.Units, Trade: p.Trade}, func(l Loaded) (Write, error) {
		if l.Shipment == nil {
			return Write{}, notYet(p.Trade)
		}
		now := s.now().UTC()
		ship, err := l.Shipment.cancel(p.Reason, now)
		if err != nil {
			return Write{}, err
		}
		w := Write{Shipment: &ship, Command: "shipment.cancel", Ref: ship.ref(), At: now}
		for _, u := range l.Units {
			if u, err = u.Cancel(); err != nil {
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
