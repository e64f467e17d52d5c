package vardiff

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"hashyard"
)

// policy is a rule of difficulty as the simulation sees it, in difficulty as
// miners see it.
type policy interface {
	difficulty() float64
	share(now time.Time)
	tick(now time.Time)
	perMinute() float64 // what it aims at
}

// ours is this package.
type ours struct{ *Tracker }

func (o ours) difficulty() float64 { return o.Current().Wire() }
func (o ours) share(now time.Time) { o.Accept(o.Current(), now) }
func (o ours) tick(now time.Time)  { o.Tick(now) }
func (o ours) perMinute() float64  { return o.cfg.PerMinute }

// ckpool's rule: an average over five minutes, corrected for its short past,
// looked at every 72 shares or 240 s, on shares only; left alone between 0.15
// and 0.4 shares a second.
type ckpool struct {
	d            float64
	ema          float64
	began, last  time.Time
	looked       time.Time
	sinceLastSet int
}

func (c *ckpool) difficulty() float64 { return c.d }
func (c *ckpool) perMinute() float64  { return 18 }
func (c *ckpool) tick(time.Time)      {}
func (c *ckpool) share(now time.Time) {
	dt := now.Sub(c.last).Seconds()
	c.ema = c.ema*math.Exp(-dt/300) + c.d/300
	c.last = now
	c.sinceLastSet++
	if c.sinceLastSet < 72 && now.Sub(c.looked) < 240*time.Second {
		return
	}
	c.sinceLastSet, c.looked = 0, now
	rate := c.ema / -math.Expm1(-max(now.Sub(c.began).Seconds(), 0.001)/300)
	if r := rate / c.d; r > 0.15 && r < 0.4 {
		return
	}
	c.d = max(1, rate/0.3)
}

// datum's rule: after eight shares that came eight times too fast at once to
// what they say; else doubled or halved when a window is off by two; halved
// after a minute of silence; powers of two. Its floor of 16384 is a setting.
type datum struct {
	d         float64
	n         int
	from, got time.Time
}

func (p *datum) difficulty() float64 { return p.d }
func (p *datum) perMinute() float64  { return 8 }
func (p *datum) set(d float64, now time.Time) {
	p.d, p.n, p.from, p.got = max(1, d), 0, now, now
}

func (p *datum) share(now time.Time) {
	p.n++
	p.got = now
	took := now.Sub(p.from).Minutes()
	if p.n < 8 || took <= 0 {
		return
	}
	if fast := float64(p.n) / took / 8; fast >= 8 {
		p.set(p.d*math.Exp2(math.Floor(math.Log2(fast))), now)
	} else if p.n >= 32 {
		p.judge(fast, now)
	}
}

func (p *datum) judge(fast float64, now time.Time) {
	switch {
	case fast > 2:
		p.set(p.d*2, now)
	case fast < 0.5:
		p.set(p.d/2, now)
	default:
		p.n, p.from = 0, now
	}
}

func (p *datum) tick(now time.Time) {
	if now.Sub(p.got) >= time.Minute {
		p.set(p.d/2, now)
	}
}

// btcpool's rule: a window of 900 s in buckets of ten, doubled above 1.4 and
// halved below 0.4 of what is wanted, once the window has filled or the shares
// fill it beforehand.
type btcpool struct {
	d      float64
	shares []time.Time
	from   time.Time
}

func (b *btcpool) difficulty() float64 { return b.d }
func (b *btcpool) perMinute() float64  { return 10 }
func (b *btcpool) share(now time.Time) { b.shares = append(b.shares, now); b.tick(now) }

func (b *btcpool) tick(now time.Time) {
	const window = 900 * time.Second
	for len(b.shares) > 0 && now.Sub(b.shares[0]) > window {
		b.shares = b.shares[1:]
	}
	full := now.Sub(b.from) >= window
	wanted := window.Minutes() * b.perMinute()
	fast := float64(len(b.shares)) / wanted
	switch {
	case fast > 1.4:
		b.d *= 2
	case full && fast < 0.4:
		b.d = max(1, b.d/2)
	default:
		return
	}
	b.shares, b.from = b.shares[:0], now
}

