package brokerage

import (
	"math/rand/v2"
	"testing"
	"time"

	"hashyard"
)

// sold is what the simulated machines were sold as; one share a second is
// exactly that.
const soldGHs = hashyard.GHs(100_000)

// perShare is the difficulty of one second of the sold hashrate.
const perShare = hashyard.Difficulty(100_000_000_000_000 * 65535 / 65536)

// measured is a window of n equal shares in the given number of seconds.
func measured(n uint64, seconds float64) hashyard.WorkMeasured {
	from := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	m := hashyard.WorkMeasured{From: from, To: from.Add(time.Duration(seconds * 1e9)), Shares: int64(n), Scale: 1}
	one := hashyard.WorkOf(perShare)
	square, err := one.Times(uint64(perShare))
	if err == nil {
		m.SumSquares, err = square.Times(n)
	}
	if err == nil {
		m.Work, err = one.Times(n)
	}
	if err != nil {
		panic(err)
	}
	return m
}

// prove runs one machine with the given share of its sold hashrate until it
// is decided, looking every look seconds, for at most limit seconds. The
// window starts at the first share, which is not counted.
func prove(r *rand.Rand, rate, look, limit float64, terms Terms) (Verdict, uint64) {
	var n uint64
	share := r.ExpFloat64() / rate
	for at := look; at < limit; at += look {
		for share < at {
			n++
			share += r.ExpFloat64() / rate
		}
		if n < uint64(terms.MinShares) {
			continue // nothing is decided yet: TestDecide
		}
		d, err := Decide(measured(n, at), soldGHs, terms)
		if err != nil {
			panic(err)
		}
		if d.Verdict != Undecided {
			return d.Verdict, n
		}
	}
	return Undecided, n
}

func tally(rate, look, limit float64, runs int, terms Terms) (pass, fail, open int, shares float64) {
	for seed := range runs {
		v, n := prove(rand.New(rand.NewPCG(7, uint64(seed))), rate, look, limit, terms)
		shares += float64(n) / float64(runs)
		switch v {
		case Passed:
			pass++
		case Failed:
			fail++
		default:
			open++
		}
	}
	return pass, fail, open, shares
}

// TestRepeatedLooks states what the rule does to machines that are looked at
// every 20 shares until 6000. The seeds are fixed, so the counts are too.
func TestRepeatedLooks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		rate             float64
		maxPass, minPass int // of runs
		maxFail          int
	}{
		{rate: 0.70, maxPass: 0, maxFail: 60},
		{rate: 0.94, maxPass: 4, maxFail: 60},
		{rate: 1.00, maxPass: 60, minPass: 55, maxFail: 1},
	}
	const runs = 60
	for _, tt := range tests {
		pass, fail, open, shares := tally(tt.rate, 20, 6000, runs, DefaultTerms())
		t.Logf("%.0f %% of the sold rate: %d passed, %d failed, %d open, %.0f shares on average", 100*tt.rate, pass, fail, open, shares)
		if pass > tt.maxPass || pass < tt.minPass || fail > tt.maxFail {
			t.Errorf("%.2f: passed %d (want %d … %d), failed %d (want at most %d)", tt.rate, pass, tt.minPass, tt.maxPass, fail, tt.maxFail)
		}
	}
}

// TestWeakMachineNeverPasses tries many more machines of 70 %.
func TestWeakMachineNeverPasses(t *testing.T) {
	t.Parallel()
	pass, fail, open, _ := tally(0.70, 20, 3000, 2000, DefaultTerms())
	if pass != 0 || open != 0 {
		t.Errorf("%d passed, %d failed, %d open", pass, fail, open)
	}
}
