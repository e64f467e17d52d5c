package edge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"hashyard"
	"hashyard/pool/job"
	"hashyard/pool/share"
	"hashyard/pool/sharelog"
	"hashyard/pool/stratum"
)

// Config sets an edge up. Dir, Yard, Seed and Stratum's address are required.
type Config struct {
	Dir  string // of the share log, the grants and found blocks
	Yard string // nats://host:port or tls://host:port
	Seed []byte // of the nkey that the yard has enrolled
	CA   string // file with the authorities of the yard's TLS; "" for the system's
	// Stratum is the server's configuration; who may mine, the log, blocks, the
	// number and the yard's settings are filled in.
	Stratum stratum.Config
	// Submit hands a block to a node of the edge's own; nil is none.
	Submit func(ctx context.Context, block []byte) (verdict string, err error)
	// CutOff is for how long work is offered without the yard; 0 is 10 min.
	CutOff time.Duration
	// Farewell is how long the end may take that forwards what is left; 0 is 10 s.
	Farewell time.Duration
	MaxBytes int64 // of the share log; 0 is 4 GiB
	Version  string
	Logger   *slog.Logger
}

// Edge is one machine elsewhere. Make it by Open, then Run it.
type Edge struct {
	cfg    Config
	boot   string
	key    string // public
	conn   *nats.Conn
	log    *sharelog.Log
	server *stratum.Server
	grants *grants
	blocks *blockBox
	number byte

	mu        sync.Mutex // guards the fields below
	hello     helloAnswer
	helloed   time.Time // when the yard last answered one
	offset    time.Duration
	yardLog   string // the yard's log that forwarded is about
	following string // the one that the forwarder began with
	forwarded uint64 // messages of our log that are durable at the yard
	moved     chan struct{}
	fatal     error
	suspended string
	told      time.Time       // when an interruption was last told
	up        context.Context // ends when the line goes down
	down      context.CancelFunc

	poke chan struct{} // has room for one: say hello now
}

// askTimeout bounds a question, but for a job.
const askTimeout = 5 * time.Second

