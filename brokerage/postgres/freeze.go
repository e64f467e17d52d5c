package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage/ledger"
	"hashyard/brokerage/treasury"
	"hashyard/migrations/pg"
)

// Freeze implements treasury.Store: before the first turn payouts are open.
func (s *Treasury) Freeze(ctx context.Context) (f treasury.Freeze, err error) {
	err = s.db.AsSystem(ctx, "treasury.read", func(ctx context.Context, tx *pg.Tx) error {
		f, err = freeze(ctx, tx)
		return err
	})
	return f, pg.Fail(err, "payout switch")
}

func freeze(ctx context.Context, tx *pg.Tx) (f treasury.Freeze, err error) {
	err = tx.Conn().QueryRow(ctx, "SELECT frozen, reason, by_user, by_name, at FROM payout_freezes ORDER BY id DESC LIMIT 1").
		Scan(&f.Frozen, &f.Reason, &f.By, &f.ByName, &f.At)
	if errors.Is(err, pgx.ErrNoRows) {
		return treasury.Freeze{}, nil
	}
	f.At = f.At.UTC()
	return f, err
}

// PutFreeze implements treasury.Store.
func (s *Treasury) PutFreeze(ctx context.Context, actor hashyard.Actor, was, f treasury.Freeze) error {
	err := s.db.AsSystem(ctx, "treasury.freeze", func(ctx context.Context, tx *pg.Tx) error {
		// Two people turn it one after the other.
		if _, err := tx.Conn().Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended('payout freeze', 0))"); err != nil {
			return err
		}
		now, err := freeze(ctx, tx)
		if err != nil {
			return err
		}
		if !now.At.Equal(was.At) {
			return hashyard.Conflict.Errorf("the payout switch was turned meanwhile, at %s", now.At.Format(time.RFC3339))
		}
		id := hashyard.NewID()
		if _, err := tx.Conn().Exec(ctx, "INSERT INTO payout_freezes (id, frozen, reason, by_user, by_name, at) VALUES ($1, $2, $3, $4, $5, $6)",
			id, f.Frozen, f.Reason, f.By, f.ByName, f.At); err != nil {
			return err
		}
		command := map[bool]string{true: "payouts.freeze", false: "payouts.unfreeze"}[f.Frozen]
		type turned struct {
			treasury.Freeze
			Actor hashyard.Actor
		}
		return tx.AuditFor(ctx, actor.Org, command, hashyard.Ref{Kind: "payouts", ID: id}, was, turned{f, actor})
	})
	return pg.Fail(err, "turn the payout switch")
}

// Books implements treasury.Store.
func (s *Treasury) Books(ctx context.Context) (b treasury.Books, err error) {
	err = s.db.AsSystem(ctx, "treasury.read", func(ctx context.Context, tx *pg.Tx) error {
		if _, err := tx.Conn().Exec(ctx, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"); err != nil {
			return err
		}
		if b.Balances, err = balancesOf(ctx, tx); err != nil {
			return err
		}
		if b.Coins, err = list(ctx, tx, scanCoin, "SELECT "+coinColumns+coinsFrom+"WHERE c.spent_height IS NULL ORDER BY c.height, c.txid, c.vout"); err != nil {
			return err
		}
		return tx.Conn().QueryRow(ctx, `
			SELECT coalesce((SELECT sum(balance)::bigint FROM ledger_accounts WHERE currency = 'USD' AND purpose = $1), 0),
				coalesce((SELECT sum(balance)::bigint FROM ledger_accounts WHERE currency = 'USD' AND purpose = $2), 0),
				coalesce((SELECT sum(received_cents - paid_cents - kept_cents - refunded_cents)::bigint FROM trades), 0),
				coalesce((SELECT sum(amount_cents)::bigint FROM settlements WHERE done_at IS NULL), 0)`,
			ledger.StripeBalance, ledger.Held).Scan(&b.Stripe, &b.HeldPayouts, &b.HeldByTrades, &b.OpenTransfers)
	})
	return b, pg.Fail(err, "books")
}

// PutReconciliation implements treasury.Store.
func (s *Treasury) PutReconciliation(ctx context.Context, event hashyard.ID, r treasury.Reconciliation, next time.Time) error {
	lines, err := json.Marshal(r.Lines)
	if err != nil {
		return err
	}
	err = s.db.AsSystem(ctx, "treasury.reconcile", func(ctx context.Context, tx *pg.Tx) error {
		if !event.IsZero() {
			first, err := tx.Once(ctx, event, "treasury.reconcile")
			if err != nil || !first {
				return err
			}
			due, err := reconcileDue(r.At, next)
			if err != nil {
				return err
			}
			if err := tx.Emit(ctx, due); err != nil {
				return err
			}
		}
		_, err := tx.Conn().Exec(ctx, "INSERT INTO reconciliations (id, at, height, lines, differ, froze) VALUES ($1, $2, $3, $4, $5, $6)",
			r.ID, r.At, r.Height, lines, r.Differ(), r.Froze)
		return err
	})
	return pg.Fail(err, "store reconciliation")
}

func reconcileDue(at, notBefore time.Time) (hashyard.Event, error) {
	ev, err := hashyard.NewEvent(treasury.EvReconcileDue, hashyard.Ref{Kind: "treasury", ID: hashyard.NewID()}, at, struct{}{})
	ev.NotBefore = notBefore
	return ev, err
}

// Reconciliations implements treasury.Store.
func (s *Treasury) Reconciliations(ctx context.Context, limit int) (out []treasury.Reconciliation, err error) {
	err = s.db.AsSystem(ctx, "treasury.read", func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, func(row pgx.CollectableRow) (r treasury.Reconciliation, err error) {
			err = row.Scan(&r.ID, &r.At, &r.Height, &r.Lines, &r.Froze)
			r.At = r.At.UTC()
			return r, err
		}, "SELECT id, at, height, lines, froze FROM reconciliations ORDER BY id DESC LIMIT $1", limit)
		return err
	})
	return out, pg.Fail(err, "reconciliations")
}

// ArmReconcile implements treasury.Store.
func (s *Treasury) ArmReconcile(ctx context.Context, at time.Time) error {
	err := s.db.AsSystem(ctx, "treasury.reconcile", func(ctx context.Context, tx *pg.Tx) error {
		if _, err := tx.Conn().Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended('reconcile clock', 0))"); err != nil {
			return err
		}
		var waits bool
		err := tx.Conn().QueryRow(ctx, "SELECT EXISTS (SELECT FROM outbox WHERE kind = $1 AND done_at IS NULL)", treasury.EvReconcileDue).Scan(&waits)
		if err != nil || waits {
			return err
		}
		// Not at once: a start has more urgent things to do.
		ev, err := reconcileDue(at, at.Add(20*time.Second))
		if err != nil {
			return err
		}
		return tx.Emit(ctx, ev)
	})
	return pg.Fail(err, "arm the reconciliation clock")
}

// Addresses implements treasury.Store.
func (s *Treasury) Addresses(ctx context.Context, orgs []hashyard.ID) (map[hashyard.ID]treasury.Address, error) {
	out := map[hashyard.ID]treasury.Address{}
	err := s.db.AsSystem(ctx, "treasury.read", func(ctx context.Context, tx *pg.Tx) error {
		as, err := list(ctx, tx, pgx.RowToStructByPos[treasury.Address], "SELECT org_id, address, set_at FROM payout_addresses WHERE org_id = ANY ($1)", pg.UUIDs(orgs))
		for _, a := range as {
			a.SetAt = a.SetAt.UTC()
			out[a.Org] = a
		}
		return err
	})
	return out, pg.Fail(err, "payout addresses")
}
