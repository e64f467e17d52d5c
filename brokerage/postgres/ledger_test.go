package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hashyard"
	"hashyard/brokerage/ledger"
	"hashyard/brokerage/postgres"
	"hashyard/migrations/pg"
	"hashyard/migrations/testdb"
)

func line(org hashyard.ID, p ledger.Purpose, c hashyard.Currency, n int64) ledger.Posting {
	return ledger.Posting{Org: org, Currency: c, Purpose: p, Amount: n}
}

func entryOf(key string, ps ...ledger.Posting) ledger.Entry {
	return ledger.Entry{
		Key: key, At: time.Now(), Memo: key, Postings: ps,
		Ref: hashyard.Ref{Kind: "test", ID: hashyard.MustParseID("01890000-0000-7000-8000-000000000001")},
	}
}

// TestPostAgainstNaiveLedger posts random entries, some wrong, some twice, and
// compares every balance with plain maps.
func TestPostAgainstNaiveLedger(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	store, house := postgres.New(db), hashyard.NewID()
	orgs := []hashyard.ID{hashyard.NewID(), hashyard.NewID()}
	naive := map[ledger.Account]int64{}
	seen := map[string][32]byte{}
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		if n++; n > 60 { // the database keeps what earlier runs posted
			return
		}
		e := drawEntry(t, house, orgs)
		next := map[ledger.Account]int64{}
		for k, v := range naive {
			next[k] = v
		}
		overdrawn := false
		for _, p := range e.Compact().Postings {
			next[p.Account()] += p.Amount
		}
		for a, v := range next {
			overdrawn = overdrawn || (a.Purpose.Owed() && v > 0)
		}
		old, known := seen[e.Key]
		err := store.Post(context.Background(), "test", hashyard.ID{}, e)
		switch {
		case e.Compact().Check() != nil:
			if err == nil {
				t.Fatalf("posted %+v", e)
			}
		case known && old == e.Hash():
			if err != nil {
				t.Fatalf("again: %v", err)
			}
		case known:
			if !errors.Is(err, hashyard.Conflict) {
				t.Fatalf("same key, other content: %v", err)
			}
		case overdrawn:
			if !errors.Is(err, hashyard.Invalid) {
				t.Fatalf("more left than was owed: %v", err)
			}
		case err != nil:
			t.Fatalf("post %+v: %v", e, err)
		default:
			naive, seen[e.Key] = next, e.Hash()
		}
	})
	tb, err := store.TrialBalance(t.Context())
	if err != nil || !tb.Sound() || tb.Entries != int64(len(seen)) {
		t.Fatalf("%+v %v", tb, err)
	}
	for _, a := range tb.Accounts {
		if naive[a.Account] != a.Balance {
			t.Errorf("%+v: %d, naive %d", a.Account, a.Balance, naive[a.Account])
		}
	}
	t.Logf("%d entries posted of %d drawn", len(seen), n)
}

func drawEntry(t *rapid.T, house hashyard.ID, orgs []hashyard.ID) ledger.Entry {
	amount := rapid.Int64Range(1, 1000).Draw(t, "amount")
	org := rapid.SampledFrom(orgs).Draw(t, "org")
	key := fmt.Sprintf("k%d", rapid.IntRange(1, 40).Draw(t, "key"))
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0, 1: // money comes in
		return entryOf(key, line(house, ledger.StripeBalance, hashyard.USD, amount), line(org, ledger.Held, hashyard.USD, -amount))
	case 2: // it leaves, less commission
		fee := amount / 50
		return entryOf(key, line(org, ledger.Held, hashyard.USD, amount), line(house, ledger.Commission, hashyard.USD, -fee),
			line(house, ledger.StripeBalance, hashyard.USD, fee-amount))
	case 3:
		return entryOf(key, line(house, ledger.FPPSExpense, hashyard.BTC, amount), line(org, ledger.Earnings, hashyard.BTC, -amount))
	case 4: // paid out
		return entryOf(key, line(org, ledger.Earnings, hashyard.BTC, amount), line(house, ledger.TreasuryInFlight, hashyard.BTC, -amount))
	default: // wrong by one
		return entryOf(key, line(house, ledger.StripeBalance, hashyard.USD, amount), line(org, ledger.Held, hashyard.USD, -amount-1))
	}
}