// Open reaches the yard, which says who we are: it waits for it until ctx
// ends. The Stratum port is bound after that.
func Open(ctx context.Context, cfg Config) (*Edge, error) {
	if cfg.CutOff == 0 {
		cfg.CutOff = 10 * time.Minute
	}
	if cfg.Farewell == 0 {
		cfg.Farewell = 10 * time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	e := &Edge{cfg: cfg, boot: hashyard.NewID().String(), moved: make(chan struct{}), poke: make(chan struct{}, 1)}
	e.hold()
	err := e.open(ctx)
	if err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

func (e *Edge) open(ctx context.Context) (err error) {
	e.log, err = sharelog.Open(ctx, sharelog.Config{Dir: filepath.Join(e.cfg.Dir, "shares"), MaxBytes: e.cfg.MaxBytes, Logger: e.cfg.Logger})
	if err != nil {
		return err
	}
	if e.grants, err = openGrants(filepath.Join(e.cfg.Dir, "grants.json")); err != nil {
		return err
	}
	if e.blocks, err = openBlockBox(filepath.Join(e.cfg.Dir, "blocks")); err != nil {
		return err
	}
	if err := e.dial(); err != nil {
		return err
	}
	for {
		err := e.sayHello(ctx)
		if err == nil {
			break
		}
		if e.failed() != nil {
			return err
		}
		e.cfg.Logger.WarnContext(ctx, "the yard does not know us yet", "yard", e.cfg.Yard, "key", e.key, "err", err)
		if wait(ctx, time.Second); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	s := e.cfg.Stratum
	s.Auth, s.Log, s.Found, s.Region = e, e.log, e.Found, e.number
	s.Start, s.Floor, s.PerMinute = e.hello.Start, e.hello.Floor, e.hello.PerMinute
	s.Hooks.Opened, s.Hooks.Interrupted, s.Logger = e.sessionOpened, e.interrupted, e.cfg.Logger
	e.server, err = stratum.Open(s)
	return err
}

func (e *Edge) dial() error {
	pair, err := nkeys.FromSeed(e.cfg.Seed)
	if err != nil {
		return hashyard.Invalid.Errorf("edge key: %w", err)
	}
	if e.key, err = pair.PublicKey(); err != nil {
		return hashyard.Invalid.Errorf("edge key: %w", err)
	}
	opts := []nats.Option{
		nats.Name(e.boot), nats.Nkey(e.key, pair.Sign), nats.CustomInboxPrefix(inbox(e.key)),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(500 * time.Millisecond), nats.IgnoreAuthErrorAbort(),
		nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2), nats.ReconnectBufSize(-1), nats.Timeout(5 * time.Second),
		nats.ReconnectHandler(func(*nats.Conn) { e.hold() }), nats.ConnectHandler(func(*nats.Conn) { e.hold() }),
		nats.DisconnectErrHandler(func(*nats.Conn, error) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.down()
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			e.cfg.Logger.Warn("line to the yard", "err", err)
		}),
	}
	if e.cfg.CA != "" {
		opts = append(opts, nats.RootCAs(e.cfg.CA))
	}
	if e.conn, err = nats.Connect(e.cfg.Yard, opts...); err != nil {
		return hashyard.Invalid.Errorf("yard %s: %w", e.cfg.Yard, err)
	}
	return nil
}

// hold notes that the line is up.
func (e *Edge) hold() {
	e.mu.Lock()
	if e.down != nil {
		e.down()
	}
	e.up, e.down = context.WithCancel(context.Background())
	e.mu.Unlock()
	select {
	case e.poke <- struct{}{}:
	default:
	}
}

// ask asks the yard and reads its answer.
func (e *Edge) ask(ctx context.Context, verb string, v, into any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	return e.askRaw(ctx, toYard(e.number, verb), b, into)
}

func (e *Edge) askRaw(ctx context.Context, subject string, b []byte, into any) error {
	m, err := e.request(ctx, subject, b)
	if err != nil {
		return err
	}
	return heard(m, into)
}

// request asks, and does not wait for an answer that cannot come: a line that
// went down has lost it.
func (e *Edge) request(ctx context.Context, subject string, b []byte) (*nats.Msg, error) {
	e.mu.Lock()
	up := e.up
	e.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(up, cancel)()
	m, err := e.conn.RequestWithContext(ctx, subject, b)
	if err != nil {
		return nil, hashyard.Unavailable.Errorf("the yard does not answer %s: %w", subject, err)
	}
	return m, nil
}

// sayHello tells the yard that we are there and hears how far our shares are
// in its books.
func (e *Edge) sayHello(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	name, last := e.log.Position()
	ask := helloAsk{Boot: e.boot, Version: e.cfg.Version, Stream: name, Last: last}
	if st, err := e.log.Stats(ctx); err == nil {
		ask.Backlog = st.Backlog
	}
	if e.server != nil {
		ask.Live = len(e.server.Sessions())
	}
	b, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	var h helloAnswer
	asked := time.Now()
	if err := e.askRaw(ctx, yardOf(e.key), b, &h); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case h.Number == 0 || e.number != 0 && h.Number != e.number:
		e.fatal = hashyard.Conflict.Errorf("the yard says that we are edge %d, we were %d", h.Number, e.number)
	case h.Stream == name && h.Seq > last:
		e.fatal = hashyard.Conflict.Errorf(
			"our share log ends at %d but the yard has booked %d: the log was set back. Move %s away and start again; new shares in it would not count", last, h.Seq, e.cfg.Dir)
	}
	if e.fatal != nil {
		return e.fatal
	}
	if h.YardLog != e.yardLog { // what was only in the log before may be lost
		e.yardLog, e.forwarded = h.YardLog, 0
	}
	if h.Stream != name {
		h.Seq = 0
	}
	took := time.Since(asked)
	e.hello, e.helloed, e.offset = h, time.Now(), h.Now.Sub(asked.Add(took/2))
	if e.number == 0 { // before anybody reads it
		e.number = h.Number
	}
	return nil
}

func (e *Edge) failed() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.fatal
}

