package vardiff

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
)

var start = time.Unix(1_700_000_000, 0)

// run lets a machine of rate units a second mine for d, ticking every two
// seconds, and returns when the difficulty last was outside 2× of ideal, and
// how often it changed.
func run(t *Tracker, r *rand.Rand, rate float64, from time.Time, d time.Duration) (settled time.Duration, changes int) {
	next := func(now time.Time) time.Time {
		return now.Add(time.Duration(r.ExpFloat64() * float64(t.Current()) / rate * float64(time.Second)))
	}
	outside := func() bool {
		ratio := float64(t.Current()) / (rate * 60 / t.cfg.PerMinute)
		return ratio > 2.001 || ratio < 0.499
	}
	now, tick, share := from, from.Add(2*time.Second), next(from)
	for now.Sub(from) < d {
		changed := false
		if share.Before(tick) {
			now = share
			changed = t.Accept(t.Current(), now)
			share = next(now)
		} else {
			now = tick
			changed = t.Tick(now)
			tick = tick.Add(2 * time.Second)
		}
		if changed {
			changes++
			share = next(now) // exponential: no memory
		}
		if outside() {
			settled = now.Sub(from)
		}
	}
	return settled, changes
}

const tera = 1e12 // units are hashes

func TestConvergesFast(t *testing.T) {
	for name, c := range map[string]struct {
		rate  float64
		start float64 // difficulty shown
		limit time.Duration
	}{
		"200 TH/s from 1024":    {200 * tera, 1024, 2 * time.Second},
		"200 TH/s from model":   {200 * tera, 200 * tera * 10 / (1 << 32), 0},
		"1.2 TH/s from 16384":   {1.2 * tera, 16384, 8 * time.Minute},
		"local machine too low": {1e5, 100.0 / (1 << 32), 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(12) {
				tr := New(Config{PerMinute: 6, Floor: 1, Ceiling: 1 << 60}, hashyard.Difficulty(c.start*(1<<32)), start)
				settled, _ := run(tr, rand.New(rand.NewPCG(seed, 1)), c.rate, start, time.Hour)
				if settled > c.limit {
					t.Errorf("seed %d: within 2× of ideal only after %s", seed, settled)
				}
			}
		})
	}
}

func TestSteadyMachinesAreLeftAlone(t *testing.T) {
	changes := 0
	const seeds, hours = 24, 20
	for seed := range uint64(seeds) {
		// Rates all over an octave: the worst lies between two powers of two.
		rate := 100 * tera * math.Exp2(float64(seed)/seeds)
		tr := New(Config{PerMinute: 6, Floor: 1, Ceiling: 1 << 60}, hashyard.Difficulty(rate*10), start)
		_, n := run(tr, rand.New(rand.NewPCG(seed, 2)), rate, start, hours*time.Hour)
		changes += n
	}
	if per := float64(changes) / (seeds * hours); per > 0.1 {
		t.Fatalf("%.3f retargets an hour", per)
	}
}

func TestFollowsARateThatChanges(t *testing.T) {
	tr := New(Config{PerMinute: 20, Floor: 1, Ceiling: 1 << 60}, 1<<20, start)
	r := rand.New(rand.NewPCG(1, 3))
	run(tr, r, 1<<20, start, time.Hour)
	settled, _ := run(tr, r, 1<<16, start.Add(time.Hour), 2*time.Hour)
	if settled > 30*time.Minute {
		t.Fatalf("fell to a sixteenth, followed after %s", settled)
	}
	settled, _ = run(tr, r, 1<<22, start.Add(3*time.Hour), time.Hour)
	if settled > 10*time.Minute {
		t.Fatalf("rose 64 times, followed after %s", settled)
	}
}

func TestSilenceHalves(t *testing.T) {
	tr := New(Config{PerMinute: 6, Floor: 1 << 10, Ceiling: 1 << 40}, 1<<20, start)
	now := start
	for range 119 {
		now = now.Add(time.Second)
		if tr.Tick(now) {
			t.Fatalf("moved after %s", now.Sub(start))
		}
	}
	if !tr.Tick(now.Add(time.Second)) || tr.Current() != 1<<19 {
		t.Fatalf("after two minutes of silence: %d", tr.Current())
	}
	for range 100 {
		now = now.Add(2 * time.Minute)
		tr.Tick(now)
	}
	if tr.Current() != 1<<10 {
		t.Fatalf("silence ends at the floor, not %d", tr.Current())
	}
}

