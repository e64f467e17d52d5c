package fleet

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
	"hashyard/firmware"
)

// TestPlanStateTable asks for every pair of state and event.
func TestPlanStateTable(t *testing.T) {
	t.Parallel()
	allowed := map[PlanState]map[planEvent]PlanState{
		PlanRunning:    {planAdvance: PlanRunning, planHalt: PlanHalted, planFinish: PlanDone},
		PlanHalted:     {planHalt: PlanHalted, planResume: PlanRunning, planRollBack: PlanRolledBack},
		PlanDone:       {planRollBack: PlanRolledBack},
		PlanRolledBack: {},
	}
	for from, row := range allowed {
		for _, ev := range []planEvent{planAdvance, planHalt, planResume, planFinish, planRollBack} {
			got, err := from.Next(ev)
			want, ok := row[ev]
			if ok && (err != nil || got != want) || !ok && (!errors.Is(err, hashyard.Conflict) || got != from) {
				t.Errorf("%s %s: %s, %v", from, ev, got, err)
			}
		}
	}
}

// TestPlanRungs has a rung for every state a redirect can be in.
func TestPlanRungs(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for state, want := range map[RedirectState]PlanRung{
		RedirectRequested: RungCommanded, RedirectSent: RungCommanded, RedirectChecked: RungCommanded, RedirectSnapshotted: RungCommanded,
		RedirectAcknowledged: RungAcknowledged, RedirectEqual: RungReadBack, RedirectHashing: RungHashing, RedirectFailed: RungFailed,
	} {
		if got := (PlanUnit{Redirect: &Redirect{State: state}}).Rung(); got != want {
			t.Errorf("%s: %s", state, got)
		}
	}
	if got := (PlanUnit{}).Rung(); got != RungPlanned {
		t.Errorf("nothing yet: %s", got)
	}
	if got := (PlanUnit{Problem: "x"}).Rung(); got != RungBlocked {
		t.Errorf("problem: %s", got)
	}
	failed := func(transient bool, at time.Time, before RedirectState, back ...firmware.ConfiguredPool) Redirect {
		return Redirect{State: RedirectFailed, Transient: transient, AnswerBy: now, ReadBack: back, Steps: []Step{{State: before}, {State: RedirectFailed, At: at}}}
	}
	for name, c := range map[string]struct {
		r    Redirect
		want bool
	}{
		"no answer":            {failed(true, now, RedirectSent), true},
		"never sent":           {failed(true, now, RedirectRequested), false},
		"identity not read":    {failed(true, now.Add(-time.Minute), RedirectSent), false},
		"write refused":        {failed(false, now, RedirectSnapshotted), false},
		"write's answer lost":  {failed(true, now, RedirectSnapshotted), true},
		"not read back":        {failed(true, now, RedirectAcknowledged), true},
		"read back, different": {failed(false, now, RedirectAcknowledged, firmware.ConfiguredPool{}), false},
	} {
		if got := c.r.Unknown(); got != c.want {
			t.Errorf("%s: unknown is %v", name, got)
		}
	}
}

