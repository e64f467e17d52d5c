package pool

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"hashyard"
	"hashyard/pool/share"
)

// SeedAccount makes sure that the organisation has an account. The name is
// its slug, and stays when the organisation is renamed: usernames are written
// into machines.
func (s *Service) SeedAccount(ctx context.Context, org hashyard.ID, slug string) (Account, error) {
	if org.IsZero() || !accountPattern.MatchString(slug) {
		return Account{}, hashyard.Invalid.Errorf("account name %q is not 1 to 32 letters, digits and -", slug)
	}
	a, err := s.store.SeedAccount(ctx, Account{ID: hashyard.NewID(), Org: org, Name: slug, Created: s.cfg.Now().UTC()})
	if err != nil {
		return Account{}, fmt.Errorf("account %s: %w", slug, err)
	}
	return a, nil
}

// Authorize decides who may mine. A unit's worker needs the unit's secret;
// names that nobody made are refused.
func (s *Service) Authorize(ctx context.Context, user, password, _ string, _ netip.AddrPort) (share.Grant, error) {
	return s.admit(ctx, user, func(w Worker) bool { return s.knows(w, password) })
}

// admit is Authorize for whom knows says that they know a unit's secret.
func (s *Service) admit(ctx context.Context, user string, knows func(Worker) bool) (share.Grant, error) {
	account, worker, err := ParseUser(user)
	if err != nil {
		return share.Grant{}, err
	}
	l, err := s.store.Login(ctx, account, worker)
	if len(user) == keptUser && errors.Is(err, hashyard.NotFound) {
		l, err = s.store.LoginCut(ctx, account, worker)
	}
	if err != nil {
		return share.Grant{}, fmt.Errorf("authorize %s.%s: %w", account, worker, err)
	}
	w := l.Worker
	if !w.Retired.IsZero() {
		return share.Grant{}, hashyard.Denied.Errorf("worker %s was retired: its machine works for somebody else", w.User())
	}
	g := s.grant(l)
	if !w.Unit.IsZero() {
		if !knows(w) {
			return share.Grant{}, hashyard.Denied.Errorf("worker %s: wrong secret", w.User())
		}
		g.Secret = true
		if g.Start == 0 && s.cfg.Nominals != nil {
			// A machine nobody knows the rate of starts at the edge's default.
			if ghs, err := s.cfg.Nominals.NominalGHs(ctx, w.Unit); err == nil {
				g.Start = startDifficulty(ghs, s.cfg.Scale, s.perMinute(g), math.Round)
			}
		}
	}
	return g, nil
}

// grant is what a login gives, before its secret is known.
func (s *Service) grant(l Login) share.Grant {
	g := share.Grant{
		Account: l.Account.ID, Worker: l.Worker.ID, Unit: l.Worker.Unit,
		PerMinute: s.cfg.SharesPerMinute, Proof: l.Proof,
	}
	if l.Proof {
		g.PerMinute = s.cfg.ProofPerMinute
		g.Start = startDifficulty(l.SoldGHs, s.cfg.Scale, g.PerMinute, math.Floor)
	}
	return g
}

func (s *Service) perMinute(g share.Grant) float64 {
	if g.PerMinute > 0 {
		return g.PerMinute
	}
	return 12 // the edge's own default
}

// WorkerFor is where and as whom a unit mines for an organisation. Asking
// again gives the same answer. A unit that worked for another organisation
// stops doing so at once: its old secret is void and its sessions end. Its
// next session here is announced.
func (s *Service) WorkerFor(ctx context.Context, unit, org hashyard.ID) (Target, error) {
	if unit.IsZero() {
		return Target{}, hashyard.Invalid.Errorf("worker: no unit given")
	}
	a, err := s.store.Account(ctx, org)
	if err != nil {
		return Target{}, fmt.Errorf("worker of unit %s: account of organisation %s: %w", unit, org, err)
	}
	w, retired, err := s.store.UnitWorker(ctx, Worker{
		ID: hashyard.NewID(), Org: org, Account: a.ID, AccountName: a.Name, Unit: unit,
		Name: unitWorkerName(unit), Generation: 1, Created: s.cfg.Now().UTC(),
	})
	if err != nil {
		return Target{}, fmt.Errorf("worker of unit %s: %w", unit, err)
	}
	if edge := s.edge(); edge != nil {
		for _, id := range retired {
			edge.CloseWorker(id, "the machine works for another account now")
		}
	}
	return Target{URL: s.cfg.URL, User: w.User(), Password: s.secret(w.ID, w.Generation)}, nil
}

