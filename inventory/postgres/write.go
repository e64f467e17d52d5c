package postgres

import (
	"context"
	"errors"
	"reflect"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"hashyard"
	"hashyard/inventory"
	"hashyard/migrations/pg"
)

// write applies what a rule decided on the units as they were before.
func write(ctx context.Context, tx *pg.Tx, before []inventory.Unit, w inventory.Write) error {
	was := make(map[hashyard.ID]inventory.Unit, len(before))
	for _, u := range before {
		was[u.ID] = u
	}
	for _, u := range w.New {
		if err := insertUnit(ctx, tx, u); err != nil {
			return err
		}
	}
	var changedBefore, changedAfter []inventory.Unit
	for _, u := range w.Units {
		b := was[u.ID]
		if reflect.DeepEqual(b, u) {
			continue
		}
		if err := updateUnit(ctx, tx, u); err != nil {
			return err
		}
		if err := reserve(ctx, tx, b, u, w); err != nil {
			return err
		}
		changedBefore, changedAfter = append(changedBefore, b), append(changedAfter, u)
	}
	for _, c := range w.Custody {
		if err := insertCustody(ctx, tx, c); err != nil {
			return err
		}
	}
	if err := writeShipment(ctx, tx, w); err != nil {
		return err
	}
	for _, m := range w.Mismatches {
		if err := insertMismatch(ctx, tx, m, w); err != nil {
			return err
		}
	}
	if err := tx.Emit(ctx, w.Events...); err != nil {
		return err
	}
	return audit(ctx, tx, changedBefore, append(changedAfter, w.New...), w)
}

func writeShipment(ctx context.Context, tx *pg.Tx, w inventory.Write) error {
	if w.NewShipment != nil {
		if err := insertShipment(ctx, tx, *w.NewShipment); err != nil {
			return err
		}
	}
	if w.Shipment != nil {
		if err := updateShipment(ctx, tx, *w.Shipment, w.Scans); err != nil {
			return err
		}
	}
	for _, s := range w.Scans {
		if err := insertScan(ctx, tx, s); err != nil {
			return err
		}
	}
	return nil
}

// audit leaves one row for a command that changed something.
func audit(ctx context.Context, tx *pg.Tx, before, after []inventory.Unit, w inventory.Write) error {
	if w.Command == "" || (len(after) == 0 && w.Shipment == nil && w.NewShipment == nil) {
		return nil
	}
	type state struct {
		Units    []inventory.Unit    `json:"units,omitempty"`
		Shipment *inventory.Shipment `json:"shipment,omitempty"`
	}
	shipment := w.Shipment
	if w.NewShipment != nil {
		shipment = w.NewShipment
	}
	if org := tx.Org(); !org.IsZero() {
		return tx.Audit(ctx, w.Command, w.Ref, state{Units: before}, state{Units: after, Shipment: shipment})
	}
	// Of what the house does, each organisation reads what is about its own.
	for _, org := range concerned(before, after, shipment) {
		now := state{Units: of(org, after)}
		if shipment != nil && (shipment.Seller == org || shipment.Buyer == org) {
			now.Shipment = shipment
		}
		if err := tx.AuditFor(ctx, org, w.Command, w.Ref, state{Units: of(org, before)}, now); err != nil {
			return err
		}
	}
	return nil
}

// concerned are the organisations that own or keep a unit, before or after, or
// are a side of the shipment; none is the house alone.
func concerned(before, after []inventory.Unit, shipment *inventory.Shipment) []hashyard.ID {
	var orgs []hashyard.ID
	add := func(ids ...hashyard.ID) {
		for _, id := range ids {
			if !id.IsZero() && !slices.Contains(orgs, id) {
				orgs = append(orgs, id)
			}
		}
	}
	for _, us := range [][]inventory.Unit{before, after} {
		for _, u := range us {
			add(u.Owner, u.Custodian)
		}
	}
	if shipment != nil {
		add(shipment.Seller, shipment.Buyer)
	}
	if orgs == nil {
		orgs = []hashyard.ID{{}}
	}
	return orgs
}

// of are the units that the organisation owns or keeps.
func of(org hashyard.ID, us []inventory.Unit) []inventory.Unit {
	return slices.DeleteFunc(slices.Clone(us), func(u inventory.Unit) bool { return u.Owner != org && u.Custodian != org })
}

