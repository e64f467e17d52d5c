package brokerage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hashyard"
	"hashyard/brokerage/ledger"
)

// OnUnitsDispatched moves a trade to shipped.
func (s *Service) OnUnitsDispatched(ctx context.Context, ev hashyard.Event) error {
	return s.onUnits(ctx, ev, StepShip, "brokerage.dispatched")
}

// OnUnitsDelivered moves a trade to delivered and starts the clock of its
// proof.
func (s *Service) OnUnitsDelivered(ctx context.Context, ev hashyard.Event) error {
	return s.onUnits(ctx, ev, StepDeliver, "brokerage.delivered")
}

func (s *Service) onUnits(ctx context.Context, ev hashyard.Event, step Step, reason string) error {
	var p hashyard.UnitsMoved
	if err := ev.Read(&p); err != nil {
		return err
	}
	if p.Trade.IsZero() {
		return nil // a shipment without a trade
	}
	_, err := s.cfg.Trades.ChangeTrade(ctx, By{Reason: reason, Event: ev.ID}, p.Trade, func(d Dossier) (*Change, error) {
		return d.Move(step, s.terms, s.now())
	})
	return handled(err, ev)
}

// OnMinerRedirected starts the proof of a unit that its buyer's agent pointed
// at our pool. Other redirects are nobody's proof.
func (s *Service) OnMinerRedirected(ctx context.Context, ev hashyard.Event) error {
	var p hashyard.MinerRedirected
	if err := ev.Read(&p); err != nil {
		return err
	}
	d, ok, err := s.bought(ctx, p.Unit, p.Org)
	if err != nil || !ok {
		return handled(err, ev)
	}
	switch d.Trade.State {
	case Funded, Shipped:
		// The delivery is told by an event of its own, which may come later.
		return handled(hashyard.Conflict.Errorf("trade %s is %s, not delivered yet", d.Trade.ID, d.Trade.State), ev)
	case Delivered, Proving:
	default:
		return nil
	}
	_, err = s.cfg.Trades.ChangeTrade(ctx, By{Reason: "brokerage.redirected", Event: ev.ID}, d.Trade.ID, func(d Dossier) (*Change, error) {
		if d.Trade.State != Delivered && d.Trade.State != Proving {
			return nil, nil
		}
		return d.StartProof(p.Unit, s.now())
	})
	return handled(err, ev)
}

// OnWorkMeasured takes a measurement of a unit under proof.
func (s *Service) OnWorkMeasured(ctx context.Context, ev hashyard.Event) error {
	var m hashyard.WorkMeasured
	if err := ev.Read(&m); err != nil {
		return err
	}
	d, ok, err := s.bought(ctx, m.Unit, m.Org)
	if err != nil || !ok || d.Trade.State != Proving {
		return handled(err, ev)
	}
	_, err = s.cfg.Trades.ChangeTrade(ctx, By{Reason: "brokerage.measured", Event: ev.ID}, d.Trade.ID, func(d Dossier) (*Change, error) {
		return d.Measure(m, s.terms, s.now())
	})
	return handled(err, ev)
}

// bought finds the newest trade that sold a unit to an organisation and is
// not over.
func (s *Service) bought(ctx context.Context, unit, buyer hashyard.ID) (Dossier, bool, error) {
	ds, err := s.cfg.Trades.TradesOfUnit(ctx, hashyard.SystemActor("brokerage.bought"), unit)
	for _, d := range ds {
		if d.Trade.Buyer == buyer && !d.Trade.State.Over() {
			return d, true, err
		}
	}
	return Dossier{}, false, err
}

