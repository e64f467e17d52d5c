package inventory

import (
	"slices"
	"strings"
	"time"

	"hashyard"
)

// Shipment is the way of one trade's units from seller to buyer.
type Shipment struct {
	ID, Trade, Seller, Buyer hashyard.ID
	Number                   int64 // what people call it by
	BoxSize                  int   // units in a box
	State                    ShipmentState
	Carrier, Tracking        string
	Reason                   string // of the exception or the cancellation
	Stopped                  string // why the seller may not go on; empty: nothing stops it
	Lines                    []Line // the expected units, in the trade's order
	Version                  int64

	CreatedAt, PackedAt, DispatchedAt, ArrivedAt, ReceivedAt, ReturnedAt time.Time // zero: not yet
	// DecidedAt is when the trade's money was decided about: a dispute that is
	// told later stops nothing any more.
	DecidedAt time.Time
}

// Line is one expected unit of a shipment.
type Line struct {
	Unit                             hashyard.ID
	Serial, MAC                      string
	Box                              int // 0 while not packed
	PackedAt, ReceivedAt, ReturnedAt time.Time
	PackedBy, ReceivedBy, ReturnedBy hashyard.ID // users
}

// ShipmentState is where a shipment is.
type ShipmentState string

// The states of a shipment.
const (
	ShipmentPacking    ShipmentState = "packing"
	ShipmentPacked     ShipmentState = "packed"
	ShipmentDispatched ShipmentState = "dispatched"
	ShipmentArrived    ShipmentState = "arrived"
	ShipmentReceived   ShipmentState = "received"
	ShipmentException  ShipmentState = "exception" // held, short or damaged; goes on when resolved
	ShipmentCancelled  ShipmentState = "cancelled" // refunded before it left the seller
	ShipmentReturning  ShipmentState = "returning" // refunded on its way or after; the seller scans it back in
	ShipmentReturned   ShipmentState = "returned"  // all of it is back with the seller
)

// ShipmentEvent moves a shipment from state to state.
type ShipmentEvent string

// The events of a shipment.
const (
	shipPack        ShipmentEvent = "pack"         // a unit was scanned in, more are expected
	shipPackLast    ShipmentEvent = "pack last"    // the last expected unit was scanned in
	shipUnpack      ShipmentEvent = "unpack"       // a packing scan was taken back
	shipDispatch    ShipmentEvent = "dispatch"     // handed to the carrier
	shipArrive      ShipmentEvent = "arrive"       // at the buyer's door, or going on after an exception
	shipReceive     ShipmentEvent = "receive"      // a unit was scanned out, more are expected
	shipReceiveLast ShipmentEvent = "receive last" // the last expected unit was scanned out
	shipExcept      ShipmentEvent = "except"
	shipCancel      ShipmentEvent = "cancel"      // the trade was refunded
	shipReturn      ShipmentEvent = "return"      // a unit was scanned back in, more are expected
	shipReturnLast  ShipmentEvent = "return last" // the last unit was scanned back in
)

// shipmentTable is next[from][event].
func shipmentTable() map[ShipmentState]map[ShipmentEvent]ShipmentState {
	return map[ShipmentState]map[ShipmentEvent]ShipmentState{
		ShipmentPacking:    {shipPack: ShipmentPacking, shipPackLast: ShipmentPacked, shipUnpack: ShipmentPacking, shipCancel: ShipmentCancelled},
		ShipmentPacked:     {shipDispatch: ShipmentDispatched, shipUnpack: ShipmentPacking, shipCancel: ShipmentCancelled},
		ShipmentDispatched: {shipArrive: ShipmentArrived, shipExcept: ShipmentException, shipCancel: ShipmentReturning},
		ShipmentArrived: {
			shipReceive: ShipmentArrived, shipReceiveLast: ShipmentReceived,
			shipExcept: ShipmentException, shipCancel: ShipmentReturning,
		},
		ShipmentException: {
			shipArrive: ShipmentArrived, shipReceive: ShipmentException,
			shipReceiveLast: ShipmentReceived, shipExcept: ShipmentException, shipCancel: ShipmentReturning,
		},
		ShipmentReceived:  {shipCancel: ShipmentReturning},
		ShipmentReturning: {shipReturn: ShipmentReturning, shipReturnLast: ShipmentReturned},
	}
}

// Next is the state after ev; Conflict when the state does not allow it.
func (s ShipmentState) Next(ev ShipmentEvent) (ShipmentState, error) {
	if to, ok := shipmentTable()[s][ev]; ok {
		return to, nil
	}
	return s, hashyard.Conflict.Errorf("a shipment that is %s cannot %s", s, ev)
}

