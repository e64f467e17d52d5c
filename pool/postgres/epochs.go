package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"hashyard/migrations/pg"
	"hashyard/pool"
	"hashyard/pool/fpps"
)

const epochColumns = `e.id, e.period_start, e.period_end, e.nbits, e.subsidy_sats, e.fee_method, e.fee_window,
	e.fee_sum_sats, e.fee_count, e.fee_tip_hash, e.height, e.fee_ppm, e.created_at, e.fee_from, 0::bigint`

// paidColumns are an epoch as a statement's account is paid by it, its rates r.
const paidColumns = `e.id, e.period_start, e.period_end, e.nbits, e.subsidy_sats, coalesce(r.fee_method, e.fee_method), e.fee_window,
	coalesce(r.fee_sum_sats, e.fee_sum_sats), coalesce(r.fee_count, e.fee_count), coalesce(r.fee_tip_hash, e.fee_tip_hash), e.height,
	coalesce(r.fee_ppm, e.fee_ppm), e.created_at, e.fee_from, coalesce(r.subsidy_sum_sats, 0)`

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
		&e.FeeSum, &e.FeeN, &r.tip, &e.Height, &e.FeePPM, &e.Created, &e.FeeFrom, &e.SubsidySum,
	}
}

func (r *epochRow) done() (pool.Epoch, error) {
	var err error
	e := r.Epoch
	e.NBits = uint32(r.nbits)
	e.Start, e.End, e.Created, e.FeeFrom = e.Start.UTC(), e.End.UTC(), e.Created.UTC(), e.FeeFrom.UTC()
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
func (s *Store) Epoch(ctx context.Context, k pool.Epoch) (pool.Epoch, error) {
	e, err := s.epoch(ctx, "WHERE period_start = $1 AND period_end = $2 AND nbits = $3 AND subsidy_sats = $4 AND fee_from = $5",
		k.Start, k.End, int64(k.NBits), k.Subsidy, k.FeeFrom)
	return e, pg.Fail(err, "epoch")
}

// LatestEpoch is the newest one.
func (s *Store) LatestEpoch(ctx context.Context) (pool.Epoch, error) {
	e, err := s.epoch(ctx, "ORDER BY period_start DESC, fee_from DESC, id DESC LIMIT 1")
	return e, pg.Fail(err, "newest epoch")
}

// PutEpoch keeps e unless its key is taken, and returns what is kept.
func (s *Store) PutEpoch(ctx context.Context, e pool.Epoch) (pool.Epoch, error) {
	err := s.db.AsSystem(ctx, "pool.epoch", func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, `
			INSERT INTO pool_epochs (id, period_start, period_end, nbits, subsidy_sats, fee_method, fee_window,
				fee_sum_sats, fee_count, fee_tip_hash, height, fee_ppm, created_at, fee_from)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
			ON CONFLICT (period_start, period_end, nbits, subsidy_sats, fee_from) DO NOTHING`,
			e.ID, e.Start, e.End, int64(e.NBits), e.Subsidy, e.FeeMethod, e.FeeWindow,
			e.FeeSum, e.FeeN, e.FeeTip[:], e.Height, e.FeePPM, e.Created, e.FeeFrom)
		return err
	})
	if err != nil {
		return pool.Epoch{}, pg.Fail(err, "epoch %s", e.ID)
	}
	return s.Epoch(ctx, e)
}

// BlockFees walks back from tip through the blocks whose inputs are known.
func (s *Store) BlockFees(ctx context.Context, tip [32]byte, n int64) (out []fpps.Block, err error) {
	if n <= 0 {
		return nil, nil
	}
	err = s.db.AsSystem(ctx, "pool.fees", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			WITH RECURSIVE back AS (
				SELECT b.*, 1 AS n FROM pool_block_fees b WHERE hash = $1 AND at IS NOT NULL
				UNION ALL
				SELECT b.*, back.n + 1 FROM back JOIN pool_block_fees b ON b.hash = back.prev AND b.at IS NOT NULL WHERE back.n < $2)
			SELECT hash, prev, height, fees_sats, subsidy_sats, nbits, at FROM back ORDER BY n`, tip[:], n)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (b fpps.Block, err error) {
			var hash, prev []byte
			var bits int64
			if err = row.Scan(&hash, &prev, &b.Height, &b.Fees, &b.Subsidy, &bits, &b.Time); err != nil {
				return b, err
			}
			b.NBits, b.Time = uint32(bits), b.Time.UTC()
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

// PutBlockFees keeps what the node said about blocks; what an older version
// kept of them is completed.
func (s *Store) PutBlockFees(ctx context.Context, blocks []fpps.Block) error {
	if len(blocks) == 0 {
		return nil
	}
	err := s.db.AsSystem(ctx, "pool.fees", func(ctx context.Context, tx *pg.Tx) error {
		var batch pgx.Batch
		for _, b := range blocks {
			batch.Queue(`INSERT INTO pool_block_fees AS f (hash, prev, height, fees_sats, subsidy_sats, nbits, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
				ON CONFLICT (hash) DO UPDATE SET subsidy_sats = EXCLUDED.subsidy_sats, nbits = EXCLUDED.nbits, at = EXCLUDED.at WHERE f.at IS NULL`,
				b.Hash[:], b.Prev[:], b.Height, b.Fees, b.Subsidy, int64(b.NBits), b.Time)
		}
		return tx.Conn().SendBatch(ctx, &batch).Close()
	})
	return pg.Fail(err, "keep fees of %d blocks", len(blocks))
}
