package pool

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
	"hashyard/pool/share"
)

func TestParseUser(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		user, account, worker string
		ok                    bool
	}{
		{"acme.rig1", "acme", "rig1", true},
		{"ACME.Rig_1", "acme", "rig_1", true},
		{"a-b.c-d", "a-b", "c-d", true},
		{strings.Repeat("a", 32) + "." + strings.Repeat("b", 32), strings.Repeat("a", 32), strings.Repeat("b", 32), true},
		{strings.Repeat("a", 33) + ".b", "", "", false},
		{strings.Repeat("a", 66), "", "", false},
		{"acme", "", "", false},
		{"acme.", "", "", false},
		{".rig", "", "", false},
		{"ac_me.rig", "", "", false},
		{"acme.rig.1", "", "", false},
		{"acme.rig 1", "", "", false},
		{"acme.rig\x00", "", "", false},
		{"acme.\u212a", "", "", false}, // the Kelvin sign folds to k in Unicode
		{"-acme.rig", "", "", false},
	} {
		a, w, err := ParseUser(tt.user)
		if (err == nil) != tt.ok || a != tt.account && tt.ok || w != tt.worker && tt.ok {
			t.Errorf("%q: %q %q %v", tt.user, a, w, err)
		}
		if err != nil && !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%q: %v is not Invalid", tt.user, err)
		}
	}
}

func FuzzParseUser(f *testing.F) {
	for _, s := range []string{"acme.rig1", "acme", "A.B", "a.b.c", "\xff.x", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, user string) {
		a, w, err := ParseUser(user)
		if err != nil {
			return
		}
		if !accountPattern.MatchString(a) || !namePattern.MatchString(w) || !strings.EqualFold(a+"."+w, user) {
			t.Fatalf("%q reads as %q, %q", user, a, w)
		}
		if a2, w2, err := ParseUser(a + "." + w); err != nil || a2 != a || w2 != w {
			t.Fatalf("%q.%q does not read back", a, w)
		}
	})
}

// Every pair of state and event; what is not listed changes nothing.
func TestEveryBlockTransition(t *testing.T) {
	t.Parallel()
	states := []BlockState{BlockFound, BlockRejected, BlockAccepted, BlockOrphaned, BlockConfirmed}
	evs := []BlockEvent{BlockTaken, BlockRefused, BlockLeft, BlockDeep}
	want := map[BlockState][4]BlockState{
		BlockFound:     {BlockAccepted, BlockRejected, BlockOrphaned, BlockConfirmed},
		BlockRejected:  {BlockAccepted, "", "", BlockConfirmed},
		BlockAccepted:  {"", "", BlockOrphaned, BlockConfirmed},
		BlockOrphaned:  {BlockAccepted, "", "", BlockConfirmed},
		BlockConfirmed: {"", "", "", ""},
	}
	now := time.Now()
	for _, from := range states {
		for i, ev := range evs {
			b, changed := Block{State: from}.On(ev, now)
			to := want[from][i]
			if changed != (to != "") || (changed && b.State != to) || (!changed && b.State != from) {
				t.Errorf("%s on %s: %s, %v; want %q", from, ev, b.State, changed, to)
			}
		}
	}
}

// Booking keeps every unit of work, whatever the order and the minutes.
func TestBookKeepsAllWork(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		workers := []hashyard.ID{hashyard.NewID(), hashyard.NewID(), hashyard.NewID()}
		epochs := []hashyard.ID{hashyard.NewID(), hashyard.NewID()}
		var rs []share.Record
		var all Tally
		for range rapid.IntRange(0, 40).Draw(t, "n") {
			r := share.Record{
				Worker: rapid.SampledFrom(workers).Draw(t, "worker"), Epoch: rapid.SampledFrom(epochs).Draw(t, "epoch"),
				At:         time.Unix(rapid.Int64Range(0, 300).Draw(t, "at"), 0),
				Difficulty: hashyard.Difficulty(rapid.Uint64Range(1, 1<<62).Draw(t, "d")), Code: rapid.SampledFrom([]int{0, 20, 21, 22, 23, 24, 25}).Draw(t, "code"),
			}
			all.Add(r)
			rs = append(rs, r)
		}
		var got Tally
		seen := map[bookingKey]bool{}
		for _, b := range Book(rs) {
			k := bookingKey{b.Account, b.Worker, b.Unit, b.Epoch, b.Minute.Unix()}
			if seen[k] || b.Minute.Second() != 0 {
				t.Fatalf("booking %v twice or off the minute", k)
			}
			seen[k] = true
			got.Merge(b.Tally)
		}
		if got.Work != all.Work || got.Shares != all.Shares || got.Rejects != all.Rejects || orZero(got.Squares).Cmp(orZero(all.Squares)) != 0 || !got.Last.Equal(all.Last) {
			t.Fatalf("booked %+v of %+v", got, all)
		}
	})
}

