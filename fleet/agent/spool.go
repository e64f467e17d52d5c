package agent

import (
	"context"
	"sync"
	"time"

	"hashyard/fleet"
)

// maxSpool bounds what is kept while the yard is away: about half an hour of a
// hundred machines. The oldest go first; the newest say how things are.
const maxSpool = 8192

// spool holds sightings until the yard has them.
type spool struct {
	mu      sync.Mutex // guards all below
	seen    []fleet.Sighting
	gone    []fleet.Gone
	dropped int64
	rung    chan struct{} // closed when something was added; nil when nobody waits
}

func (s *spool) add(seen ...fleet.Sighting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, seen...)
	if over := len(s.seen) - maxSpool; over > 0 {
		s.seen = s.seen[over:]
		s.dropped += int64(over)
	}
	s.ring()
}

func (s *spool) lost(gone ...fleet.Gone) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = append(s.gone, gone...)
	if over := len(s.gone) - 1024; over > 0 {
		s.gone = s.gone[over:]
	}
	s.ring()
}

func (s *spool) ring() {
	if s.rung != nil {
		close(s.rung)
		s.rung = nil
	}
}

// take removes the next report: each machine once, because a report says how
// a machine is, not how it was.
func (s *spool) take() (seen []fleet.Sighting, gone []fleet.Gone) {
	s.mu.Lock()
	defer s.mu.Unlock()
	met := map[string]bool{}
	n := 0
	for _, g := range s.seen {
		if n == fleet.MaxSightings || met[g.Address] || met["serial "+g.Identity.Serial] {
			break
		}
		met[g.Address] = true
		if g.Identity.Serial != "" {
			met["serial "+g.Identity.Serial] = true
		}
		n++
	}
	seen = append(seen, s.seen[:n]...)
	s.seen = s.seen[n:]
	gone, s.gone = s.gone, nil
	return seen, gone
}

// back returns a report that could not be sent to the front.
func (s *spool) back(seen []fleet.Sighting, gone []fleet.Gone) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(append([]fleet.Sighting(nil), seen...), s.seen...)
	if over := len(s.seen) - maxSpool; over > 0 {
		s.seen = s.seen[over:]
		s.dropped += int64(over)
	}
	s.gone = append(append([]fleet.Gone(nil), gone...), s.gone...)
}

// wait returns when there is something to take.
func (s *spool) wait(ctx context.Context) bool {
	for {
		s.mu.Lock()
		if len(s.seen)+len(s.gone) > 0 {
			s.mu.Unlock()
			return true
		}
		if s.rung == nil {
			s.rung = make(chan struct{})
		}
		rung := s.rung
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			return false
		case <-rung:
		}
	}
}

// report sends sightings as they come. While the yard is away they pile up to
// the bound; a report that the yard can never take is dropped and told.
func (a *Agent) report(ctx context.Context) error {
	wait := 250 * time.Millisecond
	for a.spool.wait(ctx) {
		seen, gone := a.spool.take()
		got, err := a.yard.report(ctx, fleet.Sightings{SiteID: a.welcome.SiteID, Sightings: seen, Gone: gone})
		switch {
		case err == nil:
			wait = 250 * time.Millisecond
			for _, p := range got.Problems {
				a.log.WarnContext(ctx, "machine not taken over", "problem", p)
			}
		case hopeless(err):
			a.log.ErrorContext(ctx, "report refused and dropped", "sightings", len(seen), "error", err)
			wait = 250 * time.Millisecond
		case ctx.Err() != nil:
			return nil
		default:
			a.spool.back(seen, gone)
			a.log.WarnContext(ctx, "report not sent, will retry", "waiting", len(seen), "error", err)
			if !pause(ctx, wait) {
				return nil
			}
			wait = min(2*wait, 5*time.Second)
		}
	}
	return nil
}
