package inventory

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hashyard"
)

// BoxesPerPallet is how many boxes stand on one pallet.
const BoxesPerPallet = 30

// openBox is the box that the next packed unit goes into: the last one while
// it has room. An undone scan leaves its box short, as it is on the bench.
func (s Shipment) openBox() int {
	last := 0
	for _, l := range s.Lines {
		last = max(last, l.Box)
	}
	if last == 0 || s.InBox(last) >= s.BoxSize {
		return last + 1
	}
	return last
}

// InBox counts the units in a box.
func (s Shipment) InBox(box int) int {
	n := 0
	for _, l := range s.Lines {
		if l.Box == box {
			n++
		}
	}
	return n
}

// BoxOf is the box a unit was packed into; 0 for none.
func (s Shipment) BoxOf(unit hashyard.ID) int {
	for _, l := range s.Lines {
		if l.Unit == unit {
			return l.Box
		}
	}
	return 0
}

// Pallets is how many pallets the shipment needs.
func (s Shipment) Pallets() int {
	boxes := (len(s.Lines) + s.BoxSize - 1) / max(s.BoxSize, 1)
	for _, l := range s.Lines {
		boxes = max(boxes, l.Box) // undone scans may have cost a box more
	}
	return (boxes + BoxesPerPallet - 1) / BoxesPerPallet
}

// ShownNumber is what people call the shipment: S-0931.
func (s Shipment) ShownNumber() string { return fmt.Sprintf("S-%04d", s.Number) }

// SSCC is the number on a pallet's label: extension digit, the company's GS1
// prefix, a serial reference and the check digit. prefix has 4 to 12 digits.
func SSCC(prefix string, number int64, pallet int) (string, error) {
	if len(prefix) < 4 || len(prefix) > 12 || strings.Trim(prefix, "0123456789") != "" {
		return "", hashyard.Invalid.Errorf("GS1 prefix %q is not 4 to 12 digits", prefix)
	}
	ref := strconv.FormatInt(number*100+int64(pallet), 10)
	room := 16 - len(prefix)
	if number < 1 || pallet < 1 || pallet > 99 || len(ref) > room {
		return "", hashyard.Exhausted.Errorf("shipment %d pallet %d does not fit a prefix of %d digits", number, pallet, len(prefix))
	}
	digits := "3" + prefix + strings.Repeat("0", room-len(ref)) + ref
	return digits + string(gs1Check(digits)), nil
}

// gs1Check is the check digit of GS1 keys: weights 3 and 1 from the right.
func gs1Check(digits string) byte {
	sum := 0
	for i := range len(digits) {
		n := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			n *= 3
		}
		sum += n
	}
	return byte('0' + (10-sum%10)%10)
}

// undo takes a packed unit out of its box again. A unit that is not packed is
// left as it is and told.
func (s Shipment) undo(serial string, by hashyard.ID, now time.Time) (Shipment, Scan, error) {
	rec := Scan{
		ID: hashyard.NewID(), Shipment: s.ID, Seller: s.Seller, Buyer: s.Buyer,
		Kind: ScanPack, Serial: serial, By: by, At: now,
	}
	at := slices.IndexFunc(s.Lines, func(l Line) bool { return l.Serial == serial })
	if at < 0 {
		rec.Outcome = ScanWrong
		return s, rec, nil
	}
	rec.Unit = s.Lines[at].Unit
	if s.Lines[at].PackedAt.IsZero() {
		rec.Outcome = ScanRepeated
		return s, rec, nil
	}
	to, err := s.State.Next(shipUnpack)
	if err != nil {
		return s, rec, err
	}
	s.Lines = slices.Clone(s.Lines)
	l := &s.Lines[at]
	l.PackedAt, l.PackedBy, l.Box = time.Time{}, hashyard.ID{}, 0
	s.State, s.PackedAt, rec.Outcome = to, time.Time{}, ScanUndone
	return s, rec, nil
}

// Undo takes back a packing scan while the shipment is with its seller. What
// was received moved custody and is not undone: that is a discrepancy.
func (s *Service) Undo(ctx context.Context, actor hashyard.Actor, shipment hashyard.ID, raw string) (Shipment, Scan, error) {
	serial, err := NormalSerial(raw)
	if err != nil {
		return Shipment{}, Scan{}, fmt.Errorf("undo: %w", err)
	}
	var out Shipment
	var rec Scan
	err = s.store.Change(ctx, As{Actor: actor}, Select{Shipment: shipment}, func(l Loaded) (Write, error) {
		now := s.now().UTC()
		if err := l.Shipment.mayMove(actor.Org, l.Shipment.Seller, "unpack"); err != nil {
			return Write{}, err
		}
		var err error
		if out, rec, err = l.Shipment.undo(serial, actor.User, now); err != nil {
			return Write{}, err
		}
		if rec.Outcome != ScanUndone {
			return Write{}, nil
		}
		u, err := l.unit(rec.Unit).apply(unitUnpack)
		if err != nil {
			return Write{}, err
		}
		return Write{
			Shipment: &out, Units: []Unit{u}, Scans: []Scan{rec}, At: now, Command: "shipment.unpack", Ref: out.ref(),
		}, nil
	})
	if err == nil && rec.Outcome == ScanWrong {
		err = hashyard.Conflict.Errorf("serial %s is not in this shipment", serial)
	}
	return out, rec, err
}

