package pool

import (
	"context"
	"fmt"
	"time"

	"hashyard"
)

// Watched is a worker, what it did lately and how it stood.
type Watched struct {
	Worker
	Five, Hour, Day Window
	LastShare       time.Time // of all times
	Standing
}

// Looked is the outcome of a look at a worker.
type Looked struct {
	Watched
	Was       Standing
	Reference Reference
	Event     *hashyard.Event // of a change that is told
}

// watchEvery is how often all workers are looked at.
const watchEvery = 30 * time.Second

// watch looks at every worker, keeps what lists sort by, and tells changes.
func (s *Service) watch(ctx context.Context) error {
	if s.away() {
		return nil // that no shares come says nothing about machines
	}
	now := s.cfg.Now().UTC()
	ws, err := s.store.Watched(ctx, now)
	if err != nil {
		return err
	}
	nominal := s.nominals(ctx)
	looked := make([]Looked, 0, len(ws))
	for _, w := range ws {
		l, err := s.lookAt(w, nominal(w.Unit), now)
		if err != nil {
			return err
		}
		looked = append(looked, l)
	}
	return s.store.PutLooked(ctx, looked, now)
}

// lookAt judges one worker.
func (s *Service) lookAt(w Watched, nominal hashyard.GHs, now time.Time) (Looked, error) {
	for _, l := range []*Window{&w.Five, &w.Hour, &w.Day} {
		s.rateWindow(l, now)
	}
	was := w.Standing
	out := Looked{Watched: w, Was: was, Reference: referenceOf(nominal, w.Day, now)}
	var changed bool
	out.Standing, changed = was.On(look(w.LastShare, w.Five, w.Hour, out.Reference, now), now)
	if !changed || was.State == "" || was.State == WorkerNew {
		return out, nil // the first time tells nothing: the session's opening did
	}
	ev, err := out.event(now)
	out.Event = &ev
	return out, err
}

func (l Looked) event(now time.Time) (hashyard.Event, error) {
	kind := map[WorkerState]hashyard.EventKind{
		WorkerOnline: hashyard.EvWorkerOnline, WorkerSlow: hashyard.EvWorkerSlow, WorkerSilent: hashyard.EvWorkerSilent,
	}[l.State]
	ev, err := hashyard.NewEvent(kind, hashyard.Ref{Kind: "worker", ID: l.ID}, now, hashyard.WorkerChanged{
		Worker: l.ID, Account: l.Account, Org: l.Org, Unit: l.Unit, User: l.User(), State: string(l.State), Was: string(l.Was.State),
		LastShare: l.LastShare, Hour: l.Hour.Rate.Estimate, Reference: l.Reference.Rate, ReferenceKind: l.Reference.Kind,
	})
	if err != nil {
		return ev, fmt.Errorf("worker %s: %w", l.ID, err)
	}
	ev.Orgs = []hashyard.ID{l.Org}
	if !l.Unit.IsZero() {
		ev.Units = []hashyard.ID{l.Unit}
	}
	return ev, nil
}

// nominals remembers what machines are sold with; each is asked once an hour.
// An answer that does not come leaves the machine without a reference.
func (s *Service) nominals(ctx context.Context) func(hashyard.ID) hashyard.GHs {
	now := s.cfg.Now()
	if s.nominalAt.IsZero() || now.Sub(s.nominalAt) >= time.Hour {
		s.nominal, s.nominalAt = map[hashyard.ID]hashyard.GHs{}, now
	}
	return func(unit hashyard.ID) hashyard.GHs {
		if unit.IsZero() || s.cfg.Nominals == nil {
			return 0
		}
		ghs, ok := s.nominal[unit]
		if !ok {
			ghs, _ = s.cfg.Nominals.NominalGHs(ctx, unit)
			s.nominal[unit] = ghs
		}
		return ghs
	}
}

func (s *Service) rateWindow(w *Window, now time.Time) {
	if !w.First.IsZero() {
		w.Rate = RateOf(w.Tally, now.Sub(w.First), s.cfg.Scale, meanWork(w.Tally))
	}
}
