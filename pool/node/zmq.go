package node

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"slices"
	"time"

	"hashyard"
)

// This is the little of ZMTP 3.0 (rfc.zeromq.org/spec/23) that a subscriber
// needs: greeting, NULL handshake, one subscription, messages. Every length is
// bounded before anything is allocated: the publisher is our own node, but its
// port has no password.

// Bounds of what a publisher may send: a hashblock message has a topic of 9
// bytes, a hash of 32 and a number of 4.
const (
	maxFrame  = 4096
	maxFrames = 8
)

const (
	greetingSize = 64
	// zmqHandshake bounds the time until a publisher has introduced itself.
	zmqHandshake = 10 * time.Second

	flagMore    = 1
	flagLong    = 2
	flagCommand = 4
)

// greeting is ours, and but for the filler every NULL publisher's.
func greeting() []byte {
	g := make([]byte, greetingSize)
	g[0], g[9], g[10] = 0xff, 0x7f, 3
	copy(g[12:], "NULL")
	return g
}

// subscribe gives each message of a topic to each until ctx ends or the
// publisher does; the error is never nil.
func subscribe(ctx context.Context, address, topic string, each func(frames [][]byte)) error {
	u, err := url.Parse(address)
	if err != nil {
		return hashyard.Invalid.Errorf("zmq address %q: %w", address, err)
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return hashyard.Unavailable.Errorf("zmq at %s: %w", address, err)
	}
	defer conn.Close() //nolint:errcheck // nothing is written at the end
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	r := bufio.NewReader(conn)
	if err := handshake(conn, r, topic); err != nil {
		return hashyard.Unavailable.Errorf("zmq at %s: %w", address, err)
	}
	for {
		m, err := readMessage(r)
		if err == nil && m.command {
			err = answer(conn, m)
		} else if err == nil && len(m.frames) > 0 && string(m.frames[0]) == topic {
			each(m.frames)
		}
		if err != nil {
			return hashyard.Unavailable.Errorf("zmq at %s: %w", address, err)
		}
	}
}

func handshake(conn net.Conn, r *bufio.Reader, topic string) error {
	if err := conn.SetDeadline(time.Now().Add(zmqHandshake)); err != nil {
		return err
	}
	ready := command("READY", "\x0bSocket-Type\x00\x00\x00\x03SUB")
	if _, err := conn.Write(append(greeting(), ready...)); err != nil {
		return err
	}
	if err := readGreeting(r); err != nil {
		return err
	}
	if m, err := readMessage(r); err != nil {
		return err
	} else if !m.is("READY") {
		return hashyard.Invalid.Errorf("the publisher does not introduce itself")
	}
	wish := append([]byte{0, byte(1 + len(topic)), 1}, topic...)
	if _, err := conn.Write(wish); err != nil {
		return err
	}
	return conn.SetDeadline(time.Time{})
}

// command encodes a short command frame.
func command(name, body string) []byte {
	b := []byte{flagCommand, byte(1 + len(name) + len(body)), byte(len(name))}
	return append(append(b, name...), body...)
}

func readGreeting(r io.Reader) error {
	g := make([]byte, greetingSize)
	if _, err := io.ReadFull(r, g); err != nil {
		return err
	}
	if g[0] != 0xff || g[9]&1 != 1 || g[10] < 3 || !slices.Equal(g[12:17], []byte("NULL\x00")) {
		return hashyard.Invalid.Errorf("no publisher of ZMTP 3 without security")
	}
	return nil
}

// message is what comes between two ends: one command, or a message's frames.
type message struct {
	command bool
	frames  [][]byte
}

// is reports whether it is the command of this name.
func (m message) is(name string) bool {
	if !m.command {
		return false
	}
	b := m.frames[0]
	return len(b) > len(name) && int(b[0]) == len(name) && string(b[1:1+len(name)]) == name
}

// answer replies to a publisher that wants to know whether we live (ZMTP 3.1's
// PING: a time to live of two bytes, and a context to repeat).
func answer(w io.Writer, m message) error {
	const skip = 1 + len("PING") + 2
	if !m.is("PING") || len(m.frames[0]) < skip || len(m.frames[0]) > skip+16 {
		return nil
	}
	_, err := w.Write(command("PONG", string(m.frames[0][skip:])))
	return err
}

// readMessage reads one command or all frames of one message.
func readMessage(r *bufio.Reader) (m message, err error) {
	for {
		flags, err := r.ReadByte()
		if err != nil {
			return m, err
		}
		if flags&^(flagMore|flagLong|flagCommand) != 0 || (flags&flagCommand != 0 && (flags&flagMore != 0 || len(m.frames) > 0)) {
			return m, hashyard.Invalid.Errorf("frame with flags %#x", flags)
		}
		frame, err := readFrame(r, flags&flagLong != 0)
		if err != nil {
			return m, err
		}
		m.command = flags&flagCommand != 0
		if m.frames = append(m.frames, frame); flags&flagMore == 0 {
			if m.command && len(frame) == 0 {
				return m, hashyard.Invalid.Errorf("a command without a name")
			}
			return m, nil
		}
		if len(m.frames) == maxFrames {
			return m, hashyard.Invalid.Errorf("a message of more than %d frames", maxFrames)
		}
	}
}

func readFrame(r *bufio.Reader, long bool) ([]byte, error) {
	var size uint64
	if long {
		var b [8]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return nil, err
		}
		size = binary.BigEndian.Uint64(b[:])
	} else {
		b, err := r.ReadByte()
		if err != nil {
			return nil, err
		}
		size = uint64(b)
	}
	if size > maxFrame {
		return nil, hashyard.Invalid.Errorf("a frame of %d bytes, more than %d", size, maxFrame)
	}
	frame := make([]byte, size)
	_, err := io.ReadFull(r, frame)
	return frame, err
}
