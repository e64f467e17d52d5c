package stratum

import (
	"errors"
	"time"

	"hashyard"
	"hashyard/pool/job"
	"hashyard/pool/share"
)

// submit judges one share. The order is: hash it and look for a block, then
// unauthorised, stale, malformed or out of range, duplicate, too easy.
func (s *session) submit(h *hand, r *submitRequest) {
	now := s.srv.cfg.Now()
	jobs := s.srv.jobs.load()
	s.mu.Lock()
	subscribed, mask := s.subscribed, s.mask
	mine := s.authorised && string(r.user) == s.user
	grant := s.grant
	id, isID := job.ParseID(r.job)
	isSent := isID && s.find(id) != nil
	s.mu.Unlock()
	if !subscribed {
		s.refuse(r, share.NotSubscribed, share.NoCause, "", now)
		return
	}
	seq, variant := job.SplitID(id)
	js := jobs.byID[seq]
	parsed := h.sub.Parse(r.extranonce2, r.ntime, r.nonce, r.bits)
	if js != nil && parsed {
		mark := s.markOnce(js.Job, variant)
		job.Verify(js.Job, mark, s.en1, mask, &h.sub, now.Unix(), &h.verdict)
		if h.verdict.Block && js.firstBlock(&h.verdict.Hash) {
			s.found(h, js, mark, grant, now)
		}
	}
	v := &h.verdict
	switch {
	case !mine:
		s.refuse(r, share.Unauthorised, share.NoCause, "", now)
	case !isSent || js == nil || jobs.stale(js) || js.Ended(now):
		s.refuse(r, share.Stale, jobs.staleness(js, isSent), "", now)
	case !parsed:
		s.refuse(r, share.Other, share.Malformed, "a parameter is missing, not hex or of the wrong length", now)
	case v.Code != share.Accepted:
		s.refuse(r, v.Code, v.Cause, "ntime or version bits out of range", now)
	default:
		s.judgeWork(h, r, js, id, now)
	}
}

// judgeWork accepts a well-formed new share for what it counts.
func (s *session) judgeWork(h *hand, r *submitRequest, js *jobState, id uint64, now time.Time) {
	v := &h.verdict
	d, met, sated := s.worth(id, &v.Hash)
	fresh, room := true, true
	if met && !sated {
		fresh, room = js.add(&v.Hash)
	} else {
		fresh = !js.has(&v.Hash)
	}
	switch {
	case !fresh:
		s.refuse(r, share.Duplicate, share.Repeated, "", now)
	case !met:
		s.refuse(r, share.LowDifficulty, share.TooEasy, "", now)
	case sated:
		s.refuse(r, share.Other, share.Sated, "this job has taken all the shares it can from one connection", now)
	case !room:
		s.refuse(r, share.Other, share.Sated, "this job has taken all the shares it can", now)
	default:
		s.store(h, r, js, id, d, now)
	}
}

// store sends an accepted share on its way through the log.
func (s *session) store(h *hand, r *submitRequest, js *jobState, id uint64, d hashyard.Difficulty, now time.Time) {
	s.flight <- struct{}{}
	s.mu.Lock()
	if !s.authorised { // ended since; its successor may be at work already
		s.mu.Unlock()
		<-s.flight
		js.drop(&h.verdict.Hash)
		s.refuse(r, share.Unauthorised, share.NoCause, "", now)
		return
	}
	f := s.srv.flights.Get().(*flight)
	f.rec = s.record(now, d, share.Accepted)
	if j := s.find(id); j != nil {
		j.taken++
		f.rec.Sent = j.at
	}
	if d > 0 {
		f.rec.Fresh = s.freshen(d, now)
	}
	s.mu.Unlock()
	f.rec.Epoch, f.rec.Hash = js.Epoch, h.verdict.Hash
	f.s, f.js, f.at, f.id = s, js, now, append(f.id[:0], r.id...)
	hashyard.Hit(hashyard.AtShareVerified)
	s.srv.cfg.Log.Submit(f.rec, f.done)
}

// flight is an accepted share on its way through the log. It is used again
// when it has landed: a busy pool would make little else but garbage of them.
type flight struct {
	s     *session
	js    *jobState
	rec   share.Record
	at    time.Time
	id    []byte // of the request, as JSON
	reply []byte
	done  func(error) // landed, bound once
}

func newFlight() any {
	f := new(flight)
	f.done = f.landed
	return f
}

// landed answers the share; the log calls it once.
func (f *flight) landed(err error) {
	s := f.s
	code := f.answer(err)
	s.srv.judged(code, f.rec.Difficulty, s.srv.cfg.Now().Sub(f.at))
	f.s, f.js = nil, nil
	s.srv.flights.Put(f)
	<-s.flight
}

