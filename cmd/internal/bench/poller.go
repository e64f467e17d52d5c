//go:build linux

package bench

import (
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// poller waits for many sockets at once, and for a time. It belongs to one
// goroutine.
type poller struct {
	epoll, timer int
	events       [512]unix.EpollEvent
}

// timerSlot is the timer's place among the sockets' numbers.
const timerSlot = -1

func newPoller() (*poller, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	tm, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("timer: %w", err)
	}
	p := &poller{epoll: ep, timer: tm}
	return p, p.add(tm, timerSlot)
}

// add watches a descriptor for what can be read; slot comes back from wait.
func (p *poller) add(fd int, slot int32) error {
	err := unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP, Fd: slot})
	if err != nil {
		return fmt.Errorf("watch descriptor %d: %w", fd, err)
	}
	return nil
}

// wait calls each with every slot that is ready. It returns after at most
// limit, earlier when something was ready.
func (p *poller) wait(limit time.Duration, each func(slot int32)) error {
	ms := int(limit / time.Millisecond)
	if ms == 0 { // finer than what epoll can wait
		spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(int64(limit), 1))}
		if err := unix.TimerfdSettime(p.timer, 0, &spec, nil); err != nil {
			return fmt.Errorf("timer: %w", err)
		}
		ms = -1
	}
	n, err := unix.EpollWait(p.epoll, p.events[:], ms)
	if err == syscall.EINTR {
		return nil
	}
	if err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	for _, e := range p.events[:n] {
		if e.Fd != timerSlot {
			each(e.Fd)
		}
	}
	return nil
}

func (p *poller) close() {
	_ = unix.Close(p.epoll)
	_ = unix.Close(p.timer)
}

// writeAll writes to a socket that does not block, waiting while it is full.
func writeAll(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		switch err {
		case nil:
			b = b[n:]
		case unix.EAGAIN, unix.EINTR:
			if _, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, 1000); err != nil && err != unix.EINTR {
				return err
			}
		default:
			return err
		}
	}
	return nil
}
