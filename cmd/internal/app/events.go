package app

import (
	"context"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/treasury"
	"hashyard/fleet"
	"hashyard/migrations/pg"
	"hashyard/web"
	"hashyard/web/verify"
)

// every kind of event, for handlers that look at all of them.
func every() []hashyard.EventKind {
	return []hashyard.EventKind{
		hashyard.EvMinerSeen, hashyard.EvOrderPlaced, hashyard.EvOrderClosed, hashyard.EvTradeMatched,
		hashyard.EvTradeFunded, hashyard.EvUnitsPacked, hashyard.EvUnitsDispatched, hashyard.EvUnitsArrived,
		hashyard.EvUnitsDelivered, hashyard.EvMinerRedirected, hashyard.EvRedirectFailed, hashyard.EvProofStarted,
		hashyard.EvSessionOpened, hashyard.EvWorkMeasured, hashyard.EvHashrateProven, hashyard.EvHashrateRefuted,
		hashyard.EvHeldReleased, hashyard.EvEarningsSettled, hashyard.EvPayoutSent, hashyard.EvPayoutConfirmed,
		hashyard.EvPayoutRefused, hashyard.EvTradeDisputed, hashyard.EvTradeCancelled, hashyard.EvUnitsReturned,
		hashyard.EvWorkerOnline, hashyard.EvWorkerSlow, hashyard.EvWorkerSilent,
	}
}

// eventHandler is a service's answer to an event.
type eventHandler = func(ctx context.Context, ev hashyard.Event) error

// handlers is the one table "event → handler": how the domains hear of each
// other. Each handler takes effect once an event, however often it is called.
func (h *house) handlers() []pg.Handler {
	on := func(kind hashyard.EventKind, name string, handle eventHandler) pg.Handler {
		return pg.Handler{Name: name, Kinds: []hashyard.EventKind{kind}, Handle: handle}
	}
	return []pg.Handler{
		on(hashyard.EvOrderClosed, "inventory.release", h.inventory.OnOrderClosed),
		on(hashyard.EvTradeMatched, "inventory.sold", h.inventory.OnTradeMatched),
		on(hashyard.EvTradeFunded, "inventory.shipment", h.inventory.OnTradeFunded),
		on(hashyard.EvTradeDisputed, "inventory.disputed", h.inventory.OnTradeDisputed),
		on(hashyard.EvTradeCancelled, "inventory.refunded", h.inventory.OnTradeCancelled),
		on(hashyard.EvUnitsDispatched, "brokerage.shipped", h.brokerage.OnUnitsDispatched),
		on(hashyard.EvUnitsDelivered, "brokerage.delivered", h.brokerage.OnUnitsDelivered),
		on(hashyard.EvUnitsDelivered, "fleet.expect", h.fleet.OnUnitsDelivered),
		on(hashyard.EvMinerRedirected, "brokerage.proof", h.brokerage.OnMinerRedirected),
		on(hashyard.EvProofStarted, "pool.proof", h.pool.OnProofStarted),
		on(hashyard.EvSessionOpened, "fleet.hashing", h.fleet.OnSessionOpened),
		on(hashyard.EvWorkMeasured, "brokerage.measured", tamperMeasured(h.brokerage.OnWorkMeasured)),
		on(hashyard.EvHashrateProven, "pool.proven", h.pool.OnHashrateProven),
		on(hashyard.EvHashrateRefuted, "pool.refuted", h.pool.OnHashrateRefuted),
		{Name: "pool.trade-over", Kinds: []hashyard.EventKind{
			brokerage.EvTradeDisputed, brokerage.EvTradeCancelled, hashyard.EvHeldReleased, hashyard.EvHashrateRefuted,
		}, Handle: h.pool.OnTradeOver},
		on(hashyard.EvHeldReleased, "inventory.owner", h.inventory.OnHeldReleased),
		on(hashyard.EvHeldReleased, "inventory.resumed", h.inventory.OnDisputeOver),
		on(hashyard.EvEarningsSettled, "brokerage.earnings", h.brokerage.OnEarningsSettled),

		// Clocks of the brokerage: events to itself, not before their time.
		on(brokerage.EvSettlementDue, "brokerage.settlement", h.brokerage.OnSettlementDue),
		on(brokerage.EvPaymentDue, "brokerage.payment-due", h.brokerage.OnPaymentDue),
		on(brokerage.EvProofDue, "brokerage.proof-due", h.brokerage.OnProofDue),
		on(brokerage.EvTradeCancelled, "brokerage.cancelled", h.brokerage.OnTradeCancelled),

		// The treasury's own clock.
		on(treasury.EvReconcileDue, "treasury.reconcile", h.treasury.OnReconcileDue),

		// The fleet's own clocks.
		on(fleet.EvRedirectDue, "fleet.due", h.fleet.OnRedirectDue),
		on(fleet.EvPlanDue, "fleet.plan", h.fleet.OnPlanDue),

		// Identity's own.
		on(web.EvResetAsked, "web.reset", h.web.OnResetAsked),
		on(verify.EvListImported, "web.sanctions", h.verify.OnListImported),
		on(verify.EvSuspended, "brokerage.suspended", func(ctx context.Context, ev hashyard.Event) error {
			var s verify.Suspension
			if err := ev.Read(&s); err != nil {
				return err
			}
			return h.brokerage.WithdrawOrders(ctx, s.Org)
		}),

		{Name: "inventory.life", Kinds: every(), Handle: h.inventory.OnEvent},
		{Name: "web.hooks", Kinds: every(), Handle: h.hooks.OnEvent},
		{Name: "web.stream", Kinds: every(), Handle: func(ctx context.Context, ev hashyard.Event) error {
			return h.broker.PublishEvent(ctx, ev)
		}},
	}
}
