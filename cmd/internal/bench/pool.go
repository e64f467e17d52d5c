//go:build linux

package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"time"

	"hashyard"
)

// Pool measures the pool.
type Pool struct {
	Conns       int           `default:"1000" help:"Clients, each with a connection and a worker of its own."`
	Rate        float64       `default:"0" help:"Shares a second over all clients, sent by the clock; 0 is a closed loop: each sends its next share when the last was answered."`
	BlocksEvery time.Duration `default:"0s" help:"A new block this often during the load; 0s for none."`
	Seconds     int           `default:"10" help:"Length of the measured load."`
	Fans        int           `default:"3" help:"New blocks before the load, to measure how long a clean job takes to all clients."`
	Txs         int           `default:"1000" help:"Transactions in the template, which a share has branches for."`
	Difficulty  uint64        `default:"4" help:"Difficulty of every share, in expected hashes."`
	GOGC        int           `name:"gogc" default:"100" help:"The server's GOGC."`
	Threads     int           `default:"1" help:"Threads of the load."`
	SinkSeconds int           `default:"5" help:"Length of the load on the do-nothing server; 0 leaves it out."`
	Dir         string        `type:"path" help:"Folder of the run; default a temporary one, forgotten at the end."`
	Profile     string        `type:"path" help:"Write the server's CPU profile of new blocks and load into this file (--fans 0: of the load alone)."`
	Heap        string        `type:"path" help:"Write a profile of the server's memory, every client connected, into this file."`
	JSON        bool          `name:"json" help:"Write the figures as JSON."`

	// Search are folders below which a Postgres may lie.
	Search []string `kong:"-"`
	// Out gets the figures.
	Out io.Writer `kong:"-"`
}

// Check refuses what cannot be run.
func (b *Pool) Check() error {
	switch {
	case b.Conns < 1 || b.Conns > maxConns:
		return hashyard.Invalid.Errorf("--conns must be 1 … %d: both ends need a descriptor each", maxConns)
	case b.Txs < 0 || b.Txs > maxTxs:
		return hashyard.Invalid.Errorf("--txs must be 0 … %d", maxTxs)
	case b.Rate < 0 || b.Seconds < 1 || b.Fans < 0 || b.Difficulty < 1 || b.Threads < 1 || b.SinkSeconds < 0 || b.BlocksEvery < 0:
		return hashyard.Invalid.Errorf("--rate, --fans, --sink-seconds and --blocks-every cannot be negative; --seconds, --difficulty and --threads are at least 1")
	}
	return nil
}

const maxConns = 15_000

// Run measures and writes the figures. It fails when the books do not hold
// exactly the work that was answered true.
func (b *Pool) Run(ctx context.Context, log *slog.Logger) error {
	if err := b.Check(); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir := b.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "hashyard-bench-"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		if err := os.Chmod(dir, 0o755); err != nil { // Postgres may run as somebody else
			return err
		}
	}
	f := &Figures{Conns: b.Conns, Rate: b.Rate, BlocksEvery: b.BlocksEvery.Seconds(), Difficulty: b.Difficulty, Busy: busy()}
	err = b.measure(ctx, self, dir, f, log)
	if err == nil && b.SinkSeconds > 0 {
		err = b.measureSink(ctx, self, f)
	}
	if err != nil {
		return err
	}
	return errors.Join(f.write(b.Out, b.JSON), f.honest())
}

