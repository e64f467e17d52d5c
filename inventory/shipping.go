package inventory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hashyard"
)

// Shipment reads one shipment of the actor's organisation.
func (s *Service) Shipment(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Shipment, error) {
	return s.store.Shipment(ctx, actor, id)
}

// Shipments lists the shipments that the actor's organisation sends or gets.
func (s *Service) Shipments(ctx context.Context, actor hashyard.Actor, q ShipmentQuery) ([]Shipment, string, error) {
	q.Limit = pageSize(q.Limit)
	return s.store.Shipments(ctx, actor, q)
}

// Scan counts one scanned serial. A wrong serial is kept in the scans and
// refused with Conflict.
func (s *Service) Scan(ctx context.Context, actor hashyard.Actor, shipment hashyard.ID, kind ScanKind, raw string, deviceAt time.Time) (Shipment, Scan, error) {
	if kind != ScanPack && kind != ScanReceive && kind != ScanReturn {
		return Shipment{}, Scan{}, hashyard.Invalid.Errorf("scan kind %q is neither pack nor receive nor return", kind)
	}
	serial, err := NormalSerial(raw)
	if err != nil {
		return Shipment{}, Scan{}, fmt.Errorf("scan: %w", err)
	}
	var out Shipment
	var rec Scan
	err = s.store.Change(ctx, As{Actor: actor}, Select{Shipment: shipment}, func(l Loaded) (Write, error) {
		now := s.now().UTC()
		was := *l.Shipment
		mover := was.Seller
		if kind == ScanReceive {
			mover = was.Buyer
		}
		if err := was.mayMove(actor.Org, mover, string(kind)); err != nil {
			return Write{}, err
		}
		var err error
		if out, rec, err = was.scan(kind, serial, actor.User, now); err != nil {
			return Write{}, err
		}
		if !deviceAt.After(now) { // a clock that is ahead says nothing
			rec.DeviceAt = deviceAt
		}
		w := Write{Scans: []Scan{rec}, At: now}
		if rec.Outcome != ScanCounted {
			return w, nil
		}
		w.Shipment, w.Command, w.Ref = &out, "shipment."+string(kind), out.ref()
		return out.scanned(w, was, rec, l.unit(rec.Unit))
	})
	if err != nil {
		return Shipment{}, Scan{}, err
	}
	hashyard.Hit(hashyard.AtScanCounted)
	if rec.Outcome == ScanWrong {
		return out, rec, s.wrongSerial(ctx, actor, out, serial)
	}
	return out, rec, nil
}

func (s Shipment) ref() hashyard.Ref { return hashyard.Ref{Kind: "shipment", ID: s.ID} }

// scanned adds what a counted scan does to the unit: packing binds it to the
// shipment, receiving puts it into the buyer's hands, returning into the
// seller's.
func (s Shipment) scanned(w Write, was Shipment, rec Scan, u Unit) (Write, error) {
	ev, done := unitPack, hashyard.EvUnitsPacked
	switch rec.Kind {
	case ScanReceive:
		ev, done = unitReceive, hashyard.EvUnitsDelivered
	case ScanReturn:
		ev, done = unitReturn, hashyard.EvUnitsReturned
	}
	u, err := u.apply(ev)
	if err != nil {
		return Write{}, err
	}
	var c Custody
	switch rec.Kind {
	case ScanReceive:
		u, c = u.hand(Holder{Org: s.Buyer}, rec.At, "received by scan", s.ID, rec.By)
		w.Custody = []Custody{c}
	case ScanReturn:
		u, c = u.free().hand(Holder{Org: s.Seller}, rec.At, "returned, received by scan", s.ID, rec.By)
		w.Custody = []Custody{c}
	}
	w.Units = []Unit{u}
	if s.State != was.State {
		moved, err := s.moved(done, rec.By, rec.At)
		if err != nil {
			return Write{}, err
		}
		w.Events = append(w.Events, moved)
	}
	return w, nil
}

func (l Loaded) unit(id hashyard.ID) Unit {
	for _, u := range l.Units {
		if u.ID == id {
			return u
		}
	}
	return Unit{}
}

