package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hashyard"
	"hashyard/firmware"
)

// RedirectState is how far a redirect is proven.
type RedirectState string

// The ladder of a redirect, and what lies off it. Nothing before
// RedirectEqual may be shown as redirected.
const (
	RedirectRequested    RedirectState = "requested"
	RedirectSent         RedirectState = "sent"             // an agent has the command
	RedirectChecked      RedirectState = "identity_checked" // it is that machine
	RedirectSnapshotted  RedirectState = "snapshotted"      // its old pools are kept
	RedirectAcknowledged RedirectState = "acknowledged"     // it says it wrote
	RedirectEqual        RedirectState = "read_back_equal"  // all slots read back as wanted: redirected
	RedirectHashing      RedirectState = "hashing"          // our pool saw its session
	RedirectFailed       RedirectState = "failed"
)

// Open reports whether the redirect is still under way.
func (s RedirectState) Open() bool {
	return s != RedirectEqual && s != RedirectHashing && s != RedirectFailed
}

// RedirectEvent moves a redirect along.
type RedirectEvent string

// The events of a redirect.
const (
	redirectSend        RedirectEvent = "send"
	redirectCheck       RedirectEvent = "check"
	redirectSnapshot    RedirectEvent = "snapshot"
	redirectAcknowledge RedirectEvent = "acknowledge"
	redirectEqual       RedirectEvent = "equal"
	redirectHash        RedirectEvent = "hash"
	redirectFail        RedirectEvent = "fail"
)

// redirectTable is next[from][event]. A command that was given out again
// sends again.
func redirectTable() map[RedirectState]map[RedirectEvent]RedirectState {
	return map[RedirectState]map[RedirectEvent]RedirectState{
		RedirectRequested:    {redirectSend: RedirectSent, redirectFail: RedirectFailed},
		RedirectSent:         {redirectSend: RedirectSent, redirectCheck: RedirectChecked, redirectFail: RedirectFailed},
		RedirectChecked:      {redirectSnapshot: RedirectSnapshotted, redirectFail: RedirectFailed},
		RedirectSnapshotted:  {redirectAcknowledge: RedirectAcknowledged, redirectFail: RedirectFailed},
		RedirectAcknowledged: {redirectEqual: RedirectEqual, redirectFail: RedirectFailed},
		RedirectEqual:        {redirectHash: RedirectHashing},
	}
}

// Next is the state after ev; Conflict when the state does not allow it.
func (s RedirectState) Next(ev RedirectEvent) (RedirectState, error) {
	if to, ok := redirectTable()[s][ev]; ok {
		return to, nil
	}
	return s, hashyard.Conflict.Errorf("a redirect that is %s cannot %s", s, ev)
}

// Redirect is one attempt to point a machine at our pool.
type Redirect struct {
	ID, Org, Site, Miner, Unit hashyard.ID
	Serial, MAC                string // expected right before the write
	Boards                     []string
	Address, Family            string
	URL, Worker                string
	State                      RedirectState
	Reason                     string // of a failure
	Transient                  bool   // the failure may pass
	Auto                       bool   // made because the unit was delivered
	By                         hashyard.ID
	Restores                   hashyard.ID               // the redirect whose old pools are written back; none: to our pool
	OldSlots                   []firmware.ConfiguredPool // passwords left out
	OldSealed                  []byte                    // with passwords
	ReadBack                   []firmware.ConfiguredPool // passwords left out
	Differences                []firmware.SlotDifference
	Slots                      int // that were compared
	SessionAt                  time.Time
	Steps                      []Step
	CreatedAt                  time.Time
	AnswerBy                   time.Time // without an answer until then it has failed
	Version                    int64
}

// Step is when a redirect reached a state.
type Step struct {
	State  RedirectState
	At     time.Time
	Detail string
}

// Public is the redirect without its sealed part.
func (r Redirect) Public() Redirect {
	r.OldSealed = nil
	return r
}

// step moves the redirect and writes the step down.
func (r Redirect) step(ev RedirectEvent, at time.Time, detail string) (Redirect, error) {
	to, err := r.State.Next(ev)
	if err != nil {
		return r, fmt.Errorf("redirect %s: %w", r.ID, err)
	}
	r.State = to
	r.Steps = append(slices.Clone(r.Steps), Step{State: to, At: at.UTC(), Detail: detail})
	return r, nil
}

