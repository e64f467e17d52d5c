package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
)

const epochColumns = `e.id, e.period_start, e.period_end, e.nbits, e.subsidy_sats, e.fee_method, e.fee_window,
	e.fee_sum_sats, e.fee_count, e.fee_tip_hash, e.height, e.fee_ppm, e.created_at`

// epochRow scans an epoch; done copies what needs converting.
type epochRow struct {
	pool.Epoch
	nbits int64
	tip   []byte
}

func (r *epochRow) into() []any {
	e := &r.Epoch
	return []any{
		&e.ID, &e.Start, &e.End, &r.nbits, &e.Subsidy, &e.FeeMethod, &e.FeeWindow,
		&e.FeeSum, &e.FeeN, &r.tip, &e.Height, &e.FeePPM, &e.Created,
	}
}

func (r *epochRow) done() (pool.Epoch, error) {
	var err error
	e := r.Epoch
	e.NBits = uint32(r.nbits)
	e.Start, e.End, e.Created = e.Start.UTC(), e.End.UTC(), e.Created.UTC()
	e.FeeTip, err = hash32(r.tip)
	return e, err
}

func (s *Store) epoch(ctx context.Context, where string, args ...any) (pool.Epoch, error) {
	var r epochRow
	if err := s.one(ctx, "pool.epoch", "SELECT "+epochColumns+" FROM pool_epochs e "+where, args, r.into()...); err != nil {
		return pool.Epoch{}, err
	}
	return r.done()
}

// Epoch finds the epoch of a key.
func (s *Store) Epoch(ctx context.Context, start, end time.Time, nbits uint32, subsidy hashyard.Sats) (pool.Epoch, error) {
	e, err := s.epoch(ctx, "WHERE period_start = $1 AND period_end = $2 AND nbits = $3 AND subsidy_sats = $4", start, end, int64(nbits), subsidy)
	return e, pg.Fail(err, "epoch")
}

// LatestEpoch is the newest one.
func (s *Store) LatestEpoch(ctx context.Context) (pool.Epoch, error) {
	e, err := s.epoch(ctx, "ORDER BY period_start DESC, id DESC LIMIT 1")
	return e, pg.Fail(err, "newest epoch")
}

// PutEpoch keeps e unless its key is taken, and returns what is kept.
func (s *Store) PutEpoch(ctx context.Context, e pool.Epoch) (pool.Epoch, error) {
	err := s.db.AsSystem(ctx, "pool.epoch", func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, `
			INSERT INTO pool_epochs (id, period_start, period_end, nbits, subsidy_sats, fee_method, fee_window,
				fee_sum_sats, fee_count, fee_tip_hash, height, fee_ppm, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
			ON CONFLICT (period_start, period_end, nbits, subsidy_sats) DO NOTHING`,
			e.ID, e.Start, e.End, int64(e.NBits), e.Subsidy, e.FeeMethod, e.FeeWindow,
			e.FeeSum, e.FeeN, e.FeeTip[:], e.Height, e.FeePPM, e.Created)
		return err
	})
	if err != nil {
		return pool.Epoch{}, pg.Fail(err, "epoch %s", e.ID)
	}
	return s.Epoch(ctx, e.Start, e.End, e.NBits, e.Subsidy)
}

// BlockFees walks back from tip through the blocks whose fees are known.
func (s *Store) BlockFees(ctx context.Context, tip [32]byte, n int64) (out []pool.BlockFees, err error) {
	if n <= 0 {
		return nil, nil
	}
	err = s.db.AsSystem(ctx, "pool.fees", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			WITH RECURSIVE back AS (
				SELECT hash, prev, height, fees_sats, 1 AS n FROM pool_block_fees WHERE hash = $1
				UNION ALL
				SELECT b.hash, b.prev, b.height, b.fees_sats, back.n + 1
				FROM back JOIN pool_block_fees b ON b.hash = back.prev WHERE back.n < $2)
			SELECT hash, prev, height, fees_sats FROM back ORDER BY n`, tip[:], n)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (b pool.BlockFees, err error) {
			var hash, prev []byte
			if err = row.Scan(&hash, &prev, &b.Height, &b.Fees); err != nil {
				return b, err
			}
			if b.Hash, err = hash32(hash); err != nil {
				return b, err
			}
			b.Prev, err = hash32(prev)
			return b, err
		})
		return err
	})
	return out, pg.Fail(err, "fees of blocks")
}

// PutBlockFees keeps what the node said about blocks.
func (s *Store) PutBlockFees(ctx context.Context, blocks []pool.BlockFees) error {
	if len(blocks) == 0 {
		return nil
	}
	err := s.db.AsSystem(ctx, "pool.fees", func(ctx context.Context, tx *pg.Tx) error {
		var batch pgx.Batch
		for _, b := range blocks {
			batch.Queue(`INSERT INTO pool_block_fees (hash, prev, height, fees_sats) VALUES ($1, $2, $3, $4)
				ON CONFLICT (hash) DO NOTHING`, b.Hash[:], b.Prev[:], b.Height, b.Fees)
		}
		return tx.Conn().SendBatch(ctx, &batch).Close()
	})
	return pg.Fail(err, "keep fees of %d blocks", len(blocks))
}
