package stratum

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool/job"
	"hashyard/pool/share"
	"hashyard/pool/stratum/stratumtest"
)

// world is a server with its surroundings under the test's hand.
type world struct {
	*Server
	log  *memLog
	auth *fakeAuth

	mu     sync.Mutex // guards the fields below
	blocks []job.Candidate
	opened []Info
	closed []string
	broken []string // interruptions
	skew   time.Duration
	seq    uint64
}

// memLog makes shares durable as the test says.
type memLog struct {
	mu      sync.Mutex
	records []share.Record
	refused []share.Record
	fail    error
	hold    []func() // answers kept back
	holding bool
}

func (l *memLog) Submit(rec share.Record, done func(error)) {
	l.mu.Lock()
	err := l.fail
	if err == nil {
		l.records = append(l.records, rec)
	}
	if l.holding {
		l.hold = append(l.hold, func() { done(err) })
		l.mu.Unlock()
		return
	}
	l.mu.Unlock()
	done(err)
}

func (l *memLog) AppendLater(rec share.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused = append(l.refused, rec)
}

func (l *memLog) all() (accepted, refused []share.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]share.Record(nil), l.records...), append([]share.Record(nil), l.refused...)
}

func (l *memLog) set(fail error, holding bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail, l.holding = fail, holding
}

func (l *memLog) release() (n int) {
	l.mu.Lock()
	held := l.hold
	l.hold, l.holding = nil, false
	l.mu.Unlock()
	for _, f := range held {
		f()
	}
	return len(held)
}

// fakeAuth knows workers "acme.<name>"; those named unit… need the secret.
type fakeAuth struct {
	mu     sync.Mutex
	grants map[string]Grant
	err    error
	during func() // runs when a login is decided and not yet told
}

func (a *fakeAuth) Authorize(_ context.Context, user, password, _ string, _ netip.AddrPort) (Grant, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err != nil {
		return Grant{}, a.err
	}
	if f := a.during; f != nil {
		a.during = nil
		defer func() {
			a.mu.Unlock()
			f()
			a.mu.Lock()
		}()
	}
	name, ok := strings.CutPrefix(user, "acme.")
	if !ok {
		return Grant{}, hashyard.NotFound.Errorf("account of %q", user)
	}
	g, ok := a.grants[user]
	if !ok {
		g = Grant{Account: hashyard.NewID(), Worker: hashyard.NewID()}
		if strings.HasPrefix(name, "unit") {
			g.Unit = hashyard.NewID()
		}
		a.grants[user] = g
	}
	if !g.Unit.IsZero() {
		if password != "secret" {
			return Grant{}, hashyard.Denied.Errorf("wrong secret")
		}
		g.Secret = true
	}
	return g, nil
}

func (a *fakeAuth) granted(user string) Grant {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.grants[user]
}

// testStart is an easy first difficulty: about a thousand hashes.
const testStart = hashyard.Difficulty(1 << 10)

func newWorld(t *testing.T, change func(*Config)) *world {
	t.Helper()
	w := &world{log: &memLog{}, auth: &fakeAuth{grants: map[string]Grant{}}, seq: 100}
	cfg := Config{
		Listen: "127.0.0.1:0", Auth: w.auth, Log: w.log, Start: testStart, PerMinute: 6000,
		MaxBlame: 1e12, // what tests do wrong is all from one address
		Found: func(c job.Candidate) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.blocks = append(w.blocks, c)
		},
		Hooks: Hooks{
			Opened: func(_ context.Context, i Info) {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.opened = append(w.opened, i)
			},
			Closed: func(_ context.Context, _ Info, reason string) {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.closed = append(w.closed, reason)
			},
			Interrupted: func(reason string) {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.broken = append(w.broken, reason)
			},
		},
		Now: func() time.Time {
			w.mu.Lock()
			defer w.mu.Unlock()
			return time.Now().Add(w.skew)
		},
		Tick: 20 * time.Millisecond,
	}
	if change != nil {
		change(&cfg)
	}
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.Server = s
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("run ended with %v", err)
		}
	})
	return w
}

// advance moves the pool's clock.
func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.skew += d
}

// hardBits is a network difficulty that tests do not reach; easyBits one that
// every second hash meets.
const (
	hardBits = 0x1d3ba6fe
	easyBits = 0x207fffff
)

// newJob sets a job on the tip with this number.
func (w *world) newJob(t *testing.T, tip byte, nbits uint32, change func(*job.Params)) *job.Job {
	t.Helper()
	w.mu.Lock()
	w.seq++
	p := job.Params{Seq: w.seq, Epoch: hashyard.NewID(), Script: []byte{0x51}, Tag: "/hashyard/", NTime: time.Now().Add(w.skew).Unix()}
	w.mu.Unlock()
	if change != nil {
		change(&p)
	}
	j, err := job.New(job.Template{
		Version: 0x20000000, PrevHash: [32]byte{tip}, Height: int64(tip) + 20, NBits: nbits, MinTime: p.NTime - 600, Value: 2500,
	}, p)
	if err != nil {
		t.Fatal(err)
	}
	w.SetJob(j)
	return j
}

// dial connects a miner that speaks nothing yet.
func (w *world) dial(t *testing.T) *stratumtest.Client {
	t.Helper()
	c, err := stratumtest.Dial(t.Context(), w.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// miner connects one that is ready to mine.
func (w *world) miner(t *testing.T, user string) *stratumtest.Client {
	t.Helper()
	c := w.dial(t)
	if err := c.Handshake(deadline(t), user, "secret", 0); err != nil {
		t.Fatal(err)
	}
	return c
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// mine finds a share that just meets the job's difficulty.
func mine(t *testing.T, c *stratumtest.Client) stratumtest.Share {
	t.Helper()
	j := c.Job()
	s, err := c.Mine(deadline(t), j, j.Difficulty, 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wantCode(t *testing.T, err error, code share.Code) {
	t.Helper()
	var e *stratumtest.Error
	if !errors.As(err, &e) || e.Code != int(code) {
		t.Fatalf("answer is %v, want code %d", err, code)
	}
}

// eventually waits for a condition that other goroutines bring about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}