func (r Redirect) fail(at time.Time, reason string, transient bool) (Redirect, error) {
	reason = short(reason, 1000)
	r, err := r.step(redirectFail, at, reason)
	r.Reason, r.Transient = reason, transient
	return r, err
}

// Send records that an agent took the command.
func (r Redirect) Send(at time.Time, epoch int64) (Redirect, error) {
	return r.step(redirectSend, at, fmt.Sprintf("delivery %d", epoch))
}

// Close ends a redirect that is still open without an agent's evidence; an
// ended one stays as it is.
func (r Redirect) Close(at time.Time, reason string, transient bool) (Redirect, []hashyard.Event, error) {
	if !r.State.Open() {
		return r, nil, nil
	}
	r, err := r.fail(at, reason, transient)
	if err != nil {
		return r, nil, err
	}
	events, err := r.outcome(at)
	return r, events, err
}

// Session records that our pool saw the unit's worker; it may come before the
// agent's result does.
func (r Redirect) Session(at time.Time) (Redirect, error) {
	if r.SessionAt.IsZero() {
		r.SessionAt = at.UTC()
	}
	if r.State != RedirectEqual {
		return r, nil
	}
	return r.step(redirectHash, at, "session at our pool")
}

// Conclude judges an agent's evidence against the wanted slots, from the
// identity to the read-back, and stops at the first step that does not hold.
func (r Redirect) Conclude(res Result, want []firmware.PoolSetting, now time.Time) (Redirect, error) {
	why := func(what string) string {
		if res.Error == "" {
			return what
		}
		return what + ": " + res.Error
	}
	if res.Refused {
		// It did happen, whatever it was: nothing is said of the machine.
		return r.fail(now, why("the agent's result could not be taken, so it is not known what the machine is set to"), false)
	}
	if res.Identity == nil {
		return r.fail(now, why("the machine's identity could not be read; nothing was written"), res.Transient)
	}
	if bad := MismatchOf(r.Serial, r.MAC, r.Boards, *res.Identity); bad != "" {
		// Another machine at the address is no fault of this one: it may be
		// found elsewhere. The right serial with wrong parts is.
		elsewhere := NormalSerial(res.Identity.Serial) != r.Serial
		return r.fail(now, "identity mismatch at "+short(res.Address, 60)+": "+bad+"; nothing was written", elsewhere)
	}
	if res.Address != "" {
		r.Address = short(res.Address, 60) // where it was found in the end
	}
	r, err := r.step(redirectCheck, stamp(res.IdentityAt, now), "serial "+r.Serial)
	if err != nil {
		return r, err
	}
	if res.Lock != nil && res.Lock.State == firmware.LockOn {
		return r.fail(now, "the vendor's pool lock is on and would override any setting: "+res.Lock.Detail, false)
	}
	if len(res.Snapshot) == 0 {
		return r.fail(now, why("the old pools could not be read; nothing was written"), res.Transient)
	}
	r.OldSlots = withoutPasswords(res.Snapshot)
	if r, err = r.step(redirectSnapshot, stamp(res.SnapshotAt, now), fmt.Sprintf("%d slots kept", len(res.Snapshot))); err != nil {
		return r, err
	}
	if res.Ack == nil {
		return r.fail(now, why("the machine did not acknowledge the write"), res.Transient)
	}
	detail := strings.TrimSpace(short(res.Ack.Code, 40) + " " + short(res.Ack.Message, 200))
	if r, err = r.step(redirectAcknowledge, stamp(res.Ack.At, now), detail); err != nil {
		return r, err
	}
	return r.compare(res, want, now, why)
}

