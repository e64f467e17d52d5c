package edge

import (
	"context"
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/job"
	"hashyard/pool/share"
)

// handle answers one question. Who asks is in its subject, which the server
// lets only that edge use.
func (h *Hub) handle(ctx context.Context, m *nats.Msg) (any, error) {
	parts := strings.Split(m.Subject, ".")
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if parts[2] == verbHello {
		return h.hello(ctx, parts[1], m.Data)
	}
	n, err := strconv.ParseUint(parts[1], 10, 8)
	if err != nil {
		return nil, hashyard.Invalid.Errorf("subject %s names no edge", m.Subject)
	}
	number := byte(n)
	if !h.hear(number) {
		return nil, hashyard.Conflict.Errorf("say hello first")
	}
	switch parts[2] {
	case verbForward:
		return nil, h.forward(ctx, number, m.Data)
	case verbAuthorize:
		return h.authorize(ctx, m.Data)
	case verbStanding:
		return h.standing(ctx, m.Data)
	case verbJob:
		return h.job(ctx, m.Data)
	case verbFound:
		return nil, h.found(ctx, m.Data)
	case verbOpened:
		return nil, h.opened(ctx, number, m.Data)
	case verbSessions:
		return nil, h.report(number, m.Data)
	case verbInterrupted:
		var ask interruptedAsk
		if err := read(m.Data, &ask); err != nil {
			return nil, err
		}
		h.cfg.Accounts.Interrupt(ask.Reason)
		return nil, nil
	case verbBye:
		return nil, h.bye(ctx, number)
	}
	return nil, hashyard.Invalid.Errorf("nobody knows what %s is", m.Subject)
}

func read(b []byte, v any) error {
	if err := json.Unmarshal(b, v); err != nil {
		return hashyard.Invalid.Errorf("question %T: %w", v, err)
	}
	return nil
}

// hear notes that an edge said something; false when it has not said hello.
func (h *Hub) hear(number byte) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lines[number]
	if l == nil || l.boot == "" {
		return false
	}
	l.heard = time.Now()
	return true
}

// stillThere is how long a process with an open connection may be silent
// before another takes its place.
const stillThere = 15 * time.Second

// hello tells an edge who it is and how far its shares are booked, and notes
// that it may have shares from now on.
func (h *Hub) hello(ctx context.Context, key string, data []byte) (any, error) {
	var ask helloAsk
	if err := read(data, &ask); err != nil {
		return nil, err
	}
	m, err := h.cfg.Machines.EdgeByKey(ctx, key)
	if err != nil {
		return nil, err
	}
	if err := h.only(m, ask.Boot); err != nil {
		return nil, err
	}
	// From here on its shares are waited for; it takes none before it hears this.
	if err := h.cfg.Machines.SeeEdge(ctx, m.ID, true, time.Now().UTC()); err != nil {
		return nil, err
	}
	m.Awake = true
	l := h.line(m)
	h.mu.Lock()
	l.boot, l.heard, l.backlog, l.live = ask.Boot, time.Now(), ask.Backlog, ask.Live
	h.mu.Unlock()
	yard, _ := h.cfg.Log.Position()
	return helloAnswer{
		Number: m.Number, Name: m.Name, Now: time.Now().UTC(), YardLog: yard, Stream: m.Stream, Seq: m.Seq, Settings: h.cfg.Settings,
	}, nil
}

// only keeps a second process with the same key out while the first is there:
// the two would give the same extranonces.
func (h *Hub) only(m pool.EdgeMachine, boot string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lines[m.Number]
	if l == nil || l.ID != m.ID || l.boot == "" || l.boot == boot {
		return nil
	}
	cid, ok := h.boots[l.boot]
	there := ok && h.srv.GetClient(cid) != nil
	if there && time.Since(l.heard) < stillThere {
		return hashyard.Conflict.Errorf("another process works as edge %s", m.Name)
	}
	if there {
		_ = h.srv.DisconnectClientByID(cid) // it may have gone meanwhile
	}
	delete(h.boots, l.boot)
	return nil
}

