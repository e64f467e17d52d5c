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
func (s *session) submit(r *submitRequest) {
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
	parsed := s.sub.Parse(r.extranonce2, r.ntime, r.nonce, r.bits)
	if js != nil && parsed {
		mark := s.mark(js.Job, variant)
		job.Verify(js.Job, mark, s.en1, mask, &s.sub, now.Unix(), &s.verdict)
		if s.verdict.Block && js.firstBlock(&s.verdict.Hash) {
			s.found(js, mark, grant, now)
		}
	}
	v := &s.verdict
	switch {
	case !mine:
		s.refuse(r, share.Unauthorised, share.NoCause, "", now)
	case !isSent || js == nil || jobs.stale(js) || js.Ended(now):
		s.refuse(r, share.Stale, jobs.staleness(js, isSent), "", now)
	case !parsed:
		s.refuse(r, share.Other, share.Malformed, "a parameter is missing, not hex or of the wrong length", now)
	case v.Code != share.Accepted:
		s.refuse(r, v.Code, v.Cause, "ntime or version bits out of range", now)
	case js.has(&v.Hash):
		s.refuse(r, share.Duplicate, share.Repeated, "", now)
	default:
		s.judgeWork(r, js, id, now)
	}
}

// judgeWork accepts a well-formed new share for what it counts.
func (s *session) judgeWork(r *submitRequest, js *jobState, id uint64, now time.Time) {
	v := &s.verdict
	d, met := s.worth(id, &v.Hash)
	if !met {
		s.refuse(r, share.LowDifficulty, share.TooEasy, "", now)
		return
	}
	if s.sated(js.Seq) {
		s.refuse(r, share.Other, share.Sated, "this job has taken all the shares it can from one connection", now)
		return
	}
	switch fresh, room := js.add(&v.Hash); {
	case !fresh:
		s.refuse(r, share.Duplicate, share.Repeated, "", now)
		return
	case !room:
		s.refuse(r, share.Other, share.Sated, "this job has taken all the shares it can", now)
		return
	}
	s.flight <- struct{}{}
	s.mu.Lock()
	if !s.authorised { // ended since; its successor may be at work already
		s.mu.Unlock()
		<-s.flight
		js.drop(&v.Hash)
		s.refuse(r, share.Unauthorised, share.NoCause, "", now)
		return
	}
	rec := s.record(now, d, share.Accepted)
	if j := s.find(id); j != nil {
		j.taken++
		rec.Sent = j.at
	}
	if d > 0 {
		rec.Fresh = s.freshen(d, now)
	}
	s.mu.Unlock()
	rec.Epoch, rec.Hash = js.Epoch, v.Hash
	idJSON := append([]byte(nil), r.id...)
	hashyard.Hit(hashyard.AtShareVerified)
	s.srv.cfg.Log.Submit(rec, func(err error) {
		code := s.answer(idJSON, js, &rec, err)
		s.srv.judged(code, rec.Difficulty, s.srv.cfg.Now().Sub(now))
		<-s.flight
	})
}

// worth is what a hash under a wire id counts, and whether it is taken.
func (s *session) worth(id uint64, hash *[32]byte) (counts hashyard.Difficulty, taken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.find(id)
	if j == nil {
		return 0, false
	}
	return judge(j.bound, s.bound, hash)
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

// sated reports whether the session has had its part of what is remembered of
// a job, all variants together: nobody fills it for the others.
func (s *session) sated(seq uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := 0
	for i := len(s.sent) - 1; i >= 0; i-- {
		if of, _ := job.SplitID(s.sent[i].id); of == seq {
			taken += s.sent[i].taken
		} else if of < seq {
			break
		}
	}
	return taken >= s.srv.cfg.MaxTaken
}

// answer tells the miner what the log said, and the caller how that counts.
func (s *session) answer(id []byte, js *jobState, rec *share.Record, err error) share.Code {
	if err == nil {
		hashyard.Hit(hashyard.AtShareAnswer)
		s.mu.Lock()
		s.accepted++
		s.row = 0
		if rec.Difficulty > 0 {
			s.from.accepted()
			s.by.accepted()
		}
		s.lastShare = rec.At
		s.work = s.work.Add(hashyard.WorkOf(rec.Difficulty))
		s.mu.Unlock()
		s.send(replyTrue(id))
		hashyard.Hit(hashyard.AtShareAnswered)
		return share.Accepted
	}
	text := "share could not be stored and may not be credited"
	if errors.Is(err, hashyard.Exhausted) {
		text = "share log is full, the share is not credited"
		js.drop(&rec.Hash)
	}
	s.srv.interrupted("share log: " + err.Error())
	s.send(replyError(id, share.Other, text))
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
func (s *session) found(js *jobState, mark job.Mark, grant Grant, now time.Time) {
	v := &s.verdict
	s.srv.cfg.Found(job.Candidate{
		Hash: v.Hash, PrevHash: js.PrevHash, Height: js.Height, NBits: js.NBits, Value: js.Value,
		Raw: js.Block(v.Header, mark, s.en1, s.sub.Extranonce2), Epoch: js.Epoch,
		Session: s.id, Account: grant.Account, Worker: grant.Worker, Unit: grant.Unit,
		At: stamp(now),
	})
}
