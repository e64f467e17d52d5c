package web

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
)

func TestThrottle(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	th := newThrottle(func() time.Time { return now })
	a := limit{"a", allowance{burst: 3, every: 10 * time.Second}}
	for i := range 3 {
		if err := th.take(a); err != nil {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	err := th.take(a)
	if !errors.Is(err, hashyard.Exhausted) {
		t.Fatalf("a fourth try: %v", err)
	}
	var p *Problem
	if !errors.As(err, &p) || p.GetHeaders().Get("Retry-After") != "10" {
		t.Errorf("Retry-After is %q", p.GetHeaders().Get("Retry-After"))
	}
	now = now.Add(10 * time.Second)
	if err := th.take(a); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	th.give(a)
	if err := th.take(a); err != nil {
		t.Errorf("a right try was counted: %v", err)
	}
	// All or none: a full bucket is not drained by an empty one.
	b := limit{"b", allowance{burst: 1, every: time.Hour}}
	if err := th.take(b, a); err == nil {
		t.Fatal("an empty bucket let a try pass")
	}
	if err := th.take(b); err != nil {
		t.Errorf("the other bucket was drained: %v", err)
	}
}

func TestThrottleIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	th := newThrottle(func() time.Time { return now })
	th.max = 100
	for i := range 1000 {
		if err := th.take(limit{fmt.Sprint(i), allowance{burst: 1, every: time.Hour}}); err != nil {
			t.Fatal(err)
		}
	}
	if len(th.buckets) > th.max {
		t.Errorf("%d buckets, at most %d", len(th.buckets), th.max)
	}
}

// Over any stretch of time no more than burst + elapsed/every tries pass.
func TestThrottleRate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Unix(1_000_000, 0)
		now := start
		th := newThrottle(func() time.Time { return now })
		l := limit{"x", allowance{
			burst: float64(rapid.IntRange(1, 10).Draw(t, "burst")),
			every: time.Duration(rapid.IntRange(1, 5000).Draw(t, "every_ms")) * time.Millisecond,
		}}
		passed := 0
		for _, step := range rapid.SliceOfN(rapid.IntRange(0, 3000), 1, 60).Draw(t, "steps_ms") {
			now = now.Add(time.Duration(step) * time.Millisecond)
			if th.take(l) == nil {
				passed++
			}
		}
		bound := l.burst + float64(now.Sub(start))/float64(l.every)
		if float64(passed) > bound+1e-6 {
			t.Fatalf("%d passed, bound %.3f", passed, bound)
		}
	})
}
