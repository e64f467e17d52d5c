package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/inventory"
	"hashyard/migrations/pg"
)

// FindShipments implements inventory.Store.
func (s *Store) FindShipments(ctx context.Context, actor hashyard.Actor, number int64, tracking string, limit int) (out []inventory.Shipment, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+shipmentColumns+` FROM shipments s
			WHERE $1 > 0 AND s.number = $1 OR $2 <> '' AND s.tracking <> '' AND upper(s.tracking) = $2
			ORDER BY s.id DESC LIMIT $3`, number, tracking, limit)
		if err != nil {
			return err
		}
		if out, err = pgx.CollectRows(rows, scanShipment); err != nil {
			return err
		}
		return addLines(ctx, tx, out)
	})
	return out, pg.Fail(err, "find shipments")
}

// ShipmentTurns implements inventory.Store: within the organisation for the
// house too.
func (s *Store) ShipmentTurns(ctx context.Context, actor hashyard.Actor) (n int, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		return tx.Conn().QueryRow(ctx, `
			SELECT count(*) FROM shipments WHERE state NOT IN ('received', 'cancelled', 'returned') AND (
				seller_org = $1 AND (state IN ('packing', 'packed') AND stopped = '' OR state = 'returning')
				OR buyer_org = $1 AND state IN ('dispatched', 'arrived'))`, actor.Org).Scan(&n)
	})
	return n, pg.Fail(err, "shipments that wait for %s", actor.Org)
}
