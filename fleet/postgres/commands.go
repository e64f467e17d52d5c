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
func (s *Store) Lease(ctx context.Context, actor hashyard.Actor, p fleet.Poll, n int, now, until time.Time) (out []fleet.Leased, err error) {
	err = s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		out = nil
		type lease struct {
			command, redirect hashyard.ID
			epoch             int64
		}
		rows, err := tx.Conn().Query(ctx, `
			UPDATE agent_commands SET state = 'leased', leased_until = $3, leased_to = $5, epoch = epoch + 1
			WHERE id IN (SELECT id FROM agent_commands
			             WHERE site_id = $1 AND (state = 'queued' OR (state = 'leased' AND
			                   (leased_until <= $2 OR (leased_to = $5 AND id <> ALL ($6)))))
			             ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED)
			RETURNING id, redirect_id, epoch`, p.Site, now, until, n, p.Agent, uuids(p.Knows))
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
			was, err := oneRedirect(ctx, tx, "WHERE r.id = $1 FOR UPDATE", l.redirect)
			if err != nil {
				return pg.Fail(err, "redirect %s", l.redirect)
			}
			r, err := was.Send(now, l.epoch)
			if err != nil {
				return err
			}
			if err := updateRedirect(ctx, tx, was, r); err != nil {
				return err
			}
			given := fleet.Leased{Command: l.command, Epoch: l.epoch, LeasedUntil: until, Redirect: r, Address: r.Address}
			// The machine may have got another address since the request.
			err = tx.Conn().QueryRow(ctx, "SELECT address FROM miners WHERE id = $1", r.Miner).Scan(&given.Address)
			if err != nil && !isNoRows(err) {
				return err
			}
			out = append(out, given)
		}
		return nil
	})
	return out, pg.Fail(err, "lease commands of site %s", p.Site)
}

// CommandRedirect implements fleet.Store.
func (s *Store) CommandRedirect(ctx context.Context, actor hashyard.Actor, command hashyard.ID) (redirect hashyard.ID, done bool, err error) {
	err = s.in(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		return tx.Conn().QueryRow(ctx, "SELECT redirect_id, state = 'done' FROM agent_commands WHERE id = $1", command).Scan(&redirect, &done)
	})
	return redirect, done, pg.Fail(err, "command %s", command)
}
