package pool

import (
	"math"
	"testing"
)

// TestPoissonRange checks against exact sums of the law itself.
func TestPoissonRange(t *testing.T) {
	t.Parallel()
	for _, mean := range []float64{0, 0.01, 0.66, 4.62, 19.8, 58.1, 400} {
		low, high := poissonRange(mean)
		p, cdf, wantLow, wantHigh := math.Exp(-mean), 0.0, int64(-1), int64(-1)
		for k := int64(0); wantHigh < 0; k++ {
			if cdf += p; wantLow < 0 && cdf >= 0.025 {
				wantLow = k
			}
			if cdf >= 0.975 {
				wantHigh = k
			}
			if got := poissonCDF(k, mean); math.Abs(got-min(cdf, 1)) > 1e-9 {
				t.Fatalf("CDF(%d, %g) = %g, summed %g", k, mean, got, cdf)
			}
			p *= mean / float64(k+1)
		}
		if low != wantLow || high != wantHigh {
			t.Errorf("%g: %d to %d, summed %d to %d", mean, low, high, wantLow, wantHigh)
		}
	}
	if poissonCDF(-1, 3) != 0 {
		t.Error("fewer than none are likely")
	}
}
