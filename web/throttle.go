package web

import (
	"context"
	"crypto/sha256"
	"math"
	"net/http"
	"slices"
	"time"
)

// allowance is a token bucket: burst at once, then one per every.
type allowance struct {
	burst float64
	every time.Duration
}

// throttle slows down guessing. A token is taken before each try and given
// back when the try was right, so that only failures count. The buckets are in
// the store: all processes together let no more pass than one alone.
type throttle struct {
	store TryStore
	now   func() time.Time
}

// TryStore keeps token buckets by key.
type TryStore interface {
	// Tries locks the buckets of the keys, which are sorted, hands them to
	// change and stores what it made of them. An unknown one has no instant. It
	// also forgets buckets that were full before the latest instant stored.
	Tries(ctx context.Context, keys [][32]byte, change func([]Bucket)) error
}

// Bucket is how many tries are left of a limit, at an instant.
type Bucket struct {
	Tokens float64
	At     time.Time
	FullAt time.Time // when nothing will be left to remember
}

// limit is one bucket that a try has to pass.
type limit struct {
	key string
	allowance
}

// take takes a token of every limit, or none: then it says how long to wait.
func (t throttle) take(ctx context.Context, limits ...limit) error {
	var wait time.Duration
	err := t.change(ctx, limits, func(buckets []Bucket) {
		wait = 0
		for i, l := range limits {
			if b := buckets[i]; b.Tokens < 1 {
				wait = max(wait, time.Second, time.Duration((1-b.Tokens)*float64(l.every)))
			}
		}
		for i := range buckets {
			if wait == 0 {
				buckets[i].Tokens--
			}
		}
	})
	if err != nil || wait == 0 {
		return err
	}
	p := problem(http.StatusTooManyRequests, "too many failed tries; wait a moment and try again")
	p.retryAfter = wait
	return p
}

// give returns the tokens of a try that was right.
func (t throttle) give(ctx context.Context, limits ...limit) error {
	return t.change(ctx, limits, func(buckets []Bucket) {
		for i, l := range limits {
			buckets[i].Tokens = math.Min(l.burst, buckets[i].Tokens+1)
		}
	})
}

// change hands the buckets, filled up to now, to fn in the order of limits.
func (t throttle) change(ctx context.Context, limits []limit, fn func([]Bucket)) error {
	now := t.now()
	keys := make([][32]byte, len(limits))
	order := make([]int, len(limits))
	for i, l := range limits {
		// A hash: names that guessers made up are neither kept nor bounded.
		keys[i], order[i] = sha256.Sum256([]byte(l.key)), i
	}
	slices.SortFunc(order, func(a, b int) int { return slices.Compare(keys[a][:], keys[b][:]) })
	sorted := make([][32]byte, len(order))
	for i, o := range order {
		sorted[i] = keys[o]
	}
	return t.store.Tries(ctx, sorted, func(stored []Bucket) {
		mine := make([]Bucket, len(limits))
		for i, o := range order {
			mine[o] = stored[i]
			mine[o].fill(limits[o].allowance, now)
		}
		fn(mine)
		for i, o := range order {
			b := mine[o]
			b.FullAt = b.At.Add(time.Duration((limits[o].burst - b.Tokens) * float64(limits[o].every)))
			stored[i] = b
		}
	})
}

// fill brings the bucket up to now. A clock behind the one that wrote it takes
// nothing away.
func (b *Bucket) fill(a allowance, now time.Time) {
	if b.At.IsZero() {
		b.Tokens, b.At = a.burst, now
		return
	}
	if d := now.Sub(b.At); d > 0 {
		b.Tokens, b.At = b.Tokens+float64(d)/float64(a.every), now
	}
	b.Tokens = math.Min(a.burst, b.Tokens)
}
