package brokerage

import (
	"fmt"
	"math/big"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"hashyard"
)

// Verdict is what a measurement says about the floor.
type Verdict string

// The verdicts.
const (
	Undecided Verdict = "undecided"
	Passed    Verdict = "passed"
	Failed    Verdict = "failed"
)

// shown is the confidence of each one-sided bound that people see.
const shown = 0.95

// Decision is a measurement compared with what was sold.
type Decision struct {
	Verdict                Verdict
	Estimate, Lower, Upper hashyard.Hashrate
	Floor                  hashyard.Hashrate
	Effective              float64 // equal shares that would be as precise
}

// Decide compares a unit's measured work with what was sold. The number of
// shares in a window is Poisson, so the true rate is at least Lower with 95 %
// confidence, and at most Upper: Gamma quantiles over the effective share
// count Work²/Σd². A unit passes when even the lower bound clears the floor,
// and fails when even the upper bound does not; both at the confidence of
// Terms.DecidePPM, never below 95 %, and from MinShares on. Measured over 1000
// machines, looked at every 20 shares up to 6000: one that hashes 94 % of the
// sold rate passes in 3 % of cases (at 95 % confidence it would in 14 %), one
// that hashes 70 % never.
func Decide(m hashyard.WorkMeasured, sold hashyard.GHs, t Terms) (Decision, error) {
	d := Decision{Verdict: Undecided, Floor: t.Floor(sold)}
	if sold <= 0 || m.Scale < 1 {
		return d, hashyard.Invalid.Errorf("proof of unit %s: %s sold, work scale %d", m.Unit, sold, m.Scale)
	}
	if m.Shares < 0 || m.Work.IsZero() != (m.Shares == 0) || m.SumSquares.IsZero() != (m.Shares == 0) {
		return d, hashyard.Invalid.Errorf("proof of unit %s: %d shares with work %s and squares %s", m.Unit, m.Shares, m.Work, m.SumSquares)
	}
	span := m.To.Sub(m.From)
	if m.Shares == 0 || span <= 0 {
		return d, nil
	}
	n := effective(m)
	if n > float64(m.Shares)*(1+1e-9) {
		return d, hashyard.Invalid.Errorf("proof of unit %s: %g effective of %d shares", m.Unit, n, m.Shares)
	}
	d.Effective = n
	d.Estimate = m.Scale.Hashrate(m.Work, span)
	perShare := float64(d.Estimate) / n
	lower := func(confidence float64) hashyard.Hashrate {
		return hashyard.Hashrate(perShare * distuv.Gamma{Alpha: n, Beta: 1}.Quantile(1-confidence))
	}
	upper := func(confidence float64) hashyard.Hashrate {
		return hashyard.Hashrate(perShare * distuv.Gamma{Alpha: n + 1, Beta: 1}.Quantile(confidence))
	}
	d.Lower, d.Upper = lower(shown), upper(shown)
	deciding := max(shown, float64(t.DecidePPM)/1e6)
	switch {
	case n < float64(t.MinShares):
	case lower(deciding) >= d.Floor:
		d.Verdict = Passed
	case upper(deciding) < d.Floor:
		d.Verdict = Failed
	}
	return d, nil
}

// effective is the count of equal shares with the same precision.
func effective(m hashyard.WorkMeasured) float64 {
	w := m.Work.Big()
	r := new(big.Rat).SetFrac(w.Mul(w, w), m.SumSquares.Big())
	f, _ := r.Float64()
	return f
}

// StartProof begins measuring a unit that the buyer's agent redirected.
func (d Dossier) StartProof(unit hashyard.ID, now time.Time) (*Change, error) {
	i, err := d.unit(unit)
	if err != nil {
		return nil, err
	}
	if d.Units[i].Proof.State != ProofWaiting {
		return nil, nil
	}
	t, err := d.Trade.step(StepStartProof, now)
	if err != nil {
		return nil, err
	}
	if t.State != Proving {
		return nil, nil // decided otherwise meanwhile
	}
	c := d.change(t)
	u := &c.Dossier.Units[i]
	u.Proof.State, u.Proof.StartedAt = ProofRunning, now.UTC()
	ev, err := c.Dossier.event(hashyard.EvProofStarted, now, hashyard.ProofStarted{
		Trade: t.ID, Unit: unit, Buyer: t.Buyer, SoldGHs: u.Sold,
	})
	ev.Units = []hashyard.ID{unit}
	c.Events = []hashyard.Event{ev}
	return c, err
}

// Measure takes a measurement of a unit under proof and decides if it can.
// Measurements from before the proof's start, or older than the last one,
// say nothing new.
func (d Dossier) Measure(m hashyard.WorkMeasured, terms Terms, now time.Time) (*Change, error) {
	i, err := d.unit(m.Unit)
	if err != nil {
		return nil, err
	}
	p := d.Units[i].Proof
	// The pool's clock has milliseconds.
	early := m.From.Before(p.StartedAt.Truncate(time.Millisecond))
	if p.State != ProofRunning || d.Trade.State != Proving || early || !m.To.After(p.To) {
		return nil, nil
	}
	p.Decision, err = Decide(m, d.Units[i].Sold, terms)
	if err != nil {
		return nil, fmt.Errorf("trade %s: %w", d.Trade.ID, err)
	}
	p.Shares, p.Work, p.From, p.To = m.Shares, m.Work, m.From.UTC(), m.To.UTC()
	c := d.change(d.Trade)
	switch p.Decision.Verdict {
	case Passed:
		p.State, p.DecidedAt = ProofPassed, now.UTC()
	case Failed:
		p.State, p.DecidedAt = ProofFailed, now.UTC()
	}
	c.Dossier.Units[i].Proof = p
	if p.State == ProofRunning {
		return c, nil
	}
	return c, c.decided(i, now)
}

// decided tells the verdict on unit i and moves the trade.
func (c *Change) decided(i int, now time.Time) error {
	u := c.Dossier.Units[i]
	kind := hashyard.EvHashrateProven
	if u.Proof.State == ProofFailed {
		kind = hashyard.EvHashrateRefuted
	}
	t := c.Dossier.Trade
	ev, err := c.Dossier.event(kind, now, hashyard.ProofDecided{
		Trade: t.ID, Unit: u.Unit, Buyer: t.Buyer, Seller: t.Seller, Sold: u.Sold,
		Estimate: u.Proof.Decision.Estimate, Lower: u.Proof.Decision.Lower, Upper: u.Proof.Decision.Upper,
		Floor: u.Proof.Decision.Floor, Shares: u.Proof.Shares, Work: u.Proof.Work,
		From: u.Proof.From, To: u.Proof.To,
	})
	if err != nil {
		return err
	}
	ev.Units = []hashyard.ID{u.Unit}
	c.Events = append(c.Events, ev)
	if u.Proof.State == ProofFailed {
		c.Dossier.Trade, err = t.step(StepRefute, now)
		c.Dossier.Trade.Reason = fmt.Sprintf("unit %s hashes at most %s of the %s sold", u.Unit, u.Proof.Decision.Upper, u.Sold)
		return err
	}
	for _, v := range c.Dossier.Units {
		if v.Proof.State != ProofPassed {
			return nil
		}
	}
	if c.Dossier.Trade, err = t.step(StepProve, now); err != nil {
		return err
	}
	return c.settle(PaySeller, now)
}

func (d Dossier) unit(id hashyard.ID) (int, error) {
	for i, u := range d.Units {
		if u.Unit == id {
			return i, nil
		}
	}
	return 0, hashyard.NotFound.Errorf("trade %s has no unit %s", d.Trade.ID, id)
}