// wrongSerial says what a serial is that does not belong here, if the actor's
// organisation may know it.
func (s *Service) wrongSerial(ctx context.Context, actor hashyard.Actor, ship Shipment, serial string) error {
	units, _, err := s.store.Units(ctx, actor, UnitQuery{Text: serial, Limit: 10})
	if err != nil {
		return fmt.Errorf("scan %s: %w", serial, err)
	}
	for _, u := range units {
		if u.Serial != serial || !u.Holds(actor.Org) {
			continue
		}
		what := fmt.Sprintf("it is yours and %s", u.State)
		if !u.Trade.IsZero() && u.Trade != ship.Trade {
			what = fmt.Sprintf("it belongs to trade %s", u.Trade)
		}
		return hashyard.Conflict.Errorf("serial %s is not in this shipment; %s", serial, what)
	}
	return hashyard.Conflict.Errorf("serial %s is not in this shipment", serial)
}

// Dispatch hands a packed shipment to the carrier, who has custody from now on.
func (s *Service) Dispatch(ctx context.Context, actor hashyard.Actor, shipment hashyard.ID, carrier, tracking string) (Shipment, error) {
	step := func(was Shipment, now time.Time) (Shipment, error) {
		if err := was.mayMove(actor.Org, was.Seller, "dispatch"); err != nil {
			return was, err
		}
		if was.State == ShipmentDispatched && was.Carrier == clean(carrier) && was.Tracking == clean(tracking) {
			return was, errAgain
		}
		return was.dispatch(carrier, tracking, now)
	}
	return s.step(ctx, actor, shipment, hashyard.EvUnitsDispatched, step, func(ship Shipment, u Unit, now time.Time) (Unit, []Custody, error) {
		u, err := u.apply(unitDispatch)
		if err != nil {
			return u, nil, err
		}
		u, c := u.hand(Holder{Carrier: ship.Carrier}, now, "handed to the carrier", ship.ID, actor.User)
		return u, []Custody{c}, nil
	})
}

// Arrive records that the shipment is at the buyer's door. Custody stays with
// the carrier until each unit is scanned.
func (s *Service) Arrive(ctx context.Context, actor hashyard.Actor, shipment hashyard.ID) (Shipment, error) {
	step := func(was Shipment, now time.Time) (Shipment, error) {
		if err := was.mayMove(actor.Org, was.Buyer, "take in"); err != nil {
			return was, err
		}
		if was.State == ShipmentArrived {
			return was, errAgain
		}
		return was.arrive(now)
	}
	return s.step(ctx, actor, shipment, hashyard.EvUnitsArrived, step, func(_ Shipment, u Unit, _ time.Time) (Unit, []Custody, error) {
		if u.State != UnitInTransit {
			return u, nil, nil // going on after an exception
		}
		u, err := u.apply(unitArrive)
		return u, nil, err
	})
}

// Except stops a shipment on its way for a reason: customs, short, damaged.
// Either side may.
func (s *Service) Except(ctx context.Context, actor hashyard.Actor, shipment hashyard.ID, reason string) (Shipment, error) {
	step := func(was Shipment, _ time.Time) (Shipment, error) {
		if err := was.mayMove(actor.Org, actor.Org, "stop"); err != nil {
			return was, err
		}
		if was.State == ShipmentException && was.Reason == clean(reason) {
			return was, errAgain
		}
		return was.except(reason)
	}
	return s.step(ctx, actor, shipment, "", step, nil)
}

// errAgain ends a step that was taken before: a process may die between the
// step and its answer, and the caller asks again. It changes nothing.
var errAgain = errors.New("this was done before")

type unitStep func(ship Shipment, u Unit, now time.Time) (Unit, []Custody, error)

// step moves a whole shipment and its units, and tells of it by an event.
func (s *Service) step(ctx context.Context, actor hashyard.Actor, id hashyard.ID, kind hashyard.EventKind,
	move func(Shipment, time.Time) (Shipment, error), each unitStep,
) (Shipment, error) {
	var out Shipment
	err := s.store.Change(ctx, As{Actor: actor}, Select{Shipment: id}, func(l Loaded) (Write, error) {
		now := s.now().UTC()
		var err error
		if out, err = move(*l.Shipment, now); errors.Is(err, errAgain) {
			return Write{}, nil
		}
		if err != nil {
			return Write{}, err
		}
		w := Write{Shipment: &out, Command: "shipment." + string(out.State), Ref: out.ref(), At: now}
		if each != nil {
			for _, u := range l.Units {
				u, custody, err := each(out, u, now)
				if err != nil {
					return Write{}, err
				}
				w.Units, w.Custody = append(w.Units, u), append(w.Custody, custody...)
			}
		}
		if kind != "" {
			ev, err := out.moved(kind, actor.User, now)
			if err != nil {
				return Write{}, err
			}
			w.Events = append(w.Events, ev)
		}
		return w, nil
	})
	hashyard.Hit(hashyard.AtShipmentMoved)
	return out, err
}
