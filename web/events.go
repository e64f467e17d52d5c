package web

import (
	"hashyard"
)

// EventAction is the action that lets somebody of a concerned organisation
// read events of this kind, live or in a machine's life line: what a role may
// not ask for, the stream does not tell it either. An unknown kind has none.
func EventAction(kind hashyard.EventKind) (act Action, known bool) {
	switch kind {
	case hashyard.EvMinerSeen, hashyard.EvMinerRedirected, hashyard.EvRedirectFailed:
		return FleetRead, true
	case hashyard.EvOrderPlaced, hashyard.EvOrderClosed, eventBook:
		return MarketRead, true
	case hashyard.EvTradeMatched, hashyard.EvTradeFunded, hashyard.EvTradeDisputed, hashyard.EvTradeCancelled:
		return TradesRead, true
	case hashyard.EvUnitsPacked, hashyard.EvUnitsDispatched, hashyard.EvUnitsArrived, hashyard.EvUnitsDelivered, hashyard.EvUnitsReturned,
		// A proof says something about a machine and nothing about money.
		hashyard.EvProofStarted, hashyard.EvHashrateProven, hashyard.EvHashrateRefuted:
		return UnitsRead, true
	case hashyard.EvSessionOpened, hashyard.EvWorkMeasured, hashyard.EvWorkerOnline, hashyard.EvWorkerSlow, hashyard.EvWorkerSilent:
		return PoolRead, true
	case hashyard.EvHeldReleased, hashyard.EvEarningsSettled:
		return LedgerRead, true
	case hashyard.EvPayoutSent, hashyard.EvPayoutConfirmed, hashyard.EvPayoutRefused:
		return PayoutRead, true
	}
	return "", false
}

// eventBook says that a book changed; it is a message of the stream only.
const eventBook hashyard.EventKind = "book"

// SeesEvent reports whether the actor may read events of this kind that
// concern their organisation. The house reads every kind.
func SeesEvent(a hashyard.Actor, kind hashyard.EventKind) bool {
	if a.House && Can(a, HouseRead) {
		return true
	}
	act, known := EventAction(kind)
	return known && Can(a, act)
}
