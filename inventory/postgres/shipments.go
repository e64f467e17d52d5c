package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/inventory"
	"hashyard/migrations/pg"
)

const shipmentColumns = `s.id, s.trade_id, s.seller_org, s.buyer_org, s.state, s.carrier, s.tracking, s.reason,
	s.created_at, s.packed_at, s.dispatched_at, s.arrived_at, s.received_at, s.version, s.stopped, s.decided_at, s.returned_at,
	s.number, s.box_size`

func scanShipment(row pgx.CollectableRow) (s inventory.Shipment, err error) {
	var packed, dispatched, arrived, received, decided, returned *time.Time
	err = row.Scan(&s.ID, &s.Trade, &s.Seller, &s.Buyer, &s.State, &s.Carrier, &s.Tracking, &s.Reason,
		&s.CreatedAt, &packed, &dispatched, &arrived, &received, &s.Version, &s.Stopped, &decided, &returned,
		&s.Number, &s.BoxSize)
	s.CreatedAt = s.CreatedAt.UTC()
	s.PackedAt, s.DispatchedAt, s.ArrivedAt, s.ReceivedAt = pg.When(packed), pg.When(dispatched), pg.When(arrived), pg.When(received)
	s.DecidedAt, s.ReturnedAt = pg.When(decided), pg.When(returned)
	return s, err
}

// shipment reads one shipment with its lines; where names the row by $1.
func shipment(ctx context.Context, tx *pg.Tx, where string, id hashyard.ID, lock bool) (inventory.Shipment, error) {
	query := "SELECT " + shipmentColumns + " FROM shipments s WHERE " + where
	if lock {
		query += " FOR UPDATE"
	}
	rows, err := tx.Conn().Query(ctx, query, id)
	if err != nil {
		return inventory.Shipment{}, err
	}
	s, err := pgx.CollectExactlyOneRow(rows, scanShipment)
	if err != nil {
		return s, err
	}
	ships := []inventory.Shipment{s}
	err = addLines(ctx, tx, ships)
	return ships[0], err
}

// addLines reads the lines of all the shipments at once.
func addLines(ctx context.Context, tx *pg.Tx, ships []inventory.Shipment) error {
	at, ids := map[hashyard.ID]int{}, make([]hashyard.ID, len(ships))
	for i, s := range ships {
		at[s.ID], ids[i] = i, s.ID
	}
	rows, err := tx.Conn().Query(ctx, `
		SELECT shipment_id, unit_id, serial, mac, packed_at, packed_by, received_at, received_by, returned_at, returned_by,
			coalesce(box, 0)
		FROM shipment_lines WHERE shipment_id = ANY ($1) ORDER BY shipment_id, position`, pg.KnownUUIDs(ids))
	if err != nil {
		return err
	}
	var l inventory.Line
	var ship hashyard.ID
	var packed, received, returned *time.Time
	_, err = pgx.ForEachRow(rows, []any{
		&ship, &l.Unit, &l.Serial, &l.MAC, &packed, &l.PackedBy, &received, &l.ReceivedBy, &returned, &l.ReturnedBy, &l.Box,
	}, func() error {
		l.PackedAt, l.ReceivedAt, l.ReturnedAt = pg.When(packed), pg.When(received), pg.When(returned)
		s := &ships[at[ship]]
		s.Lines = append(s.Lines, l)
		return nil
	})
	return err
}

// Shipment implements inventory.Store.
func (s *Store) Shipment(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (out inventory.Shipment, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		out, err = shipment(ctx, tx, "s.id = $1", id, false)
		return err
	})
	return out, pg.Fail(err, "shipment %s", id)
}

// Shipments implements inventory.Store, newest first.
func (s *Store) Shipments(ctx context.Context, actor hashyard.Actor, q inventory.ShipmentQuery) (out []inventory.Shipment, next string, err error) {
	before, err := pg.CursorID(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+shipmentColumns+` FROM shipments s
			WHERE ($1::uuid IS NULL OR s.id < $1) AND ($2::uuid IS NULL OR s.trade_id = $2)
			ORDER BY s.id DESC LIMIT $3`, before, q.Trade, q.Limit+1)
		if err != nil {
			return err
		}
		if out, err = pgx.CollectRows(rows, scanShipment); err != nil {
			return err
		}
		return addLines(ctx, tx, out)
	})
	if err != nil {
		return nil, "", pg.Fail(err, "list shipments")
	}
	if len(out) > q.Limit {
		out = out[:q.Limit]
		next = out[q.Limit-1].ID.String()
	}
	return out, next, nil
}

