package stratum

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"hashyard"
	"hashyard/pool/job"
	"hashyard/pool/share"
)

// registry remembers the jobs that are out. Readers take a picture without a
// lock; SetJob replaces it.
type registry struct {
	maxJobs, maxSeen int
	life             time.Duration

	mu   sync.Mutex // one writer at a time
	view atomic.Pointer[view]
}

// view is one immutable picture.
type view struct {
	current   *jobState // nil before the first and while suspended
	tipSince  time.Time // when its previous block came
	suspended string    // why there is no work
	byID      map[uint64]*jobState
	order     []*jobState // oldest first
}

// jobState is a job with the shares seen of it.
type jobState struct {
	*job.Job
	added time.Time
	net   hashyard.Difficulty
	limit int64
	n     atomic.Int64
	seen  [seenShards]seenShard
}

const seenShards = 16

type seenShard struct {
	mu     sync.Mutex // guards hashes and blocks
	hashes map[seenKey]struct{}
	blocks map[seenKey]struct{} // candidates handed over; they may be refused as shares
}

// seenKey is the low half of a header hash: 128 bits that no miner can steer
// to collide. The hash covers version, time, nonce and both extranonces, so
// no spelling of the same share makes another key.
type seenKey [16]byte

func newRegistry(maxJobs int, life time.Duration, maxSeen int) *registry {
	r := &registry{maxJobs: maxJobs, life: life, maxSeen: maxSeen}
	r.view.Store(&view{byID: map[uint64]*jobState{}})
	return r
}

func (r *registry) load() *view { return r.view.Load() }

// set makes j current and forgets jobs that are too old or too many. It
// refuses one that is not newer than the current.
func (r *registry) set(j *job.Job, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.load()
	if n := len(old.order); n > 0 && old.order[n-1].Seq >= j.Seq {
		return false
	}
	cur := &jobState{Job: j, added: now, net: j.NetDifficulty(), limit: int64(r.maxSeen)}
	v := &view{current: cur, tipSince: now, byID: make(map[uint64]*jobState, len(old.order)+1)}
	if n := len(old.order); n > 0 && old.order[n-1].PrevHash == j.PrevHash {
		v.tipSince = old.tipSince
	}
	for i, js := range old.order {
		if now.Sub(js.added) > r.life || len(old.order)-i >= r.maxJobs {
			continue
		}
		v.order = append(v.order, js)
	}
	v.order = append(v.order, cur)
	for _, js := range v.order {
		v.byID[js.Seq] = js
	}
	r.view.Store(v)
	return true
}

func (r *registry) suspend(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := *r.load()
	v.current, v.suspended = nil, reason
	r.view.Store(&v)
}

// stale reports whether shares of js count no more: it is not on the tip of
// the current job.
func (v *view) stale(js *jobState) bool {
	return v.current == nil || js.PrevHash != v.current.PrevHash
}

// staleness is why a share of js counts no more; nil is a job nobody remembers.
func (v *view) staleness(js *jobState, sent bool) share.Cause {
	switch {
	case js == nil:
		return share.UnknownJob
	case v.stale(js): // sessions forget what they were sent before the tip
		return share.TipMoved
	case !sent:
		return share.UnknownJob
	}
	return share.PeriodOver
}

func (js *jobState) shard(hash *[32]byte) (*seenShard, seenKey) {
	k := seenKey(hash[:16])
	return &js.seen[binary.LittleEndian.Uint64(k[:])%seenShards], k
}

// has reports whether an accepted share has this hash.
func (js *jobState) has(hash *[32]byte) bool {
	sh, k := js.shard(hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	_, ok := sh.hashes[k]
	return ok
}

// add remembers a hash; fresh is false for a duplicate, room is false when
// the job remembers no more.
func (js *jobState) add(hash *[32]byte) (fresh, room bool) {
	sh, k := js.shard(hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if _, ok := sh.hashes[k]; ok {
		return false, true
	}
	if js.n.Load() >= js.limit {
		return true, false
	}
	if sh.hashes == nil {
		sh.hashes = map[seenKey]struct{}{}
	}
	sh.hashes[k] = struct{}{}
	js.n.Add(1)
	return true, true
}

// drop forgets a hash whose share the log surely does not have.
func (js *jobState) drop(hash *[32]byte) {
	sh, k := js.shard(hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if _, ok := sh.hashes[k]; ok {
		delete(sh.hashes, k)
		js.n.Add(-1)
	}
}

// firstBlock reports whether this candidate was not handed over before.
func (js *jobState) firstBlock(hash *[32]byte) bool {
	sh, k := js.shard(hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if _, ok := sh.blocks[k]; ok {
		return false
	}
	if sh.blocks == nil {
		sh.blocks = map[seenKey]struct{}{}
	}
	sh.blocks[k] = struct{}{}
	return true
}
