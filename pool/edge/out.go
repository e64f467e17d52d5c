package edge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/job"
	"hashyard/pool/share"
)

// jobFeed is the newest job, for whoever asks; what came between is of no use.
type jobFeed struct {
	mu        sync.Mutex // guards the fields below
	seq       uint64
	encoded   []byte
	suspended string        // why there is none; then encoded is nil
	changed   chan struct{} // closed and replaced at every change
}

func (f *jobFeed) put(seq uint64, encoded []byte, suspended string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if encoded != nil {
		f.seq = seq
	}
	f.encoded, f.suspended = encoded, suspended
	close(f.changed)
	f.changed = make(chan struct{})
}

// SetJob offers a job to all edges.
func (h *Hub) SetJob(j *job.Job) {
	b, err := j.Encode()
	if err == nil && len(b) > maxPayload-1024 {
		err = hashyard.Invalid.Errorf("%d bytes", len(b))
	}
	if err != nil {
		h.cfg.Logger.Error("a job does not reach the edges", "err", err)
		return
	}
	h.jobs.put(j.Seq, b, "")
}

// Suspend has all edges offer no work.
func (h *Hub) Suspend(reason string) { h.jobs.put(0, nil, reason) }

// jobWait is how long a question for a newer job waits for one.
const jobWait = 5 * time.Second

// job answers with a job newer than the one that the edge has, or with why
// there is none, or after a while with nothing.
func (h *Hub) job(ctx context.Context, data []byte) (any, error) {
	var ask jobAsk
	if err := read(data, &ask); err != nil {
		return nil, err
	}
	late := time.NewTimer(jobWait)
	defer late.Stop()
	for {
		f := &h.jobs
		f.mu.Lock()
		seq, encoded, suspended, changed := f.seq, f.encoded, f.suspended, f.changed
		f.mu.Unlock()
		out := nats.NewMsg("")
		switch {
		case suspended != "":
			out.Header.Set(headSuspended, suspended)
			if ask.Have == 0 { // it has none: no need to tell it at once
				select {
				case <-changed:
					continue
				case <-late.C:
				case <-ctx.Done():
				}
			}
			return out, nil
		case encoded != nil && seq != ask.Have:
			out.Data = encoded
			return out, nil
		}
		select {
		case <-changed:
		case <-late.C:
			return out, nil
		case <-ctx.Done():
			return out, nil
		}
	}
}

// connected are the lines that were heard of lately.
func (h *Hub) connected() []line {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []line
	for _, l := range h.lines {
		if l.boot != "" && time.Since(l.heard) < 2*stillThere {
			out = append(out, *l)
		}
	}
	return out
}

// Sessions are those of all edges that were heard of lately.
func (h *Hub) Sessions() []pool.Session {
	var out []pool.Session
	for _, l := range h.connected() {
		out = append(out, l.sessions...)
	}
	return out
}

// Retarget tells every edge of a worker's new grant. One that does not hear it
// asks for the standing of all its workers when it is back.
func (h *Hub) Retarget(worker hashyard.ID, g share.Grant) {
	h.tell(verbRetarget, retargetAsk{worker, g}, 0)
}

// CloseWorker has every edge end a worker's sessions, likewise.
func (h *Hub) CloseWorker(worker hashyard.ID, reason string) { h.closeAt(worker, reason, 0) }

// closeAt does so everywhere but at one edge.
func (h *Hub) closeAt(worker hashyard.ID, reason string, but byte) {
	h.tell(verbClose, closeAsk{worker, reason}, but)
}

func (h *Hub) tell(verb string, v any, but byte) {
	b, err := json.Marshal(v)
	if err != nil {
		h.cfg.Logger.Error("edges cannot be told", "verb", verb, "err", err)
		return
	}
	for _, l := range h.connected() {
		if l.Number == but {
			continue
		}
		if err := h.conn.Publish(toEdge(l.Number, verb), b); err != nil {
			h.cfg.Logger.Warn("edge not told", "edge", l.Name, "verb", verb, "err", err)
		}
	}
}

// Flush waits until every share that any edge or the yard accepted before it
// is durable here, and gives the log's position then. While an edge does not
// answer that is an error, for as long as the hub has patience.
func (h *Hub) Flush(ctx context.Context) (stream string, seq uint64, err error) {
	h.mu.Lock()
	var awake []byte
	for n, l := range h.lines {
		if l.Awake {
			awake = append(awake, n)
		}
	}
	h.mu.Unlock()
	failed := make([]error, len(awake))
	var wg sync.WaitGroup
	for i, n := range awake {
		wg.Go(func() { failed[i] = h.flushEdge(ctx, n) })
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		return "", 0, err
	}
	return h.cfg.Log.Flush(ctx)
}

func (h *Hub) flushEdge(ctx context.Context, number byte) error {
	m, err := h.conn.RequestWithContext(ctx, toEdge(number, verbFlush), nil)
	if err == nil {
		err = heard(m, nil)
	}
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lines[number]
	if l == nil || !l.Awake { // it said goodbye meanwhile
		return nil
	}
	if err == nil {
		l.failing, l.told = time.Time{}, false
		return nil
	}
	if l.failing.IsZero() {
		l.failing = now
	}
	if now.Sub(l.failing) < h.cfg.Patience {
		return hashyard.Unavailable.Errorf("edge %s has accepted shares that are not here: %w", l.Name, err)
	}
	if !l.told {
		l.told = true
		h.cfg.Logger.Error("edge is not waited for any more: its shares are settled when they come", "edge", l.Name, "since", l.failing, "err", err)
	}
	return nil
}

// State is what is known of an edge.
type State struct {
	pool.EdgeMachine
	Connected bool
	Heard     time.Time // in this process
	Backlog   uint64    // messages that it had not forwarded when it was heard
	Live      int       // sessions
	Waited    bool      // a settlement would wait for it in vain now
}

// States are all edges that may come, as this process sees them.
func (h *Hub) States() []State {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []State
	for _, l := range h.lines {
		out = append(out, State{
			EdgeMachine: l.EdgeMachine, Connected: l.boot != "" && time.Since(l.heard) < 2*stillThere, Heard: l.heard,
			Backlog: l.backlog, Live: l.live, Waited: !l.failing.IsZero() && !l.told,
		})
	}
	return out
}

// Ready says which edge that has not said goodbye is away.
func (h *Hub) Ready(context.Context) error {
	var away []error
	for _, s := range h.States() {
		if s.Awake && !s.Connected {
			away = append(away, fmt.Errorf("edge %s is away", s.Name))
		}
	}
	if err := errors.Join(away...); err != nil {
		return hashyard.Unavailable.Errorf("%w", err)
	}
	return nil
}
