package postgres

import (
	"context"

	"hashyard"
	"hashyard/migrations/pg"
)

// Turns implements fleet.Store: within the organisation for the house too.
func (s *Store) Turns(ctx context.Context, actor hashyard.Actor) (n int, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		return tx.Conn().QueryRow(ctx, `
			SELECT count(*) FROM miners m WHERE m.org_id = $1 AND m.gone_at IS NULL AND (m.quarantine <> ''
				OR 'failed' = (SELECT r.state FROM redirects r WHERE r.unit_id = m.unit_id AND r.org_id = $1 ORDER BY r.id DESC LIMIT 1))`,
			actor.Org).Scan(&n)
	})
	return n, pg.Fail(err, "machines that wait for %s", actor.Org)
}
