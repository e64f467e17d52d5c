package edge

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nkeys"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/job"
	"hashyard/pool/share"
	"hashyard/pool/sharelog"
	"hashyard/pool/stratum"
	"hashyard/pool/stratum/stratumtest"
)

// hardBits is a network difficulty that no test meets, easyBits one that every
// share meets.
const (
	hardBits = 0x1d00ffff
	easyBits = 0x207fffff
)

// yard is the other end: a hub on a real share log, with books in memory.
type yard struct {
	t      *testing.T
	log    *sharelog.Log
	hub    *Hub
	stop   func()
	dir    string
	logger *slog.Logger

	mu       sync.Mutex // guards all below
	machines map[string]*pool.EdgeMachine
	credited map[[32]byte]int // by hash, as booked
	logged   int              // accepted records in the log, repetitions too
	gone     map[string]bool
	opened   []pool.Session
	found    []job.Candidate
	refuse   error // of SaveCandidate
	seq      uint64
	applied  uint64
	away     bool // the database: nobody is let in
}

func newYard(t *testing.T, change func(*HubConfig)) *yard {
	t.Helper()
	y := &yard{
		t: t, dir: t.TempDir(), machines: map[string]*pool.EdgeMachine{}, credited: map[[32]byte]int{}, gone: map[string]bool{},
		logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	if os.Getenv("EDGE_LOG") != "" {
		y.logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	log, err := sharelog.Open(t.Context(), sharelog.Config{Dir: y.dir, Window: time.Millisecond, Logger: y.logger})
	if err != nil {
		t.Fatal(err)
	}
	y.log = log
	cfg := HubConfig{
		Listen: "127.0.0.1:0", Machines: y, Accounts: y, Log: log, Logger: y.logger, Tick: 20 * time.Millisecond,
		Found:    func(c job.Candidate) { y.mu.Lock(); defer y.mu.Unlock(); y.found = append(y.found, c) },
		Settings: Settings{Start: 1 << 12, Floor: 1 << 10, PerMinute: 6000},
	}
	if change != nil {
		change(&cfg)
	}
	if y.hub, err = OpenHub(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = y.hub.Run(ctx) })
	wg.Go(func() {
		c := sharelog.NewConsumer(sharelog.ConsumerConfig{Log: log, Logger: y.logger, Checkpoint: func(context.Context) (string, uint64, error) {
			name, _ := log.Position()
			return name, y.applied, nil
		}})
		_ = c.Run(ctx, y.apply)
	})
	y.stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(y.stop)
	return y
}

// apply books a batch by the rule of the books: a run of an edge counts when
// it is past what was booked of that edge.
func (y *yard) apply(_ context.Context, b share.Batch) error {
	y.mu.Lock()
	defer y.mu.Unlock()
	records := b.Records
	for _, r := range b.Runs {
		run := records[:r.N]
		records = records[r.N:]
		for _, rec := range run {
			if rec.Accepted() {
				y.logged++
			}
		}
		if r.Edge != 0 {
			m := y.byNumber(r.Edge)
			if m.Stream != r.Stream {
				m.Stream, m.Seq = r.Stream, 0
			}
			if r.Seq <= m.Seq {
				continue
			}
			m.Missing += int64(r.Seq - m.Seq - 1)
			m.Seq = r.Seq
		}
		for _, rec := range run {
			if rec.Accepted() {
				y.credited[rec.Hash]++
			}
		}
	}
	y.applied = b.Seq
	return nil
}

func (y *yard) byNumber(n byte) *pool.EdgeMachine {
	for _, m := range y.machines {
		if m.Number == n {
			return m
		}
	}
	return nil
}

// enrol makes a key that may come.
func (y *yard) enrol(name string) []byte {
	y.t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		y.t.Fatal(err)
	}
	key, err := pair.PublicKey()
	if err != nil {
		y.t.Fatal(err)
	}
	seed, err := pair.Seed()
	if err != nil {
		y.t.Fatal(err)
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	y.machines[key] = &pool.EdgeMachine{ID: hashyard.NewID(), Number: byte(len(y.machines) + 1), Name: name, Key: key}
	return seed
}

func (y *yard) Edges(context.Context) (out []pool.EdgeMachine, err error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, m := range y.machines {
		if m.Revoked.IsZero() {
			out = append(out, *m)
		}
	}
	return out, nil
}

func (y *yard) EdgeByKey(_ context.Context, key string) (pool.EdgeMachine, error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if m := y.machines[key]; m != nil && m.Revoked.IsZero() {
		return *m, nil
	}
	return pool.EdgeMachine{}, hashyard.NotFound.Errorf("no edge has the key %s", key)
}

func (y *yard) SeeEdge(_ context.Context, id hashyard.ID, awake bool, at time.Time) error {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, m := range y.machines {
		if m.ID == id {
			m.Awake, m.Seen = awake, at
		}
	}
	return nil
}

// grant of a test's worker: its secret is its name backwards, if that begins
// with "unit".
func grant(user string) Grant {
	g := Grant{Account: hashyard.ID{1}, PerMinute: 6000}
	copy(g.Worker[:], user)
	if strings.Contains(user, "unit") {
		g.Secret = true
		copy(g.Unit[:], user)
	}
	return g
}

func (y *yard) let(user string, same func(secret string) bool) (share.Grant, error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	g := grant(user)
	switch {
	case y.away:
		return Grant{}, errors.New("no database")
	case y.gone[user]:
		return Grant{}, hashyard.Denied.Errorf("%s is retired", user)
	case g.Secret && !same("secret"):
		return Grant{}, hashyard.Denied.Errorf("wrong secret")
	}
	return g, nil
}

func (y *yard) Authorize(_ context.Context, user, password, _ string, _ netip.AddrPort) (share.Grant, error) {
	return y.let(user, func(s string) bool { return s == password })
}

func (y *yard) Standing(_ context.Context, user string, same func(string) bool) (share.Grant, error) {
	return y.let(user, same)
}

func (y *yard) SessionOpened(_ context.Context, s pool.Session) error {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.opened = append(y.opened, s)
	return nil
}

func (y *yard) Interrupt(string) {}

func (y *yard) SaveCandidate(context.Context, job.Candidate) error {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.refuse
}

// offer makes a job and offers it to the edges.
func (y *yard) offer(tip byte, bits uint32) *job.Job {
	y.t.Helper()
	y.mu.Lock()
	y.seq++
	seq := y.seq
	y.mu.Unlock()
	now := time.Now().Unix()
	j, err := job.New(job.Template{
		Version: 0x20000000, PrevHash: [32]byte{tip}, Height: int64(tip) + 20, NBits: bits, MinTime: now - 600, Value: 2500,
		Txs: [][]byte{{1, 2, 3}}, TxIDs: [][32]byte{{4}},
	}, job.Params{Seq: seq, Epoch: hashyard.NewID(), Script: []byte{0x51}, Tag: "/hashyard/", NTime: now})
	if err != nil {
		y.t.Fatal(err)
	}
	y.hub.SetJob(j)
	return j
}

// edgeBeside is an edge on a line that can be cut.
type edgeBeside struct {
	*Edge
	line *line2
	cfg  Config
	stop func() error
}

func (y *yard) edge(seed []byte, change func(*Config)) *edgeBeside {
	y.t.Helper()
	l := newLine(y.t, y.hub.Addr().String())
	cfg := Config{
		Dir: y.t.TempDir(), Yard: "nats://" + l.addr(), Seed: seed, Stratum: stratum.Config{Listen: "127.0.0.1:0"}, Logger: y.logger,
		Farewell: 500 * time.Millisecond,
	}
	if change != nil {
		change(&cfg)
	}
	return y.start(cfg, l)
}

func (y *yard) start(cfg Config, l *line2) *edgeBeside {
	y.t.Helper()
	opening, cancel := context.WithTimeout(y.t.Context(), 20*time.Second)
	defer cancel()
	e, err := Open(opening, cfg)
	if err != nil {
		y.t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	stop := sync.OnceValue(func() error {
		end()
		err := <-ended
		if errors.Is(err, context.Canceled) {
			err = nil
		}
		return err
	})
	y.t.Cleanup(func() { _ = stop() })
	return &edgeBeside{e, l, cfg, stop}
}

// line2 is a proxy that can be cut.
type line2 struct {
	ln net.Listener
	to string

	mu    sync.Mutex // guards the fields below
	conns map[net.Conn]bool
	isCut bool
}

func newLine(t *testing.T, to string) *line2 {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line2{ln: ln, to: to, conns: map[net.Conn]bool{}}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go l.carry(c)
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); l.cut() })
	return l
}

