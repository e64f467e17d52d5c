package brokerage

import (
	"context"

	"hashyard"
)

// MoneyLine is one movement of a unit's price; the lines of a unit sum to 0.
type MoneyLine struct {
	Name   string         // "funded", "to_seller", "commission", "refunded", "held"
	Amount hashyard.Cents // in is positive
}

// UnitMoney is what was paid for one unit and where it is.
type UnitMoney struct {
	Unit  hashyard.ID
	Trade Trade
	Lines []MoneyLine
}

// Money splits what was paid for a unit. A trade's amounts are split over its
// units so that the parts sum to the whole, to the cent.
func (d Dossier) Money(unit hashyard.ID) (UnitMoney, error) {
	i, err := d.unit(unit)
	if err != nil {
		return UnitMoney{}, err
	}
	part := func(total hashyard.Cents) hashyard.Cents { return share(total, i, len(d.Units)) }
	t := d.Trade
	funded, kept, refunded := part(t.Received), part(t.Kept), part(t.Refunded)
	var paid hashyard.Cents
	if t.Paid > 0 { // then nothing is held, of no unit
		paid = funded - kept - refunded
	}
	return UnitMoney{Unit: unit, Trade: t, Lines: []MoneyLine{
		{"funded", funded},
		{"to_seller", -paid},
		{"commission", -kept},
		{"refunded", -refunded},
		{"held", -(funded - paid - kept - refunded)},
	}}, nil
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
	return UnitMoney{}, hashyard.NotFound.Errorf("unit %s was not sold", unit)
}
