package inventory

import (
	"slices"
	"time"

	"hashyard"
)

// UnitState says what is happening to a unit.
type UnitState string

// The states of a unit.
const (
	UnitAvailable UnitState = "available"  // in its owner's hands and free
	UnitListed    UnitState = "listed"     // held by an order
	UnitSold      UnitState = "sold"       // held by a trade
	UnitPacked    UnitState = "packed"     // scanned into a shipment
	UnitInTransit UnitState = "in_transit" // with the carrier
	UnitArrived   UnitState = "arrived"    // at the buyer's door, not scanned in
	UnitReceived  UnitState = "received"   // in the buyer's hands, not yet the buyer's own
	UnitReturning UnitState = "returning"  // on its way back to the seller after a refund
)

// UnitEvent moves a unit from state to state.
type UnitEvent string

// The events of a unit.
const (
	unitReserve  UnitEvent = "reserve"
	unitRelease  UnitEvent = "release" // the order or trade let go of it
	unitMatch    UnitEvent = "match"
	unitPack     UnitEvent = "pack"
	unitUnpack   UnitEvent = "unpack" // the packing scan was taken back
	unitDispatch UnitEvent = "dispatch"
	unitArrive   UnitEvent = "arrive"
	unitReceive  UnitEvent = "receive"
	unitPass     UnitEvent = "pass"   // ownership passed to the buyer
	unitCancel   UnitEvent = "cancel" // the trade was refunded
	unitReturn   UnitEvent = "return" // back in the seller's hands by scan
)

// unitTable is next[from][event]. The repeated match is an order event that
// came after the trade's own.
func unitTable() map[UnitState]map[UnitEvent]UnitState {
	return map[UnitState]map[UnitEvent]UnitState{
		UnitAvailable: {unitReserve: UnitListed},
		UnitListed:    {unitMatch: UnitSold, unitRelease: UnitAvailable},
		UnitSold:      {unitMatch: UnitSold, unitRelease: UnitAvailable, unitPack: UnitPacked, unitCancel: UnitAvailable},
		UnitPacked:    {unitDispatch: UnitInTransit, unitUnpack: UnitSold, unitCancel: UnitAvailable},
		UnitInTransit: {unitArrive: UnitArrived, unitCancel: UnitReturning},
		UnitArrived:   {unitReceive: UnitReceived, unitCancel: UnitReturning},
		UnitReceived:  {unitPass: UnitAvailable, unitCancel: UnitReturning},
		UnitReturning: {unitReturn: UnitAvailable},
	}
}

// Next is the state after ev; Conflict when the state does not allow it.
func (s UnitState) Next(ev UnitEvent) (UnitState, error) {
	if to, ok := unitTable()[s][ev]; ok {
		return to, nil
	}
	return s, hashyard.Conflict.Errorf("a unit that is %s cannot %s", s, ev)
}

// apply moves the unit by ev.
func (u Unit) apply(ev UnitEvent) (Unit, error) {
	to, err := u.State.Next(ev)
	if err != nil {
		return u, hashyard.Conflict.Errorf("unit %s: %w", u.Serial, err)
	}
	u.State = to
	return u, nil
}

// Custody is one hand-over. Rows are never changed; a unit's rows, in order
// of Seq, each begin with the holder the one before ended with.
type Custody struct {
	Unit     hashyard.ID
	Seq      int
	From, To Holder // From is none in the first row
	At       time.Time
	Reason   string
	Shipment hashyard.ID
	By       hashyard.ID // user
}

// hand moves the unit from its holder into other hands.
func (u Unit) hand(to Holder, at time.Time, reason string, shipment, by hashyard.ID) (Unit, Custody) {
	c := Custody{Unit: u.ID, Seq: u.CustodySeq + 1, From: u.Holder(), To: to, At: at, Reason: reason, Shipment: shipment, By: by}
	u.Custodian, u.Carrier, u.CustodySeq = to.Org, to.Carrier, c.Seq
	u.Site, u.Shelf = hashyard.ID{}, ""
	return u, c
}