func TestRateInterval(t *testing.T) {
	t.Parallel()
	tally := func(n int64) Tally {
		w, _ := hashyard.WorkOf(1 << 20).Times(uint64(n))
		return Tally{Work: w, Squares: new(big.Int).Mul(big.NewInt(n), big.NewInt(1<<40)), Shares: n}
	}
	for _, tt := range []struct {
		n            int64
		lower, upper float64 // exact Poisson limits of n events (Garwood)
	}{{1, 0.025318, 5.571643}, {10, 4.795389, 18.390356}, {100, 81.363970, 121.627000}} {
		r := RateOf(tally(tt.n), time.Minute, 1, hashyard.Work{})
		per := float64(r.Estimate) / float64(tt.n)
		if math.Abs(float64(r.Lower)/per-tt.lower) > 1e-4 || math.Abs(float64(r.Upper)/per-tt.upper) > 1e-3 {
			t.Errorf("%d shares: %.5f … %.5f, want %.5f … %.5f", tt.n, float64(r.Lower)/per, float64(r.Upper)/per, tt.lower, tt.upper)
		}
	}
	none := RateOf(Tally{}, time.Minute, 1, hashyard.WorkOf(1<<20))
	if none.Estimate != 0 || none.Lower != 0 || math.Abs(float64(none.Upper)*60/(1<<20)-3.688879) > 1e-3 {
		t.Errorf("no shares: %+v", none)
	}
	if r := RateOf(Tally{}, time.Minute, 1, hashyard.Work{}); !math.IsInf(float64(r.Upper), 1) {
		t.Errorf("nothing known: %+v", r)
	}
	if r := RateOf(tally(5), 0, 1, hashyard.Work{}); r != (Rate{}) {
		t.Errorf("no time: %+v", r)
	}
}

func TestSeries(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	at := func(minute int, n int64) Booking {
		w, _ := hashyard.WorkOf(1 << 30).Times(uint64(n))
		return Booking{Minute: start.Add(time.Duration(minute) * time.Minute), Tally: Tally{Work: w, Squares: new(big.Int).Mul(big.NewInt(n), big.NewInt(1<<60)), Shares: n}}
	}
	ps := Series([]Booking{at(0, 6), at(1, 6), at(4, 3)}, 2*time.Minute, start.Add(5*time.Minute), 1)
	if len(ps) != 3 || ps[0].Shares != 12 || ps[1].Shares != 0 || ps[2].Shares != 3 || ps[2].For != time.Minute {
		t.Fatalf("%+v", ps)
	}
	if ps[1].Upper <= 0 || ps[1].Estimate != 0 || math.Abs(float64(ps[0].Estimate/ps[2].Estimate)-2) > 1e-9 {
		t.Errorf("%+v", ps)
	}
	if got := Series(nil, time.Minute, start, 1); len(got) != 0 {
		t.Errorf("%d points of nothing", len(got))
	}
	if got := Series([]Booking{at(0, 1)}, time.Minute, start.Add(30*24*time.Hour), 1); len(got) > maxPoints+1 {
		t.Errorf("%d points", len(got))
	}
}

func TestStartDifficulty(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ghs       hashyard.GHs
		scale     hashyard.Scale
		perMinute float64
		want      hashyard.Difficulty
	}{
		{100_000, 1_000_000_000, 60, 1 << 16}, {200_000, 1, 12, 1 << 49}, {0, 1, 12, 0}, {1, 1 << 62, 12, 0}, {1, 1, 0, 0},
	} {
		if got := startDifficulty(tt.ghs, tt.scale, tt.perMinute, math.Floor); got != tt.want {
			t.Errorf("%+v: %d", tt, got)
		}
	}
	// A machine whose model is known begins where it would end, whatever model.
	for ghs := hashyard.GHs(500); ghs < 1_000_000; ghs += ghs/7 + 1 {
		got := startDifficulty(ghs, 1, 12, math.Round)
		if ratio := float64(got) / (float64(ghs) * 1e9 * 5); ratio < 0.707 || ratio > 1.4143 {
			t.Errorf("%d GH/s begin at %.3f of what they should", ghs, ratio)
		}
	}
}

func TestNewChecksItsSettings(t *testing.T) {
	t.Parallel()
	ok := Config{Store: struct{ Store }{}, Log: struct{ Log }{}, Chain: struct{ Chain }{}, ServerKey: make([]byte, 32)}
	for name, change := range map[string]func(*Config){
		"short key": func(c *Config) { c.ServerKey = c.ServerKey[:31] }, "no store": func(c *Config) { c.Store = nil },
		"no log": func(c *Config) { c.Log = nil }, "no chain": func(c *Config) { c.Chain = nil },
		"negative fee": func(c *Config) { c.FeePPM = -1 }, "fee above all": func(c *Config) { c.FeePPM = 1_000_001 },
		"short period": func(c *Config) { c.SettlementPeriod = time.Millisecond }, "negative grace": func(c *Config) { c.Grace = -1 },
	} {
		cfg := ok
		change(&cfg)
		if _, err := New(cfg); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, err := New(ok)
	if err != nil {
		t.Fatal(err)
	}
	if s.cfg.SettlementPeriod != 24*time.Hour || s.cfg.FeeWindow != 144 || s.cfg.Scale != 1 {
		t.Errorf("defaults %+v", s.cfg)
	}
	id := hashyard.NewID()
	if first := s.secret(id, 1); first == s.secret(id, 2) || first == s.secret(hashyard.NewID(), 1) {
		t.Error("secrets do not tell workers and generations apart")
	}
}

func TestShowHash(t *testing.T) {
	t.Parallel()
	if got := ShowHash([32]byte{0xff, 1}); got != strings.Repeat("00", 30)+"01ff" {
		t.Error(got)
	}
}

// A share that is taken without counting anything is no measure of work.
func TestSharesThatCountNothing(t *testing.T) {
	var a, b Tally
	r := share.Record{At: time.Unix(1000, 0), Difficulty: 1 << 20}
	a.Add(r)
	b.Add(r)
	r.At, r.Difficulty = r.At.Add(time.Second), 0
	b.Add(r)
	if b.Shares != a.Shares || b.Work != a.Work || b.Squares.Cmp(a.Squares) != 0 || b.Last != r.At || b.Rejected() != 0 {
		t.Fatalf("%+v, without it %+v", b, a)
	}
}
