package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/ledger"
	"hashyard/migrations/pg"
)

// Post writes an entry in the caller's system transaction, where the change
// it books is made. The same key and content again changes nothing; the same
// key with other content is a Conflict.
func Post(ctx context.Context, tx *pg.Tx, e ledger.Entry) error {
	e = e.Compact()
	if err := e.Check(); err != nil {
		return err
	}
	id, hash := hashyard.NewID(), e.Hash()
	tag, err := tx.Conn().Exec(ctx, `
		INSERT INTO ledger_entries (id, key, hash, at, memo, ref_kind, ref_id, orgs, postings)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (key) DO NOTHING`,
		id, e.Key, hash[:], e.At, e.Memo, e.Ref.Kind, e.Ref.ID, pg.UUIDs(orgsOf(e)), len(e.Postings))
	if err != nil {
		return pg.Fail(err, "ledger entry %s", e.Key)
	}
	if tag.RowsAffected() == 0 {
		return posted(ctx, tx, e, hash)
	}
	var send pgx.Batch
	for i, p := range e.Postings {
		send.Queue("INSERT INTO ledger_postings (entry_id, position, org_id, currency, purpose, amount) VALUES ($1, $2, $3, $4, $5, $6)",
			id, i, p.Org, p.Currency, p.Purpose, p.Amount)
	}
	err = tx.Conn().SendBatch(ctx, &send).Close()
	hashyard.Hit(hashyard.AtLedgerPosted)
	return pg.Fail(err, "postings of ledger entry %s", e.Key)
}

// posted compares an entry with the one that has its key.
func posted(ctx context.Context, tx *pg.Tx, e ledger.Entry, hash [32]byte) error {
	var old []byte
	if err := tx.Conn().QueryRow(ctx, "SELECT hash FROM ledger_entries WHERE key = $1", e.Key).Scan(&old); err != nil {
		return pg.Fail(err, "ledger entry %s", e.Key)
	}
	if !slices.Equal(old, hash[:]) {
		return hashyard.Conflict.Errorf("ledger entry %s is posted already with other content", e.Key)
	}
	return nil
}

func orgsOf(e ledger.Entry) []hashyard.ID {
	var orgs []hashyard.ID
	for _, p := range e.Postings {
		if !slices.Contains(orgs, p.Org) {
			orgs = append(orgs, p.Org)
		}
	}
	return orgs
}

// BalanceOf reads one account in the caller's transaction; locked, so that
// what is decided on it still holds at commit.
func BalanceOf(ctx context.Context, tx *pg.Tx, a ledger.Account) (balance int64, err error) {
	err = tx.Conn().QueryRow(ctx, `
		SELECT balance FROM ledger_accounts WHERE org_id = $1 AND currency = $2 AND purpose = $3 FOR UPDATE`,
		a.Org, a.Currency, a.Purpose).Scan(&balance)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return balance, pg.Fail(err, "balance of %s", a.Purpose)
}

// Post implements brokerage.LedgerStore.
func (s *Store) Post(ctx context.Context, reason string, event hashyard.ID, e ledger.Entry) error {
	err := s.db.AsSystem(ctx, reason, func(ctx context.Context, tx *pg.Tx) error {
		if !event.IsZero() {
			if first, err := tx.Once(ctx, event, reason); err != nil || !first {
				return err
			}
		}
		return Post(ctx, tx, e)
	})
	return pg.Fail(err, "post %s", e.Key)
}

func scanBalance(row pgx.CollectableRow) (b brokerage.Balance, err error) {
	err = row.Scan(&b.Org, &b.Currency, &b.Purpose, &b.Balance)
	return b, err
}

const balances = "SELECT org_id, currency, purpose, balance FROM ledger_accounts ORDER BY currency, purpose, org_id"

// Accounts implements brokerage.LedgerStore.
func (s *Store) Accounts(ctx context.Context, actor hashyard.Actor) (out []brokerage.Balance, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, scanBalance, balances)
		return err
	})
	return out, pg.Fail(err, "list accounts")
}

