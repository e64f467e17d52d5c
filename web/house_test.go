package web

import (
	"testing"

	"hashyard"
)

// TestWhoIsTheHouse: the house's organisation alone makes nobody the house.
func TestWhoIsTheHouse(t *testing.T) {
	t.Parallel()
	house, tenant := Org{ID: hashyard.NewID(), House: true}, Org{ID: hashyard.NewID()}
	for _, role := range Roles() {
		of := role == hashyard.Desk || role == hashyard.Treasury
		u := User{ID: hashyard.NewID(), Roles: []hashyard.Role{role}}
		if got := actorOf(u, house).House; got != of {
			t.Errorf("%s in the house acts for it: %v", role, got)
		}
		if actorOf(u, tenant).House {
			t.Errorf("%s of a tenant acts for the house", role)
		}
		if a := actorOf(u, house); !of && (Can(a, TradesDecide) || Can(a, HouseRead) || Can(a, TreasuryRead)) {
			t.Errorf("%s in the house may decide or read for the house", role)
		}
	}
	if Can(actorOf(User{Roles: []hashyard.Role{hashyard.Treasury, hashyard.Trader}}, house), TradesDecide) {
		t.Error("a treasurer who trades decides about held money")
	}
}

// TestNarrow: with two roles, the house's sight goes with the role that allows
// the action.
func TestNarrow(t *testing.T) {
	t.Parallel()
	a := actorOf(User{Roles: []hashyard.Role{hashyard.Treasury, hashyard.Owner}}, Org{ID: hashyard.NewID(), House: true})
	for act, want := range map[Action]bool{
		TreasuryRead: true, LedgerRead: true, SessionRead: true, PoolRead: true,
		UnitsRead: false, OrdersWrite: false, UsersWrite: false, FleetRead: false, TradesDispute: false,
	} {
		if got := narrow(a, act).House; !Can(a, act) || got != want {
			t.Errorf("%s: house %v, want %v", act, got, want)
		}
	}
	tenant := hashyard.Actor{Org: hashyard.NewID(), Roles: []hashyard.Role{hashyard.Treasury}}
	if narrow(tenant, LedgerRead).House {
		t.Error("narrowing made a tenant the house")
	}
}
