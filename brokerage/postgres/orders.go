package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/brokerage"
	"hashyard/migrations/pg"
)

const instrumentColumns = "i.id, i.name, i.model, i.region, i.incoterm, i.currency, i.nominal_ghs"

func scanInstrument(row pgx.CollectableRow) (i brokerage.Instrument, err error) {
	err = row.Scan(&i.ID, &i.Name, &i.Model, &i.Region, &i.Incoterm, &i.Currency, &i.NominalGHs)
	return i, err
}

// Instruments implements brokerage.OrderStore.
func (s *Store) Instruments(ctx context.Context) (out []brokerage.Instrument, err error) {
	err = s.db.AsSystem(ctx, "brokerage.instruments", func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, scanInstrument, "SELECT "+instrumentColumns+" FROM instruments i ORDER BY i.name")
		return err
	})
	return out, pg.Fail(err, "list instruments")
}

// Instrument implements brokerage.OrderStore.
func (s *Store) Instrument(ctx context.Context, id hashyard.ID) (i brokerage.Instrument, err error) {
	err = s.db.AsSystem(ctx, "brokerage.instruments", func(ctx context.Context, tx *pg.Tx) error {
		i, err = exactlyOne(ctx, tx, scanInstrument, "SELECT "+instrumentColumns+" FROM instruments i WHERE i.id = $1", id)
		return err
	})
	return i, pg.Fail(err, "instrument %s", id)
}

// PutInstrument implements brokerage.OrderStore. What a unit is sold as never
// changes once it is known: orders rest on it.
func (s *Store) PutInstrument(ctx context.Context, i brokerage.Instrument) error {
	err := s.db.AsSystem(ctx, "brokerage.instruments", func(ctx context.Context, tx *pg.Tx) error {
		tag, err := tx.Conn().Exec(ctx, `
			INSERT INTO instruments AS i (id, name, model, region, incoterm, currency, nominal_ghs)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name
			WHERE (i.model, i.region, i.incoterm, i.currency, i.nominal_ghs) =
			      (EXCLUDED.model, EXCLUDED.region, EXCLUDED.incoterm, EXCLUDED.currency, EXCLUDED.nominal_ghs)`,
			i.ID, i.Name, i.Model, i.Region, i.Incoterm, i.Currency, i.NominalGHs)
		if err == nil && tag.RowsAffected() == 0 {
			return hashyard.Conflict.Errorf("it is already known with other terms")
		}
		return err
	})
	return pg.Fail(err, "instrument %s", i.Name)
}

const orderColumns = `o.id, o.org_id, o.instrument_id, o.command_id, o.side, o.tif, o.price_mc, o.units, o.filled,
	o.unit_ids, o.condition, o.state, o.reason, o.seq, o.created_at, o.changed_at,
	o.type, o.stp, o.post_only, o.aon, o.min_units, o.lot, o.expires_at`

func scanOrder(row pgx.CollectableRow) (o brokerage.Order, err error) {
	var side, tif, kind, stp string
	var expires *time.Time
	var units [][16]byte
	err = row.Scan(&o.ID, &o.Org, &o.Instrument, &o.Command, &side, &tif, &o.Price, &o.Units, &o.Filled,
		&units, &o.Condition, &o.State, &o.Reason, &o.Seq, &o.CreatedAt, &o.ChangedAt,
		&kind, &stp, &o.PostOnly, &o.AON, &o.Min, &o.Lot, &expires)
	if err != nil {
		return o, err
	}
	o.UnitIDs, o.CreatedAt, o.ChangedAt = ids(units), o.CreatedAt.UTC(), o.ChangedAt.UTC()
	o.Expires = pg.When(expires)
	return o, errors.Join(o.Side.UnmarshalText([]byte(side)), o.TIF.UnmarshalText([]byte(tif)),
		o.Type.UnmarshalText([]byte(kind)), o.STP.UnmarshalText([]byte(stp)))
}

// AddOrder implements brokerage.OrderStore.
func (s *Store) AddOrder(ctx context.Context, actor hashyard.Actor, o brokerage.Order) (out brokerage.Order, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		tag, err := tx.Conn().Exec(ctx, `
			INSERT INTO orders (id, org_id, instrument_id, command_id, side, tif, price_mc, units, unit_ids, condition, state, created_at, changed_at,
				type, stp, post_only, aon, min_units, lot, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $14, $15, $16, $17, $18, $19)
			ON CONFLICT (command_id) DO NOTHING`,
			o.ID, o.Org, o.Instrument, o.Command, o.Side.String(), o.TIF.String(), o.Price, o.Units,
			pg.UUIDs(o.UnitIDs), jsonOrNull(o.Condition), o.State, o.CreatedAt,
			o.Type.String(), o.STP.String(), o.PostOnly, o.AON, o.Min, o.Lot, pg.At(o.Expires))
		if err != nil {
			return err
		}
		out, err = exactlyOne(ctx, tx, scanOrder, "SELECT "+orderColumns+" FROM orders o WHERE o.command_id = $1", o.Command)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return tx.Audit(ctx, "order.place", o.Ref(), nil, audited(out))
	})
	return out, pg.Fail(err, "place order")
}