// measure is the run against the real server.
func (b *Pool) measure(ctx context.Context, self, dir string, f *Figures, log *slog.Logger) (err error) {
	s, err := surround(ctx, dir, b.Search, b.Conns, b.Txs, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	server, err := start(ctx, self, os.Stderr, "bench", "server", "--log-level", "warn", "--dir", dir,
		"--database-url", s.app, "--chain-url", s.url, "--difficulty", strconv.FormatUint(b.Difficulty, 10), "--gogc", strconv.Itoa(b.GOGC))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	r := &run{Pool: b, server: server, tip: s.chain.Give, database: s.databaseTime}
	if err := r.play(ctx, &f.Server, false, b.Seconds); err != nil {
		return err
	}
	if _, err := server.tell(ctx, "settle"); err != nil {
		return err
	}
	f.BookedWork, f.BookedShares, err = s.booked(ctx)
	return err
}

// measureSink is the same against the do-nothing server.
func (b *Pool) measureSink(ctx context.Context, self string, f *Figures) (err error) {
	sink, err := start(ctx, self, os.Stderr, "bench", "sink", "--bytes", strconv.Itoa(f.Server.NotifyBytes))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sink.stop()) }()
	tip := func() error {
		_, err := sink.tell(ctx, "notify")
		return err
	}
	f.Sink = new(Side)
	r := &run{Pool: b, server: sink, tip: tip}
	return r.play(ctx, f.Sink, true, b.SinkSeconds)
}

// run is one load on one server.
type run struct {
	*Pool
	server   *process
	tip      func() error // makes a new clean job
	database func() (time.Duration, error)
	load     *load
}

// play connects, fans out, loads, and waits for the last answer.
func (r *run) play(ctx context.Context, side *Side, sink bool, seconds int) error {
	var err error
	if r.load, err = newLoad(sink, r.Rate, r.Threads); err != nil {
		return err
	}
	defer r.load.close()
	before, err := resident(r.server.pid())
	if err != nil {
		return err
	}
	begun := time.Now()
	if err := r.load.connect(ctx, r.server.addr, r.Conns); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		r.load.run(ctx)
	}()
	defer func() {
		stop()
		<-ran
	}()
	ready := func(s *shard) int64 { return s.ready.Load() }
	if err := r.until(ctx, "every client has a job", func() bool { return r.load.total(ready) == int64(r.Conns) }); err != nil {
		return err
	}
	side.Handshakes = float64(r.Conns) / time.Since(begun).Seconds()
	side.NotifyBytes = r.notifyBytes()
	if err := r.rest(ctx); err != nil {
		return err
	}
	fresh, err := resident(r.server.pid())
	if err != nil {
		return err
	}
	if r.Profile != "" && !sink {
		if _, err := r.server.tell(ctx, "profile"); err != nil {
			return err
		}
	}
	if err := r.fanOut(ctx, side, sink); err != nil {
		return err
	}
	after, err := resident(r.server.pid())
	if err != nil {
		return err
	}
	settled := after
	if !sink {
		if _, err := r.server.tell(ctx, "collect"); err != nil {
			return err
		}
		if settled, err = resident(r.server.pid()); err != nil {
			return err
		}
	}
	side.BytesPerConnSettled = float64(settled-before) / float64(r.Conns)
	if side.Go, err = r.inUse(ctx, sink); err != nil {
		return err
	}
	side.BytesPerConn = float64(fresh-before) / float64(r.Conns)
	side.BytesPerConnFanned = float64(after-before) / float64(r.Conns)
	return r.mine(ctx, side, sink, time.Duration(seconds)*time.Second)
}

