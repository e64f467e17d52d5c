package minersim

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	tick = 20 * time.Millisecond
	// mostElapsed bounds what a stalled thread makes up for: machines slow
	// down under load, they never burst.
	mostElapsed = 250 * time.Millisecond
	// rateWindow is the decay of the short hashrate average.
	rateWindow = 5 * time.Second
)

// rig is one machine's claim on the hashing thread.
type rig struct {
	rate   float64             // hashes/s
	work   atomic.Pointer[job] // nil: idle
	found  chan share          // read by the machine, written by the thread
	hashes atomic.Uint64       // done so far
	lost   atomic.Uint64       // shares nobody read in time
	recent atomic.Uint64       // float64 bits: hashes/s over rateWindow

	roller  *roller // of the thread alone, as all below
	carry   float64
	num     float64 // decayed hashes
	den     float64 // decayed seconds
	emitted func(share)
}

func newRig(rate float64) *rig {
	r := &rig{rate: rate, found: make(chan share, 256)}
	r.emitted = func(s share) {
		select {
		case r.found <- s:
		default:
			r.lost.Add(1)
		}
	}
	return r
}

// recentRate is the short average in hashes/s.
func (r *rig) recentRate() float64 { return math.Float64frombits(r.recent.Load()) }

// furnace is the one thread that hashes for all rigs.
type furnace struct {
	wake chan struct{} // 1 deep: there may be work

	mu   sync.Mutex // guards rigs
	rigs []*rig
}

func newFurnace() *furnace { return &furnace{wake: make(chan struct{}, 1)} }

func (f *furnace) add(r *rig) {
	f.mu.Lock()
	f.rigs = append(f.rigs, r)
	f.mu.Unlock()
}

func (f *furnace) remove(r *rig) {
	f.mu.Lock()
	f.rigs = slices.DeleteFunc(f.rigs, func(x *rig) bool { return x == r })
	f.mu.Unlock()
}

// assign gives a rig work, or nil to idle.
func (f *furnace) assign(r *rig, j *job) {
	r.work.Store(j)
	if j != nil {
		select {
		case f.wake <- struct{}{}:
		default:
		}
	}
}

func (f *furnace) snapshot(into []*rig) []*rig {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append(into[:0], f.rigs...)
}

// run hashes until ctx ends. Without work it sleeps.
func (f *furnace) run(ctx context.Context) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	timer := time.NewTimer(tick)
	defer timer.Stop()
	var rigs []*rig
	last := time.Now()
	for {
		rigs = f.snapshot(rigs)
		busy := slices.ContainsFunc(rigs, func(r *rig) bool { return r.work.Load() != nil })
		if busy {
			timer.Reset(tick)
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
		} else {
			select {
			case <-ctx.Done():
				return
			case <-f.wake:
			}
			last = time.Now() // idle time owes no hashes
			continue
		}
		now := time.Now()
		elapsed := min(now.Sub(last), mostElapsed).Seconds()
		last = now
		for _, r := range rigs {
			r.burn(elapsed)
		}
	}
}

// burn does a rig's hashes for a stretch of time.
func (r *rig) burn(elapsed float64) {
	n := 0
	if j := r.work.Load(); j == nil {
		r.roller, r.carry = nil, 0
	} else {
		if r.roller == nil || r.roller.job != j {
			r.roller = newRoller(j)
		}
		r.carry += r.rate * elapsed
		n = int(r.carry)
		r.carry -= float64(n)
		r.roller.roll(n, r.emitted)
		r.hashes.Add(uint64(n))
	}
	keep := math.Exp(-elapsed / rateWindow.Seconds())
	r.num = r.num*keep + float64(n)
	r.den = r.den*keep + elapsed
	if r.den > 0 {
		r.recent.Store(math.Float64bits(r.num / r.den))
	}
}
