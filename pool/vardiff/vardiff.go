// Package vardiff chooses a session's share difficulty so that shares arrive
// at the wanted rate. It is pure: it owns one Tracker a session, takes the
// time from its caller, and is not safe for concurrent use.
//
// Upward it estimates as ckpool does (an average that forgets over five
// minutes and is corrected for its short past), with an early look that
// catches a start far too low within seconds. Downward it also halves on
// silence, for an estimator never sees the shares that do not come, and follows
// shares that are too few to be bad luck. A new difficulty is looked at twice
// soon after. Only accepted work counts: refused shares must not move a
// difficulty.
//
// Difficulties are powers of two where the bounds allow, so that their wire
// form, a decimal number, is exact in every client.
package vardiff

import (
	"math"
	"math/bits"
	"time"

	"hashyard"
)

// The rule's constants.
const (
	// memory is the time constant of the rate's average.
	memory = 300 * time.Second
	// patience is that of a second average, from the last change on: a difficulty
	// that is little too far off moves only when both say so.
	patience  = 1800 * time.Second
	impatient = 1.4 // times keep, where the first is enough
	// A look at the rate happens after this many shares or this much time.
	lookShares = 72
	lookEvery  = 240 * time.Second
	// An early look needs this many shares, at this many times the rate; a
	// flood fills a whole look before earlyAfter, and more shares err less.
	earlyShares  = 40
	earlyFactor  = 4
	earlyCaution = 1.5 // standard deviations
	earlyAfter   = 1500 * time.Millisecond
	// keep is how far from ideal a difficulty may be for long, either way:
	// choosing the nearest power of two leaves at most √2, the rest absorbs luck.
	keep = 2.0
	// silence is how many wanted intervals without a share halve the
	// difficulty: luck alone does that once in 160,000 of them.
	silence = 12
	// Too few shares are as many as chance brings once in 1/tooFew times, from a
	// machine at fewPart of what is wanted; judged from fewAfter wanted ones on.
	tooFew   = 2e-4
	fewPart  = 0.7
	fewAfter = 12
	// minSilence keeps a very high wanted rate from going down at once.
	minSilence = 10 * time.Second
)

// check is a look at a difficulty that is new: after so many shares, and how
// far it may then be from what they say. A few say little.
type check struct {
	shares int
	keep   float64
}

func recheck(n int) (c check, more bool) {
	switch n {
	case 0:
		return check{16, 3}, true
	case 1:
		return check{40, keep}, true
	}
	return check{}, false
}

// Config bounds a tracker.
type Config struct {
	PerMinute float64             // wanted accepted shares a minute, above 0
	Floor     hashyard.Difficulty // least, at least 1
	Ceiling   hashyard.Difficulty // most: the network's difficulty; at least Floor
	// Held keeps the difficulty that a client asked to have fixed, unless its
	// shares come so fast that they are a flood.
	Held bool
}

// Tracker follows one session.
type Tracker struct {
	cfg     Config
	current hashyard.Difficulty

	began    time.Time // of the estimate
	last     time.Time // ema is as of here
	ema      float64   // units a second, not yet corrected for the short past
	changed  time.Time
	long     float64 // as ema, since changed
	looked   time.Time
	shares   int       // accepted since looked
	quiet    time.Time // last share, change or halving
	assigned float64   // work accepted since looked, in units
	rechecks int       // looks at the new difficulty that were had
}

// New starts a tracker at a difficulty, brought within the bounds.
func New(cfg Config, start hashyard.Difficulty, now time.Time) *Tracker {
	t := &Tracker{cfg: cfg, began: now, last: now, changed: now, looked: now, quiet: now}
	t.current = t.fit(float64(start))
	return t
}

// Current is the difficulty the tracker wants.
func (t *Tracker) Current() hashyard.Difficulty { return t.current }

