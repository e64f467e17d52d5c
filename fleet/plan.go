package fleet

import (
	"fmt"
	"slices"
	"time"

	"hashyard"
)

// PlanState is how far a plan of many redirects is.
type PlanState string

// The states of a plan.
const (
	PlanRunning    PlanState = "running"
	PlanHalted     PlanState = "halted" // by a person or by its rule; nothing new is commanded
	PlanDone       PlanState = "done"
	PlanRolledBack PlanState = "rolled_back" // another plan writes the old pools back
)

// planEvent moves a plan along.
type planEvent string

const (
	planAdvance  planEvent = "go on"
	planHalt     planEvent = "halt"
	planResume   planEvent = "resume"
	planFinish   planEvent = "finish"
	planRollBack planEvent = "be rolled back"
)

// planTable is next[from][event]. Two who halt at once both halted it.
func planTable() map[PlanState]map[planEvent]PlanState {
	return map[PlanState]map[planEvent]PlanState{
		PlanRunning: {planAdvance: PlanRunning, planHalt: PlanHalted, planFinish: PlanDone},
		PlanHalted:  {planHalt: PlanHalted, planResume: PlanRunning, planRollBack: PlanRolledBack},
		PlanDone:    {planRollBack: PlanRolledBack},
	}
}

// Next is the state after ev; Conflict when the state does not allow it.
func (s PlanState) Next(ev planEvent) (PlanState, error) {
	if to, ok := planTable()[s][ev]; ok {
		return to, nil
	}
	if s == PlanRunning && ev == planRollBack {
		return s, hashyard.Conflict.Errorf("a plan that is running is halted before it is rolled back")
	}
	return s, hashyard.Conflict.Errorf("a plan that is %s cannot %s", s, ev)
}

// PlanKind is what a plan does to each machine.
type PlanKind string

// The kinds of plans.
const (
	PlanRedirect PlanKind = "redirect" // to our pool
	PlanRestore  PlanKind = "restore"  // to the pools it had before it was redirected
)

// Plan redirects many machines in waves. How far each is, is its redirect's to
// say; a plan only decides when the next wave begins and when to stop.
type Plan struct {
	ID, Org   hashyard.ID
	Kind      PlanKind
	State     PlanState
	HaltPPM   int64 // share of a wave that may fail, parts per million
	Accept    bool  // machines that are not as registered too
	Wave      int   // begun; 0 before the first
	Excused   int   // failures of the begun wave that somebody took upon themselves
	Tick      int64 // the clock event that counts
	Reason    string
	CreatedAt time.Time
	CreatedBy hashyard.ID
	HaltedAt  time.Time
	HaltedBy  hashyard.ID // none: by its own rule
	EndedAt   time.Time
	RollsBack hashyard.ID // the plan whose redirects this one undoes
	Units     []PlanUnit  // in the order of their waves
}

// PlanUnit is one machine of a plan.
type PlanUnit struct {
	Miner, Unit hashyard.ID
	Serial      string
	Wave        int
	Restores    hashyard.ID
	RedirectID  hashyard.ID
	Redirect    *Redirect // nil: not commanded yet
	Problem     string    // why it could not be commanded
}

// PlanRung is where a machine of a plan is, as a person counts it.
type PlanRung string

// The ladder of a machine in a plan, and what lies off it.
const (
	RungPlanned      PlanRung = "planned"
	RungCommanded    PlanRung = "commanded"
	RungAcknowledged PlanRung = "acknowledged" // it says it wrote: no proof
	RungReadBack     PlanRung = "read_back"    // all slots as wanted
	RungHashing      PlanRung = "hashing"      // at our pool
	RungBlocked      PlanRung = "blocked"      // not commanded: needs a person
	RungFailed       PlanRung = "failed"
	RungUnknown      PlanRung = "unknown" // nobody knows what it is set to
)

// PlanRungs are all of them, in order.
func PlanRungs() []PlanRung {
	return []PlanRung{RungPlanned, RungCommanded, RungAcknowledged, RungReadBack, RungHashing, RungBlocked, RungFailed, RungUnknown}
}

// sessionWithin is how long a redirected machine may take to come to our pool
// before it counts against its wave.
const sessionWithin = 10 * time.Minute

// Rung derives where the machine is.
func (u PlanUnit) Rung() PlanRung {
	if u.Problem != "" {
		return RungBlocked
	}
	if u.Redirect == nil {
		return RungPlanned
	}
	switch r := *u.Redirect; r.State {
	case RedirectAcknowledged:
		return RungAcknowledged
	case RedirectEqual:
		return RungReadBack
	case RedirectHashing:
		return RungHashing
	case RedirectFailed:
		if r.Unknown() {
			return RungUnknown
		}
		return RungFailed
	default:
		return RungCommanded
	}
}

