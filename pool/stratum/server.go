// Package stratum is the mining edge: a Stratum V1 server over TCP. It owns
// the live sessions, which jobs are out, and which shares of them were seen;
// nothing of it outlives the process. A share is answered true only after the
// share log says that it is durable.
//
// Each connection has one goroutine, which reads and judges. What is sent goes
// through a bounded queue that a few goroutines empty for all. SetJob, Suspend, Retarget, CloseWorker and Sessions may be
// called from anywhere; Run ends every goroutine it started before it returns.
package stratum

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hashyard"
	"hashyard/pool/job"
	"hashyard/pool/share"
)

// Grant is what an authorised session may submit as; see package share.
type Grant = share.Grant

// Authorizer decides who may mine. hashyard.NotFound, Denied and Invalid mean
// no (code 24); any other error means not now (code 20).
type Authorizer interface {
	Authorize(ctx context.Context, user, password, agent string, remote netip.AddrPort) (Grant, error)
}

// Log makes accepted shares durable. done is called exactly once and may come
// from another goroutine; hashyard.Exhausted means the share surely is not in
// the log.
type Log interface {
	Submit(rec share.Record, done func(error))
	AppendLater(rec share.Record)
}

// Hooks tell the accounts about sessions. They run on the session's own
// goroutine and may take their time; nil ones are skipped.
type Hooks struct {
	Opened func(ctx context.Context, s Info)
	Closed func(ctx context.Context, s Info, reason string)
	// Interrupted tells that the pool itself turned work away: it offers none,
	// or could not store a share. It may come from any goroutine, often, and
	// must return at once.
	Interrupted func(reason string)
	// Judged is told of every share that was answered, what it counts and how
	// long its answer took. It is on the way of every share: it must be quick.
	Judged func(code share.Code, counts hashyard.Difficulty, took time.Duration)
}

// Config sets the server up. Listen, Auth, Log and Found are required.
type Config struct {
	Listen string // host:port; port 0 takes a free one
	Auth   Authorizer
	Log    Log
	// Found gets every block candidate, once, before its share is judged. It
	// must return at once.
	Found func(c job.Candidate)
	Hooks Hooks

	Floor     hashyard.Difficulty // least difficulty ever assigned; 0 is 1
	Start     hashyard.Difficulty // first difficulty of unknown machines; 0 is 2^32·1024
	PerMinute float64             // wanted shares a minute; 0 is 12
	Mask      uint32              // version bits offered; 0 is job.RollMask
	Region    byte                // first byte of every extranonce1

	MaxLine     int           // bytes; 0 is 8,192
	MaxQueue    int           // bytes that may wait to be sent to one client; 0 is 64 KiB
	MaxInFlight int           // shares of one client waiting for the log; 0 is 64
	MaxSessions int           // 0 is 16,000
	MaxPerAddr  int           // sessions of one address; 0 is 4,096
	MaxRefused  int           // refused submits in a row before the connection is closed; 0 is 512
	MaxSeen     int           // shares remembered of one job; 0 is 2^20
	MaxTaken    int           // shares of one job that one session may have; 0 is 8,192
	MaxJobs     int           // jobs remembered; 0 is 256
	JobLife     time.Duration // how long; 0 is 10 min
	Handshake   time.Duration // to be authorised; 0 is 15 s
	Idle        time.Duration // without a line from the client; 0 is 10 min
	Write       time.Duration // for one write; 0 is 10 s
	NotifyEvery time.Duration // at most between two notifies; 0 is 30 s
	Tick        time.Duration // of difficulty and notify upkeep; 0 is 2 s
	Drain       time.Duration // for open answers at the end; 0 is 5 s

	Logger *slog.Logger
	Now    func() time.Time
}

