// Package risk tells what a pool that pays per share needs to survive its luck.
// It is pure. Amounts are in blocks: one block's expected reward B is 1.
//
// The pool's surplus is U(t) = R + N(t) - (1-f)·λt: it pays (1-f) for every
// expected block at once and gets 1 for every block found, at rate λ. This is
// the dual risk model; Rosenfeld (arXiv 1112.4980, 2011) gives the small-fee
// limit R = ln(1/δ) ÷ (2f), which Rosenfeld here is for comparison.
package risk

import (
	"math"

	"gonum.org/v1/gonum/mathext"

	"hashyard"
)

// Check refuses a fee that no reserve makes safe, or no fee at all.
func Check(fee float64) error {
	if !(fee > 0 && fee < 1) {
		return hashyard.Invalid.Errorf("risk: a fee of %g is not between 0 and 1: without one no reserve lasts for ever", fee)
	}
	return nil
}

// Exponent is x > 0 with 1 - e^-x = (1-f)·x, by bisection: the ruin probability
// of a reserve of R blocks is e^-xR, exactly.
func Exponent(fee float64) float64 {
	// Below the root 1 - e^-x is above (1-f)x. x = 1/(1-f) is past it: there the
	// right side is 1.
	lo, hi := 0.0, 1/(1-fee)
	for range 200 {
		mid := (lo + hi) / 2
		if -math.Expm1(-mid) > (1-fee)*mid {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

// Ruin is the probability that a reserve of so many blocks is ever used up.
// Varying rewards, with coefficient of variation cv, weigh like larger blocks:
// E[X²] ÷ E[X] = 1 + cv² in place of 1.
func Ruin(reserve, fee, cv float64) float64 {
	return math.Exp(-Exponent(fee) * reserve / (1 + cv*cv))
}

// Reserve is how many blocks keep the probability of ruin at delta, for ever. It
// does not depend on the pool's size.
func Reserve(fee, delta, cv float64) float64 {
	return math.Log(1/delta) / Exponent(fee) * (1 + cv*cv)
}

// Rosenfeld is the published small-fee limit of Reserve.
func Rosenfeld(fee, delta float64) float64 { return math.Log(1/delta) / (2 * fee) }

// RuinWithin is the probability that a reserve is used up within a horizon in
// which expected blocks are expected, by a Brownian motion of the same mean and
// variance. It errs to the safe side. A fee of 0 is allowed here.
func RuinWithin(reserve, fee, expected float64) float64 {
	if expected <= 0 {
		return 0
	}
	mean, sd := fee*expected, math.Sqrt(expected)
	return normalCDF((-reserve-mean)/sd) + math.Exp(-2*fee*reserve)*normalCDF((-reserve+mean)/sd)
}

// ReserveWithin is how many blocks keep RuinWithin at delta, by bisection.
func ReserveWithin(fee, expected, delta float64) float64 {
	lo, hi := 0.0, 20*math.Sqrt(expected)+20
	for range 200 {
		mid := (lo + hi) / 2
		if RuinWithin(mid, fee, expected) > delta {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

// LossChance is the probability that a span in which expected blocks are
// expected brings less than it pays.
func LossChance(fee, expected float64) float64 {
	need := (1 - fee) * expected // blocks that pay for the shares
	k := math.Ceil(need) - 1     // the most that are fewer
	if k < 0 || expected <= 0 {
		return 0
	}
	return mathext.GammaIncRegComp(k+1, expected)
}

func normalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
