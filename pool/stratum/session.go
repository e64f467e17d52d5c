package stratum

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
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

	// Of the reading goroutine alone.
	lines        lineReader
	sub          job.Submit
	verdict      job.Verdict
	asked        bool // who it is was said, if only wrongly
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
		lines:  lineReader{max: srv.cfg.MaxLine},
	}
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

// markOnce is mark for the reading goroutine, which mostly asks for the same
// again.
func (s *session) markOnce(j *job.Job, variant uint8) job.Mark {
	if id := j.ID(variant); s.marked != id {
		s.marked, s.lastMark = id, s.mark(j, variant)
	}
	return s.lastMark
}

func (s *session) en1Number() uint32 { return binary.BigEndian.Uint32(s.en1[:]) }

// run is the reading goroutine: it owns the connection's end.
func (s *session) run(ctx context.Context) {
	// The server's end is told by end(); a login or hook under way may finish.
	ctx = context.WithoutCancel(ctx)
	if s.secure == nil || s.shake(ctx) {
		s.read(ctx)
	}
	s.finish(ctx)
}

// finish is apart from run, as are the lines from read: what is on the stack
// while a goroutine waits for its client decides how small the stack can be.
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

// offer sends the current job if the session has not had it.
func (s *session) offer() {
	v := s.srv.jobs.load()
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.current != nil {
		s.offerLocked(v.current)
	}
}

// offerLocked sends a job with the difficulty it binds, when that changed. The
// two leave in one write: between them no miner can be of two minds.
func (s *session) offerLocked(js *jobState) {
	id := js.ID(0)
	if !s.ready() || id <= s.lastID {
		return
	}
	now := s.srv.cfg.Now()
	if js.net != s.ceiling {
		s.ceiling = js.net
		s.diff.Bound(s.least(), s.most(), now)
	}
	// A session that missed the clean job of a tip gets this one as clean.
	restart := s.lastID == 0 || s.lastPrev != js.PrevHash
	if restart {
		s.sent = s.sent[:0] // of an older tip: stale
	}
	s.write(func(b []byte) []byte {
		return js.AppendNotify(s.announce(b, id, now), s.mark(js.Job, 0), restart)
	})
	s.lastID, s.lastPrev, s.lastSent = id, js.PrevHash, now
}

// variantLocked sends the session's job once more under a new id, to bind a
// difficulty or to be heard. It does nothing, and says so, when the job is not
// the current.
func (s *session) variantLocked(now time.Time) (sent bool) {
	v := s.srv.jobs.load()
	seq, variant := job.SplitID(s.lastID)
	if !s.ready() || v.current == nil || v.current.Seq != seq || variant == job.MaxVariant {
		return false // a newer job is on its way, and carries the difficulty
	}
	id := v.current.ID(variant + 1)
	s.write(func(b []byte) []byte {
		return v.current.AppendVariant(s.announce(b, id, now), s.mark(v.current.Job, variant+1), now)
	})
	s.lastID, s.lastSent = id, now
	return true
}

// announce appends the wanted difficulty if it differs from the last one, and
// binds it to the job that is sent next.
func (s *session) announce(b []byte, id uint64, now time.Time) []byte {
	if d := s.diff.Current(); s.bound == nil || s.bound.d != d {
		s.bound = &level{d: d, target: d.Target()}
		b = appendDifficulty(b, d)
	}
	if len(s.sent) == maxSent {
		s.sent = append(s.sent[:0], s.sent[1:]...)
	}
	s.sent = append(s.sent, sentJob{id: id, bound: s.bound, at: stamp(now)})
	return b
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

// least and most bound the difficulty; the caller holds s.mu.
func (s *session) least() hashyard.Difficulty {
	if s.grant.Proof { // measured at the rate that the measurement needs, at any port
		return s.srv.cfg.Floor
	}
	return max(s.door.Floor, min(s.floor, s.most()))
}

func (s *session) most() hashyard.Difficulty {
	if s.ceiling == 0 {
		return 1 << 62
	}
	return max(s.ceiling, s.door.Floor)
}

// find gives what was sent under a wire id; nil for an id that this session
// never got, or too long ago.
func (s *session) find(id uint64) *sentJob {
	i, ok := slices.BinarySearchFunc(s.sent, id, func(j sentJob, id uint64) int { return cmp.Compare(j.id, id) })
	if !ok {
		return nil
	}
	return &s.sent[i]
}

// jump is the change of difficulty that does not wait for the next job.
const jump = 4

// moved follows a change of the tracker: a large one, or any of a session
// under proof, gets a notify of its own; a small one binds at the next job.
func (s *session) moved(now time.Time) (sent bool) {
	if s.bound == nil {
		return false
	}
	was, is := s.bound.d, s.diff.Current()
	if s.grant.Proof || is >= jump*was || was >= jump*is {
		return s.variantLocked(now)
	}
	return false
}

// freshen follows an accepted share and reports whether a new id went out right
// with it. A measurement begins at such a share and counts only what is found
// under ids sent from then on, so that nothing hashed before can be kept for
// it. A session under proof therefore gets one with its first share, and again
// after a while: the measurement may have begun anew.
func (s *session) freshen(d hashyard.Difficulty, now time.Time) bool {
	sent := s.diff.Accept(d, now) && s.moved(now)
	if !sent && s.grant.Proof && now.Sub(s.freshened) >= s.srv.cfg.NotifyEvery {
		sent = s.variantLocked(now)
	}
	if sent {
		s.freshened = now
	}
	return sent
}

// stamp is a moment as the share log has it.
func stamp(now time.Time) time.Time { return now.UTC().Truncate(time.Millisecond) }

// tick applies the rules of time.
func (s *session) tick(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.undefer()
	if !s.ready() || s.lastID == 0 {
		return
	}
	if s.diff.Tick(now) {
		s.moved(now)
	}
	if now.Sub(s.lastSent) >= s.srv.cfg.NotifyEvery {
		// Miners leave a pool that is silent for 90 s.
		s.variantLocked(now)
	}
}

// retarget takes a new grant for the session's worker.
func (s *session) retarget(worker hashyard.ID, g Grant) {
	now := s.srv.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.authorised || s.grant.Worker != worker {
		return
	}
	// Who the session is does not change under it, only how it is measured.
	s.grant.PerMinute, s.grant.Start, s.grant.Proof = g.PerMinute, g.Start, g.Proof
	s.freshened = time.Time{}
	bounded := s.diff.Bound(s.least(), s.most(), now)
	if s.diff.Retarget(s.perMinute(), g.Start, now) || bounded {
		s.variantLocked(now)
	}
}
