package postgres

import (
	"bytes"
	"context"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage/ledger"
	"hashyard/brokerage/treasury"
	"hashyard/migrations/pg"
)

// Owed implements treasury.Store.
func (s *Treasury) Owed(ctx context.Context, org hashyard.ID, amount hashyard.Sats) error {
	err := s.db.AsSystem(ctx, "treasury.owed", func(ctx context.Context, tx *pg.Tx) error {
		owed, err := owed(ctx, tx, org)
		if err == nil && owed < amount {
			err = hashyard.Conflict.Errorf("%d sat are owed, not %d", owed, amount)
		}
		return err
	})
	return pg.Fail(err, "earnings of %s", org)
}

// owed is what the books owe an organisation, if every satoshi of it has its
// reason in them. The account is locked, so that no entry comes meanwhile.
func owed(ctx context.Context, tx *pg.Tx, org hashyard.ID) (hashyard.Sats, error) {
	account := ledger.Account{Org: org, Currency: hashyard.BTC, Purpose: ledger.Earnings}
	balance, err := BalanceOf(ctx, tx, account)
	if err != nil {
		return 0, err
	}
	b := bookedEarnings{account: account, balance: balance, paid: map[hashyard.ID]int64{}}
	rows, err := list(ctx, tx, func(row pgx.CollectableRow) (e entryRow, err error) {
		var hash []byte
		err = row.Scan(&e.id, &e.Key, &e.At, &e.Memo, &e.Ref.Kind, &e.Ref.ID, &hash)
		b.hashes = append(b.hashes, hash)
		return e, err
	}, `SELECT id, key, at, memo, ref_kind, ref_id, hash FROM ledger_entries WHERE id IN (
			SELECT entry_id FROM ledger_postings WHERE org_id = $1 AND currency = $2 AND purpose = $3)`,
		org, account.Currency, account.Purpose)
	if err != nil {
		return 0, err
	}
	if b.entries, err = withPostings(ctx, tx, rows); err != nil {
		return 0, err
	}
	signed, err := tx.Conn().Query(ctx, "SELECT id, amount_sats FROM payouts WHERE org_id = $1 AND tx IS NOT NULL", org)
	if err != nil {
		return 0, err
	}
	var id hashyard.ID
	var sats int64
	if _, err := pgx.ForEachRow(signed, []any{&id, &sats}, func() error { b.paid[id] = sats; return nil }); err != nil {
		return 0, err
	}
	return hashyard.Sats(-balance), b.check()
}

// bookedEarnings is everything the books have about an organisation's earnings.
type bookedEarnings struct {
	account ledger.Account
	balance int64
	entries []ledger.Entry
	hashes  [][]byte              // of the entries, as they were posted
	paid    map[hashyard.ID]int64 // signed payouts
}

// check says what has no reason: the balance is the sum of the entries, each
// entry is what was posted, what is owed came by a statement, and what is not
// owed any more went by a signed payout, all of which are booked.
func (b bookedEarnings) check() error {
	var sum int64
	booked := map[hashyard.ID]bool{}
	for i, e := range b.entries {
		if h := e.Hash(); !bytes.Equal(h[:], b.hashes[i]) {
			return hashyard.Conflict.Errorf("ledger entry %s is not what was posted", e.Key)
		}
		for _, p := range e.Postings {
			if p.Account() != b.account {
				continue
			}
			sum += p.Amount
			switch id := e.Ref.ID; {
			case p.Amount < 0 && e.Ref.Kind == "statement" && e.Key == "statement-"+id.String():
			case p.Amount > 0 && e.Ref.Kind == "payout" && e.Key == treasury.PostedKey(id) && b.paid[id] == p.Amount:
				booked[id] = true
			default:
				return hashyard.Conflict.Errorf("ledger entry %s of %d sat is neither of a statement nor of a signed payout", e.Key, p.Amount)
			}
		}
	}
	for id, sats := range b.paid {
		if !booked[id] {
			return hashyard.Conflict.Errorf("payout %s of %d sat is signed and not in the ledger", id, sats)
		}
	}
	if sum != b.balance {
		return hashyard.Conflict.Errorf("the balance is %d sat, its entries sum to %d", -b.balance, -sum)
	}
	return nil
}
