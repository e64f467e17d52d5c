package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
)

// PutDevices stores devices, and forgets of each worker what connected longest
// ago beyond pool.MaxDevices. Doing it again changes nothing.
func (s *Store) PutDevices(ctx context.Context, devices []pool.Device) error {
	var worker, hwID, hwVersion, swVersion, agent, url []string
	var first, last []time.Time
	for _, d := range devices {
		worker = append(worker, d.Worker.String())
		hwID, hwVersion, swVersion = append(hwID, d.HWID), append(hwVersion, d.HWVersion), append(swVersion, d.SWVersion)
		agent, url = append(agent, d.Agent), append(url, d.URL)
		first, last = append(first, d.First), append(last, d.Last)
	}
	err := s.db.AsSystem(ctx, "pool.devices", func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, `
			INSERT INTO pool_devices AS d (org_id, worker_id, hw_id, hw_version, sw_version, agent, url, first_at, last_at)
			SELECT w.org_id, w.id, t.hw_id, t.hw_version, t.sw_version, t.agent, t.url, t.first_at, t.last_at
			FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[])
				WITH ORDINALITY AS t (worker, hw_id, hw_version, sw_version, agent, url, first_at, last_at, n)
			JOIN pool_workers w ON w.id = t.worker::uuid ORDER BY t.n
			ON CONFLICT (worker_id, hw_id, hw_version, sw_version, agent) DO UPDATE SET
				url = CASE WHEN EXCLUDED.last_at >= d.last_at THEN EXCLUDED.url ELSE d.url END,
				first_at = least(d.first_at, EXCLUDED.first_at), last_at = greatest(d.last_at, EXCLUDED.last_at)`,
			worker, hwID, hwVersion, swVersion, agent, url, first, last)
		if err != nil {
			return err
		}
		_, err = tx.Conn().Exec(ctx, `
			DELETE FROM pool_devices d USING (
				SELECT worker_id, hw_id, hw_version, sw_version, agent,
					row_number() OVER (PARTITION BY worker_id ORDER BY last_at DESC, hw_id, hw_version, sw_version, agent) AS n
				FROM pool_devices WHERE worker_id = ANY ($1::uuid[])) o
			WHERE o.n > $2 AND (d.worker_id, d.hw_id, d.hw_version, d.sw_version, d.agent) =
				(o.worker_id, o.hw_id, o.hw_version, o.sw_version, o.agent)`, worker, pool.MaxDevices)
		return err
	})
	return pg.Fail(err, "devices of %d workers", len(devices))
}

// Devices are what connected as a worker or a unit; see pool.Service.
func (s *Store) Devices(ctx context.Context, actor hashyard.Actor, q pool.DeviceQuery) (out []pool.Device, err error) {
	of, id := "id", q.Worker
	if !q.Unit.IsZero() {
		of, id = "unit_id", q.Unit
	}
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		var known bool
		if err := tx.Conn().QueryRow(ctx, "SELECT EXISTS (SELECT FROM pool_workers WHERE "+of+" = $1)", id).Scan(&known); err != nil {
			return err
		}
		if !known {
			return pgx.ErrNoRows
		}
		rows, err := tx.Conn().Query(ctx, `
			SELECT d.worker_id, a.name, w.name, d.agent, d.hw_id, d.hw_version, d.sw_version, d.url, d.first_at, d.last_at
			FROM pool_devices d JOIN pool_workers w ON w.id = d.worker_id JOIN pool_accounts a ON a.id = w.account_id
			WHERE w.`+of+` = $1 ORDER BY d.last_at DESC, d.hw_id, d.hw_version, d.sw_version, d.agent LIMIT $2`, id, pool.MaxDevices)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (d pool.Device, err error) {
			var w pool.Worker
			err = row.Scan(&d.Worker, &w.AccountName, &w.Name, &d.Agent, &d.HWID, &d.HWVersion, &d.SWVersion, &d.URL, &d.First, &d.Last)
			d.User, d.First, d.Last = w.User(), d.First.UTC(), d.Last.UTC()
			return d, err
		})
		return err
	})
	return out, pg.Fail(err, "devices of %s", id)
}
