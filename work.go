package hashyard

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
)

// Difficulty is an assigned share difficulty as an integer count of 2^-32
// difficulty-1 units, so a whole unit is one expected hash (exactly
// 65536/65535 of one: difficulty 1 is 0xffff·2^208, not 2^224). Integer
// difficulties make every sum of work exact; the Stratum wire shows
// Difficulty/2^32.
type Difficulty uint64

// diff1 is the difficulty-1 target, 0xffff·2^208.
var diff1 = new(big.Int).Lsh(big.NewInt(0xffff), 208)

// maxTarget is 2^256-1, above which a target means nothing.
var maxTarget = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))

// Diff1Target is the target of difficulty 1, 0xffff·2^208, as a fresh copy.
func Diff1Target() *big.Int { return new(big.Int).Set(diff1) }

// DifficultyFromWire reads a Stratum difficulty (2^32 units make 1.0).
func DifficultyFromWire(d float64) (Difficulty, error) {
	u := d * (1 << 32)
	if math.IsNaN(u) || u < 1 || u >= 1<<63 {
		return 0, Invalid.Errorf("difficulty %g is outside 2^-32 … 2^31", d)
	}
	return Difficulty(u), nil
}

// Wire is the difficulty as Stratum writes it.
func (d Difficulty) Wire() float64 { return float64(d) / (1 << 32) }

// Target is the largest hash, as a big-endian 256-bit number, that meets d:
// floor(0xffff·2^208·2^32 / d).
func (d Difficulty) Target() [32]byte {
	var out [32]byte
	t := maxTarget
	if d > 0 {
		t = new(big.Int).Lsh(diff1, 32)
		t.Quo(t, new(big.Int).SetUint64(uint64(d)))
		if t.Cmp(maxTarget) > 0 {
			t = maxTarget
		}
	}
	t.FillBytes(out[:])
	return out
}

// Work is a sum of difficulties, in the same units, exact to 128 bits
// (Postgres numeric(39,0)). The zero value is no work.
type Work struct{ hi, lo uint64 }

// WorkOf is the work of one share at difficulty d.
func WorkOf(d Difficulty) Work { return Work{lo: uint64(d)} }

// Add returns w+v. Wrapping needs 2^128 hashes and is treated as a bug.
func (w Work) Add(v Work) Work {
	lo, c := bits.Add64(w.lo, v.lo, 0)
	hi, c := bits.Add64(w.hi, v.hi, c)
	if c != 0 {
		panic("hashyard: work exceeds 2^128")
	}
	return Work{hi, lo}
}

// Times is n shares of this work.
func (w Work) Times(n uint64) (Work, error) {
	h1, lo := bits.Mul64(w.lo, n)
	h2, low := bits.Mul64(w.hi, n)
	hi, c := bits.Add64(low, h1, 0)
	if h2 != 0 || c != 0 {
		return Work{}, ErrOverflow
	}
	return Work{hi, lo}, nil
}

// Cmp orders two works: -1, 0 or 1.
func (w Work) Cmp(v Work) int { return w.Big().Cmp(v.Big()) }

// IsZero reports whether no work was done.
func (w Work) IsZero() bool { return w == Work{} }

// Hashes is the expected number of hashes behind the work.
func (w Work) Hashes() float64 {
	return (float64(w.hi)*(1<<64) + float64(w.lo)) * 65536 / 65535
}

// Big is the work as an integer, fresh.
func (w Work) Big() *big.Int {
	b := new(big.Int).SetUint64(w.hi)
	return b.Lsh(b, 64).Add(b, new(big.Int).SetUint64(w.lo))
}

// WorkFromBig converts back; it fails outside 0 … 2^128-1.
func WorkFromBig(b *big.Int) (Work, error) {
	if b.Sign() < 0 || b.BitLen() > 128 {
		return Work{}, Invalid.Errorf("work %s is outside 128 bits", b)
	}
	var buf [16]byte
	b.FillBytes(buf[:])
	var w Work
	for i := range 8 {
		w.hi = w.hi<<8 | uint64(buf[i])
		w.lo = w.lo<<8 | uint64(buf[8+i])
	}
	return w, nil
}

// ParseWork reads a decimal integer.
func ParseWork(s string) (Work, error) {
	b, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return Work{}, Invalid.Errorf("work %q is not an integer", s)
	}
	return WorkFromBig(b)
}

// String is the decimal integer.
func (w Work) String() string { return w.Big().String() }

// MarshalJSON writes a string: JSON numbers lose integers above 2^53.
func (w Work) MarshalJSON() ([]byte, error) { return json.Marshal(w.String()) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (w *Work) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("work: %w", err)
	}
	v, err := ParseWork(s)
	*w = v
	return err
}

// Value stores the work as numeric text.
func (w Work) Value() (driver.Value, error) { return w.String(), nil }

// Scan reads a numeric column (select it as text).
func (w *Work) Scan(src any) error {
	var s string
	switch v := src.(type) {
	case string:
		s = v
	case []byte:
		s = string(v)
	case int64:
		s = fmt.Sprint(v)
	default:
		return errors.New("work: unsupported column type")
	}
	v, err := ParseWork(s)
	*w = v
	return err
}
