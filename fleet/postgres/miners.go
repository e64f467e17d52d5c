package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/firmware"
	"hashyard/fleet"
	"hashyard/migrations/pg"
)

const minerColumns = `id, org_id, site_id, unit_id, identity, serial, mac, model, family, firmware, hostname, boards,
	address, score, slots, reading, quarantine, first_seen, last_seen, read_at, gone_at`

func scanMiner(row pgx.CollectableRow) (m fleet.Miner, err error) {
	var boards, slots, reading []byte
	var read, gone *time.Time
	id := &m.Identity
	err = row.Scan(&m.ID, &m.Org, &m.Site, &m.Unit, &m.Key, &id.Serial, &id.MAC, &id.Model, &id.Family, &id.Firmware, &id.Hostname, &boards,
		&m.Address, &m.Score, &slots, &reading, &m.Quarantine, &m.FirstSeen, &m.LastSeen, &read, &gone)
	if err != nil {
		return m, err
	}
	m.FirstSeen, m.LastSeen, m.ReadAt, m.GoneAt = m.FirstSeen.UTC(), m.LastSeen.UTC(), pg.When(read), pg.When(gone)
	if err := undoc(boards, &id.Boards); err != nil {
		return m, fmt.Errorf("boards of miner %s: %w", m.ID, err)
	}
	if err := undoc(slots, &m.Slots); err != nil {
		return m, fmt.Errorf("slots of miner %s: %w", m.ID, err)
	}
	if reading != nil {
		m.Reading = new(firmware.Reading)
		if err := undoc(reading, m.Reading); err != nil {
			return m, fmt.Errorf("reading of miner %s: %w", m.ID, err)
		}
	}
	return m, nil
}

// KnownMiners implements fleet.Store.
func (s *Store) KnownMiners(ctx context.Context, actor hashyard.Actor, keys []string) (map[string]fleet.Miner, error) {
	out := map[string]fleet.Miner{}
	if len(keys) == 0 {
		return out, nil
	}
	err := s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		found, err := known(ctx, tx, keys, "")
		for _, m := range found {
			out[m.Key] = m
		}
		return err
	})
	return out, pg.Fail(err, "known miners")
}

func known(ctx context.Context, tx *pg.Tx, keys []string, lock string) ([]fleet.Miner, error) {
	rows, err := tx.Conn().Query(ctx, "SELECT "+minerColumns+" FROM miners WHERE identity = ANY ($1) AND org_id = hashyard_org() ORDER BY identity "+lock, keys)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanMiner)
}

// PutMiners implements fleet.Store. Rows are locked in the order of their
// keys; an older report never overwrites a newer one, but its readings count.
func (s *Store) PutMiners(ctx context.Context, actor hashyard.Actor, miners []fleet.Miner, events func([]fleet.Miner) ([]hashyard.Event, error)) ([]fleet.Miner, error) {
	if len(miners) == 0 {
		return nil, nil
	}
	miners = slices.Clone(miners)
	slices.SortFunc(miners, func(a, b fleet.Miner) int { return strings.Compare(a.Key, b.Key) })
	keys := make([]string, len(miners))
	for i, m := range miners {
		keys[i] = m.Key
	}
	var out []fleet.Miner
	err := s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		before, err := known(ctx, tx, keys, "FOR UPDATE")
		if err != nil {
			return err
		}
		was := map[string]fleet.Miner{}
		for _, m := range before {
			was[m.Key] = m
		}
		out = nil
		var news []fleet.Miner
		for _, m := range miners {
			seen := m
			old, ok := was[m.Key]
			stale := false
			if ok {
				m, stale = m.Over(old)
			} else {
				m.ID = hashyard.NewID()
			}
			if !stale {
				if m.ID, err = putMiner(ctx, tx, m); err != nil {
					return err
				}
			}
			if err := putReading(ctx, tx, m, seen.Reading); err != nil {
				return err
			}
			if !ok || old.Address != m.Address || old.Unit.IsZero() && !m.Unit.IsZero() {
				news = append(news, m)
			}
			out = append(out, m)
		}
		evs, err := events(news)
		if err != nil {
			return err
		}
		return tx.Emit(ctx, evs...)
	})
	return out, pg.Fail(err, "keep miners")
}

func putMiner(ctx context.Context, tx *pg.Tx, m fleet.Miner) (hashyard.ID, error) {
	boards, err := doc(append([]firmware.Board{}, m.Identity.Boards...), false)
	if err != nil {
		return m.ID, err
	}
	slots, err := doc(m.Slots, m.Slots == nil)
	if err != nil {
		return m.ID, err
	}
	reading, err := doc(m.Reading, m.Reading == nil)
	if err != nil {
		return m.ID, err
	}
	id := m.Identity
	vitals, err := doc(fleet.VitalsOf(id, m.Reading), false)
	if err != nil {
		return m.ID, err
	}
	err = tx.Conn().QueryRow(ctx, `
		INSERT INTO miners (id, org_id, site_id, unit_id, identity, serial, mac, model, family, firmware, hostname, boards,
			address, score, slots, reading, quarantine, first_seen, last_seen, read_at, vitals)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
		ON CONFLICT (org_id, identity) DO UPDATE SET (site_id, unit_id, serial, mac, model, family, firmware, hostname, boards,
			address, score, slots, reading, quarantine, last_seen, read_at, vitals) =
			(EXCLUDED.site_id, EXCLUDED.unit_id, EXCLUDED.serial, EXCLUDED.mac, EXCLUDED.model, EXCLUDED.family,
			 EXCLUDED.firmware, EXCLUDED.hostname, EXCLUDED.boards, EXCLUDED.address, EXCLUDED.score, EXCLUDED.slots,
			 EXCLUDED.reading, EXCLUDED.quarantine, EXCLUDED.last_seen, EXCLUDED.read_at, EXCLUDED.vitals)
		RETURNING id`,
		m.ID, m.Org, m.Site, m.Unit, m.Key, id.Serial, id.MAC, id.Model, id.Family, id.Firmware, id.Hostname, boards,
		m.Address, m.Score, slots, reading, m.Quarantine, m.FirstSeen, m.LastSeen, pg.At(m.ReadAt), vitals).Scan(&m.ID)
	return m.ID, pg.Fail(err, "miner %s", m.Key)
}

