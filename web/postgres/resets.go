package postgres

import (
	"context"
	"time"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web"
	"hashyard/web/notify"
)

// AskReset appends the event that somebody lost a password.
func (s *Store) AskReset(ctx context.Context, ev hashyard.Event) error {
	return s.db.AsSystem(ctx, resets, func(ctx context.Context, tx *pg.Tx) error { return tx.Emit(ctx, ev) })
}

// OpenReset stores a link and queues its mail, once an event.
func (s *Store) OpenReset(ctx context.Context, event hashyard.ID, r web.Reset, token [32]byte, m notify.Sealed) error {
	return s.db.AsSystem(ctx, resets, func(ctx context.Context, tx *pg.Tx) error {
		first, err := tx.Once(ctx, event, resets)
		if err != nil || !first {
			return err
		}
		c := tx.Conn()
		if _, err := c.Exec(ctx, "UPDATE password_resets SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL", r.User, r.CreatedAt); err != nil {
			return pg.Fail(err, "resets of user %s", r.User)
		}
		_, err = c.Exec(ctx, `
			INSERT INTO password_resets (id, org_id, user_id, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			r.ID, r.Org, r.User, token[:], r.CreatedAt, r.ExpiresAt)
		if err != nil {
			return pg.Fail(err, "reset of user %s", r.User)
		}
		if _, err := queueMail(ctx, tx, m); err != nil {
			return err
		}
		return tx.AuditFor(ctx, r.Org, "user.reset-mail", hashyard.Ref{Kind: "user", ID: r.User}, nil, map[string]any{"expires_at": r.ExpiresAt})
	})
}

// UseReset sets a password by a link and ends all of the user's sessions.
func (s *Store) UseReset(ctx context.Context, token [32]byte, now time.Time, hash string, note func(web.User) (notify.Sealed, error)) (u web.User, err error) {
	err = s.db.AsSystem(ctx, resets, func(ctx context.Context, tx *pg.Tx) error {
		c := tx.Conn()
		var id hashyard.ID
		u, err = scanUser(c.QueryRow(ctx, `
			SELECT u.id, u.org_id, u.email, u.name, u.roles, u.disabled, u.version, u.created_at, r.id
			FROM password_resets r JOIN users u ON u.id = r.user_id AND u.org_id = r.org_id
			WHERE r.token_hash = $1 AND r.ended_at IS NULL AND r.expires_at > $2 AND NOT u.disabled
			FOR UPDATE`, token[:], now), &id)
		if err != nil {
			return pg.Fail(err, "reset")
		}
		if _, err := c.Exec(ctx, "UPDATE password_resets SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL", u.ID, now); err != nil {
			return pg.Fail(err, "reset %s", id)
		}
		if _, err := c.Exec(ctx, "UPDATE users SET password_hash = $2, version = version + 1 WHERE id = $1", u.ID, hash); err != nil {
			return pg.Fail(err, "password of user %s", u.ID)
		}
		tag, err := c.Exec(ctx, "DELETE FROM sessions WHERE user_id = $1", u.ID)
		if err != nil {
			return pg.Fail(err, "sessions of user %s", u.ID)
		}
		m, err := note(u)
		if err != nil {
			return err
		}
		if _, err := queueMail(ctx, tx, m); err != nil {
			return err
		}
		return tx.AuditFor(ctx, u.Org, "user.password-reset", hashyard.Ref{Kind: "user", ID: u.ID}, nil, map[string]any{"sessions_ended": tag.RowsAffected()})
	})
	return u, err
}
