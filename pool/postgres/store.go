// Package postgres keeps the pool's books in Postgres. Every method is one
// whole transaction. The checkpoint row is locked first by whoever books or
// settles work, so that a settlement sees a batch whole or not at all.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
)

// Store implements pool.Store.
type Store struct{ db *pg.DB }

var _ pool.Store = (*Store)(nil)

// New keeps the pool's books in db.
func New(db *pg.DB) *Store { return &Store{db: db} }

// read runs fn where the actor may read: in its organisation, or everywhere
// for the house and the system. Whether a house actor may was decided at the
// edge.
func (s *Store) read(ctx context.Context, actor hashyard.Actor, fn func(ctx context.Context, tx *pg.Tx) error) error {
	if actor.House || actor.System != "" {
		return s.db.AsSystem(ctx, "pool.read", fn)
	}
	return s.db.InOrg(ctx, actor, actor.Org, fn)
}

// one reads a single row in a system transaction.
func (s *Store) one(ctx context.Context, reason, sql string, args []any, into ...any) error {
	return s.db.AsSystem(ctx, reason, func(ctx context.Context, tx *pg.Tx) error {
		return tx.Conn().QueryRow(ctx, sql, args...).Scan(into...)
	})
}

const accountColumns = "a.id, a.org_id, a.name, a.created_at"

func accountInto(a *pool.Account) []any { return []any{&a.ID, &a.Org, &a.Name, &a.Created} }

// No secret before is good since the year 1 where none was rotated.
const workerColumns = "w.id, w.org_id, w.account_id, w.unit_id, a.name, w.name, w.generation, w.retired_at, w.created_at, coalesce(w.old_until, '0001-01-01Z')"

func workerInto(w *pool.Worker, retired **time.Time) []any {
	return []any{&w.ID, &w.Org, &w.Account, &w.Unit, &w.AccountName, &w.Name, &w.Generation, retired, &w.Created, &w.OldUntil}
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// SeedAccount makes the organisation's account, or finds the one it has.
func (s *Store) SeedAccount(ctx context.Context, a pool.Account) (out pool.Account, err error) {
	err = s.db.AsSystem(ctx, "pool.seed", func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, `
			INSERT INTO pool_accounts (id, org_id, name, created_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (org_id) DO NOTHING`, a.ID, a.Org, a.Name, a.Created)
		if err != nil {
			return err
		}
		return tx.Conn().QueryRow(ctx, "SELECT "+accountColumns+" FROM pool_accounts a WHERE org_id = $1", a.Org).Scan(accountInto(&out)...)
	})
	return out, pg.Fail(err, "account %s", a.Name)
}

// Account is the organisation's account.
func (s *Store) Account(ctx context.Context, org hashyard.ID) (a pool.Account, err error) {
	err = s.one(ctx, "pool.account", "SELECT "+accountColumns+" FROM pool_accounts a WHERE org_id = $1", []any{org}, accountInto(&a)...)
	return a, pg.Fail(err, "account of organisation %s", org)
}

// AddWorker makes a plain worker for the actor, or finds it when it has this
// id and name already.
func (s *Store) AddWorker(ctx context.Context, actor hashyard.Actor, w pool.Worker) (out pool.Worker, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		tag, err := tx.Conn().Exec(ctx, `
			INSERT INTO pool_workers (id, org_id, account_id, name, created_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO NOTHING`, w.ID, w.Org, w.Account, w.Name, w.Created)
		if err != nil {
			return err
		}
		var retired *time.Time
		err = tx.Conn().QueryRow(ctx, "SELECT "+workerColumns+`
			FROM pool_workers w JOIN pool_accounts a ON a.id = w.account_id WHERE w.id = $1`, w.ID).Scan(workerInto(&out, &retired)...)
		switch {
		case err != nil:
			return err
		case tag.RowsAffected() == 1:
			return tx.Audit(ctx, "pool.worker.add", hashyard.Ref{Kind: "worker", ID: w.ID}, nil, w)
		case out.Name != w.Name:
			return hashyard.Conflict.Errorf("id %s is worker %s", w.ID, out.Name)
		}
		return nil
	})
	return out, pg.Fail(err, "add worker %s", w.Name)
}

// leftWorker is a worker whose machine hashes for somebody else from now on.
type leftWorker struct{ ID, Org hashyard.ID }

