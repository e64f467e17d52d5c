package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/pool"
)

// FindBlocks implements pool.Reader.
func (s *Store) FindBlocks(ctx context.Context, height int64, hash [32]byte, limit int) (out []pool.Block, err error) {
	err = s.db.AsSystem(ctx, "pool.block", func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+blockColumns+` FROM pool_blocks b
			WHERE $1::bigint >= 0 AND b.height = $1 OR $1 < 0 AND b.hash = $2 ORDER BY b.height DESC, b.hash LIMIT $3`, height, hash[:], limit)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanBlock)
		return err
	})
	for i := range out {
		b := &out[i]
		b.Account, b.Worker, b.Unit, b.Session = hashyard.ID{}, hashyard.ID{}, hashyard.ID{}, hashyard.ID{}
	}
	return out, pg.Fail(err, "find blocks")
}