func insertShipment(ctx context.Context, tx *pg.Tx, s inventory.Shipment) error {
	_, err := tx.Conn().Exec(ctx, `
		INSERT INTO shipments (id, trade_id, seller_org, buyer_org, state, created_at, box_size) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		s.ID, s.Trade, s.Seller, s.Buyer, s.State, s.CreatedAt, s.BoxSize)
	if err != nil {
		return pg.Fail(err, "shipment of trade %s", s.Trade)
	}
	for i, l := range s.Lines {
		_, err := tx.Conn().Exec(ctx, `
			INSERT INTO shipment_lines (shipment_id, position, unit_id, serial, mac, seller_org, buyer_org)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, s.ID, i, l.Unit, l.Serial, l.MAC, s.Seller, s.Buyer)
		if err != nil {
			return pg.Fail(err, "line %d of shipment %s", i, s.ID)
		}
	}
	return nil
}

// updateShipment writes the shipment if its version is still the read one,
// with the lines that were scanned.
func updateShipment(ctx context.Context, tx *pg.Tx, s inventory.Shipment, scans []inventory.Scan) error {
	tag, err := tx.Conn().Exec(ctx, `
		UPDATE shipments SET state = $3, carrier = $4, tracking = $5, reason = $6, packed_at = $7, dispatched_at = $8,
			arrived_at = $9, received_at = $10, stopped = $11, decided_at = $12, returned_at = $13, version = version + 1
		WHERE id = $1 AND version = $2`,
		s.ID, s.Version, s.State, s.Carrier, s.Tracking, s.Reason, pg.At(s.PackedAt), pg.At(s.DispatchedAt), pg.At(s.ArrivedAt), pg.At(s.ReceivedAt),
		s.Stopped, pg.At(s.DecidedAt), pg.At(s.ReturnedAt))
	if err != nil {
		return pg.Fail(err, "shipment %s", s.ID)
	}
	if tag.RowsAffected() != 1 {
		return hashyard.Conflict.Errorf("shipment %s was changed meanwhile", s.ID)
	}
	for _, scan := range scans {
		if err := markLine(ctx, tx, s, scan); err != nil {
			return err
		}
	}
	return nil
}

// markLine writes what a scan did to its line.
func markLine(ctx context.Context, tx *pg.Tx, s inventory.Shipment, scan inventory.Scan) error {
	set, args := "", []any{s.ID, scan.Unit, scan.At, scan.By}
	switch {
	case scan.Outcome == inventory.ScanUndone:
		set, args = "SET packed_at = NULL, packed_by = NULL, box = NULL WHERE packed_at IS NOT NULL", args[:2]
	case scan.Outcome != inventory.ScanCounted:
		return nil
	case scan.Kind == inventory.ScanPack:
		set, args = "SET packed_at = $3, packed_by = $4, box = $5 WHERE packed_at IS NULL", append(args, scan.Box)
	case scan.Kind == inventory.ScanReceive:
		set = "SET received_at = $3, received_by = $4 WHERE received_at IS NULL"
	case scan.Kind == inventory.ScanReturn:
		set = "SET returned_at = $3, returned_by = $4 WHERE returned_at IS NULL"
	}
	tag, err := tx.Conn().Exec(ctx, "UPDATE shipment_lines "+set+" AND shipment_id = $1 AND unit_id = $2", args...)
	if err != nil {
		return pg.Fail(err, "scan of %s", scan.Serial)
	}
	if tag.RowsAffected() != 1 {
		return hashyard.Conflict.Errorf("serial %s was scanned meanwhile", scan.Serial)
	}
	return nil
}

func insertScan(ctx context.Context, tx *pg.Tx, s inventory.Scan) error {
	_, err := tx.Conn().Exec(ctx, `
		INSERT INTO shipment_scans (id, shipment_id, seller_org, buyer_org, kind, serial, unit_id, outcome, by_user, at, device_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		s.ID, s.Shipment, s.Seller, s.Buyer, s.Kind, s.Serial, s.Unit, s.Outcome, s.By, s.At, pg.At(s.DeviceAt))
	return pg.Fail(err, "scan of %s", s.Serial)
}
