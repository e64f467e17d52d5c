package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/fleet"
	"hashyard/migrations/pg"
)

// Machines implements fleet.Store. What a machine should mine for is what its
// newest redirect that took says.
func (s *Store) Machines(ctx context.Context, actor hashyard.Actor, site hashyard.ID) (out []fleet.Machine, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			SELECT m.id, m.site_id, m.unit_id, m.serial, m.mac, m.model, m.family, m.address, m.quarantine, m.last_seen, m.gone_at,
				m.rack, m.shelf, m.vitals, coalesce(r.url, ''), coalesce(r.worker, '')
			FROM miners m LEFT JOIN (
				SELECT DISTINCT ON (org_id, unit_id) org_id, unit_id, url, worker FROM redirects
				WHERE state IN ('read_back_equal', 'hashing') ORDER BY org_id, unit_id, id DESC
			) r ON r.org_id = m.org_id AND r.unit_id = m.unit_id
			WHERE $1::uuid IS NULL OR m.site_id = $1 ORDER BY m.id`, site)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (m fleet.Machine, err error) {
			var gone *time.Time
			var vitals []byte
			err = row.Scan(&m.ID, &m.Site, &m.Unit, &m.Serial, &m.MAC, &m.Model, &m.Family, &m.Address, &m.Quarantine, &m.LastSeen, &gone,
				&m.Place.Rack, &m.Place.Shelf, &vitals, &m.WantURL, &m.WantUser)
			if err != nil {
				return m, err
			}
			m.LastSeen, m.GoneAt = m.LastSeen.UTC(), pg.When(gone)
			if err := undoc(vitals, &m.Vitals); err != nil {
				return m, fmt.Errorf("vitals of miner %s: %w", m.ID, err)
			}
			return m, nil
		})
		return err
	})
	return out, pg.Fail(err, "list machines")
}

// AddSite implements fleet.Store.
func (s *Store) AddSite(ctx context.Context, actor hashyard.Actor, site fleet.Site) error {
	err := s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, "INSERT INTO sites (id, org_id, name, cidr, scan_every_ms, read_every_ms) VALUES ($1, $2, $3, $4, $5, $6)",
			site.ID, site.Org, site.Name, site.CIDR.Masked(), site.ScanEvery.Milliseconds(), site.ReadEvery.Milliseconds())
		if err != nil {
			return err
		}
		return tx.Audit(ctx, "site.add", hashyard.Ref{Kind: "site", ID: site.ID}, nil, map[string]string{"name": site.Name, "cidr": site.CIDR.Masked().String()})
	})
	return pg.Fail(err, "site %s", site.Name)
}

// SetPlace implements fleet.Store.
func (s *Store) SetPlace(ctx context.Context, actor hashyard.Actor, miner hashyard.ID, p fleet.Place) error {
	err := s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		var was fleet.Place
		err := tx.Conn().QueryRow(ctx, "SELECT rack, shelf FROM miners WHERE id = $1 FOR UPDATE", miner).Scan(&was.Rack, &was.Shelf)
		if err != nil {
			return err
		}
		if _, err := tx.Conn().Exec(ctx, "UPDATE miners SET rack = $2, shelf = $3 WHERE id = $1", miner, p.Rack, p.Shelf); err != nil {
			return err
		}
		return tx.Audit(ctx, "miner.place", hashyard.Ref{Kind: "miner", ID: miner}, was, p)
	})
	return pg.Fail(err, "place of miner %s", miner)
}

// SiteOrgs implements fleet.Store.
func (s *Store) SiteOrgs(ctx context.Context) (out []hashyard.ID, err error) {
	err = s.db.AsSystem(ctx, "fleet.watch", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT DISTINCT org_id FROM sites ORDER BY org_id")
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowTo[hashyard.ID])
		return err
	})
	return out, pg.Fail(err, "organisations with sites")
}

const alertColumns = `a.id, a.org_id, a.miner_id, a.kind, a.state, a.cause, a.missing_ths, a.lost_th_s, a.raised_at, a.looked_at,
	a.acknowledged_at, a.acknowledged_by, a.cleared_at, m.serial, m.address, m.unit_id`

func alerts(ctx context.Context, tx *pg.Tx, tail string, args ...any) ([]fleet.Alert, error) {
	rows, err := tx.Conn().Query(ctx, "SELECT "+alertColumns+" FROM fleet_alerts a JOIN miners m ON m.id = a.miner_id "+tail, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (a fleet.Alert, err error) {
		var missing float64
		var ack, clear *time.Time
		err = row.Scan(&a.ID, &a.Org, &a.Miner, &a.Kind, &a.State, &a.Cause, &missing, &a.LostTHs, &a.RaisedAt, &a.LookedAt,
			&ack, &a.AcknowledgedBy, &clear, &a.Serial, &a.Address, &a.Unit)
		a.Missing = hashyard.Hashrate(missing) * hashyard.TH
		a.RaisedAt, a.LookedAt = a.RaisedAt.UTC(), a.LookedAt.UTC()
		a.AcknowledgedAt, a.ClearedAt = pg.When(ack), pg.When(clear)
		return a, err
	})
}

func putAlert(ctx context.Context, tx *pg.Tx, a fleet.Alert) error {
	_, err := tx.Conn().Exec(ctx, `
		INSERT INTO fleet_alerts (id, org_id, miner_id, kind, state, cause, missing_ths, lost_th_s, raised_at, looked_at,
			acknowledged_at, acknowledged_by, cleared_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (id) DO UPDATE SET (state, cause, missing_ths, lost_th_s, looked_at, acknowledged_at, acknowledged_by, cleared_at) =
			(EXCLUDED.state, EXCLUDED.cause, EXCLUDED.missing_ths, EXCLUDED.lost_th_s, EXCLUDED.looked_at, EXCLUDED.acknowledged_at,
			 EXCLUDED.acknowledged_by, EXCLUDED.cleared_at)`,
		a.ID, a.Org, a.Miner, a.Kind, a.State, a.Cause, float64(a.Missing/hashyard.TH), a.LostTHs, a.RaisedAt, a.LookedAt,
		pg.At(a.AcknowledgedAt), a.AcknowledgedBy, pg.At(a.ClearedAt))
	return pg.Fail(err, "alert %s", a.ID)
}

// ChangeAlerts implements fleet.Store.
func (s *Store) ChangeAlerts(ctx context.Context, org hashyard.ID, rule func([]fleet.Alert) ([]fleet.Alert, error)) error {
	err := s.in(ctx, hashyard.Actor{Org: org, System: "fleet.watch"}, func(ctx context.Context, tx *pg.Tx) error {
		// Two watchers of one organisation wait for each other here.
		if _, err := tx.Conn().Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended('alerts ' || $1, 0))", org.String()); err != nil {
			return err
		}
		live, err := alerts(ctx, tx, "WHERE a.state <> 'cleared' ORDER BY a.id FOR UPDATE OF a")
		if err != nil {
			return err
		}
		changed, err := rule(live)
		if err != nil {
			return err
		}
		for _, a := range changed {
			if err := putAlert(ctx, tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	return pg.Fail(err, "change alerts")
}

// ChangeAlert implements fleet.Store.
func (s *Store) ChangeAlert(ctx context.Context, actor hashyard.Actor, id hashyard.ID, rule func(fleet.Alert) (fleet.Alert, error)) (out fleet.Alert, err error) {
	err = s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		was, err := alerts(ctx, tx, "WHERE a.id = $1 FOR UPDATE OF a", id)
		if err != nil {
			return err
		}
		if len(was) == 0 {
			return pgx.ErrNoRows
		}
		if out, err = rule(was[0]); err != nil {
			return err
		}
		if err := putAlert(ctx, tx, out); err != nil {
			return err
		}
		return tx.Audit(ctx, "alert.acknowledge", hashyard.Ref{Kind: "alert", ID: id}, was[0], out)
	})
	return out, pg.Fail(err, "alert %s", id)
}

// Alerts implements fleet.Store.
func (s *Store) Alerts(ctx context.Context, actor hashyard.Actor, q fleet.AlertQuery) (out []fleet.Alert, next string, err error) {
	before, err := pg.CursorID(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		out, err = alerts(ctx, tx, `
			WHERE ($1::uuid IS NULL OR a.id < $1) AND ($2::uuid IS NULL OR a.miner_id = $2) AND ($3 OR a.state <> 'cleared')
			ORDER BY a.id DESC LIMIT $4`, before, q.Miner, q.All, q.Limit+1)
		return err
	})
	if err != nil {
		return nil, "", pg.Fail(err, "list alerts")
	}
	if len(out) > q.Limit {
		out = out[:q.Limit]
		next = out[q.Limit-1].ID.String()
	}
	return out, next, nil
}

// Thin implements fleet.Store. Sum and deletion are of the same rows in one
// transaction, so no reading counts twice or is lost; an hour that is thinned
// in two goes is put together.
func (s *Store) Thin(ctx context.Context, before, oldest time.Time, limit int) (n int64, err error) {
	err = s.db.AsSystem(ctx, "fleet.thin", func(ctx context.Context, tx *pg.Tx) error {
		tag, err := tx.Conn().Exec(ctx, `
			WITH old AS (
				DELETE FROM readings WHERE (miner_id, at) IN (
					SELECT miner_id, at FROM readings WHERE at < $1 ORDER BY at LIMIT $2)
				RETURNING miner_id, at, org_id, unit_id, hashrate_hs, max_temp_c, hardware_errors
			)
			INSERT INTO reading_hours AS h (miner_id, hour, org_id, unit_id, readings, hashrate_hs, max_temp_c, hardware_errors)
			SELECT miner_id, date_trunc('hour', at, 'UTC'), org_id, (array_agg(unit_id ORDER BY at DESC))[1], count(*), avg(hashrate_hs), max(max_temp_c), max(hardware_errors)
			FROM old GROUP BY miner_id, org_id, 2
			ON CONFLICT (miner_id, hour) DO UPDATE SET
				hashrate_hs = CASE WHEN h.hashrate_hs IS NULL THEN EXCLUDED.hashrate_hs WHEN EXCLUDED.hashrate_hs IS NULL THEN h.hashrate_hs
					ELSE (h.hashrate_hs * h.readings + EXCLUDED.hashrate_hs * EXCLUDED.readings) / (h.readings + EXCLUDED.readings) END,
				max_temp_c = greatest(h.max_temp_c, EXCLUDED.max_temp_c),
				hardware_errors = greatest(h.hardware_errors, EXCLUDED.hardware_errors),
				readings = h.readings + EXCLUDED.readings`, before, limit)
		if err != nil {
			return err
		}
		n = tag.RowsAffected()
		_, err = tx.Conn().Exec(ctx, "DELETE FROM reading_hours WHERE hour < $1", oldest)
		return err
	})
	return n, pg.Fail(err, "thin readings")
}