// forward makes a stretch of an edge's log durable here.
func (h *Hub) forward(ctx context.Context, number byte, data []byte) error {
	f, _, _, err := share.DecodeForward(data)
	if err != nil {
		return err
	}
	if f.Edge != number {
		return hashyard.Denied.Errorf("shares of edge %d", f.Edge)
	}
	hashyard.Hit(hashyard.AtEdgeArrived)
	if err := h.cfg.Log.Forward(ctx, f); err != nil {
		return err
	}
	hashyard.Hit(hashyard.AtEdgeKept)
	return nil
}

func (h *Hub) authorize(ctx context.Context, data []byte) (any, error) {
	var ask authorizeAsk
	if err := read(data, &ask); err != nil {
		return nil, err
	}
	remote, _ := netip.ParseAddrPort(ask.Remote) // zero when it has none
	g, err := h.cfg.Accounts.Authorize(ctx, ask.User, ask.Password, ask.Agent, remote)
	if err != nil {
		return nil, err
	}
	return authorizeAnswer{g}, nil
}

// maxStanding bounds one question.
const maxStanding = 500

func (h *Hub) standing(ctx context.Context, data []byte) (any, error) {
	var ask []standingAsk
	if err := read(data, &ask); err != nil {
		return nil, err
	}
	if len(ask) > maxStanding {
		return nil, hashyard.Invalid.Errorf("%d workers at once, at most %d", len(ask), maxStanding)
	}
	out := make([]standingAnswer, 0, len(ask))
	for _, a := range ask {
		g, err := h.cfg.Accounts.Standing(ctx, a.User, func(secret string) bool { return string(proof(a.User, secret)) == string(a.Proof) })
		s := standingAnswer{User: a.User, Grant: g}
		switch kind, _ := hashyard.KindOf(err); {
		case err == nil:
		case refuses(kind):
			s.Gone = err.Error()
		default:
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// refuses reports whether a kind of error means no, and not "not now".
func refuses(k hashyard.Kind) bool {
	switch k {
	case hashyard.NotFound, hashyard.Denied, hashyard.Invalid, hashyard.Unauthenticated:
		return true
	}
	return false
}

// found keeps a block and passes it on; answered, the edge may forget it.
func (h *Hub) found(ctx context.Context, data []byte) error {
	var c job.Candidate
	if err := read(data, &c); err != nil {
		return err
	}
	if err := h.cfg.Accounts.SaveCandidate(ctx, c); err != nil {
		return err
	}
	h.cfg.Found(c)
	return nil
}

// opened tells the accounts of a session, and everybody else that an older one
// of the same machine is over.
func (h *Hub) opened(ctx context.Context, number byte, data []byte) error {
	var s pool.Session
	if err := read(data, &s); err != nil {
		return err
	}
	if s.Secret && !s.Unit.IsZero() {
		const reason = "replaced by a newer session of the same unit"
		h.closeAt(s.Worker, reason, number)
		if here := h.cfg.CloseHere; here != nil {
			here(s.Worker, reason)
		}
	}
	return h.cfg.Accounts.SessionOpened(ctx, s)
}

// report takes a part of the list of an edge's sessions.
func (h *Hub) report(number byte, data []byte) error {
	var ask sessionsAsk
	if err := read(data, &ask); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lines[number]
	switch {
	case l == nil:
		return nil
	case ask.Part == 0:
		l.parts = nil
	case ask.Part != len(l.parts):
		return hashyard.Conflict.Errorf("part %d follows %d", ask.Part, len(l.parts))
	}
	l.parts = append(l.parts, ask.Sessions)
	if len(l.parts) < ask.Parts {
		return nil
	}
	l.sessions = nil
	for _, p := range l.parts {
		l.sessions = append(l.sessions, p...)
	}
	l.parts = nil
	return nil
}

// bye takes an edge's word that it has nothing left.
func (h *Hub) bye(ctx context.Context, number byte) error {
	h.mu.Lock()
	l := h.lines[number]
	if l == nil {
		h.mu.Unlock()
		return nil
	}
	id := l.ID
	h.mu.Unlock()
	if err := h.cfg.Machines.SeeEdge(ctx, id, false, time.Now().UTC()); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	l.Awake, l.boot, l.sessions, l.failing, l.told = false, "", nil, time.Time{}, false
	return nil
}