// OnSettlementDue sends held money where it was decided to go. The rail is
// called outside any transaction under the key stored with the decision, so a
// process that dies between the rail and the ledger is finished by the next
// delivery of the event, and the money has moved once.
func (s *Service) OnSettlementDue(ctx context.Context, ev hashyard.Event) error {
	d, err := s.cfg.Trades.Trade(ctx, hashyard.SystemActor("brokerage.settlement"), ev.Ref.ID)
	if err != nil || d.Settlement == nil || d.Settlement.Done() {
		return handled(err, ev)
	}
	if s.cfg.MayPay != nil {
		if err := s.cfg.MayPay(ctx); err != nil {
			return handled(errors.Join(err, s.wait(ctx, d, "payouts are frozen")), ev) // the event comes again
		}
	}
	hashyard.Hit(hashyard.AtTransfer)
	railID, err := s.send(ctx, d)
	hashyard.Hit(hashyard.AtTransferred)
	if errors.Is(err, ErrNotPayable) {
		err = errors.Join(err, s.wait(ctx, d, ErrNotPayable.Error()))
	}
	if err != nil {
		return handled(err, ev) // the event comes again
	}
	by := By{Reason: "brokerage.settlement", Command: "trade." + string(d.Settlement.Kind), Event: ev.ID}
	_, err = s.cfg.Trades.ChangeTrade(ctx, by, d.Trade.ID, func(d Dossier) (*Change, error) {
		return d.Settled(railID, s.cfg.House, s.now())
	})
	return handled(err, ev)
}

// wait shows the parties why a settlement has not been carried out yet.
func (s *Service) wait(ctx context.Context, d Dossier, why string) error {
	s.log.WarnContext(ctx, "settlement waits, will be tried again", "trade", d.Trade.ID, "seller", d.Trade.Seller, "why", why)
	_, err := s.cfg.Trades.ChangeTrade(ctx, By{Reason: "brokerage.settlement"}, d.Trade.ID, func(d Dossier) (*Change, error) {
		return d.Wait(why)
	})
	return err
}

func (s *Service) send(ctx context.Context, d Dossier) (string, error) {
	st := d.Settlement
	if st.Kind == RefundBuyer {
		return s.cfg.Rail.Refund(ctx, RefundRequest{
			Trade: d.Trade.ID, Payment: d.Payment.RailID, Amount: st.Amount, Key: st.Key,
		})
	}
	account, err := s.party(ctx, d.Trade.Seller, RailAccount)
	if err != nil {
		return "", err
	}
	return s.cfg.Rail.Transfer(ctx, TransferRequest{
		Trade: d.Trade.ID, Account: account, Amount: st.Amount - st.Commission, Group: group(d.Trade.ID), Key: st.Key,
	})
}

// OnPaymentDue cancels a trade that nobody paid. The rail is asked to take the
// payment back first; if the money arrived in the meantime, the trade is
// funded instead.
func (s *Service) OnPaymentDue(ctx context.Context, ev hashyard.Event) error {
	d, err := s.cfg.Trades.Trade(ctx, hashyard.SystemActor("brokerage.payment_due"), ev.Ref.ID)
	if err != nil || d.Trade.State != Matched {
		return handled(err, ev)
	}
	if d.Payment != nil {
		if err := s.takeBack(ctx, d); err != nil {
			return handled(err, ev)
		}
	}
	by := By{Reason: "brokerage.payment_due", Command: "trade.lapse", Event: ev.ID}
	_, err = s.cfg.Trades.ChangeTrade(ctx, by, d.Trade.ID, func(d Dossier) (*Change, error) {
		return d.Lapse(later(s.now(), d.Trade.PaymentDue))
	})
	return handled(err, ev)
}

// takeBack makes sure that the payment of a trade cannot arrive any more, or
// takes it over if it has.
func (s *Service) takeBack(ctx context.Context, d Dossier) error {
	id := d.Payment.RailID
	if id == "" { // the process died between asking the rail and storing its answer
		customer, err := s.party(ctx, d.Trade.Buyer, RailCustomer)
		if err != nil {
			return err
		}
		p, err := s.cfg.Rail.OpenTransfer(ctx, PaymentRequest{
			Trade: d.Trade.ID, Customer: customer, Amount: d.Payment.Amount, Group: group(d.Trade.ID), Key: d.Payment.Key,
		})
		if kind, ok := hashyard.KindOf(err); ok && kind == hashyard.Invalid {
			s.log.WarnContext(ctx, "the rail refuses the payment, the trade lapses unpaid", "trade", d.Trade.ID, "error", err)
			return nil // there is no payment, and there will be none
		}
		if err != nil {
			return err
		}
		id = p.ID
	}
	p, err := s.cfg.Rail.CancelPayment(ctx, id, "trade-"+d.Trade.ID.String()+"-cancel")
	if err != nil {
		return err
	}
	_, err = s.pay(ctx, By{Reason: "brokerage.payment"}, p)
	return err
}