func (l *line2) addr() string { return l.ln.Addr().String() }

func (l *line2) carry(c net.Conn) {
	d, err := net.Dial("tcp", l.to)
	if err != nil || !l.hold(c, d) {
		_ = c.Close()
		if d != nil {
			_ = d.Close()
		}
		return
	}
	go func() { _, _ = io.Copy(d, c); _ = d.Close(); _ = c.Close() }()
	_, _ = io.Copy(c, d)
	_, _ = d.Close(), c.Close()
}

func (l *line2) hold(conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		l.conns[c] = true
	}
	return !l.isCut
}

func (l *line2) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isCut = true
	for c := range l.conns {
		_ = c.Close()
	}
	clear(l.conns)
}

func (l *line2) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isCut = false
}

// crew are miners that go on through everything.
type crew struct {
	mu      sync.Mutex // guards the fields below
	acked   map[[32]byte]bool
	sent    map[[32]byte]bool
	refused []error
	cuts    int
}

func newCrew() *crew { return &crew{acked: map[[32]byte]bool{}, sent: map[[32]byte]bool{}} }

func (c *crew) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.acked)
}

// mine submits until ctx ends.
func (c *crew) mine(ctx context.Context, addr, user, password string) {
	for ctx.Err() == nil {
		err := c.session(ctx, addr, user, password)
		if ctx.Err() == nil {
			c.mu.Lock()
			c.cuts++
			c.mu.Unlock()
			_ = err
			wait(ctx, 10*time.Millisecond)
		}
	}
}

