package hashyard

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// bigMulDiv is MulDiv by the book.
func bigMulDiv(a, num, den int64, r Rounding) (*big.Int, bool) {
	if den == 0 {
		return nil, false
	}
	p := new(big.Int).Mul(big.NewInt(a), big.NewInt(num))
	q, rem := new(big.Int).QuoRem(p, big.NewInt(den), new(big.Int))
	if rem.Sign() != 0 {
		away := big.NewInt(1)
		if p.Sign()*big.NewInt(den).Sign() < 0 {
			away.Neg(away)
		}
		twice := new(big.Int).Abs(new(big.Int).Lsh(rem, 1))
		half := twice.Cmp(new(big.Int).Abs(big.NewInt(den)))
		if r == RoundUp || r == RoundHalfEven && (half > 0 || half == 0 && q.Bit(0) == 1) {
			q.Add(q, away)
		}
	}
	return q, q.IsInt64()
}

func TestMulDivAgainstBigInt(t *testing.T) {
	t.Parallel()
	edges := []int64{0, 1, -1, 2, -2, 3, 7, 1e9, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1, 1 << 32, -(1 << 32)}
	any64 := rapid.OneOf(rapid.SampledFrom(edges), rapid.Int64(), rapid.Int64Range(-1000, 1000))
	rapid.Check(t, func(t *rapid.T) {
		a, num, den := any64.Draw(t, "a"), any64.Draw(t, "num"), any64.Draw(t, "den")
		r := rapid.SampledFrom([]Rounding{RoundDown, RoundUp, RoundHalfEven}).Draw(t, "rounding")
		got, err := MulDiv(a, num, den, r)
		want, fits := bigMulDiv(a, num, den, r)
		if fits != (err == nil) || fits && want.Int64() != got {
			t.Fatalf("MulDiv(%d, %d, %d, %v) = %d, %v; want %v", a, num, den, r, got, err, want)
		}
	})
}

func TestInvoice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		price MilliCentsPerTH
		rate  GHs
		want  Cents
	}{
		{1_142_000, 200_000, 228_400},              // 200 TH at $11.42 is $2,284.00
		{1_142_000, 24_000_000, 27_408_000},        // 120 units
		{1_890_000, 7_105_176_000, 13_428_782_640}, // Bitmain–Cipher: $134,287,826.40
		{1, 1, 0},                                               // dust rounds to nothing
		{1_000_000, 500, 500}, {1_000, 500, 0}, {3_000, 500, 2}, // halves to even
	} {
		got, err := tt.price.Invoice(tt.rate)
		if err != nil || got != tt.want {
			t.Errorf("%v × %v = %v, %v; want %v", tt.price, tt.rate, got, err, tt.want)
		}
	}
	if _, err := MilliCentsPerTH(math.MaxInt64).Invoice(math.MaxInt64); !errors.Is(err, ErrOverflow) {
		t.Errorf("overflow: %v", err)
	}
	if _, err := AddCents(math.MaxInt64, 1); !errors.Is(err, ErrOverflow) {
		t.Errorf("add overflow: %v", err)
	}
	if v, err := AddCents(5, 0); v != 5 || err != nil {
		t.Errorf("adding nothing: %v %v", v, err)
	}
}

func TestAmountsInWords(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		Cents(-5).String(): "-0.05", Cents(228_400).String(): "2284.00", Sats(1).String(): "0.00000001",
		Sats(-100_000_000).String(): "-1.00000000", MilliCentsPerTH(1_142_000).String(): "11.42000",
		Sats(math.MinInt64).String(): "-92233720368.54775808", GHs(200_000).String(): "200.0 TH/s",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestAmountsInLogs(t *testing.T) {
	t.Parallel()
	if s, c := Sats(4014).LogValue().Int64(), Cents(-7).LogValue().Int64(); s != 4014 || c != -7 {
		t.Errorf("logged as %d sat and %d cents", s, c)
	}
}

func anyWork(t *rapid.T, name string) Work {
	hi := rapid.Uint64Range(0, 1<<60).Draw(t, name+" hi")
	return Work{hi, rapid.Uint64().Draw(t, name+" lo")}
}

func TestWorkIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyWork(t, "a"), anyWork(t, "b")
		sum := a.Add(b)
		if want := new(big.Int).Add(a.Big(), b.Big()); sum.Big().Cmp(want) != 0 || sum.String() != want.String() {
			t.Fatalf("%v + %v = %v, want %v", a, b, sum, want)
		}
		back, err := ParseWork(sum.String())
		if err != nil || back != sum || sum.Cmp(back) != 0 {
			t.Fatalf("%v read back as %v, %v", sum, back, err)
		}
		var j Work
		if raw, err := json.Marshal(sum); err != nil || json.Unmarshal(raw, &j) != nil || j != sum {
			t.Fatalf("JSON of %v is %v", sum, j)
		}
		n := rapid.Uint64Range(0, 1<<62).Draw(t, "n")
		got, err := a.Times(n)
		want := new(big.Int).Mul(a.Big(), new(big.Int).SetUint64(n))
		if fits := want.BitLen() <= 128; fits != (err == nil) || fits && got.Big().Cmp(want) != 0 {
			t.Fatalf("%v × %d = %v, %v; want %v", a, n, got, err, want)
		}
	})
}

