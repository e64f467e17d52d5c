package stratum

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"time"

	"hashyard"
	"hashyard/pool/job"
	"hashyard/pool/share"
	"hashyard/pool/vardiff"
)

// Info is a picture of a session.
type Info struct {
	ID                    hashyard.ID
	Account, Worker, Unit hashyard.ID
	User, Agent           string
	Device                share.Device // what the machine said of itself
	Remote                netip.AddrPort
	Opened, LastShare     time.Time // LastShare is zero before the first accepted one
	Difficulty            hashyard.Difficulty
	PerMinute             float64 // wanted shares
	Rate                  float64 // estimated accepted work, units a second
	Secret, Proof         bool
	Accepted, Refused     int64
	Work                  hashyard.Work // accepted and durable
}

// session is one connection.
type session struct {
	srv    *Server
	door   *door
	conn   net.Conn  // read from; written by out, or by way of secure
	secure *tls.Conn // nil at a plain port
	id     hashyard.ID
	remote netip.AddrPort
	en1    [job.Extranonce1Size]byte
	key    [32]byte    // its marks derive from it; never leaves the process
	opened time.Time   // pool clock
	began  time.Time   // wall clock, for deadlines
	holds  hashyard.ID // unit; guarded by the server's mu
	from   *conduct    // of its source
	out    outbox
	flight chan struct{} // one token a share that waits for the log

	// Of the session's goroutine, and of the hand while that serves it.
	look         func(fd uintptr) bool // lookAhead, bound once
	served       chan struct{}         // the hand is done; has room for one
	ahead        [lookSize]byte        // what waiting brought
	looked       int                   // how much of it
	woken        bool
	more         bool   // go on reading
	rest         []byte // a line that is not whole yet
	asked        bool   // who it is was said, if only wrongly
	failedLogins int
	badLines     int
	armed        time.Time // the reading deadline as last set, but for end's
	marked       uint64    // whose mark lastMark is; 0 for none
	lastMark     job.Mark

	mu         sync.Mutex // guards the fields below
	subscribed bool
	deferred   []byte // answers for after the subscribe's
	authorised bool
	ended      bool
	reason     string   // why it ended
	by         *conduct // of its account; set once by the reading goroutine
	user       string
	agent      string
	device     *share.Device // nil when the client said nothing
	grant      Grant
	mask       uint32 // negotiated version bits
	floor      hashyard.Difficulty
	wish       hashyard.Difficulty // suggested before authorisation
	diff       *vardiff.Tracker    // nil before authorisation
	ceiling    hashyard.Difficulty
	bound      *level    // newest announced; nil before the first
	sent       []sentJob // what may be submitted, by rising id
	lastID     uint64    // wire id of the newest job sent; 0 for none
	lastPrev   [32]byte  // previous block of that job
	lastSent   time.Time
	freshened  time.Time // when an id last went out right with an accepted share
	lastShare  time.Time
	accepted   int64
	refused    int64
	row        int // refused since the last accepted
	work       hashyard.Work
}

// level is an announced difficulty.
type level struct {
	d      hashyard.Difficulty
	target [32]byte
}

// sentJob is a notify that the session got, when, and the difficulty that went
// out with it. They never change: what a hash counts is settled before anybody
// can compute it, and nobody could before it was sent.
type sentJob struct {
	id    uint64
	bound *level
	at    time.Time
	taken int // shares
}

// maxSent bounds what is remembered; shares of what was sent before are stale.
const maxSent = 256

func newSession(srv *Server, d *door, conn net.Conn, remote netip.AddrPort, en1 uint32) *session {
	s := &session{
		srv: srv, door: d, conn: conn, id: hashyard.NewID(), remote: remote, opened: srv.cfg.Now(), began: time.Now(),
		flight: make(chan struct{}, srv.cfg.MaxInFlight),
		served: make(chan struct{}, 1),
	}
	s.look = s.lookAhead
	s.out.init(conn, srv.post, srv.cfg.MaxQueue, srv.cfg.Write)
	if d.tls != nil {
		s.secure = tls.Server(sealed{conn, &s.out}, d.tls)
		s.conn = s.secure
	}
	binary.BigEndian.PutUint32(s.en1[:], en1)
	_, _ = rand.Read(s.key[:]) // never fails
	return s
}

// mark is what only this session has in the coinbase under this wire id. Its
// salt is not kept but derived, so that a block is recognised however old its
// job is.
func (s *session) mark(j *job.Job, variant uint8) job.Mark {
	var seed [len(s.key) + 8]byte
	binary.BigEndian.PutUint64(seed[copy(seed[:], s.key[:]):], j.ID(variant))
	sum := sha256.Sum256(seed[:])
	return j.Mark(variant, [job.SaltSize]byte(sum[:]))
}

