package stratum

import (
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
	"hashyard/pool/job"
	"hashyard/pool/stratum/stratumtest"
)

// rule is judge, or another answer to the same question.
type rule func(own, newest *level, hash *[32]byte) (counts hashyard.Difficulty, taken bool)

func levelOf(d hashyard.Difficulty) *level { return &level{d: d, target: d.Target()} }

// bestOfOneHash is what a hash on a job of difficulty own brings on average to
// a miner that sees it first and then sends it at whichever moment of the
// ladder counts most. It is exact: between two targets all hashes are alike.
func bestOfOneHash(counts rule, own hashyard.Difficulty, ladder []hashyard.Difficulty) float64 {
	levels := []*level{levelOf(own)}
	for _, d := range ladder {
		levels = append(levels, levelOf(d))
	}
	byTarget := slices.Clone(levels)
	slices.SortFunc(byTarget, func(a, b *level) int { return slices.Compare(a.target[:], b.target[:]) })
	all, sum, below := new(big.Float).SetInt(new(big.Int).Lsh(big.NewInt(1), 256)), 0.0, new(big.Int)
	for _, l := range byTarget {
		hash := l.target // the worst of its interval
		slices.Reverse(hash[:])
		upTo := new(big.Int).Add(new(big.Int).SetBytes(l.target[:]), big.NewInt(1))
		share := new(big.Float).SetInt(new(big.Int).Sub(upTo, below))
		p, _ := share.Quo(share, all).Float64()
		below = upTo
		var best hashyard.Difficulty
		for _, newest := range levels {
			if d, taken := counts(levels[0], newest, &hash); taken {
				best = max(best, d)
			}
		}
		sum += p * float64(best)
	}
	return sum
}

// Whatever difficulties come after a job, and however a miner picks the moment
// to send a hash of it, a hash brings one unit on average and no more.
func TestChoosingTheMomentPaysNothing(t *testing.T) {
	difficulty := rapid.Custom(func(t *rapid.T) hashyard.Difficulty {
		return hashyard.Difficulty(rapid.Uint64Range(1, 1<<50).Draw(t, "d") >> rapid.IntRange(0, 40).Draw(t, "down"))
	}).Filter(func(d hashyard.Difficulty) bool { return d > 0 })
	rapid.Check(t, func(t *rapid.T) {
		own, ladder := difficulty.Draw(t, "own"), rapid.SliceOfN(difficulty, 0, 8).Draw(t, "ladder")
		if got := bestOfOneHash(judge, own, ladder); got > 1.0001 || got < 0.999 {
			t.Fatalf("a hash brings %v units", got)
		}
	})
}

// The measure above tells the other rule for what it is: counting what meets
// the newer difficulty only at that difficulty pays for the same work again.
func TestCountingTheLowerDifficultyWouldPayTwice(t *testing.T) {
	atTheLower := func(own, newest *level, hash *[32]byte) (hashyard.Difficulty, bool) {
		least := own
		if newest.d < own.d {
			least = newest
		}
		return least.d, job.Meets(hash, &least.target)
	}
	for _, tt := range []struct {
		ladder      []hashyard.Difficulty
		above, upTo float64
	}{
		{[]hashyard.Difficulty{1 << 19}, 1.49, 1.51},
		{[]hashyard.Difficulty{1 << 10}, 1.99, 2},
		{[]hashyard.Difficulty{1 << 19, 1 << 18, 1 << 17, 1 << 16}, 2.99, 3.01},
		{[]hashyard.Difficulty{1 << 21}, 0.99, 1.01}, // a rise gives no choice
	} {
		if got := bestOfOneHash(atTheLower, 1<<20, tt.ladder); got < tt.above || got > tt.upTo {
			t.Errorf("ladder %v: a hash brings %v units", tt.ladder, got)
		}
		if got := bestOfOneHash(judge, 1<<20, tt.ladder); got > 1 {
			t.Errorf("ladder %v: a hash brings %v units by our rule", tt.ladder, got)
		}
	}
}

// Over the wire and with real hashes: a miner that keeps what misses its job's
// difficulty, has it lowered rung by rung and then sends all of it is answered
// true, and credited what it hashed.
func TestSendingTheRestAfterLoweringPaysNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.PerMinute, c.MaxRefused, c.Tick = 1e7, 1<<30, time.Hour })
	w.newJob(t, 1, hardBits, nil)
	a := newAttacker(t, w, "acme.x")
	const top = testStart
	j := a.Job()
	a.mine(j, (top / 16).Wire(), 2400)
	full := stratumtest.Target(top.Wire())
	meets := func(s stratumtest.Share, target *big.Int) bool {
		be := s.Hash
		slices.Reverse(be[:])
		return new(big.Int).SetBytes(be[:]).Cmp(target) <= 0
	}
	var rest []stratumtest.Share
	for _, s := range a.kept {
		if !meets(s, full) {
			rest = append(rest, s)
		} else if err := a.Submit(a.ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	before, _ := w.log.all()
	for d := top / 4; d >= top/16; d /= 4 {
		if _, err := a.Call(a.ctx, "mining.suggest_difficulty", d.Wire()); err != nil {
			t.Fatal(err)
		}
		if low, err := a.NextJob(a.ctx); err != nil || low.Difficulty != d.Wire() {
			t.Fatalf("%+v %v", low, err)
		}
		target := stratumtest.Target(d.Wire())
		var left []stratumtest.Share
		for _, s := range rest {
			switch err := a.Submit(a.ctx, s); {
			case !meets(s, target):
				wantCode(t, err, 23)
				left = append(left, s)
			case err != nil:
				t.Fatalf("a share of an older job that meets the newest difficulty: %v", err)
			}
		}
		rest = left
	}
	a.wantFair()
	after, _ := w.log.all()
	if len(after) < len(before)+1000 || len(rest) != 0 {
		t.Fatalf("%d and then %d shares taken, %d left", len(before), len(after), len(rest))
	}
	if i := w.Sessions(); len(i) != 1 || i[0].Accepted != int64(len(after)) {
		t.Fatalf("session %+v", i)
	}
}