func insertUnit(ctx context.Context, tx *pg.Tx, u inventory.Unit) error {
	_, err := tx.Conn().Exec(ctx, `
		INSERT INTO units (id, owner_org, custodian_org, carrier, destined_org, site_id, serial, mac, model, model_id, boards,
			nominal_ghs, state, order_id, trade_id, custody_seq, readers, registered_at, seen_at, shelf, entered)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
		u.ID, u.Owner, u.Custodian, u.Carrier, u.Destined, u.Site, u.Serial, u.MAC, u.Model, u.ModelID, texts(u.Boards),
		u.NominalGHs, u.State, u.Order, u.Trade, u.CustodySeq, pg.KnownUUIDs(u.Readers), u.RegisteredAt, u.SeenAt, u.Shelf, u.Entered)
	return pg.Fail(err, "register unit %s", u.Serial)
}

func updateUnit(ctx context.Context, tx *pg.Tx, u inventory.Unit) error {
	tag, err := tx.Conn().Exec(ctx, `
		UPDATE units SET owner_org = $3, custodian_org = $4, carrier = $5, destined_org = $6, site_id = $7, mac = $8, model = $9,
			model_id = $10, boards = $11, nominal_ghs = $12, state = $13, order_id = $14, trade_id = $15, custody_seq = $16,
			readers = $17, seen_at = $18, shelf = $19, entered = $20, version = version + 1
		WHERE id = $1 AND version = $2`,
		u.ID, u.Version, u.Owner, u.Custodian, u.Carrier, u.Destined, u.Site, u.MAC, u.Model,
		u.ModelID, texts(u.Boards), u.NominalGHs, u.State, u.Order, u.Trade, u.CustodySeq,
		pg.KnownUUIDs(u.Readers), u.SeenAt, u.Shelf, u.Entered)
	if err != nil {
		return pg.Fail(err, "unit %s", u.Serial)
	}
	if tag.RowsAffected() != 1 {
		return hashyard.Conflict.Errorf("unit %s was changed meanwhile", u.Serial)
	}
	return nil
}

func texts(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// reserve keeps the history of what held the unit. The unique index refuses a
// second live holder even if every rule above were wrong.
func reserve(ctx context.Context, tx *pg.Tx, was, is inventory.Unit, w inventory.Write) error {
	if !was.Order.IsZero() && was.Order != is.Order {
		_, err := tx.Conn().Exec(ctx, "UPDATE reservations SET released_at = $2 WHERE unit_id = $1 AND released_at IS NULL", is.ID, w.At)
		if err != nil {
			return pg.Fail(err, "release unit %s", is.Serial)
		}
	}
	if !is.Order.IsZero() && was.Order != is.Order {
		_, err := tx.Conn().Exec(ctx, `
			INSERT INTO reservations (id, org_id, unit_id, order_id, at) VALUES ($1, $2, $3, $4, $5)`,
			hashyard.NewID(), is.Owner, is.ID, is.Order, w.At)
		var pe *pgconn.PgError
		if errors.As(err, &pe) && pe.ConstraintName == "reservations_one_live" {
			return hashyard.Conflict.Errorf("unit %s is already listed", is.Serial)
		}
		if err != nil {
			return pg.Fail(err, "reserve unit %s", is.Serial)
		}
	}
	if !is.Trade.IsZero() && was.Trade != is.Trade {
		_, err := tx.Conn().Exec(ctx, "UPDATE reservations SET trade_id = $2 WHERE unit_id = $1 AND released_at IS NULL", is.ID, is.Trade)
		if err != nil {
			return pg.Fail(err, "pass unit %s to trade %s", is.Serial, is.Trade)
		}
	}
	return nil
}

// insertCustody shows a hand-over to who gave, who took and who owned the unit
// then, and to nobody else ever.
func insertCustody(ctx context.Context, tx *pg.Tx, c inventory.Custody) error {
	_, err := tx.Conn().Exec(ctx, `
		INSERT INTO custody (unit_id, seq, from_org, from_carrier, to_org, to_carrier, at, reason, shipment_id, by_user, orgs)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
			(SELECT array_agg(DISTINCT o) FROM units u, unnest(ARRAY[u.owner_org, $3::uuid, $5::uuid]) o
			 WHERE u.id = $1 AND o IS NOT NULL))`,
		c.Unit, c.Seq, c.From.Org, c.From.Carrier, c.To.Org, c.To.Carrier, c.At, c.Reason, c.Shipment, c.By)
	return pg.Fail(err, "custody row %d of unit %s", c.Seq, c.Unit)
}

func insertMismatch(ctx context.Context, tx *pg.Tx, m inventory.Mismatch, w inventory.Write) error {
	_, err := tx.Conn().Exec(ctx, `
		INSERT INTO unit_mismatches (id, org_id, unit_id, field, known, seen, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT DO NOTHING`, hashyard.NewID(), w.Org, m.Unit, m.Field, m.Known, m.Seen, w.At)
	return pg.Fail(err, "mismatch of unit %s", m.Unit)
}