// putReading appends a reading; the same one again is already there.
func putReading(ctx context.Context, tx *pg.Tx, m fleet.Miner, r *firmware.Reading) error {
	if r == nil {
		return nil
	}
	var temp *float64
	if t, ok := r.MaxTemp(); ok {
		temp = &t
	}
	_, err := tx.Conn().Exec(ctx, `
		INSERT INTO readings (miner_id, at, org_id, unit_id, hashrate_hs, average_hs, ideal_hs, max_temp_c, hardware_errors, power_w)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		m.ID, r.At, m.Org, m.Unit, hs(r.HashrateReported), hs(r.HashrateAverage), hs(r.HashrateIdeal), temp, r.HardwareErrors, r.Power)
	return pg.Fail(err, "reading of miner %s", m.Key)
}

func hs(h *hashyard.Hashrate) *float64 { return (*float64)(h) }

// MinersGone implements fleet.Store. A machine that was seen elsewhere or
// later is not gone.
func (s *Store) MinersGone(ctx context.Context, actor hashyard.Actor, site hashyard.ID, gone []fleet.Gone) error {
	gone = slices.Clone(gone)
	slices.SortFunc(gone, func(a, b fleet.Gone) int { return strings.Compare(a.Address, b.Address) })
	err := s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		for _, g := range gone {
			_, err := tx.Conn().Exec(ctx, `
				UPDATE miners SET gone_at = greatest(gone_at, $3::timestamptz)
				WHERE site_id = $1 AND address = $2 AND ($4 = '' OR serial = $4) AND last_seen < $3`,
				site, g.Address, g.At, fleet.NormalSerial(g.Serial))
			if err != nil {
				return err
			}
		}
		return nil
	})
	return pg.Fail(err, "miners gone at site %s", site)
}

// Miner implements fleet.Store.
func (s *Store) Miner(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (m fleet.Miner, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+minerColumns+" FROM miners WHERE id = $1", id)
		if err != nil {
			return err
		}
		m, err = pgx.CollectExactlyOneRow(rows, scanMiner)
		return err
	})
	return m, pg.Fail(err, "miner %s", id)
}

// Miners implements fleet.Store.
func (s *Store) Miners(ctx context.Context, actor hashyard.Actor, q fleet.MinerQuery) (out []fleet.Miner, next string, err error) {
	after, err := pg.CursorID(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		// strpos, not LIKE: what people type holds no pattern.
		rows, err := tx.Conn().Query(ctx, "SELECT "+minerColumns+` FROM miners
			WHERE ($1::uuid IS NULL OR id > $1) AND ($2::uuid IS NULL OR site_id = $2) AND ($3::uuid IS NULL OR unit_id = $3)
			  AND ($4 = '' OR strpos(serial, upper($4)) > 0 OR strpos(mac, lower($4)) > 0 OR strpos(address, $4) > 0)
			ORDER BY id LIMIT $5`, after, q.Site, q.Unit, q.Text, q.Limit+1)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanMiner)
		return err
	})
	if err != nil {
		return nil, "", pg.Fail(err, "list miners")
	}
	if len(out) > q.Limit {
		out = out[:q.Limit]
		next = out[q.Limit-1].ID.String()
	}
	return out, next, nil
}

// Points implements fleet.Store.
func (s *Store) Points(ctx context.Context, actor hashyard.Actor, unit hashyard.ID, q fleet.SeriesQuery) (out []fleet.Point, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			SELECT date_bin($3::interval, at, 'epoch') AS step, sum(n)::bigint,
				sum(hashrate_hs * n) / nullif(sum(n) FILTER (WHERE hashrate_hs IS NOT NULL), 0), max(max_temp_c), max(hardware_errors)
			FROM (SELECT at, 1 AS n, hashrate_hs, max_temp_c, hardware_errors FROM readings WHERE unit_id = $1 AND at >= $2
				UNION ALL SELECT hour, readings, hashrate_hs, max_temp_c, hardware_errors FROM reading_hours WHERE unit_id = $1 AND hour >= $2) r
			GROUP BY step ORDER BY step LIMIT $4`,
			unit, q.Since, q.Step.String(), q.Limit)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p fleet.Point, err error) {
			var rate *float64
			err = row.Scan(&p.At, &p.Readings, &rate, &p.MaxTemp, &p.Errors)
			p.At, p.Hashrate = p.At.UTC(), (*hashyard.Hashrate)(rate)
			return p, err
		})
		return err
	})
	return out, pg.Fail(err, "readings of unit %s", unit)
}
