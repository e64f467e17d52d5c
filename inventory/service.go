package inventory

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"hashyard"
)

// Store keeps inventory. Each method is one whole transaction.
type Store interface {
	Finder
	Models(ctx context.Context) ([]Model, error)
	PutModels(ctx context.Context, models []Model) error
	// Change loads and locks what sel names, lets rule decide and writes what
	// it decided. The rule may run again and must have no effects of its own.
	Change(ctx context.Context, as As, sel Select, rule func(Loaded) (Write, error)) error

	Unit(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Unit, error)
	Units(ctx context.Context, actor hashyard.Actor, q UnitQuery) ([]Unit, string, error)
	Custody(ctx context.Context, actor hashyard.Actor, unit hashyard.ID) ([]Custody, error)
	Events(ctx context.Context, actor hashyard.Actor, unit hashyard.ID, cursor string, limit int) ([]hashyard.Event, string, error)
	FileEvent(ctx context.Context, ev hashyard.Event) error
	Shipment(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Shipment, error)
	Shipments(ctx context.Context, actor hashyard.Actor, q ShipmentQuery) ([]Shipment, string, error)
	// Bench reads a shipment with its legs, its newest scans and the shelves of
	// the units that the actor's organisation has.
	Bench(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Bench, error)
	// PutLegs replaces a shipment's legs.
	PutLegs(ctx context.Context, actor hashyard.Actor, s Shipment, legs []Leg) error
}

// As says for whom a change is made: an actor in the actor's organisation, or
// the house itself for Reason. With Event the change happens once per event.
type As struct {
	Actor  hashyard.Actor
	Reason string
	Event  hashyard.ID
}

// Select names what a change decides on.
type Select struct {
	Units    []hashyard.ID // must all exist and be visible, unless Lenient
	Lenient  bool          // leaves out Units that do not exist
	Serial   string        // the unit with this serial, if any
	Shipment hashyard.ID   // with the units of its lines
	Trade    hashyard.ID   // the shipment of this trade, if any, without its units
}

// Loaded is what Select named, locked.
type Loaded struct {
	Units    []Unit // in the order of Select.Units or of the shipment's lines
	Shipment *Shipment
	Models   []Model
}

// Write is what a rule decided, applied whole or not at all.
type Write struct {
	New         []Unit
	Units       []Unit // changed ones; versions are checked
	Custody     []Custody
	NewShipment *Shipment
	Shipment    *Shipment
	Scans       []Scan
	Mismatches  []Mismatch
	Org         hashyard.ID // whose sighting the mismatches are
	Events      []hashyard.Event
	Command     string // for the audit trail; empty leaves no audit row
	Ref         hashyard.Ref
	At          time.Time
}

// UnitQuery selects units: those in hand, or by serial or MAC all visible ones.
type UnitQuery struct {
	Text   string
	IDs    []hashyard.ID // these only, as far as the caller may read them
	Cursor string
	Limit  int
}

// ShipmentQuery selects shipments.
type ShipmentQuery struct {
	Trade  hashyard.ID
	Cursor string
	Limit  int
}

// Names tells how organisations and sites are called; they belong to others.
type Names interface {
	OrgNames(ctx context.Context, ids []hashyard.ID) (map[hashyard.ID]string, error)
	SiteNames(ctx context.Context, actor hashyard.Actor, ids []hashyard.ID) (map[hashyard.ID]string, error)
}

// Config is what a Service needs.
type Config struct {
	Store Store
	Names Names // nil: no names are shown
	// GS1 is the company prefix of pallet labels; empty means a prefix of the
	// range that is for use inside one company only.
	GS1 string
	Now func() time.Time // nil means time.Now
	Log *slog.Logger     // nil discards
}

// Service is inventory as the other parts see it.
type Service struct {
	store Store
	names Names
	gs1   string
	now   func() time.Time
	log   *slog.Logger
}

