package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage/ledger"
	"hashyard/brokerage/treasury"
	"hashyard/migrations/pg"
)

const payoutColumns = `id, org_id, address, amount_sats, fee_sats, state, reason, psbt, coalesce(txid, ''), tx,
	coalesce(mined_height, 0), coalesce(mined_hash, ''), requested_at, reserved_at, signed_at, broadcast_at, confirmed_at, refused_at, version`

func scanPayout(row pgx.CollectableRow) (p treasury.Payout, err error) {
	var mined string
	var reserved, signed, sent, confirmed, refused *time.Time
	err = row.Scan(&p.ID, &p.Org, &p.Address, &p.Amount, &p.Fee, &p.State, &p.Reason, &p.PSBT, &p.TxID, &p.Tx,
		&p.Mined.Height, &mined, &p.RequestedAt, &reserved, &signed, &sent, &confirmed, &refused, &p.Version)
	if err != nil {
		return p, err
	}
	p.RequestedAt = p.RequestedAt.UTC()
	p.ReservedAt, p.SignedAt, p.BroadcastAt = pg.When(reserved), pg.When(signed), pg.When(sent)
	p.ConfirmedAt, p.RefusedAt = pg.When(confirmed), pg.When(refused)
	p.Mined.Hash, err = parseHash(mined)
	return p, err
}

// updatePayout writes a payout that was loaded in this transaction.
func updatePayout(ctx context.Context, tx *pg.Tx, p treasury.Payout) error {
	var txid, height any
	if p.TxID != "" {
		txid = p.TxID
	}
	if p.Mined.Hash != (treasury.Hash{}) {
		height = p.Mined.Height
	}
	tag, err := tx.Conn().Exec(ctx, `
		UPDATE payouts SET fee_sats = $3, state = $4, reason = $5, psbt = $6, txid = $7, tx = $8, mined_height = $9, mined_hash = $10,
			reserved_at = $11, signed_at = $12, broadcast_at = $13, confirmed_at = $14, refused_at = $15, version = version + 1
		WHERE id = $1 AND version = $2`,
		p.ID, p.Version, p.Fee, p.State, p.Reason, p.PSBT, txid, p.Tx, height, hashText(p.Mined.Hash),
		pg.At(p.ReservedAt), pg.At(p.SignedAt), pg.At(p.BroadcastAt), pg.At(p.ConfirmedAt), pg.At(p.RefusedAt))
	if err == nil && tag.RowsAffected() != 1 {
		err = hashyard.Conflict.Errorf("payout %s was changed meanwhile", p.ID)
	}
	return err
}

// Due implements treasury.Store.
func (s *Treasury) Due(ctx context.Context, threshold hashyard.Sats, refusedSince time.Time) (out []treasury.Due, err error) {
	err = s.db.AsSystem(ctx, "treasury.due", func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, pgx.RowToStructByPos[treasury.Due], `
			SELECT l.org_id, a.address, -l.balance FROM ledger_accounts l JOIN payout_addresses a USING (org_id)
			WHERE l.currency = 'BTC' AND l.purpose = $1 AND -l.balance >= greatest($2, 1)
				AND NOT EXISTS (SELECT FROM payouts p WHERE p.org_id = l.org_id AND p.state NOT IN ('confirmed', 'refused'))
				AND NOT EXISTS (SELECT FROM payouts p WHERE p.org_id = l.org_id AND p.state = 'refused'
					AND p.address = a.address AND p.refused_at > greatest(a.set_at, $3))
			ORDER BY l.org_id`, ledger.Earnings, threshold, refusedSince)
		return err
	})
	return out, pg.Fail(err, "payouts that are due")
}

