package journey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"

	"gonum.org/v1/gonum/stat/distuv"

	"hashyard"
)

// proven: the good machine passes by the bound, recomputed here; the one that
// hashes 70 % does not. The work booked for the good machine is what it counts
// itself.
func (p *play) proven(ctx context.Context) (string, error) {
	t, err := p.decided(ctx, p.good)
	if err != nil {
		return "", err
	}
	if t.State == "refuted" || t.Proof == nil {
		return "", fmt.Errorf("trade %s of an honest machine is %s: %s", t.Number, t.State, t.Reason)
	}
	lower, err := p.bound(t)
	if err != nil {
		return "", err
	}
	pr := t.Proof
	switch sold := t.SoldTHs; {
	case pr.Unit != p.good.unit || pr.State != "passed":
		return "", fmt.Errorf("the proof of trade %s is %s, of unit %s", t.Number, pr.State, pr.Unit)
	case lower < 0.95*sold:
		return "", fmt.Errorf("%d shares of work %s in %v bound the rate from below by %.1f TH/s, less than 95 %% of %.1f; yet it is proven", pr.Shares, pr.Work, pr.To.Sub(pr.From), lower, sold)
	case pr.LowerTHs > lower*1.001:
		return "", fmt.Errorf("the yard shows a lower bound of %.2f TH/s; recomputed it is %.2f", pr.LowerTHs, lower)
	case !plausible(pr, sold):
		return "", fmt.Errorf("the estimate is %.1f TH/s after %d shares; the machine does about %.1f", pr.EstimateTHs, pr.Shares, sold)
	}
	weak, err := p.decided(ctx, p.weak)
	if err != nil {
		return "", err
	}
	if weak.State != "refuted" || weak.Proof == nil || !plausible(weak.Proof, 70) {
		return "", fmt.Errorf("the trade of the machine that does 70 TH/s is %s with the proof %+v", weak.State, weak.Proof)
	}
	count, err := p.unitExact(ctx, p.good)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.1f TH/s from %d shares in %.0f s, at least %.1f with 95 %% (recomputed; floor %.1f) · 70 %% machine refuted at %.1f · %s", pr.EstimateTHs, pr.Shares, pr.To.Sub(pr.From).Seconds(), lower, pr.FloorTHs, weak.Proof.EstimateTHs, count), nil
}

// plausible says whether an estimate fits the true rate: within four standard
// deviations of a Poisson count, and 5 % for what a busy host takes from the
// simulation.
func plausible(pr *proofView, ths float64) bool {
	off := math.Abs(pr.EstimateTHs/ths - 1)
	return pr.Shares > 0 && off <= 0.05+4/math.Sqrt(float64(pr.Shares))
}

// decided waits for the verdict on a machine. Luck alone may make an honest
// one need several times as long as usual.
func (p *play) decided(ctx context.Context, m *machine) (tradeView, error) {
	var t tradeView
	err := until(ctx, 3*p.cfg.Wait, func() error {
		var err error
		if t, err = p.trade(ctx, "buyer.trader", m.trade); err != nil {
			return err
		}
		switch t.State {
		case "proven", "released", "refuted":
			return nil
		case "delivered", "proving":
			if pr := t.Proof; pr != nil {
				return notYet("trade %s is %s: %.1f TH/s, %.1f … %.1f after %d shares", t.Number, t.State, pr.EstimateTHs, pr.LowerTHs, pr.UpperTHs, pr.Shares)
			}
			return notYet("trade %s is %s, nothing measured", t.Number, t.State)
		}
		return fmt.Errorf("trade %s is %s: %s", t.Number, t.State, t.Reason)
	})
	return t, err
}