// publicPool's rule: every minute, the last thirty shares, nearest power of two.
type publicPool struct {
	d      float64
	shares []time.Time
	worth  []float64
	looked time.Time
	began  time.Time
}

func (p *publicPool) difficulty() float64 { return p.d }
func (p *publicPool) perMinute() float64  { return 6 }
func (p *publicPool) share(now time.Time) {
	p.shares, p.worth = append(p.shares, now), append(p.worth, p.d)
	if len(p.shares) > 30 {
		p.shares, p.worth = p.shares[1:], p.worth[1:]
	}
}

func (p *publicPool) tick(now time.Time) {
	if now.Sub(p.looked) < time.Minute {
		return
	}
	p.looked = now
	if len(p.shares) < 5 {
		if now.Sub(p.began) > time.Minute && len(p.shares) == 0 {
			p.d = max(1, p.d/2)
		}
		return
	}
	var sum float64
	for _, w := range p.worth[1:] {
		sum += w
	}
	want := sum / max(now.Sub(p.shares[0]).Seconds(), 0.001) * 10
	if want > 2*p.d || want < p.d/2 {
		p.d = max(1, math.Exp2(math.Round(math.Log2(want))))
	}
}

// sri's rule: six a minute, looked at every minute; the longer since the last
// change, the smaller a deviation is enough.
type sri struct {
	d    float64
	n    int
	from time.Time
	at   time.Time
}

func (s *sri) difficulty() float64 { return s.d }
func (s *sri) perMinute() float64  { return 6 }
func (s *sri) share(time.Time)     { s.n++ }
func (s *sri) tick(now time.Time) {
	if now.Sub(s.at) < time.Minute {
		return
	}
	s.at = now
	took := now.Sub(s.from)
	fast := float64(s.n) / took.Minutes() / 6
	off := 100 * math.Abs(fast-1)
	for _, step := range []struct {
		least float64
		after time.Duration
	}{{100, 0}, {60, 60}, {50, 120}, {45, 180}, {30, 240}, {15, 300}} {
		if off >= step.least && took >= step.after*time.Second {
			s.d = max(1, s.d*max(fast, 1.0/3))
			s.n, s.from = 0, now
			return
		}
	}
}

// figures are what one run shows.
type figures struct {
	within  time.Duration // when the difficulty first was within 2× of ideal
	burst   int           // shares in the first minute
	changes int           // after the first hour
	shares  int           // after the first hour
}

// simulate mines at rate (difficulty a second) for an hour and steady more.
func simulate(p policy, r *rand.Rand, rate float64, steady time.Duration) (f figures) {
	f.within = -1
	next := func(now time.Time) time.Time {
		return now.Add(time.Duration(r.ExpFloat64() * p.difficulty() / rate * float64(time.Second)))
	}
	now, tick, share := start, start.Add(2*time.Second), next(start)
	for now.Sub(start) < time.Hour+steady {
		before := p.difficulty()
		if ratio := before * p.perMinute() / 60 / rate; f.within < 0 && ratio < 2.001 && ratio > 0.499 {
			f.within = now.Sub(start)
		}
		if share.Before(tick) {
			now = share
			p.share(now)
			share = next(now)
			if now.Sub(start) < time.Minute {
				f.burst++
			}
			if now.Sub(start) > time.Hour {
				f.shares++
			}
		} else {
			now = tick
			p.tick(now)
			tick = tick.Add(2 * time.Second)
		}
		if p.difficulty() != before {
			share = next(now) // exponential: no memory
			if now.Sub(start) > time.Hour {
				f.changes++
			}
		}
	}
	return f
}

// simulated is a way to start each policy.
type simulated struct {
	name string
	make func(first, rate float64) policy
}

