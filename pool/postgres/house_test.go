package postgres_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/migrations/testdb"
	"hashyard/pool"
	"hashyard/pool/fpps"
	"hashyard/pool/job"
	"hashyard/pool/postgres"
	"hashyard/pool/share"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// bits is the local world's difficulty: 72 million hashes a block.
const bits = 0x1d3ba6fe

// period is the settlement period of the tests.
const period = 5 * time.Minute

// house is a pool whose log, chain, edge and clock the test holds.
type house struct {
	t     *testing.T
	db    *pg.DB
	store *postgres.Store
	svc   *pool.Service
	log   *fakeLog
	chain *fakeChain
	edge  *fakeEdge
	owner *pgx.Conn // sees past all policies

	mu  sync.Mutex // guards now
	now time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{
		t: t, db: testdb.New(t), log: &fakeLog{stream: "log-1"}, chain: newChain(), edge: &fakeEdge{},
		now: time.Date(2026, 11, 25, 12, 0, 1, 0, time.UTC),
	}
	h.store = postgres.New(h.db)
	h.owner = testdb.Owner(t, h.db)
	h.svc = h.service(func(*pool.Config) {})
	return h
}

func (h *house) service(change func(*pool.Config)) *pool.Service {
	h.t.Helper()
	cfg := pool.Config{
		Store: h.store, Log: h.log, Chain: h.chain, Edge: h.edge, URL: "stratum+tcp://127.0.0.1:3333",
		ServerKey: []byte("0123456789abcdef0123456789abcdef"), Network: "hashyard-local", Scale: 1_000_000_000,
		SettlementPeriod: period, Grace: 10 * time.Second, SettleAfter: time.Second, FeePPM: 20_000, FeeWindow: 6,
		SharesPerMinute: 12, ProofPerMinute: 240, MeasureEvery: 10 * time.Second, Confirmations: 5,
		Tick: 10 * time.Millisecond, Now: h.clock,
	}
	change(&cfg)
	s, err := pool.New(cfg)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) pass(d time.Duration) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
	return h.now
}

// run runs the service until done says so.
func (h *house) run(s *pool.Service, what string, done func() bool) {
	h.t.Helper()
	ctx, stop := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Run(ctx)
	}()
	for !done() {
		if ctx.Err() != nil {
			h.t.Fatalf("waited in vain: %s", what)
		}
		h.pass(100 * time.Millisecond) // chores are due by the service's clock
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	<-ended
}

// tenant is an organisation with an account.
type tenant struct {
	pool.Account
	actor hashyard.Actor
}

func (h *house) tenant(slug string) tenant {
	h.t.Helper()
	org := testdb.Org(h.t, h.db)
	a, err := h.svc.SeedAccount(h.t.Context(), org, slug)
	if err != nil {
		h.t.Fatal(err)
	}
	return tenant{a, hashyard.Actor{User: hashyard.NewID(), Org: org, Roles: []hashyard.Role{hashyard.Owner}}}
}

// machine is a unit that may mine.
type machine struct {
	unit hashyard.ID
	pool.Target
	share.Grant
	session hashyard.ID
}

func (h *house) machine(t tenant, unit hashyard.ID) machine {
	h.t.Helper()
	target, err := h.svc.WorkerFor(h.t.Context(), unit, t.Org)
	if err != nil {
		h.t.Fatal(err)
	}
	g, err := h.authorize(target.User, target.Password)
	if err != nil {
		h.t.Fatal(err)
	}
	return machine{unit, target, g, hashyard.NewID()}
}

func (h *house) authorize(user, password string) (share.Grant, error) {
	return h.svc.Authorize(h.t.Context(), user, password, "test/1", netip.AddrPort{})
}