// markOnce is mark for who serves the session, and mostly asks for the same
// again.
func (s *session) markOnce(j *job.Job, variant uint8) job.Mark {
	if id := j.ID(variant); s.marked != id {
		s.marked, s.lastMark = id, s.mark(j, variant)
	}
	return s.lastMark
}

func (s *session) en1Number() uint32 { return binary.BigEndian.Uint32(s.en1[:]) }

// run is the session's goroutine: it owns the connection's end. The server's
// end is told by end(); ctx does not end with it, for a login or hook under way
// may finish.
func (s *session) run(ctx context.Context) {
	if s.secure == nil || s.shake(ctx) {
		s.read(ctx)
	}
	s.finish(ctx)
}

// read has hands serve the client until it goes or is sent away. Nothing that
// needs more stack happens here: two kilobytes are enough to wait, and there
// are tens of thousands who do.
func (s *session) read(ctx context.Context) {
	for s.more {
		if err := s.wait(); err != nil {
			s.readFailed(err)
			return
		}
		s.srv.hands.serve(ctx, s)
	}
}

// finish is apart from run for the same reason.
//
//go:noinline
func (s *session) finish(ctx context.Context) {
	for range cap(s.flight) { // every share is answered before the line closes
		s.flight <- struct{}{}
	}
	s.parted()
	s.farewell()
	s.out.finish()
	defer linger(s.out.conn)
	s.srv.forget(s)
	i, _ := s.picture()
	s.srv.cfg.Logger.DebugContext(ctx, "stratum session closed", "session", s.id, "remote", s.remote, "user", i.User, "reason", s.reason)
	if closed := s.srv.cfg.Hooks.Closed; closed != nil && !i.Worker.IsZero() {
		closed(ctx, i, s.reason)
	}
}

// end asks the session to finish: no line is read any more, no share judged.
func (s *session) end(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(reason)
}

func (s *session) endLocked(reason string) {
	if s.ended {
		return
	}
	s.ended, s.authorised, s.reason = true, false, reason
	_ = s.out.conn.SetReadDeadline(time.Unix(1, 0)) // wakes the reader; a closed conn has none
}

// abort closes at once: for clients that do not read and for the end of a drain.
func (s *session) abort() {
	s.out.close()
	_ = s.out.conn.Close()
}

// send queues a message; a client that does not read loses its connection.
func (s *session) send(b []byte) {
	if err := s.push(b); err != nil {
		s.end(err.Error())
		_ = s.out.conn.Close()
	}
}

// picture is the session as it is now. Worker is zero before authorisation;
// live is false before it and after the end.
func (s *session) picture() (i Info, live bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i = Info{
		ID: s.id, Account: s.grant.Account, Worker: s.grant.Worker, Unit: s.grant.Unit,
		User: s.user, Agent: s.agent, Remote: s.remote, Opened: s.opened, LastShare: s.lastShare,
		PerMinute: s.perMinute(), Secret: s.grant.Secret, Proof: s.grant.Proof,
		Accepted: s.accepted, Refused: s.refused, Work: s.work,
	}
	if s.device != nil {
		i.Device = *s.device
	}
	if s.diff != nil {
		i.Difficulty, i.Rate = s.diff.Current(), s.diff.Rate(s.srv.cfg.Now())
	}
	if s.bound != nil {
		i.Difficulty = s.bound.d
	}
	return i, s.authorised
}

func (s *session) perMinute() float64 {
	if s.grant.PerMinute > 0 {
		return s.grant.PerMinute
	}
	return s.srv.cfg.PerMinute
}

func (s *session) queue(b []byte) { s.queued(s.push(b)) }

// push queues a message, at a TLS port under way through the cipher.
func (s *session) push(b []byte) error {
	if s.secure == nil {
		return s.out.push(b)
	}
	_, err := s.secure.Write(b)
	return err
}

// write sends what fill makes, at once if it can: thousands get a job from one
// goroutine, and none of them shall wait for its turn twice. The caller holds
// s.mu.
func (s *session) write(fill func(b []byte) []byte) {
	p := s.srv.post.take()
	defer s.srv.post.give(p)
	p.page = fill(p.page[:0])
	if s.secure != nil {
		s.queued(s.push(p.page))
		return
	}
	s.queued(s.out.pushNow(p.page))
}

// queued lets a client go that does not read; the caller holds s.mu.
func (s *session) queued(err error) {
	if err != nil {
		s.endLocked(err.Error())
		_ = s.out.conn.Close()
	}
}

func (s *session) ready() bool { return s.subscribed && s.authorised && !s.ended }
