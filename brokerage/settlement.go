package brokerage

import (
	"time"

	"hashyard"
	"hashyard/brokerage/ledger"
)

// Settled records that the rail carried the settlement out.
func (d Dossier) Settled(railID string, house hashyard.ID, now time.Time) (*Change, error) {
	s := d.Settlement
	if s == nil || s.Done() {
		return nil, nil
	}
	done := *s
	done.RailID, done.DoneAt, done.Trouble = railID, now.UTC(), ""
	if s.Kind == RefundBuyer {
		return d.refunded(done, house, now)
	}
	t, err := d.Trade.step(StepRelease, now)
	if err != nil {
		return nil, err
	}
	paid := s.Amount - s.Commission
	t.Paid, t.Kept = paid, s.Commission
	c := d.change(t)
	c.Dossier.Settlement = &done
	c.Entries = []ledger.Entry{{
		Key: s.Key, At: now.UTC(), Memo: t.Name() + " released to the seller", Ref: t.Ref(),
		Postings: []ledger.Posting{
			{Org: t.Buyer, Currency: hashyard.USD, Purpose: ledger.Held, Amount: int64(s.Amount)},
			{Org: house, Currency: hashyard.USD, Purpose: ledger.StripeBalance, Amount: -int64(paid)},
			{Org: house, Currency: hashyard.USD, Purpose: ledger.Commission, Amount: -int64(s.Commission)},
		},
	}}
	ev, err := c.Dossier.event(hashyard.EvHeldReleased, now, hashyard.HeldReleased{
		Trade: t.ID, Buyer: t.Buyer, Seller: t.Seller, Units: d.UnitIDs(),
		Amount: s.Amount, Commission: s.Commission, Paid: paid, Transfer: railID,
	})
	c.Events = []hashyard.Event{ev}
	return c, err
}

// Wait says why the settlement has to wait, once.
func (d Dossier) Wait(why string) (*Change, error) {
	s := d.Settlement
	if s == nil || s.Done() || s.Trouble == why {
		return nil, nil
	}
	waiting := *s
	waiting.Trouble = why
	c := d.change(d.Trade)
	c.Dossier.Settlement = &waiting
	return c, nil
}

func (d Dossier) refunded(done Settlement, house hashyard.ID, now time.Time) (*Change, error) {
	t, err := d.Trade.step(StepRefund, now)
	if err != nil {
		return nil, err
	}
	t.Refunded = done.Amount
	c := d.change(t)
	c.Dossier.Settlement = &done
	c.Entries = []ledger.Entry{{
		Key: done.Key, At: now.UTC(), Memo: t.Name() + " refunded to the buyer", Ref: t.Ref(),
		Postings: []ledger.Posting{
			{Org: t.Buyer, Currency: hashyard.USD, Purpose: ledger.Held, Amount: int64(done.Amount)},
			{Org: house, Currency: hashyard.USD, Purpose: ledger.StripeBalance, Amount: -int64(done.Amount)},
		},
	}}
	if t.State == d.Trade.State {
		return c, nil // it lapsed, which freed its units; the money was late
	}
	ev, err := c.Dossier.note(EvTradeCancelled, now, t.Reason)
	c.Events = []hashyard.Event{ev}
	return c, err
}

// Dispute stops a trade until the desk decides.
func (d Dossier) Dispute(reason string, now time.Time) (*Change, error) {
	t, err := d.Trade.step(StepDispute, now)
	if err != nil {
		return nil, err
	}
	if t.State == d.Trade.State {
		return nil, nil
	}
	t.Reason = reason
	c := d.change(t)
	ev, err := c.Dossier.note(EvTradeDisputed, now, reason)
	c.Events = []hashyard.Event{ev}
	return c, err
}

// Expire sends a trade whose proof window is over to the desk.
func (d Dossier) Expire(now time.Time) (*Change, error) {
	undecided := d.Trade.State == Delivered || d.Trade.State == Proving
	if !undecided || now.Before(d.Trade.ProofDue) {
		return nil, nil
	}
	return d.Dispute("not proven in time", now)
}

// Resolve is the desk's decision about a refuted or disputed trade.
func (d Dossier) Resolve(kind SettlementKind, reason string, now time.Time) (*Change, error) {
	if s := d.Settlement; s != nil && s.Kind == kind && d.Trade.Reason == reason {
		return nil, nil // this very decision, asked for again after its answer was lost
	}
	if d.Trade.State != Disputed && d.Trade.State != Refuted {
		return nil, hashyard.Conflict.Errorf("trade %s is %s; the desk decides disputed and refuted trades", d.Trade.Name(), d.Trade.State)
	}
	if kind != PaySeller && kind != RefundBuyer {
		return nil, hashyard.Invalid.Errorf("outcome %q is neither %s nor %s", kind, PaySeller, RefundBuyer)
	}
	t := d.Trade
	t.Reason = reason
	c := d.change(t)
	return c, c.settle(kind, now)
}
