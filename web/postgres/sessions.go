package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web"
)

// AddSession stores a session, and takes the user's expired ones away.
func (s *Store) AddSession(ctx context.Context, actor hashyard.Actor, ses web.Session, token [32]byte) error {
	return s.db.InOrg(ctx, actor, ses.Org, func(ctx context.Context, tx *pg.Tx) error {
		c := tx.Conn()
		if _, err := c.Exec(ctx, "DELETE FROM sessions WHERE user_id = $1 AND (expires_at < $2 OR seen_at < $3)",
			ses.User, ses.CreatedAt, ses.CreatedAt.Add(-web.SessionIdle)); err != nil {
			return pg.Fail(err, "sessions of user %s", ses.User)
		}
		_, err := c.Exec(ctx, `
			INSERT INTO sessions (id, org_id, user_id, token_hash, created_at, seen_at, expires_at, remote, agent)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			ses.ID, ses.Org, ses.User, token[:], ses.CreatedAt, ses.SeenAt, ses.ExpiresAt, ses.Remote, ses.Agent)
		if err != nil {
			return pg.Fail(err, "session of user %s", ses.User)
		}
		after := map[string]any{"remote": ses.Remote, "agent": ses.Agent}
		return tx.Audit(ctx, "session.open", hashyard.Ref{Kind: "user", ID: ses.User}, nil, after)
	})
}

// FindSession returns the session of a token with its user.
func (s *Store) FindSession(ctx context.Context, token [32]byte) (ses web.Session, u web.User, err error) {
	err = s.db.AsSystem(ctx, signIn, func(ctx context.Context, tx *pg.Tx) error {
		u, err = scanUser(tx.Conn().QueryRow(ctx, `
			SELECT u.id, u.org_id, u.email, u.name, u.roles, u.disabled, u.version, u.created_at,
			       s.id, s.org_id, s.user_id, s.created_at, s.seen_at, s.expires_at
			FROM sessions s JOIN users u ON u.id = s.user_id AND u.org_id = s.org_id
			WHERE s.token_hash = $1 AND NOT u.disabled`, token[:]),
			&ses.ID, &ses.Org, &ses.User, &ses.CreatedAt, &ses.SeenAt, &ses.ExpiresAt)
		return pg.Fail(err, "session")
	})
	return ses, u, err
}

// SignedInFrom reads the audit trail: unlike sessions, it outlasts signing out.
func (s *Store) SignedInFrom(ctx context.Context, email string, since time.Time) (remotes []string, err error) {
	err = s.db.AsSystem(ctx, signIn, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			SELECT remote FROM (
				SELECT DISTINCT ON (a.after->>'remote') a.after->>'remote' AS remote, a.id
				FROM users u JOIN audit a ON a.ref_kind = 'user' AND a.ref_id = u.id
				WHERE u.email = $1 AND a.command = 'session.open' AND a.at >= $2 AND a.after->>'remote' IS NOT NULL
				ORDER BY a.after->>'remote', a.id DESC) lately
			ORDER BY id DESC LIMIT 50`, email, since)
		if err != nil {
			return pg.Fail(err, "sign-ins")
		}
		remotes, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return pg.Fail(err, "sign-ins")
	})
	return remotes, err
}

// SessionSeen records a use.
func (s *Store) SessionSeen(ctx context.Context, id hashyard.ID, at time.Time) error {
	return s.db.AsSystem(ctx, signIn, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, "UPDATE sessions SET seen_at = greatest(seen_at, $2) WHERE id = $1", id, at)
		return pg.Fail(err, "session %s", id)
	})
}

// EndSession is idempotent.
func (s *Store) EndSession(ctx context.Context, actor hashyard.Actor, id hashyard.ID) error {
	return s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		tag, err := tx.Conn().Exec(ctx, "DELETE FROM sessions WHERE id = $1", id)
		if err != nil || tag.RowsAffected() == 0 {
			return pg.Fail(err, "session %s", id)
		}
		return tx.Audit(ctx, "session.end", hashyard.Ref{Kind: "user", ID: actor.User}, nil, nil)
	})
}