// worth is what a hash under a wire id counts, whether it is taken, and whether
// the session has had its part of what is remembered of the job, all variants
// together: nobody fills it for the others.
func (s *session) worth(id uint64, hash *[32]byte) (counts hashyard.Difficulty, taken, sated bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.find(id)
	if j == nil {
		return 0, false, false
	}
	counts, taken = judge(j.bound, s.bound, hash)
	seq, _ := job.SplitID(id)
	had := 0
	for i := len(s.sent) - 1; i >= 0; i-- {
		if of, _ := job.SplitID(s.sent[i].id); of == seq {
			had += s.sent[i].taken
		} else if of < seq {
			break
		}
	}
	return counts, taken, had >= s.srv.cfg.MaxTaken
}

// judge takes a hash that meets the lower of two difficulties: the one that
// went out with its job, and the one announced last. It counts the job's, or
// nothing.
//
// Firmware applies a lowered difficulty to the work it already has, and what it
// then sends is no fault of its: a refusal would only make it look broken. But
// such a share must add nothing. A miner chooses after it has seen the hash.
// One that meets the job's difficulty d it sends before it lets the difficulty
// fall to e (it is silent, or asks for it): those alone are worth one unit for
// each hash done, d once in d hashes. If the rest that meets e counted e as
// well, the same hashes would bring e·(1/e − 1/d) = 1 − e/d on top: nearly
// twice what honest work brings, and more on a ladder of several. Anything
// above nothing is too much, whatever the rule, for no header says when it was
// hashed. Nobody loses by it either: work on the older job goes on earning its
// own difficulty as rarely as that is high, one unit a hash.
func judge(own, newest *level, hash *[32]byte) (counts hashyard.Difficulty, taken bool) {
	if job.Meets(hash, &own.target) {
		return own.d, true
	}
	return 0, newest.d < own.d && job.Meets(hash, &newest.target)
}

// answer tells the miner what the log said, and the caller how that counts.
func (f *flight) answer(err error) share.Code {
	s := f.s
	if err == nil {
		hashyard.Hit(hashyard.AtShareAnswer)
		s.mu.Lock()
		s.accepted++
		s.row = 0
		if f.rec.Difficulty > 0 {
			s.from.accepted()
			s.by.accepted()
		}
		s.lastShare = f.rec.At
		s.work = s.work.Add(hashyard.WorkOf(f.rec.Difficulty))
		s.mu.Unlock()
		f.reply = appendResult(f.reply[:0], f.id, "true")
		s.send(f.reply)
		hashyard.Hit(hashyard.AtShareAnswered)
		return share.Accepted
	}
	text := "share could not be stored and may not be credited"
	if errors.Is(err, hashyard.Exhausted) {
		text = "share log is full, the share is not credited"
		f.js.drop(&f.rec.Hash)
	}
	s.srv.interrupted("share log: " + err.Error())
	s.send(replyError(f.id, share.Other, text))
	return share.Other
}

// refuse answers and counts a share that is worth nothing.
func (s *session) refuse(r *submitRequest, code share.Code, cause share.Cause, text string, now time.Time) {
	s.send(replyError(r.id, code, text))
	s.srv.judged(code, 0, s.srv.cfg.Now().Sub(now))
	s.blame(blameOf(code, cause))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused++
	if s.row++; s.row >= s.srv.cfg.MaxRefused {
		s.endLocked("too many refused shares in a row")
	}
	if !s.authorised || code == share.Unauthorised {
		return // nobody to count it for
	}
	rec := s.record(now, 0, code)
	if s.bound != nil {
		rec.Difficulty = s.bound.d
	}
	rec.Cause = cause
	if v := s.srv.jobs.load(); v.current != nil {
		rec.Epoch = v.current.Epoch
		if cause == share.TipMoved {
			rec.Late = now.Sub(v.tipSince).Truncate(time.Millisecond)
		}
		s.srv.cfg.Log.AppendLater(rec)
	}
}

func (s *session) record(now time.Time, d hashyard.Difficulty, code share.Code) share.Record {
	return share.Record{
		Session: s.id, Account: s.grant.Account, Worker: s.grant.Worker, Unit: s.grant.Unit,
		At: stamp(now), Difficulty: d, Code: int(code), Secret: s.grant.Secret,
	}
}

// found hands a block candidate over, whatever becomes of it as a share.
func (s *session) found(h *hand, js *jobState, mark job.Mark, grant Grant, now time.Time) {
	v := &h.verdict
	s.srv.cfg.Found(job.Candidate{
		Hash: v.Hash, PrevHash: js.PrevHash, Height: js.Height, NBits: js.NBits, Value: js.Value,
		Raw: js.Block(v.Header, mark, s.en1, h.sub.Extranonce2), Epoch: js.Epoch,
		Session: s.id, Account: grant.Account, Worker: grant.Worker, Unit: grant.Unit,
		At: stamp(now),
	})
}
