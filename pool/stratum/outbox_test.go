package stratum

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pair is an outbox and the client's end of its connection.
func pair(t *testing.T, limit int) (*outbox, net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	p := newPost()
	p.open()
	o := &outbox{}
	o.init(server, p, limit, 10*time.Second)
	t.Cleanup(func() {
		_ = client.Close()
		o.finish()
		_ = server.Close()
		p.close()
	})
	return o, client
}

// TestOutboxKeepsOrder: whoever sends, by whichever way, one after the other
// arrives so, whole and once.
func TestOutboxKeepsOrder(t *testing.T) {
	t.Parallel()
	o, client := pair(t, 64<<20)
	const senders, each = 8, 2000
	var all sync.WaitGroup
	for sender := range senders {
		all.Go(func() {
			pad := strings.Repeat("x", 400*(sender%3)) // the socket is full at times
			for n := range each {
				send := o.push
				if (n+sender)%3 == 0 {
					send = o.pushNow
				}
				if err := send(fmt.Appendf(nil, "%d %d %s\n", sender, n, pad)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	want := make([]int, senders)
	lines := bufio.NewReader(client)
	for range senders * each {
		var sender, n int
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscanf(line, "%d %d", &sender, &n); err != nil || want[sender] != n {
			t.Fatalf("%.20q, want number %d: %v", line, want[sender], err)
		}
		want[sender]++
	}
	all.Wait()
	eventually(t, "an empty outbox keeps little", func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return !o.draining && !o.listed && cap(o.queue) <= keptQueue
	})
}

// TestOutboxIsBounded: what a client that does not read lets pile up ends, and
// what was taken reaches it when it reads after all, before the end.
func TestOutboxIsBounded(t *testing.T) {
	t.Parallel()
	o, client := pair(t, 4096)
	line := strings.Repeat("z", 999) + "\n"
	sent := 0
	for ; ; sent++ {
		if err := o.push([]byte(line)); errors.Is(err, errSlow) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	o.mu.Lock()
	if len(o.queue) > o.limit || !o.draining {
		t.Errorf("%d bytes wait, draining %v", len(o.queue), o.draining)
	}
	o.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		o.finish()
		_ = o.conn.Close()
	}()
	b, err := io.ReadAll(client)
	if err != nil || string(b) != strings.Repeat(line, sent) {
		t.Fatalf("%d bytes of %d arrived: %v", len(b), sent*len(line), err)
	}
	<-done
	if err := o.push([]byte(line)); err != nil {
		t.Fatalf("after the end: %v", err)
	}
}

// TestOutboxGivesUp: a client that takes nothing for as long as one write may
// last is let go; its sender never waited.
func TestOutboxGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := net.Pipe() // no socket: every byte waits for its reader
		defer client.Close()
		p := newPost()
		p.open()
		defer p.close()
		o := &outbox{}
		o.init(server, p, 4096, 10*time.Second)
		if err := o.pushNow([]byte("never read\n")); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		synctest.Wait()
		if o.finish(); time.Since(began) != 10*time.Second {
			t.Fatalf("gave up after %v", time.Since(began))
		}
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Fatalf("not closed: %v", err)
		}
	})
}