// Unknown reports a failure after which nobody knows what the machine is set
// to: a command was given out and its answer never came, or the slots could
// not be read after a write.
func (r Redirect) Unknown() bool {
	if r.State != RedirectFailed || len(r.Steps) < 2 {
		return false
	}
	switch r.Steps[len(r.Steps)-2].State {
	case RedirectSent:
		return !r.Steps[len(r.Steps)-1].At.Before(r.AnswerBy)
	case RedirectSnapshotted:
		return r.Transient // the answer to the write was lost
	case RedirectAcknowledged:
		return len(r.ReadBack) == 0
	}
	return false
}

// against reports whether the machine counts against its wave, and settled
// whether it is at an end for now.
func (u PlanUnit) against(kind PlanKind, now time.Time) (bad, settled bool) {
	switch u.Rung() {
	case RungBlocked, RungFailed, RungUnknown:
		return true, true
	case RungHashing:
		return false, true
	case RungReadBack:
		if kind == PlanRestore {
			return false, true // whoever's pool it is, it is not ours to see
		}
		late := now.Sub(u.Redirect.Steps[len(u.Redirect.Steps)-1].At) > sessionWithin
		return late, late
	}
	return false, false
}

// WaveTally counts a wave.
type WaveTally struct {
	Wave, Total, Good, Bad, Open int
}

// OverLimit reports whether too many failed: failed and unknown alike.
func (t WaveTally) OverLimit(ppm int64) bool {
	return t.Total > 0 && int64(t.Bad)*1_000_000 > ppm*int64(t.Total)
}

// Tally counts the machines of one wave.
func (p Plan) Tally(wave int, now time.Time) WaveTally {
	t := WaveTally{Wave: wave}
	for _, u := range p.Units {
		if u.Wave != wave {
			continue
		}
		t.Total++
		switch bad, settled := u.against(p.Kind, now); {
		case bad:
			t.Bad++
		case settled:
			t.Good++
		default:
			t.Open++
		}
	}
	return t
}

// Waves is how many waves the plan has.
func (p Plan) Waves() int {
	n := 0
	for _, u := range p.Units {
		n = max(n, u.Wave)
	}
	return n
}

// Advance decides what the clock's next beat does: halt, begin the next wave,
// finish, or wait. It never begins a wave while the one before is over its
// limit or under way.
func (p Plan) Advance(now time.Time) (Plan, error) {
	to, err := p.State.Next(planAdvance)
	if err != nil {
		return p, err
	}
	p.State = to
	p.Tick++
	if p.Wave > 0 {
		t := p.Tally(p.Wave, now)
		if t.Bad > p.Excused && t.OverLimit(p.HaltPPM) {
			return p.halt(hashyard.ID{}, now, fmt.Sprintf("%d of %d machines of wave %d failed or are unknown, the limit is %s %%", t.Bad, t.Total, p.Wave, percentOf(p.HaltPPM)))
		}
		if t.Open > 0 {
			return p, nil
		}
	}
	if p.Wave < p.Waves() {
		p.Wave, p.Excused = p.Wave+1, 0
		return p, nil
	}
	if p.State, err = p.State.Next(planFinish); err != nil {
		return p, err
	}
	p.EndedAt = now.UTC()
	return p, nil
}

// Halt stops the plan; who was first stays noted.
func (p Plan) Halt(by hashyard.ID, now time.Time) (Plan, error) { return p.halt(by, now, "by hand") }

func (p Plan) halt(by hashyard.ID, now time.Time, reason string) (Plan, error) {
	to, err := p.State.Next(planHalt)
	if err != nil || p.State == to {
		return p, err
	}
	p.State, p.HaltedBy, p.HaltedAt, p.Reason = to, by, now.UTC(), reason
	return p, nil
}

// Resume lets it go on: who resumes takes the failures of the begun wave upon
// themselves, and one more halts it again.
func (p Plan) Resume(now time.Time) (Plan, error) {
	to, err := p.State.Next(planResume)
	if err != nil {
		return p, err
	}
	p.State, p.Reason, p.HaltedAt, p.HaltedBy = to, "", time.Time{}, hashyard.ID{}
	p.Tick++
	p.Excused = p.Tally(p.Wave, now).Bad
	return p, nil
}

// RollBack marks the plan; the machines are another plan's to restore.
func (p Plan) RollBack(now time.Time) (Plan, error) {
	to, err := p.State.Next(planRollBack)
	if err != nil {
		return p, err
	}
	p.State, p.EndedAt = to, now.UTC()
	p.Tick++
	return p, nil
}

// written lists the machines whose old pools may have been overwritten and
// were kept.
func (p Plan) written() []PlanUnit {
	return slices.DeleteFunc(slices.Clone(p.Units), func(u PlanUnit) bool {
		if u.Redirect == nil || len(u.Redirect.OldSealed) == 0 {
			return true
		}
		return !slices.ContainsFunc(u.Redirect.Steps, func(s Step) bool { return s.State == RedirectAcknowledged }) && !u.Redirect.Unknown()
	})
}

// waveOf spreads machines over waves of 1, 5, 25 and the rest.
func waveOf(i int) int {
	for wave, end := range []int{1, 6, 31} {
		if i < end {
			return wave + 1
		}
	}
	return 4
}

func percentOf(ppm int64) string { return fmt.Sprintf("%.1f", float64(ppm)/10_000) }