// epoch is the rate of the period that the clock is in.
func (h *house) epoch() pool.Epoch {
	h.t.Helper()
	start, _, _ := h.svc.Period(h.clock())
	e, err := h.svc.EpochFor(h.t.Context(), job.EpochFacts{
		Period: start, NBits: bits, Subsidy: 2500, Tip: h.chain.tip(), Height: h.chain.height() + 1,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return e
}

// share is a submit of m judged now.
func (h *house) share(m machine, e hashyard.ID, d hashyard.Difficulty, code share.Code) share.Record {
	r := share.Record{
		Session: m.session, Account: m.Account, Worker: m.Worker, Unit: m.Unit, Epoch: e,
		At: h.clock(), Difficulty: d, Code: int(code), Secret: m.Secret,
	}
	if r.Accepted() {
		id := hashyard.NewID()
		r.Hash = sha256.Sum256(id[:])
		r.Sent, r.Fresh = r.At, true
	}
	return r
}

// submit logs records as one message and applies it.
func (h *house) submit(rs ...share.Record) share.Batch {
	h.t.Helper()
	b := h.log.append(rs...)
	if err := h.svc.Apply(h.t.Context(), b); err != nil {
		h.t.Fatal(err)
	}
	return b
}

// events are the payloads of a kind in the outbox, oldest first.
func events[T any](h *house, kind hashyard.EventKind) []T {
	h.t.Helper()
	rows, err := h.owner.Query(h.t.Context(), "SELECT payload FROM outbox WHERE kind = $1 ORDER BY id", kind)
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		var raw []byte
		var v T
		if err := rows.Scan(&raw); err != nil {
			h.t.Fatal(err)
		}
		if err := (hashyard.Event{Payload: raw}).Read(&v); err != nil {
			h.t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

// count is one number read past all policies.
func (h *house) count(sql string, args ...any) (n int64) {
	h.t.Helper()
	if err := h.owner.QueryRow(h.t.Context(), sql, args...).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// deliver hands an event to a handler twice, as the dispatcher may.
func (h *house) deliver(handle func(context.Context, hashyard.Event) error, kind hashyard.EventKind, payload any) {
	h.t.Helper()
	ev, err := hashyard.NewEvent(kind, hashyard.Ref{Kind: "test", ID: hashyard.NewID()}, h.clock(), payload)
	if err != nil {
		h.t.Fatal(err)
	}
	for range 2 {
		if err := handle(h.t.Context(), ev); err != nil {
			h.t.Fatal(err)
		}
	}
}

// fakeLog numbers messages as the share log does.
type fakeLog struct {
	mu      sync.Mutex // guards the fields below
	stream  string
	seq     uint64
	flushed int
}

func (l *fakeLog) Flush(context.Context) (string, uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flushed++
	return l.stream, l.seq, nil
}

func (l *fakeLog) append(rs ...share.Record) share.Batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	return share.Batch{Stream: l.stream, After: l.seq - 1, Seq: l.seq, Records: rs}
}

// fakeChain is a chain of named blocks with fees.
type fakeChain struct {
	mu     sync.Mutex // guards the fields below
	best   [][32]byte // by height
	blocks map[[32]byte]fpps.Block
	asked  int
	clock  time.Time // of the genesis block; blocks are a minute apart
}

func newChain() *fakeChain {
	c := &fakeChain{blocks: map[[32]byte]fpps.Block{}, clock: time.Date(2026, 11, 25, 11, 0, 0, 0, time.UTC)}
	c.mine(1, 0) // genesis
	return c
}

// mine adds a block that pays fees; fork tells branches apart.
func (c *fakeChain) mine(fork uint32, fees hashyard.Sats) [32]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := fpps.Block{Height: int64(len(c.best)), Fees: fees, NBits: bits, Subsidy: 2500, Time: c.clock.Add(time.Duration(len(c.best)) * time.Minute)}
	if b.Height > 0 {
		b.Prev = c.best[b.Height-1]
	}
	var seed [8]byte
	binary.BigEndian.PutUint32(seed[:], fork)
	binary.BigEndian.PutUint32(seed[4:], uint32(b.Height))
	b.Hash = sha256.Sum256(append(seed[:], b.Prev[:]...))
	c.blocks[b.Hash] = b
	c.best = append(c.best, b.Hash)
	return b.Hash
}

// undo takes the last n blocks off the best chain.
func (c *fakeChain) undo(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.best = c.best[:len(c.best)-n]
}

func (c *fakeChain) tip() [32]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.best[len(c.best)-1]
}

func (c *fakeChain) height() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int64(len(c.best)) - 1
}

func (c *fakeChain) BlockFees(_ context.Context, hash [32]byte) (fpps.Block, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	b, ok := c.blocks[hash]
	if !ok {
		return b, hashyard.NotFound.Errorf("block %x", hash)
	}
	return b, nil
}

func (c *fakeChain) Confirmations(_ context.Context, hash [32]byte, _ int64) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, ok := c.blocks[hash]
	switch {
	case !ok:
		return 0, hashyard.NotFound.Errorf("block %x", hash)
	case b.Height >= int64(len(c.best)) || c.best[b.Height] != hash:
		return -1, nil
	}
	return int64(len(c.best)) - b.Height, nil
}

// fakeEdge remembers what it was told.
type fakeEdge struct {
	mu       sync.Mutex // guards the fields below
	sessions []pool.Session
	grants   map[hashyard.ID]share.Grant
	closed   []hashyard.ID
}

func (e *fakeEdge) Retarget(worker hashyard.ID, g share.Grant) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.grants == nil {
		e.grants = map[hashyard.ID]share.Grant{}
	}
	e.grants[worker] = g
}

func (e *fakeEdge) CloseWorker(worker hashyard.ID, _ string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = append(e.closed, worker)
}

func (e *fakeEdge) Sessions() []pool.Session {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.sessions)
}

func (e *fakeEdge) open(s pool.Session) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sessions = append(e.sessions, s)
}