// UnitWorker gives a unit's worker under an account; see pool.Store.
func (s *Store) UnitWorker(ctx context.Context, w pool.Worker) (out pool.Worker, retired []hashyard.ID, err error) {
	err = s.db.AsSystem(ctx, "pool.worker", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			UPDATE pool_workers SET retired_at = $3, announce_after = NULL
			WHERE unit_id = $1 AND account_id <> $2 AND retired_at IS NULL RETURNING id, org_id`, w.Unit, w.Account, w.Created)
		if err != nil {
			return err
		}
		left, err := pgx.CollectRows(rows, pgx.RowToStructByPos[leftWorker])
		if err != nil {
			return err
		}
		retired = nil
		for _, l := range left {
			retired = append(retired, l.ID)
			if err := tx.AuditFor(ctx, l.Org, "pool.worker.retire", hashyard.Ref{Kind: "worker", ID: l.ID}, nil, map[string]any{"unit": w.Unit}); err != nil {
				return err
			}
		}
		_, err = tx.Conn().Exec(ctx, `
			INSERT INTO pool_workers AS w (id, org_id, account_id, name, unit_id, generation, announce_after, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
			ON CONFLICT (account_id, unit_id) DO UPDATE SET
				announce_after = EXCLUDED.announce_after,
				generation = w.generation + CASE WHEN w.retired_at IS NULL THEN 0 ELSE 1 END,
				retired_at = NULL`,
			w.ID, w.Org, w.Account, w.Name, w.Unit, w.Generation, w.Created)
		if err != nil {
			return err
		}
		var at *time.Time
		err = tx.Conn().QueryRow(ctx, "SELECT "+workerColumns+`
			FROM pool_workers w JOIN pool_accounts a ON a.id = w.account_id
			WHERE w.account_id = $1 AND w.unit_id = $2`, w.Account, w.Unit).Scan(workerInto(&out, &at)...)
		if err != nil || (out.ID != w.ID && len(retired) == 0) {
			return err
		}
		return tx.AuditFor(ctx, out.Org, "pool.worker.bind", hashyard.Ref{Kind: "worker", ID: out.ID}, nil, out)
	})
	return out, retired, pg.Fail(err, "worker of unit %s", w.Unit)
}

const loginQuery = "SELECT " + accountColumns + ", " + workerColumns + `, p.sold_ghs
	FROM pool_accounts a JOIN pool_workers w ON w.account_id = a.id
	LEFT JOIN pool_proofs p ON p.unit_id = w.unit_id AND p.org_id = w.org_id AND p.ended_at IS NULL `

func scanLogin(row pgx.CollectableRow) (l pool.Login, err error) {
	var retired *time.Time
	var sold *hashyard.GHs
	into := append(accountInto(&l.Account), workerInto(&l.Worker, &retired)...)
	err = row.Scan(append(into, &sold)...)
	l.Worker.Retired = orZero(retired)
	if sold != nil {
		l.Proof, l.SoldGHs = true, *sold
	}
	return l, err
}

// Login finds what a username stands for.
func (s *Store) Login(ctx context.Context, account, worker string) (l pool.Login, err error) {
	err = s.db.AsSystem(ctx, "pool.authorize", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, loginQuery+"WHERE a.name = $1 AND w.name = $2", account, worker)
		if err != nil {
			return err
		}
		l, err = pgx.CollectExactlyOneRow(rows, scanLogin)
		return err
	})
	return l, pg.Fail(err, "worker %s.%s", account, worker)
}

// LoginCut finds what a username stands for whose end is missing.
func (s *Store) LoginCut(ctx context.Context, account, begins string) (l pool.Login, err error) {
	err = s.db.AsSystem(ctx, "pool.authorize", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, loginQuery+"WHERE a.name = $1 AND starts_with(w.name, $2) LIMIT 2", account, begins)
		if err != nil {
			return err
		}
		all, err := pgx.CollectRows(rows, scanLogin)
		if err == nil && len(all) != 1 {
			return pgx.ErrNoRows
		}
		if err == nil {
			l = all[0]
		}
		return err
	})
	return l, pg.Fail(err, "worker %s.%s…", account, begins)
}

// UnitLogins are the logins with which a unit may mine now.
func (s *Store) UnitLogins(ctx context.Context, unit hashyard.ID) (out []pool.Login, err error) {
	err = s.db.AsSystem(ctx, "pool.authorize", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, loginQuery+"WHERE w.unit_id = $1 AND w.retired_at IS NULL", unit)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanLogin)
		return err
	})
	return out, pg.Fail(err, "workers of unit %s", unit)
}

// Announce emits an event for every session that its worker waits for.
func (s *Store) Announce(ctx context.Context, sessions []pool.Session, build func(pool.Worker, pool.Session) (hashyard.Event, error)) error {
	byWorker := make(map[hashyard.ID]pool.Session, len(sessions))
	ids := make([]hashyard.ID, 0, len(sessions))
	for _, ses := range sessions {
		if was, ok := byWorker[ses.Worker]; !ok || ses.Opened.After(was.Opened) {
			byWorker[ses.Worker] = ses
		}
		ids = append(ids, ses.Worker)
	}
	err := s.db.AsSystem(ctx, "pool.announce", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+workerColumns+`, w.announce_after
			FROM pool_workers w JOIN pool_accounts a ON a.id = w.account_id
			WHERE w.id = ANY ($1::uuid[]) AND w.announce_after IS NOT NULL ORDER BY w.id FOR UPDATE OF w`, pg.UUIDs(ids))
		if err != nil {
			return err
		}
		type waiting struct {
			pool.Worker
			after time.Time
		}
		all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (w waiting, err error) {
			var retired *time.Time
			err = row.Scan(append(workerInto(&w.Worker, &retired), &w.after)...)
			return w, err
		})
		if err != nil {
			return err
		}
		for _, w := range all {
			ses := byWorker[w.ID]
			if ses.Opened.Before(w.after) {
				continue // opened before the machine was pointed here
			}
			ev, err := build(w.Worker, ses)
			if err != nil {
				return err
			}
			if _, err := tx.Conn().Exec(ctx, "UPDATE pool_workers SET announce_after = NULL WHERE id = $1", w.ID); err != nil {
				return err
			}
			if err := tx.Emit(ctx, ev); err != nil {
				return err
			}
		}
		return nil
	})
	return pg.Fail(err, "announce sessions")
}

// bigInt reads a numeric that was selected as text.
func bigInt(text string) (*big.Int, error) {
	b, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return nil, fmt.Errorf("%q is not an integer", text)
	}
	return b, nil
}

func hash32(b []byte) (h [32]byte, err error) {
	if len(b) != len(h) {
		return h, errors.New("hash is not 32 bytes")
	}
	copy(h[:], b)
	return h, nil
}
