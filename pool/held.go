package pool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hashyard"
)

// held is a place in the share log that was read once and is waited for. To
// read it anew at every try would never get there on a busy pool, where the
// log is always a little ahead of what is applied.
type held struct {
	Barrier
	at   time.Time // every share accepted before it is at or before the place
	told bool      // that it takes long
}

const (
	// flushTimeout keeps a log that does not answer from holding up the rest.
	flushTimeout = 5 * time.Second
	// longWait is how long applying may take before somebody should know.
	longWait = 30 * time.Second
)

// hold reads the place now.
func (s *Service) hold(ctx context.Context) (*held, error) {
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	now := s.cfg.Now().UTC()
	stream, seq, err := s.cfg.Log.Flush(ctx)
	if err != nil {
		return nil, fmt.Errorf("end of the share log: %w", err)
	}
	hashyard.Hit(hashyard.AtBarrierHeld)
	return &held{Barrier: Barrier{stream, seq}, at: now}, nil
}

// waits reports whether err says that the place is not reached, and tells once
// when that takes long.
func (s *Service) waits(ctx context.Context, h *held, err error, what string) bool {
	if !errors.Is(err, errNotYet) {
		return false
	}
	if waited := s.cfg.Now().Sub(h.at); waited >= longWait && !h.told {
		h.told = true
		s.log.WarnContext(ctx, "accepted shares are applied slowly", "waiting", what, "since", h.at, "stream", h.Stream, "message", h.Seq)
	}
	return true
}
