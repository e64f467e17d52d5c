package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
	"hashyard/pool/share"
)

const proofColumns = `trade_id, unit_id, org_id, sold_ghs, since, from_at, worker_id, work::text, sum_squares::text,
	shares, rejected, sessions, measured_at`

func scanProof(row pgx.CollectableRow) (p pool.Proof, err error) {
	var from, measured *time.Time
	var squares string
	var sessions [][16]byte
	err = row.Scan(&p.Trade, &p.Unit, &p.Org, &p.SoldGHs, &p.Since, &from, &p.Worker, &p.Work, &squares,
		&p.Shares, &p.Refused, &sessions, &measured)
	if err != nil {
		return p, err
	}
	p.Since, p.From, p.Measured = p.Since.UTC(), orZero(from), orZero(measured)
	for _, id := range sessions {
		p.Sessions = append(p.Sessions, id)
	}
	p.Squares, err = bigInt(squares)
	return p, err
}

func openProofs(ctx context.Context, tx *pg.Tx, where string, args ...any) ([]pool.Proof, error) {
	rows, err := tx.Conn().Query(ctx, "SELECT "+proofColumns+" FROM pool_proofs WHERE ended_at IS NULL "+where+
		" ORDER BY trade_id, unit_id FOR UPDATE", args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanProof)
}

// countProofs adds a batch's records to the measurements they belong to.
func countProofs(ctx context.Context, tx *pg.Tx, records []share.Record) error {
	var units, accounts []hashyard.ID
	for _, r := range records {
		if !r.Unit.IsZero() && r.Secret && !slices.Contains(units, r.Unit) {
			units, accounts = append(units, r.Unit), append(accounts, r.Account)
		}
	}
	if len(units) == 0 {
		return nil
	}
	proofs, err := openProofs(ctx, tx, "AND unit_id = ANY ($1::uuid[])", pg.UUIDs(units))
	if err != nil || len(proofs) == 0 {
		return err
	}
	for _, r := range records {
		accounts = append(accounts, r.Account)
	}
	slices.SortFunc(accounts, func(a, b hashyard.ID) int { return slices.Compare(a[:], b[:]) })
	orgs, err := accountOrgs(ctx, tx, slices.Compact(accounts))
	if err != nil {
		return err
	}
	for i := range proofs {
		p := &proofs[i]
		changed := false
		for _, r := range records {
			changed = p.Count(r, orgs[r.Account]) || changed
		}
		if !changed {
			continue
		}
		_, err := tx.Conn().Exec(ctx, `
			UPDATE pool_proofs SET from_at = $3, worker_id = $4, work = $5, sum_squares = $6::text::numeric,
				shares = $7, rejected = $8, sessions = $9
			WHERE trade_id = $1 AND unit_id = $2`,
			p.Trade, p.Unit, orNull(p.From), p.Worker, p.Work, p.Squares.String(), p.Shares, p.Refused, pg.UUIDs(p.Sessions))
		if err != nil {
			return err
		}
	}
	return nil
}

// StartProof opens a measurement; an older one of the unit ends.
func (s *Store) StartProof(ctx context.Context, event hashyard.ID, p pool.Proof) error {
	err := s.db.AsSystem(ctx, "pool.proof", func(ctx context.Context, tx *pg.Tx) error {
		first, err := tx.Once(ctx, event, "pool.proof")
		if err != nil || !first {
			return err
		}
		_, err = tx.Conn().Exec(ctx, `
			UPDATE pool_proofs SET ended_at = $2, outcome = 'superseded'
			WHERE unit_id = $1 AND trade_id <> $3 AND ended_at IS NULL`, p.Unit, p.Since, p.Trade)
		if err != nil {
			return err
		}
		_, err = tx.Conn().Exec(ctx, `
			INSERT INTO pool_proofs (trade_id, unit_id, org_id, sold_ghs, since) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (trade_id, unit_id) DO NOTHING`, p.Trade, p.Unit, p.Org, p.SoldGHs, p.Since)
		return err
	})
	hashyard.Hit(hashyard.AtProofStarted)
	return pg.Fail(err, "proof of unit %s", p.Unit)
}