// bound recomputes the one-sided 95 % lower bound in TH/s: shares arrive as a
// Poisson process, so the rate behind n of them is at least the 5 % quantile
// of Gamma(n, 1) a window.
func (p *play) bound(t tradeView) (float64, error) {
	pr := t.Proof
	window := pr.To.Sub(pr.From).Seconds()
	if pr.Shares <= 0 || window <= 0 || pr.Work.IsZero() {
		return 0, fmt.Errorf("trade %s was decided by %d shares of work %s in %v s", t.Number, pr.Shares, pr.Work, window)
	}
	work, _ := new(big.Float).SetInt(pr.Work.Big()).Float64()
	n := float64(pr.Shares)
	perShare := work / n * 65536 / 65535 // expected hashes of a share
	ths := func(shares float64) float64 { return perShare * shares / window * float64(p.params.WorkScale) / 1e12 }
	if got := ths(n); math.Abs(got-pr.EstimateTHs) > 0.001*got {
		return 0, fmt.Errorf("the yard estimates %.3f TH/s; %d shares of work %s in %.3f s are %.3f", pr.EstimateTHs, pr.Shares, pr.Work, window, got)
	}
	return ths(distuv.Gamma{Alpha: n, Beta: 1}.Quantile(0.05)), nil
}

// atRest reads a machine's own count and what is booked for it while neither
// moves, and gives how much more is booked.
func (p *play) atRest(ctx context.Context, m *machine, least int64) (more *big.Int, shares int64, err error) {
	err = until(ctx, p.cfg.Wait, func() error {
		before, n, err := m.ownCount(ctx, m.user)
		if err != nil {
			return err
		}
		booked, err := p.bookedTotal(ctx, m.unit)
		if err != nil {
			return err
		}
		after, _, err := m.ownCount(ctx, m.user)
		if err != nil {
			return err
		}
		more, shares = new(big.Int).Sub(booked.Big(), after.Big()), n
		switch {
		case n < least || before != after:
			return notYet("%s counts %d shares and goes on", m.Serial, n)
		case more.Sign() < 0:
			return notYet("booked for %s are %s, it counts %s", m.Serial, booked, after)
		}
		return nil
	})
	return more, shares, err
}

// unitExact compares the booked work with the machine's own count to the unit.
// A pool that was killed may have made shares durable whose answer the machine
// never got: then the machine counts a little less from there on, and the
// difference must stay what it is while more shares come.
func (p *play) unitExact(ctx context.Context, m *machine) (string, error) {
	ev, err := p.event(ctx, "buyer.operator", m.unit, hashyard.EvSessionOpened)
	if err != nil {
		return "", err
	}
	var opened hashyard.SessionOpened
	if err := json.Unmarshal(ev.Payload, &opened); err != nil {
		return "", err
	}
	s, err := p.sessionOf(ctx, m)
	if err != nil {
		return "", err
	}
	more, shares, err := p.atRest(ctx, m, 1)
	if err != nil {
		return "", err
	}
	if more.Sign() == 0 {
		return fmt.Sprintf("booked = its own count: %d shares", shares), nil
	}
	if s.ID == opened.Session {
		return "", fmt.Errorf("booked for %s is %s more than it counts, in one session that was never cut", m.Serial, more)
	}
	own, _, err := m.ownCount(ctx, m.user)
	if err != nil {
		return "", err
	}
	// At most what was on its way when the pool died: 64 shares of the mean.
	if limit := new(big.Int).Div(new(big.Int).Mul(own.Big(), big.NewInt(64)), big.NewInt(shares)); more.Cmp(limit) > 0 {
		return "", fmt.Errorf("booked for %s is %s more than it counts, too much for answers that were lost", m.Serial, more)
	}
	again, later, err := p.atRest(ctx, m, shares+2)
	if err != nil {
		return "", err
	}
	if again.Cmp(more) != 0 {
		return "", errors.Join(fmt.Errorf("booked for %s was %s more than it counts, then %s more", m.Serial, more, again))
	}
	return fmt.Sprintf("booked = its own count and %s whose answer was lost: %d shares", more, later), nil
}
