package minersim

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"hashyard"
)

// slot is one pool of a machine, with its counters. Counters follow the pool
// when cgminer renumbers.
type slot struct {
	Pool
	Priority int           `json:"priority"`
	Disabled bool          `json:"disabled,omitempty"`
	Accepted int64         `json:"accepted"`
	Rejected int64         `json:"rejected"`
	Stale    int64         `json:"stale"`
	Work     hashyard.Work `json:"work"` // accepted, exact
	Refused  hashyard.Work `json:"refused"`
	LastAt   time.Time     `json:"last_at,omitzero"`
	LastWork hashyard.Work `json:"last_work"`
	Best     float64       `json:"best"` // difficulty

	alive   bool                // the last try reached it
	rejects bool                // it refused the user
	active  bool                // the session is here and has work
	current hashyard.Difficulty // assigned
	vmask   bool
}

// state is what the state file keeps of a machine.
type state struct {
	Name    string     `json:"name"`
	Model   string     `json:"model"`
	Dialect Dialect    `json:"dialect"`
	Serial  string     `json:"serial"`
	MAC     string     `json:"mac"`
	Boards  [3]string  `json:"boards"`
	Site    string     `json:"site"`
	Address netip.Addr `json:"address"`
	Plugged bool       `json:"plugged"`
	Rate    float64    `json:"rate_hs"`
	Slots   []*slot    `json:"slots"`
	Saved   []Pool     `json:"saved"` // what a restart loads
	Started time.Time  `json:"started,omitzero"`
	Hashes  uint64     `json:"hashes"`  // since Started, before this process
	Variety uint64     `json:"variety"` // seed of small differences between machines
}

// machine is one simulated ASIC.
type machine struct {
	sim *Sim
	log *slog.Logger
	rig *rig
	is  character

	mu        sync.Mutex // guards all below
	st        state
	base      uint64             // rig hashes at the start of this run
	powerOff  context.CancelFunc // nil: unplugged
	stopped   chan struct{}      // closed when everything of this power cycle ended
	again     context.CancelFunc // ends the current run of the mining process
	restart   bool               // …which then starts from the saved configuration
	busyUntil time.Time          // lock of the configuration script
	rpcPort   int                // as bound
	webPort   int
}

func newMachine(s *Sim, st state) *machine {
	is := characterOf(st.Name)
	m := &machine{sim: s, is: is, st: st, rig: newRig(st.Rate * is.effective())}
	m.log = s.log.With("machine", st.Name, "serial", st.Serial)
	return m
}

// slotsOf are fresh slots for a configuration: always three on an Antminer.
func slotsOf(d Dialect, pools []Pool) []*slot {
	var out []*slot
	for i, p := range pools {
		if d == Antminer || p.URL != "" {
			out = append(out, &slot{Pool: p, Priority: i})
		}
	}
	for i := len(out); d == Antminer && i < 3; i++ {
		out = append(out, &slot{Priority: i})
	}
	return out
}

// powered runs the mining process of a plugged machine until ctx ends.
func (m *machine) powered(ctx context.Context) {
	m.sim.furnace.add(m.rig)
	defer m.sim.furnace.remove(m.rig)
	for ctx.Err() == nil {
		run, cancel := context.WithCancel(ctx)
		m.mu.Lock()
		m.again = cancel
		pending := m.restart // asked for before there was a run to end
		m.mu.Unlock()
		if !pending {
			m.mine(run)
		}
		cancel()
		m.mu.Lock()
		restart := m.restart
		m.restart = false
		m.mu.Unlock()
		if restart && ctx.Err() == nil && wait(ctx, m.sim.timing.RestartGap) {
			m.boot()
		}
	}
}

// boot starts the mining process from the saved configuration, with every
// counter at zero.
func (m *machine) boot() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.st.Slots = slotsOf(m.st.Dialect, m.st.Saved)
	m.st.Started = time.Now().UTC()
	m.st.Hashes, m.base = 0, m.rig.hashes.Load()
	m.sim.changed()
}

// reload ends the current session; with restart the process begins anew.
// Callers hold mu.
func (m *machine) reload(restart bool) {
	m.restart = m.restart || restart
	if m.again != nil {
		m.again()
	}
}

