package stratum

import (
	"cmp"
	"errors"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// errSlow is a client that lets too much pile up.
var errSlow = errors.New("reads too slowly")

// outbox is what a client is still to be sent. Nobody who has something to say
// waits for the client: a socket takes nearly everything at once, and what it
// does not take waits here, bounded. No goroutine belongs to it until then.
type outbox struct {
	conn     net.Conn        // of the operating system, below any TLS
	raw      syscall.RawConn // nil when it is no socket
	post     *post
	flusher  *flusher
	limit    int           // bytes
	patience time.Duration // for one write to a client that is behind

	mu       sync.Mutex // guards the fields below
	queue    []byte     // whole messages in order, but for the part sent of the first
	listed   bool       // a flusher will come by
	draining bool       // one goroutine writes and waits; nobody else does
	closed   bool       // nothing more is taken
	drained  chan struct{}
}

// keptQueue is the room that an outbox keeps while it is empty: an answer.
const keptQueue = 128

func (o *outbox) init(conn net.Conn, p *post, limit int, patience time.Duration) {
	o.conn, o.post, o.flusher, o.limit, o.patience = conn, p, p.flusher(), limit, patience
	if s, ok := conn.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			o.raw = raw
		}
	}
}

// push queues a copy of b; a flusher sends it soon, together with what else
// has come by then.
func (o *outbox) push(b []byte) error {
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		return nil // nobody will read it, and nobody needs to know
	}
	if o.full(b) {
		o.flushLocked() // perhaps it was only the flusher that is behind
		if o.full(b) {
			o.mu.Unlock()
			return errSlow
		}
	}
	o.queue = append(o.queue, b...)
	list := !o.listed && !o.draining
	if list {
		o.listed = true
	}
	o.mu.Unlock()
	if list {
		o.flusher.list(o)
	}
	return nil
}

// pushNow sends b at once, unless something waits before it.
func (o *outbox) pushNow(b []byte) error {
	o.mu.Lock()
	if o.closed || o.draining || len(o.queue) > 0 || o.raw == nil {
		o.mu.Unlock()
		return o.push(b)
	}
	defer o.mu.Unlock()
	if n := o.try(b); n < len(b) {
		o.queue = append(o.queue, b[n:]...)
		o.drainLater()
	}
	return nil
}

func (o *outbox) full(b []byte) bool { return len(o.queue)+len(b) > o.limit && len(o.queue) > 0 }

// flush sends what is queued.
func (o *outbox) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.listed = false
	o.flushLocked()
}

func (o *outbox) flushLocked() {
	if o.draining || len(o.queue) == 0 {
		return
	}
	switch n := o.try(o.queue); {
	case n < len(o.queue):
		o.queue = o.queue[:copy(o.queue, o.queue[n:])]
		o.drainLater()
	case cap(o.queue) > keptQueue:
		o.queue = nil
	default:
		o.queue = o.queue[:0]
	}
}

// try writes what the socket takes without waiting, and everything to a client
// that is gone; the caller holds o.mu.
func (o *outbox) try(b []byte) int {
	if o.raw == nil {
		return 0
	}
	p := o.post.take()
	defer o.post.give(p)
	n, err := p.write(o.raw, b)
	if err != nil {
		o.broken()
		return len(b)
	}
	return n
}

// broken drops what is left for a client that is gone; the reader finds out by
// itself. The caller holds o.mu.
func (o *outbox) broken() {
	o.closed, o.queue = true, nil
	_ = o.conn.Close()
}

// drainLater starts the goroutine that waits for a client which is behind; the
// caller holds o.mu.
func (o *outbox) drainLater() {
	o.draining, o.drained = true, make(chan struct{})
	go o.drain()
}

// drain writes until nothing waits any more. finish waits for its end.
func (o *outbox) drain() {
	var b []byte
	for {
		o.mu.Lock()
		if len(o.queue) == 0 {
			o.queue, o.draining = nil, false
			close(o.drained)
			o.drained = nil
			o.mu.Unlock()
			return
		}
		b, o.queue = o.queue, b[:0]
		o.mu.Unlock()
		err := o.conn.SetWriteDeadline(time.Now().Add(o.patience))
		if err == nil {
			_, err = o.conn.Write(b)
		}
		if err == nil {
			err = o.conn.SetWriteDeadline(time.Time{})
		}
		if err != nil {
			o.mu.Lock()
			o.broken()
			o.mu.Unlock()
		}
	}
}

// close takes nothing more.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
}

// finish takes nothing more and waits until what is queued is sent, or cannot
// be.
func (o *outbox) finish() {
	o.close()
	o.flush()
	o.mu.Lock()
	drained := o.drained
	o.mu.Unlock()
	if drained != nil {
		<-drained
	}
}

// pen writes to sockets without waiting.
type pen struct {
	page []byte // where a message is made

	left []byte
	err  error
	move func(fd uintptr) bool // p.moved, bound once
}

// write gives how many bytes of b the socket took.
func (p *pen) write(raw syscall.RawConn, b []byte) (int, error) {
	p.left, p.err = b, nil
	err := raw.Write(p.move)
	n := len(b) - len(p.left)
	p.left = nil
	return n, cmp.Or(err, p.err)
}

// moved is called with the descriptor; true ends the call.
func (p *pen) moved(fd uintptr) bool {
	for len(p.left) > 0 {
		n, err := syscall.Write(int(fd), p.left)
		switch {
		case err == nil:
			p.left = p.left[n:]
		case errors.Is(err, syscall.EAGAIN):
			return true
		case !errors.Is(err, syscall.EINTR):
			p.err = err
			return true
		}
	}
	return true
}

// post is what the outboxes of a server share: a few goroutines that send what
// was queued. While they are busy more gathers, so that under load one wake-up
// serves many clients and one write many answers.
type post struct {
	pens     sync.Pool
	flushers []*flusher
	next     atomic.Uint32 // whose turn it is to get an outbox
	stop     chan struct{}
	ended    sync.WaitGroup
}

func newPost() *post {
	p := &post{flushers: make([]*flusher, runtime.GOMAXPROCS(0)), stop: make(chan struct{})}
	p.pens.New = func() any {
		w := &pen{}
		w.move = w.moved
		return w
	}
	for i := range p.flushers {
		p.flushers[i] = &flusher{wake: make(chan struct{}, 1)}
	}
	return p
}

func (p *post) take() *pen { return p.pens.Get().(*pen) }

func (p *post) give(w *pen) { p.pens.Put(w) }

// open starts the flushers, close ends them when all outboxes are finished.
func (p *post) open() {
	for _, f := range p.flushers {
		p.ended.Go(func() { f.run(p.stop) })
	}
}

func (p *post) close() {
	close(p.stop)
	p.ended.Wait()
}

func (p *post) flusher() *flusher { return p.flushers[int(p.next.Add(1))%len(p.flushers)] }

type flusher struct {
	wake chan struct{} // has room for one

	mu  sync.Mutex // guards due
	due []*outbox
}

func (f *flusher) list(o *outbox) {
	f.mu.Lock()
	f.due = append(f.due, o)
	first := len(f.due) == 1
	f.mu.Unlock()
	if !first {
		return
	}
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *flusher) run(stop <-chan struct{}) {
	var due []*outbox
	for {
		select {
		case <-stop:
			return
		case <-f.wake:
		}
		f.mu.Lock()
		due, f.due = f.due, due[:0]
		f.mu.Unlock()
		for _, o := range due {
			o.flush()
		}
		clear(due)
	}
}