// later is the second of two instants: an event that the database's clock
// found due is due, whatever this process's clock says.
func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// OnProofDue sends a trade that could not be decided to the desk.
func (s *Service) OnProofDue(ctx context.Context, ev hashyard.Event) error {
	by := By{Reason: "brokerage.proof_due", Command: "trade.expire", Event: ev.ID}
	_, err := s.cfg.Trades.ChangeTrade(ctx, by, ev.Ref.ID, func(d Dossier) (*Change, error) {
		return d.Expire(later(s.now(), d.Trade.ProofDue))
	})
	return handled(err, ev)
}

// OnTradeCancelled lets the units of a trade go that was never paid: they are
// held by the trade, or still by the order it came from. Those of a refunded
// trade may have left the seller; inventory hears of it by itself.
func (s *Service) OnTradeCancelled(ctx context.Context, ev hashyard.Event) error {
	var p TradeNote
	if err := ev.Read(&p); err != nil {
		return err
	}
	if p.Refunded {
		return nil
	}
	for _, holder := range []hashyard.Ref{{Kind: "trade", ID: p.Trade}, {Kind: "order", ID: p.AskOrder}} {
		if err := s.cfg.Reserver.Release(ctx, holder, p.Units); err != nil {
			return handled(err, ev)
		}
	}
	return nil
}

// OnEarningsSettled books what a settlement period owes one account.
func (s *Service) OnEarningsSettled(ctx context.Context, ev hashyard.Event) error {
	var p hashyard.EarningsSettled
	if err := ev.Read(&p); err != nil {
		return err
	}
	if p.Net < 0 || p.Fee < 0 || p.Residue < 0 {
		return handled(hashyard.Invalid.Errorf("statement %s: net %d, fee %d, residue %d", p.Statement, p.Net, p.Fee, p.Residue), ev)
	}
	e := EarningsEntry(p, s.cfg.House, ev.At)
	if len(e.Postings) == 0 {
		return nil // a period without work
	}
	err := s.cfg.Ledger.Post(ctx, "brokerage.earnings", ev.ID, e)
	hashyard.Hit(hashyard.AtEarnings)
	return handled(err, ev)
}

// EarningsEntry is a statement in the ledger: the house owes the net, keeps
// the fee, and what rounding left of the period is named.
func EarningsEntry(p hashyard.EarningsSettled, house hashyard.ID, at time.Time) ledger.Entry {
	line := func(org hashyard.ID, purpose ledger.Purpose, amount hashyard.Sats) ledger.Posting {
		return ledger.Posting{Org: org, Currency: hashyard.BTC, Purpose: purpose, Amount: int64(amount)}
	}
	return ledger.Entry{
		Key: "statement-" + p.Statement.String(), At: at, Memo: "pool earnings until " + p.To.UTC().Format(time.RFC3339),
		Ref: hashyard.Ref{Kind: "statement", ID: p.Statement},
		Postings: []ledger.Posting{
			line(house, ledger.FPPSExpense, p.Net+p.Fee+p.Residue),
			line(p.Org, ledger.Earnings, -p.Net),
			line(house, ledger.PoolFee, -p.Fee),
			line(house, ledger.Residue, -p.Residue),
		},
	}.Compact()
}

func handled(err error, ev hashyard.Event) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("brokerage on %s %s: %w", ev.Kind, ev.ID, err)
}
