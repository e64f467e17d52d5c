package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web"
)

// opened is the command in the audit trail that makes a network familiar.
const opened = "session.open"

// AddSession stores a session, and takes the user's expired ones away.
func (s *Store) AddSession(ctx context.Context, actor hashyard.Actor, ses web.Session, stage web.Stage, token [32]byte) error {
	return s.db.InOrg(ctx, actor, ses.Org, func(ctx context.Context, tx *pg.Tx) error {
		c := tx.Conn()
		if _, err := c.Exec(ctx, "DELETE FROM sessions WHERE user_id = $1 AND (expires_at < $2 OR seen_at < $3)",
			ses.User, ses.CreatedAt, ses.CreatedAt.Add(-web.SessionIdle)); err != nil {
			return pg.Fail(err, "sessions of user %s", ses.User)
		}
		_, err := c.Exec(ctx, `
			INSERT INTO sessions (id, org_id, user_id, token_hash, created_at, seen_at, expires_at, remote, agent, factor, shown_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			ses.ID, ses.Org, ses.User, token[:], ses.CreatedAt, ses.SeenAt, ses.ExpiresAt, ses.Remote, ses.Agent, ses.Factor, instant(ses.ShownAt))
		if err != nil {
			return pg.Fail(err, "session of user %s", ses.User)
		}
		command := opened
		if stage != web.Full {
			command = "session.begin" // a password alone makes no network familiar
		}
		after := map[string]any{"remote": ses.Remote, "agent": ses.Agent, "factor": ses.Factor}
		return tx.Audit(ctx, command, hashyard.Ref{Kind: "user", ID: ses.User}, nil, after)
	})
}

// FindSession returns the session of a token with its user.
func (s *Store) FindSession(ctx context.Context, token [32]byte) (ses web.Session, u web.User, err error) {
	err = s.db.AsSystem(ctx, signIn, func(ctx context.Context, tx *pg.Tx) error {
		var shown *time.Time
		u, err = scanUser(tx.Conn().QueryRow(ctx, `
			SELECT u.id, u.org_id, u.email, u.name, u.roles, u.disabled, u.version, u.created_at,
			       s.id, s.org_id, s.user_id, s.created_at, s.seen_at, s.expires_at, s.factor, s.shown_at,
			       (SELECT count(*) FROM factors f WHERE f.user_id = u.id),
			       EXISTS (SELECT FROM recovery_codes c WHERE c.user_id = u.id AND c.used_at IS NULL)
			FROM sessions s JOIN users u ON u.id = s.user_id AND u.org_id = s.org_id
			WHERE s.token_hash = $1 AND NOT u.disabled`, token[:]),
			&ses.ID, &ses.Org, &ses.User, &ses.CreatedAt, &ses.SeenAt, &ses.ExpiresAt, &ses.Factor, &shown, &ses.Factors, &ses.Codes)
		ses.ShownAt = utc(shown)
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
		tag, err := tx.Conn().Exec(ctx, "DELETE FROM sessions WHERE id = $1 AND user_id = $2", id, actor.User)
		if err != nil || tag.RowsAffected() == 0 {
			return pg.Fail(err, "session %s", id)
		}
		return tx.Audit(ctx, "session.end", hashyard.Ref{Kind: "user", ID: actor.User}, nil, nil)
	})
}

// Sessions are the actor's live ones, newest first.
func (s *Store) Sessions(ctx context.Context, actor hashyard.Actor, before hashyard.ID, limit int, now time.Time) (list []web.Session, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			SELECT id, org_id, user_id, created_at, seen_at, expires_at, remote, agent, factor, shown_at FROM sessions
			WHERE user_id = $1 AND ($2::uuid IS NULL OR id < $2) AND expires_at > $4 AND seen_at > $5 ORDER BY id DESC LIMIT $3`,
			actor.User, before, limit, now, now.Add(-web.SessionIdle))
		if err != nil {
			return pg.Fail(err, "sessions")
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (ses web.Session, err error) {
			var shown *time.Time
			err = row.Scan(&ses.ID, &ses.Org, &ses.User, &ses.CreatedAt, &ses.SeenAt, &ses.ExpiresAt, &ses.Remote, &ses.Agent, &ses.Factor, &shown)
			ses.CreatedAt, ses.SeenAt, ses.ExpiresAt, ses.ShownAt = ses.CreatedAt.UTC(), ses.SeenAt.UTC(), ses.ExpiresAt.UTC(), utc(shown)
			return ses, err
		})
		return pg.Fail(err, "sessions")
	})
	return list, err
}

// EndSessions ends the sessions of a user of the organisation but one.
func (s *Store) EndSessions(ctx context.Context, actor hashyard.Actor, user, keep hashyard.ID) (n int, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		u, err := scanUser(tx.Conn().QueryRow(ctx, "SELECT "+userColumns+" FROM users WHERE id = $1", user))
		if err != nil {
			return pg.Fail(err, "user %s", user)
		}
		tag, err := tx.Conn().Exec(ctx, "DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2::uuid", u.ID, keep)
		if n = int(tag.RowsAffected()); err != nil || n == 0 {
			return pg.Fail(err, "sessions of user %s", user)
		}
		return tx.Audit(ctx, "session.end", hashyard.Ref{Kind: "user", ID: user}, nil, map[string]any{"ended": n})
	})
	return n, err
}
