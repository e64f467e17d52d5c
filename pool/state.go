package pool

import (
	"time"

	"hashyard"
)

// WorkerState is how a worker stands.
type WorkerState string

// The states. A retired worker has none any more.
const (
	WorkerNew    WorkerState = "new"    // never had a share
	WorkerOnline WorkerState = "online" // shares come
	WorkerSlow   WorkerState = "slow"   // fewer than the machine is good for, beyond chance
	WorkerSilent WorkerState = "silent" // none came for a while
)

// Signal is what one look at a worker says.
type Signal string

// The signals.
const (
	SignalNever Signal = "never" // no share of all times
	SignalQuiet Signal = "quiet" // the last one is silentAfter ago, or longer
	SignalThin  Signal = "thin"  // fewer than someShares in the last five minutes: not yet a machine that hashes
	SignalWeak  Signal = "weak"  // the hour's upper bound is below slowBelow of the reference
	SignalFair  Signal = "fair"  // neither weak nor well: keeps whatever state there is
	SignalWell  Signal = "well"  // the hour's estimate reaches wellFrom of the reference, or there is none
)

// The rules of the states, in shares and shares of a reference. Weak and well
// lie apart, so that a machine between them does not flap.
const (
	silentAfter = 5 * time.Minute
	someShares  = 3
	slowBelow   = 0.90
	wellFrom    = 0.95
	// judged is the least time of hashing by which a worker is called slow.
	judged = 20 * time.Minute
	// ownDay is the least time of hashing that makes a worker its own reference.
	ownDay = 6 * time.Hour
)

// Standing is a worker's state, and the one it is on its way to.
type Standing struct {
	State      WorkerState
	Since      time.Time
	Wants      WorkerState // empty when it stays
	WantsSince time.Time
}

// move is a transition and how long its signal must last before it is made.
type move struct {
	to   WorkerState
	hold time.Duration
}

// nextStanding is the state machine; a pair that is not here stays.
func nextStanding(from WorkerState, sig Signal) (move, bool) {
	const (
		slowHold = 10 * time.Minute
		backHold = time.Minute
	)
	next := map[WorkerState]map[Signal]move{
		WorkerNew: {
			SignalQuiet: {WorkerSilent, 0}, SignalThin: {WorkerOnline, 0}, SignalWeak: {WorkerOnline, 0},
			SignalFair: {WorkerOnline, 0}, SignalWell: {WorkerOnline, 0},
		},
		WorkerOnline: {SignalQuiet: {WorkerSilent, 0}, SignalWeak: {WorkerSlow, slowHold}},
		WorkerSlow:   {SignalQuiet: {WorkerSilent, 0}, SignalWell: {WorkerOnline, slowHold}},
		WorkerSilent: {SignalWeak: {WorkerOnline, backHold}, SignalFair: {WorkerOnline, backHold}, SignalWell: {WorkerOnline, backHold}},
	}
	m, ok := next[from][sig]
	return m, ok
}

// On is the standing after a look, and whether the state changed.
func (s Standing) On(sig Signal, now time.Time) (_ Standing, changed bool) {
	if s.State == "" {
		s = Standing{State: WorkerNew, Since: now}
	}
	m, ok := nextStanding(s.State, sig)
	if !ok {
		s.Wants, s.WantsSince = "", time.Time{}
		return s, false
	}
	if s.Wants != m.to {
		s.Wants, s.WantsSince = m.to, now
	}
	if now.Sub(s.WantsSince) < m.hold {
		return s, false
	}
	return Standing{State: m.to, Since: now}, true
}

// Reference is what a worker's hashrate is compared with.
type Reference struct {
	Kind string // "nominal", "own_day"; empty when there is none
	Rate hashyard.Hashrate
}

// referenceOf prefers what the machine is sold with to what it did lately.
func referenceOf(nominal hashyard.GHs, day Window, now time.Time) Reference {
	switch {
	case nominal > 0:
		return Reference{"nominal", nominal.Hashrate()}
	case !day.First.IsZero() && now.Sub(day.First) >= ownDay:
		return Reference{"own_day", day.Rate.Estimate}
	}
	return Reference{}
}

// look says what a worker's windows say at a moment. The last share may be
// older than the windows.
func look(last time.Time, five, hour Window, ref Reference, now time.Time) Signal {
	switch {
	case last.IsZero():
		return SignalNever
	case now.Sub(last) >= silentAfter:
		return SignalQuiet
	case five.Shares < someShares:
		return SignalThin
	case ref.Rate <= 0 || hour.First.IsZero() || now.Sub(hour.First) < judged:
		return SignalWell
	case hour.Rate.Upper < slowBelow*ref.Rate:
		return SignalWeak
	case hour.Rate.Estimate < wellFrom*ref.Rate:
		return SignalFair
	}
	return SignalWell
}
