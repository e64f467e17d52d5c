package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web/hooks"
)

var _ hooks.Store = (*Store)(nil)

// outgoing is the reason of the system transactions of webhooks.
const outgoing = "web.hooks"

const hookColumns = "id, org_id, url, roles, generation, created_by, created_at, removed_at"

func scanHook(row pgx.Row) (h hooks.Hook, err error) {
	var roles []string
	var removed *time.Time
	err = row.Scan(&h.ID, &h.Org, &h.URL, &roles, &h.Generation, &h.CreatedBy, &h.CreatedAt, &removed)
	h.Roles, h.CreatedAt, h.RemovedAt = toRoles(roles), h.CreatedAt.UTC(), utc(removed)
	return h, err
}

func hookRef(id hashyard.ID) hashyard.Ref { return hashyard.Ref{Kind: "webhook", ID: id} }

// AddHook makes a webhook.
func (s *Store) AddHook(ctx context.Context, actor hashyard.Actor, h hooks.Hook, most int) (stored hooks.Hook, err error) {
	err = s.db.InOrg(ctx, actor, h.Org, func(ctx context.Context, tx *pg.Tx) error {
		c := tx.Conn()
		stored, err = scanHook(c.QueryRow(ctx, "SELECT "+hookColumns+" FROM webhooks WHERE id = $1", h.ID))
		if !errors.Is(err, pgx.ErrNoRows) {
			return pg.Fail(err, "webhook %s", h.ID) // nil: an earlier attempt made it
		}
		// The organisation's row is the lock for counting.
		if _, err := c.Exec(ctx, "SELECT FROM orgs WHERE id = $1 FOR NO KEY UPDATE", h.Org); err != nil {
			return pg.Fail(err, "webhook %s", h.ID)
		}
		var live int
		if err := c.QueryRow(ctx, "SELECT count(*) FROM webhooks WHERE org_id = $1 AND removed_at IS NULL", h.Org).Scan(&live); err != nil {
			return pg.Fail(err, "webhook %s", h.ID)
		}
		if live >= most {
			return hashyard.Conflict.Errorf("an organisation has at most %d webhooks; remove one first", most)
		}
		if _, err := c.Exec(ctx, "INSERT INTO webhooks (id, org_id, url, roles, generation, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			h.ID, h.Org, h.URL, fromRoles(h.Roles), h.Generation, h.CreatedBy, h.CreatedAt); err != nil {
			return pg.Fail(err, "webhook %s", h.ID)
		}
		stored = h
		return tx.Audit(ctx, "webhook.add", hookRef(h.ID), nil, h)
	})
	return stored, err
}

// Hooks are those of the actor's organisation, oldest first.
func (s *Store) Hooks(ctx context.Context, actor hashyard.Actor, after hashyard.ID, limit int) (hs []hooks.Hook, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		hs, err = hooksOf(ctx, tx, "WHERE org_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3", actor.Org, after, limit)
		return err
	})
	return hs, err
}

func hooksOf(ctx context.Context, tx *pg.Tx, where string, args ...any) ([]hooks.Hook, error) {
	rows, err := tx.Conn().Query(ctx, "SELECT "+hookColumns+" FROM webhooks "+where, args...)
	if err != nil {
		return nil, pg.Fail(err, "webhooks")
	}
	hs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (hooks.Hook, error) { return scanHook(row) })
	return hs, pg.Fail(err, "webhooks")
}

// RemoveHook ends a webhook and what is queued for it.
func (s *Store) RemoveHook(ctx context.Context, actor hashyard.Actor, id hashyard.ID, at time.Time) (h hooks.Hook, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		before, err := scanHook(tx.Conn().QueryRow(ctx, "SELECT "+hookColumns+" FROM webhooks WHERE id = $1 FOR UPDATE", id))
		if err != nil {
			return pg.Fail(err, "webhook %s", id)
		}
		if h = before; !h.RemovedAt.IsZero() {
			return nil
		}
		h.RemovedAt = at
		if _, err := tx.Conn().Exec(ctx, "UPDATE webhooks SET removed_at = $2 WHERE id = $1", id, at); err != nil {
			return pg.Fail(err, "webhook %s", id)
		}
		if _, err := tx.Conn().Exec(ctx, "UPDATE webhook_deliveries SET state = 'dead', ended_at = $2, error = 'the webhook was removed' WHERE hook_id = $1 AND state = 'queued'", id, at); err != nil {
			return pg.Fail(err, "deliveries of webhook %s", id)
		}
		return tx.Audit(ctx, "webhook.remove", hookRef(id), before, h)
	})
	return h, err
}

