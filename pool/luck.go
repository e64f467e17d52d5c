package pool

import (
	"context"
	"fmt"
	"math"
	"time"

	"gonum.org/v1/gonum/mathext"

	"hashyard"
	"hashyard/pool/fpps"
)

// WorkAt is work done at a network difficulty.
type WorkAt struct {
	NBits uint32
	Work  hashyard.Work
	First time.Time // the first hour with it
}

// Luck is how many blocks the whole pool found in a window against how many its
// work was worth. Blocks come as a Poisson process.
type Luck struct {
	Window     time.Duration // as asked for
	Since      time.Time     // the hour at which counting began
	Found      int64
	Expected   float64
	Low, High  int64   // 95 % of all worlds find so many
	Percentile float64 // how likely so few, or fewer, are
	// Erlang is how likely the found blocks are to take at most the work that
	// they took: near 1 is bad luck. 0 without a block.
	Erlang float64
}

// Ratio is found ÷ expected; 0 when nothing is expected.
func (l Luck) Ratio() float64 {
	if l.Expected <= 0 {
		return 0
	}
	return float64(l.Found) / l.Expected
}

// LuckWindows are those that are shown.
func LuckWindows() []time.Duration {
	const day = 24 * time.Hour
	return []time.Duration{time.Hour, day, 7 * day, 30 * day, 90 * day}
}

// Luck reads every window.
func (s *Service) Luck(ctx context.Context) ([]Luck, error) {
	now := s.cfg.Now().UTC()
	var out []Luck
	for _, w := range LuckWindows() {
		since := now.Add(-w).Truncate(time.Hour)
		work, err := s.store.PoolWork(ctx, time.Hour, since)
		if err != nil {
			return nil, fmt.Errorf("luck of %s: %w", w, err)
		}
		blocks, err := s.store.BlocksSince(ctx, since)
		if err != nil {
			return nil, fmt.Errorf("luck of %s: %w", w, err)
		}
		l := luckOf(int64(len(blocks)), expectedBlocks(work))
		l.Window, l.Since = w, since
		out = append(out, l)
	}
	return out, nil
}

// luckOf judges blocks found by how many the work was worth.
func luckOf(found int64, expected float64) Luck {
	l := Luck{Found: found, Expected: expected, Percentile: poissonCDF(found, expected), Erlang: erlangCDF(found, expected)}
	l.Low, l.High = poissonRange(expected)
	return l
}

// Round is the work from one block of ours to the next.
type Round struct {
	Block  Block     // that ended it; zero for the one that runs
	From   time.Time // the minute after the block before; zero when that is not known
	Effort float64   // in expected blocks: 1 is as much as a block takes
	// Unlucky is how likely a round needs at most this effort.
	Unlucky float64
}

// maxRounds bounds a list of rounds.
const maxRounds = 50

// Rounds are the one that runs and the newest that ended, newest first. Work is
// counted by the minute; a round over more than three days by the hour.
func (s *Service) Rounds(ctx context.Context, n int) ([]Round, error) {
	bs, err := s.store.NewestBlocks(ctx, min(max(n, 1), maxRounds)+1)
	if err != nil {
		return nil, fmt.Errorf("rounds: %w", err)
	}
	if len(bs) == 0 {
		return nil, nil
	}
	oldest, step := bs[len(bs)-1].Found, time.Minute
	if s.cfg.Now().Sub(oldest) > 3*24*time.Hour {
		step = time.Hour
	}
	work, err := s.store.PoolWorkSteps(ctx, step, oldest.Truncate(step).Add(step))
	if err != nil {
		return nil, fmt.Errorf("rounds: %w", err)
	}
	return roundsOf(bs, work, step), nil
}

// roundsOf cuts steps of work, oldest first, at the blocks, newest first. The
// step of a block belongs to the round that it ends.
func roundsOf(blocks []Block, work []WorkAt, step time.Duration) []Round {
	out := []Round{{From: blocks[0].Found.Truncate(step).Add(step)}}
	for i, b := range blocks[:len(blocks)-1] {
		out = append(out, Round{Block: b, From: blocks[i+1].Found.Truncate(step).Add(step)})
	}
	for _, w := range work {
		for i := range out { // newest first: the first that began by then
			if !w.First.Before(out[i].From) {
				out[i].Effort += expectedBlocks([]WorkAt{w})
				break
			}
		}
	}
	for i := range out {
		out[i].Unlucky = erlangCDF(1, out[i].Effort)
	}
	return out
}

// erlangCDF is the probability that n blocks take at most work worth w blocks.
func erlangCDF(n int64, w float64) float64 {
	if n <= 0 || w <= 0 {
		return 0
	}
	return mathext.GammaIncReg(float64(n), w)
}

// expectedBlocks is Σ work ÷ what a block takes, by the jobs' own difficulty.
func expectedBlocks(work []WorkAt) (sum float64) {
	for _, w := range work {
		d, _ := fpps.Difficulty(w.NBits).Float64()
		if d > 0 {
			v, _ := w.Work.Big().Float64()
			sum += v / (1 << 32) / d
		}
	}
	return sum
}

// poissonCDF is the probability of k events or fewer when mean are expected.
func poissonCDF(k int64, mean float64) float64 {
	if k < 0 {
		return 0
	}
	if mean <= 0 {
		return 1
	}
	return mathext.GammaIncRegComp(float64(k)+1, mean)
}

// poissonRange is the central 95 % of a Poisson law.
func poissonRange(mean float64) (low, high int64) {
	quantile := func(p float64) int64 {
		if mean <= 0 {
			return 0
		}
		// Chebyshev bounds the search.
		lo, hi := int64(max(0, mean-7*math.Sqrt(mean)-1)), int64(mean+7*math.Sqrt(mean)+8)
		for lo < hi {
			mid := (lo + hi) / 2
			if poissonCDF(mid, mean) >= p {
				hi = mid
			} else {
				lo = mid + 1
			}
		}
		return lo
	}
	return quantile(0.025), quantile(0.975)
}
