package fpps

import (
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
)

// chainOf are blocks a while apart, newest first, on a genesis block.
func chainOf(first time.Time, apart time.Duration, subsidy hashyard.Sats, fees ...hashyard.Sats) []Block {
	out := make([]Block, len(fees)+1)
	out[len(fees)] = Block{Hash: [32]byte{0xff}, Time: first.Add(-apart)}
	for i, f := range fees {
		at := len(fees) - 1 - i
		out[at] = Block{
			Height: int64(i + 1), Hash: [32]byte{byte(i + 1)}, Prev: out[at+1].Hash,
			Time: first.Add(time.Duration(i) * apart), Subsidy: subsidy, Fees: f,
		}
	}
	return out
}

func rateBy(t *testing.T, m Method, s Span, chain []Block, nbits uint32, subsidy hashyard.Sats) Rate {
	t.Helper()
	taken, done := m.Take(s, chain)
	if !done {
		t.Fatalf("%s: the index is not complete", m)
	}
	ix := m.Sum(taken)
	r := Rate{NBits: nbits, Subsidy: subsidy, FeeSum: ix.FeeSum, FeeN: ix.FeeN, SubsidySum: ix.SubsidySum}
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	return r
}

// G3: nine blocks, trimmed and not, and with a block that paid 37.6256 BTC.
func TestNineBlocksByEveryMethod(t *testing.T) {
	t.Parallel()
	day := time.Date(2025, 4, 2, 0, 0, 0, 0, time.UTC)
	fees := []hashyard.Sats{7338750, 2771317, 5557766, 2612344, 6208524, 3117086, 5476882, 1935106, 2998786}
	s := Span{Window: 9, Start: day, End: day.Add(24 * time.Hour)}
	for _, tt := range []struct {
		m    Method
		mean float64 // of a block's fees
	}{{SMA, 4224062.33}, {SMATrim, 3864251.33}, {Day, 4224062.33}, {DayTrim, 3864251.33}} {
		r := rateBy(t, tt.m, s, chainOf(day, time.Hour, 312_500_000, fees...), 386038124, 312_500_000)
		near(t, string(tt.m), r.Reward(), 312_500_000+tt.mean, 0.01)
		near(t, string(tt.m)+" as a rate", new(big.Rat).Quo(r.Reward(), big.NewRat(312_500_000, 1)), 1+tt.mean/312_500_000, 1e-9)
	}
	// One block at 37.6256 BTC among 143 at 1: the mean, and what trimming makes of it.
	tail := make([]hashyard.Sats, 144)
	for i := range tail {
		tail[i] = btc
	}
	tail[70] = 3_762_560_000
	s.Window = 144
	chain := chainOf(day, time.Minute, 312_500_000, tail...)
	near(t, "mean with the halving's block", rateBy(t, SMA, s, chain, 386038124, 0).Reward(), 1.2543*btc, 0.0001*btc)
	near(t, "trimmed", rateBy(t, SMATrim, s, chain, 386038124, 0).Reward(), btc, 0)
	nine := append(fees, 3_762_560_000) //nolint:gocritic // a chain of its own
	chain = chainOf(day, time.Minute, 312_500_000, nine...)
	s.Window = 10
	near(t, "G3 and that block", rateBy(t, SMA, s, chain, 386038124, 0).Reward(), 3.80*btc, 0.005*btc)
	near(t, "trimmed", rateBy(t, SMATrim, s, chain, 386038124, 0).Reward(), 0.0429*btc, 0.00005*btc)
}

// 200 TH/s for a day at mainnet's D = 126.4114e12 over ten blocks.
func TestWorkedExample(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	var fees []hashyard.Sats
	for _, f := range []float64{0, .011, .02, .028, .03, .034, .036, .04, .05, .41} {
		fees = append(fees, hashyard.Sats(math.Round(f*btc)))
	}
	chain := chainOf(day, time.Hour, 312_500_000, fees...)
	s := Span{Window: 10, Start: day, End: day.Add(24 * time.Hour)}
	difficulty, hashes := big.NewRat(126_411_437_451_912, 1), new(big.Rat).SetInt(new(big.Int).Mul(big.NewInt(86_400), big.NewInt(200e12)))
	pay := func(r Rate) *big.Rat { return PerDay(difficulty, r.Reward(), hashes) }
	near(t, "difficulty of the day", new(big.Rat).Quo(hashes, new(big.Rat).SetInt64(1<<32)), 4.02331e9, 1e4)
	near(t, "subsidy", pay(Rate{Subsidy: 312_500_000}), 9945.98, 0.005)
	trimmed := rateBy(t, DayTrim, s, chain, 386038124, 312_500_000)
	near(t, "trimmed rate", new(big.Rat).Quo(trimmed.Reward(), big.NewRat(312_500_000, 1)), 1.01024, 5e-9)
	near(t, "trimmed", pay(trimmed), 10_047.83, 0.005)
	near(t, "trimmed less 2 %", new(big.Rat).Mul(pay(trimmed), big.NewRat(98, 100)), 9846.87, 0.005)
	untrimmed := rateBy(t, Day, s, chain, 386038124, 312_500_000)
	near(t, "untrimmed rate", new(big.Rat).Quo(untrimmed.Reward(), big.NewRat(312_500_000, 1)), 1.02109, 5e-6)
	near(t, "untrimmed", pay(untrimmed), 10_155.72, 0.005)
	near(t, "one share", PerDay(difficulty, big.NewRat(312_500_000, 1), new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(65536), 32))), 0.162, 5e-4)
}