func TestDifficulty(t *testing.T) {
	t.Parallel()
	one, err := DifficultyFromWire(1)
	if err != nil || one != 1<<32 {
		t.Fatalf("difficulty 1 is %d units, %v", one, err)
	}
	if got := one.Target(); new(big.Int).SetBytes(got[:]).Cmp(Diff1Target()) != 0 {
		t.Errorf("target of 1 is %x", got)
	}
	for _, bad := range []float64{0, -1, math.NaN(), math.Inf(1), 1e-12, 1 << 31} {
		if _, err := DifficultyFromWire(bad); !errors.Is(err, Invalid) {
			t.Errorf("difficulty %g: %v", bad, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := Difficulty(rapid.Uint64Range(1, 1<<62).Draw(t, "d"))
		got := d.Target()
		want := new(big.Int).Lsh(Diff1Target(), 32)
		want.Quo(want, new(big.Int).SetUint64(uint64(d)))
		if want.Cmp(maxTarget) > 0 {
			want = maxTarget
		}
		if new(big.Int).SetBytes(got[:]).Cmp(want) != 0 {
			t.Fatalf("target of %d is %x, want %x", d, got, want)
		}
		p := Difficulty(1) << rapid.IntRange(0, 62).Draw(t, "bit")
		if back, err := DifficultyFromWire(p.Wire()); err != nil || back != p {
			t.Fatalf("dyadic %d goes over the wire as %d, %v", p, back, err)
		}
	})
	// 1 PH-day is 20,116,567,611.69 shares of difficulty 1.
	day, err := WorkOf(one).Times(20_116_567_612)
	if got := Scale(1).Hashrate(day, 24*time.Hour); err != nil || math.Abs(float64(got/PH)-1) > 1.6e-5 {
		t.Errorf("1 PH-day is %g PH/s, %v", float64(got/PH), err)
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	last := NewID()
	for range 5000 {
		id := NewID()
		if id.String() <= last.String() {
			t.Fatalf("%v after %v", id, last)
		}
		last = id
	}
	if last[6]>>4 != 7 || last[8]>>6 != 2 {
		t.Errorf("%v is not version 7, variant 2", last)
	}
	if d := time.Since(last.Time()); d < -time.Minute || d > time.Minute {
		t.Errorf("made %v ago", d)
	}
	back, err := ParseID(last.String())
	if err != nil || back != last {
		t.Errorf("%v read back as %v, %v", last, back, err)
	}
	for _, bad := range []string{"", "x", last.String()[1:] + "g", "zz" + last.String()[2:]} {
		if _, err := ParseID(bad); !errors.Is(err, Invalid) {
			t.Errorf("ParseID(%q): %v", bad, err)
		}
	}
	v, err := ID{}.Value()
	if v != nil || err != nil {
		t.Errorf("zero id is stored as %v, %v", v, err)
	}
}

func FuzzParseID(f *testing.F) {
	f.Add(NewID().String())
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := ParseID(s); err == nil {
			if again, err := ParseID(id.String()); err != nil || again != id {
				t.Fatalf("%q → %v → %v", s, id, again)
			}
		}
	})
}

func FuzzParseWork(f *testing.F) {
	f.Add("340282366920938463463374607431768211455")
	f.Fuzz(func(t *testing.T, s string) {
		if w, err := ParseWork(s); err == nil {
			if again, err := ParseWork(w.String()); err != nil || again != w {
				t.Fatalf("%q → %v → %v", s, w, again)
			}
		}
	})
}

func TestKindsCrossLayers(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	err := fmt.Errorf("outer: %w", NotFound.Errorf("order %d: %w", 7, cause))
	if !errors.Is(err, NotFound) || errors.Is(err, Conflict) || !errors.Is(err, cause) {
		t.Errorf("%v has the wrong kinds", err)
	}
	if k, ok := KindOf(err); !ok || k != NotFound || err.Error() != "outer: order 7: cause" {
		t.Errorf("kind %v, text %q", k, err)
	}
	if _, ok := KindOf(cause); ok {
		t.Error("an unknown error has a kind")
	}
	if k, ok := KindOf(fmt.Errorf("x: %w", Denied)); !ok || k != Denied {
		t.Error("a bare kind is not found")
	}
}

func TestEventRoundTrip(t *testing.T) {
	t.Parallel()
	in := WorkMeasured{Unit: NewID(), Work: Work{1, 2}, Shares: 3, Scale: 1e9}
	ev, err := NewEvent(EvWorkMeasured, Ref{"unit", in.Unit}, time.Now(), in)
	if err != nil {
		t.Fatal(err)
	}
	var out WorkMeasured
	if err := ev.Read(&out); err != nil || out != in {
		t.Fatalf("read %+v, %v", out, err)
	}
	if err := (Event{Payload: []byte("{")}).Read(&out); err == nil {
		t.Fatal("broken payload was read")
	}
}