// Accept counts a share of difficulty d and says whether Current changed.
func (t *Tracker) Accept(d hashyard.Difficulty, now time.Time) bool {
	t.decay(now)
	t.ema += float64(d) / memory.Seconds()
	t.long += float64(d) / patience.Seconds()
	t.shares++
	t.assigned += float64(d)
	t.quiet = now
	since := now.Sub(t.looked)
	if t.shares >= lookShares || since >= lookEvery {
		return t.look(now)
	}
	took := max(since.Seconds(), 0.001)
	low := func(deviations float64) float64 { return 1 - deviations/math.Sqrt(float64(t.shares)) }
	if float64(t.shares)/took > earlyFactor*t.cfg.PerMinute/60 {
		// Far too fast: what came since the last look is estimate enough, taken
		// low, for luck is often that good. What is too low is seen soon, from the many
		// shares that it brings; what is too high only after minutes.
		if t.shares >= earlyShares && since >= earlyAfter {
			rate := t.assigned / took * low(earlyCaution)
			t.recount(now)
			return t.move(now, rate, keep)
		}
	} else if c, more := recheck(t.rechecks); more && t.shares >= c.shares {
		t.rechecks++
		rate := t.assigned / took
		return t.off(rate, c.keep) && t.set(t.ideal(rate*low(1)), now)
	}
	return false
}

// Tick applies the rule of silence; call it every few seconds.
func (t *Tracker) Tick(now time.Time) bool {
	wait := time.Duration(silence * 60 / t.cfg.PerMinute * float64(time.Second))
	if now.Sub(t.quiet) < max(wait, minSilence) {
		if t.shares > 0 && now.Sub(t.looked) >= lookEvery {
			return t.look(now)
		}
		return t.slow(now)
	}
	t.quiet = now
	return t.set(t.fit(float64(t.current)/2), now)
}

// slow follows shares that come, but so few that it is no bad luck.
func (t *Tracker) slow(now time.Time) bool {
	since := now.Sub(t.looked)
	wanted := since.Seconds() * t.cfg.PerMinute / 60
	if t.shares == 0 || since < minSilence || wanted < fewAfter || float64(t.shares) > fewPart*wanted || t.cfg.Held {
		return false
	}
	// The chance of that many or fewer, by Poisson.
	mean := fewPart * wanted
	term := math.Exp(-mean)
	chance := term
	for k := 1; k <= t.shares; k++ {
		term *= mean / float64(k)
		chance += term
	}
	if chance > tooFew {
		return false
	}
	// It was the lack of shares that drew the eye: there are more than that.
	ratio := float64(t.shares+2) / wanted
	if t.known(t.Rate(now), now) {
		ratio = max(ratio, 0.5) // a rate that was seen for long does not fall to nothing
	}
	return t.set(t.fit(float64(t.current)*ratio), now)
}

// Retarget changes the wanted rate, e.g. for a proof, and jumps to the
// difficulty that gives it: from what is known of the rate, else from hint
// (0 for none).
func (t *Tracker) Retarget(perMinute float64, hint hashyard.Difficulty, now time.Time) bool {
	t.cfg.PerMinute = perMinute
	rate := t.Rate(now)
	switch {
	case t.known(rate, now):
		return t.set(t.ideal(rate), now)
	case hint > 0:
		return t.set(t.fit(float64(hint)), now)
	case rate > 0:
		return t.set(t.ideal(rate), now)
	}
	return false
}

// known reports whether enough shares are behind a rate: the average weighs as
// many as a plain one over twice its memory, which puts the estimate within
// 20 %. Otherwise a hint from the machine's model is better.
func (t *Tracker) known(rate float64, now time.Time) bool {
	return rate > 0 && rate*math.Min(2*memory.Seconds(), now.Sub(t.began).Seconds()) >= earlyShares*float64(t.current)
}

// Bound changes the floor and ceiling, e.g. at a new network difficulty or a
// client's wish for a minimum.
func (t *Tracker) Bound(floor, ceiling hashyard.Difficulty, now time.Time) bool {
	t.cfg.Floor, t.cfg.Ceiling = floor, ceiling
	return t.set(t.fit(float64(t.current)), now)
}

// wishBelow is how far below what its rate asks for a client may wish.
const wishBelow = 8

// Plausible reports whether a client may wish for d where ideal is right: not
// so little that its shares are a flood.
func Plausible(d, ideal hashyard.Difficulty) bool { return d >= ideal/wishBelow }

