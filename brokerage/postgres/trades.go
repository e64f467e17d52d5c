package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/migrations/pg"
)

const tradeColumns = `t.id, t.number, t.buyer_org, t.seller_org, t.instrument_id, t.bid_order_id, t.ask_order_id, t.maker,
	t.price_mc, t.sold_ghs, t.amount_cents, t.commission_cents, t.received_cents, t.paid_cents, t.kept_cents, t.refunded_cents,
	t.state, t.history, t.reason, t.matched_at, t.payment_due, t.proof_due, t.version`

func scanTrade(row pgx.CollectableRow) (t brokerage.Trade, err error) {
	var maker string
	var proofDue *time.Time
	err = row.Scan(&t.ID, &t.Number, &t.Buyer, &t.Seller, &t.Instrument, &t.BidOrder, &t.AskOrder, &maker,
		&t.Price, &t.SoldGHs, &t.Amount, &t.Commission, &t.Received, &t.Paid, &t.Kept, &t.Refunded,
		&t.State, &t.History, &t.Reason, &t.MatchedAt, &t.PaymentDue, &proofDue, &t.Version)
	if err != nil {
		return t, err
	}
	t.MatchedAt, t.PaymentDue, t.ProofDue = t.MatchedAt.UTC(), t.PaymentDue.UTC(), pg.When(proofDue)
	return t, t.Maker.UnmarshalText([]byte(maker))
}

// dossiers adds to trades what hangs on them and the reader may see.
func dossiers(ctx context.Context, tx *pg.Tx, trades []brokerage.Trade) ([]brokerage.Dossier, error) {
	out := make([]brokerage.Dossier, len(trades))
	at, keys := make(map[hashyard.ID]*brokerage.Dossier, len(trades)), make([]hashyard.ID, len(trades))
	for i, t := range trades {
		out[i].Trade, keys[i] = t, t.ID
		at[t.ID] = &out[i]
	}
	if err := addUnits(ctx, tx, keys, at); err != nil {
		return nil, fmt.Errorf("units: %w", err)
	}
	if err := addPayments(ctx, tx, keys, at); err != nil {
		return nil, fmt.Errorf("payments: %w", err)
	}
	if err := addSettlements(ctx, tx, keys, at); err != nil {
		return nil, fmt.Errorf("settlements: %w", err)
	}
	return out, nil
}

func addUnits(ctx context.Context, tx *pg.Tx, keys []hashyard.ID, at map[hashyard.ID]*brokerage.Dossier) error {
	rows, err := tx.Conn().Query(ctx, `
		SELECT trade_id, unit_id, sold_ghs, proof, proof_started_at, proof_decided_at, verdict, estimate_hs, lower_hs, upper_hs,
		       floor_hs, effective, shares, work::text, window_from, window_to
		FROM trade_units WHERE trade_id = ANY ($1) ORDER BY trade_id, position`, pg.UUIDs(keys))
	if err != nil {
		return err
	}
	var trade hashyard.ID
	var u brokerage.TradeUnit
	var started, decided, from, to *time.Time
	p := &u.Proof
	_, err = pgx.ForEachRow(rows, []any{
		&trade, &u.Unit, &u.Sold, &p.State, &started, &decided, &p.Decision.Verdict, &p.Decision.Estimate, &p.Decision.Lower,
		&p.Decision.Upper, &p.Decision.Floor, &p.Decision.Effective, &p.Shares, &p.Work, &from, &to,
	}, func() error {
		p.StartedAt, p.DecidedAt, p.From, p.To = pg.When(started), pg.When(decided), pg.When(from), pg.When(to)
		at[trade].Units = append(at[trade].Units, u)
		return nil
	})
	return err
}

func addPayments(ctx context.Context, tx *pg.Tx, keys []hashyard.ID, at map[hashyard.ID]*brokerage.Dossier) error {
	rows, err := tx.Conn().Query(ctx, `
		SELECT trade_id, key, coalesce(rail_id, ''), status, amount_cents, received_cents, instructions, opened_at, succeeded_at
		FROM payments WHERE trade_id = ANY ($1)`, pg.UUIDs(keys))
	if err != nil {
		return err
	}
	var trade hashyard.ID
	var p brokerage.Payment
	var succeeded *time.Time
	_, err = pgx.ForEachRow(rows, []any{
		&trade, &p.Key, &p.RailID, &p.Status, &p.Amount, &p.Received, &p.Instructions, &p.OpenedAt, &succeeded,
	}, func() error {
		p.OpenedAt, p.SucceededAt = p.OpenedAt.UTC(), pg.When(succeeded)
		own := p
		at[trade].Payment = &own
		return nil
	})
	return err
}

func addSettlements(ctx context.Context, tx *pg.Tx, keys []hashyard.ID, at map[hashyard.ID]*brokerage.Dossier) error {
	rows, err := tx.Conn().Query(ctx, `
		SELECT trade_id, kind, key, amount_cents, commission_cents, rail_id, made_at, done_at, trouble
		FROM settlements WHERE trade_id = ANY ($1)`, pg.UUIDs(keys))
	if err != nil {
		return err
	}
	var trade hashyard.ID
	var s brokerage.Settlement
	var done *time.Time
	_, err = pgx.ForEachRow(rows, []any{&trade, &s.Kind, &s.Key, &s.Amount, &s.Commission, &s.RailID, &s.MadeAt, &done, &s.Trouble}, func() error {
		s.MadeAt, s.DoneAt = s.MadeAt.UTC(), pg.When(done)
		own := s
		at[trade].Settlement = &own
		return nil
	})
	return err
}