// TestDatabaseHoldsTheBooks: without the rules in Go, the database still
// refuses what is unsound.
func TestDatabaseHoldsTheBooks(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	house, org := hashyard.NewID(), hashyard.NewID()
	if err := postgres.New(db).Post(t.Context(), "test", hashyard.ID{}, entryOf("first",
		line(house, ledger.StripeBalance, hashyard.USD, 10), line(org, ledger.Held, hashyard.USD, -10))); err != nil {
		t.Fatal(err)
	}
	const head = `WITH e AS (INSERT INTO ledger_entries (id, key, hash, at, memo, ref_kind, ref_id, orgs, postings)
		VALUES (gen_random_uuid(), 'raw', decode(repeat('00', 32), 'hex'), now(), '', 't', gen_random_uuid(), ARRAY[$1::uuid], 2) RETURNING id)
		INSERT INTO ledger_postings (entry_id, position, org_id, currency, purpose, amount) `
	tests := []struct{ name, sql string }{
		{"does not sum to zero", head + "SELECT id, 0, $1::uuid, 'USD', 'held', -5 FROM e UNION ALL SELECT id, 1, $2::uuid, 'USD', 'stripe_balance', 4 FROM e"},
		{"sums over currencies", head + "SELECT id, 0, $1::uuid, 'USD', 'held', -5 FROM e UNION ALL SELECT id, 1, $2::uuid, 'BTC', 'capital', 5 FROM e"},
		{"a posting is missing", head + "SELECT id, 0, $1::uuid, 'USD', 'held', -5 FROM e WHERE $2::uuid IS NOT NULL"},
		{"more leaves than was owed", head + "SELECT id, 0, $1::uuid, 'USD', 'held', 11 FROM e UNION ALL SELECT id, 1, $2::uuid, 'USD', 'stripe_balance', -11 FROM e"},
		{"a second house", head + "SELECT id, 0, $1::uuid, 'USD', 'stripe_balance', 5 FROM e UNION ALL SELECT id, 1, $1::uuid, 'USD', 'held', -5 FROM e WHERE $2::uuid IS NOT NULL"},
		{"zero amount", head + "SELECT id, 0, $1::uuid, 'USD', 'held', 0 FROM e UNION ALL SELECT id, 1, $2::uuid, 'USD', 'stripe_balance', 0 FROM e"},
		{"a late posting to an old entry", `INSERT INTO ledger_postings (entry_id, position, org_id, currency, purpose, amount)
			SELECT id, 9, $1::uuid, 'USD', 'held', -1 FROM ledger_entries WHERE key = 'first' AND $2::uuid IS NOT NULL`},
		{"change a posting", "UPDATE ledger_postings SET amount = amount + 1 WHERE $1::uuid IS NOT NULL AND $2::uuid IS NOT NULL"},
		{"delete a posting", "DELETE FROM ledger_postings WHERE $1::uuid IS NOT NULL AND $2::uuid IS NOT NULL"},
		{"change an entry", "UPDATE ledger_entries SET memo = 'x' WHERE $1::uuid IS NOT NULL AND $2::uuid IS NOT NULL"},
		{"delete an entry", "DELETE FROM ledger_entries WHERE $1::uuid IS NOT NULL AND $2::uuid IS NOT NULL"},
	}
	for _, tt := range tests {
		err := db.AsSystem(t.Context(), "test", func(ctx context.Context, tx *pg.Tx) error {
			_, err := tx.Conn().Exec(ctx, tt.sql, org, house)
			return err
		})
		if err == nil {
			t.Errorf("%s: the database took it", tt.name)
		}
	}
	var n int
	if err := testdb.Owner(t, db).QueryRow(t.Context(), "SELECT count(*) FROM ledger_postings").Scan(&n); err != nil || n != 2 {
		t.Errorf("%d postings, %v", n, err)
	}
}

// TestPostIsPartOfItsTransaction: the entry goes when the change it books
// does not happen.
func TestPostIsPartOfItsTransaction(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	house, org := hashyard.NewID(), hashyard.NewID()
	e := entryOf("k", line(house, ledger.StripeBalance, hashyard.USD, 10), line(org, ledger.Held, hashyard.USD, -10))
	boom := errors.New("boom")
	err := db.AsSystem(t.Context(), "test", func(ctx context.Context, tx *pg.Tx) error {
		if err := postgres.Post(ctx, tx, e); err != nil {
			return err
		}
		bal, err := postgres.BalanceOf(ctx, tx, e.Postings[1].Account())
		if err != nil || bal != -10 {
			t.Errorf("inside: %d %v", bal, err)
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	tb, err := postgres.New(db).TrialBalance(t.Context())
	if err != nil || tb.Entries != 0 || len(tb.Accounts) != 0 {
		t.Errorf("%+v %v", tb, err)
	}
}

func TestPostFromManySides(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	store, house := postgres.New(db), hashyard.NewID()
	orgs := []hashyard.ID{hashyard.NewID(), hashyard.NewID(), hashyard.NewID()}
	errs := make(chan error, 12)
	for g := range cap(errs) {
		go func() {
			for i := range 10 {
				a, b := orgs[(g+i)%3], orgs[(g+i+1)%3]
				e := entryOf(fmt.Sprintf("k%d-%d", g, i), line(a, ledger.Held, hashyard.USD, -3),
					line(b, ledger.Held, hashyard.USD, -4), line(house, ledger.StripeBalance, hashyard.USD, 7))
				if err := store.Post(context.Background(), "test", hashyard.ID{}, e); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	tb, err := store.TrialBalance(t.Context())
	if err != nil || !tb.Sound() || tb.Entries != 120 {
		t.Errorf("%+v %v", tb, err)
	}
}