// AddWorker makes a plain worker in the actor's organisation.
func (s *Service) AddWorker(ctx context.Context, actor hashyard.Actor, name string) (Worker, error) {
	return s.AddWorkerOnce(ctx, actor, hashyard.NewID(), name)
}

// AddWorkerOnce is AddWorker with an id given by the caller: doing the same
// again gives the worker that is there.
func (s *Service) AddWorkerOnce(ctx context.Context, actor hashyard.Actor, id hashyard.ID, name string) (Worker, error) {
	name = lower(name)
	if !namePattern.MatchString(name) {
		return Worker{}, hashyard.Invalid.Errorf("worker name %q is not 1 to 32 letters, digits, - and _", name)
	}
	a, err := s.store.Account(ctx, actor.Org)
	if err != nil {
		return Worker{}, fmt.Errorf("add worker %s: %w", name, err)
	}
	if user := a.Name + "." + name; len(user) > keptUser {
		return Worker{}, hashyard.Invalid.Errorf("username %s has %d characters; machines keep %d: choose a shorter name", user, len(user), keptUser)
	}
	w, err := s.store.AddWorker(ctx, actor, Worker{
		ID: id, Org: actor.Org, Account: a.ID, AccountName: a.Name, Name: name, Generation: 1, Created: s.cfg.Now().UTC(),
	})
	if errors.Is(err, hashyard.Conflict) {
		return Worker{}, hashyard.Conflict.Errorf("worker %s.%s exists already", a.Name, name)
	}
	return w, err
}

// SessionOpened tells that a session was authorised. The first of a unit's
// worker since it was last pointed here becomes an event; announce catches up
// when this fails.
func (s *Service) SessionOpened(ctx context.Context, ses Session) error {
	s.noteDevice(ses)
	if ses.Unit.IsZero() || !ses.Secret {
		return nil
	}
	return s.announceThese(ctx, []Session{ses})
}

// announce tells sessions whose opening could not be told when it happened.
func (s *Service) announce(ctx context.Context) error {
	edge := s.edge()
	if edge == nil {
		return nil
	}
	units := slices.DeleteFunc(edge.Sessions(), func(ses Session) bool { return ses.Unit.IsZero() || !ses.Secret })
	if len(units) == 0 {
		return nil
	}
	return s.announceThese(ctx, units)
}

func (s *Service) announceThese(ctx context.Context, sessions []Session) error {
	err := s.store.Announce(ctx, sessions, func(w Worker, ses Session) (hashyard.Event, error) {
		ev, err := hashyard.NewEvent(hashyard.EvSessionOpened, hashyard.Ref{Kind: "worker", ID: w.ID}, s.cfg.Now(), hashyard.SessionOpened{
			Unit: w.Unit, Worker: w.ID, Account: w.Account, Org: w.Org, Session: ses.ID, User: ses.User, Remote: ses.Remote,
		})
		ev.Orgs, ev.Units = []hashyard.ID{w.Org}, []hashyard.ID{w.Unit}
		return ev, err
	})
	if err != nil {
		return fmt.Errorf("announce sessions: %w", err)
	}
	return nil
}

// Sessions are the live sessions the actor may see, of one unit or all.
func (s *Service) Sessions(ctx context.Context, actor hashyard.Actor, unit hashyard.ID) ([]Session, error) {
	edge := s.edge()
	if edge == nil {
		return nil, hashyard.Unavailable.Errorf("live sessions are known to the process that has the machines' connections")
	}
	a, err := s.store.Account(ctx, actor.Org)
	if err != nil && !errors.Is(err, hashyard.NotFound) {
		return nil, err
	}
	return slices.DeleteFunc(edge.Sessions(), func(ses Session) bool {
		theirs := ses.Account != a.ID && !actor.House
		return theirs || (!unit.IsZero() && ses.Unit != unit)
	}), nil
}

// Apply books a batch of the share log: the consumer hands them in order.
func (s *Service) Apply(ctx context.Context, b share.Batch) error {
	return s.store.Apply(ctx, b, BooksOf)
}

// Checkpoint is how far the share log is applied.
func (s *Service) Checkpoint(ctx context.Context) (stream string, seq uint64, err error) {
	return s.store.Checkpoint(ctx)
}