func policies() []simulated {
	own := func(first float64) policy {
		return ours{New(Config{PerMinute: 12, Floor: 1, Ceiling: 1 << 60}, hashyard.Difficulty(first*(1<<32)), start)}
	}
	return []simulated{
		{"ours, model known", func(_, rate float64) policy { return own(rate * 5) }},
		{"ours", func(first, _ float64) policy { return own(first) }},
		{"ckpool", func(first, _ float64) policy { return &ckpool{d: first, began: start, last: start, looked: start} }},
		{"datum", func(first, _ float64) policy { return &datum{d: first, from: start, got: start} }},
		{"btcpool", func(first, _ float64) policy { return &btcpool{d: first, from: start} }},
		{"public-pool", func(first, _ float64) policy { return &publicPool{d: first, looked: start, began: start} }},
		{"SRI", func(first, _ float64) policy { return &sri{d: first, from: start, at: start} }},
	}
}

// TestSimulation runs our rule beside the published ones over a grid of
// machines; -v prints the table. Times are the median and the worst of twelve
// seeds until the difficulty is within 2× of what each rule itself aims at.
func TestSimulation(t *testing.T) {
	t.Parallel()
	const seeds, steady = 12, 2 * time.Hour
	var table strings.Builder
	fmt.Fprintf(&table, "\n%-18s %8s %8s %10s %10s %9s %11s %10s\n", "rule", "TH/s", "first", "median", "worst", "burst", "retargets/h", "shares/min")
	for _, m := range []struct{ ths, first float64 }{{1.2, 16384}, {14, 1024}, {110, 1024}, {200, 1024}, {200, 1 << 20}, {470, 65536}} {
		rate := m.ths * 1e12 / (1 << 32)
		for _, p := range policies() {
			var within []time.Duration
			var sum figures
			for seed := range uint64(seeds) {
				f := simulate(p.make(m.first, rate), rand.New(rand.NewPCG(seed, 7)), rate, steady)
				if f.within < 0 {
					f.within = time.Hour + steady
				}
				within = append(within, f.within)
				sum.burst, sum.changes, sum.shares = max(sum.burst, f.burst), sum.changes+f.changes, sum.shares+f.shares
			}
			slices.Sort(within)
			worst, hours := within[seeds-1], seeds*steady.Hours()
			retargets := float64(sum.changes) / hours
			fmt.Fprintf(&table, "%-18s %8.1f %8.0f %9.1fs %9.1fs %9d %11.2f %10.1f\n", p.name, m.ths, m.first,
				within[seeds/2].Seconds(), worst.Seconds(), sum.burst, retargets, float64(sum.shares)/hours/60)
			if !strings.HasPrefix(p.name, "ours") {
				continue
			}
			if retargets > 0.1 {
				t.Errorf("%s, %v TH/s from %v: %.3f retargets an hour", p.name, m.ths, m.first, retargets)
			}
			if strings.HasSuffix(p.name, "known") && worst > 0 {
				t.Errorf("%v TH/s of a known model is within 2× only after %s", m.ths, worst)
			}
			if m.ths == 200 && m.first == 1024 && worst > 2*time.Second {
				t.Errorf("%s, %v TH/s from %v: within 2× only after %s", p.name, m.ths, m.first, worst)
			}
			if median := within[seeds/2]; median > 6*time.Minute || worst > 20*time.Minute {
				t.Errorf("%s, %v TH/s from %v: within 2× after %s, at worst %s", p.name, m.ths, m.first, median, worst)
			}
		}
	}
	t.Log(table.String())
}

// Whatever is refused, the tracker is not told of: only what Accept is given
// moves a difficulty up, and one that a client wants fixed moves for a flood
// alone.
func TestHeldMovesForAFloodAlone(t *testing.T) {
	for _, tt := range []struct {
		rate  float64 // times what is wanted
		moves bool
	}{{4, false}, {32, true}, {0.01, false}} {
		tr := New(Config{PerMinute: 12, Floor: 1 << 20, Ceiling: 1 << 40, Held: true}, 1<<20, start)
		_, changes := run(tr, rand.New(rand.NewPCG(9, 1)), tt.rate*12/60*(1<<20), start, time.Hour)
		if (changes > 0) != tt.moves {
			t.Errorf("at %v times the wanted rate: %d changes", tt.rate, changes)
		}
	}
}
