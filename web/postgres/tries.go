package postgres

import (
	"context"

	"hashyard/migrations/pg"
	"hashyard/web"
)

// Tries changes token buckets under their locks, taken in the order of keys.
func (s *Store) Tries(ctx context.Context, keys [][32]byte, change func([]web.Bucket)) error {
	return s.db.AsSystem(ctx, "web.tries", func(ctx context.Context, tx *pg.Tx) error {
		c := tx.Conn()
		buckets := make([]web.Bucket, len(keys))
		for i, k := range keys {
			// The update changes nothing and locks; a row made here is new.
			var fresh bool
			err := c.QueryRow(ctx, `
				INSERT INTO tries (key, tokens, at, full_at) VALUES ($1, 0, 'epoch', 'epoch')
				ON CONFLICT (key) DO UPDATE SET tokens = tries.tokens
				RETURNING tokens, at, at = 'epoch'`, k[:]).Scan(&buckets[i].Tokens, &buckets[i].At, &fresh)
			if err != nil {
				return pg.Fail(err, "tries")
			}
			if fresh {
				buckets[i] = web.Bucket{}
			}
		}
		change(buckets)
		for i, k := range keys {
			b := buckets[i]
			if _, err := c.Exec(ctx, "UPDATE tries SET tokens = $2, at = $3, full_at = $4 WHERE key = $1", k[:], b.Tokens, b.At, b.FullAt); err != nil {
				return pg.Fail(err, "tries")
			}
		}
		if len(buckets) == 0 {
			return nil
		}
		// Each try takes more full buckets away than it makes, so that a flood of
		// names is gone soon after it ends. Those in use are left to their users.
		_, err := c.Exec(ctx, `
			DELETE FROM tries WHERE key IN (SELECT key FROM tries WHERE full_at < $1 ORDER BY full_at LIMIT 20 FOR UPDATE SKIP LOCKED)`, buckets[0].At)
		return pg.Fail(err, "tries")
	})
}
