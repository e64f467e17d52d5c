package stratum

import (
	"cmp"
	"slices"
	"time"

	"hashyard"
	"hashyard/pool/job"
)

// offer sends the current job if the session has not had it.
func (s *session) offer() {
	v := s.srv.jobs.load()
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.current != nil {
		s.offerLocked(v.current)
	}
}

// offerLocked sends a job with the difficulty it binds, when that changed. The
// two leave in one write: between them no miner can be of two minds.
func (s *session) offerLocked(js *jobState) {
	id := js.ID(0)
	if !s.ready() || id <= s.lastID {
		return
	}
	now := s.srv.cfg.Now()
	if js.net != s.ceiling {
		s.ceiling = js.net
		s.diff.Bound(s.least(), s.most(), now)
	}
	// A session that missed the clean job of a tip gets this one as clean.
	restart := s.lastID == 0 || s.lastPrev != js.PrevHash
	if restart {
		s.sent = s.sent[:0] // of an older tip: stale
	}
	s.write(func(b []byte) []byte {
		return js.AppendNotify(s.announce(b, id, now), s.mark(js.Job, 0), restart)
	})
	s.lastID, s.lastPrev, s.lastSent = id, js.PrevHash, now
}

// variantLocked sends the session's job once more under a new id, to bind a
// difficulty or to be heard. It does nothing, and says so, when the job is not
// the current.
func (s *session) variantLocked(now time.Time) (sent bool) {
	v := s.srv.jobs.load()
	seq, variant := job.SplitID(s.lastID)
	if !s.ready() || v.current == nil || v.current.Seq != seq || variant == job.MaxVariant {
		return false // a newer job is on its way, and carries the difficulty
	}
	id := v.current.ID(variant + 1)
	s.write(func(b []byte) []byte {
		return v.current.AppendVariant(s.announce(b, id, now), s.mark(v.current.Job, variant+1), now)
	})
	s.lastID, s.lastSent = id, now
	return true
}

// announce appends the wanted difficulty if it differs from the last one, and
// binds it to the job that is sent next.
func (s *session) announce(b []byte, id uint64, now time.Time) []byte {
	if d := s.diff.Current(); s.bound == nil || s.bound.d != d {
		s.bound = &level{d: d, target: d.Target()}
		b = appendDifficulty(b, d)
	}
	if len(s.sent) == maxSent {
		s.sent = append(s.sent[:0], s.sent[1:]...)
	}
	s.sent = append(s.sent, sentJob{id: id, bound: s.bound, at: stamp(now)})
	return b
}

// least and most bound the difficulty; the caller holds s.mu.
func (s *session) least() hashyard.Difficulty {
	if s.grant.Proof { // measured at the rate that the measurement needs, at any port
		return s.srv.cfg.Floor
	}
	return max(s.door.Floor, min(s.floor, s.most()))
}

func (s *session) most() hashyard.Difficulty {
	if s.ceiling == 0 {
		return 1 << 62
	}
	return max(s.ceiling, s.door.Floor)
}

// find gives what was sent under a wire id; nil for an id that this session
// never got, or too long ago.
func (s *session) find(id uint64) *sentJob {
	i, ok := slices.BinarySearchFunc(s.sent, id, func(j sentJob, id uint64) int { return cmp.Compare(j.id, id) })
	if !ok {
		return nil
	}
	return &s.sent[i]
}

// jump is the change of difficulty that does not wait for the next job.
const jump = 4

// moved follows a change of the tracker: a large one, or any of a session
// under proof, gets a notify of its own; a small one binds at the next job.
func (s *session) moved(now time.Time) (sent bool) {
	if s.bound == nil {
		return false
	}
	was, is := s.bound.d, s.diff.Current()
	if s.grant.Proof || is >= jump*was || was >= jump*is {
		return s.variantLocked(now)
	}
	return false
}

// freshen follows an accepted share and reports whether a new id went out right
// with it. A measurement begins at such a share and counts only what is found
// under ids sent from then on, so that nothing hashed before can be kept for
// it. A session under proof therefore gets one with its first share, and again
// after a while: the measurement may have begun anew.
func (s *session) freshen(d hashyard.Difficulty, now time.Time) bool {
	sent := s.diff.Accept(d, now) && s.moved(now)
	if !sent && s.grant.Proof && now.Sub(s.freshened) >= s.srv.cfg.NotifyEvery {
		sent = s.variantLocked(now)
	}
	if sent {
		s.freshened = now
	}
	return sent
}

// stamp is a moment as the share log has it.
func stamp(now time.Time) time.Time { return now.UTC().Truncate(time.Millisecond) }

// tick applies the rules of time.
func (s *session) tick(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.undefer()
	if !s.ready() || s.lastID == 0 {
		return
	}
	if s.diff.Tick(now) {
		s.moved(now)
	}
	if now.Sub(s.lastSent) >= s.srv.cfg.NotifyEvery {
		// Miners leave a pool that is silent for 90 s.
		s.variantLocked(now)
	}
}

// retarget takes a new grant for the session's worker.
func (s *session) retarget(worker hashyard.ID, g Grant) {
	now := s.srv.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.authorised || s.grant.Worker != worker {
		return
	}
	// Who the session is does not change under it, only how it is measured.
	s.grant.PerMinute, s.grant.Start, s.grant.Proof = g.PerMinute, g.Start, g.Proof
	s.freshened = time.Time{}
	bounded := s.diff.Bound(s.least(), s.most(), now)
	if s.diff.Retarget(s.perMinute(), g.Start, now) || bounded {
		s.variantLocked(now)
	}
}
