package stratum

import (
	"bytes"
	"errors"
	"io"
	"net"
	"time"
)

// Errors that end a session: what follows cannot be told from the rest.
var (
	errLongLine    = errors.New("line too long")
	errProxyHeader = errors.New("PROXY header from an address that is not a balancer's")
)

// lineReader cuts a stream into lines. Its buffer is small, for most lines
// need no more, grows to the longest line allowed and is small again when that
// is read.
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
		if l.start == l.end && len(l.buf) > firstBuffer {
			l.buf, l.start, l.end, scanned = nil, 0, 0, 0
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
		if bytes.HasPrefix(l.buf[l.start:l.end], []byte(proxySignature)) {
			return nil, errProxyHeader
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

// sealed is a connection as its TLS layer sees it: writing never waits, for
// ciphertext queues like everything else.
type sealed struct {
	net.Conn
	out *outbox
}

func (s sealed) Write(b []byte) (int, error) {
	if err := s.out.push(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// SetWriteDeadline does nothing: the outbox has its own.
func (sealed) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline bounds reading.
func (s sealed) SetDeadline(t time.Time) error { return s.SetReadDeadline(t) }

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
