package edge

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/job"
	"hashyard/pool/share"
)

// Machines are the edges that may come; the pool's store is one.
type Machines interface {
	Edges(ctx context.Context) ([]pool.EdgeMachine, error)
	EdgeByKey(ctx context.Context, key string) (pool.EdgeMachine, error)
	SeeEdge(ctx context.Context, id hashyard.ID, awake bool, at time.Time) error
}

// Accounts answer for the workers; *pool.Service does.
type Accounts interface {
	Authorize(ctx context.Context, user, password, agent string, remote netip.AddrPort) (share.Grant, error)
	Standing(ctx context.Context, user string, same func(secret string) bool) (share.Grant, error)
	SessionOpened(ctx context.Context, s pool.Session) error
	Interrupt(reason string)
	SaveCandidate(ctx context.Context, c job.Candidate) error
}

// Log is the yard's share log; *sharelog.Log is one.
type Log interface {
	Forward(ctx context.Context, f share.Forward) error
	Flush(ctx context.Context) (stream string, seq uint64, err error)
	Position() (stream string, seq uint64)
}

// HubConfig sets a hub up. Listen, Machines, Accounts, Log and Found are
// required.
type HubConfig struct {
	Listen   string      // host:port; port 0 takes a free one
	TLS      *tls.Config // required when Listen is not a loopback address
	Machines Machines
	Accounts Accounts
	Log      Log
	Found    func(c job.Candidate) // gets kept blocks; it must return at once
	// CloseHere ends a worker's sessions at the yard's own server; nil is none.
	CloseHere func(worker hashyard.ID, reason string)
	Settings  Settings
	// Patience is how long what needs all shares waits for an edge that does
	// not answer; 0 is 10 min. Then it goes on without: shares of that edge
	// are settled when they come, with the period that is settled then.
	Patience time.Duration
	Tick     time.Duration // between looks at who was revoked; 0 is 5 s
	Logger   *slog.Logger
}

// Hub is the yard's end of the lines.
type Hub struct {
	cfg    HubConfig
	srv    *server.Server
	conn   *nats.Conn
	secret string        // of our own connection
	busy   chan struct{} // one token a question being answered

	jobs jobFeed

	mu    sync.Mutex // guards lines
	lines map[byte]*line
	boots map[string]uint64 // connections by the boot they named
}

// line is what is known of one edge.
type line struct {
	pool.EdgeMachine
	boot     string // of the process that said hello last
	heard    time.Time
	backlog  uint64
	live     int
	sessions []pool.Session
	parts    [][]pool.Session // of the report that comes in
	// failing is since when flushes have not succeeded; zero when the last did.
	failing time.Time
	told    bool // that it is not waited for any more
}

// OpenHub binds the address. Edges may come once Run has begun.
func OpenHub(cfg HubConfig) (*Hub, error) {
	if cfg.Patience == 0 {
		cfg.Patience = 10 * time.Minute
	}
	if cfg.Tick == 0 {
		cfg.Tick = 5 * time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	host, port, err := net.SplitHostPort(cfg.Listen)
	n, perr := strconv.ParseUint(port, 10, 16)
	if err != nil || perr != nil {
		return nil, hashyard.Invalid.Errorf("address for edges %q is not host:port", cfg.Listen)
	}
	if ip, err := netip.ParseAddr(host); cfg.TLS == nil && (err != nil || !ip.IsLoopback()) {
		return nil, hashyard.Invalid.Errorf("edges send machines' secrets: %s needs a certificate", cfg.Listen)
	}
	h := &Hub{
		cfg: cfg, secret: rand.Text(), busy: make(chan struct{}, 512), lines: map[byte]*line{}, boots: map[string]uint64{},
	}
	h.jobs.changed = make(chan struct{})
	if n == 0 {
		n = 1<<64 - 1 // the server's word for a free port is -1
	}
	h.srv, err = server.NewServer(&server.Options{
		ServerName: "hashyard-edges", Host: host, Port: int(n), NoSigs: true, NoSystemAccount: true, MaxPayload: maxPayload, MaxConn: 600,
		AlwaysEnableNonce: true, CustomClientAuthentication: h, TLSConfig: cfg.TLS, TLS: cfg.TLS != nil, TLSTimeout: 10, AuthTimeout: 10,
		PingInterval: 10 * time.Second, MaxPingsOut: 2, WriteDeadline: 30 * time.Second,
	})
	if err != nil {
		return nil, fmt.Errorf("edges: %w", err)
	}
	h.srv.SetLoggerV2(serverLog{cfg.Logger}, false, false, false)
	h.srv.Start()
	if !h.srv.ReadyForConnections(10 * time.Second) {
		h.close()
		return nil, hashyard.Unavailable.Errorf("edges: cannot listen on %s (is the port taken?)", cfg.Listen)
	}
	h.conn, err = nats.Connect("", nats.InProcessServer(h.srv), nats.UserInfo(ownUser, h.secret), nats.MaxReconnects(-1))
	if err != nil {
		h.close()
		return nil, fmt.Errorf("edges: %w", err)
	}
	return h, nil
}

// ownUser is what the hub itself is called on its server.
const ownUser = "hub"

// Addr is where it listens.
func (h *Hub) Addr() net.Addr { return h.srv.Addr() }

// Check lets a connection in: an enrolled edge that signs the nonce, or our
// own. It implements server.Authentication.
func (h *Hub) Check(c server.ClientAuthentication) bool {
	o := c.GetOpts()
	if o.Username == ownUser && o.Password == h.secret {
		c.RegisterUser(&server.User{Username: ownUser})
		return true
	}
	public, err := nkeys.FromPublicKey(o.Nkey)
	if err != nil {
		return false
	}
	sig, err := base64.RawURLEncoding.DecodeString(o.Sig)
	if err != nil || public.Verify(c.GetNonce(), sig) != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	m, err := h.cfg.Machines.EdgeByKey(ctx, o.Nkey)
	if err != nil {
		h.cfg.Logger.Warn("edge not let in", "key", o.Nkey, "remote", c.RemoteAddress(), "err", err)
		return false
	}
	own := func(to func(byte, string) string) string { return to(m.Number, "*") }
	c.RegisterUser(&server.User{Username: m.Name, Permissions: &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: []string{own(toYard), yardOf(o.Nkey)}},
		Subscribe: &server.SubjectPermission{Allow: []string{own(toEdge), inbox(o.Nkey) + ".>"}},
		Response:  &server.ResponsePermission{MaxMsgs: 1, Expires: time.Minute},
	}})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.boots[o.Name] = c.GetID()
	return true
}