// New makes the service.
func New(cfg Config) *Service {
	s := &Service{store: cfg.Store, names: cfg.Names, gs1: cfg.GS1, now: cfg.Now, log: cfg.Log}
	if s.gs1 == "" {
		s.gs1 = "0400000"
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// Now is the service's instant.
func (s *Service) Now() time.Time { return s.now().UTC() }

// SeedModels makes the models known; it may run at every start.
func (s *Service) SeedModels(ctx context.Context, models []Model) error {
	return s.store.PutModels(ctx, models)
}

// Models lists every model.
func (s *Service) Models(ctx context.Context) ([]Model, error) { return s.store.Models(ctx) }

// Claim answers a sighting by an organisation's agent: an unknown serial is
// registered as the organisation's own, a known one is compared. The owner
// never changes by it.
func (s *Service) Claim(ctx context.Context, org, site hashyard.ID, seen Identity) (Claimed, error) {
	id, err := seen.normal()
	if err != nil {
		return Claimed{}, fmt.Errorf("claim: %w", err)
	}
	var out Claimed
	as := As{Reason: "inventory.claim"}
	err = s.store.Change(ctx, as, Select{Serial: id.Serial}, func(l Loaded) (Write, error) {
		now := s.now().UTC()
		if len(l.Units) == 0 {
			u, c := register(org, site, id, l.Models, now)
			out = Claimed{Unit: u, New: true}
			return Write{
				New: []Unit{u}, Custody: []Custody{c}, At: now,
				Command: "unit.register", Ref: hashyard.Ref{Kind: "unit", ID: u.ID},
			}, nil
		}
		was, w := l.Units[0], Write{Org: org, At: now}
		if was.foundBy(org) {
			var c Custody
			was, c = was.hand(Holder{Org: org}, now, "found by its agent; it had been entered by hand elsewhere", hashyard.ID{}, hashyard.ID{})
			was.Owner, was.Readers = org, []hashyard.ID{org}
			w.Custody, w.Command, w.Ref = []Custody{c}, "unit.found", hashyard.Ref{Kind: "unit", ID: was.ID}
		}
		u, res := was.sight(org, site, id, l.Models, now)
		out, w.Units, w.Mismatches = res, []Unit{u}, res.Mismatches
		return w, nil
	})
	return out, err
}

// Reserve gives the units to the order, all or none. Only their owner may.
func (s *Service) Reserve(ctx context.Context, actor hashyard.Actor, holder hashyard.Ref, units []hashyard.ID) ([]Unit, error) {
	if holder.Kind != "order" || holder.ID.IsZero() {
		return nil, hashyard.Invalid.Errorf("reserve for %q: only an order can hold units", holder.Kind)
	}
	if len(units) == 0 || len(units) > 10_000 {
		return nil, hashyard.Invalid.Errorf("an ask needs 1 to 10000 units, not %d", len(units))
	}
	if len(inOrder(units)) != len(units) {
		return nil, hashyard.Invalid.Errorf("the same unit is named twice")
	}
	var out []Unit
	err := s.store.Change(ctx, As{Actor: actor}, Select{Units: units}, func(l Loaded) (Write, error) {
		out = nil
		for _, u := range l.Units {
			u, err := u.Reserve(actor.Org, holder)
			if err != nil {
				return Write{}, err
			}
			out = append(out, u)
		}
		return Write{Units: out, Command: "units.reserve", Ref: holder, At: s.now().UTC()}, nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Release lets go of those of the units that holder (an order or a trade)
// still holds. Doing it again changes nothing.
func (s *Service) Release(ctx context.Context, holder hashyard.Ref, units []hashyard.ID) error {
	return s.release(ctx, As{Reason: "inventory.release"}, units, holder)
}

func (s *Service) release(ctx context.Context, as As, units []hashyard.ID, holders ...hashyard.Ref) error {
	if len(units) == 0 {
		return nil
	}
	// An order may have named what nobody has: it was refused for that, and
	// still there is nothing to free.
	return s.store.Change(ctx, as, Select{Units: inOrder(units), Lenient: true}, func(l Loaded) (Write, error) {
		w := Write{Command: "units.release", Ref: holders[0], At: s.now().UTC()}
		for _, u := range l.Units {
			for _, h := range holders {
				freed, changed, err := u.Release(h)
				if err != nil && !as.Event.IsZero() {
					break // packed meanwhile: the event came too late for this unit
				}
				if err != nil {
					return Write{}, err
				}
				if changed {
					w.Units = append(w.Units, freed)
					break
				}
			}
		}
		return w, nil
	})
}

// Unit reads one unit that the actor may know.
func (s *Service) Unit(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Unit, error) {
	u, err := s.store.Unit(ctx, actor, id)
	if err != nil {
		return Unit{}, err
	}
	return u.seenBy(actor), nil
}

// Custodian is the organisation that has the unit in hand; none in transit.
func (s *Service) Custodian(ctx context.Context, id hashyard.ID) (hashyard.ID, error) {
	u, err := s.store.Unit(ctx, hashyard.SystemActor("inventory.custodian"), id)
	return u.Custodian, err
}

// Units searches: without text the units the actor's organisation owns or has
// in hand, with text every visible unit whose serial or MAC contains it.
func (s *Service) Units(ctx context.Context, actor hashyard.Actor, q UnitQuery) ([]Unit, string, error) {
	q.Limit = pageSize(q.Limit)
	units, next, err := s.store.Units(ctx, actor, q)
	for i := range units {
		units[i] = units[i].seenBy(actor)
	}
	return units, next, err
}

// seenBy leaves of a unit what the actor may know. Its owner, whoever has it in
// hand and the buyer of the trade that holds it know everything. A former owner
// still finds the machine, and learns nothing of where it went.
func (u Unit) seenBy(actor hashyard.Actor) Unit {
	party := u.Holds(actor.Org) || (!u.Trade.IsZero() && actor.Org == u.Destined)
	if actor.House || actor.System != "" || (party && !actor.Org.IsZero()) {
		if !actor.House && actor.System == "" && !u.Holds(actor.Org) {
			u.Site, u.Order = hashyard.ID{}, hashyard.ID{} // the seller's own matters
		}
		if !actor.House && actor.System == "" && u.Custodian != actor.Org {
			u.Shelf = ""
		}
		return u
	}
	var none hashyard.ID
	u.Owner, u.Custodian, u.Carrier, u.Destined = none, none, "", none
	u.Trade, u.Order, u.Site = none, none, none
	u.State, u.SeenAt, u.Shelf, u.Entered = "", time.Time{}, "", false
	return u
}

// CustodyOf lists the unit's hand-overs, oldest first.
func (s *Service) CustodyOf(ctx context.Context, actor hashyard.Actor, unit hashyard.ID) ([]Custody, error) {
	if _, err := s.store.Unit(ctx, actor, unit); err != nil {
		return nil, err
	}
	return s.store.Custody(ctx, actor, unit)
}

// Events lists the unit's life line as far as the actor may see it, oldest first.
func (s *Service) Events(ctx context.Context, actor hashyard.Actor, unit hashyard.ID, cursor string, limit int) ([]hashyard.Event, string, error) {
	if _, err := s.store.Unit(ctx, actor, unit); err != nil {
		return nil, "", err
	}
	return s.store.Events(ctx, actor, unit, cursor, pageSize(limit))
}

// OrgNames tells how organisations are called, as far as known.
func (s *Service) OrgNames(ctx context.Context, ids ...hashyard.ID) (map[hashyard.ID]string, error) {
	if s.names == nil || len(ids) == 0 {
		return nil, nil
	}
	return s.names.OrgNames(ctx, inOrder(ids))
}

// SiteNames tells how sites are called, as far as the actor may know.
func (s *Service) SiteNames(ctx context.Context, actor hashyard.Actor, ids ...hashyard.ID) (map[hashyard.ID]string, error) {
	if s.names == nil || len(ids) == 0 {
		return nil, nil
	}
	return s.names.SiteNames(ctx, actor, inOrder(ids))
}

func pageSize(n int) int {
	if n <= 0 {
		return 100
	}
	return min(n, 500)
}