// EndProof closes the measurement of a trade's unit.
func (s *Store) EndProof(ctx context.Context, event, trade, unit hashyard.ID, outcome string, at time.Time) error {
	err := s.db.AsSystem(ctx, "pool.proof", func(ctx context.Context, tx *pg.Tx) error {
		first, err := tx.Once(ctx, event, "pool.proof")
		if err != nil || !first {
			return err
		}
		_, err = tx.Conn().Exec(ctx, `
			UPDATE pool_proofs SET ended_at = $3, outcome = $4
			WHERE trade_id = $1 AND unit_id = $2 AND ended_at IS NULL`, trade, unit, at, outcome)
		return err
	})
	return pg.Fail(err, "end proof of unit %s", unit)
}

// EndProofs closes the measurements of a trade that is over, but one.
func (s *Store) EndProofs(ctx context.Context, event, trade, except hashyard.ID, at time.Time) (units []hashyard.ID, err error) {
	err = s.db.AsSystem(ctx, "pool.proof", func(ctx context.Context, tx *pg.Tx) error {
		first, err := tx.Once(ctx, event, "pool.trade-over")
		if err != nil {
			return err
		}
		if first {
			// Nothing came of them: what became of the trade took their place.
			_, err = tx.Conn().Exec(ctx, `
				UPDATE pool_proofs SET ended_at = $3, outcome = 'superseded'
				WHERE trade_id = $1 AND unit_id IS DISTINCT FROM $2 AND ended_at IS NULL`, trade, except, at)
			if err != nil {
				return err
			}
		}
		rows, err := tx.Conn().Query(ctx, "SELECT unit_id FROM pool_proofs WHERE trade_id = $1 AND unit_id IS DISTINCT FROM $2 ORDER BY 1", trade, except)
		if err != nil {
			return err
		}
		units, err = pgx.CollectRows(rows, pgx.RowTo[hashyard.ID])
		return err
	})
	return units, pg.Fail(err, "end proofs of trade %s", trade)
}

// RestartProofs empties the open measurements.
func (s *Store) RestartProofs(ctx context.Context, since time.Time) (n int64, err error) {
	err = s.db.AsSystem(ctx, "pool.proof", func(ctx context.Context, tx *pg.Tx) error {
		tag, err := tx.Conn().Exec(ctx, `
			UPDATE pool_proofs SET since = greatest(since, $1), from_at = NULL, work = 0, sum_squares = 0,
				shares = 0, rejected = 0, sessions = '{}', measured_at = NULL
			WHERE ended_at IS NULL`, since)
		n = tag.RowsAffected()
		return err
	})
	return n, pg.Fail(err, "restart proofs")
}

// Measure tells the open measurements.
func (s *Store) Measure(ctx context.Context, b pool.Barrier, tell func(pool.Proof) (bool, hashyard.Event, error), at time.Time) (n int, err error) {
	err = s.db.AsSystem(ctx, "pool.measure", func(ctx context.Context, tx *pg.Tx) error {
		n = 0
		stream, seq, err := checkpoint(ctx, tx, false)
		if err != nil {
			return err
		}
		if !b.Reached(stream, seq) {
			return pool.NotYet()
		}
		proofs, err := openProofs(ctx, tx, "AND from_at IS NOT NULL")
		if err != nil {
			return err
		}
		for _, p := range proofs {
			// The lock on the proof keeps its unit's next batch out.
			var last *time.Time
			err := tx.Conn().QueryRow(ctx, "SELECT max(last_at) FROM pool_work WHERE worker_id = $1 AND minute >= date_trunc('minute', $2::timestamptz)",
				p.Worker, p.From).Scan(&last)
			if err != nil {
				return err
			}
			p.Last = orZero(last)
			now, ev, err := tell(p)
			if err != nil {
				return err
			}
			if !now {
				continue
			}
			_, err = tx.Conn().Exec(ctx, "UPDATE pool_proofs SET measured_at = $3 WHERE trade_id = $1 AND unit_id = $2", p.Trade, p.Unit, at)
			if err != nil {
				return err
			}
			if err := tx.Emit(ctx, ev); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if n > 0 {
		hashyard.Hit(hashyard.AtMeasured)
	}
	return n, pg.Fail(err, "measure units")
}