// Run takes shares until ctx ends, then forwards what is left and says
// goodbye. It returns an error of its own only when going on would lose shares.
func (e *Edge) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// The line outlives the miners: the last shares go over it.
	line, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	var wg sync.WaitGroup
	part := func(ctx context.Context, run func(context.Context) error) {
		wg.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		})
	}
	subs, err := e.listen()
	if err != nil {
		return err
	}
	part(line, e.forwardAll)
	part(line, e.attend)
	part(line, e.sendBlocks)
	part(ctx, e.followJobs)
	part(ctx, e.reportSessions)
	part(ctx, e.keepGrants)
	served := make(chan error, 1)
	go func() { served <- e.server.Run(ctx) }()
	err = <-served // after its last answer
	cancel(err)
	bye, done := context.WithTimeout(line, e.cfg.Farewell)
	e.sayGoodbye(bye)
	done()
	hangUp()
	wg.Wait()
	for _, s := range subs {
		_ = s.Unsubscribe()
	}
	err = context.Cause(ctx)
	if errors.Is(err, context.Canceled) {
		err = ctx.Err()
	}
	return errors.Join(err, e.close())
}

func (e *Edge) sayGoodbye(ctx context.Context) {
	_, err := e.flush(ctx)
	for err == nil && e.blocks.size() > 0 && ctx.Err() == nil {
		wait(ctx, 20*time.Millisecond) // they are on their way
	}
	if err == nil {
		err = e.blocks.empty()
	}
	if err == nil {
		err = e.ask(ctx, verbBye, nil, nil)
	}
	if err != nil {
		e.cfg.Logger.WarnContext(ctx, "stopping with shares that the yard has not: start again to forward them", "err", err)
		return
	}
	e.cfg.Logger.InfoContext(ctx, "everything is at the yard")
}

func (e *Edge) close() error {
	if e.conn != nil {
		e.conn.Close()
	}
	var err error
	if e.grants != nil {
		err = e.grants.save()
	}
	if e.log != nil {
		err = errors.Join(err, e.log.Close())
	}
	return err
}

// attend says hello again and again, and at once when the line is back.
func (e *Edge) attend(ctx context.Context) error {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-e.poke:
		case <-time.After(helloEvery):
		}
		if err := e.sayHello(ctx); err != nil && ctx.Err() == nil {
			if fatal := e.failed(); fatal != nil {
				return fatal
			}
			e.cfg.Logger.DebugContext(ctx, "hello", "err", err)
		}
	}
	return nil
}

const helloEvery = 5 * time.Second

// Found keeps a block and hands it in; it returns at once.
func (e *Edge) Found(c job.Candidate) {
	hashyard.Hit(hashyard.AtBlockFound)
	e.blocks.found(c)
}

// Status is how the edge is.
type Status struct {
	Number    byte
	Name      string
	Cut       time.Duration // since the yard last answered
	Clock     time.Duration // by how much the yard's clock is ahead of ours
	Suspended string        // why no work is offered
	Log       sharelog.Stats
	Booked    uint64 // messages of the log that are in the yard's books
	Sessions  int
	Blocks    int // that the yard has not
	Workers   int // in the cache of grants
}

// Status asks for it.
func (e *Edge) Status(ctx context.Context) (Status, error) {
	st, err := e.log.Stats(ctx)
	if err != nil {
		return Status{}, err
	}
	e.mu.Lock()
	s := Status{
		Number: e.number, Name: e.hello.Name, Cut: time.Since(e.helloed), Clock: e.offset, Suspended: e.suspended,
		Log: st, Booked: e.hello.Seq,
	}
	e.mu.Unlock()
	s.Sessions, s.Blocks, s.Workers = len(e.server.Sessions()), e.blocks.size(), e.grants.size()
	return s, nil
}

// Writable answers whether shares can be stored now.
func (e *Edge) Writable(ctx context.Context) error { return e.log.Writable(ctx) }

// Server is the edge's Stratum server.
func (e *Edge) Server() *stratum.Server { return e.server }

// Key is the public half of the edge's key.
func (e *Edge) Key() string { return e.key }

var _ stratum.Authorizer = (*Edge)(nil)

// Grant is what an authorised session may submit as.
type Grant = share.Grant
