// Package stratum is the mining edge: a Stratum V1 server over TCP and TLS. It
// owns the live sessions, where they come from and how those behave, which jobs
// are out, and which shares of them were seen; nothing of it outlives the
// process. A share is answered true only after the share log says that it is
// durable.
//
// Each connection has one goroutine, which only waits: see hand.go for who reads
// and judges. What is sent goes through a bounded queue that a few goroutines
// empty for all. SetJob, Suspend,
// Retarget, CloseWorker and Sessions may be called from anywhere; Run ends
// every goroutine it started before it returns.
package stratum

import (
	"context"
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

// Server is one listening edge.
type Server struct {
	cfg   Config
	doors []*door
	jobs  *registry
	post  *post
	hands *hands
	// changes counts Retarget and CloseWorker.
	changes atomic.Uint64
	refused [refusals]atomic.Int64
	flights sync.Pool // of *flight

	sources  ledger[netip.Addr]
	accounts ledger[hashyard.ID]

	mu       sync.Mutex // guards the fields below
	sessions map[*session]struct{}
	lobby    map[net.Conn]struct{}    // no session yet: who they are is not known
	units    map[hashyard.ID]*session // who holds a unit's secret now
	en1      extranonces
	draining bool

	wg sync.WaitGroup // connections; Run waits
}

// Open binds the addresses. Nothing is accepted before Run.
func Open(cfg Config) (*Server, error) {
	if cfg.Auth == nil || cfg.Log == nil || cfg.Found == nil {
		return nil, hashyard.Invalid.Errorf("stratum: authorizer, share log and block handler are required")
	}
	cfg = cfg.withDefaults()
	if cfg.Mask&^job.RollMask != 0 {
		return nil, hashyard.Invalid.Errorf("stratum: version mask %08x has bits outside %08x", cfg.Mask, job.RollMask)
	}
	if err := checkHosts(cfg.Reconnect); err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, jobs: newRegistry(cfg.MaxJobs, cfg.JobLife, cfg.MaxSeen), post: newPost(), hands: newHands(cfg.MaxLine), flights: sync.Pool{New: newFlight},
		sessions: map[*session]struct{}{}, lobby: map[net.Conn]struct{}{}, units: map[hashyard.ID]*session{},
		sources: newLedger[netip.Addr](cfg.MaxSources), accounts: newLedger[hashyard.ID](cfg.MaxSources),
		en1: newExtranonces(cfg.Region, uint32(cfg.Now().UnixNano())),
	}
	if err := s.openDoors(); err != nil {
		return nil, err
	}
	return s, nil
}

// Run serves until ctx ends; then it takes no more, lets shares that wait for
// the log be answered, and closes. Its only error is ctx's or a listener's.
func (s *Server) Run(ctx context.Context) error {
	s.post.open()
	defer s.post.close()
	inner, stop := context.WithCancel(ctx)
	defer stop()
	var helpers sync.WaitGroup
	helpers.Go(func() { s.upkeep(inner) })
	err := s.accept(inner, context.WithoutCancel(ctx))
	stop()
	s.drain()
	s.hands.close()
	helpers.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// drain ends all sessions, first gently.
func (s *Server) drain() {
	s.closeDoors()
	s.mu.Lock()
	s.draining = true
	for conn := range s.lobby {
		_ = conn.Close()
	}
	s.mu.Unlock()
	for _, ses := range s.list() {
		ses.end(reasonStops)
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

// reasonStops is why sessions end when the server does.
const reasonStops = "server stops"

// upkeep runs the rules that time alone triggers.
func (s *Server) upkeep(ctx context.Context) {
	tick := time.NewTicker(s.cfg.Tick)
	defer tick.Stop()
	swept := s.cfg.Now()
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
		if now.Sub(swept) >= halfLife {
			s.sources.sweep(now)
			s.accounts.sweep(now)
			swept = now
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
