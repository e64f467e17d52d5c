//go:build linux

package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// phase is what the clients do at the moment.
type phase int32

const (
	listening phase = iota // take in what comes
	mining                 // and submit
	finishing              // wait for the open answers
)

// load is many clients of one server, on a few threads.
type load struct {
	sink   bool // the server does nothing: answers come in turn, shares are not mined
	rate   float64
	shards []*shard

	phase atomic.Int32
	began atomic.Int64 // when mining began, ns
	now   func() int64 // ns since the load was made
}

// shard is one thread's part of the clients. Everything but what is atomic is
// the thread's own.
type shard struct {
	*load
	no      int
	poll    *poller
	miners  []*miner
	targets map[uint64][32]byte
	in, out []byte
	acted   phase
	turn    int // whose submit is next
	due     int // submits that were due

	ready   atomic.Int64 // clients with a job
	open    atomic.Int64 // submits without an answer
	answers atomic.Int64
	failed  atomic.Pointer[error]

	mu     sync.Mutex // guards the fields below
	tally  tally
	arrive []arrival // of clean jobs, by number
}

// tally is what was answered.
type tally struct {
	accepted int64
	units    uint64
	refused  map[int]int64
	took     []int64 // ns, while mining
}

// arrival is when a clean job came to the clients.
type arrival struct {
	first, last int64
	n           int
}

// newLoad makes clients for a server; threads share them.
func newLoad(sink bool, rate float64, threads int) (*load, error) {
	start := time.Now()
	l := &load{sink: sink, rate: rate, now: func() int64 { return int64(time.Since(start)) }}
	for i := range threads {
		p, err := newPoller()
		if err != nil {
			return nil, err
		}
		l.shards = append(l.shards, &shard{
			load: l, no: i, poll: p, targets: map[uint64][32]byte{},
			in: make([]byte, 256<<10), tally: tally{refused: map[int]int64{}},
		})
	}
	return l, nil
}

// connect opens n clients. They come from many addresses, as in life.
func (l *load) connect(ctx context.Context, addr string, n int) error {
	to, err := net.ResolveTCPAddr("tcp4", addr)
	if err != nil {
		return fmt.Errorf("server address: %w", err)
	}
	peer := &unix.SockaddrInet4{Port: to.Port, Addr: [4]byte(to.IP.To4())}
	for i := range n {
		if err := ctx.Err(); err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("client %d: %w", i, err)
		}
		from := &unix.SockaddrInet4{Addr: [4]byte{127, 0, byte(1 + i%64), byte(1 + i/64%250)}}
		err = errors.Join(unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1), unix.Bind(fd, from))
		if err == nil {
			err = unix.Connect(fd, peer)
		}
		if err == nil {
			err = errors.Join(unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1), unix.SetNonblock(fd, true))
		}
		if err != nil {
			return fmt.Errorf("client %d: %w", i, err)
		}
		s := l.shards[i%len(l.shards)]
		s.miners = append(s.miners, &miner{fd: fd, user: user(i)})
	}
	return nil
}

// user is the name of client i's worker.
func user(i int) string { return "bench.w" + strconv.Itoa(i) }

// run works until ctx ends.
func (l *load) run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, s := range l.shards {
		wg.Go(func() {
			runtime.LockOSThread()
			if err := s.run(ctx); err != nil {
				s.failed.Store(&err)
			}
		})
	}
	wg.Wait()
}

func (l *load) close() {
	for _, s := range l.shards {
		for _, m := range s.miners {
			_ = unix.Close(m.fd)
		}
		s.poll.close()
	}
}

// err is why a thread gave up.
func (l *load) err() error {
	for _, s := range l.shards {
		if err := s.failed.Load(); err != nil {
			return *err
		}
	}
	return nil
}

func (l *load) total(of func(*shard) int64) (n int64) {
	for _, s := range l.shards {
		n += of(s)
	}
	return n
}

// begin starts mining, at one moment for all threads.
func (l *load) begin() {
	l.began.Store(l.now())
	l.phase.Store(int32(mining))
}

// greetAtOnce is how many handshakes of a thread are under way at a time.
const greetAtOnce = 100

func (s *shard) run(ctx context.Context) error {
	for i, m := range s.miners {
		if err := s.poll.add(m.fd, int32(i)); err != nil {
			return err
		}
	}
	greeted := 0
	var failed error
	for ctx.Err() == nil {
		for ; greeted < len(s.miners) && greeted < int(s.ready.Load())+greetAtOnce; greeted++ {
			if err := writeAll(s.miners[greeted].fd, hello(s.miners[greeted].user)); err != nil {
				return fmt.Errorf("client %s: %w", s.miners[greeted].user, err)
			}
		}
		wait, err := s.act()
		if err != nil {
			return err
		}
		err = s.poll.wait(wait, func(slot int32) {
			if err := s.read(s.miners[slot]); err != nil && failed == nil {
				failed = fmt.Errorf("client %s: %w", s.miners[slot].user, err)
			}
		})
		if err = errors.Join(err, failed); err != nil {
			return err
		}
	}
	return nil
}

