package brokerage

import (
	"context"
	"encoding/json"
	"time"

	"hashyard"
	"hashyard/brokerage/ledger"
)

// page bounds a list.
func page(n int) int {
	if n <= 0 {
		return 100
	}
	return min(n, 500)
}

// Instruments lists what is traded.
func (s *Service) Instruments(ctx context.Context) ([]Instrument, error) {
	return s.cfg.Orders.Instruments(ctx)
}

// Book is a book as everyone may see it.
func (s *Service) Book(ctx context.Context, actor hashyard.Actor, instrument hashyard.ID) (Depth, error) {
	if _, err := s.cfg.Orders.Instrument(ctx, instrument); err != nil {
		return Depth{}, err
	}
	return s.cfg.Orders.Depth(ctx, actor, instrument)
}

// Tape lists what traded, newest first.
func (s *Service) Tape(ctx context.Context, actor hashyard.Actor, instrument hashyard.ID, cursor string, limit int) ([]TapeLine, string, error) {
	return s.cfg.Orders.Tape(ctx, actor, instrument, cursor, page(limit))
}

// Candles are the trades in steps of time, oldest first, empty steps left out.
func (s *Service) Candles(ctx context.Context, actor hashyard.Actor, instrument hashyard.ID, step time.Duration, since time.Time, limit int) ([]Candle, error) {
	if step < time.Second || step > 31*24*time.Hour || step%time.Second != 0 {
		return nil, hashyard.Invalid.Errorf("step must be whole seconds, 1 s … 31 days, not %s", step)
	}
	return s.cfg.Orders.Candles(ctx, actor, instrument, step, since, page(limit))
}

// Order reads one order of the actor's organisation; the house sees all.
func (s *Service) Order(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Order, error) {
	return s.cfg.Orders.Order(ctx, actor, id)
}

// Orders lists the organisation's orders, newest first.
func (s *Service) Orders(ctx context.Context, actor hashyard.Actor, q OrderQuery) ([]Order, string, error) {
	q.Limit = page(q.Limit)
	return s.cfg.Orders.Orders(ctx, actor, q)
}

// Trade reads one trade that the actor is a party of; the house sees all.
func (s *Service) Trade(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Dossier, error) {
	return s.cfg.Trades.Trade(ctx, actor, id)
}

// ConditionsSold are the condition snapshots of a trade's units as they were
// listed, for the parties and the house.
func (s *Service) ConditionsSold(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (map[hashyard.ID]json.RawMessage, error) {
	return s.cfg.Trades.ConditionsSold(ctx, actor, id)
}

// Trades lists the organisation's trades, newest first.
func (s *Service) Trades(ctx context.Context, actor hashyard.Actor, q TradeQuery) ([]Dossier, string, error) {
	q.Limit = page(q.Limit)
	return s.cfg.Trades.Trades(ctx, actor, q)
}

// Dispute stops a trade of the actor's until the desk decides.
func (s *Service) Dispute(ctx context.Context, actor hashyard.Actor, id hashyard.ID, reason string) (Dossier, error) {
	if reason == "" || len(reason) > 1000 {
		return Dossier{}, hashyard.Invalid.Errorf("say in 1 to 1000 characters what is wrong")
	}
	d, err := s.cfg.Trades.Trade(ctx, actor, id)
	if err != nil {
		return Dossier{}, err
	}
	if d.Trade.Buyer != actor.Org && d.Trade.Seller != actor.Org {
		return Dossier{}, hashyard.Denied.Errorf("only the buyer and the seller dispute trade %s", d.Trade.Name())
	}
	return s.cfg.Trades.ChangeTrade(ctx, By{Actor: actor, Command: "trade.dispute"}, id, func(d Dossier) (*Change, error) {
		return d.Dispute(reason, s.now())
	})
}

// Decide is the desk's decision about a disputed or refuted trade.
func (s *Service) Decide(ctx context.Context, actor hashyard.Actor, id hashyard.ID, outcome SettlementKind, reason string) (Dossier, error) {
	if !actor.House || !actor.Has(hashyard.Desk) {
		return Dossier{}, hashyard.Denied.Errorf("the desk decides; a party disputes")
	}
	if reason == "" || len(reason) > 1000 {
		return Dossier{}, hashyard.Invalid.Errorf("give the reason in 1 to 1000 characters")
	}
	by := By{Actor: actor, Reason: "brokerage.desk", Command: "trade.decide"}
	return s.cfg.Trades.ChangeTrade(ctx, by, id, func(d Dossier) (*Change, error) {
		if d.Trade.Buyer == actor.Org || d.Trade.Seller == actor.Org {
			return nil, hashyard.Denied.Errorf("the house is a party of trade %s and does not decide it", d.Trade.Name())
		}
		return d.Resolve(outcome, reason, s.now())
	})
}

// Accounts lists the balances the actor may see: the organisation's own, all
// for the house.
func (s *Service) Accounts(ctx context.Context, actor hashyard.Actor) ([]Balance, error) {
	return s.cfg.Ledger.Accounts(ctx, actor)
}

// Entries lists ledger entries with the postings the actor may see, newest
// first.
func (s *Service) Entries(ctx context.Context, actor hashyard.Actor, q EntryQuery) ([]ledger.Entry, string, error) {
	q.Limit = page(q.Limit)
	return s.cfg.Ledger.Entries(ctx, actor, q)
}

// TrialBalance is the house's view of the whole ledger.
func (s *Service) TrialBalance(ctx context.Context, actor hashyard.Actor) (TrialBalance, error) {
	if !actor.House {
		return TrialBalance{}, hashyard.Denied.Errorf("the trial balance is the house's")
	}
	return s.cfg.Ledger.TrialBalance(ctx)
}

// Manifest is a trade and the serials of its machines.
func (s *Service) Manifest(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Dossier, map[hashyard.ID]string, error) {
	d, err := s.Trade(ctx, actor, id)
	if err != nil || s.cfg.Serials == nil {
		return d, nil, err
	}
	serials, err := s.cfg.Serials.Serials(ctx, actor, d.UnitIDs())
	return d, serials, err
}
