package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/inventory"
	"hashyard/migrations/pg"
)

const unitColumns = `u.id, u.owner_org, u.custodian_org, u.carrier, u.destined_org, u.site_id, u.serial, u.mac, u.model,
	u.model_id, u.boards, u.nominal_ghs, u.state, u.order_id, u.trade_id, u.custody_seq, u.readers, u.version,
	u.registered_at, u.seen_at, u.shelf, u.entered`

func scanUnit(row pgx.CollectableRow) (u inventory.Unit, err error) {
	var readers [][16]byte
	err = row.Scan(&u.ID, &u.Owner, &u.Custodian, &u.Carrier, &u.Destined, &u.Site, &u.Serial, &u.MAC, &u.Model,
		&u.ModelID, &u.Boards, &u.NominalGHs, &u.State, &u.Order, &u.Trade, &u.CustodySeq, &readers, &u.Version,
		&u.RegisteredAt, &u.SeenAt, &u.Shelf, &u.Entered)
	for _, r := range readers {
		u.Readers = append(u.Readers, r)
	}
	u.RegisteredAt, u.SeenAt = u.RegisteredAt.UTC(), u.SeenAt.UTC()
	return u, err
}

// Unit implements inventory.Store.
func (s *Store) Unit(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (u inventory.Unit, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+unitColumns+" FROM units u WHERE id = $1", id)
		if err != nil {
			return err
		}
		u, err = pgx.CollectExactlyOneRow(rows, scanUnit)
		return err
	})
	return u, pg.Fail(err, "unit %s", id)
}

// Units implements inventory.Store.
func (s *Store) Units(ctx context.Context, actor hashyard.Actor, q inventory.UnitQuery) (out []inventory.Unit, next string, err error) {
	after, err := pg.CursorID(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	everything := actor.House || actor.System != ""
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		// strpos, not LIKE: what people type holds no pattern.
		rows, err := tx.Conn().Query(ctx, "SELECT "+unitColumns+` FROM units u
			WHERE ($1::uuid IS NULL OR u.id > $1)
			  AND ($6::uuid[] IS NULL OR u.id = ANY ($6))
			  AND CASE WHEN $6::uuid[] IS NOT NULL THEN true
			           WHEN $2 <> '' THEN strpos(u.serial, upper($2)) > 0 OR strpos(u.mac, lower($2)) > 0
			           ELSE $3 OR u.owner_org = $4 OR u.custodian_org = $4 END
			ORDER BY u.id LIMIT $5`, after, q.Text, everything, actor.Org, q.Limit+1, idsOrNull(q.IDs))
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanUnit)
		return err
	})
	if err != nil {
		return nil, "", pg.Fail(err, "list units")
	}
	if len(out) > q.Limit {
		out = out[:q.Limit]
		next = out[q.Limit-1].ID.String()
	}
	return out, next, nil
}

// idsOrNull is NULL, no condition, for no ids.
func idsOrNull(ids []hashyard.ID) any {
	if len(ids) == 0 {
		return nil
	}
	return pg.UUIDs(ids)
}

// Custody implements inventory.Store.
func (s *Store) Custody(ctx context.Context, actor hashyard.Actor, unit hashyard.ID) (out []inventory.Custody, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			SELECT unit_id, seq, from_org, from_carrier, to_org, to_carrier, at, reason, shipment_id, by_user
			FROM custody WHERE unit_id = $1 ORDER BY seq`, unit)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c inventory.Custody, err error) {
			err = row.Scan(&c.Unit, &c.Seq, &c.From.Org, &c.From.Carrier, &c.To.Org, &c.To.Carrier, &c.At, &c.Reason, &c.Shipment, &c.By)
			c.At = c.At.UTC()
			return c, err
		})
		return err
	})
	return out, pg.Fail(err, "custody of unit %s", unit)
}

// Events implements inventory.Store. Event ids grow with time, so they order
// the life line and page it.
func (s *Store) Events(ctx context.Context, actor hashyard.Actor, unit hashyard.ID, cursor string, limit int) (out []hashyard.Event, next string, err error) {
	after, err := pg.CursorID(cursor)
	if err != nil {
		return nil, "", err
	}
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			SELECT event_id, kind, ref_kind, ref_id, at, payload FROM unit_events
			WHERE unit_id = $1 AND ($2::uuid IS NULL OR event_id > $2) ORDER BY event_id LIMIT $3`, unit, after, limit+1)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (ev hashyard.Event, err error) {
			err = row.Scan(&ev.ID, &ev.Kind, &ev.Ref.Kind, &ev.Ref.ID, &ev.At, &ev.Payload)
			ev.At = ev.At.UTC()
			return ev, err
		})
		return err
	})
	if err != nil {
		return nil, "", pg.Fail(err, "life line of unit %s", unit)
	}
	if len(out) > limit {
		out = out[:limit]
		next = out[limit-1].ID.String()
	}
	return out, next, nil
}

// FileEvent implements inventory.Store. Filing the same event again finds it
// there.
func (s *Store) FileEvent(ctx context.Context, ev hashyard.Event) error {
	err := s.db.AsSystem(ctx, "inventory.lifeline", func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, `
			INSERT INTO unit_events (unit_id, event_id, kind, ref_kind, ref_id, at, orgs, payload)
			SELECT unit, $2, $3, $4, $5, $6, $7, $8 FROM unnest($1::uuid[]) unit
			ON CONFLICT DO NOTHING`,
			pg.KnownUUIDs(ev.Units), ev.ID, ev.Kind, ev.Ref.Kind, ev.Ref.ID, ev.At, pg.KnownUUIDs(ev.Orgs), []byte(ev.Payload))
		return err
	})
	return pg.Fail(err, "file event %s", ev.ID)
}
