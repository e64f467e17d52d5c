package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
)

// Accounts lists them in the order they were made.
func (s *Store) Accounts(ctx context.Context, actor hashyard.Actor, q pool.Page) (out []pool.Account, next string, err error) {
	after, limit, err := pageByID(q)
	if err != nil {
		return nil, "", err
	}
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+accountColumns+" FROM pool_accounts a WHERE $1::uuid IS NULL OR a.id > $1 ORDER BY a.id LIMIT $2", after, limit+1)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanAccount)
		return err
	})
	if len(out) > limit {
		out = out[:limit]
		next = out[limit-1].ID.String()
	}
	return out, next, pg.Fail(err, "list accounts")
}

func scanAccount(row pgx.CollectableRow) (a pool.Account, err error) {
	err = row.Scan(accountInto(&a)...)
	a.Created = a.Created.UTC()
	return a, err
}

// AccountByID is one of them.
func (s *Store) AccountByID(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (a pool.Account, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+accountColumns+" FROM pool_accounts a WHERE id = $1", id)
		if err != nil {
			return err
		}
		a, err = pgx.CollectExactlyOneRow(rows, scanAccount)
		return err
	})
	return a, pg.Fail(err, "account %s", id)
}

const termsColumns = "t.id, t.account_id, t.org_id, t.from_at, t.fee_ppm, t.fee_method, t.note, t.set_by, t.created_at"

func scanTerms(row pgx.CollectableRow) (t pool.Terms, err error) {
	err = row.Scan(&t.ID, &t.Account, &t.Org, &t.From, &t.FeePPM, &t.Method, &t.Note, &t.SetBy, &t.Created)
	t.From, t.Created = t.From.UTC(), t.Created.UTC()
	return t, err
}

// PutTerms keeps an account's terms, with who set them, in the trails of both.
func (s *Store) PutTerms(ctx context.Context, actor hashyard.Actor, t pool.Terms) (out pool.Terms, err error) {
	err = s.db.AsSystem(ctx, "pool.terms", func(ctx context.Context, tx *pg.Tx) error {
		tag, err := tx.Conn().Exec(ctx, `
			INSERT INTO pool_terms (id, org_id, account_id, from_at, fee_ppm, fee_method, note, set_by, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`,
			t.ID, t.Org, t.Account, t.From, t.FeePPM, t.Method, t.Note, t.SetBy, t.Created)
		if err != nil {
			return err
		}
		rows, err := tx.Conn().Query(ctx, "SELECT "+termsColumns+" FROM pool_terms t WHERE t.id = $1", t.ID)
		if err != nil {
			return err
		}
		if out, err = pgx.CollectExactlyOneRow(rows, scanTerms); err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return tx.AuditOf(ctx, []hashyard.ID{t.Org, actor.Org}, "pool.terms.set", hashyard.Ref{Kind: "pool_account", ID: t.Account}, nil, map[string]any{
			"from": t.From, "fee_ppm": t.FeePPM, "fee_method": t.Method, "note": t.Note, "set_by": t.SetBy,
		})
	})
	return out, pg.Fail(err, "terms %s", t.ID)
}

// Terms are an account's, oldest first.
func (s *Store) Terms(ctx context.Context, account hashyard.ID) (out []pool.Terms, err error) {
	err = s.db.AsSystem(ctx, "pool.terms", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+termsColumns+" FROM pool_terms t WHERE $1::uuid IS NULL OR t.account_id = $1 ORDER BY t.from_at, t.id", account)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanTerms)
		return err
	})
	return out, pg.Fail(err, "terms of account %s", account)
}

const dollarColumns = "p.id, p.at, p.cents_per_btc, p.source, p.set_by, p.created_at"

func scanDollar(row pgx.CollectableRow) (d pool.Dollar, err error) {
	err = row.Scan(&d.ID, &d.At, &d.CentsPerBTC, &d.Source, &d.SetBy, &d.Created)
	d.At, d.Created = d.At.UTC(), d.Created.UTC()
	return d, err
}

// PutDollar keeps a stated price, once an id.
func (s *Store) PutDollar(ctx context.Context, actor hashyard.Actor, d pool.Dollar) (out pool.Dollar, err error) {
	err = s.db.AsSystem(ctx, "pool.price", func(ctx context.Context, tx *pg.Tx) error {
		tag, err := tx.Conn().Exec(ctx, `
			INSERT INTO pool_prices (id, at, cents_per_btc, source, set_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (id) DO NOTHING`, d.ID, d.At, d.CentsPerBTC, d.Source, d.SetBy, d.Created)
		if err != nil {
			return err
		}
		rows, err := tx.Conn().Query(ctx, "SELECT "+dollarColumns+" FROM pool_prices p WHERE p.id = $1", d.ID)
		if err != nil {
			return err
		}
		if out, err = pgx.CollectExactlyOneRow(rows, scanDollar); err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return tx.AuditFor(ctx, actor.Org, "pool.price.set", hashyard.Ref{Kind: "pool_price", ID: d.ID}, nil, map[string]any{
			"at": d.At, "cents_per_btc": d.CentsPerBTC, "source": d.Source, "set_by": d.SetBy,
		})
	})
	return out, pg.Fail(err, "price %s", d.ID)
}

// Dollars are the prices since, after the newest before, oldest first.
func (s *Store) Dollars(ctx context.Context, since time.Time) (out []pool.Dollar, err error) {
	err = s.db.AsSystem(ctx, "pool.price", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+dollarColumns+` FROM pool_prices p
			WHERE p.at >= coalesce((SELECT max(at) FROM pool_prices WHERE at <= $1), $1) ORDER BY p.at, p.id`, since)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanDollar)
		return err
	})
	return out, pg.Fail(err, "prices since %s", since)
}

// RotateSecret raises a unit's worker from a generation to the next.
func (s *Store) RotateSecret(ctx context.Context, actor hashyard.Actor, worker hashyard.ID, from int, until time.Time) (w pool.Worker, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		var retired *time.Time
		err := tx.Conn().QueryRow(ctx, "SELECT "+workerColumns+`
			FROM pool_workers w JOIN pool_accounts a ON a.id = w.account_id WHERE w.id = $1 FOR UPDATE OF w`, worker).Scan(workerInto(&w, &retired)...)
		switch {
		case err != nil:
			return err
		case w.Unit.IsZero():
			return hashyard.Conflict.Errorf("worker %s has no secret: any password will do", w.User())
		case retired != nil:
			return hashyard.Conflict.Errorf("worker %s was retired: its machine works for somebody else", w.User())
		case w.Generation == from+1:
			return nil // done already
		case w.Generation != from:
			return hashyard.Stale.Errorf("worker %s has secret %d by now, not %d: look again", w.User(), w.Generation, from)
		}
		w.Generation, w.OldUntil = from+1, until.UTC()
		if _, err := tx.Conn().Exec(ctx, "UPDATE pool_workers SET generation = $2, old_until = $3 WHERE id = $1", worker, w.Generation, w.OldUntil); err != nil {
			return err
		}
		return tx.Audit(ctx, "pool.worker.rotate", hashyard.Ref{Kind: "worker", ID: worker}, nil, map[string]any{"generation": w.Generation, "old_until": w.OldUntil})
	})
	return w, pg.Fail(err, "worker %s", worker)
}
