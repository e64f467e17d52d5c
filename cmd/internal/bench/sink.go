//go:build linux

package bench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Sink is the do-nothing server: it reads a line and writes a fixed reply, and
// knows just enough to let a client begin. What it reaches is what one thread
// of this machine can do with sockets, before any mining.
type Sink struct {
	Bytes int `default:"2048" help:"Length of the notify that goes to every client."`
}

// sinkNotify is a job that nobody can earn anything with, padded to a length.
func sinkNotify(n int) []byte {
	const head = `{"id":null,"method":"mining.notify","params":["1","` + zeros + `","00","`
	const tail = `",[],"20000000","1b0404cb","60000000",true]}` + "\n"
	pad := max(n-len(head)-len(tail), 2) &^ 1
	return []byte(head + strings.Repeat("0", pad) + tail)
}

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"

// sinkReply is the answer to every submit.
const sinkReply = `{"id":4,"result":true,"error":null}` + "\n"

// Run serves until standard input ends; a line there sends the notify to all.
func (s *Sink) Run(_ context.Context, _ *slog.Logger) error {
	k := &sink{notify: sinkNotify(s.Bytes), fan: make(chan struct{}, 1)}
	if err := k.open(); err != nil {
		return err
	}
	fmt.Println("ready " + k.addr)
	go func() { // ends with standard input
		defer close(k.fan)
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			k.fan <- struct{}{}
		}
	}()
	return k.serve()
}

type sink struct {
	notify   []byte
	fan      chan struct{} // one notify to all
	addr     string
	listener int
	poll     *poller
	conns    []int32 // open ones
	buf      [64 << 10]byte
}

func (k *sink) open() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("sink socket: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return fmt.Errorf("sink bind: %w", err)
	}
	if err := unix.Listen(fd, 4096); err != nil {
		return fmt.Errorf("sink listen: %w", err)
	}
	at, err := unix.Getsockname(fd)
	if err != nil {
		return fmt.Errorf("sink address: %w", err)
	}
	k.listener, k.addr = fd, "127.0.0.1:"+strconv.Itoa(at.(*unix.SockaddrInet4).Port)
	if k.poll, err = newPoller(); err != nil {
		return err
	}
	return k.poll.add(fd, int32(fd))
}

// serve is one loop for everything.
func (k *sink) serve() error {
	for {
		err := k.poll.wait(5*time.Millisecond, func(slot int32) {
			if int(slot) == k.listener {
				k.accept()
				return
			}
			k.read(int(slot))
		})
		if err != nil {
			return err
		}
		select {
		case _, more := <-k.fan:
			if !more {
				return nil
			}
			for _, fd := range k.conns {
				_ = writeAll(int(fd), k.notify)
			}
			fmt.Println("sent")
		default:
		}
	}
}

func (k *sink) accept() {
	for {
		fd, _, err := unix.Accept4(k.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		k.conns = append(k.conns, int32(fd))
		_ = k.poll.add(fd, int32(fd))
	}
}

func (k *sink) read(fd int) {
	n, err := unix.Read(fd, k.buf[:])
	if n <= 0 {
		if err != unix.EAGAIN {
			k.conns = slices.DeleteFunc(k.conns, func(c int32) bool { return int(c) == fd })
			_ = unix.Close(fd)
		}
		return
	}
	// A submit is the common case and gets the fixed reply, unread.
	for line := range bytes.Lines(k.buf[:n]) {
		_ = writeAll(fd, k.reply(line))
	}
}

func (k *sink) reply(line []byte) []byte {
	switch {
	case bytes.Contains(line, []byte("mining.submit")):
		return []byte(sinkReply)
	case bytes.Contains(line, []byte("mining.configure")):
		return []byte(`{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}` + "\n")
	case bytes.Contains(line, []byte("mining.subscribe")):
		return []byte(`{"id":2,"result":[[["mining.notify","1"]],"00000001",8],"error":null}` + "\n")
	}
	return append([]byte(`{"id":3,"result":true,"error":null}`+"\n"+`{"id":null,"method":"mining.set_difficulty","params":[1e-9]}`+"\n"), k.notify...)
}