// CheckChain verifies that the rows are one unit's unbroken chain of custody
// that ends with the holder the unit names.
func CheckChain(u Unit, rows []Custody) error {
	var last Holder
	for i, c := range rows {
		if c.Unit != u.ID || c.Seq != i+1 {
			return hashyard.Conflict.Errorf("custody of %s: row %d has seq %d", u.Serial, i, c.Seq)
		}
		if c.From != last {
			return hashyard.Conflict.Errorf("custody of %s: row %d does not begin where row %d ended", u.Serial, c.Seq, c.Seq-1)
		}
		if c.To == (Holder{}) || c.To.Org.IsZero() == (c.To.Carrier == "") {
			return hashyard.Conflict.Errorf("custody of %s: row %d has not exactly one holder", u.Serial, c.Seq)
		}
		last = c.To
	}
	if last != u.Holder() || len(rows) != u.CustodySeq {
		return hashyard.Conflict.Errorf("custody of %s: the unit's holder is not the last row's", u.Serial)
	}
	return nil
}

// Reserve gives the unit to the order holder. Only its owner may list it, only
// while it has it in hand and nothing else holds it.
func (u Unit) Reserve(org hashyard.ID, holder hashyard.Ref) (Unit, error) {
	if u.Owner != org {
		// Whoever may not know the unit learns nothing about it.
		return u, hashyard.NotFound.Errorf("unit %s", u.ID)
	}
	if u.Order == holder.ID && holder.Kind == "order" && u.State == UnitListed {
		return u, nil // the same order asks again
	}
	if !u.Order.IsZero() {
		return u, hashyard.Conflict.Errorf("unit %s is already listed (order %s)", u.Serial, u.Order)
	}
	if u.Custodian != org {
		return u, hashyard.Conflict.Errorf("unit %s is not in your custody", u.Serial)
	}
	if u.Entered {
		return u, hashyard.Conflict.Errorf("unit %s was entered by hand and no agent has seen it yet", u.Serial)
	}
	u, err := u.apply(unitReserve)
	if err != nil {
		return u, err
	}
	u.Order = holder.ID
	return u, nil
}

// HeldBy reports whether the order or trade holds the unit.
func (u Unit) HeldBy(holder hashyard.Ref) bool {
	switch holder.Kind {
	case "order":
		return !holder.ID.IsZero() && u.Order == holder.ID
	case "trade":
		return !holder.ID.IsZero() && u.Trade == holder.ID
	}
	return false
}

// Release lets go of the unit if holder holds it and nothing was packed yet;
// changed is false when there was nothing to let go of.
func (u Unit) Release(holder hashyard.Ref) (out Unit, changed bool, err error) {
	if !u.HeldBy(holder) {
		return u, false, nil
	}
	out, err = u.apply(unitRelease)
	if err != nil {
		return u, false, err
	}
	return out.free(), true, nil
}

// Match passes the unit from its order to the trade. From now on the buyer
// may know the unit.
func (u Unit) Match(order, trade, buyer hashyard.ID) (Unit, error) {
	if u.Order != order || (!u.Trade.IsZero() && u.Trade != trade) {
		return u, hashyard.Conflict.Errorf("unit %s is not held by order %s for trade %s", u.Serial, order, trade)
	}
	u, err := u.apply(unitMatch)
	if err != nil {
		return u, err
	}
	u.Trade, u.Destined = trade, buyer
	return u.withReader(buyer), nil
}

// Pass makes buyer the owner: the money was released and the unit is received.
func (u Unit) Pass(trade, buyer hashyard.ID) (Unit, error) {
	if u.Trade != trade {
		return u, hashyard.Conflict.Errorf("unit %s is not held by trade %s", u.Serial, trade)
	}
	u, err := u.apply(unitPass)
	if err != nil {
		return u, err
	}
	u.Owner = buyer
	return u.free().withReader(buyer), nil
}

// Cancel ends the sale of a unit whose trade was refunded: one that has not
// left the seller is free, any other is on its way back and stays held until
// the seller has it. Until then the buyer stays a party to it.
func (u Unit) Cancel() (Unit, error) {
	u, err := u.apply(unitCancel)
	if err != nil {
		return u, err
	}
	if u.State != UnitReturning {
		u = u.free()
	}
	return u, nil
}

// free lets go of whatever held the unit.
func (u Unit) free() Unit {
	u.Order, u.Trade, u.Destined = hashyard.ID{}, hashyard.ID{}, hashyard.ID{}
	return u
}

// inOrder sorts ids and drops doubles and none: rows are locked in one order
// everywhere.
func inOrder(ids []hashyard.ID) []hashyard.ID {
	out := slices.DeleteFunc(slices.Clone(ids), hashyard.ID.IsZero)
	slices.SortFunc(out, func(a, b hashyard.ID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(out)
}