// AddPayout implements treasury.Store.
func (s *Treasury) AddPayout(ctx context.Context, p treasury.Payout) (added bool, err error) {
	err = s.db.AsSystem(ctx, "treasury.request", func(ctx context.Context, tx *pg.Tx) error {
		owed, err := owed(ctx, tx, p.Org)
		if err != nil || owed < p.Amount {
			return err
		}
		tag, err := tx.Conn().Exec(ctx, `
			INSERT INTO payouts (id, org_id, address, amount_sats, state, requested_at)
			SELECT $1, $2, $3, $4, $5, $6
			WHERE NOT EXISTS (SELECT FROM payouts WHERE org_id = $2 AND state NOT IN ('confirmed', 'refused'))
			ON CONFLICT DO NOTHING`, p.ID, p.Org, p.Address, p.Amount, p.State, p.RequestedAt)
		if err != nil {
			return err
		}
		if added = tag.RowsAffected() == 1; !added {
			return nil
		}
		return tx.AuditFor(ctx, p.Org, "payout.request", p.Ref(), nil, p)
	})
	return added, pg.Fail(err, "request payout of %s", p.Org)
}

// SignedSince implements treasury.Store.
func (s *Treasury) SignedSince(ctx context.Context, since time.Time) (sum hashyard.Sats, err error) {
	err = s.db.AsSystem(ctx, "treasury.read", func(ctx context.Context, tx *pg.Tx) error {
		return tx.Conn().QueryRow(ctx, "SELECT coalesce(sum(amount_sats + fee_sats), 0)::bigint FROM payouts WHERE signed_at >= $1", since).Scan(&sum)
	})
	return sum, pg.Fail(err, "signed payouts")
}

// OpenPayouts implements treasury.Store.
func (s *Treasury) OpenPayouts(ctx context.Context) (out []treasury.Payout, err error) {
	err = s.db.AsSystem(ctx, "treasury.read", func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, scanPayout, "SELECT "+payoutColumns+" FROM payouts WHERE state NOT IN ('confirmed', 'refused') ORDER BY id")
		return err
	})
	return out, pg.Fail(err, "open payouts")
}

// payoutForUpdate loads and locks a payout.
func payoutForUpdate(ctx context.Context, tx *pg.Tx, id hashyard.ID) (treasury.Payout, error) {
	return exactlyOne(ctx, tx, scanPayout, "SELECT "+payoutColumns+" FROM payouts WHERE id = $1 FOR UPDATE", id)
}

// ReservePayout implements treasury.Store.
func (s *Treasury) ReservePayout(ctx context.Context, id hashyard.ID, confirmations int64, rule func(treasury.Payout, []treasury.Coin) (treasury.Move, error)) (out treasury.Payout, err error) {
	err = s.db.AsSystem(ctx, "treasury.reserve", func(ctx context.Context, tx *pg.Tx) error {
		h, err := head(ctx, tx, " FOR UPDATE")
		if err != nil {
			return err
		}
		p, err := payoutForUpdate(ctx, tx, id)
		if err != nil {
			return err
		}
		free, err := list(ctx, tx, scanCoin, "SELECT "+coinColumns+coinsFrom+`
			WHERE c.spent_height IS NULL AND r.payout_id IS NULL AND c.mature <= $1 AND (c.kind = $2 OR c.height <= $1 - $3 + 1)
			ORDER BY c.sats DESC, c.txid, c.vout`, h.Height, treasury.Change, confirmations)
		if err != nil {
			return err
		}
		m, err := rule(p, free)
		if err != nil {
			return err
		}
		out, err = s.move(ctx, tx, m)
		return err
	})
	return out, pg.Fail(err, "reserve coins")
}

// MovePayout implements treasury.Store.
func (s *Treasury) MovePayout(ctx context.Context, id hashyard.ID, rule func(treasury.Payout) (treasury.Move, error)) (out treasury.Payout, err error) {
	err = s.db.AsSystem(ctx, "treasury.payout", func(ctx context.Context, tx *pg.Tx) error {
		p, err := payoutForUpdate(ctx, tx, id)
		if err != nil {
			return err
		}
		m, err := rule(p)
		if err != nil {
			return err
		}
		out, err = s.move(ctx, tx, m)
		return err
	})
	return out, pg.Fail(err, "payout %s", id)
}

