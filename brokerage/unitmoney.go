package brokerage

import (
	"context"
	"time"

	"hashyard"
)

// MoneyMove is one movement of a unit's price; in is positive. What all moves
// of a unit leave is still held.
type MoneyMove struct {
	Kind   MoveKind
	At     time.Time
	Amount hashyard.Cents
	Org    hashyard.ID // who paid it or got it
}

// MoveKind is what a movement was.
type MoveKind string

// The kinds of movements.
const (
	MoveFunded     MoveKind = "funded"
	MoveToSeller   MoveKind = "to_seller"
	MoveCommission MoveKind = "commission"
	MoveRefunded   MoveKind = "refunded"
)

// UnitMoney is what was paid for one unit and where it is.
type UnitMoney struct {
	Unit  hashyard.ID
	Trade Trade // zero if the unit was never sold
	Moves []MoneyMove
	Held  hashyard.Cents // the sum of the moves
}

// Money splits what was paid for a unit. A trade's amounts are split over its
// units so that the parts sum to the whole, to the cent.
func (d Dossier) Money(unit hashyard.ID) (UnitMoney, error) {
	i, err := d.unit(unit)
	if err != nil {
		return UnitMoney{}, err
	}
	t := d.Trade
	part := func(total hashyard.Cents) hashyard.Cents { return share(total, i, len(d.Units)) }
	funded, kept, refunded := part(t.Received), part(t.Kept), part(t.Refunded)
	var paid hashyard.Cents
	if t.Paid > 0 { // then nothing is held, of no unit
		paid = funded - kept - refunded
	}
	m := UnitMoney{Unit: unit, Trade: t}
	m.move(MoveFunded, d.receivedAt(), funded, t.Buyer)
	var left time.Time
	if d.Settlement != nil {
		left = d.Settlement.DoneAt
	}
	m.move(MoveToSeller, left, -paid, t.Seller)
	m.move(MoveCommission, left, -kept, hashyard.ID{})
	m.move(MoveRefunded, left, -refunded, t.Buyer)
	return m, nil
}

// receivedAt is when the money was booked: a party that does not see the
// payment sees the state it led to.
func (d Dossier) receivedAt() time.Time {
	for _, h := range d.Trade.History {
		if h.State == Funded {
			return h.At
		}
	}
	if d.Payment != nil {
		return d.Payment.SucceededAt
	}
	return time.Time{}
}

func (m *UnitMoney) move(kind MoveKind, at time.Time, amount hashyard.Cents, org hashyard.ID) {
	if amount == 0 {
		return
	}
	m.Moves = append(m.Moves, MoneyMove{Kind: kind, At: at, Amount: amount, Org: org})
	m.Held += amount
}

// share is part i of n of a total; the parts differ by at most a cent.
func share(total hashyard.Cents, i, n int) hashyard.Cents {
	each, rest := total/hashyard.Cents(n), total%hashyard.Cents(n)
	if hashyard.Cents(i) < rest {
		return each + 1
	}
	return each
}

// UnitMoney is the money of the unit's latest trade that the actor may see.
func (s *Service) UnitMoney(ctx context.Context, actor hashyard.Actor, unit hashyard.ID) (UnitMoney, error) {
	ds, err := s.cfg.Trades.TradesOfUnit(ctx, actor, unit)
	if err != nil {
		return UnitMoney{}, err
	}
	for _, d := range ds {
		if d.Trade.State != Cancelled {
			return d.Money(unit)
		}
	}
	return UnitMoney{Unit: unit}, nil
}
