package brokerage

import "hashyard"

// TradeState is where a trade is.
type TradeState string

// The states of a trade.
const (
	Matched   TradeState = "matched"   // two orders crossed; the buyer owes
	Funded    TradeState = "funded"    // the money is held in full
	Shipped   TradeState = "shipped"   // handed to a carrier
	Delivered TradeState = "delivered" // received by scan
	Proving   TradeState = "proving"   // at least one unit's work is measured
	Proven    TradeState = "proven"    // every unit's bound clears the floor
	Released  TradeState = "released"  // the seller was paid
	Refuted   TradeState = "refuted"   // a unit's bound is below the floor
	Disputed  TradeState = "disputed"  // stopped until the desk decides
	Cancelled TradeState = "cancelled" // over without a sale; nothing is held
)

// TradeStates are all states in order.
func TradeStates() []TradeState {
	return []TradeState{Matched, Funded, Shipped, Delivered, Proving, Proven, Released, Refuted, Disputed, Cancelled}
}

// Step is what may happen to a trade.
type Step string

// The steps.
const (
	StepFund       Step = "fund"
	StepLapse      Step = "lapse" // the payment window is over
	StepShip       Step = "ship"
	StepDeliver    Step = "deliver"
	StepStartProof Step = "start_proof"
	StepProve      Step = "prove"
	StepRefute     Step = "refute"
	StepRelease    Step = "release"
	StepRefund     Step = "refund"
	StepDispute    Step = "dispute"
)

// Steps are all steps.
func Steps() []Step {
	return []Step{StepFund, StepLapse, StepShip, StepDeliver, StepStartProof, StepProve, StepRefute, StepRelease, StepRefund, StepDispute}
}

// tradeNext is the whole machine. A step that is not named is refused. Events
// arrive at least once and in any order, so a step that is already behind a
// trade leaves it where it is.
var tradeNext = map[TradeState]map[Step]TradeState{
	Matched: {StepFund: Funded, StepLapse: Cancelled},
	Funded: {
		StepFund: Funded, StepLapse: Funded,
		StepShip: Shipped, StepDeliver: Delivered, StepDispute: Disputed,
	},
	Shipped: {
		StepFund: Shipped, StepLapse: Shipped, StepShip: Shipped,
		StepDeliver: Delivered, StepDispute: Disputed,
	},
	Delivered: {
		StepFund: Delivered, StepLapse: Delivered, StepShip: Delivered, StepDeliver: Delivered,
		StepStartProof: Proving, StepDispute: Disputed,
	},
	Proving: {
		StepFund: Proving, StepLapse: Proving, StepShip: Proving, StepDeliver: Proving, StepStartProof: Proving,
		StepProve: Proven, StepRefute: Refuted, StepDispute: Disputed,
	},
	Proven: {
		StepFund: Proven, StepLapse: Proven, StepShip: Proven, StepDeliver: Proven, StepStartProof: Proven, StepProve: Proven,
		StepRelease: Released,
	},
	Released: {
		StepFund: Released, StepLapse: Released, StepShip: Released, StepDeliver: Released, StepStartProof: Released,
		StepProve: Released, StepRelease: Released,
	},
	Refuted: {
		StepFund: Refuted, StepLapse: Refuted, StepShip: Refuted, StepDeliver: Refuted, StepStartProof: Refuted, StepRefute: Refuted,
		StepDispute: Disputed, StepRelease: Released, StepRefund: Cancelled,
	},
	Disputed: {
		StepFund: Disputed, StepLapse: Disputed, StepShip: Disputed, StepDeliver: Disputed, StepDispute: Disputed,
		StepRelease: Released, StepRefund: Cancelled,
	},
	Cancelled: {
		StepLapse: Cancelled, StepRefund: Cancelled,
	},
}

// After is the state that follows s by a step.
func (s TradeState) After(step Step) (TradeState, error) {
	if next, ok := tradeNext[s][step]; ok {
		return next, nil
	}
	return s, hashyard.Conflict.Errorf("a %s trade does not take the step %q", s, step)
}

// Over reports that nothing more will happen to a trade by itself.
func (s TradeState) Over() bool { return s == Released || s == Cancelled }
