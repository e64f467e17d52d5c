package fpps

import (
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
)

const btc = 100_000_000

func near(t *testing.T, what string, got *big.Rat, want, tolerance float64) {
	t.Helper()
	f, _ := got.Float64()
	if math.Abs(f-want) > tolerance {
		t.Errorf("%s = %.13g, want %.13g", what, f, want)
	}
}

// perPHDay is the published form of a hashprice: bitcoin per PH/s and day.
func perPHDay(difficulty, rewardSats *big.Rat) *big.Rat {
	p := PerDay(difficulty, rewardSats, new(big.Rat).SetInt(new(big.Int).Mul(big.NewInt(86_400), big.NewInt(1e15))))
	return p.Quo(p, big.NewRat(btc, 1))
}

// The numbers G1 … G10 are published by pools and indexes, or computed
// independently from published inputs.
func TestPublishedPrices(t *testing.T) {
	t.Parallel()
	d := big.NewRat(21448277761059, 1)
	near(t, "G1: pay per share of 6.25 BTC", perPHDay(d, big.NewRat(625*btc, 100)), 0.0058619414, 5e-11)
	fees := big.NewRat(11_036_520_932, 149)
	near(t, "G2: with fees of 149 blocks", perPHDay(d, new(big.Rat).Add(big.NewRat(625_000_000, 1), fees)), 0.0065566575, 5e-11)
	luxor := perPHDay(big.NewRat(20_080_000_000_000, 1), big.NewRat(int64(6.25*1.0107*btc), 1))
	near(t, "G8: dollars per TH", new(big.Rat).Mul(luxor, big.NewRat(60_028, 1000)), 0.3799, 2e-4)
}

// blocks890440 are the fees of nine blocks on mainnet (G3).
func blocks890440() Rate {
	var sum hashyard.Sats
	for _, f := range []hashyard.Sats{7338750, 2771317, 5557766, 2612344, 6208524, 3117086, 5476882, 1935106, 2998786} {
		sum += f
	}
	return Rate{NBits: 386038124, Subsidy: 312_500_000, FeeSum: sum, FeeN: 9}
}

func TestNineBlocks(t *testing.T) {
	t.Parallel()
	r := blocks890440()
	if r.FeeSum != 38016561 {
		t.Fatalf("fees %d", r.FeeSum)
	}
	near(t, "difficulty", Difficulty(r.NBits), 113757508810854, 1)
	near(t, "reward", r.Reward(), 312_500_000+4224062.33, 0.01)
	near(t, "PPS", perPHDay(Difficulty(r.NBits), big.NewRat(312_500_000, 1)), 0.0005526165, 5e-11)
	near(t, "FPPS", perPHDay(Difficulty(r.NBits), r.Reward()), 0.0005600862, 5e-11)
	day := PerDay(Difficulty(r.NBits), r.Reward(), new(big.Rat).SetInt(new(big.Int).Mul(big.NewInt(86_400), big.NewInt(1e15))))
	if sats, err := Floor(day); err != nil || sats != 56_008 {
		t.Errorf("1 PH-day pays %d, %v", sats, err)
	}
	// A TH/s is a thousandth of a PH/s.
	near(t, "hashprice", r.Hashprice(1), 56.00862, 1e-5)
	// G4: one share, never rounded by itself.
	near(t, "share of 65536", r.Gross(hashyard.WorkOf(65536<<32)), 0.182465565271, 1e-12)
	near(t, "share of 1000", r.Gross(hashyard.WorkOf(1000<<32)), 0.002784203571, 1e-12)
}

func TestDifficultyOfHeaders(t *testing.T) {
	t.Parallel()
	near(t, "G10", Difficulty(0x1702355e), 127450789715843.14, 0.05)
	near(t, "difficulty 1", Difficulty(0x1d00ffff), 1, 0)
	near(t, "local world", Difficulty(0x1d3ba6fe), 0.0167636, 5e-8)
	// Local world: 2,500 sat at scale 10^9 are 3,000 sat a displayed TH/s and day.
	near(t, "local hashprice", Rate{NBits: 0x1d3ba6fe, Subsidy: 2500}.Hashprice(1_000_000_000), 3000, 1)
}

