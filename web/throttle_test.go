package web

import (
	"context"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
)

// shelf keeps buckets in memory.
type shelf map[[32]byte]Bucket

func (s shelf) Tries(_ context.Context, keys [][32]byte, change func([]Bucket)) error {
	buckets := make([]Bucket, len(keys))
	for i, k := range keys {
		buckets[i] = s[k]
	}
	change(buckets)
	for i, k := range keys {
		s[k] = buckets[i]
	}
	return nil
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	th := throttle{store: shelf{}, now: func() time.Time { return now }}
	a := limit{"a", allowance{burst: 3, every: 10 * time.Second}}
	for i := range 3 {
		if err := th.take(t.Context(), a); err != nil {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	err := th.take(t.Context(), a)
	if !errors.Is(err, hashyard.Exhausted) {
		t.Fatalf("a fourth try: %v", err)
	}
	var p *Problem
	if !errors.As(err, &p) || p.GetHeaders().Get("Retry-After") != "10" {
		t.Errorf("Retry-After is %q", p.GetHeaders().Get("Retry-After"))
	}
	now = now.Add(10 * time.Second)
	if err := th.take(t.Context(), a); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	if err := th.give(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if err := th.take(t.Context(), a); err != nil {
		t.Errorf("a right try was counted: %v", err)
	}
	// All or none: a full bucket is not drained by an empty one.
	b := limit{"b", allowance{burst: 1, every: time.Hour}}
	if err := th.take(t.Context(), b, a); err == nil {
		t.Fatal("an empty bucket let a try pass")
	}
	if err := th.take(t.Context(), b); err != nil {
		t.Errorf("the other bucket was drained: %v", err)
	}
}

// Over any stretch of time, by any two clocks, no more than burst +
// elapsed/every tries pass, and a bucket is full when it says so.
func TestThrottleRate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Unix(1_000_000, 0)
		now, kept := start, shelf{}
		behind := time.Duration(rapid.IntRange(0, 2000).Draw(t, "behind_ms")) * time.Millisecond
		both := []throttle{
			{store: kept, now: func() time.Time { return now }},
			{store: kept, now: func() time.Time { return now.Add(-behind) }},
		}
		l := limit{"x", allowance{
			burst: float64(rapid.IntRange(1, 10).Draw(t, "burst")),
			every: time.Duration(rapid.IntRange(1, 5000).Draw(t, "every_ms")) * time.Millisecond,
		}}
		passed := 0
		for i, step := range rapid.SliceOfN(rapid.IntRange(0, 3000), 1, 60).Draw(t, "steps_ms") {
			now = now.Add(time.Duration(step) * time.Millisecond)
			if both[i%2].take(t.Context(), l) == nil {
				passed++
			}
		}
		bound := l.burst + float64(now.Sub(start)+behind)/float64(l.every)
		if float64(passed) > bound+1e-6 {
			t.Fatalf("%d passed, bound %.3f", passed, bound)
		}
		for _, b := range kept {
			if b.fill(l.allowance, b.FullAt.Add(time.Millisecond)); b.Tokens < l.burst {
				t.Fatalf("%v tokens of %v when it should be full", b.Tokens, l.burst)
			}
		}
	})
}
