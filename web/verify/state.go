package verify

import (
	"slices"

	"hashyard"
)

// State is how an organisation stands.
type State string

// The states. Only Verified may place orders and fund trades.
const (
	Unverified State = "unverified" // said nothing yet
	Submitted  State = "submitted"  // the desk has to decide
	Verified   State = "verified"
	Refused    State = "refused"   // may submit again
	Suspended  State = "suspended" // a listed name was found, or the desk stopped it
)

// Event is what moves an organisation from one state to another.
type Event string

// The events.
const (
	Submit    Event = "submit"    // the organisation says who it is, again if that changed
	Verify    Event = "verify"    // the desk believes it
	Refuse    Event = "refuse"    // the desk does not
	Suspend   Event = "suspend"   // the desk stops it, or a listed name does
	Reopen    Event = "reopen"    // the desk lifts a suspension, to decide afresh
	Reinstate Event = "reinstate" // the desk lifts a suspension, back to verified
)

// States are all states.
func States() []State { return []State{Unverified, Submitted, Verified, Refused, Suspended} }

// Events are all events.
func Events() []Event { return []Event{Submit, Verify, Refuse, Suspend, Reopen, Reinstate} }

// next is the whole state machine: what is not here does not happen.
func next(from State, e Event) (State, bool) {
	to, ok := map[State]map[Event]State{
		Unverified: {Submit: Submitted, Suspend: Suspended},
		Submitted:  {Submit: Submitted, Verify: Verified, Refuse: Refused, Suspend: Suspended},
		Verified:   {Submit: Submitted, Suspend: Suspended},
		Refused:    {Submit: Submitted, Suspend: Suspended},
		Suspended:  {Reopen: Submitted, Reinstate: Verified, Suspend: Suspended},
	}[from][e]
	return to, ok
}

// ByDesk reports whether the desk may decide the event.
func ByDesk(e Event) bool {
	return slices.Contains([]Event{Verify, Refuse, Suspend, Reopen, Reinstate}, e)
}

// Open are the desk's events that the state allows.
func Open(from State) []Event {
	out := []Event{}
	for _, e := range Events() {
		if _, ok := next(from, e); ok && ByDesk(e) && !(from == Suspended && e == Suspend) {
			out = append(out, e)
		}
	}
	return out
}

// Apply moves the record by an event.
func (r Record) Apply(e Event) (Record, error) {
	to, ok := next(r.State, e)
	if !ok {
		return r, hashyard.Conflict.Errorf("an organisation that is %s cannot be moved by %q", r.State, e)
	}
	r.State, r.Version = to, r.Version+1
	return r, nil
}