// Enqueue writes a delivery for every webhook that gets one, once an event.
func (s *Store) Enqueue(ctx context.Context, event hashyard.ID, orgs []hashyard.ID, body func(hooks.Hook) (*hooks.Delivery, error)) error {
	return s.db.AsSystem(ctx, outgoing, func(ctx context.Context, tx *pg.Tx) error {
		hs, err := hooksOf(ctx, tx, "WHERE org_id = ANY ($1) AND removed_at IS NULL ORDER BY id", pg.UUIDs(orgs))
		if err != nil || len(hs) == 0 {
			return err
		}
		first, err := tx.Once(ctx, event, outgoing)
		if err != nil || !first {
			return err
		}
		for _, h := range hs {
			d, err := body(h)
			if err != nil {
				return err
			}
			if d == nil {
				continue
			}
			_, err = tx.Conn().Exec(ctx, `
				INSERT INTO webhook_deliveries (id, org_id, hook_id, event_id, kind, body, created_at, since, due_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
				d.ID, h.Org, h.ID, d.Event, d.Kind, d.Body, d.CreatedAt, d.Since, d.DueAt)
			if err != nil {
				return pg.Fail(err, "delivery to webhook %s", h.ID)
			}
		}
		return nil
	})
}

const deliveryColumns = "id, hook_id, event_id, kind, state, attempts, created_at, since, due_at, tried_at, took_ms, status, error, ended_at"

func scanDelivery(row pgx.Row, more ...any) (d hooks.Delivery, err error) {
	var tried, ended *time.Time
	var took, status *int
	err = row.Scan(append([]any{
		&d.ID, &d.Hook, &d.Event, &d.Kind, &d.State, &d.Attempts, &d.CreatedAt, &d.Since, &d.DueAt,
		&tried, &took, &status, &d.Error, &ended,
	}, more...)...)
	d.CreatedAt, d.Since, d.DueAt, d.TriedAt, d.EndedAt = d.CreatedAt.UTC(), d.Since.UTC(), d.DueAt.UTC(), utc(tried), utc(ended)
	if took != nil {
		d.TookMS = *took
	}
	if status != nil {
		d.Status = *status
	}
	return d, err
}

// Deliveries are those to a webhook, newest first.
func (s *Store) Deliveries(ctx context.Context, actor hashyard.Actor, hook, before hashyard.ID, limit int) (ds []hooks.Delivery, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		if _, err := scanHook(tx.Conn().QueryRow(ctx, "SELECT "+hookColumns+" FROM webhooks WHERE id = $1", hook)); err != nil {
			return pg.Fail(err, "webhook %s", hook)
		}
		rows, err := tx.Conn().Query(ctx, "SELECT "+deliveryColumns+` FROM webhook_deliveries
			WHERE hook_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`, hook, before, limit)
		if err != nil {
			return pg.Fail(err, "deliveries")
		}
		ds, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (hooks.Delivery, error) { return scanDelivery(row) })
		return pg.Fail(err, "deliveries")
	})
	return ds, err
}

// Redeliver queues an ended delivery again; one that is queued stays as it is.
func (s *Store) Redeliver(ctx context.Context, actor hashyard.Actor, hook, id hashyard.ID, now time.Time) (d hooks.Delivery, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		h, err := scanHook(tx.Conn().QueryRow(ctx, "SELECT "+hookColumns+" FROM webhooks WHERE id = $1", hook))
		if err != nil {
			return pg.Fail(err, "webhook %s", hook)
		}
		if d, err = scanDelivery(tx.Conn().QueryRow(ctx, "SELECT "+deliveryColumns+" FROM webhook_deliveries WHERE id = $1 AND hook_id = $2 FOR UPDATE", id, hook)); err != nil {
			return pg.Fail(err, "delivery %s", id)
		}
		if d.State == hooks.Queued {
			return nil
		}
		if !h.RemovedAt.IsZero() {
			return hashyard.Conflict.Errorf("webhook %s was removed", hook)
		}
		before := d
		d, err = scanDelivery(tx.Conn().QueryRow(ctx, `
			UPDATE webhook_deliveries SET state = 'queued', ended_at = NULL, attempts = 0, since = $2, due_at = $2
			WHERE id = $1 RETURNING `+deliveryColumns, id, now))
		if err != nil {
			return pg.Fail(err, "delivery %s", id)
		}
		return tx.Audit(ctx, "webhook.redeliver", hookRef(hook), before, d)
	})
	return d, err
}

// TakeHooks leases webhooks that have something due, and forgets deliveries
// that ended long ago.
func (s *Store) TakeHooks(ctx context.Context, now time.Time, lease time.Duration, n int) (hs []hooks.Hook, err error) {
	err = s.db.AsSystem(ctx, outgoing, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			UPDATE webhooks SET leased_to = now() + $2
			WHERE id IN (SELECT id FROM webhooks h WHERE removed_at IS NULL AND leased_to <= now()
			             AND EXISTS (SELECT FROM webhook_deliveries d WHERE d.hook_id = h.id AND d.state = 'queued' AND d.due_at <= $1)
			             ORDER BY leased_to, id LIMIT $3 FOR UPDATE SKIP LOCKED)
			RETURNING `+hookColumns, now, lease, n)
		if err != nil {
			return pg.Fail(err, "webhooks")
		}
		if hs, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (hooks.Hook, error) { return scanHook(row) }); err != nil {
			return pg.Fail(err, "webhooks")
		}
		_, err = tx.Conn().Exec(ctx, `
			DELETE FROM webhook_deliveries WHERE id IN (
				SELECT id FROM webhook_deliveries WHERE ended_at < $1 LIMIT 200 FOR UPDATE SKIP LOCKED)`, now.Add(-keepDeliveries))
		return pg.Fail(err, "old deliveries")
	})
	return hs, err
}

