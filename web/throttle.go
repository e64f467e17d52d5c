package web

import (
	"math"
	"net/http"
	"sync"
	"time"
)

// allowance is a token bucket: burst at once, then one per every.
type allowance struct {
	burst float64
	every time.Duration
}

// throttle slows down guessing. A token is taken before each try and given
// back when the try was right, so that only failures count. It is bounded in
// memory and lives in one process.
type throttle struct {
	now func() time.Time
	max int

	mu      sync.Mutex // guards buckets
	buckets map[string]*bucket
}

type bucket struct {
	allowance
	tokens float64
	at     time.Time
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, max: 20_000, buckets: map[string]*bucket{}}
}

// limit is one bucket that a try has to pass.
type limit struct {
	key string
	allowance
}

// take takes a token of every limit, or none: then it says how long to wait.
func (t *throttle) take(limits ...limit) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for _, l := range limits {
		b := t.bucket(l, now)
		if b.tokens < 1 {
			wait := time.Duration((1 - b.tokens) * float64(b.every))
			p := problem(http.StatusTooManyRequests, "too many failed tries; wait a moment and try again")
			p.retryAfter = max(wait, time.Second)
			return p
		}
	}
	for _, l := range limits {
		t.bucket(l, now).tokens--
	}
	return nil
}

// give returns the tokens of a try that was right.
func (t *throttle) give(limits ...limit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for _, l := range limits {
		b := t.bucket(l, now)
		b.tokens = math.Min(b.burst, b.tokens+1)
	}
}

// bucket finds or makes a bucket, filled up to now. Called with mu held.
func (t *throttle) bucket(l limit, now time.Time) *bucket {
	b := t.buckets[l.key]
	if b == nil {
		if len(t.buckets) >= t.max {
			t.prune(now)
		}
		b = &bucket{allowance: l.allowance, tokens: l.burst, at: now}
		t.buckets[l.key] = b
	}
	b.fill(now)
	return b
}

func (b *bucket) fill(now time.Time) {
	if d := now.Sub(b.at); d > 0 {
		b.tokens = math.Min(b.burst, b.tokens+float64(d)/float64(b.every))
		b.at = now
	}
}

// prune forgets full buckets, which say nothing, and then any, so that a
// flood of names cannot take the memory.
func (t *throttle) prune(now time.Time) {
	for key, b := range t.buckets {
		if b.fill(now); b.tokens >= b.burst {
			delete(t.buckets, key)
		}
	}
	for key := range t.buckets {
		if len(t.buckets) < t.max {
			return
		}
		delete(t.buckets, key)
	}
}
