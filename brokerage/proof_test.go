package brokerage

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hashyard"
)

// TestBounds: the bounds are the exact Poisson ones. The numbers come from
// bisecting the summed Poisson distribution, not from a Gamma function.
func TestBounds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		n            uint64
		lower, upper float64 // of the share count
	}{
		{1, 0.051293294387550516, 4.743864518390575},
		{10, 5.425405697091294, 16.962219235721903},
		{400, 367.6811740617585, 434.49680915268993},
		{1000, 948.5598493836691, 1053.6031221333055},
	}
	for _, tt := range tests {
		d, err := Decide(measured(tt.n, 1000), soldGHs, DefaultTerms())
		if err != nil {
			t.Fatal(err)
		}
		per := float64(d.Estimate) / float64(tt.n)
		if got := float64(d.Lower) / per; math.Abs(got/tt.lower-1) > 1e-9 {
			t.Errorf("n %d: lower %.12g, want %.12g", tt.n, got, tt.lower)
		}
		if got := float64(d.Upper) / per; math.Abs(got/tt.upper-1) > 1e-9 {
			t.Errorf("n %d: upper %.12g, want %.12g", tt.n, got, tt.upper)
		}
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		n       uint64
		seconds float64
		want    Verdict
	}{
		{"no shares yet", 0, 100, Undecided},
		{"no time yet", 5, 0, Undecided},
		{"fast but too few shares", 399, 100, Undecided},
		{"exactly what was sold, 95 % bound clears, 99 % does not", 1500, 1500, Undecided},
		{"exactly what was sold, long enough", 3000, 3000, Passed},
		{"exactly the floor is never decided", 9500, 10000, Undecided},
		{"94 % for long fails", 94_000, 100_000, Failed},
		{"70 % fails at once", 400, 571.4, Failed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := Decide(measured(tt.n, tt.seconds), soldGHs, DefaultTerms())
			if err != nil || d.Verdict != tt.want {
				t.Errorf("got %+v, %v; want %s", d, err, tt.want)
			}
			if d.Verdict == Passed && d.Lower < d.Floor || d.Verdict == Failed && d.Upper >= d.Floor {
				t.Errorf("verdict against the shown bounds: %+v", d)
			}
		})
	}
}

func TestDecideScaleAndWeights(t *testing.T) {
	t.Parallel()
	// 100 kH/s real stand for 100 TH/s: the same shares, a billion times
	// easier, decide the same.
	small := measured(3000, 3000)
	small.Scale = 1_000_000_000
	one := hashyard.WorkOf(perShare / 1_000_000_000)
	square, err := one.Times(uint64(perShare / 1_000_000_000))
	if err != nil {
		t.Fatal(err)
	}
	small.Work, _ = one.Times(3000)
	small.SumSquares, _ = square.Times(3000)
	d, err := Decide(small, soldGHs, DefaultTerms())
	if err != nil || d.Verdict != Passed || math.Abs(float64(d.Estimate)/1e14-1) > 1e-4 {
		t.Errorf("scaled: %+v %v", d, err)
	}
	// One heavy share among light ones is worth less precision.
	mixed := measured(1000, 1000)
	heavy, _ := hashyard.WorkOf(perShare).Times(1000)
	heavySquare, _ := hashyard.WorkOf(perShare).Times(uint64(perShare))
	heavySquare, _ = heavySquare.Times(1_000_000)
	mixed.Work, mixed.SumSquares = mixed.Work.Add(heavy), mixed.SumSquares.Add(heavySquare)
	mixed.Shares++
	d, err = Decide(mixed, soldGHs, DefaultTerms())
	if err != nil || d.Effective > 4 || d.Verdict != Undecided {
		t.Errorf("mixed: %+v %v", d, err)
	}
}

func TestDecideRefusesNonsense(t *testing.T) {
	t.Parallel()
	noScale := measured(10, 10)
	noScale.Scale = 0
	noWork := measured(10, 10)
	noWork.Work = hashyard.Work{}
	tooPrecise := measured(10, 10)
	tooPrecise.SumSquares = hashyard.WorkOf(1)
	for name, m := range map[string]hashyard.WorkMeasured{"no scale": noScale, "no work": noWork, "too precise": tooPrecise} {
		if _, err := Decide(m, soldGHs, DefaultTerms()); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Decide(measured(1, 1), 0, DefaultTerms()); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("nothing sold: %v", err)
	}
}

