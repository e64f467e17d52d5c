package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web"
)

const userColumns = "id, org_id, email, name, roles, disabled, version, created_at"

func scanUser(row pgx.Row, more ...any) (u web.User, err error) {
	var roles []string
	err = row.Scan(append([]any{&u.ID, &u.Org, &u.Email, &u.Name, &roles, &u.Disabled, &u.Version, &u.CreatedAt}, more...)...)
	u.Roles, u.CreatedAt = toRoles(roles), u.CreatedAt.UTC()
	return u, err
}

func toRoles(s []string) []hashyard.Role {
	out := make([]hashyard.Role, len(s))
	for i, r := range s {
		out[i] = hashyard.Role(r)
	}
	return out
}

func fromRoles(roles []hashyard.Role) []string {
	out := make([]string, len(roles))
	for i, r := range roles {
		out[i] = string(r)
	}
	return out
}

// AddUser makes a user; a known e-mail is a hashyard.Conflict.
func (s *Store) AddUser(ctx context.Context, actor hashyard.Actor, u web.User, hash string) error {
	return s.db.InOrg(ctx, actor, u.Org, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, `
			INSERT INTO users (id, org_id, email, name, roles, password_hash, disabled, version, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			u.ID, u.Org, u.Email, u.Name, fromRoles(u.Roles), hash, u.Disabled, u.Version, u.CreatedAt)
		if err != nil {
			return pg.Fail(err, "user %s", u.Email)
		}
		return tx.Audit(ctx, "user.add", hashyard.Ref{Kind: "user", ID: u.ID}, nil, u)
	})
}

// UserByEmail finds a user of any organisation, for signing in.
func (s *Store) UserByEmail(ctx context.Context, email string) (u web.User, hash string, err error) {
	err = s.db.AsSystem(ctx, signIn, func(ctx context.Context, tx *pg.Tx) error {
		u, err = scanUser(tx.Conn().QueryRow(ctx, "SELECT "+userColumns+", password_hash FROM users WHERE email = $1", email), &hash)
		return pg.Fail(err, "user of this e-mail")
	})
	return u, hash, err
}

// User is one user of the actor's organisation.
func (s *Store) User(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (u web.User, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		u, err = scanUser(tx.Conn().QueryRow(ctx, "SELECT "+userColumns+" FROM users WHERE id = $1", id))
		return pg.Fail(err, "user %s", id)
	})
	return u, err
}

// Users are the users of the actor's organisation, oldest first.
func (s *Store) Users(ctx context.Context, actor hashyard.Actor, after hashyard.ID, limit int) (users []web.User, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+userColumns+` FROM users
			WHERE org_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`, actor.Org, after, limit)
		if err != nil {
			return pg.Fail(err, "users")
		}
		users, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (web.User, error) { return scanUser(row) })
		return pg.Fail(err, "users")
	})
	return users, err
}

// ChangeUser applies change to the stored user. Locking the organisation's
// row first makes the count of owners hold until the end.
func (s *Store) ChangeUser(ctx context.Context, actor hashyard.Actor, id hashyard.ID, change func(web.User, int) (web.User, error)) (u web.User, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		c := tx.Conn()
		if _, err := c.Exec(ctx, "SELECT FROM orgs WHERE id = $1 FOR UPDATE", actor.Org); err != nil {
			return pg.Fail(err, "user %s", id)
		}
		before, err := scanUser(c.QueryRow(ctx, "SELECT "+userColumns+" FROM users WHERE id = $1 FOR UPDATE", id))
		if err != nil {
			return pg.Fail(err, "user %s", id)
		}
		var owners int
		err = c.QueryRow(ctx, "SELECT count(*) FROM users WHERE org_id = $1 AND NOT disabled AND $2 = ANY (roles)", actor.Org, hashyard.Owner).Scan(&owners)
		if err != nil {
			return pg.Fail(err, "user %s", id)
		}
		if u, err = change(before, owners); err != nil {
			return err
		}
		tag, err := c.Exec(ctx, "UPDATE users SET name = $2, roles = $3, disabled = $4, version = $5 WHERE id = $1 AND version = $6",
			id, u.Name, fromRoles(u.Roles), u.Disabled, u.Version, before.Version)
		if err != nil {
			return pg.Fail(err, "user %s", id)
		}
		if tag.RowsAffected() == 0 {
			return hashyard.Stale.Errorf("user %s was changed meanwhile", id)
		}
		switch {
		case u.Disabled:
			err = shutOut(ctx, tx, id)
		case slices.Contains(before.Roles, hashyard.Owner) && !slices.Contains(u.Roles, hashyard.Owner):
			err = stepDown(ctx, tx, u)
		}
		if err != nil {
			return err
		}
		return tx.Audit(ctx, "user.change", hashyard.Ref{Kind: "user", ID: id}, before, u)
	})
	return u, err
}

// shutOut ends the user's sessions and revokes the keys and invitations they
// made: a key acts for the organisation, and who left it keeps none in the
// pocket.
func shutOut(ctx context.Context, tx *pg.Tx, user hashyard.ID) error {
	if _, err := tx.Conn().Exec(ctx, "DELETE FROM sessions WHERE user_id = $1", user); err != nil {
		return pg.Fail(err, "sessions of user %s", user)
	}
	if err := revokeKeys(ctx, tx, user, "true"); err != nil {
		return err
	}
	return revokeInvitations(ctx, tx, user)
}

// stepDown is for an owner who stays as less: what they made as an owner does
// not do for them what they may not do any more. Agents' keys go on: they open
// nothing for a person, and sites stand still without them.
func stepDown(ctx context.Context, tx *pg.Tx, u web.User) error {
	if err := revokeKeys(ctx, tx, u.ID, "roles <> $2 AND NOT roles <@ $3", []string{string(hashyard.Agent)}, fromRoles(u.Roles)); err != nil {
		return err
	}
	return revokeInvitations(ctx, tx, u.ID)
}

// revokeKeys revokes those keys of a user for which the condition holds.
func revokeKeys(ctx context.Context, tx *pg.Tx, user hashyard.ID, condition string, args ...any) error {
	rows, err := tx.Conn().Query(ctx, "UPDATE api_keys SET revoked_at = now() WHERE created_by = $1 AND revoked_at IS NULL AND "+condition+
		" RETURNING "+keyColumns, append([]any{user}, args...)...)
	if err != nil {
		return pg.Fail(err, "keys of user %s", user)
	}
	keys, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (web.Key, error) { return scanKey(row) })
	if err != nil {
		return pg.Fail(err, "keys of user %s", user)
	}
	for _, k := range keys {
		before := k
		before.RevokedAt = time.Time{}
		if err := tx.Audit(ctx, "key.revoke", hashyard.Ref{Kind: "key", ID: k.ID}, before, k); err != nil {
			return err
		}
	}
	return nil
}

// revokeInvitations ends those that the user made and nobody has accepted.
func revokeInvitations(ctx context.Context, tx *pg.Tx, user hashyard.ID) error {
	rows, err := tx.Conn().Query(ctx, `
		UPDATE invitations SET revoked_at = now() WHERE invited_by = $1 AND accepted_at IS NULL AND revoked_at IS NULL
		RETURNING `+invitationColumns, user)
	if err != nil {
		return pg.Fail(err, "invitations of user %s", user)
	}
	return auditRevoked(ctx, tx, rows)
}

// SetPassword replaces the hash and ends the user's sessions but one.
func (s *Store) SetPassword(ctx context.Context, actor hashyard.Actor, user hashyard.ID, hash string, keep hashyard.ID) error {
	return s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		tag, err := tx.Conn().Exec(ctx, "UPDATE users SET password_hash = $2, version = version + 1 WHERE id = $1", user, hash)
		if err != nil {
			return pg.Fail(err, "password of user %s", user)
		}
		if tag.RowsAffected() == 0 {
			return hashyard.NotFound.Errorf("user %s not found", user)
		}
		_, err = tx.Conn().Exec(ctx, "DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2::uuid", user, keep)
		if err != nil {
			return pg.Fail(err, "sessions of user %s", user)
		}
		return tx.Audit(ctx, "user.password", hashyard.Ref{Kind: "user", ID: user}, nil, nil)
	})
}

// Rehash replaces a hash by one of the same password.
func (s *Store) Rehash(ctx context.Context, user hashyard.ID, was, hash string) error {
	return s.db.AsSystem(ctx, signIn, func(ctx context.Context, tx *pg.Tx) error {
		_, err := tx.Conn().Exec(ctx, "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2", user, was, hash)
		return pg.Fail(err, "password of user %s", user)
	})
}