// Run answers edges until ctx ends.
func (h *Hub) Run(ctx context.Context) error {
	defer h.close()
	known, err := h.cfg.Machines.Edges(ctx)
	for pause := time.Second; err != nil && ctx.Err() == nil; known, err = h.cfg.Machines.Edges(ctx) {
		h.cfg.Logger.WarnContext(ctx, "edges cannot be read", "err", err)
		wait(ctx, pause)
	}
	for _, m := range known {
		h.line(m)
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	sub, err := h.conn.Subscribe("yard.*.*", func(m *nats.Msg) {
		select {
		case h.busy <- struct{}{}:
		default:
			_ = answer(m, nil, hashyard.Exhausted.Errorf("the yard is asked too much"))
			return
		}
		wg.Go(func() {
			defer func() { <-h.busy }()
			v, err := h.handle(ctx, m)
			if err := answer(m, v, err); err != nil {
				h.cfg.Logger.WarnContext(ctx, "edge not answered", "subject", m.Subject, "err", err)
			}
		})
	})
	if err != nil {
		return fmt.Errorf("edges: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	for ctx.Err() == nil {
		wait(ctx, h.cfg.Tick)
		h.dropRevoked(ctx)
	}
	return ctx.Err()
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// dropRevoked ends the connections of edges that may not come any more.
func (h *Hub) dropRevoked(ctx context.Context) {
	known, err := h.cfg.Machines.Edges(ctx)
	if err != nil {
		return // they are let stay until we know
	}
	may := map[hashyard.ID]bool{}
	for _, m := range known {
		may[m.ID] = true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for number, l := range h.lines {
		if may[l.ID] {
			continue
		}
		delete(h.lines, number)
		if cid, ok := h.boots[l.boot]; ok {
			_ = h.srv.DisconnectClientByID(cid) // an error says that it is gone
			delete(h.boots, l.boot)
		}
		h.cfg.Logger.WarnContext(ctx, "edge was revoked", "edge", l.Name)
	}
}

// line is the edge's, made when it is new.
func (h *Hub) line(m pool.EdgeMachine) *line {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lines[m.Number]
	if l == nil || l.ID != m.ID {
		l = &line{}
		h.lines[m.Number] = l
	}
	l.EdgeMachine = m
	return l
}

func (h *Hub) close() {
	if h.conn != nil {
		h.conn.Close()
	}
	h.srv.Shutdown()
	h.srv.WaitForShutdown()
}

// serverLog keeps the server's warnings.
type serverLog struct{ log *slog.Logger }

func (s serverLog) Noticef(string, ...any) {}
func (s serverLog) Debugf(string, ...any)  {}
func (s serverLog) Tracef(string, ...any)  {}

func (s serverLog) Warnf(format string, v ...any) {
	s.log.Warn("edge listener warns", "text", fmt.Sprintf(format, v...))
}

func (s serverLog) Errorf(format string, v ...any) {
	s.log.Warn("edge listener fails", "text", fmt.Sprintf(format, v...))
}

func (s serverLog) Fatalf(format string, v ...any) {
	s.log.Error("edge listener gives up", "text", fmt.Sprintf(format, v...))
}
