package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/brokerage/treasury"
	"hashyard/migrations/pg"
)

// FindTrades implements brokerage.Finder. A number is compared by ranges, not
// as text, so that its index is used: 21 begins 21, 210–219, 2100–2199 …
func (s *Store) FindTrades(ctx context.Context, actor hashyard.Actor, w brokerage.Wanted, limit int) (out []brokerage.Trade, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, scanTrade, "SELECT "+tradeColumns+` FROM trades t
			WHERE t.id = $1
			   OR $2::bigint > 0 AND (t.number = $2 OR t.number BETWEEN $2 * 10 AND $2 * 10 + 9
			      OR t.number BETWEEN $2 * 100 AND $2 * 100 + 99 OR t.number BETWEEN $2 * 1000 AND $2 * 1000 + 999)
			   OR $3 <> '' AND t.id = ANY (ARRAY(SELECT trade_id FROM payments WHERE rail_id = $3
			      UNION ALL SELECT trade_id FROM settlements WHERE rail_id = $3))
			ORDER BY t.number = $2 DESC, t.number DESC LIMIT $4`, w.ID, w.Number, w.Rail, limit)
		return err
	})
	return out, pg.Fail(err, "find trades")
}

// FindOrders implements brokerage.Finder.
func (s *Store) FindOrders(ctx context.Context, actor hashyard.Actor, w brokerage.Wanted, limit int) (out []brokerage.Order, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, scanOrder, "SELECT "+orderColumns+` FROM orders o
			WHERE o.id = $1
			   OR $2 <> '' AND right(o.id::text, 6) = right($2, 6) AND right(o.id::text, length($2)) = $2
			ORDER BY o.id DESC LIMIT $3`, w.ID, w.Tail, limit)
		return err
	})
	return out, pg.Fail(err, "find orders")
}

// Turns implements brokerage.Finder: within the organisation for the house too.
func (s *Store) Turns(ctx context.Context, actor hashyard.Actor) (t brokerage.Turns, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		return tx.Conn().QueryRow(ctx, `
			SELECT (SELECT count(*) FROM trades WHERE buyer_org = $1 AND state = 'matched'),
			       (SELECT count(*) FROM settlements WHERE seller_org = $1 AND kind = 'release' AND done_at IS NULL AND trouble <> '')`,
			actor.Org).Scan(&t.Pay, &t.Trouble)
	})
	return t, pg.Fail(err, "what waits for %s", actor.Org)
}

// leaveBy is how long money may take to leave before the desk hears of it.
const leaveBy = 10 * time.Minute

// Attention implements brokerage.Finder.
func (s *Store) Attention(ctx context.Context, now time.Time, limit int) (out []brokerage.Attention, err error) {
	err = s.db.AsSystem(ctx, "brokerage.desk", func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, scanAttention, `
			WITH waiting AS (
				SELECT t.id, 'decision' AS kind, t.reason AS why,
					coalesce((SELECT max((h->>'at')::timestamptz) FROM jsonb_array_elements(t.history) h WHERE h->>'state' = t.state), t.matched_at) AS since
				FROM trades t WHERE t.state IN ('disputed', 'refuted')
					AND NOT EXISTS (SELECT FROM settlements s WHERE s.trade_id = t.id)
				UNION ALL
				SELECT t.id, 'late', CASE WHEN t.state = 'matched' THEN 'not paid in time' ELSE 'not proven in time' END,
					CASE WHEN t.state = 'matched' THEN t.payment_due ELSE t.proof_due END
				FROM trades t WHERE t.state = 'matched' AND t.payment_due < $1 OR t.state IN ('delivered', 'proving') AND t.proof_due < $1
				UNION ALL
				SELECT s.trade_id, 'payout', CASE WHEN s.trouble <> '' THEN s.trouble ELSE 'the rail has not answered' END, s.made_at
				FROM settlements s WHERE s.done_at IS NULL AND (s.trouble <> '' OR s.made_at < $2)
			), ranked AS (
				SELECT *, row_number() OVER (PARTITION BY kind ORDER BY since, id) AS place FROM waiting
			)
			SELECT w.kind, w.why, w.since, `+tradeColumns+` FROM ranked w JOIN trades t ON t.id = w.id
			WHERE w.place <= $3 ORDER BY w.since, w.id`, now, now.Add(-leaveBy), limit)
		return err
	})
	return out, pg.Fail(err, "what waits for the desk")
}

func scanAttention(row pgx.CollectableRow) (a brokerage.Attention, err error) {
	a.Trade, err = scanTrade(after{row, []any{&a.Kind, &a.Why, &a.Since}})
	a.Since = a.Since.UTC()
	return a, err
}

// after scans columns that stand before those its user asks for.
type after struct {
	pgx.CollectableRow
	first []any
}

func (a after) Scan(into ...any) error { return a.CollectableRow.Scan(append(a.first, into...)...) }

// FindPayouts implements treasury.Store.
func (s *Treasury) FindPayouts(ctx context.Context, actor hashyard.Actor, txid string, limit int) (out []treasury.Payout, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, scanPayout, "SELECT "+payoutColumns+` FROM payouts
			WHERE starts_with(txid, $1) ORDER BY id DESC LIMIT $2`, txid, limit)
		return err
	})
	return out, pg.Fail(err, "find payouts")
}

// Stuck implements treasury.Store.
func (s *Treasury) Stuck(ctx context.Context, one hashyard.ID, limit int) (out []treasury.Payout, err error) {
	err = s.db.AsSystem(ctx, "treasury.stuck", func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, scanPayout, "SELECT "+payoutColumns+` FROM payouts p
			WHERE ($1::uuid IS NULL OR p.org_id = $1) AND (p.state NOT IN ('confirmed', 'refused') AND p.reason <> ''
			   OR p.state = 'refused' AND NOT EXISTS (SELECT FROM payouts later WHERE later.org_id = p.org_id AND later.id > p.id))
			ORDER BY p.id LIMIT $2`, one, limit)
		return err
	})
	return out, pg.Fail(err, "stuck payouts")
}