func (c Config) withDefaults() Config {
	defaultTo(&c.Floor, 1)
	defaultTo(&c.Start, 1024<<32)
	defaultTo(&c.PerMinute, 12)
	defaultTo(&c.Mask, job.RollMask)
	defaultTo(&c.MaxLine, 8192)
	defaultTo(&c.MaxQueue, 64<<10)
	defaultTo(&c.MaxInFlight, 64)
	defaultTo(&c.MaxSessions, 16_000)
	defaultTo(&c.MaxPerAddr, 4096)
	defaultTo(&c.MaxRefused, 512)
	defaultTo(&c.MaxSeen, 1<<20)
	defaultTo(&c.MaxTaken, 8192)
	defaultTo(&c.MaxJobs, 256)
	defaultTo(&c.JobLife, 10*time.Minute)
	defaultTo(&c.Handshake, 15*time.Second)
	defaultTo(&c.Idle, 10*time.Minute)
	defaultTo(&c.Write, 10*time.Second)
	defaultTo(&c.NotifyEvery, 30*time.Second)
	defaultTo(&c.Tick, 2*time.Second)
	defaultTo(&c.Drain, 5*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func defaultTo[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Server is one listening edge.
type Server struct {
	cfg  Config
	ln   net.Listener
	jobs *registry
	post *post
	// changes counts Retarget and CloseWorker.
	changes atomic.Uint64

	mu       sync.Mutex // guards the fields below
	sessions map[*session]struct{}
	units    map[hashyard.ID]*session // who holds a unit's secret now
	perAddr  map[netip.Addr]int
	en1      map[uint32]struct{} // in use
	nextEn1  uint32
	draining bool

	wg sync.WaitGroup // connections; Run waits
}

// Open binds the address. Nothing is accepted before Run.
func Open(cfg Config) (*Server, error) {
	if cfg.Auth == nil || cfg.Log == nil || cfg.Found == nil {
		return nil, hashyard.Invalid.Errorf("stratum: authorizer, share log and block handler are required")
	}
	cfg = cfg.withDefaults()
	if cfg.Mask&^job.RollMask != 0 {
		return nil, hashyard.Invalid.Errorf("stratum: version mask %08x has bits outside %08x", cfg.Mask, job.RollMask)
	}
	ln, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, hashyard.Unavailable.Errorf("stratum: listen on %s: %w (is the port taken? choose another)", cfg.Listen, err)
	}
	return &Server{
		cfg: cfg, ln: ln, jobs: newRegistry(cfg.MaxJobs, cfg.JobLife, cfg.MaxSeen), post: newPost(),
		sessions: map[*session]struct{}{}, units: map[hashyard.ID]*session{},
		perAddr: map[netip.Addr]int{}, en1: map[uint32]struct{}{},
		nextEn1: uint32(cfg.Now().UnixNano()),
	}, nil
}

// Addr is where it listens.
func (s *Server) Addr() netip.AddrPort { return addrPort(s.ln.Addr()) }

// Run serves until ctx ends; then it takes no more, lets shares that wait for
// the log be answered, and closes. Its only error is ctx's or the listener's.
func (s *Server) Run(ctx context.Context) error {
	s.post.open()
	defer s.post.close()
	upkeepDone := make(chan struct{})
	inner, stop := context.WithCancel(ctx)
	go func() {
		defer close(upkeepDone)
		s.upkeep(inner)
	}()
	unhook := context.AfterFunc(ctx, func() { _ = s.ln.Close() })
	err := s.accept(ctx)
	unhook()
	stop()
	s.drain()
	<-upkeepDone
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (s *Server) accept(ctx context.Context) error {
	pause := 5 * time.Millisecond
	for {
		conn, err := s.ln.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = conn.Close()
			}
			return ctx.Err()
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // out of descriptors, or the client is gone already
			s.cfg.Logger.WarnContext(ctx, "stratum connection not accepted", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
			pause = min(2*pause, time.Second)
			continue
		}
		pause = 5 * time.Millisecond
		ses := s.admit(conn)
		if ses == nil {
			_ = conn.Close() // full: the miner takes its next pool
			continue
		}
		s.wg.Go(func() { ses.run(ctx) })
	}
}

// drain ends all sessions, first gently.
func (s *Server) drain() {
	_ = s.ln.Close()
	s.mu.Lock()
	s.draining = true
	s.mu.Unlock()
	for _, ses := range s.list() {
		ses.end("server stops")
	}
	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return
	case <-time.After(s.cfg.Drain):
	}
	for _, ses := range s.list() {
		ses.abort()
	}
	<-done
}

func (s *Server) list() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*session, 0, len(s.sessions))
	for ses := range s.sessions {
		all = append(all, ses)
	}
	return all
}

