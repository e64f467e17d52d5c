package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/fleet"
	"hashyard/migrations/pg"
)

// Lease implements fleet.Store: queued commands, those whose lease ended
// without a result, and those that the same agent was given but does not know.
// The first loss is made good at once; an agent that loses the command again
// cannot keep it, and waits.
func (s *Store) Lease(ctx context.Context, actor hashyard.Actor, p fleet.Poll, n int, t fleet.LeaseTimes) (out []fleet.Leased, err error) {
	err = s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		out = nil
		type lease struct {
			command, redirect hashyard.ID
			epoch             int64
		}
		rows, err := tx.Conn().Query(ctx, `
			UPDATE agent_commands SET state = 'leased', leased_until = $3, leased_to = $5, epoch = epoch + 1,
				not_before = CASE WHEN epoch > 0 THEN $7::timestamptz END
			WHERE id IN (SELECT id FROM agent_commands
			             WHERE site_id = $1 AND (not_before IS NULL OR not_before <= $2) AND
			                   (state = 'queued' OR (state = 'leased' AND
			                   (leased_until <= $2 OR (leased_to = $5 AND id <> ALL ($6)))))
			             ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED)
			RETURNING id, redirect_id, epoch`, p.Site, t.Now, t.Until, n, p.Agent, pg.KnownUUIDs(p.Knows), t.Again)
		if err != nil {
			return err
		}
		leases, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (l lease, err error) {
			err = row.Scan(&l.command, &l.redirect, &l.epoch)
			return l, err
		})
		if err != nil {
			return err
		}
		for _, l := range leases {
			r, err := oneRedirect(ctx, tx, "WHERE r.id = $1", l.redirect)
			if err != nil {
				return pg.Fail(err, "redirect %s", l.redirect)
			}
			given := fleet.Leased{Command: l.command, Epoch: l.epoch, LeasedUntil: t.Until, Redirect: r, Address: r.Address}
			// The machine may have got another address since the request.
			err = tx.Conn().QueryRow(ctx, "SELECT address FROM miners WHERE id = $1", r.Miner).Scan(&given.Address)
			if err != nil && !isNoRows(err) {
				return err
			}
			out = append(out, given)
		}
		return nil
	})
	if len(out) > 0 {
		hashyard.Hit(hashyard.AtRedirectLeased)
	}
	return out, pg.Fail(err, "lease commands of site %s", p.Site)
}

// Defer implements fleet.Store.
func (s *Store) Defer(ctx context.Context, actor hashyard.Actor, command hashyard.ID, until time.Time) error {
	err := s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, `
			UPDATE agent_commands SET state = 'queued', leased_until = NULL, leased_to = NULL, not_before = $2
			WHERE id = $1 AND state = 'leased'`, command, until)
		return err
	})
	return pg.Fail(err, "defer command %s", command)
}

// CommandRedirect implements fleet.Store.
func (s *Store) CommandRedirect(ctx context.Context, actor hashyard.Actor, command hashyard.ID) (redirect hashyard.ID, done bool, err error) {
	err = s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		return tx.Conn().QueryRow(ctx, "SELECT redirect_id, state = 'done' FROM agent_commands WHERE id = $1", command).Scan(&redirect, &done)
	})
	return redirect, done, pg.Fail(err, "command %s", command)
}
