package stratum

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// errLongLine ends a session: what follows cannot be told from the rest.
var errLongLine = errors.New("line too long")

// lineReader cuts a stream into lines. Its buffer starts small, for most
// sessions never need more, and grows to the longest line allowed.
type lineReader struct {
	max        int
	buf        []byte
	start, end int // unread part of buf
}

const firstBuffer = 512

// next gives the next line without its end, valid until the next call. A last
// line without end is dropped: it may have been cut.
func (l *lineReader) next(r io.Reader) ([]byte, error) {
	scanned := l.start
	for {
		if i := bytes.IndexByte(l.buf[scanned:l.end], '\n'); i >= 0 {
			line := l.buf[l.start : scanned+i]
			l.start = scanned + i + 1
			if len(line) > l.max {
				return nil, errLongLine
			}
			return line, nil
		}
		scanned = l.end
		if l.end-l.start > l.max {
			return nil, errLongLine
		}
		if l.end == len(l.buf) {
			scanned -= l.start
			l.room()
		}
		n, err := r.Read(l.buf[l.end:])
		l.end += n
		if n == 0 && err != nil {
			return nil, err
		}
	}
}

// room moves the unread part to the front and grows the buffer when it fills it.
func (l *lineReader) room() {
	if l.start > 0 {
		copy(l.buf, l.buf[l.start:l.end])
		l.end -= l.start
		l.start = 0
		if l.end < len(l.buf) {
			return
		}
	}
	grown := make([]byte, max(firstBuffer, min(2*len(l.buf), l.max+2)))
	copy(grown, l.buf[:l.end])
	l.buf = grown
}

// outbox is the bounded queue between whoever has something to say and the
// writing goroutine.
type outbox struct {
	limit int
	wake  chan struct{} // has room for one

	mu     sync.Mutex // guards the fields below
	queue  [][]byte
	bytes  int
	closed bool
}

// push queues a message that nobody changes any more; false when the client
// has let too much pile up.
func (o *outbox) push(b []byte) bool {
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		return true // nobody will read it, and nobody needs to know
	}
	if o.bytes+len(b) > o.limit && o.bytes > 0 {
		o.mu.Unlock()
		return false
	}
	o.queue = append(o.queue, b)
	o.bytes += len(b)
	o.mu.Unlock()
	o.rouse()
	return true
}

func (o *outbox) rouse() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// close lets the writer finish what is queued and end.
func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.rouse()
}

// drainTo writes until close, several messages in one write.
func (o *outbox) drainTo(conn net.Conn, limit time.Duration) {
	var batch net.Buffers
	for range o.wake {
		for {
			o.mu.Lock()
			batch = append(batch[:0], o.queue...)
			clear(o.queue)
			o.queue, o.bytes = o.queue[:0], 0
			closed := o.closed
			o.mu.Unlock()
			if len(batch) == 0 {
				if closed {
					return
				}
				break
			}
			if err := writeAll(conn, batch, limit); err != nil {
				// The reader finds out by itself; what else comes is dropped.
				o.close()
				_ = conn.Close()
				return
			}
		}
	}
}

func writeAll(conn net.Conn, batch net.Buffers, limit time.Duration) error {
	if err := conn.SetWriteDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	if len(batch) == 1 {
		_, err := conn.Write(batch[0])
		return err
	}
	_, err := batch.WriteTo(conn)
	return err
}

// Bounds of linger.
const (
	lingerTime  = 250 * time.Millisecond
	lingerBytes = 256 << 10
)

// linger closes so that the client gets what was sent last: closing with
// unread bytes would reset the connection and destroy it.
func linger(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	if conn.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	var sink [512]byte // thousands may leave at the same moment
	for left := lingerBytes; left > 0; {
		n, err := conn.Read(sink[:])
		if err != nil {
			return
		}
		left -= n
	}
}