// provingDossier is a delivered trade of two units, the first under proof.
func provingDossier(t *testing.T) (Dossier, time.Time) {
	t.Helper()
	d := testDossier(t, 2)
	now := d.Trade.MatchedAt.Add(time.Hour)
	d.Trade.Received = d.Trade.Amount
	d.Trade.State = Delivered
	c, err := d.StartProof(d.Units[0].Unit, now)
	if err != nil || c == nil || c.Dossier.Trade.State != Proving || c.Events[0].Kind != hashyard.EvProofStarted {
		t.Fatalf("start: %+v %v", c, err)
	}
	if again, err := c.Dossier.StartProof(d.Units[0].Unit, now); again != nil || err != nil {
		t.Fatalf("started twice: %+v %v", again, err)
	}
	return c.Dossier, now
}

func measureOf(d Dossier, unit int, n uint64, seconds float64, start time.Time) hashyard.WorkMeasured {
	m := measured(n, seconds)
	m.Unit, m.From = d.Units[unit].Unit, start
	m.To = start.Add(time.Duration(seconds * 1e9))
	return m
}

func TestMeasureDecidesEachUnit(t *testing.T) {
	t.Parallel()
	d, start := provingDossier(t)
	terms := DefaultTerms()
	c, err := d.Measure(measureOf(d, 0, 100, 100, start), terms, start)
	if err != nil || c == nil || c.Dossier.Units[0].Proof.State != ProofRunning || len(c.Events) != 0 {
		t.Fatalf("early: %+v %v", c, err)
	}
	early := measureOf(d, 0, 3000, 3000, start.Add(-time.Minute))
	if c, err := d.Measure(early, terms, start); c != nil || err != nil {
		t.Errorf("work from before the proof counts: %+v %v", c, err)
	}
	older := measureOf(d, 0, 50, 50, start)
	if c2, err := c.Dossier.Measure(older, terms, start); c2 != nil || err != nil {
		t.Errorf("an older measurement counts: %+v %v", c2, err)
	}
	c, err = c.Dossier.Measure(measureOf(d, 0, 3000, 3000, start), terms, start)
	if err != nil || c.Dossier.Trade.State != Proving || c.Events[0].Kind != hashyard.EvHashrateProven || c.Dossier.Settlement != nil {
		t.Fatalf("first unit proven: %+v %v", c, err)
	}
	c, err = c.Dossier.StartProof(d.Units[1].Unit, start)
	if err != nil {
		t.Fatal(err)
	}
	c, err = c.Dossier.Measure(measureOf(d, 1, 3000, 3000, start), terms, start)
	if err != nil || c.Dossier.Trade.State != Proven || c.Dossier.Settlement == nil || c.Dossier.Settlement.Kind != PaySeller {
		t.Fatalf("second unit proven: %+v %v", c, err)
	}
	kinds := []hashyard.EventKind{c.Events[0].Kind, c.Events[1].Kind}
	if diff := cmp.Diff([]hashyard.EventKind{hashyard.EvHashrateProven, EvSettlementDue}, kinds); diff != "" {
		t.Error(diff)
	}
}

func TestMeasureRefutes(t *testing.T) {
	t.Parallel()
	d, start := provingDossier(t)
	c, err := d.Measure(measureOf(d, 0, 700, 1000, start), DefaultTerms(), start)
	if err != nil || c.Dossier.Trade.State != Refuted || c.Events[0].Kind != hashyard.EvHashrateRefuted || c.Dossier.Settlement != nil {
		t.Fatalf("%+v %v", c, err)
	}
	if c.Dossier.Trade.Held() != c.Dossier.Trade.Amount {
		t.Error("the money stays held")
	}
	if again, err := c.Dossier.Measure(measureOf(d, 0, 3000, 2000, start), DefaultTerms(), start); again != nil || err != nil {
		t.Errorf("decided twice: %+v %v", again, err)
	}
}