// TestPlanHalts runs plans over machines with any outcome: counts always sum
// to the total; no wave begins while one is open or over its limit; a plan that
// ends without a halt has each wave within the limit; nothing moves once halted.
func TestPlanHalts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Now().UTC()
		n := rapid.IntRange(1, 60).Draw(t, "machines")
		p := Plan{ID: hashyard.NewID(), Kind: PlanRedirect, State: PlanRunning, HaltPPM: rapid.Int64Range(0, 300_000).Draw(t, "limit")}
		for i := range n {
			p.Units = append(p.Units, PlanUnit{Miner: hashyard.NewID(), Wave: waveOf(i), RedirectID: hashyard.NewID()})
		}
		outcomes := []RedirectState{RedirectHashing, RedirectHashing, RedirectHashing, RedirectHashing, RedirectEqual, RedirectFailed}
		for range 40 {
			before := p
			var err error
			if p, err = p.Advance(now); err != nil {
				if before.State == PlanRunning {
					t.Fatal(err)
				}
				break
			}
			if p.Wave > before.Wave && before.Wave > 0 {
				if w := before.Tally(before.Wave, now); w.Open > 0 || w.OverLimit(p.HaltPPM) {
					t.Fatalf("wave %d began over %+v", p.Wave, w)
				}
			}
			if p.State == PlanHalted && p.Wave != before.Wave {
				t.Fatal("a halt began a wave")
			}
			for i := range p.Units {
				u := &p.Units[i]
				if u.Wave > p.Wave {
					continue
				}
				if u.Redirect == nil {
					u.Redirect = &Redirect{State: RedirectRequested, Steps: []Step{{State: RedirectRequested, At: now}}}
				} else if u.Redirect.State.Open() && rapid.Bool().Draw(t, "ends") {
					s := rapid.SampledFrom(outcomes).Draw(t, "as")
					u.Redirect = &Redirect{State: s, Steps: append(u.Redirect.Steps, Step{State: s, At: now})}
				}
			}
			sum := 0
			for _, k := range p.Counts() {
				sum += k
			}
			if sum != n {
				t.Fatalf("counts sum to %d of %d", sum, n)
			}
			now = now.Add(4 * time.Minute)
		}
		if p.State == PlanDone {
			for w := 1; w <= p.Waves(); w++ {
				if tally := p.Tally(w, now); tally.OverLimit(p.HaltPPM) || tally.Open > 0 {
					t.Fatalf("done over %+v", tally)
				}
			}
		}
		if p.State == PlanHalted {
			if again, err := p.Halt(hashyard.NewID(), now); err != nil || again.HaltedBy != p.HaltedBy || again.Reason != p.Reason {
				t.Fatalf("halting again changed who did it: %v", err)
			}
		}
	})
}

func TestResumeExcusesWhatWasSeen(t *testing.T) {
	t.Parallel()
	now := time.Now()
	bad := &Redirect{State: RedirectFailed}
	p := Plan{Kind: PlanRedirect, State: PlanRunning, HaltPPM: 0, Wave: 2, Units: []PlanUnit{
		{Wave: 1, Redirect: &Redirect{State: RedirectHashing}}, {Wave: 2, Redirect: bad}, {Wave: 2, Redirect: &Redirect{State: RedirectSent}}, {Wave: 3},
	}}
	p, err := p.Advance(now)
	if err != nil || p.State != PlanHalted || p.Reason == "" || !p.HaltedBy.IsZero() {
		t.Fatalf("%+v, %v", p, err)
	}
	if p, err = p.Resume(now); err != nil || p.State != PlanRunning {
		t.Fatal(err)
	}
	if p, err = p.Advance(now); err != nil || p.State != PlanRunning || p.Wave != 2 {
		t.Fatalf("halted again over the same failure: %+v, %v", p, err)
	}
	p.Units[2].Redirect = bad
	if p, err = p.Advance(now); err != nil || p.State != PlanHalted {
		t.Fatalf("one more failure did not halt it: %+v, %v", p, err)
	}
}

func TestSettingsOf(t *testing.T) {
	t.Parallel()
	a := firmware.PoolSetting{URL: "stratum+tcp://old:1", User: "u", Password: "p"}
	got, err := settingsOf([]firmware.ConfiguredPool{{Slot: 2, PoolSetting: a, PasswordKnown: true}, {Slot: 0}})
	if err != nil || len(got) != 3 || got[2] != a || !got[0].IsZero() || !got[1].IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := settingsOf(nil); err != nil || len(got) != 1 {
		t.Errorf("nothing kept: %+v, %v", got, err)
	}
	if _, err := settingsOf([]firmware.ConfiguredPool{{PoolSetting: a}}); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("a hidden password: %v", err)
	}
}