// until waits for something that the clients bring about.
func (r *run) until(ctx context.Context, what string, ok func() bool) error {
	deadline := time.Now().Add(2 * time.Minute)
	for !ok() {
		if err := r.load.err(); err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return hashyard.Unavailable.Errorf("waited in vain until %s", what)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
	return r.load.err()
}

func (r *run) notifyBytes() int {
	m := r.load.shards[0].miners[0]
	return int(m.length.Load())
}

// fanOut brings new blocks while nobody mines.
func (r *run) fanOut(ctx context.Context, side *Side, sink bool) error {
	for range r.Fans {
		no := r.load.cleanJobs()
		asked := r.load.now()
		if err := r.tip(); err != nil {
			return err
		}
		known := r.load.now() // by the node
		if sink {
			known = asked
		}
		var a arrival
		err := r.until(ctx, "every client has the clean job", func() bool {
			a = r.load.arrival(no)
			return a.n == r.Conns
		})
		if err != nil {
			return err
		}
		side.Fans = append(side.Fans, Fan{FirstMs: max(ms(a.first-known), 0), SpanMs: ms(a.last - a.first)})
		if err := r.rest(ctx); err != nil {
			return err
		}
	}
	return nil
}

// inUse asks the pool what its memory is: heap and stacks that are in use, what
// it has of the system, collections so far, goroutines.
func (r *run) inUse(ctx context.Context, sink bool) (string, error) {
	if sink {
		return "", nil
	}
	if r.Heap != "" {
		if _, err := r.server.tell(ctx, "heap "+r.Heap); err != nil {
			return "", err
		}
	}
	return r.server.tell(ctx, "memory")
}

// rest lets what follows a moment be over: the full job after the clean one,
// the garbage of both.
func (r *run) rest(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(700 * time.Millisecond):
		return nil
	}
}

func ms(ns int64) float64 { return float64(ns) / 1e6 }

// cleanJobs is how many clean jobs the clients have had.
func (l *load) cleanJobs() (n int) {
	for _, s := range l.shards {
		s.mu.Lock()
		n = max(n, len(s.arrive))
		s.mu.Unlock()
	}
	return n
}

// arrival joins what the threads saw of a clean job.
func (l *load) arrival(no int) (all arrival) {
	for _, s := range l.shards {
		s.mu.Lock()
		if no < len(s.arrive) {
			a := s.arrive[no]
			if all.n == 0 || a.first < all.first {
				all.first = a.first
			}
			all.last = max(all.last, a.last)
			all.n += a.n
		}
		s.mu.Unlock()
	}
	return all
}

// mine is the load itself.
func (r *run) mine(ctx context.Context, side *Side, sink bool, length time.Duration) error {
	from, err := r.clocks()
	if err != nil {
		return err
	}
	r.load.begin()
	if err := r.wait(ctx, side, sink, length); err != nil {
		return err
	}
	answers := func(s *shard) int64 { return s.answers.Load() }
	side.AnsweredPerSecond = float64(r.load.total(answers)) / ms(r.load.now()-r.load.began.Load()) * 1e3
	to, err := r.clocks()
	if err != nil {
		return err
	}
	side.answered = r.load.total(answers)
	r.load.phase.Store(int32(finishing))
	open := func(s *shard) int64 { return s.open.Load() }
	if err := r.until(ctx, "every share is answered", func() bool { return r.load.total(open) == 0 }); err != nil {
		return err
	}
	if r.Profile != "" && !sink {
		if _, err := r.server.tell(ctx, "profiled "+r.Profile); err != nil {
			return err
		}
	}
	side.count(r.load, from, to)
	return nil
}

// wait lets the load run, with blocks if wanted.
func (r *run) wait(ctx context.Context, side *Side, sink bool, length time.Duration) error {
	end := time.After(length)
	var block <-chan time.Time
	if r.BlocksEvery > 0 {
		t := time.NewTicker(r.BlocksEvery)
		defer t.Stop()
		block = t.C
	}
	check := time.NewTicker(100 * time.Millisecond)
	defer check.Stop()
	var last int
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end:
			if last > 0 {
				a := r.load.arrival(last)
				side.LoadedFanMs = ms(a.last - a.first)
			}
			return r.load.err()
		case <-check.C:
			if err := r.load.err(); err != nil {
				return err
			}
		case <-block:
			last = r.load.cleanJobs()
			if err := r.tip(); err != nil {
				return err
			}
		}
	}
}

// clocks are the processor times at a moment.
type clocks struct{ server, database time.Duration }

func (r *run) clocks() (c clocks, err error) {
	if c.server, err = cpuTime(r.server.pid()); err != nil {
		return c, fmt.Errorf("the server's processor time: %w", err)
	}
	if r.database != nil {
		c.database, err = r.database()
	}
	return c, err
}
