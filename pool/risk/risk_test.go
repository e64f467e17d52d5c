package risk

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s = %.8g, want %.8g", what, got, want)
	}
}

// The published and independently computed figures.
func TestReserves(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ fee, x, rosenfeld, exact float64 }{
		{0.01, 0.020134, 230.26, 228.72}, {0.02, 0.040542, 115.13, 113.59}, {0.04, 0.082207, 57.56, 56.02},
	} {
		near(t, "exponent", Exponent(tt.fee), tt.x, 6e-7)
		near(t, "Rosenfeld", Rosenfeld(tt.fee, 0.01), tt.rosenfeld, 5e-3)
		near(t, "reserve", Reserve(tt.fee, 0.01, 0), tt.exact, 5e-3)
		// The better approximation differs from the exact figure by little.
		near(t, "approximation", math.Log(100)*(1/(2*tt.fee)-1.0/3), Reserve(tt.fee, 0.01, 0), 0.02)
	}
	near(t, "Rosenfeld's example, 50 BTC a block", 50*Rosenfeld(0.05, 0.001), 3453.9, 0.05)
	near(t, "3.14 BTC a block at 2 %", 3.14*Reserve(0.02, 0.01, 0), 356.7, 0.05)
	near(t, "f=5 %, R=20", Ruin(20, 0.05, 0), 0.1262, 5e-5)
	near(t, "f=2 %, R=57.56", Ruin(57.56, 0.02, 0), 0.0969, 5e-5)
	near(t, "rewards that vary", Ruin(20, 0.05, 1), math.Sqrt(Ruin(20, 0.05, 0)), 1e-12)
}

func TestHorizons(t *testing.T) {
	t.Parallel()
	const day = 2.88
	near(t, "30 d at 2 %", ReserveWithin(0.02, 30*day, 0.01), 22.4, 0.05)
	near(t, "30 d at 0", ReserveWithin(0, 30*day, 0.01), 23.9, 0.06)
	near(t, "365 d at 2 %", ReserveWithin(0.02, 365*day, 0.01), 65.5, 0.06)
	near(t, "365 d at 0", ReserveWithin(0, 365*day, 0.01), 83.5, 0.06)
	near(t, "R=21, 30 d", RuinWithin(21, 0.02, 30*day), 0.0155, 5e-5)
	near(t, "a losing month", LossChance(0.02, 30*day), 0.426, 5e-4)
	if RuinWithin(1, 0.02, 0) != 0 || LossChance(0.02, 0) != 0 {
		t.Error("no time ruins")
	}
}

// A simulation of the model itself agrees with the exact formula. Ruin can only
// come while paying, so the surplus is looked at just before each block.
func TestRuinAgainstTheModel(t *testing.T) {
	t.Parallel()
	const fee, reserve, runs, blocks = 0.05, 20.0, 4000, 4000
	rng := rand.New(rand.NewPCG(1, 2))
	ruined := 0
	for range runs {
		u := reserve
		for range blocks {
			if u -= (1 - fee) * rng.ExpFloat64(); u < 0 {
				ruined++
				break
			}
			u++
		}
	}
	got, want := float64(ruined)/runs, Ruin(reserve, fee, 0)
	if sd := math.Sqrt(want * (1 - want) / runs); math.Abs(got-want) > 4*sd {
		t.Errorf("simulated %.4f, exact %.4f, standard error %.4f", got, want, sd)
	}
}

func TestExponentSolves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64Range(1e-4, 0.99).Draw(t, "fee")
		if err := Check(f); err != nil {
			t.Fatal(err)
		}
		x := Exponent(f)
		if d := -math.Expm1(-x) - (1-f)*x; math.Abs(d) > 1e-12 || x <= 0 {
			t.Fatalf("x = %g leaves %g", x, d)
		}
		delta := rapid.Float64Range(1e-6, 0.5).Draw(t, "delta")
		if got := Ruin(Reserve(f, delta, 0.3), f, 0.3); math.Abs(got-delta) > 1e-9 {
			t.Fatalf("the reserve for %g is ruined with %g", delta, got)
		}
	})
	for _, f := range []float64{0, -0.1, 1, math.NaN()} {
		if Check(f) == nil {
			t.Errorf("a fee of %g is taken", f)
		}
	}
}