func jsonOrNull(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// audited is what the audit trail keeps of an order: not its telemetry.
func audited(o brokerage.Order) brokerage.Order {
	o.Condition = nil
	return o
}

// RejectOrder implements brokerage.OrderStore.
func (s *Store) RejectOrder(ctx context.Context, id hashyard.ID, reason string, now time.Time) (out brokerage.Order, err error) {
	err = s.db.AsSystem(ctx, "brokerage.reject", func(ctx context.Context, tx *pg.Tx) error {
		out, err = exactlyOne(ctx, tx, scanOrder, "SELECT "+orderColumns+" FROM orders o WHERE o.id = $1 FOR UPDATE", id)
		if err != nil || out.State != brokerage.OrderPlacing {
			return err
		}
		before := out
		if out, err = out.To(brokerage.OrderRejected, reason, now); err != nil {
			return err
		}
		if err := moveOrder(ctx, tx, before, out); err != nil {
			return err
		}
		ev, err := out.ClosedEvent(now)
		if err != nil {
			return err
		}
		if err := tx.Emit(ctx, ev); err != nil {
			return err
		}
		return tx.AuditFor(ctx, out.Org, "order.reject", out.Ref(), audited(before), audited(out))
	})
	hashyard.Hit(hashyard.AtOrderRejected)
	return out, pg.Fail(err, "reject order %s", id)
}

// moveOrder is the guarded write of an order's row.
func moveOrder(ctx context.Context, tx *pg.Tx, before, after brokerage.Order) error {
	tag, err := tx.Conn().Exec(ctx, moveOrderSQL, moveOrderArgs(before, after)...)
	if err != nil {
		return err
	}
	return moved(tag.RowsAffected(), before)
}

const moveOrderSQL = `
	UPDATE orders SET state = $4, filled = $5, reason = $6, seq = $7, changed_at = $8, price_mc = $9, units = $10
	WHERE id = $1 AND state = $2 AND filled = $3`

func moveOrderArgs(before, after brokerage.Order) []any {
	return []any{before.ID, before.State, before.Filled, after.State, after.Filled, after.Reason, after.Seq, after.ChangedAt, after.Price, after.Units}
}

func moved(rows int64, before brokerage.Order) error {
	if rows != 1 {
		return hashyard.Conflict.Errorf("order %s is not %s with %d filled any more", before.ID, before.State, before.Filled)
	}
	return nil
}

// NoteCancel implements brokerage.OrderStore.
func (s *Store) NoteCancel(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (o brokerage.Order, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		o, err = exactlyOne(ctx, tx, scanOrder, "SELECT "+orderColumns+" FROM orders o WHERE o.id = $1", id)
		if err != nil {
			return err
		}
		return tx.Audit(ctx, "order.cancel", o.Ref(), audited(o), nil)
	})
	return o, pg.Fail(err, "cancel order %s", id)
}

// NoteAmend implements brokerage.OrderStore.
func (s *Store) NoteAmend(ctx context.Context, actor hashyard.Actor, id hashyard.ID, price hashyard.MilliCentsPerTH, units int64) (o brokerage.Order, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		o, err = exactlyOne(ctx, tx, scanOrder, "SELECT "+orderColumns+" FROM orders o WHERE o.id = $1", id)
		if err != nil {
			return err
		}
		return tx.Audit(ctx, "order.amend", o.Ref(), audited(o), audited(o.Amended(price, units)))
	})
	return o, pg.Fail(err, "amend order %s", id)
}

// NoteTurn implements brokerage.OrderStore.
func (s *Store) NoteTurn(ctx context.Context, actor hashyard.Actor, instrument hashyard.ID, command, reason string) error {
	err := s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		return tx.Audit(ctx, command, hashyard.Ref{Kind: "instrument", ID: instrument}, nil, map[string]string{"reason": reason})
	})
	return pg.Fail(err, "%s %s", command, instrument)
}

// StalePlacing implements brokerage.OrderStore.
func (s *Store) StalePlacing(ctx context.Context, before time.Time, after hashyard.ID) (out []hashyard.ID, err error) {
	err = s.db.AsSystem(ctx, "brokerage.sweep", func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, pgx.RowTo[hashyard.ID],
			"SELECT id FROM orders WHERE state = 'placing' AND created_at < $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT 100", before, after)
		return err
	})
	return out, pg.Fail(err, "find stale orders")
}

// Order implements brokerage.OrderStore.
func (s *Store) Order(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (o brokerage.Order, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		o, err = exactlyOne(ctx, tx, scanOrder, "SELECT "+orderColumns+" FROM orders o WHERE o.id = $1", id)
		return err
	})
	return o, pg.Fail(err, "order %s", id)
}

// Orders implements brokerage.OrderStore.
func (s *Store) Orders(ctx context.Context, actor hashyard.Actor, q brokerage.OrderQuery) (out []brokerage.Order, next string, err error) {
	before, err := pg.CursorID(q.Cursor)
	if err != nil {
		return nil, "", fmt.Errorf("list orders: %w", err)
	}
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		out, err = list(ctx, tx, scanOrder, "SELECT "+orderColumns+` FROM orders o
			WHERE ($1::uuid IS NULL OR o.id < $1) AND ($2::uuid IS NULL OR o.instrument_id = $2) AND ($3 = '' OR o.state = $3)
			ORDER BY o.id DESC LIMIT $4`, before, q.Instrument, string(q.State), q.Limit+1)
		return err
	})
	out, next = cut(out, q.Limit, func(o brokerage.Order) hashyard.ID { return o.ID })
	return out, next, pg.Fail(err, "list orders")
}
