package web

import (
	"slices"

	"hashyard"
)

// Action names what a request wants to do. Every route has exactly one, and
// Can decides who may.
type Action string

// The actions, by the domain they belong to.
const (
	// SessionOpen is what a session may do before it is full; see Stage.
	SessionOpen   Action = "session.open"
	SessionRead   Action = "session.read"
	AccountWrite  Action = "account.write"
	UnitsRead     Action = "units.read"
	UnitsWrite    Action = "units.write"
	ShipmentsRead Action = "shipments.read"
	ShipmentsScan Action = "shipments.scan"
	ShipmentsMove Action = "shipments.move"
	MarketRead    Action = "market.read"
	OrdersWrite   Action = "orders.write"
	MarketHalt    Action = "market.halt"
	TradesRead    Action = "trades.read"
	TradesFund    Action = "trades.fund"
	TradesDispute Action = "trades.dispute"
	TradesDecide  Action = "trades.decide"
	LedgerRead    Action = "ledger.read"
	PayoutRead    Action = "payout.read"
	PayoutAddress Action = "payout.address"
	TreasuryRead  Action = "treasury.read"
	TreasuryWrite Action = "treasury.write"
	FleetRead     Action = "fleet.read"
	FleetRedirect Action = "fleet.redirect"
	AgentLink     Action = "agent.link"
	PoolRead      Action = "pool.read"
	PoolWrite     Action = "pool.write"
	PoolTerms     Action = "pool.terms"
	KeysWrite     Action = "keys.write"
	UsersRead     Action = "users.read"
	UsersWrite    Action = "users.write"
	AuditRead     Action = "audit.read"
	VerifyRead    Action = "verify.read"
	VerifyWrite   Action = "verify.write"
	VerifyDecide  Action = "verify.decide"
	HooksWrite    Action = "hooks.write"
	HouseRead     Action = "house.read"
)

// Actions are all actions, in the order they are declared.
func Actions() []Action {
	return []Action{
		SessionOpen, SessionRead, AccountWrite, UnitsRead, UnitsWrite, ShipmentsRead, ShipmentsScan, ShipmentsMove,
		MarketRead, OrdersWrite, MarketHalt, TradesRead, TradesFund, TradesDispute, TradesDecide, LedgerRead,
		PayoutRead, PayoutAddress, TreasuryRead, TreasuryWrite, FleetRead, FleetRedirect,
		AgentLink, PoolRead, PoolWrite, PoolTerms, KeysWrite, UsersRead, UsersWrite, AuditRead,
		VerifyRead, VerifyWrite, VerifyDecide, HooksWrite, HouseRead,
	}
}

// Roles are all roles, in the order of the kernel.
func Roles() []hashyard.Role {
	return []hashyard.Role{
		hashyard.Owner, hashyard.Trader, hashyard.Operator, hashyard.Logistics,
		hashyard.Treasury, hashyard.Desk, hashyard.Viewer, hashyard.Agent,
	}
}

// StepUp reports whether commands of this action ask for a factor shown lately:
// where money and data go, who may trade, and who may decide that.
func StepUp(act Action) bool {
	switch act {
	case PayoutAddress, TreasuryWrite, TradesDecide, MarketHalt, KeysWrite, UsersWrite, AccountWrite,
		VerifyWrite, VerifyDecide, HooksWrite, PoolTerms:
		return true
	}
	return false
}

// grants is the whole authorisation of hashyard: what is not here is denied.
func grants(role hashyard.Role) []Action {
	if role == hashyard.Agent {
		return []Action{AgentLink}
	}
	if !role.Valid() {
		return nil
	}
	return append([]Action{SessionOpen, SessionRead, AccountWrite}, grantsAtWork(role)...)
}

// grantsAtWork is what a role does besides being somebody.
func grantsAtWork(role hashyard.Role) []Action {
	switch role {
	case hashyard.Owner:
		return []Action{
			UnitsRead, UnitsWrite, ShipmentsRead, ShipmentsScan, ShipmentsMove,
			MarketRead, OrdersWrite, TradesRead, TradesFund, TradesDispute, LedgerRead,
			PayoutRead, PayoutAddress, FleetRead, FleetRedirect, PoolRead, PoolWrite,
			KeysWrite, UsersRead, UsersWrite, AuditRead, VerifyRead, VerifyWrite, HooksWrite,
		}
	case hashyard.Trader:
		return []Action{
			MarketRead, OrdersWrite, TradesRead, TradesFund, TradesDispute,
			UnitsRead, UnitsWrite, FleetRead, PoolRead, LedgerRead, PayoutRead, VerifyRead,
		}
	case hashyard.Operator:
		return []Action{
			FleetRead, FleetRedirect, PoolRead, PoolWrite, UnitsRead, UnitsWrite, ShipmentsRead,
		}
	case hashyard.Logistics:
		return []Action{ShipmentsRead, ShipmentsScan, ShipmentsMove, UnitsRead, TradesRead}
	case hashyard.Viewer:
		return []Action{
			UnitsRead, ShipmentsRead, MarketRead, TradesRead, LedgerRead,
			PayoutRead, FleetRead, PoolRead, UsersRead, VerifyRead,
		}
	case hashyard.Treasury:
		return []Action{
			LedgerRead, TreasuryRead, TreasuryWrite, PayoutRead, HouseRead, PoolRead, PoolTerms, TradesRead,
		}
	case hashyard.Desk:
		return []Action{
			HouseRead, MarketRead, OrdersWrite, MarketHalt, TradesRead, TradesFund, TradesDispute, TradesDecide,
			UnitsRead, ShipmentsRead, ShipmentsScan, ShipmentsMove, FleetRead, PoolRead, PoolTerms, LedgerRead, AuditRead,
			VerifyRead, VerifyDecide,
		}
	}
	return nil
}

// Can reports whether the actor may do act. Treasury and desk are roles of the
// house: in any other organisation they grant nothing. A system actor is no
// caller of the API and may do nothing here.
func Can(a hashyard.Actor, act Action) bool {
	if a.System != "" || a.Org.IsZero() {
		return false
	}
	for _, role := range a.Roles {
		if ofHouse(role) && !a.House {
			continue
		}
		if slices.Contains(grants(role), act) {
			return true
		}
	}
	return false
}

// ofHouse reports whether the role exists in the house organisation alone.
func ofHouse(role hashyard.Role) bool { return role == hashyard.Treasury || role == hashyard.Desk }

// actsForHouse is what makes an actor the house: working in its organisation
// is not enough, whoever reads past tenancy holds a role of the house.
func actsForHouse(org Org, roles []hashyard.Role) bool {
	return org.House && slices.ContainsFunc(roles, ofHouse)
}

// As is the actor as they may do act: with the house's sight only where a role
// of the house allows it. It serves routes that join what several actions
// read; false means that they may not.
func As(a hashyard.Actor, act Action) (hashyard.Actor, bool) { return narrow(a, act), Can(a, act) }

// narrow takes the house's sight away where it is another role that allows
// act: a treasurer who also trades for the house places orders as a trader,
// with a trader's eyes.
func narrow(a hashyard.Actor, act Action) hashyard.Actor {
	a.House = a.House && slices.ContainsFunc(a.Roles, func(r hashyard.Role) bool {
		return ofHouse(r) && slices.Contains(grants(r), act)
	})
	return a
}