// ScanKind says what a scan is for.
type ScanKind string

// The kinds of scan.
const (
	ScanPack    ScanKind = "pack"
	ScanReceive ScanKind = "receive"
	ScanReturn  ScanKind = "return" // the seller takes a refunded trade's unit back
)

// Outcome is what a scan did.
type Outcome string

// The outcomes of a scan.
const (
	ScanCounted  Outcome = "counted"
	ScanRepeated Outcome = "repeated" // the unit had been scanned before; nothing changed
	ScanWrong    Outcome = "wrong"    // not one of the expected units; nothing changed
	ScanUndone   Outcome = "undone"   // an earlier packing scan was taken back
)

// Scan is one pull of a scanner's trigger, kept for ever, right or wrong.
type Scan struct {
	ID, Shipment  hashyard.ID
	Seller, Buyer hashyard.ID
	Unit          hashyard.ID // none for a wrong one
	Kind          ScanKind
	Serial        string
	Outcome       Outcome
	By            hashyard.ID
	At            time.Time
	DeviceAt      time.Time // by the scanner's own clock; zero when it did not say
	Box           int       // that the unit is in, after a packing scan
}

// Progress counts a shipment's scans of one kind.
type Progress struct{ Expected, Scanned int }

// Remaining is how many units are still to be scanned.
func (p Progress) Remaining() int { return p.Expected - p.Scanned }

// Progress counts the scans of kind so far.
func (s Shipment) Progress(kind ScanKind) Progress {
	p := Progress{Expected: len(s.Lines)}
	for _, l := range s.Lines {
		if !l.scanned(kind).IsZero() {
			p.Scanned++
		}
	}
	return p
}

func (l Line) scanned(kind ScanKind) time.Time {
	switch kind {
	case ScanPack:
		return l.PackedAt
	case ScanReturn:
		return l.ReturnedAt
	}
	return l.ReceivedAt
}

// mark remembers that the line's unit was scanned.
func (l *Line) mark(kind ScanKind, by hashyard.ID, now time.Time) {
	switch kind {
	case ScanPack:
		l.PackedAt, l.PackedBy = now, by
	case ScanReturn:
		l.ReturnedAt, l.ReturnedBy = now, by
	default:
		l.ReceivedAt, l.ReceivedBy = now, by
	}
}

// scanEvents are what one more scan of kind means for the shipment, and what
// the last one does.
func scanEvents(kind ScanKind) (one, last ShipmentEvent) {
	switch kind {
	case ScanPack:
		return shipPack, shipPackLast
	case ScanReturn:
		return shipReturn, shipReturnLast
	}
	return shipReceive, shipReceiveLast
}

// NewShipment expects the units of a funded trade, in the trade's order.
func NewShipment(trade, seller, buyer hashyard.ID, units []Unit, now time.Time) Shipment {
	s := Shipment{ID: hashyard.NewID(), Trade: trade, Seller: seller, Buyer: buyer, State: ShipmentPacking, BoxSize: 4, CreatedAt: now}
	for _, u := range units {
		s.Lines = append(s.Lines, Line{Unit: u.ID, Serial: u.Serial, MAC: u.MAC})
	}
	return s
}

// scan counts one scanned serial (in normal form). Scanning a unit twice
// changes nothing; a serial that is not expected changes nothing and is told.
func (s Shipment) scan(kind ScanKind, serial string, by hashyard.ID, now time.Time) (Shipment, Scan, error) {
	rec := Scan{
		ID: hashyard.NewID(), Shipment: s.ID, Seller: s.Seller, Buyer: s.Buyer,
		Kind: kind, Serial: serial, By: by, At: now,
	}
	at := slices.IndexFunc(s.Lines, func(l Line) bool { return l.Serial == serial })
	if at < 0 {
		rec.Outcome = ScanWrong
		return s, rec, nil
	}
	rec.Unit = s.Lines[at].Unit
	if !s.Lines[at].scanned(kind).IsZero() {
		rec.Outcome, rec.Box = ScanRepeated, s.Lines[at].Box
		return s, rec, nil
	}
	ev, last := scanEvents(kind)
	if s.Progress(kind).Remaining() == 1 {
		ev = last
	}
	to, err := s.State.Next(ev)
	switch {
	case err != nil:
	case kind == ScanPack:
		err = s.goes()
	case kind == ScanReceive && s.ArrivedAt.IsZero():
		// Held on the way: its machines are with the carrier until they are here.
		err = hashyard.Conflict.Errorf("shipment %d is %s on its way and has not arrived: record its arrival first", s.Number, s.State)
	}
	if err != nil {
		return s, rec, err
	}
	s.Lines = slices.Clone(s.Lines)
	if kind == ScanPack {
		s.Lines[at].Box = s.openBox()
		rec.Box = s.Lines[at].Box
	}
	s.Lines[at].mark(kind, by, now)
	switch ev {
	case shipPackLast:
		s.PackedAt = now
	case shipReceiveLast:
		s.ReceivedAt = now
	case shipReturnLast:
		s.ReturnedAt = now
	}
	s.State, rec.Outcome = to, ScanCounted
	return s, rec, nil
}

