package stratum

import (
	"errors"
	"net"
	"time"
)

// Errors that end a session: what follows cannot be told from the rest.
var (
	errLongLine    = errors.New("line too long")
	errProxyHeader = errors.New("PROXY header from an address that is not a balancer's")
)

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
