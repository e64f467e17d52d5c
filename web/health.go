package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Condition is how something that the process needs is.
type Condition string

// The conditions of a check.
const (
	Fine     Condition = "ok"
	Standby  Condition = "standby"  // in order, and another process does the work
	Degraded Condition = "degraded" // the process does less, and is ready for the rest
	Failing  Condition = "failing"  // the process is not ready
)

// Check is something that the process needs.
type Check struct {
	Name string
	// Ask answers nil, StandsBy, or what is wrong.
	Ask func(ctx context.Context) error
	// Degrades says that the process is ready without it: it does less.
	Degrades bool
}

// standsBy is the answer of a check that is in order elsewhere.
type standsBy struct{ why string }

func (s standsBy) Error() string { return s.why }

// StandsBy is what a check answers when another process does the work.
func StandsBy(why string) error { return standsBy{why} }

// State is the answer to a check and since when it is this one.
type State struct {
	Check     string    `json:"-"`
	Condition Condition `json:"state"`
	Since     time.Time `json:"since"`
	// Reason is for the operator alone.
	Reason string `json:"reason,omitempty"`
}

// Health asks the checks of a process and remembers since when each has its
// state. Safe for concurrent use; askers within a second share the answers, so
// that asking costs no more than that.
type Health struct {
	log    *slog.Logger
	checks []Check

	mu     sync.Mutex // guards states and asked; held while asking
	states []State
	asked  time.Time
}

// The pace of the checks.
const (
	healthEvery = time.Second
	healthWait  = 3 * time.Second
)

// NewHealth makes one of checks.
func NewHealth(log *slog.Logger, checks ...Check) *Health {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Health{log: log, checks: checks}
}

// States asks every check, all at once, and answers in their order.
func (h *Health) States(ctx context.Context) []State {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.asked) < healthEvery {
		return h.states
	}
	// What is found out is for all who ask, so one who leaves does not end it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healthWait)
	defer cancel()
	now := make([]State, len(h.checks))
	var wg sync.WaitGroup
	for i, c := range h.checks {
		wg.Go(func() { now[i] = c.state(ctx) })
	}
	wg.Wait()
	for i := range now {
		h.follow(ctx, i, &now[i])
	}
	h.states, h.asked = now, time.Now()
	return now
}

func (c Check) state(ctx context.Context) State {
	s := State{Check: c.Name, Condition: Fine}
	err := c.Ask(ctx)
	if err == nil {
		return s
	}
	s.Condition, s.Reason = Failing, err.Error()
	if errors.As(err, new(standsBy)) {
		s.Condition = Standby
	} else if c.Degrades {
		s.Condition = Degraded
	}
	return s
}

// follow dates a state and tells the log when it changed.
func (h *Health) follow(ctx context.Context, i int, s *State) {
	s.Since = time.Now().UTC()
	if i < len(h.states) {
		if was := h.states[i]; was.Condition == s.Condition {
			s.Since = was.Since
			return
		}
	} else if s.Condition == Fine {
		return // the first answer, as it should be
	}
	level := slog.LevelInfo
	if s.Condition == Failing || s.Condition == Degraded {
		level = slog.LevelWarn
	}
	h.log.Log(ctx, level, "health changed", "check", s.Check, "state", string(s.Condition), "reason", s.Reason)
}

// healthDoc is what /readyz sends.
type healthDoc struct {
	Ready  bool             `json:"ready"`
	Checks map[string]State `json:"checks"`
}

// Write answers a request for readiness: 503 when a check fails. Reasons go to
// those alone who may read internals.
func (h *Health) Write(w http.ResponseWriter, r *http.Request, reasons bool) {
	doc, code := healthDoc{Ready: true, Checks: map[string]State{}}, http.StatusOK
	if h != nil {
		for _, s := range h.States(r.Context()) {
			if s.Condition == Failing {
				doc.Ready, code = false, http.StatusServiceUnavailable
			}
			if !reasons {
				s.Reason = ""
			}
			doc.Checks[s.Check] = s
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	// The connection is the caller's; if it is gone, the caller asks again.
	_ = json.NewEncoder(w).Encode(doc)
}
