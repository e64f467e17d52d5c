package stratum

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"syscall"

	"hashyard/pool/job"
)

// A session's goroutine only waits for its client, on the smallest stack there
// is, and with no buffer. When something has come it lends the session to a
// hand: a goroutine whose stack has grown from the work before, with room for
// the longest line. There are as many hands as sessions are being served, and
// some that wait for the next.
type hands struct {
	calls chan *session // taken by a hand that waits
	stop  chan struct{}
	idle  atomic.Int32
	room  sync.Pool // of *hand
	all   sync.WaitGroup
}

// idleHands is how many wait at most for something to do.
const idleHands = 64

// lookSize is how much a session may read of what comes while it waits.
const lookSize = 8

// hand is what serving takes.
type hand struct {
	buf     []byte // the longest line, what waiting brought, and an end
	sub     job.Submit
	verdict job.Verdict
}

func newHands(maxLine int) *hands {
	h := &hands{calls: make(chan *session), stop: make(chan struct{})}
	h.room.New = func() any { return &hand{buf: make([]byte, maxLine+lookSize+2)} }
	return h
}

// close ends the hands that wait; nobody is served any more.
func (h *hands) close() {
	close(h.stop)
	h.all.Wait()
}

// serve returns when what has come is dealt with.
func (h *hands) serve(ctx context.Context, s *session) {
	select {
	case h.calls <- s:
	default:
		h.hire(ctx, s)
	}
	<-s.served
}

// hire is apart from serve for the sake of the stack; see session.read.
//
//go:noinline
func (h *hands) hire(ctx context.Context, s *session) {
	h.all.Go(func() { h.work(ctx, s) })
}

func (h *hands) work(ctx context.Context, s *session) {
	one := h.room.Get().(*hand)
	defer h.room.Put(one)
	for {
		one.serve(ctx, s)
		s.served <- struct{}{}
		if h.idle.Add(1) > idleHands {
			h.idle.Add(-1)
			return
		}
		select {
		case s = <-h.calls:
			h.idle.Add(-1)
		case <-h.stop:
			return
		}
	}
}

// serve reads once and deals with the lines that are whole. The rest, which is
// nothing but for odd clients, is kept with the session.
func (h *hand) serve(ctx context.Context, s *session) {
	had := copy(h.buf, s.rest)
	have := had + copy(h.buf[had:], s.ahead[:s.looked])
	if bytes.IndexByte(h.buf[had:have], '\n') < 0 {
		n, err := s.conn.Read(h.buf[have:])
		if n == 0 && err != nil {
			s.readFailed(err)
			s.more = false
			return
		}
		have += n
	}
	left, err := h.lines(ctx, s, h.buf[:have])
	switch {
	case err != nil:
		s.readFailed(err)
	case len(left) == 0:
		s.rest = nil
	default:
		s.rest = append(s.rest[:0], left...)
	}
	s.more = s.deadline()
}

// lines deals with the whole lines of b and gives what is left.
func (h *hand) lines(ctx context.Context, s *session, b []byte) ([]byte, error) {
	if bytes.HasPrefix(b, []byte(proxySignature)) {
		return nil, errProxyHeader
	}
	if bytes.HasPrefix([]byte(proxySignature), b) {
		return b, nil // empty lines, or the beginning of one
	}
	for !s.over() {
		i := bytes.IndexByte(b, '\n')
		if i > s.srv.cfg.MaxLine || i < 0 && len(b) > s.srv.cfg.MaxLine {
			return nil, errLongLine
		}
		if i < 0 {
			return b, nil
		}
		s.line(ctx, h, b[:i])
		b = b[i+1:]
	}
	return nil, nil
}

// wait returns when something has come, or the end.
func (s *session) wait() error {
	s.looked = 0
	if s.out.raw == nil || s.secure != nil { // no socket, or one read in records
		n, err := s.conn.Read(s.ahead[:])
		if s.looked = n; n > 0 {
			return nil
		}
		return err
	}
	s.woken = false
	return s.out.raw.Read(s.look)
}

// lookAhead takes a byte or more if there are, and else has the runtime wait:
// what wakes it is more, or the end, and read by the hand.
func (s *session) lookAhead(fd uintptr) bool {
	if s.woken {
		return true
	}
	s.woken = true
	for {
		n, err := syscall.Read(int(fd), s.ahead[:])
		switch {
		case err == nil:
			s.looked = n
			return true
		case errors.Is(err, syscall.EINTR):
		default:
			return !errors.Is(err, syscall.EAGAIN)
		}
	}
}
