package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web"
)

const keyColumns = "id, org_id, name, roles, created_by, created_at, expires_at, revoked_at, used_at, elevated"

func scanKey(row pgx.Row, more ...any) (k web.Key, err error) {
	var roles []string
	var expires, revoked, used *time.Time
	err = row.Scan(append([]any{&k.ID, &k.Org, &k.Name, &roles, &k.CreatedBy, &k.CreatedAt, &expires, &revoked, &used, &k.Elevated}, more...)...)
	k.Roles, k.CreatedAt = toRoles(roles), k.CreatedAt.UTC()
	k.ExpiresAt, k.RevokedAt, k.UsedAt = utc(expires), utc(revoked), utc(used)
	return k, err
}

// AddKey stores a key by the hash of its secret. One of the same id is the
// command's own, of an attempt that was never answered: nobody has its secret.
func (s *Store) AddKey(ctx context.Context, actor hashyard.Actor, k web.Key, secret [32]byte) (stored web.Key, err error) {
	err = s.db.InOrg(ctx, actor, k.Org, func(ctx context.Context, tx *pg.Tx) error {
		tag, err := tx.Conn().Exec(ctx, `
			INSERT INTO api_keys (id, org_id, name, roles, secret_hash, created_by, created_at, expires_at, elevated)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
			k.ID, k.Org, k.Name, fromRoles(k.Roles), secret[:], k.CreatedBy, k.CreatedAt, instant(k.ExpiresAt), k.Elevated)
		if err != nil {
			return pg.Fail(err, "key %s", k.ID)
		}
		ref := hashyard.Ref{Kind: "key", ID: k.ID}
		if tag.RowsAffected() == 1 {
			stored = k
			return tx.Audit(ctx, "key.add", ref, nil, k)
		}
		stored, err = scanKey(tx.Conn().QueryRow(ctx, `
			UPDATE api_keys SET secret_hash = $2 WHERE id = $1 AND used_at IS NULL AND revoked_at IS NULL
			RETURNING `+keyColumns, k.ID, secret[:]))
		if errors.Is(err, pgx.ErrNoRows) {
			return hashyard.Conflict.Errorf("key %s was made already, and used or revoked since", k.ID)
		}
		if err != nil {
			return pg.Fail(err, "key %s", k.ID)
		}
		return tx.Audit(ctx, "key.secret", ref, nil, stored)
	})
	return stored, err
}

// FindKey finds a key of any organisation, for signing in. One whose maker was
// disabled is gone, also when it was being made at that very moment.
func (s *Store) FindKey(ctx context.Context, id hashyard.ID) (k web.Key, secret [32]byte, err error) {
	err = s.db.AsSystem(ctx, signIn, func(ctx context.Context, tx *pg.Tx) error {
		var hash []byte
		k, err = scanKey(tx.Conn().QueryRow(ctx, "SELECT "+keyColumns+`, secret_hash FROM api_keys k WHERE id = $1
			AND NOT EXISTS (SELECT FROM users u WHERE u.id = k.created_by AND u.disabled)`, id), &hash)
		copy(secret[:], hash)
		return pg.Fail(err, "key %s", id)
	})
	return k, secret, err
}

// Keys are the keys of the actor's organisation, oldest first.
func (s *Store) Keys(ctx context.Context, actor hashyard.Actor, after hashyard.ID, limit int) (keys []web.Key, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+keyColumns+` FROM api_keys
			WHERE org_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`, actor.Org, after, limit)
		if err != nil {
			return pg.Fail(err, "keys")
		}
		keys, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (web.Key, error) { return scanKey(row) })
		return pg.Fail(err, "keys")
	})
	return keys, err
}

// KeySeen records a use.
func (s *Store) KeySeen(ctx context.Context, id hashyard.ID, at time.Time) error {
	return s.db.AsSystem(ctx, signIn, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, "UPDATE api_keys SET used_at = greatest(used_at, $2) WHERE id = $1", id, at)
		return pg.Fail(err, "key %s", id)
	})
}

// Elevate lets a key do what asks a person for a factor.
func (s *Store) Elevate(ctx context.Context, actor hashyard.Actor, id hashyard.ID) error {
	return s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		k, err := scanKey(tx.Conn().QueryRow(ctx, "UPDATE api_keys SET elevated = true WHERE id = $1 RETURNING "+keyColumns, id))
		if err != nil {
			return pg.Fail(err, "key %s", id)
		}
		return tx.Audit(ctx, "key.elevate", hashyard.Ref{Kind: "key", ID: id}, nil, k)
	})
}

// RevokeKey ends a key; a revoked one stays as it is.
func (s *Store) RevokeKey(ctx context.Context, actor hashyard.Actor, id hashyard.ID, at time.Time) (k web.Key, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		before, err := scanKey(tx.Conn().QueryRow(ctx, "SELECT "+keyColumns+" FROM api_keys WHERE id = $1 FOR UPDATE", id))
		if err != nil {
			return pg.Fail(err, "key %s", id)
		}
		if k = before; !before.RevokedAt.IsZero() {
			return nil
		}
		k, err = scanKey(tx.Conn().QueryRow(ctx, "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING "+keyColumns, id, at))
		if err != nil {
			return pg.Fail(err, "key %s", id)
		}
		return tx.Audit(ctx, "key.revoke", hashyard.Ref{Kind: "key", ID: id}, before, k)
	})
	return k, err
}