func (c *crew) session(ctx context.Context, addr, user, password string) error {
	m, err := stratumtest.Dial(ctx, addr)
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }()
	if err := m.Handshake(ctx, user, password, 0); err != nil {
		return err
	}
	for ctx.Err() == nil {
		s, err := m.Mine(ctx, m.Job(), m.Job().Difficulty, 0)
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.sent[s.Hash] = true
		c.mu.Unlock()
		once, cancel := context.WithTimeout(ctx, 20*time.Second)
		err = m.Submit(once, s)
		cancel()
		var refused *stratumtest.Error
		switch {
		case errors.As(err, &refused):
			c.mu.Lock()
			c.refused = append(c.refused, err)
			c.mu.Unlock()
		case err != nil:
			return err
		default:
			c.mu.Lock()
			c.acked[s.Hash] = true
			c.mu.Unlock()
		}
		wait(ctx, 2*time.Millisecond) // leave the processor to the others
	}
	return ctx.Err()
}

// eventually waits for something that takes a moment.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came: %s", what)
		}
	}
}

// creditedOnce holds what miners heard against the books.
func (y *yard) creditedOnce(c *crew) {
	y.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	missing := func() (n int) {
		y.mu.Lock()
		defer y.mu.Unlock()
		for h := range c.acked {
			if y.credited[h] == 0 {
				n++
			}
		}
		return n
	}
	eventually(y.t, "acknowledged shares in the books", func() bool { return missing() == 0 })
	y.mu.Lock()
	defer y.mu.Unlock()
	for h, n := range y.credited {
		if n != 1 || !c.sent[h] {
			y.t.Errorf("share %s is credited %d times, sent %t", hex.EncodeToString(h[:8]), n, c.sent[h])
		}
	}
	for _, m := range y.machines {
		if m.Missing != 0 {
			y.t.Errorf("edge %s: %d messages are missing", m.Name, m.Missing)
		}
	}
	y.t.Logf("%d shares answered true, %d credited, %d records in the yard's log", len(c.acked), len(y.credited), y.logged)
}
