// Package postgres keeps identity in the database: organisations, users,
// sessions, API keys, idempotency keys. It is the only reader and writer of
// its tables.
//
// Sign-in happens before anyone knows the tenant, so finding a user, session
// or key runs as the system; everything else runs in the actor's
// organisation. A Store is safe for concurrent use.
package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hashyard"
	"hashyard/migrations/pg"
	"hashyard/web"
)

// Store implements web.Store and web.Keeper.
type Store struct{ db *pg.DB }

var (
	_ web.Store  = (*Store)(nil)
	_ web.Keeper = (*Store)(nil)
)

// New makes the store.
func New(db *pg.DB) *Store { return &Store{db: db} }

// The reasons of the system transactions here.
const (
	signIn    = "web.sign-in"
	directory = "web.directory"
)

// PutOrg makes the organisation or changes its name, slug and house mark.
func (s *Store) PutOrg(ctx context.Context, org web.Org) error {
	actor := hashyard.SystemActor("seed")
	actor.Org = org.ID
	return s.db.InOrg(ctx, actor, org.ID, func(ctx context.Context, tx *pg.Tx) error {
		var before *web.Org
		was, err := scanOrg(tx.Conn().QueryRow(ctx, "SELECT id, name, slug, house FROM orgs WHERE id = $1 FOR UPDATE", org.ID))
		switch {
		case err == nil && was == org:
			return nil
		case err == nil:
			before = &was
		case err != pgx.ErrNoRows: //nolint:errorlint // pgx returns the value itself from Scan
			return pg.Fail(err, "organisation %s", org.Slug)
		}
		_, err = tx.Conn().Exec(ctx, `
			INSERT INTO orgs (id, name, slug, house) VALUES ($1, $2, $3, $4)
			ON CONFLICT (id) DO UPDATE SET name = $2, slug = $3, house = $4`, org.ID, org.Name, org.Slug, org.House)
		if err != nil {
			return pg.Fail(err, "organisation %s", org.Slug)
		}
		return tx.Audit(ctx, "org.put", hashyard.Ref{Kind: "org", ID: org.ID}, before, org)
	})
}

// Orgs are all organisations.
func (s *Store) Orgs(ctx context.Context) (orgs []web.Org, err error) {
	err = s.db.AsSystem(ctx, directory, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, "SELECT id, name, slug, house FROM orgs ORDER BY id")
		if err != nil {
			return pg.Fail(err, "organisations")
		}
		orgs, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (web.Org, error) { return scanOrg(row) })
		return pg.Fail(err, "organisations")
	})
	return orgs, err
}

func scanOrg(row pgx.Row) (o web.Org, err error) {
	err = row.Scan(&o.ID, &o.Name, &o.Slug, &o.House)
	return o, err
}

// Audit selects rows, newest first. Rows of no organisation, of system
// transactions, are the house's to see.
func (s *Store) Audit(ctx context.Context, actor hashyard.Actor, q web.AuditQuery) (out []web.AuditRow, err error) {
	err = s.trail(ctx, actor, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Conn().Query(ctx, `
			SELECT a.id, a.at, a.actor, a.command, a.ref_kind, a.ref_id, a.before, a.after, coalesce(c.seq, 0), c.hash
			FROM audit a LEFT JOIN audit_chain c ON c.audit_id = a.id
			WHERE (a.org_id = $1 OR ($6 AND a.org_id IS NULL)) AND ($2::uuid IS NULL OR a.id < $2)
				AND ($3 = '' OR a.ref_kind = $3) AND ($4::uuid IS NULL OR a.ref_id = $4) AND starts_with(a.command, $7)
			ORDER BY a.id DESC LIMIT $5`, actor.Org, q.Before, q.Ref.Kind, q.Ref.ID, q.Limit, actor.House, q.Command)
		if err != nil {
			return pg.Fail(err, "audit")
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r web.AuditRow, err error) {
			var hash []byte
			err = row.Scan(&r.ID, &r.At, &r.Actor, &r.Command, &r.Ref.Kind, &r.Ref.ID, &r.Before, &r.After, &r.Seq, &hash)
			r.At = r.At.UTC()
			copy(r.Hash[:], hash)
			return r, err
		})
		return pg.Fail(err, "audit")
	})
	return out, err
}

// instant is a time for the database: none is NULL.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func utc(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