// dossier reads one trade, locked if it is to be changed.
func dossier(ctx context.Context, tx *pg.Tx, id hashyard.ID, lock string) (brokerage.Dossier, error) {
	t, err := exactlyOne(ctx, tx, scanTrade, "SELECT "+tradeColumns+" FROM trades t WHERE t.id = $1"+lock, id)
	if err != nil {
		return brokerage.Dossier{}, err
	}
	ds, err := dossiers(ctx, tx, []brokerage.Trade{t})
	if err != nil {
		return brokerage.Dossier{}, err
	}
	return ds[0], nil
}

// Trade implements brokerage.TradeStore.
func (s *Store) Trade(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (d brokerage.Dossier, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		d, err = dossier(ctx, tx, id, "")
		return err
	})
	return d, pg.Fail(err, "trade %s", id)
}

// Trades implements brokerage.TradeStore.
func (s *Store) Trades(ctx context.Context, actor hashyard.Actor, q brokerage.TradeQuery) (out []brokerage.Dossier, next string, err error) {
	before, err := pg.CursorID(q.Cursor)
	if err != nil {
		return nil, "", fmt.Errorf("list trades: %w", err)
	}
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		ts, err := list(ctx, tx, scanTrade, "SELECT "+tradeColumns+` FROM trades t
			WHERE ($1::uuid IS NULL OR t.id < $1) AND ($2 = '' OR t.state = $2)
			ORDER BY t.id DESC LIMIT $3`, before, string(q.State), q.Limit+1)
		if err != nil {
			return err
		}
		ts, next = cut(ts, q.Limit, func(t brokerage.Trade) hashyard.ID { return t.ID })
		out, err = dossiers(ctx, tx, ts)
		return err
	})
	return out, next, pg.Fail(err, "list trades")
}

// TradesOfUnit implements brokerage.TradeStore.
func (s *Store) TradesOfUnit(ctx context.Context, actor hashyard.Actor, unit hashyard.ID) (out []brokerage.Dossier, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		ts, err := list(ctx, tx, scanTrade, "SELECT "+tradeColumns+` FROM trades t
			WHERE t.id IN (SELECT trade_id FROM trade_units WHERE unit_id = $1) ORDER BY t.id DESC LIMIT 50`, unit)
		if err != nil {
			return err
		}
		out, err = dossiers(ctx, tx, ts)
		return err
	})
	return out, pg.Fail(err, "trades of unit %s", unit)
}

// UnpaidSince implements brokerage.TradeStore.
func (s *Store) UnpaidSince(ctx context.Context, before time.Time, after hashyard.ID) (out []hashyard.ID, err error) {
	err = s.db.AsSystem(ctx, "brokerage.sweep", func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, pgx.RowTo[hashyard.ID], `
			SELECT trade_id FROM payments WHERE status = 'open' AND rail_id IS NOT NULL AND opened_at < $1
				AND ($2::uuid IS NULL OR trade_id > $2)
			ORDER BY trade_id LIMIT 100`, before, after)
		return err
	})
	return out, pg.Fail(err, "find open payments")
}

// ConditionsSold implements brokerage.TradeStore.
func (s *Store) ConditionsSold(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (out map[hashyard.ID]json.RawMessage, err error) {
	out = map[hashyard.ID]json.RawMessage{}
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT unit_id, condition FROM trade_units WHERE trade_id = $1 AND condition IS NOT NULL", id)
		if err != nil {
			return err
		}
		var unit hashyard.ID
		var condition []byte
		_, err = pgx.ForEachRow(rows, []any{&unit, &condition}, func() error {
			out[unit] = bytes.Clone(condition)
			return nil
		})
		return err
	})
	return out, pg.Fail(err, "conditions of trade %s", id)
}

// RailParty implements brokerage.TradeStore.
func (s *Store) RailParty(ctx context.Context, org hashyard.ID, role brokerage.RailRole) (id string, err error) {
	err = s.db.AsSystem(ctx, "brokerage.rail", func(ctx context.Context, tx *pg.Tx) error {
		return tx.Conn().QueryRow(ctx,
			"SELECT coalesce(max(rail_id), '') FROM rail_parties WHERE org_id = $1 AND role = $2", org, role).Scan(&id)
	})
	return id, pg.Fail(err, "%s of %s on the rail", role, org)
}

// PutRailParty implements brokerage.TradeStore.
func (s *Store) PutRailParty(ctx context.Context, org hashyard.ID, role brokerage.RailRole, railID string) error {
	err := s.db.AsSystem(ctx, "brokerage.rail", func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, `
			INSERT INTO rail_parties (org_id, role, rail_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, org, role, railID)
		return err
	})
	return pg.Fail(err, "%s of %s on the rail", role, org)
}
