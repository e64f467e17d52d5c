package ledger

import (
	"errors"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
)

func org(n byte) hashyard.ID { return hashyard.ID{15: n} }

var house = org(1)

func entry(ps ...Posting) Entry {
	return Entry{
		Key: "k", At: time.Unix(1, 0), Ref: hashyard.Ref{Kind: "trade", ID: org(9)}, Postings: ps,
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	usd := func(o byte, p Purpose, n int64) Posting { return Posting{org(o), hashyard.USD, p, n} }
	btc := func(o byte, p Purpose, n int64) Posting { return Posting{org(o), hashyard.BTC, p, n} }
	noRef := entry(usd(1, StripeBalance, 1), usd(2, Held, -1))
	noRef.Ref = hashyard.Ref{}
	noKey := entry(usd(1, StripeBalance, 1), usd(2, Held, -1))
	noKey.Key = ""
	tests := []struct {
		name string
		e    Entry
		want error
	}{
		{"two sides", entry(usd(1, StripeBalance, 5), usd(2, Held, -5)), nil},
		{"two currencies, each zero", entry(usd(1, StripeBalance, 5), usd(2, Held, -5), btc(1, FPPSExpense, 7), btc(3, Earnings, -7)), nil},
		{"currencies do not cancel each other", entry(usd(1, Residue, 5), btc(1, Residue, -5)), hashyard.Invalid},
		{"one cent off", entry(usd(1, StripeBalance, 5), usd(2, Held, -4)), hashyard.Invalid},
		{"one side", entry(usd(1, StripeBalance, 5)), hashyard.Invalid},
		{"zero line", entry(usd(1, StripeBalance, 0), usd(2, Held, 0)), hashyard.Invalid},
		{"held in bitcoin", entry(btc(1, Capital, 5), btc(2, Held, -5)), hashyard.Invalid},
		{"two houses", entry(usd(1, StripeBalance, 5), usd(2, Commission, -5)), hashyard.Invalid},
		{"unknown purpose", entry(usd(1, "petty_cash", 5), usd(2, Held, -5)), hashyard.Invalid},
		{"unknown currency", entry(Posting{org(1), "EUR", Capital, 5}, Posting{org(1), "EUR", Residue, -5}), hashyard.Invalid},
		{"nobody's account", entry(usd(0, Held, 5), usd(2, Held, -5)), hashyard.Invalid},
		{"overflow", entry(usd(1, StripeBalance, maxInt64), usd(1, StripeBalance, 1), usd(2, Held, -maxInt64), usd(2, Held, -1)), hashyard.ErrOverflow},
		{"no reference", noRef, hashyard.Invalid},
		{"no key", noKey, hashyard.Invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := tt.e.Check(); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestEveryPurposeHasARule(t *testing.T) {
	t.Parallel()
	for _, p := range Purposes() {
		if _, ok := rules(p); !ok {
			t.Errorf("%s has no rule", p)
		}
	}
}

func TestHashAndReversal(t *testing.T) {
	t.Parallel()
	a := entry(Posting{org(1), hashyard.USD, StripeBalance, 5}, Posting{org(2), hashyard.USD, Held, -5})
	b := entry(a.Postings[1], Posting{org(1), hashyard.USD, Commission, 0}, a.Postings[0])
	b.Memo, b.At = "other words", time.Unix(2, 0)
	if a.Hash() != b.Hash() {
		t.Error("order, zero lines, memo and time are not content")
	}
	r := a.Reversal("k-undo", "undo", time.Unix(3, 0))
	if r.Hash() == a.Hash() {
		t.Error("a reversal is another content")
	}
	if err := r.Check(); err != nil {
		t.Error(err)
	}
	if r.Postings[0].Amount != -5 || a.Postings[0].Amount != 5 {
		t.Error("reversal must not touch the original")
	}
}

// TestCheckEqualsExactSums: an entry passes exactly when its sums, taken in
// unbounded integers, are zero and stay within 64 bits on the way.
func TestCheckEqualsExactSums(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "postings")
		var ps []Posting
		var left int64
		for i := range n {
			amt := rapid.OneOf(rapid.Int64Range(-50, 50), rapid.Int64Range(-maxInt64, maxInt64)).Draw(t, "amount")
			if i == n-1 && rapid.Bool().Draw(t, "close") {
				amt = -left
			}
			left += amt // may wrap: then the exact sum below is not zero
			ps = append(ps, Posting{house, hashyard.BTC, Residue, amt})
		}
		sum, inside := new(big.Int), true
		for _, p := range ps {
			sum.Add(sum, big.NewInt(p.Amount))
			inside = inside && sum.IsInt64() && p.Amount != 0 && p.Amount != -maxInt64-1
		}
		ok := entry(ps...).Check() == nil
		if ok && sum.Sign() != 0 {
			t.Fatalf("passed with sum %s", sum)
		}
		if !ok && inside && sum.Sign() == 0 {
			t.Fatalf("refused though zero: %v", ps)
		}
	})
}
