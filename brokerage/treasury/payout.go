package treasury

import (
	"time"

	"hashyard"
)

// State is where a payout is.
type State string

// The states of a payout.
const (
	Requested         State = "requested"          // an amount and an address
	Reserved          State = "reserved"           // coins are held and the transaction is drafted
	AwaitingSignature State = "awaiting_signature" // the signer did not answer; asked again
	Signed            State = "signed"             // the bytes are stored and the ledger is posted
	Broadcast         State = "broadcast"          // the network has the bytes
	Confirmed         State = "confirmed"          // buried deep enough
	Refused           State = "refused"            // the signer would not; coins are free again
)

// States are all states in order.
func States() []State {
	return []State{Requested, Reserved, AwaitingSignature, Signed, Broadcast, Confirmed, Refused}
}

// Step is what may happen to a payout.
type Step string

// The steps.
const (
	StepReserve Step = "reserve"
	StepSilence Step = "silence" // the signer is not there
	StepSign    Step = "sign"
	StepRefuse  Step = "refuse"
	StepSend    Step = "send"   // the node took the bytes
	StepMine    Step = "mine"   // found in a block
	StepUnmine  Step = "unmine" // that block left the best chain
	StepBury    Step = "bury"   // the block is deep enough
)

// Steps are all steps.
func Steps() []Step {
	return []Step{StepReserve, StepSilence, StepSign, StepRefuse, StepSend, StepMine, StepUnmine, StepBury}
}

// next is the whole machine; a step that is not named is refused. Once signed,
// a payout has one transaction for ever: it is never refused and never made
// anew, and a chain that forgets it is sent the same bytes again.
func next(s State, step Step) (State, bool) {
	to, ok := map[State]map[Step]State{
		Requested:         {StepReserve: Reserved, StepRefuse: Refused},
		Reserved:          {StepSilence: AwaitingSignature, StepSign: Signed, StepRefuse: Refused},
		AwaitingSignature: {StepSilence: AwaitingSignature, StepSign: Signed, StepRefuse: Refused},
		Signed:            {StepSend: Broadcast, StepMine: Broadcast},
		Broadcast:         {StepSend: Broadcast, StepMine: Broadcast, StepUnmine: Broadcast, StepBury: Confirmed},
		Confirmed:         {StepUnmine: Broadcast},
		Refused:           {},
	}[s][step]
	return to, ok
}

// Open reports that a payout is not at its end.
func (s State) Open() bool { return s != Confirmed && s != Refused }

// Payout is one payment of an organisation's earnings on the chain.
type Payout struct {
	ID      hashyard.ID
	Org     hashyard.ID
	Address string
	Amount  hashyard.Sats
	Fee     hashyard.Sats // paid by the house
	State   State
	Reason  string // why it waits or was refused, in words
	PSBT    string // the unsigned transaction
	TxID    string
	Tx      []byte // the signed bytes, written once
	Mined   Place  // zero until a block has it

	RequestedAt, ReservedAt, SignedAt, BroadcastAt, ConfirmedAt, RefusedAt time.Time
	Version                                                                int64
}

// Ref points at the payout.
func (p Payout) Ref() hashyard.Ref { return hashyard.Ref{Kind: "payout", ID: p.ID} }

// After is the payout moved by a step; it waits for nothing any more.
func (p Payout) After(step Step, now time.Time) (Payout, error) {
	to, ok := next(p.State, step)
	if !ok {
		return p, hashyard.Conflict.Errorf("payout %s: a %s payout does not take the step %q", p.ID, p.State, step)
	}
	p.State, p.Reason = to, ""
	switch step {
	case StepReserve:
		p.ReservedAt = now
	case StepSign:
		p.SignedAt = now
	case StepRefuse:
		p.RefusedAt = now
	case StepSend, StepMine:
		if p.BroadcastAt.IsZero() {
			p.BroadcastAt = now
		}
	case StepUnmine:
		p.Mined, p.ConfirmedAt = Place{}, time.Time{}
	case StepBury:
		p.ConfirmedAt = now
	case StepSilence:
	}
	return p, nil
}

// Confirmations counts the blocks that hold the payout, its own included.
func (p Payout) Confirmations(head int64) int64 {
	if p.Mined.Hash == (Hash{}) || head < p.Mined.Height {
		return 0
	}
	return head - p.Mined.Height + 1
}

// event tells what happened to a payout.
func (p Payout) event(kind hashyard.EventKind, at time.Time) (hashyard.Event, error) {
	ev, err := hashyard.NewEvent(kind, p.Ref(), at, hashyard.PayoutMoved{
		Payout: p.ID, Org: p.Org, Address: p.Address, TxID: p.TxID, Amount: p.Amount, Fee: p.Fee, Reason: p.Reason,
	})
	ev.Orgs = []hashyard.ID{p.Org}
	return ev, err
}