// compare is the proof: every slot as read back, and the pools the mining
// process really runs with.
func (r Redirect) compare(res Result, want []firmware.PoolSetting, now time.Time, why func(string) string) (Redirect, error) {
	if len(res.ReadBack) == 0 {
		return r.fail(now, why("the slots could not be read back"), res.Transient)
	}
	r.ReadBack = withoutPasswords(res.ReadBack)
	if n := len(res.ReadBack); n < res.SlotCount {
		return r.fail(now, why(fmt.Sprintf("only %d of %d slots were read back; the others are not known to be empty", n, res.SlotCount)), true)
	}
	r.Slots = max(len(res.ReadBack), res.SlotCount)
	r.Differences = cleanDifferences(firmware.ComparePools(want, res.ReadBack))
	if len(r.Differences) > 0 {
		return r.fail(now, "the machine acknowledged, but "+differences(r.Differences), false)
	}
	if len(res.Running) == 0 {
		return r.fail(now, why("the slots are set, but the pools of the mining process could not be read, so it is not known where it works"), true)
	}
	if stray := strayPool(want, res.Running); stray != "" {
		return r.fail(now, "the slots are set, but the mining process still has pool "+stray, false)
	}
	if !runs(want, res.Running) {
		return r.fail(now, "the slots are set, but the mining process does not have the pool "+want[0].URL, true)
	}
	at := stamp(res.ReadBackAt, now)
	r, err := r.step(redirectEqual, at, fmt.Sprintf("%d slots as wanted", r.Slots))
	if err != nil || r.SessionAt.IsZero() {
		return r, err
	}
	return r.step(redirectHash, later(at, r.SessionAt), "session at our pool")
}

// runs reports whether the mining process has the first wanted pool.
func runs(want []firmware.PoolSetting, running []firmware.Pool) bool {
	return len(want) == 0 || want[0].IsZero() || slices.ContainsFunc(running, func(p firmware.Pool) bool { return p.URL == want[0].URL && p.User == want[0].User })
}

// strayPool names a running pool that is none of the wanted ones.
func strayPool(want []firmware.PoolSetting, running []firmware.Pool) string {
	for _, p := range running {
		if p.URL == "" {
			continue
		}
		if !slices.ContainsFunc(want, func(w firmware.PoolSetting) bool { return w.URL == p.URL && w.User == p.User }) {
			return short(p.URL, 255)
		}
	}
	return ""
}

func differences(ds []firmware.SlotDifference) string {
	words := make([]string, 0, len(ds))
	for _, d := range ds {
		n := d.Slot + 1
		switch {
		case d.Field == "password":
			words = append(words, fmt.Sprintf("slot %d has another password", n))
		case d.Want == "":
			words = append(words, fmt.Sprintf("slot %d still has %s %q", n, d.Field, short(d.Got, 120)))
		default:
			words = append(words, fmt.Sprintf("slot %d has %s %q instead of %q", n, d.Field, short(d.Got, 120), d.Want))
		}
	}
	return strings.Join(words, ", ")
}

// MismatchOf says why a machine is not the expected one, or nothing. A blank
// serial is no match. What one side does not know is not compared.
func MismatchOf(serial, mac string, boards []string, seen firmware.Identity) string {
	got := NormalSerial(seen.Serial)
	switch {
	case got == "":
		return "the machine gives no serial"
	case got != serial:
		return fmt.Sprintf("serial is %s, expected %s", short(got, 64), serial)
	case mac != "" && seen.MAC != "" && !strings.EqualFold(mac, seen.MAC):
		return fmt.Sprintf("MAC is %s, expected %s", short(seen.MAC, 20), mac)
	}
	want, have := sortedBoards(boards), sortedBoards(boardSerials(seen))
	if len(want) > 0 && len(have) > 0 && !slices.Equal(want, have) {
		return fmt.Sprintf("hashboards are %s, expected %s", short(strings.Join(have, " "), 200), strings.Join(want, " "))
	}
	return ""
}

// NormalSerial is the form in which serials are compared here; inventory has
// the last word on what a serial may be.
func NormalSerial(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }

func boardSerials(id firmware.Identity) []string {
	var out []string
	for _, b := range id.Boards {
		out = append(out, NormalSerial(b.Serial))
	}
	return out
}

// sortedBoards drops unread boards and their order: slots may be swapped.
func sortedBoards(boards []string) []string {
	out := slices.DeleteFunc(slices.Clone(boards), func(s string) bool { return s == "" })
	slices.Sort(out)
	return out
}

// stamp takes an agent's time unless its clock runs ahead or it gave none.
func stamp(at, now time.Time) time.Time {
	if at.IsZero() || at.After(now) {
		return now
	}
	return at
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