// Suggest moves to a difficulty the client asked for, within the bounds; a
// wish far below what its rate asks for is ignored.
func (t *Tracker) Suggest(d hashyard.Difficulty, now time.Time) bool {
	if rate := t.Rate(now); t.known(rate, now) && !Plausible(d, t.ideal(rate)) {
		return false
	}
	return t.set(t.fit(float64(d)), now)
}

// Rate is the estimated accepted work in units a second; 0 before any.
func (t *Tracker) Rate(now time.Time) float64 {
	return average(t.ema, memory, now.Sub(t.began), now.Sub(t.last))
}

// average is what a forgetting sum says about the time since it began.
func average(sum float64, memory, past, age time.Duration) float64 {
	if past <= 0 || sum == 0 {
		return 0
	}
	m := memory.Seconds()
	return sum * math.Exp(-max(age.Seconds(), 0)/m) / -math.Expm1(-max(past.Seconds(), 0.001)/m)
}

func (t *Tracker) decay(now time.Time) {
	if dt := now.Sub(t.last).Seconds(); dt > 0 {
		t.ema *= math.Exp(-dt / memory.Seconds())
		t.long *= math.Exp(-dt / patience.Seconds())
		t.last = now
	}
}

// look moves the difficulty if it must and begins to count anew.
func (t *Tracker) look(now time.Time) bool {
	rate, long := t.Rate(now), average(t.long, patience, now.Sub(t.changed), now.Sub(t.last))
	t.recount(now)
	if t.off(long, keep) {
		return t.move(now, rate, keep)
	}
	return t.move(now, rate, keep*impatient)
}

func (t *Tracker) recount(now time.Time) { t.looked, t.shares, t.assigned = now, 0, 0 }

// off reports whether a rate's ideal difficulty is further away than keep.
func (t *Tracker) off(rate, keep float64) bool {
	want, most, least := rate*60/t.cfg.PerMinute, keep, 1/keep
	if t.cfg.Held {
		most, least = wishBelow, 0
	}
	return want > most*float64(t.current) || want < least*float64(t.current)
}

// move goes to the rate's ideal difficulty from one that is further away than
// keep.
func (t *Tracker) move(now time.Time, rate, keep float64) bool {
	return t.off(rate, keep) && t.set(t.ideal(rate), now)
}

func (t *Tracker) set(d hashyard.Difficulty, now time.Time) bool {
	if d == t.current {
		return false
	}
	t.current = d
	t.recount(now)
	t.quiet, t.rechecks, t.changed, t.long = now, 0, now, 0
	return true
}

func (t *Tracker) ideal(rate float64) hashyard.Difficulty { return t.fit(rate * 60 / t.cfg.PerMinute) }

// fit is the nearest power of two (by ratio) within the bounds, or a bound
// itself where no power of two lies between them.
func (t *Tracker) fit(want float64) hashyard.Difficulty {
	p := NearestPowerOfTwo(want)
	if p < t.cfg.Floor {
		p = ceilPowerOfTwo(t.cfg.Floor)
	}
	if p > t.cfg.Ceiling {
		p = floorPowerOfTwo(t.cfg.Ceiling)
	}
	if p < t.cfg.Floor {
		p = min(t.cfg.Floor, t.cfg.Ceiling)
	}
	return p
}

// NearestPowerOfTwo rounds a difficulty by ratio, between 1 and 2^62.
func NearestPowerOfTwo(want float64) hashyard.Difficulty {
	if !(want > 1) {
		return 1
	}
	return 1 << uint(min(math.Round(math.Log2(want)), 62))
}

func floorPowerOfTwo(d hashyard.Difficulty) hashyard.Difficulty {
	if d == 0 {
		return 1
	}
	return 1 << (bits.Len64(uint64(d)) - 1)
}

func ceilPowerOfTwo(d hashyard.Difficulty) hashyard.Difficulty {
	if d <= 1 {
		return 1
	}
	return 1 << min(bits.Len64(uint64(d-1)), 63)
}
