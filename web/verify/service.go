package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"hashyard"
)

// Events of this package. The payload of EvSuspended is a Suspension; it is
// the house's alone.
const (
	EvSuspended    hashyard.EventKind = "org.suspended"
	EvListImported hashyard.EventKind = "sanctions.imported"
)

// Suspension: an organisation may no longer trade.
type Suspension struct {
	Org hashyard.ID
}

// List is one import of a sanctions list.
type List struct {
	ID         hashyard.ID `json:"id"`
	Source     string      `json:"source"`
	Dated      time.Time   `json:"dated" doc:"The day the list is of."`
	SHA256     [32]byte    `json:"-"`
	Entries    int         `json:"entries"`
	ImportedAt time.Time   `json:"imported_at"`
	ImportedBy hashyard.ID `json:"imported_by,omitzero"`
}

// Hit is a name of an organisation that looks like a listed one.
type Hit struct {
	ID        hashyard.ID `json:"id"`
	Org       hashyard.ID `json:"org_id"`
	Subject   string      `json:"subject" doc:"The organisation's or owner's name."`
	Folded    string      `json:"-"`
	List      hashyard.ID `json:"list_id"`
	EntNum    int64       `json:"ent_num"`
	Listed    string      `json:"listed" doc:"The name on the list."`
	Rule      string      `json:"rule" enum:"exact,close"`
	ScorePPM  int         `json:"score_ppm"`
	FoundAt   time.Time   `json:"found_at"`
	ClearedAt time.Time   `json:"cleared_at,omitzero"`
	ClearedBy hashyard.ID `json:"cleared_by,omitzero"`
	Reason    string      `json:"reason,omitempty"`
}

func (h Hit) same(o Hit) bool {
	return h.Folded == o.Folded && h.EntNum == o.EntNum && h.Listed == o.Listed
}

// Subject is an organisation with what is known of it.
type Subject struct {
	Record Record `json:"record"`
	Name   string `json:"name" doc:"How the organisation is called here."`
	House  bool   `json:"house"`
	Open   int    `json:"open_hits" doc:"Listed names that nobody has cleared."`
}

// Change is what a rule makes of an organisation.
type Change struct {
	Record Record
	Found  []Hit  // new ones
	Clear  string // clears the open ones, for this reason
	Events []hashyard.Event
}

// Store keeps it all. Each method is one transaction.
type Store interface {
	// Subject is an organisation; without a record it is unverified.
	Subject(ctx context.Context, org hashyard.ID) (Subject, error)
	Subjects(ctx context.Context, state State, after hashyard.ID, limit int) ([]Subject, error)
	// ChangeVerification locks an organisation, lets rule decide with all hits there ever
	// were, and writes what it decided, with an audit row of command. A rule
	// that returns nil changes nothing.
	ChangeVerification(ctx context.Context, actor hashyard.Actor, org hashyard.ID, command string, rule func(Subject, []Hit) (*Change, error)) (Subject, error)
	// AddSanctionsList keeps a list; the same bytes of the same source are the list of
	// before. It tells by EvListImported.
	AddSanctionsList(ctx context.Context, actor hashyard.Actor, l List, entries []Entry, ev hashyard.Event) (List, error)
	SanctionsLists(ctx context.Context, after hashyard.ID, limit int) ([]List, error)
	// CurrentSanctions are the newest list of each source.
	CurrentSanctions(ctx context.Context) ([]List, error)
	SanctionsEntries(ctx context.Context, list hashyard.ID) ([]Entry, error)
	SanctionsHits(ctx context.Context, org hashyard.ID) ([]Hit, error)
}

// Config is what a Service needs.
type Config struct {
	Store Store
	Now   func() time.Time
	Log   *slog.Logger
}

// Service decides who may trade.
type Service struct {
	store Store
	now   func() time.Time
	log   *slog.Logger

	mu     sync.Mutex               // guards folded
	folded map[hashyard.ID][]listed // of the current lists
}