func TestRateCheck(t *testing.T) {
	t.Parallel()
	ok := Rate{NBits: 0x1d00ffff, Subsidy: 1, FeeSum: 5, FeeN: 2, FeePPM: 20_000}
	for _, tt := range []struct {
		name   string
		change func(*Rate)
		ok     bool
	}{
		{"as it is", func(*Rate) {}, true},
		{"no blocks yet", func(r *Rate) { r.FeeSum, r.FeeN = 0, 0 }, true},
		{"zero target", func(r *Rate) { r.NBits = 0x1d000000 }, false},
		{"negative target", func(r *Rate) { r.NBits = 0x1d800001 }, false},
		{"negative subsidy", func(r *Rate) { r.Subsidy = -1 }, false},
		{"negative fees", func(r *Rate) { r.FeeSum = -1 }, false},
		{"fees of no blocks", func(r *Rate) { r.FeeN = 0 }, false},
		{"fee above all", func(r *Rate) { r.FeePPM = MaxPPM + 1 }, false},
	} {
		r := ok
		tt.change(&r)
		if err := r.Check(); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if Target(0).Sign() != 0 || Difficulty(0).Sign() != 0 || (Rate{}).Hashprice(1).Sign() != 0 {
		t.Error("bits that are no target price something")
	}
}

func anyRate(t *rapid.T) Rate {
	r := Rate{
		NBits:   rapid.SampledFrom([]uint32{386038124, 0x1702355e, 0x1d3ba6fe, 0x1d00ffff, 0x207fffff}).Draw(t, "nbits"),
		Subsidy: hashyard.Sats(rapid.Int64Range(0, 50*btc).Draw(t, "subsidy")),
		FeePPM:  rapid.Int64Range(0, MaxPPM).Draw(t, "fee_ppm"),
		FeeN:    rapid.Int64Range(0, 144).Draw(t, "blocks"),
	}
	if r.FeeN > 0 {
		r.FeeSum = hashyard.Sats(rapid.Int64Range(0, 100*btc).Draw(t, "fees"))
	}
	return r
}

func anyWork(t *rapid.T, r Rate) hashyard.Work {
	// At most about ten blocks' worth, so that amounts stay amounts.
	most, _ := new(big.Float).SetRat(Difficulty(r.NBits)).Float64()
	return hashyard.WorkOf(hashyard.Difficulty(rapid.Uint64Range(0, uint64(most*10*(1<<32))+10).Draw(t, "work")))
}

// The accounts' amounts and the residue are the whole, whatever the work; no
// account loses a satoshi or more, and the residue is below one each.
func TestAccountsAndResidueAreTheTotal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var all []Earned
		var sum hashyard.Sats
		exact := new(big.Rat)
		for range rapid.IntRange(0, 8).Draw(t, "accounts") {
			var work []Priced
			for range rapid.IntRange(0, 4).Draw(t, "epochs") {
				r := anyRate(t)
				work = append(work, Priced{Rate: r, Work: anyWork(t, r)})
			}
			e, err := Account(work)
			if err != nil {
				t.Fatal(err)
			}
			if e.Gross != e.Fee+e.Net || e.Net < 0 || e.Fee < 0 {
				t.Fatalf("gross %d, fee %d, net %d", e.Gross, e.Fee, e.Net)
			}
			lost := new(big.Rat).Sub(e.ExactNet, new(big.Rat).SetInt64(int64(e.Net)))
			if lost.Sign() < 0 || lost.Cmp(big.NewRat(1, 1)) >= 0 {
				t.Fatalf("rounding takes %s", lost.FloatString(6))
			}
			all, sum = append(all, e), sum+e.Gross
			exact.Add(exact, e.ExactGross)
		}
		total, residue, err := Total(all)
		if err != nil {
			t.Fatal(err)
		}
		if sum+residue != total || residue < 0 || int(residue) > max(len(all)-1, 0) {
			t.Fatalf("sum %d + residue %d, total %d of %d accounts", sum, residue, total, len(all))
		}
		if f, _ := Floor(exact); f != total {
			t.Fatalf("total %d, exact %d", total, f)
		}
	})
}

// Work is priced by sums: how it is cut into shares changes nothing.
func TestPriceIsAdditive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := anyRate(t)
		a, b := anyWork(t, r), anyWork(t, r)
		whole, parts := r.Net(a.Add(b)), new(big.Rat).Add(r.Net(a), r.Net(b))
		if whole.Cmp(parts) != 0 {
			t.Fatalf("%s in one, %s in two", whole, parts)
		}
	})
}

func TestFloor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ num, den, want int64 }{{7, 2, 3}, {6, 2, 3}, {0, 1, 0}, {-1, 2, -1}} {
		if got, err := Floor(big.NewRat(tt.num, tt.den)); err != nil || int64(got) != tt.want {
			t.Errorf("%d/%d: %d, %v", tt.num, tt.den, got, err)
		}
	}
	huge := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 70))
	if _, err := Floor(huge); err == nil {
		t.Error("2^70 is an amount")
	}
	if _, err := Account([]Priced{{Rate: Rate{NBits: 1}}}); err == nil {
		t.Error("a rate that prices nothing is accepted")
	}
}

func TestPeriod(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 25, 13, 7, 9, 0, time.FixedZone("", 3600))
	for _, tt := range []struct {
		length time.Duration
		start  string
	}{{24 * time.Hour, "2026-11-25T00:00:00Z"}, {5 * time.Minute, "2026-11-25T12:05:00Z"}, {time.Hour, "2026-11-25T12:00:00Z"}} {
		start, end := Period(at, tt.length)
		if start.Format(time.RFC3339) != tt.start || end.Sub(start) != tt.length {
			t.Errorf("%s: %s … %s", tt.length, start, end)
		}
	}
}