// LegKind is how a shipment goes a part of its way.
type LegKind string

// The kinds of leg.
const (
	LegRoad    LegKind = "road"
	LegAir     LegKind = "air"
	LegSea     LegKind = "sea"
	LegRail    LegKind = "rail"
	LegCustoms LegKind = "customs"
)

// Leg is one part of a shipment's way, planned against actual. A customs leg
// that began and has no end is a hold.
type Leg struct {
	Kind                   LegKind
	Name, Carrier, Note    string
	PlannedFrom, PlannedTo time.Time
	ActualFrom, ActualTo   time.Time
}

// check is the leg with its texts cleaned.
func (l Leg) check() (Leg, error) {
	l.Name, l.Carrier, l.Note = clean(l.Name), clean(l.Carrier), clean(l.Note)
	switch l.Kind {
	case LegRoad, LegAir, LegSea, LegRail, LegCustoms:
	default:
		return l, hashyard.Invalid.Errorf("a leg is road, air, sea, rail or customs, not %q", l.Kind)
	}
	switch {
	case l.Name == "":
		return l, hashyard.Invalid.Errorf("a leg needs a name, like: Air, AMS to ORD")
	case !l.PlannedTo.IsZero() && (l.PlannedFrom.IsZero() || l.PlannedTo.Before(l.PlannedFrom)):
		return l, hashyard.Invalid.Errorf("leg %q: it is planned to end before it begins", l.Name)
	case !l.ActualTo.IsZero() && (l.ActualFrom.IsZero() || l.ActualTo.Before(l.ActualFrom)):
		return l, hashyard.Invalid.Errorf("leg %q: it ended before it began", l.Name)
	}
	return l, nil
}

// maxLegs bounds a shipment's plan.
const maxLegs = 16

// PlanLegs replaces a shipment's legs. Either side may: the seller plans, and
// whoever hears from the carrier says what happened.
func (s *Service) PlanLegs(ctx context.Context, actor hashyard.Actor, shipment hashyard.ID, legs []Leg) error {
	if len(legs) > maxLegs {
		return hashyard.Invalid.Errorf("%d legs, at most %d", len(legs), maxLegs)
	}
	checked := make([]Leg, len(legs))
	for i, l := range legs {
		var err error
		if checked[i], err = l.check(); err != nil {
			return err
		}
	}
	ship, err := s.store.Shipment(ctx, actor, shipment)
	if err != nil {
		return err
	}
	if err := ship.mayMove(actor.Org, actor.Org, "plan"); err != nil {
		return err
	}
	return s.store.PutLegs(ctx, actor, ship, checked)
}

// Bench is everything the packing and receiving bench shows of a shipment.
type Bench struct {
	Shipment Shipment
	Legs     []Leg
	Scans    []Scan                 // the newest first
	Shelves  map[hashyard.ID]string // of units the reader's organisation has
	SSCC     []string               // one a pallet
}

// Bench reads a shipment as the bench shows it.
func (s *Service) Bench(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (Bench, error) {
	b, err := s.store.Bench(ctx, actor, id)
	if err != nil {
		return Bench{}, err
	}
	for p := 1; p <= b.Shipment.Pallets(); p++ {
		code, err := SSCC(s.gs1, b.Shipment.Number, p)
		if err != nil {
			return Bench{}, err
		}
		b.SSCC = append(b.SSCC, code)
	}
	return b, nil
}

// Stray is what a scanned serial is that is not in the shipment, as far as the
// scanning organisation may know.
type Stray struct {
	Serial string
	Yours  bool
	Unit   Unit // zero unless Yours
}

// Stray says whose a wrong serial is. An organisation learns of its own
// machines only; that a serial exists elsewhere is nobody's news.
func (s *Service) Stray(ctx context.Context, actor hashyard.Actor, raw string) (Stray, error) {
	serial, err := NormalSerial(raw)
	if err != nil {
		return Stray{}, err
	}
	units, _, err := s.store.Units(ctx, actor, UnitQuery{Text: serial, Limit: 20})
	if err != nil {
		return Stray{}, fmt.Errorf("stray %s: %w", serial, err)
	}
	for _, u := range units {
		if u.Serial == serial && u.Holds(actor.Org) {
			return Stray{Serial: serial, Yours: true, Unit: u.seenBy(actor)}, nil
		}
	}
	return Stray{Serial: serial}, nil
}

// Shelve says where the custodian keeps a unit.
func (s *Service) Shelve(ctx context.Context, actor hashyard.Actor, unit hashyard.ID, shelf string) (Unit, error) {
	shelf = clean(shelf)
	if len(shelf) > 24 {
		return Unit{}, hashyard.Invalid.Errorf("a shelf is named by 24 characters at most, not %d", len(shelf))
	}
	var out Unit
	err := s.store.Change(ctx, As{Actor: actor}, Select{Units: []hashyard.ID{unit}}, func(l Loaded) (Write, error) {
		u := l.Units[0]
		if u.Custodian != actor.Org {
			return Write{}, hashyard.Denied.Errorf("only whoever has unit %s in hand can shelve it", u.Serial)
		}
		u.Shelf, out = shelf, u
		out.Shelf = shelf
		return Write{Units: []Unit{u}, Command: "unit.shelve", Ref: hashyard.Ref{Kind: "unit", ID: u.ID}, At: s.now().UTC()}, nil
	})
	return out, err
}