// wait sleeps and reports whether ctx is still alive.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// mine keeps the machine on the best pool that can be reached.
func (m *machine) mine(ctx context.Context) {
	backoff := m.sim.timing.RetryFirst
	for ctx.Err() == nil {
		began := time.Now()
		for i, sl := range m.candidates() {
			err := m.try(ctx, sl, i > 0)
			if ctx.Err() != nil {
				return
			}
			m.log.DebugContext(ctx, "pool session ended", "pool", sl.URL, "error", err)
			if errors.Is(err, errBetterPool) || time.Since(began) > m.sim.timing.RetryMost {
				backoff = m.sim.timing.RetryFirst
				break // begin again with the first
			}
		}
		// Jitter, or a restarted pool meets every machine at once.
		if !wait(ctx, backoff+rand.N(backoff/4+1)) {
			return
		}
		backoff = min(2*backoff, m.sim.timing.RetryMost)
	}
}

// candidates are the pools to try, best first.
func (m *machine) candidates() []*slot {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := slices.DeleteFunc(slices.Clone(m.st.Slots), func(s *slot) bool { return s.URL == "" || s.Disabled })
	slices.SortStableFunc(out, func(a, b *slot) int { return a.Priority - b.Priority })
	return out
}

// try mines on one pool for as long as it lasts.
func (m *machine) try(ctx context.Context, sl *slot, backup bool) error {
	m.mu.Lock()
	pool := sl.Pool
	m.mu.Unlock()
	conn, err := dialPool(ctx, pool.URL)
	m.mu.Lock()
	sl.alive = err == nil
	m.mu.Unlock()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var better chan struct{}
	if backup {
		better = make(chan struct{})
		watched := make(chan struct{})
		go func() { defer close(watched); m.watchBetter(ctx, sl, better) }()
		defer func() { cancel(); <-watched }()
	}
	s := &session{
		pool: pool, agent: m.agent(), rolling: m.st.Dialect == Antminer,
		silence: m.sim.timing.PoolSilence, found: m.rig.found, events: &slotEvents{m, sl},
	}
	err = s.run(ctx, conn, better)
	m.mu.Lock()
	sl.active = false
	sl.rejects = errors.Is(err, errRefused)
	sl.alive = sl.alive && !errors.Is(err, errSilent)
	m.mu.Unlock()
	return err
}

func (m *machine) agent() string {
	if m.st.Dialect == Antminer {
		return "bmminer/1.0.0"
	}
	return "cgminer/4.11.1"
}

// watchBetter closes better once a pool that is preferred to sl takes
// connections again.
func (m *machine) watchBetter(ctx context.Context, sl *slot, better chan<- struct{}) {
	for wait(ctx, m.sim.timing.RetryPrimary) {
		for _, other := range m.candidates() {
			if other == sl {
				break
			}
			if conn, err := dialPool(ctx, other.URL); err == nil {
				conn.Close()
				close(better)
				return
			}
		}
	}
}

// slotEvents files what happens in a session under its slot.
type slotEvents struct {
	m  *machine
	sl *slot
}

func (e *slotEvents) work(j *job) { e.m.sim.furnace.assign(e.m.rig, j) }

func (e *slotEvents) active(d hashyard.Difficulty, mask bool) {
	e.m.mu.Lock()
	defer e.m.mu.Unlock()
	e.sl.active, e.sl.current, e.sl.vmask = true, d, mask
}

func (e *slotEvents) dropped() {}

func (e *slotEvents) judged(s share, accepted bool, code int) {
	e.m.mu.Lock()
	defer e.m.mu.Unlock()
	w := hashyard.WorkOf(s.job.difficulty)
	switch {
	case accepted:
		e.sl.Accepted++
		e.sl.Work = e.sl.Work.Add(w)
		e.sl.LastAt, e.sl.LastWork = time.Now().UTC(), w
		e.sl.Best = max(e.sl.Best, difficultyOf(s.hash))
	default:
		e.sl.Rejected++
		e.sl.Refused = e.sl.Refused.Add(w)
		if code == 21 {
			e.sl.Stale++
		}
		e.m.log.Debug("share refused", "code", code, "pool", e.sl.URL)
	}
	e.m.sim.changed()
}
