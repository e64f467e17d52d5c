package stratum

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"hashyard"
	"hashyard/pool/job"
	"hashyard/pool/share"
)

// Limits on what a client may get wrong before it is sent away.
const (
	maxFailedLogins = 5
	maxBadLines     = 16
	maxAgent        = share.MaxDeviceText
	maxUser         = 63 // Avalon cuts names there
	loginTimeout    = 10 * time.Second
)

// line deals with one line.
func (s *session) line(ctx context.Context, h *hand, line []byte) {
	if line = bytes.TrimSpace(line); len(line) == 0 {
		return
	}
	var sub submitRequest
	if parseSubmit(line, &sub) {
		s.submit(h, &sub)
		return
	}
	for _, message := range messages(line) {
		s.message(ctx, h, message)
	}
}

// message handles one message that is no ordinary submit.
func (s *session) message(ctx context.Context, h *hand, line []byte) {
	req, err := parseRequest(line)
	if err != nil {
		s.send(replyError(req.id, share.Other, "not a JSON-RPC message"))
		s.blame(blameLine)
		if s.badLines++; s.badLines >= maxBadLines {
			s.end("sends no JSON-RPC")
		}
		return
	}
	s.handle(ctx, h, &req)
}

// deadline sets how long the next line may take; false when the session ended.
func (s *session) deadline() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	if len(s.rest) > 0 {
		return true // who sends a line bit by bit has no more time for it
	}
	until := time.Now().Add(s.srv.cfg.Idle)
	if !s.authorised {
		until = s.began.Add(s.srv.cfg.Handshake)
	}
	// Moving it costs as much as hashing a share; it may be a little early.
	if d := until.Sub(s.armed); d >= 0 && d < s.srv.cfg.Idle/idleSteps {
		return true
	}
	s.armed = until
	return s.conn.SetReadDeadline(until) == nil
}

// idleSteps is into how many parts the longest silence falls: by up to one of
// them a silent client is sent away early.
const idleSteps = 64

// over reports whether nothing more is to be read.
func (s *session) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

//go:noinline
func (s *session) readFailed(err error) {
	switch {
	case errors.Is(err, errLongLine):
		s.send(replyError([]byte("null"), share.Other, fmt.Sprintf("line longer than %d bytes", s.srv.cfg.MaxLine)))
		s.end("line too long")
		s.blame(blameFrame)
	case errors.Is(err, errProxyHeader):
		s.send(replyError([]byte("null"), share.Other, err.Error()))
		s.srv.cfg.Logger.Warn("stratum PROXY header refused", "remote", s.remote, "port", s.door.Listen)
		s.end(err.Error())
		s.blame(blameFrame)
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.end(reasonSilent)
	default:
		s.end(reasonGone)
	}
}

// handle answers everything but the ordinary submit.
func (s *session) handle(ctx context.Context, h *hand, r *request) {
	method := r.method
	// Some clients write suggest_difficulty(N) into the method's name.
	if name, arg, ok := strings.Cut(method, "("); ok && name == "mining.suggest_difficulty" {
		method = name
		if n, err := strconv.ParseFloat(strings.TrimSuffix(arg, ")"), 64); err == nil && len(r.params) == 0 {
			r.params = []json.RawMessage{json.RawMessage(strconv.FormatFloat(n, 'g', -1, 64))}
		}
	}
	switch method {
	case submitMethod:
		sub := r.submit()
		s.submit(h, &sub)
	case "mining.subscribe":
		s.subscribe(r)
	case "mining.authorize":
		s.authorize(ctx, r)
	case "mining.configure":
		s.configure(r)
	case "mining.suggest_difficulty":
		n, _ := r.number(0)
		s.suggest(r, n)
	case "mining.suggest_target":
		t, _ := r.text(0)
		s.suggest(r, targetDifficulty(t))
	case "mining.capabilities":
		s.capabilities(r)
	case "mining.extranonce.subscribe":
		s.send(replyTrue(r.id)) // ours never changes
	case "mining.ping":
		s.send(replyRaw(r.id, `"pong"`))
	case "mining.get_version", "client.get_version":
		s.send(replyRaw(r.id, `"hashyard/1.0"`))
	case "mining.get_transactions", "mining.multi_version":
		s.send(replyRaw(r.id, "[]"))
	case "pong", "mining.pong":
		// Some firmware answers a ping with a method of its own.
	case "":
		if !r.answer {
			s.send(replyError(r.id, share.Other, "no method"))
		}
	default:
		s.send(replyError(r.id, share.Other, "unknown method"))
	}
}

func (s *session) subscribe(r *request) {
	agent, _ := r.text(0)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.agent = printable(agent)
	first := !s.subscribed
	s.subscribed = true
	s.queue(replySubscribe(r.id, s.id, s.en1))
	s.undefer()
	if first && s.mask != 0 {
		s.queue(appendVersionMask(nil, s.mask))
	}
	s.beginLocked()
}

// beginLocked sends the first work once the session may have it: the answer
// that made it ready is queued already.
func (s *session) beginLocked() {
	if v := s.srv.jobs.load(); v.current != nil && s.lastID == 0 {
		s.offerLocked(v.current)
	}
}

// suggest notes a difficulty that the client asks for, shown as Stratum does.
func (s *session) suggest(r *request, wire float64) {
	d, err := hashyard.DifficultyFromWire(wire)
	if err != nil {
		s.send(replyError(r.id, share.Other, "not a difficulty"))
		return
	}
	now := s.srv.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wish = d
	s.aside(r, replyTrue(r.id))
	if s.diff != nil && !s.grant.Proof && s.diff.Suggest(d, now) {
		s.moved(now)
	}
}

// capabilities notes the target that a client may name among what it can do.
func (s *session) capabilities(r *request) {
	var can struct {
		Target *string `json:"suggested_target"`
	}
	if len(r.params) > 0 && json.Unmarshal(r.params[0], &can) == nil && can.Target != nil {
		if wire := targetDifficulty(*can.Target); wire > 0 {
			s.suggest(r, wire)
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aside(r, replyTrue(r.id))
}

// aside queues an answer that nobody may be waiting for: bfgminer sends some
// requests before its subscribe without an id, and takes the first line it
// then reads for the answer to that. It gets this one right after. A client
// that does wait has it at the next tick.
func (s *session) aside(r *request, answer []byte) {
	if s.subscribed || string(r.id) != "null" {
		s.queue(answer)
		return
	}
	s.deferred = append(s.deferred, answer...)
}

// undefer queues what aside held back.
func (s *session) undefer() {
	if len(s.deferred) > 0 {
		s.queue(s.deferred)
		s.deferred = nil
	}
}

// targetDifficulty reads a 256-bit target in hex, zeros in front or not; 0 for
// nonsense.
func targetDifficulty(s string) float64 {
	s = strings.TrimPrefix(s, "0x")
	if len(s)%2 == 1 {
		s = "0" + s
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) == 0 || len(b) > 32 {
		return 0
	}
	var target [32]byte
	copy(target[len(target)-len(b):], b)
	if target == ([32]byte{}) {
		return 0
	}
	return job.DifficultyOf(target).Wire()
}

// printable keeps what a client calls itself fit for logs and screens.
func printable(s string) string {
	b := make([]byte, 0, min(len(s), maxAgent))
	for _, c := range []byte(s) {
		if len(b) == maxAgent {
			break
		}
		if c >= 0x20 && c < 0x7f {
			b = append(b, c)
		}
	}
	return string(b)
}