func (s *Treasury) move(ctx context.Context, tx *pg.Tx, m treasury.Move) (treasury.Payout, error) {
	p := m.Payout
	if err := updatePayout(ctx, tx, p); err != nil {
		return p, err
	}
	p.Version++
	for _, c := range m.Hold {
		if _, err := tx.Conn().Exec(ctx, "INSERT INTO payout_coins (payout_id, txid, vout, sats) VALUES ($1, $2, $3, $4)",
			p.ID, c.Point.Hash.String(), c.Point.Index, c.Value); err != nil {
			return p, err
		}
	}
	if m.Release {
		if _, err := tx.Conn().Exec(ctx, "UPDATE payout_coins SET free_at = now() WHERE payout_id = $1 AND free_at IS NULL", p.ID); err != nil {
			return p, err
		}
	}
	if err := tx.Emit(ctx, m.Events...); err != nil {
		return p, err
	}
	return p, s.post(ctx, tx, m.Entries)
}

// NotePayout implements treasury.Store.
func (s *Treasury) NotePayout(ctx context.Context, id hashyard.ID, reason string) error {
	err := s.db.AsSystem(ctx, "treasury.note", func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, "UPDATE payouts SET reason = left($2, 1000), version = version + 1 WHERE id = $1 AND state NOT IN ('confirmed', 'refused')", id, reason)
		return err
	})
	return pg.Fail(err, "note payout %s", id)
}

// read runs fn in the actor's organisation, or everywhere for the house.
func (s *Treasury) read(ctx context.Context, actor hashyard.Actor, fn func(ctx context.Context, tx *pg.Tx) error) error {
	if actor.House || actor.System != "" {
		return s.db.AsSystem(ctx, "treasury.read", fn)
	}
	return s.db.InOrg(ctx, actor, actor.Org, fn)
}

// Payout implements treasury.Store.
func (s *Treasury) Payout(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (p treasury.Payout, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		p, err = exactlyOne(ctx, tx, scanPayout, "SELECT "+payoutColumns+" FROM payouts WHERE id = $1", id)
		return err
	})
	return p, pg.Fail(err, "payout %s", id)
}

// Payouts implements treasury.Store.
func (s *Treasury) Payouts(ctx context.Context, actor hashyard.Actor, q treasury.Query) (out []treasury.Payout, next string, err error) {
	before, err := pg.CursorID(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 100
	}
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, scanPayout, "SELECT "+payoutColumns+` FROM payouts
			WHERE ($1::uuid IS NULL OR id < $1) AND ($2 = '' OR state = $2) ORDER BY id DESC LIMIT $3`, before, string(q.State), limit+1)
		return err
	})
	out, next = cut(out, limit, func(p treasury.Payout) hashyard.ID { return p.ID })
	return out, next, pg.Fail(err, "payouts")
}

// Address implements treasury.Store.
func (s *Treasury) Address(ctx context.Context, actor hashyard.Actor) (a treasury.Address, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		a, err = address(ctx, tx, actor.Org, "")
		return err
	})
	return a, pg.Fail(err, "payout address")
}

func address(ctx context.Context, tx *pg.Tx, org hashyard.ID, lock string) (treasury.Address, error) {
	return exactlyOne(ctx, tx, pgx.RowToStructByPos[treasury.Address], "SELECT org_id, address, set_at FROM payout_addresses WHERE org_id = $1"+lock, org)
}

// PutAddress implements treasury.Store.
func (s *Treasury) PutAddress(ctx context.Context, actor hashyard.Actor, a treasury.Address) error {
	err := s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		before, err := list(ctx, tx, pgx.RowToStructByPos[treasury.Address], "SELECT org_id, address, set_at FROM payout_addresses WHERE org_id = $1 FOR UPDATE", a.Org)
		if err != nil {
			return err
		}
		if _, err := tx.Conn().Exec(ctx, `
			INSERT INTO payout_addresses (org_id, address, set_at) VALUES ($1, $2, $3)
			ON CONFLICT (org_id) DO UPDATE SET (address, set_at) = (EXCLUDED.address, EXCLUDED.set_at)`, a.Org, a.Address, a.SetAt); err != nil {
			return err
		}
		return tx.Audit(ctx, "payout_address.set", hashyard.Ref{Kind: "org", ID: a.Org}, before, a)
	})
	return pg.Fail(err, "set payout address")
}
