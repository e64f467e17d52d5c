// Package ledger is double entry: rules only, pure. An entry moves amounts
// between accounts and sums to zero in every currency; debit is positive.
// Entries are never changed; a mistake is corrected by its Reversal. The rows
// are owned by brokerage/postgres, which checks everything here again in the
// database.
package ledger

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"hashyard"
)

// Purpose is what an account is for. An account is (organisation, currency,
// purpose).
type Purpose string

// The purposes. The first group belongs to the house, the second to each
// organisation: what the house owes it, so their balances are credits.
const (
	StripeBalance    Purpose = "stripe_balance"     // USD the payment rail holds for us
	Commission       Purpose = "commission"         // USD earned on trades
	TreasuryCoins    Purpose = "treasury_coins"     // BTC spendable at the scanned height
	TreasuryInFlight Purpose = "treasury_in_flight" // BTC in broadcast, unconfirmed payouts
	Capital          Purpose = "capital"            // what the house put in
	BlockRewards     Purpose = "block_rewards"      // BTC from blocks we found
	FPPSExpense      Purpose = "fpps_expense"       // BTC owed to miners for work
	PoolFee          Purpose = "pool_fee"           // BTC kept of that
	Residue          Purpose = "residue"            // what rounding left, in any currency
	NetworkFees      Purpose = "network_fees"       // BTC paid to other miners

	Held     Purpose = "held"     // USD a buyer paid and nobody has been given yet
	Earnings Purpose = "earnings" // BTC earned on the pool and not paid out yet
)

// rule says whose account a purpose is, in which currency.
type rule struct {
	house    bool
	currency hashyard.Currency // empty: any
	owed     bool              // never a debit balance
}

func rules(p Purpose) (rule, bool) {
	switch p {
	case StripeBalance, Commission:
		return rule{house: true, currency: hashyard.USD}, true
	case TreasuryCoins, TreasuryInFlight, BlockRewards, FPPSExpense, PoolFee, NetworkFees:
		return rule{house: true, currency: hashyard.BTC}, true
	case Capital, Residue:
		return rule{house: true}, true
	case Held:
		return rule{currency: hashyard.USD, owed: true}, true
	case Earnings:
		return rule{currency: hashyard.BTC, owed: true}, true
	}
	return rule{}, false
}

// Purposes are all purposes, for lists and checks.
func Purposes() []Purpose {
	return []Purpose{
		StripeBalance, Commission, TreasuryCoins, TreasuryInFlight, Capital, BlockRewards,
		FPPSExpense, PoolFee, Residue, NetworkFees, Held, Earnings,
	}
}

// Owed reports whether the account is a debt of the house, which may never
// become a claim: more is never taken from it than was put in.
func (p Purpose) Owed() bool {
	r, _ := rules(p)
	return r.owed
}

// House reports whether only the house has such an account.
func (p Purpose) House() bool {
	r, _ := rules(p)
	return r.house
}

// Account is where amounts are kept.
type Account struct {
	Org      hashyard.ID       `json:"org"`
	Currency hashyard.Currency `json:"currency"`
	Purpose  Purpose           `json:"purpose"`
}

// Posting is one line of an entry: cents or sats by its currency.
type Posting struct {
	Org      hashyard.ID       `json:"org"`
	Currency hashyard.Currency `json:"currency"`
	Purpose  Purpose           `json:"purpose"`
	Amount   int64             `json:"amount"` // debit positive
}

// Account is the posting's account.
func (p Posting) Account() Account { return Account{p.Org, p.Currency, p.Purpose} }

// Entry is one event in money. Key names it for ever: the same key posts once.
type Entry struct {
	Key      string
	At       time.Time
	Memo     string
	Ref      hashyard.Ref
	Postings []Posting
}

// Compact drops zero postings and puts the rest in account order, so that
// concurrent entries take the accounts' rows in one order.
func (e Entry) Compact() Entry {
	e.Postings = slices.DeleteFunc(slices.Clone(e.Postings), func(p Posting) bool { return p.Amount == 0 })
	slices.SortFunc(e.Postings, func(a, b Posting) int {
		return cmp.Or(
			slices.Compare(a.Org[:], b.Org[:]),
			cmp.Compare(a.Currency, b.Currency),
			cmp.Compare(a.Purpose, b.Purpose),
			cmp.Compare(a.Amount, b.Amount),
		)
	})
	return e
}

// Check says what is wrong with an entry. Who the house is, the database knows:
// it keeps each of the house's accounts once. An entry names one house at most.
func (e Entry) Check() error {
	if e.Key == "" || e.Ref.Kind == "" || e.Ref.ID.IsZero() || e.At.IsZero() {
		return hashyard.Invalid.Errorf("ledger entry %q has no key, reference or time", e.Key)
	}
	if len(e.Postings) < 2 {
		return hashyard.Invalid.Errorf("ledger entry %s has %d postings; two sides are needed", e.Key, len(e.Postings))
	}
	sums := map[hashyard.Currency]int64{}
	var house hashyard.ID
	for _, p := range e.Postings {
		if err := p.check(); err != nil {
			return fmt.Errorf("ledger entry %s: %w", e.Key, err)
		}
		if p.Purpose.House() {
			if !house.IsZero() && house != p.Org {
				return hashyard.Invalid.Errorf("ledger entry %s: %s is an account of the house, not of %s", e.Key, p.Purpose, p.Org)
			}
			house = p.Org
		}
		s := sums[p.Currency]
		if (p.Amount > 0 && s > maxInt64-p.Amount) || (p.Amount < 0 && s < -maxInt64-p.Amount) {
			return fmt.Errorf("ledger entry %s: %w", e.Key, hashyard.ErrOverflow)
		}
		sums[p.Currency] = s + p.Amount
	}
	for _, c := range []hashyard.Currency{hashyard.USD, hashyard.BTC} {
		if sums[c] != 0 {
			return hashyard.Invalid.Errorf("ledger entry %s does not sum to zero: %d left in %s", e.Key, sums[c], c)
		}
	}
	return nil
}

const maxInt64 = 1<<63 - 1

func (p Posting) check() error {
	r, ok := rules(p.Purpose)
	switch {
	case !ok:
		return hashyard.Invalid.Errorf("purpose %q is unknown", p.Purpose)
	case !p.Currency.Valid():
		return hashyard.Invalid.Errorf("currency %q is unknown", p.Currency)
	case r.currency != "" && p.Currency != r.currency:
		return hashyard.Invalid.Errorf("%s is kept in %s, not %s", p.Purpose, r.currency, p.Currency)
	case p.Org.IsZero():
		return hashyard.Invalid.Errorf("%s belongs to no organisation", p.Purpose)
	case p.Amount == 0 || p.Amount == -maxInt64-1:
		return hashyard.Invalid.Errorf("%s: amount %d", p.Purpose, p.Amount)
	}
	return nil
}

// Hash names the content, time and memo apart: the same key with another hash
// is a conflict, not a repetition.
func (e Entry) Hash() [32]byte {
	b, err := json.Marshal(struct {
		Ref      hashyard.Ref
		Postings []Posting
	}{e.Ref, e.Compact().Postings})
	if err != nil {
		panic(err) // plain values always marshal
	}
	return sha256.Sum256(b)
}

// Reversal undoes an entry under a key of its own.
func (e Entry) Reversal(key, memo string, at time.Time) Entry {
	r := Entry{Key: key, At: at, Memo: memo, Ref: e.Ref, Postings: slices.Clone(e.Postings)}
	for i := range r.Postings {
		r.Postings[i].Amount = -r.Postings[i].Amount
	}
	return r
}
