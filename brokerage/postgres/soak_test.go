package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"hashyard"
	"hashyard/brokerage/ledger"
	"hashyard/brokerage/postgres"
	"hashyard/migrations/pg"
	"hashyard/migrations/testdb"
	"hashyard/migrations/testdb/soak"
)

// TestSoakMoneyIsConserved posts random entries, a million times
// HASHYARD_SOAK, and keeps plain maps beside it. What the maps allow must be
// posted, what they forbid must be refused, and every balance must agree.
func TestSoakMoneyIsConserved(t *testing.T) {
	t.Parallel()
	want := 1_000_000 * soak.Only(t)
	db := testdb.New(t)
	m := &moneyModel{store: postgres.New(db), db: db, house: hashyard.NewID(), balance: map[ledger.Account]int64{}}
	for range 20 {
		m.orgs = append(m.orgs, hashyard.NewID())
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	m.rnd = rand.New(rand.NewPCG(seed, 5))
	for m.done < want {
		if err := m.some(t.Context(), 500); err != nil {
			t.Fatalf("after %d entries: %v", m.done, err)
		}
		if err := m.forbidden(t.Context()); err != nil {
			t.Fatalf("after %d entries: %v", m.done, err)
		}
		if m.done%100_000 < 500 {
			m.compare(t)
		}
	}
	m.compare(t)
	soak.Reached(t, "money: ledger operations against a naive model", m.done, 10_000_000)
}

type moneyModel struct {
	store   *postgres.Store
	db      *pg.DB
	rnd     *rand.Rand
	house   hashyard.ID
	orgs    []hashyard.ID
	balance map[ledger.Account]int64
	done    int
}

// draw makes an entry that the maps allow.
func (m *moneyModel) draw(key string) ledger.Entry {
	amount := 1 + m.rnd.Int64N(1000)
	org := m.orgs[m.rnd.IntN(len(m.orgs))]
	held := -m.balance[ledger.Account{Org: org, Currency: hashyard.USD, Purpose: ledger.Held}]
	earned := -m.balance[ledger.Account{Org: org, Currency: hashyard.BTC, Purpose: ledger.Earnings}]
	switch k := m.rnd.IntN(4); {
	case k == 0 && held >= amount:
		fee := amount / 50
		return entryOf(key, line(org, ledger.Held, hashyard.USD, amount), line(m.house, ledger.Commission, hashyard.USD, -fee),
			line(m.house, ledger.StripeBalance, hashyard.USD, fee-amount)).Compact()
	case k == 1 && earned >= amount:
		return entryOf(key, line(org, ledger.Earnings, hashyard.BTC, amount), line(m.house, ledger.TreasuryInFlight, hashyard.BTC, -amount))
	case k == 2:
		return entryOf(key, line(m.house, ledger.FPPSExpense, hashyard.BTC, amount), line(org, ledger.Earnings, hashyard.BTC, -amount))
	}
	return entryOf(key, line(m.house, ledger.StripeBalance, hashyard.USD, amount), line(org, ledger.Held, hashyard.USD, -amount))
}

// some posts n entries in one transaction, a few of them twice.
func (m *moneyModel) some(ctx context.Context, n int) error {
	entries := make([]ledger.Entry, n)
	for i := range entries {
		entries[i] = m.draw(fmt.Sprintf("soak-%d", m.done+i))
		for _, p := range entries[i].Postings {
			m.balance[p.Account()] += p.Amount
		}
	}
	m.done += n
	return m.db.AsSystem(ctx, "test", func(ctx context.Context, tx *pg.Tx) error {
		for i, e := range entries {
			if err := postgres.Post(ctx, tx, e); err != nil {
				return err
			}
			if i%50 == 0 {
				if err := postgres.Post(ctx, tx, e); err != nil {
					return fmt.Errorf("again: %w", err)
				}
			}
		}
		return nil
	})
}

// forbidden tries to take out more than there is.
func (m *moneyModel) forbidden(ctx context.Context) error {
	org := m.orgs[m.rnd.IntN(len(m.orgs))]
	held := -m.balance[ledger.Account{Org: org, Currency: hashyard.USD, Purpose: ledger.Held}]
	err := m.store.Post(ctx, "test", hashyard.ID{}, entryOf(fmt.Sprintf("over-%d", m.done),
		line(org, ledger.Held, hashyard.USD, held+1), line(m.house, ledger.StripeBalance, hashyard.USD, -held-1)))
	if !errors.Is(err, hashyard.Invalid) {
		return fmt.Errorf("more than was held left: %w", errors.Join(err, errTaken))
	}
	return nil
}

var errTaken = errors.New("the ledger took it")

func (m *moneyModel) compare(t *testing.T) {
	t.Helper()
	tb, err := m.store.TrialBalance(t.Context())
	if err != nil || !tb.Sound() || tb.Entries != int64(m.done) {
		t.Fatalf("after %d entries: %d entries, drift %v, totals %v, %v", m.done, tb.Entries, tb.Drift, tb.Totals, err)
	}
	for _, a := range tb.Accounts {
		if m.balance[a.Account] != a.Balance {
			t.Fatalf("after %d entries %+v has %d, the model %d", m.done, a.Account, a.Balance, m.balance[a.Account])
		}
	}
}
