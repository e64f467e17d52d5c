package brokerage

import (
	"time"

	"hashyard"
)

// Terms are the conditions under which trades are made. They are settings; a
// trade keeps the amounts it was made with.
type Terms struct {
	CommissionPPM int64                    // parts per million of the amount, from the seller
	Tick          hashyard.MilliCentsPerTH // prices are its multiples
	MaxUnits      int64                    // of one order
	MaxOpen       int                      // orders of an organisation that rest in one book
	MaxNotional   hashyard.Cents           // of one order; the rail may lower it
	PaymentWindow time.Duration            // from match to money
	ProofWindow   time.Duration            // from delivery to a decision
	FloorPPM      int64                    // share of the sold hashrate that must be proven
	MinShares     int64                    // effective shares before anything is decided
	// DecidePPM is the confidence of the bounds that decide. A proof is looked
	// at again and again, and every look is a chance to pass by luck; so it is
	// above the 95 % of the bounds that are shown.
	DecidePPM int64
}

// DefaultTerms are the house's terms: 150 basis points, $0.01 tick, 48 hours
// to pay, 95 % to prove.
func DefaultTerms() Terms {
	return Terms{
		CommissionPPM: 15_000,
		Tick:          1_000,
		MaxUnits:      10_000,
		MaxOpen:       1_000,
		MaxNotional:   999_999_99,
		PaymentWindow: 48 * time.Hour,
		ProofWindow:   14 * 24 * time.Hour,
		FloorPPM:      950_000,
		MinShares:     400,
		DecidePPM:     990_000,
	}
}

// or gives zero fields their default.
func (t Terms) or(d Terms) Terms {
	pick(&t.CommissionPPM, d.CommissionPPM)
	pick(&t.Tick, d.Tick)
	pick(&t.MaxUnits, d.MaxUnits)
	pick(&t.MaxOpen, d.MaxOpen)
	pick(&t.MaxNotional, d.MaxNotional)
	pick(&t.PaymentWindow, d.PaymentWindow)
	pick(&t.ProofWindow, d.ProofWindow)
	pick(&t.FloorPPM, d.FloorPPM)
	pick(&t.MinShares, d.MinShares)
	pick(&t.DecidePPM, d.DecidePPM)
	return t
}

// Complete gives zero fields the house's terms.
func (t Terms) Complete() Terms { return t.or(DefaultTerms()) }

func pick[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// commission is the house's part of an amount.
func (t Terms) commission(amount hashyard.Cents) (hashyard.Cents, error) {
	v, err := hashyard.MulDiv(int64(amount), t.CommissionPPM, 1_000_000, hashyard.RoundHalfEven)
	return hashyard.Cents(v), err
}

// Floor is what a machine sold as g must be proven to do.
func (t Terms) Floor(g hashyard.GHs) hashyard.Hashrate {
	return g.Hashrate() * hashyard.Hashrate(t.FloorPPM) / 1e6
}