// act does what is due and says until when nothing is.
func (s *shard) act() (wait time.Duration, err error) {
	const idle = 20 * time.Millisecond
	p := phase(s.phase.Load())
	begins := p == mining && s.acted != mining
	s.acted = p
	switch {
	case p != mining:
		return idle, nil
	case s.rate > 0:
		return s.actInTime()
	case begins: // closed loop: the first submit of each, the answers bring the rest
		for _, m := range s.miners {
			if err := s.submit(m, s.now()); err != nil {
				return 0, err
			}
		}
	}
	return idle, nil
}

// actInTime submits what is due by the clock, whatever was answered: a server
// that falls behind must not slow its own measurement down.
func (s *shard) actInTime() (time.Duration, error) {
	every := float64(time.Second) * float64(len(s.shards)) / s.rate
	for {
		at := s.began.Load() + int64(every*(float64(s.due)+float64(s.no)/float64(len(s.shards))))
		if wait := at - s.now(); wait > 0 {
			return time.Duration(wait), nil
		}
		s.due++
		m := s.miners[s.turn%len(s.miners)]
		s.turn++
		if err := s.submit(m, at); err != nil {
			return 0, err
		}
	}
}

func (s *shard) submit(m *miner, at int64) error {
	if err := m.take(s.targets); err != nil {
		return err
	}
	s.out = m.submit(s.out[:0], !s.sink, at)
	s.open.Add(1)
	return writeAll(m.fd, s.out)
}

var errHungUp = errors.New("the server closed the connection")

// read takes in what has come.
func (s *shard) read(m *miner) error {
	had := copy(s.in, m.rest)
	n, err := unix.Read(m.fd, s.in[had:])
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return nil
	case err != nil:
		return err
	case n == 0:
		return errHungUp
	}
	at := s.now()
	b := s.in[:had+n]
	for {
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			break
		}
		if err := s.line(m, b[:end], at); err != nil {
			return err
		}
		b = b[end+1:]
	}
	m.rest = append(m.rest[:0], b...)
	return nil
}

func (s *shard) line(m *miner, line []byte, at int64) error {
	head := line[:min(len(line), 64)]
	switch {
	case bytes.Contains(head, []byte(`"mining.notify"`)) && bytes.Contains(head, []byte(`"method"`)):
		if len(m.notify) == 0 && m.job == nil {
			s.ready.Add(1)
		}
		m.notify = append(m.notify[:0], line...)
		m.length.Store(int64(len(line) + 1))
		if bytes.HasSuffix(line, []byte("true]}")) {
			s.arrived(m.clean, at)
			m.clean++
		}
		return nil
	case bytes.Contains(head, []byte(`"mining.set_difficulty"`)) && bytes.Contains(head, []byte(`"method"`)):
		return m.takeDifficulty(line)
	case bytes.Contains(head, []byte(`"method"`)):
		return nil
	}
	id := number(line, []byte(`"id":`))
	if m.logins < 3 && id <= 3 {
		return m.takeLogin(line)
	}
	return s.answer(m, line, uint32(id), at)
}

// answer counts a judged submit and, in a closed loop, sends the next.
func (s *shard) answer(m *miner, line []byte, id uint32, at int64) error {
	a, ok := m.answered(id, s.sink)
	if !ok {
		return fmt.Errorf("%w: nobody asked for %s", errProtocol, line)
	}
	s.open.Add(-1)
	s.answers.Add(1)
	accepted := bytes.Contains(line, []byte(`"result":true`))
	s.mu.Lock()
	if accepted {
		s.tally.accepted++
		s.tally.units += a.units
		s.tally.took = append(s.tally.took, at-a.at)
	} else {
		s.tally.refused[number(line, []byte(`"error":[`))]++
	}
	s.mu.Unlock()
	if s.rate > 0 || phase(s.phase.Load()) != mining {
		return nil
	}
	return s.submit(m, s.now())
}

// arrived notes that a client got its no-th clean job.
func (s *shard) arrived(no int, at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.arrive) <= no {
		s.arrive = append(s.arrive, arrival{first: at})
	}
	s.arrive[no].last = at
	s.arrive[no].n++
}

// number reads the whole number after a mark; -1 when there is none.
func number(line, mark []byte) int {
	_, rest, ok := bytes.Cut(line, mark)
	if !ok {
		return -1
	}
	n, digits := 0, 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		n = 10*n + int(rest[digits]-'0')
		digits++
	}
	if digits == 0 {
		return -1
	}
	return n
}
