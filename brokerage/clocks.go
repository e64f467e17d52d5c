package brokerage

import (
	"fmt"
	"time"
)

// Act is what a side of a trade can do now; the pages make a button of it.
type Act string

// The acts.
const (
	ActNone    Act = ""        // wait
	ActFund    Act = "fund"    // the buyer: pay
	ActPack    Act = "pack"    // the seller: pack by scanning, hand over
	ActReceive Act = "receive" // the buyer: scan in
	ActConnect Act = "connect" // the buyer: let the agent point the machines at the pool
	ActAccount Act = "account" // the seller: complete the payment provider's account
	ActDecide  Act = "decide"  // the desk
)

// NextStep is what one side of a trade does next. Due is zero when no clock
// runs for it.
type NextStep struct {
	Act    Act
	Title  string
	Detail string
	Due    time.Time
}

// NextSteps are those of the buyer, the seller and the desk, in this order.
func (d Dossier) NextSteps() (buyer, seller, desk NextStep) {
	t := d.Trade
	wait := func(title, detail string, due time.Time) NextStep { return NextStep{ActNone, title, detail, due} }
	switch t.State {
	case Matched:
		return NextStep{ActFund, "Pay $" + t.Amount.String() + " by bank transfer", "The payout to the seller is held until every machine is proven.", t.PaymentDue},
			wait("Wait for the buyer's money", "Keep the machines ready; unpaid at the deadline they are free again.", t.PaymentDue), NextStep{}
	case Funded:
		return wait("Wait for the machines", "The seller packs them by scanning each serial.", time.Time{}),
			NextStep{ActPack, "Pack by scanning, then hand over to the carrier", "Every serial of the trade must be in its box.", time.Time{}}, NextStep{}
	case Shipped:
		return NextStep{ActReceive, "Scan each machine in when it arrives", "Custody is yours with the scan, not before.", time.Time{}},
			wait("Wait for the delivery", "The buyer scans each machine in.", time.Time{}), NextStep{}
	case Delivered:
		return NextStep{ActConnect, "Connect the machines", "Your agent finds them and points them at the pool.", t.ProofDue},
			wait("Wait for the proof", "It begins when a machine submits work to the pool.", t.ProofDue), NextStep{}
	case Proving:
		return wait("Let the machines hash", "The pool measures them until the proof is decided.", t.ProofDue),
			wait("Wait for the proof", "The pool measures the machines share by share.", t.ProofDue), NextStep{}
	case Proven:
		if d.Settlement != nil && d.Settlement.Trouble != "" {
			return NextStep{}, NextStep{ActAccount, "You cannot be paid yet", "The payment provider needs details of your account; we keep trying.", time.Time{}}, NextStep{}
		}
		return NextStep{}, wait("Your payment of $"+(t.Amount-t.Commission).String()+" is being sent", "Every machine is proven.", time.Time{}), NextStep{}
	case Refuted, Disputed:
		w := wait("Wait for the desk's decision", "The payout stays held until then.", time.Time{})
		return w, w, NextStep{ActDecide, "Decide: pay the seller or refund the buyer", t.Reason, time.Time{}}
	}
	return NextStep{}, NextStep{}, NextStep{}
}

// ClockState is how a deadline stands.
type ClockState string

// The states of a clock.
const (
	ClockWaiting ClockState = "waiting" // has not begun
	ClockRunning ClockState = "running"
	ClockMet     ClockState = "met"
	ClockMissed  ClockState = "missed"
	ClockOff     ClockState = "off" // the trade went another way
)

// Clock is one stored deadline of a trade. Both sides see the same.
type Clock struct {
	Name  string
	Rule  string
	State ClockState
	From  time.Time // zero while waiting
	Due   time.Time // zero while waiting
	Ended time.Time // when it was met or missed
}

// Clocks are the deadlines of a trade at an instant.
func (d Dossier) Clocks(terms Terms, now time.Time) []Clock {
	t := d.Trade
	fund := Clock{Name: "Fund by", Rule: spell(terms.PaymentWindow) + " after the match", From: t.MatchedAt, Due: t.PaymentDue}
	fund.end(t.reached(Funded), t.reached(Cancelled), now)
	proof := Clock{Name: "Proof window", Rule: spell(terms.ProofWindow) + " after the delivery", From: t.reached(Delivered), Due: t.ProofDue}
	decided := t.reached(Proven)
	if decided.IsZero() {
		decided = t.reached(Refuted)
	}
	over := t.reached(Disputed)
	if over.IsZero() {
		over = t.reached(Cancelled)
	}
	proof.end(decided, over, now)
	return []Clock{fund, proof}
}

// end settles the state of a clock: met at met, called off at off.
func (c *Clock) end(met, off, now time.Time) {
	switch {
	case !met.IsZero() && (c.Due.IsZero() || !met.After(c.Due)):
		c.State, c.Ended = ClockMet, met
	case !met.IsZero():
		c.State, c.Ended = ClockMissed, met
	case !off.IsZero() && (c.Due.IsZero() || off.Before(c.Due)):
		c.State, c.Ended = ClockOff, off
	case c.Due.IsZero():
		c.State = ClockWaiting
	case now.Before(c.Due) && off.IsZero():
		c.State = ClockRunning
	default:
		c.State, c.Ended = ClockMissed, c.Due
	}
}

// reached is when the trade first came into a state, or zero.
func (t Trade) reached(s TradeState) time.Time {
	for _, h := range t.History {
		if h.State == s {
			return h.At
		}
	}
	return time.Time{}
}

// spell is a window in words: whole days, else hours, else as Go says it.
func spell(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 3*day && d%day == 0:
		return fmt.Sprintf("%d d", d/day)
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return d.String()
}