// G2, G6, G8, G11 and the work of a PH-day.
func TestPublishedIndexes(t *testing.T) {
	t.Parallel()
	g2 := Rate{NBits: 0x1d00ffff, Subsidy: 625_000_000, FeeSum: 11_036_520_932, FeeN: 149, SubsidySum: 93_125_000_000}
	near(t, "G2: rate", new(big.Rat).Quo(g2.Reward(), big.NewRat(625_000_000, 1)), 1.1185129765, 5e-11)
	g6 := big.NewRat(63_811_748_254-1_311_748_254, 100)
	near(t, "G6: subsidy of a block", g6, 625_000_000, 0)
	near(t, "G6: mean fee", big.NewRat(1_311_748_254, 100*btc), 0.13117483, 5e-9)
	near(t, "G11", new(big.Rat).Quo(big.NewRat(720061464785671, 10), big.NewRat(6730590690203139, 100)), 1.069834, 5e-7)
	near(t, "a PH-day in shares of difficulty 1", new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(86_400), big.NewInt(1e15)), big.NewInt(1<<32)), 20_116_567_611.69, 0.005)
}

// A daily index takes the day's blocks and no others, whatever their times do
// around midnight, and says when it has not seen enough.
func TestDays(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	s := Span{Start: day, End: day.Add(24 * time.Hour)}
	fees := make([]hashyard.Sats, 60)
	for i := range fees {
		fees[i] = 10
	}
	chain := chainOf(day.Add(-12*time.Hour), time.Hour, 100, fees...) // 12 before, 24 in, 24 after
	chain[47], chain[48] = chain[48], chain[47]                       // order of height, not of time
	taken, done := Day.Take(s, chain)
	if len(taken) != 24 || !done {
		t.Errorf("%d blocks, complete: %t", len(taken), done)
	}
	if _, done := Day.Take(s, chain[:58]); done {
		t.Error("ten blocks before the day say nothing about the eleventh")
	}
	// A short period's day is what has passed of it.
	short := Span{Start: day.Add(6 * time.Hour), End: day.Add(6*time.Hour + time.Minute)}
	if taken, _ := Day.Take(short, chain); len(taken) != 7 {
		t.Errorf("%d blocks until six", len(taken))
	}
	if ix := DayTrim.Sum(taken[:6]); ix.FeeN != 6 || ix.FeeSum != 60 || ix.SubsidySum != 600 {
		t.Errorf("six blocks: %+v", ix)
	}
	if ix := Day.Sum(nil); (Rate{NBits: 0x1d00ffff, FeeN: ix.FeeN, FeeSum: ix.FeeSum, SubsidySum: ix.SubsidySum}).Check() != nil {
		t.Error("a day without blocks prices nothing")
	}
	if Method("day/2").Check() == nil || Day.Check() != nil || !DayTrim.Daily() || SMATrim.Daily() {
		t.Error("methods")
	}
}

// Trimming takes three from each end whatever the order, and never changes what
// more blocks before the window would.
func TestTrimming(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "blocks")
		var taken []Block
		low, high, sum := hashyard.Sats(math.MaxInt64), hashyard.Sats(0), hashyard.Sats(0)
		for i := range n {
			b := Block{Height: int64(i + 1), Fees: hashyard.Sats(rapid.Int64Range(0, 50).Draw(t, "fees"))}
			taken, sum = append(taken, b), sum+b.Fees
			low, high = min(low, b.Fees), max(high, b.Fees)
		}
		whole, trimmed := SMA.Sum(taken), SMATrim.Sum(taken)
		if whole.FeeSum != sum || whole.FeeN != int64(n) {
			t.Fatalf("%+v of %d", whole, sum)
		}
		if n <= 6 {
			if trimmed.FeeSum != sum {
				t.Fatalf("%d blocks are trimmed", n)
			}
			return
		}
		if cut := sum - trimmed.FeeSum; trimmed.FeeN != int64(n-6) || cut < 3*low || cut > 6*high {
			t.Fatalf("%+v of %d blocks, %d are cut", trimmed, n, cut)
		}
	})
}
