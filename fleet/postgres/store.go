// Package postgres keeps the fleet in Postgres: sites, miners, readings,
// redirects with their steps, and the agents' commands. Every method is one
// whole transaction in the actor's organisation.
package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/fleet"
	"hashyard/migrations/pg"
)

// Store implements fleet.Store.
type Store struct{ db *pg.DB }

var _ fleet.Store = (*Store)(nil)

// New keeps the fleet in db.
func New(db *pg.DB) *Store { return &Store{db: db} }

// in runs fn in the actor's organisation.
func (s *Store) in(ctx context.Context, actor hashyard.Actor, fn func(ctx context.Context, tx *pg.Tx) error) error {
	return s.db.InOrg(ctx, actor, actor.Org, fn)
}

// read runs fn where the actor may read: the house reads everywhere. Whether
// a house actor may was decided at the edge.
func (s *Store) read(ctx context.Context, actor hashyard.Actor, fn func(ctx context.Context, tx *pg.Tx) error) error {
	if actor.House {
		return s.db.AsSystem(ctx, "fleet.read", fn)
	}
	return s.in(ctx, actor, fn)
}

// PutSite implements fleet.Store.
func (s *Store) PutSite(ctx context.Context, site fleet.Site) error {
	actor := hashyard.Actor{Org: site.Org, System: "fleet.seed"}
	err := s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, `
			INSERT INTO sites (id, org_id, name, cidr, scan_every_ms, read_every_ms) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (id) DO UPDATE SET (name, cidr, scan_every_ms, read_every_ms) =
				(EXCLUDED.name, EXCLUDED.cidr, EXCLUDED.scan_every_ms, EXCLUDED.read_every_ms)`,
			site.ID, site.Org, site.Name, site.CIDR.Masked(), site.ScanEvery.Milliseconds(), site.ReadEvery.Milliseconds())
		return err
	})
	return pg.Fail(err, "site %s", site.Name)
}

const siteColumns = "id, org_id, name, cidr, scan_every_ms, read_every_ms, agent_version, agent_seen_at"

func scanSite(row pgx.CollectableRow) (s fleet.Site, err error) {
	var scan, read int64
	var seen *time.Time
	var cidr netip.Prefix
	err = row.Scan(&s.ID, &s.Org, &s.Name, &cidr, &scan, &read, &s.AgentVersion, &seen)
	s.CIDR, s.AgentSeen = cidr, pg.When(seen)
	s.ScanEvery, s.ReadEvery = time.Duration(scan)*time.Millisecond, time.Duration(read)*time.Millisecond
	return s, err
}

// Sites implements fleet.Store.
func (s *Store) Sites(ctx context.Context, actor hashyard.Actor) (out []fleet.Site, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+siteColumns+" FROM sites ORDER BY name, id")
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanSite)
		return err
	})
	return out, pg.Fail(err, "list sites")
}

// Site implements fleet.Store.
func (s *Store) Site(ctx context.Context, actor hashyard.Actor, nameOrID string) (site fleet.Site, err error) {
	var id hashyard.ID
	if parsed, err := hashyard.ParseID(nameOrID); err == nil {
		id = parsed
	}
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+siteColumns+" FROM sites WHERE id = $1 OR (name = $2 AND $1::uuid IS NULL)", id, nameOrID)
		if err != nil {
			return err
		}
		site, err = pgx.CollectExactlyOneRow(rows, scanSite)
		return err
	})
	return site, pg.Fail(err, "site %.60q", nameOrID)
}

// SawAgent implements fleet.Store; an empty version leaves the known one.
func (s *Store) SawAgent(ctx context.Context, actor hashyard.Actor, site hashyard.ID, version string, at time.Time) error {
	err := s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, `
			UPDATE sites SET agent_seen_at = greatest(agent_seen_at, $2),
				agent_version = CASE WHEN $3 = '' THEN agent_version ELSE $3 END
			WHERE id = $1`, site, at, version)
		return err
	})
	return pg.Fail(err, "agent of site %s", site)
}

// Expect implements fleet.Store.
func (s *Store) Expect(ctx context.Context, event hashyard.ID, units []fleet.Expected,
	rule func(fleet.Redirect) (fleet.Redirect, []hashyard.Event, error),
) error {
	err := s.db.AsSystem(ctx, "fleet.delivered", func(ctx context.Context, tx *pg.Tx) error {
		first, err := tx.Once(ctx, event, "fleet.delivered")
		if err != nil || !first {
			return err
		}
		for _, e := range units {
			// Delivered again, after another sale: expected anew.
			_, err := tx.Conn().Exec(ctx, `
				INSERT INTO expected_units (unit_id, org_id, serial, trade_id, delivered_at) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (unit_id, org_id) DO UPDATE SET serial = EXCLUDED.serial, trade_id = EXCLUDED.trade_id,
					delivered_at = EXCLUDED.delivered_at, redirect_id = NULL, attempts = 0`,
				e.Unit, e.Org, e.Serial, e.Trade, e.DeliveredAt)
			if err != nil {
				return fmt.Errorf("unit %s: %w", e.Unit, err)
			}
			if err := closeOthers(ctx, tx, e.Unit, e.Org, rule); err != nil {
				return fmt.Errorf("unit %s: %w", e.Unit, err)
			}
		}
		return nil
	})
	return pg.Fail(err, "expect delivered units")
}

// ExpectedOf implements fleet.Store.
func (s *Store) ExpectedOf(ctx context.Context, actor hashyard.Actor, units []hashyard.ID) (out []fleet.Expected, err error) {
	err = s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			SELECT unit_id, org_id, serial, trade_id, delivered_at, attempts FROM expected_units
			WHERE unit_id = ANY ($1) AND redirect_id IS NULL ORDER BY unit_id`, pg.KnownUUIDs(units))
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e fleet.Expected, err error) {
			err = row.Scan(&e.Unit, &e.Org, &e.Serial, &e.Trade, &e.DeliveredAt, &e.Attempts)
			return e, err
		})
		return err
	})
	return out, pg.Fail(err, "expected units")
}

// doc is a value for a jsonb column; nothing is NULL.
func doc(v any, none bool) (any, error) {
	if none {
		return nil, nil
	}
	b, err := json.Marshal(v)
	return b, err
}

// undoc reads a jsonb column; NULL leaves v as it is.
func undoc(b []byte, v any) error {
	if b == nil {
		return nil
	}
	return json.Unmarshal(b, v)
}

func isNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
