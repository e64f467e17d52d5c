package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/inventory"
	"hashyard/migrations/pg"
)

// benchScans is how many scans the bench shows.
const benchScans = 60

// Bench implements inventory.Store: one snapshot.
func (s *Store) Bench(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (b inventory.Bench, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		if b.Shipment, err = shipment(ctx, tx, "s.id = $1", id, false); err != nil {
			return err
		}
		if b.Legs, err = legs(ctx, tx, id); err != nil {
			return err
		}
		if b.Scans, err = scans(ctx, tx, id); err != nil {
			return err
		}
		b.Shelves, err = shelves(ctx, tx, actor, b.Shipment)
		return err
	})
	return b, pg.Fail(err, "bench of shipment %s", id)
}

func legs(ctx context.Context, tx *pg.Tx, shipment hashyard.ID) ([]inventory.Leg, error) {
	rows, err := tx.Conn().Query(ctx, `
		SELECT kind, name, carrier, note, planned_from, planned_to, actual_from, actual_to
		FROM shipment_legs WHERE shipment_id = $1 ORDER BY position`, shipment)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (l inventory.Leg, err error) {
		var pf, pt, af, at *time.Time
		err = row.Scan(&l.Kind, &l.Name, &l.Carrier, &l.Note, &pf, &pt, &af, &at)
		l.PlannedFrom, l.PlannedTo, l.ActualFrom, l.ActualTo = pg.When(pf), pg.When(pt), pg.When(af), pg.When(at)
		return l, err
	})
}

func scans(ctx context.Context, tx *pg.Tx, shipment hashyard.ID) ([]inventory.Scan, error) {
	rows, err := tx.Conn().Query(ctx, `
		SELECT id, shipment_id, seller_org, buyer_org, unit_id, kind, serial, outcome, by_user, at, device_at
		FROM shipment_scans WHERE shipment_id = $1 ORDER BY id DESC LIMIT $2`, shipment, benchScans)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c inventory.Scan, err error) {
		var device *time.Time
		err = row.Scan(&c.ID, &c.Shipment, &c.Seller, &c.Buyer, &c.Unit, &c.Kind, &c.Serial, &c.Outcome, &c.By, &c.At, &device)
		c.At, c.DeviceAt = c.At.UTC(), pg.When(device)
		return c, err
	})
}

// shelves of the units that the reader has in hand: where a machine stands is
// its custodian's matter.
func shelves(ctx context.Context, tx *pg.Tx, actor hashyard.Actor, s inventory.Shipment) (map[hashyard.ID]string, error) {
	ids := make([]hashyard.ID, len(s.Lines))
	for i, l := range s.Lines {
		ids[i] = l.Unit
	}
	rows, err := tx.Conn().Query(ctx, `
		SELECT id, shelf FROM units WHERE id = ANY ($1) AND shelf <> '' AND custodian_org = $2`, pg.KnownUUIDs(ids), actor.Org)
	if err != nil {
		return nil, err
	}
	out := map[hashyard.ID]string{}
	var id hashyard.ID
	var shelf string
	_, err = pgx.ForEachRow(rows, []any{&id, &shelf}, func() error {
		out[id] = shelf
		return nil
	})
	return out, err
}

// PutLegs implements inventory.Store.
func (s *Store) PutLegs(ctx context.Context, actor hashyard.Actor, ship inventory.Shipment, plan []inventory.Leg) error {
	err := s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		// The shipment's row makes two plans wait for each other.
		if _, err := tx.Conn().Exec(ctx, "SELECT FROM shipments WHERE id = $1 FOR UPDATE", ship.ID); err != nil {
			return err
		}
		was, err := legs(ctx, tx, ship.ID)
		if err != nil {
			return err
		}
		if _, err := tx.Conn().Exec(ctx, "DELETE FROM shipment_legs WHERE shipment_id = $1", ship.ID); err != nil {
			return err
		}
		for i, l := range plan {
			_, err := tx.Conn().Exec(ctx, `
				INSERT INTO shipment_legs (shipment_id, position, seller_org, buyer_org, kind, name, carrier, note,
					planned_from, planned_to, actual_from, actual_to)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
				ship.ID, i, ship.Seller, ship.Buyer, l.Kind, l.Name, l.Carrier, l.Note,
				pg.At(l.PlannedFrom), pg.At(l.PlannedTo), pg.At(l.ActualFrom), pg.At(l.ActualTo))
			if err != nil {
				return err
			}
		}
		return tx.Audit(ctx, "shipment.plan", hashyard.Ref{Kind: "shipment", ID: ship.ID}, was, plan)
	})
	return pg.Fail(err, "legs of shipment %s", ship.ID)
}