// admit registers a connection, or returns nil when there is no room.
func (s *Server) admit(conn net.Conn) *session {
	remote := addrPort(conn.RemoteAddr())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining || len(s.sessions) >= s.cfg.MaxSessions || s.perAddr[remote.Addr()] >= s.cfg.MaxPerAddr {
		return nil
	}
	ses := newSession(s, conn, remote, s.takeEn1())
	s.sessions[ses] = struct{}{}
	s.perAddr[remote.Addr()]++
	return ses
}

// takeEn1 gives an extranonce1 that no live session has. Counting up instead
// of drawing lots keeps a freed one unused for 16 million connections, longer
// than any job lives. The caller holds s.mu.
func (s *Server) takeEn1() uint32 {
	for {
		n := uint32(s.cfg.Region)<<24 | s.nextEn1&0xffffff
		s.nextEn1++
		if _, used := s.en1[n]; !used {
			s.en1[n] = struct{}{}
			return n
		}
	}
}

func (s *Server) forget(ses *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, ses)
	delete(s.en1, ses.en1Number())
	if s.perAddr[ses.remote.Addr()]--; s.perAddr[ses.remote.Addr()] <= 0 {
		delete(s.perAddr, ses.remote.Addr())
	}
	if s.units[ses.holds] == ses {
		delete(s.units, ses.holds)
	}
}

// hold makes ses the one session of a unit's secret; an older one ends. A
// miner that lost its line comes back before the server notices, and a second
// machine with a copied secret must not add to the first one's work.
func (s *Server) hold(unit hashyard.ID, ses *session) {
	s.mu.Lock()
	older := s.units[unit]
	s.units[unit], ses.holds = ses, unit
	s.mu.Unlock()
	if older != nil && older != ses {
		older.end("replaced by a newer session of the same unit")
	}
}

// upkeep runs the rules that time alone triggers.
func (s *Server) upkeep(ctx context.Context) {
	tick := time.NewTicker(s.cfg.Tick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := s.cfg.Now()
		for _, ses := range s.list() {
			ses.tick(now)
		}
	}
}

// SetJob makes j what everybody works on. When it has another previous block
// than the job before it, all older jobs are stale from this moment.
func (s *Server) SetJob(j *job.Job) {
	if !s.jobs.set(j, s.cfg.Now()) {
		return // older than what is out
	}
	s.spread((*session).offer)
}

// spreadLeast is how many sessions are worth a goroutine.
const spreadLeast = 256

// spread does something with all sessions, on all processors when they are
// many.
func (s *Server) spread(do func(*session)) {
	all := s.list()
	part := max(spreadLeast, (len(all)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var parts sync.WaitGroup
	for some := range slices.Chunk(all, part) {
		parts.Go(func() {
			for _, ses := range some {
				do(ses)
			}
		})
	}
	parts.Wait()
}

// Suspend stops offering work, e.g. because no node answers: miners are sent
// to their next pool, and new ones are told why, until the next SetJob.
func (s *Server) Suspend(reason string) {
	s.jobs.suspend(reason)
	s.interrupted("no work: " + reason)
	for _, ses := range s.list() {
		ses.end("no work: " + reason)
	}
}

func (s *Server) judged(code share.Code, counts hashyard.Difficulty, took time.Duration) {
	if tell := s.cfg.Hooks.Judged; tell != nil {
		tell(code, counts, took)
	}
}

func (s *Server) interrupted(reason string) {
	if tell := s.cfg.Hooks.Interrupted; tell != nil {
		tell(reason)
	}
}

// Retarget gives the sessions of a worker a new grant, e.g. when its proof
// starts or ends; a new share rate binds from the notify that goes out now.
func (s *Server) Retarget(worker hashyard.ID, g Grant) {
	s.changes.Add(1) // before the walk: see session.confirm
	for _, ses := range s.list() {
		ses.retarget(worker, g)
	}
}

// CloseWorker ends the sessions of a worker, e.g. when its secret changed.
func (s *Server) CloseWorker(worker hashyard.ID, reason string) {
	s.changes.Add(1)
	for _, ses := range s.list() {
		if i, live := ses.picture(); live && i.Worker == worker {
			ses.end(reason)
		}
	}
}

// Sessions is a picture of all authorised sessions.
func (s *Server) Sessions() []Info {
	all := s.list()
	out := make([]Info, 0, len(all))
	for _, ses := range all {
		if i, live := ses.picture(); live {
			out = append(out, i)
		}
	}
	return out
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}
