package pool

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
	"hashyard/pool/share"
)

func allStates() []WorkerState {
	return []WorkerState{WorkerNew, WorkerOnline, WorkerSlow, WorkerSilent}
}

func allSignals() []Signal {
	return []Signal{SignalNever, SignalQuiet, SignalThin, SignalWeak, SignalFair, SignalWell}
}

// Every pair of state and signal, with where it leads in the end.
func TestWorkerStates(t *testing.T) {
	t.Parallel()
	want := map[WorkerState]string{ // in the order of allSignals
		WorkerNew:    "new silent online online online online",
		WorkerOnline: "online silent online slow online online",
		WorkerSlow:   "slow silent slow slow slow online",
		WorkerSilent: "silent silent silent online online online",
	}
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, from := range allStates() {
		for i, sig := range allSignals() {
			s := Standing{State: from, Since: now.Add(-time.Hour)}
			changes := 0
			for m := range 21 { // longer than every hold
				var changed bool
				if s, changed = s.On(sig, now.Add(time.Duration(m)*time.Minute)); changed {
					changes++
				}
				if changes > 0 && from != WorkerSilent {
					break // what follows is the next state's own row
				}
				if changes > 0 {
					break
				}
			}
			if to := WorkerState(strings.Fields(want[from])[i]); s.State != to || (changes > 0) != (to != from) {
				t.Errorf("%s on %s ends as %s, want %s", from, sig, s.State, to)
			}
		}
	}
}

// A move that needs time is not made before, and begins anew when its signal
// stops in between.
func TestHoldsKeepWorkersFromFlapping(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	at := func(m int) time.Time { return now.Add(time.Duration(m) * time.Minute) }
	s := Standing{State: WorkerOnline, Since: now}
	changes := 0
	step := func(sig Signal, m int) {
		var c bool
		if s, c = s.On(sig, at(m)); c {
			changes++
		}
	}
	step(SignalWeak, 0)
	step(SignalWeak, 9)
	step(SignalWell, 10) // was nothing
	step(SignalWeak, 11)
	step(SignalWeak, 20)
	if changes != 0 || s.State != WorkerOnline {
		t.Fatalf("%+v after %d changes", s, changes)
	}
	step(SignalWeak, 21)
	if changes != 1 || s.State != WorkerSlow || !s.Since.Equal(at(21)) || s.Wants != "" {
		t.Fatalf("%+v after %d changes", s, changes)
	}
	if fresh, changed := (Standing{}).On(SignalNever, now); changed || fresh.State != WorkerNew || !fresh.Since.Equal(now) {
		t.Errorf("a first look: %+v", fresh)
	}
	rapid.Check(t, func(t *rapid.T) {
		// Whatever the signals, silence is told at once, and a machine that
		// alternates within the holds never changes between online and slow.
		s, between := Standing{State: WorkerOnline, Since: now}, 0
		for m := range rapid.IntRange(1, 60).Draw(t, "minutes") {
			sig := rapid.SampledFrom([]Signal{SignalWeak, SignalFair}).Draw(t, "signal")
			if m%8 == 7 {
				sig = SignalFair
			}
			was := s.State
			if s, _ = s.On(sig, at(m)); s.State != was {
				between++
			}
		}
		if between != 0 {
			t.Fatalf("%d changes", between)
		}
		if s, _ = s.On(SignalQuiet, at(100)); s.State != WorkerSilent {
			t.Fatalf("quiet is %s", s.State)
		}
	})
}

