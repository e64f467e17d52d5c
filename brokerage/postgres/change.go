package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/migrations/pg"
)

// errDone ends a change that took effect before.
var errDone = errors.New("took effect before")

// ChangeTrade implements brokerage.TradeStore.
func (s *Store) ChangeTrade(ctx context.Context, by brokerage.By, id hashyard.ID, rule func(brokerage.Dossier) (*brokerage.Change, error)) (out brokerage.Dossier, err error) {
	work := func(ctx context.Context, tx *pg.Tx) error {
		if out, err = dossier(ctx, tx, id, " FOR UPDATE OF t"); err != nil {
			return err
		}
		if err := s.first(ctx, tx, by); err != nil {
			if errors.Is(err, errDone) {
				return nil
			}
			return err
		}
		c, err := rule(out)
		if err != nil || c == nil {
			return err
		}
		if err := s.write(ctx, tx, by, out, *c); err != nil {
			return err
		}
		hashyard.Hit(hashyard.AtTradeCommit)
		if by.Webhook != nil {
			hashyard.Hit(hashyard.AtWebhookCommit)
		}
		out = c.Dossier
		out.Trade.Version++
		return nil
	}
	if by.Reason != "" {
		err = s.db.AsSystem(ctx, by.Reason, work)
	} else {
		err = s.db.InOrg(ctx, by.Actor, by.Actor.Org, work)
	}
	hashyard.Hit(hashyard.AtTradeChanged)
	return out, pg.Fail(err, "change trade %s", id)
}

// first records what must take effect once; errDone says it did.
func (s *Store) first(ctx context.Context, tx *pg.Tx, by brokerage.By) error {
	if !by.Event.IsZero() {
		first, err := tx.Once(ctx, by.Event, by.Reason)
		if err == nil && !first {
			err = errDone
		}
		return err
	}
	if w := by.Webhook; w != nil {
		tag, err := tx.Conn().Exec(ctx, `
			INSERT INTO rail_events (provider, event_id, type, payment_id, at) VALUES ('stripe', $1, $2, $3, $4)
			ON CONFLICT DO NOTHING`, w.ID, w.Type, w.Payment, w.Created)
		if err == nil && tag.RowsAffected() == 0 {
			err = errDone
		}
		return err
	}
	return nil
}

