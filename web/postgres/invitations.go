package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web"
	"hashyard/web/notify"
)

const invitationColumns = "id, org_id, email, roles, invited_by, created_at, sent_at, expires_at, sends, accepted_at, revoked_at"

func scanInvitation(row pgx.Row) (i web.Invitation, err error) {
	var roles []string
	var accepted, revoked *time.Time
	err = row.Scan(&i.ID, &i.Org, &i.Email, &roles, &i.InvitedBy, &i.CreatedAt, &i.SentAt, &i.ExpiresAt, &i.Sends, &accepted, &revoked)
	i.Roles, i.CreatedAt, i.SentAt, i.ExpiresAt = toRoles(roles), i.CreatedAt.UTC(), i.SentAt.UTC(), i.ExpiresAt.UTC()
	i.AcceptedAt, i.RevokedAt = utc(accepted), utc(revoked)
	return i, err
}

func invitationRef(id hashyard.ID) hashyard.Ref { return hashyard.Ref{Kind: "invitation", ID: id} }

// AddInvitation makes an invitation and queues its mail.
func (s *Store) AddInvitation(ctx context.Context, actor hashyard.Actor, i web.Invitation, token [32]byte, m notify.Sealed) (stored web.Invitation, err error) {
	err = s.db.InOrg(ctx, actor, i.Org, func(ctx context.Context, tx *pg.Tx) error {
		c := tx.Conn()
		stored, err = scanInvitation(c.QueryRow(ctx, "SELECT "+invitationColumns+" FROM invitations WHERE id = $1", i.ID))
		if !errors.Is(err, pgx.ErrNoRows) {
			return pg.Fail(err, "invitation %s", i.ID) // nil: an earlier attempt made it
		}
		var member bool
		// The policies show members of this organisation alone.
		if err := c.QueryRow(ctx, "SELECT EXISTS (SELECT FROM users WHERE org_id = $1 AND email = $2)", i.Org, i.Email).Scan(&member); err != nil {
			return pg.Fail(err, "invitation of %s", i.Email)
		}
		if member {
			return hashyard.Conflict.Errorf("%s is a member already", i.Email)
		}
		if err := expireInvitation(ctx, tx, i); err != nil {
			return err
		}
		tag, err := c.Exec(ctx, `
			INSERT INTO invitations (id, org_id, email, roles, token_hash, invited_by, created_at, sent_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
			i.ID, i.Org, i.Email, fromRoles(i.Roles), token[:], i.InvitedBy, i.CreatedAt, i.SentAt, i.ExpiresAt)
		if err != nil {
			return pg.Fail(err, "invitation of %s", i.Email)
		}
		if tag.RowsAffected() == 0 {
			return hashyard.Conflict.Errorf("%s is invited already; send it again or revoke it", i.Email)
		}
		if _, err := queueMail(ctx, tx, m); err != nil {
			return err
		}
		stored = i
		return tx.Audit(ctx, "invitation.add", invitationRef(i.ID), nil, i)
	})
	return stored, err
}

// expireInvitation makes room for i where an older one to the same address has
// run out.
func expireInvitation(ctx context.Context, tx *pg.Tx, i web.Invitation) error {
	rows, err := tx.Conn().Query(ctx, `
		UPDATE invitations SET revoked_at = $3
		WHERE org_id = $1 AND email = $2 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at <= $3
		RETURNING `+invitationColumns, i.Org, i.Email, i.CreatedAt)
	if err != nil {
		return pg.Fail(err, "invitation of %s", i.Email)
	}
	return auditRevoked(ctx, tx, rows)
}

// auditRevoked leaves the rows of invitations that a statement revoked.
func auditRevoked(ctx context.Context, tx *pg.Tx, rows pgx.Rows) error {
	old, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (web.Invitation, error) { return scanInvitation(row) })
	if err != nil {
		return pg.Fail(err, "invitations")
	}
	for _, o := range old {
		before := o
		before.RevokedAt = time.Time{}
		if err := tx.Audit(ctx, "invitation.revoke", invitationRef(o.ID), before, o); err != nil {
			return err
		}
	}
	return nil
}

// Invitations are those of the actor's organisation, oldest first.
func (s *Store) Invitations(ctx context.Context, actor hashyard.Actor, after hashyard.ID, limit int) (is []web.Invitation, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT "+invitationColumns+` FROM invitations
			WHERE org_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`, actor.Org, after, limit)
		if err != nil {
			return pg.Fail(err, "invitations")
		}
		is, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (web.Invitation, error) { return scanInvitation(row) })
		return pg.Fail(err, "invitations")
	})
	return is, err
}

// Invitation is one of the actor's organisation.
func (s *Store) Invitation(ctx context.Context, actor hashyard.Actor, id hashyard.ID) (i web.Invitation, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		i, err = scanInvitation(tx.Conn().QueryRow(ctx, "SELECT "+invitationColumns+" FROM invitations WHERE id = $1", id))
		return pg.Fail(err, "invitation %s", id)
	})
	return i, err
}

// ChangeInvitation applies change, and replaces the token with a mail.
func (s *Store) ChangeInvitation(ctx context.Context, actor hashyard.Actor, id hashyard.ID, token [32]byte, m *notify.Sealed, change func(web.Invitation) (web.Invitation, error)) (i web.Invitation, err error) {
	err = s.db.InOrg(ctx, actor, actor.Org, func(ctx context.Context, tx *pg.Tx) error {
		c := tx.Conn()
		before, err := scanInvitation(c.QueryRow(ctx, "SELECT "+invitationColumns+" FROM invitations WHERE id = $1 FOR UPDATE", id))
		if err != nil {
			return pg.Fail(err, "invitation %s", id)
		}
		if m != nil {
			var known bool
			if err := c.QueryRow(ctx, "SELECT EXISTS (SELECT FROM audit WHERE command = 'invitation.resend' AND ref_kind = 'invitation' AND ref_id = $1 AND after->>'mail' = $2)", id, m.Key).Scan(&known); err != nil {
				return pg.Fail(err, "invitation %s", id)
			}
			if known {
				i = before // an earlier attempt sent it
				return nil
			}
		}
		if i, err = change(before); err != nil || i.SentAt.Equal(before.SentAt) && i.RevokedAt.Equal(before.RevokedAt) {
			return err
		}
		if _, err := c.Exec(ctx, "UPDATE invitations SET sent_at = $2, expires_at = $3, sends = $4, revoked_at = $5 WHERE id = $1",
			id, i.SentAt, i.ExpiresAt, i.Sends, instant(i.RevokedAt)); err != nil {
			return pg.Fail(err, "invitation %s", id)
		}
		if m == nil {
			return tx.Audit(ctx, "invitation.revoke", invitationRef(id), before, i)
		}
		if _, err := c.Exec(ctx, "UPDATE invitations SET token_hash = $2 WHERE id = $1", id, token[:]); err != nil {
			return pg.Fail(err, "invitation %s", id)
		}
		if _, err := queueMail(ctx, tx, *m); err != nil {
			return err
		}
		return tx.Audit(ctx, "invitation.resend", invitationRef(id), before, struct {
			web.Invitation
			Mail string `json:"mail"`
		}{i, m.Key})
	})
	return i, err
}

// FindInvitation finds one by its token, for somebody who has no account yet.
func (s *Store) FindInvitation(ctx context.Context, token [32]byte) (i web.Invitation, err error) {
	err = s.db.AsSystem(ctx, joined, func(ctx context.Context, tx *pg.Tx) error {
		i, err = scanInvitation(tx.Conn().QueryRow(ctx, "SELECT "+invitationColumns+" FROM invitations WHERE token_hash = $1", token[:]))
		return pg.Fail(err, "invitation")
	})
	return i, err
}

// Join uses an invitation up and makes its user.
func (s *Store) Join(ctx context.Context, token [32]byte, u web.User, hash string) (web.User, error) {
	err := s.db.AsSystemFor(ctx, hashyard.Actor{User: u.ID}, joined, func(ctx context.Context, tx *pg.Tx) error {
		c := tx.Conn()
		i, err := scanInvitation(c.QueryRow(ctx, "SELECT "+invitationColumns+" FROM invitations WHERE token_hash = $1 FOR UPDATE", token[:]))
		if err != nil {
			return pg.Fail(err, "invitation")
		}
		if i.At(u.CreatedAt).State != web.InvitationOpen {
			return hashyard.NotFound.Errorf("invitation %s is over", i.ID)
		}
		u.Org, u.Email, u.Roles = i.Org, i.Email, i.Roles
		tag, err := c.Exec(ctx, `
			INSERT INTO users (id, org_id, email, name, roles, password_hash, disabled, version, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, false, $7, $8) ON CONFLICT (email) DO NOTHING`,
			u.ID, u.Org, u.Email, u.Name, fromRoles(u.Roles), hash, u.Version, u.CreatedAt)
		if err != nil {
			return pg.Fail(err, "user %s", u.Email)
		}
		if tag.RowsAffected() == 0 {
			// Only who reads the mailbox gets here.
			return hashyard.Conflict.Errorf("%s already has an account; one address has one account: ask to be invited at another", u.Email)
		}
		if _, err := c.Exec(ctx, "UPDATE invitations SET accepted_at = $2, accepted_by = $3 WHERE id = $1", i.ID, u.CreatedAt, u.ID); err != nil {
			return pg.Fail(err, "invitation %s", i.ID)
		}
		after := i
		after.AcceptedAt = u.CreatedAt
		if err := tx.AuditFor(ctx, i.Org, "invitation.accept", invitationRef(i.ID), i, after); err != nil {
			return err
		}
		return tx.AuditFor(ctx, i.Org, "user.add", hashyard.Ref{Kind: "user", ID: u.ID}, nil, u)
	})
	return u, err
}