// entryRow is an entry with the cursor of its page.
type entryRow struct {
	id hashyard.ID
	ledger.Entry
}

func scanEntry(row pgx.CollectableRow) (e entryRow, err error) {
	err = row.Scan(&e.id, &e.Key, &e.At, &e.Memo, &e.Ref.Kind, &e.Ref.ID)
	e.At = e.At.UTC()
	return e, err
}

// Entries implements brokerage.LedgerStore.
func (s *Store) Entries(ctx context.Context, actor hashyard.Actor, q brokerage.EntryQuery) (out []ledger.Entry, next string, err error) {
	before, err := pg.CursorID(q.Cursor)
	if err != nil {
		return nil, "", fmt.Errorf("list entries: %w", err)
	}
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := list(ctx, tx, scanEntry, `
			SELECT id, key, at, memo, ref_kind, ref_id FROM ledger_entries
			WHERE ($1::uuid IS NULL OR id < $1) AND ($2 = '' OR (ref_kind = $2 AND ref_id = $3))
			ORDER BY id DESC LIMIT $4`, before, q.Ref.Kind, q.Ref.ID, q.Limit+1)
		if err != nil {
			return err
		}
		rows, next = cut(rows, q.Limit, func(e entryRow) hashyard.ID { return e.id })
		out, err = withPostings(ctx, tx, rows)
		return err
	})
	return out, next, pg.Fail(err, "list entries")
}

func withPostings(ctx context.Context, tx *pg.Tx, entries []entryRow) ([]ledger.Entry, error) {
	out, at, keys := make([]ledger.Entry, len(entries)), map[hashyard.ID]int{}, make([]hashyard.ID, len(entries))
	for i, e := range entries {
		out[i], at[e.id], keys[i] = e.Entry, i, e.id
	}
	rows, err := tx.Conn().Query(ctx, `
		SELECT entry_id, org_id, currency, purpose, amount FROM ledger_postings
		WHERE entry_id = ANY ($1) ORDER BY entry_id, position`, pg.UUIDs(keys))
	if err != nil {
		return nil, err
	}
	var id hashyard.ID
	var p ledger.Posting
	_, err = pgx.ForEachRow(rows, []any{&id, &p.Org, &p.Currency, &p.Purpose, &p.Amount}, func() error {
		out[at[id]].Postings = append(out[at[id]].Postings, p)
		return nil
	})
	return out, err
}

// TrialBalance implements brokerage.LedgerStore. Everything is read in one
// statement each of one snapshot, so that it is of one moment.
func (s *Store) TrialBalance(ctx context.Context) (t brokerage.TrialBalance, err error) {
	err = s.db.AsSystem(ctx, "brokerage.trial_balance", func(ctx context.Context, tx *pg.Tx) error {
		if _, err := tx.Conn().Exec(ctx, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"); err != nil {
			return err
		}
		t = brokerage.TrialBalance{Totals: map[hashyard.Currency]int64{hashyard.USD: 0, hashyard.BTC: 0}}
		if t.Accounts, err = list(ctx, tx, scanBalance, balances); err != nil {
			return err
		}
		for _, a := range t.Accounts {
			t.Totals[a.Currency] += a.Balance
		}
		t.Drift, err = list(ctx, tx, scanBalance, `
			SELECT org_id, currency, purpose, coalesce(a.balance, 0) - coalesce(p.total, 0)
			FROM ledger_accounts a FULL JOIN
			     (SELECT org_id, currency, purpose, sum(amount)::bigint AS total FROM ledger_postings GROUP BY 1, 2, 3) p
			     USING (org_id, currency, purpose)
			WHERE coalesce(a.balance, 0) <> coalesce(p.total, 0)`)
		if err != nil {
			return err
		}
		return tx.Conn().QueryRow(ctx, "SELECT count(*) FROM ledger_entries").Scan(&t.Entries)
	})
	return t, pg.Fail(err, "trial balance")
}
