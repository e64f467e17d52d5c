package hashyard

import (
	"errors"
	"fmt"
	"log/slog"
	"math/bits"
	"strconv"
	"strings"
)

// Sats is an amount of bitcoin in satoshis (1e-8 BTC). Negative means owed.
type Sats int64

// Cents is an amount of US dollars in cents. Negative means owed.
type Cents int64

// MilliCentsPerTH is a price in thousandths of a US cent per TH/s of sold
// hashrate. $11.42 per TH is 1,142,000.
type MilliCentsPerTH int64

// Currency names what a ledger posting counts.
type Currency string

// The currencies hashyard keeps books in, each with its smallest unit.
const (
	USD Currency = "USD" // counted in Cents
	BTC Currency = "BTC" // counted in Sats
)

// Valid reports whether c is a currency the ledger knows.
func (c Currency) Valid() bool { return c == USD || c == BTC }

// Rounding says which way MulDiv leaves an inexact quotient.
type Rounding int

// The roundings in use. Down is towards zero, Up is away from zero.
const (
	RoundDown Rounding = iota
	RoundUp
	RoundHalfEven
)

// ErrOverflow is returned when an exact result does not fit in 64 bits.
var ErrOverflow = errors.New("integer overflow")

// MulDiv returns a×num/den with a 128-bit product and the named rounding.
// It fails on a zero den and on a quotient outside int64.
func MulDiv(a, num, den int64, r Rounding) (int64, error) {
	if den == 0 {
		return 0, errors.New("muldiv: division by zero")
	}
	neg := (a < 0) != (num < 0) != (den < 0)
	hi, lo := bits.Mul64(magnitude(a), magnitude(num))
	d := magnitude(den)
	if hi >= d {
		return 0, fmt.Errorf("muldiv %d*%d/%d: %w", a, num, den, ErrOverflow)
	}
	q, rem := bits.Div64(hi, lo, d)
	if roundsAway(q, rem, d, r) {
		q++
		if q == 0 {
			return 0, fmt.Errorf("muldiv %d*%d/%d: %w", a, num, den, ErrOverflow)
		}
	}
	return signed(q, neg)
}

func roundsAway(q, rem, d uint64, r Rounding) bool {
	switch {
	case rem == 0 || r == RoundDown:
		return false
	case r == RoundUp:
		return true
	}
	// Half even, compared without overflow: rem > d-rem means above half.
	rest := d - rem
	return rem > rest || (rem == rest && q&1 == 1)
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

func signed(q uint64, neg bool) (int64, error) {
	if neg {
		if q > 1<<63 {
			return 0, fmt.Errorf("muldiv: %w", ErrOverflow)
		}
		return -int64(q), nil
	}
	if q > 1<<63-1 {
		return 0, fmt.Errorf("muldiv: %w", ErrOverflow)
	}
	return int64(q), nil
}

// AddCents adds and refuses to wrap.
func AddCents(a, b Cents) (Cents, error) {
	s := a + b
	if (s > a) != (b > 0) {
		return 0, fmt.Errorf("%d + %d cents: %w", a, b, ErrOverflow)
	}
	return s, nil
}

// Invoice is the price of hashrate h at p, in cents, rounded half to even:
// the amount both sides see before they trade.
func (p MilliCentsPerTH) Invoice(h GHs) (Cents, error) {
	// milli-cents/TH × GH/s ÷ 1000 (GH per TH) ÷ 1000 (milli) = cents
	v, err := MulDiv(int64(p), int64(h), 1_000_000, RoundHalfEven)
	return Cents(v), err
}

// String writes the amount as dollars, "-12.30".
func (c Cents) String() string { return decimal(int64(c), 2) }

// String writes the amount as bitcoin with eight decimals.
func (s Sats) String() string { return decimal(int64(s), 8) }

// LogValue logs whole satoshis, as keys that end in _sats promise.
func (s Sats) LogValue() slog.Value { return slog.Int64Value(int64(s)) }

// LogValue logs whole cents, as keys that end in _cents promise.
func (c Cents) LogValue() slog.Value { return slog.Int64Value(int64(c)) }

// String writes the price as dollars per TH with five decimals.
func (p MilliCentsPerTH) String() string { return decimal(int64(p), 5) }

func decimal(v int64, places int) string {
	s := strconv.FormatUint(magnitude(v), 10)
	if len(s) <= places {
		s = strings.Repeat("0", places+1-len(s)) + s
	}
	s = s[:len(s)-places] + "." + s[len(s)-places:]
	if v < 0 {
		return "-" + s
	}
	return s
}