// write stores a change: rows first, then what is told, the ledger last, so
// that its accounts are locked for the shortest time.
func (s *Store) write(ctx context.Context, tx *pg.Tx, by brokerage.By, before brokerage.Dossier, c brokerage.Change) error {
	d := c.Dossier
	if err := updateTrade(ctx, tx, d.Trade); err != nil {
		return err
	}
	for i, u := range d.Units {
		if u == before.Units[i] {
			continue
		}
		if err := updateUnit(ctx, tx, d.Trade.ID, u); err != nil {
			return err
		}
	}
	if d.Payment != nil && (before.Payment == nil || *d.Payment != *before.Payment) {
		if err := putPayment(ctx, tx, d); err != nil {
			return err
		}
	}
	if d.Settlement != nil && (before.Settlement == nil || *d.Settlement != *before.Settlement) {
		if err := putSettlement(ctx, tx, d); err != nil {
			return err
		}
	}
	if err := tx.Emit(ctx, c.Events...); err != nil {
		return err
	}
	if by.Command != "" {
		// What the desk decides, both sides read, and the house itself.
		orgs := []hashyard.ID{d.Trade.Buyer, d.Trade.Seller, {}}
		if err := tx.AuditOf(ctx, orgs, by.Command, d.Trade.Ref(), before.Trade, decided{d.Trade, by.Actor}); err != nil {
			return err
		}
	}
	for _, e := range c.Entries {
		if err := Post(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}

// decided is a trade in the audit trail with the person of the house who
// decided; a system transaction does not name one.
type decided struct {
	Trade brokerage.Trade
	By    hashyard.Actor
}

// queueTrade adds the two statements that store a new trade. Each unit keeps
// its part of the ask's condition snapshot: the buyer may read the trade, and
// never the order.
func queueTrade(send *pgx.Batch, d brokerage.Dossier) error {
	t := d.Trade
	history, err := json.Marshal(t.History)
	if err != nil {
		return err
	}
	send.Queue(`
		INSERT INTO trades (id, buyer_org, seller_org, instrument_id, bid_order_id, ask_order_id, maker, price_mc, sold_ghs,
			amount_cents, commission_cents, state, history, matched_at, payment_due)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		t.ID, t.Buyer, t.Seller, t.Instrument, t.BidOrder, t.AskOrder, t.Maker.String(), t.Price, t.SoldGHs,
		t.Amount, t.Commission, t.State, history, t.MatchedAt, t.PaymentDue)
	sold := make([]int64, len(d.Units))
	for i, u := range d.Units {
		sold[i] = int64(u.Sold)
	}
	send.Queue(`
		INSERT INTO trade_units (trade_id, position, unit_id, buyer_org, seller_org, sold_ghs, condition)
		SELECT $1, n, unit, $2, $3, sold, c.value
		FROM unnest($4::uuid[], $5::bigint[]) WITH ORDINALITY AS u (unit, sold, n)
		LEFT JOIN jsonb_each((SELECT condition FROM orders WHERE id = $6 AND jsonb_typeof(condition) = 'object')) c ON c.key = unit::text`,
		t.ID, t.Buyer, t.Seller, pg.UUIDs(d.UnitIDs()), sold, t.AskOrder)
	return nil
}

func updateTrade(ctx context.Context, tx *pg.Tx, t brokerage.Trade) error {
	history, err := json.Marshal(t.History)
	if err != nil {
		return err
	}
	tag, err := tx.Conn().Exec(ctx, `
		UPDATE trades SET received_cents = $3, paid_cents = $4, kept_cents = $5, refunded_cents = $6, state = $7, history = $8,
			reason = $9, proof_due = $10, version = version + 1
		WHERE id = $1 AND version = $2`,
		t.ID, t.Version, t.Received, t.Paid, t.Kept, t.Refunded, t.State, history, t.Reason, pg.At(t.ProofDue))
	if err != nil {
		return fmt.Errorf("trade: %w", err)
	}
	if tag.RowsAffected() != 1 {
		return hashyard.Conflict.Errorf("trade %s was changed meanwhile", t.ID)
	}
	return nil
}

func updateUnit(ctx context.Context, tx *pg.Tx, trade hashyard.ID, u brokerage.TradeUnit) error {
	p := u.Proof
	_, err := tx.Conn().Exec(ctx, `
		UPDATE trade_units SET proof = $3, proof_started_at = $4, proof_decided_at = $5, verdict = $6, estimate_hs = $7,
			lower_hs = $8, upper_hs = $9, floor_hs = $10, effective = $11, shares = $12, work = $13::text::numeric,
			window_from = $14, window_to = $15
		WHERE trade_id = $1 AND unit_id = $2`,
		trade, u.Unit, p.State, pg.At(p.StartedAt), pg.At(p.DecidedAt), p.Decision.Verdict, float64(p.Decision.Estimate),
		float64(p.Decision.Lower), float64(p.Decision.Upper), float64(p.Decision.Floor), p.Decision.Effective,
		p.Shares, p.Work.String(), pg.At(p.From), pg.At(p.To))
	if err != nil {
		return fmt.Errorf("proof of unit %s: %w", u.Unit, err)
	}
	return nil
}

func putPayment(ctx context.Context, tx *pg.Tx, d brokerage.Dossier) error {
	p := d.Payment
	how, err := json.Marshal(p.Instructions)
	if err != nil {
		return err
	}
	var railID any
	if p.RailID != "" {
		railID = p.RailID
	}
	_, err = tx.Conn().Exec(ctx, `
		INSERT INTO payments (trade_id, buyer_org, key, rail_id, status, amount_cents, received_cents, instructions, opened_at, succeeded_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (trade_id) DO UPDATE SET (rail_id, status, received_cents, instructions, succeeded_at) =
			(EXCLUDED.rail_id, EXCLUDED.status, EXCLUDED.received_cents, EXCLUDED.instructions, EXCLUDED.succeeded_at)`,
		d.Trade.ID, d.Trade.Buyer, p.Key, railID, p.Status, p.Amount, p.Received, how, p.OpenedAt, pg.At(p.SucceededAt))
	if err != nil {
		return fmt.Errorf("payment: %w", err)
	}
	return nil
}

func putSettlement(ctx context.Context, tx *pg.Tx, d brokerage.Dossier) error {
	s := d.Settlement
	_, err := tx.Conn().Exec(ctx, `
		INSERT INTO settlements (trade_id, buyer_org, seller_org, kind, key, amount_cents, commission_cents, rail_id, made_at, done_at, trouble)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (trade_id) DO UPDATE SET (rail_id, done_at, trouble) = (EXCLUDED.rail_id, EXCLUDED.done_at, EXCLUDED.trouble)`,
		d.Trade.ID, d.Trade.Buyer, d.Trade.Seller, s.Kind, s.Key, s.Amount, s.Commission, s.RailID, s.MadeAt, pg.At(s.DoneAt), s.Trouble)
	if err != nil {
		return fmt.Errorf("settlement: %w", err)
	}
	return nil
}