func TestRetarget(t *testing.T) {
	cfg := Config{PerMinute: 6, Floor: 1, Ceiling: 1 << 60}
	known := New(cfg, 1<<20, start)
	now := start
	for range 100 {
		now = now.Add(10 * time.Second)
		known.Accept(1<<20, now)
	}
	if !known.Retarget(48, 1<<5, now) || known.Current() != 1<<17 {
		t.Fatalf("eight times the rate is %d, want 2^17", known.Current())
	}
	fresh := New(cfg, 1<<20, start)
	if !fresh.Retarget(60, 1<<15, start) || fresh.Current() != 1<<15 {
		t.Fatalf("a fresh session takes the hint, not %d", fresh.Current())
	}
	if fresh.Retarget(30, 0, start) || fresh.Current() != 1<<15 {
		t.Fatal("with nothing known the difficulty stays")
	}
}

func TestAlwaysWithinBoundsAndDyadic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		floor := hashyard.Difficulty(rapid.Uint64Range(1, 1<<50).Draw(t, "floor"))
		ceiling := floor + hashyard.Difficulty(rapid.Uint64Range(0, 1<<50).Draw(t, "above"))
		tr := New(Config{PerMinute: rapid.Float64Range(0.1, 600).Draw(t, "rate"), Floor: floor, Ceiling: ceiling},
			hashyard.Difficulty(rapid.Uint64().Draw(t, "start")), start)
		now := start
		check := func() {
			d := tr.Current()
			if d < floor || d > ceiling {
				t.Fatalf("%d is outside %d … %d", d, floor, ceiling)
			}
			if bits.OnesCount64(uint64(d)) != 1 && d != floor {
				t.Fatalf("%d is no power of two", d)
			}
		}
		check()
		for range 30 {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(20*time.Minute)).Draw(t, "dt")))
			before := tr.Current()
			var changed bool
			switch rapid.IntRange(0, 3).Draw(t, "op") {
			case 0:
				changed = tr.Accept(before, now)
			case 1:
				changed = tr.Tick(now)
			case 2:
				changed = tr.Retarget(rapid.Float64Range(0.1, 600).Draw(t, "rate"), hashyard.Difficulty(rapid.Uint64().Draw(t, "hint")), now)
			case 3:
				changed = tr.Suggest(hashyard.Difficulty(rapid.Uint64().Draw(t, "suggest")), now)
			}
			if changed != (before != tr.Current()) {
				t.Fatalf("changed is %v: %d → %d", changed, before, tr.Current())
			}
			check()
		}
	})
}

func TestBound(t *testing.T) {
	tr := New(Config{PerMinute: 6, Floor: 1, Ceiling: 1 << 40}, 1<<30, start)
	if !tr.Bound(1, 1<<25+5, start) || tr.Current() != 1<<25 {
		t.Fatalf("a ceiling brings it down to %d", tr.Current())
	}
	if !tr.Bound(1<<28, 1<<40, start) || tr.Current() != 1<<28 {
		t.Fatalf("a floor lifts it to %d", tr.Current())
	}
}

// A client may ask for more work, and for a little less; what would make it a
// flood is ignored as soon as its rate is known.
func TestWishesFarBelowTheRateAreIgnored(t *testing.T) {
	tr := New(Config{PerMinute: 60, Floor: 1, Ceiling: 1 << 40}, 1<<20, start)
	if !tr.Suggest(1<<10, start) || tr.Current() != 1<<10 {
		t.Fatal("before any share nothing speaks against a wish")
	}
	tr = New(Config{PerMinute: 60, Floor: 1, Ceiling: 1 << 40}, 1<<20, start)
	now := start
	for range 60 {
		now = now.Add(time.Second)
		tr.Accept(tr.Current(), now)
	}
	if tr.Suggest(1<<16, now) || tr.Current() != 1<<20 {
		t.Fatalf("a sixteenth was granted: %d", tr.Current())
	}
	for _, d := range []hashyard.Difficulty{1 << 17, 1 << 19, 1 << 24} {
		if !tr.Suggest(d, now) || tr.Current() != d {
			t.Fatalf("%d was not granted", d)
		}
		tr.current = 1 << 20
	}
}
