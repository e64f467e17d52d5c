package inventory

import (
	"errors"
	"testing"

	"hashyard"
)

func TestUnitStateTable(t *testing.T) {
	t.Parallel()
	states := []UnitState{UnitAvailable, UnitListed, UnitSold, UnitPacked, UnitInTransit, UnitArrived, UnitReceived, UnitReturning}
	events := []UnitEvent{unitReserve, unitRelease, unitMatch, unitPack, unitUnpack, unitDispatch, unitArrive, unitReceive, unitPass, unitCancel, unitReturn}
	// Written out a second time, so that a change of the table is a decision.
	want := map[string]UnitState{
		"available/reserve": UnitListed,
		"listed/match":      UnitSold,
		"listed/release":    UnitAvailable,
		"sold/match":        UnitSold,
		"sold/release":      UnitAvailable,
		"sold/pack":         UnitPacked,
		"packed/dispatch":   UnitInTransit,
		"packed/unpack":     UnitSold,
		"in_transit/arrive": UnitArrived,
		"arrived/receive":   UnitReceived,
		"received/pass":     UnitAvailable,
		"sold/cancel":       UnitAvailable,
		"packed/cancel":     UnitAvailable,
		"in_transit/cancel": UnitReturning,
		"arrived/cancel":    UnitReturning,
		"received/cancel":   UnitReturning,
		"returning/return":  UnitAvailable,
	}
	for _, s := range states {
		for _, ev := range events {
			got, err := s.Next(ev)
			to, allowed := want[string(s)+"/"+string(ev)]
			switch {
			case allowed && (err != nil || got != to):
				t.Errorf("%s %s = %s, %v, want %s", s, ev, got, err, to)
			case !allowed && (!errors.Is(err, hashyard.Conflict) || got != s):
				t.Errorf("%s %s = %s, %v, want a conflict and no change", s, ev, got, err)
			}
			delete(want, string(s)+"/"+string(ev))
		}
	}
	if len(want) != 0 || len(unitTable()) != len(states) {
		t.Errorf("table and test name other states or events: left %v", want)
	}
}

func TestShipmentStateTable(t *testing.T) {
	t.Parallel()
	states := []ShipmentState{
		ShipmentPacking, ShipmentPacked, ShipmentDispatched, ShipmentArrived, ShipmentReceived, ShipmentException,
		ShipmentCancelled, ShipmentReturning, ShipmentReturned,
	}
	events := []ShipmentEvent{
		shipPack, shipPackLast, shipUnpack, shipDispatch, shipArrive, shipReceive, shipReceiveLast, shipExcept,
		shipCancel, shipReturn, shipReturnLast,
	}
	want := map[string]ShipmentState{
		"packing/pack":           ShipmentPacking,
		"packing/pack last":      ShipmentPacked,
		"packing/unpack":         ShipmentPacking,
		"packed/unpack":          ShipmentPacking,
		"packed/dispatch":        ShipmentDispatched,
		"dispatched/arrive":      ShipmentArrived,
		"dispatched/except":      ShipmentException,
		"arrived/receive":        ShipmentArrived,
		"arrived/receive last":   ShipmentReceived,
		"arrived/except":         ShipmentException,
		"exception/arrive":       ShipmentArrived,
		"exception/receive":      ShipmentException,
		"exception/receive last": ShipmentReceived,
		"exception/except":       ShipmentException,
		"packing/cancel":         ShipmentCancelled,
		"packed/cancel":          ShipmentCancelled,
		"dispatched/cancel":      ShipmentReturning,
		"arrived/cancel":         ShipmentReturning,
		"exception/cancel":       ShipmentReturning,
		"received/cancel":        ShipmentReturning,
		"returning/return":       ShipmentReturning,
		"returning/return last":  ShipmentReturned,
	}
	for _, s := range states {
		for _, ev := range events {
			got, err := s.Next(ev)
			to, allowed := want[string(s)+"/"+string(ev)]
			switch {
			case allowed && (err != nil || got != to):
				t.Errorf("%s %s = %s, %v, want %s", s, ev, got, err, to)
			case !allowed && (!errors.Is(err, hashyard.Conflict) || got != s):
				t.Errorf("%s %s = %s, %v, want a conflict and no change", s, ev, got, err)
			}
			delete(want, string(s)+"/"+string(ev))
		}
	}
	if len(want) != 0 {
		t.Errorf("never reached: %v", want)
	}
	for from, row := range shipmentTable() {
		if from == ShipmentCancelled || from == ShipmentReturned || len(row) == 0 {
			t.Errorf("state %s is final and needs no row", from)
		}
	}
}