// listed is an entry ready to be compared.
type listed struct {
	Entry
	list hashyard.ID
	name Folded
}

// New makes the service.
func New(cfg Config) *Service {
	s := &Service{store: cfg.Store, now: cfg.Now, log: cfg.Log, folded: map[hashyard.ID][]listed{}}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

func (s *Service) instant() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// MayTrade is nil for an organisation that may place orders and fund trades;
// else it says what to do. The house vouches for itself.
func (s *Service) MayTrade(ctx context.Context, org hashyard.ID) error {
	sub, err := s.store.Subject(ctx, org)
	if err != nil {
		return fmt.Errorf("verification of %s: %w", org, err)
	}
	if sub.House {
		return nil
	}
	const stop = "until then it places no orders and funds no trades"
	switch sub.Record.State {
	case Verified:
		return nil
	case Submitted:
		return hashyard.Conflict.Errorf("your organisation is not verified yet: the desk is checking what you sent; %s", stop)
	case Refused:
		return hashyard.Conflict.Errorf("your organisation was not verified (%s): an owner sends corrected details on the page Organisation; %s", sub.Record.Reason, stop)
	case Suspended:
		return hashyard.Conflict.Errorf("your organisation is suspended: the desk has to lift it, write to it; %s", stop)
	}
	return hashyard.Conflict.Errorf("your organisation is not verified yet: an owner sends its legal name, register number and owners on the page Organisation; %s", stop)
}

// Subject is how an organisation stands.
func (s *Service) Subject(ctx context.Context, org hashyard.ID) (Subject, error) {
	return s.store.Subject(ctx, org)
}

// Subjects lists organisations, those in a state or all.
func (s *Service) Subjects(ctx context.Context, state State, after hashyard.ID, limit int) ([]Subject, error) {
	return s.store.Subjects(ctx, state, after, limit)
}

// Hits are all listed names ever found for an organisation.
func (s *Service) Hits(ctx context.Context, org hashyard.ID) ([]Hit, error) {
	return s.store.SanctionsHits(ctx, org)
}

// Lists are the imports, newest first.
func (s *Service) Lists(ctx context.Context, after hashyard.ID, limit int) ([]List, error) {
	return s.store.SanctionsLists(ctx, after, limit)
}

// Submit takes what an organisation says of itself. It is held against the
// current lists at once.
func (s *Service) Submit(ctx context.Context, actor hashyard.Actor, d Details) (Subject, error) {
	now := s.instant()
	d, err := d.Check(now)
	if err != nil {
		return Subject{}, err
	}
	entries, err := s.current(ctx)
	if err != nil {
		return Subject{}, fmt.Errorf("submit: %w", err)
	}
	return s.store.ChangeVerification(ctx, actor, actor.Org, "verification.submit", func(sub Subject, known []Hit) (*Change, error) {
		if sub.House {
			return nil, hashyard.Conflict.Errorf("the house vouches for itself")
		}
		r, err := sub.Record.Apply(Submit)
		if err != nil {
			return nil, hashyard.Conflict.Errorf("your organisation is %s: the desk has to decide first", sub.Record.State)
		}
		r.Details, r.SubmittedAt, r.ChangedAt, r.Reason = d, now, now, ""
		sub.Record = r
		return s.screen(sub, known, entries, now)
	})
}

// screen suspends an organisation of whose names a new one is listed.
func (s *Service) screen(sub Subject, known []Hit, entries []listed, now time.Time) (*Change, error) {
	c := &Change{Record: sub.Record}
	for _, h := range find(sub, entries, now) {
		if !slices.ContainsFunc(known, h.same) {
			c.Found = append(c.Found, h)
		}
	}
	if len(c.Found) == 0 {
		return c, nil
	}
	r, err := c.Record.Apply(Suspend)
	if err != nil {
		return nil, err
	}
	r.ChangedAt, r.Reason = now, "a check has to be made first"
	c.Record = r
	ev, err := suspended(sub.Record.Org, now)
	c.Events = append(c.Events, ev)
	return c, err
}

func suspended(org hashyard.ID, now time.Time) (hashyard.Event, error) {
	return hashyard.NewEvent(EvSuspended, hashyard.Ref{Kind: "org", ID: org}, now, Suspension{Org: org})
}

// find are the listed names of an organisation.
func find(sub Subject, entries []listed, now time.Time) []Hit {
	var hits []Hit
	for _, name := range sub.Record.Details.Names(sub.Name) {
		f := Fold(name)
		for _, e := range entries {
			ppm, exact := f.Compare(e.name)
			if ppm < CloseFrom {
				continue
			}
			h := Hit{
				ID: hashyard.NewID(), Org: sub.Record.Org, Subject: name, Folded: f.String(), List: e.list,
				EntNum: e.EntNum, Listed: e.Name, Rule: "close", ScorePPM: ppm, FoundAt: now,
			}
			if exact {
				h.Rule = "exact"
			}
			if !slices.ContainsFunc(hits, h.same) {
				hits = append(hits, h)
			}
		}
	}
	return hits
}

// Decide is the desk's word on an organisation, from the version it looked at.
// Lifting a suspension clears the listed names for the same reason.
func (s *Service) Decide(ctx context.Context, actor hashyard.Actor, org hashyard.ID, e Event, reason string, version int64) (Subject, error) {
	now := s.instant()
	reason = strings.Join(strings.Fields(reason), " ")
	if !ByDesk(e) {
		return Subject{}, hashyard.Invalid.Errorf("%.20q is nothing the desk decides", e)
	}
	if len(reason) > 500 || (e != Verify && len([]rune(reason)) < 5) {
		return Subject{}, hashyard.Invalid.Errorf("give the reason, in 5 to 500 characters")
	}
	return s.store.ChangeVerification(ctx, actor, org, "verification."+string(e), func(sub Subject, known []Hit) (*Change, error) {
		switch {
		case sub.House:
			return nil, hashyard.Conflict.Errorf("the house vouches for itself")
		case sub.Record.Version != version:
			return nil, hashyard.Stale.Errorf("%s was changed meanwhile: version %d, not %d", sub.Name, sub.Record.Version, version)
		case !slices.Contains(Open(sub.Record.State), e):
			return nil, hashyard.Conflict.Errorf("%s is %s: nothing to %s", sub.Name, sub.Record.State, e)
		case e == Verify && sub.Open > 0:
			return nil, hashyard.Conflict.Errorf("%s has listed names that nobody has cleared", sub.Name)
		}
		r, err := sub.Record.Apply(e)
		if err != nil {
			return nil, err
		}
		r.Reason, r.DecidedAt, r.ChangedAt = reason, now, now
		c := &Change{Record: r}
		switch e {
		case Reopen, Reinstate:
			c.Clear, c.Record.Reason = reason, ""
		case Suspend:
			ev, err := suspended(org, now)
			if err != nil {
				return nil, err
			}
			c.Events = append(c.Events, ev)
		}
		return c, nil
	})
}

// SeedVerified makes an organisation that nothing is known of verified: the
// local world's seed, whose organisations are simulated.
func (s *Service) SeedVerified(ctx context.Context, org hashyard.ID) error {
	now := s.instant()
	actor := hashyard.SystemActor("seed")
	actor.Org = org
	_, err := s.store.ChangeVerification(ctx, actor, org, "verification.seed", func(sub Subject, _ []Hit) (*Change, error) {
		if sub.House || sub.Record.State != Unverified {
			return nil, nil
		}
		r := sub.Record
		r.State, r.Version, r.ChangedAt, r.SubmittedAt, r.DecidedAt = Verified, r.Version+1, now, now, now
		r.Details = Details{LegalName: sub.Name, Country: "FI", Registration: "simulated", Owners: []Owner{{Name: "Simulated Owner", Country: "FI"}}}
		r.Reason = "simulated"
		return &Change{Record: r}, nil
	})
	return err
}

// Import keeps a list in OFAC's SDN format and holds every organisation
// against it. The same file again changes nothing.
func (s *Service) Import(ctx context.Context, actor hashyard.Actor, source string, dated time.Time, r io.Reader) (List, error) {
	now := s.instant()
	source, err := text("source", source, 40)
	if err != nil {
		return List{}, err
	}
	if dated.After(now.Add(24*time.Hour)) || dated.Year() < 2000 {
		return List{}, hashyard.Invalid.Errorf("a list of %s: not a day a list can be of", dated.Format(time.DateOnly))
	}
	raw, err := io.ReadAll(io.LimitReader(r, MaxListBytes+1))
	if err != nil {
		return List{}, fmt.Errorf("sanctions list: %w", err)
	}
	entries, err := ParseSDN(bytes.NewReader(raw))
	if err != nil {
		return List{}, err
	}
	l := List{
		ID: hashyard.NewID(), Source: source, Dated: dated.UTC().Truncate(24 * time.Hour), SHA256: sha256.Sum256(raw),
		Entries: len(entries), ImportedAt: now, ImportedBy: actor.User,
	}
	ev, err := hashyard.NewEvent(EvListImported, hashyard.Ref{Kind: "sanctions_list", ID: l.ID}, now, struct{ List hashyard.ID }{l.ID})
	if err != nil {
		return List{}, err
	}
	if l, err = s.store.AddSanctionsList(ctx, actor, l, entries, ev); err != nil {
		return List{}, err
	}
	return l, s.ScreenAll(ctx)
}

// OnListImported holds every organisation against the current lists: also when
// the process that imported one ended before it had.
func (s *Service) OnListImported(ctx context.Context, _ hashyard.Event) error {
	return s.ScreenAll(ctx)
}

// ScreenAll holds every organisation against the current lists. What was found
// before is not found again.
func (s *Service) ScreenAll(ctx context.Context) error {
	entries, err := s.current(ctx)
	if err != nil {
		return err
	}
	now := s.instant()
	actor := hashyard.SystemActor("web.sanctions")
	var failed []error
	for after := (hashyard.ID{}); ; {
		subs, err := s.store.Subjects(ctx, "", after, 200)
		if err != nil {
			return err
		}
		for _, sub := range subs {
			after = sub.Record.Org
			if sub.House || len(find(sub, entries, now)) == 0 {
				continue
			}
			_, err := s.store.ChangeVerification(ctx, actor, sub.Record.Org, "verification.screen", func(sub Subject, known []Hit) (*Change, error) {
				c, err := s.screen(sub, known, entries, now)
				if err != nil || len(c.Found) == 0 {
					return nil, err
				}
				return c, nil
			})
			if err != nil {
				failed = append(failed, fmt.Errorf("screen %s: %w", sub.Record.Org, err))
			}
		}
		if len(subs) < 200 {
			return errors.Join(failed...)
		}
	}
}

// current are the entries of the newest list of each source, folded once.
func (s *Service) current(ctx context.Context) ([]listed, error) {
	lists, err := s.store.CurrentSanctions(ctx)
	if err != nil {
		return nil, fmt.Errorf("sanctions lists: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []listed
	keep := map[hashyard.ID][]listed{}
	for _, l := range lists {
		folded, ok := s.folded[l.ID]
		if !ok {
			entries, err := s.store.SanctionsEntries(ctx, l.ID)
			if err != nil {
				return nil, fmt.Errorf("sanctions list %s: %w", l.ID, err)
			}
			for _, e := range entries {
				folded = append(folded, listed{Entry: e, list: l.ID, name: Fold(e.Name)})
			}
		}
		keep[l.ID] = folded
		all = append(all, folded...)
	}
	s.folded = keep
	return all, nil
}