// dispatch hands the packed shipment to the carrier.
func (s Shipment) dispatch(carrier, tracking string, now time.Time) (Shipment, error) {
	carrier, tracking = clean(carrier), clean(tracking)
	if carrier == "" {
		return s, hashyard.Invalid.Errorf("the carrier's name is missing")
	}
	if strings.TrimSpace(tracking) == "" {
		return s, hashyard.Invalid.Errorf("the tracking number is missing")
	}
	to, err := s.State.Next(shipDispatch)
	if err == nil {
		err = s.goes()
	}
	if err != nil {
		return s, err
	}
	s.State, s.Carrier, s.Tracking, s.DispatchedAt = to, carrier, tracking, now
	return s, nil
}

// arrive records that the shipment is at the buyer's door.
func (s Shipment) arrive(now time.Time) (Shipment, error) {
	to, err := s.State.Next(shipArrive)
	if err != nil {
		return s, err
	}
	s.State, s.Reason = to, ""
	if s.ArrivedAt.IsZero() {
		s.ArrivedAt = now
	}
	return s, nil
}

// except stops the shipment for a reason: customs, short, damaged, lost.
func (s Shipment) except(reason string) (Shipment, error) {
	reason = clean(reason)
	if reason == "" {
		return s, hashyard.Invalid.Errorf("the reason is missing")
	}
	to, err := s.State.Next(shipExcept)
	if err != nil {
		return s, err
	}
	s.State, s.Reason = to, reason
	return s, nil
}

// goes refuses the seller's steps while a dispute stops them.
func (s Shipment) goes() error {
	if s.Stopped == "" {
		return nil
	}
	return hashyard.Conflict.Errorf("the trade is disputed (%s); packing and dispatch wait for the desk's decision", s.Stopped)
}

// dispute stops the shipment, unless the desk has decided already.
func (s Shipment) dispute(reason string) (out Shipment, changed bool) {
	if !s.DecidedAt.IsZero() || s.Stopped == reason {
		return s, false
	}
	s.Stopped = reason
	return s, true
}

// decide ends whatever a dispute stopped.
func (s Shipment) decide(now time.Time) Shipment {
	s.Stopped, s.DecidedAt = "", now
	return s
}

// cancel ends the way to the buyer: the trade was refunded.
func (s Shipment) cancel(reason string, now time.Time) (Shipment, error) {
	to, err := s.State.Next(shipCancel)
	if err != nil {
		return s, err
	}
	s = s.decide(now)
	s.State, s.Reason = to, reason
	return s, nil
}

// seller and buyer check whose step it is. A stranger learns nothing.
func (s Shipment) mayMove(org hashyard.ID, mover hashyard.ID, step string) error {
	switch {
	case org != s.Seller && org != s.Buyer:
		return hashyard.NotFound.Errorf("shipment %s", s.ID)
	case org != mover && mover == s.Seller:
		return hashyard.Denied.Errorf("only the seller can %s this shipment", step)
	case org != mover:
		return hashyard.Denied.Errorf("only the buyer can %s this shipment", step)
	}
	return nil
}

// moved is the event that tells of a shipment's step.
func (s Shipment) moved(kind hashyard.EventKind, by hashyard.ID, at time.Time) (hashyard.Event, error) {
	p := hashyard.UnitsMoved{
		Shipment: s.ID, Trade: s.Trade, Buyer: s.Buyer, Seller: s.Seller,
		Carrier: s.Carrier, Tracking: s.Tracking, By: by,
	}
	for _, l := range s.Lines {
		p.Units = append(p.Units, l.Unit)
		p.Serials = append(p.Serials, l.Serial)
		p.MACs = append(p.MACs, l.MAC)
	}
	ev, err := hashyard.NewEvent(kind, hashyard.Ref{Kind: "shipment", ID: s.ID}, at, p)
	ev.Orgs, ev.Units = []hashyard.ID{s.Seller, s.Buyer}, p.Units
	return ev, err
}