// keepDeliveries is how long ended ones are listed.
const keepDeliveries = 30 * 24 * time.Hour

// Due are the next deliveries of a webhook, in the order of their events.
func (s *Store) Due(ctx context.Context, hook hashyard.ID, now time.Time, n int) (ds []hooks.Delivery, err error) {
	err = s.db.AsSystem(ctx, outgoing, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+deliveryColumns+`, body FROM webhook_deliveries
			WHERE hook_id = $1 AND state = 'queued' AND due_at <= $2 ORDER BY due_at, id LIMIT $3`, hook, now, n)
		if err != nil {
			return pg.Fail(err, "deliveries")
		}
		ds, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (hooks.Delivery, error) {
			var body []byte
			d, err := scanDelivery(row, &body)
			d.Body = body
			return d, err
		})
		return pg.Fail(err, "deliveries")
	})
	return ds, err
}

// Tried records a try, unless the webhook was removed meanwhile.
func (s *Store) Tried(ctx context.Context, d hooks.Delivery) error {
	return s.db.AsSystem(ctx, outgoing, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, `
			UPDATE webhook_deliveries SET state = $2, attempts = $3, due_at = $4, tried_at = $5, took_ms = $6, status = nullif($7, 0), error = $8, ended_at = $9
			WHERE id = $1 AND state = 'queued'`,
			d.ID, string(d.State), d.Attempts, d.DueAt, d.TriedAt, d.TookMS, d.Status, d.Error, instant(d.EndedAt))
		return pg.Fail(err, "delivery %s", d.ID)
	})
}

// FreeHook gives a webhook back.
func (s *Store) FreeHook(ctx context.Context, hook hashyard.ID) error {
	return s.db.AsSystem(ctx, outgoing, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, "UPDATE webhooks SET leased_to = now() WHERE id = $1", hook)
		return pg.Fail(err, "webhook %s", hook)
	})
}
