package node

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"hashyard"
)

// publisher plays the other end of ZMTP 3 by hand: it greets, waits for the
// subscription and sends raw bytes.
func publisher(t *testing.T, after ...[]byte) (address string, heard chan []byte) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	heard = make(chan []byte, 1)
	done := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-done })
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close() //nolint:errcheck // a test's end
		hello := append(greeting(), command("READY", "\x0bSocket-Type\x00\x00\x00\x03PUB")...)
		if _, err := conn.Write(hello); err != nil {
			return
		}
		in := make([]byte, greetingSize+len(command("READY", "\x0bSocket-Type\x00\x00\x00\x03SUB"))+2+1+len("hashblock"))
		if _, err := io.ReadFull(conn, in); err != nil {
			return
		}
		for _, b := range after {
			if _, err := conn.Write(b); err != nil {
				return
			}
		}
		rest, _ := io.ReadAll(conn) // what is answered, until the subscriber leaves
		heard <- append(in, rest...)
	}()
	return "tcp://" + l.Addr().String(), heard
}

// frames encodes a message.
func frames(parts ...string) (b []byte) {
	for i, p := range parts {
		var flags byte
		if i < len(parts)-1 {
			flags = flagMore
		}
		b = append(append(b, flags, byte(len(p))), p...)
	}
	return b
}

func TestTipsByZMQ(t *testing.T) {
	t.Parallel()
	shown := strings.Repeat("\x00", 4) + strings.Repeat("\xab", 28) // as explorers write it: zeros first
	address, heard := publisher(t,
		frames("rawtx", "whatever"), frames("hashblock"), frames("hashblock", "short"),
		command("PING", "\x00\x00context"), frames("hashblock", shown, "\x07\x00\x00\x00"),
	)
	c, err := New(Config{URL: "http://127.0.0.1:1", ZMQ: address})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got []Hash
	err = c.Tips(ctx, func(h Hash) {
		got = append(got, h)
		cancel()
	})
	if !errors.Is(err, hashyard.Unavailable) || len(got) != 1 || got[0][31] != 0 || got[0][0] != 0xab {
		t.Fatalf("told %v, ended with %v", got, err)
	}
	if said := <-heard; !bytes.Contains(said, []byte("\x00\x0a\x01hashblock")) || !bytes.HasSuffix(said, command("PONG", "context")) {
		t.Errorf("the subscriber said %q", said)
	}
}

func TestBadPublishersAreLeft(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string][]byte{
		"huge frame":       {flagLong, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"unknown flags":    {0x80, 1, 'x'},
		"many frames":      bytes.Repeat([]byte{flagMore, 0}, maxFrames+1),
		"command in parts": {flagCommand | flagMore, 1, 'x'},
		"empty command":    {flagCommand, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, _ := publisher(t, sent)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			err := subscribe(ctx, address, "hashblock", func([][]byte) { t.Error("a message") })
			if ctx.Err() != nil || !errors.Is(err, hashyard.Unavailable) {
				t.Fatalf("ended with %v", err)
			}
		})
	}
}

func FuzzZMQ(f *testing.F) {
	f.Add(frames("hashblock", strings.Repeat("h", 32), "\x01\x00\x00\x00"))
	f.Add(command("READY", "\x0bSocket-Type\x00\x00\x00\x03PUB"))
	f.Add([]byte{flagLong, 0, 0, 0, 0, 0, 0, 0x10, 0x01})
	f.Add(append(greeting(), 4, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = readGreeting(bytes.NewReader(b))
		r := bufio.NewReader(bytes.NewReader(b))
		for {
			m, err := readMessage(r)
			if err != nil {
				return
			}
			if len(m.frames) == 0 || len(m.frames) > maxFrames || (m.command && len(m.frames) != 1) {
				t.Fatalf("message %+v", m)
			}
			if slices.ContainsFunc(m.frames, func(f []byte) bool { return len(f) > maxFrame }) {
				t.Fatal("a frame above the bound")
			}
			var back bytes.Buffer
			if err := answer(&back, m); err != nil || (back.Len() > 0) != (m.is("PING") && back.Len() > 6) {
				t.Fatalf("answered %q, %v", back.Bytes(), err)
			}
		}
	})
}
