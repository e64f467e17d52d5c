// Package postgres keeps inventory in Postgres: models, units, custody,
// reservations, shipments and the life line of each unit. Every method is one
// whole transaction; rows are locked in the order of their ids, so commands on
// overlapping units wait for each other and never deadlock.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/inventory"
	"hashyard/migrations/pg"
)

// Store implements inventory.Store.
type Store struct{ db *pg.DB }

var _ inventory.Store = (*Store)(nil)

// New keeps inventory in db.
func New(db *pg.DB) *Store { return &Store{db: db} }

// read runs fn where the actor may read: in its organisation, or everywhere
// for the house and for the system itself. Whether a house actor may was
// decided at the edge.
func (s *Store) read(ctx context.Context, actor hashyard.Actor, fn func(ctx context.Context, tx *pg.Tx) error) error {
	if actor.House || actor.System != "" {
		return s.db.AsSystem(ctx, "inventory.read", fn)
	}
	return s.db.InOrg(ctx, actor, actor.Org, fn)
}

// Models lists every model by name.
func (s *Store) Models(ctx context.Context) (out []inventory.Model, err error) {
	err = s.db.AsSystem(ctx, "inventory.models", func(ctx context.Context, tx *pg.Tx) error {
		out, err = models(ctx, tx)
		return err
	})
	return out, pg.Fail(err, "list models")
}

func models(ctx context.Context, tx *pg.Tx) ([]inventory.Model, error) {
	rows, err := tx.Conn().Query(ctx, `
		SELECT id, name, base, maker, family, nominal_ghs, millijoules_per_th, aliases
		FROM models ORDER BY name`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (m inventory.Model, err error) {
		err = row.Scan(&m.ID, &m.Name, &m.Base, &m.Maker, &m.Family, &m.NominalGHs, &m.MilliJoulesPerT, &m.Aliases)
		return m, err
	})
}

// PutModels makes the models known, or as given if they are.
func (s *Store) PutModels(ctx context.Context, ms []inventory.Model) error {
	err := s.db.AsSystem(ctx, "inventory.models", func(ctx context.Context, tx *pg.Tx) error {
		for _, m := range ms {
			aliases := m.Aliases
			if aliases == nil {
				aliases = []string{}
			}
			_, err := tx.Conn().Exec(ctx, `
				INSERT INTO models (id, name, base, maker, family, nominal_ghs, millijoules_per_th, aliases)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
				ON CONFLICT (id) DO UPDATE SET (name, base, maker, family, nominal_ghs, millijoules_per_th, aliases) =
					(EXCLUDED.name, EXCLUDED.base, EXCLUDED.maker, EXCLUDED.family, EXCLUDED.nominal_ghs,
					 EXCLUDED.millijoules_per_th, EXCLUDED.aliases)`,
				m.ID, m.Name, m.Base, m.Maker, m.Family, m.NominalGHs, m.MilliJoulesPerT, aliases)
			if err != nil {
				return fmt.Errorf("model %s: %w", m.Name, err)
			}
		}
		return nil
	})
	return pg.Fail(err, "put models")
}

// Change implements inventory.Store.
func (s *Store) Change(ctx context.Context, as inventory.As, sel inventory.Select, rule func(inventory.Loaded) (inventory.Write, error)) error {
	work := func(ctx context.Context, tx *pg.Tx) error {
		if !as.Event.IsZero() {
			first, err := tx.Once(ctx, as.Event, as.Reason)
			if err != nil || !first {
				return err
			}
		}
		loaded, err := load(ctx, tx, sel)
		if err != nil {
			return err
		}
		before := slices.Clone(loaded.Units)
		w, err := rule(loaded)
		if err != nil {
			return err
		}
		err = write(ctx, tx, before, w)
		hashyard.Hit(hashyard.AtCustodyCommit)
		return err
	}
	defer hashyard.Hit(hashyard.AtCustodyAfter)
	if as.Reason != "" {
		return s.db.AsSystem(ctx, as.Reason, work)
	}
	return s.db.InOrg(ctx, as.Actor, as.Actor.Org, work)
}

// load locks the shipment first, then the units by id.
func load(ctx context.Context, tx *pg.Tx, sel inventory.Select) (inventory.Loaded, error) {
	var out inventory.Loaded
	ids := sel.Units
	switch {
	case !sel.Shipment.IsZero():
		ship, err := shipment(ctx, tx, "s.id = $1", sel.Shipment, true)
		if err != nil {
			return out, pg.Fail(err, "shipment %s", sel.Shipment)
		}
		out.Shipment, ids = &ship, nil
		for _, l := range ship.Lines {
			ids = append(ids, l.Unit)
		}
	case !sel.Trade.IsZero():
		ship, err := shipment(ctx, tx, "s.trade_id = $1", sel.Trade, true)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
		case err != nil:
			return out, pg.Fail(err, "shipment of trade %s", sel.Trade)
		default:
			out.Shipment = &ship
		}
	case sel.Serial != "":
		return loadSerial(ctx, tx, sel.Serial)
	}
	var err error
	out.Units, err = lockUnits(ctx, tx, ids, sel.Lenient)
	return out, err
}

// loadSerial also makes two first sightings of one serial wait for each other.
func loadSerial(ctx context.Context, tx *pg.Tx, serial string) (out inventory.Loaded, err error) {
	if _, err := tx.Conn().Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended('unit ' || $1, 0))", serial); err != nil {
		return out, pg.Fail(err, "lock serial %s", serial)
	}
	rows, err := tx.Conn().Query(ctx, "SELECT "+unitColumns+" FROM units u WHERE serial = $1 FOR UPDATE", serial)
	if err != nil {
		return out, pg.Fail(err, "unit with serial %s", serial)
	}
	if out.Units, err = pgx.CollectRows(rows, scanUnit); err != nil {
		return out, pg.Fail(err, "unit with serial %s", serial)
	}
	out.Models, err = models(ctx, tx)
	return out, pg.Fail(err, "models")
}

// lockUnits returns the units in the order asked for; all must be there.
func lockUnits(ctx context.Context, tx *pg.Tx, ids []hashyard.ID, lenient bool) ([]inventory.Unit, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := tx.Conn().Query(ctx, "SELECT "+unitColumns+" FROM units u WHERE id = ANY ($1) ORDER BY id FOR UPDATE", pg.KnownUUIDs(ids))
	if err != nil {
		return nil, pg.Fail(err, "lock units")
	}
	found, err := pgx.CollectRows(rows, scanUnit)
	if err != nil {
		return nil, pg.Fail(err, "lock units")
	}
	byID := make(map[hashyard.ID]inventory.Unit, len(found))
	for _, u := range found {
		byID[u.ID] = u
	}
	out := make([]inventory.Unit, 0, len(ids))
	for _, id := range ids {
		u, ok := byID[id]
		if !ok && lenient {
			continue
		}
		if !ok {
			return nil, hashyard.NotFound.Errorf("unit %s", id)
		}
		out = append(out, u)
	}
	return out, nil
}