func TestLook(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	window := func(ago time.Duration, shares int64, est hashyard.Hashrate) Window {
		return Window{First: now.Add(-ago), Tally: Tally{Shares: shares}, Rate: Rate{Estimate: est, Lower: 0.9 * est, Upper: 1.1 * est}}
	}
	ref := Reference{"nominal", 100 * hashyard.TH}
	five := window(5*time.Minute, 60, 0)
	for _, tt := range []struct {
		name string
		last time.Duration // ago; below zero: never
		five Window
		hour Window
		ref  Reference
		want Signal
	}{
		{"never", -1, Window{}, Window{}, ref, SignalNever},
		{"quiet", 5 * time.Minute, five, five, ref, SignalQuiet},
		{"a stray share", time.Minute, window(time.Minute, 2, 0), five, ref, SignalThin},
		{"no reference", time.Minute, five, window(time.Hour, 700, 1), Reference{}, SignalWell},
		{"too short to judge", time.Minute, five, window(19*time.Minute, 100, 1), ref, SignalWell},
		{"chance explains it", time.Minute, five, window(time.Hour, 700, 83*hashyard.TH), ref, SignalFair},
		{"beyond chance", time.Minute, five, window(time.Hour, 700, 81*hashyard.TH), ref, SignalWeak},
		{"fair", time.Minute, five, window(time.Hour, 700, 94*hashyard.TH), ref, SignalFair},
		{"well", time.Minute, five, window(time.Hour, 700, 95*hashyard.TH), ref, SignalWell},
	} {
		last := now.Add(-tt.last)
		if tt.last < 0 {
			last = time.Time{}
		}
		if got := look(last, tt.five, tt.hour, tt.ref, now); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	day := window(6*time.Hour, 1, 50*hashyard.TH)
	if r := referenceOf(100_000, day, now); r.Kind != "nominal" || r.Rate != 100*hashyard.TH {
		t.Errorf("reference %+v", r)
	}
	if r := referenceOf(0, day, now); r.Kind != "own_day" || r.Rate != 50*hashyard.TH {
		t.Errorf("reference %+v", r)
	}
	if r := referenceOf(0, window(5*time.Hour, 1, 1), now); r.Kind != "" {
		t.Errorf("a day of five hours is a reference: %+v", r)
	}
}

func TestDiagnoses(t *testing.T) {
	t.Parallel()
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	for _, tt := range []struct {
		name     string
		accepted int64
		refused  []Reject
		says     string // of the first
		grave    bool
	}{
		{"a few at every tip", 10_000, []Reject{{Cause: share.TipMoved, Upto: ms(500), Count: 40}}, "Every pool refuses some", false},
		{"late jobs", 1000, []Reject{{Cause: share.TipMoved, Upto: ms(500), Count: 10}, {Cause: share.TipMoved, Upto: ms(10_000), Count: 30}}, "goes on with old work", true},
		{"a long way", 1000, []Reject{{Cause: share.TipMoved, Upto: ms(500), Count: 15}, {Cause: share.TipMoved, Upto: ms(10_000), Count: 3}}, "the way from the machine to the pool is long", false},
		{"many doubles", 900, []Reject{{Cause: share.Repeated, Upto: 0, Count: 100}}, "submitted again and again", true},
		{"a double", 900, []Reject{{Cause: share.Repeated, Upto: 0, Count: 1}}, "sent twice", false},
		{"bad chips", 900, []Reject{{Cause: share.TooEasy, Upto: 0, Count: 100}}, "chips that calculate wrongly", true},
		{"mask", 900, []Reject{{Cause: share.VersionBits, Upto: 0, Count: 100}}, "rolls without asking", true},
		{"clock", 900, []Reject{{Cause: share.BlockTime, Upto: 0, Count: 100}}, "clock", true},
		{"most first", 900, []Reject{{Cause: share.BlockTime, Upto: 0, Count: 1}, {Cause: share.UnknownJob, Upto: 0, Count: 2}}, "never sent in this session", false},
	} {
		got := Diagnose(tt.accepted, tt.refused)
		if len(got) == 0 || !strings.Contains(got[0].Likely, tt.says) || got[0].Grave != tt.grave || got[0].Advice == "" {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	// Every cause that is counted has words for all numbers.
	for _, cause := range share.Causes() {
		for _, n := range []int64{1, 30, 1000} {
			d := Diagnose(1000, []Reject{{Cause: cause, Count: n}})
			if len(d) != 1 || d[0].Likely == "" || d[0].Advice == "" || d[0].Code == share.Accepted || d[0].Count != n {
				t.Errorf("%s ×%d: %+v", cause, n, d)
			}
		}
	}
}

func TestGap(t *testing.T) {
	t.Parallel()
	hour := Window{First: time.Now(), Rate: Rate{Estimate: 90 * hashyard.TH, Lower: 85 * hashyard.TH, Upper: 95 * hashyard.TH}}
	g, ok := gapOf(Reported{Rate: 100 * hashyard.TH}, hour)
	if !ok || math.Abs(g.Missing-0.1) > 1e-12 || !g.Beyond {
		t.Errorf("%+v, %t", g, ok)
	}
	if g, ok := gapOf(Reported{Rate: 94 * hashyard.TH}, hour); !ok || g.Beyond {
		t.Errorf("%+v, %t", g, ok)
	}
	if _, ok := gapOf(Reported{}, hour); ok {
		t.Error("nothing reported has a gap")
	}
	if _, ok := gapOf(Reported{Rate: 1}, Window{}); ok {
		t.Error("nothing measured has a gap")
	}
}

// E = 86.4 expected blocks, 70 found, and the other published figures.
func TestLuckAgainstPublishedFigures(t *testing.T) {
	t.Parallel()
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got-want) > tolerance {
			t.Errorf("%s = %.8g, want %.8g", what, got, want)
		}
	}
	l := luckOf(70, 86.4)
	near("luck", l.Ratio(), 0.8102, 5e-5)
	near("P(N ≤ 70)", l.Percentile, 0.040149, 5e-7)
	near("Erlang CDF", l.Erlang, 0.968857, 5e-7)
	if l.Low != 69 || l.High != 105 {
		t.Errorf("95 %% of worlds find %d–%d, want 69–105", l.Low, l.High)
	}
	near("a round at 300 %", erlangCDF(1, 3), 0.950213, 5e-7)
	near("10 blocks with work for 14.2", erlangCDF(10, 14.2), 0.899737, 6e-7)
	if erlangCDF(0, 1) != 0 || erlangCDF(1, 0) != 0 || (Luck{}).Ratio() != 0 {
		t.Error("nothing found is not without a number")
	}
}

func TestRounds(t *testing.T) {
	t.Parallel()
	const bits = 0x1d00ffff // difficulty 1: 2^32 units of work a block
	at := func(m int) time.Time { return time.Date(2026, 11, 25, 12, m, 0, 0, time.UTC) }
	blocks := []Block{{Height: 3, Found: at(30).Add(20 * time.Second)}, {Height: 2, Found: at(10)}, {Height: 1, Found: at(0)}}
	var work []WorkAt
	for m := 1; m < 40; m++ {
		work = append(work, WorkAt{bits, hashyard.WorkOf(1 << 30), at(m)}) // a quarter of a block a minute
	}
	got := roundsOf(blocks, work, time.Minute)
	want := []struct {
		height int64
		effort float64
	}{{0, 9.0 / 4}, {3, 20.0 / 4}, {2, 10.0 / 4}}
	if len(got) != len(want) {
		t.Fatalf("%d rounds", len(got))
	}
	for i, w := range want {
		if got[i].Block.Height != w.height || math.Abs(got[i].Effort-w.effort) > 1e-9 || got[i].Unlucky <= 0 {
			t.Errorf("round %d: %+v, want %+v", i, got[i], w)
		}
	}
}
